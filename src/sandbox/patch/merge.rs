//! Merge patch (RFC 7386). Unlike the standard, the API server also drops nulls from objects in
//! lists that it adds.

use serde_json::{Map, Value};

use super::go;
use crate::sandbox::status::Refusal;

pub(super) fn patch(object: &Value, patch: &Value) -> Result<Value, Refusal> {
    match patch {
        Value::Object(fields) => {
            let mut all = object.as_object().cloned().unwrap_or_default();
            merge(&mut all, fields);
            Ok(Value::Object(all))
        }
        Value::Null => Err(Refusal::bad_request("Invalid JSON Patch")),
        other => {
            let (found, expected) = (go::json_name(other), go::MAP);
            Err(Refusal::bad_request(format!(
                "error decoding patch: json: cannot unmarshal {found} into Go value of type \
                 {expected}"
            )))
        }
    }
}

fn merge(object: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (key, value) in patch {
        if value.is_null() {
            object.remove(key);
            continue;
        }
        let place = object.entry(key).or_insert(Value::Null);
        match (place, value) {
            (Value::Object(old), Value::Object(new)) => merge(old, new),
            // A list over an object is taken as it is, nulls and all.
            (place @ Value::Object(_), new) => *place = new.clone(),
            (place, new) => *place = without_nulls(new),
        }
    }
}

/// The value without the null fields of its objects; nulls in lists stay.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, it)| !it.is_null());
            let kept = kept.map(|(key, it)| (key.clone(), without_nulls(it)));
            Value::Object(kept.collect())
        }
        scalar => scalar.clone(),
    }
}
