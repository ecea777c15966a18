//! What is kept on the target of a change, in an annotation written in the same step: enough for
//! anybody to take the change back without anything else.
//!
//! All annotations of an object together may have 256 KiB. A change of every setting of an HPA
//! takes about 2 KiB, its list of metrics twice included; where it does not fit, the server refuses
//! the whole write, so that no change is ever without its journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::changes::Change;
use super::changes::written::WrittenChange;
use crate::schedule::{Losses, Plan};

/// The annotation.
pub const ANNOTATION: &str = "stepscale.io/applied";

/// The version that is written. Fields may be added to it; it changes where old ones mean
/// something else.
const VERSION: u64 = 1;

/// A change that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// That of the attempt.
    pub id: String,
    /// Name of the recommendation, in the namespace of the target.
    pub recommendation: String,
    pub by: String,
    pub at: Timestamp,
    pub why: String,
    /// Of fields of `spec`; others cannot be read back. What is written for a schedule is not among
    /// them.
    pub changes: Vec<Change>,
    /// The windows that are in force with them.
    pub schedule: Plan,
    /// The error of the forecast that the windows were chosen with; `None` where nobody said.
    pub losses: Option<Losses>,
}

/// Why an annotation cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("annotation {ANNOTATION} cannot be read: {why}")]
pub struct Unreadable {
    pub why: String,
}

/// The text of a [`Journal`]. Fields are written in this order; unknown ones are ignored.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u64,
    id: String,
    recommendation: String,
    by: String,
    at: Timestamp,
    #[serde(default)]
    why: String,
    changes: Vec<WrittenChange>,
    #[serde(default, skip_serializing_if = "Plan::is_empty")]
    schedule: Plan,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    losses: Option<Losses>,
}

impl Journal {
    /// The value of the annotation: JSON with a version. The same journal is the same text.
    pub fn to_text(&self) -> String {
        let written = Written {
            version: VERSION,
            id: self.id.clone(),
            recommendation: self.recommendation.clone(),
            by: self.by.clone(),
            at: self.at,
            why: self.why.clone(),
            changes: self.changes.iter().map(WrittenChange::from).collect(),
            schedule: self.schedule.clone(),
            losses: self.losses,
        };
        serde_json::to_string(&written).expect("its keys are text and its numbers finite")
    }

    /// That of an object; `None` where it has none.
    ///
    /// # Errors
    /// Where the annotation is something else, or of a version to come.
    pub fn of(object: &Value) -> Result<Option<Self>, Unreadable> {
        let annotations = &object["metadata"]["annotations"];
        let Some(annotation) = annotations.get(ANNOTATION).filter(|it| !it.is_null()) else {
            return Ok(None);
        };
        let text = annotation.as_str();
        let text = text.ok_or_else(|| unreadable("it is no text"))?;
        Self::from_text(text).map(Some)
    }

    fn from_text(text: &str) -> Result<Self, Unreadable> {
        let json: Value = serde_json::from_str(text).map_err(unreadable)?;
        check_version(&json["version"])?;
        let written = Written::deserialize(&json).map_err(unreadable)?;
        let changes = written.changes.into_iter().map(read);
        Ok(Self {
            changes: changes.collect::<Result<_, _>>()?,
            id: written.id,
            recommendation: written.recommendation,
            by: written.by,
            at: written.at,
            why: written.why,
            schedule: written.schedule,
            losses: written.losses,
        })
    }
}

fn check_version(version: &Value) -> Result<(), Unreadable> {
    match version {
        Value::Null => Err(unreadable("it has no version")),
        version if version.as_u64() == Some(VERSION) => Ok(()),
        version => Err(unreadable(format!(
            "its version is {version}, and this program knows {VERSION}; use a newer one"
        ))),
    }
}

/// Nothing else is ever changed, so that a path elsewhere is none of ours.
fn read(written: WrittenChange) -> Result<Change, Unreadable> {
    let change = Change::from(written);
    match change.path.starts_with("/spec/") {
        true => Ok(change),
        false => {
            let path = change.path;
            Err(unreadable(format!(
                "it tells of a change of {path}, outside of spec"
            )))
        }
    }
}

