//! The past of a ScaledObject: what its sources gave, where that is known, and the demand for CPU.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::object::{Composed, Kept};
use super::signals::Signals;
use super::triggers::Triggers;
use super::{
    Observed, SAMPLE_WINDOW, Scenario, Unreplayable, days, demand, known_range, names, pods,
};
use crate::analysis::load::Load;
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::history::{self, History};
use crate::keda::objects::ScaledObject;
use crate::sim::demand::Step;
use crate::sim::flags::Flags;
use crate::sim::input::Input;
use crate::sim::keda::need::{Need, Ruler};
use crate::sim::plant::PodShape;

/// What is known of the past of one ScaledObject.
#[derive(Clone, Copy)]
pub(super) struct Past<'a> {
    pub(super) autoscaler: &'a Autoscaler,
    pub(super) scaled: &'a ScaledObject,
    pub(super) workload: &'a Workload,
    pub(super) history: &'a History,
    pub(super) load: &'a Load,
}

impl Past<'_> {
    /// The part between the first and the last step of which replicas and triggers are known.
    pub(super) fn scenario(self, headroom: f64) -> Result<Scenario, Unreplayable> {
        let Self {
            autoscaler,
            scaled,
            workload,
            history,
            load,
        } = self;
        let triggers = Triggers::of(autoscaler, history, load.grid);
        let range = self.range(&triggers).ok_or(Unreplayable::NoLoad)?;
        let mut signals = Signals::read(autoscaler, workload, history, load, range.clone());
        let kept = self.kept(&triggers, &signals)?;
        let (pods, steps) = self.demand(&kept, range.clone())?;
        let observed: Vec<_> = range.clone().map(|at| observed(load, at)).collect();
        let step_seconds = i64::from(load.grid.step().seconds());
        let first = load.grid.time(range.start);
        let start = first.checked_sub(SignedDuration::from_secs(step_seconds));
        signals.left_out = self.left_out(&triggers, &signals);
        let scenario = Scenario {
            flags: Flags::default(),
            pods,
            steps,
            signals,
            triggers: triggers.within(range.clone()),
            kept: Some(kept),
            created: scaled.metadata.created.unwrap_or(Timestamp::MIN),
            initial: initial(&observed),
            observed,
            observed_is: match history.get(&history::Metric::DesiredReplicas) {
                Some(_) => Observed::Desired,
                None => Observed::Ready,
            },
            start: start.unwrap_or(first),
            step_seconds,
            days: days::whole(range.len(), step_seconds),
            headroom,
        };
        scenario.refuse_unknown_rest(autoscaler)?;
        Ok(scenario)
    }

    /// What pods are like, and what they were asked for where their capacity is known.
    fn demand(
        &self,
        kept: &Kept,
        range: Range<usize>,
    ) -> Result<(PodShape, Vec<Step>), Unreplayable> {
        let samples = &self.load.samples[range];
        let unknown = Step {
            millicores: None,
            burst: 1.0,
        };
        match pods(samples, self.load) {
            Ok(pods) => Ok((pods, samples.iter().map(|it| demand(it.as_ref())).collect())),
            Err(why) if kept.resources.iter().any(|it| it.1 == Input::Demand) => Err(why),
            Err(_) => Ok((unmeasured(self.load), vec![unknown; samples.len()])),
        }
    }

    fn range(&self, triggers: &Triggers) -> Option<Range<usize>> {
        if triggers.is_empty() {
            return known_range(self.load);
        }
        let grid = self.load.grid;
        let is_known = |at: &usize| triggers.are_known(*at) && observed(self.load, *at).is_some();
        let first = (0..grid.len()).find(is_known)?;
        let last = (0..grid.len()).rfind(is_known)?;
        Some(first..last + 1)
    }

    fn kept(&self, triggers: &Triggers, signals: &Signals) -> Result<Kept, Unreplayable> {
        let spec = &self.scaled.spec;
        let all = spec.triggers.iter().enumerate();
        let resources = all.filter(|it| it.1.is_resource());
        let resources = resources.filter_map(|it| Some((it.0, signals.input(it.0)?)));
        let resources: Vec<_> = resources.collect();
        let composed = Composed::of(spec).map_err(|why| Unreplayable::Formula { why })?;
        // A formula has no value without one of its triggers.
        let lacks_one = composed.is_some() && !triggers.unknown.is_empty();
        if lacks_one || (triggers.is_empty() && resources.is_empty()) {
            return Err(Unreplayable::NoMetric {
                metrics: self.left_out(triggers, signals),
            });
        }
        Ok(Kept {
            externals: triggers.places().collect(),
            resources,
            composed,
            today: self.autoscaler.clone(),
        })
    }

    /// The names of the metrics of which nothing is known.
    fn left_out(&self, triggers: &Triggers, signals: &Signals) -> Vec<String> {
        let all = names(&self.autoscaler.metrics).into_iter().enumerate();
        let is_resource = |at: usize| {
            let written = self.scaled.spec.triggers.get(at);
            written.is_some_and(crate::keda::objects::Trigger::is_resource)
        };
        let is_unknown = |at: usize| match is_resource(at) {
            true => signals.input(at).is_none(),
            false => triggers.unknown.contains(&at),
        };
        all.filter(|it| is_unknown(it.0)).map(|it| it.1).collect()
    }
}

impl Scenario {
    /// Without any of the triggers that KEDA reads, nobody can say when it steps to zero or idle.
    fn refuse_unknown_rest(&self, autoscaler: &Autoscaler) -> Result<(), Unreplayable> {
        let super::Engine::Object(object) = self.engine(autoscaler) else {
            return Ok(());
        };
        if object.rests() && self.triggers.is_empty() && !self.left_out().is_empty() {
            let metrics = self.left_out().to_vec();
            return Err(Unreplayable::NoMetric { metrics });
        }
        Ok(())
    }

    /// Whether enough is known of step `at` to decide anything in it.
    pub fn is_known(&self, at: usize) -> bool {
        match self.triggers.is_empty() {
            true => self.steps.get(at).is_some_and(|it| it.millicores.is_some()),
            false => self.triggers.are_known(at),
        }
    }

    /// How many pods the triggers call for at the end of step `at` as `ruler` tells it; `None` where
    /// that is not known.
    pub fn need(&self, ruler: &Ruler<'_>, at: usize) -> Option<Need> {
        let mut values = Vec::new();
        self.triggers.fill(&mut values, at, self.time(at), None);
        match values.is_empty() {
            true => None,
            false => ruler.need(&values),
        }
    }
}

/// Zero as well as any other count; what was ready where nobody knows what was wanted.
fn observed(load: &Load, at: usize) -> Option<f64> {
    let wanted = load.wanted.get(at).copied().filter(|it| it.is_finite());
    let ready = || Some(load.samples.get(at)?.as_ref()?.ready);
    wanted.or_else(ready).map(f64::round)
}

fn initial(observed: &[Option<f64>]) -> i32 {
    observed.iter().flatten().next().map_or(0, |it| *it as i32)
}

/// Pods whose capacity nobody knows: only how many there are is told.
fn unmeasured(load: &Load) -> PodShape {
    PodShape {
        request: 0,
        limit: None,
        idle: 0,
        startup: SignedDuration::from_secs(load.startup_seconds.round() as i64),
        window: SAMPLE_WINDOW,
    }
}

#[cfg(test)]
mod tests;
