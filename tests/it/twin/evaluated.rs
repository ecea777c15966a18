//! `triggers` beside a KEDA that runs: one object of each kind of trigger with a source that works,
//! and one whose source is gone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stepscale::sandbox::{Options, Seed, TriggerTrace};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use super::options;
use super::probation::Scene;
use super::workload::start;
use crate::rig::backfill;
use crate::rig::kafka::{Cluster, Door, World};
use crate::rig::process::free_port;
use crate::rig::prometheus::{self, Prometheus};

/// Requests a second of the service, and as many for each replica.
const RATE: f64 = 35.0;
const THRESHOLD: &str = "10";

/// What the group has not read of 10, 20 and 30.
const COMMITTED: [i64; 3] = [4, 20, 23];
const LAG: f64 = 13.0;

/// A Prometheus that has the rate from ten minutes ago until long after the test.
#[expect(clippy::disallowed_methods, reason = "a Prometheus answers for now")]
fn source(directory: &Path) -> Prometheus {
    let mut text = "# TYPE requests_per_second gauge\n".to_owned();
    let now = Timestamp::now().as_second();
    for second in (now - 600..now + 3 * 3600).step_by(60) {
        let _ = writeln!(text, "requests_per_second{{app=\"rate\"}} {RATE} {second}");
    }
    text.push_str("# EOF\n");
    let (file, blocks) = (directory.join("past.om"), directory.join("blocks"));
    fs::write(&file, text).unwrap();
    fs::create_dir(&blocks).unwrap();
    backfill::create_blocks(&file, 54, &blocks).unwrap();
    Prometheus::on(&blocks, &[])
}

fn objects(name: &str, trigger: &Value) -> [Value; 2] {
    let metadata = json!({ "name": name, "namespace": "shop" });
    let labels = json!({ "app": name });
    let container = json!({ "name": "app", "image": "registry.example/app:1",
        "resources": { "requests": { "cpu": "100m" } } });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": { "replicas": 2, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels },
                "spec": { "containers": [container] } } } });
    let scaled = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": metadata, "spec": { "scaleTargetRef": { "name": name },
            "minReplicaCount": 2, "maxReplicaCount": 9, "triggers": [trigger] } });
    [deployment, scaled]
}

fn query(address: &str) -> Value {
    json!({ "type": "prometheus", "metadata": { "serverAddress": address,
        "query": "sum(requests_per_second{app=\"rate\"})", "threshold": THRESHOLD,
        "ignoreNullValues": "false" } })
}

/// What KEDA is told; `None` while the source fails.
fn told(object: &str, value: Option<f64>) -> TriggerTrace {
    let grid = Grid::ending_at(start(), SignedDuration::from_hours(24), Step::ONE_MINUTE);
    let values = (0..grid.len()).map(|_| value);
    TriggerTrace {
        namespace: "shop".to_owned(),
        object: object.to_owned(),
        trigger: 0,
        values: Series::from_values(grid, values),
    }
}

fn scene(address: &str, brokers: &str) -> Scene {
    let cpu = json!({ "type": "cpu", "metricType": "Utilization", "metadata": { "value": "50" } });
    let lag = json!({ "type": "kafka", "metadata": { "bootstrapServers": brokers,
        "consumerGroup": "billing", "topic": "orders", "lagThreshold": "5" } });
    let cron = json!({ "type": "cron", "metadata": { "timezone": "Europe/Berlin",
        "start": "0 0 1 1 *", "end": "59 23 31 12 *", "desiredReplicas": "3" } });
    let gone = query(&format!("http://127.0.0.1:{}", free_port()));
    let [deployment, mut held] = objects("gone", &gone);
    held["spec"]["fallback"] = json!({ "failureThreshold": 2, "replicas": 6 });
    let all = [
        ("rate", query(address)),
        ("usage", cpu),
        ("lag", lag),
        ("clock", cron),
    ];
    let sound = all
        .iter()
        .flat_map(|(name, trigger)| objects(name, trigger));
    let options = Options {
        seed: Seed {
            objects: sound.chain([deployment, held]).collect(),
            histories: vec![],
        },
        triggers: vec![
            told("rate", Some(RATE)),
            told("lag", Some(LAG)),
            told("gone", None),
        ],
        ..options(&[])
    };
    // Long enough for KEDA to give the source up.
    Scene::begun(options, 10)
}

fn condition<'a>(item: &'a Value, kind: &str) -> &'a str {
    let all = item["keda"]["conditions"].as_array().unwrap();
    let found = all.iter().find(|it| it["type"] == kind);
    found.map_or("", |it| it["status"].as_str().unwrap())
}

#[test]
fn each_kind_of_trigger_is_evaluated_beside_what_keda_says() {
    if !prometheus::is_available() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let server = source(directory.path());
    let runtime = super::runtime();
    let brokers = runtime.block_on(async {
        let mut world = World::of("orders", &[10, 20, 30]);
        world.commit("billing", "orders", &COMMITTED);
        Cluster::start(1, world, Door::default()).await
    });
    let scene = scene(&server.url, &brokers.server());

    let report = scene
        .exits(4, &["triggers", "-ojson", "--timeout=60s"])
        .report(4);
    let item = |name: &str| {
        let mut items = report["items"].as_array().unwrap().iter();
        items.find(|it| it["name"] == name).unwrap()
    };
    for (name, value, replicas, via) in [
        ("rate", Some(RATE), Some(4), "direct"),
        ("lag", Some(LAG), Some(3), "direct"),
        ("usage", None, None, "metrics API"),
        ("clock", None, None, "clock"),
    ] {
        let (item, row) = (item(name), &item(name)["triggers"][0]);
        assert_eq!(
            (&row["state"], &row["via"]),
            (&json!("read"), &json!(via)),
            "{row}"
        );
        assert!(row["value"].is_number(), "{row}");
        if let Some(value) = value {
            assert_eq!(
                (row["value"].as_f64(), row["replicas"].as_i64()),
                (Some(value), replicas)
            );
            assert_eq!(item["desiredReplicas"].as_i64(), replicas, "{item}");
            assert_eq!(item["differences"], json!([]), "{item}");
        }
        assert_eq!(condition(item, "Ready"), "True", "{item}");
        assert_eq!(condition(item, "Fallback"), "False", "{item}");
        assert_eq!(item["hpa"]["name"], format!("keda-hpa-{name}"));
    }
    assert_eq!(item("rate")["hpa"]["desiredReplicas"], 4);
    let gone = item("gone");
    assert_eq!(gone["triggers"][0]["state"], "failed", "{gone}");
    assert_eq!(condition(gone, "Fallback"), "True", "{gone}");
    assert_eq!(
        gone["keda"]["failing"][0]["metric"], "s0-prometheus",
        "{gone}"
    );
    assert_eq!(gone["currentReplicas"], 6, "{gone}");

    let table = scene
        .exits(4, &["triggers", "so/gone", "--timeout=60s"])
        .stdout;
    assert!(table.contains("Fallback True"), "{table}");
    let table = scene
        .exits(0, &["triggers", "so/lag", "--timeout=60s"])
        .stdout;
    assert!(table.contains("0*   kafka   13 "), "{table}");
}
