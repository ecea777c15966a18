//! What is sent for a move, and what becomes of which value.

use serde_json::{Value, json};

use super::carry::Move;
use super::floor::{self, Floor};
use super::{journal_without, shown};
use crate::autoscaler::AutoscalerKind;
use crate::lifecycle::changes::{Change, annotations, pointer};
use crate::lifecycle::journal;

/// A JSON patch (RFC 6902) that begins with the version of the object as it was read, so that it is a
/// conflict where that is no longer the object's.
pub fn versioned(live: &Value) -> Vec<Value> {
    let version = &live["metadata"]["resourceVersion"];
    vec![json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version })]
}

/// The operations of a move that takes something away; none of one that does not. `known` is a floor
/// that the record tells of.
///
/// # Errors
/// Where the journal of `live` cannot be read.
pub fn taking_away(
    deed: &Move,
    kind: AutoscalerKind,
    live: &Value,
    known: Option<&Floor>,
) -> Result<Vec<Value>, journal::Unreadable> {
    let mut all = versioned(live);
    match deed {
        Move::Nothing | Move::Raise { .. } => return Ok(vec![]),
        Move::GiveBack { .. } => {
            all.extend(shown(live, kind, known).operations);
            all.extend(annotations::without(live, &[floor::ANNOTATION]));
        }
        Move::LetGo => all.extend(annotations::without(live, &[floor::ANNOTATION])),
        Move::Retract => {
            all.extend(shown(live, kind, known).operations);
            match journal_without(live)? {
                Some(left) => {
                    let path = pointer::child("/metadata/annotations", journal::ANNOTATION);
                    let text = left.to_text();
                    all.push(json!({ "op": "replace", "path": path, "value": text }));
                    all.extend(annotations::without(live, &[floor::ANNOTATION]));
                }
                None => {
                    let both = [journal::ANNOTATION, floor::ANNOTATION];
                    all.extend(annotations::without(live, &both));
                }
            }
        }
    }
    Ok(all)
}

/// What becomes of which value of the `spec`.
pub fn changes(operations: &[Value], live: &Value) -> Vec<Change> {
    let change = |operation: &Value| {
        let path = operation["path"].as_str()?;
        path.starts_with("/spec/").then(|| Change {
            path: path.to_owned(),
            from: live.pointer(path).cloned(),
            to: operation.get("value").cloned(),
        })
    };
    operations.iter().filter_map(change).collect()
}
