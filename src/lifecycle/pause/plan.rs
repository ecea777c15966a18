//! What a pause writes, and when it is refused.

use std::fmt;

use serde_json::{Value, json};

use super::note::{ANNOTATIONS, OF_KEDA};
use super::{ANNOTATION, Id, Kind, Note, Request, Unreadable, Way};
use crate::keda::objects::{is_on, keys};
use crate::lifecycle::changes::{self, Change, pointer};
use crate::lifecycle::owners::{self, Owner, Who};
use crate::units::Replicas;

/// What a pause writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// The least object with what is set: a merge patch, and what is to be committed where Git owns
    /// the object.
    Pause(Value),
    /// It is paused so already: only our note becomes another.
    Renew(Box<Note>),
}

/// A pause that is in force.
#[derive(Clone, Debug, PartialEq)]
pub enum Earlier {
    /// By us.
    Ours(Box<Note>),
    /// A mark of somebody who wants it left alone, or of a version of ours to come.
    Mark(Unreadable),
    /// Somebody else has set this: `annotation autoscaling.keda.sh/paused is true`.
    Others {
        what: String,
        /// What takes it away: `kubectl annotate so/orders …`.
        way_out: String,
        /// Field manager and time of the last write, as far as the object tells.
        by: Option<String>,
    },
}

/// Why nothing is paused.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// It is being deleted.
    Going,
    Paused(Earlier),
    /// Its controller knows no such pause: what is not possible, and what is.
    NotPossible {
        why: String,
        instead: String,
    },
    /// Somebody manages what would be written; with what they would have to commit.
    Owned {
        owner: Owner,
        patch: Value,
    },
}

impl Refusal {
    /// A word for machines, as the audit log has it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Going => "Going",
            Self::Paused(_) => "Paused",
            Self::NotPossible { .. } => "NotPossible",
            Self::Owned { .. } => "Owned",
        }
    }

    /// What to do about it, with the commands to type.
    pub fn way_out(&self, id: &Id) -> String {
        let of = |verb: &str| {
            let (kind, name) = (id.kind.short(), &id.name);
            format!("kubectl stepscale {verb} {kind}/{name} -n {}", id.namespace)
        };
        match self {
            Self::Going => "there is nothing left to pause".to_owned(),
            Self::Paused(earlier) => earlier.way_out(id),
            Self::NotPossible { instead, .. } => instead.clone(),
            Self::Owned { owner, .. } => {
                let first = match &owner.who {
                    Who::ArgoCd { .. } | Who::Flux { .. } => {
                        "commit the patch above to its repository".to_owned()
                    }
                    Who::Helm { .. } => {
                        "put the patch above into the values of its chart".to_owned()
                    }
                    Who::Controller { owner } => format!("pause {owner} instead"),
                    Who::Applier { manager, .. } => format!("give the patch above to {manager}"),
                };
                let pause = of("pause");
                format!("{first}, or overrule it with `{pause} --force --reason TEXT`")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Going => f.write_str("it is being deleted"),
            Self::Paused(earlier) => write!(f, "it is paused already: {earlier}"),
            Self::NotPossible { why, .. } => f.write_str(why),
            Self::Owned { owner, .. } => write!(f, "managed by {owner}"),
        }
    }
}

impl Earlier {
    /// How to end it.
    pub fn way_out(&self, id: &Id) -> String {
        let (kind, name, namespace) = (id.kind.short(), &id.name, &id.namespace);
        match self {
            Self::Ours(_) => {
                format!("resume it first: `kubectl stepscale resume {kind}/{name} -n {namespace}`")
            }
            Self::Mark(_) => format!(
                "ask who has set it, then take it away: `kubectl annotate {kind}/{name} -n \
                 {namespace} {ANNOTATION}-`"
            ),
            Self::Others { way_out, .. } => {
                format!("ask who has set it, then take it away: `{way_out}`")
            }
        }
    }
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(note) => write!(f, "{note}"),
            Self::Mark(mark) => write!(f, "{mark}"),
            Self::Others { what, by, .. } => match by {
                Some(by) => write!(f, "{what}, set by {by}"),
                None => f.write_str(what),
            },
        }
    }
}

impl fmt::Display for Note {
    /// `scale-in by ana since … until …: load test`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} since {}", self.way, self.by, self.at)?;
        if let Some(until) = self.until {
            write!(f, " until {until}")?;
        }
        match self.reason.as_str() {
            "" => Ok(()),
            reason => write!(f, ": {reason}"),
        }
    }
}

