//! Words and lines for people.

use anstyle::Style;
use jiff::{SignedDuration, Timestamp, Unit};

use crate::output::lines;
use crate::output::words::printable;

/// `text` on lines of at most `width`, the first one after `first`, the others after as many
/// spaces.
pub(super) fn wrapped(first: &str, text: &str, width: usize) -> Vec<String> {
    let indent = " ".repeat(first.chars().count());
    lines::wrapped(first, &indent, &printable(text), width)
}

/// `items` side by side in as many columns as fit, read downwards; the lengths are those without
/// styles.
pub(super) fn columns(items: &[(String, usize)], width: usize) -> Vec<String> {
    let most = items.len().max(1);
    let fitting = (1..=most).rev().map(|it| items.len().div_ceil(it).max(1));
    let fits = |rows: &usize| {
        let widths = widths(items, *rows);
        INDENT + widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) <= width
    };
    let rows = fitting.into_iter().find(fits).unwrap_or(most);
    let widths = widths(items, rows);
    let line = |row: usize| {
        let mut line = " ".repeat(INDENT);
        let cells: Vec<_> = items.iter().skip(row).step_by(rows).collect();
        for (at, (text, length)) in cells.iter().enumerate() {
            line.push_str(text);
            if at + 1 < cells.len() {
                line.push_str(&" ".repeat(widths[at] + GAP - length));
            }
        }
        line
    };
    (0..rows.min(items.len())).map(line).collect()
}

const INDENT: usize = 2;
const GAP: usize = 3;

/// Of each column, if there are so many rows.
fn widths(items: &[(String, usize)], rows: usize) -> Vec<usize> {
    let columns = items.chunks(rows);
    columns
        .map(|it| it.iter().map(|it| it.1).max().unwrap_or(0))
        .collect()
}

/// `2026-03-02 00:00:15`, in UTC.
pub(super) fn time(time: Timestamp) -> String {
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `45m`, `3h 5m`, `12d`.
pub(super) fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, 0) => format!("{hours}h"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        (1..=2, 1.., _) => format!("{days}d {hours}h"),
        _ => format!("{days}d"),
    }
}

/// To the minute, for lines that need no seconds.
pub(super) fn minute(time: Timestamp) -> String {
    let rounded = time.round(Unit::Minute).unwrap_or(time);
    let zoned = rounded.to_zoned(jiff::tz::TimeZone::UTC);
    zoned.strftime("%Y-%m-%d %H:%MZ").to_string()
}

pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_downwards() {
        let items = ["a", "bb", "ccc"].map(|it| (it.to_owned(), it.len()));
        assert_eq!(columns(&items, 10), ["  a    ccc", "  bb"]);
        assert_eq!(columns(&items, 14), ["  a   bb   ccc"]);
        assert_eq!(columns(&items, 5), ["  a", "  bb", "  ccc"]);
        assert_eq!(columns(&[], 80), [""; 0]);
    }

    #[test]
    fn lengths_are_told_in_the_units_that_matter() {
        let told = |seconds| length(SignedDuration::from_secs(seconds));
        let all = [5, 60, 3600, 3660, 90_000, 864_000].map(told);
        assert_eq!(all, ["5s", "1m", "1h", "1h 1m", "1d 1h", "10d"]);
    }
}
