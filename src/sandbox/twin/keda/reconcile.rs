//! The reconciler of ScaledObjects: checks, the HPA, the pause, and when the loop begins.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::hpa;
use super::object::{Parts, target};
use super::status::{self, Status, types_and_authentications};
use super::{Known, Operator, words};
use crate::autoscaler::Holds;
use crate::keda::hpa::GeneratedStatus;
use crate::keda::objects::{Pause, PausedReplicas, ScaledObject, keys};
use crate::sandbox::twin::events::{Kind as EventKind, Source as EventSource};
use crate::sandbox::twin::fields::{self, count, text};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sim::keda::condition::{Condition, Kind, Reason};
use crate::sim::keda::source::Source;
use crate::sim::numbers::after;

/// What is reconciled when it changes: annotations that pause, and the spec by its generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) uid: String,
    pub(super) generation: Option<i64>,
    is_deleted: bool,
    pauses: [Option<String>; 4],
}

const PAUSES: [&str; 4] = [
    keys::PAUSED,
    keys::PAUSED_REPLICAS,
    keys::PAUSED_SCALE_IN,
    keys::PAUSED_SCALE_OUT,
];

impl Fingerprint {
    pub(super) fn of(object: &Value) -> Self {
        let annotations = object.pointer("/metadata/annotations");
        let pause = |key: &str| {
            let value = annotations.and_then(|it| it.get(key)?.as_str());
            value.map(str::to_owned)
        };
        Self {
            uid: text(object, "/metadata/uid").to_owned(),
            generation: object
                .pointer("/metadata/generation")
                .and_then(Value::as_i64),
            is_deleted: object.pointer("/metadata/deletionTimestamp").is_some(),
            pauses: PAUSES.map(pause),
        }
    }
}

/// How soon a failed reconcile is tried again, and the longest that this may take.
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(1);
const LAST_RETRY: SignedDuration = SignedDuration::from_secs(1000);

/// When to try again after so many failures in a row.
pub(super) fn retry(failures: u32, now: Timestamp) -> Timestamp {
    let doubled = 1_i32 << failures.clamp(1, 11).saturating_sub(1);
    after(now, FIRST_RETRY.saturating_mul(doubled).min(LAST_RETRY))
}

impl Known {
    /// Whether everything is as the last reconcile left it, and it left nothing to try again.
    fn is_settled(&self, fingerprint: &Fingerprint, stage: &Stage) -> bool {
        let is_kept = self.hpa.as_ref().is_none_or(|it| it.is_there(&stage.world));
        let has_failed = match self.retry_at {
            Some(at) => at <= stage.now,
            None => false,
        };
        self.fingerprint == *fingerprint && is_kept && !has_failed
    }
}

impl Operator {
    /// Reconciles a ScaledObject, if anything of it changed that matters; whether its loop is to
    /// begin anew.
    pub(super) fn reconcile(&mut self, stage: &mut Stage, name: &Name) -> bool {
        let known = self.objects.remove(name);
        let Some(raw) = stage.world.get(Of::ScaledObject, name).cloned() else {
            return false;
        };
        let fingerprint = Fingerprint::of(&raw);
        let known = known.filter(|it| it.fingerprint.uid == fingerprint.uid);
        let mut known = known.unwrap_or_default();
        if known.is_settled(&fingerprint, stage) {
            self.objects.insert(name.clone(), known);
            return false;
        }
        if fingerprint.is_deleted {
            finalize(stage, name, &raw);
            return false;
        }
        let begins = known.reconcile(stage, name, &raw, fingerprint);
        self.objects.insert(name.clone(), known);
        begins
    }
}

impl Known {
    fn reconcile(
        &mut self,
        stage: &mut Stage,
        name: &Name,
        raw: &Arc<Value>,
        fingerprint: Fingerprint,
    ) -> bool {
        let raw = held(stage, Of::ScaledObject, name, raw);
        let mut status = Status::of(&raw);
        let was_ready = status.holds(Kind::Ready) == Holds::Yes;
        let is_respecified = self.fingerprint.generation != fingerprint.generation;
        let read = ScaledObject::read(&raw).map_err(|it| it.to_string());
        let done = read.and_then(|object| {
            let (types, authentications) = types_and_authentications(&object.spec.triggers);
            status.set("triggersTypes", json!(types));
            status.set("authenticationsTypes", json!(authentications));
            self.act(stage, &object, &raw, &mut status, is_respecified)
        });
        self.fingerprint = fingerprint;
        let begins = match done {
            Ok(done) => {
                (self.failures, self.retry_at) = (0, None);
                status.say(Kind::Ready, Holds::Yes, "ScaledObjectReady", done.message);
                if !was_ready {
                    let message = "ScaledObject is ready for scaling";
                    tell(stage, &raw, EventKind::Normal, "ScaledObjectReady", message);
                }
                done.begins
            }
            Err(why) => {
                self.failures = self.failures.saturating_add(1);
                let at = retry(self.failures, stage.now);
                self.retry_at = Some(at);
                stage.look_at(at, Of::ScaledObject, name);
                status.say(Kind::Ready, Holds::No, status::CHECK_FAILED, &why);
                let unknown = "ScaledObject check failed";
                status.say(Kind::Active, Holds::Unknown, status::UNKNOWN_STATE, unknown);
                tell(stage, &raw, EventKind::Warning, status::CHECK_FAILED, &why);
                false
            }
        };
        status.write(stage, Of::ScaledObject, name);
        begins
    }

