//! The Deployment controller: one ReplicaSet for each template, and the way from one to the next.
//!
//! Mirrors `pkg/controller/deployment` (v1.36) step by step: each sync scales one side of a
//! rollout, and the change brings the next sync.

mod progress;
mod rollout;
mod sets;

use std::sync::Arc;

use serde_json::Value;

use super::events::{Kind, Source};
use super::fields::{self, count, int_or_percent, text};
use super::objects::{Name, Of};
use super::stage::Stage;
use sets::Sets;

/// Where a Deployment counts its templates.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// What a ReplicaSet was last told of the whole: how many there should be, and may be.
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";

/// What a Deployment asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    replicas: i32,
    /// How many more, and how many fewer, than that there may be on the way.
    surge: i32,
    unavailable: i32,
    recreates: bool,
    is_paused: bool,
}

impl Wish {
    fn of(deployment: &Value) -> Self {
        let replicas = count(deployment, "/spec/replicas").unwrap_or(1).max(0);
        let rolling = "/spec/strategy/rollingUpdate";
        let share = |field: &str, up| {
            let value = deployment.pointer(&format!("{rolling}/{field}"));
            int_or_percent(value, replicas, "25%", up).max(0)
        };
        let recreates = text(deployment, "/spec/strategy/type") == "Recreate";
        let (surge, unavailable) = match recreates {
            true => (0, 0),
            false => (share("maxSurge", true), share("maxUnavailable", false)),
        };
        // Neither more nor fewer would never get anywhere.
        let stuck = !recreates && surge == 0 && unavailable == 0;
        Self {
            replicas,
            surge,
            unavailable: if stuck { 1 } else { unavailable.min(replicas) },
            recreates,
            is_paused: fields::is_set(deployment, "/spec/paused"),
        }
    }

    /// As many pods as there may be.
    fn most(&self) -> i32 {
        match self.replicas {
            0 => 0,
            replicas => replicas.saturating_add(self.surge),
        }
    }
}

/// Brings a Deployment one step further.
pub(super) fn sync(stage: &mut Stage, name: &Name) {
    let Some(deployment) = stage.world.get(Of::Deployment, name).cloned() else {
        return;
    };
    let is_deleted = !text(&deployment, "/metadata/deletionTimestamp").is_empty();
    if is_deleted || fields::controller_selects_nothing(&deployment) {
        return;
    }
    let wish = Wish::of(&deployment);
    let mut sets = Sets::of(stage, &deployment);
    let done = step(stage, &deployment, &wish, &mut sets);
    if done.is_none() {
        let at = crate::sim::numbers::after(stage.now, jiff::SignedDuration::from_secs(5));
        stage.look_at(at, Of::Deployment, name);
    }
}

/// `None` where a write was refused.
fn step(stage: &mut Stage, deployment: &Arc<Value>, wish: &Wish, sets: &mut Sets) -> Option<()> {
    if wish.is_paused {
        sets.adjust(stage, deployment, wish)?;
    } else if sets.is_scaled(wish) {
        sets.renew(stage, deployment, wish, false)?;
        sets.adjust(stage, deployment, wish)?;
    } else if wish.recreates {
        rollout::recreate(stage, deployment, wish, sets)?;
    } else {
        rollout::roll(stage, deployment, wish, sets)?;
    }
    progress::write(stage, deployment, wish, sets)
}

/// Sets the count of a ReplicaSet and says so. Nothing is said of one that has it already.
fn scale(
    stage: &mut Stage,
    deployment: &Value,
    set: &mut Arc<Value>,
    replicas: i32,
    wish: &Wish,
) -> Option<()> {
    let from = sets::spec(set);
    let mut changed = (**set).clone();
    fields::set(&mut changed, "/spec", "replicas", replicas.into());
    sets::note_whole(&mut changed, wish);
    if changed == **set {
        return Some(());
    }
    *set = stage.world.update(Of::ReplicaSet, changed).ok()?;
    let (way, name) = (
        if replicas > from { "up" } else { "down" },
        text(set, "/metadata/name"),
    );
    if replicas != from {
        let message = format!("Scaled {way} replica set {name} from {from} to {replicas}");
        let source = Source::Deployment;
        stage.event(
            deployment,
            source,
            Kind::Normal,
            "ScalingReplicaSet",
            message,
        );
    }
    Some(())
}
