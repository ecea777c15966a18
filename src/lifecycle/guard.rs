//! When an approved recommendation must not be applied now. How that is said, with the way out, is in
//! [`text`].

mod text;

use jiff::{SignedDuration, Timestamp};

use super::diff::Key;
use super::owners::Owner;
use super::record::Record;
use crate::units::Replicas;

/// What is known of a target and its fleet when somebody wants to apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// `None` where the target is gone.
    pub target: Option<Target>,
    pub license: License,
    /// Recommendations on probation, this one not counted.
    pub in_probation: usize,
    /// Names of recommendations that degraded or were rolled back since the fleet was last told to go on.
    pub reverted: Vec<String>,
    pub now: Timestamp,
}

/// The autoscaler and its workload as they are now.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub uid: String,
    /// The recommendation whose change the target's journal tells of, unless that has been verified
    /// and the next one is to be built upon it.
    pub in_force: Option<String>,
    /// Settings whose live value is no longer `from`: key, `from`, and what is there now.
    pub changed: Vec<(Key, serde_json::Value, serde_json::Value)>,
    /// Why the schedule that is proposed cannot be carried out.
    pub schedule: Option<String>,
    pub owners: Vec<Owner>,
    /// What says that the workload is being rolled out; `None` where it is not.
    pub rollout: Option<String>,
    /// What says that the autoscaler is paused.
    pub paused: Option<String>,
    pub replicas: Option<Replicas>,
    /// The maximum that it would have.
    pub new_max: Option<Replicas>,
    /// The minimum that it would have.
    pub new_min: Option<Replicas>,
    /// The strictest PodDisruptionBudget: its name and how many pods it wants available.
    pub budget: Option<(String, Replicas)>,
    /// Age of the newest sample of its metrics; `None` where none is known.
    pub metrics_age: Option<SignedDuration>,
}

/// What the license allows, see [`crate::license`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum License {
    Valid,
    /// Expired, for so many more days accepted.
    Grace {
        days_left: u32,
    },
    /// Why there is none.
    None {
        why: String,
    },
}

/// What the user allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most recommendations on probation at a time; `None` for any number.
    pub max_in_probation: Option<usize>,
    /// Whether nothing more is applied once one was reverted.
    pub stop_on_revert: bool,
    /// Owners are overruled, for the reason given.
    pub forced: Option<String>,
    /// Metrics older than this are stale.
    pub freshness: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_probation: None,
            stop_on_revert: false,
            forced: None,
            freshness: SignedDuration::from_mins(15),
        }
    }
}

/// Why it must not be. The first ones count most.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    NotApproved,
    TargetGone,
    /// Another object has taken its name.
    Replaced {
        was: String,
        is: String,
    },
    /// A change of ours is in force already, under the recommendation of that name.
    InForce {
        recommendation: String,
    },
    ChangedSinceAnalyzed(Vec<(Key, serde_json::Value, serde_json::Value)>),
    /// Its schedule cannot be read, or not be carried out there.
    BadSchedule {
        why: String,
    },
    Owned(Owner),
    RolloutInProgress(String),
    Paused(String),
    StaleMetrics {
        age: Option<SignedDuration>,
    },
    Unlicensed {
        why: String,
    },
    TooManyInProbation {
        limit: usize,
    },
    StoppedAfterRevert {
        reverted: Vec<String>,
    },
    MaxBelowReplicas {
        max: Replicas,
        replicas: Replicas,
    },
    BreaksBudget {
        budget: String,
        needs: Replicas,
        min: Replicas,
    },
}

impl Refusal {
    /// A word for machines, as conditions and audit have it: `ChangedSinceAnalyzed`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotApproved => "NotApproved",
            Self::TargetGone => "TargetGone",
            Self::InForce { .. } => "InForce",
            Self::Replaced { .. } => "Replaced",
            Self::ChangedSinceAnalyzed(_) => "ChangedSinceAnalyzed",
            Self::BadSchedule { .. } => "BadSchedule",
            Self::Owned(_) => "Owned",
            Self::RolloutInProgress(_) => "RolloutInProgress",
            Self::Paused(_) => "Paused",
            Self::StaleMetrics { .. } => "StaleMetrics",
            Self::Unlicensed { .. } => "Unlicensed",
            Self::TooManyInProbation { .. } => "TooManyInProbation",
            Self::StoppedAfterRevert { .. } => "StoppedAfterRevert",
            Self::MaxBelowReplicas { .. } => "MaxBelowReplicas",
            Self::BreaksBudget { .. } => "BreaksBudget",
        }
    }
}

