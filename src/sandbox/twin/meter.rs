//! What each pod uses: its share of the load, as `sim::plant` shares it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::objects::{Name, Of};
use super::pod::{Container, Pod, Shape};
use super::trace::{Moment, Trace};
use super::world::World;
use crate::sim::pod::Phase;

/// How long a usage sample is measured: metrics-server asks every 15 s (`--metric-resolution`).
pub(super) const WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// What a container takes of which no load is known: millicores, and thousandths of bytes where it
/// requests no memory.
const IDLE_CPU: i64 = 1;
const IDLE_MEMORY: i64 = 64 * 1024 * 1024 * 1000;
/// The part of its memory request that a container takes then.
const USUAL_MEMORY: f64 = 0.4;

/// What one pod uses, container by container in the order of its shape.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Usage {
    /// Millicores; `None` where the load is not known.
    pub(super) cpu: Option<Vec<i64>>,
    /// Thousandths of bytes.
    pub(super) memory: Option<Vec<i64>>,
    /// Other metrics of pods, in thousandths, by their place in the autoscaler.
    pub(super) others: Vec<(usize, i64)>,
    /// The share of the time in which its limit holds it back, in thousandths.
    pub(super) held_back: i64,
}

/// The totals that autoscalers ask for, by workload.
type Totals = Vec<(usize, i64)>;

/// Usage as of the last time it was measured.
#[derive(Debug, Default)]
pub(super) struct Meter {
    traces: HashMap<(Of, Name), Arc<Trace>>,
    /// By the uid of the pod: a pod that takes the name of another has used nothing yet.
    used: HashMap<Arc<str>, Usage>,
    totals: HashMap<(Of, Name), Totals>,
    moments: HashMap<(Of, Name), Moment>,
    /// Pods by the workload that they belong to, the oldest first, and when that was looked up.
    pods: HashMap<Option<(Of, Name)>, Vec<Name>>,
    revision: Option<u64>,
    pub(super) at: Timestamp,
    /// Whether nothing could be measured the last time.
    pub(super) is_blind: bool,
}

impl Meter {
    pub(super) fn new(traces: HashMap<(Of, Name), Arc<Trace>>) -> Self {
        Self {
            traces,
            ..Self::default()
        }
    }

    /// Measures every pod, unless the metrics pipeline `is_blind`.
    pub(super) fn measure(&mut self, world: &World, is_blind: bool, now: Timestamp) {
        let is_same = self.revision == Some(world.pods_revision());
        if !is_same {
            self.group(world);
        }
        let groups = std::mem::take(&mut self.pods);
        for (root, pods) in &groups {
            self.share(world, root.as_ref(), pods, is_same, now);
        }
        self.pods = groups;
        self.at = now;
        self.is_blind = is_blind;
    }

    fn group(&mut self, world: &World) {
        self.revision = Some(world.pods_revision());
        self.pods.clear();
        let mut pods: Vec<&Pod> = world.pods().collect();
        let living: HashSet<&str> = pods.iter().map(|it| &*it.uid).collect();
        self.used.retain(|uid, _| living.contains(&**uid));
        pods.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        for pod in pods.into_iter().filter(|it| it.phase == Phase::Running) {
            let root = world.root(pod).cloned();
            self.pods.entry(root).or_default().push(pod.name.clone());
        }
        let gone: Vec<(Of, Name)> = self.totals.keys().cloned().collect();
        for root in gone
            .into_iter()
            .filter(|it| world.get(it.0, &it.1).is_none())
        {
            self.totals.remove(&root);
        }
        // Workloads without pods have totals too: a queue grows whoever serves it.
        for root in self
            .traces
            .keys()
            .filter(|it| world.get(it.0, &it.1).is_some())
        {
            self.pods.entry(Some(root.clone())).or_default();
        }
    }

    fn share(
        &mut self,
        world: &World,
        root: Option<&(Of, Name)>,
        pods: &[Name],
        is_same: bool,
        now: Timestamp,
    ) {
        let trace = root.and_then(|it| self.traces.get(it)).cloned();
        let Some((trace, root)) = trace.zip(root) else {
            if !is_same {
                for pod in pods.iter().filter_map(|it| world.pod(it)) {
                    self.used.insert(Arc::clone(&pod.uid), idle(&pod.shape));
                }
            }
            return;
        };
        let moment = trace.at(now);
        if is_same && self.moments.get(root) == Some(&moment) {
            return;
        }
        let pods: Vec<&Pod> = pods.iter().filter_map(|it| world.pod(it)).collect();
        let serving = pods.iter().filter(|it| it.serves()).count() as i64;
        let mut rank = 0;
        for pod in pods {
            let share = Share {
                serving,
                rank: pod.serves().then_some(rank),
            };
            rank += i64::from(pod.serves());
            let usage = usage(&trace, &moment, &pod.shape, share);
            self.used.insert(Arc::clone(&pod.uid), usage);
        }
        let totals = trace.triggers().zip(&moment.triggers);
        let totals = totals.filter_map(|(place, value)| Some((place, (*value)?)));
        self.totals.insert(root.clone(), totals.collect());
        self.moments.insert(root.clone(), moment);
    }

    /// Whether nothing was ever measured.
    pub(super) fn is_new(&self) -> bool {
        self.revision.is_none()
    }

