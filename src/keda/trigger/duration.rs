//! Durations as Go writes them: `1m30s`, `1.5h`, `250ms`.

/// The duration in nanoseconds, as Go's `time.ParseDuration` reads it; nothing for text that is
/// no duration or one longer than about 292 years.
pub(super) fn nanoseconds(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    let mut any = false;
    while !rest.is_empty() {
        let (part, after) = part(rest)?;
        total += part;
        (any, rest) = (true, after);
        i64::try_from(total).ok()?;
    }
    let signed = if negative { -total } else { total };
    any.then(|| i64::try_from(signed).ok()).flatten()
}

/// The nanoseconds of the first number with its unit, and the rest.
fn part(text: &str) -> Option<(i128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let unit = nanoseconds_of(unit)?;
    let whole: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    Some((
        i128::from(whole) * i128::from(unit) + part_of(fraction, unit),
        rest,
    ))
}

/// The nanoseconds of a fraction of a unit, cut off below one.
fn part_of(fraction: &str, unit: i64) -> i128 {
    // 18 digits are finer than a nanosecond of the longest unit, and fit.
    let fraction = &fraction[..fraction.len().min(18)];
    let digits: i128 = fraction.parse().unwrap_or(0);
    digits * i128::from(unit) / 10_i128.pow(fraction.len() as u32)
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn nanoseconds_of(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        let table = [
            ("3s", Some(3_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("5.s", Some(5_000_000_000)),
            ("-3s", Some(-3_000_000_000)),
            ("+3s", Some(3_000_000_000)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("250ms", Some(250_000_000)),
            ("3\u{b5}s", Some(3_000)),
            ("", None),
            ("+", None),
            ("3", None),
            ("s", None),
            (".s", None),
            ("3 s", None),
            ("3d", None),
            ("--3s", None),
            ("9999999h", None),
        ];
        for (text, expected) in table {
            assert_eq!(nanoseconds(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whole_seconds_are_read_exactly(seconds in 0..9_000_000_000_i64) {
            prop_assert_eq!(nanoseconds(&format!("{seconds}s")), Some(seconds * 1_000_000_000));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.hmsnu\u{b5}]{0,24}|.{0,12}") {
            nanoseconds(&text);
        }
    }
}
