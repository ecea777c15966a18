//! Autoscalers that are held for a while: HPAs that a twin runs, and objects of a KEDA that the test
//! plays.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::probation::{Scene, busy, calm};
use super::workload::Workload;
use crate::rig::program::{Said, interrupt};

const OBJECTS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";
const JOBS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledjobs";
const HPAS: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";

fn scaled_object(name: &str, annotations: &Value) -> Value {
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": name, "annotations": annotations },
        "spec": { "scaleTargetRef": { "name": name }, "triggers": [
            { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "50" } }] } })
}

fn scaled_job(name: &str) -> Value {
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob", "metadata": { "name": name },
        "spec": { "jobTargetRef": { "template": { "spec": { "restartPolicy": "Never",
            "containers": [{ "name": "app", "image": "registry.example/app:1" }] } } },
            "triggers": [{ "type": "cron", "metadata": { "timezone": "Etc/UTC",
                "start": "0 6 * * *", "end": "0 8 * * *", "desiredReplicas": "2" } }] } })
}

fn hpa_of(name: &str) -> Value {
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": format!("keda-hpa-{name}") },
        "spec": { "minReplicas": 1, "maxReplicas": 9, "scaleTargetRef":
            { "apiVersion": "apps/v1", "kind": "Deployment", "name": name } } })
}

fn post(scene: &Scene, path: &str, object: &Value) {
    scene.runtime.block_on(scene.moved.post(path, object));
}

/// KEDA's word on whether it is paused.
fn tell_paused(scene: &Scene, path: &str, status: &str) {
    let conditions = json!([{ "type": "Ready", "status": "True" },
        { "type": "Paused", "status": status, "reason": "ScaledObjectPaused" }]);
    let patch = json!({ "status": { "conditions": conditions } });
    let path = format!("{path}/status");
    scene.runtime.block_on(scene.moved.merge(&path, &patch));
}

/// What somebody has written of an object, without what the server adds.
fn written(object: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().remove("status");
    let metadata = object["metadata"].as_object_mut().unwrap();
    for key in ["resourceVersion", "generation", "managedFields"] {
        metadata.remove(key);
    }
    object
}

