//! How far the busiest minute exceeds the mean of its step, by hour of the day.

use jiff::Timestamp;

use super::quantile;
use crate::series::Series;

/// Fewer samples than an hour of five-minute steps say nothing of an hour, or of a day.
const ENOUGH: usize = 12;

/// Near idle a single request makes the ratio huge while the cores stay few; more than this is
/// taken for such noise.
const HIGHEST: f64 = 4.0;

/// Burst ratios, each at least 1 and at most [`HIGHEST`].
pub(super) enum Bursts {
    /// p95 for each hour of the day in UTC.
    Hourly([f64; 24]),
    /// p95 of all.
    Overall(f64),
    Unknown,
}

impl Bursts {
    pub(super) fn of(series: Option<&Series>) -> Self {
        let Some(series) = series else {
            return Self::Unknown;
        };
        let mut hours: [Vec<f64>; 24] = std::array::from_fn(|_| Vec::new());
        let mut all = Vec::new();
        for (at, ratio) in series.iter().enumerate() {
            let Some(ratio) = ratio else { continue };
            hours[hour_of(series.grid().time(at))].push(ratio);
            all.push(ratio);
        }
        let p95 = |ratios: &[f64]| quantile(ratios, 0.95).unwrap_or(1.0).clamp(1.0, HIGHEST);
        if hours.iter().all(|it| it.len() >= ENOUGH) {
            return Self::Hourly(hours.map(|it| p95(&it)));
        }
        if all.len() >= ENOUGH {
            return Self::Overall(p95(&all));
        }
        Self::Unknown
    }

    pub(super) fn is_known(&self) -> bool {
        match self {
            Self::Hourly(_) | Self::Overall(_) => true,
            Self::Unknown => false,
        }
    }

    /// The ratio at `time`, 1 where nothing is known.
    pub(super) fn at(&self, time: Timestamp) -> f64 {
        match self {
            Self::Hourly(hours) => hours[hour_of(time)],
            Self::Overall(ratio) => *ratio,
            Self::Unknown => 1.0,
        }
    }
}

/// A sample stands for the step that ends at its time, so the full hour belongs to the one before.
fn hour_of(time: Timestamp) -> usize {
    ((time.as_second() - 1).rem_euclid(86_400) / 3600) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Grid;
    use crate::units::Step;

    fn series(len: usize, ratio: impl Fn(usize) -> f64) -> Series {
        let start = Timestamp::from_second(300).unwrap();
        let grid = Grid::new(start, Step::FIVE_MINUTES, len);
        Series::from_values(grid, (0..len).map(|at| Some(ratio(at))))
    }

    fn at_hour(bursts: &Bursts, hour: i64) -> f64 {
        bursts.at(Timestamp::from_second(hour * 3600 + 300).unwrap())
    }

    #[test]
    fn a_whole_day_gives_a_ratio_for_each_hour() {
        let bursts = Bursts::of(Some(&series(288, |at| if at < 12 { 2.0 } else { 1.5 })));
        assert_eq!((at_hour(&bursts, 0), at_hour(&bursts, 1)), (2.0, 1.5));
    }

    #[test]
    fn part_of_a_day_gives_one_ratio_and_next_to_nothing_gives_none() {
        let bursts = Bursts::of(Some(&series(20, |_| 1.25)));
        assert_eq!(at_hour(&bursts, 15), 1.25);
        let bursts = Bursts::of(Some(&series(11, |_| 3.0)));
        assert!(!bursts.is_known());
        assert_eq!(at_hour(&bursts, 0), 1.0);
    }

    #[test]
    fn a_ratio_is_at_least_one_and_no_noise() {
        assert_eq!(at_hour(&Bursts::of(Some(&series(300, |_| 0.4))), 3), 1.0);
        assert_eq!(
            at_hour(&Bursts::of(Some(&series(300, |_| 90.0))), 3),
            HIGHEST
        );
    }
}
