//! A pod as the controllers see it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::fields::{self, text, time};
use super::objects::Name;
use crate::autoscaler::workload::ContainerRole;
use crate::autoscaler::{Holds, Resource};
use crate::cluster::convert;
use crate::cluster::selector::Labels;
use crate::sim;
use crate::sim::pod::{Amounts, Phase, Ready, Role, Template};
use crate::units::Quantity;

/// What a pod's specification asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) template: Template,
    /// Those that run as long as the pod.
    pub(super) containers: Vec<Container>,
    /// Millicores and bytes that the scheduler reserves.
    pub(super) cpu_request: i64,
    pub(super) memory_request: i64,
    /// Millicores that the whole pod may use; `None` where a container has no limit.
    pub(super) cpu_limit: Option<i64>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) is_sidecar: bool,
    /// Millicores.
    pub(super) cpu_request: Option<i64>,
    pub(super) cpu_limit: Option<i64>,
    /// Bytes.
    pub(super) memory_request: Option<i64>,
    pub(super) memory_limit: Option<i64>,
}

/// A pod with what is asked of it most, read once.
#[derive(Clone, Debug)]
pub(super) struct Pod {
    pub(super) object: Arc<Value>,
    pub(super) name: Name,
    pub(super) uid: Arc<str>,
    pub(super) labels: Arc<Labels>,
    /// The uid of its controller; empty for a pod of nobody.
    pub(super) owner: Arc<str>,
    pub(super) node: Arc<str>,
    pub(super) phase: Phase,
    pub(super) is_deleted: bool,
    pub(super) created: Timestamp,
    pub(super) started: Option<Timestamp>,
    pub(super) ready: Option<Ready>,
    pub(super) shape: Arc<Shape>,
}

impl Pod {
    /// `known` is the same pod as it was before, whose parts that never change are kept.
    pub(super) fn of(object: Arc<Value>, known: Option<&Self>) -> Self {
        let shape = match known.filter(|it| it.object.get("spec") == object.get("spec")) {
            Some(known) => Arc::clone(&known.shape),
            None => Arc::new(Shape::of(&object["spec"])),
        };
        let labels = object.pointer("/metadata/labels");
        Self {
            name: Name::of(&object),
            uid: text(&object, "/metadata/uid").into(),
            labels: Arc::new(labels.map(labels_of).unwrap_or_default()),
            owner: fields::controller(&object).into(),
            node: text(&object, "/spec/nodeName").into(),
            phase: phase(text(&object, "/status/phase")),
            is_deleted: !text(&object, "/metadata/deletionTimestamp").is_empty(),
            created: time(&object, "/metadata/creationTimestamp").unwrap_or_default(),
            started: time(&object, "/status/startTime"),
            ready: ready(&object),
            shape,
            object,
        }
    }

    /// Whether it counts for its controller.
    pub(super) fn is_active(&self) -> bool {
        !self.is_deleted && !self.is_finished()
    }

    /// Whether its containers ended for good.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.is_some_and(|it| it.holds == Holds::Yes)
    }

    /// Whether it takes load.
    pub(super) fn serves(&self) -> bool {
        self.phase == Phase::Running && self.is_ready() && !self.is_deleted
    }

    /// When it was, or will be, ready for as long as `min_ready` asks; `None` if it is not ready.
    pub(super) fn available_from(&self, min_ready: jiff::SignedDuration) -> Option<Timestamp> {
        let ready = self.ready.filter(|it| it.holds == Holds::Yes)?;
        Some(sim::numbers::after(ready.since, min_ready))
    }

    pub(super) fn seen(&self) -> sim::pod::Pod<'_> {
        sim::pod::Pod {
            template: &self.shape.template,
            phase: self.phase,
            is_deleted: self.is_deleted,
            started: self.started,
            ready: self.ready,
        }
    }
}

pub(super) fn labels_of(labels: &Value) -> Labels {
    let all = labels.as_object().into_iter().flatten();
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    all.filter_map(text).collect()
}