fn begun(scene: &Scene, arguments: &[&str]) -> Child {
    let mut command = scene.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Asks until it is so; that it never is, the runner's own limit tells.
fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn annotation(object: &Value, key: &str) -> Option<String> {
    let annotation = &object["metadata"]["annotations"][key];
    annotation.as_str().map(str::to_owned)
}

#[test]
fn a_held_hpa_takes_no_pods_away_and_is_then_as_it_was() {
    let busy = Workload {
        containers: vec![("app", 500, Some(500))],
        ..Workload::new("web", 300, busy)
    };
    let scene = Scene::start(&[busy], 4);
    let replicas = || {
        scene.hpa("web")["status"]["currentReplicas"]
            .as_i64()
            .unwrap()
    };
    let before = written(&scene.hpa("web"));
    // At the end of a half hour of much load.
    scene.pass(40);
    let peak = replicas();
    assert!(peak > 8, "{peak}");
    let said = scene.exits(
        0,
        &["pause", "hpa/web", "--scale-in", "--reason", "load test"],
    );
    assert_eq!(
        said.stdout,
        "horizontalpodautoscaler.autoscaling/web paused\n"
    );
    let way_back = "`kubectl stepscale resume hpa/web -n shop` lets it scale again";
    assert!(said.stderr.contains(way_back), "{}", said.stderr);
    scene.pass(30);
    assert_eq!(replicas(), peak);
    let listed = scene.exits(0, &["pause", "--list"]).stdout;
    assert!(listed.contains("hpa/web"), "{listed}");
    assert!(listed.contains("load test"), "{listed}");

    let said = scene.exits(0, &["resume", "hpa/web"]);
    assert_eq!(
        said.stdout,
        "horizontalpodautoscaler.autoscaling/web resumed\n"
    );
    assert_eq!(written(&scene.hpa("web")), before);
    scene.pass(4);
    assert!(replicas() < peak);
    let said = scene.exits(0, &["resume", "hpa/web"]);
    assert!(said.stderr.contains("is not paused"), "{}", said.stderr);
    let log = std::fs::read_to_string(scene.home("state/stepscale/audit.log")).unwrap();
    for verb in [r#""verb":"pause""#, r#""verb":"resume""#] {
        assert_eq!(log.matches(verb).count(), 2, "{verb} {log}");
    }
}

#[test]
fn keda_is_waited_for_and_a_reconcile_changes_nothing() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    post(
        &scene,
        OBJECTS,
        &scaled_object("orders", &json!({ "team": "shop" })),
    );
    post(&scene, HPAS, &hpa_of("orders"));
    let path = format!("{OBJECTS}/orders");
    let hpa = format!("{HPAS}/keda-hpa-orders");
    let before = written(&scene.object(&path));

    // Nobody plays KEDA.
    let said = scene.exits(7, &["pause", "so/orders", "--scale-in", "--timeout=1s"]);
    let silent = "KEDA has told nothing of this object";
    assert!(said.stderr.contains(silent), "{}", said.stderr);
    scene.exits(0, &["resume", "so/orders", "--timeout=1s"]);
    assert_eq!(written(&scene.object(&path)), before);

    let pausing = ["pause", "so/orders", "--replicas=3", "--timeout=10m"];
    let child = begun(&scene, &pausing);
    let key = "autoscaling.keda.sh/paused-replicas";
    until(|| annotation(&scene.object(&path), key).is_some());
    scene.runtime.block_on(scene.moved.delete(&hpa));
    tell_paused(&scene, &path, "True");
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, "scaledobject.keda.sh/orders paused\n");

    // A reconcile writes the status, and a label as KEDA does.
    let label = json!({ "metadata": { "labels": { "scaledobject.keda.sh/name": "orders" } } });
    scene.runtime.block_on(scene.moved.merge(&path, &label));
    tell_paused(&scene, &path, "True");
    assert_eq!(annotation(&scene.object(&path), key).unwrap(), "3");

    let said = scene.exits(5, &["pause", "so/orders", "--scale-out"]);
    let already = "it is paused already: at 3 replicas by ";
    assert!(said.stderr.contains(already), "{}", said.stderr);
    let child = begun(&scene, &["resume", "so/orders", "--timeout=10m"]);
    until(|| annotation(&scene.object(&path), key).is_none());
    post(&scene, HPAS, &hpa_of("orders"));
    tell_paused(&scene, &path, "False");
    let said = Said::from(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let mut expected = before;
    expected["metadata"]["labels"] = json!({ "scaledobject.keda.sh/name": "orders" });
    assert_eq!(written(&scene.object(&path)), expected);
}