/// Why `record` must not be applied now; the first of several that counts most, in the order of
/// [`Refusal`].
///
/// # Errors
/// Any [`Refusal`].
pub fn check(record: &Record, facts: &Facts, limits: &Limits) -> Result<(), Refusal> {
    if !record.approved {
        return Err(Refusal::NotApproved);
    }
    let target = facts.target.as_ref().ok_or(Refusal::TargetGone)?;
    check_identity(record, target)?;
    check_fields(target, limits)?;
    check_calm(target)?;
    check_metrics(target, limits)?;
    check_fleet(facts, limits)?;
    check_replicas(record, target)
}

fn check_identity(record: &Record, target: &Target) -> Result<(), Refusal> {
    match &record.proposal.uid {
        Some(was) if *was != target.uid => {
            return Err(Refusal::Replaced {
                was: was.clone(),
                is: target.uid.clone(),
            });
        }
        Some(_) | None => {}
    }
    // One at a time: another write would take the place of the journal, and of what it owns.
    match target.in_force.clone() {
        Some(recommendation) => Err(Refusal::InForce { recommendation }),
        None => Ok(()),
    }
}

/// Whether the fields are as they were analyzed, and ours to write. Owners may be overruled by who
/// says why.
fn check_fields(target: &Target, limits: &Limits) -> Result<(), Refusal> {
    if !target.changed.is_empty() {
        return Err(Refusal::ChangedSinceAnalyzed(target.changed.clone()));
    }
    if let Some(why) = target.schedule.clone() {
        return Err(Refusal::BadSchedule { why });
    }
    let reason = limits.forced.as_deref().unwrap_or_default();
    match target.owners.first() {
        Some(owner) if reason.trim().is_empty() => Err(Refusal::Owned(owner.clone())),
        Some(_) | None => Ok(()),
    }
}

fn check_calm(target: &Target) -> Result<(), Refusal> {
    if let Some(rollout) = &target.rollout {
        return Err(Refusal::RolloutInProgress(rollout.clone()));
    }
    match &target.paused {
        Some(paused) => Err(Refusal::Paused(paused.clone())),
        None => Ok(()),
    }
}

fn check_metrics(target: &Target, limits: &Limits) -> Result<(), Refusal> {
    match target.metrics_age {
        Some(age) if age <= limits.freshness => Ok(()),
        age => Err(Refusal::StaleMetrics { age }),
    }
}

/// License, and what the user allows of the fleet.
fn check_fleet(facts: &Facts, limits: &Limits) -> Result<(), Refusal> {
    match &facts.license {
        License::Valid | License::Grace { .. } => {}
        License::None { why } => return Err(Refusal::Unlicensed { why: why.clone() }),
    }
    match limits.max_in_probation {
        Some(limit) if facts.in_probation >= limit => {
            return Err(Refusal::TooManyInProbation { limit });
        }
        Some(_) | None => {}
    }
    if limits.stop_on_revert && !facts.reverted.is_empty() {
        let reverted = facts.reverted.clone();
        return Err(Refusal::StoppedAfterRevert { reverted });
    }
    Ok(())
}

fn check_replicas(record: &Record, target: &Target) -> Result<(), Refusal> {
    if let (Some(max), Some(replicas)) = (target.new_max, target.replicas)
        && max < replicas
    {
        return Err(Refusal::MaxBelowReplicas { max, replicas });
    }
    let (Some(min), Some((budget, needs))) = (target.new_min, &target.budget) else {
        return Ok(());
    };
    // At the minimum no pod could ever be evicted, so that no node could be drained. A change that
    // leaves the minimum alone, or raises it, makes nothing worse.
    if *needs >= min && lowers_minimum(record) {
        let (budget, needs) = (budget.clone(), *needs);
        return Err(Refusal::BreaksBudget { budget, needs, min });
    }
    Ok(())
}

/// A value that is no number may stand for more than the new one.
fn lowers_minimum(record: &Record) -> bool {
    let minimum = record.proposal.diff.iter();
    let mut minimum = minimum.filter(|it| it.key == Key::MinReplicas);
    minimum.any(|it| match (it.from.as_u64(), it.to.as_u64()) {
        (Some(from), Some(to)) => to < from,
        _ => true,
    })
}

#[cfg(test)]
mod tests;
