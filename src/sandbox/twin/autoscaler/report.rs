//! What an HPA's status shows of a sync.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Known;
use super::words::Failures;
use crate::autoscaler::{Holds, Metric, Resource, Target};
use crate::sandbox::twin::fields::stamp;
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sim;
use crate::sim::condition::Reason;
use crate::sim::proposal::Proposal;
use crate::sim::sync::{Because, Plan, event_name};

/// All that a status is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    status: sim::sync::Status,
    reported: Vec<Option<Proposal>>,
    messages: Vec<String>,
}

impl Known {
    /// Writes the status, unless it shows what it did.
    pub(super) fn report(
        &mut self,
        stage: &mut Stage,
        name: &Name,
        plan: &Plan,
        failures: &Failures,
        refused: Option<&str>,
    ) {
        let conditions = self.state.status.conditions.0.iter();
        let messages = conditions.map(|it| self.message(it, plan, failures, refused));
        let shown = Shown {
            messages: messages.collect(),
            status: self.state.status.clone(),
            reported: self.reported.clone(),
        };
        let Some(hpa) = stage.world.get(Of::Hpa, name) else {
            return;
        };
        let is_untouched = self.written.as_ref().is_some_and(|it| Arc::ptr_eq(it, hpa));
        if is_untouched && self.shown.as_ref() == Some(&shown) {
            return;
        }
        let mut object = (**hpa).clone();
        object["status"] = self.status(&object, &shown);
        // The next sync writes it again from what is there then.
        let written = stage.world.update_status(Of::Hpa, object);
        self.written = written
            .ok()
            .and_then(|()| stage.world.get(Of::Hpa, name).cloned());
        self.shown = Some(shown);
    }

    fn status(&self, hpa: &Value, shown: &Shown) -> Value {
        let of = &shown.status;
        let mut status = json!({
            "currentReplicas": of.current, "desiredReplicas": of.desired,
        });
        if let Some(generation) = hpa.pointer("/metadata/generation") {
            status["observedGeneration"] = generation.clone();
        }
        if let Some(at) = of.last_scale {
            status["lastScaleTime"] = stamp(at);
        }
        let metrics = hpa.pointer("/spec/metrics").and_then(Value::as_array);
        let specs = metrics.map_or(&[][..], Vec::as_slice);
        let all = self
            .settings
            .metrics
            .iter()
            .zip(&shown.reported)
            .enumerate();
        let metrics: Vec<Value> = all
            .map(|(place, (metric, proposal))| current(metric, proposal.as_ref(), specs.get(place)))
            .collect();
        status["currentMetrics"] = match metrics.is_empty() {
            true => Value::Null,
            false => json!(metrics),
        };
        let conditions = of.conditions.0.iter().zip(&shown.messages);
        let conditions: Vec<Value> = conditions
            .map(|(it, message)| {
                json!({
                    "type": it.kind.name(), "status": holds(it.holds), "reason": it.reason.name(),
                    "message": message, "lastTransitionTime": stamp(it.since),
                })
            })
            .collect();
        status["conditions"] = json!(conditions);
        status
    }

