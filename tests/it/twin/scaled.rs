//! Changes of ScaledObjects, from the finding to the verdict, with a KEDA that runs them.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use stepscale::autoscaler::target::TargetRef;
use stepscale::history::{History, Metric};
use stepscale::sandbox::{Options, Seed, TriggerTrace};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use super::options;
use super::probation::Scene;
use crate::rig::program::{Said, interrupt};

const OBJECTS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";
const DEFINITION: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/scaledobjects.keda.sh";
const NAMES: [&str; 2] = ["mail", "orders"];

/// The past, in steps of 5 minutes.
const STEPS: usize = 14 * 24 * 12;

/// Every other half hour is busy, so that every hour has the peak.
fn is_busy(step: usize) -> bool {
    (step / 6) % 2 == 1
}

/// The past of a cluster that starts now: an analysis is kept only if it is of the present.
#[expect(
    clippy::disallowed_methods,
    reason = "the program that is tested goes by the clock"
)]
fn grid() -> Grid {
    let end = Timestamp::now().as_second().div_euclid(300) * 300;
    let length = SignedDuration::from_secs(STEPS as i64 * 300);
    let end = Timestamp::from_second(end).unwrap();
    Grid::ending_at(end, length, Step::FIVE_MINUTES)
}

/// Busy half hours need eleven pods of 500m at 70 %, and six are allowed.
fn history(grid: Grid) -> History {
    let series =
        |value: fn(usize) -> f64| Series::from_values(grid, (0..STEPS).map(|it| Some(value(it))));
    let mut history = History::default();
    let usage = |step: usize| if is_busy(step) { 3.6 } else { 1.3 };
    // Scaling down waits for five minutes, which is one step.
    let ready = |step: usize| match is_busy(step) || is_busy(step.saturating_sub(1)) {
        true => 6.0,
        false => 4.0,
    };
    history.insert(Metric::CpuUsage, series(usage));
    history.insert(Metric::ReadyReplicas, series(ready));
    history.insert(Metric::CpuRequest, Series::constant(grid, 0.5));
    history.insert(Metric::CpuLimit, Series::constant(grid, 1.0));
    history
}

/// Four triggers, with all that people write beside the numbers.
fn triggers(name: &str) -> Value {
    json!([
        { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "70" } },
        { "type": "prometheus", "name": "rate", "useCachedMetrics": true, "metadata": {
            "serverAddress": "http://prometheus.example:9090", "threshold": "100.50",
            "activationThreshold": "5", "ignoreNullValues": "false",
            "query": format!("sum(rate(requests_total{{app=\"{name}\"}}[2m]))  # a second") } },
        { "type": "kafka", "metadata": { "bootstrapServers": "kafka.example:9092",
            "consumerGroup": name, "topic": name, "lagThreshold": "50",
            "offsetResetPolicy": "latest" } },
        { "type": "cron", "metadata": { "timezone": "Europe/Berlin", "start": "0 6 * * 1-5",
            "end": "0 20 * * 1-5", "desiredReplicas": "4" } },
    ])
}

fn objects(name: &str) -> [Value; 2] {
    let metadata = json!({ "name": name, "namespace": "shop", "labels": { "team": "shop" } });
    let labels = json!({ "app": name });
    let container = json!({ "name": "app", "image": "registry.example/app:1",
        "resources": { "requests": { "cpu": "500m" }, "limits": { "cpu": "1" } } });
    let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
        "spec": { "replicas": 4, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels },
                "spec": { "containers": [container] } } } });
    let scaled = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": metadata, "spec": { "scaleTargetRef": { "name": name },
            "minReplicaCount": 4, "maxReplicaCount": 6, "pollingInterval": 15,
            "fallback": { "failureThreshold": 3, "replicas": 6 },
            "advanced": { "restoreToOriginalReplicaCount": true },
            "triggers": triggers(name) } });
    [deployment, scaled]
}

/// What the source of a trigger always tells.
fn told(name: &str, trigger: usize, values: Series) -> TriggerTrace {
    TriggerTrace {
        namespace: "shop".to_owned(),
        object: name.to_owned(),
        trigger,
        values,
    }
}

