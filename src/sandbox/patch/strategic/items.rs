//! Lists in a strategic merge patch: merged by key, merged as scalars, or replaced.

use serde_json::Value;

use super::order::{self, Key};
use super::{DIRECTIVE, Fields, Strategy, internal, no_merge_key, unknown_directive};
use crate::sandbox::patch::go;
use crate::sandbox::schema::Schema;
use crate::sandbox::status::Refusal;

/// The list after the patch, of items that `schema` describes.
pub(super) fn merged(
    old: Vec<Value>,
    new: Vec<Value>,
    strategy: Strategy<'_>,
    schema: Schema<'_>,
) -> Result<Vec<Value>, Refusal> {
    if !strategy.merges {
        return Ok(new);
    }
    if old.is_empty() && new.is_empty() {
        return Ok(old);
    }
    match element(&[&old, &new])? {
        Element::Scalar => Ok(merged_scalars(&old, new)),
        Element::Map => merged_maps(old, new, strategy.key, schema),
    }
}

/// The list without the scalars in `deleted`. Objects are merged instead.
pub(super) fn delete(
    old: Vec<Value>,
    deleted: Vec<Value>,
    strategy: Strategy<'_>,
    schema: Schema<'_>,
) -> Result<Vec<Value>, Refusal> {
    if old.is_empty() && deleted.is_empty() {
        return Ok(old);
    }
    match element(&[&old, &deleted])? {
        Element::Scalar => Ok(old.into_iter().filter(|it| !deleted.contains(it)).collect()),
        Element::Map => merged_maps(old, deleted, strategy.key, schema),
    }
}

/// What the items of lists are.
pub(super) enum Element {
    Scalar,
    Map,
}

/// What the items of all the lists are.
///
/// # Errors
/// When they are not of one type, are lists themselves, or there are none.
pub(super) fn element(lists: &[&[Value]]) -> Result<Element, Refusal> {
    let mut all = lists.iter().copied().flatten();
    let Some(first) = all.next() else {
        let message = "no elements in any of the given slices";
        return Err(internal(message.to_owned()));
    };
    if first.is_array() {
        let message = "lists of lists are not supported";
        return Err(Refusal::plain(422, "Invalid", message));
    }
    let expected = go::type_name(first);
    if first.is_null() || all.any(|it| go::type_name(it) != expected) {
        let lists: Vec<String> = lists.iter().map(|it| go::list(it)).collect();
        let lists = lists.join(" ");
        return Err(internal(format!(
            "list element types are not identical: [{lists}]"
        )));
    }
    Ok(match first.is_object() {
        true => Element::Map,
        false => Element::Scalar,
    })
}

fn merged_scalars(old: &[Value], new: Vec<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = vec![];
    for item in old.iter().chain(&new) {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    let (patched, kept) = all.into_iter().partition(|it| new.contains(it));
    order::interleaved(kept, patched, &new, old, Key::Itself)
}

fn merged_maps(
    old: Vec<Value>,
    new: Vec<Value>,
    key: &str,
    schema: Schema<'_>,
) -> Result<Vec<Value>, Refusal> {
    if key.is_empty() {
        let message = "cannot merge lists without merge key for struct";
        return Err(internal(message.to_owned()));
    }
    let (old, new) = with_directives_performed(old, new, key)?;
    let mut all = old.clone();
    for item in &new {
        merge_item(&mut all, item, key, schema)?;
    }
    let (patched, kept) = order::split_by_key(all, &new, key)?;
    order::check_keys(&[&patched, &kept, &new, &old], key)?;
    let key = Key::Field(key);
    Ok(order::interleaved(kept, patched, &new, &old, key))
}

/// Deletes the items, or replaces the list, as items of the patch say; those leave the patch.
fn with_directives_performed(
    mut old: Vec<Value>,
    new: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), Refusal> {
    let (directives, new): (Vec<Value>, _) =
        new.into_iter().partition(|it| it.get(DIRECTIVE).is_some());
    let mut is_replaced = false;
    for item in directives.iter().filter_map(Value::as_object) {
        let directive = &item[DIRECTIVE];
        match directive.as_str() {
            Some("delete") => {
                let deleted = item.get(key).ok_or_else(|| no_merge_key(item, key))?;
                old.retain(|it| it.get(key) != Some(deleted));
            }
            Some("replace") => is_replaced = true,
            Some("merge") => {
                let message = "merging lists cannot yet be specified in the patch";
                return Err(internal(message.to_owned()));
            }
            _ => return Err(unknown_directive(directive, item)),
        }
    }
    Ok(match is_replaced {
        true => (new, vec![]),
        false => (old, new),
    })
}

/// Merges the item into the first one with its key, or appends it.
fn merge_item(
    all: &mut Vec<Value>,
    item: &Value,
    key: &str,
    schema: Schema<'_>,
) -> Result<(), Refusal> {
    let none = Fields::new();
    let fields = item.as_object().unwrap_or(&none);
    let value = fields.get(key).ok_or_else(|| no_merge_key(fields, key))?;
    match all.iter_mut().find(|it| it.get(key) == Some(value)) {
        Some(Value::Object(old)) => {
            let taken = std::mem::take(old);
            *old = super::merge(taken, fields.clone(), schema)?;
        }
        _ => all.push(item.clone()),
    }
    Ok(())
}
