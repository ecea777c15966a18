//! Values and their types as Go prints them, since messages do.

use serde_json::{Map, Value};

/// As `%v` prints it: `map[a:1 b:[x y]]`.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => list(items),
        Value::Object(fields) => map(fields),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

pub(super) fn map(fields: &Map<String, Value>) -> String {
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_by_key(|(key, _)| *key);
    let shown = sorted
        .iter()
        .map(|(key, it)| format!("{key}:{}", shown(it)));
    format!("map[{}]", shown.collect::<Vec<_>>().join(" "))
}

pub(super) fn list(items: &[Value]) -> String {
    let shown: Vec<String> = items.iter().map(shown).collect();
    format!("[{}]", shown.join(" "))
}

/// As `%s` prints what ought to be text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "%!s(<nil>)".to_owned(),
        other => format!("%!s({}={})", type_name(other), shown(other)),
    }
}

/// The type that Go gives to a JSON value.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(it) if it.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => LIST,
        Value::Object(_) => MAP,
    }
}

pub(super) const LIST: &str = "[]interface {}";
pub(super) const MAP: &str = "map[string]interface {}";

/// The word that Go's JSON decoder has for a value.
pub(super) fn json_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
