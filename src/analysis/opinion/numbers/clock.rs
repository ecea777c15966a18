//! Times of the day.

/// Fields of a window that have one.
const FIELDS: [&str; 2] = ["start", "end"];

/// Minutes since midnight of a field of the evidence: `07:50`.
pub(super) fn of_evidence(key: &str, text: &str) -> Option<u32> {
    let (hour, minute) = FIELDS.contains(&key).then(|| digits(text))??;
    (hour < 24).then_some(hour * 60 + minute)
}

/// Minutes since midnight of what somebody wrote: `07:50`, `7:50`, `7:50am`; with `am` or `pm`, which may
/// be the `next` word, also `7`. `None` of what is no time.
pub(super) fn of_prose(text: &str, next: &str) -> Option<u32> {
    let (text, next) = (text.to_ascii_lowercase(), next.to_ascii_lowercase());
    let end = text.find(|it: char| !it.is_ascii_digit() && it != ':');
    let (time, suffix) = text.split_at(end.unwrap_or(text.len()));
    let half = half(if suffix.is_empty() { &next } else { suffix });
    let is_whole_hour = half.is_some() && (1..=2).contains(&time.len());
    let (hour, minute) = match time.parse() {
        Ok(hour) if is_whole_hour => (hour, 0),
        Ok(_) | Err(_) => digits(time)?,
    };
    let hour = match half {
        Some(after_noon) if (1..=12).contains(&hour) => hour % 12 + after_noon,
        None if suffix.is_empty() && hour < 24 => hour,
        Some(_) | None => return None,
    };
    Some(hour * 60 + minute)
}

/// Hour and minute: one digit or two, and two.
fn digits(text: &str) -> Option<(u32, u32)> {
    let (hour, minute) = text.split_once(':')?;
    let is_time = (1..=2).contains(&hour.len()) && minute.len() == 2;
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (is_time && minute < 60).then_some((hour, minute))
}

/// Hours to add.
fn half(word: &str) -> Option<u32> {
    match word {
        "am" | "a.m" => Some(0),
        "pm" | "p.m" => Some(12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, next, expected) in [
            ("07:50", "", Some(470)),
            ("7:50", "utc", Some(470)),
            ("7:50am", "", Some(470)),
            ("7:50", "PM", Some(1190)),
            ("8", "a.m", Some(480)),
            ("12", "am", Some(0)),
            ("12pm", "", Some(720)),
            ("00:00", "", Some(0)),
            ("8", "replicas", None),
            ("24:00", "", None),
            ("13", "pm", None),
            ("7:5", "", None),
            ("7:60", "", None),
            ("07:50:10", "", None),
            ("+7:50", "", None),
        ] {
            assert_eq!(of_prose(text, next), expected, "{text} {next}");
        }
    }

    #[test]
    fn of_the_evidence_only_fields_with_times_are_read() {
        assert_eq!(of_evidence("start", "07:50"), Some(470));
        assert_eq!(of_evidence("name", "07:50"), None);
        assert_eq!(of_evidence("end", "25:00"), None);
    }
}
