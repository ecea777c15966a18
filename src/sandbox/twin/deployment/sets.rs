//! The ReplicaSets of a Deployment: the one with its template, and the others.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{DESIRED, MOST, REVISION, Wish, scale};
use crate::sandbox::twin::events::{Kind, Source};
use crate::sandbox::twin::fields::{self, annotation, count, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::random;
use crate::sandbox::twin::stage::Stage;

/// The label that keeps the pods of two templates apart.
const HASH: &str = "pod-template-hash";

/// Annotations of a Deployment that are none of its ReplicaSets' business.
const OWN: [&str; 5] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    DESIRED,
    MOST,
];

pub(super) struct Sets {
    /// With the Deployment's template; `None` until it is made.
    pub(super) new: Option<Arc<Value>>,
    /// Those with other templates, the oldest first.
    pub(super) old: Vec<Arc<Value>>,
    /// Whether the new one was made in this sync.
    pub(super) is_made: bool,
}

/// How many pods a ReplicaSet should have.
pub(super) fn spec(set: &Value) -> i32 {
    count(set, "/spec/replicas").unwrap_or(1).max(0)
}

/// A count of a ReplicaSet's status.
pub(super) fn status(set: &Value, field: &str) -> i32 {
    count(set, &format!("/status/{field}")).unwrap_or(0)
}

fn revision(set: &Value) -> i64 {
    annotation(set, REVISION).parse().unwrap_or(0)
}

fn created(set: &Value) -> (&str, i64, &str) {
    let at = text(set, "/metadata/creationTimestamp");
    (at, revision(set), text(set, "/metadata/name"))
}

/// Notes in a ReplicaSet how many pods there should be and may be of all.
pub(super) fn note_whole(set: &mut Value, wish: &Wish) {
    let most = wish.replicas.saturating_add(wish.surge).to_string();
    fields::set_in_metadata(set, "annotations", DESIRED, &wish.replicas.to_string());
    fields::set_in_metadata(set, "annotations", MOST, &most);
}

