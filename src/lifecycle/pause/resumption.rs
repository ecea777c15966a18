//! How a pause is taken back: as far as it is still ours.

use serde_json::{Value, json};

use super::note::ANNOTATIONS;
use super::{ANNOTATION, Earlier, Id, Note, earlier};
use crate::lifecycle::changes::{self, Change, Lost, TakenBack, pointer};

/// What takes a pause back.
#[derive(Clone, Debug, PartialEq)]
pub struct Resumption {
    pub note: Note,
    /// A JSON patch (RFC 6902) with the version that was read.
    pub operations: Vec<Value>,
    /// What becomes of which value.
    pub changes: Vec<Change>,
    /// What others have changed since, which stays.
    pub lost: Vec<Lost>,
}

/// Why nothing is taken back.
#[derive(Clone, Debug, PartialEq)]
pub enum NotResumed {
    NotPaused,
    /// Somebody else has paused it.
    Otherwise(Earlier),
}

/// What resumes `live`.
///
/// # Errors
/// Where no pause of ours is in force.
pub fn resumption(id: &Id, live: &Value) -> Result<Resumption, NotResumed> {
    let note = match earlier(id, live) {
        Some(Earlier::Ours(note)) => *note,
        Some(others) => return Err(NotResumed::Otherwise(others)),
        None => return Err(NotResumed::NotPaused),
    };
    let TakenBack { operations, lost } = changes::take_back(&note.changes, live);
    let is_ours = |it: &&Change| lost.iter().all(|lost| lost.path != it.path);
    let back = |it: &Change| Change {
        path: it.path.clone(),
        from: it.to.clone(),
        to: it.from.clone(),
    };
    Ok(Resumption {
        changes: note.changes.iter().filter(is_ours).map(back).collect(),
        operations: patch(live, operations, &note),
        lost,
        note,
    })
}

/// The object as it would be without a pause of ours, but for our note.
pub fn without(live: &Value) -> Option<Value> {
    let note = Note::of(live).ok().flatten()?;
    Some(changes::take_back(&note.changes, live).applied_to(live))
}

/// A version that is no longer the object's is a conflict. With the last annotation their map goes,
/// which was not there before.
fn patch(live: &Value, operations: Vec<Value>, note: &Note) -> Vec<Value> {
    let version = &live["metadata"]["resourceVersion"];
    let mut all =
        vec![json!({ "op": "replace", "path": "/metadata/resourceVersion", "value": version })];
    all.extend(operations);
    let path = pointer::child(ANNOTATIONS, ANNOTATION);
    all.push(match &note.before {
        Some(before) => json!({ "op": "replace", "path": path, "value": before }),
        None => json!({ "op": "remove", "path": path }),
    });
    let is_removal = |it: &Value| {
        let place = it["path"].as_str().unwrap_or_default();
        it["op"] == "remove" && pointer::is_within(place, ANNOTATIONS)
    };
    let removed = all.iter().filter(|it| is_removal(it)).count();
    let annotations = live["metadata"]["annotations"].as_object();
    if annotations.is_some_and(|it| it.len() == removed) {
        all.retain(|it| !is_removal(it));
        all.push(json!({ "op": "remove", "path": ANNOTATIONS }));
    }
    all
}