fn scene() -> Scene {
    let target = |name: &str| TargetRef {
        namespace: "shop".to_owned(),
        kind: "Deployment".to_owned(),
        name: name.to_owned(),
    };
    let grid = grid();
    let options = Options {
        start: grid.end(),
        seed: Seed {
            objects: NAMES.into_iter().flat_map(objects).collect(),
            histories: NAMES.map(|it| (target(it), history(grid))).to_vec(),
        },
        triggers: NAMES
            .iter()
            .flat_map(|it| {
                let always = |value| Series::constant(grid, value);
                [told(it, 1, always(201.0)), told(it, 2, always(60.0))]
            })
            .collect(),
        ..options(&[])
    };
    Scene::begun(options, 5)
}

/// Makes KEDA's kind one of a version that is still to come, and writes its fields.
fn write_newer_fields(scene: &Scene) {
    let mut definition = scene.object(DEFINITION);
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties";
    let fields = definition.pointer_mut(spec).unwrap();
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    fields["newerSetting"] = open;
    fields["triggers"]["items"]["properties"]["newerWord"] = json!({ "type": "string" });
    let versions = json!({ "spec": { "versions": definition["spec"]["versions"] } });
    scene
        .runtime
        .block_on(scene.moved.merge(DEFINITION, &versions));
    for name in NAMES {
        let mut triggers = triggers(name);
        triggers[1]["newerWord"] = json!("kept");
        let patch = json!({ "spec": { "triggers": triggers,
            "newerSetting": { "b": [1, { "c": 2.5 }], "a": null, "d": "" } } });
        let path = format!("{OBJECTS}/{name}");
        scene.runtime.block_on(scene.moved.merge(&path, &patch));
    }
}

/// What the server sends as `spec`, byte for byte.
fn spec(scene: &Scene, name: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Object {
        spec: Box<RawValue>,
    }
    let path = format!("{OBJECTS}/{name}");
    let text = scene.runtime.block_on(scene.moved.text(&path));
    let object: Object = serde_json::from_str(&text).unwrap();
    object.spec.get().to_owned()
}

fn ready(scene: &Scene, name: &str) -> Value {
    let path = format!("/apis/apps/v1/namespaces/shop/deployments/{name}");
    scene.object(&path)["status"]["readyReplicas"].clone()
}

#[test]
fn a_scaled_object_is_analyzed_changed_and_verified_or_taken_back() {
    let scene = scene();
    write_newer_fields(&scene);
    scene.pass(25);
    let before = NAMES.map(|it| spec(&scene, it));
    assert!(before[0].contains("newerWord") && before[0].contains("newerSetting"));

    let report = scene.exits(0, &["analyze", "-ojson"]).report(0);
    let maximum = |it: &Value| {
        assert_eq!(it["kind"], "ScaledObject", "{it}");
        assert_eq!(it["outcome"], "recommended", "{it}");
        let findings = it["findings"].as_array().unwrap();
        assert!(
            findings.iter().any(|it| it["code"] == "pinned-at-max"),
            "{it}"
        );
        assert_eq!(it["configDiff"].as_object().unwrap().len(), 1, "{it}");
        it["configDiff"]["max_replicas"]["to"].as_u64().unwrap()
    };
    let items = report["items"].as_array().unwrap();
    let [mail, orders]: [u64; 2] = items
        .iter()
        .map(maximum)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!(mail, orders);
    let changed = |it: &String| {
        let to = format!("\"maxReplicaCount\":{orders}");
        let changed = it.replace("\"maxReplicaCount\":6", &to);
        assert_ne!(*it, changed);
        changed
    };

    scene.exits(0, &["apply", "so/orders"]);
    let most = "--slo=pods=kube_deployment_status_replicas_ready{namespace=\"{namespace}\",\
        deployment=\"{target}\"} <= 6";
    scene.exits(0, &["apply", "so/mail"]);
    for (name, before) in NAMES.iter().zip(&before) {
        assert_eq!(scene.phase(name), "applied");
        assert_eq!(spec(&scene, name), changed(before));
        let hpa = format!("keda-hpa-{name}");
        scene.pass(1);
        assert_eq!(scene.hpa(&hpa)["spec"]["maxReplicas"], orders);
    }
    scene.pass(20);
    // The half hour is a busy one.
    assert!(ready(&scene, "orders").as_u64().unwrap() > 6);
    let said = scene.exits(6, &["verify", "so/mail", most]);
    assert!(
        said.stderr.contains("rolledBack: SLO pods is not met"),
        "{}",
        said.stderr
    );
    assert_eq!(scene.phase("mail"), "rolledBack");
    assert_eq!(spec(&scene, "mail"), before[0]);

    scene.pass(40);
    scene.exits(0, &["verify", "so/orders"]);
    let record = scene.record("orders");
    assert_eq!(record["status"]["phase"], "verified", "{record}");
    assert_eq!(record["status"]["detail"], "healthy after probation");
    assert_eq!(spec(&scene, "orders"), changed(&before[1]));
    assert_eq!(ready(&scene, "mail"), 6);
    assert_eq!(scene.hpa("keda-hpa-mail")["spec"]["maxReplicas"], 6);

    // What proved itself can be taken back all the same, and leaves nothing behind.
    scene.exits(0, &["revert", "so/orders", "--reason", "a test"]);
    assert_eq!(spec(&scene, "orders"), before[1]);
    let object = scene.object(&format!("{OBJECTS}/orders"));
    assert!(object["metadata"]["annotations"].is_null(), "{object}");
}

