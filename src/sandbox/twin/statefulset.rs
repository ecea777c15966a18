//! The StatefulSet controller: pods with a number each, one after the other.
//!
//! Mirrors `updateStatefulSet` (`stateful_set_control.go`, v1.36), without volume claims and
//! without ControllerRevision objects: the revisions stand in the status and in the pods' labels.

use std::sync::Arc;

use serde_json::{Value, json};

use super::events::{Kind, Source};
use super::fields::{self, count, text};
use super::objects::{Name, Of};
use super::pod::Pod;
use super::random;
use super::replicaset::BURST;
use super::replicaset::{self, Counted};
use super::stage::Stage;

/// The label that says which template a pod was made from.
const REVISION: &str = "controller-revision-hash";

/// What a StatefulSet asks for.
struct Wish {
    replicas: i64,
    /// The number of its first pod.
    start: i64,
    is_parallel: bool,
    /// Pods with lower numbers keep their template; `None` where pods are replaced by hand.
    partition: Option<i64>,
    /// The name of the template as it is now.
    revision: String,
}

impl Wish {
    fn of(set: &Value) -> Self {
        let name = text(set, "/metadata/name");
        let template = set.pointer("/spec/template").map(Value::to_string);
        let rolling = "/spec/updateStrategy/rollingUpdate/partition";
        let by_hand = text(set, "/spec/updateStrategy/type") == "OnDelete";
        let start = i64::from(count(set, "/spec/ordinals/start").unwrap_or(0).max(0));
        let partition = i64::from(count(set, rolling).unwrap_or(0)).saturating_add(start);
        Self {
            replicas: i64::from(count(set, "/spec/replicas").unwrap_or(1).max(0)),
            start,
            is_parallel: text(set, "/spec/podManagementPolicy") == "Parallel",
            partition: (!by_hand).then_some(partition),
            revision: format!("{name}-{}", random::hash(&template.unwrap_or_default())),
        }
    }

    fn wants(&self, number: i64) -> bool {
        (self.start..self.start.saturating_add(self.replicas)).contains(&number)
    }
}

/// Makes, removes or replaces the next pods.
pub(super) fn sync(stage: &mut Stage, name: &Name) {
    let Some(set) = stage.world.get(Of::StatefulSet, name).cloned() else {
        return;
    };
    if !text(&set, "/metadata/deletionTimestamp").is_empty() {
        return;
    }
    let wish = Wish::of(&set);
    let done = step(stage, &set, &wish);
    let written = write_status(stage, &set, &wish);
    if done.is_none() || written.is_none() {
        let at = crate::sim::numbers::after(stage.now, jiff::SignedDuration::from_secs(5));
        stage.look_at(at, Of::StatefulSet, name);
    }
}

/// The pods of a set by their numbers, in order.
fn numbered(stage: &Stage, set: &Value) -> Vec<(i64, Pod)> {
    let prefix = format!("{}-", text(set, "/metadata/name"));
    let number = |pod: &Pod| pod.name.name.strip_prefix(&prefix)?.parse::<i64>().ok();
    let pods = stage.world.pods_of(text(set, "/metadata/uid"));
    let mut pods: Vec<_> = pods
        .filter_map(|it| Some((number(it)?, it.clone())))
        .collect();
    pods.sort_by_key(|it| it.0);
    pods
}

/// `None` where a write was refused.
fn step(stage: &mut Stage, set: &Arc<Value>, wish: &Wish) -> Option<()> {
    let pods = numbered(stage, set);
    let mut created = 0;
    for number in wish.start..wish.start.saturating_add(wish.replicas) {
        let known = pods.iter().find(|it| it.0 == number);
        match known {
            // It goes by itself, and its successor needs its name.
            Some((_, pod)) if pod.is_deleted && wish.is_parallel => {}
            Some((_, pod)) if pod.is_deleted => return Some(()),
            Some((_, pod)) if !pod.is_active() => remove(stage, set, pod)?,
            Some((_, pod)) if !wish.is_parallel && !pod.is_ready() => return Some(()),
            Some(_) => {}
            None => {
                create(stage, set, wish, number)?;
                created += 1;
                if !wish.is_parallel || created >= BURST {
                    return Some(());
                }
            }
        }
    }
    let surplus = pods.iter().rev().filter(|it| !wish.wants(it.0));
    for (_, pod) in surplus.clone() {
        if !pod.is_deleted {
            remove(stage, set, pod)?;
        }
        if !wish.is_parallel {
            return Some(());
        }
    }
    replace(stage, set, wish, &pods)
}

