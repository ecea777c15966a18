//! kube-state-metrics' series of one workload.

use std::ops::Range;

use super::super::labels;
use super::super::workload::{Container, Kind, Pod, Workload};
use super::{Clock, Emit};

pub(super) fn visit(workload: &Workload, emit: &mut Emit<'_>) {
    for pod in &workload.pods {
        pod_series(workload, pod, emit);
    }
    let all = 0..i64::MAX;
    replica_set_series(workload, emit);
    replica_series(workload, &all, emit);
    autoscaler_series(workload, &all, emit);
}

fn pod_series(workload: &Workload, pod: &Pod, emit: &mut Emit<'_>) {
    let life = pod.life();
    let about = [
        ("namespace", workload.namespace.as_str()),
        ("pod", &pod.name),
    ];
    let (kind, name) = match workload.kind.has_replica_sets() {
        true => ("ReplicaSet", &workload.generations[pod.generation].name),
        false => (workload.kind.name(), &workload.name),
    };
    let mut owner = about.to_vec();
    owner.extend([
        ("uid", pod.uid.as_str()),
        ("owner_kind", kind),
        ("owner_name", name),
        ("owner_is_controller", "true"),
    ]);
    gauge("kube_pod_owner", &owner, &life, |_| Some(1.0), emit);
    let node = emit.fleet.nodes[pod.node].clone();
    let factor = workload.generations[pod.generation].request_factor;
    for container in &workload.containers {
        resource_series(pod, container, factor, &about, &node, emit);
    }
    if !emit.full() {
        return;
    }
    let mut with_uid = about.to_vec();
    with_uid.push(("uid", pod.uid.as_str()));
    gauge(
        "kube_pod_created",
        &with_uid,
        &life,
        |_| Some(pod.created as f64),
        emit,
    );
    let ready = |at| (pod.ready * 1000 <= at).then_some(pod.ready as f64);
    gauge("kube_pod_status_ready_time", &with_uid, &life, ready, emit);
}

/// Requests and limits; those of a native sidecar have a name of their own.
fn resource_series(
    pod: &Pod,
    container: &Container,
    factor: f64,
    about: &[(&'static str, &str)],
    node: &str,
    emit: &mut Emit<'_>,
) {
    let (requests, limits) = match container.native_sidecar {
        false => (
            "kube_pod_container_resource_requests",
            "kube_pod_container_resource_limits",
        ),
        true => (
            "kube_pod_init_container_resource_requests",
            "kube_pod_init_container_resource_limits",
        ),
    };
    let mut labels = about.to_vec();
    labels.extend([
        ("uid", pod.uid.as_str()),
        ("container", &container.name),
        ("node", node),
        ("resource", "cpu"),
        ("unit", "core"),
    ]);
    for (name, cores) in [(requests, container.request), (limits, container.limit)] {
        if let Some(cores) = cores {
            gauge(name, &labels, &pod.life(), |_| Some(cores * factor), emit);
        }
    }
}

/// A ReplicaSet stays, scaled to nothing, until the third generation after it.
fn replica_set_series(workload: &Workload, emit: &mut Emit<'_>) {
    if !workload.kind.has_replica_sets() {
        return;
    }
    for (place, generation) in workload.generations.iter().enumerate() {
        let until = workload
            .generations
            .get(place + 3)
            .map_or(i64::MAX, |it| it.from * 1000);
        let labels = [
            ("namespace", workload.namespace.as_str()),
            ("replicaset", &generation.name),
            ("owner_kind", workload.kind.name()),
            ("owner_name", &workload.name),
            ("owner_is_controller", "true"),
        ];
        let life = generation.from * 1000..until;
        gauge("kube_replicaset_owner", &labels, &life, |_| Some(1.0), emit);
    }
}

fn replica_series(workload: &Workload, all: &Range<i64>, emit: &mut Emit<'_>) {
    let (label, ready, wanted) = match workload.kind {
        Kind::Deployment => (
            "deployment",
            "kube_deployment_status_replicas_ready",
            "kube_deployment_spec_replicas",
        ),
        Kind::StatefulSet => (
            "statefulset",
            "kube_statefulset_status_replicas_ready",
            "kube_statefulset_replicas",
        ),
        // kube-state-metrics knows no custom resources unless told; DaemonSets are nobody's target.
        Kind::Rollout | Kind::DaemonSet => return,
    };
    let labels = [
        ("namespace", workload.namespace.as_str()),
        (label, &workload.name),
    ];
    let count = |at| Some(workload.ready_at(at) as f64);
    gauge(ready, &labels, all, count, emit);
    let desired = |at| Some(f64::from(workload.desired_at(at)));
    gauge(wanted, &labels, all, desired, emit);
}

fn autoscaler_series(workload: &Workload, all: &Range<i64>, emit: &mut Emit<'_>) {
    let Some(name) = &workload.autoscaler else {
        return;
    };
    let labels = [
        ("namespace", workload.namespace.as_str()),
        ("horizontalpodautoscaler", name),
    ];
    let desired = |at| Some(f64::from(workload.desired_at(at)));
    let prefix = "kube_horizontalpodautoscaler_status_desired_replicas";
    gauge(prefix, &labels, all, desired, emit);
    let current = |at| Some(workload.living(at).count() as f64);
    let prefix = "kube_horizontalpodautoscaler_status_current_replicas";
    gauge(prefix, &labels, all, current, emit);
}

/// Half-way through the history kube-state-metrics restarts under another address, so that every
/// one of its series ends and goes on as another.
fn gauge(
    name: &'static str,
    own: &[(&'static str, &str)],
    life: &Range<i64>,
    mut value: impl FnMut(i64) -> Option<f64>,
    emit: &mut Emit<'_>,
) {
    let parameters = &emit.fleet.parameters;
    let mut clock = Clock::new(parameters.state_seconds, parameters.seed);
    clock.missed.extend(emit.fleet.outage.clone());
    let span = emit.fleet.span();
    let middle = (span.start + span.end) / 2;
    for (replica, era) in [0..middle, middle..i64::MAX].into_iter().enumerate() {
        let life = life.start.max(era.start)..life.end.min(era.end);
        emit.sample(&clock, &life, &mut value);
        if !emit.samples.is_empty() {
            emit.write(name, &labels::state(own, replica));
        }
    }
}
