//! Secrets in values as JSON has them, whatever they are about.

use serde_json::{Map, Value};

use super::names::is_secret_field;
use super::{REDACTED, Tally, counted};

/// The rule of fields whose names say that they are secret.
const RULE: &str = "secret-field";

/// Leaves secrets out of an object: `data` and `stringData` of Secrets, values of fields and
/// environment variables whose names say what they are, and all that [`text`](super::text) knows, also
/// within JSON in a string, as annotations have it.
pub fn object(value: &mut Value) {
    walk(value, &mut Tally::default());
}

/// The same, and counts what it leaves out.
pub(super) fn walk(value: &mut Value, tally: &mut Tally) {
    match value {
        Value::Object(fields) => fields_of(fields, tally),
        Value::Array(items) => items.iter_mut().for_each(|it| walk(it, tally)),
        Value::String(text) => *text = string(text, tally),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fields_of(fields: &mut Map<String, Value>, tally: &mut Tally) {
    let is_secret = fields.get("kind").is_some_and(|it| it == "Secret");
    let named = fields.get("name").and_then(Value::as_str);
    let is_named = named.is_some_and(is_secret_field);
    for (name, value) in fields.iter_mut() {
        field(
            name,
            value,
            is_secret && matches!(name.as_str(), "data" | "stringData")
                || is_named && name == "value",
            tally,
        );
    }
}

/// Leaves out what is secret of one field, all of it if it `is_hidden`.
pub(super) fn field(name: &str, value: &mut Value, is_hidden: bool, tally: &mut Tally) {
    if is_hidden {
        hidden(value, RULE, tally);
    } else if is_secret_field(name) && !value.is_object() {
        hide_texts(value, tally);
    } else {
        walk(value, tally);
    }
}

/// Leaves out every value; names of fields stay.
pub(crate) fn hide(value: &mut Value) {
    hidden(value, RULE, &mut Tally::default());
}

/// The same, by a rule that is counted.
pub(super) fn hidden(value: &mut Value, rule: &'static str, tally: &mut Tally) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|it| hidden(it, rule, tally)),
        Value::Null => {}
        Value::String(text) if text.is_empty() || text == REDACTED => *value = REDACTED.into(),
        Value::Array(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) => {
            tally.count(rule);
            *value = REDACTED.into();
        }
    }
}

/// Leaves out texts alone: `automountServiceAccountToken: true` is no secret, and a list of
/// references is neither.
fn hide_texts(value: &mut Value, tally: &mut Tally) {
    match value {
        Value::String(_) => hidden(value, RULE, tally),
        Value::Array(items) if items.iter().all(|it| !it.is_object()) => {
            hidden(value, RULE, tally);
        }
        Value::Array(_) | Value::Object(_) => walk(value, tally),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What has nothing to leave out stays as it is written.
pub(super) fn string(text: &str, tally: &mut Tally) -> String {
    let is_json = text.trim_start().starts_with(['{', '[']);
    match serde_json::from_str::<Value>(text) {
        Ok(before) if is_json => {
            let mut inner = before.clone();
            walk(&mut inner, tally);
            match inner == before {
                true => text.to_owned(),
                false => inner.to_string(),
            }
        }
        Ok(_) | Err(_) => counted(text, tally).into_owned(),
    }
}
