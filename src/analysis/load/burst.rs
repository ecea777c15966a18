//! How far the busiest minute of a step exceeds what the line through the steps explains.

use super::quantile;
use crate::series::Series;
use crate::sim::demand::{Around, Line};

/// Fewer samples than an hour of five-minute steps say nothing of a day.
const ENOUGH: usize = 12;

/// Near idle a single request makes the ratio huge while the cores stay few; more than this is
/// taken for such noise.
const HIGHEST: f64 = 4.0;

/// Of the measured ratios this share is not exceeded: bursts are what is usual, not what was once.
const USUAL: f64 = 0.95;

/// The usual burst, at least 1 and at most [`HIGHEST`]; `None` where too little is measured.
///
/// `ratios` tell how far the busiest minute exceeds the mean of its step. Where usage rises or
/// falls, the step before and the one after explain a part of that; what is left is the burst.
pub(super) fn usual(ratios: Option<&Series>, usage: &Series) -> Option<f64> {
    let ratios = ratios?;
    let left: Vec<f64> = (0..ratios.len())
        .filter_map(|at| Some(ratios.get(at)? / explained(ratios, usage, at)))
        .collect();
    if left.len() < ENOUGH {
        return None;
    }
    quantile(&left, USUAL).map(|it| it.clamp(1.0, HIGHEST))
}

/// How far the line through the middles of the steps exceeds the mean of the step that ratio `at`
/// is of.
fn explained(ratios: &Series, usage: &Series, at: usize) -> f64 {
    let Some(at) = usage.grid().index_of(ratios.grid().time(at)) else {
        return 1.0;
    };
    let millicores = |at: usize| usage.get(at).map(|it| (it * 1000.0).round() as i64);
    let around = Around {
        before: at.checked_sub(1).and_then(millicores),
        after: millicores(at + 1),
    };
    let minutes = usage.grid().step().seconds() / 60;
    let mean = usage.get(at).map_or(0.0, |it| it * 1000.0);
    Line::through(mean, around).peak_ratio(minutes)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::series::Grid;
    use crate::units::Step;

    fn series(len: usize, value: impl Fn(usize) -> f64) -> Series {
        let start = Timestamp::from_second(300).unwrap();
        let grid = Grid::new(start, Step::FIVE_MINUTES, len);
        Series::from_values(grid, (0..len).map(|at| Some(value(at))))
    }

    fn usual_of(ratios: &Series) -> Option<f64> {
        usual(Some(ratios), &series(300, |_| 2.0))
    }

    #[test]
    fn what_is_seen_once_in_a_while_is_not_usual() {
        let ratios = series(288, |at| if at % 24 == 0 { 3.0 } else { 1.25 });
        assert_eq!(usual_of(&ratios), Some(1.25));
        let more = series(288, |at| if at % 10 == 0 { 3.0 } else { 1.25 });
        assert_eq!(usual_of(&more), Some(3.0));
    }

    #[test]
    fn next_to_nothing_gives_none() {
        assert_eq!(usual_of(&series(11, |_| 3.0)), None);
        assert_eq!(usual(None, &series(300, |_| 2.0)), None);
    }

    #[test]
    fn a_burst_is_at_least_one_and_no_noise() {
        assert_eq!(usual_of(&series(300, |_| 0.4)), Some(1.0));
        assert_eq!(usual_of(&series(300, |_| 90.0)), Some(HIGHEST));
    }

    #[test]
    fn what_a_ramp_explains_is_no_burst() {
        // Doubling every two steps, so that the last minute is far above the mean.
        let usage = series(40, |at| 2.0_f64.powf(at as f64 / 2.0));
        let ratio = |at: usize| explained(&series(40, |_| 1.0), &usage, at);
        assert!(ratio(20) > 1.1);
        let ratios = series(40, ratio);
        let burst = usual(Some(&ratios), &usage).unwrap();
        assert!(burst < 1.000_1, "{burst}");
    }
}
