//! What is kept on a paused object, in an annotation written in the same step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Way;
use crate::keda::objects::{Metadata, keys};
use crate::lifecycle::changes::written::WrittenChange;
use crate::lifecycle::changes::{Change, pointer};
use crate::units::Replicas;

/// The annotation. With another text than ours it is the mark of somebody who wants the object left
/// alone; `false` is none.
pub const ANNOTATION: &str = "stepscale.io/paused";

/// The version that is written. Fields may be added to it; it changes where old ones mean something
/// else.
const VERSION: u64 = 1;

/// The place of annotations.
pub(super) const ANNOTATIONS: &str = "/metadata/annotations";

/// What KEDA's pauses are made of.
pub(super) const OF_KEDA: [&str; 4] = [
    keys::PAUSED,
    keys::PAUSED_REPLICAS,
    keys::PAUSED_SCALE_IN,
    keys::PAUSED_SCALE_OUT,
];

/// A pause of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub way: Way,
    /// `None` until somebody resumes it.
    pub until: Option<Timestamp>,
    /// Empty where none was given.
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
    /// What was written, with what was there before.
    pub changes: Vec<Change>,
    /// What the annotation was before.
    pub before: Option<String>,
}

/// Why an annotation is no note of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("annotation {ANNOTATION} is {text}, which stepscale has not written: {why}")]
pub struct Unreadable {
    pub text: String,
    pub why: String,
}

/// The text of a [`Note`]. Fields are written in this order; unknown ones are ignored.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u64,
    way: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replicas: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(default)]
    reason: String,
    by: String,
    at: Timestamp,
    changes: Vec<WrittenChange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Whole,
    At,
    ScaleIn,
    ScaleOut,
}

impl Note {
    /// The value of the annotation. The same note is the same text.
    pub fn to_text(&self) -> String {
        let (way, replicas) = match self.way {
            Way::Whole => (Word::Whole, None),
            Way::At(Replicas(count)) => (Word::At, Some(count)),
            Way::ScaleIn => (Word::ScaleIn, None),
            Way::ScaleOut => (Word::ScaleOut, None),
        };
        let written = Written {
            version: VERSION,
            way,
            replicas,
            until: self.until,
            reason: self.reason.clone(),
            by: self.by.clone(),
            at: self.at,
            changes: self.changes.iter().map(WrittenChange::from).collect(),
            before: self.before.clone(),
        };
        serde_json::to_string(&written).expect("its keys are text and its numbers finite")
    }

    /// That of an object; `None` where it has none, or one that says `false`.
    ///
    /// # Errors
    /// Where the annotation is something else, or of a version to come.
    pub fn of(object: &Value) -> Result<Option<Self>, Unreadable> {
        let annotation = object["metadata"]["annotations"][ANNOTATION].as_str();
        match annotation.filter(|it| *it != "false") {
            Some(text) => Self::from_text(text).map(Some),
            None => Ok(None),
        }
    }

    /// That of an object of KEDA's, if it has one that can be read.
    pub fn noted(metadata: &Metadata) -> Option<Self> {
        let text = metadata.annotation(ANNOTATION)?;
        Self::from_text(text).ok()
    }

    fn from_text(text: &str) -> Result<Self, Unreadable> {
        let unreadable = |why: String| Unreadable {
            text: text.to_owned(),
            why,
        };
        let json: Value = serde_json::from_str(text).map_err(|it| unreadable(it.to_string()))?;
        match &json["version"] {
            Value::Null => return Err(unreadable("it has no version".to_owned())),
            it if it.as_u64() == Some(VERSION) => {}
            it => {
                return Err(unreadable(format!(
                    "its version is {it}, and this program knows {VERSION}; use a newer one"
                )));
            }
        }
        let written = Written::deserialize(&json).map_err(|it| unreadable(it.to_string()))?;
        written.read().map_err(unreadable)
    }

    /// Whether it is to be resumed by then.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl Written {
    fn read(self) -> Result<Note, String> {
        let way = match (self.way, self.replicas) {
            (Word::Whole, _) => Way::Whole,
            (Word::At, Some(count)) => Way::At(Replicas(count)),
            (Word::At, None) => return Err("it has no replicas".to_owned()),
            (Word::ScaleIn, _) => Way::ScaleIn,
            (Word::ScaleOut, _) => Way::ScaleOut,
        };
        let mut changes = vec![];
        for change in self.changes.into_iter().map(Change::from) {
            if !is_place_of_a_pause(&change.path) {
                let path = change.path;
                return Err(format!(
                    "it tells of a change of {path}, which no pause makes"
                ));
            }
            changes.push(change);
        }
        Ok(Note {
            way,
            until: self.until,
            reason: self.reason,
            by: self.by,
            at: self.at,
            changes,
            before: self.before,
        })
    }
}

/// Nothing else is ever changed by a pause, so that a path elsewhere is none of ours.
fn is_place_of_a_pause(path: &str) -> bool {
    const FIELDS: [&str; 3] = ["/spec/behavior", "/spec/minReplicas", "/spec/maxReplicas"];
    let of_keda = || OF_KEDA.map(|it| pointer::child(ANNOTATIONS, it));
    FIELDS.iter().any(|it| pointer::is_within(path, it)) || of_keda().iter().any(|it| it == path)
}
