//! Events as the controllers' recorder writes them: the same one again is counted, too many of
//! one object are dropped, old ones go after an hour.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields::{stamp, text};
use super::objects::{Name, Of};
use super::random;
use super::world::World;

/// How long the API server keeps events (`--event-ttl`).
const KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Events of one source about one object before the recorder drops some, and how often it lets
/// one more pass (`tools/events`, client-go).
const BURST: f64 = 25.0;
const REFILL: SignedDuration = SignedDuration::from_secs(300);
/// As many events are remembered at most.
const REMEMBERED: usize = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Normal,
    Warning,
}

/// Who writes events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Autoscaler,
    Deployment,
    ReplicaSet,
    StatefulSet,
    Scheduler,
    Keda,
}

impl Source {
    fn name(self) -> &'static str {
        match self {
            Self::Autoscaler => "horizontal-pod-autoscaler",
            Self::Deployment => "deployment-controller",
            Self::ReplicaSet => "replicaset-controller",
            Self::StatefulSet => "statefulset-controller",
            Self::Scheduler => "default-scheduler",
            Self::Keda => "keda-operator",
        }
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub(super) struct Event<'a> {
    pub(super) source: Source,
    pub(super) kind: Kind,
    pub(super) reason: &'a str,
    pub(super) message: String,
}

/// Events that are the same but for their time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Same {
    uid: String,
    source: Source,
    kind: Kind,
    reason: String,
    message: String,
}

#[derive(Debug)]
struct Tokens {
    left: f64,
    at: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Recorder {
    written: HashMap<Same, Value>,
    /// What was written last when, the oldest first; one that was written again stands twice.
    order: VecDeque<(Timestamp, Same)>,
    tokens: HashMap<(String, Source), Tokens>,
    /// Counts events, for their names.
    count: u64,
}

impl Recorder {
    /// Writes an event about `object`. One that cannot be written is lost, as events are.
    pub(super) fn write(
        &mut self,
        world: &mut World,
        object: &Value,
        event: Event<'_>,
        now: Timestamp,
    ) {
        let uid = text(object, "/metadata/uid").to_owned();
        if !self.has_token((uid.clone(), event.source), now) {
            return;
        }
        let same = Same {
            uid,
            source: event.source,
            kind: event.kind,
            reason: event.reason.to_owned(),
            message: event.message,
        };
        let (written, is_new) = match self.written.get(&same) {
            Some(known) => (again(known, now), false),
            None => (self.first(object, &same, now), true),
        };
        if world.put(Of::Event, written.clone(), is_new).is_err() {
            self.written.remove(&same);
            return;
        }
        self.written.insert(same.clone(), written);
        self.order.push_back((now, same));
    }

    fn has_token(&mut self, key: (String, Source), now: Timestamp) -> bool {
        let full = Tokens {
            left: BURST,
            at: now,
        };
        let tokens = self.tokens.entry(key).or_insert(full);
        let passed = now.duration_since(tokens.at).as_secs_f64().max(0.0);
        tokens.left = (tokens.left + passed / REFILL.as_secs_f64()).min(BURST);
        tokens.at = now;
        if tokens.left < 1.0 {
            return false;
        }
        tokens.left -= 1.0;
        true
    }

    fn first(&mut self, object: &Value, same: &Same, now: Timestamp) -> Value {
        self.count += 1;
        let (namespace, name) = (
            text(object, "/metadata/namespace"),
            text(object, "/metadata/name"),
        );
        let place = if namespace.is_empty() {
            "default"
        } else {
            namespace
        };
        let seed = format!("{}{}{}", same.uid, same.reason, self.count);
        let kind = match same.kind {
            Kind::Normal => "Normal",
            Kind::Warning => "Warning",
        };
        json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "namespace": place, "name": format!("{name}.{}", random::hash(&seed)) },
            "involvedObject": {
                "apiVersion": text(object, "/apiVersion"), "kind": text(object, "/kind"),
                "name": name, "namespace": namespace, "uid": same.uid,
                "resourceVersion": text(object, "/metadata/resourceVersion"),
            },
            "type": kind, "reason": same.reason, "message": same.message, "count": 1,
            "firstTimestamp": stamp(now), "lastTimestamp": stamp(now), "eventTime": null,
            "source": { "component": same.source.name() },
            "reportingComponent": same.source.name(), "reportingInstance": "",
        })
    }

    /// Removes the events that are too old.
    pub(super) fn expire(&mut self, world: &mut World, now: Timestamp) {
        while let Some((at, same)) = self.order.front() {
            let is_old = now.duration_since(*at) >= KEPT;
            if !is_old && self.order.len() <= REMEMBERED {
                break;
            }
            let is_last = self.written.get(same).is_some_and(|it| last(it, *at));
            if let Some(event) = is_last.then(|| self.written.remove(same)).flatten() {
                // It may be gone with its namespace, or by somebody's hand.
                let _ = world.delete_unwatched(Of::Event, &Name::of(&event));
            }
            self.order.pop_front();
        }
        if self.tokens.len() > REMEMBERED {
            self.tokens.retain(|_, it| now.duration_since(it.at) < KEPT);
        }
    }
}

fn last(event: &Value, at: Timestamp) -> bool {
    event.get("lastTimestamp") == Some(&stamp(at))
}

fn again(known: &Value, now: Timestamp) -> Value {
    let mut event = known.clone();
    let count = event.get("count").and_then(Value::as_i64).unwrap_or(1);
    event["count"] = json!(count.saturating_add(1));
    event["lastTimestamp"] = stamp(now);
    event
}
