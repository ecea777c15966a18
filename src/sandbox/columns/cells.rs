//! What the cells of many kinds are made of.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age;
use crate::sandbox::selectors::LabelSelector;

pub(super) type Make = fn(&Value, Timestamp) -> Value;

/// A column: name, type, priority, description, cell.
#[derive(Clone, Copy)]
pub(super) struct Row(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) i32,
    pub(super) &'static str,
    pub(super) Make,
);

pub(super) const NAME: Row = Row("Name", "string", 0, "The name of the object.", |it, _| {
    json!(text(it, "/metadata/name"))
});

pub(super) const AGE: Row = Row(
    "Age",
    "string",
    0,
    "How long ago it was created.",
    |it, now| json!(age_at(it, "/metadata/creationTimestamp", now)),
);

pub(super) const CONTAINERS: Row = Row(
    "Containers",
    "string",
    1,
    "The names of the containers.",
    |it, _| containers(it, "name"),
);

pub(super) const IMAGES: Row = Row(
    "Images",
    "string",
    1,
    "The images of the containers.",
    |it, _| containers(it, "image"),
);

pub(super) const SELECTOR: Row = Row(
    "Selector",
    "string",
    1,
    "The labels of the pods that belong to it.",
    |it, _| json!(selector(&it["spec"]["selector"])),
);

/// Of kinds that have no columns of their own.
pub(super) const OTHERS: &[Row] = &[
    NAME,
    Row("Created At", "date", 0, "When it was created.", |it, _| {
        json!(text(it, "/metadata/creationTimestamp"))
    }),
];

/// The text at a JSON pointer; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The text at a JSON pointer, or `missing` where it is empty.
pub(super) fn text_or<'a>(value: &'a Value, pointer: &str, missing: &'a str) -> &'a str {
    match text(value, pointer) {
        "" => missing,
        text => text,
    }
}

/// The number at a JSON pointer, 0 where there is none.
pub(super) fn count(value: &Value, pointer: &str) -> i64 {
    let found = value.pointer(pointer).and_then(Value::as_i64);
    found.unwrap_or(0)
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

/// The entries of a map, their number.
pub(super) fn entries(value: &Value, pointer: &str) -> usize {
    let found = value.pointer(pointer).and_then(Value::as_object);
    found.map_or(0, serde_json::Map::len)
}

pub(super) fn moment(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

/// How long ago the moment at a JSON pointer was.
pub(super) fn age_at(value: &Value, pointer: &str, now: Timestamp) -> String {
    match moment(value, pointer) {
        Some(moment) => age::since(moment, now),
        None => "<unknown>".to_owned(),
    }
}

fn containers(object: &Value, field: &str) -> Value {
    containers_of(&object["spec"]["template"], field)
}

/// The names or the images in a pod template.
pub(super) fn containers_of(template: &Value, field: &str) -> Value {
    let all = list(template, "/spec/containers").iter();
    let all: Vec<&str> = all.map(|it| it[field].as_str().unwrap_or("")).collect();
    json!(all.join(","))
}

/// A label selector as text.
pub(super) fn selector(selector: &Value) -> String {
    match LabelSelector::of(selector).map(|it| it.to_string()) {
        Ok(text) if text.is_empty() => "<none>".to_owned(),
        Ok(text) => text,
        Err(_) => "<error>".to_owned(),
    }
}

/// Labels as text: `a=1,b=2`.
pub(super) fn labels(labels: &Value) -> String {
    let all = labels.as_object().into_iter().flatten();
    let mut all: Vec<String> = all
        .map(|(key, it)| format!("{key}={}", it.as_str().unwrap_or("")))
        .collect();
    all.sort();
    match all.is_empty() {
        true => "<none>".to_owned(),
        false => all.join(","),
    }
}

/// Joins the first `most` and says how many there are besides.
pub(super) fn first(all: &[String], most: usize, separator: &str) -> String {
    match all.get(..most) {
        Some(shown) if all.len() > most => {
            let more = all.len() - most;
            format!("{} + {more} more...", shown.join(separator))
        }
        _ => all.join(separator),
    }
}
