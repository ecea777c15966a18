//! What a load will be like in the coming week, by the wall clock, and how well that was foretold before.
//!
//! Start at [`forecast`]. A history becomes means by the wall clock ([`bins`], in a zone that is given
//! or inferred: [`zone`]); whether it recurs is told by [`season`]; five simple forecasts and their
//! median are in [`models`], and [`backtest`] repeats what would have been foretold on the days of
//! the history. What happens within the hour has a forecast of its own: [`batch()`].
//! `docs/forecasts.md` has the formulas.
//!
//! Not here: what a forecast is used for. It knows no replicas and no autoscaler.

mod backtest;
mod batch;
mod bins;
mod holt;
mod level;
mod models;
mod month;
mod odd;
mod rest;
mod season;
mod settings;
mod zone;

pub use backtest::BackTest;
pub use models::Way;
pub use month::MonthEnd;
pub use rest::RestDays;
pub use season::{Period, Season};
pub use settings::Forecasting;

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};
use schemars::JsonSchema;
use serde::Serialize;

use super::assessment::Days;
use crate::series::Series;
use bins::Bins;

/// Days without which nothing can be tried: two to fit on, and three to see how that went.
pub const LEAST_DAYS: u32 = 5;
/// The share of the bins that have to be known.
const KNOWN: f64 = 0.6;
const HOUR_MINUTES: u32 = 60;
/// So much less than a day is a day: sources cut the first sample or two.
const SLACK_DAYS: f64 = 0.5;

/// What a forecast is made from.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Any load that is never negative, with gaps, in steps that are not longer than a bin.
    pub series: &'a Series,
    /// The zone of the IANA database whose clock the load goes by; inferred where `None`.
    pub zone: Option<&'a str>,
    /// A divisor of the 1,440 minutes of a day, at most 360.
    pub bin_minutes: u32,
    /// What `Expected::high` is not exceeded in, as a share of the time; above 0.5, below 1.
    pub quantile: f64,
    /// No forecast of less history than this; [`LEAST_DAYS`] where it is fewer.
    pub min_history_days: u32,
    /// Autocorrelation at one period and at two, from which a load counts as recurring.
    pub threshold: f64,
}

/// A week as it is expected to be.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// A zone of the IANA database, `UTC` where nothing says more.
    pub zone: String,
    pub zone_is_inferred: bool,
    pub bin_minutes: u32,
    pub season: Season,
    /// The way that foretold best: the median of all unless another was clearly better.
    pub way: Way,
    /// The share of the time within which `Expected::high` is expected to hold.
    pub quantile: f64,
    /// The means of the bins of a local week, Monday 00:00 first: `7 * 1440 / bin_minutes`, in the
    /// unit of the load.
    #[serde(skip)]
    pub week: Vec<Expected>,
    pub backtest: BackTest,
    /// Days of the week that are unlike the others.
    pub rest_days: RestDays,
    /// Minutes after the full hour at which a batch begins that comes every hour, or in the same hours of
    /// each day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_end: Option<MonthEnd>,
    /// Days of the history that were unlike their weekday, and that no forecast learned from.
    pub odd_days: usize,
}

/// What comes at the same minutes of some hours, with a forecast of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Minutes after the full hour at which it begins, and how many it lasts; multiples of five.
    pub minute: u32,
    pub minutes: u32,
    /// Whether it comes in an hour of the local week, Monday 00:00 first, by when it begins.
    pub comes: Vec<bool>,
    /// Of its highest five minutes, in bins of an hour; of no meaning where it does not come.
    pub forecast: Forecast,
}

/// One bin of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Expected {
    pub median: f64,
    /// At the quantile that was asked for; never below the median.
    pub high: f64,
}

impl Forecast {
    /// The place in `week` of a time of the wall clock.
    pub fn index_of(&self, weekday: Weekday, time: Time) -> usize {
        let day = weekday.to_monday_zero_offset() as usize;
        let minute = time.hour() as usize * 60 + time.minute() as usize;
        (day * 1440 + minute) / self.bin_minutes as usize
    }

    /// What is expected at a time of the wall clock of [`zone`](Self::zone); on the last day of a month
    /// more, where the last days of months have shown it.
    pub fn at(&self, local: DateTime) -> Expected {
        let of_week = self.week[self.index_of(local.weekday(), local.time())];
        match self.month_end.filter(|_| month::ends_month(local.date())) {
            Some(end) => Expected {
                median: of_week.median * end.times,
                high: of_week.high * end.highest,
            },
            None => of_week,
        }
    }
}

/// Why there is no forecast.
#[derive(Clone, Debug, PartialEq)]
pub enum NoForecast {
    UnknownZone(String),
    /// The samples are further apart than the bins are long.
    TooCoarse {
        step_seconds: u32,
        bin_minutes: u32,
    },
    TooShort {
        have: Days,
        need: Days,
    },
    /// Shares of the bins.
    Gaps {
        known: f64,
        need: f64,
    },
    /// The greater of the autocorrelations by day and by week, each the lesser of that at one period
    /// and that at two.
    NotPeriodic {
        strength: f64,
        threshold: f64,
    },
    /// Nothing stands out at the same minutes of hours, which windows of every hour rest on.
    NoBatch,
    /// Repeating the last day or the last week would have been as good.
    NotBetter(Box<BackTest>),
}

