//! `spec.configDiff`: which settings a recommendation changes, from what to what.

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
}

impl Key {
    pub const ALL: [Self; 6] = [
        Self::MinReplicas,
        Self::MaxReplicas,
        Self::TargetCpuPct,
        Self::ScaleDownCooldownS,
        Self::ScaleUpPolicies,
        Self::ScaleDownPolicies,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::MinReplicas => "min_replicas",
            Self::MaxReplicas => "max_replicas",
            Self::TargetCpuPct => "target_cpu_pct",
            Self::ScaleDownCooldownS => "scale_down_cooldown_s",
            Self::ScaleUpPolicies => "scale_up_policies",
            Self::ScaleDownPolicies => "scale_down_policies",
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

/// One setting from a value to another. A number, or for policies an object with `selectPolicy` and
/// `policies` as the API writes them; `null` where the object says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub key: Key,
    pub from: Value,
    pub to: Value,
}

impl fmt::Display for Setting {
    /// `min_replicas from 3 to 2`, `scale_up_policies from unset to 4 pods in 15 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (in_words(&self.from), in_words(&self.to));
        write!(f, "{} from {from} to {to}", self.key)
    }
}

/// `6`, `unset`, `Max of 4 pods in 15 s`.
pub fn in_words(value: &Value) -> String {
    match value {
        Value::Null => "unset".to_owned(),
        Value::Object(fields) => policies(fields),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => value.to_string(),
    }
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
            (
                Key::MinReplicas,
                json!(3),
                json!(2),
                "min_replicas from 3 to 2",
            ),
            (
                Key::ScaleUpPolicies,
                Value::Null,
                json!({ "selectPolicy": "Max", "policies": [pods, share] }),
                "scale_up_policies from unset to Max of 4 pods in 15 s, 100 % in 15 s",
            ),
            (
                Key::ScaleDownPolicies,
                json!({ "policies": [pods] }),
                json!({ "selectPolicy": "Disabled" }),
                "scale_down_policies from 4 pods in 15 s to Disabled",
            ),
            (
                Key::ScaleDownPolicies,
                json!({}),
                json!({ "policies": [{}] }),
                "scale_down_policies from no policies to null ? in null s",
            ),
        ];
        for (key, from, to, expected) in cases {
            assert_eq!(one_line(&[Setting { key, from, to }]), expected);
        }
    }
}
