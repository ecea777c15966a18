//! What the jobs have done, in an annotation of the HPA: `before=2 wrote=6 open=1:6:1764000000`.

use serde_json::{Value, json};

/// The annotation.
pub const ANNOTATION: &str = "stepscale.io/cron-floor";

/// Takes the windows off an HPA that is read while one is open: the minimum is the one to which it goes
/// back, and nothing tells of the jobs. Somebody else's minimum stays.
pub fn take_off(object: &mut Value) {
    let annotations = object["metadata"]["annotations"].as_object_mut();
    let note = annotations.and_then(|it| it.remove(ANNOTATION));
    let Some((before, wrote)) = note.as_ref().and_then(Value::as_str).and_then(read) else {
        return;
    };
    if object["spec"]["minReplicas"] == json!(wrote) {
        object["spec"]["minReplicas"] = json!(before);
    }
}

/// Whether the text of an annotation is one of these.
pub fn is_note(text: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || " =:".contains(it);
    read(text).is_some() && text.chars().all(is_plain)
}

/// What the minimum is apart from windows that the annotation tells of, for who knows no more of an HPA than
/// that and its minimum.
pub fn minimum_below(annotation: Option<&str>, minimum: u32) -> u32 {
    let note = annotation.and_then(read).filter(|it| it.1 == minimum);
    note.map_or(minimum, |it| it.0)
}

/// The minimum from before, and the one that was written.
fn read(note: &str) -> Option<(u32, u32)> {
    let mut words = note.split(' ');
    let mut number = |key: &str| words.next()?.strip_prefix(key)?.parse().ok();
    Some((number("before=")?, number("wrote=")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_off(min: u32, note: &str) -> Value {
        let mut object = json!({
            "metadata": { "annotations": { ANNOTATION: note } },
            "spec": { "minReplicas": min },
        });
        take_off(&mut object);
        assert_eq!(object["metadata"]["annotations"], json!({}), "{note}");
        object["spec"]["minReplicas"].clone()
    }

    #[test]
    fn the_minimum_is_that_of_the_time_without_windows() {
        let note = "before=2 wrote=6 open=1:6:1764000000 2:4:1764000000";
        assert_eq!(taken_off(6, note), 2);
        assert_eq!(taken_off(5, note), 5, "somebody else's");
        for unreadable in ["", "before=x wrote=6 open=", "wrote=6 before=2", "6"] {
            assert_eq!(taken_off(6, unreadable), 6, "{unreadable}");
        }
        let mut plain = json!({ "spec": { "minReplicas": 6 } });
        take_off(&mut plain);
        assert_eq!(plain["spec"]["minReplicas"], 6);
    }
}
