//! The numbers of KEDA's triggers that settings mean. They are texts, in metadata that is nobody
//! else's business: whatever else a trigger says stays as it is.

use serde_json::{Map, Value, json};

use super::Error;
use crate::keda::trigger::threshold::{self, Threshold};

/// The utilization that the first CPU trigger targets; null where there is none.
pub(super) fn cpu_target(triggers: &Value) -> Value {
    let Some(text) = items(triggers).iter().find_map(cpu_text) else {
        return Value::Null;
    };
    match text.trim().parse::<u32>() {
        Ok(percent) => json!(percent),
        Err(_) => json!(text),
    }
}

/// All triggers, the target of that one another.
pub(super) fn with_cpu(triggers: &Value, percent: u32) -> Result<Value, Error> {
    let mut triggers = items(triggers).to_vec();
    let meant = triggers.iter_mut().find(|it| cpu_text(it).is_some());
    meant.ok_or(Error::NoCpuTarget)?["metadata"]["value"] = json!(percent.to_string());
    Ok(Value::Array(triggers))
}

/// The threshold of each trigger that has one, by its index; null where none has.
pub(super) fn thresholds(triggers: &Value) -> Value {
    let each = items(triggers).iter().enumerate();
    let found: Map<String, Value> = each
        .filter_map(|(index, it)| {
            let text = threshold(it)?.text;
            Some((index.to_string(), json!(text)))
        })
        .collect();
    match found.is_empty() {
        true => Value::Null,
        false => Value::Object(found),
    }
}

/// All triggers, those that are named with other thresholds.
pub(super) fn with_thresholds(
    triggers: &Value,
    texts: &Map<String, Value>,
) -> Result<Value, Error> {
    let mut triggers = items(triggers).to_vec();
    for (index, text) in texts {
        let missing = || Error::NoThreshold {
            index: index.clone(),
        };
        let at: usize = index.parse().map_err(|_| missing())?;
        let trigger = triggers.get_mut(at).ok_or_else(missing)?;
        let found = threshold(trigger).ok_or_else(missing)?;
        let (key, is_whole) = (found.key, found.is_whole);
        let number = text
            .as_str()
            .map(str::trim)
            .filter(|it| is_good(it, is_whole));
        match (number, trigger["metadata"].as_object_mut()) {
            (Some(_), Some(metadata)) => drop(metadata.insert(key.to_owned(), text.clone())),
            (Some(_) | None, Some(_) | None) => return Err(missing()),
        }
    }
    Ok(Value::Array(triggers))
}

fn is_good(text: &str, is_whole: bool) -> bool {
    let number = text.parse::<f64>().ok();
    let is_above_zero = number.is_some_and(|it| it.is_finite() && it > 0.0);
    is_above_zero && (!is_whole || text.parse::<u64>().is_ok())
}

fn items(triggers: &Value) -> &[Value] {
    triggers.as_array().map_or(&[], Vec::as_slice)
}

/// What a CPU trigger has as its target, if that is a utilization.
fn cpu_text(trigger: &Value) -> Option<&str> {
    let is_meant = trigger["type"] == "cpu" && trigger["metricType"] == "Utilization";
    trigger["metadata"]["value"].as_str().filter(|_| is_meant)
}

/// What the metadata say one replica is for, or KEDA's default.
fn threshold(trigger: &Value) -> Option<Threshold<'_>> {
    let kind = trigger["type"].as_str()?;
    threshold::find(kind, |key| trigger["metadata"].get(key)?.as_str())
}
