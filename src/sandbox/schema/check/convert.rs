//! What keeps a patched object from becoming a built-in type.
//!
//! The result of a strategic merge patch is not read from JSON but moved field by field into the
//! type (`runtime.DefaultUnstructuredConverter`, v1.36), which has words of its own.

use serde_json::Value;

use super::decode::{definition, go_type, read_quantity, read_time_text};
use super::{Schema, Shape};

/// Why a value cannot be moved into its type; `None` if it can. Of several faults it is the first.
pub(crate) fn convert_error(value: &Value, schema: Schema<'_>) -> Option<String> {
    move_into(value, schema).err()
}

fn move_into(value: &Value, schema: Schema<'_>) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    match definition(schema) {
        Some("Quantity") => return read_quantity(value),
        Some(it @ ("Time" | "MicroTime")) => return time(value, it),
        _ => {}
    }
    let found = kind(value);
    match (schema.shape(), value) {
        (Shape::Any, _) | (Shape::IntOrString, Value::String(_) | Value::Number(_)) => Ok(()),
        (Shape::IntOrString, _) => Err(unread(value, "int32")),
        (Shape::Struct | Shape::Map, Value::Object(fields)) => {
            let mut fields = fields.iter();
            fields.try_for_each(|(name, it)| match schema.field(name) {
                Some(field) => move_into(it, field),
                None => Ok(()),
            })
        }
        (Shape::Struct, _) => Err(format!("cannot restore struct from: {found}")),
        (Shape::Map, _) => Err(format!("cannot restore map from {found}")),
        (Shape::List, Value::Array(items)) => match schema.items() {
            Some(schema) => items.iter().try_for_each(|it| move_into(it, schema)),
            None => Ok(()),
        },
        (Shape::List, _) => Err(format!("cannot restore slice from {found}")),
        (Shape::Boolean | Shape::Integer | Shape::Number | Shape::String, _) => {
            scalar(value, schema)
        }
    }
}

fn scalar(value: &Value, schema: Schema<'_>) -> Result<(), String> {
    let wanted = go_type(schema);
    match (schema.shape(), value) {
        (Shape::Boolean, Value::Bool(_))
        | (Shape::String, Value::String(_))
        | (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Integer, Value::Number(number)) if !number.is_f64() => Ok(()),
        (_, Value::Number(_)) => Err(format!("cannot convert {} to {wanted}", kind(value))),
        _ => Err(format!("unrecognized type: {wanted}")),
    }
}

fn time(value: &Value, definition: &str) -> Result<(), String> {
    match value {
        Value::String(text) => read_time_text(text, definition),
        other => Err(unread(other, "string")),
    }
}

/// Types that read themselves do so from JSON.
fn unread(value: &Value, wanted: &str) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!("json: cannot unmarshal {found} into Go value of type {wanted}")
}

/// What a value is before it is moved, in the words of Go.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::schema::builtin;

    #[test]
    fn what_does_not_fit_is_told_in_the_words_of_the_server() {
        let pod = |field: &str, value: Value| json!({ "template": { "spec": { field: value } } });
        let regular = "quantities must match the regular expression \
                       '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        let limits = json!({ "name": "web", "resources": { "limits": { "cpu": "x" } } });
        let surge = json!({ "strategy": { "rollingUpdate": { "maxSurge": {} } } });
        let cases = [
            (json!({ "replicas": "x" }), "unrecognized type: int32"),
            (json!({ "replicas": [1] }), "unrecognized type: int32"),
            (
                json!({ "replicas": 1.5 }),
                "cannot convert float64 to int32",
            ),
            (json!({ "paused": {} }), "unrecognized type: bool"),
            (pod("nodeName", json!(1)), "cannot convert int64 to string"),
            (pod("nodeName", json!({})), "unrecognized type: string"),
            (
                pod("nodeSelector", json!("x")),
                "cannot restore map from string",
            ),
            (
                pod("containers", json!("x")),
                "cannot restore slice from string",
            ),
            (
                pod("tolerations", json!({})),
                "cannot restore slice from map",
            ),
            (
                pod("terminationGracePeriodSeconds", json!("x")),
                "unrecognized type: int64",
            ),
            (pod("containers", json!([limits])), regular),
            (
                json!({ "template": "x" }),
                "cannot restore struct from: string",
            ),
            (
                json!({ "selector": 5 }),
                "cannot restore struct from: int64",
            ),
            (
                surge,
                "json: cannot unmarshal object into Go value of type int32",
            ),
        ];
        let definitions = builtin::definitions();
        let schema = Schema::named("io.k8s.api.apps.v1.DeploymentSpec", &definitions).unwrap();
        for (value, wanted) in cases {
            let found = convert_error(&value, schema);
            assert_eq!(found.as_deref(), Some(wanted), "{value}");
        }
        let good = json!({ "replicas": 1, "paused": null, "template": { "spec": {} } });
        assert_eq!(convert_error(&good, schema), None);
    }
}
