//! The loop itself: ticks, passes, who leads, what it is allowed.

use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;
use super::known::Known;
use super::labels::{ConfigFile, Delivery, One, Pass, make_all};
use crate::license::State;

// A tick has the length of an interval, which is 300 s unless somebody says otherwise, as its
// budget; tests and demos have intervals of a second.
const LENGTHS: [f64; 12] = [
    0.05, 0.25, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
];

/// States of a license, as [`State::word`] names them.
const LICENSE_STATES: [&str; 3] = ["licensed", "grace", "unlicensed"];

type Lengths = Family<One<Pass>, Histogram, fn() -> Histogram>;

#[derive(Debug)]
pub(super) struct Work {
    ticks: Counter,
    tick_duration: Histogram,
    pass_duration: Lengths,
    pass_overruns: Family<One<Pass>, Counter>,
    pass_failures: Family<One<Pass>, Counter>,
    leader: Gauge,
    leader_transitions: Family<One<&'static str>, Counter>,
    license_state: Family<One<&'static str>, Gauge>,
    license_remaining: Known,
    analysis_success: Known,
    analysis_failures: Counter,
    reloads: Family<(One<ConfigFile>, One<&'static str>), Counter>,
    webhook_events: Family<One<Delivery>, Counter>,
    webhook_retries: Counter,
    webhook_queue: Gauge,
}

impl Work {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self {
            ticks: Counter::default(),
            tick_duration: Histogram::new(LENGTHS),
            pass_duration: Family::new_with_constructor(|| Histogram::new(LENGTHS)),
            pass_overruns: Family::default(),
            pass_failures: Family::default(),
            leader: Gauge::default(),
            leader_transitions: Family::default(),
            license_state: Family::default(),
            license_remaining: Known::default(),
            analysis_success: Known::default(),
            analysis_failures: Counter::default(),
            reloads: Family::default(),
            webhook_events: Family::default(),
            webhook_retries: Counter::default(),
            webhook_queue: Gauge::default(),
        };
        new.register_loop(registry);
        new.register_rights(registry);
        new.register_webhook(registry);
        new.make_series();
        new
    }

    fn register_loop(&self, registry: &mut Registry) {
        registry.register("ticks", "Ticks of the loop that ended", self.ticks.clone());
        registry.register_with_unit(
            "tick_duration",
            "How long a tick took",
            Unit::Seconds,
            self.tick_duration.clone(),
        );
        registry.register_with_unit(
            "pass_duration",
            "How long a pass of a tick took",
            Unit::Seconds,
            self.pass_duration.clone(),
        );
        registry.register(
            "pass_overruns",
            "Passes that were cut off at the end of their time budget",
            self.pass_overruns.clone(),
        );
        registry.register(
            "pass_failures",
            "Passes that ended in an error",
            self.pass_failures.clone(),
        );
        registry.register_with_unit(
            "last_successful_analysis_timestamp",
            "When an analysis last got to its end, in Unix time",
            Unit::Seconds,
            self.analysis_success.clone(),
        );
        registry.register(
            "analysis_failures",
            "Autoscalers that an analysis could not judge, counted at each analysis",
            self.analysis_failures.clone(),
        );
    }

    fn register_rights(&self, registry: &mut Registry) {
        registry.register(
            "leader",
            "1 on the instance that holds the lease and may write, else 0",
            self.leader.clone(),
        );
        registry.register(
            "leader_transitions",
            "Times that this instance acquired or lost the lease",
            self.leader_transitions.clone(),
        );
        registry.register(
            "license_state",
            "1 for the state that the license is in, else 0",
            self.license_state.clone(),
        );
        registry.register_with_unit(
            "license_remaining",
            "Time until the license expires, negative after that; absent without one",
            Unit::Seconds,
            self.license_remaining.clone(),
        );
        registry.register(
            "config_reloads",
            "Times that a changed file was read again",
            self.reloads.clone(),
        );
    }

