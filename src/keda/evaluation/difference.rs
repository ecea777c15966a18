//! Where KEDA and we see something else, and why that may be.

use super::hpa_view::HpaView;
use super::{Decision, Vote};
use crate::keda::objects::{
    Condition, ConditionKind, ConditionStatus, Health, HealthStatus, Pause, ScaledObject,
};
use crate::keda::trigger::HpaMetric;
use crate::keda::trigger::metric::{MetricSource, is_among};

/// What was measured of one trigger, beside what KEDA is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured<'a> {
    pub vote: Vote,
    pub metric: Option<&'a HpaMetric>,
    /// What the HPA would get, `None` where nothing was read.
    pub value: Option<f64>,
    pub is_cached: bool,
}

/// Values that differ by no more than this share are taken as the same: they were read at
/// different times.
const SAME: f64 = 0.1;

/// Every difference, in words with the way out.
pub fn differences(
    object: &ScaledObject,
    triggers: &[Measured<'_>],
    decision: &Decision,
    hpa: Option<&HpaView>,
) -> Vec<String> {
    let mut all = Vec::new();
    let pause = object.pause();
    all.extend(ready(object));
    all.extend(paused(&pause, hpa));
    all.extend(active(object, decision, &pause));
    for trigger in triggers {
        all.extend(named(object, trigger));
        all.extend(health(object, trigger));
        all.extend(hpa.and_then(|it| seen(object, trigger, it)));
    }
    all.extend(hpa.and_then(|it| wanted(decision, it)));
    all
}

fn is(condition: Option<&Condition>, status: &ConditionStatus) -> bool {
    condition.is_some_and(|it| it.status.as_ref() == Some(status))
}

fn ready(object: &ScaledObject) -> Option<String> {
    let status = &object.status;
    let Some(condition) = status.condition(&ConditionKind::Ready) else {
        return Some(
            "KEDA has said nothing of this object yet; look whether its operator runs".to_owned(),
        );
    };
    if is(Some(condition), &ConditionStatus::True) {
        return None;
    }
    let Condition {
        reason, message, ..
    } = condition;
    Some(format!("KEDA is not ready: {reason}: {message}"))
}

fn paused(pause: &Pause, hpa: Option<&HpaView>) -> Option<String> {
    match (pause, hpa) {
        (Pause::Full(_), None) => {
            Some("paused: KEDA has taken its HPA away, so nothing scales".to_owned())
        }
        (Pause::Full(_), Some(hpa)) => Some(format!(
            "paused, and HPA {} is still there: KEDA has not taken the pause up yet",
            hpa.name
        )),
        (Pause::Runs(_), _) => None,
    }
}

fn active(object: &ScaledObject, decision: &Decision, pause: &Pause) -> Option<String> {
    let condition = object.status.condition(&ConditionKind::Active)?;
    if pause.is_full() {
        return None;
    }
    let is_cooling = condition.reason == "ScalerCooldown";
    let says = match condition.status.as_ref()? {
        ConditionStatus::True => true,
        ConditionStatus::False => false,
        ConditionStatus::Unknown | ConditionStatus::Other(_) => return None,
    };
    let polls = object.spec.polling_interval_or_default().as_secs();
    match (decision.is_active?, says) {
        (true, false) => Some(format!(
            "active here, inactive for KEDA: it looks every {polls} s, or its credentials give it \
             another value"
        )),
        (false, true) => Some(format!(
            "inactive here, active for KEDA: it looks every {polls} s, and a fallback counts as \
             active"
        )),
        (false, false) if is_cooling => Some(format!(
            "inactive, and kept up for the cooldown of {} s since the last activity",
            object.spec.cooldown_period_or_default().as_secs()
        )),
        (true, true) | (false, false) => None,
    }
}

/// Whether KEDA knows the metric at all: its list is as old as its last reconcile.
fn named(object: &ScaledObject, trigger: &Measured<'_>) -> Option<String> {
    let name = external(trigger)?;
    let known = &object.status.external_metrics;
    let is_known = known.is_empty() || is_among(name, known);
    (!is_known).then(|| {
        format!(
            "trigger {}: KEDA does not list metric {name}; it has not taken up the object as it is \
             now",
            trigger.vote.index
        )
    })
}

fn external<'a>(trigger: &Measured<'a>) -> Option<&'a str> {
    match &trigger.metric?.source {
        MetricSource::External { name } => Some(name),
        MetricSource::Resource { .. } | MetricSource::ContainerResource { .. } => None,
    }
}

fn health(object: &ScaledObject, trigger: &Measured<'_>) -> Option<String> {
    let health = object.status.health.get(external(trigger)?)?;
    let Health { failures, status } = health;
    let is_failing = *status == Some(HealthStatus::Failing);
    let (index, failures) = (trigger.vote.index, failures.unwrap_or(0));
    match (is_failing, trigger.vote.is_failed) {
        (true, false) if trigger.value.is_some() => Some(format!(
            "trigger {index}: read here, while KEDA has failed {failures} times in a row; look for \
             a network policy, or for credentials that only KEDA uses"
        )),
        (false, true) => Some(format!(
            "trigger {index}: KEDA reads it, only from here it fails: KEDA stands inside the cluster"
        )),
        (true, false | true) | (false, false) => None,
    }
}

fn seen(object: &ScaledObject, trigger: &Measured<'_>, hpa: &HpaView) -> Option<String> {
    let (name, value) = (external(trigger)?, trigger.value?);
    let total = hpa.total(name)?;
    if (total - value).abs() <= SAME * total.abs().max(value.abs()) {
        return None;
    }
    let polls = object.spec.polling_interval_or_default().as_secs();
    let falls_back = is(
        object.status.condition(&ConditionKind::Fallback),
        &ConditionStatus::True,
    );
    let why = if falls_back {
        "a fallback is in force, which puts a value of its own there".to_owned()
    } else if trigger.is_cached {
        format!("it gets the value of KEDA's last look, which may be {polls} s old")
    } else {
        "it looked up to 15 s ago".to_owned()
    };
    Some(format!(
        "trigger {}: {} here, {} for the HPA: {why}",
        trigger.vote.index,
        shown(value),
        shown(total)
    ))
}

/// With three decimals at most.
fn shown(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn wanted(decision: &Decision, hpa: &HpaView) -> Option<String> {
    let (ours, theirs) = (decision.replicas?, hpa.desired?);
    let blocked = hpa.conditions.iter().find(|it| {
        it.kind == "ScalingActive" && it.status == "False" && it.reason != "ScalingDisabled"
    });
    if let Some(condition) = blocked {
        return Some(format!(
            "the HPA does not scale: {}: {}",
            condition.reason, condition.message
        ));
    }
    if ours == theirs || decision.is_active == Some(false) {
        return None;
    }
    let why = match ours > theirs {
        true => "scaling policies let it go up by steps, and it looks every 15 s",
        false => "its scale-down window holds the highest count of late",
    };
    Some(format!(
        "the triggers ask for {ours} replicas, the HPA for {theirs}: {why}"
    ))
}
