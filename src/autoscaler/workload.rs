//! The scale target as it stands in the cluster: its pods and what they ask for.

use serde::Serialize;

use super::target::TargetRef;
use crate::units::{Cores, Replicas};

/// A scale target that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub target: TargetRef,
    /// `spec.replicas` as its scale subresource gives it.
    pub replicas: Option<Replicas>,
    /// In the order of the pod: init sidecars first, then the containers. Init containers that
    /// end are not here. Empty where neither a pod template nor a pod could be read.
    pub containers: Vec<Container>,
    /// Names of the init containers that end, whose usage is none of the running pod's.
    pub init_containers: Vec<String>,
    pub pod_level: PodLevel,
    /// Pods that its selector matches now.
    pub pods: u32,
    pub ready_pods: u32,
    /// Pod created → Ready in seconds, one entry for each pod that tells, sorted.
    pub startup_seconds: Vec<f64>,
    pub disruption_budget: Option<DisruptionBudget>,
}

impl Workload {
    /// CPU request of one pod, sidecars included; `None` where neither the pod nor each of its
    /// containers asks for some, since the HPA controller then refuses to compute a utilization.
    pub fn cpu_request(&self) -> Option<Cores> {
        let of_containers = sum_of(&self.containers, |it| it.cpu_request);
        self.pod_level.cpu_request.or(of_containers)
    }

    /// CPU limit of one pod; `None` where neither the pod nor each of its containers has one.
    pub fn cpu_limit(&self) -> Option<Cores> {
        let of_containers = sum_of(&self.containers, |it| it.cpu_limit);
        self.pod_level.cpu_limit.or(of_containers)
    }

    /// Bytes that one pod asks for; `None` where neither the pod nor each of its containers asks
    /// for some.
    pub fn memory_request(&self) -> Option<f64> {
        let of_containers = self.containers.iter().map(|it| it.memory_request);
        let sum = of_containers.sum::<Option<f64>>();
        let sum = sum.filter(|_| !self.containers.is_empty());
        self.pod_level.memory_request.or(sum)
    }

    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|it| it.name == name)
    }
}

fn sum_of(all: &[Container], amount: impl Fn(&Container) -> Option<Cores>) -> Option<Cores> {
    if all.is_empty() {
        return None;
    }
    let sum: Option<f64> = all.iter().map(|it| amount(it).map(|it| it.0)).sum();
    sum.map(Cores)
}

/// What a pod asks for as a whole (`spec.resources`, Kubernetes v1.34), which goes before what
/// its containers ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PodLevel {
    pub cpu_request: Option<Cores>,
    pub cpu_limit: Option<Cores>,
    /// Bytes.
    pub memory_request: Option<f64>,
}

/// A container that runs as long as its pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    pub name: String,
    pub role: ContainerRole,
    pub cpu_request: Option<Cores>,
    pub cpu_limit: Option<Cores>,
    /// Bytes.
    pub memory_request: Option<f64>,
    /// Bytes.
    pub memory_limit: Option<f64>,
    pub has_readiness_probe: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerRole {
    #[default]
    Main,
    /// An init container with `restartPolicy: Always`.
    NativeSidecar,
}

/// The PodDisruptionBudget that covers the pods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisruptionBudget {
    pub name: String,
    /// As written: `2` or `50%`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload(requests: &[Option<f64>], pod: Option<f64>) -> Workload {
        let container = |request: &Option<f64>| Container {
            cpu_request: request.map(Cores),
            ..Container::default()
        };
        let target = TargetRef {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: "Deployment".to_owned(),
        };
        Workload {
            target,
            replicas: None,
            containers: requests.iter().map(container).collect(),
            init_containers: Vec::new(),
            pod_level: PodLevel {
                cpu_request: pod.map(Cores),
                ..PodLevel::default()
            },
            pods: 0,
            ready_pods: 0,
            startup_seconds: Vec::new(),
            disruption_budget: None,
        }
    }

    #[test]
    fn a_request_is_known_if_the_pod_or_every_container_tells() {
        let cases = [
            (workload(&[Some(0.5), Some(0.25)], None), Some(0.75)),
            (workload(&[Some(0.5), None], None), None),
            (workload(&[Some(0.5), None], Some(2.0)), Some(2.0)),
            (workload(&[], None), None),
        ];
        for (workload, expected) in cases {
            assert_eq!(workload.cpu_request(), expected.map(Cores));
        }
    }
}
