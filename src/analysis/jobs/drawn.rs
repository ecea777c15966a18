//! What can be drawn of a ScaledJob: its queue, and the jobs that ran and would have run.

use jiff::Timestamp;

use super::past::Past;
use super::trial::{Replayed, Trials};
use crate::analysis::assessment::Outcome;
use crate::analysis::fidelity::Fidelity;
use crate::analysis::portrait::{Bands, Detail, Figures, Lane, Load, Portrait, Unit};
use crate::analysis::settings::Settings;
use crate::analysis::trend::Trend;
use crate::autoscaler::{Autoscaler, Metric, Target};

/// What a portrait is made from.
pub(super) struct Drawn<'a> {
    pub(super) autoscaler: &'a Autoscaler,
    pub(super) past: &'a Past,
    /// `None` where nothing was replayed.
    pub(super) trials: Option<&'a Trials<'a>>,
    pub(super) fidelity: Option<Fidelity>,
}

impl Drawn<'_> {
    /// How many jobs are needed is not told, since what waits is no need of the moment; nor are
    /// times marked, or settings compared that were tried on the way.
    pub(super) fn portrait(&self, outcome: &Outcome, detail: Detail) -> Option<Portrait> {
        let past = self.past;
        let inside = past.inside.clone();
        if inside.is_empty() {
            return None;
        }
        let today = Settings::of(self.autoscaler);
        let replay = |it: &Settings| self.trials.map(|trials| trials.replay(it));
        let (before, after) = (replay(&today), outcome.proposed().and_then(replay));
        let grid = past.grid.part(inside.clone());
        let jobs = match outcome {
            Outcome::Recommended(it) => it.proof.jobs.clone(),
            Outcome::NoChange
            | Outcome::Withheld { .. }
            | Outcome::NotEnoughHistory { .. }
            | Outcome::Skipped { .. }
            | Outcome::Unreadable { .. } => None,
        };
        let portrait = Portrait {
            start: grid.start(),
            step_seconds: past.step(),
            points: grid.len(),
            loads: self.queue().into_iter().collect(),
            needed: None,
            ready: Some(Lane::of(past.running[inside].iter().copied())),
            desired: None,
            bands: Bands::of(&today, outcome),
            marks: Vec::new(),
            frontier: Vec::new(),
            fidelity: self.fidelity,
            today: before.as_ref().map(lane),
            proposed: after.as_ref().map(lane),
            figures: before.map(|before| Figures {
                today: before.whole.totals(),
                proposed: after.map(|it| it.whole.totals()),
                jobs,
            }),
        };
        Some(portrait.reduced(detail))
    }

    /// How many items waited from day to day.
    pub(super) fn trend(&self, now: Timestamp) -> Option<Trend> {
        let past = self.past;
        let grid = past.grid.part(past.inside.clone());
        Trend::of(&self.queue()?.lane, grid, now)
    }

    /// Items that wait, of the one trigger that is replayed.
    fn queue(&self) -> Option<Load> {
        let metrics = self.autoscaler.metrics.iter();
        let (metric, target) = metrics.clone().find_map(|it| match it {
            Metric::External { target, .. } => Some((it, target)),
            Metric::Resource { .. }
            | Metric::ContainerResource { .. }
            | Metric::Pods { .. }
            | Metric::Object { .. } => None,
        })?;
        let values = self.past.queue[self.past.inside.clone()].iter();
        Some(Load {
            metric: metric.to_string(),
            unit: Unit::Value,
            is_scaled_by: true,
            per_replica: match target {
                Target::AverageValue(it) => Some(it.as_f64()),
                Target::Utilization(_) | Target::Value(_) => None,
            },
            lane: Lane::of(values.copied()),
        })
    }
}

/// Jobs at the ends of steps, of which nothing is known at the first sample.
fn lane(replayed: &Replayed) -> Lane {
    let jobs = replayed.jobs.iter().map(|it| Some(*it as f64));
    Lane::of(std::iter::once(None).chain(jobs))
}
