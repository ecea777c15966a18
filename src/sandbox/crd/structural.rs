//! Whether a schema is structural: every field has its type in one place, outside of what only
//! restricts values.

use serde_json::Value;

use super::defaults::defaults;
use super::keywords::{self, UNSUPPORTED};
use crate::sandbox::rules::place::Place;
use crate::sandbox::status::FieldError;

/// What stands at a place, which decides what must be said of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Field,
    Item,
}

/// What is wrong with the schema of a version.
pub(super) fn check(schema: &Place<'_>) -> Vec<FieldError> {
    if !schema.is_set() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let nullable = schema.at("nullable");
    if nullable.flag() {
        found.push(nullable.forbidden("nullable cannot be true at the root"));
    }
    // Schemas with keywords that are not known at all are told only these.
    if !has_unsupported(schema.value) {
        let mut shape = structure(schema, Level::Root);
        shape.sort_by_cached_key(ToString::to_string);
        if shape.is_empty() {
            shape = defaults(schema);
        }
        found.extend(shape);
    }
    found.extend(keywords::check(schema, true, false));
    found
}

fn has_unsupported(schema: &Value) -> bool {
    if UNSUPPORTED.iter().any(|it| schema.get(it).is_some()) {
        return true;
    }
    let parts = ["items", "additionalProperties", "not"];
    let lists = ["allOf", "anyOf", "oneOf"];
    let fields = schema["properties"].as_object();
    let listed = lists.iter().filter_map(|it| schema[it].as_array());
    parts.iter().any(|it| has_unsupported_part(&schema[it]))
        || fields.is_some_and(|it| it.values().any(has_unsupported))
        || listed.flatten().any(has_unsupported)
}

fn has_unsupported_part(part: &Value) -> bool {
    part.is_object() && has_unsupported(part)
}

fn structure(schema: &Place<'_>, level: Level) -> Vec<FieldError> {
    let mut found = Vec::new();
    let items = schema.at("items");
    if schema.at("type").text() == "array" && !items.is_set() {
        found.push(items.required("must be specified"));
    }
    if items.is_set() {
        found.extend(structure(&items, Level::Item));
    }
    let fields = schema.at("properties").entries();
    found.extend(fields.flat_map(|(_, it)| structure(&it, Level::Field)));
    let more = schema.at("additionalProperties");
    if more.is_set() && level == Level::Root {
        found.push(more.forbidden("must not be used at the root"));
    }
    if more.value.is_object() {
        found.extend(structure(&more, Level::Field));
    }
    found.extend(extensions(schema));
    found.extend(restrictions(schema, is_int_or_string(schema)));
    found.extend(types(schema, level));
    found.extend(metadata(schema, level));
    found
}

/// `anyOf` an integer and a string, which is how either is said.
fn is_int_or_string(schema: &Place<'_>) -> bool {
    let either = serde_json::json!([{ "type": "integer" }, { "type": "string" }]);
    *schema.at("anyOf").value == either
}

fn extensions(schema: &Place<'_>) -> Vec<FieldError> {
    if !schema.at("x-kubernetes-int-or-string").flag() {
        return Vec::new();
    }
    let others = [
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-embedded-resource",
    ];
    let set = others.iter().map(|it| schema.at(it)).filter(Place::flag);
    set.map(|it| it.invalid("must be false if x-kubernetes-int-or-string is true"))
        .collect()
}

fn types(schema: &Place<'_>, level: Level) -> Vec<FieldError> {
    let kind = schema.at("type");
    let is_embedded = schema.at("x-kubernetes-embedded-resource").flag();
    let is_open = [
        "x-kubernetes-int-or-string",
        "x-kubernetes-preserve-unknown-fields",
    ]
    .iter()
    .any(|it| schema.at(it).flag());
    let mut found = Vec::new();
    match kind.text() {
        "object" => {}
        "" if is_embedded => {
            found.push(kind.required("must be object if x-kubernetes-embedded-resource is true"));
        }
        "" if is_open => {}
        "" => found.push(kind.required(match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        })),
        _ if is_embedded => {
            found.push(kind.invalid("must be object if x-kubernetes-embedded-resource is true"));
        }
        _ => {}
    }
    if level == Level::Root && !["", "object"].contains(&kind.text()) {
        found.push(kind.invalid("must be object at the root"));
    }
    if !is_embedded {
        return found;
    }
    let (more, fields) = (schema.at("additionalProperties"), schema.at("properties"));
    if more.is_set() {
        found.push(more.forbidden("must not be used if x-kubernetes-embedded-resource is set"));
    }
    let keeps = schema.at("x-kubernetes-preserve-unknown-fields").flag();
    if fields.is_empty() && !keeps {
        found.push(fields.required(
            "must not be empty if x-kubernetes-embedded-resource is true without \
             x-kubernetes-preserve-unknown-fields",
        ));
    }
    found
}

