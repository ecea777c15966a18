//! Nodes and what runs on them, and which one a pod goes to: of those that have room, the one with
//! the fewest pods.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::fields::{self, text};
use super::pod::Shape;
use crate::units::Quantity;

/// Why a pod goes nowhere, in the words of the scheduler.
pub(super) struct Unschedulable(pub(super) String);

/// What runs on a node: millicores and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) pods: i64,
    pub(super) cpu: i64,
    pub(super) memory: i64,
}

/// A node as a scheduler sees it, read once. What it does not say it has without end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    is_cordoned: bool,
    is_ready: bool,
    /// Millicores.
    pub(super) cpu: Option<i64>,
    memory: Option<i64>,
    pods: Option<i64>,
}

/// All nodes and, by the names of theirs, all pods.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: BTreeMap<Arc<str>, Node>,
    /// Also on nodes that are gone; those of no node are below the empty name.
    placed: HashMap<Arc<str>, Placed>,
    /// The nodes by how many pods they have, then by name.
    order: BTreeSet<(i64, Arc<str>)>,
}

impl Nodes {
    pub(super) fn note(&mut self, name: &Arc<str>, node: &Value) {
        self.nodes.insert(Arc::clone(name), Node::of(node));
        self.order
            .insert((self.placed(name).pods, Arc::clone(name)));
    }

    pub(super) fn forget(&mut self, name: &Arc<str>) {
        self.nodes.remove(name);
        self.order
            .remove(&(self.placed(name).pods, Arc::clone(name)));
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.nodes.get(name)
    }

    pub(super) fn placed(&self, node: &str) -> Placed {
        self.placed.get(node).copied().unwrap_or_default()
    }

    /// Takes in a pod that is on a node.
    pub(super) fn place(&mut self, node: &Arc<str>, shape: &Shape) {
        self.shift(node, |it| {
            it.pods += 1;
            it.cpu = it.cpu.saturating_add(shape.cpu_request);
            it.memory = it.memory.saturating_add(shape.memory_request);
        });
    }

    pub(super) fn unplace(&mut self, node: &Arc<str>, shape: &Shape) {
        self.shift(node, |it| {
            it.pods -= 1;
            it.cpu = it.cpu.saturating_sub(shape.cpu_request);
            it.memory = it.memory.saturating_sub(shape.memory_request);
        });
    }

    fn shift(&mut self, node: &Arc<str>, change: impl FnOnce(&mut Placed)) {
        let placed = self.placed.entry(Arc::clone(node)).or_default();
        let before = placed.pods;
        change(placed);
        let after = placed.pods;
        if after == 0 {
            self.placed.remove(node);
        }
        if self.order.remove(&(before, Arc::clone(node))) {
            self.order.insert((after, Arc::clone(node)));
        }
    }

    /// The node for a pod of this shape.
    pub(super) fn choose(&self, shape: &Shape) -> Result<Arc<str>, Unschedulable> {
        let has_room = |name: &str| self.obstacle(name, shape).is_none();
        let best = self.order.iter().find(|it| has_room(&it.1));
        best.map(|it| Arc::clone(&it.1))
            .ok_or_else(|| self.unschedulable(shape))
    }

    fn unschedulable(&self, shape: &Shape) -> Unschedulable {
        let obstacles = self.nodes.keys();
        let obstacles: Vec<Obstacle> = obstacles
            .filter_map(|it| self.obstacle(it, shape))
            .collect();
        let reasons = Obstacle::ALL.into_iter().filter_map(|(obstacle, why)| {
            let count = obstacles.iter().filter(|it| **it == obstacle).count();
            (count > 0).then(|| format!("{count} {why}"))
        });
        let reasons: Vec<String> = reasons.collect();
        Unschedulable(match self.nodes.len() {
            0 => "no nodes available to schedule pods".to_owned(),
            nodes => format!("0/{nodes} nodes are available: {}.", reasons.join(", ")),
        })
    }

