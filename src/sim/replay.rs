//! Runs an HPA's syncs over a demand, in a closed loop with the pods that it asks for.
//!
//! Syncs that cannot decide otherwise than the one before are not run but counted, and none
//! allocates once the lists have grown.

use jiff::{SignedDuration, Timestamp};

use super::condition::Reason;
use super::demand::Segment;
use super::flags::{Flags, SYNC_PERIOD};
use super::input::{Input, Loads};
use super::memory::Past;
use super::numbers::after;
use super::plant::{Plant, PodShape};
use super::proposal::{Aim, MetricError};
use super::recent::Recent;
use super::score::{Limit, Score, Span};
use super::settings::Settings;
use super::sync::{Because, Found, Plan, State, Status, Written, plan, settle};
use super::tally::PodTarget;
use super::totals::Scale;

/// Usage above the target by this factor is a breach: twice what the default tolerance allows.
const BREACH: f64 = 1.2;

/// What is replayed, and on which pods.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    pub settings: &'a Settings,
    pub flags: &'a Flags,
    pub pods: PodShape,
    /// Beside the metrics of the settings; one without an input fails in every sync.
    pub inputs: &'a [Input],
    /// The share of the demand by which capacity should exceed it.
    pub headroom: f64,
}

/// A replay under way. It may be stopped between any two segments, kept, and gone on with.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    setup: Setup<'a>,
    aims: Vec<Result<Aim<'a>, MetricError>>,
    /// What a serving pod may use at the target, in millicores.
    allowed: Option<f64>,
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
    pub fn new(setup: Setup<'a>, replicas: i32, start: Timestamp) -> Self {
        let aims: Vec<_> = setup.settings.metrics.iter().map(Aim::of).collect();
        Self {
            allowed: allowed(&aims, &setup),
            aims,
            plant: Plant::new(setup.pods, replicas),
            state: State {
                memory: Recent::new(setup.settings, setup.flags),
                status: Status::default(),
            },
            score: Score::default(),
            now: start,
            setup,
        }
    }

    /// Runs the syncs of one segment and shows each decision, in order of time.
    ///
    /// `others` are the loads besides the demand, by their place in the inputs, in thousandths.
    pub fn run(&mut self, segment: &Segment, others: &[Option<i64>], mut show: impl FnMut(&Step)) {
        let mut left = segment.ticks;
        while left > 0 {
            let step = self.step(segment, others, left);
            show(&step);
            left -= step.syncs;
        }
    }

    /// The score so far, since it was last taken.
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// The score since this was last asked for, or since the start.
    pub fn take_score(&mut self) -> Score {
        let next = self.score.continued();
        std::mem::replace(&mut self.score, next)
    }

    /// How many pods there are now, whatever their state.
    pub fn replicas(&self) -> i64 {
        self.plant.replicas()
    }

    /// How many pods serve at the next sync.
    pub fn serving(&self) -> i64 {
        self.plant.serving(self.now)
    }

    /// One sync, and those after it, `left` in all, that cannot differ.
    fn step(&mut self, segment: &Segment, others: &[Option<i64>], left: u32) -> Step {
        let now = self.now;
        self.plant.advance(now);
        let demand = segment.demand;
        let plan = self.sync(Loads { demand, others });
        let quiet = match plan.scale_to() {
            Some(_) => 0,
            None => self.quiet(&plan).min(left - 1),
        };
        let syncs = quiet + 1;
        self.keep_score(segment, &plan, i64::from(syncs));
        if let Some(replicas) = plan.scale_to() {
            self.plant.scale_to(replicas, self.setup.flags, now);
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

    fn sync(&mut self, loads: Loads<'_>) -> Plan {
        let replicas = self.plant.replicas() as i32;
        let scale = Scale {
            current: replicas,
            observed: replicas,
        };
        let found = Found {
            scale: Ok(scale),
            selector: Ok(()),
        };
        let Setup {
            settings,
            flags,
            inputs,
            ..
        } = self.setup;
        let (plant, aims, now) = (&self.plant, &self.aims, self.now);
        let propose = |index: usize| {
            let aim = aims[index].as_ref().map_err(|err| *err)?;
            let input = inputs.get(index).ok_or(MetricError::MetricsApi)?;
            input.propose(aim, &settings.tolerance, plant, loads, now)
        };
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
            let memory = &self.state.memory;
            // Unless a window holds something back, what leaves it only makes way for the same.
            let recommended = waits.then(|| memory.next_recommended()).flatten();
            // Nor do policies matter where they do not limit.
            let pace = self.setup.settings.pace.as_ref().filter(|_| slowed);
            let changed = pace.and_then(|it| memory.next_changed(it, self.now));
            until = until.into_iter().chain(recommended).chain(changed).min();
        }
        until.map_or(u32::MAX, |it| syncs_before(it.duration_since(self.now)))
    }

    fn keep_score(&mut self, segment: &Segment, plan: &Plan, syncs: i64) {
        let Some(demand) = segment.demand else {
            return;
        };
        let serving = self.plant.serving(self.now);
        let is_breach = self.allowed.is_some_and(|it| {
            let usage = self.plant.usage(serving, demand, self.now);
            usage as f64 > it * serving as f64 * BREACH
        });
        let wanted = plan.recommendation.unwrap_or(plan.current);
        let max = self.setup.settings.max;
        self.score.add(&Span {
            syncs,
            replicas: i64::from(plan.current),
            capacity: serving.saturating_mul(self.plant.shape().capacity()),
            requested: serving.saturating_mul(self.plant.shape().request),
            demand,
            peak: segment.peak,
            reserve: (segment.peak as f64 * (1.0 + self.setup.headroom)).ceil() as i64,
            is_breach,
            is_pinned: plan.current >= max && wanted > max,
            limit: Limit::of(plan),
        });
    }
}

/// What a serving pod may use at the target of the first metric in which the demand shows.
fn allowed(aims: &[Result<Aim<'_>, MetricError>], setup: &Setup<'_>) -> Option<f64> {
    let mut all = aims.iter().zip(setup.inputs);
    let (aim, _) = all.find(|(_, input)| **input == Input::Demand)?;
    match aim {
        Ok(Aim::PerPod { target, .. }) => Some(match target {
            PodTarget::Utilization(percent) => {
                setup.pods.request as f64 * f64::from(*percent) / 100.0
            }
            PodTarget::Average(target) => *target as f64,
        }),
        Ok(Aim::Total(_)) | Err(_) => None,
    }
}

/// Whole syncs strictly before `length` has passed.
fn syncs_before(length: SignedDuration) -> u32 {
    let period = SYNC_PERIOD.as_secs();
    let is_more = length.as_secs() % period > 0 || length.subsec_nanos() > 0;
    let syncs = length.as_secs() / period + i64::from(is_more) - 1;
    u32::try_from(syncs.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