impl fmt::Display for NoForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone(zone) => write!(f, "no time zone is called {zone:?}"),
            Self::TooCoarse {
                step_seconds,
                bin_minutes,
            } => write!(
                f,
                "samples are {step_seconds} s apart, which is more than bins of {bin_minutes} min"
            ),
            Self::TooShort { have, need } => {
                write!(f, "{have} days of history, {need} are needed")
            }
            Self::Gaps { known, need } => write!(
                f,
                "{:.0}% of the history is known, {:.0}% is needed",
                known * 100.0,
                need * 100.0
            ),
            Self::NotPeriodic {
                strength,
                threshold,
            } => write!(
                f,
                "the load recurs neither by day nor by week: autocorrelation {strength:.2}, {threshold:.2} is needed"
            ),
            Self::NoBatch => f.write_str("no batch comes at the same minutes of the hour"),
            Self::NotBetter(backtest) => write!(f, "no better than {backtest}"),
        }
    }
}

/// The week that the history of a load lets expect.
///
/// # Errors
/// The history is too short or too full of gaps, the load does not recur, or the last day or week
/// repeated would have been as good a forecast.
pub fn forecast(asked: &Asked<'_>) -> Result<Forecast, NoForecast> {
    let (zone, bins) = binned(asked)?;
    check(asked, &bins)?;
    let season = Season::of(&bins, asked.threshold)?;
    let tried = better(&bins, asked.quantile)?;
    Ok(Forecast {
        bin_minutes: asked.bin_minutes,
        batch_minute: found(asked, &zone, tried.rest_days).map(|it| it.minute),
        month_end: MonthEnd::of(&bins, tried.rest_days, asked.quantile),
        ..told(asked, zone, season, tried)
    })
}

/// The batch that a load has within the hour, and what it comes to; `None` where there is none, where the
/// history tells too little of it, and where repeating the last day or week would have been as good a
/// forecast. The load need not recur by day or by week.
pub fn batch(asked: &Asked<'_>) -> Option<Batch> {
    let (zone, bins) = binned(asked).ok()?;
    check(asked, &bins).ok()?;
    let rest = RestDays::of(&bins.local_days(0..bins.len()));
    let found = found(asked, &zone, rest)?;
    let season = Season {
        period: Period::Hour,
        strength: found.share,
    };
    let tried = better(&found.peaks, asked.quantile).ok()?;
    let forecast = Forecast {
        batch_minute: Some(found.minute),
        ..told(asked, zone, season, tried)
    };
    Some(Batch {
        minute: found.minute,
        minutes: found.minutes,
        comes: found.comes,
        forecast,
    })
}

/// A batch; it takes samples of five minutes or finer ones.
fn found(asked: &Asked<'_>, zone: &zone::Zone, rest: RestDays) -> Option<batch::Found> {
    let is_fine = asked.series.grid().step().seconds() <= batch::PART * 60;
    let bins = is_fine.then(|| Bins::of(asked.series, zone, batch::PART))?;
    batch::Found::of(&bins, rest)
}

/// What was tried, where it is better than repeating the past.
fn better(bins: &Bins, quantile: f64) -> Result<backtest::Tried, NoForecast> {
    let tried = backtest::run(bins, quantile);
    match tried.backtest.beats_naive() {
        true => Ok(tried),
        false => Err(NoForecast::NotBetter(Box::new(tried.backtest))),
    }
}

/// A forecast in bins of an hour of which nothing more is known.
fn told(asked: &Asked<'_>, zone: zone::Zone, season: Season, tried: backtest::Tried) -> Forecast {
    Forecast {
        zone: zone.name,
        zone_is_inferred: asked.zone.is_none(),
        bin_minutes: HOUR_MINUTES,
        season,
        way: tried.way,
        quantile: asked.quantile,
        week: tried.week,
        backtest: tried.backtest,
        rest_days: tried.rest_days,
        batch_minute: None,
        month_end: None,
        odd_days: tried.odd_days,
    }
}

/// That a load recurs, and by which clock.
#[derive(Clone, Debug)]
pub struct Recurrence {
    pub season: Season,
    zone: zone::Zone,
}

impl Recurrence {
    pub fn zone(&self) -> &str {
        &self.zone.name
    }

    /// What the wall clock shows.
    pub fn local(&self, time: Timestamp) -> DateTime {
        self.zone.local(time)
    }
}

/// Whether a load recurs, without a forecast: that costs a hundredth of one.
///
/// # Errors
/// The history is too short or too full of gaps, or the load does not recur.
pub fn recurrence(asked: &Asked<'_>) -> Result<Recurrence, NoForecast> {
    let (zone, bins) = binned(asked)?;
    check(asked, &bins)?;
    let season = Season::of(&bins, asked.threshold)?;
    Ok(Recurrence { season, zone })
}

fn binned(asked: &Asked<'_>) -> Result<(zone::Zone, Bins), NoForecast> {
    let step_seconds = asked.series.grid().step().seconds();
    if step_seconds > asked.bin_minutes * 60 {
        return Err(NoForecast::TooCoarse {
            step_seconds,
            bin_minutes: asked.bin_minutes,
        });
    }
    let zone = match asked.zone {
        Some(name) => {
            zone::Zone::named(name).ok_or_else(|| NoForecast::UnknownZone(name.to_owned()))?
        }
        None => zone::infer(asked.series, asked.bin_minutes),
    };
    let bins = Bins::of(asked.series, &zone, asked.bin_minutes);
    Ok((zone, bins))
}

fn check(asked: &Asked<'_>, bins: &Bins) -> Result<(), NoForecast> {
    let need = f64::from(asked.min_history_days.max(LEAST_DAYS));
    let have = bins.days();
    if have + SLACK_DAYS < need {
        return Err(NoForecast::TooShort {
            have: Days(have),
            need: Days(need),
        });
    }
    let known = bins.known_share();
    if known < KNOWN {
        return Err(NoForecast::Gaps { known, need: KNOWN });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
