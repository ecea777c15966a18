//! What the counts of a status must be.

use serde_json::Value;

use crate::sandbox::rules::place::Place;
use crate::sandbox::status::FieldError;

pub(super) fn deployment(object: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let status = Place::root(object).at("status");
    let mut found = Vec::new();
    for field in [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "collisionCount",
    ] {
        found.extend(status.at(field).nonnegative());
    }
    for (field, most) in [
        ("updatedReplicas", "replicas"),
        ("readyReplicas", "replicas"),
        ("availableReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ] {
        found.extend(up_to(&status, field, most, most == "replicas"));
    }
    let old = old.map_or(&Value::Null, |it| &it["status"]["collisionCount"]);
    let collisions = status.at("collisionCount");
    if collisions.integer() < old.as_i64() {
        found.push(collisions.invalid("cannot be decremented"));
    }
    found
}

fn up_to(status: &Place<'_>, field: &str, most: &str, is_qualified: bool) -> Option<FieldError> {
    let count = |it: &str| status.at(it).integer().unwrap_or(0);
    let prefix = if is_qualified { "status." } else { "" };
    let detail = format!("cannot be greater than {prefix}{most}");
    (count(field) > count(most)).then(|| status.at(field).invalid(detail))
}

pub(super) fn replica_set(object: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let status = Place::root(object).at("status");
    let mut found = Vec::new();
    for field in [
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
    ] {
        found.extend(status.at(field).nonnegative());
    }
    for (field, most) in [
        ("fullyLabeledReplicas", "replicas"),
        ("readyReplicas", "replicas"),
        ("availableReplicas", "replicas"),
        ("availableReplicas", "readyReplicas"),
    ] {
        found.extend(up_to(&status, field, most, most == "replicas"));
    }
    found
}
