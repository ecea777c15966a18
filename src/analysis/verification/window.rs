//! The time since a change: which steps of the history it has, and which of them are known.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::{FEWEST_SAMPLES, FRESH, Input, LEAST_COVERAGE};
use crate::analysis::load::{Load, Sample};
use crate::history::Metric;
use crate::series::Grid;

/// What is known around a change. Places are those of the grid of the load.
#[derive(Clone, Debug)]
pub(super) struct Window {
    /// All of the history until now.
    pub(super) load: Load,
    /// Steps that had ended when the change came.
    pub(super) before: Range<usize>,
    /// Steps that began after the change came. The one in which it came is of neither.
    pub(super) since: Range<usize>,
    /// Ready pods; NaN is a gap.
    pub(super) ready: Vec<f64>,
    /// Replicas that were wanted, else those that were ready; NaN is a gap.
    pub(super) replicas: Vec<f64>,
    /// How many steps there should be since the change.
    expected: usize,
    /// Steps since the change in which no pod was ready.
    unserved: usize,
}

impl Window {
    pub(super) fn of(input: &Input<'_>) -> Self {
        let Input {
            autoscaler,
            workload,
            history,
            now,
            ..
        } = *input;
        let load = Load::derive(autoscaler, workload, history, SignedDuration::MAX, now);
        let steps = steps_since(load.grid, input.applied, now);
        let end = |at: usize| at.min(load.grid.len());
        let since = end(steps.start)..end(steps.end);
        let ended = (0..load.grid.len()).filter(|at| load.grid.time(*at) <= input.applied);
        let before = 0..ended.count();
        let mut ready: Vec<f64> = load.samples.iter().map(ready).collect();
        if autoscaler.keda.is_some() {
            rested(&mut ready, &load.wanted);
        }
        let replicas = load.wanted.iter().zip(&ready);
        let replicas = replicas.map(|(wanted, ready)| replicas_of(*wanted, *ready));
        Self {
            before,
            unserved: unserved(input, load.grid, since.clone()),
            since,
            expected: steps.len(),
            replicas: replicas.collect(),
            ready,
            load,
        }
    }

    pub(super) fn samples(&self, places: Range<usize>) -> impl Iterator<Item = &Sample> {
        let samples = self.load.samples.get(places).unwrap_or(&[]);
        samples.iter().flatten()
    }

    /// Steps of which it is known how many replicas there were.
    pub(super) fn counted(&self, places: Range<usize>) -> usize {
        let counts = self.replicas.get(places).unwrap_or(&[]);
        counts.iter().filter(|it| !it.is_nan()).count()
    }

    /// Samples since the change.
    pub(super) fn known(&self) -> usize {
        self.samples(self.since.clone()).count()
    }

    /// The share of the time since the change that is known, 0 to 1.
    pub(super) fn coverage(&self) -> f64 {
        (self.known() + self.unserved) as f64 / self.expected.max(1) as f64
    }

    pub(super) fn minutes(&self, steps: usize) -> f64 {
        steps as f64 * self.load.step_seconds() / 60.0
    }

    /// Steps of a day, at least one.
    pub(super) fn day(&self) -> usize {
        self.load.steps_in(86_400.0).max(1)
    }

    /// Time before the change that what was seen since may be held against: just before it, and
    /// at the same hours of the last day that had ended by then. Of the same length.
    pub(super) fn counterparts(&self) -> Vec<Range<usize>> {
        let length = self.since.len();
        let days = (self.since.end - self.before.end.min(self.since.end)).div_ceil(self.day());
        let shift = days * self.day();
        let just = self.before.end.saturating_sub(length)..self.before.end;
        let same = self.since.start.checked_sub(shift);
        let same = same.map(|start| start..start + length);
        let both = [Some(just), same].into_iter().flatten();
        both.filter(|it| self.samples(it.clone()).count() >= FEWEST_SAMPLES)
            .collect()
    }

    /// Why nothing at all can be said.
    pub(super) fn unmeasurable(&self, input: &Input<'_>) -> Option<String> {
        let name = &input.autoscaler.id;
        if self.load.known().next().is_none() && self.unserved == 0 {
            let missing = self.load.missing.first();
            let missing = missing.map_or(String::new(), |it| format!(" ({it})"));
            return Some(format!("no sample of the load of {name} is known{missing}"));
        }
        let is_gap = self.known() + self.unserved == 0 && self.expected > FEWEST_SAMPLES;
        is_gap.then(|| {
            let minutes = self.minutes(self.expected);
            format!("nothing is known of the {minutes:.0} min since {name} was changed")
        })
    }

    /// What is waited for while there are too few samples.
    pub(super) fn awaiting(&self) -> String {
        let known = self.known();
        let unserved = match self.unserved {
            0 => String::new(),
            steps => format!(", and no pod was ready in {steps} more"),
        };
        format!("{known} of {FEWEST_SAMPLES} samples{unserved}")
    }

    /// Why too little is known for a change to be called healthy.
    pub(super) fn thin(&self, now: Timestamp) -> Option<String> {
        let coverage = self.coverage();
        if coverage < LEAST_COVERAGE {
            let percent = 100.0 * coverage;
            return Some(format!(
                "only {percent:.0} % of the time since the change is known"
            ));
        }
        let mut known = self.since.clone().rev();
        let newest = known.find(|at| self.load.samples.get(*at).is_some_and(Option::is_some))?;
        let age = now.duration_since(self.load.grid.time(newest));
        let steps = self.load.grid.step().signed() * 4;
        (age > steps.max(FRESH)).then(|| {
            let minutes = age.as_secs() / 60;
            format!("the newest sample is {minutes} min old")
        })
    }
}

/// The steps of `grid`, gone on with for ever, that began at `applied` or later and have ended by
/// `now`.
fn steps_since(grid: Grid, applied: Timestamp, now: Timestamp) -> Range<usize> {
    let step = i128::from(grid.step().seconds()) * 1_000_000_000;
    let after_start = |it: Timestamp| it.as_nanosecond() - grid.start().as_nanosecond();
    // The step that ends at place `it` begins one step before.
    let first = (after_start(applied) + 2 * step - 1)
        .div_euclid(step)
        .max(0);
    let end = (after_start(now).div_euclid(step) + 1).max(first);
    let place = |it: i128| usize::try_from(it).unwrap_or(usize::MAX);
    place(first)..place(end)
}

fn ready(sample: &Option<Sample>) -> f64 {
    sample.as_ref().map_or(f64::NAN, |it| it.ready)
}

/// KEDA takes a workload to zero on purpose: that none is wanted is known, and no gap.
fn rested(ready: &mut [f64], wanted: &[f64]) {
    let both = ready.iter_mut().zip(wanted);
    for (ready, _) in both.filter(|(ready, wanted)| ready.is_nan() && **wanted < 0.5) {
        *ready = 0.0;
    }
}

fn replicas_of(wanted: f64, ready: f64) -> f64 {
    match (ready.is_nan(), wanted.is_nan()) {
        (true, _) => f64::NAN,
        (false, true) => ready.round(),
        (false, false) => wanted.round(),
    }
}

fn unserved(input: &Input<'_>, grid: Grid, places: Range<usize>) -> usize {
    let history = input.history;
    let ready = history.get(&Metric::ReadyReplicas);
    let Some(ready) = ready.or_else(|| history.get(&Metric::DesiredReplicas)) else {
        return 0;
    };
    let is_none = |at: &usize| ready.at(grid.time(*at)).is_some_and(|it| it < 0.5);
    places.filter(is_none).count()
}
