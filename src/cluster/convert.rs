//! API objects become values of the core here.

mod containers;
mod scaled_job;
mod scaled_object;

pub use containers::{PodShape, pod_shape, template_shape};
pub(super) use scaled_job::job_shape;
pub use scaled_job::scaled_job;
pub use scaled_object::scaled_object;
pub(super) use scaled_object::with_hpa;

use k8s_openapi::api::autoscaling::v2;
use k8s_openapi::apimachinery::pkg::api::resource;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde_json::Value;

use super::objects::DisruptionBudget;
use crate::autoscaler::behavior::{Amount, Behavior, Policy, Rules, Select};
use crate::autoscaler::target::TargetRef;
use crate::autoscaler::workload;
use crate::autoscaler::{
    Autoscaler, AutoscalerId, AutoscalerKind, Condition, Holds, Metric, Resource, Status, Target,
};
use crate::keda::objects::FieldErrors;
use crate::schedule::Plan;
use crate::units::{Cores, Quantity, QuantityError, Replicas};

/// An object says what cannot be, so that nothing can be made of it.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    #[error("cannot read an object without a kind")]
    NoKind,
    #[error("cannot read {kind} {name}")]
    Shape {
        kind: String,
        name: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("cannot read {name}: {source}")]
    Fields { name: String, source: FieldErrors },
    #[error("{name} has no {field}")]
    Missing { name: String, field: &'static str },
    #[error("{name} has {field} `{value}`, which is not known")]
    Unknown {
        name: String,
        field: &'static str,
        value: String,
    },
    #[error("{name} has `{field}` that is not a quantity")]
    Quantity {
        name: String,
        field: &'static str,
        #[source]
        source: QuantityError,
    },
}

/// The autoscaler that `hpa` describes.
///
/// # Errors
///
/// Where `spec` is missing, a metric's target says nothing, or an enumeration has a value that
/// this version does not know.
pub fn autoscaler(hpa: &v2::HorizontalPodAutoscaler) -> Result<Autoscaler, ConvertError> {
    let id = id_of(&hpa.metadata);
    let title = format!("{}/{}", id.kind.short(), id.name);
    let reader = Reader { name: &title };
    let spec = hpa.spec.as_ref().ok_or_else(|| reader.missing("spec"))?;
    let target = TargetRef {
        namespace: id.namespace.clone(),
        name: spec.scale_target_ref.name.clone(),
        kind: spec.scale_target_ref.kind.clone(),
    };
    let status = hpa.status.as_ref();
    Ok(Autoscaler {
        min: replicas(spec.min_replicas.unwrap_or(1)),
        max: replicas(spec.max_replicas),
        metrics: reader.metrics(spec.metrics.as_deref().unwrap_or_default())?,
        behavior: spec
            .behavior
            .as_ref()
            .map(|it| reader.behavior(it))
            .transpose()?,
        status: status.map(read_status).unwrap_or_default(),
        owner: owner(&hpa.metadata),
        keda: None,
        jobs: None,
        schedule: Plan::default(),
        losses: None,
        uid: hpa.metadata.uid.clone(),
        target,
        id,
    })
}

pub(crate) fn id_of(metadata: &ObjectMeta) -> AutoscalerId {
    AutoscalerId {
        namespace: metadata
            .namespace
            .clone()
            .unwrap_or_else(|| "default".to_owned()),
        name: metadata.name.clone().unwrap_or_default(),
        kind: AutoscalerKind::HorizontalPodAutoscaler,
    }
}

fn owner(metadata: &ObjectMeta) -> Option<String> {
    let mut owners = metadata.owner_references.iter().flatten();
    let owner = owners.find(|it| it.controller == Some(true))?;
    Some(format!("{}/{}", owner.kind, owner.name))
}

fn replicas(count: i32) -> Replicas {
    Replicas(count.max(0).unsigned_abs())
}

