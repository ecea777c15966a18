//! The foretold HPA as JSON.

use serde_json::{Value, json};

use super::GeneratedHpa;
use crate::keda::objects::keys;
use crate::keda::trigger::{HpaMetric, MetricSource, MetricTarget};

impl GeneratedHpa {
    /// The object as the API server would be given it, except that amounts are in thousandths.
    pub fn to_json(&self) -> Value {
        json!({
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": self.metadata(),
            "spec": self.rendered_spec(),
        })
    }

    fn metadata(&self) -> Value {
        let mut metadata = json!({
            "name": self.name,
            "namespace": self.namespace,
            "labels": self.labels,
            "ownerReferences": [{
                "apiVersion": "keda.sh/v1alpha1",
                "kind": "ScaledObject",
                "name": self.owner,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        });
        if !self.annotations.is_empty() {
            metadata["annotations"] = json!(self.annotations);
        }
        metadata
    }

    fn rendered_spec(&self) -> Value {
        let spec = &self.spec;
        let metrics = spec.metrics.iter().map(|it| metric(it, &self.owner));
        let mut rendered = json!({
            "scaleTargetRef": {
                "apiVersion": spec.target_api_version,
                "kind": spec.target_kind,
                "name": spec.target_name,
            },
            "minReplicas": spec.min_replicas,
            "maxReplicas": spec.max_replicas,
            "metrics": metrics.collect::<Vec<_>>(),
        });
        if let Some(behavior) = &spec.behavior {
            rendered["behavior"] = behavior.clone();
        }
        rendered
    }
}

/// The entry of `spec.metrics`; external metrics are selected by the ScaledObject's name.
fn metric(metric: &HpaMetric, scaled_object: &str) -> Value {
    let target = target(&metric.target);
    let kind = metric.source.kind();
    match &metric.source {
        MetricSource::External { name } => {
            let labels = json!({ (keys::SCALED_OBJECT_NAME): scaled_object });
            let named = json!({ "name": name, "selector": { "matchLabels": labels } });
            json!({ "type": kind, "external": { "metric": named, "target": target } })
        }
        MetricSource::Resource { resource } => {
            json!({ "type": kind, "resource": { "name": resource, "target": target } })
        }
        MetricSource::ContainerResource {
            resource,
            container,
        } => {
            let entry = json!({ "name": resource, "container": container, "target": target });
            json!({ "type": kind, "containerResource": entry })
        }
    }
}

fn target(target: &MetricTarget) -> Value {
    let quantity = |milli: &i128| format!("{milli}m");
    match target {
        MetricTarget::AverageValue { milli } => {
            json!({ "type": "AverageValue", "averageValue": quantity(milli) })
        }
        MetricTarget::Value { milli } => json!({ "type": "Value", "value": quantity(milli) }),
        // KEDA gives the amount for the whole, since the type is not `AverageValue`.
        MetricTarget::Unknown { metric_type, milli } => match milli {
            Some(milli) => json!({ "type": metric_type, "value": quantity(milli) }),
            None => json!({ "type": metric_type }),
        },
        MetricTarget::Utilization { percent } => {
            json!({ "type": "Utilization", "averageUtilization": percent })
        }
    }
}

impl MetricSource {
    /// The type of the source, as the HPA has it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::External { .. } => "External",
            Self::Resource { .. } => "Resource",
            Self::ContainerResource { .. } => "ContainerResource",
        }
    }
}
