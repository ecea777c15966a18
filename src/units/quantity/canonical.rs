//! How Kubernetes writes a quantity back.

use super::{Quantity, QuantityError, Suffix, suffix_of};

/// `digits` × 10^`exponent`, the exponent a multiple of three.
pub(super) struct Canonical {
    pub(super) digits: i128,
    pub(super) exponent: i32,
}

/// The digits of an amount without the zeros that an exponent can carry.
pub(super) fn digits(nanos: i128) -> Canonical {
    let (mut digits, mut exponent) = (nanos, -9);
    if digits == 0 {
        exponent = 0;
    }
    while digits != 0 && digits % 1000 == 0 {
        digits /= 1000;
        exponent += 3;
    }
    Canonical { digits, exponent }
}

/// `text` as the API server writes it back: `0.5` becomes `500m`, `0.5Mi` becomes `512Ki`.
///
/// Text that its digits and suffix make canonical already is kept letter by letter, `1024Ki` and
/// `13.220` too, as the fast path of `ParseQuantity` does (API machinery, v1.36).
///
/// # Errors
///
/// If `text` is no quantity.
pub fn canonical(text: &str) -> Result<String, QuantityError> {
    let quantity: Quantity = text.parse()?;
    let (number, suffix) = split(text);
    if is_kept(number, suffix) {
        return Ok(text.to_owned());
    }
    Ok(match style_of(suffix) {
        Style::Binary => binary(quantity.nanos).unwrap_or_else(|| decimal(quantity.nanos)),
        Style::Exponent => exponential(quantity.nanos),
        Style::Decimal => decimal(quantity.nanos),
    })
}

enum Style {
    Decimal,
    Binary,
    /// `1e3`.
    Exponent,
}

fn style_of(suffix: &str) -> Style {
    match suffix_of(suffix) {
        Some(Suffix::Binary(_)) => Style::Binary,
        // `E` alone is a suffix; with digits it is an exponent.
        _ if suffix.len() > 1 && suffix.starts_with(['e', 'E']) => Style::Exponent,
        _ => Style::Decimal,
    }
}

fn split(text: &str) -> (&str, &str) {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn is_kept(number: &str, suffix: &str) -> bool {
    let number = number.trim_start_matches(['+', '-']);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let significant = whole.trim_start_matches('0');
    let whole = if significant.is_empty() {
        "0"
    } else {
        significant
    };
    let digits = format!("{whole}{fraction}");
    let room = |digits: usize| digits < 18;
    let (scale, fits) = match suffix_of(suffix) {
        Some(Suffix::Decimal(exponent)) => (exponent - fraction.len() as i32, room(digits.len())),
        Some(Suffix::Binary(power)) => {
            let taken = digits.len() + (10 * power * 3 / 10) as usize + 1;
            (
                0,
                fraction.is_empty() && !number.contains('.') && taken <= 15,
            )
        }
        None => return false,
    };
    fits && scale >= -9 && scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0')
}

fn decimal(nanos: i128) -> String {
    let Canonical { digits, exponent } = digits(nanos);
    let suffix = match exponent {
        -9 => "n",
        -6 => "u",
        -3 => "m",
        0 => "",
        3 => "k",
        6 => "M",
        9 => "G",
        12 => "T",
        15 => "P",
        18 => "E",
        _ => return exponential(nanos),
    };
    format!("{digits}{suffix}")
}

fn exponential(nanos: i128) -> String {
    let Canonical { digits, exponent } = digits(nanos);
    match exponent {
        0 => digits.to_string(),
        exponent => format!("{digits}e{exponent}"),
    }
}

/// A whole number of at least 1024 with a binary suffix; `None` for others.
fn binary(nanos: i128) -> Option<String> {
    const SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if nanos % super::NANOS != 0 {
        return None;
    }
    let mut whole = nanos / super::NANOS;
    if whole.abs() < 1024 {
        return None;
    }
    let mut power = 0;
    while whole % 1024 == 0 && power + 1 < SUFFIXES.len() {
        whole /= 1024;
        power += 1;
    }
    Some(format!("{whole}{}", SUFFIXES[power]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_largest_suffix_that_loses_nothing() {
        let table = [
            ("4", "4"),
            ("0.5", "500m"),
            ("0.5Mi", "512Ki"),
            ("1000m", "1"),
            ("0.7E2", "70"),
            ("0.7e-2", "7e-3"),
            ("0.333", "333m"),
            ("16.164E2", "1616400e-3"),
            ("0.004Mi", "4194304m"),
            ("62.315n", "63n"),
            ("1E", "1E"),
            ("1000E", "1e21"),
            ("-0.05", "-50m"),
            ("0Ki", "0"),
        ];
        for (text, expected) in table {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_reads_as_canonical_is_kept() {
        for text in ["13.220", "1024Ki", "6.000040G", "41.919e3", "333000001n"] {
            assert_eq!(canonical(text).as_deref(), Ok(text));
        }
        assert!(canonical("ten").is_err());
    }

    #[test]
    fn the_double_is_digits_times_a_power_of_ten() {
        let table: [(&str, f64); 5] = [
            ("50m", 50.0 * 0.001),
            ("46.8", 46_800.0 * 0.001),
            ("62.315n", 63.0 * 1e-9),
            ("8Ei", 9_223_372_036_854_775_808.0),
            ("0", 0.0),
        ];
        for (text, expected) in table {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!(
                quantity.canonical_f64().to_bits(),
                expected.to_bits(),
                "{text}"
            );
        }
    }
}
