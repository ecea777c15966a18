//! Runs the scale loop and the HPA of a ScaledObject over the history of its triggers, in a closed
//! loop with the pods that they ask for.
//!
//! The loop polls at once and then every polling interval, the HPA syncs every 15 s from the same
//! moment on; where both are due, the loop goes first. Polls and syncs that cannot decide otherwise
//! than those before are not run but counted.

mod pods;
mod setup;
mod unknown;

use jiff::{SignedDuration, Timestamp};

use self::pods::Pods;
pub use self::setup::{Setup, Start, Step, Stretch};
use super::fallback::SourceError;
use super::hpa::{Feed, Hpa};
use super::need::Need;
use super::pass::{self, Because, Found, Pass};
use super::score::ObjectScore;
use super::source::Sources;
use super::state::ObjectState;
use super::trigger::{External, Trigger};
use crate::sim::controller::{Controller, syncs_before};
use crate::sim::flags::SYNC_PERIOD;
use crate::sim::input::Loads;
use crate::sim::meter::Meter;
use crate::sim::numbers::after;
use crate::sim::plant::Plant;
use crate::sim::proposal::{Aim, MetricError, Proposal};
use crate::sim::sync::{self, Plan, RescaleReason};
use crate::sim::totals::Scale;

/// A replay under way. It may be stopped between any two stretches, kept, and gone on with.
#[derive(Clone, Debug)]
pub struct Replay<'a> {
    setup: Setup<'a>,
    controller: Controller<'a>,
    sources: Sources<'a>,
    pods: Pods<'a>,
    created: Timestamp,
    last_active: Option<Timestamp>,
    /// The next sync and the next poll.
    now: Timestamp,
    next_poll: Timestamp,
    /// What the last poll decided, where it wrote nothing and nothing has changed since.
    settled: Option<Settled>,
}

#[derive(Clone, Copy, Debug)]
struct Settled {
    because: Because,
    state: ObjectState,
}

impl<'a> Replay<'a> {
    /// Starts an object; one that is paused at a count has that count from the start.
    pub fn new(setup: Setup<'a>, start: Start) -> Self {
        let hpa = &setup.hpa.settings;
        let controller = Controller::new(hpa, setup.flags);
        let inputs = setup.hpa.feeds.iter().map(|it| match it {
            Feed::Pods(input) => Some(*input),
            Feed::Trigger(_) | Feed::Composite => None,
        });
        let aims = controller.aims();
        let meter = Meter::new(aims, inputs, &setup.pods, setup.headroom, hpa.max);
        let object = setup.object;
        let held = object.annotations.held_at();
        let plant = Plant::new(setup.pods, held.unwrap_or(start.replicas));
        let triggers = externals(setup.triggers);
        Self {
            sources: Sources::new(triggers, object.fallback, setup.modifiers),
            pods: Pods::new(plant, meter, setup.flags, object.max, start.at),
            controller,
            created: start.created,
            last_active: start.last_active,
            now: start.at,
            next_poll: match object.annotations.stop_object() {
                true => Timestamp::MAX,
                false => start.at,
            },
            settled: None,
            setup,
        }
    }

    /// Runs the polls and syncs of one stretch and shows each decision, in order of time.
    pub fn run(&mut self, stretch: &Stretch<'_>, mut show: impl FnMut(&Step)) {
        let need = self.setup.ruler().need(stretch.values);
        self.settled = None;
        self.pods.call(need, self.now);
        let mut left = stretch.segment.ticks;
        while left > 0 {
            let now = self.now;
            self.polls(|due| due <= now, stretch, &mut show);
            left -= self.syncs(stretch, need, left, &mut show);
        }
        let end = self.now;
        self.polls(|due| due < end, stretch, &mut show);
        self.pods.sum(end);
    }

    /// The score so far, since it was last taken.
    pub fn score(&self) -> &ObjectScore {
        &self.pods.score
    }

