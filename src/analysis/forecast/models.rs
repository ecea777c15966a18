//! Five simple forecasts, and their median.
//!
//! No one of them is better than repeating the last day on most loads; the median of all is
//! (`docs/forecasts.md` has the measurements). So none is chosen, and the error that the back-test
//! tells is not flattered by a choice.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::bins::Bins;
use super::holt::decomposed;
use super::level::{self, Shift};
use super::odd::{self, LocalDay};
use super::rest::RestDays;

/// The most days that are learned from: older ones tell little of the next.
const LEARNED_DAYS: usize = 56;
/// Weeks that a profile of the week is made of, and days that one of kinds of days is.
const PROFILE_WEEKS: usize = 6;
const PROFILE_DAYS: usize = 21;
/// How much of what the last two days were beside the profile is expected to stay.
const STAYS: f64 = 0.5;

/// A way to forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The median of all others.
    Median,
    LastDay,
    LastWeek,
    /// Trend and season of the day, decomposed.
    Day,
    /// Trend and seasons of the day and of the week.
    DayAndWeek,
    /// The median of the last days at the time of the day, of days of work and of rest each.
    KindsOfDays,
    /// The median of the last weeks at the time of the week.
    Weeks,
}

impl Way {
    pub(super) const ALL: [Self; 7] = [
        Self::Median,
        Self::LastDay,
        Self::LastWeek,
        Self::Day,
        Self::DayAndWeek,
        Self::KindsOfDays,
        Self::Weeks,
    ];

    /// Whether it only repeats: what others are held against.
    pub(super) fn is_naive(self) -> bool {
        matches!(self, Self::LastDay | Self::LastWeek)
    }
}

/// Bins up to some time, without gaps.
#[derive(Debug)]
pub(super) struct Learned {
    values: Vec<f64>,
    /// With what is usual in the place of odd days, all on the level of the last ones; `None` where that
    /// is the same.
    usual: Option<Vec<f64>>,
    per_day: usize,
    /// The place of the first in the week.
    first_of_week: usize,
    pub(super) rest: RestDays,
    pub(super) odd_days: usize,
}

impl Learned {
    /// The bins before `end`, gaps filled in with what is usual at that time of the week.
    pub(super) fn before(bins: &Bins, end: usize) -> Self {
        let from = end.saturating_sub(LEARNED_DAYS * bins.per_day);
        let known = &bins.values[from..end];
        let days = bins.local_days(from..end);
        let rest = RestDays::of(&days);
        let odd = odd::days(&days, rest);
        Self {
            values: filled(known, bins.per_day),
            usual: usual(known, from, &days, &odd, rest).map(|it| filled(&it, bins.per_day)),
            per_day: bins.per_day,
            first_of_week: bins.of_week(from),
            rest,
            odd_days: odd.len(),
        }
    }

    /// Without odd days, and with the level of the last days.
    fn usual(&self) -> &[f64] {
        self.usual.as_ref().unwrap_or(&self.values)
    }

    /// The last `period` bins over and over; `None` where there are fewer.
    pub(super) fn repeated(&self, period: usize, horizon: usize) -> Option<Vec<f64>> {
        let last = self.values.len().checked_sub(period)?;
        Some(
            (0..horizon)
                .map(|at| self.values[last + at % period])
                .collect(),
        )
    }

    /// What each way to forecast makes of this much history, in the order of [`Way::ALL`]; nothing where
    /// it needs more.
    pub(super) fn foretold(&self, horizon: usize) -> [Option<Vec<f64>>; Way::ALL.len()] {
        let (day, week) = (self.per_day, self.per_day * 7);
        let usual = self.usual();
        let mut foretold = [
            None,
            self.repeated(day, horizon),
            self.repeated(week, horizon),
            decomposed(usual, &[day], horizon),
            decomposed(usual, &[day, week], horizon),
            self.profile_of_kinds(horizon),
            (usual.len() >= 2 * week).then(|| self.profile_of_week(horizon)),
        ];
        foretold[0] = Some(self.middle(&foretold, horizon));
        foretold
    }

    /// The median of all forecasts; of those of a day that is not of the kind of the last one, without
    /// what knows no kinds.
    fn middle(&self, foretold: &[Option<Vec<f64>>], horizon: usize) -> Vec<f64> {
        let len = self.values.len();
        let knows_kinds = foretold[Way::ALL.len() - 2].is_some();
        let last = self.is_rest(len.saturating_sub(1));
        let mut at_once = Vec::with_capacity(foretold.len());
        let middle = |at: usize| {
            let is_other = knows_kinds && self.is_rest(len + at) != last;
            let all = foretold.iter().zip(Way::ALL);
            let counted =
                all.filter(|(_, way)| !is_other || !matches!(way, Way::LastDay | Way::Day));
            at_once.clear();
            at_once.extend(counted.filter_map(|(it, _)| it.as_ref()).map(|it| it[at]));
            median(&mut at_once).unwrap_or(0.0)
        };
        (0..horizon).map(middle).collect()
    }

    fn is_rest(&self, at: usize) -> bool {
        self.rest.has((self.first_of_week + at) / self.per_day)
    }

    /// The median of the last weeks at each place of the week, and half of what the last two days were
    /// beside it.
    fn profile_of_week(&self, horizon: usize) -> Vec<f64> {
        let period = self.per_day * 7;
        self.profile(PROFILE_WEEKS * period, horizon, period, |at| at % period)
    }

