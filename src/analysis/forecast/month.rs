//! The last day of months, where it is higher than other days: by how much, and how well that was known.
//!
//! A week has no place for it, so that it is told by what the last days of months were beside the days
//! around them. Few of them are ever seen: each is foretold from the others, and the factor is offered
//! where that is better than to know no month ends.

use jiff::Span;
use jiff::civil::{Date, date};
use schemars::JsonSchema;
use serde::Serialize;

use super::backtest::pinball;
use super::bins::Bins;
use super::models::{median, quantile};
use super::odd::LocalDay;
use super::rest::RestDays;

/// The day that bins are counted from.
const MONDAY: Date = date(1969, 12, 29);
/// Days on each side that tell what is usual for a day, and how many of its kind have to be known.
const AROUND: usize = 14;
const ALIKE: usize = 3;
/// The fewest that tell anything.
const SEEN: usize = 2;
/// Each has to be higher than usual by a fifth, and than nine in ten other days are.
const LEAST: f64 = 1.2;
const OTHERS: f64 = 0.9;

/// The last day of a month is higher than other days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonthEnd {
    /// Its load by what is usual for such a day, the median of those seen: what the median of a forecast
    /// is multiplied by.
    pub times: f64,
    /// The greatest of those seen, by which the high quantile is multiplied. Of two or three no quantile is
    /// known that is higher.
    pub highest: f64,
    pub seen: usize,
    /// The pinball losses, at the median and at the high quantile, of each of them foretold from the others,
    /// by those of a forecast that knows no month ends.
    pub loss_median: f64,
    pub loss_high: f64,
    /// The share of their bins that were within the high quantile so foretold.
    pub coverage: f64,
}

/// A day beside what is usual for it.
struct Beside {
    /// Its mean by that of the medians.
    times: f64,
    /// What was there, the median and the high quantile of the days like it, bin by bin.
    bins: Vec<(f64, f64, f64)>,
}

impl MonthEnd {
    /// Nothing where fewer than two were seen, where they are no higher than other days, and where
    /// knowing the others does not tell of each.
    pub(super) fn of(bins: &Bins, rest: RestDays, q: f64) -> Option<Self> {
        let days = bins.local_days(0..bins.len());
        let beside = |at: usize| Beside::of(bins, &days, at, rest, q);
        let is_end = |at: &usize| is_last_of_month(days[*at].number);
        let ends: Vec<Beside> = (0..days.len()).filter(is_end).filter_map(beside).collect();
        if ends.len() < SEEN {
            return None;
        }
        let others = (0..days.len()).filter(|it| !is_end(it)).filter_map(beside);
        let mut others: Vec<f64> = others.map(|it| it.times).collect();
        let least = quantile(&mut others, OTHERS)?.max(LEAST);
        let (times, highest) = factors(&ends, None)?;
        let (loss_median, loss_high, coverage) = left_out(&ends, q)?;
        let is_high = ends.iter().all(|it| it.times > least);
        (is_high && loss_median < 1.0 && loss_high < 1.0).then_some(Self {
            times,
            highest,
            seen: ends.len(),
            loss_median,
            loss_high,
            coverage,
        })
    }
}

/// The median and the greatest of the factors, but for one.
fn factors(ends: &[Beside], but: Option<usize>) -> Option<(f64, f64)> {
    let kept = ends.iter().enumerate().filter(|it| Some(it.0) != but);
    let mut times: Vec<f64> = kept.map(|it| it.1.times).collect();
    let highest = times.iter().copied().fold(0.0, f64::max);
    Some((median(&mut times)?, highest))
}

/// Losses at the median and at `q` with each foretold from the others, by those without, and the share
/// of the bins that were within; `None` where nothing is lost without.
fn left_out(ends: &[Beside], q: f64) -> Option<(f64, f64, f64)> {
    let (mut ours, mut without) = ([0.0; 2], [0.0; 2]);
    let (mut within, mut count) = (0_usize, 0_usize);
    for (at, end) in ends.iter().enumerate() {
        let (times, highest) = factors(ends, Some(at))?;
        for (value, usual, high) in &end.bins {
            let foretold = highest * high;
            ours[0] += pinball(0.5, *value, times * usual);
            ours[1] += pinball(q, *value, foretold);
            without[0] += pinball(0.5, *value, *usual);
            without[1] += pinball(q, *value, *high);
            within += usize::from(*value <= foretold);
            count += 1;
        }
    }
    let is_lost = without.iter().all(|it| *it > 0.0);
    is_lost.then(|| {
        let [median, high] = [0, 1].map(|it| ours[it] / without[it]);
        (median, high, within as f64 / count.max(1) as f64)
    })
}

impl Beside {
    /// The day at place `at` beside days of its kind within a fortnight of it that end no month.
    fn of(bins: &Bins, days: &[LocalDay], at: usize, rest: RestDays, q: f64) -> Option<Self> {
        let day = &days[at];
        let mean = day.mean?;
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(days.len());
        let alike: Vec<&LocalDay> = around
            .filter(|it| *it != at)
            .map(|it| &days[it])
            .filter(|it| it.is_of(rest) == day.is_of(rest) && it.mean.is_some())
            .filter(|it| !is_last_of_month(it.number))
            .collect();
        if alike.len() < ALIKE {
            return None;
        }
        let mut means: Vec<f64> = alike.iter().filter_map(|it| it.mean).collect();
        let usual = median(&mut means).filter(|it| *it > 0.0)?;
        let bin = |place: usize| {
            let value = of_day(bins, day, place)?;
            let same = alike.iter().filter_map(|it| of_day(bins, it, place));
            let mut same: Vec<f64> = same.collect();
            Some((value, median(&mut same)?, quantile(&mut same, q)?))
        };
        Some(Self {
            times: mean / usual,
            bins: (0..bins.per_day).filter_map(bin).collect(),
        })
    }
}

/// What is known of the bin at `place` of a day.
fn of_day(bins: &Bins, day: &LocalDay, place: usize) -> Option<f64> {
    let at = day.number * bins.per_day as i64 + place as i64 - bins.first;
    let value = bins.values.get(usize::try_from(at).ok()?)?;
    Some(*value).filter(|it| !it.is_nan())
}

/// Whether the day so many days after the Monday that bins are counted from ends a month.
fn is_last_of_month(day: i64) -> bool {
    let date = Span::new().try_days(day).ok();
    let date = date.and_then(|it| MONDAY.checked_add(it).ok());
    date.is_some_and(ends_month)
}

/// Whether a day ends its month.
pub(super) fn ends_month(date: Date) -> bool {
    date.day() == date.days_in_month()
}
