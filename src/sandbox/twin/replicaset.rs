//! The ReplicaSet controller: as many pods as the specification says.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::events::{Kind, Source};
use super::fields::{self, annotation, count, stamp, text};
use super::kubelet;
use super::objects::{Name, Of};
use super::pod::Pod;
use super::stage::Stage;
use crate::sandbox::status::Refusal;
use crate::sim::numbers::after;
use crate::sim::pod::Phase;

/// Pods that are created in one sync at most (`BurstReplicas`, `replica_set.go`).
pub(super) const BURST: usize = 500;

/// Creates missing pods, removes surplus ones, tells how many there are.
pub(super) fn sync(stage: &mut Stage, name: &Name) {
    let Some(set) = stage.world.get(Of::ReplicaSet, name).cloned() else {
        return;
    };
    if !text(&set, "/metadata/deletionTimestamp").is_empty() {
        return;
    }
    let wanted = usize::try_from(count(&set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    let pods = active(stage, &set);
    let mut failure = None;
    if pods.len() < wanted {
        let missing = (wanted - pods.len()).min(BURST);
        failure = create(stage, &set, missing).err();
    } else if pods.len() > wanted {
        remove(stage, &set, &pods, pods.len() - wanted);
    }
    write_status(stage, &set, failure.as_ref());
    if failure.is_some() {
        let at = after(stage.now, SignedDuration::from_secs(5));
        stage.look_at(at, Of::ReplicaSet, name);
    }
}

fn active(stage: &Stage, set: &Value) -> Vec<Name> {
    let pods = stage.world.pods_of(text(set, "/metadata/uid"));
    let mut pods: Vec<&Pod> = pods.filter(|it| it.is_active()).collect();
    pods.sort_by_key(|it| removal(it));
    pods.into_iter().map(|it| it.name.clone()).collect()
}

/// What goes first on the way down.
///
/// As `ActivePodsWithRanks` sorts (`controller_utils.go`, v1.36), without the rank that prefers
/// nodes with several pods: with it, which pods go would hang on where they happen to run, and no
/// replay knows that.
fn removal(pod: &Pod) -> (bool, u8, bool, i64, Reverse<Timestamp>, Reverse<Timestamp>) {
    let cost = annotation(&pod.object, "controller.kubernetes.io/pod-deletion-cost");
    let phase = match pod.phase {
        Phase::Pending => 0,
        Phase::Unknown => 1,
        Phase::Running | Phase::Succeeded | Phase::Failed => 2,
    };
    let since = pod.ready.map_or(Timestamp::MAX, |it| it.since);
    (
        !pod.node.is_empty(),
        phase,
        pod.is_ready(),
        cost.parse().unwrap_or(0),
        Reverse(since),
        Reverse(pod.created),
    )
}

fn create(stage: &mut Stage, set: &Value, missing: usize) -> Result<(), Refusal> {
    for _ in 0..missing {
        let name = format!("{}-{}", text(set, "/metadata/name"), stage.random.suffix());
        let mut pod = pod(set, &name);
        pod["metadata"]["generateName"] = json!(format!("{}-", text(set, "/metadata/name")));
        match make(stage, pod) {
            Ok(made) => {
                let message = format!("Created pod: {}", text(&made, "/metadata/name"));
                let source = Source::ReplicaSet;
                stage.event(set, source, Kind::Normal, "SuccessfulCreate", message);
            }
            Err(refusal) => {
                let message = format!("Error creating: {}", refusal.message);
                let source = Source::ReplicaSet;
                stage.event(set, source, Kind::Warning, "FailedCreate", message);
                return Err(refusal);
            }
        }
    }
    Ok(())
}

/// A pod called `name` from the template of its controller.
pub(super) fn pod(owner: &Value, name: &str) -> Value {
    let template = owner.pointer("/spec/template");
    let template = template.filter(|it| it.is_object());
    let mut pod = template.cloned().unwrap_or_else(|| json!({}));
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    if !pod.get("metadata").is_some_and(Value::is_object) {
        pod["metadata"] = json!({});
    }
    if let Some(Value::Object(metadata)) = pod.get_mut("metadata") {
        metadata
            .retain(|field, _| matches!(field.as_str(), "labels" | "annotations" | "finalizers"));
    }
    let metadata = &mut pod["metadata"];
    metadata["name"] = json!(name);
    metadata["namespace"] = json!(text(owner, "/metadata/namespace"));
    metadata["ownerReferences"] = json!([fields::owner_reference(owner)]);
    pod
}

/// Creates a pod on the node that has room for it, and has it started there.
///
/// A pod that the twin makes is bound from its beginning: the same as if scheduler and server
/// were quick, and one write less.
pub(super) fn make(stage: &mut Stage, mut pod: Value) -> Result<Arc<Value>, Refusal> {
    if text(&pod, "/spec/nodeName").is_empty() {
        let shape = super::pod::Shape::of(&pod["spec"]);
        if let Ok(node) = stage.world.nodes().choose(&shape) {
            fields::set(&mut pod, "/spec", "nodeName", json!(&*node));
        }
    }
    let made = stage.world.create(Of::Pod, pod)?;
    kubelet::look(stage, &Name::of(&made));
    Ok(made)
}

fn remove(stage: &mut Stage, set: &Value, pods: &[Name], surplus: usize) {
    for name in pods.iter().take(surplus) {
        let deleted = stage.world.delete(Of::Pod, name);
        if stage
            .or_retry(deleted, Of::ReplicaSet, &Name::of(set))
            .is_some()
        {
            let message = format!("Deleted pod: {}", name.name);
            let source = Source::ReplicaSet;
            stage.event(set, source, Kind::Normal, "SuccessfulDelete", message);
        }
    }
}

fn write_status(stage: &mut Stage, set: &Value, failure: Option<&Refusal>) {
    let counted = Counted::of(stage, set);
    let old = set.get("status").cloned().unwrap_or_default();
    let mut status = json!({ "replicas": counted.replicas });
    let labels = set.pointer("/spec/template/metadata/labels");
    let labels = labels.map(super::pod::labels_of).unwrap_or_default();
    let pods = stage.world.pods_of(text(set, "/metadata/uid"));
    let labeled = pods.filter(|it| {
        let has = |(key, value): (&String, &String)| it.labels.get(key) == Some(value);
        it.is_active() && labels.iter().all(has)
    });
    let labeled = labeled.count() as i64;
    let counts = [
        ("fullyLabeledReplicas", labeled),
        ("readyReplicas", counted.ready),
        ("availableReplicas", counted.available),
    ];
    for (field, count) in counts.into_iter().filter(|it| it.1 > 0) {
        status[field] = json!(count);
    }
    status["observedGeneration"] = set["metadata"]["generation"].clone();
    if let Some(refusal) = failure {
        status["conditions"] = json!([failure_condition(&old, refusal, stage.now)]);
    }
    let mut object = set.clone();
    object["status"] = status;
    let written = stage.world.update_status(Of::ReplicaSet, object);
    stage.or_retry(written, Of::ReplicaSet, &Name::of(set));
    if let Some(at) = counted.next {
        stage.look_at(at, Of::ReplicaSet, &Name::of(set));
    }
}

fn failure_condition(old: &Value, refusal: &Refusal, now: Timestamp) -> Value {
    let mut known = fields::items(old, "/conditions").iter();
    let known = known.find(|it| text(it, "/type") == "ReplicaFailure");
    // As long as it lasts it stays as it is: the message names another pod each time, and a status
    // that changes is a reason to look again.
    known.cloned().unwrap_or_else(|| {
        json!({ "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
            "message": refusal.message, "lastTransitionTime": stamp(now) })
    })
}

/// The pods of a controller, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) replicas: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
    /// When the next pod will have been ready for long enough.
    pub(super) next: Option<Timestamp>,
}

impl Counted {
    pub(super) fn of(stage: &Stage, owner: &Value) -> Self {
        let min_ready = i64::from(count(owner, "/spec/minReadySeconds").unwrap_or(0).max(0));
        let min_ready = SignedDuration::from_secs(min_ready);
        let mut counted = Self::default();
        let pods = stage.world.pods_of(text(owner, "/metadata/uid"));
        for pod in pods.filter(|it| it.is_active()) {
            counted.replicas += 1;
            let Some(available) = pod.available_from(min_ready) else {
                continue;
            };
            counted.ready += 1;
            if available <= stage.now {
                counted.available += 1;
            } else {
                counted.next = counted.next.into_iter().chain([available]).min();
            }
        }
        counted
    }
}
