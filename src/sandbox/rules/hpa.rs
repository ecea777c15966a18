//! HorizontalPodAutoscalers: defaults; their validation and versions are of the core.

use serde_json::{Value, json};

use super::place::Place;
use crate::sandbox::kinds::Rules;
use crate::validation::hpa::{check, check_status, convert, metric};

pub(super) const RULES: Rules = Rules {
    complete: Some(complete),
    check: Some(check),
    check_status: Some(check_status),
    prepare: Some(prepare),
    convert: Some(convert::convert),
};

/// A new autoscaler has decided nothing yet, which both versions write in their own way.
fn prepare(object: &mut Value, old: Option<&Value>) {
    let is_v1 = object["apiVersion"] == "autoscaling/v1";
    if let (Some(object), None) = (object.as_object_mut(), old) {
        let status = match is_v1 {
            true => json!({ "currentReplicas": 0, "desiredReplicas": 0 }),
            false => json!({ "desiredReplicas": 0, "currentMetrics": null }),
        };
        object.insert("status".to_owned(), status);
    }
}

/// Fills in the defaults of v2. Those of v1 that need the annotations come with the conversion.
fn complete(object: &mut Value) {
    let is_v1 = object["apiVersion"] == "autoscaling/v1";
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    super::set_default(spec, "minReplicas", json!(1));
    if is_v1 {
        return;
    }
    if Place::root(&spec.get("metrics").cloned().unwrap_or_default()).is_empty() {
        spec.insert("metrics".to_owned(), json!([metric::default_cpu()]));
    }
    let behavior = spec.get_mut("behavior").and_then(Value::as_object_mut);
    if let Some(behavior) = behavior {
        let up = json!({ "stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
            { "type": "Pods", "value": 4, "periodSeconds": 15 },
            { "type": "Percent", "value": 100, "periodSeconds": 15 }] });
        let down = json!({ "selectPolicy": "Max", "policies": [
            { "type": "Percent", "value": 100, "periodSeconds": 15 }] });
        fill_rules(behavior.entry("scaleUp").or_insert(Value::Null), up);
        fill_rules(behavior.entry("scaleDown").or_insert(Value::Null), down);
    }
}

/// Every rule that is not given is that of `defaults`; policies that are given replace all of it.
fn fill_rules(rules: &mut Value, defaults: Value) {
    if rules.is_null() {
        *rules = json!({});
    }
    if let (Value::Object(rules), Value::Object(defaults)) = (rules, defaults) {
        for (name, value) in defaults {
            super::set_default(rules, &name, value);
        }
    }
}

#[cfg(test)]
mod tests;
