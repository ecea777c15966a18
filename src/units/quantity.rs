//! Kubernetes resource quantities: `250m`, `1.5Gi`, `1e3`.

mod canonical;

use std::fmt;
use std::str::FromStr;

use canonical::Canonical;
pub use canonical::canonical;

/// An amount as Kubernetes writes it, exact to 10⁻⁹ of the unit (cores, bytes).
///
/// Finer amounts are rounded away from zero on reading, as the API machinery does
/// (`k8s.io/apimachinery/pkg/api/resource`, v1.36).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    nanos: i128,
}

const NANOS: i128 = 1_000_000_000;

/// 10^-9, 10^-6 and so on, as far as 128 bits of nanos reach.
const POWERS: [f64; 14] = [
    1e-9, 1e-6, 1e-3, 1e0, 1e3, 1e6, 1e9, 1e12, 1e15, 1e18, 1e21, 1e24, 1e27, 1e30,
];

impl Quantity {
    /// The amount in cores or bytes, as the nearest double.
    pub fn as_f64(self) -> f64 {
        // Splitting keeps whole units exact up to 2^53 where one division would round twice.
        (self.nanos / NANOS) as f64 + (self.nanos % NANOS) as f64 / NANOS as f64
    }

    /// The double that Kubernetes makes of the amount: the digits of its canonical form times a
    /// power of ten, which may be a neighbor of the nearest double (`AsApproximateFloat64` of
    /// the API machinery, v1.36).
    pub fn canonical_f64(self) -> f64 {
        let Canonical { digits, exponent } = canonical::digits(self.nanos);
        digits as f64 * POWERS[(exponent + 9) as usize / 3]
    }

    /// The amount in thousandths, rounded away from zero: `MilliValue` of the API machinery.
    pub fn milli_value(self) -> i128 {
        let (whole, rest) = (self.nanos / 1_000_000, self.nanos % 1_000_000);
        whole + rest.signum()
    }
}

impl std::ops::Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
        }
    }
}

/// The text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a quantity such as 250m, 1.5 or 512Mi")]
pub struct QuantityError {
    text: String,
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| QuantityError {
            text: text.to_owned(),
        })
    }
}

fn parse(text: &str) -> Option<Quantity> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = unsigned
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = i32::try_from(fraction.len()).ok()?;
    let nanos = match suffix_of(suffix)? {
        Suffix::Decimal(exponent) => scaled(digits, exponent - scale + 9)?,
        Suffix::Binary(power) => {
            let shifted = digits.checked_mul(1_i128.checked_shl(10 * power)?)?;
            scaled(shifted, 9 - scale)?
        }
    };
    Some(Quantity {
        nanos: if negative { -nanos } else { nanos },
    })
}

enum Suffix {
    /// A power of ten.
    Decimal(i32),
    /// A power of 1024.
    Binary(u32),
}

fn suffix_of(suffix: &str) -> Option<Suffix> {
    Some(match suffix {
        "n" => Suffix::Decimal(-9),
        "u" => Suffix::Decimal(-6),
        "m" => Suffix::Decimal(-3),
        "" => Suffix::Decimal(0),
        "k" => Suffix::Decimal(3),
        "M" => Suffix::Decimal(6),
        "G" => Suffix::Decimal(9),
        "T" => Suffix::Decimal(12),
        "P" => Suffix::Decimal(15),
        "E" => Suffix::Decimal(18),
        "Ki" => Suffix::Binary(1),
        "Mi" => Suffix::Binary(2),
        "Gi" => Suffix::Binary(3),
        "Ti" => Suffix::Binary(4),
        "Pi" => Suffix::Binary(5),
        "Ei" => Suffix::Binary(6),
        _ => Suffix::Decimal(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

/// `digits` × 10^`exponent`, rounded up: the sign is applied later, so this is away from zero.
fn scaled(digits: i128, exponent: i32) -> Option<i128> {
    if digits == 0 {
        return Some(0);
    }
    if exponent >= 0 {
        return digits.checked_mul(10_i128.checked_pow(exponent.unsigned_abs())?);
    }
    match 10_i128.checked_pow(exponent.unsigned_abs()) {
        Some(divisor) => Some(digits / divisor + i128::from(digits % divisor != 0)),
        None => Some(1),
    }
}

impl fmt::Display for Quantity {
    /// In plain units with as many decimals as needed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let (whole, rest) = (self.nanos.abs() / NANOS, self.nanos.abs() % NANOS);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{rest:09}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> f64 {
        text.parse::<Quantity>().map(Quantity::as_f64).unwrap()
    }

    #[test]
    fn reads_every_suffix() {
        let table = [
            ("0", 0.0),
            ("250m", 0.25),
            (".5", 0.5),
            ("5.", 5.0),
            ("+2", 2.0),
            ("-1.5k", -1500.0),
            ("333000001n", 0.333_000_001),
            ("12u", 0.000_012),
            ("1.5Gi", 1_610_612_736.0),
            ("1E", 1e18),
            ("1Ei", 1_152_921_504_606_846_976.0),
            ("1e3", 1000.0),
            ("1E-3", 0.001),
        ];
        for (text, expected) in table {
            assert_eq!(amount(text), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_the_api_refuses() {
        for text in [
            "", "m", ".", "1.2.3", "1 Gi", "1mi", "1e", "ten", "--1", "1KiB",
        ] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn rounds_away_from_zero_below_a_billionth_and_to_thousandths() {
        assert_eq!("0.0000000001".parse::<Quantity>().unwrap().nanos, 1);
        assert_eq!("-1e-30".parse::<Quantity>().unwrap().nanos, -1);
        assert_eq!("333000001n".parse::<Quantity>().unwrap().milli_value(), 334);
        assert_eq!("-0.0001".parse::<Quantity>().unwrap().milli_value(), -1);
    }

    #[test]
    fn prints_plain_units() {
        assert_eq!("250m".parse::<Quantity>().unwrap().to_string(), "0.25");
        assert_eq!("2Ki".parse::<Quantity>().unwrap().to_string(), "2048");
        assert_eq!("-0".parse::<Quantity>().unwrap().to_string(), "0");
    }

    #[test]
    fn enormous_numbers_are_an_error_and_not_a_panic() {
        let digits = "9".repeat(60);
        assert!(digits.parse::<Quantity>().is_err());
        assert!("1e2000000000".parse::<Quantity>().is_err());
        assert_eq!("1e-2000000000".parse::<Quantity>().unwrap().nanos, 1);
    }
}
