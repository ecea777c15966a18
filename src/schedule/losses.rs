//! How good the forecast was that windows were chosen with.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The error of a forecast on days that it did not know, by that of repeating the last day or the last
/// week, whichever was better. Whole percent, so that it is the same however it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Losses {
    /// Pinball loss at the median, in percent of theirs: below 100 is better.
    pub median_percent: u32,
    /// The same at the high quantile.
    pub high_percent: u32,
    /// The share of the loads that were no higher than the high quantile foretold, in percent.
    pub covered_percent: u32,
}

impl Losses {
    /// From shares, 1 for as good as repeating. What cannot be compared counts as equal.
    pub fn of_shares(median: f64, high: f64, covered: f64) -> Self {
        Self {
            median_percent: percent(median),
            high_percent: percent(high),
            covered_percent: percent(covered),
        }
    }
}

impl fmt::Display for Losses {
    /// `0.82 at the median and 0.91 at the high quantile`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |it: u32| f64::from(it) / 100.0;
        let (median, high) = (share(self.median_percent), share(self.high_percent));
        write!(
            f,
            "{median:.2} at the median and {high:.2} at the high quantile"
        )
    }
}

/// Beyond a hundred times as much nothing more is told.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole and within bounds"
)]
fn percent(share: f64) -> u32 {
    const MOST: f64 = 10_000.0;
    let percent = (share * 100.0).round();
    match percent.is_finite() {
        true => percent.clamp(0.0, MOST) as u32,
        false => 100,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_in_whole_percent() {
        let losses = Losses::of_shares(0.824, f64::NAN, 0.9449);
        let expected = Losses {
            median_percent: 82,
            high_percent: 100,
            covered_percent: 94,
        };
        assert_eq!(losses, expected);
        assert_eq!(
            losses.to_string(),
            "0.82 at the median and 1.00 at the high quantile"
        );
        let far = Losses::of_shares(1e9, -1.0, 1.0);
        assert_eq!((far.median_percent, far.high_percent), (10_000, 0));
    }
}