/// Replaces the pod with the highest number that has an older template, if all others are ready.
fn replace(stage: &mut Stage, set: &Value, wish: &Wish, pods: &[(i64, Pod)]) -> Option<()> {
    let Some(partition) = wish.partition else {
        return Some(());
    };
    for (number, pod) in pods.iter().rev().filter(|it| it.0 >= partition) {
        if !wish.wants(*number) {
            continue;
        }
        if pod.is_deleted {
            return Some(());
        }
        if pod.labels.get(REVISION).map(String::as_str) != Some(&wish.revision) {
            return remove(stage, set, pod);
        }
        if !pod.is_ready() {
            return Some(());
        }
    }
    Some(())
}

fn create(stage: &mut Stage, set: &Value, wish: &Wish, number: i64) -> Option<()> {
    let name = format!("{}-{number}", text(set, "/metadata/name"));
    let mut pod = replicaset::pod(set, &name);
    // A pod below the partition comes back as it was; there is no older template to make it from,
    // so it comes as it is now.
    let labels = [
        (REVISION, wish.revision.clone()),
        ("statefulset.kubernetes.io/pod-name", name.clone()),
        ("apps.kubernetes.io/pod-index", number.to_string()),
    ];
    for (label, value) in labels {
        fields::set_in_metadata(&mut pod, "labels", label, &value);
    }
    fields::set(&mut pod, "/spec", "hostname", json!(name));
    if let Some(service) = set.pointer("/spec/serviceName") {
        fields::set(&mut pod, "/spec", "subdomain", service.clone());
    }
    let owner = text(set, "/metadata/name").to_owned();
    match replicaset::make(stage, pod) {
        Ok(_) => {
            let message = format!("create Pod {name} in StatefulSet {owner} successful");
            stage.event(
                set,
                Source::StatefulSet,
                Kind::Normal,
                "SuccessfulCreate",
                message,
            );
            Some(())
        }
        Err(refusal) => {
            let why = refusal.message;
            let message = format!("create Pod {name} in StatefulSet {owner} failed error: {why}");
            stage.event(
                set,
                Source::StatefulSet,
                Kind::Warning,
                "FailedCreate",
                message,
            );
            None
        }
    }
}

fn remove(stage: &mut Stage, set: &Value, pod: &Pod) -> Option<()> {
    stage.world.delete(Of::Pod, &pod.name).ok()?;
    let owner = text(set, "/metadata/name");
    let message = format!(
        "delete Pod {} in StatefulSet {owner} successful",
        pod.name.name
    );
    stage.event(
        set,
        Source::StatefulSet,
        Kind::Normal,
        "SuccessfulDelete",
        message,
    );
    // The next one goes when somebody looks again.
    stage.world.look_at(Of::StatefulSet, Name::of(set));
    Some(())
}

fn write_status(stage: &mut Stage, set: &Value, wish: &Wish) -> Option<()> {
    let counted = Counted::of(stage, set);
    let pods = stage.world.pods_of(text(set, "/metadata/uid"));
    let is_new = |it: &&Pod| it.labels.get(REVISION).map(String::as_str) == Some(&wish.revision);
    let updated = pods.filter(|it| it.is_active()).filter(is_new).count() as i64;
    let name = Name::of(set);
    let mut object = (**stage.world.get(Of::StatefulSet, &name)?).clone();
    let known = text(&object, "/status/currentRevision");
    let is_done = updated == counted.replicas && counted.ready == counted.replicas;
    let current = match known {
        "" => wish.revision.clone(),
        known if !is_done => known.to_owned(),
        _ => wish.revision.clone(),
    };
    let older = if current == wish.revision {
        updated
    } else {
        counted.replicas - updated
    };
    let mut status = json!({
        "observedGeneration": set["metadata"]["generation"], "replicas": counted.replicas,
        "availableReplicas": counted.available, "collisionCount": 0,
        "currentRevision": current, "updateRevision": wish.revision,
    });
    let counts = [
        ("readyReplicas", counted.ready),
        ("currentReplicas", older),
        ("updatedReplicas", updated),
    ];
    for (field, count) in counts.into_iter().filter(|it| it.1 > 0) {
        status[field] = json!(count);
    }
    object["status"] = status;
    if let Some(at) = counted.next {
        stage.look_at(at, Of::StatefulSet, &name);
    }
    stage.world.update_status(Of::StatefulSet, object).ok()
}