    /// The score since this was last asked for, or since the start.
    pub fn take_score(&mut self) -> ObjectScore {
        let next = self.pods.score.continued();
        std::mem::replace(&mut self.pods.score, next)
    }

    /// How many pods there are now, whatever their state.
    pub fn replicas(&self) -> i64 {
        self.pods.plant.replicas()
    }

    /// How many pods serve at the next sync.
    pub fn serving(&self) -> i64 {
        self.pods.plant.serving(self.now)
    }

    /// What the fallback of each external trigger counts.
    pub fn sources(&self) -> &Sources<'a> {
        &self.sources
    }

    fn polls(
        &mut self,
        is_due: impl Fn(Timestamp) -> bool,
        stretch: &Stretch<'_>,
        show: &mut impl FnMut(&Step),
    ) {
        while is_due(self.next_poll) {
            let at = self.next_poll;
            let (state, pass) = self.poll(stretch, at);
            show(&Step::Pass { at, state, pass });
            self.next_poll = after(at, self.polling_interval());
            if self.next_poll == at {
                // Time has ended, and this would go on for ever.
                return;
            }
        }
    }

    /// Never shorter than what the API allows.
    fn polling_interval(&self) -> SignedDuration {
        let shortest = SignedDuration::from_secs(1);
        self.setup.object.polling_interval.max(shortest)
    }

    fn poll(&mut self, stretch: &Stretch<'_>, at: Timestamp) -> (ObjectState, Pass) {
        self.pods.arrive(at);
        let workload = self.pods.workload(at);
        let state = self.sources.poll(stretch.values, workload);
        let found = Found {
            replicas: workload.replicas,
            is_active: state.is_active,
            is_error: state.is_error,
            created: self.created,
            last_active: self.last_active,
            hpa: None,
        };
        let pass = pass::decide(self.setup.object, &found, at);
        self.last_active = pass.last_active.or(self.last_active);
        self.count_polls(&state, 1);
        if let Some(replicas) = pass.scale_to {
            self.pods.scale(replicas, at);
        }
        let because = pass.because;
        let settled = Settled { because, state };
        self.settled = Some(settled).filter(|_| pass.scale_to.is_none());
        (state, pass)
    }

    fn count_polls(&mut self, state: &ObjectState, polls: u64) {
        let counts = &mut self.pods.score.polls;
        counts.all += polls;
        counts.failed += polls * u64::from(state.is_error);
        counts.substituted += polls * u64::from(state.is_fallback);
        counts.active += polls * u64::from(state.is_active);
    }

    /// One sync, and those after it, `left` in all, that cannot differ; how many these are.
    fn syncs(
        &mut self,
        stretch: &Stretch<'_>,
        need: Option<Need>,
        left: u32,
        show: &mut impl FnMut(&Step),
    ) -> u32 {
        let at = self.now;
        self.pods.arrive(at);
        let plan = self.sync(stretch);
        let quiet = match plan.scale_to() {
            Some(_) => 0,
            None => self.quiet(&plan, stretch).min(left - 1),
        };
        let syncs = quiet + 1;
        self.pods
            .measure(stretch, need, &plan, i64::from(syncs), at);
        if let Some(replicas) = plan.scale_to() {
            self.pods.scale(replicas, at);
            self.settled = None;
        }
        self.controller.skip(&plan, quiet, at);
        self.skip_polls(after(at, SYNC_PERIOD * quiet as i32));
        self.now = after(at, SYNC_PERIOD * syncs as i32);
        show(&Step::Syncs { at, syncs, plan });
        syncs
    }

    fn sync(&mut self, stretch: &Stretch<'_>) -> Plan {
        let Self {
            controller,
            sources,
            pods,
            now,
            ..
        } = self;
        let Hpa { settings, feeds } = self.setup.hpa;
        let plant = &pods.plant;
        let replicas = plant.replicas() as i32;
        if self.setup.object.annotations.stop_object() || settings.metrics.is_empty() {
            return without_hpa(replicas);
        }
        let workload = pods.workload(*now);
        let loads = Loads {
            demand: stretch.segment.demand,
            others: stretch.others,
        };
        controller.sync(replicas, *now, |index, aim| {
            let value = match feeds.get(index).ok_or(MetricError::MetricsApi)? {
                Feed::Pods(input) => {
                    return input.propose(aim, &settings.tolerance, plant, loads, *now);
                }
                Feed::Trigger(trigger) => {
                    sources.metric(*trigger, stretch.values, workload).map(Some)
                }
                Feed::Composite => sources.composite(stretch.values, workload),
            };
            let value = value.map_err(|SourceError| MetricError::MetricsApi)?;
            let value = value.ok_or(MetricError::NoMetricsReturned)?;
            propose(value, aim, settings, plant, *now)
        })
    }

    /// How many syncs after this one decide the same while the stretch lasts, and the polls
    /// between them as the last one did.
    fn quiet(&self, plan: &Plan, stretch: &Stretch<'_>) -> u32 {
        let is_stopped = self.setup.object.annotations.stop_object();
        if !is_stopped && (self.settled.is_none() || self.counts_failures(stretch)) {
            return 0;
        }
        let is_cooling = self
            .settled
            .is_some_and(|it| it.because == Because::CoolingDown);
        let cooled = is_cooling
            .then(|| pass::cooldown_end(self.setup.object, self.created, self.last_active));
        let changed = self.pods.plant.next_change(self.now);
        let turned = self.controller.next_turn(plan, self.now);
        let until = changed.into_iter().chain(turned).chain(cooled).min();
        until.map_or(u32::MAX, |it| syncs_before(it.duration_since(self.now)))
    }

    /// Whether every read changes what the next one may come to.
    fn counts_failures(&self, stretch: &Stretch<'_>) -> bool {
        let mut sources = self.sources.all().enumerate();
        sources.any(|(index, source)| {
            let value = stretch.values.get(index).copied().flatten();
            value.is_none() && source.counts_failures()
        })
    }

    /// Counts the polls up to `last`, all of which decide as the last one did.
    fn skip_polls(&mut self, last: Timestamp) {
        let Some(Settled { because, state }) = self.settled.filter(|_| self.next_poll <= last)
        else {
            return;
        };
        let interval = self.polling_interval();
        let length = last.duration_since(self.next_poll).as_nanos();
        let more = length / interval.as_nanos();
        let times = i32::try_from(more).unwrap_or(i32::MAX);
        let at = after(self.next_poll, interval.saturating_mul(times));
        if because == Because::Active {
            self.last_active = Some(at);
        }
        self.count_polls(&state, times as u64 + 1);
        self.next_poll = after(at, interval);
    }
}

fn externals(triggers: &[Trigger]) -> impl Iterator<Item = &External> + Clone {
    triggers.iter().filter_map(Trigger::external)
}

/// What becomes of a target that has no HPA: nothing.
fn without_hpa(current: i32) -> Plan {
    Plan {
        current,
        desired: Some(current),
        recommendation: None,
        because: sync::Because::Disabled,
        reason: RescaleReason::None,
        error: None,
    }
}

/// What the HPA makes of a total of so many thousandths.
fn propose(
    value: i64,
    aim: &Aim<'_>,
    hpa: &crate::sim::settings::Settings,
    plant: &Plant,
    now: Timestamp,
) -> Result<Proposal, MetricError> {
    let Aim::Total(total) = aim else {
        return Err(MetricError::NoMetricsReturned);
    };
    let current = plant.replicas() as i32;
    let scale = Scale {
        current,
        observed: current,
    };
    let ready = || match plant.replicas() {
        0 => Err(MetricError::NoPods),
        _ => Ok(plant.serving(now)),
    };
    total.propose(&[value], scale, &hpa.tolerance, ready)
}

#[cfg(test)]
mod tests;