fn unreadable(why: impl ToString) -> Unreadable {
    let why = why.to_string();
    Unreadable { why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn journal() -> Journal {
        let change = |path: &str, from, to| Change {
            path: path.to_owned(),
            from,
            to,
        };
        Journal {
            id: "4f1c".to_owned(),
            recommendation: "web".to_owned(),
            by: "ana".to_owned(),
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
            why: "idle at \"night\"".to_owned(),
            changes: vec![
                change("/spec/behavior", None, Some(json!({"b": 1, "a": [2]}))),
                change("/spec/minReplicas", Some(json!(3)), Some(json!(2))),
                change("/spec/a~1b", Some(Value::Null), None),
            ],
            schedule: Plan::default(),
            losses: None,
        }
    }

    fn annotated(text: impl Into<Value>) -> Value {
        json!({"metadata": {"annotations": {ANNOTATION: text.into()}}})
    }

    const TEXT: &str = concat!(
        r#"{"version":1,"id":"4f1c","recommendation":"web","by":"ana","#,
        r#""at":"2026-11-22T10:00:00Z","why":"idle at \"night\"","changes":["#,
        r#"{"path":"/spec/behavior","to":{"a":[2],"b":1}},"#,
        r#"{"path":"/spec/minReplicas","from":3,"to":2},"#,
        r#"{"path":"/spec/a~1b","from":null}]}"#
    );

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(journal().to_text(), TEXT);
        assert_eq!(Journal::of(&annotated(TEXT)), Ok(Some(journal())));
    }

    #[test]
    fn what_later_versions_add_is_ignored() {
        let text = TEXT.replacen("\"id\"", "\"new\":{\"x\":1},\"id\"", 1);
        let text = text.replacen("\"path\"", "\"why\":\"x\",\"path\"", 1);
        assert_eq!(Journal::of(&annotated(text)), Ok(Some(journal())));
    }

    #[test]
    fn an_object_without_the_annotation_has_no_journal() {
        for object in [
            json!({}),
            json!(null),
            json!({"metadata": {"annotations": null}}),
            json!({"metadata": {"annotations": {"a": "b"}}}),
            annotated(Value::Null),
        ] {
            assert_eq!(Journal::of(&object), Ok(None), "{object}");
        }
    }

    #[test]
    fn what_is_no_journal_says_why() {
        let unknown = "its version is 2, and this program knows 1; use a newer one";
        let odd = "its version is \"1\", and this program knows 1; use a newer one";
        let outside = "it tells of a change of /metadata/labels, outside of spec";
        let elsewhere = TEXT.replace("/spec/minReplicas", "/metadata/labels");
        let table = [
            (json!(7), "it is no text"),
            (json!("true"), "it has no version"),
            (json!(r#"{"id":"x"}"#), "it has no version"),
            (json!(r#"{"version":2}"#), unknown),
            (json!(r#"{"version":"1"}"#), odd),
            (json!(r#"{"version":1}"#), "missing field `id`"),
            (json!(elsewhere), outside),
        ];
        for (annotation, why) in table {
            let error = Journal::of(&annotated(annotation)).unwrap_err();
            assert_eq!(error.why, why);
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in ["", "{", &TEXT.replace("2026", "then"), &deep] {
            let error = Journal::of(&annotated(text)).unwrap_err();
            assert!(error.to_string().contains(ANNOTATION), "{text}");
        }
    }

    #[test]
    fn a_change_of_everything_is_a_small_part_of_what_annotations_may_have() {
        let metric = json!({"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 60}}});
        let metrics = Some(Value::Array(vec![metric; 20]));
        let mut journal = journal();
        journal.changes.push(Change {
            path: "/spec/metrics".to_owned(),
            from: metrics.clone(),
            to: metrics,
        });
        assert!(journal.to_text().len() < 256 * 1024 / 32);
    }
}
