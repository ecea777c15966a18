//! Settings as people say them: `min 8→2`, as a simulation tells of them.

use serde_json::Value;

use super::{Key, Setting, in_words};
use crate::autoscaler::behavior::{Amount, Policies, Policy, Select};
use crate::units::window;

/// `cpu 40%→65%`, `scale-down window 5m→10m`.
pub(super) fn change(Setting { key, from, to }: &Setting) -> String {
    let [from, to] = [from, to].map(|it| value(*key, it));
    format!("{} {from}→{to}", name(*key))
}

/// What a setting is called where its key would be too long.
fn name(key: Key) -> &'static str {
    match key {
        Key::MinReplicas => "min",
        Key::MaxReplicas => "max",
        Key::TargetCpuPct => "cpu",
        Key::ScaleDownCooldownS => "scale-down window",
        Key::ScaleUpPolicies => "scale-up policies",
        Key::ScaleDownPolicies => "scale-down policies",
        Key::TriggerThresholds => "thresholds",
        Key::CooldownPeriodS => "cooldown period",
        Key::PollingIntervalS => "polling interval",
        Key::Fallback => "fallback",
        Key::ScalingStrategy => "strategy",
    }
}

fn value(key: Key, value: &Value) -> String {
    let number = value.as_u64().and_then(|it| u32::try_from(it).ok());
    let text = match (key, number) {
        (Key::Fallback, _) if value.is_null() => return "none".to_owned(),
        (_, _) if value.is_null() => return "default".to_owned(),
        (Key::TargetCpuPct, Some(percent)) => return format!("{percent}%"),
        (Key::ScaleDownCooldownS | Key::CooldownPeriodS | Key::PollingIntervalS, Some(seconds)) => {
            return window(seconds);
        }
        (Key::ScaleUpPolicies | Key::ScaleDownPolicies, _) => {
            policies(value).map_or_else(|| in_words(value), |it| it.to_string())
        }
        (
            Key::MinReplicas
            | Key::MaxReplicas
            | Key::TargetCpuPct
            | Key::ScaleDownCooldownS
            | Key::TriggerThresholds
            | Key::CooldownPeriodS
            | Key::PollingIntervalS
            | Key::Fallback
            | Key::ScalingStrategy,
            _,
        ) => in_words(value),
    };
    // Commas stand between settings too.
    match text.contains(',') {
        true => format!("({text})"),
        false => text,
    }
}

/// `None` where somebody wrote what the API does not take.
fn policies(value: &Value) -> Option<Policies> {
    let select = match value.get("selectPolicy")?.as_str()? {
        "Max" => Select::Max,
        "Min" => Select::Min,
        "Disabled" => Select::Disabled,
        _ => return None,
    };
    let policies = value.get("policies")?.as_array()?;
    let policies = policies.iter().map(policy).collect::<Option<Vec<_>>>()?;
    Some(Policies { select, policies })
}

fn policy(value: &Value) -> Option<Policy> {
    let number = |key: &str| u32::try_from(value.get(key)?.as_u64()?).ok();
    let amount = match value.get("type")?.as_str()? {
        "Pods" => Amount::Pods(number("value")?),
        "Percent" => Amount::Percent(number("value")?),
        _ => return None,
    };
    let period_seconds = number("periodSeconds")?;
    Some(Policy {
        amount,
        period_seconds,
    })
}
