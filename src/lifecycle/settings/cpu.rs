//! The metric of an HPA that `target_cpu_pct` means: the first one of CPU, of pods or of one of their
//! containers, that has a utilization target.

use serde_json::{Value, json};

use super::Error;
use super::field::not_negative;

/// Percent of CPU where an HPA names no metric (`SetDefaults_HorizontalPodAutoscaler`,
/// `pkg/apis/autoscaling/v2/defaults.go`, v1.36).
const DEFAULT: u32 = 80;

/// The target; null where there is none.
pub(super) fn target(metrics: &Value) -> Value {
    let Some(items) = items(metrics) else {
        return json!(DEFAULT);
    };
    items
        .iter()
        .find_map(|it| it.pointer(pointer(it)?))
        .map_or(Value::Null, not_negative)
}

/// Whether any metric is named.
pub(super) fn is_stated(metrics: &Value) -> bool {
    items(metrics).is_some()
}

/// All metrics, the target of that one another.
pub(super) fn with_target(metrics: &Value, percent: u32) -> Result<Value, Error> {
    let Some(items) = items(metrics) else {
        return Ok(json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": percent}}}]));
    };
    let mut items = items.to_vec();
    let meant = items.iter_mut().find_map(|it| it.pointer_mut(pointer(it)?));
    *meant.ok_or(Error::NoCpuTarget)? = json!(percent);
    Ok(Value::Array(items))
}

/// The metrics that an object names; `None` where it names none, so that the default holds.
fn items(metrics: &Value) -> Option<&[Value]> {
    match metrics {
        Value::Null => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Array(items) => Some(items),
        _ => Some(&[]),
    }
}

/// Where in a metric its utilization target is, if it is one of CPU and has one. The controller
/// goes by the field that is set, not by the type of the target.
fn pointer(metric: &Value) -> Option<&'static str> {
    let (source, pointer) = match metric["type"].as_str()? {
        "Resource" => ("resource", "/resource/target/averageUtilization"),
        "ContainerResource" => (
            "containerResource",
            "/containerResource/target/averageUtilization",
        ),
        _ => return None,
    };
    let is_meant =
        metric[source]["name"] == "cpu" && metric.pointer(pointer).is_some_and(|it| !it.is_null());
    is_meant.then_some(pointer)
}
