//! What KEDA's admission webhook would say of an object: every check, all failures, and the
//! warnings. What the schema of the CustomResourceDefinitions refuses before that is apart, in
//! [`schema`].
//!
//! KEDA runs its checks in random order and tells the first failure; these tell all, each with
//! the word that KEDA counts it under. What the webhook does not look at (types and metadata of
//! triggers, authentications, the HPA's behavior) is not looked at here either: such objects are
//! accepted, and fail later.

mod authentication;
mod bounds;
mod neighbors;
mod resources;
mod scaled_object;
pub mod schema;
mod surroundings;
mod triggers;
mod url;

pub use authentication::{TriggerAuthenticationFailure, review_authentication};
pub use bounds::{fallback as check_fallback, replica_bounds as check_replica_bounds};
pub use neighbors::way_out_beside_hpa;
pub(crate) use scaled_object::formula_names;
pub use scaled_object::{Operation, Request, review};
pub use surroundings::{
    ExistingHpa, Kinds, LimitRange, LimitRangeItem, ResourceMaps, Surroundings, TargetId, Workload,
    WorkloadContainer,
};
pub use triggers::check as check_triggers;

use crate::keda::objects::{FieldPath, ScaledJob};

/// What the webhook says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Everything that the webhook would refuse the object for; it takes it if this is empty.
    pub failures: Vec<Failure>,
    /// KEDA gives these only with objects that it takes.
    pub warnings: Vec<Warning>,
    /// Checks that were not made, because what they need is not known.
    pub unchecked: Vec<Unchecked>,
}

impl Verdict {
    pub fn is_allowed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// One reason why the webhook refuses an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub reason: Reason,
    /// What of the check failed, in one word.
    pub gist: &'static str,
    /// The field that it is about.
    pub path: FieldPath,
    /// What is wrong; names the field.
    pub message: String,
    pub way_out: String,
}

/// The word that KEDA's metric counts a refusal under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    NameTooLong,
    HpaNameTooLong,
    IncorrectReplicas,
    IncorrectFallback,
    IncorrectTriggers,
    OtherScaledObject,
    OtherScaledObjectHpa,
    OtherHpa,
    TransferOwnershipMissingHpaName,
    ScalingModifiers,
    ScalingModifiersFallback,
    MissingRequests,
    ScaleToZeroRequirementsNotMet,
    /// Counted by KEDA under no word; this one is ours.
    UnknownKind,
    /// Counted by KEDA under no word; this one is ours.
    TargetNotFound,
}

impl Reason {
    pub fn code(self) -> &'static str {
        match self {
            Self::NameTooLong => "name-too-long",
            Self::HpaNameTooLong => "hpa-name-too-long",
            Self::IncorrectReplicas => "incorrect-replicas",
            Self::IncorrectFallback => "incorrect-fallback",
            Self::IncorrectTriggers => "incorrect-triggers",
            Self::OtherScaledObject => "other-scaled-object",
            Self::OtherScaledObjectHpa => "other-scaled-object-hpa",
            Self::OtherHpa => "other-hpa",
            Self::TransferOwnershipMissingHpaName => "transfer-ownership-missing-hpa-name",
            Self::ScalingModifiers => "scaling-modifiers",
            Self::ScalingModifiersFallback => "scaling-modifiers-fallback",
            Self::MissingRequests => "missing-requests",
            Self::ScaleToZeroRequirementsNotMet => "scale-to-zero-requirements-not-met",
            Self::UnknownKind => "unknown-kind",
            Self::TargetNotFound => "target-not-found",
        }
    }
}

/// A setting that the object has for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// The loop never scales, and no value of it is used.
    PollingIntervalNotRelevant,
    /// There is no step to zero or idle.
    CooldownPeriodNotRelevant,
}

impl Warning {
    pub fn code(self) -> &'static str {
        match self {
            Self::PollingIntervalNotRelevant => "pollingInterval-not-relevant",
            Self::CooldownPeriodNotRelevant => "cooldownPeriod-not-relevant",
        }
    }

    /// The field that has no effect.
    pub fn path(self) -> FieldPath {
        FieldPath::of(match self {
            Self::PollingIntervalNotRelevant => "spec.pollingInterval",
            Self::CooldownPeriodNotRelevant => "spec.cooldownPeriod",
        })
    }
}

/// A check that was not made.
#[derive(Clone, Debug, PartialEq)]
pub struct Unchecked {
    /// What the check would have failed with.
    pub reason: Reason,
    pub path: FieldPath,
    /// What is not known.
    pub why: String,
}

/// What the webhook says of a ScaledJob, whose triggers alone it looks at; on an update, `old` is
/// what it was. Taking away finalizers is never refused.
pub fn review_job(job: &ScaledJob, old: Option<&ScaledJob>) -> Verdict {
    let only_loses_finalizers = old.is_some_and(|old| {
        let (before, after) = (&old.metadata.finalizers, &job.metadata.finalizers);
        after.len() < before.len() && old.spec == job.spec
    });
    if only_loses_finalizers {
        return Verdict::default();
    }
    Verdict {
        failures: triggers::check(&job.spec.triggers),
        ..Verdict::default()
    }
}

#[cfg(test)]
mod tests;
