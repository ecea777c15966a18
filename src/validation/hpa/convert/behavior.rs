//! Behaviors as an annotation of `autoscaling/v1` has them.

use serde_json::{Value, json};

/// The field names of the server's own type, whose letters are what the annotation has.
const NAMES: [(&str, &str); 9] = [
    ("scaleUp", "ScaleUp"),
    ("scaleDown", "ScaleDown"),
    ("stabilizationWindowSeconds", "StabilizationWindowSeconds"),
    ("selectPolicy", "SelectPolicy"),
    ("policies", "Policies"),
    ("tolerance", "Tolerance"),
    ("type", "Type"),
    ("value", "Value"),
    ("periodSeconds", "PeriodSeconds"),
];

/// A behavior as the annotation has it: every field is written, set or not.
pub(super) fn internal(behavior: &Value) -> Value {
    let part = |name: &str| match &behavior[name] {
        part @ Value::Object(_) => rules(part),
        _ => Value::Null,
    };
    json!({ "ScaleUp": part("scaleUp"), "ScaleDown": part("scaleDown") })
}

fn rules(rules: &Value) -> Value {
    let policies = rules["policies"].as_array();
    let policies = policies.map(|it| it.iter().map(policy).collect::<Vec<_>>());
    json!({
        "StabilizationWindowSeconds": rules["stabilizationWindowSeconds"],
        "SelectPolicy": rules["selectPolicy"],
        "Policies": policies,
        "Tolerance": rules["tolerance"],
    })
}

fn policy(policy: &Value) -> Value {
    json!({ "Type": policy["type"], "Value": policy["value"],
        "PeriodSeconds": policy["periodSeconds"] })
}

/// Reads what [`internal`] wrote. Letters count in either case, as when Go reads JSON.
pub(super) fn external(value: &Value) -> Value {
    renamed(value, 0)
}

fn renamed(value: &Value, depth: usize) -> Value {
    match value {
        // Behaviors are three deep; what is deeper is none.
        _ if depth > 4 => Value::Null,
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, it)| !it.is_null());
            let known = fields.filter_map(|(key, value)| {
                let mut names = NAMES.iter();
                let name = names.find(|it| it.1.eq_ignore_ascii_case(key))?.0;
                Some((name.to_owned(), renamed(value, depth + 1)))
            });
            Value::Object(known.collect())
        }
        Value::Array(items) => {
            let items = items.iter();
            items.map(|it| renamed(it, depth + 1)).collect()
        }
        value => value.clone(),
    }
}
