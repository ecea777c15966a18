//! Five simple forecasts, and their median.
//!
//! No one of them is better than repeating the last day on most loads; the median of all is
//! (`docs/forecasts.md` has the measurements). So none is chosen, and the error that the back-test
//! tells is not flattered by a choice.

use super::bins::Bins;
use super::holt::decomposed;
use super::odd;

/// The most days that are learned from: older ones tell little of the next.
const LEARNED_DAYS: usize = 56;
/// Weeks that a profile is made of.
const PROFILE_WEEKS: usize = 6;
/// How much of what the last two days were beside the profile is expected to stay.
const STAYS: f64 = 0.5;

/// Bins up to some time, without gaps.
#[derive(Debug)]
pub(super) struct Learned {
    values: Vec<f64>,
    /// With what is usual in the place of odd days; `None` where there are none.
    usual: Option<Vec<f64>>,
    per_day: usize,
    pub(super) odd_days: usize,
}

impl Learned {
    /// The bins before `end`, gaps filled in with what is usual at that time of the week.
    pub(super) fn before(bins: &Bins, end: usize) -> Self {
        let from = end.saturating_sub(LEARNED_DAYS * bins.per_day);
        let known = &bins.values[from..end];
        let odd = odd::days(bins, from..end);
        let usual = || {
            let mut usual = known.to_vec();
            for day in &odd {
                usual[day.start - from..day.end - from].fill(f64::NAN);
            }
            filled(&usual, bins.per_day)
        };
        Self {
            values: filled(known, bins.per_day),
            usual: (!odd.is_empty()).then(usual),
            per_day: bins.per_day,
            odd_days: odd.len(),
        }
    }

    /// Without odd days.
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

    /// The median of all forecasts that this much history allows.
    pub(super) fn expected(&self, horizon: usize) -> Vec<f64> {
        let (day, week) = (self.per_day, self.per_day * 7);
        let all: Vec<Vec<f64>> = [
            self.repeated(day, horizon),
            self.repeated(week, horizon),
            decomposed(self.usual(), &[day], horizon),
            decomposed(self.usual(), &[day, week], horizon),
            (self.values.len() >= 2 * week).then(|| self.profile(week, horizon)),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut at_once = Vec::with_capacity(all.len());
        let expected = |at: usize| {
            at_once.clear();
            at_once.extend(all.iter().map(|it| it[at]));
            // Loads are never negative.
            median(&mut at_once).unwrap_or(0.0).max(0.0)
        };
        (0..horizon).map(expected).collect()
    }

    /// The median of the last weeks at each place of `period`, and half of what the last two days were
    /// beside it.
    fn profile(&self, period: usize, horizon: usize) -> Vec<f64> {
        let values = self.usual();
        let len = values.len();
        let periods = (len / period).min(PROFILE_WEEKS);
        let from = len - periods * period;
        let mut same = Vec::with_capacity(periods);
        let usual = |place: usize| {
            same.clear();
            same.extend(values[from + place..].iter().step_by(period));
            median(&mut same).unwrap_or(0.0)
        };
        let profile: Vec<f64> = (0..period).map(usual).collect();
        let recent = len.saturating_sub(2 * self.per_day).max(from);
        let beside = |at: usize| values[at] - profile[(at - from) % period];
        let mut beside: Vec<f64> = (recent..len).map(beside).collect();
        let level = STAYS * median(&mut beside).unwrap_or(0.0);
        (0..horizon)
            .map(|at| profile[at % period] + level)
            .collect()
    }
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
