//! Series gathered into histories, each given away as soon as it is complete.

use std::collections::HashMap;

use super::problem::{MOST_VALUES, Problem};
use crate::autoscaler::target::TargetRef;
use crate::history::{History, Metric};
use crate::metrics::{Delivery, HistoryRequest, Wanted};
use crate::series::{Grid, Series};

/// The histories of wanted targets whose last series has not come yet.
pub(super) struct Collector<'r> {
    window: Grid,
    wanted: HashMap<&'r TargetRef, Vec<&'r Wanted>>,
    open: HashMap<&'r TargetRef, History>,
    /// What one of several autoscalers desired, by its name.
    own: HashMap<&'r TargetRef, HashMap<String, Series>>,
}

impl<'r> Collector<'r> {
    pub(super) fn new(request: &'r HistoryRequest) -> Self {
        let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
        for it in &request.wanted {
            wanted.entry(&it.target).or_default().push(it);
        }
        Self {
            window: request.grid,
            wanted,
            open: HashMap::new(),
            own: HashMap::new(),
        }
    }

    pub(super) fn wants(&self, target: &TargetRef) -> bool {
        self.wanted.contains_key(target)
    }

    /// Takes why nothing is known of a metric.
    pub(super) fn lack(&mut self, target: &TargetRef, metric: Metric, why: String) {
        if let Some((target, _)) = self.wanted.get_key_value(target) {
            self.open.entry(target).or_default().lack(metric, why);
        }
    }

    /// Adds what `series` has of the window, beside what came before of the same metric, of the target or
    /// of one autoscaler alone.
    pub(super) fn add(
        &mut self,
        target: &TargetRef,
        metric: Metric,
        autoscaler: Option<&str>,
        series: &Series,
    ) -> Result<(), Problem> {
        let Some((target, _)) = self.wanted.get_key_value(target) else {
            return Ok(());
        };
        let Some(series) = within(series, self.window) else {
            return Ok(());
        };
        let history = self.open.entry(target).or_default();
        let before = match autoscaler {
            Some(name) => self.own.get(target).and_then(|it| it.get(name)),
            None => history.get(&metric),
        };
        let series = match before {
            Some(before) => merged(before, &series).map_err(|why| Problem::Times {
                series: format!("{metric} of {target} in namespace {}", target.namespace),
                why,
            })?,
            None => series,
        };
        match autoscaler {
            Some(name) => {
                let own = self.own.entry(target).or_default();
                own.insert(name.to_owned(), series);
            }
            None => history.insert(metric, series),
        }
        Ok(())
    }

    /// Gives the history of `target` to each subject that wants it.
    pub(super) fn complete(&mut self, target: &TargetRef, each: &mut impl FnMut(Delivery)) {
        let Some(wanted) = self.wanted.remove(target) else {
            return;
        };
        let history = self.open.remove(target).unwrap_or_default();
        let own = self.own.remove(target).unwrap_or_default();
        deliver(&wanted, history, &own, self.window, each);
    }

    /// Gives every subject whose target has no series in the file, in their order, why there are none.
    pub(super) fn finish(self, each: &mut impl FnMut(Delivery)) {
        let mut left: Vec<&Wanted> = self.wanted.into_values().flatten().collect();
        left.sort_unstable_by_key(|it| it.subject);
        for wanted in left {
            let history = self.open.get(&wanted.target).cloned().unwrap_or_default();
            deliver(&[wanted], history, &HashMap::new(), self.window, each);
        }
    }
}

/// Series are of a target, and those of triggers of the object whose triggers they are: another
/// autoscaler of the same target does not get them.
fn deliver(
    wanted: &[&Wanted],
    mut history: History,
    own: &HashMap<String, Series>,
    window: Grid,
    each: &mut impl FnMut(Delivery),
) {
    let has_object = wanted.iter().any(|it| it.triggers.is_some());
    let mut others = wanted.len();
    for wanted in wanted {
        others -= 1;
        let mut history = match others {
            0 => std::mem::take(&mut history),
            _ => history.clone(),
        };
        if has_object && wanted.triggers.is_none() {
            history = history.only(|it| !matches!(it, Metric::Trigger(_)));
        }
        match own.get(&wanted.hpa) {
            Some(series) => history.insert(Metric::DesiredReplicas, series.clone()),
            // The series of the target is what another one desired.
            None if !own.is_empty() => {
                history = history.only(|it| *it != Metric::DesiredReplicas);
            }
            None => {}
        }
        wanted.complete(window, &mut history, "the snapshot has nothing of it");
        each(Delivery {
            subject: wanted.subject,
            history: Ok(history),
        });
    }
}

