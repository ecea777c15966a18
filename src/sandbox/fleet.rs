//! A seed divided among those who bring it to life: the API server, the twin and the history.

mod machine;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cluster::BEFORE;
use super::history::past::{Past, Subject};
use super::seed::Seed;
use super::twin::keda::feed::TriggerTrace;
use super::twin::{Name, Of, Trace, Workload};
use crate::analysis;
use crate::analysis::load::Load;
use crate::analysis::scenario::Scenario;
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::target::TargetRef;
use crate::cluster::Scope;
use crate::cluster::offline::Inventory;
use crate::fleet;
use crate::history::{History, Metric};
use crate::series::Series;
use crate::sim::demand::Shape;
use crate::sim::numbers::after;

/// The past that load is taken from: whatever a seed has.
const WINDOW: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Of 64 cores and with room for 110 pods: half of it is in use at most.
const PODS_OF_A_NODE: u64 = 50;

/// As many nodes as a cluster is said to have at most.
const MOST_NODES: u64 = 5_000;

/// What each of them starts with.
pub(super) struct Fleet {
    /// Without pods and ReplicaSets, which the twin makes anew.
    pub(super) objects: Vec<Value>,
    pub(super) workloads: BTreeMap<(Of, Name), Workload>,
    pub(super) past: Past,
    /// What the past knows of the triggers of ScaledObjects.
    pub(super) triggers: Vec<TriggerTrace>,
}

impl Fleet {
    /// A fleet that goes on at `now` as its past ended.
    pub(super) fn of(seed: Seed, now: Timestamp) -> Self {
        let subjects = subjects(&seed.objects);
        let known: HashMap<&TargetRef, &fleet::Subject> = subjects
            .iter()
            .map(|it| (&it.autoscaler.target, it))
            .collect();
        let (mut workloads, mut triggers) = (BTreeMap::new(), Vec::new());
        let mut replicas = HashMap::new();
        for (target, history) in &seed.histories {
            let Some(of) = scaled(target) else {
                continue;
            };
            let name = Name::new(&target.namespace, &target.name);
            replicas.insert((of, name.clone()), last_replicas(history));
            let subject = known.get(target).copied();
            triggers.extend(subject.into_iter().flat_map(|it| traces(it, history)));
            let workload = workload(subject, history, now);
            workloads.insert((of, name), workload);
        }
        let past = seed
            .histories
            .iter()
            .map(|(target, history)| past_of(target, known.get(target).copied(), history));
        let past = Past::new(past);
        let nodes = nodes(&seed.objects, after(now, -BEFORE));
        let objects = seed.objects.into_iter().filter(|it| !is_remade(it));
        let begun = objects.map(|it| begun(it, &replicas));
        Self {
            objects: begun.chain(nodes).collect(),
            workloads,
            past,
            triggers,
        }
    }
}

/// The autoscalers with what they scale. An object that cannot be read is nobody's.
fn subjects(objects: &[Value]) -> Vec<fleet::Subject> {
    let Ok(mut inventory) = Inventory::new(&Scope::default()) else {
        return vec![];
    };
    for object in objects {
        // The server keeps it as it is; whoever reads it there will be told.
        let _ = inventory.add(object.clone());
    }
    let fleet = inventory.finish(fleet::ClusterName::default());
    fleet.map(|it| it.subjects).unwrap_or_default()
}

fn workload(subject: Option<&fleet::Subject>, history: &History, now: Timestamp) -> Workload {
    let replayed = subject.and_then(|it| replayed(it, history, now));
    replayed.unwrap_or_else(|| Workload {
        trace: Trace::of_history(history, Shape::Linear).map(Arc::new),
        startup: startup(history),
    })
}

/// What the sources of KEDA's triggers told, which they go on to tell.
fn traces(subject: &fleet::Subject, history: &History) -> Vec<TriggerTrace> {
    let id = &subject.autoscaler.id;
    if id.kind != AutoscalerKind::ScaledObject {
        return vec![];
    }
    let trace = |(metric, values): (&Metric, &Series)| {
        let Metric::Trigger(index) = metric else {
            return None;
        };
        Some(TriggerTrace {
            namespace: id.namespace.clone(),
            object: id.name.clone(),
            trigger: usize::try_from(*index).ok()?,
            values: values.clone(),
        })
    };
    history.iter().filter_map(trace).collect()
}

/// The load that a replay of the autoscaler would take.
fn replayed(subject: &fleet::Subject, history: &History, now: Timestamp) -> Option<Workload> {
    let autoscaler = &subject.autoscaler;
    let workload = subject.workload.as_ref().ok()?;
    let load = Load::derive(autoscaler, workload, history, WINDOW, now);
    let scenario = Scenario::of(autoscaler, workload, history, &load, 0.0).ok()?;
    let shape = *analysis::shapes(&load).first()?;
    Some(Workload {
        trace: Some(Arc::new(Trace::of_scenario(&scenario, autoscaler, shape))),
        startup: Some(scenario.pods().startup),
    })
}

/// The last time that a pod is known to have taken from its creation until it was ready.
fn startup(history: &History) -> Option<SignedDuration> {
    let seconds = history.get(&Metric::Startup)?.known().last()?;
    SignedDuration::try_from_secs_f64(seconds).ok()
}

fn last_replicas(history: &History) -> Option<i64> {
    let wanted = [Metric::DesiredReplicas, Metric::ReadyReplicas];
    let known = wanted.iter().find_map(|it| history.get(it)?.known().last());
    known.map(|it| it.round() as i64)
}