fn phase(text: &str) -> Phase {
    match text {
        "" | "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    }
}

fn ready(pod: &Value) -> Option<Ready> {
    let mut conditions = fields::items(pod, "/status/conditions").iter();
    let ready = conditions.find(|it| text(it, "/type") == "Ready")?;
    Some(Ready {
        holds: match text(ready, "/status") {
            "True" => Holds::Yes,
            "False" => Holds::No,
            _ => Holds::Unknown,
        },
        since: time(ready, "/lastTransitionTime")?,
    })
}

impl Shape {
    pub(super) fn of(spec: &Value) -> Self {
        let template = template(spec);
        let parsed = serde_json::from_value(spec.clone()).unwrap_or_default();
        let shape = convert::template_shape(&parsed);
        let containers: Vec<_> = shape.containers.iter().map(container).collect();
        let sum = |own: Option<i64>, of: fn(&Container) -> Option<i64>| {
            own.unwrap_or_else(|| containers.iter().filter_map(of).sum())
        };
        let pod_level = &shape.pod_level;
        let limit = pod_level.cpu_limit.map(|it| milli(it.0));
        let limits = || containers.iter().map(|it| it.cpu_limit).sum();
        Self {
            cpu_request: sum(pod_level.cpu_request.map(|it| milli(it.0)), |it| {
                it.cpu_request
            }),
            memory_request: sum(pod_level.memory_request.map(|it| it as i64), |it| {
                it.memory_request
            }),
            cpu_limit: limit.or_else(limits).filter(|_| !containers.is_empty()),
            containers,
            template,
        }
    }
}

fn container(container: &crate::autoscaler::workload::Container) -> Container {
    Container {
        name: container.name.clone(),
        is_sidecar: container.role == ContainerRole::NativeSidecar,
        cpu_request: container.cpu_request.map(|it| milli(it.0)),
        cpu_limit: container.cpu_limit.map(|it| milli(it.0)),
        memory_request: container.memory_request.map(|it| it as i64),
        memory_limit: container.memory_limit.map(|it| it as i64),
    }
}

fn milli(cores: f64) -> i64 {
    (cores * 1000.0).round() as i64
}

fn template(spec: &Value) -> Template {
    let mut containers = Vec::new();
    for init in fields::items(spec, "/initContainers") {
        let role = match text(init, "/restartPolicy") {
            "Always" => Role::Sidecar,
            _ => Role::Init,
        };
        containers.push(requests_of(init, role));
    }
    let main = fields::items(spec, "/containers").iter();
    containers.extend(main.map(|it| requests_of(it, Role::Main)));
    Template {
        containers,
        pod_level: amounts(spec.pointer("/resources/requests")),
        overhead: amounts(spec.pointer("/overhead")),
    }
}

fn requests_of(container: &Value, role: Role) -> sim::pod::Container {
    let mut requests = amounts(container.pointer("/resources/requests"));
    // The API fills in requests from limits when it makes a pod.
    for (resource, limit) in amounts(container.pointer("/resources/limits")).0 {
        if requests.get(&resource).is_none() {
            requests.0.push((resource, limit));
        }
    }
    sim::pod::Container {
        name: text(container, "/name").to_owned(),
        role,
        requests,
    }
}

fn amounts(amounts: Option<&Value>) -> Amounts {
    let all = amounts.and_then(Value::as_object).into_iter().flatten();
    let amount = |(name, value): (&String, &Value)| {
        let quantity: Quantity = match value {
            Value::String(text) => text.parse().ok()?,
            other => other.to_string().parse().ok()?,
        };
        let resource = match name.as_str() {
            "cpu" => Resource::Cpu,
            "memory" => Resource::Memory,
            other => Resource::Other(other.to_owned()),
        };
        Some((resource, quantity))
    };
    Amounts(all.filter_map(amount).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_tells_what_the_autoscaler_asks() {
        let object = json!({
            "metadata": { "name": "a-1", "namespace": "n", "uid": "u",
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [{ "uid": "other" }, { "uid": "set", "controller": true }] },
            "spec": { "nodeName": "node-1", "containers": [
                { "name": "app", "resources": { "requests": { "cpu": "250m", "memory": "1Gi" },
                    "limits": { "cpu": "1" } } },
                { "name": "log", "resources": { "limits": { "cpu": "100m" } } },
            ] },
            "status": { "phase": "Running", "startTime": "2026-01-01T00:00:01Z", "conditions": [
                { "type": "Ready", "status": "True",
                    "lastTransitionTime": "2026-01-01T00:00:30Z" }] },
        });
        let pod = Pod::of(Arc::new(object), None);
        assert_eq!((&*pod.owner, &*pod.node), ("set", "node-1"));
        assert!(pod.serves() && pod.is_active());
        let shape = &pod.shape;
        assert_eq!((shape.cpu_request, shape.cpu_limit), (350, Some(1100)));
        assert_eq!(shape.memory_request, 1 << 30);
        let wanted = sim::requests::Wanted {
            resource: &Resource::Cpu,
            container: None,
            pod_level: true,
        };
        assert_eq!(sim::requests::request_of(&pod.seen(), &wanted), Ok(350));
        let again = Pod::of(Arc::clone(&pod.object), Some(&pod));
        assert!(Arc::ptr_eq(&again.shape, shape));
    }
}
