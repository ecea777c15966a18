//! The order of merged lists: that of `$setElementOrder`, then of the patch, then of the object.

use serde_json::Value;

use super::items::{self, Element};
use super::{
    DIRECTIVE, Fields, SET_ORDER, Strategy, bad_type, internal, list, no_merge_key,
    without_directives,
};
use crate::sandbox::patch::go;
use crate::sandbox::schema::Schema;
use crate::sandbox::status::Refusal;

/// Performs every `$setElementOrder/<field>` and takes it, and the field, out of the patch.
pub(super) fn merge_ordered(
    original: &mut Fields,
    patch: &mut Fields,
    schema: Schema<'_>,
) -> Result<(), Refusal> {
    let directives = patch.keys().filter(|it| it.starts_with(SET_ORDER));
    for directive in directives.cloned().collect::<Vec<_>>() {
        let Some(order) = patch.remove(&directive) else {
            continue;
        };
        let Value::Array(order) = order else {
            return Err(bad_type(go::LIST, &order));
        };
        let key = directive.strip_prefix(SET_ORDER);
        let key = key
            .and_then(|it| it.strip_prefix('/'))
            .ok_or_else(|| Refusal::bad_request("invalid patch format of setElementOrder list"))?;
        let old = list_at(original, key)?;
        let new = list_at(patch, key)?;
        if let Some(ordered) = ordered(old, new, &order, list(schema, key)?)? {
            original.insert(key.to_owned(), Value::Array(ordered));
            patch.remove(key);
        }
    }
    Ok(())
}

fn list_at(fields: &Fields, key: &str) -> Result<Option<Vec<Value>>, Refusal> {
    match fields.get(key) {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items.clone())),
        Some(other) => Err(bad_type(go::LIST, other)),
    }
}

/// The merged list in the order asked for; `None` where there is no list.
fn ordered(
    old: Option<Vec<Value>>,
    new: Option<Vec<Value>>,
    order: &[Value],
    (strategy, schema): (Strategy<'_>, Schema<'_>),
) -> Result<Option<Vec<Value>>, Refusal> {
    let before = old.clone().unwrap_or_default();
    let patched = new.clone().unwrap_or_default();
    check_order(&patched, order, strategy.key)?;
    let merged = match (old, new) {
        (Some(old), None) => old,
        (None, Some(new)) => new.into_iter().filter_map(without_directives).collect(),
        (Some(old), Some(new)) => items::merged(old, new, strategy, schema)?,
        (None, None) => return Ok(None),
    };
    let key = Key::of(strategy.key);
    let (patch_items, kept) = match key {
        Key::Itself => merged.into_iter().partition(|it| order.contains(it)),
        Key::Field(key) => split_by_key(merged, order, key)?,
    };
    if let (Element::Map, Key::Field(key)) = (items::element(&[&before, &patched])?, key) {
        check_keys(&[&patch_items, order, &kept, &before], key)?;
    }
    Ok(Some(interleaved(kept, patch_items, order, &before, key)))
}

/// What tells items apart.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    Itself,
    Field(&'a str),
}

impl<'a> Key<'a> {
    fn of(name: &'a str) -> Self {
        match name {
            "" => Self::Itself,
            name => Self::Field(name),
        }
    }

    fn place(self, item: &Value, order: &[Value]) -> Option<usize> {
        order.iter().position(|it| match self {
            Self::Itself => it == item,
            Self::Field(key) => it.get(key) == item.get(key),
        })
    }
}

/// Whether the items of the patch come in the order that `$setElementOrder` gives.
fn check_order(patch: &[Value], order: &[Value], key: &str) -> Result<(), Refusal> {
    if order.is_empty() {
        return Ok(());
    }
    if let (false, Some(odd)) = (key.is_empty(), patch.iter().find(|it| !it.is_object())) {
        return Err(bad_type(go::MAP, odd));
    }
    let mut places = order.iter();
    for item in patch.iter().filter(|it| it.get(DIRECTIVE).is_none()) {
        loop {
            let Some(place) = places.next() else {
                return Err(out_of_order(patch, order));
            };
            if is_same(item, place, key)? {
                break;
            }
        }
    }
    Ok(())
}

fn out_of_order(patch: &[Value], order: &[Value]) -> Refusal {
    let (patch, order) = (go::list(patch), go::list(order));
    internal(format!(
        "The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n"
    ))
}

fn is_same(left: &Value, right: &Value, key: &str) -> Result<bool, Refusal> {
    if key.is_empty() {
        return Ok(left == right);
    }
    Ok(merge_key(left, key)? == merge_key(right, key)?)
}

fn merge_key<'a>(item: &'a Value, key: &str) -> Result<&'a Value, Refusal> {
    let fields = item.as_object().ok_or_else(|| bad_type(go::MAP, item))?;
    fields.get(key).ok_or_else(|| no_merge_key(fields, key))
}

/// Checks that all items are objects with the merge key.
pub(super) fn check_keys(lists: &[&[Value]], key: &str) -> Result<(), Refusal> {
    let mut items = lists.iter().copied().flatten();
    items.try_for_each(|it| merge_key(it, key).map(drop))
}

/// The items that are in `by`, and the others.
pub(super) fn split_by_key(
    items: Vec<Value>,
    by: &[Value],
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), Refusal> {
    let (mut present, mut others) = (vec![], vec![]);
    for item in items {
        let value = merge_key(&item, key)?;
        match is_among(by, key, value)? {
            true => present.push(item),
            false => others.push(item),
        }
    }
    Ok((present, others))
}

fn is_among(items: &[Value], key: &str, value: &Value) -> Result<bool, Refusal> {
    for (index, item) in items.iter().enumerate() {
        if !item.is_object() {
            return Err(internal(format!("value for key {index} is not a map")));
        }
        if item.get(key) == Some(value) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Both lists in one: `patched` in the order of `order`, and `kept` in that of `before`, each of
/// them put before the first patched item that it stood before.
pub(super) fn interleaved(
    kept: Vec<Value>,
    patched: Vec<Value>,
    order: &[Value],
    before: &[Value],
    key: Key<'_>,
) -> Vec<Value> {
    let mut kept = sorted(kept, before, key).into_iter().peekable();
    let mut all = vec![];
    for item in sorted(patched, order, key) {
        let place = key.place(&item, before);
        while let Some(other) = kept.next_if(|it| is_before(key.place(it, before), place)) {
            all.push(other);
        }
        all.push(item);
    }
    all.extend(kept);
    all
}

/// The items in the order of `order`.
///
/// An item that is not in it overtakes those before it, and is overtaken by those behind it, as in
/// the comparison that the API server sorts with; an insertion sort makes of that what it does.
fn sorted(items: Vec<Value>, order: &[Value], key: Key<'_>) -> Vec<Value> {
    let placed = items.into_iter().map(|it| (key.place(&it, order), it));
    let mut sorted: Vec<(Option<usize>, Value)> = vec![];
    for (place, item) in placed {
        let overtaken = sorted
            .iter()
            .rev()
            .take_while(|(other, _)| match (place, other) {
                (Some(place), Some(other)) => place < *other,
                _ => true,
            });
        let at = sorted.len() - overtaken.count();
        sorted.insert(at, (place, item));
    }
    sorted.into_iter().map(|(_, item)| item).collect()
}

/// An item that was not there is before nothing, and nothing is before it.
fn is_before(left: Option<usize>, right: Option<usize>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left < right)
}
