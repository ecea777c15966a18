//! What is kept on an HPA whose minimum is raised, in an annotation written in the same step.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The annotation.
pub const ANNOTATION: &str = "stepscale.io/floor";

/// The version that is written. Fields may be added to it; it changes where old ones mean something
/// else.
const VERSION: u64 = 1;

/// Where the minimum of an HPA is.
pub const PLACE: &str = "/spec/minReplicas";

/// What the API takes for the minimum of an HPA that says none.
const NO_MINIMUM: u32 = 1;

/// A minimum that is raised for as long as a window is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Floor {
    /// That of the attempt.
    pub id: String,
    /// Name of the recommendation, in the namespace of the HPA.
    pub recommendation: String,
    pub by: String,
    pub at: Timestamp,
    /// What the minimum was before, and is to be again.
    pub from: u32,
    pub to: u32,
    /// When no window will be open any more, as far as is known then.
    pub until: Timestamp,
}

/// Why an annotation is no floor of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("annotation {ANNOTATION} cannot be read: {why}")]
pub struct Unreadable {
    pub why: String,
}

impl Floor {
    /// The value of the annotation: JSON with a version. The same floor is the same text.
    pub fn to_text(&self) -> String {
        let mut written = json!(self);
        written["version"] = json!(VERSION);
        written.to_string()
    }

    /// That of an object; `None` where it has none.
    ///
    /// # Errors
    /// Where the annotation is something else, or of a version to come.
    pub fn of(object: &Value) -> Result<Option<Self>, Unreadable> {
        match &object["metadata"]["annotations"][ANNOTATION] {
            Value::Null => Ok(None),
            Value::String(text) => Self::from_text(text).map(Some),
            _ => Err(unreadable("it is no text")),
        }
    }

    /// That of a text.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        let json: Value = serde_json::from_str(text).map_err(unreadable)?;
        match &json["version"] {
            Value::Null => return Err(unreadable("it has no version")),
            it if it.as_u64() == Some(VERSION) => {}
            it => {
                return Err(unreadable(format!(
                    "its version is {it}, and this program knows {VERSION}; use a newer one"
                )));
            }
        }
        serde_json::from_value(json).map_err(unreadable)
    }

    /// Whether `object` has the minimum that was written.
    pub fn holds(&self, object: &Value) -> bool {
        minimum(object) == self.to
    }

    /// The operation of a JSON patch that gives the minimum back. The annotation stays.
    pub(super) fn given_back(&self) -> Value {
        json!({ "op": "replace", "path": PLACE, "value": self.from })
    }

    /// A merge patch that raises the minimum of `live` as it was read.
    pub fn raising(&self, live: &Value) -> Value {
        json!({
            "metadata": {
                "resourceVersion": live["metadata"]["resourceVersion"],
                "annotations": { ANNOTATION: self.to_text() },
            },
            "spec": { "minReplicas": self.to },
        })
    }
}

fn unreadable(why: impl ToString) -> Unreadable {
    let why = why.to_string();
    Unreadable { why }
}

/// The minimum of an HPA.
pub fn minimum(object: &Value) -> u32 {
    count(&object["spec"]["minReplicas"]).unwrap_or(NO_MINIMUM)
}

/// The maximum of an HPA, which each has.
pub fn maximum(object: &Value) -> u32 {
    count(&object["spec"]["maxReplicas"]).unwrap_or(u32::MAX)
}

fn count(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// What the minimum is apart from a floor that the annotation tells of, for who knows no more of an
/// HPA than that and its minimum.
pub fn minimum_below(annotation: Option<&str>, minimum: u32) -> u32 {
    let floor = annotation.and_then(|it| Floor::from_text(it).ok());
    let floor = floor.filter(|it| it.to == minimum);
    floor.map_or(minimum, |it| it.from)
}
