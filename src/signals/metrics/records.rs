//! Recommendations: how many stand where, what was done to them, what they save.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;
use super::labels::{Action, Basis, One, Outcome, Verdict, Word, make_all};
use super::sources::Real;
use crate::analysis::opinion;
use crate::analysis::review::Standing;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::schedule::State;
use crate::units::ReplicaHours;

/// How many recommendations on probation have a series of their own. A fleet that changes more at
/// once is watched by counts.
pub(super) const MOST_PROBATIONS: usize = 100;

/// A recommendation whose change is on probation.
#[derive(Clone, Debug, PartialEq)]
pub struct Probation {
    pub namespace: String,
    pub name: String,
    /// Until its end; negative where it is over and nobody has judged it yet.
    pub remaining: SignedDuration,
}

/// What recommendations save at a time, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Saving {
    /// Replica-hours an hour, which is how many replicas there are less on average.
    pub replicas: f64,
    /// US dollars a month; `None` where prices are not known.
    pub usd_monthly: Option<f64>,
}

impl Saving {
    /// So many replica-hours within `window`; nothing for an empty one.
    pub fn over(saved: ReplicaHours, window: Duration, usd_monthly: Option<f64>) -> Self {
        let hours = window.as_secs_f64() / 3600.0;
        let replicas = if hours > 0.0 {
            saved.hours() / hours
        } else {
            0.0
        };
        Self {
            replicas,
            usd_monthly,
        }
    }
}

impl std::ops::Add for Saving {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let usd_monthly = match (self.usd_monthly, other.usd_monthly) {
            (None, None) => None,
            (one, two) => Some(one.unwrap_or_default() + two.unwrap_or_default()),
        };
        Self {
            replicas: self.replicas + other.replicas,
            usd_monthly,
        }
    }
}

#[derive(Debug)]
pub(super) struct Records {
    phases: Family<One<&'static str>, Gauge>,
    writes: Family<(One<Action>, One<Outcome>), Counter>,
    verifications: Family<One<Verdict>, Counter>,
    opinions: Family<One<&'static str>, Gauge>,
    saved_replicas: Family<One<Basis>, Real>,
    saved_usd: Family<One<Basis>, Real>,
    probation: Family<Titled, Real>,
    schedules: Family<One<&'static str>, Gauge>,
    reviews: Family<One<&'static str>, Gauge>,
    raised: Gauge,
    /// Those that have a series. Held while these are changed.
    on_probation: Mutex<BTreeSet<Titled>>,
}

/// A recommendation by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Titled {
    namespace: String,
    name: String,
}

impl EncodeLabelSet for Titled {
    // `namespace` alone is taken: Prometheus gives it the namespace of the pod that it scrapes.
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        let labels = [
            ("target_namespace", self.namespace.as_str()),
            ("recommendation", self.name.as_str()),
        ];
        labels.encode(encoder)
    }
}

impl Records {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self {
            phases: Family::default(),
            writes: Family::default(),
            verifications: Family::default(),
            opinions: Family::default(),
            saved_replicas: Family::default(),
            saved_usd: Family::default(),
            probation: Family::default(),
            schedules: Family::default(),
            reviews: Family::default(),
            raised: Gauge::default(),
            on_probation: Mutex::default(),
        };
        new.register_counts(registry);
        new.register_savings(registry);
        new.register_schedules(registry);
        new.make_series();
        new
    }

    fn register_counts(&self, registry: &mut Registry) {
        registry.register(
            "recommendations",
            "Recommendations by the phase that they are in",
            self.phases.clone(),
        );
        registry.register(
            "writes",
            "Writes to targets, and changes of others that were adopted, by what became of them",
            self.writes.clone(),
        );
        registry.register(
            "verifications",
            "Checks of changes on probation by what they said",
            self.verifications.clone(),
        );
        registry.register(
            "second_opinions",
            "Recommendations that a language model was asked about, by what became of them",
            self.opinions.clone(),
        );
        registry.register_with_unit(
            "probation_remaining",
            "Time until a probation ends; negative where it is over and not judged yet",
            Unit::Seconds,
            self.probation.clone(),
        );
    }

    fn register_savings(&self, registry: &mut Registry) {
        registry.register(
            "saving_replicas",
            "Replicas saved on average, which is replica-hours an hour: projected by \
             recommendations that wait, measured of changes in force",
            self.saved_replicas.clone(),
        );
        registry.register(
            "saving_usd_monthly",
            "US dollars a month of the same; absent where prices are not known",
            self.saved_usd.clone(),
        );
    }

    fn register_schedules(&self, registry: &mut Registry) {
        registry.register(
            "schedule_recommendations",
            "Recommendations whose schedule is in force, by how it stands",
            self.schedules.clone(),
        );
        registry.register(
            "schedule_reviews",
            "Schedules in force by what analyses say of them",
            self.reviews.clone(),
        );
        registry.register(
            "schedule_raised_replicas",
            "Replicas by which minima of HPAs are raised now, since windows are open",
            self.raised.clone(),
        );
    }

    fn make_series(&self) {
        make_all(&self.verifications, "verdict");
        for state in State::ALL {
            drop(self.schedules.get_or_create(&[("state", state.as_str())]));
        }
        for standing in Standing::ALL {
            let labels = [("standing", standing.as_str())];
            drop(self.reviews.get_or_create(&labels));
        }
        for verdict in opinion::Verdict::ALL {
            let labels = [("verdict", verdict.as_str())];
            drop(self.opinions.get_or_create(&labels));
        }
        for action in Action::ALL {
            for outcome in Outcome::ALL {
                drop(self.writes.get_or_create(&write(*action, *outcome)));
            }
        }
    }
}

