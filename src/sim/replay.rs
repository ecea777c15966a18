//! Runs an HPA's syncs over a demand, in a closed loop with the pods that it asks for.
//!
//! Syncs that cannot decide otherwise than the one before are not run but counted, and none
//! allocates once the lists have grown.

use jiff::{SignedDuration, Timestamp};

use super::condition::Reason;
use super::demand::Segment;
use super::flags::{Flags, SYNC_PERIOD};
use super::memory::Past;
use super::numbers::{after, milli};
use super::plant::{Plant, PodShape};
use super::proposal::{MetricError, Proposal};
use super::recent::Recent;
use super::score::{Score, Span};
use super::settings::Settings;
use super::sync::{Because, Found, Plan, State, Status, Written, plan, settle};
use super::tally::PodTarget;
use super::totals::Scale;
use crate::autoscaler::{Metric, Resource, Target};

/// Usage above the target by this factor is a breach: twice what the default tolerance allows.
const BREACH: f64 = 1.2;

/// Why an HPA cannot be replayed over a demand of CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    #[error("cannot replay {count} metrics, only one of CPU")]
    NotOneMetric { count: usize },
    #[error("cannot replay a metric other than CPU for each pod")]
    NotCpu,
}

/// A replay under way. It may be stopped between any two segments, kept, and gone on with.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    settings: &'a Settings,
    flags: &'a Flags,
    target: PodTarget,
    plant: Plant,
    state: State<Recent>,
    score: Score,
    now: Timestamp,
}

/// What some equal syncs decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Timestamp,
    /// How many syncs, this one and those that were skipped after it.
    pub syncs: u32,
    pub plan: Plan,
}

impl<'a> Replay<'a> {
    /// Starts with `replicas` pods that have been serving for long; the first sync is at `start`.
    ///
    /// # Errors
    ///
    /// If the HPA scales by anything but one CPU metric of its pods.
    pub fn new(
        settings: &'a Settings,
        flags: &'a Flags,
        shape: PodShape,
        replicas: i32,
        start: Timestamp,
    ) -> Result<Self, ReplayError> {
        Ok(Self {
            settings,
            flags,
            target: cpu_target(&settings.metrics)?,
            plant: Plant::new(shape, replicas),
            state: State {
                memory: Recent::new(settings, flags),
                status: Status::default(),
            },
            score: Score::default(),
            now: start,
        })
    }

    /// Runs the syncs of one segment and shows each decision, in order of time.
    pub fn run(&mut self, segment: &Segment, mut show: impl FnMut(&Step)) {
        let mut left = segment.ticks;
        while left > 0 {
            let step = self.step(segment, left);
            show(&step);
            left -= step.syncs;
        }
    }

    /// The score so far.
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// How many pods there are now, whatever their state.
    pub fn replicas(&self) -> i64 {
        self.plant.replicas()
    }

    /// One sync, and those after it, `left` in all, that cannot differ.
    fn step(&mut self, segment: &Segment, left: u32) -> Step {
        let now = self.now;
        self.plant.advance(now);
        let plan = self.sync(segment.demand);
        let quiet = match plan.scale_to() {
            Some(_) => 0,
            None => self.quiet(&plan).min(left - 1),
        };
        let syncs = quiet + 1;
        self.keep_score(segment, &plan, i64::from(syncs));
        if let Some(replicas) = plan.scale_to() {
            self.plant.scale_to(replicas, self.flags, now);
            self.score.scaled(replicas > plan.current, now);
        }
        if let Some(replicas) = plan.recommendation.filter(|_| quiet > 0) {
            let last = after(now, SYNC_PERIOD * quiet as i32);
            self.state.memory.record(replicas, last, last);
        }
        self.now = after(now, SYNC_PERIOD * syncs as i32);
        Step {
            at: now,
            syncs,
            plan,
        }
    }

