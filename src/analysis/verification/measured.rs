//! What was measured since a change, as `status.measured` has it.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::Input;
use super::comparison::{Comparison, Extra};
use super::peak::Peak;
use super::quick::{mean_utilization, share_at};
use super::window::Window;
use crate::analysis::fidelity::Fidelity;
use crate::analysis::scaling::{flaps, moves};
use crate::lifecycle::slo::{Outcome, Reading};
use crate::sim::score::Score;
use crate::units::ReplicaHours;

/// Numbers of the known time since a change. Rounded to thousandths.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    /// When the change came, and when it was judged.
    pub since: Timestamp,
    pub until: Timestamp,
    pub samples: usize,
    pub known_minutes: f64,
    /// The share of the time that is known, 0 to 1.
    pub coverage: f64,
    pub observed: Side,
    /// What the old settings would have done on the same load; `None` where nothing is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_settings: Option<Side>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving: Option<Saving>,
    /// By how many minutes more the observed replicas may fall short before it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_extra_shortfall_minutes: Option<f64>,
    /// Mean usage over the requests of ready pods, as a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<f64>,
    /// The share of the time in which replicas were at the maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_max: Option<f64>,
    /// Minutes in which pods could give no more.
    pub saturated_minutes: f64,
    /// How well a replay of the old settings repeats the time before the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
    /// Why nothing is compared with the old settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_compared: Option<String>,
    pub peak: Peak,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<Objective>,
    /// What looks bad and was no better under the old settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What replicas cost and did for the load, observed or replayed: both counted alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    pub replica_hours: ReplicaHours,
    /// `None` where the capacity of the pods is not known, as for the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall_minutes: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall_core_minutes: Option<f64>,
    /// Minutes in which utilization was above the target, as it is now, by more than the margin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breach_minutes: Option<f64>,
    /// Steps of the history in which the count changed.
    pub scale_events: usize,
    pub flaps: usize,
}

/// What the change saved over the known time, measured and not projected; negative where it cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Saving {
    pub basis: Basis,
    pub replica_hours: ReplicaHours,
    /// Of the replica-hours of the old settings, at most 1.
    pub share: f64,
}

/// Where a saving is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    Measured,
}

/// What one of the user's queries said.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Objective {
    pub name: String,
    pub limit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Measured {
    pub(super) fn of(
        input: &Input<'_>,
        window: &Window,
        comparison: Comparison,
        peak: Peak,
        notes: Vec<String>,
    ) -> Self {
        let since = window.since.clone();
        let observed = Side::of(window, &window.replicas, comparison.observed.as_ref());
        let old = comparison.old.as_ref().ok();
        let old_settings = old.map(|it| Side::of(window, &it.replicas, Some(&it.score)));
        let saving = old_settings.as_ref();
        let saturated = window.samples(since.clone()).filter(|it| it.censored);
        Self {
            since: input.applied,
            until: input.now,
            samples: window.known(),
            known_minutes: rounded(window.minutes(window.known())),
            coverage: rounded(window.coverage()),
            saving: saving.and_then(|it| Saving::of(&observed, it)),
            allowed_extra_shortfall_minutes: old.map(|it| allowed(&it.minutes)),
            utilization: mean_utilization(window, since.clone(), &window.ready).map(rounded),
            at_max: share_at(&window.replicas, since, input.autoscaler.max.0).map(rounded),
            saturated_minutes: rounded(window.minutes(saturated.count())),
            fidelity: comparison.fidelity,
            not_compared: comparison.old.err(),
            objectives: input.objectives.iter().map(Objective::of).collect(),
            observed,
            old_settings,
            peak,
            notes,
        }
    }
}

fn allowed(extra: &Extra) -> f64 {
    rounded(extra.allowed)
}

impl Side {
    fn of(window: &Window, replicas: &[f64], score: Option<&Score>) -> Self {
        let counts = replicas.get(window.since.clone()).unwrap_or(&[]);
        let is_known = |it: &(f64, f64)| !it.0.is_nan() && !it.1.is_nan();
        let observed = window.replicas.get(window.since.clone()).unwrap_or(&[]);
        // The same steps on both sides.
        let known: Vec<(f64, f64)> = counts
            .iter()
            .copied()
            .zip(observed.iter().copied())
            .collect();
        let sum: f64 = known.iter().filter(|it| is_known(it)).map(|it| it.0).sum();
        let shortfall = score.map(Score::shortfall);
        Self {
            replica_hours: ReplicaHours::from_hours(rounded(sum * window.minutes(1) / 60.0)),
            shortfall_minutes: shortfall.map(|it| rounded(it.minutes)),
            shortfall_core_minutes: shortfall.map(|it| rounded(it.core_minutes)),
            breach_minutes: score.map(|it| rounded(it.breach_minutes())),
            scale_events: moves(counts).count(),
            flaps: flaps(counts, window.load.step_seconds()),
        }
    }
}

impl Saving {
    /// `None` where the old settings would have cost nothing.
    fn of(observed: &Side, old: &Side) -> Option<Self> {
        let (observed, old) = (observed.replica_hours.hours(), old.replica_hours.hours());
        (old > 0.0).then(|| Self {
            basis: Basis::Measured,
            replica_hours: ReplicaHours::from_hours(rounded(old - observed)),
            share: rounded((old - observed) / old),
        })
    }
}

impl Objective {
    fn of(reading: &Reading) -> Self {
        let slo = &reading.slo;
        let value = reading.value.as_ref().ok().copied().flatten();
        Self {
            name: slo.name.clone(),
            limit: format!("{} {}", slo.comparison, slo.limit),
            value,
            outcome: slo.evaluate(value),
            error: reading.value.as_ref().err().cloned(),
        }
    }
}

impl fmt::Display for Measured {
    /// What is said of a healthy change.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (minutes, hours) = (self.known_minutes, self.observed.replica_hours.hours());
        write!(
            f,
            "in {minutes:.0} min since the change {hours:.2} replica-hours"
        )?;
        let (Some(old), Some(saving)) = (&self.old_settings, &self.saving) else {
            let why = self.not_compared.as_deref();
            let why = why.unwrap_or("they would have kept no replicas");
            return write!(f, ", by the quick checks alone: {why}");
        };
        let share = 100.0 * saving.share;
        write!(
            f,
            " instead of {:.2} under the old settings on the same load ({share:.0} % saved, measured)",
            old.replica_hours.hours()
        )?;
        let short = |side: &Side| side.shortfall_minutes.unwrap_or(0.0);
        let (observed, old) = (short(&self.observed), short(old));
        write!(
            f,
            "; {observed:.0} min of shortfall instead of {old:.0} min"
        )
    }
}

/// To thousandths, so that records stay readable.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