fn write(action: Action, outcome: Outcome) -> (One<Action>, One<Outcome>) {
    ([("action", action)], [("outcome", outcome)])
}

impl Metrics {
    /// The phases of all recommendations, as they are now.
    pub fn phases(&self, phases: impl IntoIterator<Item = Phase>) {
        let mut counts = Phase::ALL.map(|it| (it, 0_i64));
        for phase in phases {
            for (_, count) in counts.iter_mut().filter(|it| it.0 == phase) {
                *count += 1;
            }
        }
        for (phase, count) in counts {
            let of_phase = [("phase", phase.as_str())];
            self.0.records.phases.get_or_create(&of_phase).set(count);
        }
    }

    /// How all schedules stand that are in force, and by how many replicas minima are raised.
    pub fn schedules(&self, states: impl IntoIterator<Item = State>, raised: u64) {
        let mut counts = State::ALL.map(|it| (it, 0_i64));
        for state in states {
            for (_, count) in counts.iter_mut().filter(|it| it.0 == state) {
                *count += 1;
            }
        }
        let records = &self.0.records;
        for (state, count) in counts {
            let of_state = [("state", state.as_str())];
            records.schedules.get_or_create(&of_state).set(count);
        }
        records
            .raised
            .set(i64::try_from(raised).unwrap_or(i64::MAX));
    }

    /// What analyses say of all schedules that are in force.
    pub fn schedule_reviews(&self, standings: impl IntoIterator<Item = Standing>) {
        let mut counts = Standing::ALL.map(|it| (it, 0_i64));
        for standing in standings {
            for (_, count) in counts.iter_mut().filter(|it| it.0 == standing) {
                *count += 1;
            }
        }
        for (standing, count) in counts {
            let labels = [("standing", standing.as_str())];
            self.0.records.reviews.get_or_create(&labels).set(count);
        }
    }

    /// What a language model said of all recommendations, as it stands now.
    pub fn opinions(&self, verdicts: impl IntoIterator<Item = opinion::Verdict>) {
        let mut counts = opinion::Verdict::ALL.map(|it| (it, 0_i64));
        for verdict in verdicts {
            for (_, count) in counts.iter_mut().filter(|it| it.0 == verdict) {
                *count += 1;
            }
        }
        for (verdict, count) in counts {
            let labels = [("verdict", verdict.as_str())];
            self.0.records.opinions.get_or_create(&labels).set(count);
        }
    }

    /// A change was to be taken back.
    pub fn reverted(&self, outcome: Outcome) {
        self.wrote(Action::Revert, outcome);
    }

    /// A target was to be written.
    pub fn wrote(&self, action: Action, outcome: Outcome) {
        let labels = write(action, outcome);
        self.0.records.writes.get_or_create(&labels).inc();
    }

    /// A change on probation was checked.
    pub fn verified(&self, verdict: Verdict) {
        let labels = [("verdict", verdict)];
        self.0.records.verifications.get_or_create(&labels).inc();
    }

    /// What all recommendations together save now, as far as `basis` goes.
    pub fn saving(&self, basis: Basis, saving: Saving) {
        let (records, labels) = (&self.0.records, [("basis", basis)]);
        records
            .saved_replicas
            .get_or_create(&labels)
            .set(saving.replicas);
        match saving.usd_monthly {
            Some(usd) => {
                records.saved_usd.get_or_create(&labels).set(usd);
            }
            None => {
                records.saved_usd.remove(&labels);
            }
        }
    }

    /// All probations of now. Those that were told before and are not among them have ended. Of more
    /// than [`MOST_PROBATIONS`], the ones that end first, or should have ended, are shown.
    pub fn probations(&self, mut probations: Vec<Probation>) {
        probations.sort_by(|a, b| {
            let of = |it: &Probation| (it.remaining, it.namespace.clone(), it.name.clone());
            of(a).cmp(&of(b))
        });
        probations.truncate(MOST_PROBATIONS);
        let records = &self.0.records;
        let mut shown = records
            .on_probation
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut now = BTreeSet::new();
        for it in probations {
            let titled = Titled {
                namespace: it.namespace,
                name: it.name,
            };
            let left = it.remaining.as_secs_f64();
            records.probation.get_or_create(&titled).set(left);
            now.insert(titled);
        }
        for ended in shown.difference(&now) {
            records.probation.remove(ended);
        }
        *shown = now;
    }
}
