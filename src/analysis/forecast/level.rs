//! A new level: what came before it is learned from as if it had been there already.

use std::ops::Range;

use super::models::median;
use super::odd::LocalDay;

/// Days on each side of a shift that have to be known.
const EACH_SIDE: usize = 2;
/// Days after which a level is no longer new.
const NEW: usize = 28;
/// A shift leaves at most this share of the deviations from one level.
const LEFT: f64 = 0.5;
/// Levels that are within this share of each other are one.
const SAME: f64 = 0.25;

/// Where the last shift was, and by what the bins before it are to be multiplied.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shift {
    pub(super) before: Range<usize>,
    pub(super) times: f64,
}

/// The shift after which the means of the days are nearest to one level, if there is any. `usual` is
/// what is usual for a day of its kind, in any unit.
pub(super) fn shift(days: &[LocalDay], usual: impl Fn(&LocalDay) -> Option<f64>) -> Option<Shift> {
    let of_usual = |day: &LocalDay| Some(day.mean? / usual(day).filter(|it| *it > 0.0)?);
    let known: Vec<(usize, f64)> = days
        .iter()
        .filter_map(|it| Some((it.bins.start, of_usual(it)?)))
        .collect();
    let values: Vec<f64> = known.iter().map(|it| it.1).collect();
    let (_, one) = spread(&values)?;
    let last = values.len().checked_sub(EACH_SIDE)?;
    let first = EACH_SIDE.max(values.len().saturating_sub(NEW));
    let two = |at: usize| {
        let (before, left) = spread(&values[..at])?;
        let (after, right) = spread(&values[at..])?;
        (before > 0.0 && after > 0.0).then_some((left + right, after / before, known[at].0))
    };
    let (left, times, at) = (first..=last)
        .filter_map(two)
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    let is_shift = left <= LEFT * one && !(1.0 - SAME..=1.0 + SAME).contains(&times);
    let begin = days.first()?.bins.start;
    is_shift.then_some(Shift {
        before: begin..at,
        times,
    })
}

/// The median, and how far from it values are together.
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let middle = median(&mut values.to_vec())?;
    Some((middle, values.iter().map(|it| (it - middle).abs()).sum()))
}
