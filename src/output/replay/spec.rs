//! Settings as a manifest has them: what is not written is not here.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::autoscaler::behavior::{Policy, Rules, Select};
use crate::autoscaler::{Autoscaler, Metric, Target};
use crate::units::Replicas;

/// The `spec` of an HPA without its target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub min_replicas: Replicas,
    pub max_replicas: Replicas,
    pub metrics: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<Behavior>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Behavior {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_up: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_down: Option<Direction>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Direction {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stabilization_window_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select_policy: Option<Select>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Vec<Policy>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<String>,
}

impl Spec {
    pub(super) fn of(autoscaler: &Autoscaler) -> Self {
        let behavior = autoscaler.behavior.as_ref();
        Self {
            min_replicas: autoscaler.min,
            max_replicas: autoscaler.max,
            metrics: autoscaler.metrics.iter().map(metric).collect(),
            behavior: behavior.map(|it| Behavior {
                scale_up: it.scale_up.as_ref().map(Direction::of),
                scale_down: it.scale_down.as_ref().map(Direction::of),
            }),
        }
    }
}

impl Direction {
    fn of(rules: &Rules) -> Self {
        Self {
            stabilization_window_seconds: rules.window_seconds,
            select_policy: rules.select,
            policies: rules.policies.clone(),
            tolerance: rules.tolerance.map(|it| it.to_string()),
        }
    }
}

fn metric(metric: &Metric) -> Value {
    match metric {
        Metric::Resource {
            resource,
            target: aim,
        } => json!({
            "type": "Resource",
            "resource": {"name": resource.to_string(), "target": target(aim)},
        }),
        Metric::ContainerResource {
            resource,
            container,
            target: aim,
        } => json!({
            "type": "ContainerResource",
            "containerResource": {
                "name": resource.to_string(),
                "container": container,
                "target": target(aim),
            },
        }),
        Metric::Pods { name, target: aim } => json!({
            "type": "Pods",
            "pods": {"metric": {"name": name}, "target": target(aim)},
        }),
        Metric::Object {
            name,
            described,
            target: aim,
        } => {
            let (kind, of) = described.split_once('/').unwrap_or(("", described));
            json!({
                "type": "Object",
                "object": {
                    "metric": {"name": name},
                    "describedObject": {"kind": kind, "name": of},
                    "target": target(aim),
                },
            })
        }
        Metric::External { name, target: aim } => json!({
            "type": "External",
            "external": {"metric": {"name": name}, "target": target(aim)},
        }),
    }
}

fn target(target: &Target) -> Value {
    match target {
        Target::Utilization(percent) => {
            json!({"type": "Utilization", "averageUtilization": percent})
        }
        Target::AverageValue(value) => {
            json!({"type": "AverageValue", "averageValue": value.to_string()})
        }
        Target::Value(value) => json!({"type": "Value", "value": value.to_string()}),
    }
}
