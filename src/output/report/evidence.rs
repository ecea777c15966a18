//! What an answer rests on, as the report tells it: rounded, so that the noise of the last bits
//! is not in the contract.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Window, rounded};
use crate::analysis::assessment::{self, HeldBack, Interval, JobProof, JobScores, Point, Proof};
use crate::analysis::fidelity::Fidelity;
use crate::sim::score::{NeedTotals, Shortfall, Totals};
use crate::units::ReplicaHours;

/// The evidence of one autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The part of the past that was looked at.
    pub window: Window,
    /// Days between the first and the last known sample.
    pub days: f64,
    /// The share of those samples that are known, 0 to 1.
    pub coverage: f64,
    /// The share of known samples in which pods were saturated, so that the demand is hidden.
    pub censored: f64,
    /// What could not be said for want of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// How well today's settings explain what was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
    /// The replays behind a recommendation: `today`, `proposed`, `trainingDays`, `heldBack`,
    /// `savingInterval`, `frontier`.
    #[serde(flatten)]
    pub proof: Option<Proof>,
    /// What raised the risk above low.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk_reasons: Vec<String>,
}

impl Evidence {
    pub(super) fn new(evidence: assessment::Evidence, window: Window) -> Self {
        Self {
            window,
            days: rounded(evidence.days, 2),
            coverage: rounded(evidence.coverage, 4),
            censored: rounded(evidence.censored, 4),
            missing: evidence.missing,
            fidelity: evidence.fidelity.map(tidy_fidelity),
            proof: None,
            risk_reasons: Vec::new(),
        }
    }

    pub(super) fn with_proof(self, proof: Proof, risk_reasons: Vec<String>) -> Self {
        Self {
            proof: Some(tidy_proof(proof)),
            risk_reasons,
            ..self
        }
    }
}

pub(crate) fn tidy_fidelity(it: Fidelity) -> Fidelity {
    Fidelity {
        mean_absolute_error: rounded(it.mean_absolute_error, 3),
        within_one: rounded(it.within_one, 4),
        mean_replicas: rounded(it.mean_replicas, 3),
        ..it
    }
}

fn tidy_proof(proof: Proof) -> Proof {
    let held_back = |it: HeldBack| HeldBack {
        days: it.days,
        today: tidy_totals(it.today),
        proposed: tidy_totals(it.proposed),
    };
    let interval = |it: Interval| Interval {
        low: rounded(it.low, 4),
        high: rounded(it.high, 4),
        ..it
    };
    let point = |it: Point| Point {
        replica_hours: rounded(it.replica_hours, 2),
        shortfall: tidy_shortfall(it.shortfall),
        ..it
    };
    Proof {
        today: tidy_totals(proof.today),
        proposed: tidy_totals(proof.proposed),
        training_days: proof.training_days,
        held_back: proof.held_back.map(held_back),
        saving_interval: proof.saving_interval.map(interval),
        frontier: proof.frontier.into_iter().map(point).collect(),
        jobs: proof.jobs.map(|it| Box::new(tidy_jobs(*it))),
    }
}

fn tidy_jobs(it: JobProof) -> JobProof {
    let tidy = |it: JobScores| JobScores {
        job_hours: rounded(it.job_hours, 2),
        p95_wait_seconds: rounded(it.p95_wait_seconds, 0),
        mean_wait_seconds: rounded(it.mean_wait_seconds, 1),
        backlog_minutes: rounded(it.backlog_minutes, 1),
        ..it
    };
    JobProof {
        today: tidy(it.today),
        proposed: tidy(it.proposed),
        held_back: it.held_back.map(|both| both.map(tidy)),
    }
}

/// The scores of a replay to hundredths.
pub(crate) fn tidy_totals(it: Totals) -> Totals {
    let limited = it.limited_minutes.into_iter();
    Totals {
        replica_hours: ReplicaHours::from_hours(rounded(it.replica_hours.hours(), 2)),
        shortfall_minutes: rounded(it.shortfall_minutes, 2),
        shortfall_core_minutes: rounded(it.shortfall_core_minutes, 2),
        breach_minutes: rounded(it.breach_minutes, 2),
        scale_events: it.scale_events,
        flaps: it.flaps,
        max_pinned_minutes: rounded(it.max_pinned_minutes, 2),
        headroom_core_hours: rounded(it.headroom_core_hours, 2),
        reserve_shortfall_minutes: rounded(it.reserve_shortfall_minutes, 2),
        reserve_shortfall_core_minutes: rounded(it.reserve_shortfall_core_minutes, 2),
        borrowed_minutes: rounded(it.borrowed_minutes, 2),
        borrowed_core_minutes: rounded(it.borrowed_core_minutes, 2),
        limited_minutes: limited
            .map(|(it, minutes)| (it, rounded(minutes, 2)))
            .collect(),
        known_minutes: rounded(it.known_minutes, 2),
        need: it.need.map(tidy_need),
    }
}

fn tidy_need(it: NeedTotals) -> NeedTotals {
    NeedTotals {
        shortfall_minutes: rounded(it.shortfall_minutes, 2),
        shortfall_pod_minutes: rounded(it.shortfall_pod_minutes, 2),
        known_minutes: rounded(it.known_minutes, 2),
        ..it
    }
}

fn tidy_shortfall(it: Shortfall) -> Shortfall {
    Shortfall {
        minutes: rounded(it.minutes, 2),
        core_minutes: rounded(it.core_minutes, 2),
    }
}
