//! What the value of a trigger is compared with, as far as it is written in the object: what one
//! replica is for, and what wakes the workload.

use std::collections::BTreeMap;

use super::{PodIdentity, Secret, Settings, Trigger, TriggerSource, read};
use crate::keda::objects;

/// Keys by which a trigger says who it is to its source. Nothing that is counted depends on them.
const IDENTITY: [&str; 5] = ["sasl", "saslTokenProvider", "tls", "authModes", "authMode"];

/// The end of keys whose value is a variable of the scale target's container.
const FROM_ENVIRONMENT: &str = "FromEnv";

/// What all activation thresholds of KEDA's triggers begin with.
const ACTIVATION: &str = "activation";

/// A type of trigger that wakes the workload whatever its value is.
const PUSHED: &str = "external-push";

/// The two numbers that a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// What one replica is for; above zero. `None` where it is not known of this type, and where
    /// the value is not shared out among the replicas.
    pub per_replica: Option<f64>,
    /// The trigger is active strictly above it.
    pub activation: f64,
}

impl Levels {
    /// The levels of a trigger with an external metric; `None` for one that KEDA refuses, for cpu and
    /// memory, which are never inactive, and for one that is active when its source says so.
    pub fn of(written: &objects::Trigger) -> Option<Self> {
        if written.is_resource() || written.kind == PUSHED {
            return None;
        }
        let (per_replica, activation) = match read_alone(written, 0) {
            Some(read) => match read.settings {
                Settings::Prometheus(it) => (Some(it.threshold), it.activation_threshold),
                Settings::Kafka(it) => {
                    let (lag, activation) = (it.lag_threshold, it.activation_lag_threshold);
                    (Some(lag as f64), activation as f64)
                }
                Settings::Cron(_) => (Some(1.0), 0.0),
                Settings::Other(_) => (None, activation(&written.metadata)?),
                Settings::Resource(_) => return None,
            },
            None if is_known(&written.kind) => return None,
            None => (None, activation(&written.metadata)?),
        };
        let is_shared = matches!(
            written.metric_type.as_deref(),
            None | Some("" | "AverageValue")
        );
        Some(Self {
            per_replica: per_replica.filter(|it| is_shared && *it > 0.0),
            activation,
        })
    }
}

/// Reads a trigger as if its source asked nobody who they are and the environment were known: for
/// its numbers, where neither authentication nor container is at hand.
pub fn read_alone(written: &objects::Trigger, index: usize) -> Option<Trigger> {
    let mut metadata = written.metadata.clone();
    metadata.retain(|key, _| !IDENTITY.contains(&key.as_str()));
    let variables = metadata
        .iter()
        .filter(|(key, _)| key.ends_with(FROM_ENVIRONMENT));
    let env = variables.map(|(_, name)| (name.clone(), Secret::new("unknown")));
    let source = TriggerSource {
        kind: written.kind.clone(),
        metric_type: written.metric_type.clone(),
        env: env.collect(),
        metadata,
        auth: BTreeMap::new(),
        pod_identity: PodIdentity::None,
        is_metric_source: false,
        index,
    };
    read(&source).ok()
}

/// Whether its metadata are read whole, so that what does not read is wrong.
fn is_known(kind: &str) -> bool {
    matches!(kind, "prometheus" | "kafka" | "cron")
}

/// The activation threshold of a type of which the names of keys are all that is known; 0 where
/// none is written.
fn activation(metadata: &BTreeMap<String, String>) -> Option<f64> {
    let mut written = metadata
        .iter()
        .filter(|(key, _)| key.starts_with(ACTIVATION));
    match written.next() {
        Some((_, text)) => text.trim().parse().ok(),
        None => Some(0.0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::keda::objects::ScaledObject;

    fn levels(trigger: Value) -> Option<Levels> {
        let object = ScaledObject::read(&json!({"spec": {"triggers": [trigger]}})).unwrap();
        Levels::of(&object.spec.triggers[0])
    }

    #[test]
    fn the_numbers_of_a_trigger_are_read_without_its_authentication() {
        let kafka = json!({"bootstrapServersFromEnv": "BROKERS", "consumerGroup": "orders",
            "topic": "orders", "sasl": "scram_sha512", "tls": "enable"});
        let with = |key: &str, value: &str| {
            let mut metadata = kafka.clone();
            metadata[key] = json!(value);
            metadata
        };
        let prometheus = json!({"serverAddress": "http://p", "query": "x", "threshold": "2.5",
            "activationThreshold": "1", "authModes": "bearer"});
        let table = [
            (
                json!({"type": "kafka", "metadata": kafka}),
                Some((Some(10.0), 0.0)),
            ),
            (
                json!({"type": "kafka", "metadata": with("lagThreshold", "50")}),
                Some((Some(50.0), 0.0)),
            ),
            (
                json!({"type": "kafka", "metadata": with("lagThreshold", "0")}),
                None,
            ),
            (
                json!({"type": "prometheus", "metadata": prometheus}),
                Some((Some(2.5), 1.0)),
            ),
            (
                json!({"type": "prometheus", "metricType": "Value", "metadata": prometheus}),
                Some((None, 1.0)),
            ),
            (
                json!({"type": "rabbitmq", "metadata": {"activationValue": "7"}}),
                Some((None, 7.0)),
            ),
            (
                json!({"type": "rabbitmq", "metadata": {}}),
                Some((None, 0.0)),
            ),
            (
                json!({"type": "rabbitmq", "metadata": {"activationValue": "x"}}),
                None,
            ),
            (json!({"type": "external-push", "metadata": {}}), None),
            (
                json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}),
                None,
            ),
        ];
        for (trigger, expected) in table {
            let expected = expected.map(|(per_replica, activation)| Levels {
                per_replica,
                activation,
            });
            assert_eq!(levels(trigger.clone()), expected, "{trigger}");
        }
    }
}
