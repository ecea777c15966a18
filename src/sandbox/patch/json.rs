//! JSON patch (RFC 6902), with the liberties that the API server takes.
//!
//! Those are: an index below zero counts from the end, `replace` makes a field that is missing,
//! `copy` and `test` take one for null, and what stands before the first slash is ignored. The
//! `json-patch` crate follows the standard there, hence this implementation.

use serde_json::{Map, Value};

use super::{MOST_LEVELS, go, levels, unfit};
use crate::sandbox::status::Refusal;

/// More operations are refused.
const MOST_OPERATIONS: usize = 10_000;

/// How many bytes of JSON `copy` may add altogether.
const MOST_COPIED: usize = 3 * 1024 * 1024;

pub(super) fn patch(object: &Value, patch: &Value) -> Result<Value, Refusal> {
    let operations = operations(patch)?;
    if operations.len() > MOST_OPERATIONS {
        return Err(too_many(operations.len()));
    }
    let mut document = object.clone();
    let mut copied = 0;
    for operation in operations {
        let done = operation.perform(&mut document, &mut copied);
        done.ok_or_else(unfit)?;
    }
    Ok(document)
}

fn too_many(found: usize) -> Refusal {
    let message = format!(
        "Request entity too large: The allowed maximum operations in a JSON patch is \
         {MOST_OPERATIONS}, got {found}"
    );
    Refusal::plain(413, "RequestEntityTooLarge", message)
}

struct Operation<'a> {
    op: &'a str,
    path: Option<&'a str>,
    from: Option<&'a str>,
    value: Option<&'a Value>,
}

/// Null is a patch without operations.
fn operations(patch: &Value) -> Result<Vec<Operation<'_>>, Refusal> {
    match patch {
        Value::Null => Ok(vec![]),
        Value::Array(items) => items.iter().map(operation).collect(),
        other => Err(undecodable(other, "value of type []handlers.jsonPatchOp")),
    }
}

fn operation(item: &Value) -> Result<Operation<'_>, Refusal> {
    let none = Operation {
        op: "",
        path: None,
        from: None,
        value: None,
    };
    match item {
        Value::Null => Ok(none),
        Value::Object(fields) => Ok(Operation {
            op: text(fields, "op")?.unwrap_or(""),
            path: text(fields, "path")?,
            from: text(fields, "from")?,
            value: fields.get("value"),
        }),
        other => Err(undecodable(other, "value of type handlers.jsonPatchOp")),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            let expected = format!("struct field jsonPatchOp.{name} of type string");
            Err(undecodable(other, &expected))
        }
    }
}

fn undecodable(found: &Value, expected: &str) -> Refusal {
    let found = go::json_name(found);
    let message =
        format!("error decoding patch: json: cannot unmarshal {found} into Go {expected}");
    Refusal::bad_request(message)
}

impl Operation<'_> {
    /// `None` where the operation does not fit. Counts the bytes that it copies in `copied`.
    fn perform(&self, document: &mut Value, copied: &mut usize) -> Option<()> {
        match self.op {
            "add" => add(document, self.path?, self.value()),
            "remove" => remove(document, self.path?).map(drop),
            "replace" => replace(document, self.path?, self.value()),
            "move" => {
                let value = remove(document, self.from?)?;
                add(document, self.path?, value)
            }
            "copy" => {
                let value = get(document, self.from?)?.clone();
                *copied = copied.saturating_add(value.to_string().len());
                (*copied <= MOST_COPIED).then_some(())?;
                add(document, self.path?, value)
            }
            "test" => match self.path? {
                "" => (*document == self.value()).then_some(()),
                path => (*get(document, path)? == self.value()).then_some(()),
            },
            _ => None,
        }
    }

    fn value(&self) -> Value {
        self.value.cloned().unwrap_or_default()
    }
}

const NULL: &Value = &Value::Null;

/// What stands at the path; null for a missing field of an object that is there.
fn get<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    let (parents, last) = steps(path)?;
    let parent = parents.iter().try_fold(document, |at, key| child(at, key));
    match parent? {
        Value::Object(fields) => Some(fields.get(&last).unwrap_or(NULL)),
        Value::Array(items) => items.get(index(&last, items.len())?),
        _ => None,
    }
}

fn child<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(items) => items.get(index(key, items.len())?),
        _ => None,
    }
}

/// The object or list that holds the last step of a path.
fn parent<'a>(document: &'a mut Value, parents: &[String]) -> Option<&'a mut Value> {
    parents.iter().try_fold(document, |at, key| match at {
        Value::Object(fields) => fields.get_mut(key),
        Value::Array(items) => {
            let index = index(key, items.len())?;
            items.get_mut(index)
        }
        _ => None,
    })
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parents, last) = steps(path)?;
    fits(&parents, &value)?;
    match parent(document, &parents)? {
        Value::Object(fields) => {
            fields.insert(last, value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        // One place more than there are items: behind the last one.
        Value::Array(items) => items.insert(index(&last, items.len() + 1)?, value),
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    let (parents, last) = steps(path)?;
    match parent(document, &parents)? {
        Value::Object(fields) => fields.remove(&last),
        Value::Array(items) => {
            let index = index(&last, items.len())?;
            Some(items.remove(index))
        }
        _ => None,
    }
}

fn replace(document: &mut Value, path: &str, value: Value) -> Option<()> {
    if path.is_empty() {
        *document = (value.is_object() || value.is_array()).then_some(value)?;
        return Some(());
    }
    let (parents, last) = steps(path)?;
    fits(&parents, &value)?;
    match parent(document, &parents)? {
        Value::Object(fields) => {
            fields.insert(last, value);
        }
        Value::Array(items) => {
            let index = index(&last, items.len())?;
            *items.get_mut(index)? = value;
        }
        _ => return None,
    }
    Some(())
}

/// Many small operations could nest an object without bounds.
fn fits(parents: &[String], value: &Value) -> Option<()> {
    (parents.len() + 1 + levels(value) <= MOST_LEVELS).then_some(())
}

/// The steps to the place that holds the last step, and that one.
fn steps(path: &str) -> Option<(Vec<String>, String)> {
    let mut steps: Vec<String> = path.split('/').skip(1).map(unescaped).collect();
    let last = steps.pop()?;
    Some((steps, last))
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// A place among `places`; below zero it is counted from the end.
fn index(step: &str, places: usize) -> Option<usize> {
    let index: i64 = step.parse().ok()?;
    let index = match index {
        0.. => usize::try_from(index).ok()?,
        ..0 => places.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
    };
    (index < places).then_some(index)
}
