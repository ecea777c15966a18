//! One pass of the scale loop over a ScaledObject: [`decide`] says what to write, and
//! [`Pass::unwritten`] what is left of it where that failed.

use jiff::Timestamp;

use super::condition::{Condition, Event, Reason};
use super::settings::LoopSettings;
use crate::autoscaler::Holds;
use crate::sim::numbers::after;

/// What a pass finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// `spec.replicas` of the target, 1 where it is not set; an error where it could not be read.
    pub replicas: Result<i32, ()>,
    pub is_active: bool,
    pub is_error: bool,
    /// When the object was created.
    pub created: Timestamp,
    /// When a trigger was last known to be active, if ever.
    pub last_active: Option<Timestamp>,
    /// The condition ScalingActive of the HPA, where there is one and it can be read.
    pub hpa: Option<HpaHealth<'a>>,
}

/// What the HPA says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HpaHealth<'a> {
    pub scales: Holds,
    pub reason: &'a str,
}

/// What decided a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// The replicas of the target could not be read.
    Unreadable,
    Paused,
    /// The target had no pods, or idle ones, and a trigger is active.
    Activated,
    /// It would have been activated, and the object pauses scaling out.
    ActivationPaused,
    /// Some trigger is active and another one failed.
    ActivePartly,
    Active,
    /// A trigger failed, and the fallback must come by way of the HPA.
    AwaitsFallback,
    /// A trigger failed: nothing is done that might be wrong.
    Failed,
    /// No trigger is active, and the cooldown is over.
    Deactivated,
    CoolingDown,
    /// It would have been deactivated, and the object pauses scaling in.
    DeactivationPaused,
    /// Nothing is active, and there were fewer pods than the minimum.
    BelowMin,
    Inactive,
}

/// What a pass decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    pub because: Because,
    /// The count to write, which may be the one that was found.
    pub scale_to: Option<i32>,
    /// The new time of last activity, where there is one.
    pub last_active: Option<Timestamp>,
    pub ready: Condition,
    pub active: Option<Condition>,
    pub paused: Option<Condition>,
    pub hpa_active: Option<Condition>,
    pub event: Option<Event>,
}

impl Pass {
    fn new(because: Because) -> Self {
        Self {
            because,
            scale_to: None,
            last_active: None,
            ready: Condition::yes(Reason::ScaledObjectReady),
            active: None,
            paused: None,
            hpa_active: None,
            event: None,
        }
    }

    /// What is left of it where its count could not be written.
    pub fn unwritten(self) -> Self {
        let event = match self.because {
            Because::Activated => Some(Event::ActivationFailed),
            Because::Deactivated => Some(Event::DeactivationFailed),
            Because::Unreadable
            | Because::Paused
            | Because::ActivationPaused
            | Because::ActivePartly
            | Because::Active
            | Because::AwaitsFallback
            | Because::Failed
            | Because::CoolingDown
            | Because::DeactivationPaused
            | Because::BelowMin
            | Because::Inactive => self.event,
        };
        Self {
            last_active: self.last_active.filter(|_| self.scale_to.is_none()),
            scale_to: None,
            event,
            ..self
        }
    }
}

/// Decides what one pass does.
///
/// Mirrors `RequestScale` (`pkg/scaling/executor/scale_scaledobjects.go`), except that `now` is an
/// argument.
pub fn decide(settings: &LoopSettings, found: &Found<'_>, now: Timestamp) -> Pass {
    let Ok(replicas) = found.replicas else {
        return Pass {
            ready: Condition::no(Reason::ErrorGettingCurrentReplicas),
            ..Pass::new(Because::Unreadable)
        };
    };
    if settings.annotations.stop_object() {
        return Pass {
            paused: Some(Condition::yes(Reason::ScaledObjectPaused)),
            ..Pass::new(Because::Paused)
        };
    }
    let is_active = found.is_active || settings.annotations.force_activation;
    let pass = match is_active {
        true => active(settings, replicas, found.is_error, now),
        false => inactive(settings, replicas, found, now),
    };
    Pass {
        hpa_active: found.hpa.map(mirrored),
        ..pass
    }
}

fn active(settings: &LoopSettings, replicas: i32, is_error: bool, now: Timestamp) -> Pass {
    let is_idle = settings.idle.is_some() && replicas < settings.min;
    let pass = |because| Pass {
        active: Some(Condition::yes(Reason::ScalerActive)),
        ..Pass::new(because)
    };
    if is_idle || replicas == 0 {
        if settings.annotations.paused_scale_out {
            return pass(Because::ActivationPaused);
        }
        return Pass {
            scale_to: Some(settings.active_min()),
            last_active: Some(now),
            event: Some(Event::Activated),
            ..pass(Because::Activated)
        };
    }
    if is_error {
        return Pass {
            ready: Condition::unknown(Reason::PartialTriggerError),
            ..pass(Because::ActivePartly)
        };
    }
    Pass {
        last_active: Some(now),
        ..pass(Because::Active)
    }
}

fn inactive(settings: &LoopSettings, replicas: i32, found: &Found<'_>, now: Timestamp) -> Pass {
    let pass = |because| Pass {
        active: Some(Condition::no(Reason::ScalerNotActive)),
        ..Pass::new(because)
    };
    match settings.fallback {
        Some(fallback) if found.is_error && fallback.replicas != 0 => {
            return pass(Because::AwaitsFallback);
        }
        None if found.is_error => {
            return Pass {
                ready: Condition::no(Reason::TriggerError),
                ..pass(Because::Failed)
            };
        }
        Some(_) | None => {}
    }
    let is_above_idle = settings.idle.is_some_and(|it| replicas > it);
    if is_above_idle || (replicas > 0 && settings.min == 0) {
        return deactivate(settings, found, now, pass);
    }
    if settings.idle.is_none() && replicas < settings.min {
        return Pass {
            scale_to: Some(settings.min),
            ..pass(Because::BelowMin)
        };
    }
    pass(Because::Inactive)
}

fn deactivate(
    settings: &LoopSettings,
    found: &Found<'_>,
    now: Timestamp,
    pass: impl Fn(Because) -> Pass,
) -> Pass {
    if settings.annotations.paused_scale_in {
        return pass(Because::DeactivationPaused);
    }
    if cooldown_end(settings, found.created, found.last_active) >= now {
        return Pass {
            active: Some(Condition::no(Reason::ScalerCooldown)),
            ..pass(Because::CoolingDown)
        };
    }
    Pass {
        scale_to: Some(settings.rest().replicas),
        event: Some(Event::Deactivated),
        ..pass(Because::Deactivated)
    }
}

/// The last moment of the cooldown: the initial one counts until a first activity, the other one
/// from then on.
pub(super) fn cooldown_end(
    settings: &LoopSettings,
    created: Timestamp,
    last_active: Option<Timestamp>,
) -> Timestamp {
    match last_active {
        Some(last) => after(last, settings.cooldown),
        None => after(created, settings.initial_cooldown),
    }
}

/// The HPA's own condition as one of the ScaledObject: at zero the HPA is off, as it should be.
fn mirrored(hpa: HpaHealth<'_>) -> Condition {
    match (hpa.scales, hpa.reason) {
        (Holds::Yes, _) => Condition::yes(Reason::HpaActive),
        (Holds::No | Holds::Unknown, "ScalingDisabled") => Condition::yes(Reason::ScalingDisabled),
        (Holds::No | Holds::Unknown, "") => Condition::no(Reason::HpaMetricsUnavailable),
        (Holds::No | Holds::Unknown, reason) => Condition::no(Reason::OfHpa(reason.to_owned())),
    }
}

#[cfg(test)]
mod tests;
