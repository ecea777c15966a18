use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn now() -> jiff::Timestamp {
    "2026-01-01T02:00:00Z".parse().unwrap()
}

/// The cells of an object, without its name.
fn cells(group: &str, version: &str, object: &Value) -> Vec<Value> {
    let columns = of(group, version, object["kind"].as_str().unwrap());
    let columns = columns.iter().filter(|it| it.format != "name");
    let cell = |it: &Column| match &it.cell {
        Cell::Made(make) => make(object, now()),
        Cell::Path(path) => json!(path),
    };
    columns.map(cell).collect()
}

fn status(state: Value, is_ready: bool, restarts: i64) -> Value {
    json!({ "name": "a", "state": state, "ready": is_ready, "restartCount": restarts,
        "lastState": { "terminated": { "finishedAt": "2026-01-01T01:00:00Z" } } })
}

/// Ready, status and restarts of a pod with two containers and the sidecar `a`.
fn shown(status: Value) -> String {
    let containers = json!([{ "name": "x" }, { "name": "y" }]);
    let sidecar = json!([{ "name": "a", "restartPolicy": "Always" }, { "name": "i" }]);
    let pod = json!({ "kind": "Pod", "spec": { "containers": containers, "initContainers": sidecar },
        "status": status });
    let cells = cells("", "v1", &pod);
    let texts: Vec<&str> = cells.iter().filter_map(Value::as_str).take(3).collect();
    texts.join(" ")
}

/// All of these were tried on a server.
#[test]
fn the_status_of_a_pod_sums_up_its_containers() {
    let running = json!({ "running": {} });
    let waiting = |reason: &str| json!({ "waiting": { "reason": reason } });
    let ended = |code: i64, reason: &str, signal: i64| json!({ "terminated": { "exitCode": code, "reason": reason, "signal": signal } });
    let ready = json!([{ "type": "Ready", "status": "True" }]);
    let (completed, up) = (ended(0, "Completed", 0), status(running.clone(), true, 0));
    let done = status(completed.clone(), false, 0);
    for (status, expected) in [
        (json!({ "phase": "Pending" }), "0/3 Pending 0"),
        (
            json!({ "phase": "Failed", "reason": "Evicted" }),
            "0/3 Evicted 0",
        ),
        (
            json!({ "phase": "Pending",
                "conditions": [{ "type": "PodScheduled", "reason": "SchedulingGated" }] }),
            "0/3 SchedulingGated 0",
        ),
        (
            json!({ "containerStatuses": [status(waiting("CrashLoopBackOff"), false, 7), up] }),
            "1/3 CrashLoopBackOff 7 (60m ago)",
        ),
        (
            json!({ "containerStatuses": [done, done] }),
            "0/3 Completed 0",
        ),
        (json!({ "containerStatuses": [done, up] }), "1/3 NotReady 0"),
        (
            json!({ "containerStatuses": [done, up], "conditions": ready }),
            "1/3 Running 0",
        ),
        (
            json!({ "containerStatuses": [done, status(ended(2, "Error", 0), false, 0)] }),
            "0/3 Error 0",
        ),
        (
            json!({ "containerStatuses": [status(ended(2, "", 9), false, 0)] }),
            "0/3 Signal:9 0",
        ),
        (
            json!({ "initContainerStatuses": [status(waiting("PodInitializing"), false, 0)] }),
            "0/3 Init:0/2 0",
        ),
        (
            json!({ "initContainerStatuses": [status(ended(3, "", 0), false, 4)] }),
            "0/3 Init:ExitCode:3 4 (60m ago)",
        ),
        (
            json!({ "initContainerStatuses": [status(waiting("ErrImagePull"), false, 0)] }),
            "0/3 Init:ErrImagePull 0",
        ),
        (
            json!({ "initContainerStatuses": [
                { "name": "a", "started": true, "ready": true, "restartCount": 2, "state": running },
                { "name": "i", "restartCount": 9, "state": completed },
            ], "containerStatuses": [up] }),
            "2/3 Running 2 (60m ago)",
        ),
    ] {
        let mut status = status;
        if status["phase"].is_null() {
            status["phase"] = json!("Running");
        }
        assert_eq!(shown(status.clone()), expected, "{status}");
    }
}

