//! A namespace with everything that a `watch` needs some right for, and its ServiceAccount.

use std::process::Command;

use serde_json::{Value, json};

use super::{ACCOUNT, Scene};
use crate::rig::program::Said;
use crate::twin::probation::calm;
use crate::twin::workload::Workload;

pub(super) const CLUSTER_ROLE: &str =
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/stepscale-watch:shop";
pub(super) const LEADER: &str =
    "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/stepscale-leader";
const RECORDS: &str = "/apis/stepscale.io/v1alpha1/namespaces/shop/scalingrecommendations";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";
const EVENTS: &str = "/api/v1/namespaces/shop/events";
const SCALED_OBJECTS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";
const SCALED_JOBS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledjobs";
const HPAS: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";

pub(super) struct World {
    pub(super) scene: Scene,
    /// HPAs as they were before anything was applied.
    hpas: Vec<(String, Value)>,
    /// What `install` has pods call the program with.
    arguments: Vec<String>,
}

impl World {
    /// `web` has an approved recommendation, `fresh` none; `set` scales a StatefulSet, `roll` a kind
    /// that only this cluster knows.
    pub(super) fn start(plan: &[&str]) -> Self {
        let all = ["web", "fresh"].map(|it| Workload::new(it, 300, calm));
        let scene = Scene::start(&all, 4);
        for (path, object) in others() {
            scene.runtime.block_on(scene.moved.post(path, &object));
        }
        scene.pass(2);
        let hpas = ["web", "set"].map(|it| (format!("{HPAS}/{it}"), scene.hpa(it)));
        let mut world = Self {
            scene,
            hpas: hpas.into(),
            arguments: vec![],
        };
        world.install(plan);
        world
    }

    pub(super) fn install(&mut self, plan: &[&str]) {
        let install = ["install", "--apply"];
        self.scene.exits(0, &[&install[..], plan].concat());
        let path = "/apis/apps/v1/namespaces/shop/deployments/stepscale";
        let pod = &self.scene.object(path)["spec"]["template"]["spec"];
        let arguments = pod["containers"][0]["args"].as_array().unwrap().iter();
        let arguments = arguments.map(|it| it.as_str().unwrap());
        self.arguments = arguments.filter_map(as_in_a_pod).collect();
    }

    pub(super) fn put(&self, path: &str, object: &Value) {
        let scene = &self.scene;
        scene.runtime.block_on(scene.moved.replace(path, object));
    }

    pub(super) fn trouble(&self, plan: &Value) {
        let faults = serde_json::from_value(plan.clone()).unwrap();
        self.scene.moved.sandbox.set_faults(faults).unwrap();
    }

    /// Makes everything as it was before a watch.
    pub(super) fn reset(&self) {
        let scene = &self.scene;
        for path in [RECORDS, LEASES, EVENTS, SCALED_OBJECTS, SCALED_JOBS] {
            scene.runtime.block_on(scene.moved.delete(path));
        }
        for (path, object) in overdue() {
            scene.runtime.block_on(scene.moved.post(path, &object));
        }
        for (path, hpa) in &self.hpas {
            self.put(path, hpa);
        }
        let change = json!({ "min_replicas": { "from": 4, "to": 2 } });
        scene.recommend("web", &change);
        scene.recommend("set", &change);
    }

    /// A watch as the account, called as `install` calls it.
    pub(super) fn command(&self, more: &[&str]) -> Command {
        let installed: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let ours = [
            "--user",
            ACCOUNT,
            "--metrics-window-days=1",
            "--min-history-days=1",
        ];
        let all = [&installed[..], &ours, more].concat();
        self.scene.user.licensed(&self.scene.kubeconfig, &all)
    }

    /// Runs one tick of it; `--once` would take part in no election.
    pub(super) fn once(&self, more: &[&str]) -> Said {
        Said::by(&mut self.command(&[&["--max-ticks=1"], more].concat()))
    }

    pub(super) fn has_record(&self, name: &str) -> bool {
        let all = self.scene.object(RECORDS);
        let mut all = all["items"].as_array().unwrap().iter();
        all.any(|it| it["metadata"]["name"] == name)
    }

    pub(super) fn min_replicas(&self, name: &str) -> i64 {
        self.scene.hpa(name)["spec"]["minReplicas"]
            .as_i64()
            .unwrap()
    }

