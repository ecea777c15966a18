//! Scenes of ScaledObjects.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Scene, TWO_WEEKS, subject};
use crate::analysis::scenario::Scenario;
use crate::autoscaler::{Autoscaler, AutoscalerKind, Metric as Spec, Resource, Target};
use crate::history::Metric;
use crate::keda::objects::{Managed, ScaledObject, Trigger};
use crate::keda::trigger::{MetricTarget, threshold};
use crate::sim::demand::Shape;
use crate::units::Replicas;

/// A ScaledObject with this `spec`, of the workload that scenes have.
pub(crate) fn scaled(spec: Value) -> Autoscaler {
    let object = ScaledObject::read(&json!({"metadata": {"name": "web", "namespace": "shop"},
        "spec": spec}))
    .unwrap();
    let mut autoscaler = subject().autoscaler;
    autoscaler.id.kind = AutoscalerKind::ScaledObject;
    autoscaler.min = Replicas(object.spec.min_or_default().unsigned_abs());
    autoscaler.max = Replicas(object.spec.max_or_default().unsigned_abs());
    let triggers = object.spec.triggers.iter().enumerate();
    autoscaler.metrics = triggers.map(|(index, it)| metric(index, it)).collect();
    autoscaler.keda = Some(object.into());
    autoscaler
}

fn metric(index: usize, trigger: &Trigger) -> Spec {
    if trigger.is_resource() {
        let percent = trigger.metadata.get("value").and_then(|it| it.parse().ok());
        return Spec::Resource {
            resource: match trigger.kind.as_str() {
                "cpu" => Resource::Cpu,
                _ => Resource::Memory,
            },
            target: Target::Utilization(percent.unwrap_or(70)),
        };
    }
    let metric_type = trigger.metric_type.as_deref();
    let target = threshold::target(&trigger.kind, metric_type, &trigger.metadata);
    let quantity = |milli: i128| format!("{milli}m").parse().unwrap();
    Spec::External {
        name: format!("s{index}-{}", trigger.kind),
        target: match target {
            Some(MetricTarget::Value { milli }) => Target::Value(quantity(milli)),
            Some(MetricTarget::AverageValue { milli }) => Target::AverageValue(quantity(milli)),
            _ => Target::AverageValue(quantity(0)),
        },
    }
}

impl Scene {
    /// `so/web` as `spec` says, by a Prometheus trigger of ten for each replica where it names none,
    /// whose value is known for two weeks; three pods use a core meanwhile.
    pub(crate) fn triggered(mut spec: Value, value: impl Fn(usize) -> f64) -> Self {
        spec["scaleTargetRef"] = json!({"name": "web"});
        if spec.get("triggers").is_none() {
            spec["triggers"] = json!([Self::trigger("10", "0")]);
        }
        let mut scene = Self::new(|_| 1.0, |_| 3.0).scaled(spec);
        scene.insert(Metric::Trigger(0), TWO_WEEKS, value);
        scene
    }

    /// A Prometheus trigger with these thresholds.
    pub(crate) fn trigger(threshold: &str, activation: &str) -> Value {
        json!({"type": "prometheus", "metadata": {"serverAddress": "http://prometheus:9090",
            "query": "sum(queue_length)", "threshold": threshold,
            "activationThreshold": activation}})
    }

    /// The samples of its histories.
    pub(crate) fn len(&self) -> usize {
        self.history.grid().unwrap().len()
    }

    pub(crate) fn annotate(&mut self, key: &str, value: &str) {
        self.change(|it| {
            it.metadata
                .annotations
                .insert(key.to_owned(), value.to_owned());
        });
    }

    /// Notes that somebody wrote the annotation so many hours ago.
    pub(crate) fn annotated_before(&mut self, key: &str, hours: i64) {
        let time = self.now - SignedDuration::from_hours(hours);
        let fields = json!({"f:metadata": {"f:annotations": {format!("f:{key}"): {}}}});
        let managed = Managed {
            time: Some(time),
            fields: Some(fields),
        };
        self.change(|it| it.metadata.managed = vec![managed]);
    }

    fn change(&mut self, change: impl FnOnce(&mut ScaledObject)) {
        let scaled = self.subject.autoscaler.keda.as_mut().unwrap();
        change(Arc::make_mut(scaled));
    }

    /// `so/web`: 0 to 10 replicas, one for every ten messages of a queue, with a fallback, each
    /// message taking a hundredth of a core; replicas as KEDA would have scaled them.
    pub(crate) fn queue(messages: impl Fn(usize) -> f64) -> Self {
        Self::queue_of(json!({}), messages)
    }

    /// The same with other fields in its spec.
    pub(crate) fn queue_of(fields: Value, messages: impl Fn(usize) -> f64) -> Self {
        let mut spec = json!({
            "maxReplicaCount": 10,
            "fallback": {"failureThreshold": 3, "replicas": 4},
            "triggers": [{"type": "rabbitmq", "metadata": {"queueName": "q", "value": "10"}}],
        });
        for (key, value) in fields.as_object().unwrap() {
            spec[key] = value.clone();
        }
        let mut scene = Self::new(|at| 0.001 + messages(at) * 0.01, |_| 1.0).scaled(spec);
        scene.insert(Metric::Trigger(0), TWO_WEEKS, &messages);
        scene.obeyed()
    }

    /// The same history with the replicas that a replay of today's settings leads to.
    pub(crate) fn obeyed(mut self) -> Self {
        let counts = self.ask(|case| {
            let headroom = case.settings.headroom;
            let (autoscaler, load) = (case.autoscaler(), case.load);
            let scenario = Scenario::of(autoscaler, case.workload, case.history, load, headroom);
            let scenario = scenario.unwrap();
            let engine = scenario.engine(autoscaler);
            let mut run = scenario.begin(&engine, Shape::Linear);
            let mut counts = Vec::new();
            while run.step(|_, _| {}) {
                counts.push((run.replicas() as f64, run.serving() as f64));
            }
            counts
        });
        let len = counts.len();
        self.insert(Metric::DesiredReplicas, len, |at| counts[at].0);
        self.insert(Metric::ReadyReplicas, len, |at| counts[at].1);
        self
    }

    /// The scene with a ScaledObject in place of its HPA.
    pub(crate) fn scaled(mut self, spec: Value) -> Self {
        self.subject.autoscaler = scaled(spec);
        self
    }
}
