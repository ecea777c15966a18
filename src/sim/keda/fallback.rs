//! What a metric is taken for while its source fails.

use super::condition::{Condition, Event, Reason};
use super::formula::FormulaTarget;
use crate::autoscaler::{Holds, Target};

/// `fallback` of a ScaledObject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// As many failures in a row are endured.
    pub failure_threshold: i32,
    pub replicas: i32,
    pub behavior: Behavior,
}

/// How many replicas a fallback asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behavior {
    #[default]
    Static,
    CurrentReplicas,
    CurrentReplicasIfHigher,
    CurrentReplicasIfLower,
    /// None: the trigger is nil in the formula.
    ScalingModifiers,
}

impl Behavior {
    /// As the API spells it; nothing stands for [`Static`](Self::Static).
    pub fn of(text: &str) -> Option<Self> {
        Some(match text {
            "" | "static" => Self::Static,
            "currentReplicas" => Self::CurrentReplicas,
            "currentReplicasIfHigher" => Self::CurrentReplicasIfHigher,
            "currentReplicasIfLower" => Self::CurrentReplicasIfLower,
            "scalingModifiers" => Self::ScalingModifiers,
            _ => return None,
        })
    }
}

/// How one metric fared at its last reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// In a row, whoever read.
    pub failures: i32,
    /// Whether the last read failed.
    pub is_failing: bool,
}

impl Health {
    fn note_success(&mut self) {
        *self = Self::default();
    }

    fn note_failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
        self.is_failing = true;
    }

    /// Whether a fallback that endures `threshold` failures steps in.
    pub fn exceeds(&self, threshold: i32) -> bool {
        self.is_failing && self.failures > threshold
    }
}

/// A fallback that is valid, for one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    fallback: Fallback,
    /// What each replica stands for: of the metric or, where there is a formula, of that.
    target: f64,
    /// Whether the target is for the whole and not for each pod.
    is_of_whole: bool,
}

/// The workload while a fallback is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// `spec.replicas`; an error where it cannot be read.
    pub replicas: Result<i32, ()>,
    /// Pods that run and are ready; an error where they cannot be listed.
    pub ready: Result<i64, ()>,
}

/// The source of a metric could not be asked, or gave an answer of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of the metric failed")]
pub struct SourceError;

/// What a read of one metric comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The value of the source, in thousandths.
    Value(i64),
    /// The value that replaces it, in thousandths: of the metric or, where there is a formula, of
    /// the whole.
    Substituted(i64),
    /// It failed for long, and the formula is to do without.
    Nil,
    /// It failed, and nothing replaces it.
    Failed,
}

impl Rule {
    /// The rule for a metric with `target`; `None` where the fallback is not valid, which switches
    /// it off without a word.
    pub fn of(
        fallback: Option<Fallback>,
        target: Target,
        formula: Option<FormulaTarget>,
    ) -> Option<Self> {
        let fallback = fallback.filter(|it| it.failure_threshold >= 0 && it.replicas >= 0)?;
        let (target, is_of_whole) = match (formula, target) {
            (Some(formula), _) if !formula.is_positive_integer => return None,
            (Some(formula), _) => (formula.value, formula.is_of_whole),
            (None, Target::AverageValue(value)) => (value.canonical_f64(), false),
            (None, Target::Value(value)) => (value.canonical_f64(), true),
            // No external metric can have it; KEDA would compare with nothing.
            (None, Target::Utilization(_)) => (0.0, false),
        };
        Some(Self {
            fallback,
            target,
            is_of_whole,
        })
    }

    /// Whether `health` makes the fallback step in.
    pub fn steps_in(&self, health: &Health) -> bool {
        health.exceeds(self.fallback.failure_threshold)
    }

    /// The condition Fallback of an object whose metrics fare like `all`.
    pub fn condition<'a>(&self, all: impl IntoIterator<Item = &'a Health>) -> Condition {
        match all.into_iter().any(|it| self.steps_in(it)) {
            true => Condition::yes(Reason::FallbackExists),
            false => Condition::no(Reason::NoFallbackFound),
        }
    }

    fn replace(&self, workload: Workload) -> Outcome {
        let own = self.fallback.replicas;
        let current = workload.replicas;
        let replicas = match self.fallback.behavior {
            Behavior::ScalingModifiers => return Outcome::Nil,
            Behavior::Static => Ok(own),
            Behavior::CurrentReplicas => current,
            Behavior::CurrentReplicasIfHigher => current.map(|it| it.max(own)),
            Behavior::CurrentReplicasIfLower => current.map(|it| it.min(own)),
        };
        let Ok(replicas) = replicas.map(f64::from) else {
            return Outcome::Failed;
        };
        let share = match (self.is_of_whole, workload.ready) {
            (false, _) => replicas,
            (true, Ok(ready)) if ready > 0 => replicas / ready as f64,
            (true, Ok(_) | Err(())) => return Outcome::Failed,
        };
        Outcome::Substituted((self.target * 1000.0 * share) as i64)
    }
}

/// What a read comes to whose source gave `value`, in thousandths, and how the metric fares then.
///
/// Without a rule, health is not told at all. Mirrors `GetMetricsWithFallback`
/// (`pkg/fallback/fallback.go`).
pub fn settle(
    value: Result<i64, SourceError>,
    rule: Option<&Rule>,
    health: &mut Health,
    workload: impl FnOnce() -> Workload,
) -> Outcome {
    match (value, rule) {
        (Ok(value), None) => Outcome::Value(value),
        (Err(SourceError), None) => Outcome::Failed,
        (Ok(value), Some(_)) => {
            health.note_success();
            Outcome::Value(value)
        }
        (Err(SourceError), Some(rule)) => {
            health.note_failure();
            match rule.steps_in(health) {
                true => rule.replace(workload()),
                false => Outcome::Failed,
            }
        }
    }
}

/// The event of a pass in which `is_active` says whether a fallback stepped in, on an object whose
/// condition Fallback was `before`.
pub fn event(before: Holds, is_active: bool) -> Option<Event> {
    match (before, is_active) {
        (Holds::No | Holds::Unknown, true) => Some(Event::FallbackActivated),
        (Holds::Yes, false) => Some(Event::FallbackDeactivated),
        (Holds::Yes, true) | (Holds::No | Holds::Unknown, false) => None,
    }
}

#[cfg(test)]
mod tests;