/// The samples whose steps end within the steps of `window`, on their own grid; `None` if there
/// are none.
fn within(series: &Series, window: Grid) -> Option<Series> {
    let grid = series.grid();
    let (start, step) = (grid.start().as_second(), i64::from(grid.step().seconds()));
    let before = window.start().as_second() - i64::from(window.step().seconds());
    let index = |time: i64| usize::try_from((time - start).div_euclid(step) + 1).unwrap_or(0);
    let first = index(before).min(grid.len());
    let end = index(window.end().as_second()).min(grid.len());
    if first >= end || window.is_empty() {
        return None;
    }
    if end - first == grid.len() {
        return Some(series.clone());
    }
    let part = Grid::new(grid.time(first), grid.step(), end - first);
    Some(Series::from_values(
        part,
        series.iter().skip(first).take(part.len()),
    ))
}

/// Both series on one grid; where both know a sample, `later` is right.
fn merged(earlier: &Series, later: &Series) -> Result<Series, &'static str> {
    let (a, b) = (earlier.grid(), later.grid());
    if a.step() != b.step() {
        return Err("the step is another one");
    }
    let step = i64::from(a.step().seconds());
    let (a_start, b_start) = (a.start().as_second(), b.start().as_second());
    if (b_start - a_start) % step != 0 {
        return Err("the steps do not line up");
    }
    let start = a.start().min(b.start());
    let seconds = a.end().max(b.end()).as_second() - start.as_second();
    let len = usize::try_from(seconds / step + 1).unwrap_or(usize::MAX);
    if len > MOST_VALUES {
        return Err("they lie too far apart for one series");
    }
    let mut union = Series::gaps(Grid::new(start, a.step(), len));
    for series in [earlier, later] {
        let offset = series.grid().start().as_second() - start.as_second();
        let offset = usize::try_from(offset / step).unwrap_or(0);
        for (index, value) in series.iter().enumerate() {
            if let Some(value) = value {
                union.set(offset + index, value);
            }
        }
    }
    Ok(union)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::units::Step;

    fn grid(start: i64, step: u32, len: usize) -> Grid {
        let start = Timestamp::from_second(start).unwrap();
        Grid::new(start, Step::from_seconds(step).unwrap(), len)
    }

    fn series(start: i64, step: u32, values: &[Option<f64>]) -> Series {
        Series::from_values(grid(start, step, values.len()), values.iter().copied())
    }

    #[test]
    fn a_series_is_cut_to_the_window_on_its_own_grid() {
        let values: Vec<_> = (0..10).map(|it| Some(f64::from(it))).collect();
        let minutes = series(60, 60, &values);
        // Steps of 300 s that end at 300 and 600: the seconds 1 to 600.
        assert_eq!(within(&minutes, grid(300, 300, 2)), Some(minutes.clone()));
        assert_eq!(
            within(&minutes, grid(240, 120, 2)),
            Some(series(180, 60, &values[2..6]))
        );
        assert_eq!(within(&minutes, grid(660, 60, 5)), None);
        assert_eq!(within(&minutes, grid(-600, 300, 2)), None);
        assert_eq!(within(&minutes, grid(300, 300, 0)), None);
        assert_eq!(
            within(&minutes, grid(600, 60, 9)),
            Some(series(600, 60, &values[9..]))
        );
    }

    #[test]
    fn parts_of_a_series_are_joined_and_the_later_line_is_right() {
        let first = series(600, 300, &[Some(1.0), Some(2.0), None]);
        let second = series(900, 300, &[Some(9.0), Some(3.0), None, Some(5.0)]);
        let joined = series(
            600,
            300,
            &[Some(1.0), Some(9.0), Some(3.0), None, Some(5.0)],
        );
        assert_eq!(merged(&first, &second), Ok(joined));
        let apart = series(1500, 300, &[Some(7.0)]);
        let gap = series(600, 300, &[Some(1.0), Some(2.0), None, Some(7.0)]);
        assert_eq!(merged(&apart, &first), Ok(gap));
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let whole = series(600, 300, &[Some(1.0)]);
        for (other, why) in [
            (series(600, 60, &[None]), "the step is another one"),
            (series(700, 300, &[None]), "the steps do not line up"),
            (
                series(600_000_000, 300, &[None]),
                "they lie too far apart for one series",
            ),
        ] {
            assert_eq!(merged(&whole, &other), Err(why));
        }
    }
}
