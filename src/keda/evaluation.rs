//! What triggers ask for at one moment: the arithmetic of KEDA and of its HPA on what was read.
//!
//! Nothing here reads a source. A trigger's value comes in as a [`Reading`], usage of pods as
//! [`LivePod`]s, and the HPA that KEDA made as [`HpaView`].

pub mod difference;
pub mod hpa_view;
mod resource;

use std::collections::BTreeMap;

use super::formula::{CompositeError, Formula, composite};
use super::objects::{
    Fallback, FallbackBehavior, ModifiersMetricType, ScaledObject, ScaledObjectSpec,
    boolean_annotation, keys,
};
use super::trigger::{MetricTarget, Reading};
use crate::sim::settings::Tolerance;
use crate::sim::totals::{Scale, Source, propose_average, propose_value};
pub use resource::{LivePod, NoUsage, Usage, Used, used};

/// The scale target and what its HPA may do with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    pub scale: Scale,
    pub tolerance: Tolerance,
    /// Pods that run and are ready; `None` where they could not be read.
    pub ready: Option<i64>,
}

/// Why a value asks for no number of replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCount {
    #[error("the HPA takes no target that is not above 0")]
    NotPositive,
    #[error("the HPA knows no such `metricType`")]
    UnknownType,
    #[error("a target of type Value is divided among ready pods, which could not be read")]
    NoPods,
}

/// How many replicas the HPA would ask for by an external metric alone, before the bounds and its
/// behavior.
///
/// # Errors
/// Where the target allows none.
pub fn asked(milli: i128, target: &MetricTarget, standing: &Standing) -> Result<i32, NoCount> {
    let Standing {
        scale,
        tolerance,
        ready,
    } = standing;
    let (of, is_average) = match target {
        MetricTarget::AverageValue { milli } => (*milli, true),
        MetricTarget::Value { milli } => (*milli, false),
        MetricTarget::Unknown { .. } | MetricTarget::Utilization { .. } => {
            return Err(NoCount::UnknownType);
        }
    };
    let (total, of) = (narrow(milli), narrow(of));
    if of <= 0 {
        return Err(NoCount::NotPositive);
    }
    if is_average {
        let proposal = propose_average(Source::External, total, of, scale.observed, tolerance);
        return Ok(proposal.replicas);
    }
    let ready = || ready.ok_or(crate::sim::proposal::MetricError::NoPods);
    let proposal = propose_value(total, of, scale.current, tolerance, ready);
    proposal.map(|it| it.replicas).map_err(|_| NoCount::NoPods)
}

/// How many jobs the value of one trigger calls for, by KEDA's own arithmetic for ScaledJobs: the
/// value by the target, rounded up, and no more than `most`.
///
/// # Errors
/// Where the type of the target is none.
pub fn jobs(milli: i128, target: &MetricTarget, most: i64) -> Result<i64, NoCount> {
    let of = match target {
        MetricTarget::AverageValue { milli } | MetricTarget::Value { milli } => *milli,
        MetricTarget::Unknown { .. } | MetricTarget::Utilization { .. } => {
            return Err(NoCount::UnknownType);
        }
    };
    if of == 0 {
        return Ok(0);
    }
    let wanted = (milli as f64 / of as f64).min(most as f64).ceil();
    // Counts beyond what a job controller can hold are cut by `most`.
    Ok(wanted as i64)
}

fn narrow(milli: i128) -> i64 {
    let end = if milli < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(milli).unwrap_or(end)
}

/// The metric of the formula and what it asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// In thousandths.
    pub milli: i64,
    pub target: MetricTarget,
    pub activation: f64,
    pub is_active: bool,
    pub replicas: Result<i32, NoCount>,
}

