//! Keywords of schemas that do not go together, or that definitions do not have.

use serde_json::Value;

use crate::sandbox::rules::place::Place;
use crate::sandbox::status::{Fault, FieldError};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Keywords of JSON schema that definitions do not have.
pub(super) const UNSUPPORTED: [&str; 6] = [
    "id",
    "additionalItems",
    "patternProperties",
    "definitions",
    "dependencies",
    "$ref",
];

/// Everything of the kind that is wrong with a schema and all within it.
///
/// `is_root` for the schema of a whole object, `is_metadata` for those of its own fields.
pub(super) fn check(schema: &Place<'_>, is_root: bool, is_metadata: bool) -> Vec<FieldError> {
    let mut found = unsupported(schema);
    let default = schema.at("default");
    if is_metadata && default.is_set() {
        let name = schema.path.rsplit('[').next().unwrap_or("");
        let name = name.trim_end_matches(']');
        found.push(default.forbidden(&format!("must not be set in top-level {name}")));
    }
    if schema.at("uniqueItems").flag() {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes \
                      quadratic";
        found.push(schema.at("uniqueItems").forbidden(detail));
    }
    let (more, fields) = (schema.at("additionalProperties"), schema.at("properties"));
    if !fields.is_empty() && more.is_set() && *more.value != Value::Bool(true) {
        let detail = "additionalProperties and properties are mutual exclusive";
        found.push(more.forbidden(detail));
    }
    for part in [&more, &schema.at("not"), &schema.at("items")] {
        if part.value.is_object() {
            found.extend(check(part, false, false));
        }
    }
    for (name, field) in fields.entries() {
        let is_metadata = is_root && ["metadata", "kind", "apiVersion"].contains(&name);
        found.extend(check(&field, false, is_metadata));
    }
    for list in ["allOf", "oneOf", "anyOf"] {
        let parts = schema.at(list).items();
        found.extend(parts.flat_map(|it| check(&it, false, false)));
    }
    found.extend(list_keywords(schema));
    found.extend(map_keywords(schema));
    let rules = schema.at("x-kubernetes-validations").items();
    found.extend(rules.flat_map(|it| validation(&it)));
    found
}

fn unsupported(schema: &Place<'_>) -> Vec<FieldError> {
    let kind = schema.at("type");
    let mut found = Vec::new();
    if !kind.is_empty() && !TYPES.contains(&kind.text()) {
        found.push(kind.unsupported(&TYPES));
    }
    for name in UNSUPPORTED {
        if schema.at(name).is_set() {
            let detail = format!("{name} is not supported");
            found.push(schema.at(name).forbidden(&detail));
        }
    }
    if schema.at("items").value.is_array() {
        let detail = "items must be a schema object and not an array";
        found.push(schema.at("items").forbidden(detail));
    }
    let keeps = schema.at("x-kubernetes-preserve-unknown-fields");
    if *keeps.value == Value::Bool(false) {
        found.push(keeps.invalid("must be true or undefined"));
    }
    found
}

fn map_keywords(schema: &Place<'_>) -> Vec<FieldError> {
    let (map, kind) = (schema.at("x-kubernetes-map-type"), schema.at("type"));
    if !map.is_set() {
        return Vec::new();
    }
    let mut found = Vec::new();
    found.extend(typed(&kind, "object", "x-kubernetes-map-type"));
    if !["atomic", "granular"].contains(&map.text()) {
        found.push(map.unsupported(&["atomic", "granular"]));
    }
    found
}

fn typed(kind: &Place<'_>, wanted: &str, keyword: &str) -> Option<FieldError> {
    let detail = format!("must be {wanted} if {keyword} is specified");
    match kind.text() {
        text if text == wanted => None,
        "" => Some(kind.required(&detail)),
        _ => Some(kind.invalid(detail)),
    }
}

