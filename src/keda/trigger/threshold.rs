//! What one replica is for: the parameter that says so, type by type, and what it is set to.
//!
//! Looked at by itself: that a password is missing, or another key is odd, does not matter here.

use std::collections::BTreeMap;

use super::metric::{MetricTarget, external_type};
use super::param::{Kind, Param, Place, Presence};
use super::table;
use crate::units::thousandths;

/// The parameters that may say what one replica is for, by type; of several, the one that is
/// written. Types that are not here have none: their target is fixed, as that of `cron`, has more
/// than one metric, or is told by somebody else, as that of `external`.
const KEYS: &[(&str, &[&str])] = &[
    ("activemq", &["targetQueueSize"]),
    ("apache-kafka", &["lagThreshold"]),
    ("arangodb", &["queryValue"]),
    ("artemis-queue", &["queueLength"]),
    ("aws-cloudwatch", &["targetMetricValue"]),
    ("aws-dynamodb", &["targetValue"]),
    ("aws-dynamodb-streams", &["shardCount"]),
    ("aws-kinesis-stream", &["shardCount"]),
    ("aws-sqs-queue", &["queueLength"]),
    ("azure-app-insights", &["targetValue"]),
    ("azure-blob", &["blobCount"]),
    ("azure-data-explorer", &["threshold"]),
    ("azure-eventhub", &["unprocessedEventThreshold"]),
    ("azure-log-analytics", &["threshold"]),
    ("azure-monitor", &["targetValue"]),
    ("azure-pipelines", &["targetPipelinesQueueLength"]),
    ("azure-queue", &["queueLength"]),
    ("azure-servicebus", &["messageCount"]),
    ("beanstalkd", &["value"]),
    ("cassandra", &["targetQueryValue"]),
    ("clickhouse", &["targetQueryValue"]),
    ("couchdb", &["queryValue"]),
    ("datadog", &["targetValue"]),
    ("dynatrace", &["threshold"]),
    ("elastic-forecast", &["targetValue"]),
    ("elasticsearch", &["targetValue"]),
    ("etcd", &["value"]),
    ("gcp-cloudtasks", &["value"]),
    ("gcp-pubsub", &["value"]),
    ("gcp-spanner", &["targetValue"]),
    ("gcp-stackdriver", &["targetValue"]),
    ("gcp-storage", &["targetObjectCount"]),
    ("github-runner", &["targetWorkflowQueueLength"]),
    ("graphite", &["threshold"]),
    ("huawei-cloudeye", &["targetMetricValue"]),
    ("ibmmq", &["queueDepth"]),
    ("influxdb", &["thresholdValue"]),
    ("kafka", &["lagThreshold"]),
    ("kubernetes-resource", &["targetValue"]),
    ("kubernetes-workload", &["value"]),
    ("liiklus", &["lagThreshold"]),
    ("loki", &["threshold"]),
    ("metrics-api", &["targetValue"]),
    ("mongodb", &["queryValue"]),
    ("mssql", &["targetValue"]),
    ("mysql", &["queryValue"]),
    ("nats-jetstream", &["lagThreshold"]),
    ("new-relic", &["threshold"]),
    ("nsq", &["depthThreshold"]),
    ("opensearch", &["targetValue"]),
    ("openstack-metric", &["threshold"]),
    ("openstack-swift", &["objectCount"]),
    ("postgresql", &["targetQueryValue"]),
    ("predictkube", &["threshold"]),
    ("prometheus", &["threshold"]),
    ("pulsar", &["msgBacklogThreshold"]),
    ("rabbitmq", &["value", "queueLength"]),
    ("redis", &["listLength"]),
    ("redis-cluster", &["listLength"]),
    ("redis-cluster-streams", REDIS_STREAMS),
    ("redis-sentinel", &["listLength"]),
    ("redis-sentinel-streams", REDIS_STREAMS),
    ("redis-streams", REDIS_STREAMS),
    ("solarwinds", &["targetValue"]),
    ("solr", &["targetQueryValue"]),
    ("splunk", &["targetValue"]),
    ("splunk-observability", &["targetValue"]),
    ("sumologic", &["threshold"]),
    ("temporal", &["targetQueueSize"]),
];

