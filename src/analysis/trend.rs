//! How the load ran by day and by night, in as little space as a column of a table has.

use jiff::Timestamp;

use super::case::Case;
use super::portrait::{Lane, loads};
use crate::series::Grid;

/// Parts of a trend: two for each of 14 days, so that a load that rests at night shows it.
pub const PARTS: usize = 28;

const SECONDS_OF_PART: i64 = 43_200;

/// The mean load of each half of the last days, the oldest first; a half of which nothing is known is
/// a gap. Halves are counted back from the end of the window and have 12 hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend([Option<f64>; PARTS]);

impl Trend {
    pub fn new(parts: [Option<f64>; PARTS]) -> Self {
        Self(parts)
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
        let mut parts = [(0.0, 0_u32); PARTS];
        for at in 0..lane.len() {
            let age = now.duration_since(grid.time(at)).as_secs();
            let Some((sum, count)) = place(age).and_then(|it| parts.get_mut(it)) else {
                continue;
            };
            if let Some(value) = lane.mean(at) {
                *sum += value;
                *count += 1;
            }
        }
        let means = parts.map(|(sum, count)| (count > 0).then(|| sum / f64::from(count)));
        means
            .iter()
            .any(Option::is_some)
            .then_some(Self::new(means))
    }

    pub fn parts(&self) -> &[Option<f64>] {
        &self.0
    }
}

/// The part of what is `age` seconds old; the last one is the youngest.
fn place(age: i64) -> Option<usize> {
    let parts = usize::try_from(age.checked_div_euclid(SECONDS_OF_PART)?).ok()?;
    (PARTS - 1).checked_sub(parts)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{DAY, Scene};
    use super::*;

    fn trend(scene: &Scene) -> Vec<Option<f64>> {
        scene.assess().trend.unwrap().parts().to_vec()
    }

    #[test]
    fn each_half_of_a_day_has_the_mean_of_its_load() {
        let doubled_in_the_last_half = |at: usize| {
            if at >= 13 * DAY + DAY / 2 { 2.0 } else { 1.0 }
        };
        let parts = trend(&Scene::new(doubled_in_the_last_half, |_| 4.0));
        assert_eq!(parts.len(), PARTS);
        let expected = |at: usize| if at == PARTS - 1 { 2.0 } else { 1.0 };
        for (at, part) in parts.iter().enumerate() {
            assert!((part.unwrap() - expected(at)).abs() < 0.01, "{parts:?}");
        }
    }

    #[test]
    fn what_is_before_the_history_is_a_gap_and_nothing_at_all_is_no_trend() {
        let parts = trend(&Scene::of_length(3 * DAY, |_| 1.0, |_| 4.0));
        assert_eq!(parts.iter().filter(|it| it.is_none()).count(), PARTS - 6);
        assert!(parts[PARTS - 6..].iter().all(Option::is_some), "{parts:?}");
        let mut scene = Scene::new(|_| 1.0, |_| 4.0);
        scene.history = crate::history::History::default();
        assert_eq!(scene.assess().trend, None);
    }

    #[test]
    fn what_is_older_or_yet_to_come_has_no_place() {
        let part = SECONDS_OF_PART;
        let places = [-1, 0, part - 1, part, 28 * part - 1, 28 * part].map(place);
        let expected = [None, Some(27), Some(27), Some(26), Some(0), None];
        assert_eq!(places, expected);
    }
}
