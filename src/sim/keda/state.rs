//! Whether a ScaledObject is active, from what the reads of its triggers came to.

use super::fallback::{Fallback, Outcome};
use super::formula::Modifiers;

/// The name of the metric that a formula makes.
pub const COMPOSITE: &str = "composite-metric";

/// What a pass sees of one external trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub outcome: Outcome,
    /// Whether it is active, as it is while a fallback stands in for it.
    pub is_active: bool,
}

impl Seen {
    /// What the series `keda_scaler_active` shows of it: nothing where it failed, or where a
    /// formula decides.
    pub fn shown(&self, has_formula: bool) -> Option<bool> {
        match self.outcome {
            _ if has_formula => None,
            Outcome::Failed => None,
            Outcome::Value(_) | Outcome::Substituted(_) | Outcome::Nil => Some(self.is_active),
        }
    }
}

/// What all triggers come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectState {
    pub is_active: bool,
    /// Whether a trigger failed without a fallback.
    pub is_error: bool,
    /// Whether a fallback stands in for a trigger.
    pub is_fallback: bool,
    /// The metric that the formula makes, in thousandths.
    pub composite: Option<i64>,
    /// Whether that metric is active; nothing where there is none, or a trigger failed.
    pub is_composite_active: Option<bool>,
}

impl ObjectState {
    /// The metrics of the active triggers, of those that `named` gives with their names.
    pub fn active<'n>(
        &self,
        named: impl Iterator<Item = (&'n str, Seen)>,
        has_formula: bool,
    ) -> Vec<&'n str> {
        match has_formula {
            true if self.is_composite_active == Some(true) => vec![COMPOSITE],
            true => Vec::new(),
            false => {
                let active = named.filter(|(_, it)| it.is_active);
                active.map(|(name, _)| name).collect()
            }
        }
    }
}

/// What the external triggers of an object, as they were `seen`, come to. An object that has only
/// other ones is active as long as nothing failed.
///
/// Mirrors `getScaledObjectState` (`pkg/scaling/scale_handler.go`).
pub fn state(
    seen: &[Seen],
    modifiers: Option<&Modifiers<'_>>,
    fallback: Option<Fallback>,
    values: &mut Vec<Option<f64>>,
) -> ObjectState {
    let outcomes = seen.iter().map(|it| it.outcome);
    let is_error = outcomes.clone().any(|it| it == Outcome::Failed);
    let composite = modifiers.and_then(|it| it.composite(outcomes.clone(), fallback, values));
    let measured = modifiers.zip(composite).filter(|_| !is_error);
    let is_composite_active = measured.map(|(modifiers, it)| modifiers.is_active(it));
    let is_active = match modifiers {
        Some(_) => is_composite_active == Some(true),
        None => seen.iter().any(|it| it.is_active),
    };
    ObjectState {
        is_active: is_active || (seen.is_empty() && !is_error),
        is_error,
        is_fallback: outcomes
            .clone()
            .any(|it| matches!(it, Outcome::Substituted(_))),
        composite,
        is_composite_active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::keda::formula::{EvaluationError, Formula, FormulaTarget};

    fn seen(outcome: Outcome, is_active: bool) -> Seen {
        Seen { outcome, is_active }
    }

    fn of(all: &[Seen]) -> ObjectState {
        state(all, None, None, &mut Vec::new())
    }

    #[test]
    fn one_active_trigger_is_enough_and_an_error_is_told_beside_it() {
        let active = seen(Outcome::Value(1), true);
        let failed = seen(Outcome::Failed, false);
        let found = of(&[failed, active]);
        assert!(found.is_active && found.is_error);
        let named = [("s0-a", failed), ("s1-b", active)];
        assert_eq!(found.active(named.into_iter(), false), ["s1-b"]);
        assert_eq!(
            (failed.shown(false), active.shown(false)),
            (None, Some(true))
        );
        assert_eq!(active.shown(true), None);
    }

    #[test]
    fn an_object_without_external_triggers_is_always_active() {
        let found = of(&[]);
        assert!(found.is_active && !found.is_error);
        assert!(found.active(std::iter::empty(), false).is_empty());
    }

    #[test]
    fn a_formula_overrules_single_triggers_and_needs_all_of_them() {
        let sum = |values: &[Option<f64>]| {
            let sum = values.iter().copied().sum::<Option<f64>>();
            sum.map(Some).ok_or(EvaluationError)
        };
        let modifiers = Modifiers {
            formula: Formula(&sum),
            target: FormulaTarget::of("2", false).unwrap(),
            activation: 7.0,
        };
        let of = |all: &[Seen]| state(all, Some(&modifiers), None, &mut Vec::new());
        let (two, five) = (
            seen(Outcome::Value(2_000), true),
            seen(Outcome::Value(5_001), false),
        );
        let found = of(&[two, five]);
        assert_eq!((found.is_active, found.composite), (true, Some(7_001)));
        assert_eq!(found.active(std::iter::empty(), true), [COMPOSITE]);
        let found = of(&[two, two]);
        assert_eq!((found.is_active, found.composite), (false, Some(4_000)));
        let found = of(&[five, five, seen(Outcome::Failed, false)]);
        assert_eq!((found.is_active, found.is_error), (false, true));
        assert_eq!(found.is_composite_active, None);
        // A formula that cannot be computed is no error, and nothing is active.
        let found = of(&[five, five, seen(Outcome::Nil, false)]);
        assert_eq!(
            (found.is_active, found.is_error, found.composite),
            (false, false, None)
        );
    }
}
