//! A ScaledJob is listed, changed and taken back as other autoscalers are; what it says of its jobs
//! stays.

use serde_json::{Value, json};
use stepscale::autoscaler::AutoscalerKind;
use stepscale::cluster::{NameArgument, Namespaces, Scope};

use super::bench::Bench;
use super::hand::Hand;

fn objects(bench: &Bench) -> String {
    let namespace = &bench.namespace;
    format!("/apis/keda.sh/v1alpha1/namespaces/{namespace}/scaledjobs")
}

fn spec() -> Value {
    json!({
        "jobTargetRef": { "backoffLimit": 2, "template": { "spec": { "restartPolicy": "Never",
            "containers": [{ "name": "app", "image": "registry.example/app:1",
                "env": [{ "name": "QUEUE", "value": "mail" }],
                "resources": { "requests": { "cpu": "250m" } } }] } } },
        "maxReplicaCount": 4,
        "scalingStrategy": { "strategy": "accurate", "multipleScalersCalculation": "sum" },
        "triggers": [{ "type": "prometheus", "name": "queue", "metadata": {
            "serverAddress": "http://prometheus:9090", "threshold": "1", "query": "mail  # length" } }]
    })
}

fn mail(bench: &Bench, hand: &Hand) {
    let object = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
        "metadata": { "name": "mail", "annotations": { "team": "shop" } }, "spec": spec() });
    hand.done("POST", &objects(bench), "application/json", &object);
}

/// KEDA's word on whether its triggers can be read.
fn tell_ready(bench: &Bench, hand: &Hand) {
    let ready = json!({ "type": "Ready", "status": "True", "reason": "ScaledJobReady" });
    let status = json!({ "status": { "conditions": [ready] } });
    let path = format!("{}/mail/status", objects(bench));
    hand.done("PATCH", &path, "application/merge-patch+json", &status);
}

fn recommend(bench: &Bench, hand: &Hand, diff: &Value) {
    let namespace = &bench.namespace;
    let path = format!("/apis/stepscale.io/v1alpha1/namespaces/{namespace}/scalingrecommendations");
    let object = json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
        "metadata": { "name": "mail", "namespace": namespace },
        "spec": { "targetRef": { "kind": "ScaledJob", "name": "mail" },
            "approved": true, "riskLevel": "low", "configDiff": diff } });
    hand.done("POST", &path, "application/json", &object);
}

fn read(bench: &Bench, hand: &Hand) -> Value {
    let path = format!("{}/mail", objects(bench));
    hand.done("GET", &path, "application/json", &Value::Null)
}

#[test]
fn a_scaled_job_is_changed_and_taken_back_without_a_trace() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    mail(&bench, &hand);
    let before = read(&bench, &hand);
    recommend(
        &bench,
        &hand,
        &json!({ "max_replicas": { "from": 4, "to": 8 },
            "scaling_strategy": { "from": "accurate", "to": "default" },
            "polling_interval_s": { "from": 30, "to": 10 } }),
    );
    let said = bench.run(&["apply", "mail"]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(said.stderr.contains("stale metrics"), "{}", said.stderr);
    tell_ready(&bench, &hand);
    bench.succeeds(&["apply", "mail"]);
    let mut expected = before["spec"].clone();
    expected["maxReplicaCount"] = json!(8);
    expected["pollingInterval"] = json!(10);
    expected["scalingStrategy"]["strategy"] = json!("default");
    assert_eq!(read(&bench, &hand)["spec"], expected);
    assert_eq!(bench.phase("mail"), "applied");

    bench.succeeds(&["revert", "mail", "--reason", "a test"]);
    let after = read(&bench, &hand);
    assert_eq!(after["spec"], before["spec"]);
    let annotations = |it: &Value| it["metadata"]["annotations"].clone();
    assert_eq!(annotations(&after), annotations(&before));
    assert_eq!(bench.phase("mail"), "rolledBack");
}

#[test]
fn a_scaled_job_is_an_autoscaler_and_analyzed_with_what_is_known() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    mail(&bench, &hand);
    let scope = Scope {
        namespaces: Namespaces::One(bench.namespace.clone()),
        selector: None,
        names: vec![NameArgument {
            kind: Some(AutoscalerKind::ScaledJob),
            name: "mail".to_owned(),
        }],
    };
    let fleet = hand.conduct(async |conductor| conductor.cluster.inventory(&scope).await);
    let fleet = fleet.unwrap();
    assert!(fleet.unread.is_empty(), "{:?}", fleet.unread);
    let [subject] = fleet.subjects.as_slice() else {
        panic!("{:?}", fleet.subjects);
    };
    assert_eq!(subject.autoscaler.max.0, 4);
    let workload = subject.workload.as_ref().unwrap();
    assert_eq!(workload.cpu_request().map(|it| it.0), Some(0.25));

    let said = bench.run(&["analyze", "sj/mail", "--no-prometheus", "-o", "json"]);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let text = report.to_string();
    assert!(text.contains("nothing is known of trigger 0"), "{text}");
    assert!(text.contains(r#""kind":"ScaledJob""#), "{text}");
}