#[test]
fn what_others_own_or_have_paused_is_refused_with_the_way_out() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    let tracking = json!({ "argocd.argoproj.io/tracking-id":
        "shop:keda.sh/ScaledObject:shop/orders" });
    post(&scene, OBJECTS, &scaled_object("orders", &tracking));
    let by_hand = json!({ "autoscaling.keda.sh/paused": "true" });
    post(&scene, OBJECTS, &scaled_object("held", &by_hand));
    let before = scene.object(&format!("{OBJECTS}/orders"));

    let said = scene.exits(5, &["pause", "so/orders"]);
    let owner = "managed by the Argo CD application shop";
    assert!(said.stderr.contains(owner), "{}", said.stderr);
    assert!(
        said.stdout.contains("kind: ScaledObject"),
        "{}",
        said.stdout
    );
    let line = said
        .stdout
        .lines()
        .find(|it| it.contains("autoscaling.keda.sh/paused"));
    assert!(line.unwrap().contains("true"), "{}", said.stdout);
    assert_eq!(scene.object(&format!("{OBJECTS}/orders")), before);
    scene.exits(2, &["pause", "so/orders", "--force"]);
    let forced = [
        "pause",
        "so/orders",
        "--force",
        "--reason=fire",
        "--timeout=1s",
    ];
    scene.exits(7, &forced);
    let after = scene.object(&format!("{OBJECTS}/orders"));
    assert_eq!(
        annotation(&after, "autoscaling.keda.sh/paused").unwrap(),
        "true"
    );

    let said = scene.exits(5, &["pause", "so/held"]);
    let way_out = "kubectl annotate so/held -n shop autoscaling.keda.sh/paused-";
    assert!(said.stderr.contains(way_out), "{}", said.stderr);
    let said = scene.exits(5, &["resume", "so/held"]);
    assert!(said.stderr.contains("not by stepscale"), "{}", said.stderr);
    let listed = scene.exits(0, &["pause", "--list"]).stdout;
    for name in ["so/held", "so/orders"] {
        assert!(listed.contains(name), "{listed}");
    }
    scene.exits(3, &["pause", "so/none"]);
    scene.exits(5, &["pause", "hpa/good", "--replicas=0"]);
    scene.exits(2, &["pause", "good"]);
}

#[test]
fn a_watch_resumes_what_was_held_for_two_hours() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    post(
        &scene,
        OBJECTS,
        &scaled_object("orders", &json!({ "team": "shop" })),
    );
    post(&scene, OBJECTS, &scaled_object("open", &json!({})));
    post(&scene, JOBS, &scaled_job("reports"));
    let paths = [
        format!("{HPAS}/good"),
        format!("{OBJECTS}/orders"),
        format!("{JOBS}/reports"),
    ];
    let read = || -> Vec<Value> { paths.iter().map(|it| written(&scene.object(it))).collect() };
    let before = read();
    let said = scene.exits(0, &["pause", "hpa/good", "--replicas=5", "--for=2h"]);
    let by_watch = "a `kubectl stepscale watch --mode apply` resumes it then";
    assert!(said.stderr.contains(by_watch), "{}", said.stderr);
    let others = [
        "pause",
        "so/orders",
        "sj/reports",
        "--for=2h",
        "--timeout=1s",
    ];
    scene.exits(7, &others);
    scene.exits(7, &["pause", "so/open", "--timeout=1s"]);
    assert_eq!(scene.hpa("good")["spec"]["minReplicas"], 5);
    assert_eq!(scene.hpa("good")["spec"]["maxReplicas"], 5);

    let mut child = begun(&scene, &["watch", "--mode=apply", "--interval=10"]);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = String::new();
    let mut read_until = |what: &str, times: usize| {
        let mut found = 0;
        while found < times {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("no {what} in {log}"))
                .unwrap();
            found += usize::from(line.contains(what));
            log += &line;
            log.push('\n');
        }
    };
    read_until("reconcile tick", 2);
    let held = read();
    assert!(
        held.iter()
            .zip(&before)
            .all(|(held, before)| held != before)
    );
    scene.pass(119);
    read_until("reconcile tick", 2);
    assert_eq!(read(), held);
    scene.pass(2);
    read_until("resumed autoscaler", 3);
    // What it writes from now on is read by nobody in particular.
    std::thread::spawn(move || lines.for_each(drop));
    let (said, _) = interrupt(child, "TERM");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(read(), before);
    let open = scene.object(&format!("{OBJECTS}/open"));
    assert_eq!(
        annotation(&open, "autoscaling.keda.sh/paused").unwrap(),
        "true"
    );
    let events = scene.object("/api/v1/namespaces/shop/events");
    let events = events["items"].as_array().unwrap().iter();
    let resumed = events.filter(|it| it["reason"] == "Resumed");
    let by = |it: &Value| it["source"]["component"] == "stepscale-watch";
    assert_eq!(resumed.filter(|it| by(it)).count(), 3);
}