/// Reads parts of one autoscaler, whose name its errors carry: `hpa/web`.
struct Reader<'a> {
    name: &'a str,
}

impl Reader<'_> {
    fn missing(&self, field: &'static str) -> ConvertError {
        ConvertError::Missing {
            name: self.name.to_owned(),
            field,
        }
    }

    fn unknown(&self, field: &'static str, value: &str) -> ConvertError {
        ConvertError::Unknown {
            name: self.name.to_owned(),
            field,
            value: value.to_owned(),
        }
    }

    fn quantity(
        &self,
        field: &'static str,
        quantity: &resource::Quantity,
    ) -> Result<Quantity, ConvertError> {
        quantity.0.parse().map_err(|source| ConvertError::Quantity {
            name: self.name.to_owned(),
            field,
            source,
        })
    }

    fn metrics(&self, metrics: &[v2::MetricSpec]) -> Result<Vec<Metric>, ConvertError> {
        if metrics.is_empty() {
            return Ok(vec![Metric::Resource {
                resource: Resource::Cpu,
                target: Target::Utilization(DEFAULT_UTILIZATION),
            }]);
        }
        metrics.iter().map(|it| self.metric(it)).collect()
    }

    fn metric(&self, metric: &v2::MetricSpec) -> Result<Metric, ConvertError> {
        match metric.type_.as_str() {
            "Resource" => {
                let source = self.source(metric.resource.as_ref())?;
                Ok(Metric::Resource {
                    resource: named_resource(&source.name),
                    target: self.target(&source.target)?,
                })
            }
            "ContainerResource" => {
                let source = self.source(metric.container_resource.as_ref())?;
                Ok(Metric::ContainerResource {
                    resource: named_resource(&source.name),
                    container: source.container.clone(),
                    target: self.target(&source.target)?,
                })
            }
            _ => self.custom_metric(metric),
        }
    }

    fn custom_metric(&self, metric: &v2::MetricSpec) -> Result<Metric, ConvertError> {
        match metric.type_.as_str() {
            "Pods" => {
                let source = self.source(metric.pods.as_ref())?;
                Ok(Metric::Pods {
                    name: source.metric.name.clone(),
                    target: self.target(&source.target)?,
                })
            }
            "Object" => {
                let source = self.source(metric.object.as_ref())?;
                let object = &source.described_object;
                Ok(Metric::Object {
                    name: source.metric.name.clone(),
                    described: format!("{}/{}", object.kind, object.name),
                    target: self.target(&source.target)?,
                })
            }
            "External" => {
                let source = self.source(metric.external.as_ref())?;
                Ok(Metric::External {
                    name: source.metric.name.clone(),
                    target: self.target(&source.target)?,
                })
            }
            other => Err(self.unknown("metric type", other)),
        }
    }

    fn source<'a, T>(&self, source: Option<&'a T>) -> Result<&'a T, ConvertError> {
        source.ok_or_else(|| self.missing("source for one of its metrics"))
    }

    fn target(&self, target: &v2::MetricTarget) -> Result<Target, ConvertError> {
        // The controller goes by the field that is set, not by `type`.
        if let Some(percent) = target.average_utilization {
            return Ok(Target::Utilization(percent.max(0).unsigned_abs()));
        }
        if let Some(value) = &target.average_value {
            return Ok(Target::AverageValue(self.quantity("averageValue", value)?));
        }
        let value = target.value.as_ref();
        let value = value.ok_or_else(|| self.missing("target value for one of its metrics"))?;
        Ok(Target::Value(self.quantity("value", value)?))
    }

    fn behavior(
        &self,
        behavior: &v2::HorizontalPodAutoscalerBehavior,
    ) -> Result<Behavior, ConvertError> {
        let rules =
            |it: &Option<v2::HPAScalingRules>| it.as_ref().map(|it| self.rules(it)).transpose();
        Ok(Behavior {
            scale_up: rules(&behavior.scale_up)?,
            scale_down: rules(&behavior.scale_down)?,
        })
    }

    fn rules(&self, rules: &v2::HPAScalingRules) -> Result<Rules, ConvertError> {
        let policies = rules.policies.as_ref().map(|all| {
            let policies = all.iter().map(|it| self.policy(it));
            policies.collect::<Result<Vec<_>, _>>()
        });
        let tolerance = rules.tolerance.as_ref();
        Ok(Rules {
            window_seconds: rules
                .stabilization_window_seconds
                .map(|it| it.max(0).unsigned_abs()),
            select: rules
                .select_policy
                .as_deref()
                .map(|it| self.select(it))
                .transpose()?,
            policies: policies.transpose()?,
            tolerance: tolerance
                .map(|it| self.quantity("tolerance", it))
                .transpose()?,
        })
    }

    fn select(&self, text: &str) -> Result<Select, ConvertError> {
        match text {
            "Max" => Ok(Select::Max),
            "Min" => Ok(Select::Min),
            "Disabled" => Ok(Select::Disabled),
            other => Err(self.unknown("selectPolicy", other)),
        }
    }

    fn policy(&self, policy: &v2::HPAScalingPolicy) -> Result<Policy, ConvertError> {
        let value = policy.value.max(0).unsigned_abs();
        let amount = match policy.type_.as_str() {
            "Pods" => Amount::Pods(value),
            "Percent" => Amount::Percent(value),
            other => return Err(self.unknown("policy type", other)),
        };
        Ok(Policy {
            amount,
            period_seconds: policy.period_seconds.max(0).unsigned_abs(),
        })
    }
}

