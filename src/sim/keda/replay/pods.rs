//! The pods of a replay, and what is measured of them.

use jiff::{SignedDuration, Timestamp};

use super::Stretch;
use crate::sim::flags::Flags;
use crate::sim::keda::fallback::Workload;
use crate::sim::keda::need::Need;
use crate::sim::keda::score::{ObjectScore, POD};
use crate::sim::meter::Meter;
use crate::sim::numbers::after;
use crate::sim::plant::Plant;
use crate::sim::score::{Limit, Span};
use crate::sim::sync::Plan;

/// The pods of one object under replay.
#[derive(Clone, Debug)]
pub(super) struct Pods<'a> {
    pub(super) plant: Plant,
    pub(super) score: ObjectScore,
    meter: Meter,
    flags: &'a Flags,
    max: i32,
    /// Until when replicas are added up.
    summed: Timestamp,
    /// Since when pods are awaited where there was none.
    activated: Option<Timestamp>,
    /// Since when the sources show load where there is no pod.
    called: Option<Timestamp>,
}

impl<'a> Pods<'a> {
    /// Measures `plant`, which scales up to `max`, from `start` on.
    pub(super) fn new(
        plant: Plant,
        meter: Meter,
        flags: &'a Flags,
        max: i32,
        start: Timestamp,
    ) -> Self {
        Self {
            plant,
            score: ObjectScore::default(),
            meter,
            flags,
            max,
            summed: start,
            activated: None,
            called: None,
        }
    }

    pub(super) fn workload(&self, at: Timestamp) -> Workload {
        Workload {
            replicas: Ok(self.plant.replicas() as i32),
            ready: Ok(self.plant.serving(at)),
        }
    }

    pub(super) fn scale(&mut self, replicas: i32, at: Timestamp) {
        let before = self.plant.replicas();
        let is_up = i64::from(replicas) > before;
        if i64::from(replicas) == before {
            return;
        }
        if before == 0 {
            self.score.cold.activations += 1;
            self.activated = Some(at);
        }
        if replicas <= 0 {
            self.activated = None;
        }
        self.plant.scale_to(replicas, self.flags, at);
        self.score.pods.scaled(is_up, at);
        self.score.demand.scaled(is_up, at);
    }

    /// Lets time pass: pods come to serve, and their hours add up.
    pub(super) fn arrive(&mut self, at: Timestamp) {
        self.plant.advance(at);
        self.sum(at);
        let serves = self.activated.filter(|_| self.plant.serving(at) > 0);
        let Some(activated) = serves else {
            return;
        };
        // The oldest pods were created then, and the newest go first.
        let startup = self.plant.shape().startup.max(SignedDuration::ZERO);
        let served = after(activated, startup);
        let called = self.called.unwrap_or(activated);
        let cold = &mut self.score.cold;
        cold.serve(
            served.duration_since(activated),
            served.duration_since(called),
        );
        self.activated = None;
        self.called = None;
    }

    /// Adds up replicas.
    pub(super) fn sum(&mut self, until: Timestamp) {
        let seconds = until.duration_since(self.summed).as_secs();
        self.score.seconds += seconds;
        self.score.replica_seconds += seconds.saturating_mul(self.plant.replicas());
        self.summed = until;
    }

    /// Lets time pass of which nothing is known: pods come to serve, and nothing is counted.
    pub(super) fn pass_over(&mut self, until: Timestamp) {
        self.plant.advance(until);
        self.summed = until;
        self.activated = None;
        self.called = None;
    }

    /// Notes what the sources call for from `now` on.
    pub(super) fn call(&mut self, need: Option<Need>, now: Timestamp) {
        match need {
            Some(need) if !need.is_active => self.called = None,
            Some(_) if self.plant.replicas() == 0 => {
                self.called.get_or_insert(now);
            }
            Some(_) | None => {}
        }
    }

    /// Measures `syncs` that decided as `plan`.
    pub(super) fn measure(
        &mut self,
        stretch: &Stretch<'_>,
        need: Option<Need>,
        plan: &Plan,
        syncs: i64,
        now: Timestamp,
    ) {
        let segment = &stretch.segment;
        // What pods use anyway while nothing is active does not wait for other pods.
        let is_asleep = !stretch.values.is_empty() && need.is_some_and(|it| !it.is_active);
        let span = self.meter.span(&self.plant, segment, plan, syncs, now);
        if let Some(span) = span.filter(|_| !is_asleep) {
            self.score.demand.add(&span);
        }
        let Some((need, replicas)) = need.and_then(|it| Some((it, it.replicas?))) else {
            return;
        };
        let capacity = self.plant.serving(now).saturating_mul(POD);
        let wanted = replicas.saturating_mul(POD);
        self.score.pods.add(&Span {
            syncs,
            replicas: i64::from(plan.current),
            capacity,
            requested: capacity,
            demand: wanted,
            peak: wanted,
            reserve: self.meter.reserve(wanted),
            is_breach: false,
            is_pinned: need.is_cut && plan.current >= self.max,
            limit: Limit::of(plan),
        });
    }
}
