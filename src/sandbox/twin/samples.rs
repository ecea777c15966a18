//! What a Prometheus would scrape of the twin: the series of cAdvisor and kube-state-metrics.

use serde_json::Value;

use super::Twin;
use super::fields::{self, count, text};
use super::objects::{Name, Of};
use super::pod::{Container, Pod};
use super::random;
use crate::sandbox::history::triggers::SERIES;
use crate::sim::pod::Phase;

/// The labels of a series, without its name.
pub(crate) type Labels<'a> = &'a [(&'static str, &'a str)];

/// What takes samples: the name of the series, its labels, its value.
pub(super) type Each<'a> = dyn FnMut(&'static str, Labels<'_>, f64) + 'a;

impl Twin {
    /// Shows every sample that there is now.
    pub(super) fn samples(&self, each: &mut Each<'_>) {
        for pod in self.stage.world.pods() {
            self.of_cadvisor(pod, each);
            of_pod(pod, each);
        }
        for (name, trigger, value) in self.keda.triggers().all(self.stage.now) {
            let trigger = trigger.to_string();
            let labels = [
                ("namespace", &*name.namespace),
                ("object", &*name.name),
                ("trigger", &trigger),
            ];
            each(SERIES, &labels, value);
        }
        self.keda.expose(each);
        for (name, set) in self.stage.world.all(Of::ReplicaSet) {
            of_replica_set(name, set, each);
        }
        for (name, object) in self.stage.world.all(Of::Deployment) {
            of_deployment(name, object, each);
        }
        for (name, object) in self.stage.world.all(Of::StatefulSet) {
            of_stateful_set(name, object, each);
        }
        for (name, object) in self.stage.world.all(Of::Hpa) {
            of_hpa(name, object, each);
        }
    }

    fn of_cadvisor(&self, pod: &Pod, each: &mut Each<'_>) {
        let Some(usage) = self.meter.of(&pod.uid) else {
            return;
        };
        // A pod that was measured for the first time has not been counted yet.
        let counter = self.counters.of(&pod.uid).cloned().unwrap_or_default();
        for (at, container) in pod.shape.containers.iter().enumerate() {
            let id = random::short_hash(&pod.uid, &container.name);
            let id = format!("/kubepods.slice/pod{}/{id}", pod.uid);
            let labels = [
                ("container", container.name.as_str()),
                ("id", &id),
                ("namespace", &pod.name.namespace),
                ("node", &pod.node),
                ("pod", &pod.name.name),
            ];
            if usage.cpu.is_some() {
                let seconds = counter.cpu_seconds(at);
                each("container_cpu_usage_seconds_total", &labels, seconds);
            }
            let memory = usage.memory.as_ref().and_then(|it| it.get(at));
            if let Some(memory) = memory {
                each(
                    "container_memory_working_set_bytes",
                    &labels,
                    (memory / 1000) as f64,
                );
            }
            if container.cpu_limit.is_some() {
                each(
                    "container_cpu_cfs_periods_total",
                    &labels,
                    counter.periods(),
                );
                let held_back = counter.throttled_periods();
                each(
                    "container_cpu_cfs_throttled_periods_total",
                    &labels,
                    held_back,
                );
            }
        }
    }
}

fn of_pod(pod: &Pod, each: &mut Each<'_>) {
    let about = [
        ("namespace", &*pod.name.namespace),
        ("pod", &*pod.name.name),
        ("uid", &*pod.uid),
    ];
    let owners = fields::items(&pod.object, "/metadata/ownerReferences").iter();
    for owner in owners.filter(|it| fields::is_set(it, "/controller")) {
        let mut labels = about.to_vec();
        labels.extend(owner_labels(owner));
        each("kube_pod_owner", &labels, 1.0);
    }
    each("kube_pod_created", &about, pod.created.as_second() as f64);
    for condition in ["true", "false", "unknown"] {
        let mut labels = about.to_vec();
        labels.push(("condition", condition));
        let holds = (condition == "true") == pod.is_ready() && condition != "unknown";
        each("kube_pod_status_ready", &labels, f64::from(u8::from(holds)));
    }
    if let Some(ready) = pod.ready.filter(|_| pod.is_ready()) {
        let since = ready.since.as_second() as f64;
        each("kube_pod_status_ready_time", &about, since);
    }
    for phase in ["Pending", "Running", "Succeeded", "Failed", "Unknown"] {
        let mut labels = about.to_vec();
        labels.push(("phase", phase));
        let is_it = phase == name_of(pod.phase);
        each("kube_pod_status_phase", &labels, f64::from(u8::from(is_it)));
    }
    for container in &pod.shape.containers {
        resources(pod, container, each);
    }
}

fn name_of(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
        Phase::Unknown => "Unknown",
    }
}

