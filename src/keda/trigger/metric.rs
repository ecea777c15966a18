//! What a trigger puts into the HPA, and what it answers there.

use super::TriggerSource;
use super::problem::{Cause, Problem};

/// One metric of an HPA, of autoscaling/v2.
#[derive(Clone, Debug, PartialEq)]
pub struct HpaMetric {
    pub source: MetricSource,
    pub target: MetricTarget,
}

/// Where the HPA takes a metric from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricSource {
    /// KEDA's own metrics server, under this name.
    External { name: String },
    /// All containers of the pods; `resource` is `cpu` or `memory`.
    Resource { resource: String },
    /// One container of the pods.
    ContainerResource { resource: String, container: String },
}

/// What the HPA holds a metric at. Amounts are thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricTarget {
    AverageValue {
        milli: i128,
    },
    Value {
        milli: i128,
    },
    /// A `metricType` that KEDA passes on unread and the API server refuses.
    Unknown {
        metric_type: String,
        /// KEDA gives a trigger's amount for the whole, and none of a formula.
        milli: Option<i128>,
    },
    /// Percent of what the containers request.
    Utilization {
        percent: i32,
    },
}

/// What one read of a source gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// As the source has it; activity is judged by this.
    pub value: f64,
    /// What the HPA gets, in thousandths.
    pub milli: i128,
    /// Whether the trigger alone would take the workload from zero.
    pub is_active: bool,
}

/// The type of an external metric's target: AverageValue by default, Utilization never.
///
/// # Errors
/// `Utilization`, which only cpu and memory have.
pub(super) fn metric_type(source: &TriggerSource) -> Result<String, Problem> {
    external_type(source.metric_type.as_deref().unwrap_or_default())
}

/// The same for the text of `metricType`, empty if it is not given.
///
/// # Errors
/// `Utilization`, which only cpu and memory have.
pub fn external_type(metric_type: &str) -> Result<String, Problem> {
    match metric_type {
        "" => Ok("AverageValue".to_owned()),
        "Utilization" => {
            let cause = Cause::MetricTypeNotAllowed {
                value: metric_type.to_owned(),
                allowed: "AverageValue or Value",
            };
            Err(Problem::new("metricType", cause))
        }
        other => Ok(other.to_owned()),
    }
}

impl HpaMetric {
    /// An external metric: its name gets the index of the trigger.
    pub(super) fn external(
        source: &TriggerSource,
        metric_type: String,
        name: &str,
        milli: i128,
    ) -> Self {
        let target = match metric_type.as_str() {
            "AverageValue" => MetricTarget::AverageValue { milli },
            "Value" => MetricTarget::Value { milli },
            _ => MetricTarget::Unknown {
                metric_type,
                milli: Some(milli),
            },
        };
        let name = indexed(source.index, &normalized(name));
        Self {
            source: MetricSource::External { name },
            target,
        }
    }
}

/// The name of an external metric with the index of its trigger: `s0-prometheus`.
pub fn indexed(index: usize, name: &str) -> String {
    format!("s{index}-{name}")
}

/// The name without the index of its trigger; nothing if it does not begin with it.
pub fn without_index(index: usize, name: &str) -> Option<&str> {
    name.strip_prefix(&format!("s{index}-"))
}

/// A name that the metrics API takes: `/ . : %` and parentheses become dashes.
pub fn normalized(name: &str) -> String {
    name.replace(['/', '.', ':', '%', '(', ')'], "-")
}

/// Whether `name` is among `names`, in any case: KEDA compares names of metrics so.
pub fn is_among(name: &str, names: &[String]) -> bool {
    let name = name.to_lowercase();
    names.iter().any(|it| it.to_lowercase() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_index_of_the_trigger() {
        let name = indexed(1, &normalized("kafka-a.b/c:d%(e)"));
        assert_eq!(name, "s1-kafka-a-b-c-d--e-");
        assert_eq!(without_index(1, &name), Some("kafka-a-b-c-d--e-"));
        assert_eq!(without_index(0, &name), None);
        assert_eq!(without_index(1, "1-kafka"), None);
    }

    #[test]
    fn only_utilization_is_refused_for_external_metrics() {
        assert_eq!(external_type(""), Ok("AverageValue".to_owned()));
        assert_eq!(external_type("value"), Ok("value".to_owned()));
        let refused = external_type("Utilization").unwrap_err();
        assert_eq!(refused.cause.word(), "metric-type-not-allowed");
    }
}
