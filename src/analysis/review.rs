//! Whether the schedule that is in force still does what it was chosen for.
//!
//! A schedule rests on a forecast. Where the error of that grows, or the load does not recur any more, the
//! schedule is in [`Doubt`], and replays of the last days with and without it say what it is [worth](Worth).
//! Numbers of one day say nothing: what is doubted has been so for [`DAYS_IN_A_ROW`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forecast::{BackTest, Forecast, NoForecast};
use crate::schedule::{Losses, Plan};
use crate::sim::score::Shortfall;

/// A schedule is in doubt where it was so at the end of each of so many days, the last one today.
pub const DAYS_IN_A_ROW: usize = 3;

/// The days on which it is replayed with and without: all windows of a week come once.
pub const RECENT_DAYS: usize = 7;

/// What a loss may grow by before a schedule is in doubt, as a share: losses on days that were held back
/// exceed those of the back-test by a sixth in the mean of many loads (`docs/forecasts.md`).
const MARGIN: f64 = 0.25;

/// What was found of a schedule in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// What was looked at.
    pub windows: Plan,
    /// The error of the forecast that it was chosen with; `None` where that was not kept.
    pub chosen: Option<Losses>,
    /// The error of a forecast made now; `None` where there is none.
    pub now: Option<Losses>,
    pub doubt: Option<Doubt>,
    pub worth: Worth,
}

/// Why what a schedule was chosen for may be over.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// The error of its forecast has grown.
    Grown,
    NotBetter(Box<BackTest>),
    /// The load, or the batch in it, does not recur.
    NotPeriodic(NoForecast),
    /// On no day of the history it made a difference.
    NoDifference {
        days: usize,
    },
}

/// What replays of the last days say of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub enum Worth {
    /// Without it more load would have gone unserved.
    Pays {
        days: usize,
        lack: Lack,
        with: Shortfall,
        without: Shortfall,
    },
    /// It kept replicas that served nothing more.
    Idle { days: usize, replica_hours: f64 },
    /// What is known does not bear taking replicas away.
    Unknown { why: String },
}

/// What there is more of without a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Load that pods could not serve.
    Capacity,
    /// Pods that triggers called for.
    Pods,
    /// CPU that pods had requested.
    Requests,
}

/// How a schedule stands after a review, in a word.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Nothing speaks against its forecast.
    Steady,
    /// Its forecast is worse, and replays say that it pays all the same.
    Kept,
    /// Its forecast is worse, and it does not pay any more.
    Obsolete,
    /// Its forecast is worse, and too little is known to say what it is worth.
    Doubted,
}

impl Standing {
    pub const ALL: [Self; 4] = [Self::Steady, Self::Kept, Self::Obsolete, Self::Doubted];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Kept => "kept",
            Self::Obsolete => "obsolete",
            Self::Doubted => "doubted",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Review {
    pub fn standing(&self) -> Standing {
        match (&self.doubt, &self.worth) {
            (None, _) => Standing::Steady,
            (Some(_), Worth::Pays { .. }) => Standing::Kept,
            (Some(_), Worth::Idle { .. }) => Standing::Obsolete,
            (Some(_), Worth::Unknown { .. }) => Standing::Doubted,
        }
    }

    /// Whether replays say that it did nothing of late, doubted or not.
    pub fn is_idle(&self) -> bool {
        matches!(self.worth, Worth::Idle { .. })
    }

    /// Why it stands so, in one line.
    pub fn detail(&self) -> String {
        match &self.doubt {
            None => self.steady(),
            Some(doubt) => format!("{}; {}", self.doubted(doubt), self.worth),
        }
    }

    fn steady(&self) -> String {
        match (self.now, self.chosen) {
            (Some(now), Some(chosen)) => format!(
                "forecast as good as when it was chosen: pinball loss {now} of repeating the last day or \
                 week, {chosen} then"
            ),
            (Some(now), None) => {
                format!("forecast with pinball loss {now} of repeating the last day or week")
            }
            (None, _) => "nothing speaks against its forecast".to_owned(),
        }
    }

    fn doubted(&self, doubt: &Doubt) -> String {
        let days = DAYS_IN_A_ROW;
        match (doubt, self.now, self.chosen) {
            (Doubt::Grown, Some(now), Some(chosen)) => format!(
                "for {days} days its forecast has been worse than when it was chosen: pinball loss {now} \
                 of repeating the last day or week, {chosen} then"
            ),
            (Doubt::Grown, _, _) => {
                format!("for {days} days its forecast has been worse than when it was chosen")
            }
            (Doubt::NotBetter(backtest), _, _) => {
                format!("for {days} days its forecast has been no better than {backtest}")
            }
            (Doubt::NotPeriodic(why), _, _) => format!("for {days} days {why}"),
            (Doubt::NoDifference { days }, _, _) => {
                format!("on none of the {days} days of the history it made a difference")
            }
        }
    }
}

impl fmt::Display for Worth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pays {
                days,
                lack,
                with,
                without,
            } => write!(
                f,
                "it pays all the same: on the last {days} days {} {} without it, {} with it",
                lack.told(without),
                lack.words(),
                lack.told(with)
            ),
            Self::Idle {
                days,
                replica_hours,
            } => write!(
                f,
                "it does not pay any more: on the last {days} days it kept {replica_hours:.1} \
                 replica-hours that served nothing more"
            ),
            Self::Unknown { why } => write!(f, "what it is worth cannot be told: {why}"),
        }
    }
}

