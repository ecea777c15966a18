//! What became of the work of a ScaledJob after its settings were changed.
//!
//! There is no readiness and no utilization to look at. What counts is whether more items wait than
//! would wait under the old settings, which a replay of them on what arrived since tells, or where
//! that explains nothing, what was seen before; and whether more jobs fail than before.

use std::ops::Range;

use jiff::SignedDuration;
use serde::Serialize;

use super::model::Model;
use super::past::Past;
use super::trial::Trials;
use crate::analysis::fidelity::Fit;
use crate::analysis::verification::{Findings, Input, objectives};
use crate::history::Metric;
use crate::lifecycle::step::{Check, Verdict};
use crate::series::Series;

/// Fewer samples than this say nothing of a change.
const FEWEST_SAMPLES: usize = 3;
/// A newest sample older than this, or than four steps, says nothing of now.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// Below this share of the time since the change it cannot be called healthy.
const LEAST_COVERAGE: f64 = 0.75;
/// A queue is longer if it is so by this share, and by an item.
const LONGER: f64 = 0.25;
/// As many samples before the change tell which kind of queue it is.
const FEWEST_BEFORE: usize = 12;
/// The busiest hour has to be as busy as this share of the busiest one of the days before.
const BUSY: f64 = 0.8;
/// More failures an hour than this many times those before, and as many at least, are harm.
const FAILURES: (f64, f64) = (2.0, 3.0);

/// What was measured since the change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    known_hours: f64,
    /// Items that the trigger showed, on the mean.
    mean_queue: f64,
    /// The same under the old settings, on what arrived since.
    #[serde(skip_serializing_if = "Option::is_none")]
    old_mean_queue: Option<f64>,
    /// The same before the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_queue_before: Option<f64>,
    job_hours: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_job_hours: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_jobs: Option<f64>,
}

/// Judges a change of a ScaledJob that is on probation.
pub fn verify(input: &Input<'_>) -> Check {
    match Case::of(input) {
        Ok(case) => case.check(),
        Err(verdict) => Check {
            verdict,
            measured: serde_json::Value::Null,
        },
    }
}

struct Case<'a> {
    input: &'a Input<'a>,
    past: Past,
    /// Samples since the change, and those before.
    since: Range<usize>,
    before: Range<usize>,
    measured: Measured,
    /// By hour, the most that arrived before and since.
    busiest: Option<(f64, f64)>,
}

impl<'a> Case<'a> {
    /// # Errors
    /// Why nothing can be measured.
    fn of(input: &'a Input<'a>) -> Result<Self, Verdict> {
        let error = |why: String| Verdict::Error { why };
        let Ok(model) = Model::of(input.autoscaler) else {
            return Err(error("it is paused, or has not one queue alone".to_owned()));
        };
        let past = Past::of(
            &model,
            input.workload,
            input.history,
            SignedDuration::MAX,
            input.now,
        );
        let past = past.map_err(error)?;
        let all = past.inside.clone();
        let mut later = all.clone();
        let first = later.find(|it| past.grid.time(*it) > input.applied);
        let first = first.unwrap_or(all.end);
        let mut case = Self {
            since: first..all.end,
            before: all.start..first,
            measured: Measured::default(),
            busiest: None,
            input,
            past,
        };
        case.measure(&model);
        Ok(case)
    }

    fn hours(&self, steps: usize) -> f64 {
        steps as f64 * f64::from(self.past.step()) / 3600.0
    }

    fn known(&self, places: Range<usize>) -> usize {
        let is_known =
            |at: &usize| self.past.queue[*at].is_some() && self.past.running[*at].is_some();
        places.filter(is_known).count()
    }

    fn measure(&mut self, model: &Model<'_>) {
        let (since, before) = (self.since.clone(), self.before.clone());
        let hours = self.hours(self.known(since.clone()));
        let mean_running = mean(&self.past.running[since.clone()]).unwrap_or(0.0);
        self.measured = Measured {
            known_hours: hours,
            mean_queue: mean(&self.past.queue[since.clone()]).unwrap_or(0.0),
            mean_queue_before: mean(&self.past.queue[before.clone()]),
            job_hours: hours * mean_running,
            failed_jobs: self.failed(since.clone()),
            ..Measured::default()
        };
        let trials = Trials::new(model, &self.past, 0.0);
        // Of the first sample, it is not known what came before it.
        let split = before.len().saturating_sub(1);
        self.busiest = busiest(trials.arrivals(), split, self.past.step());
        if self.known(before) < FEWEST_BEFORE {
            return;
        }
        let Some((fidelity, trials)) = trials.fitted(self.input.old, split) else {
            return;
        };
        if fidelity.fit() == Fit::Poor {
            return;
        }
        let old = trials.replay(self.input.old);
        let known = |it: &[i64]| {
            let steps = it.iter().enumerate().skip(split);
            let known = steps.filter(|(at, _)| trials.arrivals()[*at].is_some());
            known.map(|(_, it)| Some(*it as f64)).collect::<Vec<_>>()
        };
        self.measured.old_mean_queue = mean(&known(&old.shown));
        self.measured.old_job_hours = mean(&known(&old.jobs)).map(|it| it * hours);
    }

