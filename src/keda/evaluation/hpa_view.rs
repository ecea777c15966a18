//! What the HPA that KEDA made says of itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::autoscaler::behavior::{Behavior, Rules};
use crate::keda::objects::{FieldErrors, object, read_whole};
use crate::keda::trigger::MetricTarget;
use crate::units::Quantity;

/// The parts of an HPA of `autoscaling/v2` that tell what it sees and what it wants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HpaView {
    pub name: String,
    /// `None` before the controller's first look, as is what it wants.
    pub current: Option<i32>,
    pub desired: Option<i32>,
    /// In the order of the object.
    pub metrics: Vec<SeenMetric>,
    /// What its spec holds external metrics at, by name.
    pub targets: BTreeMap<String, MetricTarget>,
    pub conditions: Vec<SeenCondition>,
    /// Its tolerances, and nothing else of it.
    pub behavior: Behavior,
}

/// One entry of `status.currentMetrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenMetric {
    /// The name of an external metric, or of a resource.
    pub name: String,
    pub is_external: bool,
    /// Of the whole.
    pub value: Option<Quantity>,
    /// For each replica.
    pub average_value: Option<Quantity>,
    /// Percent.
    pub utilization: Option<i32>,
}

object! {
    /// One condition of the HPA.
    SeenCondition {
        kind: String = "type",
        status: String = "status",
        reason: String = "reason",
        message: String = "message",
    }
}

object! {
    Metadata {
        name: String = "name",
    }
}

object! {
    Spec {
        metrics: Vec<Value> = "metrics",
        behavior: Value = "behavior",
    }
}

object! {
    Status {
        current: Option<i32> = "currentReplicas",
        desired: Option<i32> = "desiredReplicas",
        metrics: Vec<Value> = "currentMetrics",
        conditions: Vec<SeenCondition> = "conditions",
    }
}

impl Status {
    /// The API server gives a new HPA zeros for counts, and nothing else.
    fn is_looked_at(&self) -> bool {
        let counts = [self.current, self.desired];
        let is_counted = counts.into_iter().flatten().any(|it| it != 0);
        is_counted || !self.conditions.is_empty() || !self.metrics.is_empty()
    }
}

impl HpaView {
    /// Reads an HPA.
    ///
    /// # Errors
    /// Where a field holds what it cannot.
    pub fn read(value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| {
            let metadata: Metadata = root.get("metadata").read();
            let spec: Spec = root.get("spec").read();
            let status: Status = root.get("status").read();
            let is_looked_at = status.is_looked_at();
            Self {
                name: metadata.name,
                current: status.current.filter(|_| is_looked_at),
                desired: status.desired.filter(|_| is_looked_at),
                metrics: status.metrics.iter().filter_map(seen).collect(),
                targets: spec.metrics.iter().filter_map(target).collect(),
                conditions: status.conditions,
                behavior: Behavior {
                    scale_up: Some(tolerance(&spec.behavior["scaleUp"])),
                    scale_down: Some(tolerance(&spec.behavior["scaleDown"])),
                },
            }
        })
    }

    /// What it sees of an external metric. The whole, where it tells only of a share for each of
    /// its replicas, is that share times the replicas.
    pub fn total(&self, name: &str) -> Option<f64> {
        let seen = self
            .metrics
            .iter()
            .find(|it| it.is_external && it.name == name)?;
        let replicas = || self.current.filter(|it| *it > 0).map(f64::from);
        let whole = seen.value.map(Quantity::as_f64);
        whole.or_else(|| Some(seen.average_value?.as_f64() * replicas()?))
    }
}

/// The tolerance of one direction; a quantity that cannot be read is none.
fn tolerance(rules: &Value) -> Rules {
    let text = rules["tolerance"].as_str();
    Rules {
        tolerance: text.and_then(|it| it.parse().ok()),
        ..Rules::default()
    }
}