/// Evaluates the formula of an object, if it has one, on the values of its named triggers.
///
/// `readings` has an entry for each external trigger that has a name, `None` for one that failed.
///
/// # Errors
/// Why there is no value, in words.
pub fn combined(
    spec: &ScaledObjectSpec,
    readings: &BTreeMap<String, Option<Reading>>,
    standing: &Standing,
) -> Result<Option<Combined>, String> {
    let Some(modifiers) = spec.used_modifiers() else {
        return Ok(None);
    };
    let text = modifiers.given_formula().unwrap_or_default();
    let formula = Formula::compile(text, readings.keys().map(String::as_str));
    let formula = formula.map_err(|it| it.to_string())?;
    let fallback: Option<&Fallback> = spec.fallback.as_ref();
    // Beyond its threshold, such a fallback makes nil of a trigger that fails.
    let may_be_nil =
        fallback.is_some_and(|it| it.behavior_or_default() == FallbackBehavior::ScalingModifiers);
    let failed = readings.iter().find(|(_, it)| it.is_none());
    if let Some((name, _)) = failed.filter(|_| !may_be_nil) {
        return Err(format!(
            "trigger {name} has no value, and without it the formula has none"
        ));
    }
    // The HPA's rounding comes before the formula, as KEDA reads metrics and not values.
    let value = |it: &Reading| it.milli as f64 / 1000.0;
    let inputs = readings
        .iter()
        .map(|(name, it)| (name.clone(), it.as_ref().map(value)))
        .collect();
    let found = composite(&formula, modifiers, fallback, &inputs);
    let found = found.map_err(|it: CompositeError| it.to_string())?;
    let number = |text: Option<&str>| text.map_or(Ok(0.0), |it| it.trim().parse::<f64>());
    let target = number(modifiers.given_target()).map_err(|_| "its target is no number")?;
    let activation = modifiers.activation_target.as_deref();
    let activation = number(activation.filter(|it| !it.is_empty()))
        .map_err(|_| "its activation target is no number")?;
    let milli = (target * 1000.0) as i128;
    let target = match modifiers.metric_type_or_default() {
        ModifiersMetricType::AverageValue => MetricTarget::AverageValue { milli },
        ModifiersMetricType::Value => MetricTarget::Value { milli },
        ModifiersMetricType::Other(metric_type) => MetricTarget::Unknown { metric_type, milli },
    };
    Ok(Some(Combined {
        milli: found.milli,
        activation,
        is_active: found.milli as f64 / 1000.0 > activation,
        replicas: asked(found.milli.into(), &target, standing),
        target,
    }))
}

/// One trigger as the decision sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    pub index: usize,
    /// A metric of the pods, which takes no part in activation beside others.
    pub is_resource: bool,
    /// `None` where it is not known.
    pub is_active: Option<bool>,
    pub replicas: Option<i32>,
    /// Whether its source failed.
    pub is_failed: bool,
}

/// What asks for the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    Trigger(usize),
    Formula,
}

/// What comes of all triggers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// `None` where something that counts is not known.
    pub is_active: Option<bool>,
    /// The first of those that ask for the most; nothing where nobody asks.
    pub winner: Option<Winner>,
    /// What the HPA would ask for between its bounds, before its behavior.
    pub replicas: Option<i32>,
    /// Where the loop takes the target while nothing is active: zero, idle, or not at all.
    pub at_rest: Option<i32>,
}

/// Takes the votes together, as the scale loop and the HPA do.
pub fn decide(object: &ScaledObject, votes: &[Vote], formula: Option<&Combined>) -> Decision {
    let spec = &object.spec;
    let has_formula = spec.used_modifiers().is_some();
    let is_active = if boolean_annotation(&object.metadata, keys::FORCE_ACTIVATION) {
        Some(true)
    } else if has_formula {
        formula.map(|it| it.is_active)
    } else {
        activity(votes)
    };
    let counted = votes.iter().filter(|it| it.is_resource || !has_formula);
    let asks = counted.filter_map(|it| Some((it.replicas?, Winner::Trigger(it.index))));
    let by_formula = formula.and_then(|it| Some((it.replicas.ok()?, Winner::Formula)));
    let most = asks
        .chain(by_formula)
        .reduce(|best, it| if it.0 > best.0 { it } else { best });
    let bounded = |it: i32| it.max(spec.hpa_min_replicas()).min(spec.max_or_default());
    let at_rest = spec.idle_replica_count.or(match spec.min_or_default() {
        0 => Some(0),
        _ => None,
    });
    Decision {
        is_active,
        winner: most.map(|it| it.1),
        replicas: most.map(|it| bounded(it.0)),
        at_rest,
    }
}

/// One active trigger is enough. Where all are metrics of the pods, the object is active unless
/// one failed.
fn activity(votes: &[Vote]) -> Option<bool> {
    let external: Vec<&Vote> = votes.iter().filter(|it| !it.is_resource).collect();
    if external.is_empty() {
        return Some(!votes.iter().any(|it| it.is_failed));
    }
    if external.iter().any(|it| it.is_active == Some(true)) {
        return Some(true);
    }
    let is_known = external.iter().all(|it| it.is_active.is_some());
    is_known.then_some(false)
}

#[cfg(test)]
mod tests;