fn past_of(target: &TargetRef, subject: Option<&fleet::Subject>, history: &History) -> Subject {
    let workload = subject.and_then(|it| it.workload.as_ref().ok());
    let container = workload.and_then(|it| it.containers.first());
    Subject {
        target: target.clone(),
        hpa: subject.map(|it| it.autoscaler.hpa()),
        replica_set: format!("{}-5d4f8c7b9", target.name),
        container: container.map_or_else(|| target.name.clone(), |it| it.name.clone()),
        history: history.clone(),
    }
}

/// The kind of a target that the twin runs.
pub(super) fn scaled(target: &TargetRef) -> Option<Of> {
    // Targets tell no group. That of the kinds with these names is this one.
    Of::scalable("apps", &target.kind)
}

fn group_of(object: &Value) -> &str {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    version.split_once('/').map_or("", |it| it.0)
}

fn is_of(object: &Value, of: Of) -> bool {
    group_of(object) == of.group() && object["kind"] == of.kind()
}

/// Whether the twin makes such objects for those that own them.
fn is_remade(object: &Value) -> bool {
    (is_of(object, Of::Pod) || is_of(object, Of::ReplicaSet))
        && object["metadata"]["ownerReferences"].is_array()
}

/// Machines for a fleet that comes without any: with room for all pods that there may ever be.
fn nodes(objects: &[Value], since: Timestamp) -> Vec<Value> {
    if objects.iter().any(|it| is_of(it, Of::Node)) {
        return vec![];
    }
    let counts = objects.iter().map(|it| {
        let count = |field: &str| it["spec"][field].as_u64().unwrap_or(0);
        let most = ["maxReplicas", "maxReplicaCount", "replicas"];
        most.map(count).into_iter().max().unwrap_or(0)
    });
    let pods = counts.fold(0, u64::saturating_add);
    // Some more, since a rollout needs both old and new pods.
    let nodes = pods.div_ceil(PODS_OF_A_NODE) + 2;
    let numbers = 1..=nodes.min(MOST_NODES);
    numbers.flat_map(|it| machine::of(it, since)).collect()
}

/// The object as it is when the twin takes over: with the replicas that it had last.
fn begun(mut object: Value, replicas: &HashMap<(Of, Name), Option<i64>>) -> Value {
    let text = |pointer: &str| {
        object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or("")
    };
    let name = Name::new(text("/metadata/namespace"), text("/metadata/name"));
    let Some(of) = Of::scalable(group_of(&object), text("/kind")) else {
        return object;
    };
    if let Some(object) = object.as_object_mut() {
        let spec = object.get_mut("spec").and_then(Value::as_object_mut);
        if let (Some(spec), Some(Some(count))) = (spec, replicas.get(&(of, name))) {
            spec.insert("replicas".to_owned(), json!(count));
        }
        // It is of pods that are no more.
        object.remove("status");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Grid;
    use crate::units::Step;

    fn seed(objects: Vec<Value>, kinds: &[&str]) -> Seed {
        let target = |kind: &&str| TargetRef {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: (*kind).to_owned(),
        };
        let histories = kinds.iter().map(|it| (target(it), History::default()));
        Seed {
            objects,
            histories: histories.collect(),
        }
    }

    fn object(api_version: &str, kind: &str) -> Value {
        json!({ "apiVersion": api_version, "kind": kind,
            "metadata": { "name": "web", "namespace": "shop", "ownerReferences": [] },
            "spec": { "replicas": 3 }, "status": { "phase": "Healthy" } })
    }

    #[test]
    fn kinds_of_other_groups_stay_as_they_are() {
        let deployment = object("apps/v1", "Deployment");
        let others = [
            object("example.com/v1", "Deployment"),
            object("example.com/v1", "Pod"),
            object("example.com/v1", "Node"),
        ];
        let made = [object("v1", "Pod"), object("apps/v1", "ReplicaSet")];
        let all = [deployment].into_iter().chain(others.clone()).chain(made);
        let fleet = Fleet::of(seed(all.collect(), &[]), Timestamp::UNIX_EPOCH);
        let [deployment, rest @ ..] = fleet.objects.as_slice() else {
            panic!("nothing is left");
        };
        assert_eq!(deployment["status"], Value::Null);
        assert_eq!(rest[..3], others);
        assert_eq!(rest[3]["kind"], "Node", "machines are made all the same");
    }

    #[test]
    fn triggers_go_on_to_tell_what_they_told() {
        let scaled = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": "queue", "namespace": "shop" },
            "spec": { "scaleTargetRef": { "name": "web" }, "maxReplicaCount": 300, "triggers": [
                { "type": "cpu", "metadata": { "value": "60" } },
                { "type": "kafka", "metadata": { "topic": "t" } }] } });
        let mut seed = seed(
            vec![object("apps/v1", "Deployment"), scaled],
            &["Deployment"],
        );
        let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::ONE_MINUTE, 3);
        let history = &mut seed.histories[0].1;
        history.insert(Metric::Trigger(1), Series::constant(grid, 7.0));
        history.insert(Metric::CpuUsage, Series::constant(grid, 1.0));
        let fleet = Fleet::of(seed, Timestamp::UNIX_EPOCH);
        let [trace] = fleet.triggers.as_slice() else {
            panic!("{:?}", fleet.triggers);
        };
        assert_eq!((trace.object.as_str(), trace.trigger), ("queue", 1));
        assert_eq!(trace.values.get(2), Some(7.0));
        let is_machine = |it: &&Value| it["kind"] == "Node";
        assert_eq!(fleet.objects.iter().filter(is_machine).count(), 9);
    }

    #[test]
    fn what_nothing_runs_is_named() {
        let seed = seed(vec![], &["Deployment", "Rollout", "StatefulSet"]);
        let kinds: Vec<&str> = seed.not_run().map(|it| it.kind.as_str()).collect();
        assert_eq!(kinds, ["Rollout"]);
    }
}
