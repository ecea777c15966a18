//! A ScaledObject as its loop runs it: settings, triggers and formula, all checked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::resolve::Resolver;
use crate::autoscaler::Target;
use crate::keda::admission::{Failure, check_fallback, check_replica_bounds, check_triggers};
use crate::keda::formula;
use crate::keda::objects::{self, ScaledObject, ScaledObjectSpec};
use crate::keda::trigger::{
    self, Cron, HpaMetric, MetricSource, MetricTarget, Settings, TriggerSource,
};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::world::World;
use crate::sim::keda::annotations::Annotations;
use crate::sim::keda::fallback::{Behavior, Fallback};
use crate::sim::keda::formula::{EvaluationError, Formula, FormulaTarget, Modifiers};
use crate::sim::keda::settings::LoopSettings;
use crate::sim::keda::trigger::External;

/// All that a loop needs of its object.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) settings: LoopSettings,
    pub(super) target: (Of, Name),
    /// The external triggers, in their order.
    pub(super) fed: Vec<Fed>,
    /// Beside them, for [`Sources`](crate::sim::keda::source::Sources).
    pub(super) externals: Vec<External>,
    pub(super) formula: Option<Modifying>,
    /// What every trigger puts into the HPA.
    pub(super) metrics: Vec<HpaMetric>,
}

/// Where the value of an external trigger comes from.
#[derive(Clone, Debug)]
pub(super) struct Fed {
    /// Its place among all triggers.
    pub(super) index: usize,
    pub(super) kind: String,
    pub(super) feed: Feed,
}

#[derive(Clone, Debug)]
pub(super) enum Feed {
    Schedule(Box<Cron>),
    Told,
}

/// A formula with the names of the triggers that it is made of; none for those without a name.
#[derive(Debug)]
pub(super) struct Modifying {
    formula: formula::Formula,
    names: Vec<Option<String>>,
    target: FormulaTarget,
    activation: f64,
}

/// One trigger that KEDA accepts and the twin can run.
pub(super) struct Accepted {
    pub(super) metric: HpaMetric,
    /// `None` for cpu and memory.
    pub(super) external: Option<(Fed, External)>,
}

impl Parts {
    /// # Errors
    /// What the controller would refuse the object for.
    pub(super) fn of(object: &ScaledObject, world: &World) -> Result<Self, String> {
        let target = target(object, world)?;
        let spec = &object.spec;
        first(check_replica_bounds(spec))?;
        first(check_triggers(&spec.triggers))?;
        first(check_fallback(spec))?;
        let workload = world.get(target.0, &target.1);
        let template = workload.and_then(|it| it.pointer("/spec/template"));
        let resolver = Resolver {
            world,
            namespace: &object.metadata.namespace,
            template: template.unwrap_or(&Value::Null),
        };
        let container = spec.target.env_source_container.as_deref();
        let has_formula = spec.used_modifiers().is_some();
        let accepted = accepted(&spec.triggers, container, has_formula, &resolver)?;
        let metrics = accepted.iter().map(|it| it.metric.clone()).collect();
        let external = accepted.into_iter().filter_map(|it| it.external);
        let (fed, externals): (Vec<_>, Vec<_>) = external.unzip();
        Ok(Self {
            settings: settings(object),
            target,
            formula: modifying(spec, &fed)?,
            fed,
            externals,
            metrics,
        })
    }

