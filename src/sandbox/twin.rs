//! The twin: controllers that keep the sandbox's workloads running, under load, on its clock.
//!
//! [`Twin`] is a step function over time: whatever is due at a moment reads objects of the API
//! server ([`objects`]) and writes them. Nothing here knows the time of day; [`driver`] moves the
//! clock as wall time passes. Deployments make ReplicaSets ([`deployment`]), these make pods
//! ([`replicaset`], [`statefulset`]), pods become ready ([`kubelet`]) and share a load
//! ([`trace`], [`meter`]), and HPAs scale by it ([`autoscaler`]), which is `sim::sync`, so that a
//! twin does what `simulate` foretells.
//!
//! What is not here: networks, volumes, crashes, and the controllers of other kinds.

mod autoscaler;
mod counters;
mod deployment;
pub(crate) mod driver;
mod events;
mod fields;
pub(crate) mod keda;
mod kubelet;
mod labeled;
mod meter;
mod metrics;
mod nodes;
mod objects;
mod pod;
mod random;
mod record;
mod replicaset;
mod samples;
mod server;
mod stage;
mod statefulset;
mod timers;
mod trace;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::clock::Clock;
use super::faults::Faults;
use crate::sim::flags::{Flags, SYNC_PERIOD};
use crate::sim::numbers::after;
use autoscaler::Autoscalers;
pub(crate) use autoscaler::Synced;
use counters::Counters;
use events::Recorder;
use keda::Operator;
use keda::feed::Triggers;
use meter::Meter;
pub(crate) use objects::{Name, Objects, Of};
use random::Random;
pub(crate) use record::{Record, Series};
use stage::{Stage, Startups};
use timers::{Due, Timers};
pub(crate) use trace::Trace;
use world::World;

/// How often controllers may answer each other's changes at one moment. A rollout takes a handful;
/// what goes on for longer goes on at the next moment.
const ROUNDS: usize = 200;

/// What a twin is to do.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// When autoscalers are synced for the first time; until then pods come up.
    pub(crate) start: Timestamp,
    pub(crate) workloads: BTreeMap<(Of, Name), Workload>,
    /// How long pods take from creation until they are ready, where a workload does not say.
    pub(crate) startup: SignedDuration,
    pub(crate) flags: Flags,
    /// Among others, when the metrics APIs know nothing.
    pub(crate) faults: Arc<Faults>,
    /// How often metrics are recorded.
    pub(crate) record_every: SignedDuration,
    /// How many bytes the record takes at most: beyond them the oldest quarter of its time goes, and
    /// with it all that was before the start.
    pub(crate) record_bytes: usize,
    /// What generated names come from.
    pub(crate) seed: u64,
    /// Whether KEDA runs here too: its operator, its metrics server.
    pub(crate) keda: bool,
    /// What the sources of KEDA's triggers tell.
    pub(crate) triggers: Triggers,
}

/// What is known of one workload that no object says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workload {
    pub(crate) trace: Option<Arc<Trace>>,
    pub(crate) startup: Option<SignedDuration>,
}

impl Config {
    /// Workloads of which nothing is known, from `start` on.
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self {
            start,
            workloads: BTreeMap::new(),
            startup: SignedDuration::from_secs(30),
            flags: Flags::default(),
            faults: Arc::default(),
            record_every: SignedDuration::from_secs(60),
            // Two weeks of a hundred pods, even if the usage of each is another one every minute.
            record_bytes: 64 << 20,
            seed: 1,
            keda: true,
            triggers: Triggers::default(),
        }
    }
}

pub(crate) struct Twin {
    clock: Clock,
    stage: Stage,
    meter: Meter,
    autoscalers: Autoscalers,
    keda: Operator,
    faults: Arc<Faults>,
    counters: Counters,
    record: Record,
}

impl Twin {
    /// A twin of the objects that `api` has. Its life begins at the time of the clock, best an
    /// hour before its start, so that pods have been serving for long by then.
    pub(crate) fn new(api: Arc<dyn Objects>, clock: Clock, config: Config) -> Self {
        let mut timers = Timers::default();
        timers.add(config.start, Due::Tick);
        let workloads = config.workloads.iter();
        let special = workloads.filter_map(|(root, it)| Some((root.clone(), it.startup?)));
        let startups = Startups {
            usual: config.startup,
            special: special.collect(),
        };
        let workloads = config.workloads.into_iter();
        let traces: HashMap<_, _> = workloads
            .filter_map(|(root, it)| Some((root, it.trace?)))
            .collect();
        Self {
            stage: Stage {
                world: World::new(api),
                timers,
                random: Random::new(config.seed),
                events: Recorder::default(),
                startups,
                now: clock.now(),
            },
            clock,
            meter: Meter::new(traces),
            autoscalers: Autoscalers::new(config.flags),
            keda: Operator::new(
                config.keda,
                config.start,
                config.triggers,
                Arc::clone(&config.faults),
            ),
            faults: config.faults,
            counters: Counters::default(),
            record: Record::new(config.record_every, config.record_bytes),
        }
    }