/// What is said of the fields that every object has.
fn metadata(schema: &Place<'_>, level: Level) -> Vec<FieldError> {
    let mut found = Vec::new();
    let is_object = level == Level::Root || schema.at("x-kubernetes-embedded-resource").flag();
    if !is_object {
        return found;
    }
    let fields = schema.at("properties");
    for (name, wanted) in [
        ("kind", "string"),
        ("apiVersion", "string"),
        ("metadata", "object"),
    ] {
        let field = fields.key(name);
        let kind = field.at("type");
        if field.is_set() && kind.text() != wanted {
            found.push(kind.refuse(kind.text(), format!("must be {wanted}")));
        }
    }
    let metadata = fields.key("metadata");
    let known = |name: &str| ["name", "generateName"].contains(&name);
    let is_more = metadata.at("properties").entries().any(|it| !known(it.0))
        || metadata
            .entries()
            .any(|(name, _)| !["type", "properties", "default"].contains(&name));
    if level == Level::Root && is_more {
        found.push(metadata.forbidden(
            "must not specify anything other than name and generateName, but metadata is \
             implicitly specified",
        ));
    }
    found
}

/// What is said only to restrict values, at a place and below it.
fn restrictions(schema: &Place<'_>, skips_any: bool) -> Vec<FieldError> {
    let mut found = Vec::new();
    for list in ["anyOf", "allOf", "oneOf"] {
        if list == "anyOf" && skips_any {
            continue;
        }
        for (index, part) in schema.at(list).items().enumerate() {
            let is_either = list == "allOf" && index == 0 && is_int_or_string(&part);
            found.extend(restriction(&part, is_either));
        }
    }
    let not = schema.at("not");
    if not.is_set() {
        found.extend(restriction(&not, false));
    }
    found.extend(pattern(&schema.at("pattern")));
    found
}

fn pattern(pattern: &Place<'_>) -> Option<FieldError> {
    // Classes of Unicode are not known here, and not wrong for it.
    if pattern.text().contains("\\p") || pattern.text().contains("\\P") {
        return None;
    }
    let error = regex_lite::Regex::new(pattern.text()).err()?;
    let detail = "must be a valid regular expression, but isn't: error parsing regexp";
    Some(pattern.invalid(format!("{detail}: {error}")))
}

fn restriction(part: &Place<'_>, skips_any: bool) -> Vec<FieldError> {
    const FORBIDDEN: [(&str, &str); 11] = [
        ("type", "must be empty to be structural"),
        ("additionalProperties", "must be undefined to be structural"),
        ("default", "must be undefined to be structural"),
        ("title", "must be empty to be structural"),
        ("description", "must be empty to be structural"),
        ("nullable", "must be false to be structural"),
        (
            "x-kubernetes-preserve-unknown-fields",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-embedded-resource",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-int-or-string",
            "must be false to be structural",
        ),
        (
            "x-kubernetes-list-type",
            "must be undefined to be structural",
        ),
        ("x-kubernetes-validations", "must be empty to be structural"),
    ];
    let mut found = restrictions(part, skips_any);
    if part.at("items").is_set() {
        found.extend(restriction(&part.at("items"), false));
    }
    let fields = part.at("properties").entries();
    found.extend(fields.flat_map(|(_, it)| restriction(&it, false)));
    for (name, detail) in FORBIDDEN {
        let place = part.at(name);
        if place.is_set() && *place.value != Value::Bool(false) {
            found.push(place.forbidden(detail));
        }
    }
    let metadata = part.at("properties").key("metadata");
    if metadata.is_set() {
        found.push(metadata.forbidden("must not be specified in a nested context"));
    }
    found
}
