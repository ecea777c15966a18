//! The fleet's objects at the end of its history, as the API shows them.

mod autoscaling;
mod monitoring;
mod pods;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fleet::Fleet;
use super::super::fleet::random::{Random, mix};
use super::super::fleet::workload::{Kind, Workload};

/// Stands in annotations and environments of all objects: nobody but the API server may tell it.
pub(crate) const SECRET: &str = "hunter2";

/// The services that lead to the Prometheus.
pub(super) const PROMETHEUS: [&str; 2] =
    ["kube-prometheus-stack-prometheus", "prometheus-operated"];

/// The objects of `fleet`, with the services of a Prometheus if it is `monitored`.
pub(in crate::rig) fn of(fleet: &Fleet, monitored: bool) -> Vec<Value> {
    let namespaces = fleet.namespaces.iter().map(String::as_str);
    let mut objects: Vec<Value> = namespaces
        .chain(["monitoring"])
        .map(namespace_object)
        .collect();
    objects.push(rollouts());
    for workload in &fleet.workloads {
        add_workload(&mut objects, fleet, workload);
    }
    if monitored {
        objects.extend(monitoring::services());
    }
    objects
}

fn add_workload(objects: &mut Vec<Value>, fleet: &Fleet, workload: &Workload) {
    let now = fleet.span().end - 1;
    objects.push(workload_object(workload, now));
    if workload.kind.has_replica_sets() {
        let oldest = workload.generations.len().saturating_sub(3);
        for generation in oldest..workload.generations.len() {
            objects.push(replica_set(workload, generation, now));
        }
    }
    for pod in workload.living(now) {
        objects.push(pods::object(fleet, workload, pod, now));
        if pod.is_ready(now) {
            objects.push(pods::usage(workload, pod, now));
        }
    }
    if let Some(name) = &workload.autoscaler {
        objects.push(autoscaling::autoscaler(workload, name, now));
    }
    if workload.autoscaler.is_some() && workload.replicas >= 4 {
        objects.push(autoscaling::disruption_budget(workload, now));
    }
}

/// The kind of [`Kind::Rollout`].
pub(in crate::rig) fn rollouts() -> Value {
    let free = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let scale = json!({
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "rollouts.argoproj.io" },
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": {
                "kind": "Rollout",
                "listKind": "RolloutList",
                "plural": "rollouts",
                "singular": "rollout",
                "shortNames": ["ro"],
            },
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object",
                    "properties": { "spec": free, "status": free } } },
                "subresources": { "status": {}, "scale": scale },
            }],
        },
    })
}

/// RFC 3339, as the API writes times.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .expect("a second of our age")
        .to_string()
}

/// The UID of the object that `words` name.
fn uid(words: &[&str]) -> String {
    let seed = words
        .join("/")
        .bytes()
        .fold(0, |sum, byte| mix(sum ^ u64::from(byte)));
    Random::new(seed).uid()
}

fn workload_uid(workload: &Workload) -> String {
    uid(&[workload.kind.name(), &workload.namespace, &workload.name])
}

fn namespace_object(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "uid": uid(&["Namespace", name]),
            "resourceVersion": "1",
            "creationTimestamp": "2025-01-01T00:00:00Z",
            "labels": { "kubernetes.io/metadata.name": name },
        },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" },
    })
}

fn metadata(namespace: &str, name: &str, uid: &str, created: i64) -> Value {
    json!({
        "name": name,
        "namespace": namespace,
        "uid": uid,
        "resourceVersion": "4001",
        "generation": 3,
        "creationTimestamp": time(created),
        "annotations": { "kubectl.kubernetes.io/last-applied-configuration": SECRET },
        "managedFields": [{ "manager": SECRET, "operation": "Apply", "apiVersion": "v1" }],
    })
}

fn owner(api_version: &str, kind: &str, name: &str, uid: &str) -> Value {
    json!([{
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": true,
        "blockOwnerDeletion": true,
    }])
}

fn selector(workload: &Workload) -> Value {
    json!({ "app.kubernetes.io/name": workload.name })
}

fn workload_object(workload: &Workload, now: i64) -> Value {
    let created = workload.start - 60 * 86_400;
    let uid = workload_uid(workload);
    let mut metadata = metadata(&workload.namespace, &workload.name, &uid, created);
    metadata["labels"] = selector(workload);
    let (there, ready) = (workload.living(now).count(), workload.ready_at(now));
    let newest = workload.generations.len() - 1;
    let mut object = json!({
        "apiVersion": workload.kind.api_version(),
        "kind": workload.kind.name(),
        "metadata": metadata,
        "spec": {
            "replicas": workload.desired_at(now),
            "selector": { "matchLabels": selector(workload) },
            "template": pods::template(workload, newest),
        },
        "status": {
            "observedGeneration": 3,
            "replicas": there,
            "updatedReplicas": there,
            "readyReplicas": ready,
            "availableReplicas": ready,
        },
    });
    if workload.kind == Kind::Rollout {
        // Where its scale has the selector from.
        let selector = format!("app.kubernetes.io/name={}", workload.name);
        object["status"]["selector"] = json!(selector);
    }
    object
}

fn replica_set_uid(workload: &Workload, generation: usize) -> String {
    uid(&[
        "ReplicaSet",
        &workload.namespace,
        &workload.generations[generation].name,
    ])
}

fn replica_set(workload: &Workload, place: usize, now: i64) -> Value {
    let generation = &workload.generations[place];
    let uid = replica_set_uid(workload, place);
    let mut metadata = metadata(&workload.namespace, &generation.name, &uid, generation.from);
    let labels = pods::labels(workload, place);
    metadata["labels"] = labels.clone();
    metadata["ownerReferences"] = owner(
        workload.kind.api_version(),
        workload.kind.name(),
        &workload.name,
        &workload_uid(workload),
    );
    let mine = || workload.living(now).filter(|it| it.generation == place);
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": metadata,
        "spec": {
            "replicas": mine().count(),
            "selector": { "matchLabels": labels },
            "template": pods::template(workload, place),
        },
        "status": {
            "replicas": mine().count(),
            "readyReplicas": mine().filter(|it| it.is_ready(now)).count(),
        },
    })
}
