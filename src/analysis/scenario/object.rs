//! A ScaledObject as its scale loop and the HPA that KEDA makes of it see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::triggers::Schedule;
use crate::autoscaler::{Autoscaler, Metric, Target};
use crate::keda::formula;
use crate::keda::objects::{ScaledObject, ScaledObjectSpec};
use crate::keda::trigger::{MetricTarget, threshold};
use crate::schedule::Plan;
use crate::series::Grid;
use crate::sim::flags::Flags;
use crate::sim::input::Input;
use crate::sim::keda::annotations::Annotations;
use crate::sim::keda::fallback::{Behavior, Fallback};
use crate::sim::keda::formula::{EvaluationError, Formula, FormulaTarget, Function, Modifiers};
use crate::sim::keda::hpa::Hpa;
use crate::sim::keda::need::Ruler;
use crate::sim::keda::replay::Setup;
use crate::sim::keda::settings::LoopSettings;
use crate::sim::keda::trigger::{External, Trigger};
use crate::sim::plant::PodShape;

/// A pod is one too few where the metric exceeds its target by more than this factor: twice what
/// the tolerance of an HPA allows before it acts, as for the usage of pods.
const SHORT: f64 = 1.2;

/// A need beyond so many times the maximum is told no further: it is a queue, and not pods.
const FARTHEST: i32 = 4;

/// A ScaledObject, ready to be replayed.
#[derive(Clone, Debug)]
pub struct Object {
    settings: LoopSettings,
    triggers: Vec<Trigger>,
    composed: Option<Composed>,
    hpa: Hpa,
    ruler: Measure,
    /// How many of the triggers have a history; those of a schedule come after them.
    known: usize,
    /// What the triggers of a schedule answer, in their order.
    added: Vec<Schedule>,
}

/// By what is told how many pods are called for.
#[derive(Clone, Debug)]
struct Measure {
    triggers: Vec<Trigger>,
    composed: Option<Composed>,
    max: i32,
}

/// A formula and its target.
#[derive(Clone)]
pub(super) struct Composed {
    function: Arc<Shared>,
    target: FormulaTarget,
    activation: f64,
}

/// A function that threads may share.
type Shared = dyn Fn(&[Option<f64>]) -> Result<Option<f64>, EvaluationError> + Send + Sync;

/// Which triggers of an object are replayed, and where those that KEDA does not read itself take
/// their values from.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Places of the external ones.
    pub(super) externals: Vec<usize>,
    pub(super) resources: Vec<(usize, Input)>,
    pub(super) composed: Option<Composed>,
    /// As it is today, by which the need is told.
    pub(super) today: Autoscaler,
}

impl Object {
    /// The one that `autoscaler` is, and the HPA that KEDA makes of it, under a controller with
    /// `flags`.
    ///
    /// What is called for is told by the targets of today, so that a lower one is not taken for
    /// more need. A higher one is no less: it says that a pod is enough for more. The triggers that
    /// a schedule adds call for nothing: load does.
    pub(super) fn of(
        scaled: &ScaledObject,
        autoscaler: &Autoscaler,
        kept: &Kept,
        flags: &Flags,
        grid: Grid,
    ) -> Self {
        let settings = loop_settings(scaled, autoscaler);
        let mut triggers = triggers(autoscaler, kept);
        let today = self::triggers(&kept.today, kept);
        let measured = laxer(&triggers, &today);
        let known = triggers.iter().filter_map(Trigger::external).count();
        let added = added(&autoscaler.schedule, grid);
        triggers.splice(known..known, (0..added.len()).filter_map(cron_trigger));
        let composed = kept.composed.clone();
        let modifiers = composed.as_ref().map(Composed::modifiers);
        let behavior = autoscaler.behavior.as_ref();
        let hpa = Hpa::of(&settings, &triggers, modifiers.as_ref(), behavior, flags);
        Self {
            ruler: Measure {
                triggers: measured,
                composed: composed.clone().map(Composed::laxer),
                max: count(kept.today.max.0).saturating_mul(FARTHEST),
            },
            settings,
            known,
            added,
            triggers,
            composed,
            hpa,
        }
    }

