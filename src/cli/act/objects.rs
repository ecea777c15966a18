//! The objects of an installation, read, applied and deleted on a cluster.

use serde_json::Value;

use super::Session;
use crate::audit::Verb;
use crate::cluster::write::{Change, Kind, Place, WriteError, Writing};
use crate::cluster::{self, Cluster};
use crate::error::Error;
use crate::install::Name;

pub(super) const NAMESPACES: Kind = kind("", "v1", "namespaces", "Namespace", false);
pub(super) const SECRETS: Kind = kind("", "v1", "secrets", "Secret", true);
pub(super) const PODS: Kind = kind("", "v1", "pods", "Pod", true);
pub(super) const LEASES: Kind = kind("coordination.k8s.io", "v1", "leases", "Lease", true);
pub(super) const AUTOSCALERS: Kind = kind(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    true,
);

const RBAC: &str = "rbac.authorization.k8s.io";

/// The kinds of everything that is installed.
const KINDS: [Kind; 17] = [
    NAMESPACES,
    SECRETS,
    LEASES,
    kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        false,
    ),
    kind("", "v1", "serviceaccounts", "ServiceAccount", true),
    kind(RBAC, "v1", "clusterroles", "ClusterRole", false),
    kind(
        RBAC,
        "v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
        false,
    ),
    kind(RBAC, "v1", "roles", "Role", true),
    kind(RBAC, "v1", "rolebindings", "RoleBinding", true),
    kind("", "v1", "configmaps", "ConfigMap", true),
    kind("", "v1", "services", "Service", true),
    kind(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        true,
    ),
    kind("apps", "v1", "deployments", "Deployment", true),
    kind("apps", "v1", "statefulsets", "StatefulSet", true),
    kind("batch", "v1", "jobs", "Job", true),
    kind(
        "monitoring.coreos.com",
        "v1",
        "servicemonitors",
        "ServiceMonitor",
        true,
    ),
    PODS,
];

const fn kind(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
    namespaced: bool,
) -> Kind {
    Kind {
        group,
        version,
        plural,
        kind,
        namespaced,
    }
}

/// Where an object is.
///
/// # Panics
/// Where its kind is none that is installed; a test holds all of them against the list.
pub(super) fn place(name: &Name) -> Place<'_> {
    let is_it = |it: &&Kind| it.kind == name.kind && it.api_version() == name.api_version;
    let kind = KINDS.iter().find(is_it);
    Place {
        kind: *kind.expect("a kind that is installed"),
        namespace: name.namespace.as_deref().unwrap_or_default(),
        name: &name.name,
    }
}

/// The object as it is; `None` where there is none, or not even its kind.
pub(super) async fn read(cluster: &Cluster, name: &Name) -> Result<Option<Value>, cluster::Error> {
    Ok(cluster.object(&place(name)).await?.value)
}

/// Deletes it, and records that; gone already is as good.
///
/// # Errors
/// Where it cannot be recorded; whether it was deleted is within.
pub(super) async fn delete(
    session: &Session,
    verb: Verb,
    name: &Name,
    dry_run: bool,
) -> Result<Result<(), WriteError>, Error> {
    let writing = Writing {
        manager: crate::lifecycle::MANAGER,
        force: false,
        dry_run,
    };
    let (audit, place, change) = (&session.audit, place(name), Change::Delete);
    let deleted = audit.write(&session.cluster, verb, &place, &change, &writing);
    Ok(match deleted.await? {
        Err(WriteError::Refused(error))
            if matches!(*error, cluster::Error::Api { code: 404, .. }) =>
        {
            Ok(())
        }
        other => other.map(drop),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::{NAMESPACE, everything};

    #[test]
    fn every_object_has_its_place() {
        for namespace in [NAMESPACE, "shop"] {
            for name in everything(namespace) {
                let place = place(&name);
                assert_eq!(place.kind.namespaced, name.namespace.is_some(), "{name:?}");
            }
        }
    }
}
