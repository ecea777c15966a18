//! A cluster with KEDA's kinds and one workload, and sources that behave in one way each.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stepscale::sandbox::{self, Seed, Upstream};

use crate::rig::cluster::{Cluster, LIMITED, users};
use crate::rig::program::{Said, User};
use crate::rig::serve::Server;

/// Stands in Secrets and environments: only its source may see it.
pub(super) const SECRET: &str = "hunter2-long";

/// How a source answers every request.
#[derive(Clone)]
pub(super) enum Behavior {
    Answers(String),
    /// It takes requests and never answers.
    Silent,
    /// It refuses, and sends back who asked.
    Echoes,
}

/// A running source, ended when dropped.
pub(super) struct Source {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<String>>>,
    _server: Server,
}

impl Source {
    pub(super) fn start(behavior: Behavior) -> Self {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let login = request.headers().get("authorization");
            let login = login.map_or("", |it| it.to_str().unwrap()).to_owned();
            log.lock().unwrap().push(login.clone());
            answer(behavior.clone(), login)
        });
        let server = Server::start(router, None);
        Self {
            url: format!("http://{}", server.address),
            seen,
            _server: server,
        }
    }

    /// The header `Authorization` of each request.
    pub(super) fn logins(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn answer(behavior: Behavior, login: String) -> Response {
    match behavior {
        Behavior::Answers(body) => body.into_response(),
        Behavior::Silent => std::future::pending().await,
        Behavior::Echoes => {
            let body = json!({ "status": "error", "error": format!("unknown: {login}") });
            (StatusCode::BAD_REQUEST, body.to_string()).into_response()
        }
    }
}

/// A user and the cluster.
pub(super) struct Bench {
    user: User,
    kubeconfig: PathBuf,
    _cluster: Cluster,
}

impl Bench {
    /// With these objects beside the workload; `rights` are those of the user of `limited`.
    pub(super) fn start(objects: Vec<Value>, rights: Vec<Value>) -> Self {
        Self::of(objects, rights, vec![])
    }

    /// With a service `monitoring/prometheus` that leads to `url`.
    pub(super) fn with_upstream(mut objects: Vec<Value>, url: &str) -> Self {
        objects.push(json!({ "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "prometheus", "namespace": "monitoring" },
            "spec": { "ports": [{ "port": 9090 }] } }));
        let upstream = Upstream {
            namespace: "monitoring".to_owned(),
            service: "prometheus".to_owned(),
            url: url.to_owned(),
        };
        Self::of(objects, vec![], vec![upstream])
    }

    fn of(objects: Vec<Value>, rights: Vec<Value>, upstreams: Vec<Upstream>) -> Self {
        let mut all = workload();
        all.extend(objects);
        all.extend(rights);
        let cluster = Cluster::of(sandbox::Options {
            seed: Seed {
                objects: all,
                histories: vec![],
            },
            keda: true,
            keda_operator: false,
            speed: 0,
            twin: false,
            users: users(),
            upstreams,
            ..sandbox::Options::at("2026-08-20T08:00:00Z".parse().unwrap())
        });
        Self {
            user: User::new(),
            kubeconfig: cluster.kubeconfig(),
            _cluster: cluster,
        }
    }

    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.user.stepscale(arguments);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Said {
        self.user.run(&self.kubeconfig, arguments)
    }
}

/// A trigger on a Prometheus, active above 5, ten for each replica.
pub(super) fn trigger(url: &str, metadata: Value) -> Value {
    let mut all = json!({ "serverAddress": url, "query": "up", "threshold": "10",
        "activationThreshold": "5" });
    let more = metadata.as_object().unwrap().clone();
    all.as_object_mut().unwrap().extend(more);
    json!({ "type": "prometheus", "metadata": all })
}

pub(super) fn scaled_object(name: &str, triggers: &Value) -> Value {
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "scaleTargetRef": { "name": "orders" }, "minReplicaCount": 0,
            "maxReplicaCount": 20, "triggers": triggers } })
}

pub(super) fn secret(namespace: &str, name: &str, pairs: &[(&str, &str)]) -> Value {
    let pairs = pairs.iter();
    let data: Value = pairs
        .map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({ "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": name, "namespace": namespace }, "data": data })
}

/// The right of the user of `limited` to KEDA's objects, and to nothing else.
pub(super) fn may_read_keda() -> Vec<Value> {
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "keda-reader" }, "rules": [
            { "apiGroups": ["keda.sh"], "resources": ["*"], "verbs": ["get", "list"] }] });
    let bound = json!({ "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding", "metadata": { "name": "keda-reader" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": "keda-reader" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User",
            "name": LIMITED }] });
    vec![role, bound]
}

/// Two pods that use 150m and 50m of the 100m that each asks for.
fn workload() -> Vec<Value> {
    let namespaces = ["shop", "keda", "monitoring"];
    let mut all: Vec<Value> = namespaces
        .map(|it| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": it } }))
        .into();
    let container = json!({ "name": "app", "image": "app",
        "env": [{ "name": "PASSWORD", "value": SECRET }],
        "resources": { "requests": { "cpu": "100m" } } });
    let labels = json!({ "app": "orders" });
    all.push(json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "orders", "namespace": "shop" },
        "spec": { "replicas": 2, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels },
                "spec": { "containers": [container] } } },
        "status": { "replicas": 2 } }));
    for (name, cpu) in [("orders-a", "150m"), ("orders-b", "50m")] {
        let metadata = json!({ "name": name, "namespace": "shop", "labels": labels });
        all.push(
            json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": { "containers": [container] },
            "status": { "phase": "Running", "startTime": "2026-08-20T06:00:00Z",
                "conditions": [{ "type": "Ready", "status": "True",
                    "lastTransitionTime": "2026-08-20T06:00:10Z" }] } }),
        );
        all.push(
            json!({ "apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
            "metadata": metadata, "timestamp": "2026-08-20T08:00:00Z", "window": "30s",
            "containers": [{ "name": "app", "usage": { "cpu": cpu, "memory": "64Mi" } }] }),
        );
    }
    all
}
