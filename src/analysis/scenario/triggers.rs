//! What the sources of a ScaledObject gave, step by step.
//!
//! A trigger that KEDA reads is known by the history of its value; the metric of a `cron` trigger is
//! reckoned from its schedule. Single samples that were missed are bridged, as everywhere. A longer
//! gap is unknown and nothing else: that nobody wrote a value down is no failure of its source.

mod schedule;

use std::ops::Range;

use jiff::Timestamp;

use crate::analysis::load::BRIDGED_STEPS;
use crate::autoscaler::Autoscaler;
use crate::history::{self, History};
use crate::keda::objects::Trigger;
use crate::keda::trigger::threshold;
use crate::series::{Grid, Series};
pub(super) use schedule::Schedule;

/// The values of the external triggers that are known at all, in their order.
#[derive(Clone, Debug)]
pub(in crate::analysis) struct Triggers {
    known: Vec<Known>,
    /// Places among all triggers of external ones of which nothing is known.
    pub(in crate::analysis) unknown: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Known {
    /// The place among all triggers.
    index: usize,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    /// At the end of each step.
    Sampled(Series),
    Scheduled(Schedule),
}

impl Values {
    /// How many samples of the grid are known.
    fn known(&self, grid: Grid) -> usize {
        match self {
            Self::Sampled(series) => series.known().count(),
            Self::Scheduled(_) => grid.len(),
        }
    }
}

impl Triggers {
    /// Those of `autoscaler` on `grid`; none for what is no ScaledObject.
    pub(in crate::analysis) fn of(autoscaler: &Autoscaler, history: &History, grid: Grid) -> Self {
        let spec = autoscaler.keda.as_ref().map(|it| &it.spec);
        let all = spec.map_or(&[][..], |it| it.triggers.as_slice());
        let external = all.iter().enumerate().filter(|it| !it.1.is_resource());
        let fewest = match all.iter().any(Trigger::is_resource) {
            true => enough(history, grid),
            // There is nothing else to go by.
            false => 0,
        };
        let mut triggers = Self::none();
        for (index, trigger) in external {
            match values(index, trigger, history, grid) {
                Some(values) if values.known(grid) >= fewest => {
                    triggers.known.push(Known { index, values });
                }
                Some(_) | None => triggers.unknown.push(index),
            }
        }
        triggers
    }

    /// No trigger.
    pub(super) fn none() -> Self {
        Self {
            known: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Places among all triggers of those whose values are known.
    pub(in crate::analysis) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.known.iter().map(|it| it.index)
    }

    pub(in crate::analysis) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Whether all of them are known at the end of step `at` of the grid.
    pub(in crate::analysis) fn are_known(&self, at: usize) -> bool {
        self.known.iter().all(|it| match &it.values {
            Values::Sampled(series) => series.get(at).is_some(),
            Values::Scheduled(_) => true,
        })
    }

    /// The same with the samples of `steps` alone.
    pub(super) fn within(mut self, steps: Range<usize>) -> Self {
        for known in &mut self.known {
            if let Values::Sampled(series) = &mut known.values {
                let values: Vec<_> = steps.clone().map(|at| series.get(at)).collect();
                *series = Series::from_values(series.grid().part(steps.clone()), values);
            }
        }
        self
    }

    /// Whether any changes within step `at`, which lasts from `from` to `until`, on a line through
    /// the samples if `is_linear`.
    pub(super) fn change_within(
        &self,
        at: usize,
        (from, until): (Timestamp, Timestamp),
        is_linear: bool,
    ) -> bool {
        self.known.iter().any(|it| match &it.values {
            Values::Sampled(series) => {
                let before = at.checked_sub(1).and_then(|it| series.get(it));
                is_linear && before.is_some_and(|it| Some(it) != series.get(at))
            }
            Values::Scheduled(schedule) => schedule.changes_within((from, until)),
        })
    }

    /// The values at `time`, which a `share` of step `at` has passed until then; that of the whole
    /// step where there is none.
    pub(super) fn fill(
        &self,
        into: &mut Vec<Option<f64>>,
        at: usize,
        time: Timestamp,
        share: Option<f64>,
    ) {
        into.clear();
        into.extend(self.known.iter().map(|it| match &it.values {
            Values::Sampled(series) => {
                let value = series.get(at)?;
                let before = at.checked_sub(1).and_then(|it| series.get(it));
                let line = |share: f64| before.map(|it| it + (value - it) * share);
                Some(share.and_then(line).unwrap_or(value))
            }
            Values::Scheduled(schedule) => Some(schedule.at(time)),
        }));
    }
}

/// As many samples as a trigger has to have beside usage: half of those. One that was told of only
/// lately would take the rest of the past away.
fn enough(history: &History, grid: Grid) -> usize {
    let usage = history.cpu().map(|it| it.on(grid).known().count());
    usage.unwrap_or_default().div_ceil(2)
}

/// `None` where nothing is known, or what its metric is held at is not.
fn values(index: usize, trigger: &Trigger, history: &History, grid: Grid) -> Option<Values> {
    threshold::target(
        &trigger.kind,
        trigger.metric_type.as_deref(),
        &trigger.metadata,
    )?;
    if trigger.kind == "cron" {
        return Some(Values::Scheduled(Schedule::of(index, trigger, grid)?));
    }
    let place = u32::try_from(index).ok()?;
    let series = history.get(&history::Metric::Trigger(place))?;
    let series = series.on(grid).bridged(BRIDGED_STEPS);
    let is_known = series.known().next().is_some();
    is_known.then_some(Values::Sampled(series))
}
