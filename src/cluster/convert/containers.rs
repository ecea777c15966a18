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
            memory_request: amount(&pod.resources.requests, "memory"),
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
    if !template.resources.limits.is_empty() {
        fill_in_pod_level(&mut shape, &template.resources);
    }
    shape
}

/// A pod with a limit as a whole asks as a whole: for what its containers ask for if any does,
/// for its limit otherwise (`defaultPodRequests` of `pkg/apis/core/v1/defaults.go`, v1.34).
fn fill_in_pod_level(shape: &mut PodShape, of_pod: &Resources) {
    let containers = shape.containers.iter();
    let cpu = containers.clone().filter_map(|it| it.cpu_request);
    let cpu = cpu.reduce(|all, it| Cores(all.0 + it.0));
    let memory = containers.filter_map(|it| it.memory_request);
    let memory = memory.reduce(|all, it| all + it);
    let memory_limit = amount(&of_pod.limits, "memory");
    let pod_level = &mut shape.pod_level;
    pod_level.cpu_request = pod_level.cpu_request.or(cpu).or(pod_level.cpu_limit);
    pod_level.memory_request = pod_level.memory_request.or(memory).or(memory_limit);
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
            "resources": {"requests": {"cpu": "3", "memory": "1Ki"}, "limits": {"cpu": "4"}}});
        let shape = pod_shape(&serde_json::from_value(pod).unwrap());
        let expected = PodLevel {
            cpu_request: Some(Cores(3.0)),
            cpu_limit: Some(Cores(4.0)),
            memory_request: Some(1024.0),
        };
        assert_eq!(shape.pod_level, expected);
    }

    #[test]
    fn a_template_with_a_limit_as_a_whole_asks_as_a_whole() {
        let asked = |pod: Value, container: Value| {
            let template = json!({"resources": pod,
                "containers": [{"name": "app", "resources": container}, {"name": "log"}]});
            let template = serde_json::from_value(template).unwrap();
            let pod_level = template_shape(&template).pod_level;
            (
                pod_level.cpu_request.map(|it| it.0),
                pod_level.memory_request,
            )
        };
        let limits = json!({"limits": {"cpu": "4", "memory": "8Ki"}});
        let cases = [
            (limits.clone(), json!({}), (Some(4.0), Some(8192.0))),
            (
                limits.clone(),
                json!({"requests": {"cpu": "1"}, "limits": {"memory": "2Ki"}}),
                (Some(1.0), Some(2048.0)),
            ),
            (
                json!({"requests": {"cpu": "3"}, "limits": {"cpu": "4"}}),
                json!({"requests": {"cpu": "1", "memory": "1Ki"}}),
                (Some(3.0), Some(1024.0)),
            ),
            (json!({}), json!({"requests": {"cpu": "1"}}), (None, None)),
        ];
        for (pod, container, expected) in cases {
            assert_eq!(asked(pod, container), expected);
        }
    }
}