/// What pauses `live` as asked. Field managers of `ours` are we.
///
/// # Errors
/// Any [`Refusal`].
pub fn plan(id: &Id, live: &Value, request: &Request, ours: &[&str]) -> Result<Plan, Refusal> {
    if live["metadata"]["deletionTimestamp"].is_string() {
        return Err(Refusal::Going);
    }
    match earlier(id, live) {
        Some(Earlier::Ours(note)) if note.way == request.way => {
            return Ok(Plan::Renew(Box::new(Note {
                until: request.until,
                reason: request.reason.clone(),
                by: request.by.clone(),
                at: request.at,
                ..*note
            })));
        }
        Some(earlier) => return Err(Refusal::Paused(earlier)),
        None => {}
    }
    let patch = patch(id, live, request.way)?;
    let paths = paths(id.kind, request.way);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    match owners::of(live, &paths, ours).into_iter().next() {
        Some(owner) if !request.forced => Err(Refusal::Owned { owner, patch }),
        Some(_) | None => Ok(Plan::Pause(patch)),
    }
}

/// The note of a pause that makes `live` what `foretold` is, by what a dry run says.
pub fn noted(id: &Id, request: &Request, live: &Value, foretold: &Value) -> Note {
    let before = live["metadata"]["annotations"][ANNOTATION].as_str();
    Note {
        way: request.way,
        until: request.until,
        reason: request.reason.clone(),
        by: request.by.clone(),
        at: request.at,
        changes: written(id.kind, request.way, live, foretold),
        before: before.map(str::to_owned),
    }
}

/// An annotation is one place, whether or not there were others beside it; what the server adds to a
/// behavior belongs to the change.
fn written(kind: Kind, way: Way, live: &Value, foretold: &Value) -> Vec<Change> {
    let paths = paths(kind, way);
    if !kind.is_of_keda() {
        let fields = ["/spec/behavior", "/spec/minReplicas", "/spec/maxReplicas"];
        return changes::between(live, foretold, &fields);
    }
    let change = |path: String| Change {
        from: live.pointer(&path).cloned(),
        to: foretold.pointer(&path).cloned(),
        path,
    };
    let all = paths.into_iter().map(change);
    all.filter(|it| it.from != it.to).collect()
}

/// The places that are written.
fn paths(kind: Kind, way: Way) -> Vec<String> {
    if kind.is_of_keda() {
        return vec![pointer::child(ANNOTATIONS, annotation(way).0)];
    }
    let all: &[&str] = match way {
        Way::Whole => &[DOWN, UP],
        Way::At(_) => &["/spec/minReplicas", "/spec/maxReplicas"],
        Way::ScaleIn => &[DOWN],
        Way::ScaleOut => &[UP],
    };
    all.iter().map(ToString::to_string).collect()
}

const DOWN: &str = "/spec/behavior/scaleDown/selectPolicy";
const UP: &str = "/spec/behavior/scaleUp/selectPolicy";

/// KEDA's annotation for it, and the value.
pub(super) fn annotation(way: Way) -> (&'static str, String) {
    match way {
        Way::Whole => (keys::PAUSED, "true".to_owned()),
        Way::At(replicas) => (keys::PAUSED_REPLICAS, replicas.to_string()),
        Way::ScaleIn => (keys::PAUSED_SCALE_IN, "true".to_owned()),
        Way::ScaleOut => (keys::PAUSED_SCALE_OUT, "true".to_owned()),
    }
}

fn patch(id: &Id, live: &Value, way: Way) -> Result<Value, Refusal> {
    check(id, way)?;
    let mut patch = json!({
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": { "name": id.name, "namespace": id.namespace },
    });
    if id.kind.is_of_keda() {
        let (key, value) = annotation(way);
        patch["metadata"]["annotations"] = json!({ key: value });
        return Ok(patch);
    }
    let disabled = || json!({ "selectPolicy": "Disabled" });
    patch["spec"] = match way {
        Way::Whole => json!({ "behavior": { "scaleDown": disabled(), "scaleUp": disabled() } }),
        Way::At(Replicas(count)) => json!({ "minReplicas": count, "maxReplicas": count }),
        Way::ScaleIn => json!({ "behavior": { "scaleDown": disabled() } }),
        Way::ScaleOut => json!({ "behavior": { "scaleUp": disabled() } }),
    };
    Ok(patch)
}

