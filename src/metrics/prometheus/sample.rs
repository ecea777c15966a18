//! One raw sample as Prometheus stores it.

/// A value at a time in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub at_ms: i64,
    pub value: f64,
}

/// The NaN that Prometheus writes where a series ends (`model/value/value.go`, v2.42 and v3.x).
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// Whether `value` is the staleness marker, and not some other NaN.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_nan_is_the_staleness_marker() {
        assert!(is_stale(f64::from_bits(STALE_NAN_BITS)));
        assert!(!is_stale(f64::NAN));
        assert!(!is_stale(0.0));
    }
}
