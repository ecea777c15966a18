//! Containers of a pod and what they ask for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::autoscaler::workload::{self, ContainerRole, PodLevel};
use crate::cluster::objects::{Container, PodSpec, Resources};
use crate::units::{Cores, Quantity};

/// What one pod is made of and asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodShape {
    /// Those that run as long as the pod: native sidecars first, then the others.
    pub containers: Vec<workload::Container>,
    /// Names of the init containers that end.
    pub init_containers: Vec<String>,
    pub pod_level: PodLevel,
}

/// The shape of a live pod.
pub fn pod_shape(pod: &PodSpec) -> PodShape {
    PodShape {
        containers: containers(pod),
        init_containers: init_containers(pod),
        pod_level: PodLevel {
            cpu_request: amount(&pod.resources.requests, "cpu").map(Cores),
            cpu_limit: amount(&pod.resources.limits, "cpu").map(Cores),
        },
    }
}

/// The shape that a template gives its pods: a limit without a request stands for both, which the
/// API fills in when it makes pods, not in templates.
pub fn template_shape(template: &PodSpec) -> PodShape {
    let mut shape = pod_shape(template);
    for it in &mut shape.containers {
        it.cpu_request = it.cpu_request.or(it.cpu_limit);
        it.memory_request = it.memory_request.or(it.memory_limit);
    }
    let pod_level = &mut shape.pod_level;
    pod_level.cpu_request = pod_level.cpu_request.or(pod_level.cpu_limit);
    shape
}

fn containers(pod: &PodSpec) -> Vec<workload::Container> {
    let sidecars = pod.init_containers.iter().filter(|it| is_sidecar(it));
    let sidecars = sidecars.map(|it| container(it, ContainerRole::NativeSidecar));
    let others = pod.containers.iter();
    let others = others.map(|it| container(it, ContainerRole::Main));
    sidecars.chain(others).collect()
}

fn init_containers(pod: &PodSpec) -> Vec<String> {
    let ending = pod.init_containers.iter().filter(|it| !is_sidecar(it));
    ending.map(|it| it.name.clone()).collect()
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn container(container: &Container, role: ContainerRole) -> workload::Container {
    let Resources { requests, limits } = &container.resources;
    workload::Container {
        name: container.name.clone(),
        role,
        cpu_request: amount(requests, "cpu").map(Cores),
        cpu_limit: amount(limits, "cpu").map(Cores),
        memory_request: amount(requests, "memory"),
        memory_limit: amount(limits, "memory"),
        has_readiness_probe: container.readiness_probe.is_some(),
    }
}

/// In cores or bytes. What is not a quantity is nothing: the API server admits none such.
fn amount(amounts: &BTreeMap<String, Value>, resource: &str) -> Option<f64> {
    let quantity: Quantity = match amounts.get(resource)? {
        Value::String(text) => text.parse().ok()?,
        Value::Number(number) => number.to_string().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(quantity.as_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec() -> PodSpec {
        serde_json::from_value(json!({
            "initContainers": [
                {"name": "migrate", "resources": {"requests": {"cpu": "4"}}},
                {"name": "proxy", "restartPolicy": "Always",
                    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}},
            ],
            "containers": [
                {"name": "app", "readinessProbe": {}, "resources": {"limits": {"cpu": 2}}},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn init_containers_that_end_stand_apart_and_sidecars_come_first() {
        let PodShape {
            containers,
            init_containers,
            ..
        } = pod_shape(&spec());
        assert_eq!(init_containers, ["migrate"]);
        let shown: Vec<_> = containers
            .iter()
            .map(|it| {
                (
                    it.name.as_str(),
                    it.role,
                    it.cpu_request,
                    it.has_readiness_probe,
                )
            })
            .collect();
        let expected = [
            (
                "proxy",
                ContainerRole::NativeSidecar,
                Some(Cores(0.1)),
                false,
            ),
            ("app", ContainerRole::Main, None, true),
        ];
        assert_eq!(shown, expected);
        assert_eq!(containers[0].memory_request, Some(67_108_864.0));
        assert_eq!(containers[1].cpu_limit, Some(Cores(2.0)));
    }

    #[test]
    fn a_limit_alone_is_the_request_too_in_a_template() {
        let containers = template_shape(&spec()).containers;
        assert_eq!(containers[1].cpu_request, Some(Cores(2.0)));
        assert_eq!(containers[0].cpu_request, Some(Cores(0.1)));
    }

    #[test]
    fn a_pod_may_ask_as_a_whole() {
        let pod = json!({"containers": [{"name": "app"}],
            "resources": {"requests": {"cpu": "3"}, "limits": {"cpu": "4"}}});
        let shape = pod_shape(&serde_json::from_value(pod).unwrap());
        let expected = PodLevel {
            cpu_request: Some(Cores(3.0)),
            cpu_limit: Some(Cores(4.0)),
        };
        assert_eq!(shape.pod_level, expected);
    }
}
