//! The numbers of KEDA's triggers that settings mean. They are texts, in metadata that is nobody
//! else's business: whatever else a trigger says stays as it is.

use serde_json::{Map, Value, json};

use super::Error;

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
            let text = it["metadata"].get(key(it)?)?.as_str()?;
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
        let key = key(trigger).ok_or_else(missing)?;
        let number = text.as_str().and_then(|it| it.trim().parse::<f64>().ok());
        let is_good = number.is_some_and(|it| it.is_finite() && it > 0.0);
        match trigger["metadata"].get_mut(key) {
            Some(threshold) if is_good => *threshold = text.clone(),
            Some(_) | None => return Err(missing()),
        }
    }
    Ok(Value::Array(triggers))
}

fn items(triggers: &Value) -> &[Value] {
    triggers.as_array().map_or(&[], Vec::as_slice)
}

/// What a CPU trigger has as its target, if that is a utilization.
fn cpu_text(trigger: &Value) -> Option<&str> {
    let is_meant = trigger["type"] == "cpu" && trigger["metricType"] == "Utilization";
    trigger["metadata"]["value"].as_str().filter(|_| is_meant)
}

/// The key of the metadata that says what one replica is for.
fn key(trigger: &Value) -> Option<&'static str> {
    match trigger["type"].as_str()? {
        "prometheus" => Some("threshold"),
        "kafka" => Some("lagThreshold"),
        _ => None,
    }
}