/// The command that waits for KEDA, which acts as soon as time passes.
fn with_keda(scene: &Scene, arguments: &[&str], is_written: impl Fn(&Value) -> bool) -> Said {
    let mut command = scene.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while !is_written(&scene.object(&format!("{OBJECTS}/orders"))) {
        std::thread::sleep(Duration::from_millis(20));
    }
    scene.pass(1);
    Said::from(child.wait_with_output().unwrap())
}

fn is_paused(object: &Value) -> bool {
    object["metadata"]["annotations"]["autoscaling.keda.sh/paused"] == "true"
}

/// Status of the condition `Paused`.
fn paused(object: &Value) -> Value {
    let all = object["status"]["conditions"].as_array().unwrap();
    let found = all.iter().find(|it| it["type"] == "Paused");
    found.unwrap()["status"].clone()
}

#[test]
fn a_pause_of_two_hours_outlives_reconciles_and_is_ended_by_a_watch() {
    let scene = scene();
    let path = format!("{OBJECTS}/orders");
    let before = spec(&scene, "orders");
    let pausing = [
        "pause",
        "so/orders",
        "--for=2h",
        "--reason=fair",
        "--timeout=10m",
    ];
    let said = with_keda(&scene, &pausing, is_paused);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, "scaledobject.keda.sh/orders paused\n");
    let hpas = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";
    let count = || scene.object(hpas)["items"].as_array().unwrap().len();
    assert_eq!(count(), 1, "KEDA deletes the HPA");
    let held = ready(&scene, "orders");

    let mut command = scene.command(&["watch", "--mode=apply", "--interval=10"]);
    let mut child = command
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut told = |what: &str| {
        let found = log.find(|it| it.as_ref().unwrap().contains(what));
        found.expect("a watch that goes on").unwrap()
    };
    told("reconcile tick");
    // KEDA reconciles what somebody touches, and again and again by itself.
    for minutes in [30, 40, 45] {
        let touched = json!({ "metadata": { "labels": { "touched": minutes.to_string() } } });
        scene.runtime.block_on(scene.moved.merge(&path, &touched));
        scene.pass(minutes);
        told("reconcile tick");
        let object = scene.object(&path);
        assert!(is_paused(&object) && paused(&object) == "True", "{object}");
        assert_eq!((count(), ready(&scene, "orders")), (1, held.clone()));
    }
    assert_eq!(spec(&scene, "orders"), before);
    scene.pass(4);
    told("resumed autoscaler");
    std::thread::spawn(move || log.for_each(drop));
    let (said, _) = interrupt(child, "TERM");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    scene.pass(1);
    let object = scene.object(&path);
    assert!(
        !is_paused(&object) && paused(&object) == "False",
        "{object}"
    );
    assert_eq!((count(), spec(&scene, "orders")), (2, before));
    let events = scene.object("/api/v1/namespaces/shop/events");
    let mut events = events["items"].as_array().unwrap().iter();
    assert!(
        events.any(|it| it["reason"] == "Resumed"),
        "the object has an event"
    );
}
