//! Chance, where it keeps many processes from doing the same at the same moment.

/// A number from 0 to 1; `None` where the system has no randomness to give.
pub(crate) fn fraction() -> Option<f64> {
    let random = getrandom::u32().ok()?;
    Some(f64::from(random) / f64::from(u32::MAX))
}
