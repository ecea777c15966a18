//! Pods, their templates and their usage.

use serde_json::{Map, Value, json};

use super::super::super::fleet::Fleet;
use super::super::super::fleet::labels::{self, Life};
use super::super::super::fleet::workload::{Container, Kind, Pod, Workload};

/// Labels of the pods of one generation.
pub(super) fn labels(workload: &Workload, generation: usize) -> Value {
    let mut labels = super::selector(workload);
    let hash = match workload.kind {
        Kind::Deployment => "pod-template-hash",
        Kind::Rollout => "rollouts-pod-template-hash",
        Kind::StatefulSet | Kind::DaemonSet => "controller-revision-hash",
    };
    labels[hash] = json!(workload.generations[generation].hash);
    labels
}

/// The pod template of one generation.
pub(super) fn template(workload: &Workload, generation: usize) -> Value {
    json!({
        "metadata": { "labels": super::selector(workload) },
        "spec": spec(workload, generation),
    })
}

fn spec(workload: &Workload, generation: usize) -> Value {
    let factor = workload.generations[generation].request_factor;
    let of = |native: bool| -> Vec<Value> {
        let chosen = workload
            .containers
            .iter()
            .filter(|it| it.native_sidecar == native);
        chosen.map(|it| container(workload, it, factor)).collect()
    };
    let mut spec = json!({ "containers": of(false), "restartPolicy": "Always" });
    let native = of(true);
    if !native.is_empty() {
        spec["initContainers"] = json!(native);
    }
    spec
}

fn container(workload: &Workload, container: &Container, factor: f64) -> Value {
    let mut resources = Map::new();
    for (name, cores) in [("requests", container.request), ("limits", container.limit)] {
        if let Some(cores) = cores {
            resources.insert(name.to_owned(), json!({ "cpu": quantity(cores * factor) }));
        }
    }
    let mut object = json!({
        "name": container.name,
        "image": labels::image(workload, container),
        "resources": resources,
        "env": [{ "name": "PASSWORD", "value": super::SECRET }],
        "args": [format!("--password={}", super::SECRET)],
    });
    if container.native_sidecar {
        object["restartPolicy"] = json!("Always");
    }
    object
}

/// `250m`, or `1` where it is whole.
fn quantity(cores: f64) -> String {
    let milli = (cores * 1000.0).round() as u64;
    match milli % 1000 {
        0 => (milli / 1000).to_string(),
        _ => format!("{milli}m"),
    }
}

/// A pod as it is at `now` (milliseconds).
pub(super) fn object(fleet: &Fleet, workload: &Workload, pod: &Pod, now: i64) -> Value {
    let mut metadata = super::metadata(&workload.namespace, &pod.name, &pod.uid, pod.created);
    metadata["labels"] = labels(workload, pod.generation);
    metadata["ownerReferences"] = owner(workload, pod);
    let mut spec = spec(workload, pod.generation);
    spec["nodeName"] = json!(fleet.nodes[pod.node]);
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": status(workload, pod, now),
    })
}

fn owner(workload: &Workload, pod: &Pod) -> Value {
    if workload.kind.has_replica_sets() {
        let name = &workload.generations[pod.generation].name;
        let uid = super::replica_set_uid(workload, pod.generation);
        return super::owner("apps/v1", "ReplicaSet", name, &uid);
    }
    let kind = workload.kind;
    super::owner(
        kind.api_version(),
        kind.name(),
        &workload.name,
        &super::workload_uid(workload),
    )
}

fn status(workload: &Workload, pod: &Pod, now: i64) -> Value {
    let ready = pod.is_ready(now);
    let statuses = |native: bool| -> Vec<Value> {
        let chosen = workload
            .containers
            .iter()
            .filter(|it| it.native_sidecar == native);
        chosen
            .map(|it| container_status(workload, pod, it, ready, now))
            .collect()
    };
    let since = if ready { pod.ready } else { pod.created };
    json!({
        "phase": "Running",
        "startTime": super::time(pod.created),
        "podIP": format!("10.244.{}.{}", pod.node, pod.seed % 254 + 1),
        "qosClass": "Burstable",
        "conditions": [
            condition("PodScheduled", true, pod.created),
            condition("Ready", ready, since),
        ],
        "containerStatuses": statuses(false),
        "initContainerStatuses": statuses(true),
    })
}

fn condition(kind: &str, holds: bool, since: i64) -> Value {
    let status = if holds { "True" } else { "False" };
    json!({ "type": kind, "status": status, "lastTransitionTime": super::time(since) })
}

fn container_status(
    workload: &Workload,
    pod: &Pod,
    container: &Container,
    ready: bool,
    now: i64,
) -> Value {
    let restart = pod
        .restart
        .filter(|it| container.name == "app" && it.at * 1000 <= now);
    let started = restart.map_or(pod.created, |it| it.at);
    let life = match restart {
        Some(it) if !it.keeps_series => Life::Second,
        _ => Life::First,
    };
    json!({
        "name": container.name,
        "image": labels::image(workload, container),
        "imageID": "",
        "containerID": format!("containerd://{}", labels::container_id(pod, container, life)),
        "ready": ready,
        "started": true,
        "restartCount": u32::from(restart.is_some()),
        "state": { "running": { "startedAt": super::time(started) } },
    })
}

/// What metrics.k8s.io says of a pod.
pub(super) fn usage(workload: &Workload, pod: &Pod, now: i64) -> Value {
    let containers = workload.containers.iter().enumerate().map(|(place, it)| {
        let cores = pod.weight * workload.share(place) * workload.usage(now);
        json!({
            "name": it.name,
            "usage": { "cpu": format!("{}n", (cores * 1e9).round()), "memory": "524288Ki" },
        })
    });
    json!({
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": {
            "name": pod.name,
            "namespace": workload.namespace,
            "creationTimestamp": super::time(now / 1000),
            "labels": labels(workload, pod.generation),
        },
        "timestamp": super::time(now / 1000),
        "window": "15s",
        "containers": containers.collect::<Vec<_>>(),
    })
}
