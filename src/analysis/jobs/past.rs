//! What the history of a ScaledJob tells: what arrived in its queue, how many jobs ran, and how long
//! one of them is.
//!
//! Nobody counts arrivals. What came in between two samples is what the queue grew by and what jobs
//! took from it; and what jobs took is known by how many of them began, which is how many more there
//! are and how many ended, one for each lifetime of each. Where the queue shows an item until it is
//! done, those that ended count alone. Less than nothing is set off against what comes later.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::model::Model;
use crate::analysis::load::{Coverage, DEFAULT_STARTUP_SECONDS};
use crate::autoscaler::workload::Workload;
use crate::history::{History, Metric};
use crate::series::{Grid, Series};

/// A history that can be replayed.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) grid: Grid,
    /// The samples that count.
    pub(super) inside: Range<usize>,
    /// Items in the queue, by sample.
    pub(super) queue: Vec<Option<f64>>,
    /// Jobs that were not finished, by sample.
    pub(super) running: Vec<Option<f64>>,
    /// From creation until a job takes something.
    pub(super) startup: SignedDuration,
    /// From then until it ends.
    pub(super) work: SignedDuration,
    pub(super) coverage: Coverage,
}

impl Past {
    /// # Errors
    /// What is not known.
    pub(super) fn of(
        model: &Model<'_>,
        workload: &Workload,
        history: &History,
        window: SignedDuration,
        now: Timestamp,
    ) -> Result<Self, String> {
        let queue = history.get(&Metric::Trigger(model.trigger));
        let queue =
            queue.ok_or_else(|| format!("nothing is known of trigger {}", model.trigger))?;
        let running = history.get(&Metric::ReadyReplicas).ok_or(
            "how many jobs ran is not known: kube-state-metrics tells it by kube_job_status_active",
        )?;
        let lifetimes = history.get(&Metric::JobDuration).and_then(median);
        let lifetime = lifetimes.ok_or(
            "durations of jobs are unknown: kube-state-metrics tells them by \
             kube_job_status_start_time and kube_job_status_completion_time",
        )?;
        let grid = queue.grid();
        let running = running.on(grid);
        let inside = inside(grid, window, now);
        // A job is not longer in starting than in all.
        let startup = startup(workload).min(lifetime - 1.0).max(0.0);
        let work = (lifetime - startup).max(1.0);
        Ok(Self {
            coverage: coverage(queue, &running, inside.clone()),
            queue: queue.iter().collect(),
            running: running.iter().collect(),
            startup: whole(startup),
            work: whole(work),
            inside,
            grid,
        })
    }

    fn lifetime(&self) -> f64 {
        (self.startup + self.work).as_secs_f64().max(1.0)
    }

    /// Seconds of a step.
    pub(super) fn step(&self) -> u32 {
        self.grid.step().seconds()
    }

    /// Items a second that arrived in each step up to a sample inside, the first one left out; `None`
    /// where that is not known.
    pub(super) fn arrivals(&self, items: i64, shows_taken: bool) -> Vec<Option<f64>> {
        let step = f64::from(self.step());
        let mut owed = 0.0;
        let steps = self.inside.clone().skip(1);
        steps
            .map(|at| {
                let grown = self.queue[at]? - self.queue[at - 1]?;
                let (before, now) = (self.running[at - 1]?, self.running[at]?);
                let ended = (before + now) / 2.0 * step / self.lifetime();
                let begun = now - before + ended;
                let jobs = if shows_taken { ended } else { begun };
                let came = grown + jobs * items as f64 + owed;
                owed = came.min(0.0);
                Some(came.max(0.0) / step)
            })
            .collect()
    }

    /// Items in the queue at the first sample.
    pub(super) fn at_first(&self) -> i64 {
        let first = self.inside.clone().next().and_then(|it| self.queue[it]);
        first.unwrap_or(0.0).max(0.0) as i64
    }

    /// How many jobs ran at the end of each step that [`arrivals`](Self::arrivals) has.
    pub(super) fn observed(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        let steps = self.inside.clone().skip(1);
        steps.map(|it| self.running[it])
    }
}

/// The samples of the window before `now`.
fn inside(grid: Grid, window: SignedDuration, now: Timestamp) -> Range<usize> {
    let is_in = |at: &usize| {
        let age = now.duration_since(grid.time(*at));
        age >= SignedDuration::ZERO && age <= window
    };
    let first = (0..grid.len()).find(is_in);
    let last = (0..grid.len()).rev().find(is_in);
    match (first, last) {
        (Some(first), Some(last)) => first..last + 1,
        (None, _) | (_, None) => 0..0,
    }
}

/// A sample is known where queue and jobs are.
fn coverage(queue: &Series, running: &Series, inside: Range<usize>) -> Coverage {
    let is_known = |at: &usize| queue.get(*at).is_some() && running.get(*at).is_some();
    let known: Vec<usize> = inside.filter(is_known).collect();
    Coverage::of_known(&known, queue.grid())
}

fn median(series: &Series) -> Option<f64> {
    series
        .quantile(0.5)
        .filter(|it| it.is_finite() && *it > 0.0)
}

/// Seconds until a job takes something: p90 of what its pods that run now took.
fn startup(workload: &Workload) -> f64 {
    let known = &workload.startup_seconds;
    let place = (known.len() * 9).div_ceil(10).saturating_sub(1);
    known.get(place).copied().unwrap_or(DEFAULT_STARTUP_SECONDS)
}

fn whole(seconds: f64) -> SignedDuration {
    SignedDuration::from_secs(seconds.round() as i64)
}