    /// Jobs that failed; `None` where nobody counts them.
    fn failed(&self, places: Range<usize>) -> Option<f64> {
        let series = self.input.history.get(&Metric::FailedJobs)?;
        let grid = self.past.grid;
        let first = places.start.saturating_sub(1);
        let values: Vec<f64> = (first..places.end)
            .filter_map(|it| Series::at(series, grid.time(it)))
            .collect();
        // Fewer are kept where some were cleaned up.
        let more = values.windows(2).map(|it| (it[1] - it[0]).max(0.0));
        Some(more.sum())
    }

    fn check(self) -> Check {
        let verdict = self.verdict();
        let measured = serde_json::to_value(&self.measured);
        Check {
            verdict,
            // Plain numbers always have a JSON form.
            measured: measured.unwrap_or_default(),
        }
    }

    fn verdict(&self) -> Verdict {
        if let Some(why) = self.stale() {
            return Verdict::Error { why };
        }
        if self.known(self.since.clone()) < FEWEST_SAMPLES {
            let detail = "too few samples since the change".to_owned();
            return Verdict::Inconclusive { detail };
        }
        let mut found = Findings::default();
        found.harm.extend(self.queue());
        found.harm.extend(self.failures());
        objectives::check(self.input.objectives, &mut found);
        found.doubts.extend(self.thin());
        found.doubts.extend(self.quiet());
        if !found.harm.is_empty() {
            let detail = found.harm.join("; ");
            return Verdict::Degraded { detail };
        }
        if !found.errors.is_empty() {
            let why = found.errors.join("; ");
            return Verdict::Error { why };
        }
        if !found.doubts.is_empty() {
            let detail = found.doubts.join("; ");
            return Verdict::Inconclusive { detail };
        }
        Verdict::Healthy {
            detail: self.told(),
        }
    }

    fn stale(&self) -> Option<String> {
        let known = self.past.inside.clone().rev();
        let newest = known
            .into_iter()
            .find(|it| self.past.queue[*it].is_some())?;
        let age = self.input.now.duration_since(self.past.grid.time(newest));
        let step = SignedDuration::from_secs(self.past.step().into());
        (age > FRESH.max(step * 4)).then(|| {
            let minutes = age.as_mins();
            format!("the newest value of the trigger is {minutes} min old")
        })
    }

    /// More items that wait than under the old settings.
    fn queue(&self) -> Option<String> {
        let Measured {
            mean_queue: now,
            old_mean_queue,
            mean_queue_before,
            ..
        } = self.measured;
        let (than, whose) = match (old_mean_queue, mean_queue_before) {
            (Some(old), _) => (old, "under the old settings on what arrived"),
            (None, Some(before)) => (before, "before the change"),
            (None, None) => return None,
        };
        let is_longer = now > (1.0 + LONGER) * than && now > than + 1.0;
        is_longer.then(|| {
            format!("the queue has {now:.1} items on the mean since the change; {than:.1} {whose}")
        })
    }

    /// More jobs that fail than before.
    fn failures(&self) -> Option<String> {
        let (times, least) = FAILURES;
        let now = self.failed(self.since.clone())?;
        let before = self.failed(self.before.clone())?;
        let rate = |count: f64, places: &Range<usize>| count / self.hours(places.len()).max(0.01);
        let (often, seldom) = (rate(now, &self.since), rate(before, &self.before));
        (now >= least && often > times * seldom).then(|| {
            format!(
                "{now:.0} jobs failed since the change, {often:.1} an hour; {seldom:.1} an hour before"
            )
        })
    }

    fn thin(&self) -> Option<String> {
        let known = self.known(self.since.clone()) as f64;
        let share = known / self.since.len().max(1) as f64;
        (share < LEAST_COVERAGE).then(|| {
            let percent = 100.0 * share;
            format!("only {percent:.0}% of the time since the change are known")
        })
    }

    fn quiet(&self) -> Option<String> {
        let (before, since) = self.busiest?;
        (since < BUSY * before).then(|| {
            format!(
                "the busiest hour since the change had {since:.0} items, those before up to \
                 {before:.0}"
            )
        })
    }

    fn told(&self) -> String {
        let Measured {
            mean_queue,
            old_mean_queue,
            job_hours,
            old_job_hours,
            known_hours,
            ..
        } = self.measured;
        let beside = |it: Option<f64>| it.map_or(String::new(), |it| format!(" ({it:.1} before)"));
        format!(
            "in {known_hours:.1} h: {mean_queue:.1} items in the queue on the mean{}, {job_hours:.1} \
             job-hours{}",
            beside(old_mean_queue),
            beside(old_job_hours)
        )
    }
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The most items that arrived in an hour, before the step `split` and after it; `None` where no
/// whole hour was before.
fn busiest(arrivals: &[Option<f64>], split: usize, step: u32) -> Option<(f64, f64)> {
    let steps = (3600 / step.max(1)).max(1) as usize;
    let most = |it: &[Option<f64>]| {
        let hours = it.chunks(steps).filter(|it| it.len() == steps);
        let sums = hours.map(|it| it.iter().flatten().sum::<f64>() * f64::from(step));
        sums.reduce(f64::max)
    };
    let (before, since) = arrivals.split_at(split.min(arrivals.len()));
    Some((most(before)?, most(since).unwrap_or(0.0)))
}
