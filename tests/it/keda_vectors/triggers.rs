//! Triggers: their metadata, the answers of their sources, and what both give.

mod sources;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stepscale::keda::trigger::kafka::Kafka;
use stepscale::keda::trigger::{
    self, Cron, HpaMetric, MetricSource, MetricTarget, Named, PodIdentity, Prometheus, Secret,
    Settings, TriggerSource, metric,
};
use stepscale::units::thousandths;

use super::{Case, check};

/// One trigger as the cases write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    trigger: Written,
    trigger_index: usize,
    #[serde(default)]
    auth_params: BTreeMap<String, String>,
    #[serde(default)]
    container_env: BTreeMap<String, String>,
    #[serde(default)]
    pod_identity_provider: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    metric_type: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl Input {
    fn source(self) -> TriggerSource {
        let secrets = |texts: BTreeMap<String, String>| {
            let pairs = texts.into_iter();
            pairs.map(|(key, text)| (key, Secret::new(text))).collect()
        };
        TriggerSource {
            kind: self.trigger.kind,
            metric_type: self.trigger.metric_type,
            metadata: self.trigger.metadata,
            auth: secrets(self.auth_params),
            env: secrets(self.container_env),
            pod_identity: PodIdentity::named(&self.pod_identity_provider)
                .unwrap_or(PodIdentity::Other),
            is_metric_source: false,
            index: self.trigger_index,
        }
    }
}

#[test]
fn keda_vectors_of_trigger_metadata_agree() {
    check("trigger_metadata.json", |case| {
        let input: Input = serde_json::from_value(case.input.clone()).unwrap();
        let found = match trigger::read(&input.source()) {
            Ok(trigger) => accepted(&trigger, &case.expected),
            Err(problems) => refused(&problems.list, &case.expected),
        };
        (found, case.expected.clone())
    });
}

fn accepted(trigger: &trigger::Trigger, expected: &Value) -> Value {
    let mut found = Map::new();
    found.insert("valid".into(), true.into());
    if let Some(metric) = &trigger.metric {
        let metric = like(hpa_metric(metric), &expected["hpaMetric"]);
        found.insert("hpaMetric".into(), metric);
    }
    if trigger.is_always_active() {
        found.insert("alwaysActive".into(), true.into());
    }
    let parsed = match &trigger.settings {
        Settings::Prometheus(settings) => prometheus(settings),
        Settings::Kafka(settings) => kafka(settings),
        Settings::Cron(settings) => cron(settings),
        Settings::Resource(_) | Settings::Other(_) => return found.into(),
    };
    // Numbers are compared by value: 100 and 100.0 are the same.
    let parsed = like(parsed, &expected["parsed"]);
    found.insert("parsed".into(), parsed);
    found.into()
}

/// Any of the errors expected is right, but at least one, and no other.
fn refused(problems: &[trigger::Problem], expected: &Value) -> Value {
    let error = |it: &trigger::Problem| json!({"kind": it.cause.word(), "param": it.param});
    let found: Vec<Value> = problems.iter().map(error).collect();
    let wanted = expected["errors"].as_array().cloned().unwrap_or_default();
    let is_wanted = |it: &Value| {
        let kind = it["kind"].as_str().unwrap();
        wanted.iter().any(|wanted| {
            let words = wanted["kind"].as_str().unwrap().split(' ').next();
            words == Some(kind) && wanted["param"] == it["param"]
        })
    };
    if !found.is_empty() && found.iter().all(is_wanted) {
        return expected.clone();
    }
    json!({"valid": false, "errors": found})
}

/// `found` with each number in the form that `expected` has it in, where they are equal.
fn like(found: Value, expected: &Value) -> Value {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let pairs = found.into_iter();
            let none = Value::Null;
            pairs
                .map(|(key, it)| {
                    let other = expected.get(&key).unwrap_or(&none);
                    let it = like(it, other);
                    (key, it)
                })
                .collect()
        }
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => {
            let pairs = found.into_iter().zip(expected);
            pairs.map(|(it, other)| like(it, other)).collect()
        }
        (Value::Number(found), Value::Number(expected)) if found.as_f64() == expected.as_f64() => {
            expected.clone().into()
        }
        (found, _) => found,
    }
}

/// Thousandths as a double: the largest do not fit into a number of JSON otherwise.
fn number_of(milli: i128) -> Value {
    json!(milli as f64)
}