    /// What the triggers of its schedule answer.
    pub(super) fn added(&self) -> &[Schedule] {
        &self.added
    }

    pub(super) fn setup<'a>(
        &'a self,
        flags: &'a Flags,
        pods: PodShape,
        headroom: f64,
    ) -> Setup<'a> {
        Setup {
            object: &self.settings,
            triggers: &self.triggers,
            modifiers: self.composed.as_ref().map(Composed::modifiers),
            hpa: &self.hpa,
            flags,
            pods,
            headroom,
            ruler: Some(self.ruler()),
        }
    }

    /// The need by its own targets and its own maximum.
    pub fn own_ruler(&self) -> Ruler<'_> {
        Ruler {
            triggers: &self.triggers[..self.known],
            modifiers: self.composed.as_ref().map(Composed::modifiers),
            max: self.settings.max,
        }
    }

    /// What tells whether pods are too few: the laxer targets of its own and of today's.
    pub fn ruler(&self) -> Ruler<'_> {
        Ruler {
            triggers: &self.ruler.triggers,
            modifiers: self.ruler.composed.as_ref().map(Composed::modifiers),
            max: self.ruler.max,
        }
    }

    /// The metrics of its HPA, in their order.
    pub fn metrics(&self) -> &[Metric] {
        &self.hpa.settings.metrics
    }

    /// Whether it goes below one pod, or below its minimum.
    pub(super) fn rests(&self) -> bool {
        self.settings.rest().replicas < self.settings.active_min()
    }
}

impl std::fmt::Debug for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Composed")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Composed {
    /// The formula of an object over its external triggers, which are all known; `None` where it has
    /// none.
    ///
    /// # Errors
    /// Why it cannot be reckoned with.
    pub(super) fn of(spec: &ScaledObjectSpec) -> Result<Option<Self>, String> {
        let Some(modifiers) = spec.used_modifiers() else {
            return Ok(None);
        };
        let externals = spec.triggers.iter().filter(|it| !it.is_resource());
        let names: Vec<Option<String>> = externals
            .map(|it| it.given_name().map(str::to_owned))
            .collect();
        let text = modifiers.given_formula().unwrap_or_default();
        let given = names.iter().flatten().map(String::as_str);
        let formula = formula::Formula::compile(text, given).map_err(|it| it.to_string())?;
        let is_of_whole = modifiers.metric_type_or_default().word() == "Value";
        let target = FormulaTarget::of(modifiers.given_target().unwrap_or_default(), is_of_whole);
        let target = target.filter(|it| it.value > 0.0);
        let activation = modifiers
            .activation_target
            .as_deref()
            .filter(|it| !it.is_empty());
        let activation = activation.map_or(Ok(0.0), |it| it.trim().parse());
        Ok(Some(Self {
            function: Arc::new(move |values: &[Option<f64>]| evaluate(&formula, &names, values)),
            target: target.ok_or("its target is no number above 0")?,
            activation: activation.map_err(|_| "its activation target is no number")?,
        }))
    }

    fn modifiers(&self) -> Modifiers<'_> {
        let function: &Function = &*self.function;
        Modifiers {
            formula: Formula(function),
            target: self.target,
            activation: self.activation,
        }
    }

    fn laxer(mut self) -> Self {
        self.target.value *= SHORT;
        self
    }
}

fn evaluate(
    formula: &formula::Formula,
    names: &[Option<String>],
    values: &[Option<f64>],
) -> Result<Option<f64>, EvaluationError> {
    let named = names.iter().zip(values);
    let inputs: BTreeMap<String, Option<f64>> = named
        .filter_map(|(name, value)| Some((name.clone()?, *value)))
        .collect();
    formula.evaluate(&inputs).map_err(|_| EvaluationError)
}