    fn obstacle(&self, name: &str, shape: &Shape) -> Option<Obstacle> {
        let (node, placed) = (self.nodes.get(name)?, self.placed(name));
        let is_over = |used: i64, more: i64, most: Option<i64>| {
            most.is_some_and(|it| used.saturating_add(more) > it)
        };
        if node.is_cordoned {
            Some(Obstacle::Cordoned)
        } else if !node.is_ready {
            Some(Obstacle::NotReady)
        } else if is_over(placed.cpu, shape.cpu_request, node.cpu) {
            Some(Obstacle::Cpu)
        } else if is_over(placed.memory, shape.memory_request, node.memory) {
            Some(Obstacle::Memory)
        } else if is_over(placed.pods, 1, node.pods) {
            Some(Obstacle::Pods)
        } else {
            None
        }
    }
}

/// Why a node does not take a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    Cpu,
    Memory,
    Pods,
    NotReady,
    Cordoned,
}

impl Obstacle {
    /// In the order in which they are told.
    const ALL: [(Self, &'static str); 5] = [
        (Self::Cpu, "Insufficient cpu"),
        (Self::Memory, "Insufficient memory"),
        (Self::Pods, "Too many pods"),
        (Self::NotReady, "node(s) were not ready"),
        (Self::Cordoned, "node(s) were unschedulable"),
    ];
}

impl Node {
    fn of(node: &Value) -> Self {
        let mut conditions = fields::items(node, "/status/conditions").iter();
        let ready = conditions.find(|it| text(it, "/type") == "Ready");
        let most =
            |resource: &str, scale: f64| allocatable(node, resource).map(|it| (it * scale) as i64);
        Self {
            is_cordoned: fields::is_set(node, "/spec/unschedulable"),
            is_ready: ready.is_none_or(|it| text(it, "/status") == "True"),
            cpu: most("cpu", 1000.0),
            memory: most("memory", 1.0),
            pods: most("pods", 1.0),
        }
    }
}

/// What a node has for pods; `None` where it does not say.
fn allocatable(node: &Value, resource: &str) -> Option<f64> {
    let amount: Quantity = match node.pointer("/status/allocatable")?.get(resource)? {
        Value::String(text) => text.parse().ok()?,
        other => other.to_string().parse().ok()?,
    };
    Some(amount.as_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_go_where_the_fewest_are_and_room_is() {
        let mut nodes = Nodes::default();
        let name = |text: &str| Arc::<str>::from(text);
        let node = |cpu: &str| json!({ "status": { "allocatable": { "cpu": cpu } } });
        let shape = Shape::of(&json!({ "containers": [
            { "name": "app", "resources": { "requests": { "cpu": "500m" } } }] }));
        let why = nodes.choose(&shape).unwrap_err().0;
        assert_eq!(why, "no nodes available to schedule pods");
        for (it, cpu) in [("a", "2"), ("b", "1"), ("c", "100m")] {
            nodes.note(&name(it), &node(cpu));
        }
        let mut chosen = vec![];
        while let Ok(it) = nodes.choose(&shape) {
            nodes.place(&it, &shape);
            chosen.push(it.to_string());
        }
        assert_eq!(chosen, ["a", "b", "a", "b", "a", "a"]);
        let why = nodes.choose(&shape).unwrap_err().0;
        assert_eq!(why, "0/3 nodes are available: 3 Insufficient cpu.");
        nodes.unplace(&name("b"), &shape);
        assert_eq!(nodes.choose(&shape).ok(), Some(name("b")));
        nodes.note(&name("b"), &json!({ "spec": { "unschedulable": true } }));
        let why = nodes.choose(&shape).unwrap_err().0;
        let expected = "0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable.";
        assert_eq!(why, expected);
        nodes.forget(&name("b"));
        nodes.note(&name("b"), &node("1"));
        assert_eq!(nodes.placed("b").pods, 1);
        assert_eq!(nodes.choose(&shape).ok(), Some(name("b")));
    }
}
