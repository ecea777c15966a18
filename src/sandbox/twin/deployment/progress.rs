//! The status of a Deployment: its counts, whether it serves, whether it gets on.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Wish;
use super::sets::{Sets, status};
use crate::sandbox::twin::fields::{self, count, stamp, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sim::numbers::after;

/// The counts of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    replicas: i32,
    updated: i32,
    ready: i32,
    available: i32,
}

/// Writes the status where it changed. `None` where that is refused.
pub(super) fn write(
    stage: &mut Stage,
    deployment: &Arc<Value>,
    wish: &Wish,
    sets: &Sets,
) -> Option<()> {
    let name = Name::of(deployment);
    let object = stage.world.get(Of::Deployment, &name)?;
    let mut object = (**object).clone();
    let counts = Counts {
        replicas: sets.sum("replicas"),
        updated: sets.new.as_ref().map_or(0, |it| status(it, "replicas")),
        ready: sets.sum("readyReplicas"),
        available: sets.sum("availableReplicas"),
    };
    let old = object.get("status").cloned().unwrap_or_default();
    let mut new = json!({ "observedGeneration": deployment["metadata"]["generation"] });
    let total = sets.total().max(counts.replicas);
    let numbers = [
        ("replicas", counts.replicas),
        ("updatedReplicas", counts.updated),
        ("readyReplicas", counts.ready),
        ("availableReplicas", counts.available),
        ("unavailableReplicas", total - counts.available),
    ];
    for (field, number) in numbers.into_iter().filter(|it| it.1 > 0) {
        new[field] = json!(number);
    }
    let available = availability(wish, counts);
    let progress = progress(&object, &old, wish, sets, counts, stage.now);
    let conditions = [Some(available), progress].into_iter().flatten();
    let conditions: Vec<Value> = conditions.map(|it| it.write(&old, stage.now)).collect();
    new["conditions"] = json!(conditions);
    if let Some(at) = deadline(&object, &new, wish, counts).filter(|it| *it > stage.now) {
        stage.look_at(at, Of::Deployment, &name);
    }
    object["status"] = new;
    stage.world.update_status(Of::Deployment, object).ok()
}

/// A condition before its times are known.
struct Condition {
    kind: &'static str,
    holds: bool,
    reason: String,
    message: String,
    /// Whether something happened that is worth a new time, though nothing turned.
    is_news: bool,
}

impl Condition {
    fn write(self, old: &Value, now: Timestamp) -> Value {
        let status = if self.holds { "True" } else { "False" };
        let mut known = fields::items(old, "/conditions").iter();
        let known = known.find(|it| text(it, "/type") == self.kind);
        let same = known.filter(|it| text(it, "/status") == status);
        let is_same = same.is_some_and(|it| text(it, "/reason") == self.reason);
        let time = |field: &str| same.and_then(|it| it.get(field).cloned());
        let updated = time("lastUpdateTime").filter(|_| is_same && !self.is_news);
        json!({
            "type": self.kind, "status": status, "reason": self.reason, "message": self.message,
            "lastUpdateTime": updated.unwrap_or_else(|| stamp(now)),
            "lastTransitionTime": time("lastTransitionTime").unwrap_or_else(|| stamp(now)),
        })
    }
}

fn availability(wish: &Wish, counts: Counts) -> Condition {
    let holds = counts.available >= wish.replicas - wish.unavailable;
    let (reason, does) = match holds {
        true => ("MinimumReplicasAvailable", "has"),
        false => ("MinimumReplicasUnavailable", "does not have"),
    };
    Condition {
        kind: "Available",
        holds,
        reason: reason.to_owned(),
        message: format!("Deployment {does} minimum availability."),
        is_news: false,
    }
}

fn progress(
    deployment: &Value,
    old: &Value,
    wish: &Wish,
    sets: &Sets,
    counts: Counts,
    now: Timestamp,
) -> Option<Condition> {
    // Without a deadline nobody asks.
    patience(deployment)?;
    let mut known = fields::items(old, "/conditions").iter();
    let known = known.find(|it| text(it, "/type") == "Progressing");
    let reason = known.map_or("", |it| text(it, "/reason"));
    let kept = |it: &Value| Condition {
        kind: "Progressing",
        holds: text(it, "/status") == "True",
        reason: text(it, "/reason").to_owned(),
        message: text(it, "/message").to_owned(),
        is_news: false,
    };
    if wish.is_paused && reason != "DeploymentPaused" {
        return Some(said("DeploymentPaused", "Deployment is paused".to_owned()));
    }
    if reason == "DeploymentPaused" {
        return match wish.is_paused {
            true => known.map(kept),
            false => Some(said(
                "DeploymentResumed",
                "Deployment is resumed".to_owned(),
            )),
        };
    }
    let name = sets
        .new
        .as_ref()
        .map_or("", |it| text(it, "/metadata/name"));
    let is_done = counts.updated == wish.replicas
        && counts.replicas == wish.replicas
        && counts.available == wish.replicas;
    let was_done = counts.replicas == counts.updated && reason == "NewReplicaSetAvailable";
    if sets.is_made {
        return Some(said(
            "NewReplicaSetCreated",
            format!("Created new replica set {name:?}"),
        ));
    }
    if was_done || wish.is_paused {
        return known.map(kept);
    }
    if is_done {
        let message = format!("ReplicaSet {name:?} has successfully progressed.");
        return Some(said("NewReplicaSetAvailable", message));
    }
    if gets_on(old, counts) {
        let message = format!("ReplicaSet {name:?} is progressing.");
        return Some(said("ReplicaSetUpdated", message));
    }
    let last = known.and_then(|it| fields::time(it, "/lastUpdateTime"));
    let end = last.zip(patience(deployment)).map(|(at, it)| after(at, it));
    if end.is_some_and(|it| it <= now) && reason != "NewReplicaSetAvailable" {
        return Some(Condition {
            holds: false,
            ..said(
                "ProgressDeadlineExceeded",
                format!("ReplicaSet {name:?} has timed out progressing."),
            )
        });
    }
    let begun = || {
        said(
            "ReplicaSetUpdated",
            format!("ReplicaSet {name:?} is progressing."),
        )
    };
    Some(known.map_or_else(begun, kept))
}

fn said(reason: &str, message: String) -> Condition {
    Condition {
        kind: "Progressing",
        holds: true,
        reason: reason.to_owned(),
        message,
        is_news: true,
    }
}

/// Whether there are more of the new or fewer of the old pods than before.
fn gets_on(old: &Value, new: Counts) -> bool {
    let was = |field: &str| count(old, &format!("/{field}")).unwrap_or(0);
    let updated = was("updatedReplicas");
    new.updated > updated
        || new.replicas - new.updated < was("replicas") - updated
        || new.ready > was("readyReplicas")
        || new.available > was("availableReplicas")
}

fn patience(deployment: &Value) -> Option<SignedDuration> {
    let seconds = count(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
    (seconds != i32::MAX).then(|| SignedDuration::from_secs(i64::from(seconds)))
}

/// When a rollout that is under way will have taken too long.
fn deadline(deployment: &Value, status: &Value, wish: &Wish, counts: Counts) -> Option<Timestamp> {
    if counts.updated == wish.replicas && counts.available == wish.replicas {
        return None;
    }
    let mut conditions = fields::items(status, "/conditions").iter();
    let progress = conditions.find(|it| text(it, "/type") == "Progressing")?;
    let last = fields::time(progress, "/lastUpdateTime")?;
    Some(after(last, patience(deployment)?))
}
