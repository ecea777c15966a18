//! What triggers ask for at one moment: the arithmetic of KEDA and of its HPA on what was read.
//!
//! Nothing here reads a source. A trigger's value comes in as a [`Reading`], usage of pods as
//! [`LivePod`]s, and the HPA that KEDA made as [`HpaView`].

pub mod difference;
pub mod hpa_view;
pub mod job;
mod resource;

use std::collections::BTreeMap;

use super::formula::{Formula, composite, trigger_input};
use super::objects::{
    Fallback, ModifiersMetricType, ScaledObject, ScaledObjectSpec, ScalingModifiers,
    boolean_annotation, keys,
};
use super::trigger::{MetricTarget, Reading};
use crate::sim::numbers;
use crate::sim::settings::Tolerance;
use crate::sim::totals::{Scale, Source, propose_average, propose_value};
use crate::units::thousandths;
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

/// What an external trigger gives to the formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FormulaInput<'a> {
    pub index: usize,
    /// None of one that the formula cannot use, and that has to be read all the same.
    pub name: Option<&'a str>,
    /// `None` of one that failed.
    pub reading: Option<Reading>,
    /// Its failed reads in a row, if KEDA has counted any.
    pub failures: Option<i32>,
}

/// Evaluates the formula of an object, if it has one, on the values of its external triggers.
///
/// # Errors
/// Why there is no value, in words.
pub fn combined(
    spec: &ScaledObjectSpec,
    inputs: &[FormulaInput<'_>],
    standing: &Standing,
) -> Result<Option<Combined>, String> {
    let Some(modifiers) = spec.used_modifiers() else {
        return Ok(None);
    };
    let text = modifiers.given_formula().unwrap_or_default();
    let formula = Formula::compile(text, inputs.iter().filter_map(|it| it.name));
    let formula = formula.map_err(|it| it.to_string())?;
    let fallback = spec.fallback.as_ref();
    let values = values_of(inputs, fallback)?;
    let found = composite(&formula, modifiers, fallback, &values);
    let milli = found.map_err(|it| it.to_string())?.milli;
    let target = target_of(modifiers)?;
    let activation = match modifiers.activation_target.as_deref().unwrap_or_default() {
        "" => 0.0,
        text => numbers::float(text).ok_or("its activation target is no number")?,
    };
    Ok(Some(Combined {
        milli,
        activation,
        is_active: milli as f64 / 1000.0 > activation,
        replicas: asked(milli.into(), &target, standing),
        target,
    }))
}

/// The values by the names of the triggers; nil of a trigger that a fallback of behavior
/// `scalingModifiers` makes nil of. Any other one that failed leaves the formula without a value,
/// whether the formula uses it or not.
fn values_of(
    inputs: &[FormulaInput<'_>],
    fallback: Option<&Fallback>,
) -> Result<BTreeMap<String, Option<f64>>, String> {
    let mut values = BTreeMap::new();
    for input in inputs {
        // KEDA reads metrics, which are rounded for the HPA.
        let value = input.reading.map(|it| it.milli as f64 / 1000.0);
        let is_nil = || trigger_input(0.0, input.failures, fallback).is_none();
        if value.is_none() && !is_nil() {
            let name = input.name.map_or(input.index.to_string(), str::to_owned);
            return Err(format!(
                "trigger {name} has no value, and without it the formula has none"
            ));
        }
        values.extend(input.name.map(|it| (it.to_owned(), value)));
    }
    Ok(values)
}

fn target_of(modifiers: &ScalingModifiers) -> Result<MetricTarget, &'static str> {
    let target = modifiers.given_target().and_then(numbers::float);
    let milli = target.and_then(thousandths::cut).map(i128::from);
    let milli = milli.ok_or("its target is no number that an HPA can hold")?;
    Ok(match modifiers.metric_type_or_default() {
        ModifiersMetricType::AverageValue => MetricTarget::AverageValue { milli },
        ModifiersMetricType::Value => MetricTarget::Value { milli },
        ModifiersMetricType::Other(metric_type) => {
            let milli = None;
            MetricTarget::Unknown { metric_type, milli }
        }
    })
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