    fn act(
        &mut self,
        stage: &mut Stage,
        object: &ScaledObject,
        raw: &Value,
        status: &mut Status,
        is_respecified: bool,
    ) -> Result<Done, String> {
        match object.pause() {
            Pause::Full(count) => self.pause(stage, object, raw, status, &count),
            Pause::Runs(_) => {
                show_pause(stage, object, raw, status);
                self.run(stage, object, raw, status, is_respecified)
            }
        }
    }

    /// Stops everything, and sets the count that is asked for once.
    fn pause(
        &mut self,
        stage: &mut Stage,
        object: &ScaledObject,
        raw: &Value,
        status: &mut Status,
        count: &PausedReplicas,
    ) -> Result<Done, String> {
        if self.next_poll.take().is_some() {
            let message = "Stopped scalers watch";
            tell(stage, raw, EventKind::Normal, "KEDAScalersStopped", message);
        }
        self.hpa = None;
        let hpa = match status.get("hpaName").as_str() {
            Some(name) => name.to_owned(),
            None => object.hpa_name(),
        };
        hpa::remove(
            stage,
            &Name::new(&object.metadata.namespace, &hpa),
            &object.metadata.uid,
        );
        match count {
            PausedReplicas::Frozen => status.set("pausedReplicaCount", Value::Null),
            PausedReplicas::Invalid(text) => {
                let key = keys::PAUSED_REPLICAS;
                return Err(format!(
                    "annotation {key} is {text:?}, which is no 32-bit integer"
                ));
            }
            PausedReplicas::Set(replicas) => {
                if *status.get("pausedReplicaCount") != json!(replicas) {
                    let (of, target) = target(object, &stage.world)?;
                    let scaled = stage.world.scale(of, &target, *replicas);
                    scaled.map_err(|it| it.message)?;
                    status.set("pausedReplicaCount", json!(replicas));
                }
            }
        }
        show_pause(stage, object, raw, status);
        Ok(Done {
            message: words::PAUSED,
            begins: false,
        })
    }

    fn run(
        &mut self,
        stage: &mut Stage,
        object: &ScaledObject,
        raw: &Value,
        status: &mut Status,
        is_respecified: bool,
    ) -> Result<Done, String> {
        status.set("pausedReplicaCount", Value::Null);
        let object = &labeled(stage, object, raw);
        let parts = Parts::of(object, &stage.world)?;
        show_target(stage, &parts, status);
        let ensured = hpa::ensure(stage, object, &parts, status, self.hpa.as_ref())?;
        status.set("hpaName", json!(ensured.generated.name));
        show_metrics(&ensured.generated.status, status);
        self.take_over(parts, status);
        self.hpa = Some(ensured.written);
        let begins = ensured.is_new || is_respecified || self.next_poll.is_none();
        if begins {
            let message = "Started scalers watch";
            tell(stage, raw, EventKind::Normal, "KEDAScalersStarted", message);
        }
        Ok(Done {
            message: words::READY,
            begins,
        })
    }

    /// Goes on with other parts; the health of a metric stays what it was.
    fn take_over(&mut self, parts: Parts, status: &mut Status) {
        let before = self.parts.take();
        let same = before
            .as_ref()
            .is_some_and(|it| it.externals == parts.externals);
        let is_kept = same
            && before
                .as_ref()
                .is_some_and(|it| it.settings.fallback == parts.settings.fallback);
        if !is_kept || parts.formula.is_some() {
            let known = super::health::of(before.as_ref(), &self.sources, status);
            let fallback = parts.settings.fallback;
            self.sources = parts.with_modifiers(|modifiers| {
                let source = |it: &crate::sim::keda::trigger::External| {
                    let health = known.get(&it.metric).copied().unwrap_or_default();
                    Source::new(it, fallback, modifiers.as_ref()).faring(health)
                };
                parts.externals.iter().map(source).collect()
            });
        }
        super::health::show(&parts, &self.sources, status);
        self.parts = Some(parts);
    }
}

/// What came of a reconcile.
struct Done {
    /// What Ready says.
    message: &'static str,
    /// Whether the loop is to begin anew.
    begins: bool,
}

