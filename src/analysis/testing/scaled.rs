//! Scenes of ScaledObjects.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Scene, TWO_WEEKS};
use crate::autoscaler::{AutoscalerKind, Metric as Spec, Target};
use crate::history::Metric;
use crate::keda::objects::{Managed, ScaledObject};
use crate::units::Replicas;

impl Scene {
    /// `so/web` as `spec` says, by a Prometheus trigger of ten for each replica where it names none,
    /// whose value is known for two weeks; three pods use a core meanwhile.
    pub(crate) fn scaled(mut spec: Value, value: impl Fn(usize) -> f64) -> Self {
        spec["scaleTargetRef"] = json!({"name": "web"});
        if spec.get("triggers").is_none() {
            spec["triggers"] = json!([Self::trigger("10", "0")]);
        }
        let scaled = ScaledObject::read(&json!({"metadata": {"name": "web", "namespace": "shop"},
            "spec": spec}))
        .unwrap();
        let mut scene = Self::new(|_| 1.0, |_| 3.0);
        scene.insert(Metric::Trigger(0), TWO_WEEKS, value);
        let autoscaler = &mut scene.subject.autoscaler;
        autoscaler.id.kind = AutoscalerKind::ScaledObject;
        let count = |it: i32| Replicas(u32::try_from(it).unwrap());
        autoscaler.min = count(scaled.spec.min_or_default());
        autoscaler.max = count(scaled.spec.max_or_default());
        let external = |index: usize| Spec::External {
            name: format!("s{index}-prometheus"),
            target: Target::AverageValue("10".parse().unwrap()),
        };
        autoscaler.metrics = (0..scaled.spec.triggers.len()).map(external).collect();
        autoscaler.keda = Some(Arc::new(scaled));
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
}
