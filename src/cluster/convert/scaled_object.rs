//! A ScaledObject as an autoscaler: KEDA makes an HPA from it, so that it is one whose metrics are
//! its triggers.

use std::sync::Arc;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscalerBehavior;
use serde_json::Value;

use super::{ConvertError, Reader, named_resource, replicas};
use crate::autoscaler::behavior::Behavior;
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::{Autoscaler, AutoscalerId, AutoscalerKind, Metric, Status, Target};
use crate::keda::objects::{ScaledObject, Trigger};
use crate::keda::trigger::{self, HpaMetric, MetricSource, MetricTarget, TriggerSource, threshold};
use crate::schedule::Plan;
use crate::units::Quantity;

/// The autoscaler that a ScaledObject describes: its bounds as KEDA takes them, and a metric for each
/// trigger. What it has measured and done is known of its HPA alone, see [`with_hpa`].
///
/// # Errors
///
/// Where a field is of another type than KEDA's, or the behavior of the HPA is not understood.
pub fn scaled_object(object: &Value) -> Result<Autoscaler, ConvertError> {
    let text = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
    let id = AutoscalerId {
        namespace: text("namespace").unwrap_or_else(|| "default".to_owned()),
        name: text("name").unwrap_or_default(),
        kind: AutoscalerKind::ScaledObject,
    };
    let title = format!("{}/{}", id.kind.short(), id.name);
    let reader = Reader { name: &title };
    let read = ScaledObject::read(object).map_err(|source| ConvertError::Fields {
        name: title.clone(),
        source,
    })?;
    let spec = &read.spec;
    let behavior = spec.hpa_behavior().map(|it| behavior(&reader, it));
    let metrics = spec.triggers.iter().enumerate();
    Ok(Autoscaler {
        uid: text("uid"),
        target: TargetRef {
            namespace: id.namespace.clone(),
            name: spec.target.name.clone(),
            kind: spec.target.kind_or_default().to_owned(),
        },
        min: replicas(spec.min_or_default()),
        max: replicas(spec.max_or_default()),
        metrics: metrics
            .map(|(at, it)| metric(at, it, spec.used_modifiers().is_some()))
            .collect(),
        behavior: behavior.transpose()?,
        status: Status::default(),
        owner: None,
        id,
        keda: Some(Arc::new(read)),
        jobs: None,
        schedule: Plan::default(),
        losses: None,
    })
}

/// `scaled` with what the HPA that KEDA made of it reports.
pub(crate) fn with_hpa(scaled: &mut Autoscaler, hpa: &Autoscaler) {
    scaled.status = hpa.status.clone();
}

fn behavior(reader: &Reader<'_>, written: &Value) -> Result<Behavior, ConvertError> {
    let read: HorizontalPodAutoscalerBehavior =
        serde_json::from_value(written.clone()).map_err(|source| ConvertError::Shape {
            kind: "the behavior of".to_owned(),
            name: reader.name.to_owned(),
            source,
        })?;
    reader.behavior(&read)
}

/// The metric that KEDA puts into the HPA for a trigger; for one whose metric is not known, because
/// what it is set to depends on a secret or its type has a naming not known here, one of which nothing
/// is known but its place.
pub(super) fn metric(index: usize, written: &Trigger, has_formula: bool) -> Metric {
    let source = TriggerSource {
        kind: written.kind.clone(),
        metric_type: written.metric_type.clone(),
        metadata: written.metadata.clone(),
        is_metric_source: has_formula,
        index,
        ..TriggerSource::default()
    };
    let known = trigger::read(&source).ok().and_then(|it| it.metric);
    // What one replica is for is written, though a secret be missing, or the type have no rules here.
    let held_at = || {
        let target = threshold::target(
            &source.kind,
            source.metric_type.as_deref(),
            &source.metadata,
        )?;
        let name = format!("s{index}-{}", written.kind);
        let source = MetricSource::External { name };
        Some(HpaMetric { source, target })
    };
    known
        .or_else(held_at)
        .and_then(metric_of)
        .unwrap_or_else(|| Metric::External {
            name: format!("s{index}-{}", written.kind),
            target: Target::AverageValue(Quantity::default()),
        })
}

fn metric_of(metric: HpaMetric) -> Option<Metric> {
    let amount = |milli: i128| format!("{milli}m").parse::<Quantity>().ok();
    let target = match metric.target {
        MetricTarget::AverageValue { milli } => Target::AverageValue(amount(milli)?),
        MetricTarget::Value { milli } => Target::Value(amount(milli)?),
        MetricTarget::Utilization { percent } => Target::Utilization(percent.max(0).unsigned_abs()),
        MetricTarget::Unknown { .. } => return None,
    };
    Some(match metric.source {
        MetricSource::External { name } => Metric::External { name, target },
        MetricSource::Resource { resource } => Metric::Resource {
            resource: named_resource(&resource),
            target,
        },
        MetricSource::ContainerResource {
            resource,
            container,
        } => Metric::ContainerResource {
            resource: named_resource(&resource),
            container,
            target,
        },
    })
}
