//! Doubles in thousandths, as KEDA makes quantities of them.

/// What is larger is held here, so that sums and products of thousandths have room; KEDA has no
/// limit, and nothing that is counted comes near.
const MOST: i128 = 10_i128.pow(33);

/// A value in whole thousandths: the nearest by its three decimals, and 0 for what is negative,
/// infinite or not a number.
///
/// Mirrors `quantityFromFloat64` (KEDA, `pkg/scalers/scaler.go`).
pub fn rounded(value: f64) -> i128 {
    if !value.is_finite() || value <= 0.0 {
        return 0;
    }
    nearest(value).unwrap_or_else(|| by_text(value))
}

/// The nearest whole number of thousandths, where the product cannot be off by so much that
/// another one is nearer.
fn nearest(value: f64) -> Option<i128> {
    // Below the limit, the product is off by less than half of this.
    const OFF: f64 = 1.0 / 8192.0;
    const LIMIT: f64 = (1_u64 << 40) as f64;
    let product = value * 1000.0;
    let is_certain = product < LIMIT && (product.fract() - 0.5).abs() > OFF;
    is_certain.then(|| product.round() as i128)
}

/// The decimal text rounds as Go's does, from the exact value and half to even.
fn by_text(value: f64) -> i128 {
    let digits = format!("{value:.3}").replace('.', "");
    digits.parse().unwrap_or(MOST).min(MOST)
}

/// A value in whole thousandths, cut towards zero; `None` where 64 bits do not hold it, of which
/// Go leaves to the processor what becomes.
pub fn cut(value: f64) -> Option<i64> {
    const LARGEST: f64 = 9.0e18;
    let product = value * 1000.0;
    (product.abs() <= LARGEST).then_some(product as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_rounded_and_never_negative() {
        let table = [
            (42.5, 42_500),
            (0.0005, 1),
            (0.0004, 0),
            // Below the half as a double, and a half once it is multiplied.
            (1.2345, 1_234),
            (2.0005, 2_001),
            (0.0625, 62),
            (-1.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, 0),
            (1e18, 1_000_000_000_000_000_000_000),
            (1e300, MOST),
        ];
        for (value, expected) in table {
            assert_eq!(rounded(value), expected, "{value}");
        }
    }

    #[test]
    fn targets_are_cut_towards_zero() {
        let table = [
            (2.5, Some(2_500)),
            (0.0625, Some(62)),
            (0.0009, Some(0)),
            (-1.9999, Some(-1_999)),
            (1e300, None),
            (f64::NAN, None),
            (f64::NEG_INFINITY, None),
        ];
        for (value, expected) in table {
            assert_eq!(cut(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn thousandths_stay_within_a_quantity(value: f64) {
            prop_assert!((0..=MOST).contains(&rounded(value)));
        }

        #[test]
        fn the_short_way_rounds_as_the_text_does(
            thousandths in 0..1_u64 << 42,
            half in prop::bool::ANY,
            steps in -2..3_i64,
        ) {
            let value = (thousandths as f64 + if half { 0.5 } else { 0.0 }) / 1000.0;
            let value = f64::from_bits(value.to_bits().saturating_add_signed(steps));
            prop_assume!(value.is_finite() && value > 0.0);
            prop_assert_eq!(rounded(value), by_text(value), "{}", value);
        }
    }
}
