//! The value of `composite-metric`: the formula with what a failing trigger is in it.

use std::collections::BTreeMap;

use super::{EvaluateError, Formula};
use crate::keda::objects::{Fallback, FallbackBehavior, ScalingModifiers};
use crate::sim::numbers;
use crate::units::thousandths;

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
    /// The formula gave nil, and no fallback stands in.
    #[error("the formula gives nil, and there is no fallback")]
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

/// The value of the composite metric for what the triggers contribute, by their names. Where the
/// formula gives nil, a fallback stands in whatever its behavior is.
pub fn composite(
    formula: &Formula,
    modifiers: &ScalingModifiers,
    fallback: Option<&Fallback>,
    inputs: &BTreeMap<String, Option<f64>>,
) -> Result<Composite, CompositeError> {
    if let Some(value) = formula.evaluate(inputs)? {
        let because = CompositeReason::Formula;
        return Ok(Composite {
            milli: thousandths::cut(value).ok_or(CompositeError::TooLarge)?,
            because,
        });
    }
    let fallback = fallback.ok_or(CompositeError::Nil)?;
    let target = modifiers.target.as_deref().unwrap_or_default();
    let parsed = numbers::float(target).ok_or_else(|| CompositeError::Target(target.to_owned()))?;
    let value = f64::from(fallback.replicas) * parsed;
    Ok(Composite {
        milli: thousandths::cut(value).ok_or(CompositeError::TooLarge)?,
        because: CompositeReason::Fallback,
    })
}