impl Sets {
    pub(super) fn of(stage: &Stage, deployment: &Value) -> Self {
        let mut all = stage
            .world
            .owned(text(deployment, "/metadata/uid"), Of::ReplicaSet);
        all.retain(|it| text(it, "/metadata/deletionTimestamp").is_empty());
        all.sort_by(|a, b| created(a).cmp(&created(b)));
        let template = plain(deployment.pointer("/spec/template"));
        let same = |it: &Arc<Value>| plain(it.pointer("/spec/template")) == template;
        let new = all.iter().position(same).map(|place| all.remove(place));
        Self {
            new,
            old: all,
            is_made: false,
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    /// Pods that all of them should have together.
    pub(super) fn total(&self) -> i32 {
        self.all().map(|it| spec(it)).fold(0, i32::saturating_add)
    }

    /// A sum over the status of all.
    pub(super) fn sum(&self, field: &str) -> i32 {
        let counts = self.all().map(|it| status(it, field));
        counts.fold(0, i32::saturating_add)
    }

    /// Whether the Deployment was scaled since its ReplicaSets were told of it.
    pub(super) fn is_scaled(&self, wish: &Wish) -> bool {
        let mut active = self.all().filter(|it| spec(it) > 0);
        active.any(|it| {
            let known: Option<i32> = annotation(it, DESIRED).parse().ok();
            known.is_some_and(|known| known != wish.replicas)
        })
    }

    /// Numbers the new ReplicaSet after the others, and makes it if it is `wanted` and missing.
    pub(super) fn renew(
        &mut self,
        stage: &mut Stage,
        deployment: &Value,
        wish: &Wish,
        wanted: bool,
    ) -> Option<()> {
        let last = self.old.iter().map(|it| revision(it)).max().unwrap_or(0);
        match &mut self.new {
            Some(set) => {
                let number = revision(set).max(last.saturating_add(1));
                let mut changed = (**set).clone();
                // How many there may be of all is noted by whoever scales it, who must know what was.
                inherit(&mut changed, deployment, number);
                if changed != **set {
                    *set = stage.world.update(Of::ReplicaSet, changed).ok()?;
                }
                number_deployment(stage, deployment, number)
            }
            None if wanted => {
                let number = last.saturating_add(1);
                let replicas = self.for_new(wish, 0);
                let mut set = made(deployment, replicas);
                inherit(&mut set, deployment, number);
                note_whole(&mut set, wish);
                let set = stage.world.create(Of::ReplicaSet, set).ok()?;
                if replicas > 0 {
                    let name = text(&set, "/metadata/name");
                    let message = format!("Scaled up replica set {name} from 0 to {replicas}");
                    let source = Source::Deployment;
                    stage.event(
                        deployment,
                        source,
                        Kind::Normal,
                        "ScalingReplicaSet",
                        message,
                    );
                }
                self.new = Some(set);
                self.is_made = true;
                number_deployment(stage, deployment, number)
            }
            None => Some(()),
        }
    }

    /// How many pods the new one may have now that it has `current` (`NewRSNewReplicas`).
    pub(super) fn for_new(&self, wish: &Wish, current: i32) -> i32 {
        if wish.recreates {
            return wish.replicas;
        }
        let room = wish.replicas.saturating_add(wish.surge) - self.total();
        if room <= 0 {
            return current;
        }
        current.saturating_add(room.min(wish.replicas - current))
    }

    /// Follows a change of the whole count without a rollout (`scale`, `sync.go`).
    pub(super) fn adjust(
        &mut self,
        stage: &mut Stage,
        deployment: &Value,
        wish: &Wish,
    ) -> Option<()> {
        let active = self.all().filter(|it| spec(it) > 0).count();
        let only_old = self.new.as_ref().is_none_or(|it| spec(it) == 0);
        if active <= 1 {
            let latest = match (active == 1 && only_old, &mut self.new) {
                (false, Some(new)) => Some(new),
                _ => {
                    let place = self.old.iter().rposition(|it| spec(it) > 0);
                    let place = place.or(self.old.len().checked_sub(1));
                    place.and_then(|it| self.old.get_mut(it))
                }
            };
            return latest.map_or(Some(()), |it| {
                scale(stage, deployment, it, wish.replicas, wish)
            });
        }
        if self.new.as_ref().is_some_and(|it| is_saturated(it, wish)) {
            for set in self.old.iter_mut().filter(|it| spec(it) > 0) {
                scale(stage, deployment, set, 0, wish)?;
            }
            return Some(());
        }
        match wish.recreates {
            true => Some(()),
            false => self.share(stage, deployment, wish),
        }
    }

    /// Shares what is added or removed in the middle of a rollout in proportion to the sizes.
    fn share(&mut self, stage: &mut Stage, deployment: &Value, wish: &Wish) -> Option<()> {
        let to_add = i64::from(wish.most()) - i64::from(self.total());
        let mut all: Vec<&mut Arc<Value>> = self.old.iter_mut().chain(&mut self.new).collect();
        all.retain(|it| spec(it) > 0);
        // The largest first, so that rounding does the least harm; of equals the newest when
        // pods are added, the oldest when they are removed.
        all.sort_by(|a, b| {
            let by_age = created(b).cmp(&created(a));
            let by_age = if to_add > 0 { by_age } else { by_age.reverse() };
            spec(b).cmp(&spec(a)).then(by_age)
        });
        let mut added: i64 = 0;
        let sizes: Vec<i64> = all
            .iter()
            .map(|it| {
                let share = proportion(it, wish, to_add, added);
                added += share;
                i64::from(spec(it)) + share
            })
            .collect();
        for (place, set) in all.into_iter().enumerate() {
            let rest = if place == 0 { to_add - added } else { 0 };
            let size = sizes.get(place).map_or(0, |it| (it + rest).max(0));
            scale(
                stage,
                deployment,
                set,
                size.try_into().unwrap_or(i32::MAX),
                wish,
            )?;
        }
        Some(())
    }
}

/// The share of one ReplicaSet of `to_add`, of which `added` are given away already
/// (`GetReplicaSetProportion`).
fn proportion(set: &Value, wish: &Wish, to_add: i64, added: i64) -> i64 {
    let size = i64::from(spec(set));
    let before: Option<i64> = annotation(set, MOST).parse().ok().filter(|it| *it > 0);
    let before = before.unwrap_or_else(|| i64::from(wish.replicas).max(1));
    let most = i64::from(wish.replicas.saturating_add(wish.surge));
    let new_size = (size as f64 * most as f64 / before as f64).round() as i64;
    let (share, left) = (new_size - size, to_add - added);
    if to_add > 0 {
        share.min(left)
    } else {
        share.max(left)
    }
}

fn is_saturated(set: &Value, wish: &Wish) -> bool {
    let known: Option<i32> = annotation(set, DESIRED).parse().ok();
    let enough = |it: i32| it == wish.replicas;
    enough(spec(set)) && known.is_some_and(enough) && enough(status(set, "availableReplicas"))
}

/// A template without the label that tells templates apart.
fn plain(template: Option<&Value>) -> Option<Value> {
    let mut template = template?.clone();
    if let Some(Value::Object(labels)) = template.pointer_mut("/metadata/labels") {
        labels.remove(HASH);
    }
    if let Some(Value::Object(metadata)) = template.get_mut("metadata") {
        metadata.remove("creationTimestamp");
    }
    Some(template)
}

/// A new ReplicaSet for the template of a Deployment.
fn made(deployment: &Value, replicas: i32) -> Value {
    let template = deployment.pointer("/spec/template").cloned();
    let mut template = template.unwrap_or_else(|| json!({}));
    let hash = random::hash(&template.to_string());
    let mut selector = deployment["spec"]["selector"].clone();
    label(&mut selector, "/matchLabels", "matchLabels", &hash);
    if !template.get("metadata").is_some_and(Value::is_object) {
        template["metadata"] = json!({});
    }
    label(&mut template, "/metadata/labels", "labels", &hash);
    let labels = template["metadata"]["labels"].clone();
    let mut spec = json!({ "replicas": replicas, "selector": selector, "template": template });
    if let Some(seconds) = deployment.pointer("/spec/minReadySeconds") {
        spec["minReadySeconds"] = seconds.clone();
    }
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", text(deployment, "/metadata/name")),
            "namespace": text(deployment, "/metadata/namespace"),
            "labels": labels, "annotations": {},
            "ownerReferences": [fields::owner_reference(deployment)],
        },
        "spec": spec,
    })
}

