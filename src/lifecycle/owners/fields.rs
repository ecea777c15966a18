//! Who applies a field server-side, by `managedFields`.
//!
//! An entry is a tree: `f:minReplicas` is a field, `k:{"type":"cpu"}`, `v:"x"` and `i:0` are items of a
//! list, `.` is what contains the rest. A list with nothing below is owned whole. An object with
//! nothing below is one that was applied empty: what others put into it is theirs. (The same is
//! written for the few atomic maps that there are, none of which an autoscaler has outside of its
//! lists; a write without force to one of these is refused by the server.)

use serde_json::Value;

use super::{Owner, Who, Writer};
use crate::lifecycle::changes::pointer;

/// Those who apply a place of `paths`, what contains it as a whole, or something in it; by the order
/// of the entries, then of the paths.
pub(super) fn appliers(object: &Value, paths: &[&str], ours: &[&str]) -> Vec<Owner> {
    let entries = object["metadata"]["managedFields"].as_array();
    let foreign = entries.into_iter().flatten().filter_map(|entry| {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let is_foreign = entry["operation"] == "Apply" && !ours.contains(&manager);
        is_foreign.then_some((manager, &entry["fieldsV1"]))
    });
    let pairs = foreign.flat_map(|entry| paths.iter().map(move |path| (entry, *path)));
    pairs
        .filter(|((_, fields), path)| owns(fields, object, path))
        .map(|((manager, _), path)| owner(manager, path))
        .collect()
}

/// Who last wrote something at one of `paths`, and when, as far as `managedFields` tells.
pub(super) fn last_writer<'a>(object: &'a Value, paths: &[&str]) -> Option<Writer<'a>> {
    let entries = object["metadata"]["managedFields"].as_array()?;
    let owns_any = |entry: &&Value| {
        let fields = &entry["fieldsV1"];
        paths.iter().any(|path| owns(fields, object, path))
    };
    let writer = |entry: &'a Value| {
        Some(Writer {
            manager: entry["manager"].as_str()?,
            at: entry["time"].as_str().and_then(|it| it.parse().ok()),
        })
    };
    let writers = entries.iter().filter(owns_any).filter_map(writer);
    writers.max_by_key(|it| it.at)
}

/// What of the `spec` of `object` a manager applies, as it is now; null where it applies nothing.
pub(super) fn applied(object: &Value, manager: &str) -> Value {
    let entries = object["metadata"]["managedFields"].as_array();
    let entries = entries.into_iter().flatten();
    let own = entries.filter(|it| it["manager"] == manager && it["operation"] == "Apply");
    let trees = own.map(|it| &it["fieldsV1"]["f:spec"]);
    let mut all = trees.filter_map(|it| part(it, &object["spec"]));
    // One manager has one entry for each version of the API and subresource; there is one version.
    all.next().unwrap_or_default()
}

/// The part of a value that a tree names.
fn part(node: &Value, value: &Value) -> Option<Value> {
    let node = node.as_object()?;
    let Value::Object(fields) = value else {
        // A list of an autoscaler is one value, whoever owns something of it.
        return (!value.is_null()).then(|| value.clone());
    };
    let named = node.iter().filter_map(|(name, below)| {
        let name = name.strip_prefix("f:")?;
        Some((name.to_owned(), part(below, fields.get(name)?)?))
    });
    Some(Value::Object(named.collect()))
}

fn owner(manager: &str, path: &str) -> Owner {
    Owner {
        who: Who::Applier {
            manager: manager.to_owned(),
            path: path.to_owned(),
        },
        proof: format!("managedFields says that {manager} applies {path}"),
    }
}

/// Whether a tree of fields has the place at `path` of `object`, something in it, or what contains
/// it as a whole. Lists are walked by index.
pub(super) fn owns(fields: &Value, object: &Value, path: &str) -> bool {
    let Some(steps) = pointer::steps(path) else {
        return false;
    };
    let (mut nodes, mut at) = (vec![fields], Some(object));
    for step in &steps {
        if nodes.iter().any(|it| is_whole(it, at)) {
            return true;
        }
        nodes = nodes.iter().flat_map(|it| below(it, at, step)).collect();
        at = at.and_then(|it| within(it, step));
    }
    nodes.iter().any(|it| it.is_object())
}

/// Whether a node with nothing below stands for all that is at its place.
fn is_whole(node: &Value, at: Option<&Value>) -> bool {
    let is_leaf = node.as_object().is_some_and(|it| it.is_empty());
    is_leaf && !at.is_some_and(Value::is_object)
}

/// What a tree has below it for a step; several where items are named in several ways.
fn below<'a>(node: &'a Value, at: Option<&Value>, step: &str) -> Vec<&'a Value> {
    let Some(node) = node.as_object() else {
        return Vec::new();
    };
    let item = at
        .and_then(Value::as_array)
        .and_then(|it| it.get(step.parse::<usize>().ok()?));
    let is_meant = |name: &str| match (item, name.split_once(':')) {
        (None, Some(("f", field))) => field == step,
        (Some(item), Some((form, text))) => is_item(form, text, item, step),
        (None | Some(_), _) => false,
    };
    let found = node.iter().filter(|(name, _)| is_meant(name));
    found.map(|(_, below)| below).collect()
}

fn is_item(form: &str, text: &str, item: &Value, index: &str) -> bool {
    match form {
        "i" => text == index,
        "v" => parsed(text).is_some_and(|it| it == *item),
        "k" => has_all(item, parsed(text)),
        _ => false,
    }
}

/// Whether an item has these fields. Those that it leaves out may be defaulted later, which is
/// no difference from what the tree says.
fn has_all(item: &Value, keys: Option<Value>) -> bool {
    let Some(Value::Object(keys)) = keys else {
        return false;
    };
    let is_same = |(key, value): (&String, &Value)| item.get(key).is_none_or(|it| it == value);
    keys.iter().all(is_same)
}

fn parsed(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

fn within<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
