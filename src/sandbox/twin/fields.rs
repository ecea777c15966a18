//! Reading and writing fields of objects by their JSON pointers.

use jiff::Timestamp;
use serde_json::{Value, json};

/// The text at `pointer`; empty where there is none.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    let found = object.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// The count at `pointer`, as far as 32 bits hold it.
pub(super) fn count(object: &Value, pointer: &str) -> Option<i32> {
    let found = object.pointer(pointer)?.as_i64()?;
    i32::try_from(found).ok()
}

pub(super) fn is_set(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).is_some_and(|it| *it == json!(true))
}

pub(super) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// The items of the list at `pointer`; none where there is no list.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    let found = object.pointer(pointer).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

/// Whole seconds, as the API writes times.
pub(super) fn stamp(at: Timestamp) -> Value {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    Value::String(whole.to_string())
}

/// Sets the field `name` of the object at `pointer`, if there is an object.
pub(super) fn set(object: &mut Value, pointer: &str, name: &str, value: Value) {
    if let Some(Value::Object(fields)) = object.pointer_mut(pointer) {
        fields.insert(name.to_owned(), value);
    }
}

/// Takes the field `name` away from the object at `pointer`.
pub(super) fn remove(object: &mut Value, pointer: &str, name: &str) {
    if let Some(Value::Object(fields)) = object.pointer_mut(pointer) {
        fields.remove(name);
    }
}

/// Sets an annotation or a label: `part` of the metadata.
pub(super) fn set_in_metadata(object: &mut Value, part: &str, name: &str, value: &str) {
    let Some(Value::Object(metadata)) = object.pointer_mut("/metadata") else {
        return;
    };
    let all = metadata.entry(part).or_insert_with(|| json!({}));
    if let Value::Object(all) = all {
        all.insert(name.to_owned(), json!(value));
    }
}

/// The annotation, empty where there is none.
pub(super) fn annotation<'a>(object: &'a Value, name: &str) -> &'a str {
    let all = object.pointer("/metadata/annotations");
    let found = all.and_then(|it| it.get(name)).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// The uid of the object that controls this one; empty where none does.
pub(super) fn controller(object: &Value) -> &str {
    let mut owners = items(object, "/metadata/ownerReferences").iter();
    let owner = owners.find(|it| it.get("controller") == Some(&json!(true)));
    owner.map_or("", |it| text(it, "/uid"))
}

/// Whether a controller's selector is missing or empty, so that no pod can be its own.
pub(super) fn controller_selects_nothing(object: &Value) -> bool {
    let labels = object.pointer("/spec/selector/matchLabels");
    let labels = labels
        .and_then(Value::as_object)
        .is_some_and(|it| !it.is_empty());
    !labels && items(object, "/spec/selector/matchExpressions").is_empty()
}

/// A reference by which `owner` controls what it makes.
pub(super) fn owner_reference(owner: &Value) -> Value {
    json!({
        "apiVersion": text(owner, "/apiVersion"), "kind": text(owner, "/kind"),
        "name": text(owner, "/metadata/name"), "uid": text(owner, "/metadata/uid"),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// A number or a share of `whole`, such as `25%`, rounded up or down.
pub(super) fn int_or_percent(value: Option<&Value>, whole: i32, default: &str, up: bool) -> i32 {
    let scaled = |text: &str| {
        let percent: i64 = text.strip_suffix('%')?.parse().ok()?;
        let parts = percent.saturating_mul(i64::from(whole));
        let parts = if up { parts.saturating_add(99) } else { parts };
        i32::try_from(parts.div_euclid(100)).ok()
    };
    match value {
        Some(Value::Number(number)) => number.as_i64().and_then(|it| it.try_into().ok()),
        Some(Value::String(text)) => scaled(text),
        _ => scaled(default),
    }
    .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_as_the_rollout_asks() {
        let table = [
            (json!("25%"), 10, true, 3),
            (json!("25%"), 10, false, 2),
            (json!(4), 10, true, 4),
            (json!(null), 8, true, 2),
            (json!("x"), 8, true, 0),
        ];
        for (value, whole, up, expected) in table {
            let found = int_or_percent(Some(&value), whole, "25%", up);
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn what_is_missing_is_empty() {
        let object = json!({ "metadata": { "name": "a" } });
        assert_eq!(text(&object, "/metadata/name"), "a");
        assert_eq!((text(&object, "/a/b"), count(&object, "/a")), ("", None));
        assert_eq!(controller(&object), "");
        assert!(items(&object, "/metadata").is_empty());
    }
}
