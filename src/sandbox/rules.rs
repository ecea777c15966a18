//! What no schema says of the built-in kinds: defaults that depend on other fields, validation,
//! fields of the server's own, and conversion between versions.
//!
//! Messages, fields and their order are those of Kubernetes v1.36. Objects are expected to have
//! passed their schema: what has the wrong type is passed over here and never a panic.

mod access;
mod cluster;
mod config;
mod hpa;
mod jobs;
pub(crate) mod metadata;
mod pod;
pub(crate) mod selector;
pub(crate) mod service;
#[cfg(test)]
pub(crate) mod testing;
mod workloads;

use serde_json::{Map, Value};

use super::kinds::Rules;

pub(crate) use crate::validation::{names, place, quantity, resources};
pub(crate) use metadata::metadata;

/// The rules of a kind.
pub(crate) fn of(group: &str, kind: &str) -> Rules {
    match (group, kind) {
        ("autoscaling", "HorizontalPodAutoscaler") => hpa::RULES,
        ("apps", "Deployment") => workloads::DEPLOYMENT,
        ("apps", "ReplicaSet") => workloads::REPLICA_SET,
        ("apps", "StatefulSet") => workloads::STATEFUL_SET,
        ("apps", "DaemonSet") => workloads::DAEMON_SET,
        ("batch", "Job") => jobs::JOB,
        ("batch", "CronJob") => jobs::CRON_JOB,
        ("", "Pod") => pod::RULES,
        ("", "Service") => service::RULES,
        ("", "ConfigMap") => config::CONFIG_MAP,
        ("", "Secret") => config::SECRET,
        ("", "Namespace") => cluster::NAMESPACE,
        ("", "Node") => cluster::NODE,
        ("", "Event") => cluster::EVENT,
        ("", "Endpoints") => cluster::ENDPOINTS,
        ("coordination.k8s.io", "Lease") => cluster::LEASE,
        ("policy", "PodDisruptionBudget") => cluster::DISRUPTION_BUDGET,
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => access::ROLE,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => access::BINDING,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => super::crd::RULES,
        _ => Rules::default(),
    }
}

/// Drops the status of an object that is created; a status is written apart from the rest.
fn clear_status(object: &mut Value, old: Option<&Value>) {
    if let (Some(object), None) = (object.as_object_mut(), old) {
        object.remove("status");
    }
}

/// Fills in a field that is missing or null.
pub(crate) fn set_default(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match fields.get(name) {
        Some(held) if !held.is_null() => {}
        _ => {
            fields.insert(name.to_owned(), value);
        }
    }
}

/// The fields at a path below an object, if it has them.
pub(crate) fn fields<'a>(
    object: &'a mut Value,
    below: &[&str],
) -> Option<&'a mut Map<String, Value>> {
    let step = |value: &'a mut Value, name: &&str| value.get_mut(*name);
    below.iter().try_fold(object, step)?.as_object_mut()
}

/// The items of a list in some fields, those that are objects.
pub(crate) fn items<'a>(
    fields: &'a mut Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let items = fields.get_mut(name).and_then(Value::as_array_mut);
    items.into_iter().flatten().filter_map(Value::as_object_mut)
}
