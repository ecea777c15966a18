//! What is written to a cluster, by chance.

use serde_json::{Value, json};
use stepscale::cluster::Cluster;
use stepscale::cluster::write::{Change, Kind, Place};

use super::bench::write;

pub(super) const PODS: Kind = kind("", "v1", "pods", "Pod");
/// No cluster of these tests serves it.
pub(super) const RECORDS: Kind = kind("stepscale.io", "v1alpha1", "records", "Record");

const KINDS: [Kind; 12] = [
    PODS,
    stepscale::store::KIND,
    kind(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
    ),
    kind("apps", "v1", "deployments", "Deployment"),
    kind("apps", "v1", "statefulsets", "StatefulSet"),
    kind("apps", "v1", "replicasets", "ReplicaSet"),
    kind(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
    ),
    kind("example.com", "v1", "rollouts", "Rollout"),
    Kind {
        namespaced: false,
        ..kind("", "v1", "namespaces", "Namespace")
    },
    Kind {
        namespaced: false,
        ..kind(
            "rbac.authorization.k8s.io",
            "v1",
            "clusterroles",
            "ClusterRole",
        )
    },
    Kind {
        namespaced: false,
        ..kind(
            "rbac.authorization.k8s.io",
            "v1",
            "clusterrolebindings",
            "ClusterRoleBinding",
        )
    },
    Kind {
        namespaced: false,
        ..kind(
            "apiextensions.k8s.io",
            "v1",
            "customresourcedefinitions",
            "CustomResourceDefinition",
        )
    },
];

const fn kind(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
) -> Kind {
    Kind {
        group,
        version,
        plural,
        kind,
        namespaced: true,
    }
}

pub(super) fn kind_of(name: &str) -> Kind {
    KINDS.into_iter().find(|it| it.kind == name).unwrap()
}

/// One step of SplitMix64 after another.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

fn version_of(kind: &str) -> String {
    kind_of(kind).api_version()
}

pub(super) fn hpa(namespace: &str, name: &str, target: &str) -> Value {
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"minReplicas": 1, "maxReplicas": 9, "scaleTargetRef": {
            "apiVersion": version_of(target), "kind": target, "name": name}}})
}

fn template(name: &str, cpu: u32) -> Value {
    json!({"metadata": {"labels": {"app": name}}, "spec": {"containers": [
        {"name": "app", "image": "app:1", "resources": {"requests": {"cpu": format!("{cpu}m")}}}]}})
}

pub(super) fn workload(namespace: &str, name: &str, kind: &str, replicas: u32) -> Value {
    let mut object = json!({"apiVersion": version_of(kind), "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": template(name, 100 * (replicas + 1))}});
    match kind {
        "StatefulSet" => object["spec"]["serviceName"] = json!(name),
        "Rollout" => {
            object["status"] = json!({"replicas": replicas, "selector": format!("app={name}")})
        }
        _ => {}
    }
    object
}

/// Makes an object of apps its controller, if that is there: without it, the object would go.
pub(super) async fn own(cluster: &Cluster, object: &mut Value, kind: &str, owner: &str) {
    let place = Place {
        kind: kind_of(kind),
        namespace: object["metadata"]["namespace"].as_str().unwrap(),
        name: owner,
    };
    let Some(found) = cluster.object(&place).await.unwrap().value else {
        return;
    };
    object["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind,
        "name": owner, "uid": found["metadata"]["uid"], "controller": true}]);
}

/// A pod as a kubelet leaves it.
pub(super) fn pod(namespace: &str, name: &str, app: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace,
            "labels": {"app": app, "pod-template-hash": "7c9f8d6b5", "team": "platform"},
            "annotations": {"prometheus.io/scrape": "true"}},
        "spec": {"serviceAccountName": "default", "nodeName": "node-1",
            "containers": [{"name": "app", "image": "registry.example.com/shop/app:1.2.3",
                "env": [{"name": "MODE", "value": "production"}],
                "readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5},
                "resources": {"requests": {"cpu": "500m", "memory": "256Mi"},
                    "limits": {"memory": "512Mi"}}},
            {"name": "proxy", "image": "registry.example.com/mesh/proxy:2",
                "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]}})
}

fn budget(namespace: &str, name: &str, least: u64) -> Value {
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": name}}}})
}

/// Some object of a fleet of up to `namespaces` namespaces.
async fn some(cluster: &Cluster, random: &mut Random, namespaces: usize) -> Value {
    let namespace = random.one_of(&["shop", "mail", "media"][..namespaces]);
    let name = random.one_of(&["web", "cart", "pay"]);
    let scaled = ["Deployment", "StatefulSet", "ReplicaSet", "Rollout"];
    // Without the third namespace, nothing of kinds that have to be defined.
    let scaled = random.one_of(&scaled[..namespaces + 1]);
    match random.below(6) {
        0 | 1 => {
            let mut hpa = hpa(namespace, name, scaled);
            hpa["spec"]["maxReplicas"] = json!(2 + random.below(9));
            hpa
        }
        2 => {
            let replicas = u32::try_from(random.below(5)).unwrap();
            workload(namespace, name, scaled, replicas)
        }
        3 => {
            let mut set = workload(namespace, name, "ReplicaSet", 1);
            own(cluster, &mut set, "Deployment", name).await;
            set
        }
        4 => budget(namespace, name, random.below(3)),
        _ => {
            let kind = random.one_of(&["ReplicaSet", "ReplicaSet", "StatefulSet"]);
            let mut pod = pod(namespace, random.one_of(&["a", "b", "c", "d"]), name);
            own(cluster, &mut pod, kind, name).await;
            pod
        }
    }
}

/// Creates, changes or deletes something.
pub(super) async fn any(cluster: &Cluster, random: &mut Random, namespaces: usize) {
    let object = some(cluster, random, namespaces).await;
    let is_deleted = random.below(3) == 0;
    let change = match is_deleted {
        true => Change::Delete,
        false => Change::Apply(&object),
    };
    // What is not there cannot be deleted, and some fields never change.
    let _ = write(cluster, &object, &change).await;
}