/// The name and the target of an external metric.
fn target(entry: &Value) -> Option<(String, MetricTarget)> {
    let external = entry.get("external")?;
    let name = external["metric"]["name"].as_str()?.to_owned();
    let milli = |key: &str| -> Option<i128> {
        let quantity: Quantity = external["target"][key].as_str()?.parse().ok()?;
        Some(quantity.milli_value())
    };
    let average = milli("averageValue").map(|milli| MetricTarget::AverageValue { milli });
    let target = average.or_else(|| {
        Some(MetricTarget::Value {
            milli: milli("value")?,
        })
    });
    Some((name, target?))
}

/// An entry without a source that is known says nothing.
fn seen(entry: &Value) -> Option<SeenMetric> {
    let kinds = ["external", "resource", "containerResource"];
    let (kind, source) = kinds
        .into_iter()
        .find_map(|kind| Some((kind, entry.get(kind)?)))?;
    let is_external = kind == "external";
    let name = match is_external {
        true => &source["metric"]["name"],
        false => &source["name"],
    };
    let current = &source["current"];
    let quantity = |key: &str| -> Option<Quantity> { current[key].as_str()?.parse().ok() };
    let utilization = current["averageUtilization"].as_i64();
    Some(SeenMetric {
        name: name.as_str()?.to_owned(),
        is_external,
        value: quantity("value"),
        average_value: quantity("averageValue"),
        utilization: utilization.and_then(|it| it.try_into().ok()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sim::flags::Flags;
    use crate::sim::settings::Tolerance;

    #[test]
    fn the_whole_of_a_metric_is_told_or_made_of_its_shares() {
        let external = |name: &str, current: Value| {
            json!({ "type": "External",
                "external": { "metric": { "name": name }, "current": current } })
        };
        let spec = json!({ "metrics": [{ "type": "External", "external": {
            "metric": { "name": "s0-a" }, "target": { "type": "Value", "value": "70" } } }] });
        let hpa = json!({ "metadata": { "name": "keda-hpa-orders" }, "spec": spec, "status": {
            "currentReplicas": 4, "desiredReplicas": 5,
            "currentMetrics": [
                external("s0-prometheus", json!({ "averageValue": "2500m" })),
                external("s1-kafka-a", json!({ "value": "70" })),
                external("s2-none", json!({})),
                { "type": "Resource",
                  "resource": { "name": "cpu", "current": { "averageUtilization": 61 } } },
                { "type": "Pods" },
            ],
            "conditions": [{ "type": "ScalingActive", "status": "True" }],
        }});
        let view = HpaView::read(&hpa).unwrap();
        assert_eq!((view.current, view.desired), (Some(4), Some(5)));
        assert_eq!(view.total("s0-prometheus"), Some(10.0));
        assert_eq!(view.total("s1-kafka-a"), Some(70.0));
        assert_eq!((view.total("s2-none"), view.total("cpu")), (None, None));
        assert_eq!(view.metrics.len(), 4);
        assert_eq!(view.metrics[3].utilization, Some(61));
        let target = MetricTarget::Value { milli: 70_000 };
        assert_eq!(view.targets, [("s0-a".to_owned(), target)].into());
        assert_eq!(view.conditions[0].kind, "ScalingActive");
    }

    #[test]
    fn each_direction_has_its_own_tolerance() {
        let behavior = json!({ "scaleUp": { "tolerance": "50m" }, "scaleDown": {} });
        let view = HpaView::read(&json!({ "spec": { "behavior": behavior } })).unwrap();
        let tolerance = Tolerance::of(Some(&view.behavior), &Flags::default());
        assert_eq!((tolerance.up, tolerance.down), (0.05, 0.1));
    }

    #[test]
    fn an_hpa_that_has_not_looked_yet_says_nothing() {
        let view = HpaView::read(&json!({ "metadata": { "name": "x" } })).unwrap();
        assert_eq!(view.total("s0-prometheus"), None);
        let mut status = json!({ "currentReplicas": 0, "desiredReplicas": 0 });
        let counts = |status: &Value| {
            let view = HpaView::read(&json!({ "status": status })).unwrap();
            (view.current, view.desired)
        };
        assert_eq!(counts(&status), (None, None));
        status["conditions"] = json!([{ "type": "ScalingActive", "status": "False" }]);
        assert_eq!(counts(&status), (Some(0), Some(0)));
        assert!(HpaView::read(&json!({ "status": { "currentReplicas": "x" } })).is_err());
    }
}