#[test]
fn a_pod_that_is_deleted_terminates() {
    let status = |phase: &str, reason: &str| {
        let pod = json!({ "kind": "Pod", "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" },
            "status": { "phase": phase, "reason": reason } });
        cells("", "v1", &pod)[1].clone()
    };
    assert_eq!(status("Running", ""), "Terminating");
    assert_eq!(status("Succeeded", ""), "Succeeded");
    assert_eq!(status("Running", "NodeLost"), "Unknown");
}

/// Metrics of v1 other than the one of CPU are in an annotation.
#[test]
fn an_older_autoscaler_shows_the_targets_of_a_newer_one() {
    let metrics = r#"[{"type":"Pods","pods":{"metricName":"requests","targetAverageValue":"5"}}]"#;
    let now = r#"[{"type":"Pods","pods":{"metricName":"requests","currentAverageValue":"3"}},
        {"type":"Resource","resource":{"name":"cpu","currentAverageUtilization":40}}]"#;
    let hpa = json!({ "kind": "HorizontalPodAutoscaler", "apiVersion": "autoscaling/v1",
        "metadata": { "annotations": { "autoscaling.alpha.kubernetes.io/metrics": metrics,
            "autoscaling.alpha.kubernetes.io/current-metrics": now } },
        "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "maxReplicas": 4,
            "targetCPUUtilizationPercentage": 80 },
        "status": { "currentReplicas": 2 } });
    let cells = cells("autoscaling", "v1", &hpa);
    let shown = ["Deployment/web", "3/5, cpu: 40%/80%", "<unset>"];
    assert_eq!(&cells[..3], &shown.map(Value::from));
}

#[test]
fn an_autoscaler_shows_two_targets() {
    let resource = |name: &str, target: Value| json!({ "type": "Resource", "resource": { "name": name, "target": target } });
    let cpu = resource("cpu", json!({ "averageUtilization": 50 }));
    let memory = resource("memory", json!({ "averageValue": "0.5Gi" }));
    let object = json!({ "type": "Object", "object": { "target": { "averageValue": "10" } } });
    let external = json!({ "type": "External", "external": { "target": { "value": "10000" } } });
    let now =
        json!({ "type": "Resource", "resource": { "current": { "averageUtilization": 30 } } });
    for (metrics, current, expected) in [
        (json!([]), json!([]), "<none>"),
        (json!([cpu]), json!(null), "cpu: <unknown>/50%"),
        (json!([cpu]), json!([now]), "cpu: 30%/50%"),
        (
            json!([memory, object]),
            json!([]),
            "memory: <unknown>/512Mi, <unknown>/10 (avg)",
        ),
        (
            json!([cpu, memory, external]),
            json!([now]),
            "cpu: 30%/50%, memory: <unknown>/512Mi + 1 more...",
        ),
        (
            json!([external]),
            json!([{ "external": { "current": { "value": "7" } } }]),
            "7/10k",
        ),
        (json!([{ "type": "New" }]), json!([]), "<unknown type>"),
    ] {
        let hpa = json!({ "kind": "HorizontalPodAutoscaler",
            "metadata": { "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "maxReplicas": 5,
                "metrics": metrics },
            "status": { "currentMetrics": current, "currentReplicas": 3 } });
        let cells = cells("autoscaling", "v2", &hpa);
        let all = json!(["Deployment/web", expected, "<unset>", 5, 3, "120m"]);
        assert_eq!(Value::Array(cells), all);
    }
}

#[test]
fn workloads_show_their_pods() {
    let template = json!({ "spec": { "containers": [
        { "name": "a", "image": "i" }, { "name": "b", "image": "j" },
    ] } });
    let workload = |kind: &str| {
        json!({ "kind": kind, "metadata": { "creationTimestamp": "2026-01-01T01:59:00Z" },
            "spec": { "replicas": 3, "selector": { "matchLabels": { "app": "web" } },
                "template": template },
            "status": { "replicas": 4, "readyReplicas": 2, "updatedReplicas": 1 } })
    };
    for (kind, expected) in [
        (
            "Deployment",
            json!(["2/3", 1, 0, "60s", "a,b", "i,j", "app=web"]),
        ),
        (
            "ReplicaSet",
            json!([3, 4, 2, "60s", "a,b", "i,j", "app=web"]),
        ),
        ("StatefulSet", json!(["2/3", "60s", "a,b", "i,j"])),
    ] {
        assert_eq!(Value::Array(cells("apps", "v1", &workload(kind))), expected);
    }
}

