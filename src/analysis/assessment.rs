//! What an analysis says of one autoscaler.

use std::fmt;

use jiff::SignedDuration;
use serde::Serialize;

use super::findings::Finding;
use super::projection::Shortfall;
use crate::autoscaler::AutoscalerId;
use crate::autoscaler::target::TargetRef;
use crate::units::{ReplicaHours, Replicas};

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
}

/// The settings of an autoscaler that a recommendation may change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub min_replicas: Replicas,
    pub max_replicas: Replicas,
    /// Percent of the request; `None` where no CPU utilization is targeted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_cpu_pct: Option<u32>,
    /// The scale-down stabilization window in seconds.
    pub scale_down_cooldown_s: u32,
}

/// Where the analysis of one autoscaler ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Other settings are better.
    Recommended(Recommendation),
    /// Nothing to change in its settings; there may be findings that call for another fix.
    NoChange,
    /// Too little is known to speak.
    NotEnoughHistory { have: Days, need: Days },
    /// Not analyzed by design: owned by a controller that would undo a change.
    Skipped { why: String },
    /// Its target or history could not be read.
    Unreadable { why: String },
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
    pub cost: Cost,
    pub shortfall: ShortfallChange,
    pub risk: Risk,
    /// Why each changed field has its value, in the order of the settings.
    pub because: Vec<String>,
}

/// Replica-hours of the window: as observed, and as the proposed settings would have needed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    pub observed: ReplicaHours,
    pub projected: ReplicaHours,
    /// Hours of known samples over which both are counted; gaps are left out. Times 730 divided
    /// by this gives a month.
    pub window_hours: f64,
}

/// Load that ready pods could not serve: as observed, and a bound for the proposed settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShortfallChange {
    pub observed: Shortfall,
    pub projected: Shortfall,
}

impl Cost {
    /// The share saved, 0 to 1; negative where more is needed, 0 where nothing was observed.
    pub fn saving(&self) -> f64 {
        let observed = self.observed.hours();
        if observed > 0.0 {
            1.0 - self.projected.hours() / observed
        } else {
            0.0
        }
    }
}

/// How much could go wrong, with every reason that raised it above low.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Risk {
    pub level: RiskLevel,
    pub reasons: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
}
