//! Validation of values against their schema, as the API server validates custom resources.
//!
//! Objects of built-in kinds are not validated so: their fields are of a type or the object is not
//! read at all, which is what [`decode::decode_error`] finds. Their rules are not in the schema.

mod combined;
pub(crate) mod convert;
pub(crate) mod decode;
mod format;
mod scalar;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::unknown::below;
use super::{ListType, Schema, Shape};
use crate::sandbox::status::{Fault, FieldError};

/// Everything in which `value` is not as its schema says. Fields that the schema does not name are
/// not looked at.
pub(crate) fn check(value: &Value, schema: Schema<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    check_at(value, schema, "", &mut found);
    found
}

fn check_at(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    if value.is_null() && schema.is_nullable() {
        return;
    }
    found.extend(wrong_type(value, schema, path));
    if value.is_null() {
        return;
    }
    combined::check(value, schema, path, found);
    match value {
        Value::String(text) => scalar::check_text(text, schema, path, found),
        Value::Number(number) => scalar::check_number(number, schema, path, found),
        Value::Array(items) => check_list(items, schema, path, found),
        Value::Null | Value::Bool(_) | Value::Object(_) => {}
    }
    check_enum(value, schema, path, found);
    if let Value::Object(object) = value {
        check_object(object, schema, path, found);
    }
}

/// The types that a schema allows; empty for any.
fn types<'a>(schema: Schema<'a>) -> &'a [&'a str] {
    match (schema.shape(), schema.text("type")) {
        (Shape::IntOrString, _) => &["integer", "string"],
        (_, Some("object")) => &["object"],
        (_, Some("array")) => &["array"],
        (_, Some("string")) => &["string"],
        (_, Some("integer")) => &["integer"],
        (_, Some("number")) => &["number"],
        (_, Some("boolean")) => &["boolean"],
        _ => &[],
    }
}

fn wrong_type(value: &Value, schema: Schema<'_>, path: &str) -> Option<FieldError> {
    let wanted = types(schema);
    if wanted.is_empty() || wanted.iter().any(|it| is_of(value, it)) {
        return None;
    }
    let (wanted, found) = match (value, schema.text("format")) {
        (Value::Number(it), Some(format)) if it.is_f64() && wanted == ["integer"] => {
            (format.to_owned(), "float64")
        }
        _ => (wanted.join(","), type_name(value)),
    };
    let detail = format!("{path} in body must be of type {wanted}: \"{found}\"");
    let fault = Fault::TypeInvalid(json!(found));
    Some(FieldError::new(named(path), fault, detail))
}

fn is_of(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Number(it) if wanted == "integer" => scalar::is_whole(it),
        Value::Number(_) => wanted == "number",
        value => type_name(value) == wanted,
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(it) if it.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// As messages call the object as a whole.
fn named(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}

/// A fault of no field in particular.
fn general(detail: String) -> FieldError {
    FieldError::new("<nil>", Fault::Invalid(json!("")), detail)
}

fn invalid(path: &str, value: Value, says: &str) -> FieldError {
    let detail = format!("{path} in body {says}");
    FieldError::new(named(path), Fault::Invalid(value), detail)
}

fn count(schema: Schema<'_>, keyword: &str) -> Option<usize> {
    let count = schema.keyword(keyword)?.as_u64()?;
    usize::try_from(count).ok()
}

fn check_list(items: &[Value], schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    if let Some(schema) = schema.items() {
        for (index, item) in items.iter().enumerate() {
            check_at(item, schema, &format!("{path}[{index}]"), found);
        }
    }
    let length = items.len();
    if let Some(least) = count(schema, "minItems").filter(|it| length < *it) {
        let says = format!("should have at least {least} items");
        found.push(invalid(path, json!(length), &says));
    }
    if let Some(most) = count(schema, "maxItems").filter(|it| length > *it) {
        let found_too_many = Fault::TooMany {
            found: length,
            most,
        };
        found.push(FieldError::new(named(path), found_too_many, ""));
    }
    let twice = duplicates(items, |it| Some(it.clone()));
    if schema.is_set("uniqueItems") && !twice.is_empty() {
        found.push(invalid(path, json!(items), "shouldn't contain duplicates"));
    }
    check_keys(items, schema, path, found);
}

/// Items of sets and maps that are there already.
fn check_keys(items: &[Value], schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    let twice = match schema.list_type() {
        ListType::Atomic => return,
        ListType::Set => duplicates(items, |it| Some(it.clone())),
        ListType::Map(keys) => duplicates(items, |it| Some(key(it.as_object()?, &keys, schema))),
    };
    for (index, key) in twice {
        let at = format!("{path}[{index}]");
        found.push(FieldError::new(at, Fault::Duplicate(key), ""));
    }
}

fn key(item: &Map<String, Value>, keys: &[&str], schema: Schema<'_>) -> Value {
    let default = |key: &str| schema.items()?.field(key)?.keyword("default");
    let of = |key: &str| item.get(key).or_else(|| default(key)).cloned();
    let keys = keys
        .iter()
        .filter_map(|it| Some(((*it).to_owned(), of(it)?)));
    Value::Object(keys.collect())
}

/// What occurs a second time, with the place where it does.
fn duplicates(items: &[Value], key: impl Fn(&Value) -> Option<Value>) -> Vec<(usize, Value)> {
    let mut seen = HashSet::new();
    let mut told = HashSet::new();
    let mut twice = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(key) = key(item)
            && !seen.insert(key.to_string())
            && told.insert(key.to_string())
        {
            twice.push((index, key));
        }
    }
    twice
}

fn check_enum(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    let Some(choices) = schema.keyword("enum").and_then(Value::as_array) else {
        return;
    };
    if !choices.iter().any(|it| scalar::are_equal(it, value)) {
        let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        let fault = Fault::NotSupported(value.clone(), choices.iter().map(text).collect());
        found.push(FieldError::new(named(path), fault, ""));
    }
}

fn check_object(
    object: &Map<String, Value>,
    schema: Schema<'_>,
    path: &str,
    found: &mut Vec<FieldError>,
) {
    let length = object.len();
    if let Some(least) = count(schema, "minProperties").filter(|it| length < *it) {
        let says = format!("should have at least {least} properties");
        found.push(invalid(path, json!(length), &says));
        return;
    }
    if let Some(most) = count(schema, "maxProperties").filter(|it| length > *it) {
        let found_too_many = Fault::TooMany {
            found: length,
            most,
        };
        found.push(FieldError::new(named(path), found_too_many, ""));
        return;
    }
    let resource = schema.is_set("x-kubernetes-embedded-resource");
    let identity = resource.then_some(["apiVersion", "kind"]);
    let required = schema.required().into_iter();
    for name in required.chain(identity.into_iter().flatten()) {
        if !object.contains_key(name) {
            found.push(FieldError::new(below(path, name), Fault::Required, ""));
        }
    }
    for (name, it) in object {
        if let Some(field) = schema.field(name) {
            check_at(it, field, &below(path, name), found);
        }
    }
}

#[cfg(test)]
mod tests;
