//! What the objects of an installation are called, so that they are found again.

use serde_json::Value;

use super::{Item, LEASE, NAMESPACE, Plan, access, items};
use crate::lifecycle::form;

const EXTENSIONS: &str = "apiextensions.k8s.io/v1";
/// The label of all objects that tells who made them, and its value.
pub(super) const MADE_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kubectl-stepscale");
/// The label that pods are chosen by.
pub(super) const APP: &str = "app.kubernetes.io/name";

/// What one installation calls its objects. An analysis by a Job stands beside `watch`, with an
/// account of its own, so that neither has the rights of the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Of pods, and of what is made for them.
    pub(super) app: &'static str,
    pub(super) config: &'static str,
    pub(super) role: &'static str,
    pub(super) leader: &'static str,
}

pub(super) const WATCH: Names = Names {
    app: "stepscale",
    config: "stepscale-config",
    role: "stepscale-watch",
    leader: "stepscale-leader",
};
pub(super) const ANALYSIS: Names = Names {
    app: "stepscale-analysis",
    config: "stepscale-analysis-config",
    role: "stepscale-analysis",
    leader: "stepscale-analysis-leader",
};

/// Which object is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub api_version: String,
    pub kind: String,
    /// `None` where the kind has none.
    pub namespace: Option<String>,
    pub name: String,
}

/// Every object that some plan for the namespace has, in the order in which they are applied.
pub fn everything(namespace: &str) -> Vec<Name> {
    let mut names = vec![];
    if namespace == NAMESPACE {
        names.push(Name::of("v1", "Namespace", None, NAMESPACE));
    }
    let definition = definition_name();
    names.push(Name::of(
        EXTENSIONS,
        "CustomResourceDefinition",
        None,
        &definition,
    ));
    names.extend(family(&ANALYSIS, namespace));
    names.extend(family(&WATCH, namespace));
    names
}

/// What an earlier plan may have left behind that this one does not have, in the order in which
/// it is taken away.
pub fn stale(plan: &Plan) -> Vec<Name> {
    let wanted: Vec<Name> = items(plan).iter().map(Item::name).collect();
    let mut stale = family(plan.names(), &plan.namespace);
    stale.retain(|it| !wanted.contains(it));
    stale.reverse();
    stale
}

/// What installations under these names may have.
fn family(names: &Names, namespace: &str) -> Vec<Name> {
    let own = |api_version, kind, name| Name::of(api_version, kind, Some(namespace), name);
    let shared = access::cluster_role(names, namespace);
    let mut all = vec![
        own("v1", "ServiceAccount", names.app),
        Name::of(access::RBAC, "ClusterRole", None, &shared),
        Name::of(access::RBAC, "ClusterRoleBinding", None, &shared),
    ];
    for name in [names.role, names.leader] {
        all.push(own(access::RBAC, "Role", name));
        all.push(own(access::RBAC, "RoleBinding", name));
    }
    all.extend([
        own("v1", "ConfigMap", names.config),
        own("v1", "Service", names.app),
        own("policy/v1", "PodDisruptionBudget", names.app),
        own("apps/v1", "Deployment", names.app),
        own("apps/v1", "StatefulSet", names.app),
        own("batch/v1", "Job", names.app),
        own("monitoring.coreos.com/v1", "ServiceMonitor", names.app),
    ]);
    all
}

/// The name of the CustomResourceDefinition.
fn definition_name() -> String {
    format!("{}.{}", form::PLURAL, form::GROUP)
}

/// Whether an object is of our making, going by its label.
pub fn is_ours(object: &Value) -> bool {
    object["metadata"]["labels"][MADE_BY.0] == MADE_BY.1
}

/// Whether a pod is one of `watch` or of an analysis, going by its labels.
pub fn is_pod(object: &Value) -> bool {
    let app = &object["metadata"]["labels"][APP];
    is_ours(object) && [WATCH.app, ANALYSIS.app].iter().any(|it| app == it)
}

/// Whether a Lease of this name is one of ours.
pub fn is_lease(name: &str) -> bool {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    match name.strip_prefix(LEASE) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('-').is_some_and(is_number),
        None => false,
    }
}

impl Item {
    pub fn name(&self) -> Name {
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let metadata = &self.object["metadata"];
        Name {
            api_version: text(&self.object["apiVersion"]),
            kind: text(&self.object["kind"]),
            namespace: metadata["namespace"].as_str().map(str::to_owned),
            name: text(&metadata["name"]),
        }
    }
}

impl Name {
    pub fn of(api_version: &str, kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        }
    }

    /// `deployment.apps/stepscale`, as kubectl writes it.
    pub fn title(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", self.name),
            None => format!("{kind}/{}", self.name),
        }
    }
}
