//! Ages as kubectl tells them: two or three figures.

use std::fmt;

use jiff::SignedDuration;

/// How long ago something was, rounded toward zero: `5m10s`, `3d4h` (`duration.HumanDuration`).
/// One of the next two seconds is now, since clocks differ; a later one is `<invalid>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(pub SignedDuration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
        f.pad(&match seconds {
            ..-1 => "<invalid>".to_owned(),
            -1..0 => "0s".to_owned(),
            0..120 => format!("{seconds}s"),
            120..600 => pair(minutes, "m", seconds % 60, "s"),
            600..10_800 => format!("{minutes}m"),
            10_800..28_800 => pair(hours, "h", minutes % 60, "m"),
            28_800..172_800 => format!("{hours}h"),
            172_800..691_200 => pair(days, "d", hours % 24, "h"),
            691_200..63_072_000 => format!("{days}d"),
            63_072_000..252_288_000 => pair(days / 365, "y", days % 365, "d"),
            252_288_000.. => format!("{}y", days / 365),
        })
    }
}

fn pair(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    match small {
        0 => format!("{large}{large_unit}"),
        small => format!("{large}{large_unit}{small}{small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_or_three_figures() {
        const DAY: i64 = 86_400;
        for (seconds, expected) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (130, "2m10s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (10_860, "3h1m"),
            (28_799, "7h59m"),
            (28_800, "8h"),
            (2 * DAY - 1, "47h"),
            (2 * DAY, "2d"),
            (2 * DAY + 7_200, "2d2h"),
            (8 * DAY, "8d"),
            (730 * DAY - 1, "729d"),
            (730 * DAY, "2y"),
            (731 * DAY, "2y1d"),
            (8 * 365 * DAY, "8y"),
        ] {
            let age = Age(SignedDuration::from_secs(seconds));
            assert_eq!(age.to_string(), expected, "{seconds}");
        }
    }
}