fn loop_settings(scaled: &ScaledObject, autoscaler: &Autoscaler) -> LoopSettings {
    let spec = &scaled.spec;
    let annotations = scaled.metadata.annotations.iter();
    let fallback = spec.fallback.as_ref().map(|it| Fallback {
        failure_threshold: it.failure_threshold,
        replicas: it.replicas,
        behavior: Behavior::of(it.behavior_or_default().word()).unwrap_or_default(),
    });
    LoopSettings {
        min: count(autoscaler.min.0),
        max: count(autoscaler.max.0),
        idle: spec.idle_replica_count,
        polling_interval: spec.polling_interval_or_default(),
        cooldown: spec.cooldown_period_or_default(),
        initial_cooldown: spec.initial_cooldown_period_or_default(),
        fallback,
        annotations: Annotations::of(annotations.map(|(key, value)| (&**key, &**value))),
    }
}

/// What the windows of a schedule answer as triggers, as far as KEDA has such triggers.
fn added(plan: &Plan, grid: Grid) -> Vec<Schedule> {
    let windows = plan.windows().iter();
    windows
        .filter_map(|it| Schedule::of_window(it, grid))
        .collect()
}

/// A trigger for one of these: as many pods as it answers, and active while that is not none.
fn cron_trigger(place: usize) -> Option<Trigger> {
    Some(Trigger::External(External {
        metric: format!("schedule-{place}"),
        target: Target::AverageValue("1".parse().ok()?),
        activation: 0.0,
        is_cached: false,
    }))
}

/// The external ones first, in their order, as the values come.
fn triggers(autoscaler: &Autoscaler, kept: &Kept) -> Vec<Trigger> {
    let spec = autoscaler.keda.as_ref().map(|it| &it.spec);
    let external = |index: &usize| {
        let written = spec?.triggers.get(*index)?;
        let metric_type = written.metric_type.as_deref();
        let target = threshold::target(&written.kind, metric_type, &written.metadata)?;
        Some(Trigger::External(External {
            metric: match autoscaler.metrics.get(*index) {
                Some(Metric::External { name, .. }) => name.clone(),
                Some(_) | None => format!("s{index}-{}", written.kind),
            },
            target: target_of(&target)?,
            activation: threshold::activation(&written.kind, &written.metadata),
            is_cached: written.use_cached_metrics,
        }))
    };
    let resource = |(index, input): &(usize, Input)| {
        let metric = autoscaler.metrics.get(*index)?.clone();
        let input = *input;
        Some(Trigger::Resource { metric, input })
    };
    let externals = kept.externals.iter().filter_map(external);
    externals
        .chain(kept.resources.iter().filter_map(resource))
        .collect()
}

fn target_of(target: &MetricTarget) -> Option<Target> {
    let quantity = |milli: &i128| format!("{milli}m").parse().ok();
    match target {
        MetricTarget::AverageValue { milli } => quantity(milli).map(Target::AverageValue),
        MetricTarget::Value { milli } => quantity(milli).map(Target::Value),
        MetricTarget::Unknown { .. } | MetricTarget::Utilization { .. } => None,
    }
}

/// Each external trigger with the higher one of both targets, and more by the factor that is no
/// shortage yet.
fn laxer(triggers: &[Trigger], today: &[Trigger]) -> Vec<Trigger> {
    let with = |(trigger, today): (&Trigger, &Trigger)| match (trigger, today) {
        (Trigger::External(one), Trigger::External(other)) => Trigger::External(External {
            target: laxer_target(one.target, other.target),
            ..one.clone()
        }),
        (trigger, _) => trigger.clone(),
    };
    triggers.iter().zip(today).map(with).collect()
}

fn laxer_target(one: Target, other: Target) -> Target {
    let lax = |value: f64| format!("{}m", (value * 1000.0 * SHORT).round() as i64).parse();
    match (one, other) {
        (Target::AverageValue(a), Target::AverageValue(b)) => {
            let value = a.as_f64().max(b.as_f64());
            Target::AverageValue(lax(value).unwrap_or(a))
        }
        // What is for the whole does not say how many pods are called for.
        (one, _) => one,
    }
}

fn count(replicas: u32) -> i32 {
    i32::try_from(replicas).unwrap_or(i32::MAX)
}
