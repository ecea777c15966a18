//! What the sources of triggers answer: Prometheus, brokers of Kafka, and the time.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use stepscale::keda::trigger::kafka::{
    self, Committed, Kafka, LagMemory, OffsetReset, PartitionOffsets, Partitions,
};
use stepscale::keda::trigger::{self, Cron, Settings, TriggerSource, prometheus};

use super::super::{Case, check};
use super::{hpa_metric, like, number_of};

/// The settings of a trigger of that type and metadata.
fn read(kind: &str, metadata: &[(&str, &str)]) -> trigger::Trigger {
    let pairs = metadata.iter();
    read_all(
        kind,
        pairs
            .map(|(key, it)| ((*key).into(), (*it).into()))
            .collect(),
    )
}

fn read_all(kind: &str, metadata: BTreeMap<String, String>) -> trigger::Trigger {
    let source = TriggerSource {
        kind: kind.to_owned(),
        metadata,
        ..TriggerSource::default()
    };
    trigger::read(&source).unwrap()
}

fn as_kafka(settings: Settings) -> Kafka {
    match settings {
        Settings::Kafka(settings) => settings,
        other => panic!("not a kafka trigger: {other:?}"),
    }
}

#[test]
fn keda_vectors_of_prometheus_answers_agree() {
    check("prometheus_results.json", |case| {
        let input = &case.input;
        let metadata = [
            ("serverAddress", "http://prometheus:9090"),
            ("query", "up"),
            ("threshold", "1"),
            ("ignoreNullValues", &input["ignoreNullValues"].to_string()),
            (
                "activationThreshold",
                &input["activationThreshold"].to_string(),
            ),
        ];
        let Settings::Prometheus(settings) = read("prometheus", &metadata).settings else {
            panic!("not a prometheus trigger");
        };
        let status = input["httpStatus"].as_u64().unwrap() as u16;
        let body = input["body"].as_str().unwrap().as_bytes();
        let found = match prometheus::answer(&settings, status, body) {
            Ok(it) => json!({
                "error": false,
                "rawValue": it.value,
                "metricMilli": number_of(it.milli),
                "active": it.is_active,
            }),
            Err(_) => json!({"error": true}),
        };
        (like(found, &case.expected), case.expected.clone())
    });
}

#[derive(Deserialize)]
struct Poll {
    topics: BTreeMap<String, Vec<Partition>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    partition: i32,
    latest_offset: Option<i64>,
    committed_offset: Option<i64>,
}

#[test]
fn keda_vectors_of_kafka_lag_agree() {
    check("kafka_lag.json", |case| {
        let metadata = serde_json::from_value(case.input["metadata"].clone()).unwrap();
        let polls: Vec<Poll> = serde_json::from_value(case.input["polls"].clone()).unwrap();
        let trigger = read_all("kafka", metadata);
        let metric = trigger.metric.as_ref().map(hpa_metric);
        let settings = as_kafka(trigger.settings);
        let mut memory = LagMemory::default();
        let polls = polls.into_iter();
        let polls: Vec<Value> = polls.map(|it| poll(&settings, it, &mut memory)).collect();
        let found = json!({"hpaMetric": metric, "polls": polls});
        (like(found, &case.expected), case.expected.clone())
    });
}

