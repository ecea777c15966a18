//! What a built-in object has although nobody wrote it.
//!
//! The real server holds built-in objects as structs of Go, in which a struct within a struct is
//! always there, and so is what must be given. Whoever fills in such a place does not own
//! the place itself, so that ownership can only be told with these places in mind.

use serde_json::{Map, Value, json};

use crate::sandbox::schema::{Schema, Shape};

/// Whether objects of this schema are held so: those of custom resources are not.
///
/// Published schemas say of a struct within a struct that its default is the empty one, and every
/// built-in object has its metadata so, for which custom resources may not give a default.
pub(super) fn has_zeros(schema: Schema<'_>) -> bool {
    schema.field("metadata").is_some_and(|it| is_embedded(&it))
}

/// `value` with the places that are always there, and without those that hold nothing and need not
/// be there.
pub(super) fn filled(value: &Value, schema: Schema<'_>) -> Value {
    match value {
        Value::Object(fields) => Value::Object(filled_fields(fields, schema)),
        Value::Array(items) => {
            let item = |it: &Value| match schema.items() {
                Some(schema) => filled(it, schema),
                None => it.clone(),
            };
            items.iter().map(item).collect()
        }
        other => other.clone(),
    }
}

fn filled_fields(fields: &Map<String, Value>, schema: Schema<'_>) -> Map<String, Value> {
    let field = |(name, value): (&String, &Value)| {
        let value = match schema.field(name) {
            Some(schema) if is_nothing(value, schema) => return None,
            Some(schema) => filled(value, schema),
            None => value.clone(),
        };
        Some((name.clone(), value))
    };
    let mut all: Map<String, Value> = fields.iter().filter_map(field).collect();
    let required = schema.required();
    for (name, field) in schema.fields() {
        if all.contains_key(name) {
            continue;
        }
        if let Some(zero) = zero(field, required.contains(&name)) {
            all.insert(name.to_owned(), zero);
        }
    }
    all
}

/// An empty struct is something: `emptyDir: {}`.
fn is_nothing(value: &Value, schema: Schema<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty() && schema.shape() == Shape::Map,
        _ => false,
    }
}

/// What stands at a field that nobody has written.
fn zero(field: Schema<'_>, is_required: bool) -> Option<Value> {
    if is_embedded(&field) {
        return Some(filled(&json!({}), field));
    }
    let has_format = field.keyword("format").is_some();
    is_required.then(|| match field.shape() {
        Shape::Boolean => json!(false),
        Shape::Integer | Shape::Number | Shape::IntOrString => json!(0),
        Shape::String if !has_format => json!(""),
        Shape::String | Shape::Any | Shape::Struct | Shape::Map | Shape::List => Value::Null,
    })
}

fn is_embedded(field: &Schema<'_>) -> bool {
    let default = field.node().get("default");
    default.is_some_and(|it| it.as_object().is_some_and(Map::is_empty))
}
