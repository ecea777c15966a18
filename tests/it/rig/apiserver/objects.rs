//! The fleet's objects at the end of its history, as the API shows them.

mod autoscaling;
mod monitoring;
mod pods;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::fleet::Fleet;
use super::super::fleet::random::{Random, mix};
use super::super::fleet::workload::{Kind, Workload};
use super::resources::Resource;

/// Stands in annotations and environments of all objects: nobody but the API server may tell it.
pub(crate) const SECRET: &str = "hunter2";

/// Objects by resource, each resource sorted by namespace and name, as lists are.
#[derive(Debug)]
pub(super) struct Objects(BTreeMap<String, BTreeMap<(String, String), Value>>);

impl Objects {
    /// The objects of `fleet`, with the services of a Prometheus if it is `monitored`.
    pub(super) fn of(fleet: &Fleet, monitored: bool) -> Self {
        let mut objects = Self(BTreeMap::new());
        for namespace in fleet
            .namespaces
            .iter()
            .map(String::as_str)
            .chain(["monitoring"])
        {
            objects.add("namespaces", namespace_object(namespace));
        }
        for workload in &fleet.workloads {
            objects.add_workload(fleet, workload);
        }
        for service in monitoring::services().into_iter().filter(|_| monitored) {
            objects.add("services", service);
        }
        objects
    }

    /// One object; a namespace for kinds that have one.
    pub(super) fn get(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        name: &str,
    ) -> Option<&Value> {
        let key = (namespace.unwrap_or_default().to_owned(), name.to_owned());
        self.0.get(&resource.qualified())?.get(&key)
    }

    /// All objects, or those of one namespace.
    pub(super) fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = &Value> {
        let all = self.0.get(&resource.qualified()).into_iter().flatten();
        let wanted = namespace.map(str::to_owned);
        all.filter(move |it| wanted.as_ref().is_none_or(|wanted| it.0.0 == *wanted))
            .map(|it| it.1)
    }

    /// `resource` as [`Resource::qualified`] has it.
    fn add(&mut self, resource: &str, object: Value) {
        let text = |name: &str| {
            object["metadata"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let key = (text("namespace"), text("name"));
        self.0
            .entry(resource.to_owned())
            .or_default()
            .insert(key, object);
    }

    fn add_workload(&mut self, fleet: &Fleet, workload: &Workload) {
        let now = fleet.span().end - 1;
        let resource = match workload.kind {
            Kind::Deployment => "deployments.apps",
            Kind::StatefulSet => "statefulsets.apps",
            Kind::Rollout => "rollouts.argoproj.io",
            Kind::DaemonSet => "daemonsets.apps",
        };
        self.add(resource, workload_object(workload, now));
        if workload.kind.has_replica_sets() {
            let oldest = workload.generations.len().saturating_sub(3);
            for generation in oldest..workload.generations.len() {
                self.add("replicasets.apps", replica_set(workload, generation, now));
            }
        }
        for pod in workload.living(now) {
            self.add("pods", pods::object(fleet, workload, pod, now));
            if pod.is_ready(now) {
                self.add("pods.metrics.k8s.io", pods::usage(workload, pod, now));
            }
        }
        if let Some(name) = &workload.autoscaler {
            let autoscaler = autoscaling::autoscaler(workload, name, now);
            self.add("horizontalpodautoscalers.autoscaling", autoscaler);
        }
        if workload.autoscaler.is_some() && workload.replicas >= 4 {
            let budget = autoscaling::disruption_budget(workload, now);
            self.add("poddisruptionbudgets.policy", budget);
        }
    }
}

/// The scale subresource of an object with replicas.
pub(super) fn scale(object: &Value) -> Value {
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let pairs = labels.into_iter().flatten();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": object["metadata"]["name"],
            "namespace": object["metadata"]["namespace"],
            "uid": object["metadata"]["uid"],
            "resourceVersion": object["metadata"]["resourceVersion"],
            "creationTimestamp": object["metadata"]["creationTimestamp"],
        },
        "spec": { "replicas": object["spec"]["replicas"] },
        "status": { "replicas": object["status"]["replicas"], "selector": pairs.join(",") },
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
    json!({
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
    })
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
