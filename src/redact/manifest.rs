//! Secrets in objects of Kubernetes, by the place where they stand.
//!
//! What may stand at a place decides, not what does: literal values of environment variables are left
//! out whatever they are called, save numbers and truth values under harmless names.

use serde_json::{Map, Value};

use super::command::arguments;
use super::names::is_secret_field;
use super::value::{field, hidden, string};
use super::{REDACTED, Tally, trigger};

/// Leaves secrets out of an object, and counts them by rule.
pub fn manifest(object: &mut Value, tally: &mut Tally) {
    match object {
        Value::Object(fields) => fields_of(fields, tally),
        Value::Array(items) => items.iter_mut().for_each(|it| manifest(it, tally)),
        Value::String(text) => *text = string(text, tally),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fields_of(fields: &mut Map<String, Value>, tally: &mut Tally) {
    let holds_data = matches!(
        fields.get("kind").and_then(Value::as_str),
        Some("Secret" | "ConfigMap")
    );
    let is_named = fields
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(is_secret_field);
    for (name, value) in fields.iter_mut() {
        match name.as_str() {
            "data" | "stringData" | "binaryData" if holds_data => {
                hidden(value, "secret-data", tally);
            }
            "annotations" if value.is_object() => annotations(value, tally),
            "env" => environment(value, tally),
            "command" | "args" if value.is_array() => command(value, tally),
            "httpHeaders" => each_value(value, "header", tally),
            "triggers" => triggers(value, tally),
            "volumeAttributes" => hidden(value, "volume-attribute", tally),
            "value" if is_named => hidden(value, "secret-field", tally),
            _ if is_secret_field(name) && !value.is_object() => field(name, value, false, tally),
            _ => manifest(value, tally),
        }
    }
}

/// A copy of the object as it was applied repeats all that is left out elsewhere, and says no more.
fn annotations(value: &mut Value, tally: &mut Tally) {
    let Value::Object(annotations) = value else {
        return;
    };
    for (name, value) in annotations.iter_mut() {
        if name.contains("last-applied") {
            hidden(value, "last-applied", tally);
        } else {
            field(name, value, false, tally);
        }
    }
}

/// Literal values of variables; where a value comes from stays.
fn environment(value: &mut Value, tally: &mut Tally) {
    let Value::Array(variables) = value else {
        return manifest(value, tally);
    };
    for variable in variables {
        let named = variable.get("name").and_then(Value::as_str);
        let is_secret = named.is_none_or(is_secret_field);
        match variable.get_mut("value") {
            Some(Value::String(text)) if !is_secret && is_plain(text) => {}
            Some(value) => hidden(value, "env-value", tally),
            None => manifest(variable, tally),
        }
    }
}

/// Whether a value says nothing but how many, or whether.
fn is_plain(text: &str) -> bool {
    const DIGITS: usize = 9;
    text.is_empty()
        || matches!(text, "true" | "false")
        || text.len() <= DIGITS && text.parse::<f64>().is_ok()
}

fn command(value: &mut Value, tally: &mut Tally) {
    let Value::Array(items) = value else {
        return;
    };
    let given = items.iter().map(|it| match it {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let shown = arguments(&given.collect::<Vec<_>>(), tally);
    *items = shown.into_iter().map(Value::String).collect();
}

/// Of a list of names with values, every value.
fn each_value(value: &mut Value, rule: &'static str, tally: &mut Tally) {
    let items = value.as_array_mut().into_iter().flatten();
    for value in items.filter_map(|it| it.get_mut("value")) {
        hidden(value, rule, tally);
    }
}

/// Triggers of KEDA's objects: their metadata by KEDA's own tables.
fn triggers(value: &mut Value, tally: &mut Tally) {
    let Value::Array(all) = value else {
        return manifest(value, tally);
    };
    for it in all {
        let kind = it.get("type").and_then(Value::as_str).unwrap_or_default();
        let kind = kind.to_owned();
        let Value::Object(fields) = it else {
            manifest(it, tally);
            continue;
        };
        for (name, value) in fields.iter_mut() {
            match value {
                Value::Object(metadata) if name == "metadata" => {
                    trigger::metadata(&kind, metadata, tally);
                }
                other => manifest(other, tally),
            }
        }
    }
}

/// Whether nothing but the mark is left of a value.
pub(super) fn is_redacted(text: &str) -> bool {
    text == REDACTED
}
