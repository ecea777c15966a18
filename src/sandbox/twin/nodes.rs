//! Which node a pod goes to: of those that have room, the one with the fewest pods.

use serde_json::Value;

use super::fields::{self, text};
use super::objects::Of;
use super::pod::Shape;
use super::world::{Placed, World};
use crate::units::Quantity;

/// Why a pod goes nowhere, in the words of the scheduler.
pub(super) struct Unschedulable(pub(super) String);

/// The node for a pod of this shape.
pub(super) fn choose(world: &World, shape: &Shape) -> Result<String, Unschedulable> {
    let mut refused: [(&str, usize); 5] = [
        ("Insufficient cpu", 0),
        ("Insufficient memory", 0),
        ("Too many pods", 0),
        ("node(s) were not ready", 0),
        ("node(s) were unschedulable", 0),
    ];
    let mut best: Option<(i64, &str)> = None;
    let mut nodes = 0;
    for (name, node) in world.all(Of::Node) {
        nodes += 1;
        let placed = world.placed(&name.name);
        match obstacle(node, placed, shape) {
            Some(place) => refused[place as usize].1 += 1,
            None if best.is_none_or(|it| placed.pods < it.0) => {
                best = Some((placed.pods, &name.name));
            }
            None => {}
        }
    }
    best.map(|it| it.1.to_owned()).ok_or_else(|| {
        let reasons = refused.iter().filter(|it| it.1 > 0);
        let reasons: Vec<String> = reasons
            .map(|(why, count)| format!("{count} {why}"))
            .collect();
        Unschedulable(match nodes {
            0 => "no nodes available to schedule pods".to_owned(),
            nodes => format!("0/{nodes} nodes are available: {}.", reasons.join(", ")),
        })
    })
}

/// Why a node does not take a pod, as a place among the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    Cpu,
    Memory,
    Pods,
    NotReady,
    Cordoned,
}

fn obstacle(node: &Value, placed: Placed, shape: &Shape) -> Option<Obstacle> {
    if fields::is_set(node, "/spec/unschedulable") {
        return Some(Obstacle::Cordoned);
    }
    let mut conditions = fields::items(node, "/status/conditions").iter();
    let ready = conditions.find(|it| text(it, "/type") == "Ready");
    if ready.is_some_and(|it| text(it, "/status") != "True") {
        return Some(Obstacle::NotReady);
    }
    let room = |resource: &str, used: i64, more: i64, scale: f64| {
        let most = allocatable(node, resource).map(|it| (it * scale) as i64);
        most.is_none_or(|it| used.saturating_add(more) <= it)
    };
    if !room("cpu", placed.cpu, shape.cpu_request, 1000.0) {
        Some(Obstacle::Cpu)
    } else if !room("memory", placed.memory, shape.memory_request, 1.0) {
        Some(Obstacle::Memory)
    } else if !room("pods", placed.pods, 1, 1.0) {
        Some(Obstacle::Pods)
    } else {
        None
    }
}

/// What a node has for pods; `None` where it does not say, and takes any.
pub(super) fn allocatable(node: &Value, resource: &str) -> Option<f64> {
    let amount: Quantity = match node.pointer("/status/allocatable")?.get(resource)? {
        Value::String(text) => text.parse().ok()?,
        other => other.to_string().parse().ok()?,
    };
    Some(amount.as_f64())
}