/// Sets the condition Paused and tells when it changes.
fn show_pause(stage: &mut Stage, object: &ScaledObject, raw: &Value, status: &mut Status) {
    let was_paused = status.holds(Kind::Paused) == Holds::Yes;
    match (was_paused, object.pause().is_shown()) {
        (false, true) => {
            let paused = Condition::yes(Reason::ScaledObjectPaused);
            status.tell(Kind::Paused, &paused, words::PAUSED);
            tell(
                stage,
                raw,
                EventKind::Normal,
                "ScaledObjectPaused",
                words::PAUSED,
            );
        }
        (true, false) => {
            status.say(Kind::Paused, Holds::No, status::UNPAUSED, words::UNPAUSED);
            tell(
                stage,
                raw,
                EventKind::Normal,
                status::UNPAUSED,
                words::UNPAUSED,
            );
        }
        (true, true) | (false, false) => {}
    }
}

fn show_target(stage: &Stage, parts: &Parts, status: &mut Status) {
    let (of, name) = &parts.target;
    status.set("scaleTargetKind", json!(super::kind_of(*of)));
    let (group, version) = of
        .api_version()
        .split_once('/')
        .unwrap_or(("", of.api_version()));
    status.set(
        "scaleTargetGVKR",
        json!({ "group": group, "version": version, "kind": of.kind(), "resource": of.plural() }),
    );
    if status.get("originalReplicaCount").is_null() {
        let target = stage.world.get(*of, name);
        let replicas = target
            .and_then(|it| count(it, "/spec/replicas"))
            .unwrap_or(1);
        status.set("originalReplicaCount", json!(replicas));
    }
}

fn show_metrics(of: &GeneratedStatus, status: &mut Status) {
    status.set("externalMetricNames", json!(of.external_metrics));
    status.set("resourceMetricNames", json!(of.resource_metrics));
    status.set("compositeScalerName", json!(of.composite_scaler));
}

/// Puts KEDA's finalizer on an object that does not have it; the object as it is then.
pub(super) fn held(stage: &mut Stage, of: Of, name: &Name, raw: &Arc<Value>) -> Arc<Value> {
    let has = fields::items(raw, "/metadata/finalizers")
        .iter()
        .any(|it| it == keys::FINALIZER);
    if has {
        return Arc::clone(raw);
    }
    let mut object = Value::clone(raw);
    match object["metadata"]["finalizers"].as_array_mut() {
        Some(all) => all.push(json!(keys::FINALIZER)),
        None => object["metadata"]["finalizers"] = json!([keys::FINALIZER]),
    }
    let written = stage.world.update(of, object);
    let written = stage.or_retry(written, of, name);
    written.unwrap_or_else(|| Arc::clone(raw))
}

/// Takes KEDA's finalizer off, with which an object that is being deleted is gone.
pub(super) fn release(stage: &mut Stage, of: Of, name: &Name, raw: &Value) {
    let mut object = raw.clone();
    if let Some(all) = object["metadata"]["finalizers"].as_array_mut() {
        all.retain(|it| it != keys::FINALIZER);
    }
    let written = stage.world.update(of, object);
    stage.or_retry(written, of, name);
    stage.world.refresh();
}

/// Puts the label on the object by which its metrics are selected; the object with it.
fn labeled(stage: &mut Stage, object: &ScaledObject, raw: &Value) -> ScaledObject {
    let mut own = object.clone();
    let name = &object.metadata.name;
    let labels = &mut own.metadata.labels;
    let before = labels.insert(keys::SCALED_OBJECT_NAME.to_owned(), name.clone());
    if before.as_ref() == Some(name) {
        return own;
    }
    let place = Name::new(&object.metadata.namespace, name);
    let known = stage
        .world
        .get(Of::ScaledObject, &place)
        .map(|it| Value::clone(it));
    let mut changed = known.unwrap_or_else(|| raw.clone());
    fields::set_in_metadata(&mut changed, "labels", keys::SCALED_OBJECT_NAME, name);
    let written = stage.world.update(Of::ScaledObject, changed);
    stage.or_retry(written, Of::ScaledObject, &place);
    own
}

/// What is to be done before a ScaledObject goes; its HPA goes with it, as what it owns.
fn finalize(stage: &mut Stage, name: &Name, raw: &Value) {
    let has = fields::items(raw, "/metadata/finalizers")
        .iter()
        .any(|it| it == keys::FINALIZER);
    if !has {
        return;
    }
    let restores = fields::is_set(raw, "/spec/advanced/restoreToOriginalReplicaCount");
    let original = count(raw, "/status/originalReplicaCount").filter(|_| restores);
    if let Some(replicas) = original
        && let Ok(object) = ScaledObject::read(raw)
        && let Ok((of, target)) = target(&object, &stage.world)
    {
        // A target that cannot be scaled does not keep the object from going.
        let _ = stage.world.scale(of, &target, replicas);
    }
    release(stage, Of::ScaledObject, name, raw);
}

/// Writes an event of KEDA's.
pub(super) fn tell(
    stage: &mut Stage,
    object: &Value,
    kind: EventKind,
    reason: &str,
    message: &str,
) {
    stage.event(object, EventSource::Keda, kind, reason, message);
}
