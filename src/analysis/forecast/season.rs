//! Whether a load recurs, by day or by week.
//!
//! A period counts where the autocorrelation reaches the threshold at one period **and** at two: one
//! that is high at one alone is a slow wave. What is correlated is what is left without the level, a
//! moving mean over a period, so that a shift of level is no season; and few values at both ends are
//! cut, so that an outlier is none either.

use schemars::JsonSchema;
use serde::Serialize;

use super::NoForecast;
use super::bins::Bins;
use super::models::{median, quantile};

/// The share of the highest and of the lowest values that are cut, of what a bin of each period is.
const CUT: f64 = 0.25;
/// What differs from the level by less than this share of it does not differ.
const NOTHING: f64 = 1e-6;

/// How a load recurs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Season {
    pub period: Period,
    /// The lesser of the autocorrelations at one period and at two, at most 1; of batches the share of
    /// their hours in which they came.
    pub strength: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Batches come at the same minutes of some hours.
    Hour,
    /// Every day has the same shape.
    Day,
    /// Weekdays differ from each other, as three weeks show.
    Week,
}

impl Season {
    /// Week where weekdays differ beyond what every day has, else day.
    pub(super) fn of(bins: &Bins, threshold: f64) -> Result<Self, NoForecast> {
        let (day, week) = (bins.per_day, bins.per_week());
        let by_day = strength(&leveled(&bins.values, day), day);
        let by_week = strength(&without_profile(leveled(&bins.values, week), day), week);
        let season = |period, strength| Self { period, strength };
        let reached = |it: &Option<f64>| it.is_some_and(|it| it >= threshold);
        if let Some(strength) = by_week.filter(|it| reached(&Some(*it))) {
            return Ok(season(Period::Week, strength));
        }
        if let Some(strength) = by_day.filter(|it| reached(&Some(*it))) {
            return Ok(season(Period::Day, strength));
        }
        Err(NoForecast::NotPeriodic {
            strength: by_day.into_iter().chain(by_week).fold(0.0, f64::max),
            threshold,
        })
    }
}

/// The autocorrelation at a period or at two, or the share of the variance that the mean period
/// explains, whichever is least; `None` with less than three periods.
fn strength(values: &[f64], period: usize) -> Option<f64> {
    let values = cut(values, CUT / period as f64)?;
    let once = correlation(&values, period)?;
    let twice = correlation(&values, 2 * period)?;
    Some(once.min(twice).min(explained(&values, period)))
}

/// The share of the variance that is between places of the period: what is left of a slow wave is
/// correlated with itself and has no place.
fn explained(values: &[f64], period: usize) -> f64 {
    let (mut between, mut all) = (0.0, 0.0);
    for place in 0..period {
        let same = values.iter().skip(place).step_by(period);
        let known = same.filter(|it| !it.is_nan());
        let (mut count, mut sum) = (0.0, 0.0);
        for value in known {
            count += 1.0;
            sum += value;
            all += value * value;
        }
        between += if count > 0.0 { sum * sum / count } else { 0.0 };
    }
    if all > 0.0 { between / all } else { 0.0 }
}

/// Without a moving mean over `period`, which at both ends is that of the first and of the last period.
fn leveled(values: &[f64], period: usize) -> Vec<f64> {
    let len = values.len();
    let mut sums = Vec::with_capacity(len + 1);
    sums.push((0.0, 0_u32));
    for value in values {
        let (sum, count) = sums[sums.len() - 1];
        sums.push(match value.is_nan() {
            true => (sum, count),
            false => (sum + value, count + 1),
        });
    }
    let mean = |at: usize| {
        let from = at
            .saturating_sub(period / 2)
            .min(len.saturating_sub(period));
        let (low, high) = (sums[from], sums[(from + period).min(len)]);
        (high.0 - low.0) / f64::from((high.1 - low.1).max(1))
    };
    let beside = |(at, value): (usize, &f64)| {
        let mean = mean(at);
        let beside = value - mean;
        if beside.abs() < NOTHING * mean.abs() {
            0.0
        } else {
            beside
        }
    };
    values.iter().enumerate().map(beside).collect()
}

/// Without what is usual at each place of `period`.
fn without_profile(mut values: Vec<f64>, period: usize) -> Vec<f64> {
    for place in 0..period {
        let same = values.iter().skip(place).step_by(period).copied();
        let mut same: Vec<f64> = same.filter(|it| !it.is_nan()).collect();
        let Some(usual) = median(&mut same) else {
            continue;
        };
        values
            .iter_mut()
            .skip(place)
            .step_by(period)
            .for_each(|it| *it -= usual);
    }
    values
}

/// With the highest and lowest values held within all but a share; `None` of none.
fn cut(values: &[f64], share: f64) -> Option<Vec<f64>> {
    let mut known: Vec<f64> = values.iter().copied().filter(|it| !it.is_nan()).collect();
    let low = quantile(&mut known, share)?;
    let high = quantile(&mut known, 1.0 - share)?;
    let within = |it: &f64| {
        if it.is_nan() {
            f64::NAN
        } else {
            it.clamp(low, high)
        }
    };
    Some(values.iter().map(within).collect())
}

/// Of values around zero with themselves `lag` later; `None` where fewer than `lag` pairs could be known
/// at a lag of one, and where nothing varies.
fn correlation(values: &[f64], lag: usize) -> Option<f64> {
    let pairs = values.iter().zip(values.get(lag..)?);
    let known = pairs.filter(|(a, b)| !a.is_nan() && !b.is_nan());
    let mut count = 0_usize;
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (a, b) in known {
        count += 1;
        both += a * b;
        first += a * a;
        second += b * b;
    }
    let scale = (first * second).sqrt();
    // Half a period of pairs at two periods: two and a half periods.
    (count * 4 >= lag && scale > 0.0).then(|| both / scale)
}
