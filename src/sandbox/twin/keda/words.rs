//! What conditions and events say, in KEDA's words.

use crate::sim::keda::condition::{Condition, Event, Reason};

pub(super) const READY: &str = "ScaledObject is defined correctly and is ready for scaling";
pub(super) const JOB_READY: &str = "ScaledJob is defined correctly and is ready to scaling";
pub(super) const PAUSED: &str = "ScaledObject is paused";
pub(super) const UNPAUSED: &str = "pause annotation removed for ScaledObject";

/// The message of a condition that a pass or a fallback sets.
pub(super) fn message(condition: &Condition) -> String {
    let text = match &condition.reason {
        Reason::ScaledObjectReady => READY,
        Reason::ScaledJobReady => JOB_READY,
        Reason::PartialTriggerError => {
            "Some triggers defined in ScaledObject are not working correctly"
        }
        Reason::TriggerError => "Triggers defined in ScaledObject are not working correctly",
        Reason::ErrorGettingCurrentReplicas => {
            "Error getting the current replicas count on the ScaleTarget"
        }
        Reason::ScalerActive => "Scaling is performed because triggers are active",
        Reason::ScalerNotActive => "Scaling is not performed because triggers are not active",
        Reason::ScalerCooldown => "Scaler cooling down because triggers are not active",
        Reason::FallbackExists => "At least one trigger is falling back on this scaled object",
        Reason::NoFallbackFound => "No fallbacks are active on this scaled object",
        Reason::ScaledObjectPaused => PAUSED,
        Reason::HpaActive => "HPA is able to fetch metrics and compute the replica count",
        Reason::ScalingDisabled => "HPA is idle since the target is at zero replicas",
        Reason::HpaMetricsUnavailable | Reason::OfHpa(_) => {
            "HPA is not able to compute the replica count"
        }
    };
    text.to_owned()
}

/// A change of replicas by the scale loop.
pub(super) struct Step<'a> {
    /// `apps/v1.Deployment shop/orders`.
    pub(super) target: &'a str,
    pub(super) from: i32,
    pub(super) to: i32,
    /// The metrics of the triggers that are active.
    pub(super) active: &'a [&'a str],
}

/// The message of an event of a pass.
pub(super) fn of_event(event: Event, step: &Step<'_>) -> String {
    let Step {
        target,
        from,
        to,
        active,
    } = step;
    match event {
        Event::Activated => {
            let by = match active.is_empty() {
                true => String::new(),
                false => format!(", triggered by {}", active.join(";")),
            };
            format!("Scaled {target} from {from} to {to}{by}")
        }
        Event::Deactivated => format!("Deactivated {target} from {from} to {to}"),
        Event::ActivationFailed | Event::DeactivationFailed => {
            format!("Failed to scale {target} from {from} to {to}")
        }
        Event::FallbackActivated => {
            "ScaledObject is using fallback because at least one metric source fails".to_owned()
        }
        Event::FallbackDeactivated => {
            "ScaledObject stopped using fallback, its metric sources answer again".to_owned()
        }
        Event::JobsCreated => format!("Created {to} jobs"),
        Event::JobActive => "ScaledJob is active: at least one trigger is active".to_owned(),
        Event::JobInactive => "ScaledJob is inactive: no trigger is active".to_owned(),
    }
}