impl Lack {
    fn words(self) -> &'static str {
        match self {
            Self::Capacity => "of shortfall",
            Self::Pods => "without enough pods for its triggers",
            Self::Requests => "of use beyond what is requested",
        }
    }

    fn told(self, of: &Shortfall) -> String {
        let unit = match self {
            Self::Capacity | Self::Requests => "core",
            Self::Pods => "pod",
        };
        format!("{:.0} min ({:.1} {unit}-min)", of.minutes, of.core_minutes)
    }
}

/// What the forecast at the end of one day says against a schedule that was chosen with `chosen`. That
/// there is too little history for one says nothing.
pub(super) fn doubt(
    forecast: &Result<Forecast, NoForecast>,
    chosen: Option<Losses>,
) -> Option<Doubt> {
    match forecast {
        Ok(forecast) => {
            let chosen = chosen?;
            let backtest = &forecast.backtest;
            backtest
                .has_grown_from(chosen, MARGIN)
                .then_some(Doubt::Grown)
        }
        Err(NoForecast::NotBetter(backtest)) => Some(Doubt::NotBetter(backtest.clone())),
        Err(why @ (NoForecast::NotPeriodic { .. } | NoForecast::NoBatch)) => {
            Some(Doubt::NotPeriodic(why.clone()))
        }
        Err(
            NoForecast::UnknownZone(_)
            | NoForecast::TooCoarse { .. }
            | NoForecast::TooShort { .. }
            | NoForecast::Gaps { .. },
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::assessment::Days;

    fn losses(median: f64, high: f64) -> Losses {
        Losses::of_shares(median, high, 0.95)
    }

    #[test]
    fn what_cannot_be_told_is_no_doubt() {
        let days = Days(3.0);
        let cases = [
            (
                NoForecast::TooShort {
                    have: days,
                    need: days,
                },
                false,
            ),
            (
                NoForecast::Gaps {
                    known: 0.1,
                    need: 0.6,
                },
                false,
            ),
            (NoForecast::UnknownZone("Mars".to_owned()), false),
            (
                NoForecast::NotPeriodic {
                    strength: 0.1,
                    threshold: 0.3,
                },
                true,
            ),
            (NoForecast::NoBatch, true),
        ];
        for (why, expected) in cases {
            let found = doubt(&Err(why.clone()), None);
            assert_eq!(found.is_some(), expected, "{why}");
        }
    }

    fn review(doubt: Option<Doubt>, worth: Worth) -> Review {
        Review {
            windows: Plan::default(),
            chosen: Some(losses(0.8, 0.9)),
            now: Some(losses(1.1, 1.32)),
            doubt,
            worth,
        }
    }

    #[test]
    fn a_standing_says_what_doubt_and_replays_say_together() {
        let shortfall = |minutes| Shortfall {
            minutes,
            core_minutes: minutes / 4.0,
        };
        let pays = Worth::Pays {
            days: 7,
            lack: Lack::Capacity,
            with: shortfall(2.0),
            without: shortfall(120.0),
        };
        let idle = Worth::Idle {
            days: 7,
            replica_hours: 63.0,
        };
        let unknown = Worth::Unknown {
            why: "gaps".to_owned(),
        };
        let grown = || Some(Doubt::Grown);
        let cases = [
            (review(None, idle.clone()), Standing::Steady),
            (review(grown(), pays), Standing::Kept),
            (review(grown(), idle), Standing::Obsolete),
            (review(grown(), unknown), Standing::Doubted),
        ];
        for (review, expected) in &cases {
            assert_eq!(review.standing(), *expected, "{review:?}");
        }
        assert!(cases[0].0.is_idle());
        assert_eq!(
            cases[1].0.detail(),
            "for 3 days its forecast has been worse than when it was chosen: pinball loss 1.10 at the \
             median and 1.32 at the high quantile of repeating the last day or week, 0.80 at the median \
             and 0.90 at the high quantile then; it pays all the same: on the last 7 days 120 min (30.0 \
             core-min) of shortfall without it, 2 min (0.5 core-min) with it"
        );
        let told = cases[2].0.detail();
        assert!(
            told.ends_with("it kept 63.0 replica-hours that served nothing more"),
            "{told}"
        );
    }
}
