//! What a sandbox starts with: a fleet as it was, moved to another time.

use jiff::Timestamp;
use serde_json::Value;

use super::cycle::Cycle;
use super::fleet;
use crate::autoscaler::target::TargetRef;
use crate::history::{History, Metric};
use crate::series::{Grid, Series};

/// Objects of a cluster and the past of its scale targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seed {
    pub objects: Vec<Value>,
    pub histories: Vec<(TargetRef, History)>,
}

impl Seed {
    /// The same fleet with its past up to `now`, repeated where it ended before; see [`Cycle`].
    #[must_use]
    pub fn moved_to(mut self, now: Timestamp) -> Self {
        for (_, history) in &mut self.histories {
            let moved = history
                .iter()
                .map(|(metric, it)| (metric.clone(), moved(it, now)));
            let moved: Vec<(Metric, Series)> = moved.collect();
            for (metric, series) in moved {
                history.insert(metric, series);
            }
        }
        self
    }

    /// The scale targets whose past is known but which nothing in a sandbox runs.
    pub fn not_run(&self) -> impl Iterator<Item = &TargetRef> {
        let targets = self.histories.iter().map(|it| &it.0);
        targets.filter(|it| fleet::scaled(it).is_none())
    }
}

/// The series on a grid that ends at `now`, or less than a step before.
fn moved(series: &Series, now: Timestamp) -> Series {
    let old = series.grid();
    if old.is_empty() {
        return series.clone();
    }
    let step = i64::from(old.step().seconds());
    let steps = (now.as_second() - old.end().as_second()).div_euclid(step);
    let start = old.start().as_second().saturating_add(steps * step);
    let start = Timestamp::from_second(start).unwrap_or(old.start());
    let grid = Grid::new(start, old.step(), old.len());
    let length = old.len() as i64;
    let cycle = Cycle::of(length, step);
    let values = (0..length).map(|index| {
        let place = cycle.place(index + steps);
        usize::try_from(place).ok().and_then(|it| series.get(it))
    });
    Series::from_values(grid, values)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::units::Step;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Samples that are their own hours, the first at hour 0.
    fn hours(length: usize) -> Series {
        let grid = Grid::new(at(0), Step::from_seconds(3600).unwrap(), length);
        Series::from_values(grid, (0..length).map(|it| Some(it as f64)))
    }

    #[test]
    fn two_weeks_go_on_with_the_same_hour_of_the_week() {
        let two_weeks = 14 * 24;
        let series = hours(two_weeks);
        // Three weeks and an hour and a half later.
        let moved = moved(
            &series,
            at((two_weeks as i64 - 1 + 21 * 24 + 1) * HOUR + 1800),
        );
        assert_eq!(moved.grid().end(), at((two_weeks as i64 + 21 * 24) * HOUR));
        // Five weeks after the first hour is one week after it.
        assert_eq!(moved.get(two_weeks - 1), Some(7.0 * 24.0));
        assert_eq!(moved.get(0), Some(7.0 * 24.0 + 1.0));
    }

    #[test]
    fn what_is_moved_a_little_keeps_what_it_has() {
        let series = hours(14 * 24);
        let moved = moved(&series, series.grid().end() + SignedDuration::from_hours(2));
        assert_eq!(moved.get(0), Some(2.0));
        assert_eq!(moved.get(14 * 24 - 1), Some(1.0));
    }

    proptest! {
        #[test]
        fn every_hour_repeats_one_of_the_same_time_of_the_week(
            days in 1_usize..20, back in -40_i64..40, rest in 0_i64..86_400,
        ) {
            let series = hours(days * 24);
            let now = series.grid().end().as_second() + back * DAY + rest;
            let moved = moved(&series, at(now));
            prop_assert!(moved.grid().end() <= at(now));
            prop_assert!(now - moved.grid().end().as_second() < HOUR);
            let week = days >= 7;
            for index in 0..moved.len() {
                let hour = moved.grid().time(index).as_second() / HOUR;
                let value = moved.get(index).map(|it| it as i64);
                let period = if week { 7 * 24 } else { 24 };
                prop_assert_eq!(value.map(|it| it.rem_euclid(period)), Some(hour.rem_euclid(period)));
            }
        }

        #[test]
        fn nothing_panics(length in 0_usize..50, step in 1_u32..200_000, now in -400_000_000_i64..4_000_000_000) {
            let grid = Grid::new(at(0), Step::from_seconds(step).unwrap(), length);
            let moved = moved(&Series::constant(grid, 1.0), at(now));
            prop_assert_eq!(moved.len(), length);
        }
    }
}
