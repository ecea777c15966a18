//! JSON as the real server writes it into annotations: fields in the order of its types, and
//! without the letters of HTML.

use serde_json::Value;

/// The fields of everything that is kept in annotations, in one order that all of their types
/// have in common.
const ORDER: [&str; 39] = [
    "type",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "target",
    "kind",
    "name",
    "apiVersion",
    "metricName",
    "metricSelector",
    "targetAverageUtilization",
    "currentAverageUtilization",
    "targetValue",
    "currentValue",
    "targetAverageValue",
    "currentAverageValue",
    "container",
    "selector",
    "averageValue",
    "matchLabels",
    "matchExpressions",
    "key",
    "operator",
    "values",
    "ScaleUp",
    "ScaleDown",
    "StabilizationWindowSeconds",
    "SelectPolicy",
    "Policies",
    "Tolerance",
    "Type",
    "Value",
    "PeriodSeconds",
];

pub(super) fn written(value: &Value) -> String {
    let mut text = String::new();
    write(value, false, &mut text);
    let escapes = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")];
    escapes
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to))
}

/// `is_map` tells the user's own keys, which are sorted, from the fields of a type.
fn write(value: &Value, is_map: bool, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            if !is_map {
                let rank = |name: &str| ORDER.iter().position(|it| *it == name);
                fields.sort_by_key(|(name, _)| rank(name).unwrap_or(ORDER.len()));
            }
            text.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, name == "matchLabels", text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write(item, false, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
