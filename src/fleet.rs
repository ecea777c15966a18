//! The autoscalers in scope with everything the cluster said of them: what an inventory yields
//! and an analysis starts from.

use std::sync::Arc;

use crate::autoscaler::target::TargetRef;
use crate::autoscaler::workload::Workload;
use crate::autoscaler::{Autoscaler, AutoscalerId};

/// What an inventory found.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    pub cluster: ClusterName,
    /// Sorted by namespace, name, kind.
    pub subjects: Vec<Subject>,
    /// Authentications of KEDA's that no trigger refers to, sorted; empty where not everything that
    /// may refer to them was read.
    pub unused_authentications: Vec<AuthenticationId>,
    /// What could not be read, sorted. Never the reason to stop.
    pub unread: Vec<Unread>,
    /// Which target each live pod belongs to, by its controller references; for history that
    /// does not say itself. Sorted by namespace and pod. Shared with those who ask for history,
    /// since there are many.
    pub pod_owners: Arc<[PodOwner]>,
}

/// The cluster as reports name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterName {
    /// The kubeconfig's name for it, or `in-cluster`.
    pub name: String,
    /// `v1.33.2`.
    pub version: Option<String>,
}

/// One autoscaler and what it scales.
#[derive(Clone, Debug)]
pub struct Subject {
    pub autoscaler: Autoscaler,
    pub workload: Result<Workload, NoWorkload>,
    /// Other autoscalers with the same scale target.
    pub rivals: Vec<AutoscalerId>,
    /// What its triggers refer to and the cluster does not have, by trigger. Empty where that could
    /// not be read.
    pub missing_authentications: Vec<MissingAuthentication>,
}

/// An authentication of KEDA's that a trigger refers to and that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingAuthentication {
    /// The index of the trigger.
    pub trigger: usize,
    /// `TriggerAuthentication` or `ClusterTriggerAuthentication`, as the trigger means it.
    pub kind: String,
    pub name: String,
    /// The kind that has one of this name, if the other has.
    pub other: Option<String>,
}

/// An authentication of KEDA's. Sorts those of the cluster first, then by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthenticationId {
    /// `None` for a ClusterTriggerAuthentication.
    pub namespace: Option<String>,
    pub name: String,
}

impl std::fmt::Display for AuthenticationId {
    /// `triggerauthentication/kafka in namespace shop`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.name;
        match &self.namespace {
            Some(namespace) => write!(f, "triggerauthentication/{name} in namespace {namespace}"),
            None => write!(f, "clustertriggerauthentication/{name}"),
        }
    }
}

/// Why nothing is known of a scale target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoWorkload {
    /// The object does not exist.
    Missing,
    /// The cluster serves no such kind, or the kind has no scale subresource.
    NotScalable { why: String },
    /// Access is refused.
    Forbidden(Permission),
    /// Reading failed for this one object.
    Failed { why: String },
}

/// A verb on a resource that RBAC refuses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    pub verb: String,
    /// Plural with group: `horizontalpodautoscalers.autoscaling`, `deployments.apps/scale`.
    pub resource: String,
    /// `None` for the whole cluster.
    pub namespace: Option<String>,
}

impl Permission {
    /// The command that checks for it.
    pub fn check_command(&self) -> String {
        let Self { verb, resource, .. } = self;
        if self.is_path() {
            return format!("kubectl auth can-i {verb} {resource}");
        }
        // A shell would take stars for files.
        let resource = resource.replace("*.*", "'*.*'");
        let scope = match &self.namespace {
            Some(namespace) => format!("-n {namespace}"),
            None => "-A".to_owned(),
        };
        match resource.split_once('/') {
            Some((resource, sub)) => {
                format!("kubectl auth can-i {verb} {resource} --subresource={sub} {scope}")
            }
            None => format!("kubectl auth can-i {verb} {resource} {scope}"),
        }
    }

    /// The command that makes a role with it, which an administrator binds to whoever lacks it.
    pub fn grant_command(&self) -> String {
        let Self { verb, resource, .. } = self;
        let of = match resource.as_str() {
            path if self.is_path() => format!("--non-resource-url={path}"),
            // One is enough, and all are too many.
            "secrets" => "--resource=secrets --resource-name=NAME".to_owned(),
            resource => format!("--resource={resource}"),
        };
        let (kind, scope) = match &self.namespace {
            Some(namespace) => ("role", format!(" -n {namespace}")),
            None => ("clusterrole", String::new()),
        };
        format!("kubectl create {kind} stepscale --verb={verb} {of}{scope}")
    }

    /// Whether it is about a path of the API server and no resource, such as `/version`.
    fn is_path(&self) -> bool {
        self.resource.starts_with('/')
    }
}

impl std::fmt::Display for Permission {
    /// `may not list deployments.apps in namespace shop`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "may not {} {}", self.verb, self.resource)?;
        match &self.namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None if self.is_path() => Ok(()),
            None => write!(f, " in all namespaces"),
        }
    }
}

/// A part of the cluster that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// What was asked for: `horizontalpodautoscalers in namespace shop`.
    pub what: String,
    pub why: String,
    /// The missing permission, where that is why.
    pub permission: Option<Permission>,
}

/// A pod and the scale target that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodOwner {
    pub pod: String,
    pub target: TargetRef,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_says_how_to_check_for_it_and_how_to_give_it() {
        let cases = [
            (
                (
                    "patch",
                    "horizontalpodautoscalers.autoscaling",
                    Some("shop"),
                ),
                "kubectl auth can-i patch horizontalpodautoscalers.autoscaling -n shop",
                "kubectl create role stepscale --verb=patch \
                 --resource=horizontalpodautoscalers.autoscaling -n shop",
            ),
            (
                ("list", "pods", None),
                "kubectl auth can-i list pods -A",
                "kubectl create clusterrole stepscale --verb=list --resource=pods",
            ),
            (
                ("get", "deployments.apps/scale", Some("shop")),
                "kubectl auth can-i get deployments.apps --subresource=scale -n shop",
                "kubectl create role stepscale --verb=get --resource=deployments.apps/scale -n shop",
            ),
            (
                ("get", "secrets", Some("ops")),
                "kubectl auth can-i get secrets -n ops",
                "kubectl create role stepscale --verb=get --resource=secrets --resource-name=NAME \
                 -n ops",
            ),
            (
                ("get", "/version", None),
                "kubectl auth can-i get /version",
                "kubectl create clusterrole stepscale --verb=get --non-resource-url=/version",
            ),
        ];
        for ((verb, resource, namespace), check, grant) in cases {
            let permission = Permission {
                verb: verb.to_owned(),
                resource: resource.to_owned(),
                namespace: namespace.map(str::to_owned),
            };
            assert_eq!(permission.check_command(), check);
            assert_eq!(permission.grant_command(), grant);
        }
    }
}
