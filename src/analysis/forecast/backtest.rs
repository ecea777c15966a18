//! What would have been foretold on the days of the history, and how far off it would have been.
//!
//! Walk-forward: at the end of each day a forecast of the days after it is made from what was known by
//! then, and quantiles of its errors from the forecasts before. Repeating the last day and the last week
//! goes the same way.

use std::fmt;
use std::iter::Sum;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::Expected;
use super::bins::Bins;
use super::models::{Learned, Way, quantile};
use super::rest::RestDays;
use crate::schedule::Losses;

/// How many times at most a forecast is repeated.
const MOST_FOLDS: usize = 28;
/// Days that are learned from before the first time, where there are as many again.
const FIRST_DAYS: usize = 3;
/// Days of errors that the quantiles of a fold need.
const ERROR_DAYS: usize = 2;
/// Days before the first forecast that is scored, where three more are left: a week can be repeated then.
const UNSCORED_DAYS: usize = 7;
/// The latest days whose errors count: older ones were of another level.
const LATEST_DAYS: usize = 21;
/// Errors that a quantile is made of are to be as many as this.
const ENOUGH_ERRORS: usize = 80;
/// A way is chosen in place of the median where it lost at most this share of it.
const BETTER: f64 = 0.9;
/// A loss at the high quantile is smaller by its nature, and counts so many times.
const WEIGHT: f64 = 4.0;
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
        let is_better = |ours: f64, naive: f64| ours < naive || self.is_none(ours);
        self.bins > 0
            && is_better(self.pinball_median, self.naive_median)
            && is_better(self.pinball_high, self.naive_high)
    }

    /// Whether an error is none to speak of.
    fn is_none(&self, error: f64) -> bool {
        error <= NONE * self.level
    }

    /// The same by the errors of repeating. An error that is none to speak of is never more than theirs.
    pub fn losses(&self) -> Losses {
        let share = |ours: f64, naive: f64| match self.is_none(ours) {
            true => times(ours, naive).min(1.0),
            false => times(ours, naive),
        };
        Losses::of_shares(
            share(self.pinball_median, self.naive_median),
            share(self.pinball_high, self.naive_high),
            self.coverage,
        )
    }

    /// Whether it is by more than `margin`, a share, worse than `before` was, at the median or at the high
    /// quantile. That of repeating may change as well: an error that is none to speak of is not worse.
    pub fn has_grown_from(&self, before: Losses, margin: f64) -> bool {
        let now = self.losses();
        let grew = |now: u32, then: u32, error: f64| {
            f64::from(now) > f64::from(then) * (1.0 + margin) && !self.is_none(error)
        };
        grew(
            now.median_percent,
            before.median_percent,
            self.pinball_median,
        ) || grew(now.high_percent, before.high_percent, self.pinball_high)
    }
}

/// 1 where there is nothing to compare with.
fn times(ours: f64, naive: f64) -> f64 {
    if naive > 0.0 { ours / naive } else { 1.0 }
}

impl fmt::Display for BackTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    pub(super) way: Way,
    pub(super) week: Vec<Expected>,
    pub(super) rest_days: RestDays,
    pub(super) odd_days: usize,
}

pub(super) fn run(bins: &Bins, q: f64) -> Tried {
    let origins = origins(bins);
    let mut tracks: Vec<Track> = Way::ALL.map(Track::of).into();
    for origin in &origins {
        let foretold = Learned::before(bins, *origin).foretold(bins.per_day);
        for (track, points) in tracks.iter_mut().zip(foretold) {
            track.points.push(points);
        }
    }
    for track in &mut tracks {
        track.score(bins, &origins, q);
    }
    let first = unscored(bins, &origins);
    let chosen = |fold: usize| choice(&tracks, ERROR_DAYS..fold);
    let ours: Score = (first..origins.len())
        .map(|fold| tracks[chosen(fold)].scores[fold].unwrap_or_default())
        .sum();
    let naive = tracks.iter().filter(|it| it.way.is_naive());
    let naive: Vec<Score> = naive
        .map(|it| total(it, &tracks, first..origins.len()))
        .collect();
    let least = |at: usize| {
        naive
            .iter()
            .map(|it| it.losses[at])
            .fold(f64::INFINITY, f64::min)
    };
    let backtest = BackTest {
        folds: ours.folds,
        bins: ours.bins,
        pinball_median: ours.mean(ours.losses[0]),
        pinball_high: ours.mean(ours.losses[1]),
        naive_median: ours.mean(least(0)),
        naive_high: ours.mean(least(1)),
        coverage: ours.mean(ours.covered as f64),
        level: ours.mean(ours.sum),
    };
    let track = &tracks[chosen(origins.len())];
    let learned = Learned::before(bins, bins.len());
    let quantiles = Errors::before(bins, &origins, &track.points, bins.len()).quantiles(q);
    let at = Way::ALL.iter().position(|it| *it == track.way).unwrap_or(0);
    let points = learned.foretold(bins.per_week())[at]
        .take()
        .unwrap_or_default();
    Tried {
        backtest,
        way: track.way,
        week: coming(bins, &points, &quantiles),
        rest_days: learned.rest,
        odd_days: learned.odd_days,
    }
}

