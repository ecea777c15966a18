//! What of an object's annotations tells how its schedule stands.

use serde_json::{Map, Value, json};

use super::floor::{self, Floor};
use crate::cronjobs::note;
use crate::lifecycle::journal::{self, Journal};
use crate::schedule::{Losses, Plan};

/// Of `annotations` what tells of a schedule, without who did it and why: for a copy of the object that is
/// kept, shown or given to others. What cannot be read is left out.
pub fn notes(annotations: &Map<String, Value>) -> Map<String, Value> {
    let object = json!({ "metadata": { "annotations": annotations } });
    let raised = Floor::of(&object).ok().flatten().map(|it| {
        let by = String::new();
        (floor::ANNOTATION, Floor { by, ..it }.to_text())
    });
    let jobs = annotations.get(note::ANNOTATION).and_then(Value::as_str);
    let jobs = jobs.filter(|it| note::is_note(it));
    let jobs = jobs.map(|it| (note::ANNOTATION, it.to_owned()));
    let journal = Journal::of(&object).ok().flatten();
    let windows = journal.filter(|it| !it.schedule.is_empty()).map(|it| {
        let kept = Journal {
            by: String::new(),
            why: String::new(),
            changes: vec![],
            ..it
        };
        (journal::ANNOTATION, kept.to_text())
    });
    let all = [raised, jobs, windows].into_iter().flatten();
    all.map(|(name, text)| (name.to_owned(), json!(text)))
        .collect()
}

/// The windows that are in force on an object, by what was noted of the last change to it; none where that
/// cannot be read.
pub fn in_force(object: &Value) -> Plan {
    let journal = Journal::of(object).ok().flatten();
    journal.map(|it| it.schedule).unwrap_or_default()
}

/// The error of the forecast that these windows were chosen with, where that was noted.
pub fn losses(object: &Value) -> Option<Losses> {
    Journal::of(object).ok().flatten()?.losses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotations() -> Map<String, Value> {
        let window = json!({ "startCron": "0 8 * * *", "durationMinutes": 60, "minReplicas": 6,
            "timeZone": "Etc/UTC" });
        let journal = Journal {
            id: "4f1c".to_owned(),
            recommendation: "web".to_owned(),
            by: "ana".to_owned(),
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
            why: "a launch".to_owned(),
            changes: vec![],
            schedule: serde_json::from_value(json!([window])).unwrap(),
            losses: Some(Losses::of_shares(0.8, 0.9, 0.95)),
        };
        let floor = Floor {
            id: "7a".to_owned(),
            recommendation: "web".to_owned(),
            by: "ana".to_owned(),
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
            from: 2,
            to: 6,
            until: "2026-11-22T11:00:00Z".parse().unwrap(),
        };
        let all = json!({
            "note": "secret",
            journal::ANNOTATION: journal.to_text(),
            floor::ANNOTATION: floor.to_text(),
            note::ANNOTATION: "before=2 wrote=6 open=1:6:1764000000",
        });
        all.as_object().unwrap().clone()
    }

    #[test]
    fn windows_and_floors_stay_and_people_do_not() {
        let kept = notes(&annotations());
        assert_eq!(kept.len(), 3);
        let text = json!(kept).to_string();
        for word in ["ana", "launch", "secret"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        let object = json!({ "metadata": { "annotations": kept } });
        assert_eq!(in_force(&object).windows().len(), 1);
        assert_eq!(losses(&object), Some(Losses::of_shares(0.8, 0.9, 0.95)));
        let floor = Floor::of(&object).unwrap().unwrap();
        assert_eq!((floor.from, floor.to), (2, 6));
    }

    #[test]
    fn what_cannot_be_read_or_tells_of_no_schedule_is_left_out() {
        let mut all = annotations();
        for name in [journal::ANNOTATION, floor::ANNOTATION, note::ANNOTATION] {
            all[name] = json!("token=abc");
        }
        assert_eq!(notes(&all), Map::new());
    }
}