/// By pending entries, by lag, or by the whole stream.
const REDIS_STREAMS: &[&str] = &["pendingEntriesCount", "lagCount", "streamLength"];

/// Types whose target is always one replica for each unit.
const OF_ONE: &[&str] = &["cron", "selenium-grid"];

/// What a trigger says one replica is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold<'a> {
    /// The key of the metadata that says it, or would.
    pub key: &'static str,
    /// As it is written, or as KEDA's default has it.
    pub text: &'a str,
    /// Whether it can only be a whole number.
    pub is_whole: bool,
}

impl Threshold<'_> {
    /// Its number; `None` for what is none, or not above zero.
    pub fn value(&self) -> Option<f64> {
        let value: f64 = self.text.trim().parse().ok()?;
        (value.is_finite() && value > 0.0).then_some(value)
    }

    /// A value as it would be written here; `None` where it cannot be, or comes to nothing.
    pub fn written(&self, value: f64) -> Option<String> {
        let digits = match self.is_whole {
            true => value.round(),
            false => (value * 1000.0).round() / 1000.0,
        };
        let is_good = digits.is_finite() && digits > 0.0 && digits < 1e15;
        is_good.then(|| digits.to_string())
    }
}

/// The threshold of a trigger of that type with these metadata; `None` where it has none.
pub fn of<'a>(kind: &str, metadata: &'a BTreeMap<String, String>) -> Option<Threshold<'a>> {
    let written = |key: &str| metadata.get(key).map(String::as_str);
    find(kind, written)
}

/// The same for metadata of any form.
pub fn find<'a>(kind: &str, written: impl Fn(&str) -> Option<&'a str>) -> Option<Threshold<'a>> {
    let params = params(kind)?;
    let given = params.iter().find_map(|param| {
        let mut names = param.names();
        names.find_map(|key| Some((*param, key, written(key)?)))
    });
    let (param, key, text) = given.or_else(|| {
        let mut params = params.iter();
        params.find_map(|param| match param.presence {
            Presence::Default(text) => Some((*param, param.name, text)),
            Presence::Required | Presence::Optional => None,
        })
    })?;
    Some(Threshold {
        key,
        text,
        is_whole: matches!(param.kind, Kind::Integer { .. } | Kind::Unsigned { .. }),
    })
}

/// What the trigger's metric is held at, in thousandths; `None` where that is not known, or KEDA
/// would not take it.
pub fn target(
    kind: &str,
    metric_type: Option<&str>,
    metadata: &BTreeMap<String, String>,
) -> Option<MetricTarget> {
    let value = match OF_ONE.contains(&kind) {
        true => 1.0,
        false => of(kind, metadata)?.value()?,
    };
    let milli = Some(thousandths::rounded(value)).filter(|it| *it > 0)?;
    match external_type(metric_type.unwrap_or_default())
        .ok()?
        .as_str()
    {
        "AverageValue" => Some(MetricTarget::AverageValue { milli }),
        "Value" => Some(MetricTarget::Value { milli }),
        _ => None,
    }
}

/// Above which value a trigger of that type is active; 0 where it does not say.
pub fn activation(kind: &str, metadata: &BTreeMap<String, String>) -> f64 {
    let all = table(kind).unwrap_or_default().iter();
    let all = all.filter(|it| it.name.starts_with("activation"));
    let written = all.clone().find_map(|it| metadata.get(it.name));
    let default = all.clone().find_map(|it| match it.presence {
        Presence::Default(text) => Some(text),
        Presence::Required | Presence::Optional => None,
    });
    let text = written.map(String::as_str).or(default).unwrap_or("0");
    let value = text.trim().parse().unwrap_or(0.0);
    if f64::is_finite(value) { value } else { 0.0 }
}

