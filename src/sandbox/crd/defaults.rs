//! Defaults within schemas.

use crate::sandbox::rules::place::Place;
use crate::sandbox::schema::{Definitions, Schema, check, unknown};
use crate::sandbox::status::FieldError;

/// What is wrong with the defaults in a schema, which must be as the schema says themselves.
pub(super) fn defaults(place: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let default = place.at("default");
    if default.is_set() {
        found.extend(default_value(place, &default));
    }
    for part in ["items", "additionalProperties"] {
        if place.at(part).value.is_object() {
            found.extend(defaults(&place.at(part)));
        }
    }
    let fields = place.at("properties").entries();
    found.extend(fields.flat_map(|(_, it)| defaults(&it)));
    found
}

fn default_value(place: &Place<'_>, default: &Place<'_>) -> Vec<FieldError> {
    let none = Definitions::new();
    let schema = Schema::of(place.value, &none);
    let mut pruned = default.value.clone();
    unknown::prune(&mut pruned, schema);
    let mut found = Vec::new();
    if pruned != *default.value {
        found.push(default.invalid("must not have unknown fields"));
    }
    for mut error in check::check(default.value, schema) {
        error.field = match error.field.as_str() {
            "" | "<nil>" => default.path.clone(),
            below if below.starts_with('[') => format!("{}{below}", default.path),
            below => format!("{}.{below}", default.path),
        };
        found.push(error);
    }
    found
}