    /// What a condition says, in the controller's words (`horizontal.go`, v1.36).
    fn message(
        &self,
        condition: &sim::condition::Condition,
        plan: &Plan,
        failures: &Failures,
        refused: Option<&str>,
    ) -> String {
        let found = || match plan.because {
            Because::Metrics { highest, .. } => self.settings.metrics.get(highest).map(event_name),
            Because::Failed | Because::Disabled | Because::AboveMax | Because::BelowMin => None,
        };
        let known = || self.said(condition);
        match condition.reason {
            Reason::SucceededGetScale => {
                "the HPA controller was able to get the target's current scale".into()
            }
            Reason::ReadyForNewScale => "recommended size matches current size".into(),
            Reason::ScaleDownStabilized => {
                "recent recommendations were higher than current one, applying the highest recent \
                 recommendation"
                    .into()
            }
            Reason::ScaleUpStabilized => {
                "recent recommendations were lower than current one, applying the lowest recent \
                 recommendation"
                    .into()
            }
            Reason::SucceededRescale => match plan.scale_to() {
                Some(to) => {
                    format!("the HPA controller was able to update the target scale to {to}")
                }
                None => known(),
            },
            Reason::FailedUpdateScale => {
                let why = refused.unwrap_or_default();
                format!("the HPA controller was unable to update the target scale: {why}")
            }
            Reason::ValidMetricFound => found().map_or_else(known, |it| {
                format!("the HPA was able to successfully calculate a replica count from {it}")
            }),
            Reason::ScalingDisabled => {
                "scaling is disabled since the replica count of the target is zero".into()
            }
            Reason::FailedGetScale
            | Reason::InvalidSelector
            | Reason::AmbiguousSelector
            | Reason::FailedGetResourceMetric
            | Reason::FailedGetContainerResourceMetric
            | Reason::FailedGetPodsMetric
            | Reason::FailedGetObjectMetric
            | Reason::FailedGetExternalMetric
            | Reason::InvalidMetricSourceType => failures.condition.clone().unwrap_or_else(known),
            Reason::DesiredWithinRange => "the desired count is within the acceptable range".into(),
            Reason::TooFewReplicas => {
                "the desired replica count is less than the minimum replica count".into()
            }
            Reason::TooManyReplicas => {
                "the desired replica count is more than the maximum replica count".into()
            }
            Reason::ScaleUpLimit => {
                "the desired replica count is increasing faster than the maximum scale rate".into()
            }
            Reason::ScaleDownLimit => {
                "the desired replica count is decreasing faster than the maximum scale rate".into()
            }
            Reason::ScaledToZero => "the HPA controller scaled the target to zero".into(),
            Reason::NotScaledToZero => "the target is not scaled to zero".into(),
        }
    }

    /// What the condition said last.
    fn said(&self, condition: &sim::condition::Condition) -> String {
        let Some(shown) = &self.shown else {
            return String::new();
        };
        let all = shown.status.conditions.0.iter().zip(&shown.messages);
        let mut all = all.filter(|it| it.0.kind == condition.kind);
        all.next().map_or_else(String::new, |it| it.1.clone())
    }
}

fn holds(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "True",
        Holds::No => "False",
        Holds::Unknown => "Unknown",
    }
}

/// An entry of `currentMetrics`; an empty one for a metric that failed, as the controller has it.
fn current(metric: &Metric, proposal: Option<&Proposal>, spec: Option<&Value>) -> Value {
    let Some(proposal) = proposal else {
        return json!({ "type": "" });
    };
    let reported = proposal.reported;
    let mut value = json!({});
    if let Some(percent) = reported.utilization {
        value["averageUtilization"] = json!(percent);
    }
    let (kind, field, target) = match metric {
        Metric::Resource { target, .. } => ("Resource", "resource", target),
        Metric::ContainerResource { target, .. } => {
            ("ContainerResource", "containerResource", target)
        }
        Metric::Pods { target, .. } => ("Pods", "pods", target),
        Metric::Object { target, .. } => ("Object", "object", target),
        Metric::External { target, .. } => ("External", "external", target),
    };
    if let Some(amount) = reported.value {
        let name = match target {
            Target::Value(_) => "value",
            Target::Utilization(_) | Target::AverageValue(_) => "averageValue",
        };
        value[name] = json!(quantity(metric, amount));
    }
    let source = spec.and_then(|it| it.get(field)).cloned();
    let mut source = source.unwrap_or_else(|| named(metric));
    if let Value::Object(fields) = &mut source {
        fields.remove("target");
        fields.insert("current".to_owned(), value);
    }
    json!({ "type": kind, field: source })
}

/// The source of the metric that an HPA without metrics has.
fn named(metric: &Metric) -> Value {
    match metric {
        Metric::Resource { resource, .. } => json!({ "name": resource.to_string() }),
        Metric::ContainerResource {
            resource,
            container,
            ..
        } => json!({ "name": resource.to_string(), "container": container }),
        Metric::Pods { name, .. } | Metric::External { name, .. } => {
            json!({ "metric": { "name": name } })
        }
        Metric::Object { name, .. } => json!({ "metric": { "name": name } }),
    }
}

/// Thousandths as a quantity, in the form that the controller's kind of number has.
fn quantity(metric: &Metric, thousandths: i64) -> String {
    let is_cpu = matches!(
        metric,
        Metric::Resource {
            resource: Resource::Cpu,
            ..
        } | Metric::ContainerResource {
            resource: Resource::Cpu,
            ..
        }
    );
    if is_cpu || thousandths % 1000 != 0 {
        return match thousandths % 1000 {
            0 => (thousandths / 1000).to_string(),
            _ => format!("{thousandths}m"),
        };
    }
    let text = format!("{thousandths}m");
    crate::units::canonical(&text).unwrap_or(text)
}
