//! What an autoscaler says of itself now.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::autoscaler::{Autoscaler, Condition, Holds, Metric, Resource, Target};
use crate::keda::evaluation::hpa_view::{HpaView, SeenMetric};
use crate::units::Replicas;

/// The status of an autoscaler, or of the HPA that KEDA makes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Now {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_replicas: Option<Replicas>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<Replicas>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::output::schema::time")]
    pub last_scale_time: Option<Timestamp>,
    #[serde(skip)]
    pub(super) since_scale: Option<SignedDuration>,
    /// As the controller last saw them.
    pub metrics: Vec<Seen>,
    pub conditions: Vec<Said>,
    /// What keeps the count from being what the metrics ask for; absent where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<String>,
}

/// A metric against its target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seen {
    pub metric: String,
    /// `49%`, `12 each`; absent where it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub target: String,
}

/// A condition of the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Said {
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: &'static str,
    pub reason: String,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::output::schema::time")]
    pub since: Option<Timestamp>,
}

impl Now {
    pub(super) fn of(autoscaler: &Autoscaler, hpa: Option<&Value>, now: Timestamp) -> Self {
        let status = &autoscaler.status;
        let view = hpa.and_then(|it| HpaView::read(it).ok());
        let seen = view.map(|it| it.metrics).unwrap_or_default();
        Self {
            current_replicas: status.current,
            desired_replicas: status.desired,
            last_scale_time: status.last_scale,
            since_scale: status.last_scale.map(|it| now.duration_since(it)),
            metrics: autoscaler
                .metrics
                .iter()
                .map(|it| metric(it, &seen))
                .collect(),
            conditions: status.conditions.iter().map(said).collect(),
            limited_by: limited_by(autoscaler),
        }
    }
}

fn said(condition: &Condition) -> Said {
    Said {
        kind: condition.kind.clone(),
        status: match condition.holds {
            Holds::Yes => "True",
            Holds::No => "False",
            Holds::Unknown => "Unknown",
        },
        reason: condition.reason.clone(),
        message: condition.message.clone(),
        since: condition.since,
    }
}

fn metric(metric: &Metric, seen: &[SeenMetric]) -> Seen {
    let (name, is_external, target) = match metric {
        Metric::Resource { resource, target }
        | Metric::ContainerResource {
            resource, target, ..
        } => (name_of(resource), false, target),
        Metric::External { name, target } => (name.clone(), true, target),
        Metric::Pods { name, target } | Metric::Object { name, target, .. } => {
            (name.clone(), false, target)
        }
    };
    let found = seen
        .iter()
        .find(|it| it.is_external == is_external && it.name == name);
    Seen {
        metric: metric.to_string(),
        value: found.and_then(|it| value(it, *target)),
        target: match target {
            Target::Utilization(percent) => format!("{percent}%"),
            Target::AverageValue(value) => format!("{value} each"),
            Target::Value(value) => format!("{value}"),
        },
    }
}

fn name_of(resource: &Resource) -> String {
    resource.to_string()
}

fn value(seen: &SeenMetric, target: Target) -> Option<String> {
    match target {
        Target::Utilization(_) => Some(format!("{}%", seen.utilization?)),
        Target::AverageValue(_) => Some(format!("{} each", seen.average_value?)),
        Target::Value(_) => Some(seen.value.or(seen.average_value)?.to_string()),
    }
}

/// By the conditions, as the controller keeps them.
fn limited_by(autoscaler: &Autoscaler) -> Option<String> {
    let conditions = &autoscaler.status.conditions;
    let find = |kind: &str, holds: Holds| {
        conditions
            .iter()
            .find(|it| it.kind == kind && it.holds == holds)
    };
    if find("AbleToScale", Holds::No).is_some() {
        return Some("its target, which cannot be scaled".to_owned());
    }
    if find("ScalingActive", Holds::No).is_some() {
        return Some("its metrics, without which nothing is decided".to_owned());
    }
    if let Some(limited) = find("ScalingLimited", Holds::Yes) {
        return Some(match limited.reason.as_str() {
            "TooManyReplicas" => format!("the maximum of {}", autoscaler.max),
            "TooFewReplicas" => format!("the minimum of {}", autoscaler.min),
            "ScaleUpLimit" => "the scale-up policies".to_owned(),
            "ScaleDownLimit" => "the scale-down policies".to_owned(),
            _ => limited.message.clone(),
        });
    }
    let held = find("AbleToScale", Holds::Yes)?;
    match held.reason.as_str() {
        "ScaleDownStabilized" => Some("the scale-down window".to_owned()),
        "ScaleUpStabilized" => Some("the scale-up window".to_owned()),
        _ => None,
    }
}
