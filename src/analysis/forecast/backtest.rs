//! What would have been foretold on the days of the history, and how far off it would have been.
//!
//! Walk-forward: at the end of each day a forecast of the days after it is made from what was known by
//! then, and quantiles of its errors from the forecasts before. Repeating the last day and the last week
//! goes the same way.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::Expected;
use super::bins::Bins;
use super::models::{Learned, quantile};

/// How many times at most a forecast is repeated.
const MOST_FOLDS: usize = 28;
/// Days that are learned from before the first time, where there are as many again.
const FIRST_DAYS: usize = 3;
/// Days of errors that the quantiles of a fold need.
const ERROR_DAYS: usize = 2;
/// Days before the first forecast that is scored, where three more are left: a week can be repeated then.
const UNSCORED_DAYS: usize = 7;
/// Errors that a quantile is made of are to be as many as this.
const ENOUGH_ERRORS: usize = 80;
/// A loss of less than this share of the load is none.
const NONE: f64 = 1e-3;

/// The errors of a forecast beside those of repeating the last day or week.
///
/// The pinball loss at a quantile *q* of a value *y* where *f* was foretold is *q* (*y* − *f*) if the value
/// is higher and (1 − *q*) (*f* − *y*) if it is lower. Losses are means over bins, in the unit of the load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackTest {
    /// How many forecasts were held against what came.
    pub folds: usize,
    /// Bins that were foretold and known, those of overlapping forecasts each time.
    pub bins: usize,
    pub pinball_median: f64,
    pub pinball_high: f64,
    /// Of repeating the last day or the last week, whichever was better at the quantile.
    pub naive_median: f64,
    pub naive_high: f64,
    /// The share of the values that were no higher than the high quantile foretold; the quantile itself
    /// is best.
    pub coverage: f64,
    /// The mean of these values.
    pub level: f64,
}

impl BackTest {
    /// Whether it would have been better than repeating the last day or week: no worse at both quantiles
    /// and better at one, or without any error to speak of.
    pub fn beats_naive(&self) -> bool {
        let none = NONE * self.level;
        let is_better = |ours: f64, naive: f64| ours < naive || ours <= none;
        self.bins > 0
            && is_better(self.pinball_median, self.naive_median)
            && is_better(self.pinball_high, self.naive_high)
    }
}

impl fmt::Display for BackTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |ours: f64, naive: f64| if naive > 0.0 { ours / naive } else { 1.0 };
        write!(
            f,
            "repeating the last day or week: error at the median {:.2} times, at the high quantile {:.2} times theirs",
            times(self.pinball_median, self.naive_median),
            times(self.pinball_high, self.naive_high)
        )
    }
}

/// What came of it, and the week that follows.
pub(super) struct Tried {
    pub(super) backtest: BackTest,
    pub(super) week: Vec<Expected>,
    pub(super) odd_days: usize,
}

/// A way to forecast: the day after each origin, as it foretold it.
#[derive(Default)]
struct Way {
    points: Vec<Vec<f64>>,
}

pub(super) fn run(bins: &Bins, q: f64) -> Tried {
    let origins = origins(bins);
    let mut ways: [Way; 3] = Default::default();
    for origin in &origins {
        let learned = Learned::before(bins, *origin);
        let day = learned.repeated(bins.per_day, bins.per_day);
        let week = learned.repeated(bins.per_week(), bins.per_day);
        ways[0].points.push(learned.expected(bins.per_day));
        // A week cannot be repeated before there was one.
        ways[2]
            .points
            .push(week.or_else(|| day.clone()).unwrap_or_default());
        ways[1].points.push(day.unwrap_or_default());
    }
    let [ours, day, week] = ways.each_mut().map(|it| score(bins, &origins, it, q));
    let backtest = BackTest {
        folds: ours.folds,
        bins: ours.bins,
        pinball_median: ours.mean(ours.losses[0]),
        pinball_high: ours.mean(ours.losses[1]),
        naive_median: ours.mean(day.losses[0].min(week.losses[0])),
        naive_high: ours.mean(day.losses[1].min(week.losses[1])),
        coverage: ours.mean(ours.covered as f64),
        level: ours.mean(ours.sum),
    };
    let learned = Learned::before(bins, bins.len());
    let quantiles = Errors::before(bins, &origins, &ways[0], bins.len()).quantiles(q);
    Tried {
        backtest,
        week: coming(bins, &learned, &quantiles),
        odd_days: learned.odd_days,
    }
}

