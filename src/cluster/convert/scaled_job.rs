//! A ScaledJob as an autoscaler: what it scales is the jobs that KEDA makes of its own template, so
//! that it is its own target.

use std::sync::Arc;

use serde_json::Value;

use super::scaled_object::metric;
use super::{ConvertError, PodShape, replicas, template_shape};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind, Status};
use crate::cluster::objects::PodTemplate;
use crate::keda::objects::ScaledJob;
use crate::schedule::Plan;

/// The autoscaler that a ScaledJob describes: its bounds as they are written or default, and a metric
/// for each trigger.
///
/// # Errors
///
/// Where a field is of another type than KEDA's.
pub fn scaled_job(object: &Value) -> Result<Autoscaler, ConvertError> {
    let text = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
    let id = AutoscalerId {
        namespace: text("namespace").unwrap_or_else(|| "default".to_owned()),
        name: text("name").unwrap_or_default(),
        kind: AutoscalerKind::ScaledJob,
    };
    let read = ScaledJob::read(object).map_err(|source| ConvertError::Fields {
        name: format!("{}/{}", id.kind.short(), id.name),
        source,
    })?;
    let spec = &read.spec;
    let metrics = spec.triggers.iter().enumerate();
    Ok(Autoscaler {
        uid: text("uid"),
        target: TargetRef {
            namespace: id.namespace.clone(),
            name: id.name.clone(),
            kind: id.kind.as_str().to_owned(),
        },
        min: replicas(spec.min_or_default()),
        max: replicas(spec.max_or_default()),
        metrics: metrics.map(|(at, it)| metric(at, it, false)).collect(),
        behavior: None,
        status: Status::default(),
        owner: None,
        id,
        keda: None,
        jobs: Some(Arc::new(read)),
        schedule: Plan::default(),
        losses: None,
    })
}

/// What a pod of its jobs asks for, as far as its template says.
pub(crate) fn job_shape(read: &ScaledJob) -> PodShape {
    let template = read.spec.job.get("template").cloned();
    let template = template.and_then(|it| serde_json::from_value::<PodTemplate>(it).ok());
    template.map_or_else(PodShape::default, |it| template_shape(&it.spec))
}