/// Whether its controller can do it.
fn check(id: &Id, way: Way) -> Result<(), Refusal> {
    let not_possible = |why: &str, instead: &str| {
        Err(Refusal::NotPossible {
            why: why.to_owned(),
            instead: instead.to_owned(),
        })
    };
    match (id.kind, way) {
        (Kind::ScaledJob, Way::At(_) | Way::ScaleIn | Way::ScaleOut) => not_possible(
            "a ScaledJob has no replicas to hold: KEDA either starts jobs or does not",
            "leave --replicas, --scale-in and --scale-out out",
        ),
        (Kind::HorizontalPodAutoscaler, Way::At(Replicas(0))) => not_possible(
            "an HPA cannot be held at 0 replicas: its maximum is at least 1",
            "pass --replicas 1, or scale the workload itself to 0, which turns its HPA off",
        ),
        (Kind::ScaledObject | Kind::HorizontalPodAutoscaler, Way::At(Replicas(count)))
            if i32::try_from(count).is_err() =>
        {
            not_possible(
                "no workload has so many replicas",
                "pass a smaller --replicas",
            )
        }
        (Kind::ScaledJob, Way::Whole)
        | (
            Kind::ScaledObject | Kind::HorizontalPodAutoscaler,
            Way::Whole | Way::At(_) | Way::ScaleIn | Way::ScaleOut,
        ) => Ok(()),
    }
}

/// The pause that an object is under.
pub fn earlier(id: &Id, live: &Value) -> Option<Earlier> {
    match Note::of(live) {
        Ok(Some(note)) => return Some(Earlier::Ours(Box::new(note))),
        Err(mark) => return Some(Earlier::Mark(mark)),
        Ok(None) => {}
    }
    match id.kind {
        Kind::HorizontalPodAutoscaler => disabled(id, live),
        Kind::ScaledObject => by_annotation(id, live, &OF_KEDA),
        Kind::ScaledJob => by_annotation(id, live, &[keys::PAUSED]),
    }
}

/// KEDA looks whether `paused-replicas` is there, and what the others say.
fn by_annotation(id: &Id, live: &Value, all: &[&str]) -> Option<Earlier> {
    let annotations = live["metadata"]["annotations"].as_object()?;
    let is_set = |it: &&&str| {
        let text = annotations.get(**it).and_then(Value::as_str);
        text.is_some_and(|text| **it == keys::PAUSED_REPLICAS || is_on(text))
    };
    let set: Vec<&&str> = all.iter().filter(is_set).collect();
    let first = set.first()?;
    let text = annotations.get(**first).and_then(Value::as_str);
    let all: Vec<String> = set.iter().map(|it| format!("{it}-")).collect();
    Some(Earlier::Others {
        what: format!("annotation {first} is {}", text.unwrap_or_default()),
        way_out: format!(
            "kubectl annotate {}/{} -n {} {}",
            id.kind.short(),
            id.name,
            id.namespace,
            all.join(" ")
        ),
        by: writer(live, &pointer::child(ANNOTATIONS, first)),
    })
}

/// Both directions of an HPA that somebody has turned off; one alone is a setting, which many have
/// for good.
fn disabled(id: &Id, live: &Value) -> Option<Earlier> {
    let is_off = |path: &str| live.pointer(path).is_some_and(|it| it == "Disabled");
    if !is_off(DOWN) || !is_off(UP) {
        return None;
    }
    let on = json!({ "spec": { "behavior": { "scaleDown": { "selectPolicy": "Max" },
        "scaleUp": { "selectPolicy": "Max" } } } });
    Some(Earlier::Others {
        what: "selectPolicy is Disabled in both directions".to_owned(),
        way_out: format!(
            "kubectl patch hpa {} -n {} -p '{on}'",
            id.name, id.namespace
        ),
        by: writer(live, DOWN),
    })
}

/// `kubectl-annotate at 2026-…`.
fn writer(live: &Value, path: &str) -> Option<String> {
    let writer = owners::last_writer(live, &[path])?;
    Some(match writer.at {
        Some(at) => format!("{} at {at}", writer.manager),
        None => writer.manager.to_owned(),
    })
}

/// The merge patch that is sent: with the note, and the version that was read, so that nobody's
/// change is overwritten.
pub fn sent(patch: &Value, note: Option<&Note>, live: &Value) -> Value {
    let mut all = patch.clone();
    all["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    if let Some(note) = note {
        all["metadata"]["annotations"][ANNOTATION] = note.to_text().into();
    }
    all
}

/// What changes the note alone.
pub fn renewed(id: &Id, live: &Value) -> Value {
    json!({ "apiVersion": live["apiVersion"], "kind": live["kind"],
        "metadata": { "name": id.name, "namespace": id.namespace } })
}
