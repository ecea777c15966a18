//! `spec.configDiff`: which settings a recommendation changes, from what to what.

mod words;

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// A setting that may be changed, in the order in which changes are listed. Names are those of the
/// original product where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    MinReplicas,
    MaxReplicas,
    TargetCpuPct,
    ScaleDownCooldownS,
    ScaleUpPolicies,
    ScaleDownPolicies,
    /// What one replica is for, of each trigger of KEDA that has such a number.
    TriggerThresholds,
    /// How long KEDA waits for the last step to zero, in seconds.
    CooldownPeriodS,
    /// How often KEDA looks at the triggers, in seconds.
    PollingIntervalS,
    /// What is done while a trigger of a ScaledObject fails.
    Fallback,
    /// How many jobs a ScaledJob starts for a queue.
    ScalingStrategy,
}

impl Key {
    pub const ALL: [Self; 11] = [
        Self::MinReplicas,
        Self::MaxReplicas,
        Self::TargetCpuPct,
        Self::ScaleDownCooldownS,
        Self::ScaleUpPolicies,
        Self::ScaleDownPolicies,
        Self::TriggerThresholds,
        Self::CooldownPeriodS,
        Self::PollingIntervalS,
        Self::Fallback,
        Self::ScalingStrategy,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::MinReplicas => "min_replicas",
            Self::MaxReplicas => "max_replicas",
            Self::TargetCpuPct => "target_cpu_pct",
            Self::ScaleDownCooldownS => "scale_down_cooldown_s",
            Self::ScaleUpPolicies => "scale_up_policies",
            Self::ScaleDownPolicies => "scale_down_policies",
            Self::TriggerThresholds => "trigger_thresholds",
            Self::CooldownPeriodS => "cooldown_period_s",
            Self::PollingIntervalS => "polling_interval_s",
            Self::Fallback => "fallback",
            Self::ScalingStrategy => "scaling_strategy",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Key {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(())
    }
}

/// One setting from a value to another, `null` where the object says nothing: a number; for policies
/// an object with `selectPolicy` and `policies` as the API writes them; for thresholds an object with
/// the text of each by the index of its trigger; for a fallback the object that KEDA takes; for a
/// strategy its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub key: Key,
    pub from: Value,
    pub to: Value,
}

impl fmt::Display for Setting {
    /// `min 3→2`, `scale-up policies default→4 pods/15s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::change(self))
    }
}

/// `6`, `unset`, `Max of 4 pods in 15 s`, `failureThreshold 3, replicas 5`.
pub fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(fields) if is_policies(fields) => policies(fields),
        Value::Object(fields) => each(fields),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    }
}

fn is_policies(fields: &Map<String, Value>) -> bool {
    fields.is_empty() || fields.contains_key("policies") || fields.contains_key("selectPolicy")
}

/// `failureThreshold 3, replicas 5`; thresholds have the index of their trigger.
fn each(fields: &Map<String, Value>) -> String {
    let word = |(key, value): (&String, &Value)| match key.parse::<usize>() {
        Ok(index) => format!("{} of trigger {index}", in_words(value)),
        Err(_) => format!("{key} {}", in_words(value)),
    };
    let words: Vec<String> = fields.iter().map(word).collect();
    words.join(", ")
}

/// `Max of 4 pods in 15 s, 100 % in 15 s`.
fn policies(fields: &Map<String, Value>) -> String {
    let each: Vec<String> = fields
        .get("policies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(policy)
        .collect();
    let select = fields.get("selectPolicy").and_then(Value::as_str);
    match (select, each.is_empty()) {
        (Some(select), true) => select.to_owned(),
        (Some(select), false) => format!("{select} of {}", each.join(", ")),
        (None, true) => "no policies".to_owned(),
        (None, false) => each.join(", "),
    }
}

fn policy(policy: &Value) -> String {
    let unit = match policy["type"].as_str() {
        Some("Percent") => "%",
        Some("Pods") => "pods",
        Some(other) => other,
        None => "?",
    };
    format!(
        "{} {unit} in {} s",
        policy["value"], policy["periodSeconds"]
    )
}

/// The settings of a diff in one line.
pub fn one_line(diff: &[Setting]) -> String {
    let each: Vec<String> = diff.iter().map(Setting::to_string).collect();
    each.join(", ")
}

/// In the order of their keys, each key once, none with `from` equal to `to`.
pub type ConfigDiff = Vec<Setting>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_read_back() {
        for key in Key::ALL {
            assert_eq!(key.as_str().parse(), Ok(key));
        }
        assert_eq!("replicas".parse::<Key>(), Err(()));
    }

    #[test]
    fn settings_are_told_in_one_line() {
        let pods = json!({ "type": "Pods", "value": 4, "periodSeconds": 15 });
        let share = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
        let cases = [
            (Key::MinReplicas, json!(3), json!(2), "min 3→2"),
            (Key::TargetCpuPct, json!(40), json!(65), "cpu 40%→65%"),
            (
                Key::ScaleDownCooldownS,
                json!(300),
                json!(90),
                "scale-down window 5m→90s",
            ),
            (
                Key::Fallback,
                Value::Null,
                json!({ "failureThreshold": 3, "replicas": 5 }),
                "fallback none→(failureThreshold 3, replicas 5)",
            ),
            (
                Key::TriggerThresholds,
                json!({ "0": "20" }),
                json!({ "0": "100" }),
                "thresholds 20 of trigger 0→100 of trigger 0",
            ),
            (
                Key::ScaleUpPolicies,
                Value::Null,
                json!({ "selectPolicy": "Max", "policies": [pods, share] }),
                "scale-up policies default→(the most of 4 pods/15s, 100%/15s)",
            ),
            (
                Key::ScaleDownPolicies,
                json!({ "policies": [pods] }),
                json!({ "selectPolicy": "Disabled", "policies": [] }),
                "scale-down policies 4 pods in 15 s→disabled",
            ),
            (
                Key::ScaleDownPolicies,
                json!({}),
                json!({ "policies": [{}] }),
                "scale-down policies no policies→null ? in null s",
            ),
        ];
        for (key, from, to, expected) in cases {
            assert_eq!(one_line(&[Setting { key, from, to }]), expected);
        }
    }
}