/// Percent of CPU where an HPA names no metric (`SetDefaults_HorizontalPodAutoscaler`,
/// `pkg/apis/autoscaling/v2/defaults.go`, v1.36).
const DEFAULT_UTILIZATION: u32 = 80;

fn named_resource(name: &str) -> Resource {
    match name {
        "cpu" => Resource::Cpu,
        "memory" => Resource::Memory,
        other => Resource::Other(other.to_owned()),
    }
}

fn read_status(status: &v2::HorizontalPodAutoscalerStatus) -> Status {
    let conditions = status.conditions.iter().flatten();
    Status {
        current: status.current_replicas.map(replicas),
        desired: Some(replicas(status.desired_replicas)),
        last_scale: status.last_scale_time.as_ref().map(timestamp),
        conditions: conditions.map(condition).collect(),
        cpu_per_pod: cpu_per_pod(status),
    }
}

fn timestamp(time: &Time) -> jiff::Timestamp {
    time.0
}

fn condition(condition: &v2::HorizontalPodAutoscalerCondition) -> Condition {
    Condition {
        kind: condition.type_.clone(),
        holds: match condition.status.as_str() {
            "True" => Holds::Yes,
            "False" => Holds::No,
            _ => Holds::Unknown,
        },
        reason: condition.reason.clone().unwrap_or_default(),
        message: condition.message.clone().unwrap_or_default(),
        since: condition.last_transition_time.as_ref().map(timestamp),
    }
}

/// The usage of whole pods; that of one container says nothing of the others.
fn cpu_per_pod(status: &v2::HorizontalPodAutoscalerStatus) -> Option<Cores> {
    let metrics = status.current_metrics.iter().flatten();
    let mut resources = metrics.filter_map(|it| it.resource.as_ref());
    let cpu = resources.find(|it| it.name == "cpu")?;
    let amount: Quantity = cpu.current.average_value.as_ref()?.0.parse().ok()?;
    Some(Cores(amount.as_f64()))
}

/// The budget as reports show it.
pub fn disruption_budget(budget: &DisruptionBudget) -> workload::DisruptionBudget {
    workload::DisruptionBudget {
        name: budget.metadata.name.clone(),
        min_available: budget.spec.min_available.as_ref().map(int_or_text),
        max_unavailable: budget.spec.max_unavailable.as_ref().map(int_or_text),
    }
}

fn int_or_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