/// The parameters of a type that may be its threshold.
fn params(kind: &str) -> Option<Vec<&'static Param>> {
    let (_, keys) = KEYS.iter().find(|(it, _)| *it == kind)?;
    let table = table(kind)?;
    let param = |key: &&str| table.iter().find(|it| it.name == *key);
    let in_metadata = |it: &&Param| it.places.contains(&Place::Metadata);
    Some(keys.iter().filter_map(param).filter(in_metadata).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keda::trigger::types;

    fn metadata(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        let text = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
        all.iter().map(text).collect()
    }

    #[test]
    fn every_key_is_one_of_its_type() {
        for (kind, keys) in KEYS {
            assert!(types().any(|it| it == *kind), "{kind}");
            assert_eq!(params(kind).unwrap().len(), keys.len(), "{kind}");
        }
        let without: Vec<_> = types()
            .filter(|it| KEYS.iter().all(|(kind, _)| kind != it))
            .collect();
        assert_eq!(
            without,
            [
                "cpu",
                "cron",
                "external",
                "external-push",
                "forgejo-runner",
                "memory",
                "selenium-grid",
                "solace-direct-messaging",
                "solace-event-queue",
            ]
        );
    }

    #[test]
    fn what_is_written_goes_before_the_default() {
        type Written = &'static [(&'static str, &'static str)];
        type Expected = Option<(&'static str, &'static str, bool)>;
        let table: [(&str, Written, Expected); 8] = [
            ("kafka", &[], Some(("lagThreshold", "10", true))),
            (
                "kafka",
                &[("lagThreshold", "7")],
                Some(("lagThreshold", "7", true)),
            ),
            (
                "prometheus",
                &[("threshold", "2.5")],
                Some(("threshold", "2.5", false)),
            ),
            ("prometheus", &[], None),
            (
                "rabbitmq",
                &[("queueLength", "20")],
                Some(("queueLength", "20", false)),
            ),
            (
                "datadog",
                &[("queryValue", "4")],
                Some(("queryValue", "4", false)),
            ),
            (
                "redis-streams",
                &[("lagCount", "9")],
                Some(("lagCount", "9", true)),
            ),
            ("cron", &[("desiredReplicas", "4")], None),
        ];
        for (kind, written, expected) in table {
            let metadata = metadata(written);
            let found = of(kind, &metadata).map(|it| (it.key, it.text, it.is_whole));
            assert_eq!(found, expected, "{kind}");
        }
    }

    #[test]
    fn a_target_is_that_of_each_pod_unless_it_says_otherwise() {
        let of = |kind, metric_type, written: &[_]| target(kind, metric_type, &metadata(written));
        let each = |milli| Some(MetricTarget::AverageValue { milli });
        assert_eq!(of("kafka", None, &[]), each(10_000));
        assert_eq!(of("cron", Some(""), &[]), each(1_000));
        let five = [("threshold", "5")];
        let whole = Some(MetricTarget::Value { milli: 5_000 });
        assert_eq!(of("prometheus", Some("Value"), &five), whole);
        assert_eq!(of("prometheus", Some("Utilization"), &five), None);
        assert_eq!(of("prometheus", Some("odd"), &five), None);
        for odd in ["0", "-1", "x", "NaN", "0.0001"] {
            assert_eq!(of("prometheus", None, &[("threshold", odd)]), None, "{odd}");
        }
    }

    #[test]
    fn activation_is_the_default_of_the_type_where_nothing_is_written() {
        let of = |kind, written: &[_]| activation(kind, &metadata(written));
        assert_eq!(of("kafka", &[]), 0.0);
        assert_eq!(of("artemis-queue", &[]), 10.0);
        assert_eq!(of("kafka", &[("activationLagThreshold", "50")]), 50.0);
        assert_eq!(of("datadog", &[("activationQueryValue", "3")]), 3.0);
        assert_eq!(of("prometheus", &[("activationThreshold", "inf")]), 0.0);
        assert_eq!(of("nothing", &[]), 0.0);
    }

    #[test]
    fn a_number_is_written_as_its_type_takes_it() {
        let threshold = |is_whole| Threshold {
            key: "threshold",
            text: "10",
            is_whole,
        };
        assert_eq!(threshold(true).written(12.5).as_deref(), Some("13"));
        assert_eq!(threshold(false).written(12.5).as_deref(), Some("12.5"));
        assert_eq!(threshold(true).written(0.4), None);
        assert_eq!(threshold(false).written(f64::INFINITY), None);
    }
}
