//! What KEDA's metrics server answers: `external.metrics.k8s.io/v1beta1`.

use serde_json::{Value, json};

use crate::sandbox::status::Refusal;
use crate::sandbox::twin::Twin;
use crate::sandbox::twin::fields::stamp;
use crate::sandbox::twin::objects::Name;

/// The group of external metrics.
pub(crate) const GROUP: &str = "external.metrics.k8s.io";

const API_VERSION: &str = "external.metrics.k8s.io/v1beta1";

/// The only resource that is told of: metrics themselves are too many to name.
pub(crate) fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        // Groups of Kubernetes' own say who has approved them.
        "metadata": { "name": format!("externalmetrics.{GROUP}"), "annotations":
            { "api-approved.kubernetes.io": "https://github.com/kubernetes/metrics" } },
        "spec": {
            "group": GROUP, "scope": "Namespaced",
            "names": { "kind": "ExternalMetricValueList", "plural": "externalmetrics" },
            "versions": [{
                "name": "v1beta1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object" } },
            }],
        },
    })
}

impl Twin {
    /// The values of a metric of the ScaledObject that a selector names; counts as a read.
    ///
    /// # Errors
    /// As the metrics server fails.
    pub(crate) fn external_metric(
        &mut self,
        namespace: &str,
        metric: &str,
        object: &str,
    ) -> Result<Value, Refusal> {
        if object.is_empty() {
            return Err(Refusal::internal("scaledObject name is not specified"));
        }
        let name = Name::new(namespace, object);
        let now = self.stage.now;
        let read = self
            .keda
            .request(&self.stage.world, &self.meter, &name, metric, now);
        self.keda.tell_reads(&mut self.stage);
        match read {
            None => Err(Refusal::internal(&format!(
                "ScaledObject.keda.sh \"{object}\" not found"
            ))),
            Some(Err(_)) => Err(Refusal::internal(&format!(
                "no metric {metric} of scaledObject {object} can be read"
            ))),
            Some(Ok(milli)) => Ok(list(metric, milli, stamp(now))),
        }
    }

    /// From now on the source of a trigger gives `value`, or fails.
    pub(crate) fn set_trigger(
        &mut self,
        namespace: &str,
        object: &str,
        trigger: usize,
        value: Option<f64>,
    ) {
        let triggers = self.keda.triggers_mut();
        triggers.set(Name::new(namespace, object), trigger, value);
    }
}

fn list(metric: &str, milli: i64, now: Value) -> Value {
    let value = match milli % 1000 {
        0 => (milli / 1000).to_string(),
        _ => format!("{milli}m"),
    };
    json!({
        "kind": "ExternalMetricValueList", "apiVersion": API_VERSION, "metadata": {},
        "items": [{ "metricName": metric, "metricLabels": null, "timestamp": now, "value": value }],
    })
}
