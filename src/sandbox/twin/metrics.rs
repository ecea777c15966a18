//! What metrics-server would answer: `metrics.k8s.io/v1beta1`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Twin;
use super::fields::stamp;
use super::meter::{Usage, WINDOW};
use super::objects::{Name, Of};
use super::pod::Pod;

const API_VERSION: &str = "metrics.k8s.io/v1beta1";

impl Twin {
    /// The PodMetrics of a namespace, or of all for an empty one, by name. A pod without a
    /// measurement has none.
    pub(crate) fn pod_metrics(&self, namespace: &str) -> Vec<Value> {
        let pods = self.stage.world.pods();
        let pods = pods.filter(|it| namespace.is_empty() || *it.name.namespace == *namespace);
        pods.filter_map(|it| Some(self.of_pod(it, self.meter.of(&it.uid)?)))
            .collect()
    }

    /// The NodeMetrics of all nodes, by name; none while nothing can be measured.
    pub(crate) fn node_metrics(&self) -> Vec<Value> {
        if self.meter.is_blind || self.meter.is_new() {
            return Vec::new();
        }
        let used = self.by_node();
        let nodes = self.stage.world.all(Of::Node);
        nodes
            .map(|(name, _)| self.of_node(name, used.get(&*name.name)))
            .collect()
    }

    fn of_pod(&self, pod: &Pod, usage: &Usage) -> Value {
        let names = pod.shape.containers.iter().enumerate();
        let containers: Vec<Value> = names
            .map(|(at, container)| {
                let part = |of: &Option<Vec<i64>>| of.as_ref()?.get(at).copied();
                json!({ "name": container.name,
                    "usage": amounts(part(&usage.cpu), part(&usage.memory)) })
            })
            .collect();
        json!({
            "apiVersion": API_VERSION, "kind": "PodMetrics",
            "metadata": {
                "name": &*pod.name.name, "namespace": &*pod.name.namespace,
                "creationTimestamp": stamp(self.stage.now), "labels": &*pod.labels,
            },
            "timestamp": stamp(self.meter.at), "window": window(), "containers": containers,
        })
    }

    /// What the pods of each node use: millicores, and thousandths of bytes.
    fn by_node(&self) -> HashMap<&str, (i64, i64)> {
        let mut used: HashMap<&str, (i64, i64)> = HashMap::new();
        for pod in self.stage.world.pods() {
            let Some(usage) = self.meter.of(&pod.uid) else {
                continue;
            };
            let (cpu, memory) = used.entry(&pod.node).or_default();
            let all = usage.cpu.iter().flatten();
            *cpu = all.fold(*cpu, |sum, it| sum.saturating_add(*it));
            let all = usage.memory.iter().flatten();
            *memory = all.fold(*memory, |sum, it| sum.saturating_add(*it));
        }
        used
    }

    fn of_node(&self, name: &Name, used: Option<&(i64, i64)>) -> Value {
        let (cpu, memory) = used.copied().unwrap_or_default();
        let most = self.stage.world.nodes().get(&name.name);
        let most = most.and_then(|it| it.cpu).unwrap_or(i64::MAX);
        let cpu = cpu.saturating_add(SYSTEM_CPU).min(most);
        let memory = memory.saturating_add(SYSTEM_MEMORY);
        json!({
            "apiVersion": API_VERSION, "kind": "NodeMetrics",
            "metadata": { "name": &*name.name, "creationTimestamp": stamp(self.stage.now) },
            "timestamp": stamp(self.meter.at), "window": window(),
            "usage": amounts(Some(cpu), Some(memory)),
        })
    }
}

/// What a node itself takes: millicores, and thousandths of bytes.
const SYSTEM_CPU: i64 = 50;
const SYSTEM_MEMORY: i64 = 512 * 1024 * 1024 * 1000;

fn window() -> String {
    format!("{}s", WINDOW.as_secs())
}

/// Millicores and thousandths of bytes as quantities, of what is known.
fn amounts(cpu: Option<i64>, memory: Option<i64>) -> Value {
    let mut amounts = json!({});
    if let Some(cpu) = cpu {
        amounts["cpu"] = json!(format!("{}n", i128::from(cpu) * 1_000_000));
    }
    if let Some(memory) = memory {
        amounts["memory"] = json!(format!("{}Ki", memory / 1000 / 1024));
    }
    amounts
}
