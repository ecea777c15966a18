//! An object as it is kept in Git.

use serde_json::{Map, Value};

use super::Target;
use crate::lifecycle::journal;

/// What the API server says of an object.
const OF_THE_SERVER: [&str; 8] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
];

/// What kubectl, the API server and we note on it. The two of autoscaling hold the status of an
/// autoscaler that is read as `autoscaling/v1`.
const NOTES: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "autoscaling.alpha.kubernetes.io/conditions",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    journal::ANNOTATION,
];

/// The live object with the change, and nothing that Git does not decide.
pub(super) fn manifest(target: &Target<'_>) -> Value {
    let mut object = target.proposed.live.clone();
    for (key, value) in target.change() {
        merge(&mut object[key], value);
    }
    if let Value::Object(fields) = &mut object {
        fields.remove("status");
        if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
            clean(metadata);
        }
    }
    object
}

/// Mappings key by key, anything else whole.
fn merge(object: &mut Value, change: Value) {
    match (object, change) {
        (Value::Object(fields), Value::Object(change)) => {
            for (key, value) in change {
                merge(fields.entry(key).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change,
    }
}

fn clean(metadata: &mut Map<String, Value>) {
    metadata.retain(|key, _| !OF_THE_SERVER.contains(&key.as_str()));
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| !NOTES.contains(&key.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}
