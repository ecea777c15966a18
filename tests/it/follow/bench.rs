//! A sandbox without a twin, in which nothing happens but what a test does.

use std::time::Duration;

use serde_json::{Value, json};
use stepscale::cluster::write::{Change, Place, WriteError, Writing};
use stepscale::cluster::{self, Cluster, Following, Namespaces, Scope};
use stepscale::sandbox::{Account, Faults, Options, Sandbox};

use super::writes::{kind_of, own, pod};

pub(super) const WRITING: Writing<'static> = Writing {
    manager: "test",
    force: true,
    dry_run: false,
};

/// How long a change may take to be known.
const SOON: Duration = Duration::from_secs(60);

pub(super) struct Bench {
    pub(super) sandbox: Sandbox,
    pub(super) admin: Cluster,
    directory: tempfile::TempDir,
}

pub(super) fn everywhere() -> Scope {
    Scope {
        namespaces: Namespaces::All,
        ..Scope::default()
    }
}

pub(super) fn plan(faults: Value) -> Faults {
    serde_json::from_value(faults).unwrap()
}

/// Rules that let somebody follow all that there is.
pub(super) fn everything() -> Value {
    let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "resources": [resource], "verbs": ["get", "list", "watch"]});
    json!([
        rule("autoscaling", "horizontalpodautoscalers"),
        rule("apps", "*"),
        rule("", "pods"),
        rule("policy", "poddisruptionbudgets"),
    ])
}

/// Waits until something holds, and fails where it does not come to that.
#[track_caller]
pub(super) fn within(holds: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let until = tokio::time::Instant::now() + SOON;
        while !holds() {
            let now = tokio::time::Instant::now();
            assert!(now < until, "not within {SOON:?}, at {caller}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Bench {
    pub(super) async fn start(faults: Value) -> Self {
        let mut options = Options::at("2026-11-01T00:00:00Z".parse().unwrap());
        options.faults = plan(faults);
        Self::with(options).await
    }

    /// Its watches can go back by so many writes of each kind.
    pub(super) async fn remembering(writes: usize) -> Self {
        let mut options = Options::at("2026-11-01T00:00:00Z".parse().unwrap());
        options.memory = writes;
        Self::with(options).await
    }

    async fn with(mut options: Options) -> Self {
        options.twin = false;
        options.log = 100_000;
        options.users = vec![Account {
            name: "reader".to_owned(),
            groups: vec![],
            token: "reader".to_owned(),
        }];
        let sandbox = Sandbox::start(options).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = directory.path().join("config");
        sandbox.write_kubeconfig(&kubeconfig).unwrap();
        let options = cluster::Options {
            kubeconfig: Some(kubeconfig),
            ..cluster::Options::default()
        };
        Self {
            admin: cluster::connect(&options).await.unwrap(),
            sandbox,
            directory,
        }
    }

    /// Somebody who has only the rights that were granted.
    pub(super) async fn reader(&self) -> Cluster {
        let options = cluster::Options {
            kubeconfig: Some(self.directory.path().join("config")),
            user: Some("reader".to_owned()),
            ..cluster::Options::default()
        };
        cluster::connect(&options).await.unwrap()
    }

    /// Gives the reader these rights, and no others.
    pub(super) async fn grant(&self, rules: &Value) {
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "reader"}, "rules": rules});
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding", "metadata": {"name": "reader"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                "name": "reader"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User",
                "name": "reader"}]});
        self.make(&role).await;
        self.make(&binding).await;
    }

    pub(super) async fn make_namespaces(&self, names: &[&str]) {
        for name in names {
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name}});
            self.make(&namespace).await;
        }
    }

    /// A kind with a scale that only the cluster knows.
    pub(super) async fn define_rollouts(&self) {
        let version = json!({"name": "v1", "served": true, "storage": true,
            "subresources": {"scale": {"specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector"}},
            "schema": {"openAPIV3Schema": {"type": "object",
                "x-kubernetes-preserve-unknown-fields": true}}});
        let definition = json!({"apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition", "metadata": {"name": "rollouts.example.com"},
            "spec": {"group": "example.com", "scope": "Namespaced", "versions": [version],
                "names": {"plural": "rollouts", "singular": "rollout", "kind": "Rollout",
                    "listKind": "RolloutList"}}});
        self.make(&definition).await;
    }

    /// Writes an object, whether it is there or not.
    pub(super) async fn make(&self, object: &Value) {
        write(&self.admin, object, &Change::Apply(object))
            .await
            .unwrap();
    }

    /// Writes a pod of a StatefulSet that is there.
    pub(super) async fn make_pod(&self, namespace: &str, name: &str, set: &str) {
        let mut pod = pod(namespace, name, set);
        own(&self.admin, &mut pod, "StatefulSet", set).await;
        self.make(&pod).await;
    }

    pub(super) async fn delete(&self, object: &Value) {
        write(&self.admin, object, &Change::Delete).await.unwrap();
    }

    pub(super) async fn settles(&self, following: &Following, scope: &Scope, step: usize) {
        self.settles_for(&self.admin, following, scope, step).await;
    }

    /// Waits until the fleet that is followed is what `who` reads.
    pub(super) async fn settles_for(
        &self,
        who: &Cluster,
        following: &Following,
        scope: &Scope,
        step: usize,
    ) {
        let read = who.inventory(scope).await;
        let read = format!("{read:#?}");
        let until = tokio::time::Instant::now() + SOON;
        loop {
            let followed = format!("{:#?}", following.fleet().await);
            if followed == read {
                return;
            }
            if tokio::time::Instant::now() >= until {
                let stale = following.staleness();
                assert_eq!(followed, read, "after step {step}, {stale:#?}");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

pub(super) async fn write(
    cluster: &Cluster,
    object: &Value,
    change: &Change<'_>,
) -> Result<(), WriteError> {
    let metadata = &object["metadata"];
    let place = Place {
        kind: kind_of(object["kind"].as_str().unwrap()),
        namespace: metadata["namespace"].as_str().unwrap_or_default(),
        name: metadata["name"].as_str().unwrap(),
    };
    cluster.write(&place, change, &WRITING).await.map(drop)
}
