//! Pods, folded to what counts, and which scale target each belongs to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Assembler, ObjectKey};
use crate::cluster::convert::{self, PodShape};
use crate::cluster::objects::Pod;
use crate::cluster::selector::Labels;

/// Every pod, grouped by what controls it: pods of one controller share labels and shape,
/// so that only the newest one's are kept.
#[derive(Debug, Default)]
pub(super) struct Pods {
    groups: BTreeMap<GroupKey, Group>,
}

/// Pods without a controller are told apart by their labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    namespace: String,
    controller: Option<ObjectKey>,
    labels: Option<Labels>,
}

#[derive(Debug, Default)]
struct Group {
    pods: BTreeMap<String, PodFacts>,
    newest: Option<Newest>,
}

#[derive(Clone, Copy, Debug)]
struct PodFacts {
    /// Neither ended nor being deleted: the pods that an HPA counts.
    counts: bool,
    ready: bool,
    startup_seconds: Option<f32>,
}

/// The newest pod that counts; of several of one age the last by name.
#[derive(Debug)]
struct Newest {
    order: (Option<Timestamp>, String),
    labels: Labels,
    shape: PodShape,
}

impl Pods {
    pub(super) fn add(&mut self, pod: Pod) {
        let key = group_key(&pod);
        let group = self.groups.entry(key).or_default();
        let facts = pod_facts(&pod);
        let order = (pod.metadata.creation_timestamp, pod.metadata.name);
        group.pods.insert(order.1.clone(), facts);
        if facts.counts && group.newest.as_ref().is_none_or(|it| it.order <= order) {
            group.newest = Some(Newest {
                order,
                labels: pod.metadata.labels,
                shape: convert::pod_shape(&pod.spec),
            });
        }
    }
}

fn group_key(pod: &Pod) -> GroupKey {
    let namespace = pod.metadata.namespace();
    let owner = pod.metadata.controller();
    GroupKey {
        controller: owner.map(|it| ObjectKey::of_owner(it, namespace)),
        labels: owner.is_none().then(|| pod.metadata.labels.clone()),
        namespace: namespace.to_owned(),
    }
}

fn pod_facts(pod: &Pod) -> PodFacts {
    let ended = matches!(pod.status.phase.as_deref(), Some("Succeeded" | "Failed"));
    let counts = !ended && pod.metadata.deletion_timestamp.is_none();
    let mut conditions = pod.status.conditions.iter();
    let ready = conditions.find(|it| it.kind == "Ready" && it.status == "True");
    let since = ready.and_then(|it| it.last_transition_time);
    PodFacts {
        counts,
        ready: counts && ready.is_some(),
        startup_seconds: since.and_then(|it| startup_seconds(pod, it)),
    }
}

/// Pod created → Ready. A pod that restarted became Ready again later, which is no start-up.
fn startup_seconds(pod: &Pod, ready: Timestamp) -> Option<f32> {
    let mut statuses = pod.status.container_statuses.iter();
    if statuses.any(|it| it.restart_count > 0) {
        return None;
    }
    let created = pod.metadata.creation_timestamp?;
    let seconds = ready.duration_since(created).as_secs_f32();
    (seconds >= 0.0).then_some(seconds)
}

/// The pods of one scale target, which are in several groups while it rolls out.
#[derive(Debug, Default)]
pub(super) struct Crew<'a> {
    groups: Vec<&'a Group>,
}

impl<'a> Crew<'a> {
    pub(super) fn pods(&self) -> u32 {
        self.count(|it| it.counts)
    }

    pub(super) fn ready(&self) -> u32 {
        self.count(|it| it.ready)
    }

