//! How many pods the triggers of an object call for, whatever HPA and loop make of it.

use super::fallback::Outcome;
use super::formula::Modifiers;
use super::trigger::{External, Trigger, milli};
use crate::autoscaler::Target;
use crate::sim::numbers;

/// By what the need is told, where it is not to follow the settings that are replayed.
#[derive(Clone, Copy, Debug)]
pub struct Ruler<'a> {
    /// As many external ones as are replayed, in the same order.
    pub triggers: &'a [Trigger],
    pub modifiers: Option<Modifiers<'a>>,
    /// As far as the need goes.
    pub max: i32,
}

impl Ruler<'_> {
    /// The need at these `values` of the sources; `None` where one is not known.
    pub fn need(&self, values: &[Option<f64>]) -> Option<Need> {
        let triggers = self.triggers.iter().filter_map(Trigger::external);
        Need::of(triggers, self.modifiers.as_ref(), values, self.max)
    }
}

/// What the triggers call for at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Whether any trigger, or the formula, is active.
    pub is_active: bool,
    /// Pods, as far as the maximum goes; none while nothing is active. `None` where no target is
    /// for each pod, so that the number of pods decides how many are needed.
    pub replicas: Option<i64>,
    /// Whether the maximum cuts that.
    pub is_cut: bool,
}

impl Need {
    /// The need at these `values` of the sources; `None` where one is not known.
    ///
    /// It is the value divided by the target and rounded up, the highest of all triggers with a
    /// target for each pod, and at least one pod while anything is active.
    pub fn of<'a>(
        triggers: impl Iterator<Item = &'a External> + Clone,
        modifiers: Option<&Modifiers<'_>>,
        values: &[Option<f64>],
        max: i32,
    ) -> Option<Self> {
        let known: Option<Vec<f64>> = values.iter().copied().collect();
        let known = known.filter(|it| it.len() >= triggers.clone().count())?;
        let triggers = triggers.zip(known);
        let (is_active, wanted) = match modifiers {
            Some(modifiers) => by_formula(modifiers, triggers.map(|(_, it)| it))?,
            None => by_triggers(triggers),
        };
        Some(Self::bounded(is_active, wanted, max))
    }

    fn bounded(is_active: bool, wanted: Option<i64>, max: i32) -> Self {
        let max = i64::from(max);
        let wanted = wanted.map(|it| if is_active { it.max(1) } else { 0 });
        Self {
            is_active,
            replicas: wanted.map(|it| it.min(max)),
            is_cut: wanted.is_some_and(|it| it > max),
        }
    }
}

fn by_triggers<'a>(all: impl Iterator<Item = (&'a External, f64)> + Clone) -> (bool, Option<i64>) {
    let is_active = all.clone().any(|(trigger, value)| trigger.is_active(value));
    let pods = all.filter_map(|(trigger, value)| match trigger.target {
        Target::AverageValue(target) => Some(pods(milli(value), numbers::milli(target) as f64)),
        Target::Value(_) | Target::Utilization(_) => None,
    });
    (is_active, pods.max())
}

fn by_formula(
    modifiers: &Modifiers<'_>,
    values: impl Iterator<Item = f64> + Clone,
) -> Option<(bool, Option<i64>)> {
    let outcomes = values.map(|it| Outcome::Value(milli(it)));
    let value = modifiers.composite(outcomes, None, &mut Vec::new())?;
    let target = modifiers.target;
    let pods = (!target.is_of_whole).then(|| pods(value, target.value * 1000.0));
    Some((modifiers.is_active(value), pods))
}

/// Thousandths by thousandths for each pod.
fn pods(value: i64, target: f64) -> i64 {
    (value as f64 / target).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::keda::formula::{EvaluationError, Formula, FormulaTarget};

    fn trigger(target: Target, activation: f64) -> External {
        External {
            metric: "s0-queue".to_owned(),
            target,
            activation,
            is_cached: false,
        }
    }

    fn each(target: &str) -> Target {
        Target::AverageValue(target.parse().unwrap())
    }

    fn whole(target: &str) -> Target {
        Target::Value(target.parse().unwrap())
    }

    #[test]
    fn need_is_the_value_by_the_target_once_a_trigger_is_active() {
        let queue = trigger(each("10"), 5.0);
        let of = |value| Need::of([&queue].into_iter(), None, &[value], 8);
        let need = |is_active, replicas, is_cut| {
            let replicas = Some(replicas);
            Some(Need {
                is_active,
                replicas,
                is_cut,
            })
        };
        let table = [
            (Some(5.0), need(false, 0, false)),
            (Some(5.1), need(true, 1, false)),
            (Some(40.1), need(true, 5, false)),
            (Some(80.0), need(true, 8, false)),
            (Some(81.0), need(true, 8, true)),
            (None, None),
        ];
        for (value, expected) in table {
            assert_eq!(of(value), expected, "{value:?}");
        }
    }

    #[test]
    fn the_highest_of_several_counts_and_targets_of_the_whole_do_not() {
        let all = [
            trigger(each("10"), 0.0),
            trigger(each("1"), 0.0),
            trigger(whole("1"), 0.0),
        ];
        let of = |from: usize, values: &[Option<f64>]| {
            Need::of(all[from..].iter(), None, values, 100).map(|it| it.replicas)
        };
        let values = [Some(20.0), Some(3.0), Some(50.0)];
        assert_eq!(of(0, &values), Some(Some(3)));
        assert_eq!(of(2, &values[2..]), Some(None));
        assert_eq!(of(0, &values[..2]), None);
    }

    #[test]
    fn a_formula_calls_for_pods_by_its_own_target() {
        let sum = |values: &[Option<f64>]| {
            let sum = values.iter().copied().sum::<Option<f64>>();
            sum.map(Some).ok_or(EvaluationError)
        };
        let modifiers = Modifiers {
            formula: Formula(&sum),
            target: FormulaTarget::of("2", false).unwrap(),
            activation: 10.0,
        };
        let all = [trigger(each("1"), 0.0), trigger(each("1"), 0.0)];
        let of = |value| Need::of(all.iter(), Some(&modifiers), &[Some(value), Some(6.0)], 100);
        assert_eq!(of(4.0).and_then(|it| it.replicas), Some(0));
        assert_eq!(of(5.0).and_then(|it| it.replicas), Some(6));
    }
}
