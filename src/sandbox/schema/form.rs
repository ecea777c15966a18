//! The form in which the API server holds an object of a built-in kind, whatever form it came in.
//!
//! The server reads such objects into structs of Go and writes them from these. So a zero is not
//! told from nothing given, except where `zeros.txt` says so; quantities and points in time are
//! written in one way; and some fields are written even where they hold nothing.

mod zeros;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Schema, Shape};
use crate::units;

/// Brings what was given into the form of the server: before the defaults are filled in, as an
/// empty text counts as left out. An empty list does not yet, and an empty map neither.
/// `definition` is the name of that of `schema`.
pub(crate) fn settle(value: &mut Value, schema: Schema<'_>, definition: &str) {
    if let Some(settled) = scalar(value, definition) {
        *value = settled;
        return;
    }
    match value {
        Value::Object(fields) => {
            within(fields, schema, settle);
            if schema.shape() == Shape::Struct {
                fields.retain(|name, it| !is_omitted(definition, name, it, schema));
            }
        }
        Value::Array(items) => each(items, schema, settle),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Brings a complete object into the form in which the server writes it: without empty lists and
/// maps, and with what is written where nothing was given, such as a null for the times of events.
pub(crate) fn write(value: &mut Value, schema: Schema<'_>, definition: &str) {
    match value {
        Value::Object(fields) => {
            within(fields, schema, write);
            fields.retain(|name, it| !is_left_out(it, shape(schema, name)));
            let lists = schema.required().into_iter();
            for name in lists.filter(|it| shape(schema, it) == Some(Shape::List)) {
                fill(fields, name, &Value::Null);
            }
            for (name, written) in zeros::of(definition).written() {
                fill(fields, name, written);
            }
        }
        Value::Array(items) => each(items, schema, write),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn fill(fields: &mut Map<String, Value>, name: &str, written: &Value) {
    if fields.get(name).is_none_or(is_nothing) {
        fields.insert(name.to_owned(), written.clone());
    }
}

type Visit = fn(&mut Value, Schema<'_>, &str);

fn within(fields: &mut Map<String, Value>, schema: Schema<'_>, visit: Visit) {
    for (name, it) in fields.iter_mut() {
        if let Some(field) = schema.field(name) {
            visit(it, field, field.definition().unwrap_or(""));
        }
    }
}

fn each(items: &mut [Value], schema: Schema<'_>, visit: Visit) {
    if let Some(schema) = schema.items() {
        let definition = schema.definition().unwrap_or("");
        items
            .iter_mut()
            .for_each(|it| visit(it, schema, definition));
    }
}

fn shape(schema: Schema<'_>, name: &str) -> Option<Shape> {
    schema.own(name).map(|it| it.shape())
}

/// Whether a field is not written, for what it holds is the same as nothing.
fn is_omitted(definition: &str, name: &str, value: &Value, schema: Schema<'_>) -> bool {
    let is_zero = || is_zero(value) && !zeros::of(definition).keeps(name);
    match shape(schema, name) {
        Some(Shape::Boolean | Shape::Integer | Shape::Number | Shape::String) => {
            is_zero() && !schema.required().contains(&name)
        }
        Some(Shape::Any | Shape::IntOrString | Shape::Struct | Shape::Map | Shape::List) | None => {
            false
        }
    }
}

/// A struct without anything in it is something: `emptyDir: {}`.
fn is_left_out(value: &Value, shape: Option<Shape>) -> bool {
    is_nothing(value) && matches!(shape, Some(Shape::List | Shape::Map))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Bool(is_set) => !is_set,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A quantity or a point in time in the one form in which it is written; `None` for others.
fn scalar(value: &Value, definition: &str) -> Option<Value> {
    match definition.rsplit('.').next()? {
        "Quantity" => quantity(value),
        "Time" => time(value, "%Y-%m-%dT%H:%M:%SZ"),
        "MicroTime" => time(value, "%Y-%m-%dT%H:%M:%S.%6fZ"),
        _ => None,
    }
}

fn quantity(value: &Value) -> Option<Value> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    units::canonical(&text).ok().map(Value::from)
}

fn time(value: &Value, format: &str) -> Option<Value> {
    let time: Timestamp = value.as_str()?.parse().ok()?;
    Some(time.strftime(format).to_string().into())
}

#[cfg(test)]
mod tests;