    fn count(&self, which: impl Fn(&PodFacts) -> bool) -> u32 {
        let count = self.facts().filter(|it| which(it)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn facts(&self) -> impl Iterator<Item = &'a PodFacts> + '_ {
        self.groups.iter().flat_map(|it| it.pods.values())
    }

    /// Sorted.
    pub(super) fn startup_seconds(&self) -> Vec<f64> {
        let known = self.facts().filter_map(|it| it.startup_seconds);
        let mut known: Vec<f64> = known.map(f64::from).collect();
        known.sort_by(f64::total_cmp);
        known
    }

    /// Of the newest pod; `None` where no pod counts.
    pub(super) fn shape(&self) -> Option<&'a PodShape> {
        self.newest().map(|it| &it.shape)
    }

    /// Of the newest pod.
    pub(super) fn labels(&self) -> Option<&'a Labels> {
        self.newest().map(|it| &it.labels)
    }

    fn newest(&self) -> Option<&'a Newest> {
        let newest = self.groups.iter().filter_map(|it| it.newest.as_ref());
        newest.max_by(|a, b| a.order.cmp(&b.order))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + '_ {
        let pods = self.groups.iter().flat_map(|it| it.pods.keys());
        pods.map(String::as_str)
    }
}

impl Assembler {
    /// The pods of every one of `targets` that has some.
    pub(super) fn crews(&self, targets: &BTreeSet<ObjectKey>) -> BTreeMap<ObjectKey, Crew<'_>> {
        let mut crews: BTreeMap<ObjectKey, Crew<'_>> = BTreeMap::new();
        for (key, group) in &self.pods.groups {
            if let Some(target) = self.target_of(key, group, targets) {
                crews.entry(target.clone()).or_default().groups.push(group);
            }
        }
        crews
    }

    fn target_of<'a>(
        &self,
        key: &GroupKey,
        group: &Group,
        targets: &'a BTreeSet<ObjectKey>,
    ) -> Option<&'a ObjectKey> {
        let controlled = self.controlling_target(key.controller.as_ref(), targets);
        match controlled {
            Controlled::By(target) => Some(target),
            Controlled::Elsewhere => {
                self.selecting_target(key, group, targets, |it| !owns_its_pods(it))
            }
            Controlled::Unknown => self.selecting_target(key, group, targets, |_| true),
        }
    }

    /// Follows controllers upwards, from the pods' own.
    fn controlling_target<'a>(
        &self,
        controller: Option<&ObjectKey>,
        targets: &'a BTreeSet<ObjectKey>,
    ) -> Controlled<'a> {
        let mut next = controller;
        // A chain is two or three long; the bound keeps a circle from turning for ever.
        for _ in 0..LONGEST_CHAIN {
            let Some(key) = next else { break };
            if let Some(target) = targets.get(key) {
                return Controlled::By(target);
            }
            next = match self.controllers.get(key) {
                Some(above) => above.as_ref(),
                // ReplicaSets may be unreadable, or left out of a snapshot.
                None if key.kind == "ReplicaSet" => return Controlled::Unknown,
                None => None,
            };
        }
        Controlled::Elsewhere
    }

    /// The first target whose selector matches the pods of `group`.
    fn selecting_target<'a>(
        &self,
        key: &GroupKey,
        group: &Group,
        targets: &'a BTreeSet<ObjectKey>,
        eligible: impl Fn(&ObjectKey) -> bool,
    ) -> Option<&'a ObjectKey> {
        let labels = &group.newest.as_ref()?.labels;
        let first = ObjectKey::first_in(&key.namespace);
        let nearby = targets.range(first..);
        let mut nearby = nearby.take_while(|it| it.namespace == key.namespace);
        nearby.find(|target| {
            let facts = self.scalables.get(*target);
            let selector = facts.and_then(|it| it.selector.as_ref());
            eligible(target) && selector.is_some_and(|it| it.matches(labels))
        })
    }
}

const LONGEST_CHAIN: usize = 8;

enum Controlled<'a> {
    By(&'a ObjectKey),
    /// By something that is no scale target, or by nothing.
    Elsewhere,
    /// By something that was not read.
    Unknown,
}

/// Whether the controllers of the pods of such a target always lead to it.
fn owns_its_pods(target: &ObjectKey) -> bool {
    target.group == "apps"
}
