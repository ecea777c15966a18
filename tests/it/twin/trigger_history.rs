//! The past of KEDA's triggers, as the sandbox and a real Prometheus with the same samples tell it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stepscale::sandbox::{Options, Seed, TriggerTrace};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use super::moved::Moved;
use super::workload::start;
use super::{options, runtime};
use crate::rig::backfill;
use crate::rig::program::User;
use crate::rig::prometheus::{self, Prometheus};

/// Values change in the middle of a step, so that neither polls nor scrapes are late for its end.
const SHIFT: i64 = 150;
const HOUR: i64 = 3600;

/// What the sandbox tells of a trigger, which any Prometheus with its samples can be asked for.
const PLAIN: &str = "sandbox_trigger_value{namespace=\"shop\",object=\"orders\",trigger=\"0\"}";

/// When the values begin, so that they reach to the beginning of the sandbox and beyond.
fn begun() -> i64 {
    start().as_second() + SHIFT - 24 * HOUR
}

/// Another value every hour.
fn value(trigger: usize, second: i64) -> f64 {
    (100 * (trigger + 1)) as f64 + ((second - begun()).div_euclid(HOUR) % 24) as f64
}

fn trace(trigger: usize) -> TriggerTrace {
    let first = Timestamp::from_second(begun() + HOUR).unwrap();
    let grid = Grid::new(first, Step::ONE_HOUR, 24);
    let values = (0..24).map(|it| Some(value(trigger, begun() + it * HOUR)));
    TriggerTrace {
        namespace: "shop".to_owned(),
        object: "orders".to_owned(),
        trigger,
        values: Series::from_values(grid, values),
    }
}

fn objects() -> Vec<Value> {
    let metadata = json!({ "name": "orders", "namespace": "shop" });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": { "replicas": 1, "selector": { "matchLabels": { "app": "orders" } },
            "template": { "metadata": { "labels": { "app": "orders" } },
                "spec": { "containers": [{ "name": "app", "image": "app:1" }] } } } });
    let asking = |query: &str| {
        json!({ "type": "prometheus", "metadata": { "query": query, "threshold": "1000",
            "serverAddress": "http://prometheus.monitoring.svc:9090" } })
    };
    let kafka = json!({ "type": "kafka", "metadata": { "bootstrapServers": "kafka:9092",
        "consumerGroup": "orders", "topic": "orders", "lagThreshold": "1000" } });
    let cron = json!({ "type": "cron", "metadata": { "timezone": "Etc/UTC", "start": "0 8 * * *",
        "end": "0 18 * * *", "desiredReplicas": "3" } });
    let promql = asking("sum(rate(orders_total{shop=\"x\"}[2m]))");
    let scaled = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": metadata,
        "spec": { "scaleTargetRef": { "name": "orders" }, "minReplicaCount": 1,
            "triggers": [asking(PLAIN), kafka, promql, cron] } });
    vec![deployment, scaled]
}

type Histories = BTreeMap<String, (Value, Vec<Option<f64>>)>;

/// The series of triggers in a snapshot, by their names.
fn gathered(user: &User, kubeconfig: &Path, now: Timestamp, flags: &[&str]) -> Histories {
    let (out, now) = (user.path("out.jsonl"), format!("--now={now}"));
    let mut arguments = vec!["gather", "-A", "--history", "--window-days=1", &now];
    arguments.extend(flags);
    arguments.extend(["-o", out.to_str().unwrap()]);
    let said = user.run(kubeconfig, &arguments);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let text = fs::read_to_string(&out).unwrap();
    let lines = text.lines().map(|it| serde_json::from_str(it).unwrap());
    let series = lines.filter(|it: &Value| it["kind"] == "Series");
    let named = series.map(|it| {
        let values = it["values"].as_array().unwrap().iter();
        let values = values.map(Value::as_f64).collect();
        (
            it["metric"].as_str().unwrap().to_owned(),
            (it["start"].clone(), values),
        )
    });
    named.filter(|it| it.0.starts_with("trigger/")).collect()
}

#[track_caller]
fn assert_told(source: &str, found: &Histories) {
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["trigger/0", "trigger/1", "trigger/2", "trigger/3"],
        "{source}"
    );
    for (index, (begin, values)) in found.values().enumerate() {
        let begin = begin.as_i64().unwrap();
        assert_eq!(values.len(), 288, "{source} {index}");
        for (at, found) in (0..).zip(values) {
            let second = begin + 300 * at;
            let inside = (8 * HOUR..18 * HOUR).contains(&second.rem_euclid(24 * HOUR));
            let expected = match (index, inside) {
                (3, true) => 3.0,
                (3, false) => 0.0,
                _ => value(index, second),
            };
            assert_eq!(
                *found,
                Some(expected),
                "{source} trigger/{index} at {second}"
            );
        }
    }
}

#[test]
fn triggers_have_the_past_that_their_sources_told() {
    let runtime = runtime();
    let (moved, now) = runtime.block_on(async {
        let moved = Moved::start(Options {
            seed: Seed {
                objects: objects(),
                histories: vec![],
            },
            keda: true,
            keda_operator: true,
            triggers: [0, 1, 2].map(trace).to_vec(),
            ..options(&[])
        });
        let moved = moved.await;
        let now = moved.pass(2 * HOUR).await;
        (moved, now)
    });
    assert_eq!(now.duration_since(start()), SignedDuration::from_hours(2));
    let user = User::new();
    let kubeconfig = user.path("kubeconfig");
    moved.sandbox.write_kubeconfig(&kubeconfig).unwrap();
    assert_told("sandbox", &gathered(&user, &kubeconfig, now, &[]));
    if !prometheus::is_available() {
        return;
    }
    let text = user.path("history.txt");
    fs::write(&text, runtime.block_on(moved.text("/twin/backfill"))).unwrap();
    let blocks = user.path("blocks");
    fs::create_dir(&blocks).unwrap();
    backfill::create_blocks(&text, 54, &blocks).unwrap();
    let server = Prometheus::on(&blocks, &[]);
    // PromQL finds none of the orders there, and whether it is the trigger's server it cannot tell.
    let url = format!("--prometheus-url={}", server.url);
    for way in ["remote-read", "pods"] {
        let found = gathered(&user, &kubeconfig, now, &[&url, "--prometheus-read", way]);
        assert_told(way, &found);
    }
}
