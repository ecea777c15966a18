//! What a write changes in an object, and how that is taken back without touching anything else.
//!
//! Taking back is a merge of three: what was there before, what we wrote, and what is there now.
//! [`pointer`] is how places are named.

pub mod annotations;
pub(super) mod pointer;
mod take_back;
pub(super) mod written;

pub use take_back::take_back;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// One place in an object whose value is another than before.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// A JSON pointer (RFC 6901). The outermost place that was not there before, or a leaf; lists
    /// are changed whole, since the API owns those of autoscalers whole.
    pub path: String,
    /// `None` where there was nothing.
    pub from: Option<Value>,
    /// `None` where there is nothing any more.
    pub to: Option<Value>,
}

/// Somebody else has changed what we changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// A JSON pointer.
    pub path: String,
    /// What we wrote; `None` where we removed something.
    pub ours: Option<Value>,
    /// `None` where there is nothing now. Where that is also what we wrote, what held it is gone.
    pub now: Option<Value>,
}

/// What is left to do to take changes back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenBack {
    /// Operations of a JSON patch (RFC 6902), empty where nothing is ours any more.
    pub operations: Vec<Value>,
    /// What stays as somebody else made it.
    pub lost: Vec<Lost>,
}

impl TakenBack {
    /// What the object that this was found in would be.
    pub fn applied_to(&self, live: &Value) -> Value {
        let mut before = live.clone();
        let operations = Value::Array(self.operations.clone());
        let patch = serde_json::from_value::<json_patch::Patch>(operations);
        // The operations are ours, and name places that are there.
        let done = patch.map(|it| json_patch::patch(&mut before, &it));
        debug_assert!(matches!(done, Ok(Ok(()))), "{:?}", self.operations);
        before
    }
}

/// How deep a value is looked into; further below, a value is compared and changed whole. No JSON
/// that was read is deeper, since `serde_json` refuses it.
const MOST_LEVELS: usize = 128;

/// How `after` differs from `before` below the given pointers, in the order of the paths, step by
/// step.
///
/// A pointer to what is not in both objects means the outermost place that is not; one into a list
/// means the list.
pub fn between(before: &Value, after: &Value, below: &[&str]) -> Vec<Change> {
    let mut changes = Vec::new();
    for pointer in below {
        differ_at(pointer, before, after, &mut changes);
    }
    changes.sort_by(|a, b| pointer::compare(&a.path, &b.path));
    changes.dedup_by(|a, b| a.path == b.path);
    changes
}

/// Whether `live` still has all that was written.
///
/// What others added beside it, or changed in elements of lists that we left as they were, does
/// not count: it is in force exactly as long as [`take_back`] would lose nothing and would take
/// back all of it.
pub fn are_in_force(changes: &[Change], live: &Value) -> bool {
    changes.iter().all(|change| {
        let now = pointer::find(live, &change.path);
        let Ok(now) = now else { return false };
        has_ours(change.from.as_ref(), change.to.as_ref(), now, 0)
    })
}

/// Goes down to `pointer`, as far as both are objects.
fn differ_at(pointer: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    let Some(steps) = pointer::steps(pointer) else {
        return;
    };
    let (mut from, mut to, mut path) = (Some(before), Some(after), String::new());
    for step in &steps {
        let (Some(Value::Object(a)), Some(Value::Object(b))) = (from, to) else {
            break;
        };
        (from, to) = (a.get(step), b.get(step));
        path = pointer::child(&path, step);
    }
    differ(&path, from, to, 0, changes);
}

fn differ(
    path: &str,
    from: Option<&Value>,
    to: Option<&Value>,
    level: usize,
    changes: &mut Vec<Change>,
) {
    if from == to {
        return;
    }
    match (from, to) {
        (Some(Value::Object(a)), Some(Value::Object(b))) if level < MOST_LEVELS => {
            for key in keys(Some(a), b) {
                let path = pointer::child(path, key);
                differ(&path, a.get(key), b.get(key), level + 1, changes);
            }
        }
        _ => changes.push(Change {
            path: path.to_owned(),
            from: from.cloned(),
            to: to.cloned(),
        }),
    }
}

/// The keys of either, in their order.
fn keys<'a>(a: Option<&'a Map<String, Value>>, b: &'a Map<String, Value>) -> BTreeSet<&'a String> {
    let keys = a.into_iter().flat_map(Map::keys);
    keys.chain(b.keys()).collect()
}

fn has_ours(from: Option<&Value>, to: Option<&Value>, now: Option<&Value>, level: usize) -> bool {
    if from == to || now == to {
        return true;
    }
    match (from, to, now) {
        (None, Some(Value::Object(b)), Some(Value::Object(c))) if level < MOST_LEVELS => {
            has_fields(None, b, c, level + 1)
        }
        (Some(Value::Object(a)), Some(Value::Object(b)), Some(Value::Object(c)))
            if level < MOST_LEVELS =>
        {
            has_fields(Some(a), b, c, level + 1)
        }
        (Some(Value::Array(a)), Some(Value::Array(b)), Some(Value::Array(c)))
            if a.len() == b.len() && b.len() == c.len() =>
        {
            let mut items = a.iter().zip(b).zip(c);
            items.all(|((from, to), now)| from == to || now == to)
        }
        _ => false,
    }
}

fn has_fields(
    from: Option<&Map<String, Value>>,
    to: &Map<String, Value>,
    now: &Map<String, Value>,
    level: usize,
) -> bool {
    keys(from, to).into_iter().all(|key| {
        let before = from.and_then(|it| it.get(key));
        has_ours(before, to.get(key), now.get(key), level)
    })
}

#[cfg(test)]
mod tests;