/// What a way came to; where it was not there yet, what the median did.
fn total(track: &Track, tracks: &[Track], folds: Range<usize>) -> Score {
    let of = |fold: usize| {
        track.scores[fold]
            .or(tracks[0].scores[fold])
            .unwrap_or_default()
    };
    folds.map(of).sum()
}

/// The way that was best in `folds`: the median unless another has lost a tenth less.
fn choice(tracks: &[Track], folds: Range<usize>) -> usize {
    let lost = |track: &Track| {
        let total = total(track, tracks, folds.clone());
        total.losses[0] + WEIGHT * total.losses[1]
    };
    let mut best = (lost(&tracks[0]) * BETTER, 0);
    for (at, track) in tracks.iter().enumerate().skip(1) {
        if track.way.is_naive() || track.scores.last().is_none_or(Option::is_none) {
            continue;
        }
        let lost = lost(track);
        if lost < best.0 {
            best = (lost, at);
        }
    }
    best.1
}

/// The week after the last bin, Monday first.
fn coming(bins: &Bins, points: &[f64], quantiles: &Quantiles) -> Vec<Expected> {
    let mut week = vec![Expected::default(); bins.per_week()];
    for (at, point) in points.iter().enumerate() {
        let place = bins.of_week(bins.len() + at);
        week[place] = quantiles.around(*point, place % bins.per_day);
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

/// How many of the first forecasts only tell errors and what to choose: those of the first half of the
/// days, and those before a week can be repeated.
fn unscored(bins: &Bins, origins: &[usize]) -> usize {
    let days = bins.len() / bins.per_day;
    let first = match days >= UNSCORED_DAYS + 3 {
        true => UNSCORED_DAYS.max(days / 2),
        false => 0,
    };
    let early = origins.iter().take_while(|it| **it < first * bins.per_day);
    early.count().max(ERROR_DAYS)
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

impl Sum for Score {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            folds: sum.folds + it.folds,
            bins: sum.bins + it.bins,
            sum: sum.sum + it.sum,
            losses: [sum.losses[0] + it.losses[0], sum.losses[1] + it.losses[1]],
            covered: sum.covered + it.covered,
        })
    }
}

/// One way with what it foretold at each origin, for the day after it, and what came of that.
struct Track {
    way: Way,
    points: Vec<Option<Vec<f64>>>,
    /// `None` where it could not forecast, and where too few errors are known.
    scores: Vec<Option<Score>>,
}

impl Track {
    fn of(way: Way) -> Self {
        Self {
            way,
            points: vec![],
            scores: vec![],
        }
    }

    fn score(&mut self, bins: &Bins, origins: &[usize], q: f64) {
        let score = |fold: usize| {
            let points = self.points[fold].as_ref().filter(|_| fold >= ERROR_DAYS)?;
            let origin = origins[fold];
            let quantiles =
                Errors::before(bins, &origins[..fold], &self.points, origin).quantiles(q);
            let mut score = Score::default();
            let values = bins.values[origin..].iter().zip(points);
            for (at, (value, point)) in values.enumerate().filter(|(_, (value, _))| !value.is_nan())
            {
                let time = bins.of_week(origin + at) % bins.per_day;
                score.add(*value, quantiles.around(*point, time), q);
            }
            score.folds = usize::from(score.bins > 0);
            Some(score)
        };
        self.scores = (0..origins.len()).map(score).collect();
    }
}