fn poll(settings: &Kafka, poll: Poll, memory: &mut LagMemory) -> Value {
    let offsets = |it: &Partition| {
        let offsets = PartitionOffsets {
            committed: it
                .committed_offset
                .map_or(Committed::Absent, Committed::from_offset),
            latest: it.latest_offset,
        };
        (it.partition, offsets)
    };
    let topics = poll.topics.into_iter();
    let topics = topics.map(|(topic, all)| (topic, all.iter().map(offsets).collect()));
    match kafka::read_lag(settings, &topics.collect(), memory) {
        Ok(it) => json!({"error": false, "metricValue": it.value, "active": it.is_active}),
        Err(_) => json!({"error": true}),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnePartition {
    committed_offset: i64,
    commit_block_present: bool,
    commit_block_error: bool,
    latest_offset: Option<i64>,
    topic_in_latest_response: bool,
    offset_reset_policy: String,
    scale_to_zero_on_invalid_offset: bool,
    exclude_persistent_lag: bool,
    previous_committed_offset: Option<i64>,
}

#[test]
fn keda_vectors_of_kafka_partitions_agree() {
    check("kafka_partition_lag.json", |case| {
        let input: OnePartition = serde_json::from_value(case.input.clone()).unwrap();
        let mut settings = as_kafka(
            read(
                "kafka",
                &[("bootstrapServers", "b"), ("consumerGroup", "g")],
            )
            .settings,
        );
        settings.offset_reset = match input.offset_reset_policy.as_str() {
            "earliest" => OffsetReset::Earliest,
            _ => OffsetReset::Latest,
        };
        settings.scale_to_zero_on_invalid_offset = input.scale_to_zero_on_invalid_offset;
        settings.exclude_persistent_lag = input.exclude_persistent_lag;
        let offsets = PartitionOffsets {
            committed: match (input.commit_block_present, input.commit_block_error) {
                (false, _) => Committed::Absent,
                (true, true) => Committed::Failed,
                (true, false) => Committed::from_offset(input.committed_offset),
            },
            latest: input
                .latest_offset
                .filter(|_| input.topic_in_latest_response),
        };
        let mut previous = input.previous_committed_offset;
        let found = match kafka::partition_lag(&settings, offsets, &mut previous) {
            Some(it) => json!({
                "error": false,
                "lag": it.lag,
                "lagWithPersistent": it.with_persistent,
                "previousCommittedOffsetAfter": previous,
            }),
            None => json!({"error": true}),
        };
        (found, case.expected.clone())
    });
}

#[test]
fn keda_vectors_of_kafka_helpers_agree() {
    check("kafka_helpers.json", |case| {
        let found = match case.kind.as_str() {
            "parse" => parsed(case),
            "select" => selected(case),
            "factors" => json!({"factors": kafka::divisors(number(case, "n"))}),
            "nextFactor" => {
                let (lag, partitions) = (number(case, "totalLag"), number(case, "partitions"));
                let consumers =
                    kafka::even_consumers(lag, partitions, number(case, "lagThreshold"));
                json!({"consumers": consumers})
            }
            other => panic!("{}: what is {other}?", case.id),
        };
        (found, case.expected.clone())
    });
}

fn number(case: &Case, name: &str) -> i64 {
    case.input[name].as_i64().unwrap()
}

fn parsed(case: &Case) -> Value {
    match Partitions::parse(case.input["partitionLimitation"].as_str().unwrap()) {
        Ok(it) => json!({"valid": true, "partitions": it.iter().collect::<Vec<i32>>()}),
        Err(_) => json!({"valid": false}),
    }
}

/// Through the metadata, as an empty limitation is none.
fn selected(case: &Case) -> Value {
    let limitation = case.input["partitionLimitation"].as_str().unwrap();
    let metadata = [
        ("bootstrapServers", "b"),
        ("consumerGroup", "g"),
        ("topic", "t"),
        ("partitionLimitation", limitation),
    ];
    let settings = as_kafka(read("kafka", &metadata).settings);
    let existing: Vec<i32> =
        serde_json::from_value(case.input["existingPartitions"].clone()).unwrap();
    let chosen = |it: &i32| {
        settings
            .partitions
            .as_ref()
            .is_none_or(|all| all.contains(*it))
    };
    let chosen: Vec<i32> = existing.into_iter().filter(chosen).collect();
    json!({"valid": true, "partitions": chosen})
}

#[test]
fn keda_vectors_of_cron_windows_agree() {
    check("cron_windows.json", |case| {
        let metadata = serde_json::from_value(case.input["metadata"].clone()).unwrap();
        let Settings::Cron(settings) = read_all("cron", metadata).settings else {
            panic!("not a cron trigger");
        };
        let now = case.input["now"].as_str().unwrap().parse().unwrap();
        let found = window(&settings, now).unwrap_or(json!({"error": true}));
        (like(found, &case.expected), case.expected.clone())
    });
}

fn window(settings: &Cron, now: jiff::Timestamp) -> Option<Value> {
    let window = settings.window(now).ok()?;
    let reading = settings.reading(now).ok()?;
    let time = |it: Option<jiff::Timestamp>| it.map(|it| it.to_string());
    Some(json!({
        "error": false,
        "active": reading.is_active,
        "metricValue": reading.milli as f64 / 1000.0,
        "nextStart": time(window.next_start),
        "nextEnd": time(window.next_end),
    }))
}
