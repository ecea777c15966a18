//! One series of one target, kept as time goes on.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::series::{Grid, Series};
use crate::units::Step;

/// The last samples of a series, one for each slot.
///
/// A slot is the step of the series that ends at a multiple of its length since the epoch, so that
/// slots are the same however often the window moves on. For a series on the request's own times,
/// which are such multiples, a slot is a sample. A series of longer steps (requests every six
/// hours, throttling every hour) ends with each request and so has its times moved with every one:
/// the last sample within a slot stands for the slot.
#[derive(Clone, Debug)]
pub(super) struct Track {
    grid: Grid,
    /// Slots that are kept at most; their memory is taken at once and never grows.
    room: usize,
    /// The slot of the last value, in steps since the epoch.
    last: i64,
    /// NaN for a gap.
    values: VecDeque<f32>,
}

impl Track {
    /// Keeps `series`, and of what comes later as many samples as it has and `spare` more.
    pub(super) fn of(series: &Series, spare: usize) -> Self {
        let grid = series.grid();
        let room = grid.len().saturating_add(spare).max(1);
        let mut values = VecDeque::with_capacity(room);
        values.extend(series.samples());
        let last = slot(grid, grid.end());
        Self {
            grid,
            room,
            last,
            values,
        }
    }

    /// Bytes of its samples.
    pub(super) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<f32>()
    }

    /// The distance of its samples.
    pub(super) fn step(&self) -> Step {
        self.grid.step()
    }

    /// Makes room for the slot of `time`, with gaps until there; the oldest slots are dropped.
    pub(super) fn advance(&mut self, time: Timestamp) {
        let slot = slot(self.grid, time);
        // More new slots than there is room for leave nothing of the old ones.
        let ahead = usize::try_from(slot - self.last).unwrap_or(0);
        for _ in 0..ahead.min(self.room) {
            if self.values.len() >= self.room {
                self.values.pop_front();
            }
            self.values.push_back(f32::NAN);
        }
        self.last = self.last.max(slot);
    }

    /// Replaces the samples of `times` that are later than `after`, by those of `series`, or by
    /// gaps.
    pub(super) fn replace(&mut self, times: Grid, series: Option<&Series>, after: Timestamp) {
        self.advance(times.end());
        for index in 0..times.len() {
            let time = times.time(index);
            if time > after {
                let value = series.and_then(|it| it.at(time));
                self.set(slot(times, time), value.map_or(f32::NAN, |it| it as f32));
            }
        }
    }

    /// Adds the samples of `series` that are later than `known_until`; of earlier ones those of
    /// slots of which nothing is known, since a later sample of the same slot says more.
    ///
    /// A sample stands for a whole step before it, which reaches into the slot before its own: it
    /// speaks for that one too where nothing else does.
    pub(super) fn add(&mut self, series: &Series, known_until: Timestamp) {
        let grid = series.grid();
        self.advance(grid.end());
        for (index, value) in series.samples().iter().enumerate() {
            if value.is_nan() {
                continue;
            }
            let slot = slot(grid, grid.time(index));
            if grid.time(index) > known_until || self.get(slot).is_nan() {
                self.set(slot, *value);
            }
            let is_within = grid.time(index).as_second() < slot * i64::from(grid.step().seconds());
            if is_within && self.get(slot - 1).is_nan() {
                self.set(slot - 1, *value);
            }
        }
    }

    /// The series as one that ends at `end` has it; `None` if nothing of it is known.
    pub(super) fn series(&self, end: Timestamp) -> Option<Series> {
        let (step, len) = (self.grid.step(), self.grid.len());
        let grid = Grid::ending_with(end, step, len);
        let first = slot(grid, grid.start());
        let offset = first - self.front();
        let before = usize::try_from(-offset).unwrap_or(0).min(len);
        let mut values = vec![f32::NAN; before];
        values.reserve_exact(len - before);
        let kept = usize::try_from(offset).unwrap_or(0);
        copy(&self.values, kept, len - before, &mut values);
        let known = values.iter().any(|it| !it.is_nan());
        known.then(|| Series::from_samples(grid, values))
    }

    fn get(&self, slot: i64) -> f32 {
        let place = self.place(slot);
        place.map_or(f32::NAN, |it| self.values[it])
    }

    fn set(&mut self, slot: i64, value: f32) {
        if let Some(place) = self.place(slot) {
            self.values[place] = value;
        }
    }

    fn place(&self, slot: i64) -> Option<usize> {
        let place = usize::try_from(slot - self.front()).ok()?;
        (place < self.values.len()).then_some(place)
    }

    /// The oldest slot that is kept.
    fn front(&self) -> i64 {
        self.last + 1 - self.values.len() as i64
    }
}

/// Appends `count` values from place `from` on, as far as there are any.
fn copy(values: &VecDeque<f32>, from: usize, count: usize, to: &mut Vec<f32>) {
    let (first, second) = values.as_slices();
    let end = from.saturating_add(count);
    let part = |slice: &[f32], offset: usize| {
        let at = |place: usize| place.saturating_sub(offset).min(slice.len());
        at(from)..at(end)
    };
    to.extend_from_slice(&first[part(first, 0)]);
    to.extend_from_slice(&second[part(second, first.len())]);
}