/// The week after the last bin, Monday first.
fn coming(bins: &Bins, learned: &Learned, quantiles: &Quantiles) -> Vec<Expected> {
    let points = learned.expected(bins.per_week());
    let mut week = vec![Expected::default(); bins.per_week()];
    for (at, point) in points.into_iter().enumerate() {
        let place = bins.of_week(bins.len() + at);
        week[place] = quantiles.around(point, place % bins.per_day);
    }
    week
}

/// The ends of what is learned from: a day apart, the last a day before the end.
fn origins(bins: &Bins) -> Vec<usize> {
    let days = bins.len() / bins.per_day;
    let first = FIRST_DAYS.min(days / 2);
    let folds = days.saturating_sub(first).min(MOST_FOLDS);
    (1..=folds)
        .rev()
        .map(|back| bins.len() - back * bins.per_day)
        .collect()
}

/// How many of the first forecasts only tell errors.
fn unscored(bins: &Bins, origins: &[usize]) -> usize {
    let days = bins.len() / bins.per_day;
    let is_early = |it: &&usize| **it < UNSCORED_DAYS * bins.per_day;
    let early = match days >= UNSCORED_DAYS + 3 {
        true => origins.iter().take_while(is_early).count(),
        false => 0,
    };
    early.max(ERROR_DAYS)
}

/// What came of one way.
#[derive(Clone, Copy, Default)]
struct Score {
    folds: usize,
    bins: usize,
    sum: f64,
    /// At the median and at the high quantile.
    losses: [f64; 2],
    covered: usize,
}

impl Score {
    fn mean(&self, sum: f64) -> f64 {
        sum / self.bins.max(1) as f64
    }

    fn add(&mut self, value: f64, expected: Expected, q: f64) {
        self.bins += 1;
        self.sum += value;
        self.losses[0] += pinball(0.5, value, expected.median);
        self.losses[1] += pinball(q, value, expected.high);
        self.covered += usize::from(value <= expected.high);
    }
}

fn score(bins: &Bins, origins: &[usize], way: &Way, q: f64) -> Score {
    let mut score = Score::default();
    for (fold, origin) in origins.iter().enumerate().skip(unscored(bins, origins)) {
        let quantiles = Errors::before(bins, &origins[..fold], way, *origin).quantiles(q);
        let values = bins.values[*origin..].iter().zip(&way.points[fold]);
        let known = values.enumerate().filter(|(_, (value, _))| !value.is_nan());
        let before = score.bins;
        for (at, (value, point)) in known {
            let time = bins.of_week(origin + at) % bins.per_day;
            score.add(*value, quantiles.around(*point, time), q);
        }
        score.folds += usize::from(score.bins > before);
    }
    score
}

fn pinball(q: f64, value: f64, foretold: f64) -> f64 {
    if value >= foretold {
        q * (value - foretold)
    } else {
        (1.0 - q) * (foretold - value)
    }
}

/// What came less what was foretold, by the time of the day, the latest last.
struct Errors(Vec<Vec<f64>>);

impl Errors {
    /// Of what was known at `now`.
    fn before(bins: &Bins, origins: &[usize], way: &Way, now: usize) -> Self {
        let mut errors = vec![vec![]; bins.per_day];
        for (origin, points) in origins.iter().zip(&way.points) {
            let values = &bins.values[*origin..now];
            for (at, (value, point)) in values.iter().zip(points).enumerate() {
                if !value.is_nan() {
                    errors[bins.of_week(origin + at) % bins.per_day].push(value - point);
                }
            }
        }
        Self(errors)
    }

    /// At each time of the day, with the bin before and after.
    fn quantiles(&self, q: f64) -> Quantiles {
        let per_day = self.0.len();
        let mut near = vec![];
        let at = |time: usize| {
            near.clear();
            near.extend_from_slice(&self.0[time]);
            // With the times before and after, and more of them as long as errors are few.
            for away in 1..=per_day / 2 {
                if away > 1 && near.len() >= ENOUGH_ERRORS {
                    break;
                }
                near.extend_from_slice(&self.0[(time + per_day - away) % per_day]);
                near.extend_from_slice(&self.0[(time + away) % per_day]);
            }
            let middle = quantile(&mut near, 0.5).unwrap_or(0.0);
            let high = quantile(&mut near, q).unwrap_or(0.0);
            (middle, high)
        };
        Quantiles((0..per_day).map(at).collect())
    }
}

/// Quantiles of the errors at each time of the day.
struct Quantiles(Vec<(f64, f64)>);

impl Quantiles {
    fn around(&self, point: f64, time: usize) -> Expected {
        let (middle, high) = self.0[time];
        let median = (point + middle).max(0.0);
        Expected {
            median,
            high: (point + high).max(median),
        }
    }
}
