//! The scale loop of ScaledObjects, its fallback and state, and the pipeline of ScaledJobs.

mod jobs;
mod objects;
mod status;

use serde_json::{Value, json};
use stepscale::autoscaler::Holds;
use stepscale::sim::keda::annotations::Annotations;
use stepscale::sim::keda::condition::Condition;

use super::check;

/// A number that may be left out.
fn number(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn count(value: &Value) -> Option<i32> {
    number(value).map(|it| i32::try_from(it).unwrap())
}

/// A flag that may be left out.
fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn annotations(value: &Value) -> Annotations {
    let all = value.as_object().into_iter().flatten();
    Annotations::of(all.map(|(key, value)| (key.as_str(), text(value))))
}

fn holds(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "True",
        Holds::No => "False",
        Holds::Unknown => "Unknown",
    }
}

fn held(text: &str) -> Holds {
    match text {
        "True" => Holds::Yes,
        "False" => Holds::No,
        _ => Holds::Unknown,
    }
}

fn condition(condition: &Condition) -> Value {
    json!({"status": holds(condition.holds), "reason": condition.reason.name()})
}

/// Whole numbers and decimals of equal value in one form.
fn decimal(value: &Value) -> Value {
    value.as_f64().map_or(Value::Null, |it| json!(it))
}
