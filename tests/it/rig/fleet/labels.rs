//! Label sets as kube-prometheus-stack makes them.

use super::Fleet;
use super::random::Random;
use super::workload::{Container, Duplicate, Pod, Workload};

/// Name and value; empty values are not there.
pub(crate) type Labels = Vec<(&'static str, String)>;

/// What a series of the kubelet is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cgroup<'a> {
    /// A container in its first or second life.
    Container(&'a Container, Life),
    /// The sum over the pod.
    Pod,
    /// The container that holds the pod's network.
    Pause,
}

/// Before or after the restart of a container that got a new id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    First,
    Second,
}

/// Labels that every series of one node's cAdvisor carries.
pub(crate) fn kubelet(fleet: &Fleet, workload: &Workload, pod: &Pod, cgroup: Cgroup<'_>) -> Labels {
    let slice = format!(
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice",
        pod.uid.replace('-', "_")
    );
    let mut labels = vec![
        ("endpoint", "https-metrics".to_owned()),
        ("instance", format!("10.0.{}.10:10250", pod.node)),
        ("job", "kubelet".to_owned()),
        ("metrics_path", "/metrics/cadvisor".to_owned()),
        ("namespace", workload.namespace.clone()),
        ("node", fleet.nodes[pod.node].clone()),
        ("pod", pod.name.clone()),
        ("service", "kube-prometheus-stack-kubelet".to_owned()),
    ];
    match cgroup {
        Cgroup::Container(container, life) => {
            let id = container_id(pod, container, life);
            labels.push(("container", container.name.clone()));
            labels.push(("id", format!("{slice}/cri-containerd-{id}.scope")));
            labels.push(("image", image(workload, container)));
            labels.push(("name", id));
        }
        Cgroup::Pod => labels.push(("id", slice)),
        Cgroup::Pause => {
            let id = Random::new(pod.seed ^ 0xFA05).hex(64);
            labels.push(("container", "POD".to_owned()));
            labels.push(("id", format!("{slice}/cri-containerd-{id}.scope")));
            labels.push(("image", "registry.k8s.io/pause:3.10".to_owned()));
            labels.push(("name", id));
        }
    }
    labels
}

/// The same series as somebody else scraped it, if somebody did.
pub(crate) fn duplicate(labels: &Labels, duplicate: Duplicate) -> Option<Labels> {
    let mut labels = labels.clone();
    match duplicate {
        Duplicate::No => return None,
        Duplicate::Job => set(&mut labels, "job", "kubelet-legacy"),
        Duplicate::Replica => labels.push(("prometheus_replica", "prometheus-1".to_owned())),
    }
    Some(labels)
}

/// Labels of a kube-state-metrics series: its own, and those of the target where it has none of
/// that name. `replica` counts the restarts of kube-state-metrics.
pub(crate) fn state(own: &[(&'static str, &str)], replica: usize) -> Labels {
    let mut labels: Labels = own
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let target = [
        ("container", "kube-state-metrics".to_owned()),
        ("endpoint", "http".to_owned()),
        ("instance", format!("10.244.0.{}:8080", 17 + replica)),
        ("job", "kube-state-metrics".to_owned()),
        ("namespace", "monitoring".to_owned()),
        ("pod", format!("kube-state-metrics-7d5c9f6b4-x{replica}k2m")),
        (
            "service",
            "kube-prometheus-stack-kube-state-metrics".to_owned(),
        ),
    ];
    for (name, value) in target {
        if own.iter().all(|(taken, _)| *taken != name) {
            labels.push((name, value));
        }
    }
    labels
}

/// The image of a container.
pub(crate) fn image(workload: &Workload, container: &Container) -> String {
    format!(
        "registry.example.com/{}/{}:1.4",
        workload.name, container.name
    )
}

/// The id that the runtime gave a container.
pub(crate) fn container_id(pod: &Pod, container: &Container, life: Life) -> String {
    let name = container
        .name
        .bytes()
        .fold(life as u64, |sum, byte| sum * 31 + u64::from(byte));
    Random::new(pod.seed ^ name).hex(64)
}

fn set(labels: &mut Labels, name: &str, value: &str) {
    for label in labels.iter_mut().filter(|it| it.0 == name) {
        label.1 = value.to_owned();
    }
}
