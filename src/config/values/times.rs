//! Points in time and lengths of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::in_range;

/// Longest probation that is asked for in minutes: 30 days.
const MOST_MINUTES: u32 = 30 * 24 * 60;

/// A time limit in kubectl's syntax: `30` (seconds), `1m30s`, `500ms`; `0` for none.
pub(crate) fn timeout(text: &str) -> Result<Option<Duration>, String> {
    let wanted = || "expected a time such as 30, 30s or 1m30s, or 0 for no limit".to_owned();
    let length = length(text).ok_or_else(wanted)?;
    Ok((!length.is_zero()).then_some(length))
}

/// A part of each day in the same syntax, none of it and all of it included.
pub(crate) fn time_of_each_day(text: &str) -> Result<SignedDuration, String> {
    let length = length(text).and_then(|it| SignedDuration::try_from(it).ok());
    length
        .filter(|it| *it <= SignedDuration::from_hours(24))
        .ok_or_else(|| "expected a time of each day such as 90s or 5m, at most 24h".to_owned())
}

/// Whole minutes, at least one; a month at most.
pub(crate) fn minutes(text: &str) -> Result<SignedDuration, String> {
    let minutes: u32 = in_range(text, 1, MOST_MINUTES, "whole number of minutes")?;
    Ok(SignedDuration::from_mins(minutes.into()))
}

/// A length of time that must be one, to the second.
pub(crate) fn positive_length(text: &str) -> Result<SignedDuration, String> {
    let wanted = || "expected a time such as 26h or 90m, above 0".to_owned();
    let length = length(text).ok_or_else(wanted)?;
    let seconds = i64::try_from(length.as_secs()).map_err(|_| wanted())?;
    (seconds > 0)
        .then(|| SignedDuration::from_secs(seconds))
        .filter(|it| *it <= SignedDuration::from_hours(24 * 366))
        .ok_or_else(wanted)
}

/// A time limit that must be one.
pub(crate) fn positive_timeout(text: &str) -> Result<Duration, String> {
    timeout(text)?.ok_or_else(|| "expected a time such as 30s, above 0".to_owned())
}

/// Seconds, or what Go reads.
pub(super) fn length(text: &str) -> Option<Duration> {
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => go_duration(text),
    }
}

/// Go's `time.ParseDuration` for what is not negative: numbers, each with a unit.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(number_ends);
        let unit_ends = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_ends);
        total += number.parse::<f64>().ok()? * seconds_in(unit)?;
        rest = next;
    }
    if text.is_empty() {
        return None;
    }
    Duration::try_from_secs_f64(total).ok()
}

fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

/// A point in time.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "expected a time such as 2026-03-01T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn time_limits_are_read_as_kubectl_reads_them() {
        let cases = [
            ("30", Some(Duration::from_secs(30))),
            ("30s", Some(Duration::from_secs(30))),
            ("1m", Some(Duration::from_secs(60))),
            ("1h15m30.5s", Some(Duration::from_millis(4_530_500))),
            ("500ms", Some(Duration::from_millis(500))),
            ("0", None),
            ("0s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(timeout(text), Ok(expected), "{text}");
        }
        for bad in ["", "s", "1x", "1.s.", "-3s", "3 s", "m5", "1e400h"] {
            assert!(timeout(bad).is_err(), "{bad}");
        }
        assert!(positive_timeout("0").is_err());
    }

    #[test]
    fn a_day_has_no_more_than_24_hours() {
        for (text, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("0", 0),
            ("30", 30),
            ("24h", 86_400),
        ] {
            let expected = SignedDuration::from_secs(seconds);
            assert_eq!(time_of_each_day(text), Ok(expected), "{text}");
        }
        for bad in [
            "24h1s",
            "-5m",
            "5 m",
            "x",
            "",
            "1e9h",
            "99999999999999999999",
        ] {
            assert!(time_of_each_day(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whole_seconds_read_back(seconds in 1_u64..10_000_000) {
            let length = Some(Duration::from_secs(seconds));
            prop_assert_eq!(timeout(&format!("{seconds}s")), Ok(length));
            prop_assert_eq!(timeout(&seconds.to_string()), Ok(length));
        }
    }
}
