//! Structural schemas, each with its description.

use serde_json::{Value, json};

pub(super) fn object(about: &str, properties: Value, required: &[&str]) -> Value {
    let mut schema = json!({ "type": "object", "description": about, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// An object of which not all fields are known here.
pub(super) fn open(about: &str) -> Value {
    json!({
        "type": "object",
        "description": about,
        "x-kubernetes-preserve-unknown-fields": true,
    })
}

pub(super) fn list(about: &str, items: Value) -> Value {
    json!({ "type": "array", "description": about, "items": items })
}

pub(super) fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

pub(super) fn name(about: &str) -> Value {
    json!({ "type": "string", "description": about, "minLength": 1 })
}

pub(super) fn number(about: &str) -> Value {
    json!({ "type": "number", "description": about })
}

pub(super) fn time(about: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": about })
}

pub(super) fn generation(about: &str) -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 0, "description": about })
}

pub(super) fn one_of(about: &str, values: &[&str]) -> Value {
    json!({ "type": "string", "description": about, "enum": values })
}

pub(super) fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}
