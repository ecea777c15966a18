//! Days unlike their weekday: holidays, outages, campaigns. What is learned leaves them out.
//!
//! A day is odd if its mean is further from that of days like it than days usually are. What lasts
//! longer than two days is no odd day but a new level.

use std::ops::Range;

use super::models::median;
use super::rest::RestDays;

/// Days around one that tell what is usual for it.
const AROUND: usize = 21;
/// Days like it that have to be known.
const ALIKE: usize = 3;
/// So many times the usual deviation from what is usual is odd, and at least this share of the level.
const TIMES: f64 = 5.0;
const LEAST: f64 = 0.25;
/// What the median of deviations is to be multiplied by to be the standard deviation of a normal distribution.
const MAD_TO_DEVIATION: f64 = 1.4826;
/// More odd days in a row are a new level.
const LONGEST: usize = 2;

/// The bins of odd days, by what is known of all that are given.
pub(super) fn days(days: &[LocalDay], rest: RestDays) -> Vec<Range<usize>> {
    let deviation = |at: usize| deviation(days, at, rest);
    let deviations: Vec<Option<f64>> = (0..days.len()).map(deviation).collect();
    let mut known: Vec<f64> = deviations.iter().flatten().map(|it| it.abs()).collect();
    let Some(usual) = median(&mut known) else {
        return vec![];
    };
    let limit = (TIMES * MAD_TO_DEVIATION * usual).max(LEAST);
    let is_odd = |at: usize| deviations[at].is_some_and(|it| it.abs() > limit);
    let odd: Vec<usize> = (0..days.len()).filter(|it| is_odd(*it)).collect();
    let runs = odd.chunk_by(|a, b| a + 1 == *b);
    let short = runs.filter(|it| it.len() <= LONGEST).flatten();
    short.map(|it| days[*it].bins.clone()).collect()
}

/// One local day, or what is there of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LocalDay {
    pub(super) bins: Range<usize>,
    /// Days since a Monday.
    pub(super) number: i64,
    /// `None` where less than half of the day is known.
    pub(super) mean: Option<f64>,
}

impl LocalDay {
    pub(super) fn is_of(&self, rest: RestDays) -> bool {
        rest.has(self.number.rem_euclid(7) as usize)
    }
}

/// How far a day is from the median of those like it, as a share of the level around it: days of its
/// weekday where there are enough, else of work or of rest.
fn deviation(days: &[LocalDay], at: usize, rest: RestDays) -> Option<f64> {
    let day = &days[at];
    let near = &days[at.saturating_sub(AROUND)..(at + AROUND + 1).min(days.len())];
    let others = || near.iter().filter(|it| it.number != day.number);
    let mut level: Vec<f64> = others().filter_map(|it| it.mean).collect();
    let level = median(&mut level).filter(|it| *it > 0.0)?;
    let weekday = others().filter(|it| (it.number - day.number) % 7 == 0);
    let mut alike: Vec<f64> = weekday.filter_map(|it| it.mean).collect();
    if alike.len() < ALIKE {
        let kind = others().filter(|it| it.is_of(rest) == day.is_of(rest));
        alike = kind.filter_map(|it| it.mean).collect();
    }
    if alike.len() < ALIKE {
        return None;
    }
    Some((day.mean? - median(&mut alike)?) / level)
}
