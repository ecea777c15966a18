//! `scalingModifiers`: one metric made of all triggers by a formula, which is a function here.

use std::fmt;

use super::fallback::{Fallback, Outcome};
use crate::sim::numbers;
use crate::units::thousandths;

/// `scalingModifiers` of a ScaledObject.
#[derive(Clone, Copy, Debug)]
pub struct Modifiers<'a> {
    pub formula: Formula<'a>,
    pub target: FormulaTarget,
    /// `activationTarget`: 0 where it is not set.
    pub activation: f64,
}

/// `target` of a formula, and whether it is for the whole (`metricType: Value`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FormulaTarget {
    pub value: f64,
    /// Whether it is written as an integer above zero, without which there is no fallback.
    pub is_positive_integer: bool,
    pub is_of_whole: bool,
}

impl FormulaTarget {
    /// The target as it is written; `None` for what is no number.
    pub fn of(text: &str, is_of_whole: bool) -> Option<Self> {
        Some(Self {
            value: numbers::float(text)?,
            is_positive_integer: text.parse::<i64>().is_ok_and(|it| it > 0),
            is_of_whole,
        })
    }
}

/// A formula of the values of the external triggers, in their order; `None` stands for nil.
#[derive(Clone, Copy)]
pub struct Formula<'a>(pub &'a FunctionOf<'a>);

/// What computes a formula.
pub type Function = FunctionOf<'static>;

/// The same, made of what it borrows.
pub type FunctionOf<'a> =
    dyn Fn(&[Option<f64>]) -> Result<Option<f64>, EvaluationError> + Sync + 'a;

/// The formula cannot be computed of these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the formula cannot be computed")]
pub struct EvaluationError;

impl fmt::Debug for Formula<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Formula")
    }
}

impl Modifiers<'_> {
    /// The composite metric in thousandths, made of what the reads of the external triggers came
    /// to; `None` where there is none. Whoever asks has looked for failed reads before.
    ///
    /// `values` is overwritten. Mirrors `HandleScalingModifiers`
    /// (`pkg/scaling/modifiers/formula.go`).
    pub fn composite(
        &self,
        outcomes: impl Iterator<Item = Outcome> + Clone,
        fallback: Option<Fallback>,
        values: &mut Vec<Option<f64>>,
    ) -> Option<i64> {
        let substitute = |outcome| match outcome {
            Outcome::Substituted(value) => Some(value),
            Outcome::Value(_) | Outcome::Nil | Outcome::Failed => None,
        };
        if let Some(value) = outcomes.clone().find_map(substitute) {
            return Some(value);
        }
        values.clear();
        values.extend(outcomes.map(|it| match it {
            Outcome::Value(value) | Outcome::Substituted(value) => Some(value as f64 / 1000.0),
            Outcome::Nil | Outcome::Failed => None,
        }));
        let result = match (self.formula.0)(values) {
            Ok(Some(result)) => result,
            Ok(None) => f64::from(fallback?.replicas) * self.target.value,
            Err(EvaluationError) => return None,
        };
        thousandths::cut(result)
    }

    /// Whether a composite metric of so many thousandths is active.
    pub fn is_active(&self, composite: i64) -> bool {
        composite as f64 / 1000.0 > self.activation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::keda::fallback::Behavior;

    /// The first one that is not nil.
    fn first(values: &[Option<f64>]) -> Result<Option<f64>, EvaluationError> {
        Ok(values.iter().find_map(|it| *it))
    }

    fn third(values: &[Option<f64>]) -> Result<Option<f64>, EvaluationError> {
        let value = values[0].ok_or(EvaluationError)?;
        Ok(Some(-value / 3.0))
    }

    fn composite(function: &Function, outcomes: &[Outcome]) -> Option<i64> {
        let modifiers = Modifiers {
            formula: Formula(function),
            target: FormulaTarget::of("2", false).unwrap(),
            activation: 0.0,
        };
        let fallback = Fallback {
            failure_threshold: 3,
            replicas: 7,
            behavior: Behavior::ScalingModifiers,
        };
        let outcomes = outcomes.iter().copied();
        modifiers.composite(outcomes, Some(fallback), &mut Vec::new())
    }

    #[test]
    fn a_formula_gets_values_in_units_and_gives_whole_thousandths() {
        let value = Outcome::Value;
        assert_eq!(
            composite(&first, &[value(4_000), value(10_000)]),
            Some(4_000)
        );
        assert_eq!(composite(&third, &[value(4_000)]), Some(-1_333));
    }

    #[test]
    fn a_trigger_that_failed_for_long_is_nil() {
        let nil = Outcome::Nil;
        assert_eq!(composite(&first, &[nil, Outcome::Value(5)]), Some(5));
        // The whole formula is nil: 7 replicas at 2 each.
        assert_eq!(composite(&first, &[nil, nil]), Some(14_000));
        assert_eq!(composite(&third, &[nil]), None);
    }

    #[test]
    fn where_a_fallback_stepped_in_the_formula_is_not_asked() {
        let outcomes = [Outcome::Value(1), Outcome::Substituted(12_000)];
        assert_eq!(composite(&third, &outcomes), Some(12_000));
    }

    #[test]
    fn a_target_must_be_written_as_an_integer_above_zero_for_a_fallback() {
        let table = [
            ("2", Some((2.0, true))),
            ("2.5", Some((2.5, false))),
            ("2.0", Some((2.0, false))),
            ("0", Some((0.0, false))),
            ("-1", Some((-1.0, false))),
            ("many", None),
            ("1e999", None),
        ];
        for (text, expected) in table {
            let found = FormulaTarget::of(text, false);
            let found = found.map(|it| (it.value, it.is_positive_integer));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn activity_needs_more_than_the_activation_target() {
        let modifiers = Modifiers {
            formula: Formula(&first),
            target: FormulaTarget::of("2", false).unwrap(),
            activation: 5.0,
        };
        assert!(!modifiers.is_active(5_000));
        assert!(modifiers.is_active(5_001));
    }
}
