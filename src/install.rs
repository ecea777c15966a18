//! What `watch` needs in a cluster: from a [`Plan`] to the Kubernetes objects, in the order in which
//! they are applied. They are taken away in reverse.
//!
//! Not here: how they are printed (`output::manifests`), sent and deleted (`cli::act`).

mod access;
mod arguments;
mod names;
mod permissions;
mod pod;
mod service;
mod workload;

use serde_json::{Value, json};

use crate::lifecycle::form;
use names::{ANALYSIS, APP, MADE_BY, Names, WATCH};
pub use names::{Name, everything, is_lease, is_ours, is_pod, stale};
pub use permissions::{ALL as PERMISSIONS, Lack, Needed, Permission, Place, permissions};

/// Where everything is kept unless another namespace is named. Nobody else has a use for it, so that
/// it is made and deleted with the rest; any other has to exist, and stays.
pub const NAMESPACE: &str = "stepscale-system";
/// The Secret of the license, with the keys `license`, `signature` and `public-key`. Made by people.
pub const LICENSE_SECRET: &str = "stepscale-license";
/// The Secret of a webhook, with what its section of the configuration file names: `url`, `key`. Made by
/// people, where they want one.
pub const WEBHOOK_SECRET: &str = "stepscale-webhook";
/// The Lease of the one that writes; with shards, each has one with its number after it.
pub const LEASE: &str = "stepscale-autoscaler-leader";
/// Of the pods: `watch` finishes or abandons a write within it.
pub const GRACE_SECONDS: u32 = 60;
/// How long `watch` waits between two ticks unless something else is said.
pub const INTERVAL_SECONDS: u32 = 300;
/// One that leads and one that is warm.
pub const REPLICAS: u32 = 2;

/// What is to be installed, with everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub namespace: String,
    pub reach: Reach,
    pub mode: Mode,
    pub shape: Shape,
    pub image: String,
    pub interval_seconds: u32,
    /// `None` to look for one in the cluster, which takes rights on all of its services.
    pub prometheus_url: Option<String>,
    pub service_monitor: bool,
}

/// Which autoscalers are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Cluster,
    /// Those of the namespace that everything is in.
    Namespace,
}

/// What `watch` does beside looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    AnalysisOnly,
    Apply,
    RulesOnly,
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// So many that all see the whole, of which one writes.
    Replicas(u32),
    /// So many that each have a part of the fleet.
    Shards(u32),
    /// As shards, once.
    Job(u32),
}

/// An object to apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub object: Value,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Of each of its `rules`, why it is needed; empty where it is no role.
    pub reasons: Vec<&'static str>,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnalysisOnly => "analysis-only",
            Self::Apply => "apply",
            Self::RulesOnly => "rules-only",
        }
    }

    fn writes(self) -> bool {
        match self {
            Self::Apply => true,
            Self::AnalysisOnly | Self::RulesOnly => false,
        }
    }
}

impl Plan {
    fn names(&self) -> &'static Names {
        match self.shape {
            Shape::Replicas(_) | Shape::Shards(_) => &WATCH,
            Shape::Job(_) => &ANALYSIS,
        }
    }

    /// Whether services of the cluster are looked through for a Prometheus. A namespace alone is
    /// not: it is found by labels in all of them.
    fn finds_prometheus(&self) -> bool {
        self.prometheus_url.is_none() && self.reach == Reach::Cluster
    }

    /// The Leases of those that write; empty where nobody is elected.
    pub fn leases(&self) -> Vec<String> {
        match self.shape {
            Shape::Replicas(_) => vec![LEASE.to_owned()],
            Shape::Shards(count) => (0..count).map(|it| format!("{LEASE}-{it}")).collect(),
            Shape::Job(_) => vec![],
        }
    }

    /// What is to be known of it beside the objects; one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = vec![];
        if self.prometheus_url.is_none() && self.reach == Reach::Namespace {
            notes.push(
                "without --prometheus-url, history is gathered from metrics.k8s.io: a Prometheus is \
                 only looked for with rights on the whole cluster"
                    .to_owned(),
            );
        }
        if self.mode.writes() {
            notes.push(format!(
                "nothing is applied without a license: Secret {LICENSE_SECRET} in namespace {}",
                self.namespace
            ));
        }
        if self.shape == Shape::Replicas(1) {
            notes.push(
                "one replica: nobody takes over while it is moved, and no PodDisruptionBudget \
                 stands in the way of that"
                    .to_owned(),
            );
        }
        notes
    }
}

/// The objects of a plan, in the order in which they are applied.
pub fn items(plan: &Plan) -> Vec<Item> {
    let mut items: Vec<Item> = namespace(plan).into_iter().collect();
    items.push(definition());
    items.extend(access::items(plan));
    items.push(service::config(plan));
    if !matches!(plan.shape, Shape::Job(_)) {
        items.push(service::service(plan));
    }
    items.extend(service::budget(plan));
    items.push(workload::item(plan));
    items.extend(service::monitor(plan));
    items
}

fn namespace(plan: &Plan) -> Option<Item> {
    (plan.namespace == NAMESPACE).then(|| {
        let mut metadata = json!({ "name": NAMESPACE, "labels": labels(WATCH.app) });
        metadata["labels"]["pod-security.kubernetes.io/enforce"] = json!("restricted");
        Item {
            object: json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata }),
            about: "For nothing else; pods in it may have no privileges.",
            reasons: vec![],
        }
    })
}

/// The kind of recommendations.
pub fn definition() -> Item {
    let mut object = form::definition();
    object["metadata"]["labels"] = labels(WATCH.app);
    Item {
        object,
        about: "Recommendations as objects: kubectl get scalerec.",
        reasons: vec![],
    }
}

/// The labels of all objects.
fn labels(app: &str) -> Value {
    json!({
        APP: app,
        MADE_BY.0: MADE_BY.1,
        "app.kubernetes.io/version": env!("CARGO_PKG_VERSION"),
    })
}

fn metadata(plan: &Plan, name: &str) -> Value {
    json!({ "name": name, "namespace": plan.namespace, "labels": labels(plan.names().app) })
}

/// The labels that pods are chosen by.
fn selector(plan: &Plan) -> Value {
    json!({ APP: plan.names().app })
}

#[cfg(test)]
mod tests;
