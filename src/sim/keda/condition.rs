//! The conditions and events of ScaledObjects and ScaledJobs.

use crate::autoscaler::Holds;

/// The types of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Ready,
    Active,
    Fallback,
    Paused,
    HpaActive,
}

impl Kind {
    pub const ALL: [Self; 5] = [
        Self::Ready,
        Self::Active,
        Self::Fallback,
        Self::Paused,
        Self::HpaActive,
    ];

    /// As the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Active => "Active",
            Self::Fallback => "Fallback",
            Self::Paused => "Paused",
            Self::HpaActive => "HPAActive",
        }
    }

    /// What an object starts with, whose status was never written; `None` for a type that comes
    /// later.
    pub fn initial(self) -> Option<Holds> {
        match self {
            Self::Ready | Self::Active | Self::Fallback => Some(Holds::Unknown),
            Self::Paused => Some(Holds::No),
            Self::HpaActive => None,
        }
    }

    /// Whether a status with conditions of these types needs no initial ones any more.
    pub fn are_initialized(types: &[&str]) -> bool {
        let needed = Self::ALL.into_iter().filter(|it| it.initial().is_some());
        needed.into_iter().all(|it| types.contains(&it.name()))
    }
}

/// Why a condition is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    ScaledObjectReady,
    ScaledJobReady,
    PartialTriggerError,
    TriggerError,
    ErrorGettingCurrentReplicas,
    ScalerActive,
    ScalerNotActive,
    ScalerCooldown,
    FallbackExists,
    NoFallbackFound,
    ScaledObjectPaused,
    HpaActive,
    ScalingDisabled,
    HpaMetricsUnavailable,
    /// The reason that the HPA itself gives.
    OfHpa(String),
}

impl Reason {
    /// As the API spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::ScaledObjectReady => "ScaledObjectReady",
            Self::ScaledJobReady => "ScaledJobReady",
            Self::PartialTriggerError => "PartialTriggerError",
            Self::TriggerError => "TriggerError",
            Self::ErrorGettingCurrentReplicas => "ErrorGettingCurrentReplicas",
            Self::ScalerActive => "ScalerActive",
            Self::ScalerNotActive => "ScalerNotActive",
            Self::ScalerCooldown => "ScalerCooldown",
            Self::FallbackExists => "FallbackExists",
            Self::NoFallbackFound => "NoFallbackFound",
            Self::ScaledObjectPaused => "ScaledObjectPaused",
            Self::HpaActive => "HPAActive",
            Self::ScalingDisabled => "ScalingDisabled",
            Self::HpaMetricsUnavailable => "HPAMetricsUnavailable",
            Self::OfHpa(reason) => reason,
        }
    }
}

/// One condition as a pass sets it. KEDA's conditions have no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub holds: Holds,
    pub reason: Reason,
}

impl Condition {
    pub fn yes(reason: Reason) -> Self {
        let holds = Holds::Yes;
        Self { holds, reason }
    }

    pub fn no(reason: Reason) -> Self {
        let holds = Holds::No;
        Self { holds, reason }
    }

    pub fn unknown(reason: Reason) -> Self {
        let holds = Holds::Unknown;
        Self { holds, reason }
    }
}

/// What the operator tells of an object in Kubernetes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    Activated,
    ActivationFailed,
    Deactivated,
    DeactivationFailed,
    FallbackActivated,
    FallbackDeactivated,
    JobsCreated,
    JobActive,
    JobInactive,
}

impl Event {
    /// Its reason, as the API spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Activated => "KEDAScaleTargetActivated",
            Self::ActivationFailed => "KEDAScaleTargetActivationFailed",
            Self::Deactivated => "KEDAScaleTargetDeactivated",
            Self::DeactivationFailed => "KEDAScaleTargetDeactivationFailed",
            Self::FallbackActivated => "ScaledObjectFallbackActivated",
            Self::FallbackDeactivated => "ScaledObjectFallbackDeactivated",
            Self::JobsCreated => "KEDAJobsCreated",
            Self::JobActive => "ScaledJobActive",
            Self::JobInactive => "ScaledJobInactive",
        }
    }

    /// `Normal` or `Warning`, as the API spells it.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::ActivationFailed | Self::DeactivationFailed => "Warning",
            Self::Activated
            | Self::Deactivated
            | Self::FallbackActivated
            | Self::FallbackDeactivated
            | Self::JobsCreated
            | Self::JobActive
            | Self::JobInactive => "Normal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_types_are_there_from_the_start() {
        let all = ["Paused", "Fallback", "Active", "Ready"];
        assert!(Kind::are_initialized(&all));
        assert!(Kind::are_initialized(
            &[all.as_slice(), &["HPAActive"]].concat()
        ));
        for left_out in all {
            let rest: Vec<_> = all.into_iter().filter(|it| *it != left_out).collect();
            assert!(!Kind::are_initialized(&rest), "{left_out}");
        }
    }
}