    /// Lets `act` have the formula as a function.
    pub(super) fn with_modifiers<T>(&self, act: impl FnOnce(Option<Modifiers<'_>>) -> T) -> T {
        let Some(it) = &self.formula else {
            return act(None);
        };
        let function = |values: &[Option<f64>]| it.evaluate(values);
        act(Some(Modifiers {
            formula: Formula(&function),
            target: it.target,
            activation: it.activation,
        }))
    }
}

impl Modifying {
    fn evaluate(&self, values: &[Option<f64>]) -> Result<Option<f64>, EvaluationError> {
        let named = self.names.iter().zip(values);
        let named = named.filter_map(|(name, value)| Some((name.clone()?, *value)));
        let inputs: BTreeMap<String, Option<f64>> = named.collect();
        self.formula.evaluate(&inputs).map_err(|_| EvaluationError)
    }
}

/// What is scaled, if the twin has it.
pub(super) fn target(object: &ScaledObject, world: &World) -> Result<(Of, Name), String> {
    let target = &object.spec.target;
    let (api_version, kind) = (target.api_version_or_default(), target.kind_or_default());
    let group = api_version.split_once('/').map_or("", |it| it.0);
    let of = Of::scalable(group, kind).ok_or_else(|| {
        format!("the target is of kind {kind} of {api_version}, and the sandbox scales Deployments, StatefulSets and ReplicaSets")
    })?;
    let name = Name::new(&object.metadata.namespace, &target.name);
    match world.get(of, &name) {
        Some(_) => Ok((of, name)),
        None => Err(format!(
            "{}.{group} {:?} not found",
            of.plural(),
            target.name
        )),
    }
}

fn first(failures: Vec<Failure>) -> Result<(), String> {
    let first = failures.into_iter().next();
    first.map_or(Ok(()), |it| Err(it.message))
}

/// Reads every trigger; with a formula none needs a target of its own.
///
/// # Errors
/// What is wrong with the first that cannot be built.
pub(super) fn accepted(
    triggers: &[objects::Trigger],
    container: Option<&str>,
    has_formula: bool,
    resolver: &Resolver<'_>,
) -> Result<Vec<Accepted>, String> {
    let environment = resolver.environment(container);
    let read = |(index, it): (usize, &objects::Trigger)| {
        let (auth, pod_identity) = resolver.authentication(it.authentication.as_ref());
        let source = TriggerSource {
            kind: it.kind.clone(),
            metric_type: it.metric_type.clone(),
            metadata: it.metadata.clone(),
            auth,
            env: environment.clone(),
            pod_identity,
            is_metric_source: has_formula,
            index,
        };
        accept(it, &source)
    };
    triggers.iter().enumerate().map(read).collect()
}

fn accept(trigger: &objects::Trigger, source: &TriggerSource) -> Result<Accepted, String> {
    let read = trigger::read(source).map_err(|it| it.to_string())?;
    let index = source.index;
    let Some(metric) = read.metric else {
        return Err(format!(
            "trigger {index} is of type {}, which the sandbox does not run",
            source.kind
        ));
    };
    let (feed, activation) = match read.settings {
        Settings::Prometheus(it) => (Feed::Told, it.activation_threshold),
        Settings::Kafka(it) => (Feed::Told, it.activation_lag_threshold as f64),
        Settings::Cron(it) => (Feed::Schedule(Box::new(it)), 0.0),
        Settings::Other(_) => (Feed::Told, 0.0),
        Settings::Resource(_) => {
            let external = None;
            return Ok(Accepted { metric, external });
        }
    };
    let external = External {
        metric: name_of(&metric.source),
        target: target_of(&metric.target),
        activation,
        is_cached: trigger.use_cached_metrics,
    };
    let fed = Fed {
        index,
        kind: source.kind.clone(),
        feed,
    };
    Ok(Accepted {
        metric,
        external: Some((fed, external)),
    })
}

fn name_of(source: &MetricSource) -> String {
    match source {
        MetricSource::External { name } => name.clone(),
        MetricSource::Resource { resource } | MetricSource::ContainerResource { resource, .. } => {
            resource.clone()
        }
    }
}

fn target_of(target: &MetricTarget) -> Target {
    let quantity = |milli: &i128| format!("{milli}m").parse().unwrap_or_default();
    match target {
        MetricTarget::AverageValue { milli } => Target::AverageValue(quantity(milli)),
        MetricTarget::Value { milli } => Target::Value(quantity(milli)),
        MetricTarget::Unknown { milli, .. } => Target::Value(quantity(&milli.unwrap_or_default())),
        MetricTarget::Utilization { percent } => {
            Target::Utilization(u32::try_from(*percent).unwrap_or(0))
        }
    }
}

fn settings(object: &ScaledObject) -> LoopSettings {
    let spec = &object.spec;
    let annotations = object.metadata.annotations.iter();
    let annotations = annotations.map(|(key, value)| (key.as_str(), value.as_str()));
    LoopSettings {
        min: spec.min_or_default(),
        max: spec.max_or_default(),
        idle: spec.idle_replica_count,
        polling_interval: spec.polling_interval_or_default(),
        cooldown: spec.cooldown_period_or_default(),
        initial_cooldown: spec.initial_cooldown_period_or_default(),
        fallback: spec.fallback.as_ref().map(|it| Fallback {
            failure_threshold: it.failure_threshold,
            replicas: it.replicas,
            behavior: Behavior::of(it.behavior_or_default().word()).unwrap_or_default(),
        }),
        annotations: Annotations::of(annotations),
    }
}

fn modifying(spec: &ScaledObjectSpec, fed: &[Fed]) -> Result<Option<Modifying>, String> {
    let Some(modifiers) = spec.used_modifiers() else {
        return Ok(None);
    };
    let place = "spec.advanced.scalingModifiers";
    let name = |it: &Fed| spec.triggers.get(it.index)?.given_name().map(str::to_owned);
    let names: Vec<Option<String>> = fed.iter().map(name).collect();
    let text = modifiers.given_formula().unwrap_or_default();
    let formula = formula::Formula::compile(text, names.iter().flatten().map(String::as_str));
    let is_of_whole = modifiers.metric_type_or_default().word() == "Value";
    let target = FormulaTarget::of(modifiers.given_target().unwrap_or_default(), is_of_whole);
    let activation = modifiers.activation_target.as_deref().unwrap_or_default();
    let activation = match activation {
        "" => Some(0.0),
        text => text.parse().ok(),
    };
    Ok(Some(Modifying {
        formula: formula.map_err(|it| format!("{place}.formula: {it}"))?,
        names,
        target: target.ok_or_else(|| format!("{place}.target is no number"))?,
        activation: activation.ok_or_else(|| format!("{place}.activationTarget is no number"))?,
    }))
}
