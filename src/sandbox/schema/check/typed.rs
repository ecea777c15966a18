//! What keeps an object from being applied by server-side apply.

use serde_json::Value;

use super::{Schema, Shape, type_name};

/// Why the value cannot be taken for an apply, each with its path, in the words of server-side
/// apply: `.spec.replicas: expected numeric (int or float), got string`.
pub(crate) fn typed_errors(value: &Value, schema: Schema<'_>) -> Vec<String> {
    let mut found = Vec::new();
    type_at(value, schema, "", &mut found);
    found
}

fn type_at(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<String>) {
    let (wanted, shown) = match (schema.shape(), value) {
        (_, Value::Null) | (Shape::Any | Shape::IntOrString, _) => return,
        (Shape::Boolean, Value::Bool(_))
        | (Shape::Integer | Shape::Number, Value::Number(_))
        | (Shape::String, Value::String(_)) => return,
        (Shape::List, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let Some(schema) = schema.items() else { return };
                type_at(item, schema, &format!("{path}[{index}]"), found);
            }
            return;
        }
        (Shape::Struct | Shape::Map, Value::Object(object)) => {
            for (name, it) in object {
                match schema.field(name) {
                    Some(field) => type_at(it, field, &format!("{path}.{name}"), found),
                    None if schema.keeps_unknown() => {}
                    None => found.push(format!("{path}.{name}: field not declared in schema")),
                }
            }
            return;
        }
        (Shape::Integer | Shape::Number, other) => {
            ("numeric (int or float)", type_name(other).to_owned())
        }
        (Shape::Boolean, other) => ("boolean", format!("&{{{}}}", plain(other))),
        (Shape::String, other) => (
            "string",
            format!("&value.valueUnstructured{{Value:{}}}", plain(other)),
        ),
        (Shape::List, other) => ("list", format!("&{{{}}}", plain(other))),
        (Shape::Struct | Shape::Map, other) => ("map", format!("&{{{}}}", plain(other))),
    };
    found.push(format!("{path}: expected {wanted}, got {shown}"));
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
