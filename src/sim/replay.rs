//! Runs an HPA's syncs over a demand, in a closed loop with the pods that it asks for.
//!
//! Syncs that cannot decide otherwise than the one before are not run but counted, and none
//! allocates once the lists have grown.

use jiff::Timestamp;

use super::controller::{Controller, syncs_before};
use super::demand::Segment;
use super::flags::{Flags, SYNC_PERIOD};
use super::floor::{Floor, Turns};
use super::input::{Input, Loads};
use super::meter::Meter;
use super::numbers::after;
use super::plant::{Plant, PodShape};
use super::proposal::MetricError;
use super::score::Score;
use super::settings::Settings;
use super::sync::Plan;

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
    /// How the minimum is raised over time; empty where it is not.
    pub floors: &'a [Floor],
}

/// A replay under way. It may be stopped between any two segments, kept, and gone on with.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    setup: Setup<'a>,
    controller: Controller<'a>,
    meter: Meter,
    plant: Plant,
    score: Score,
    floors: Turns<'a>,
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
        let controller = Controller::new(setup.settings, setup.flags);
        let inputs = setup.inputs.iter().copied().map(Some);
        let max = setup.settings.max;
        Self {
            meter: Meter::new(controller.aims(), inputs, &setup.pods, setup.headroom, max),
            controller,
            plant: Plant::new(setup.pods, replicas),
            score: Score::default(),
            floors: Turns::of(setup.floors),
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
        if let Some(floor) = self.floors.turn(now) {
            self.controller.keep(floor);
        }
        self.plant.advance(now);
        let demand = segment.demand;
        let plan = self.sync(Loads { demand, others });
        let quiet = match plan.scale_to() {
            Some(_) => 0,
            None => self.quiet(&plan).min(left - 1),
        };
        let syncs = quiet + 1;
        let meter = &self.meter;
        if let Some(span) = meter.span(&self.plant, segment, &plan, i64::from(syncs), now) {
            self.score.add(&span);
        }
        if let Some(replicas) = plan.scale_to() {
            self.plant.scale_to(replicas, self.setup.flags, now);
            self.score.scaled(replicas > plan.current, now);
        }
        self.controller.skip(&plan, quiet, now);
        self.now = after(now, SYNC_PERIOD * syncs as i32);
        Step {
            at: now,
            syncs,
            plan,
        }
    }

    fn sync(&mut self, loads: Loads<'_>) -> Plan {
        let Setup {
            settings, inputs, ..
        } = self.setup;
        let (plant, now) = (&self.plant, self.now);
        let replicas = plant.replicas() as i32;
        self.controller.sync(replicas, now, |index, aim| {
            let input = inputs.get(index).ok_or(MetricError::MetricsApi)?;
            input.propose(aim, &settings.tolerance, plant, loads, now)
        })
    }

    /// How many syncs after this one decide the same while the demand stays.
    fn quiet(&self, plan: &Plan) -> u32 {
        let changed = self.plant.next_change(self.now);
        let turned = self.controller.next_turn(plan, self.now);
        let raised = self.floors.next();
        let until = changed.into_iter().chain(turned).chain(raised).min();
        until.map_or(u32::MAX, |it| syncs_before(it.duration_since(self.now)))
    }
}

#[cfg(test)]
mod tests;
