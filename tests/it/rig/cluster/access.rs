//! A user who may do everything but what a test denies.
//!
//! RBAC only grants. What is denied somewhere is granted everywhere else: by a role for the whole
//! cluster, or by one in each of the other namespaces.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::fleet::Fleet;

/// The user's name.
pub(crate) const LIMITED: &str = "system:serviceaccount:default:limited";

/// A verb on a resource that is refused to the limited user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) verb: &'static str,
    /// `pods`, `deployments.apps`, `services/proxy`, `deployments.apps/scale`.
    pub(crate) resource: &'static str,
    pub(crate) reach: Reach,
}

/// Where it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Everywhere,
    /// Only for all namespaces together.
    Cluster,
    /// In this one, and for all together.
    Namespace(String),
}

/// What there is in a fleet's cluster.
const RESOURCES: [&str; 20] = [
    "namespaces",
    "nodes",
    "pods",
    "services",
    "services/proxy",
    "daemonsets.apps",
    "deployments.apps",
    "deployments.apps/scale",
    "replicasets.apps",
    "replicasets.apps/scale",
    "statefulsets.apps",
    "statefulsets.apps/scale",
    "rollouts.argoproj.io",
    "rollouts.argoproj.io/scale",
    "horizontalpodautoscalers.autoscaling",
    "jobs.batch",
    "scaledjobs.keda.sh",
    "scaledobjects.keda.sh",
    "pods.metrics.k8s.io",
    "poddisruptionbudgets.policy",
];

const VERBS: [&str; 7] = [
    "get", "list", "watch", "create", "update", "patch", "delete",
];

/// Roles that leave out what is denied, bound to the limited user.
///
/// # Panics
/// When something is denied that nobody has.
pub(super) fn objects(fleet: &Fleet, denied: &[Denied]) -> Vec<Value> {
    for it in denied {
        let is_known = RESOURCES.contains(&it.resource) && VERBS.contains(&it.verb);
        assert!(is_known, "{it:?}");
    }
    let namespaces = fleet.namespaces.iter().map(String::as_str);
    let within = namespaces.chain(["monitoring", "default"]);
    let places = std::iter::once(None).chain(within.map(Some));
    places.flat_map(|it| role(it, denied)).collect()
}

/// The role and its binding for one namespace, or for all together.
fn role(namespace: Option<&str>, denied: &[Denied]) -> [Value; 2] {
    bound("limited", LIMITED, namespace, denied)
}

/// A role with all rights in the whole cluster but what is denied, bound to `user`.
pub(in crate::rig) fn cluster_role(name: &str, user: &str, denied: &[Denied]) -> [Value; 2] {
    bound(name, user, None, denied)
}

fn bound(name: &str, user: &str, namespace: Option<&str>, denied: &[Denied]) -> [Value; 2] {
    let (role, binding) = match namespace {
        Some(_) => ("Role", "RoleBinding"),
        None => ("ClusterRole", "ClusterRoleBinding"),
    };
    let group = "rbac.authorization.k8s.io";
    let version = format!("{group}/v1");
    let metadata = match namespace {
        Some(namespace) => json!({ "name": name, "namespace": namespace }),
        None => json!({ "name": name }),
    };
    [
        json!({ "apiVersion": version, "kind": role, "metadata": metadata,
            "rules": rules(namespace, denied) }),
        json!({ "apiVersion": version, "kind": binding, "metadata": metadata,
            "subjects": [{ "apiGroup": group, "kind": "User", "name": user }],
            "roleRef": { "apiGroup": group, "kind": role, "name": name } }),
    ]
}

fn rules(namespace: Option<&str>, denied: &[Denied]) -> Vec<Value> {
    let mut granted = BTreeMap::<&str, Vec<&str>>::new();
    for resource in RESOURCES {
        for verb in VERBS {
            let mut about = denied
                .iter()
                .filter(|it| (it.verb, it.resource) == (verb, resource));
            let is_denied = about.any(|it| match (&it.reach, namespace) {
                (_, None) | (Reach::Everywhere, _) => true,
                (Reach::Cluster, Some(_)) => false,
                (Reach::Namespace(there), Some(here)) => there == here,
            });
            if !is_denied {
                granted.entry(resource).or_default().push(verb);
            }
        }
    }
    let rules = granted.into_iter();
    rules.map(|(it, verbs)| rule(it, &verbs)).collect()
}

/// `resource` may be `deployments.apps/scale`.
fn rule(resource: &str, verbs: &[&str]) -> Value {
    let (kind, sub) = resource.split_once('/').unwrap_or((resource, ""));
    let (plural, group) = kind.split_once('.').unwrap_or((kind, ""));
    let resource = match sub {
        "" => plural.to_owned(),
        sub => format!("{plural}/{sub}"),
    };
    json!({ "apiGroups": [group], "resources": [resource], "verbs": verbs })
}
