//! The policies of one direction, with the choice among them: `selectPolicy` and `policies`.

use serde_json::{Value, json};

use super::field::{MOST, not_negative, whole};
use crate::autoscaler::behavior::Policy;

/// What the rules of a direction say of policies, the default of what they leave out filled in; null
/// where they say nothing.
pub(super) fn read(rules: &Value, default: &[Policy]) -> Value {
    let said = |key: &str| rules.get(key).filter(|it| !it.is_null());
    let (select, policies) = (said("selectPolicy"), said("policies"));
    if select.is_none() && policies.is_none() {
        return Value::Null;
    }
    json!({
        "selectPolicy": select.cloned().unwrap_or_else(|| json!("Max")),
        "policies": policies.map_or_else(|| json!(default), without_signs),
    })
}

fn without_signs(policies: &Value) -> Value {
    let mut policies = policies.clone();
    for policy in policies.as_array_mut().into_iter().flatten() {
        for key in ["value", "periodSeconds"] {
            if let Some(number) = policy.get_mut(key) {
                *number = not_negative(number);
            }
        }
    }
    policies
}

/// Choice and policies, where both are as the API takes them (`validateScalingRules`,
/// `pkg/apis/autoscaling/validation`, v1.36).
pub(super) fn check(rules: &Value) -> Option<[&Value; 2]> {
    let (select, policies) = (rules.get("selectPolicy")?, rules.get("policies")?);
    let items = policies.as_array()?;
    let is_good = rules.as_object()?.len() == 2
        && matches!(select.as_str()?, "Max" | "Min" | "Disabled")
        && !items.is_empty()
        && items.iter().all(|it| is_policy(it) == Some(true));
    is_good.then_some([select, policies])
}

fn is_policy(policy: &Value) -> Option<bool> {
    let number = |key, range| whole(policy.get(key)?, &range);
    number("value", 1..=MOST)?;
    number("periodSeconds", 1..=1800)?;
    let is_known = matches!(policy.get("type")?.as_str()?, "Pods" | "Percent");
    Some(is_known && policy.as_object()?.len() == 3)
}