    fn sync(&mut self, demand: Option<i64>) -> Plan {
        let replicas = self.plant.replicas() as i32;
        let scale = Scale {
            current: replicas,
            observed: replicas,
        };
        let found = Found {
            scale: Ok(scale),
            selector: Ok(()),
        };
        let (settings, flags, now) = (self.settings, self.flags, self.now);
        let (plant, target) = (&self.plant, self.target);
        let propose = |_| propose(plant, target, demand, settings, replicas, now);
        let plan = plan(settings, flags, &mut self.state, found, now, propose);
        // An error is a part of the plan, and what it means for the pods is decided there.
        let _ = settle(settings, flags, &mut self.state, &plan, Written::Done, now);
        plan
    }

    /// How many syncs after this one decide the same while the demand stays.
    fn quiet(&self, plan: &Plan) -> u32 {
        let mut until = self.plant.next_change(self.now);
        if let Because::Metrics { held, .. } = plan.because {
            let waits = held.stabilized != Reason::ReadyForNewScale;
            let slowed = matches!(held.limited, Reason::ScaleUpLimit | Reason::ScaleDownLimit);
            if waits || slowed {
                let pace = self.settings.pace.as_ref();
                let changes = self.state.memory.next_change(pace, self.now);
                until = until.into_iter().chain(changes).min();
            }
        }
        until.map_or(u32::MAX, |it| syncs_before(it.duration_since(self.now)))
    }

    fn keep_score(&mut self, segment: &Segment, plan: &Plan, syncs: i64) {
        let Some(demand) = segment.demand else {
            return;
        };
        let serving = self.plant.serving(self.now);
        let shape = self.plant.shape();
        let usage = self.plant.usage(serving, demand, self.now);
        let allowed = self.allowed(serving);
        let wanted = plan.recommendation.unwrap_or(plan.current);
        self.score.add(&Span {
            syncs,
            replicas: i64::from(plan.current),
            capacity: serving.saturating_mul(shape.capacity()),
            demand,
            peak: segment.peak,
            is_breach: usage as f64 > allowed * BREACH,
            is_pinned: plan.current >= self.settings.max && wanted > self.settings.max,
        });
    }

    /// What `serving` pods may use at the target, in millicores.
    fn allowed(&self, serving: i64) -> f64 {
        let one = match self.target {
            PodTarget::Utilization(percent) => {
                self.plant.shape().request as f64 * f64::from(percent) / 100.0
            }
            PodTarget::Average(target) => target as f64,
        };
        serving as f64 * one
    }
}

fn propose(
    plant: &Plant,
    target: PodTarget,
    demand: Option<i64>,
    settings: &Settings,
    current: i32,
    now: Timestamp,
) -> Result<Proposal, MetricError> {
    let demand = demand.ok_or(MetricError::MetricsApi)?;
    let tally = plant.tally(demand, target, now);
    tally.propose(target, current, &settings.tolerance)
}

/// Whole syncs strictly before `length` has passed.
fn syncs_before(length: SignedDuration) -> u32 {
    let period = SYNC_PERIOD.as_nanos();
    let syncs = (length.as_nanos() + period - 1) / period - 1;
    u32::try_from(syncs.max(0)).unwrap_or(u32::MAX)
}

fn cpu_target(metrics: &[Metric]) -> Result<PodTarget, ReplayError> {
    let [metric] = metrics else {
        let count = metrics.len();
        return Err(ReplayError::NotOneMetric { count });
    };
    let (resource, target) = match metric {
        Metric::Resource { resource, target }
        | Metric::ContainerResource {
            resource, target, ..
        } => (resource, target),
        Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => {
            return Err(ReplayError::NotCpu);
        }
    };
    match target {
        Target::Utilization(percent) if *resource == Resource::Cpu => {
            Ok(PodTarget::Utilization(*percent))
        }
        Target::AverageValue(value) if *resource == Resource::Cpu => {
            Ok(PodTarget::Average(milli(*value)))
        }
        Target::Utilization(_) | Target::AverageValue(_) | Target::Value(_) => {
            Err(ReplayError::NotCpu)
        }
    }
}

#[cfg(test)]
mod tests;