/// The slot whose step contains `time`.
fn slot(grid: Grid, time: Timestamp) -> i64 {
    let step = i64::from(grid.step().seconds());
    -((-time.as_second()).div_euclid(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_700_006_400;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(START + minutes * 60).unwrap()
    }

    fn series(end: i64, step: Step, values: &[f64]) -> Series {
        let grid = Grid::ending_with(at(end), step, values.len());
        Series::from_values(grid, values.iter().map(|it| Some(*it)))
    }

    fn read(track: &Track, end: i64) -> Vec<Option<f64>> {
        let series = track.series(at(end)).unwrap();
        assert_eq!(series.grid().end(), at(end));
        series.iter().collect()
    }

    fn five(end: i64, values: &[f64]) -> Series {
        series(end, Step::FIVE_MINUTES, values)
    }

    #[test]
    fn the_window_moves_on_and_what_is_not_known_yet_is_a_gap() {
        let track = &mut Track::of(&five(15, &[1.0, 2.0, 3.0]), 1);
        assert_eq!(read(track, 15), [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(read(track, 20), [Some(2.0), Some(3.0), None]);
        let bytes = track.bytes();
        track.replace(
            five(20, &[0.0, 0.0]).grid(),
            Some(&five(20, &[9.0, 4.0])),
            at(15),
        );
        assert_eq!(read(track, 20), [Some(2.0), Some(3.0), Some(4.0)]);
        for end in (25..300).step_by(5) {
            track.replace(five(end, &[5.0]).grid(), Some(&five(end, &[5.0])), at(0));
        }
        assert_eq!(read(track, 295), [Some(5.0); 3]);
        assert_eq!(track.bytes(), bytes);
    }

    #[test]
    fn spare_slots_hold_what_a_clock_that_steps_back_asks_for() {
        let mut track = Track::of(&five(15, &[1.0, 2.0, 3.0]), 1);
        track.replace(five(20, &[4.0]).grid(), Some(&five(20, &[4.0])), at(15));
        assert_eq!(read(&track, 15), [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!(read(&track, 10), [None, Some(1.0), Some(2.0)]);
    }

    #[test]
    fn the_newer_answer_wins_with_its_gaps_too() {
        let mut track = Track::of(&five(15, &[1.0, 2.0, 3.0]), 0);
        let times = five(20, &[0.0; 3]).grid();
        track.replace(times, Some(&five(20, &[7.0, f64::NAN, 4.0])), at(10));
        assert_eq!(read(&track, 20), [Some(2.0), None, Some(4.0)]);
        track.replace(times, None, at(15));
        assert_eq!(read(&track, 20), [Some(2.0), None, None]);
        track.replace(times, None, at(0));
        assert!(track.series(at(20)).is_none());
    }

    #[test]
    fn nothing_is_left_after_a_jump_beyond_all_slots() {
        let mut track = Track::of(&five(15, &[1.0, 2.0, 3.0]), 1);
        track.advance(at(100_000));
        assert!(track.series(at(100_000)).is_none());
        assert!(track.series(at(15)).is_none());
        assert_eq!(track.values.len(), track.room);
    }

    #[test]
    fn a_slow_series_ends_with_every_request_and_keeps_the_last_of_each_slot() {
        let hours = |end, values: &[f64]| series(end, Step::ONE_HOUR, values);
        // Ten minutes past the hour: the last slot is open for 50 minutes more.
        let mut track = Track::of(&hours(10, &[1.0, 2.0]), 2);
        assert_eq!(read(&track, 10), [Some(1.0), Some(2.0)]);
        track.add(&hours(40, &[3.0]), at(10));
        assert_eq!(read(&track, 40), [Some(1.0), Some(3.0)]);
        track.add(&hours(70, &[5.0, 4.0]), at(40));
        assert_eq!(read(&track, 70), [Some(3.0), Some(4.0)], "known until 40");
        track.advance(at(130));
        assert_eq!(read(&track, 130), [Some(4.0), None]);
        track.add(&hours(131, &[6.0, f64::NAN]), at(130));
        assert_eq!(read(&track, 131), [Some(4.0), None]);
    }

    #[test]
    fn a_slow_sample_speaks_for_the_slot_that_its_step_reaches_into() {
        let hours = |end, values: &[f64]| series(end, Step::ONE_HOUR, values);
        let mut track = Track::of(&hours(0, &[1.0, 2.0, 3.0]), 0);
        track.add(&hours(110, &[4.0]), at(0));
        assert_eq!(read(&track, 110), [Some(3.0), Some(4.0), Some(4.0)]);
        track.add(&hours(240, &[5.0]), at(110));
        assert_eq!(read(&track, 240), [Some(4.0), None, Some(5.0)]);
    }

    #[test]
    fn times_before_the_epoch_are_no_special_case() {
        let grid = Grid::ending_with(Timestamp::from_second(-300).unwrap(), Step::FIVE_MINUTES, 2);
        let track = Track::of(&Series::from_values(grid, [Some(1.0), Some(2.0)]), 0);
        assert_eq!(track.series(grid.end()).unwrap().samples(), [1.0, 2.0]);
    }
}
