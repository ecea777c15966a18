//! Evenly spaced samples with gaps.
//!
//! A sample stands for the step that **ends** at its time. Gaps stay gaps: nothing here fills
//! them except [`Series::bridged`], which is bounded and asked for by name.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::units::Step;

/// The times at which samples stand: `len` of them, `step` apart, the first at `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Grid {
    start: Timestamp,
    step: Step,
    len: usize,
}

impl Grid {
    /// A grid whose first sample stands at `start`, a whole second.
    pub fn new(start: Timestamp, step: Step, len: usize) -> Self {
        Self { start, step, len }
    }

    /// The grid of `window` up to `end`, aligned to multiples of `step` since the epoch, so that
    /// two runs within one step ask for the same samples.
    pub fn ending_at(end: Timestamp, window: SignedDuration, step: Step) -> Self {
        let seconds = i64::from(step.seconds());
        let last = end.as_second().div_euclid(seconds) * seconds;
        let len = usize::try_from(window.as_secs() / seconds).unwrap_or(0);
        let last = Timestamp::from_second(last).unwrap_or(Timestamp::MIN);
        Self::ending_with(last, step, len)
    }

    /// The grid of `len` samples, `step` apart, whose last one stands at `end`.
    pub fn ending_with(end: Timestamp, step: Step, len: usize) -> Self {
        let before = i64::from(step.seconds()).saturating_mul(len.saturating_sub(1) as i64);
        let first = end.as_second().saturating_sub(before);
        Self {
            start: Timestamp::from_second(first).unwrap_or(Timestamp::MIN),
            step,
            len,
        }
    }

    /// Times of another step over the last `window` of this grid, ending with it. A window longer
    /// than the grid is cut to it; one shorter than a step still has the sample at its end, which
    /// is all that there is to know of a grid that short.
    pub fn tail(&self, window: SignedDuration, step: Step) -> Self {
        let seconds = i64::from(step.seconds());
        let least = i64::from(!self.is_empty());
        let len = (window.min(self.length()).as_secs() / seconds).max(least);
        Self::ending_with(self.end(), step, len as usize)
    }

    pub fn start(&self) -> Timestamp {
        self.start
    }

    pub fn step(&self) -> Step {
        self.step
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The time of sample `index`, which may lie outside the grid.
    pub fn time(&self, index: usize) -> Timestamp {
        let offset = i64::from(self.step.seconds()).saturating_mul(index as i64);
        self.start
            .checked_add(SignedDuration::from_secs(offset))
            .unwrap_or(Timestamp::MAX)
    }

    /// The time of the last sample; `start` for an empty grid.
    pub fn end(&self) -> Timestamp {
        self.time(self.len.saturating_sub(1))
    }

    /// The time that all steps take together.
    pub fn length(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.step.seconds()) * self.len as i64)
    }

    /// The sample whose step contains `time`: the first at or after it.
    pub fn index_of(&self, time: Timestamp) -> Option<usize> {
        let step = i128::from(self.step.seconds()) * 1_000_000_000;
        let offset = time.as_nanosecond() - self.start.as_nanosecond();
        let index = (offset + step - 1).div_euclid(step);
        usize::try_from(index).ok().filter(|it| *it < self.len)
    }

    /// The samples of `range` as a grid of its own.
    pub fn part(&self, range: Range<usize>) -> Self {
        Self {
            start: self.time(range.start),
            step: self.step,
            len: range.len(),
        }
    }

    /// Number of steps in `length`, rounded up.
    pub fn steps_in(&self, length: SignedDuration) -> usize {
        let seconds = usize::try_from(length.as_secs()).unwrap_or(0);
        seconds.div_ceil(self.step.seconds() as usize)
    }
}

/// Samples on a [`Grid`]. An unknown sample is a gap; a known one is finite.
#[derive(Clone, Debug)]
pub struct Series {
    grid: Grid,
    /// NaN marks a gap. Single precision: a fleet's history is mostly this, and metrics are not
    /// known to seven digits.
    values: Vec<f32>,
}

impl Series {
    /// A series of nothing but gaps.
    pub fn gaps(grid: Grid) -> Self {
        Self {
            grid,
            values: vec![f32::NAN; grid.len()],
        }
    }

    /// Samples in the order of `grid`; infinities become gaps, as do samples missing at the end.
    pub fn from_values(grid: Grid, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut series = Self::gaps(grid);
        for (slot, value) in series.values.iter_mut().zip(values) {
            *slot = value.map_or(f32::NAN, |it| finite_or_gap(it as f32));
        }
        series
    }

    /// Samples in the order of `grid`, NaN for a gap; as [`from_values`](Self::from_values)
    /// otherwise.
    pub fn from_samples(grid: Grid, mut values: Vec<f32>) -> Self {
        values.resize(grid.len(), f32::NAN);
        for value in &mut values {
            *value = finite_or_gap(*value);
        }
        Self { grid, values }
    }