    /// The virtual time.
    pub(crate) fn now(&self) -> Timestamp {
        self.stage.now
    }

    /// When the next thing happens by itself.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.stage.timers.next()
    }

    /// Does all that is due until `to`, and leaves the clock there.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        self.watch(to, |_| {});
    }

    /// As [`advance`](Self::advance), and shows every sync of an autoscaler.
    pub(crate) fn watch(&mut self, to: Timestamp, mut show: impl FnMut(Synced<'_>)) {
        // What others wrote happened before any more time passes.
        self.react();
        while let Some(at) = self.next().filter(|it| *it <= to) {
            self.moment(at, &mut show);
        }
        self.set(to);
    }

    fn moment(&mut self, at: Timestamp, show: &mut impl FnMut(Synced<'_>)) {
        self.set(at);
        while let Some((_, due)) = self.stage.timers.take(at) {
            match due {
                Due::Starts { pod, uid } => kubelet::start(&mut self.stage, &pod, &uid),
                Due::Ready { pod, uid } => kubelet::become_ready(&mut self.stage, &pod, &uid),
                Due::Look { of, name } => self.stage.world.look_at(of, name),
                Due::Poll { of, name } => {
                    // What changed before is reconciled before.
                    self.react();
                    self.keda.due(&mut self.stage, &self.meter, of, &name);
                }
                Due::Tick => self.tick(show),
            }
        }
        self.react();
    }

    /// Moves the time forward.
    fn set(&mut self, now: Timestamp) {
        if now > self.stage.now {
            self.stage.now = now;
            self.clock.set(now);
        }
    }

    /// Measures, syncs the autoscalers, and lets the other controllers follow.
    fn tick(&mut self, show: &mut impl FnMut(Synced<'_>)) {
        self.react();
        let now = self.stage.now;
        let is_blind = !self.faults.has_metrics(now);
        self.counters.pass(&self.stage.world, &self.meter, now);
        self.meter.measure(&self.stage.world, is_blind, now);
        self.autoscalers
            .sync(&mut self.stage, &self.meter, &mut self.keda, show);
        self.keda.tell_reads(&mut self.stage);
        self.react();
        self.scrape(now);
        self.stage.events.expire(&mut self.stage.world, now);
        self.stage.timers.add(after(now, SYNC_PERIOD), Due::Tick);
    }

    fn scrape(&mut self, now: Timestamp) {
        if !self.record.is_due(now) {
            return;
        }
        let mut record = std::mem::replace(&mut self.record, Record::new(SignedDuration::ZERO, 0));
        record.begin(now);
        self.samples(&mut |name, labels, value| record.add(name, labels, value));
        record.end();
        self.record = record;
    }

    /// Lets every controller see what changed, until none has more to do.
    fn react(&mut self) {
        self.stage.world.refresh();
        for _ in 0..ROUNDS {
            let changed = self.stage.world.take_changed();
            if changed.is_empty() {
                return;
            }
            let frees = changed.iter().any(|(of, name)| match of {
                Of::Node => true,
                Of::Pod => self.stage.world.pod(name).is_none(),
                Of::Deployment
                | Of::ReplicaSet
                | Of::StatefulSet
                | Of::ScaledObject
                | Of::ScaledJob
                | Of::Hpa
                | Of::Job
                | Of::Event
                | Of::Secret
                | Of::ConfigMap
                | Of::TriggerAuthentication
                | Of::ClusterTriggerAuthentication => false,
            });
            for (of, name) in &changed {
                self.look(*of, name);
            }
            if frees {
                self.look_at_waiting();
            }
            self.stage.world.refresh();
        }
    }

    fn look(&mut self, of: Of, name: &Name) {
        let stage = &mut self.stage;
        match of {
            Of::Deployment => deployment::sync(stage, name),
            Of::ReplicaSet => replicaset::sync(stage, name),
            Of::StatefulSet => statefulset::sync(stage, name),
            Of::Pod => kubelet::look(stage, name),
            Of::ScaledObject | Of::ScaledJob => self.keda.look(stage, &self.meter, of, name),
            Of::Node
            | Of::Hpa
            | Of::Job
            | Of::Event
            | Of::Secret
            | Of::ConfigMap
            | Of::TriggerAuthentication
            | Of::ClusterTriggerAuthentication => {}
        }
    }

    /// Pods that no node had room for may fit now.
    fn look_at_waiting(&mut self) {
        if self.stage.world.nodes().placed("").pods == 0 {
            return;
        }
        let waiting = self.stage.world.pods().filter(|it| it.node.is_empty());
        let waiting: Vec<Name> = waiting.map(|it| it.name.clone()).collect();
        for name in waiting {
            kubelet::look(&mut self.stage, &name);
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