/// The loss at a quantile, as [`BackTest`] has it.
pub(super) fn pinball(q: f64, value: f64, foretold: f64) -> f64 {
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
    fn before(bins: &Bins, origins: &[usize], foretold: &[Option<Vec<f64>>], now: usize) -> Self {
        let mut errors = vec![vec![]; bins.per_day];
        let old = origins.len().saturating_sub(LATEST_DAYS);
        for (origin, points) in origins.iter().zip(foretold).skip(old) {
            let Some(points) = points else {
                continue;
            };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_above_costs_more_than_one_below() {
        let cases = [
            (0.5, 4.0, 2.0, 1.0),
            (0.5, 2.0, 4.0, 1.0),
            (0.95, 4.0, 2.0, 1.9),
            (0.95, 2.0, 4.0, 0.1),
            (0.95, 2.0, 2.0, 0.0),
        ];
        for (q, value, foretold, expected) in cases {
            let loss = pinball(q, value, foretold);
            assert!(
                (loss - expected).abs() < 1e-12,
                "{q} {value} {foretold}: {loss}"
            );
        }
    }

    #[test]
    fn better_is_better_at_both_quantiles() {
        let backtest = |ours: (f64, f64), naive: (f64, f64)| BackTest {
            folds: 7,
            bins: 168,
            pinball_median: ours.0,
            pinball_high: ours.1,
            naive_median: naive.0,
            naive_high: naive.1,
            coverage: 0.95,
            level: 10.0,
        };
        let cases = [
            ((0.5, 0.2), (0.6, 0.3), true),
            ((0.5, 0.4), (0.6, 0.3), false),
            ((0.7, 0.2), (0.6, 0.3), false),
            ((0.6, 0.3), (0.6, 0.3), false),
            // Next to nothing is good enough.
            ((0.009, 0.009), (0.0, 0.0), true),
            ((0.02, 0.02), (0.0, 0.0), false),
        ];
        for (ours, naive, expected) in cases {
            let found = backtest(ours, naive).beats_naive();
            assert_eq!(found, expected, "{ours:?} {naive:?}");
        }
        let small = backtest((0.009, 0.2), (0.003, 0.3));
        let losses = small.losses();
        assert_eq!((losses.median_percent, losses.high_percent), (100, 67));
        let never = BackTest {
            bins: 0,
            ..backtest((0.0, 0.0), (1.0, 1.0))
        };
        assert!(!never.beats_naive());
    }

    #[test]
    fn an_error_has_grown_by_more_than_a_margin_at_either_quantile() {
        let before = Losses::of_shares(0.80, 0.90, 0.95);
        let cases = [
            ((0.80, 0.90), false),
            ((1.00, 1.12), false),
            ((1.01, 0.90), true),
            ((0.80, 1.13), true),
            ((0.20, 0.20), false),
        ];
        let backtest = |level: f64, (median, high): (f64, f64)| BackTest {
            folds: 7,
            bins: 168,
            pinball_median: median,
            pinball_high: high,
            naive_median: 1.0,
            naive_high: 1.0,
            coverage: 0.95,
            level,
        };
        for (ours, expected) in cases {
            let found = backtest(10.0, ours).has_grown_from(before, 0.25);
            assert_eq!(found, expected, "{ours:?}");
        }
        // Of a load that is ten thousand times as much, it is none.
        assert!(!backtest(1e5, (1.01, 1.13)).has_grown_from(before, 0.25));
    }

    #[test]
    fn errors_are_those_known_by_then() {
        let bins = Bins {
            first: 0,
            values: (0..96).map(f64::from).collect(),
            per_day: 24,
        };
        let foretold = [Some(vec![20.0; 24]), Some(vec![50.0; 24])];
        let errors = Errors::before(&bins, &[24, 48], &foretold, 60);
        // The second day, and the first half of the third.
        assert_eq!(errors.0[5], [29.0 - 20.0, 53.0 - 50.0]);
        assert_eq!(errors.0[13], [37.0 - 20.0]);
    }

    #[test]
    fn the_first_forecasts_only_tell_errors() {
        let bins = |days: usize| Bins {
            first: 0,
            values: vec![1.0; days * 24],
            per_day: 24,
        };
        // Days of history, forecasts, and those of them that are not scored.
        for (days, folds, first) in [
            (5, 3, 2),
            (9, 6, 2),
            (10, 7, 4),
            (14, 11, 4),
            (28, 25, 11),
            (60, 28, 2),
        ] {
            let bins = bins(days);
            let origins = origins(&bins);
            assert_eq!(
                (origins.len(), unscored(&bins, &origins)),
                (folds, first),
                "{days}"
            );
            assert_eq!(origins.last(), Some(&((days - 1) * 24)));
        }
    }
}