    /// The same of the days of work and of those of rest.
    fn profile_of_kinds(&self, horizon: usize) -> Option<Vec<f64>> {
        let per_day = self.per_day;
        let place = |at: usize| {
            let time = (self.first_of_week + at) % per_day;
            time + per_day * usize::from(self.is_rest(at))
        };
        // A week has all places.
        let is_whole = self.values.len() >= 7 * per_day;
        is_whole.then(|| self.profile(PROFILE_DAYS * per_day, horizon, 2 * per_day, place))
    }

    fn profile(
        &self,
        most: usize,
        horizon: usize,
        places: usize,
        place: impl Fn(usize) -> usize,
    ) -> Vec<f64> {
        let values = self.usual();
        let len = values.len();
        let mut same = vec![vec![]; places];
        for at in len.saturating_sub(most)..len {
            same[place(at)].push(values[at]);
        }
        let profile: Vec<f64> = same
            .iter_mut()
            .map(|it| median(it).unwrap_or(0.0))
            .collect();
        let recent = len.saturating_sub(2 * self.per_day)..len;
        let mut beside: Vec<f64> = recent.map(|at| values[at] - profile[place(at)]).collect();
        let level = STAYS * median(&mut beside).unwrap_or(0.0);
        (len..len + horizon)
            .map(|at| profile[place(at)] + level)
            .collect()
    }
}

/// The bins `known`, the first of them number `from`, with gaps for odd days and what was before a new
/// level on that level; `None` where there is neither.
fn usual(
    known: &[f64],
    from: usize,
    days: &[LocalDay],
    odd: &[Range<usize>],
    rest: RestDays,
) -> Option<Vec<f64>> {
    let even: Vec<LocalDay> = days
        .iter()
        .filter(|it| !odd.contains(&it.bins))
        .cloned()
        .collect();
    let of_kind = |is_rest: bool| {
        let same = even.iter().filter(|it| it.is_of(rest) == is_rest);
        median(&mut same.filter_map(|it| it.mean).collect::<Vec<_>>())
    };
    let kinds = [of_kind(false), of_kind(true)];
    let shift = level::shift(&even, |day| kinds[usize::from(day.is_of(rest))]);
    if odd.is_empty() && shift.is_none() {
        return None;
    }
    let mut usual = known.to_vec();
    for day in odd {
        usual[day.start - from..day.end - from].fill(f64::NAN);
    }
    if let Some(Shift { before, times }) = shift {
        let before = &mut usual[before.start - from..before.end - from];
        before.iter_mut().for_each(|it| *it *= times);
    }
    Some(usual)
}

/// Gaps filled in by the median of the same time of the week, else of the day, else of all.
fn filled(values: &[f64], per_day: usize) -> Vec<f64> {
    let len = values.len();
    let usual = |at: usize, period: usize| {
        let same = (at % period..len).step_by(period).map(|it| values[it]);
        let mut same: Vec<f64> = same.filter(|it| !it.is_nan()).collect();
        median(&mut same)
    };
    let value = |(at, value): (usize, &f64)| match value.is_nan() {
        false => *value,
        true => usual(at, 7 * per_day)
            .or_else(|| usual(at, per_day))
            .or_else(|| usual(at, 1))
            .unwrap_or(0.0),
    };
    values.iter().enumerate().map(value).collect()
}

/// The middle of values in any order, of an even number the mean of both; `None` of none.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let half = values.len() / 2;
    let is_odd = values.len() % 2 == 1;
    let last = values.len().checked_sub(1)?;
    let (below, upper, _) = values.select_nth_unstable_by(half.min(last), f64::total_cmp);
    let upper = *upper;
    if is_odd {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some((lower + upper) / 2.0)
}

/// The value that a share `q` of those given, in any order, do not exceed: nearest rank; `None` of none.
pub(super) fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let rank = (q * values.len() as f64).ceil() as usize;
    let at = rank.saturating_sub(1).min(last);
    Some(*values.select_nth_unstable_by(at, f64::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quantiles_are_of_values_in_any_order() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0]), Some(3.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median(&mut [9.0, 1.0, 4.0, 2.0]), Some(3.0));
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&mut [4.0, 1.0, 3.0, 2.0], 0.95), Some(4.0));
    }

    #[test]
    fn gaps_are_what_is_usual_at_that_time() {
        let gap = f64::NAN;
        // Two bins a day; Monday and Tuesday of two weeks, and a bin that is never known.
        let mut values = vec![gap; 28];
        (values[0], values[2], values[14], values[16]) = (5.0, 7.0, gap, 9.0);
        let filled = filled(&values, 2);
        assert_eq!((filled[0], filled[14], filled[16]), (5.0, 5.0, 9.0));
        // A Wednesday: the median of the mornings. An evening: of all.
        assert_eq!((filled[4], filled[5]), (7.0, 7.0));
    }

    #[test]
    fn what_is_repeated_is_the_last_period() {
        let learned = Learned {
            values: vec![1.0, 2.0, 3.0, 4.0],
            usual: None,
            per_day: 2,
            first_of_week: 0,
            rest: RestDays::WEEKEND,
            odd_days: 0,
        };
        assert_eq!(learned.repeated(2, 5), Some(vec![3.0, 4.0, 3.0, 4.0, 3.0]));
        assert_eq!(learned.repeated(14, 5), None);
    }
}
