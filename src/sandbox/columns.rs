//! The columns of `kubectl get` for the built-in kinds.
//!
//! Names, types and cells are those of Kubernetes v1.36 (`pkg/printers/internalversion`) and, for
//! metrics, of metrics-server. The server always makes the wide form; clients hide what has a
//! priority.

pub(crate) mod age;
mod cells;
mod cluster;
mod hpa;
mod metrics;
mod network;
mod pod;
mod rbac;
mod workloads;

use super::kinds::{Cell, Column};
use cells::{Make, Row};

/// The columns of a kind in one of its versions, that of the name among them: an event's comes
/// last.
pub(crate) fn of(group: &str, version: &str, kind: &str) -> Vec<Column> {
    let rows: &[Row] = match (group, kind) {
        ("", "Pod") => pod::PODS,
        ("", "Namespace") => cluster::NAMESPACES,
        ("", "Node") => cluster::NODES,
        ("" | "events.k8s.io", "Event") => cluster::EVENTS,
        ("", "Secret") => cluster::SECRETS,
        ("", "ConfigMap") => cluster::CONFIG_MAPS,
        ("", "ServiceAccount") => cluster::SERVICE_ACCOUNTS,
        ("", "Service") => network::SERVICES,
        ("", "Endpoints") => network::ENDPOINTS,
        ("discovery.k8s.io", "EndpointSlice") => network::SLICES,
        ("apps", "Deployment") => workloads::DEPLOYMENTS,
        ("apps", "ReplicaSet") => workloads::REPLICA_SETS,
        ("apps", "StatefulSet") => workloads::STATEFUL_SETS,
        ("apps", "DaemonSet") => workloads::DAEMON_SETS,
        ("batch", "Job") => workloads::JOBS,
        ("batch", "CronJob") => workloads::CRON_JOBS,
        ("autoscaling", "HorizontalPodAutoscaler") if version == "v1" => hpa::V1,
        ("autoscaling", "HorizontalPodAutoscaler") => hpa::V2,
        ("autoscaling", "Scale") => workloads::SCALES,
        ("policy", "PodDisruptionBudget") => workloads::BUDGETS,
        ("coordination.k8s.io", "Lease") => cluster::LEASES,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => rbac::BINDINGS,
        ("metrics.k8s.io", "NodeMetrics") => metrics::NODES,
        ("metrics.k8s.io", "PodMetrics") => metrics::PODS,
        _ => cells::OTHERS,
    };
    rows.iter().map(Row::column).collect()
}

impl Row {
    fn column(&self) -> Column {
        let Self(name, kind, priority, description, make) = *self;
        let format = match (name, kind) {
            ("Name", _) => "name",
            ("cpu" | "memory", _) => "quantity",
            ("Window", _) => "duration",
            _ => "",
        };
        Column {
            name: name.to_owned(),
            kind: kind.to_owned(),
            format: format.to_owned(),
            description: description.to_owned(),
            priority,
            cell: Cell::Made(make as Make),
        }
    }
}

#[cfg(test)]
mod tests;