    /// What a pod used; `None` for one that was not running, or while nothing can be measured.
    pub(super) fn of(&self, uid: &str) -> Option<&Usage> {
        self.used.get(uid).filter(|_| !self.is_blind)
    }

    /// What a pod uses, whether or not anybody can measure it.
    pub(super) fn truly(&self, uid: &str) -> Option<&Usage> {
        self.used.get(uid)
    }

    /// The value of the metric at `place` of a workload's autoscaler, for all pods together.
    pub(super) fn total(&self, root: &(Of, Name), place: usize) -> Option<i64> {
        let all = self.totals.get(root).filter(|_| !self.is_blind)?;
        all.iter().find(|it| it.0 == place).map(|it| it.1)
    }
}

/// Which part of the load a pod takes.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// How many pods share it.
    serving: i64,
    /// How many of them are older; `None` for a pod that does not serve.
    rank: Option<i64>,
}

impl Share {
    /// An equal part; what does not divide goes to the oldest, one each.
    fn of(self, amount: i64) -> i64 {
        match self.rank {
            Some(rank) if self.serving > 0 => {
                amount / self.serving + i64::from(rank < amount % self.serving)
            }
            Some(_) | None => 0,
        }
    }
}

fn usage(trace: &Trace, moment: &Moment, shape: &Shape, share: Share) -> Usage {
    let limits = |limit: Option<i64>, wanted: i64| limit.map_or(wanted, |it| it.min(wanted));
    let mut held_back = 0;
    let cpu = moment.cpu.map(|amount| {
        let wanted = share.of(amount);
        let counted = trace.container();
        let Some(counted) = counted else {
            let used = limits(shape.cpu_limit, wanted);
            held_back = (wanted - used) * 1000 / wanted.max(1);
            return split(used, &shape.containers, |it| {
                it.cpu_limit.or(it.cpu_request)
            });
        };
        let of_container = |container: &Container| {
            let mut others = trace.containers().zip(&moment.containers);
            let other = others
                .find(|it| it.0 == container.name)
                .and_then(|it| *it.1);
            let wanted = match other {
                _ if container.name == counted => wanted,
                Some(amount) => share.of(amount),
                None => IDLE_CPU,
            };
            limits(container.cpu_limit, wanted)
        };
        shape.containers.iter().map(of_container).collect()
    });
    let memory = moment.memory.map(|(of_a_pod, amount)| {
        let used = of_a_pod.saturating_add(share.of(amount));
        split(used, &shape.containers, |it| it.memory_request)
    });
    let triggers = trace.triggers().zip(&moment.triggers);
    Usage {
        cpu,
        memory: match trace.knows_memory() {
            true => memory,
            false => idle(shape).memory,
        },
        others: triggers
            .filter_map(|(place, amount)| Some((place, share.of((*amount)?))))
            .collect(),
        held_back,
    }
}

/// `amount` shared among containers in proportion to their weights, exactly.
fn split(
    amount: i64,
    containers: &[Container],
    weight: impl Fn(&Container) -> Option<i64>,
) -> Vec<i64> {
    if let [_] = containers {
        return vec![amount];
    }
    let weights: Vec<i128> = containers
        .iter()
        .map(|it| i128::from(weight(it).unwrap_or(1).max(1)))
        .collect();
    let all: i128 = weights.iter().sum();
    let mut until = 0;
    let mut given = 0;
    let share = |weight: &i128| {
        until += weight;
        let upto = i128::from(amount) * until / all.max(1);
        let part = upto - given;
        given = upto;
        i64::try_from(part).unwrap_or(i64::MAX)
    };
    weights.iter().map(share).collect()
}

/// What a pod takes of which no load is known.
fn idle(shape: &Shape) -> Usage {
    let memory = |it: &Container| {
        let usual = |it: i64| (it as f64 * USUAL_MEMORY * 1000.0) as i64;
        it.memory_request.map_or(IDLE_MEMORY, usual)
    };
    Usage {
        cpu: Some(vec![IDLE_CPU; shape.containers.len()]),
        memory: Some(shape.containers.iter().map(memory).collect()),
        others: Vec::new(),
        held_back: 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn container(request: i64) -> Container {
        Container {
            name: String::new(),
            is_sidecar: false,
            cpu_request: Some(request),
            cpu_limit: None,
            memory_request: None,
            memory_limit: None,
        }
    }

    #[test]
    fn containers_share_by_weight_and_nothing_is_lost() {
        let containers = [container(100), container(300), container(0)];
        let found = split(1001, &containers, |it| it.cpu_request);
        assert_eq!(found, [249, 749, 3]);
        assert_eq!(split(7, &[container(5)], |it| it.cpu_request), [7]);
        assert!(split(7, &[], |it| it.cpu_request).is_empty());
    }

    proptest! {
        #[test]
        fn the_pods_that_serve_take_all_of_the_load(serving in 1..50_i64, amount in 0..1_000_000_i64) {
            let of = |rank| Share { serving, rank: Some(rank) }.of(amount);
            prop_assert_eq!((0..serving).map(of).sum::<i64>(), amount);
            prop_assert_eq!(Share { serving, rank: None }.of(amount), 0);
        }
    }
}