#[test]
fn services_and_endpoints_show_where_they_lead() {
    let service = |spec: Value| cells("", "v1", &json!({ "kind": "Service", "spec": spec }));
    let ports = json!([{ "port": 80, "protocol": "TCP" }, { "port": 53, "protocol": "UDP", "nodePort": 30000 }]);
    for (spec, expected) in [
        (
            json!({ "type": "ClusterIP", "clusterIPs": ["10.0.0.1"], "ports": ports }),
            ["10.0.0.1", "<none>", "80/TCP,53:30000/UDP"],
        ),
        (
            json!({ "type": "LoadBalancer" }),
            ["<none>", "<pending>", "<none>"],
        ),
        (
            json!({ "type": "NodePort", "externalIPs": ["1.1.1.1", "2.2.2.2"] }),
            ["<none>", "1.1.1.1,2.2.2.2", "<none>"],
        ),
    ] {
        assert_eq!(service(spec)[1..4], expected.map(Value::from));
    }
    let endpoints = json!({ "kind": "Endpoints", "subsets": [{
        "addresses": [{ "ip": "1.1.1.1" }, { "ip": "fd00::1" }],
        "ports": [{ "port": 80 }, { "port": 81 }],
    }] });
    let expected = "1.1.1.1:80,[fd00::1]:80,1.1.1.1:81 + 1 more...";
    assert_eq!(cells("", "v1", &endpoints)[0], expected);
}

#[test]
fn events_of_both_groups_show_the_same() {
    let old = json!({ "kind": "Event", "involvedObject": { "kind": "Pod", "name": "p" },
        "source": { "component": "c", "host": "h" }, "message": " m\n", "count": 4, "reason": "R",
        "type": "Normal",
        "firstTimestamp": "2026-01-01T01:00:00Z", "lastTimestamp": "2026-01-01T01:59:00Z" });
    let new = json!({ "kind": "Event", "regarding": { "kind": "Pod", "name": "p" },
        "reportingController": "c", "reportingInstance": "h", "note": "m", "reason": "R",
        "type": "Normal", "eventTime": "2026-01-01T01:00:00.000000Z",
        "series": { "count": 4, "lastObservedTime": "2026-01-01T01:59:00.000000Z" } });
    let expected = json!(["60s", "Normal", "R", "pod/p", "", "c, h", "m", "60m", 4]);
    assert_eq!(Value::Array(cells("", "v1", &old)), expected);
    assert_eq!(Value::Array(cells("events.k8s.io", "v1", &new)), expected);
}

#[test]
fn metrics_are_summed_over_containers() {
    let pod = json!({ "kind": "PodMetrics", "window": "30s", "containers": [
        { "usage": { "cpu": "250m", "memory": "1Mi" } }, { "usage": { "cpu": "1", "memory": "1024Ki" } },
    ] });
    let expected = json!(["1250m", "2Mi", "30s"]);
    assert_eq!(
        Value::Array(cells("metrics.k8s.io", "v1beta1", &pod)),
        expected
    );
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9:%-]{0,4}".prop_map(Value::from)
    ];
    let keys = vec![
        "metadata",
        "spec",
        "status",
        "containers",
        "containerStatuses",
        "initContainers",
        "state",
        "terminated",
        "exitCode",
        "metrics",
        "resource",
        "target",
        "type",
        "ports",
        "subsets",
        "addresses",
        "port",
        "conditions",
        "selector",
        "matchLabels",
        "restartCount",
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_panics(spec in anything(), status in anything()) {
        for (group, kind) in [
            ("", "Pod"), ("", "Service"), ("", "Node"), ("", "Event"), ("", "Endpoints"),
            ("apps", "Deployment"), ("batch", "Job"), ("batch", "CronJob"),
            ("autoscaling", "HorizontalPodAutoscaler"), ("policy", "PodDisruptionBudget"),
            ("metrics.k8s.io", "PodMetrics"), ("rbac.authorization.k8s.io", "RoleBinding"),
        ] {
            let mut object = json!({ "kind": kind, "spec": spec, "status": status });
            object["subsets"] = spec.clone();
            object["containers"] = spec.clone();
            cells(group, "v2", &object);
        }
    }
}