fn owner_labels(owner: &Value) -> [(&'static str, &str); 3] {
    [
        ("owner_is_controller", "true"),
        ("owner_kind", text(owner, "/kind")),
        ("owner_name", text(owner, "/name")),
    ]
}

/// Requests and limits; those of a native sidecar have a name of their own.
fn resources(pod: &Pod, container: &Container, each: &mut Each<'_>) {
    let (requests, limits) = match container.is_sidecar {
        false => (
            "kube_pod_container_resource_requests",
            "kube_pod_container_resource_limits",
        ),
        true => (
            "kube_pod_init_container_resource_requests",
            "kube_pod_init_container_resource_limits",
        ),
    };
    let amounts = [
        (requests, "cpu", "core", container.cpu_request, 1000.0),
        (limits, "cpu", "core", container.cpu_limit, 1000.0),
        (requests, "memory", "byte", container.memory_request, 1.0),
        (limits, "memory", "byte", container.memory_limit, 1.0),
    ];
    for (name, resource, unit, amount, scale) in amounts {
        let labels = [
            ("container", container.name.as_str()),
            ("namespace", &pod.name.namespace),
            ("node", &pod.node),
            ("pod", &pod.name.name),
            ("resource", resource),
            ("uid", &pod.uid),
            ("unit", unit),
        ];
        if let Some(amount) = amount {
            each(name, &labels, amount as f64 / scale);
        }
    }
}

fn of_replica_set(name: &Name, set: &Value, each: &mut Each<'_>) {
    let about = [("namespace", &*name.namespace), ("replicaset", &*name.name)];
    let owners = fields::items(set, "/metadata/ownerReferences").iter();
    for owner in owners.filter(|it| fields::is_set(it, "/controller")) {
        let mut labels = about.to_vec();
        labels.extend(owner_labels(owner));
        each("kube_replicaset_owner", &labels, 1.0);
    }
    let counts = [
        ("kube_replicaset_spec_replicas", "/spec/replicas"),
        ("kube_replicaset_status_replicas", "/status/replicas"),
        (
            "kube_replicaset_status_ready_replicas",
            "/status/readyReplicas",
        ),
    ];
    gauges(set, &about, &counts, each);
}

/// Counts of an object; one that is left out is zero.
fn gauges(
    object: &Value,
    labels: Labels<'_>,
    counts: &[(&'static str, &str)],
    each: &mut Each<'_>,
) {
    for (name, pointer) in counts {
        each(name, labels, f64::from(count(object, pointer).unwrap_or(0)));
    }
}

fn of_deployment(name: &Name, object: &Value, each: &mut Each<'_>) {
    let labels = [("deployment", &*name.name), ("namespace", &*name.namespace)];
    let counts = [
        ("kube_deployment_spec_replicas", "/spec/replicas"),
        ("kube_deployment_status_replicas", "/status/replicas"),
        (
            "kube_deployment_status_replicas_ready",
            "/status/readyReplicas",
        ),
        (
            "kube_deployment_status_replicas_available",
            "/status/availableReplicas",
        ),
        (
            "kube_deployment_status_replicas_updated",
            "/status/updatedReplicas",
        ),
        (
            "kube_deployment_status_replicas_unavailable",
            "/status/unavailableReplicas",
        ),
    ];
    gauges(object, &labels, &counts, each);
}

fn of_stateful_set(name: &Name, object: &Value, each: &mut Each<'_>) {
    let labels = [
        ("namespace", &*name.namespace),
        ("statefulset", &*name.name),
    ];
    let counts = [
        ("kube_statefulset_replicas", "/spec/replicas"),
        ("kube_statefulset_status_replicas", "/status/replicas"),
        (
            "kube_statefulset_status_replicas_ready",
            "/status/readyReplicas",
        ),
        (
            "kube_statefulset_status_replicas_updated",
            "/status/updatedReplicas",
        ),
    ];
    gauges(object, &labels, &counts, each);
}

fn of_hpa(name: &Name, hpa: &Value, each: &mut Each<'_>) {
    let labels = [
        ("horizontalpodautoscaler", &*name.name),
        ("namespace", &*name.namespace),
    ];
    let counts = [
        (
            "kube_horizontalpodautoscaler_spec_min_replicas",
            "/spec/minReplicas",
        ),
        (
            "kube_horizontalpodautoscaler_spec_max_replicas",
            "/spec/maxReplicas",
        ),
        (
            "kube_horizontalpodautoscaler_status_current_replicas",
            "/status/currentReplicas",
        ),
        (
            "kube_horizontalpodautoscaler_status_desired_replicas",
            "/status/desiredReplicas",
        ),
    ];
    gauges(hpa, &labels, &counts, each);
    for metric in fields::items(hpa, "/spec/metrics") {
        let resource = metric.get("resource").or(metric.get("containerResource"));
        let percent = resource.and_then(|it| count(it, "/target/averageUtilization"));
        if let Some((resource, percent)) = resource.zip(percent) {
            let mut labels = labels.to_vec();
            labels.push(("metric_name", text(resource, "/name")));
            labels.push(("metric_target_type", "utilization"));
            let value = f64::from(percent);
            each(
                "kube_horizontalpodautoscaler_spec_target_metric",
                &labels,
                value,
            );
        }
    }
    for condition in fields::items(hpa, "/status/conditions") {
        for status in ["true", "false", "unknown"] {
            let mut labels = labels.to_vec();
            labels.push(("condition", text(condition, "/type")));
            labels.push(("status", status));
            let holds = text(condition, "/status").eq_ignore_ascii_case(status);
            let value = f64::from(u8::from(holds));
            each(
                "kube_horizontalpodautoscaler_status_condition",
                &labels,
                value,
            );
        }
    }
}
