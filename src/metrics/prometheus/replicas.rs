//! Replica counts as kube-state-metrics records them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::labels::Labels;
use super::plan::Shard;
use super::selector::Selector;
use super::sums::Absorb;
use crate::series::{Grid, Series};

/// A kind of scale target and the metric of its ready pods.
struct ReadyMetric {
    kind: &'static str,
    metric: &'static str,
    label: &'static str,
}

const READY: [ReadyMetric; 3] = [
    ReadyMetric {
        kind: "Deployment",
        metric: "kube_deployment_status_replicas_ready",
        label: "deployment",
    },
    ReadyMetric {
        kind: "StatefulSet",
        metric: "kube_statefulset_status_replicas_ready",
        label: "statefulset",
    },
    ReadyMetric {
        kind: "ReplicaSet",
        metric: "kube_replicaset_status_ready_replicas",
        label: "replicaset",
    },
];

pub(super) const DESIRED: &str = "kube_horizontalpodautoscaler_status_desired_replicas";
pub(super) const CURRENT: &str = "kube_horizontalpodautoscaler_status_current_replicas";
const HPA_LABEL: &str = "horizontalpodautoscaler";

/// What a series of replicas is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Count {
    /// Ready pods of the target with this kind.
    Ready(&'static str),
    /// What the HPA wanted.
    Desired,
    /// What the HPA saw, ready or not.
    Current,
}

/// The selectors of one shard's replica counts: at most one for each kind of target and one for
/// the HPAs.
pub(super) fn selectors(shard: &Shard) -> Vec<Selector> {
    let within = |it: Selector| it.one_of("namespace", shard.namespaces.iter().map(String::as_str));
    let mut selectors = vec![];
    for ready in READY {
        let names: BTreeSet<&str> = shard
            .wanted
            .iter()
            .filter(|it| it.target.kind == ready.kind)
            .map(|it| it.target.name.as_str())
            .collect();
        if !names.is_empty() {
            selectors.push(within(Selector::of(ready.metric)).one_of(ready.label, names));
        }
    }
    let hpas: BTreeSet<&str> = shard.wanted.iter().map(|it| it.hpa.as_str()).collect();
    let both = Selector::named(&format!("{CURRENT}|{DESIRED}"));
    selectors.push(within(both).one_of(HPA_LABEL, hpas));
    selectors
}

/// Reads series of replica counts. A count that several scrapers recorded is their highest.
#[derive(Debug)]
pub(super) struct Counts {
    grid: Grid,
    shard: Arc<Shard>,
    places: BTreeMap<(Count, String, String), usize>,
    series: Vec<Series>,
}

impl Counts {
    pub(super) fn new(grid: Grid, shard: Arc<Shard>) -> Self {
        Self {
            grid,
            shard,
            places: BTreeMap::new(),
            series: vec![],
        }
    }

    /// The series of `count` for the object of that name.
    pub(super) fn get(&self, count: Count, namespace: &str, name: &str) -> Option<&Series> {
        let key = (count, namespace.to_owned(), name.to_owned());
        self.places.get(&key).map(|place| &self.series[*place])
    }

    /// Ready pods of a target of any kind that has a metric of its own.
    pub(super) fn ready(&self, kind: &str, namespace: &str, name: &str) -> Option<&Series> {
        let known = READY.iter().find(|it| it.kind == kind)?;
        self.get(Count::Ready(known.kind), namespace, name)
    }

    fn place(&mut self, key: (Count, String, String)) -> usize {
        let next = self.series.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.series.push(Series::gaps(self.grid));
        }
        place
    }

    fn raise(&mut self, place: usize, index: usize, value: f64) {
        let series = &mut self.series[place];
        if series.get(index).is_none_or(|known| known < value) {
            series.set(index, value);
        }
    }
}

fn count_of(labels: &Labels) -> Option<(Count, &str)> {
    let name = labels.get("__name__")?;
    if let Some(ready) = READY.iter().find(|it| it.metric == name) {
        return Some((Count::Ready(ready.kind), labels.get(ready.label)?));
    }
    let hpa = labels.get(HPA_LABEL)?;
    match name {
        DESIRED => Some((Count::Desired, hpa)),
        CURRENT => Some((Count::Current, hpa)),
        _ => None,
    }
}

impl Absorb for Counts {
    type Slot = usize;

    fn open(&mut self, labels: &Labels) -> Option<usize> {
        let (count, name) = count_of(labels)?;
        let namespace = labels.get("namespace")?;
        // Names are asked for in all namespaces of the shard at once: leave the others' out.
        let wanted = self.shard.wanted.iter().any(|it| {
            let mine = match &count {
                Count::Ready(kind) => it.target.kind == *kind && it.target.name == name,
                Count::Desired | Count::Current => it.hpa == name,
            };
            mine && it.target.namespace == namespace
        });
        wanted.then(|| self.place((count, namespace.to_owned(), name.to_owned())))
    }

    fn add(&mut self, slot: usize, index: usize, value: f64) {
        self.raise(slot, index, value);
    }

    fn merge(&mut self, other: Self) {
        for (key, theirs) in other.places {
            let mine = self.place(key);
            for (index, value) in other.series[theirs].iter().enumerate() {
                if let Some(value) = value {
                    self.raise(mine, index, value);
                }
            }
        }
    }
}