fn label(object: &mut Value, pointer: &str, field: &str, hash: &str) {
    if !object.pointer(pointer).is_some_and(Value::is_object) {
        let parent = pointer.rsplit_once('/').map_or("", |it| it.0);
        fields::set(object, parent, field, json!(Map::new()));
    }
    fields::set(object, pointer, HASH, json!(hash));
}

/// Gives a ReplicaSet what it has of its Deployment: annotations, number, time until available.
fn inherit(set: &mut Value, deployment: &Value, number: i64) {
    let all = deployment.pointer("/metadata/annotations");
    for (name, value) in all.and_then(Value::as_object).into_iter().flatten() {
        if let Some(value) = value.as_str().filter(|_| !OWN.contains(&name.as_str())) {
            fields::set_in_metadata(set, "annotations", name, value);
        }
    }
    fields::set_in_metadata(set, "annotations", REVISION, &number.to_string());
    if let Some(seconds) = deployment.pointer("/spec/minReadySeconds") {
        fields::set(set, "/spec", "minReadySeconds", seconds.clone());
    }
}

fn number_deployment(stage: &mut Stage, deployment: &Value, number: i64) -> Option<()> {
    let number = number.to_string();
    if annotation(deployment, REVISION) == number {
        return Some(());
    }
    let name = Name::of(deployment);
    let mut newer = (**stage.world.get(Of::Deployment, &name)?).clone();
    fields::set_in_metadata(&mut newer, "annotations", REVISION, &number);
    stage.world.update(Of::Deployment, newer).ok().map(|_| ())
}
