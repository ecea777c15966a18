//! The value of `composite-metric`: the formula with what a failing trigger is in it.

use std::collections::BTreeMap;

use super::{EvaluateError, Formula};
use crate::keda::objects::{Fallback, FallbackBehavior, ScalingModifiers};

/// The value of the composite metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Composite {
    /// In thousandths, cut towards zero; may be negative.
    pub milli: i64,
    pub because: CompositeReason,
}

/// What the value was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompositeReason {
    Formula,
    /// The formula gave nil, and the fallback's replicas times the target stand in.
    Fallback,
}

/// The composite metric has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompositeError {
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The formula gave nil, and no fallback of behavior `scalingModifiers` stands in.
    #[error("the formula gives nil, and there is no fallback of behavior scalingModifiers")]
    Nil,
    #[error("the formula's target {0:?} is no number")]
    Target(String),
    #[error("the value is beyond what a quantity holds")]
    TooLarge,
}

/// What a trigger contributes to the formula: nil beyond the failure threshold of a fallback of
/// behavior `scalingModifiers`, else its metric.
///
/// `failures` are the failed reads in a row of its metric, if KEDA has counted any yet.
pub fn trigger_input(
    metric: f64,
    failures: Option<i32>,
    fallback: Option<&Fallback>,
) -> Option<f64> {
    let is_nil = fallback.is_some_and(|it| {
        it.behavior_or_default() == FallbackBehavior::ScalingModifiers
            && failures.is_some_and(|count| count > it.failure_threshold)
    });
    (!is_nil).then_some(metric)
}

/// The value of the composite metric for what the triggers contribute, by their names.
pub fn composite(
    formula: &Formula,
    modifiers: &ScalingModifiers,
    fallback: Option<&Fallback>,
    inputs: &BTreeMap<String, Option<f64>>,
) -> Result<Composite, CompositeError> {
    if let Some(value) = formula.evaluate(inputs)? {
        let because = CompositeReason::Formula;
        return Ok(Composite {
            milli: milli(value)?,
            because,
        });
    }
    let stands_in = |it: &&Fallback| it.behavior_or_default() == FallbackBehavior::ScalingModifiers;
    let fallback = fallback.filter(stands_in).ok_or(CompositeError::Nil)?;
    let target = modifiers.target.as_deref().unwrap_or_default();
    let parsed: Result<f64, _> = target.parse();
    let parsed = parsed.map_err(|_| CompositeError::Target(target.to_owned()))?;
    Ok(Composite {
        milli: milli(f64::from(fallback.replicas) * parsed)?,
        because: CompositeReason::Fallback,
    })
}

/// Thousandths, cut towards zero.
fn milli(value: f64) -> Result<i64, CompositeError> {
    // Beyond this, the conversion is left to the machine in KEDA.
    const LARGEST: f64 = 9.0e18;
    let milli = value * 1000.0;
    if milli.is_nan() || milli.abs() > LARGEST {
        return Err(CompositeError::TooLarge);
    }
    Ok(milli.trunc() as i64)
}
