//! A ScaledObject is changed and taken back as an HPA is; what it says of its triggers stays.

use serde_json::{Value, json};
use stepscale::autoscaler::AutoscalerKind;
use stepscale::cluster::{NameArgument, Namespaces, Scope};

use super::bench::Bench;
use super::hand::Hand;

fn triggers() -> Value {
    json!([
        {"type": "prometheus", "name": "load", "authenticationRef": {"name": "reader"},
            "metadata": {"serverAddress": "http://prometheus:9090", "threshold": "100",
                "query": "sum(rate(requests_total[2m]))  # per second"}},
        {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "40"}},
    ])
}

/// The path of a collection in the namespace of the bench.
fn path(bench: &Bench, group_version: &str, plural: &str) -> String {
    let namespace = &bench.namespace;
    format!("/apis/{group_version}/namespaces/{namespace}/{plural}")
}

fn objects(bench: &Bench) -> String {
    path(bench, "keda.sh/v1alpha1", "scaledobjects")
}

/// A ScaledObject from 6 to 20 replicas with the HPA that KEDA would have made of it.
fn scaled(bench: &Bench, hand: &Hand) {
    hand.deployment("orders");
    let object = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "orders", "annotations": { "team": "shop" } },
        "spec": { "scaleTargetRef": { "name": "orders" }, "minReplicaCount": 6,
            "maxReplicaCount": 20, "triggers": triggers() } });
    let made = hand.done("POST", &objects(bench), "application/json", &object);
    let owner = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "name": "orders", "uid": made["metadata"]["uid"], "controller": true });
    let cpu = json!({ "type": "Resource", "resource": { "name": "cpu",
        "target": { "type": "Utilization", "averageUtilization": 40 } } });
    let hpa = json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "keda-hpa-orders", "ownerReferences": [owner] },
        "spec": { "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment",
            "name": "orders" }, "minReplicas": 6, "maxReplicas": 20, "metrics": [cpu] } });
    hand.done("POST", &hand.hpas(), "application/json", &hpa);
    hand.fresh("keda-hpa-orders");
}

fn recommend(bench: &Bench, hand: &Hand, diff: &Value) {
    let path = path(bench, "stepscale.io/v1alpha1", "scalingrecommendations");
    let object = json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
        "metadata": { "name": "orders", "namespace": bench.namespace },
        "spec": { "targetRef": { "kind": "ScaledObject", "name": "orders" },
            "approved": true, "riskLevel": "low", "configDiff": diff } });
    hand.done("POST", &path, "application/json", &object);
}

fn read(bench: &Bench, hand: &Hand) -> Value {
    let path = format!("{}/orders", objects(bench));
    hand.done("GET", &path, "application/json", &Value::Null)
}

#[test]
fn a_scaled_object_is_changed_and_taken_back_without_a_trace() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    scaled(&bench, &hand);
    let before = read(&bench, &hand);
    recommend(
        &bench,
        &hand,
        &json!({ "min_replicas": { "from": 6, "to": 2 },
            "target_cpu_pct": { "from": 40, "to": 65 },
            "scale_down_cooldown_s": { "from": 300, "to": 600 },
            "trigger_thresholds": { "from": { "0": "100" }, "to": { "0": "80" } },
            "fallback": { "to": { "failureThreshold": 3, "replicas": 8 } } }),
    );
    bench.succeeds(&["apply", "orders"]);
    let applied = read(&bench, &hand);
    let spec = &applied["spec"];
    assert_eq!(spec["minReplicaCount"], 2);
    assert_eq!(spec["maxReplicaCount"], 20);
    let mut expected = triggers();
    expected[0]["metadata"]["threshold"] = json!("80");
    expected[1]["metadata"]["value"] = json!("65");
    assert_eq!(spec["triggers"], expected);
    assert_eq!(spec["fallback"]["replicas"], 8);
    let down = &spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"];
    assert_eq!(down["stabilizationWindowSeconds"], 600);
    assert_eq!(bench.phase("orders"), "applied");

    bench.succeeds(&["revert", "orders", "--reason", "a test"]);
    let after = read(&bench, &hand);
    assert_eq!(after["spec"], before["spec"]);
    let annotations = |it: &Value| it["metadata"]["annotations"].clone();
    assert_eq!(annotations(&after), annotations(&before));
    assert_eq!(bench.phase("orders"), "rolledBack");
}

#[test]
fn a_paused_one_and_one_that_was_changed_are_left_alone() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    scaled(&bench, &hand);
    recommend(
        &bench,
        &hand,
        &json!({ "min_replicas": { "from": 6, "to": 2 } }),
    );
    let path = format!("{}/orders", objects(&bench));
    let patch = |body: Value| hand.done("PATCH", &path, "application/merge-patch+json", &body);
    let paused = "autoscaling.keda.sh/paused";
    patch(json!({ "metadata": { "annotations": { paused: "true" } } }));
    let said = bench.run(&["apply", "orders"]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(said.stderr.contains("paused"), "{}", said.stderr);
    patch(json!({ "metadata": { "annotations": { paused: null } },
        "spec": { "minReplicaCount": 5 } }));
    let said = bench.run(&["apply", "orders"]);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    let why = "min_replicas is 5, was 6";
    assert!(said.stderr.contains(why), "{}", said.stderr);
    assert_eq!(read(&bench, &hand)["spec"]["minReplicaCount"], 5);
}

#[test]
fn the_hpa_of_a_scaled_object_is_no_autoscaler_of_its_own() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    scaled(&bench, &hand);
    let found = |names: Vec<NameArgument>| {
        let scope = Scope {
            namespaces: Namespaces::One(bench.namespace.clone()),
            selector: None,
            names,
        };
        hand.conduct(async |conductor| conductor.cluster.inventory(&scope).await)
    };
    let named = |kind, name: &str| {
        vec![NameArgument {
            kind,
            name: name.to_owned(),
        }]
    };
    let scaled = Some(AutoscalerKind::ScaledObject);
    for names in [vec![], named(None, "orders"), named(scaled, "orders")] {
        let fleet = found(names).unwrap();
        assert!(fleet.unread.is_empty(), "{:?}", fleet.unread);
        let [subject] = fleet.subjects.as_slice() else {
            panic!("{:?}", fleet.subjects);
        };
        let autoscaler = &subject.autoscaler;
        assert_eq!(Some(autoscaler.id.kind), scaled);
        assert_eq!(autoscaler.hpa(), "keda-hpa-orders");
        assert_eq!((autoscaler.min.0, autoscaler.max.0), (6, 20));
        assert_eq!(autoscaler.cpu_target().map(|it| it.percent), Some(40));
        // What the HPA reports is what the ScaledObject does.
        let active = &autoscaler.status.conditions[0];
        assert_eq!(active.kind, "ScalingActive");
        assert!(subject.rivals.is_empty() && subject.workload.is_ok());
    }
    let hpa = Some(AutoscalerKind::HorizontalPodAutoscaler);
    let missing = found(named(hpa, "orders")).unwrap_err().to_string();
    assert!(missing.contains("hpa/orders"), "{missing}");
}
