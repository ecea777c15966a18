//! Writes that change nothing but the times of owners.

use serde_json::Value;

use super::managers;

/// Sets the times of `new` back to those of `live` where nothing but times has changed, so that
/// a write that changes nothing is none.
pub(super) fn keep_times(live: &Value, new: &mut Value) {
    let has_changed = |key: &str| live["metadata"].get(key) != new["metadata"].get(key);
    let same = is_same_but_times(managers::of(live), managers::of(new))
        && is_same_but(live, new, "metadata")
        && is_same_but(&live["metadata"], &new["metadata"], "managedFields");
    if same && has_changed("managedFields") {
        new["metadata"]["managedFields"] = managers::of(live).clone();
    }
}

/// Whether two objects are the same but for one field, which both have or both lack.
fn is_same_but(left: &Value, right: &Value, field: &str) -> bool {
    let (Some(left), Some(right)) = (left.as_object(), right.as_object()) else {
        return false;
    };
    let other = |(key, value): (&String, &Value)| {
        let there = right.get(key);
        there.is_some_and(|it| key == field || it == value)
    };
    left.len() == right.len() && left.iter().all(other)
}

fn is_same_but_times(left: &Value, right: &Value) -> bool {
    let timeless = |entry: &Value| {
        let mut entry = entry.clone();
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("time");
        }
        entry
    };
    let (Some(left), Some(right)) = (left.as_array(), right.as_array()) else {
        return false;
    };
    let mut pairs = left.iter().zip(right);
    left.len() == right.len() && pairs.all(|(a, b)| timeless(a) == timeless(b))
}
