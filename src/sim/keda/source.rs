//! Reads of the sources of one ScaledObject, by its loop and by its HPA, and what they leave.

use super::fallback::{Fallback, Health, Outcome, Rule, SourceError, Workload, settle};
use super::formula::Modifiers;
use super::state::{ObjectState, Seen, state};
use super::trigger::{External, milli};

/// What KEDA knows of one external trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    rule: Option<Rule>,
    health: Health,
    /// What the last pass of the loop read, where the trigger uses cached metrics.
    record: Option<Outcome>,
}

impl Source {
    /// A source of which nothing was read yet.
    pub fn new(
        trigger: &External,
        fallback: Option<Fallback>,
        modifiers: Option<&Modifiers<'_>>,
    ) -> Self {
        Self {
            rule: Rule::of(fallback, trigger.target, modifiers.map(|it| it.target)),
            health: Health::default(),
            record: None,
        }
    }

    /// The same source, which has fared so before.
    #[must_use]
    pub fn faring(self, health: Health) -> Self {
        Self { health, ..self }
    }

    pub fn health(&self) -> Health {
        self.health
    }

    /// Whether failures are counted, since a fallback may step in.
    pub fn counts_failures(&self) -> bool {
        self.rule.is_some()
    }

    /// Whether a fallback stands in for it.
    pub fn is_replaced(&self) -> bool {
        let rule = self.rule.as_ref();
        rule.is_some_and(|it| it.steps_in(&self.health))
    }

    /// A read by the loop, which always asks the source; `None` is an error of it.
    pub fn poll(
        &mut self,
        trigger: &External,
        value: Option<f64>,
        workload: impl FnOnce() -> Workload,
    ) -> Seen {
        let asked = value.map(milli).ok_or(SourceError);
        let outcome = settle(asked, self.rule.as_ref(), &mut self.health, workload);
        self.record = trigger.is_cached.then_some(outcome);
        Seen {
            outcome,
            is_active: match outcome {
                Outcome::Value(_) => value.is_some_and(|it| trigger.is_active(it)),
                Outcome::Substituted(_) => true,
                Outcome::Nil | Outcome::Failed => false,
            },
        }
    }

    /// A read for the HPA, answered by what the loop last read if the trigger wants that.
    ///
    /// A stored value is a success and a stored error a failure, and both are counted again: by
    /// reading `GetScaledObjectMetrics` (`pkg/scaling/scale_handler.go`).
    pub fn request(
        &mut self,
        value: Option<f64>,
        has_formula: bool,
        workload: impl FnOnce() -> Workload,
    ) -> Outcome {
        // KEDA marks nil by a value of -1, which only health tells from others.
        const MARK: i64 = -1_000;
        let answer = match self.record {
            None => value.map(milli).ok_or(SourceError),
            Some(Outcome::Value(value) | Outcome::Substituted(value)) => Ok(value),
            Some(Outcome::Nil) => Ok(MARK),
            Some(Outcome::Failed) => Err(SourceError),
        };
        let outcome = settle(answer, self.rule.as_ref(), &mut self.health, workload);
        match self.record {
            // Stored under the name of the whole, so that the formula does not find it.
            Some(Outcome::Substituted(_)) if has_formula => Outcome::Nil,
            Some(_) | None => outcome,
        }
    }
}

/// All sources of one object, in the order of its external triggers.
#[derive(Clone, Debug)]
pub struct Sources<'a> {
    modifiers: Option<Modifiers<'a>>,
    fallback: Option<Fallback>,
    all: Vec<(&'a External, Source)>,
    seen: Vec<Seen>,
    values: Vec<Option<f64>>,
}

impl<'a> Sources<'a> {
    pub fn new(
        triggers: impl IntoIterator<Item = &'a External>,
        fallback: Option<Fallback>,
        modifiers: Option<Modifiers<'a>>,
    ) -> Self {
        let source = |it| (it, Source::new(it, fallback, modifiers.as_ref()));
        Self {
            all: triggers.into_iter().map(source).collect(),
            seen: Vec::new(),
            values: Vec::new(),
            modifiers,
            fallback,
        }
    }

    /// Goes on with sources that were [`kept`](Self::kept), in the order of their triggers; one
    /// that is missing was not read yet.
    pub fn resumed(
        triggers: impl IntoIterator<Item = &'a External>,
        fallback: Option<Fallback>,
        modifiers: Option<Modifiers<'a>>,
        kept: impl IntoIterator<Item = Source>,
    ) -> Self {
        let mut sources = Self::new(triggers, fallback, modifiers);
        for ((_, source), kept) in sources.all.iter_mut().zip(kept) {
            *source = kept;
        }
        sources
    }

    /// What is left of them for later reads.
    pub fn kept(self) -> Vec<Source> {
        self.all.into_iter().map(|(_, source)| source).collect()
    }

    pub fn all(&self) -> impl Iterator<Item = &Source> {
        self.all.iter().map(|(_, source)| source)
    }

    /// What the last read of all of them came to, in their order.
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// What a pass of the loop finds, whose sources give `values`.
    pub fn poll(&mut self, values: &[Option<f64>], workload: Workload) -> ObjectState {
        self.seen.clear();
        for (index, (trigger, source)) in self.all.iter_mut().enumerate() {
            let value = values.get(index).copied().flatten();
            self.seen.push(source.poll(trigger, value, || workload));
        }
        let modifiers = self.modifiers.as_ref();
        state(&self.seen, modifiers, self.fallback, &mut self.values)
    }

    /// What the HPA is answered that asks for the metric of trigger `index`, in thousandths.
    ///
    /// # Errors
    ///
    /// The source failed, and no fallback stepped in.
    pub fn metric(
        &mut self,
        index: usize,
        values: &[Option<f64>],
        workload: Workload,
    ) -> Result<i64, SourceError> {
        let (_, source) = self.all.get_mut(index).ok_or(SourceError)?;
        let value = values.get(index).copied().flatten();
        match source.request(value, false, || workload) {
            Outcome::Value(value) | Outcome::Substituted(value) => Ok(value),
            Outcome::Nil => Ok(-1_000),
            Outcome::Failed => Err(SourceError),
        }
    }

    /// What the HPA is answered that asks for the composite metric, in thousandths; `None` where
    /// the formula gives nothing.
    ///
    /// # Errors
    ///
    /// A source failed, and no fallback stepped in for any.
    pub fn composite(
        &mut self,
        values: &[Option<f64>],
        workload: Workload,
    ) -> Result<Option<i64>, SourceError> {
        self.seen.clear();
        for (index, (_, source)) in self.all.iter_mut().enumerate() {
            let value = values.get(index).copied().flatten();
            let outcome = source.request(value, true, || workload);
            let is_active = false;
            self.seen.push(Seen { outcome, is_active });
        }
        let outcomes = self.seen.iter().map(|it| it.outcome);
        let is_replaced = |it| matches!(it, Outcome::Substituted(_));
        if !outcomes.clone().any(is_replaced) && outcomes.clone().any(|it| it == Outcome::Failed) {
            return Err(SourceError);
        }
        let modifiers = self.modifiers.as_ref();
        Ok(modifiers.and_then(|it| it.composite(outcomes, self.fallback, &mut self.values)))
    }
}

#[cfg(test)]
mod tests;
