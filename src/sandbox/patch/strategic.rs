//! Strategic merge patch: a merge patch that knows which lists are merged, and by which key.
//!
//! Mirrors `StrategicMergeMapPatch` (Kubernetes v1.36, `pkg/util/strategicpatch`), which knows
//! these directives: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/<field>` and
//! `$setElementOrder/<field>`.

mod items;
mod order;

use serde_json::{Map, Value};

use super::go;
use crate::sandbox::schema::{REFERENCE, Schema, Shape};
use crate::sandbox::status::Refusal;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

type Fields = Map<String, Value>;

pub(super) fn patch(object: &Value, patch: &Value, schema: Schema<'_>) -> Result<Value, Refusal> {
    let fields = object.as_object().cloned().unwrap_or_default();
    match patch {
        Value::Object(patch) => Ok(Value::Object(merge(fields, patch.clone(), schema)?)),
        Value::Null => Ok(Value::Object(fields)),
        other => {
            let (found, expected) = (go::json_name(other), go::MAP);
            Err(Refusal::bad_request(format!(
                "json: cannot unmarshal {found} into Go value of type {expected}"
            )))
        }
    }
}

/// What the server says of a patch that it cannot make sense of.
fn internal(message: String) -> Refusal {
    Refusal::plain(500, "", message)
}

fn bad_type(expected: &str, found: &Value) -> Refusal {
    let found = go::type_name(found);
    internal(format!("expected a {expected}, but received a {found}"))
}

fn no_merge_key(item: &Fields, key: &str) -> Refusal {
    let item = go::map(item);
    internal(format!(
        "map: {item} does not contain declared merge key: {key}"
    ))
}

fn unknown_directive(directive: &Value, place: &Fields) -> Refusal {
    let (directive, place) = (go::text(directive), go::map(place));
    internal(format!("unknown patch type: {directive} in map: {place}"))
}

/// The fields of an object, patched.
fn merge(mut original: Fields, mut patch: Fields, schema: Schema<'_>) -> Result<Fields, Refusal> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Fields::new()),
            _ => Err(unknown_directive(directive, &patch)),
        };
    }
    retain_keys(&mut original, &mut patch)?;
    order::merge_ordered(&mut original, &mut patch, schema)?;
    for (key, value) in patch {
        match key.strip_prefix(DELETE_FROM) {
            Some(rest) => delete_from(&mut original, rest, value, schema)?,
            None => merge_field(&mut original, key, value, schema)?,
        }
    }
    Ok(original)
}

/// Drops the fields that `$retainKeys` does not list.
fn retain_keys(original: &mut Fields, patch: &mut Fields) -> Result<(), Refusal> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let bad = || Refusal::bad_request("invalid patch format of retainKeys");
    let keys = keys.as_array().ok_or_else(bad)?;
    let is_kept = |key: &String| keys.iter().any(|it| it.as_str() == Some(key));
    let is_directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    let mut set = patch.iter().filter(|(_, value)| !value.is_null());
    if !set.all(|(key, _)| is_directive(key) || is_kept(key)) {
        return Err(bad());
    }
    original.retain(|key, _| is_kept(key));
    Ok(())
}

/// Performs a `$deleteFromPrimitiveList/<field>`; `rest` is what follows the word.
fn delete_from(
    original: &mut Fields,
    rest: &str,
    deleted: Value,
    schema: Schema<'_>,
) -> Result<(), Refusal> {
    let bad = || Refusal::bad_request("invalid patch format of primitive list");
    let key = rest.strip_prefix('/').ok_or_else(bad)?;
    let (old, deleted) = match (original.get_mut(key), deleted) {
        (Some(Value::Array(old)), Value::Array(deleted)) => (old, deleted),
        (_, Value::Null) => {
            original.remove(key);
            return Ok(());
        }
        _ => return Ok(()),
    };
    let (strategy, list) = list(schema, key)?;
    let items = std::mem::take(old);
    *old = items::delete(items, deleted, strategy, list)?;
    Ok(())
}

fn merge_field(
    original: &mut Fields,
    key: String,
    new: Value,
    schema: Schema<'_>,
) -> Result<(), Refusal> {
    let merged = match (original.remove(&key), new) {
        (_, Value::Null) => None,
        (Some(Value::Object(old)), Value::Object(new)) => {
            let field = field(schema, &key)?;
            let merged = match is_replaced(field) {
                true => new,
                false => merge(old, new, field)?,
            };
            Some(Value::Object(merged))
        }
        (Some(Value::Array(old)), Value::Array(new)) => {
            let (strategy, field) = list(schema, &key)?;
            Some(Value::Array(items::merged(old, new, strategy, field)?))
        }
        (_, new) => without_directives(without_nulls(new)),
    };
    if let Some(merged) = merged {
        original.insert(key, merged);
    }
    Ok(())
}

/// What is known of a list that takes part in a merge.
#[derive(Clone, Copy)]
struct Strategy<'a> {
    merges: bool,
    /// Empty for a list of scalars.
    key: &'a str,
}

/// The field `key` of a struct.
fn field<'a>(schema: Schema<'a>, key: &str) -> Result<Schema<'a>, Refusal> {
    let is_struct = schema.keyword("properties").is_some();
    if !is_struct && schema.shape() != Shape::Any {
        return Err(internal(
            "merging an object in json but data type is not struct, instead is: map".to_owned(),
        ));
    }
    let found = schema.field(key).filter(|_| is_struct);
    found.ok_or_else(|| {
        let name = struct_name(schema);
        internal(format!(
            "unable to find api field in struct {name} for the json field \"{key}\""
        ))
    })
}

/// A field that is a list: how it is merged, and what its items are.
fn list<'a>(schema: Schema<'a>, key: &str) -> Result<(Strategy<'a>, Schema<'a>), Refusal> {
    let field = field(schema, key)?;
    let items = field
        .items()
        .ok_or_else(|| internal("expected slice or array type, but got: struct".to_owned()))?;
    let strategy = field.strategy();
    let strategy = Strategy {
        merges: strategy.merges,
        key: strategy.key.unwrap_or(""),
    };
    Ok((strategy, items))
}

/// The type's own name, as in `PodSpec`.
fn struct_name(schema: Schema<'_>) -> &str {
    let node = schema.node();
    let reference = node.get("$ref").or_else(|| node.pointer("/allOf/0/$ref"));
    let name = reference
        .and_then(Value::as_str)
        .and_then(|it| it.strip_prefix(REFERENCE))
        .and_then(|it| it.rsplit('.').next());
    let kind = || {
        node.pointer("/x-kubernetes-group-version-kind/0/kind")?
            .as_str()
    };
    name.or_else(kind).unwrap_or("")
}

/// Whether an object replaces another one, as the selector of a PodDisruptionBudget does.
fn is_replaced(field: Schema<'_>) -> bool {
    let strategy = field.node().get("x-kubernetes-patch-strategy");
    strategy.and_then(Value::as_str) == Some("replace")
}

/// The value without the null fields of its objects; nulls in lists stay.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, it)| !it.is_null());
            Value::Object(kept.map(|(key, it)| (key, without_nulls(it))).collect())
        }
        scalar => scalar,
    }
}

/// The value without what has a `$patch`; `None` where that is all of it.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Array(items) => {
            let kept = items.into_iter().filter_map(without_directives);
            Some(kept.collect())
        }
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => {
            let kept = fields.into_iter();
            let kept = kept.filter_map(|(key, it)| Some((key, without_directives(it)?)));
            Some(Value::Object(kept.collect()))
        }
        scalar => Some(scalar),
    }
}
