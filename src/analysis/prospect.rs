//! What is expected of the coming week, and why there is no schedule for it.

use std::fmt;

use super::forecast::{Forecast, NoForecast};
use crate::sim::score::Totals;

/// What was foretold of a load from the days on which settings were chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    pub forecast: Result<Box<Forecast>, NoForecast>,
    pub schedule: Chosen,
}

/// What became of the search for a schedule.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// It is proposed.
    Proposed {
        /// What the proposed settings would have done to the window without it.
        without: Box<Totals>,
    },
    /// There is no forecast that could tell when.
    NoForecast,
    /// No window would have served more, or the same for less.
    NotNeeded,
    /// What was best on the training days is not on those held back.
    Refuted(String),
}

impl Prospect {
    /// Why no schedule is proposed; `None` where one is.
    pub fn why_none(&self) -> Option<String> {
        match (&self.schedule, &self.forecast) {
            (Chosen::Proposed { .. }, _) => None,
            (Chosen::NotNeeded, _) => Some(
                "no window before an expected peak would have been worth it: each saves too little, or serves \
                 too little more"
                    .to_owned(),
            ),
            (Chosen::Refuted(why), _) => Some(why.clone()),
            (Chosen::NoForecast, Err(why)) => Some(why.to_string()),
            (Chosen::NoForecast, Ok(_)) => None,
        }
    }
}

/// How good a forecast was on the days of the history, in a few words.
pub struct Tested<'a>(pub &'a Forecast);

impl fmt::Display for Tested<'_> {
    /// `forecast by the clock of Europe/Berlin: pinball loss 0.91 at the median and 0.82 at the 95%
    /// quantile of repeating the last day or week, 94% within it`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tested = &self.0.backtest;
        let high = share(tested.pinball_high, tested.naive_high);
        let median = share(tested.pinball_median, tested.naive_median);
        write!(
            f,
            "forecast by the clock of {}: pinball loss {median:.2} at the median and {high:.2} at the {:.0}% quantile of repeating the \
             last day or week, {:.0}% within it",
            self.0.zone,
            self.0.quantile * 100.0,
            tested.coverage * 100.0
        )
    }
}

/// 1 where there is nothing to compare with.
fn share(ours: f64, naive: f64) -> f64 {
    if naive > 0.0 { ours / naive } else { 1.0 }
}
