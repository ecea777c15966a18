//! How the load ran from day to day, in as little space as a column of a table has.

use jiff::Timestamp;

use super::case::Case;
use super::portrait::{Lane, loads};
use crate::series::Grid;

/// Days of a trend.
pub const DAYS: usize = 14;

const SECONDS_OF_DAY: i64 = 86_400;

/// The mean load of each of the last days, the oldest first; a day of which nothing is known is a
/// gap. Days are counted back from the end of the window and have 24 hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend([Option<f64>; DAYS]);

impl Trend {
    pub fn new(days: [Option<f64>; DAYS]) -> Self {
        Self(days)
    }

    /// Of what was asked for by the first metric with history, as a portrait draws it.
    pub(super) fn of_case(case: &Case<'_>) -> Option<Self> {
        let grid = case.load.grid;
        let load = loads::of(case, 0..grid.len()).into_iter().next()?;
        Self::of(&load.lane, grid, case.now)
    }

    /// Of `lane`, whose points are at the times of `grid`, before `now`. `None` where nothing is
    /// known.
    pub(super) fn of(lane: &Lane, grid: Grid, now: Timestamp) -> Option<Self> {
        let mut days = [(0.0, 0_u32); DAYS];
        for at in 0..lane.len() {
            let age = now.duration_since(grid.time(at)).as_secs();
            let Some((sum, count)) = place(age).and_then(|it| days.get_mut(it)) else {
                continue;
            };
            if let Some(value) = lane.mean(at) {
                *sum += value;
                *count += 1;
            }
        }
        let means = days.map(|(sum, count)| (count > 0).then(|| sum / f64::from(count)));
        means
            .iter()
            .any(Option::is_some)
            .then_some(Self::new(means))
    }

    pub fn days(&self) -> &[Option<f64>] {
        &self.0
    }
}

/// The day of what is `age` seconds old; the last one is the youngest.
fn place(age: i64) -> Option<usize> {
    let days = usize::try_from(age.checked_div_euclid(SECONDS_OF_DAY)?).ok()?;
    (DAYS - 1).checked_sub(days)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DAY, Scene};
    use super::*;

    fn trend(scene: &Scene) -> Vec<Option<f64>> {
        scene.assess().trend.unwrap().days().to_vec()
    }

    #[test]
    fn each_day_has_the_mean_of_its_load() {
        let doubled_on_the_last_day = |at: usize| if at >= 13 * DAY { 2.0 } else { 1.0 };
        let days = trend(&Scene::new(doubled_on_the_last_day, |_| 4.0));
        assert_eq!(days.len(), DAYS);
        let expected = |at: usize| if at == DAYS - 1 { 2.0 } else { 1.0 };
        for (at, day) in days.iter().enumerate() {
            assert!((day.unwrap() - expected(at)).abs() < 0.01, "{days:?}");
        }
    }

    #[test]
    fn days_before_the_history_are_gaps_and_nothing_at_all_is_no_trend() {
        let days = trend(&Scene::of_length(3 * DAY, |_| 1.0, |_| 4.0));
        assert_eq!(days.iter().filter(|it| it.is_none()).count(), DAYS - 3);
        assert!(days[DAYS - 3..].iter().all(Option::is_some), "{days:?}");
        let mut scene = Scene::new(|_| 1.0, |_| 4.0);
        scene.history = crate::history::History::default();
        assert_eq!(scene.assess().trend, None);
    }

    #[test]
    fn what_is_older_or_yet_to_come_has_no_place() {
        let day = SECONDS_OF_DAY;
        let places = [-1, 0, day - 1, day, 14 * day - 1, 14 * day].map(place);
        let expected = [None, Some(13), Some(13), Some(12), Some(0), None];
        assert_eq!(places, expected);
    }
}
