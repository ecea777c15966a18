//! Windows of a schedule, as somebody types them.

use super::times::length;
use crate::schedule::{NO_ZONE, Window, Written};

/// A window as `50 7 * * 1-5,130m,6,Europe/Berlin`: when it begins, how long it lasts, how many replicas
/// there are at least, and the time zone, which may be left out. Days of a start may have commas.
pub(crate) fn window(text: &str) -> Result<Window, String> {
    let (start, rest) = start(text)?;
    let mut parts = rest.split(',').map(str::trim);
    let (lasts, replicas) = (parts.next(), parts.next());
    let time_zone = parts.next().unwrap_or(NO_ZONE).to_owned();
    let minutes = lasts.and_then(minutes);
    let replicas = replicas.and_then(|it| it.parse().ok());
    let (Some(duration_minutes), Some(min_replicas), None) = (minutes, replicas, parts.next())
    else {
        return Err(wanted());
    };
    let written = Written {
        start_cron: start.to_owned(),
        duration_minutes,
        min_replicas,
        time_zone,
    };
    Window::try_from(written).map_err(|it| it.to_string())
}

/// The five fields of cron, and what follows the comma after them.
fn start(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim();
    let fields = text.char_indices().filter(|it| it.1 == ' ').nth(3);
    let last = fields.map(|it| it.0 + 1).ok_or_else(wanted)?;
    // Days may have commas between them, and none of them has a unit.
    let commas = text[last..].match_indices(',').map(|it| last + it.0);
    let mut ends = commas.filter(|at| {
        let next = text[at + 1..].split(',').next().unwrap_or_default();
        minutes(next.trim()).is_some()
    });
    let end = ends.next().ok_or_else(wanted)?;
    Ok((text[..end].trim(), &text[end + 1..]))
}

/// Whole minutes of a length with its unit: `130m`, `2h`.
fn minutes(text: &str) -> Option<u32> {
    let has_unit = text.ends_with(|it: char| it.is_ascii_alphabetic());
    let seconds = length(text).filter(|_| has_unit)?.as_secs();
    let is_whole = seconds % 60 == 0;
    is_whole.then(|| u32::try_from(seconds / 60).ok())?
}

fn wanted() -> String {
    "expected start, length, replicas and time zone, such as '50 7 * * 1-5,130m,6,Europe/Berlin'"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_read_whatever_its_days_are() {
        let cases = [
            (
                "0 8 * * 1-5,120m,6,Europe/Berlin",
                ("0 8 * * 1-5", 120, 6, "Europe/Berlin"),
            ),
            ("0 8 * * 0,3,6,2h,6", ("0 8 * * 0,3,6", 120, 6, "Etc/UTC")),
            (" */5 1 * * *, 90m, 3, UTC", ("*/5 1 * * *", 90, 3, "UTC")),
        ];
        for (text, (start, minutes, replicas, zone)) in cases {
            let found = window(text).unwrap();
            let written = found.written();
            assert_eq!(
                (
                    &*written.start_cron,
                    written.duration_minutes,
                    written.min_replicas,
                    &*written.time_zone
                ),
                (start, minutes, replicas, zone),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_window_says_why() {
        for text in [
            "",
            "0 8 * * 1-5",
            "0 8 * * 1-5,6",
            "0 8 * *,2h,6",
            "0 8 * * *,90s,6",
            "0 8 * * *,2h,x",
        ] {
            assert_eq!(window(text), Err(wanted()), "{text}");
        }
        let zone = window("0 8 * * *,2h,6,Mars/Olympus").unwrap_err();
        assert!(
            zone.contains("no time zone is called `Mars/Olympus`"),
            "{zone}"
        );
        let hour = window("0 25 * * *,2h,6").unwrap_err();
        assert!(hour.contains("`25` is no hour"), "{hour}");
    }
}
