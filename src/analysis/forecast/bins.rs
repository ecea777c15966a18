//! Means of a load over equal stretches of the wall clock.
//!
//! Every local day has the same number of bins, so that a period is the same number of bins also
//! where the clock changes: the hour that is skipped is a gap, of the hour that comes twice the mean
//! of both is taken.

use std::ops::Range;

use super::odd::LocalDay;
use super::zone::Zone;
use crate::series::Series;

/// 1970-01-01 was a Thursday: bins are counted from the Monday before.
const MONDAY_BEFORE: i64 = 3 * 86_400;

/// A load by the wall clock, from the first known bin to the last.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bins {
    /// The number of the first bin since a Monday 00:00.
    pub(super) first: i64,
    /// NaN for a gap.
    pub(super) values: Vec<f64>,
    pub(super) per_day: usize,
}

impl Bins {
    /// A bin is known where at least half of its samples are.
    pub(super) fn of(series: &Series, zone: &Zone, bin_minutes: u32) -> Self {
        let bin_seconds = i64::from(bin_minutes) * 60;
        let step = i64::from(series.grid().step().seconds());
        let start = series.grid().start().as_second();
        let last = start + step * series.len() as i64;
        let mut clock = zone.clock(start - step, last);
        // A sample stands for the step that ends at its time; its middle says where it belongs.
        let mut number = |at: usize| {
            let middle = start + step * at as i64 - step / 2;
            (clock.local(middle) + MONDAY_BEFORE).div_euclid(bin_seconds)
        };
        let first = if series.is_empty() { 0 } else { number(0) };
        // Room for the offset to change by a few hours.
        let len = (step * series.len() as i64 / bin_seconds) as usize + 30;
        let mut sums = vec![(0.0, 0_u32); len];
        for (at, sample) in series.samples().iter().enumerate() {
            let bin = usize::try_from(number(at) - first).ok();
            if let Some(sum) = bin
                .and_then(|it| sums.get_mut(it))
                .filter(|_| !sample.is_nan())
            {
                sum.0 += f64::from(*sample);
                sum.1 += 1;
            }
        }
        let least = (bin_seconds / step).max(1) as u32;
        let mean = |(sum, count): (f64, u32)| {
            if count * 2 >= least && count > 0 {
                sum / f64::from(count)
            } else {
                f64::NAN
            }
        };
        let values = sums.into_iter().map(mean).collect();
        let per_day = (86_400 / bin_seconds) as usize;
        Self {
            first,
            values,
            per_day,
        }
        .trimmed()
    }

    /// Without unknown bins at both ends.
    pub(super) fn trimmed(mut self) -> Self {
        let is_known = |it: &f64| !it.is_nan();
        let begin = self.values.iter().position(is_known);
        let end = self.values.iter().rposition(is_known);
        let (begin, end) = begin.zip(end).map_or((0, 0), |(a, b)| (a, b + 1));
        self.values.truncate(end);
        self.values.drain(..begin);
        self.first += begin as i64;
        self
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn per_week(&self) -> usize {
        self.per_day * 7
    }

    /// The place of a bin in the local week, Monday 00:00 first.
    pub(super) fn of_week(&self, at: usize) -> usize {
        (self.first + at as i64).rem_euclid(self.per_week() as i64) as usize
    }

    pub(super) fn days(&self) -> f64 {
        self.len() as f64 / self.per_day as f64
    }

    /// 0 for no bins.
    pub(super) fn known_share(&self) -> f64 {
        let known = self.values.iter().filter(|it| !it.is_nan()).count();
        known as f64 / self.len().max(1) as f64
    }

    /// The local days that `range` has bins of, in order.
    pub(super) fn local_days(&self, range: Range<usize>) -> Vec<LocalDay> {
        let per_day = self.per_day as i64;
        let day_of = |at: usize| (self.first + at as i64).div_euclid(per_day);
        let place = |number: i64| {
            let at = usize::try_from(number * per_day - self.first).unwrap_or(0);
            at.clamp(range.start, range.end)
        };
        let day = |number: i64| {
            let bins = place(number)..place(number + 1);
            let known = self.values[bins.clone()].iter().filter(|it| !it.is_nan());
            let count = known.clone().count();
            let mean = known.sum::<f64>() / count.max(1) as f64;
            LocalDay {
                bins,
                number,
                mean: (count * 2 >= self.per_day).then_some(mean),
            }
        };
        if range.is_empty() {
            return vec![];
        }
        (day_of(range.start)..=day_of(range.end - 1))
            .map(day)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{DateTime, date};
    use jiff::tz::TimeZone;

    use super::*;
    use crate::series::Grid;
    use crate::units::Step;

    /// Hours of samples of `minutes` from midnight in Berlin on; each is the number of its hour in UTC.
    fn bins(from: DateTime, hours: usize, minutes: u32) -> Bins {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let start = from.to_zoned(zone).unwrap().timestamp();
        let step = Step::from_seconds(minutes * 60).unwrap();
        let each = 60 / minutes as usize;
        let grid = Grid::new(start + step.duration(), step, hours * each);
        let values = (0..grid.len()).map(|it| Some((it / each) as f64));
        let series = Series::from_values(grid, values);
        Bins::of(&series, &Zone::named("Europe/Berlin").unwrap(), 60)
    }

    #[test]
    fn a_day_of_23_hours_has_a_gap_and_one_of_25_a_mean() {
        let spring = bins(date(2026, 3, 29).at(0, 0, 0, 0), 24, 5);
        assert_eq!(spring.of_week(0), 6 * 24);
        assert_eq!(spring.values[..2], [0.0, 1.0]);
        assert!(spring.values[2].is_nan());
        assert_eq!(spring.values[3..6], [2.0, 3.0, 4.0]);
        let autumn = bins(date(2026, 10, 25).at(0, 0, 0, 0), 25, 5);
        assert_eq!(autumn.values[..5], [0.0, 1.0, 2.5, 4.0, 5.0]);
        assert_eq!(autumn.len(), 24);
    }

    #[test]
    fn a_bin_needs_half_of_its_samples() {
        let grid = Grid::new(
            jiff::Timestamp::UNIX_EPOCH + Step::FIVE_MINUTES.duration(),
            Step::FIVE_MINUTES,
            48,
        );
        let is_known = |at: &usize| match at / 12 {
            0 => *at >= 7,
            1 => *at >= 18,
            _ => *at < 30,
        };
        let values = (0..48).map(|at| is_known(&at).then_some(1.0));
        let series = Series::from_values(grid, values);
        let bins = Bins::of(&series, &Zone::named("UTC").unwrap(), 60);
        // Thursday 00:00 is the 72nd hour of the week; its first hour is not known.
        assert_eq!((bins.of_week(0), bins.values), (73, vec![1.0, 1.0]));
    }

    #[test]
    fn a_step_as_long_as_a_bin_is_one() {
        let bins = bins(date(2026, 6, 1).at(0, 0, 0, 0), 48, 60);
        assert_eq!((bins.len(), bins.of_week(0), bins.values[5]), (48, 0, 5.0));
        let days = bins.local_days(0..bins.len());
        let seen: Vec<_> = days.iter().map(|it| (it.bins.clone(), it.mean)).collect();
        assert_eq!(seen, [(0..24, Some(11.5)), (24..48, Some(35.5))]);
    }
}