    /// The same value at every sample.
    pub fn constant(grid: Grid, value: f64) -> Self {
        Self::from_values(grid, std::iter::repeat_n(Some(value), grid.len()))
    }

    pub fn grid(&self) -> Grid {
        self.grid
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Every sample in order of time as it is kept, NaN for a gap.
    pub fn samples(&self) -> &[f32] {
        &self.values
    }

    /// Sample `index`; `None` for a gap or outside the grid.
    pub fn get(&self, index: usize) -> Option<f64> {
        self.values
            .get(index)
            .filter(|it| !it.is_nan())
            .map(|it| f64::from(*it))
    }

    /// Sets sample `index` if it is on the grid; a value that is not finite makes a gap.
    pub fn set(&mut self, index: usize, value: f64) {
        if let Some(slot) = self.values.get_mut(index) {
            *slot = finite_or_gap(value as f32);
        }
    }

    /// Adds to sample `index` if it is on the grid, a gap counting as zero.
    pub fn add(&mut self, index: usize, value: f64) {
        let sum = self.get(index).unwrap_or(0.0) + value;
        self.set(index, sum);
    }

    /// Every sample in order of time, gaps as `None`.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
        self.values
            .iter()
            .map(|it| (!it.is_nan()).then_some(f64::from(*it)))
    }

    /// The known samples in order of time.
    pub fn known(&self) -> impl Iterator<Item = f64> + '_ {
        self.iter().flatten()
    }

    /// The share of samples that are known, 0 to 1; 0 for an empty series.
    pub fn coverage(&self) -> f64 {
        if self.values.is_empty() {
            return 0.0;
        }
        self.known().count() as f64 / self.values.len() as f64
    }

    /// The longest run of gaps, in samples.
    pub fn longest_gap(&self) -> usize {
        self.values
            .chunk_by(|a, b| a.is_nan() == b.is_nan())
            .filter(|run| run[0].is_nan())
            .map(<[f32]>::len)
            .max()
            .unwrap_or(0)
    }

    /// The mean of the known samples.
    pub fn mean(&self) -> Option<f64> {
        let (count, sum) = self
            .known()
            .fold((0_u32, 0.0), |(count, sum), it| (count + 1, sum + it));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// The highest known sample.
    pub fn max(&self) -> Option<f64> {
        self.known().max_by(f64::total_cmp)
    }

    /// The known sample that a share `q` (0 to 1) of the known ones do not exceed: nearest rank.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let mut known: Vec<f64> = self.known().collect();
        if known.is_empty() {
            return None;
        }
        let rank = (q.clamp(0.0, 1.0) * known.len() as f64).ceil() as usize;
        let index = rank.saturating_sub(1).min(known.len() - 1);
        Some(*known.select_nth_unstable_by(index, f64::total_cmp).1)
    }

    /// The same samples with every known one changed by `change`.
    pub fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        Self::from_values(self.grid, self.iter().map(|it| it.map(&change)))
    }

    /// The sum sample by sample; where only one is known, that one.
    ///
    /// Both stand on the same grid.
    pub fn plus(mut self, other: &Self) -> Self {
        for (index, value) in other.iter().enumerate() {
            if let Some(value) = value {
                self.add(index, value);
            }
        }
        self
    }

    /// Both series sample by sample where both are known; a gap elsewhere.
    ///
    /// `other` is read at the times of `self` and may stand on another grid.
    pub fn zip(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        let values = self.iter().enumerate().map(|(index, mine)| {
            let theirs = other.at(self.grid.time(index));
            mine.zip(theirs).map(|(a, b)| join(a, b))
        });
        Self::from_values(self.grid, values)
    }

    /// The sample whose step contains `time`.
    pub fn at(&self, time: Timestamp) -> Option<f64> {
        self.grid.index_of(time).and_then(|index| self.get(index))
    }

    /// The samples read at the times of `grid`: held over a coarser step, the last one of several
    /// finer ones.
    pub fn on(&self, grid: Grid) -> Self {
        if grid == self.grid {
            return self.clone();
        }
        let values = (0..grid.len()).map(|index| self.at(grid.time(index)));
        Self::from_values(grid, values)
    }

    /// Runs of at most `longest` gaps between two known samples filled on a straight line.
    pub fn bridged(&self, longest: usize) -> Self {
        let mut bridged = self.clone();
        let mut before: Option<usize> = None;
        for index in 0..self.len() {
            let Some(here) = self.get(index) else {
                continue;
            };
            if let Some(from) = before.filter(|from| (2..=longest + 1).contains(&(index - from))) {
                let first = self.get(from).unwrap_or(here);
                for gap in from + 1..index {
                    let share = (gap - from) as f64 / (index - from) as f64;
                    bridged.set(gap, first + (here - first) * share);
                }
            }
            before = Some(index);
        }
        bridged
    }
}

impl PartialEq for Series {
    /// The same samples at the same times; a gap equals a gap.
    fn eq(&self, other: &Self) -> bool {
        self.grid == other.grid && self.iter().eq(other.iter())
    }
}

