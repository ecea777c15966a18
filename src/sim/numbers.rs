//! Conversions as the controller's language makes them.

use jiff::{SignedDuration, Timestamp};

use crate::units::Quantity;

/// A double as a count: truncated, and the lowest count where it does not fit.
///
/// Go leaves this to the processor; on amd64 the conversion yields -2^31 for everything out of
/// range and for NaN.
pub fn to_count(value: f64) -> i32 {
    let truncated = value.trunc();
    if (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&truncated) {
        truncated as i32
    } else {
        i32::MIN
    }
}

/// A double as a count, the highest one where it is greater.
pub fn to_count_capped(value: f64) -> i32 {
    if value > f64::from(i32::MAX) {
        i32::MAX
    } else {
        to_count(value)
    }
}

/// The amount in thousandths, rounded away from zero, as 64 bits hold it.
pub fn milli(quantity: Quantity) -> i64 {
    let bounded = quantity
        .milli_value()
        .clamp(i64::MIN.into(), i64::MAX.into());
    bounded as i64
}

/// A number as `strconv.ParseFloat` reads it in decimal, infinities and NaN included; what a
/// double does not hold is an error there.
pub fn float(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = unsigned.starts_with(|c: char| c.is_ascii_alphabetic());
    let refused = value.is_infinite() && !is_word || value.is_nan() && unsigned != text;
    (!refused).then_some(value)
}

/// The sum of `values`, which wraps.
pub fn sum(values: impl IntoIterator<Item = i64>) -> i64 {
    values.into_iter().fold(0, i64::wrapping_add)
}

/// `length` before `now`: what is older than that lies before it.
#[inline]
pub fn before(now: Timestamp, length: SignedDuration) -> Timestamp {
    match (whole(now), length.subsec_nanos()) {
        (Some(second), 0) => {
            let second = second.saturating_sub(length.as_secs());
            Timestamp::from_second(second).unwrap_or(Timestamp::MIN)
        }
        _ => now.checked_sub(length).unwrap_or(Timestamp::MIN),
    }
}

/// `length` after `time`.
#[inline]
pub fn after(time: Timestamp, length: SignedDuration) -> Timestamp {
    match (whole(time), length.subsec_nanos()) {
        (Some(second), 0) => {
            let second = second.saturating_add(length.as_secs());
            Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
        }
        _ => time.checked_add(length).unwrap_or(Timestamp::MAX),
    }
}

/// The second, of a time without a fraction: all times of a replay are such, and seconds alone
/// are added in a tenth of the instructions.
fn whole(time: Timestamp) -> Option<i64> {
    (time.subsec_nanosecond() == 0).then(|| time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_that_are_no_count_become_the_lowest() {
        let table = [
            (2.9, 2),
            (-2.9, -2),
            (2_147_483_647.5, i32::MAX),
            (2_147_483_648.0, i32::MIN),
            (f64::INFINITY, i32::MIN),
            (f64::NAN, i32::MIN),
        ];
        for (value, count) in table {
            assert_eq!(to_count(value), count, "{value}");
        }
        assert_eq!(to_count_capped(f64::INFINITY), i32::MAX);
        assert_eq!(to_count_capped(-1e300), i32::MIN);
    }

    #[test]
    fn numbers_may_be_infinite_but_not_too_large() {
        assert_eq!(float("+Inf"), Some(f64::INFINITY));
        assert_eq!(float("-infinity"), Some(f64::NEG_INFINITY));
        assert!(float("nan").is_some_and(f64::is_nan));
        assert_eq!(float("1.5e3"), Some(1500.0));
        for text in ["1e999", "-nan", "", "abc", "1,5", " 1"] {
            assert_eq!(float(text), None, "{text}");
        }
    }

    #[test]
    fn times_keep_their_fractions_and_end_where_time_does() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let length = SignedDuration::from_millis;
        let table = [
            ("1970-01-01T00:01:00Z", 60_000, "1970-01-01T00:00:00Z"),
            ("1970-01-01T00:00:10.5Z", 20_000, "1969-12-31T23:59:50.5Z"),
            ("1970-01-01T00:00:10Z", 10_250, "1969-12-31T23:59:59.75Z"),
        ];
        for (later, millis, earlier) in table {
            assert_eq!(before(at(later), length(millis)), at(earlier), "{later}");
            assert_eq!(after(at(earlier), length(millis)), at(later), "{later}");
        }
        assert_eq!(
            after(at("9999-01-01T00:00:00Z"), SignedDuration::MAX),
            Timestamp::MAX
        );
        assert_eq!(
            before(Timestamp::UNIX_EPOCH, SignedDuration::from_secs(i64::MAX)),
            Timestamp::MIN
        );
    }

    #[test]
    fn thousandths_round_away_from_zero_and_stay_within_64_bits() {
        let of = |text: &str| milli(text.parse().unwrap());
        assert_eq!(of("333000001n"), 334);
        assert_eq!(of("64Mi"), 67_108_864_000);
        assert_eq!(of("8Ei"), i64::MAX);
    }
}
