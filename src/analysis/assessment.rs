//! What an analysis says of one autoscaler.

use std::fmt;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

use super::fidelity::Fidelity;
use super::findings::Finding;
use super::opinion::Opinion;
use super::portrait::Portrait;
use super::prospect::Prospect;
use super::review::Review;
use super::settings::Settings;
use super::trend::Trend;
use crate::autoscaler::AutoscalerId;
use crate::autoscaler::target::TargetRef;
use crate::sim::score::{Shortfall, Totals};

/// Everything that is said of one autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    pub autoscaler: AutoscalerId,
    pub target: TargetRef,
    pub today: Settings,
    pub outcome: Outcome,
    /// Sorted by severity, highest first, then by code.
    pub findings: Vec<Finding>,
    pub evidence: Evidence,
    /// What the coming week is expected to be; `None` where nobody asked, and where no other settings
    /// were looked for.
    pub prospect: Option<Box<Prospect>>,
    /// What was found of the schedule that is in force; `None` where there is none, and where replays say
    /// nothing of it.
    pub review: Option<Box<Review>>,
    /// The past as it can be drawn; `None` unless it was asked for, and where nothing is known.
    pub portrait: Option<Box<Portrait>>,
    /// What a language model said of it; `None` where none was asked about it.
    pub opinion: Option<Opinion>,
    /// How the load ran of late; `None` where nothing is known of it.
    pub trend: Option<Trend>,
}

/// Where the analysis of one autoscaler ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Other settings are better.
    Recommended(Box<Recommendation>),
    /// Nothing to change in its settings; there may be findings that call for another fix.
    NoChange,
    /// What is known does not bear a recommendation.
    Withheld { why: String },
    /// Too little is known to speak.
    NotEnoughHistory { have: Days, need: Days },
    /// Not analyzed by design: owned by a controller that would undo a change.
    Skipped { why: String },
    /// Its target or history could not be read.
    Unreadable { why: String },
}

impl Outcome {
    /// The settings that are recommended, if any are.
    pub fn proposed(&self) -> Option<&Settings> {
        match self {
            Self::Recommended(recommendation) => Some(&recommendation.proposed),
            Self::NoChange
            | Self::Withheld { .. }
            | Self::NotEnoughHistory { .. }
            | Self::Skipped { .. }
            | Self::Unreadable { .. } => None,
        }
    }
}

/// A length of history in days, printed with at most one decimal.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Days(pub f64);

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded down: "7 of 7 days" must not be printed for not enough.
        write!(f, "{}", (self.0 * 10.0).floor() / 10.0)
    }
}

impl From<SignedDuration> for Days {
    fn from(length: SignedDuration) -> Self {
        Self(length.as_secs_f64() / 86_400.0)
    }
}

/// Settings chosen, with what they would have done to the window.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    pub proposed: Settings,
    pub proof: Proof,
    pub risk: Risk,
    /// Why each changed field has its value, in the order of the settings.
    pub because: Vec<String>,
    /// US dollars saved in a month, projected; `None` where no price was given or nothing is
    /// requested. Negative where more is to be paid.
    pub usd_per_month: Option<f64>,
}

/// What replays of the same load say of two settings. All scores are of known time alone.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// Today's settings over the whole window.
    pub today: Totals,
    /// The proposed settings over the whole window.
    pub proposed: Totals,
    /// Days on which the settings were chosen.
    pub training_days: usize,
    /// The days after those, which had no part in the choice; absent if none were held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<HeldBack>,
    /// Between which shares the saving lies; absent with fewer than three days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saving_interval: Option<Interval>,
    /// Settings of which none is both cheaper and better served than another, over the training
    /// days, the cheapest first; at most twelve.
    pub frontier: Vec<Point>,
    /// What became of the items of a ScaledJob, whose replicas are its jobs; absent for other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Box<JobProof>>,
}

/// Replays of the same arrivals under two settings of a ScaledJob.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobProof {
    pub today: JobScores,
    pub proposed: JobScores,
    /// The same of the days held back, today's first; absent if none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_back: Option<[JobScores; 2]>,
}

/// What jobs cost, and how long items waited for them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobScores {
    /// Jobs × hours, from creation to end.
    pub job_hours: f64,
    pub jobs_created: i64,
    /// Those that found nothing to do.
    pub jobs_in_vain: i64,
    pub items_done: i64,
    /// One in twenty items waited longer, to 15 s.
    pub p95_wait_seconds: f64,
    pub mean_wait_seconds: f64,
    /// Minutes in which items waited.
    pub backlog_minutes: f64,
    pub longest_queue: i64,
    pub most_jobs: i64,
    /// Polls in which the maximum kept back jobs, of all.
    pub pinned_polls: u64,
    pub polls: u64,
}

/// The scores of the days that settings were not chosen on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeldBack {
    pub days: usize,
    pub today: Totals,
    pub proposed: Totals,
}

/// Shares of today's replica-hours, between which the saving lies with a probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    /// 0 to 1.
    pub confidence: f64,
}

/// Settings that were tried.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    pub settings: Settings,
    pub replica_hours: f64,
    pub shortfall: Shortfall,
    /// Whether these are the settings of today.
    pub is_today: bool,
    pub is_proposed: bool,
}

impl Proof {
    /// The share of today's replica-hours saved, at most 1; negative where more is needed.
    pub fn saving(&self) -> f64 {
        share_saved(
            self.today.replica_hours.hours(),
            self.proposed.replica_hours.hours(),
        )
    }
}

/// The share of `from` that `to` saves; 0 where nothing was spent.
pub fn share_saved(from: f64, to: f64) -> f64 {
    if from > 0.0 { 1.0 - to / from } else { 0.0 }
}

/// How much could go wrong, with every reason that raised it above low.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    pub level: RiskLevel,
    pub reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    Low,
    Medium,
    High,
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

/// What the answer rests on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Days between the first and the last known sample.
    pub days: f64,
    /// The share of those samples that are known, 0 to 1.
    pub coverage: f64,
    /// The share of known samples in which pods were saturated, so that the demand is hidden.
    pub censored: f64,
    /// What could not be said for want of it: `cpu_limit_cores: saturation cannot be seen`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// How well today's settings explain what was observed; absent where they were not replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
}
