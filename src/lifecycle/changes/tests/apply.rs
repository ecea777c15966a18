//! JSON patches as RFC 6902 has them, strictly: what names no place is a panic.

use serde_json::{Value, json};

use crate::lifecycle::changes::{Change, TakenBack};

/// `object` after the operations.
pub(super) fn patched(object: &Value, back: &TakenBack) -> Value {
    let mut object = object.clone();
    for operation in &back.operations {
        perform(&mut object, operation);
    }
    object
}

/// `object` with the changes made.
pub(super) fn written(object: &Value, changes: &[Change]) -> Value {
    let mut object = object.clone();
    for Change { path, from, to } in changes {
        let operation = match (from, to) {
            (None, Some(to)) => json!({"op": "add", "path": path, "value": to}),
            (Some(_), Some(to)) => json!({"op": "replace", "path": path, "value": to}),
            (_, None) => json!({"op": "remove", "path": path}),
        };
        perform(&mut object, &operation);
    }
    object
}

fn perform(object: &mut Value, operation: &Value) {
    let path = operation["path"].as_str().unwrap();
    let (parent, last) = path.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    let is_there = object.pointer(path).is_some();
    let parent = object.pointer_mut(parent).unwrap();
    match (operation["op"].as_str().unwrap(), parent) {
        ("add", Value::Object(fields)) if !is_there => {
            fields.insert(last, operation["value"].clone());
        }
        ("replace", Value::Object(fields)) if is_there => {
            fields.insert(last, operation["value"].clone());
        }
        ("replace", Value::Array(items)) if is_there => {
            items[last.parse::<usize>().unwrap()] = operation["value"].clone();
        }
        ("remove", Value::Object(fields)) if is_there => {
            fields.remove(&last);
        }
        (op, _) => panic!("{op} {path} does not fit"),
    }
}