fn finite_or_gap(value: f32) -> f32 {
    if value.is_finite() { value } else { f32::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, values.len());
        Series::from_values(grid, values.iter().map(|it| Some(*it)))
    }

    #[test]
    fn a_grid_is_aligned_to_its_step_and_ends_at_or_before_the_end() {
        let end = Timestamp::from_second(1_700_000_123).unwrap();
        let grid = Grid::ending_at(end, SignedDuration::from_hours(1), Step::FIVE_MINUTES);
        assert_eq!(grid.len(), 12);
        assert_eq!(grid.end().as_second(), 1_700_000_100);
        assert_eq!(grid.start().as_second(), 1_700_000_100 - 11 * 300);
    }

    #[test]
    fn the_tail_of_a_grid_ends_with_it_and_is_no_longer() {
        let start = Timestamp::from_second(1_700_000_100).unwrap();
        let grid = Grid::new(start, Step::FIVE_MINUTES, 24);
        let tail = grid.tail(SignedDuration::from_hours(1), Step::ONE_MINUTE);
        assert_eq!((tail.len(), tail.end()), (60, grid.end()));
        let cut = grid.tail(SignedDuration::from_hours(9), Step::ONE_HOUR);
        assert_eq!((cut.len(), cut.end()), (2, grid.end()));
    }

    #[test]
    fn the_tail_of_a_short_grid_is_the_sample_at_its_end() {
        let start = Timestamp::from_second(1_700_000_100).unwrap();
        let grid = Grid::new(start, Step::FIVE_MINUTES, 3);
        let tail = grid.tail(grid.length(), Step::SIX_HOURS);
        assert_eq!((tail.len(), tail.end()), (1, grid.end()));
        let none = Grid::new(start, Step::FIVE_MINUTES, 0);
        assert!(none.tail(none.length(), Step::SIX_HOURS).is_empty());
    }

    #[test]
    fn samples_are_kept_as_they_are_but_for_what_is_not_finite() {
        let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, 4);
        let series = Series::from_samples(grid, vec![1.0, f32::NAN, f32::INFINITY]);
        let known: Vec<_> = series.iter().collect();
        assert_eq!(known, [Some(1.0), None, None, None]);
        assert_eq!(series.samples()[0], 1.0);
        assert!(series.samples()[1..].iter().all(|it| it.is_nan()));
    }

    #[test]
    fn a_time_belongs_to_the_step_that_ends_at_or_after_it() {
        let start = Timestamp::from_second(600).unwrap();
        let grid = Grid::new(start, Step::FIVE_MINUTES, 2);
        let at = |second| grid.index_of(Timestamp::from_second(second).unwrap());
        assert_eq!(at(300), None);
        assert_eq!(at(301), Some(0));
        assert_eq!(at(600), Some(0));
        assert_eq!(at(601), Some(1));
        assert_eq!(at(901), None);
    }

    #[test]
    fn what_is_not_finite_is_a_gap() {
        let series = series(&[1.0, f64::NAN, f64::INFINITY, 4.0]);
        assert_eq!(
            series.iter().collect::<Vec<_>>(),
            [Some(1.0), None, None, Some(4.0)]
        );
        assert_eq!(series.coverage(), 0.5);
        assert_eq!(series.longest_gap(), 2);
        assert_eq!(series.mean(), Some(2.5));
    }

    #[test]
    fn series_are_equal_where_known_samples_and_gaps_are() {
        let gap = f64::NAN;
        assert_eq!(series(&[1.0, gap]), series(&[1.0, gap]));
        assert_ne!(series(&[1.0, gap]), series(&[1.0, 1.0]));
        assert_ne!(series(&[1.0, gap]), series(&[1.0]));
    }

    #[test]
    fn bridging_fills_short_runs_between_known_samples_only() {
        let gap = f64::NAN;
        let series = series(&[gap, 1.0, gap, gap, 4.0, gap, gap, gap, 8.0, gap]);
        let expected = [
            None,
            Some(1.0),
            Some(2.0),
            Some(3.0),
            Some(4.0),
            None,
            None,
            None,
            Some(8.0),
            None,
        ];
        assert_eq!(series.bridged(2).iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let series = series(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(series.quantile(0.0), Some(1.0));
        assert_eq!(series.quantile(0.5), Some(2.0));
        assert_eq!(series.quantile(0.95), Some(4.0));
        assert_eq!(Series::gaps(series.grid()).quantile(0.5), None);
    }

    #[test]
    fn a_coarser_series_is_held_over_its_step() {
        let hour = Step::from_seconds(3600).unwrap();
        let coarse_grid = Grid::new(Timestamp::from_second(3600).unwrap(), hour, 2);
        let coarse = Series::from_values(coarse_grid, [Some(1.0), Some(2.0)]);
        let fine = Grid::new(Timestamp::from_second(3300).unwrap(), Step::FIVE_MINUTES, 3);
        let held: Vec<_> = coarse.on(fine).iter().collect();
        assert_eq!(held, [Some(1.0), Some(1.0), Some(2.0)]);
    }
}