fn list_keywords(schema: &Place<'_>) -> Vec<FieldError> {
    let (list, kind) = (schema.at("x-kubernetes-list-type"), schema.at("type"));
    let keys = schema.at("x-kubernetes-list-map-keys");
    let mut found = Vec::new();
    if list.is_set() {
        found.extend(typed(&kind, "array", "x-kubernetes-list-type"));
        found.extend(atomic_items(schema, list.text()));
        if !["atomic", "set", "map"].contains(&list.text()) {
            found.push(list.unsupported(&["atomic", "set", "map"]));
        }
    }
    if !keys.is_empty() && list.text() != "map" {
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        found.push(match list.is_set() {
            true => list.invalid(detail),
            false => list.required(detail),
        });
    }
    let items = schema.at("items");
    if list.text() == "map" {
        found.extend(map_items(schema, &keys, &items));
    }
    let is_keyed = ["set", "map"].contains(&list.text());
    if is_keyed && items.at("nullable").flag() {
        let list = list.text();
        let detail = format!("cannot be nullable when x-kubernetes-list-type is {list}");
        found.push(items.at("nullable").forbidden(&detail));
    }
    if list.text() == "map" {
        found.extend(keys.items().flat_map(|it| key_field(&items, it.text())));
    }
    found
}

/// The items of a set are told apart whole.
fn atomic_items(schema: &Place<'_>, list: &str) -> Option<FieldError> {
    let items = schema.at("items");
    if list != "set" || schema.at("type").text() != "array" {
        return None;
    }
    let list_type = items.at("x-kubernetes-list-type");
    let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
    match items.at("type").text() {
        "array" if !["", "atomic"].contains(&list_type.text()) => Some(list_type.invalid(detail)),
        "object" if items.at("x-kubernetes-map-type").text() != "atomic" => {
            // The value that the real server shows is that of the other keyword.
            let place = items.at("x-kubernetes-map-type");
            Some(place.refuse(list_type.value.clone(), detail))
        }
        _ => None,
    }
}

fn map_items(schema: &Place<'_>, keys: &Place<'_>, items: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    if keys.is_empty() {
        let detail = "must not be empty if x-kubernetes-list-type is map";
        found.push(keys.required(detail));
    }
    if !items.is_set() {
        let detail = "must have a schema if x-kubernetes-list-type is map";
        found.push(schema.at("items").required(detail));
        return found;
    }
    let kind = items.at("type");
    if kind.text() != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        found.push(kind.refuse(kind.text(), detail));
        return found;
    }
    let mut known = Vec::new();
    for key in keys.items() {
        let field = items.at("properties").key(key.text());
        let field_type = field.at("type");
        if !field.is_set() {
            found.push(keys.invalid("entries must all be names of item properties"));
        } else if ["array", "object"].contains(&field_type.text()) {
            let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
            found.push(field_type.refuse("object", detail));
        }
        if known.contains(&key.text()) {
            found.push(keys.invalid("must not contain duplicate entries"));
        }
        known.push(key.text());
    }
    found
}

/// A field that tells items apart is always there.
fn key_field(items: &Place<'_>, key: &str) -> Vec<FieldError> {
    let field = items.at("properties").key(key);
    let mut found = Vec::new();
    if !field.is_set() {
        return found;
    }
    let is_required = items.at("required").items().any(|it| it.text() == key);
    if !is_required && !field.at("default").is_set() {
        let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default \
                      or be a required property";
        found.push(field.at("default").required(detail));
    }
    if field.at("nullable").flag() {
        let detail = "this property is in x-kubernetes-list-map-keys, so it cannot be nullable";
        found.push(field.at("nullable").forbidden(detail));
    }
    found
}

fn validation(rule: &Place<'_>) -> Vec<FieldError> {
    const REASONS: [&str; 4] = [
        "FieldValueDuplicate",
        "FieldValueForbidden",
        "FieldValueInvalid",
        "FieldValueRequired",
    ];
    let (text, message, reason) = (rule.at("rule"), rule.at("message"), rule.at("reason"));
    let mut found = Vec::new();
    if text.text().trim().is_empty() {
        found.push(text.required("rule is not specified"));
    }
    if !message.is_empty() && message.text().trim().is_empty() {
        found.push(message.invalid("must be non-empty if specified"));
    } else if text.text().contains(['\n', '\r']) && message.is_empty() {
        found.push(message.required("message must be specified if rule contains line breaks"));
    }
    if !reason.is_empty() && !REASONS.contains(&reason.text()) {
        let choices = REASONS.iter().map(|&it| it.to_owned()).collect();
        let fault = Fault::NotSupported(reason.text().into(), choices);
        found.push(FieldError::new(&reason.path, fault, ""));
    }
    found
}