    fn register_webhook(&self, registry: &mut Registry) {
        registry.register(
            "webhook_events",
            "Events for the webhook, by what became of them",
            self.webhook_events.clone(),
        );
        registry.register(
            "webhook_retries",
            "Tries to deliver an event after the first",
            self.webhook_retries.clone(),
        );
        registry.register(
            "webhook_queue_length",
            "Events that wait for the webhook",
            self.webhook_queue.clone(),
        );
    }

    fn make_series(&self) {
        make_all(&self.pass_duration, "pass");
        make_all(&self.pass_overruns, "pass");
        make_all(&self.pass_failures, "pass");
        make_all(&self.webhook_events, "outcome");
        for event in ["acquired", "lost"] {
            drop(self.leader_transitions.get_or_create(&[("event", event)]));
        }
        for file in [ConfigFile::Config, ConfigFile::License] {
            for result in ["success", "failure"] {
                drop(self.reloads.get_or_create(&reload(file, result)));
            }
        }
    }
}

fn reload(file: ConfigFile, result: &'static str) -> (One<ConfigFile>, One<&'static str>) {
    ([("file", file)], [("result", result)])
}

/// Seconds since 1970, with fractions.
fn unix(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

impl Metrics {
    /// A tick ended, however it went.
    pub fn ticked(&self, took: Duration) {
        self.0.work.ticks.inc();
        self.0.work.tick_duration.observe(took.as_secs_f64());
    }

    /// A pass ended by itself, well or not.
    pub fn passed(&self, pass: Pass, took: Duration) {
        let of_pass = self.0.work.pass_duration.get_or_create(&[("pass", pass)]);
        of_pass.observe(took.as_secs_f64());
    }

    /// A pass was cut off at the end of its time budget, after `took`.
    pub fn overran(&self, pass: Pass, took: Duration) {
        self.passed(pass, took);
        let of_pass = [("pass", pass)];
        self.0.work.pass_overruns.get_or_create(&of_pass).inc();
    }

    /// A pass ended in an error, after `took`.
    pub fn pass_failed(&self, pass: Pass, took: Duration) {
        self.passed(pass, took);
        let of_pass = [("pass", pass)];
        self.0.work.pass_failures.get_or_create(&of_pass).inc();
    }

    /// An analysis got to its end at `at`; of its autoscalers `failed` could not be judged.
    pub fn analyzed(&self, at: Timestamp, failed: u64) {
        self.0.work.analysis_success.set(Some(unix(at)));
        self.0.work.analysis_failures.inc_by(failed);
    }

    /// Whether this instance leads now. Counts a transition if that is new.
    pub fn leads(&self, leads: bool) {
        let work = &self.0.work;
        let before = work.leader.set(i64::from(leads));
        if before != i64::from(leads) {
            let event = [("event", if leads { "acquired" } else { "lost" })];
            work.leader_transitions.get_or_create(&event).inc();
        }
    }

    /// What the license allows at `now`.
    pub fn license(&self, state: &State, now: Timestamp) {
        let work = &self.0.work;
        for word in LICENSE_STATES {
            let is_in = i64::from(word == state.word());
            work.license_state
                .get_or_create(&[("state", word)])
                .set(is_in);
        }
        let expires_at = state.license().map(|it| it.expires_at);
        let left = expires_at.map(|it| it.duration_since(now).as_secs_f64());
        work.license_remaining.set(left);
    }

    /// A file that had changed was read again; `taken` unless the old one was kept.
    pub fn reloaded(&self, file: ConfigFile, taken: bool) {
        let result = if taken { "success" } else { "failure" };
        let of_file = reload(file, result);
        self.0.work.reloads.get_or_create(&of_file).inc();
    }

    /// An event for the webhook has come to its end.
    pub fn delivered(&self, outcome: Delivery) {
        let of_outcome = [("outcome", outcome)];
        self.0.work.webhook_events.get_or_create(&of_outcome).inc();
    }

    /// An event was tried again.
    pub fn delivery_retried(&self) {
        self.0.work.webhook_retries.inc();
    }

    /// So many events wait for the webhook, with the one that is under way.
    pub fn deliveries_waiting(&self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.0.work.webhook_queue.set(count);
    }
}
