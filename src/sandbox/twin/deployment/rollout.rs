//! From the pods of old templates to those of the new one.

use std::sync::Arc;

use serde_json::Value;

use super::sets::{Sets, spec, status};
use super::{REVISION, Wish, scale};
use crate::sandbox::twin::fields::{annotation, count, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;

/// ReplicaSets that are kept where a Deployment does not say.
const KEPT: i32 = 10;

/// First all old pods go, then the new ones come.
pub(super) fn recreate(
    stage: &mut Stage,
    deployment: &Value,
    wish: &Wish,
    sets: &mut Sets,
) -> Option<()> {
    sets.renew(stage, deployment, wish, false)?;
    let mut is_scaled = false;
    for set in sets.old.iter_mut().filter(|it| spec(it) > 0) {
        scale(stage, deployment, set, 0, wish)?;
        is_scaled = true;
    }
    let is_left = sets.old.iter().any(|it| {
        let mut pods = stage.world.pods_of(text(it, "/metadata/uid"));
        // Also one that finalizers hold.
        pods.any(|pod| !pod.is_finished())
    });
    if is_scaled || is_left {
        return Some(());
    }
    sets.renew(stage, deployment, wish, true)?;
    if let Some(new) = &mut sets.new {
        scale(stage, deployment, new, wish.replicas, wish)?;
    }
    clean_up(stage, deployment, wish, sets)
}

/// New pods come as old ones go.
pub(super) fn roll(
    stage: &mut Stage,
    deployment: &Value,
    wish: &Wish,
    sets: &mut Sets,
) -> Option<()> {
    sets.renew(stage, deployment, wish, true)?;
    if !grow(stage, deployment, wish, sets)? {
        shrink(stage, deployment, wish, sets)?;
    }
    clean_up(stage, deployment, wish, sets)
}

/// Whether the new one was scaled.
fn grow(stage: &mut Stage, deployment: &Value, wish: &Wish, sets: &mut Sets) -> Option<bool> {
    let Some(current) = sets.new.as_ref().map(|it| spec(it)) else {
        return Some(false);
    };
    let wanted = match current.cmp(&wish.replicas) {
        std::cmp::Ordering::Equal => current,
        std::cmp::Ordering::Greater => wish.replicas,
        std::cmp::Ordering::Less => sets.for_new(wish, current),
    };
    if let Some(new) = sets.new.as_mut().filter(|_| wanted != current) {
        scale(stage, deployment, new, wanted, wish)?;
    }
    Some(wanted != current)
}

/// Takes from the old ones what the new one makes up for (`reconcileOldReplicaSets`).
fn shrink(stage: &mut Stage, deployment: &Value, wish: &Wish, sets: &mut Sets) -> Option<()> {
    let least = wish.replicas - wish.unavailable;
    let new = sets.new.as_ref();
    let coming = new.map_or(0, |it| spec(it) - status(it, "availableReplicas"));
    let mut room = sets.total() - least - coming;
    if room <= 0 {
        return Some(());
    }
    // Pods that are not available go first, since nobody misses them.
    for set in sets.old.iter_mut() {
        let unhealthy = spec(set) - status(set, "availableReplicas");
        let fewer = unhealthy.min(room).max(0);
        if fewer > 0 {
            scale(stage, deployment, set, spec(set) - fewer, wish)?;
            room -= fewer;
        }
    }
    let mut spare = sets.sum("availableReplicas") - least;
    for set in sets.old.iter_mut() {
        let fewer = spec(set).min(spare).max(0);
        if fewer > 0 {
            scale(stage, deployment, set, spec(set) - fewer, wish)?;
            spare -= fewer;
        }
    }
    Some(())
}

/// Deletes the oldest ReplicaSets beyond those kept for a rollback, once a rollout is complete.
fn clean_up(stage: &mut Stage, deployment: &Value, wish: &Wish, sets: &mut Sets) -> Option<()> {
    let done = |it: &Arc<Value>| {
        let counts = ["replicas", "availableReplicas"].map(|field| status(it, field));
        counts.iter().all(|it| *it == wish.replicas)
    };
    let is_idle = |it: &Arc<Value>| {
        let observed = count(it, "/status/observedGeneration");
        spec(it) == 0
            && status(it, "replicas") == 0
            && observed >= count(it, "/metadata/generation")
    };
    if !sets.new.as_ref().is_some_and(done) || !sets.old.iter().all(is_idle) {
        return Some(());
    }
    let kept = count(deployment, "/spec/revisionHistoryLimit").unwrap_or(KEPT);
    let surplus = sets.old.len().saturating_sub(kept.max(0) as usize);
    sets.old
        .sort_by_key(|it| annotation(it, REVISION).parse::<i64>().unwrap_or(0));
    for set in sets.old.drain(..surplus) {
        stage.world.delete(Of::ReplicaSet, &Name::of(&set)).ok()?;
    }
    Some(())
}