    /// How many were told by us.
    pub(super) fn events(&self) -> usize {
        let all = self.scene.object(EVENTS);
        let all = all["items"].as_array().unwrap().iter();
        all.filter(|it| it["source"]["component"] == "stepscale-watch")
            .count()
    }
}

/// An argument of a container as the kubelet hands it over; `None` for what only a pod has.
fn as_in_a_pod(argument: &str) -> Option<String> {
    let argument = argument.replace("$(POD_NAMESPACE)", "shop");
    match argument
        .split_once('=')
        .map_or(argument.as_str(), |it| it.0)
    {
        "--config" | "--health-port" | "--interval" => None,
        _ => Some(argument),
    }
}

/// What a twin's workloads do not have.
fn others() -> Vec<(&'static str, Value)> {
    const SETS: &str = "/apis/apps/v1/namespaces/shop/statefulsets";
    const KINDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const ROLLOUTS: &str = "/apis/example.com/v1/namespaces/shop/rollouts";
    const BUDGETS: &str = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";
    let labels = json!({ "app": "set" });
    let set = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": { "name": "set" }, "spec": { "replicas": 4, "serviceName": "set",
            "selector": { "matchLabels": labels }, "template": { "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "app", "image": "registry.example/app:1",
                    "resources": { "requests": { "cpu": "100m" } } }] } } } });
    let rollout = json!({ "apiVersion": "example.com/v1", "kind": "Rollout",
        "metadata": { "name": "roll" }, "spec": { "replicas": 2 } });
    let budget = json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": "web" }, "spec": { "minAvailable": 1,
            "selector": { "matchLabels": { "app": "web" } } } });
    vec![
        (KINDS, rollouts()),
        (SETS, set),
        (ROLLOUTS, rollout),
        (BUDGETS, budget),
        (HPAS, hpa("set", "apps/v1", "StatefulSet")),
        (HPAS, hpa("roll", "example.com/v1", "Rollout")),
    ]
}

/// What was to be resumed long ago.
fn overdue() -> [(&'static str, Value); 2] {
    let note = json!({ "version": 1, "way": "whole", "until": "2026-01-01T02:00:00Z",
        "reason": "", "by": "ana", "at": "2026-01-01T00:00:00Z", "changes":
            [{ "path": "/metadata/annotations/autoscaling.keda.sh~1paused", "to": "true" }] });
    let metadata = json!({ "name": "orders", "annotations": {
        "autoscaling.keda.sh/paused": "true", "stepscale.io/paused": note.to_string() } });
    let triggers = json!([{ "type": "cron", "metadata": { "timezone": "Etc/UTC",
        "start": "0 6 * * *", "end": "0 8 * * *", "desiredReplicas": "2" } }]);
    let template = json!({ "spec": { "restartPolicy": "Never",
        "containers": [{ "name": "app", "image": "registry.example/app:1" }] } });
    [
        (
            SCALED_OBJECTS,
            json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
                "metadata": metadata, "spec": { "scaleTargetRef": { "name": "orders" },
                    "triggers": triggers } }),
        ),
        (
            SCALED_JOBS,
            json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
                "metadata": metadata, "spec": { "jobTargetRef": { "template": template },
                    "triggers": triggers } }),
        ),
    ]
}

fn hpa(name: &str, version: &str, kind: &str) -> Value {
    let cpu = json!({ "type": "Resource", "resource": { "name": "cpu",
        "target": { "type": "Utilization", "averageUtilization": 70 } } });
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": name }, "spec": { "minReplicas": 4, "maxReplicas": 25,
            "metrics": [cpu],
            "scaleTargetRef": { "apiVersion": version, "kind": kind, "name": name } } })
}

/// A kind with a scale that only the cluster knows.
fn rollouts() -> Value {
    let version = json!({ "name": "v1", "served": true, "storage": true,
        "subresources": { "scale": { "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector" } },
        "schema": { "openAPIV3Schema": { "type": "object",
            "x-kubernetes-preserve-unknown-fields": true } } });
    json!({ "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "rollouts.example.com" },
        "spec": { "group": "example.com", "scope": "Namespaced", "versions": [version],
            "names": { "plural": "rollouts", "singular": "rollout", "kind": "Rollout",
                "listKind": "RolloutList" } } })
}
