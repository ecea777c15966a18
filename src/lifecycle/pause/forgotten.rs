//! When a pause of one of KEDA's objects is longer than anybody can have meant it to be.

use jiff::{SignedDuration, Timestamp};

use super::Note;
use crate::keda::objects::{Metadata, Pause, PausedReplicas, keys};

/// A pause for a rollout or for maintenance is over after a day.
const LONG: SignedDuration = SignedDuration::from_hours(24);

/// Whoever resumes what is due looks every few minutes. After an hour, nobody does.
const OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// A pause that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// The annotation that pauses.
    pub key: &'static str,
    /// Since when, at least; `None` where nobody can tell.
    pub since: Option<Timestamp>,
    /// When it was to be over, where somebody said so.
    pub until: Option<Timestamp>,
}

/// How an object is paused, unless it is by intent: since less than a day, or until a time to come.
/// One of which nobody can tell since when counts, without a `since`.
pub fn forgotten(metadata: &Metadata, pause: &Pause, now: Timestamp) -> Option<Forgotten> {
    let key = match pause {
        Pause::Full(PausedReplicas::Frozen) => keys::PAUSED,
        Pause::Full(PausedReplicas::Set(_) | PausedReplicas::Invalid(_)) => keys::PAUSED_REPLICAS,
        Pause::Runs(held) if held.scale_in => keys::PAUSED_SCALE_IN,
        Pause::Runs(held) if held.scale_out => keys::PAUSED_SCALE_OUT,
        Pause::Runs(_) => return None,
    };
    let note = Note::noted(metadata);
    let until = note.as_ref().and_then(|it| it.until);
    let since = note.map(|it| it.at).or(metadata.annotated_since(key));
    let found = Forgotten { key, since, until };
    let lasts = |since: Timestamp| now.duration_since(since);
    match (until, since) {
        (Some(until), _) => (lasts(until) >= OVERDUE).then_some(found),
        (None, Some(since)) => (lasts(since) >= LONG).then_some(found),
        (None, None) => Some(found),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::keda::objects::ScaledObject;
    use crate::lifecycle::pause::{ANNOTATION, Way};

    const NOW: &str = "2026-03-10T12:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn found(annotations: Value, written: Option<&str>) -> Option<Forgotten> {
        let keys = annotations.as_object().unwrap().keys();
        let fields: Value = keys.map(|it| (format!("f:{it}"), json!({}))).collect();
        let managed = written.map(|time| {
            json!([{"time": time, "fieldsV1": {"f:metadata": {"f:annotations": fields}}},
                {"time": "2020-01-01T00:00:00Z", "fieldsV1": {"f:spec": {}}}])
        });
        let object = json!({"metadata": {"annotations": annotations, "managedFields": managed}});
        let object = ScaledObject::read(&object).unwrap();
        forgotten(&object.metadata, &object.pause(), at(NOW))
    }

    #[test]
    fn a_pause_is_forgotten_after_a_day() {
        let table = [
            (keys::PAUSED, "true", Some("2026-03-09T12:00:00Z"), true),
            (keys::PAUSED, "true", Some("2026-03-09T12:00:01Z"), false),
            (keys::PAUSED, "true", None, true),
            (keys::PAUSED, "false", Some("2026-01-01T00:00:00Z"), false),
            (
                keys::PAUSED_REPLICAS,
                "3",
                Some("2026-01-01T00:00:00Z"),
                true,
            ),
            (
                keys::PAUSED_SCALE_IN,
                "true",
                Some("2026-01-01T00:00:00Z"),
                true,
            ),
            (
                keys::FORCE_ACTIVATION,
                "true",
                Some("2026-01-01T00:00:00Z"),
                false,
            ),
        ];
        for (key, value, written, expected) in table {
            let found = found(json!({key: value}), written);
            assert_eq!(found.is_some(), expected, "{key} {value} {written:?}");
            if let Some(found) = found {
                assert_eq!((found.key, found.since), (key, written.map(at)));
            }
        }
    }

    #[test]
    fn a_pause_with_an_end_is_forgotten_once_that_has_passed_for_an_hour() {
        let note = |until: Option<&str>| Note {
            way: Way::Whole,
            until: until.map(at),
            reason: String::new(),
            by: "ann".to_owned(),
            at: at("2026-03-01T00:00:00Z"),
            changes: vec![],
            before: None,
        };
        for (until, expected) in [
            (Some("2026-03-12T00:00:00Z"), false),
            (Some("2026-03-10T11:30:00Z"), false),
            (Some("2026-03-10T11:00:00Z"), true),
            (None, true),
        ] {
            let annotations = json!({keys::PAUSED: "true", ANNOTATION: note(until).to_text()});
            let found = found(annotations, Some("2026-03-10T11:59:00Z"));
            assert_eq!(found.is_some(), expected, "{until:?}");
            let since = found.and_then(|it| it.since);
            assert_eq!(since, expected.then(|| at("2026-03-01T00:00:00Z")));
        }
    }
}
