//! Why an HPA rescales, in the words of its event.

use std::fmt;

use super::RescaleReason;
use crate::autoscaler::{Metric, Target};

/// A [`RescaleReason`] with the metrics that it speaks of.
#[derive(Clone, Copy, Debug)]
pub struct Explained<'a> {
    pub reason: RescaleReason,
    pub metrics: &'a [Metric],
}

impl fmt::Display for Explained<'_> {
    /// As the event `SuccessfulRescale` says it, for metrics without a selector.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            RescaleReason::None => Ok(()),
            RescaleReason::AboveMax => {
                f.write_str("Current number of replicas above Spec.MaxReplicas")
            }
            RescaleReason::BelowMin => {
                f.write_str("Current number of replicas below Spec.MinReplicas")
            }
            RescaleReason::AllBelowTarget => f.write_str("All metrics below target"),
            RescaleReason::AboveTarget { metric } => match self.metrics.get(metric) {
                Some(metric) => write!(f, "{} above target", event_name(metric)),
                None => f.write_str("metric above target"),
            },
        }
    }
}

/// What the controller calls a metric in events and conditions.
pub fn event_name(metric: &Metric) -> String {
    const SHARE: &str = "utilization (percentage of request)";
    match metric {
        Metric::Resource { resource, target } => match target {
            Target::Utilization(_) => format!("{resource} resource {SHARE}"),
            Target::AverageValue(_) | Target::Value(_) => format!("{resource} resource"),
        },
        Metric::ContainerResource {
            resource, target, ..
        } => match target {
            Target::Utilization(_) => format!("{resource} container resource {SHARE}"),
            // So the controller calls it, as if it were of the whole pod.
            Target::AverageValue(_) | Target::Value(_) => format!("{resource} resource"),
        },
        Metric::Pods { name, .. } => format!("pods metric {name}"),
        Metric::Object {
            name,
            described,
            target,
        } => match (target, described.split_once('/')) {
            (Target::Value(_), Some((kind, _))) => {
                format!("{kind} metric {name}")
            }
            _ => format!("external metric {name}(nil)"),
        },
        Metric::External { name, .. } => format!("external metric {name}(nil)"),
    }
}