fn hpa_metric(metric: &HpaMetric) -> Value {
    let (source_type, key, name) = match &metric.source {
        MetricSource::External { name } => ("External", "metricName", name),
        MetricSource::Resource { resource } => ("Resource", "resource", resource),
        MetricSource::ContainerResource { resource, .. } => {
            ("ContainerResource", "resource", resource)
        }
    };
    let mut found = Map::from_iter([
        ("sourceType".to_owned(), source_type.into()),
        (key.to_owned(), name.as_str().into()),
    ]);
    if let MetricSource::ContainerResource { container, .. } = &metric.source {
        found.insert("container".into(), container.as_str().into());
    }
    let (target_type, key, amount) = match &metric.target {
        MetricTarget::AverageValue { milli } => ("AverageValue", "averageValueMilli", *milli),
        MetricTarget::Value { milli } => ("Value", "valueMilli", *milli),
        MetricTarget::Unknown { metric_type, milli } => (
            metric_type.as_str(),
            "valueMilli",
            milli.unwrap_or_default(),
        ),
        MetricTarget::Utilization { percent } => {
            ("Utilization", "averageUtilization", i128::from(*percent))
        }
    };
    found.insert("targetType".into(), target_type.into());
    found.insert(key.into(), number_of(amount));
    found.into()
}

fn prometheus(it: &Prometheus) -> Value {
    let modes: Vec<&str> = it.auth.modes.iter().map(|it| it.name()).collect();
    let mut found = json!({
        "serverAddress": it.server_address,
        "query": it.query,
        "threshold": it.threshold,
        "activationThreshold": it.activation_threshold,
        "namespace": it.namespace,
        "ignoreNullValues": it.ignore_null_values,
        "unsafeSsl": it.unsafe_ssl,
        "timeoutMs": it.timeout.map_or(0, |it| it.as_millis() as u64),
        "authModes": modes,
    });
    if !it.custom_headers.is_empty() {
        let headers = it.custom_headers.iter();
        let headers: BTreeMap<_, _> = headers.map(|(key, it)| (key, it.expose())).collect();
        found["customHeaders"] = json!(headers);
    }
    if !it.query_parameters.is_empty() {
        let pairs = it.query_parameters.iter();
        let pairs = pairs.map(|(key, it)| (key.clone(), json!(it.expose())));
        found["queryParameters"] = pairs.collect::<Map<_, _>>().into();
    }
    found
}

fn kafka(it: &Kafka) -> Value {
    let servers: Vec<&str> = it.bootstrap_servers.iter().map(Named::expose).collect();
    let mut found = json!({
        "bootstrapServers": servers,
        "consumerGroup": it.consumer_group.expose(),
        "topic": it.topic.as_deref().unwrap_or_default(),
        "lagThreshold": it.lag_threshold,
        "activationLagThreshold": it.activation_lag_threshold,
        "offsetResetPolicy": format!("{:?}", it.offset_reset).to_lowercase(),
        "allowIdleConsumers": it.allow_idle_consumers,
        "scaleToZeroOnInvalidOffset": it.scale_to_zero_on_invalid_offset,
        "excludePersistentLag": it.exclude_persistent_lag,
        "limitToPartitionsWithLag": it.limit_to_partitions_with_lag,
        "ensureEvenDistributionOfPartitions": it.even_distribution,
        "fullMetadata": it.full_metadata,
        "version": it.version.to_string(),
        "tlsEnabled": it.tls.is_enabled,
        "unsafeSsl": it.tls.unsafe_ssl,
        "sasl": it.sasl.mechanism(),
        "saslTokenProvider": it.sasl.token_provider().unwrap_or_default(),
    });
    if let Some(partitions) = &it.partitions {
        found["partitionLimitation"] = partitions.iter().collect();
    }
    found
}

fn cron(it: &Cron) -> Value {
    json!({
        "timezone": it.time_zone,
        "start": it.start.text(),
        "end": it.end.text(),
        "desiredReplicas": it.desired_replicas,
    })
}

#[test]
fn keda_vectors_of_metric_helpers_agree() {
    check("metric_helpers.json", |case| {
        let found = match case.kind.as_str() {
            "metricTargetType" => target_type(case),
            "metricMilli" | "targetMilli" => milli(case),
            "removeIndex" => without_index(case),
            "metricNameMatch" => name_match(case),
            other => panic!("{}: what is {other}?", case.id),
        };
        (like(found, &case.expected), case.expected.clone())
    });
}

fn target_type(case: &Case) -> Value {
    match metric::external_type(case.input["metricType"].as_str().unwrap()) {
        Ok(metric_type) => json!({"valid": true, "metricType": metric_type}),
        Err(_) => json!({"valid": false}),
    }
}

fn milli(case: &Case) -> Value {
    let value = match &case.input["value"] {
        Value::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap(),
    };
    json!({"milli": number_of(thousandths::rounded(value))})
}

fn without_index(case: &Case) -> Value {
    let index = case.input["triggerIndex"].as_u64().unwrap() as usize;
    let name = metric::without_index(index, case.input["metricName"].as_str().unwrap());
    json!({"valid": name.is_some(), "name": name})
}

fn name_match(case: &Case) -> Value {
    let names: Vec<String> = serde_json::from_value(case.input["array"].clone()).unwrap();
    json!({"found": metric::is_among(case.input["element"].as_str().unwrap(), &names)})
}
