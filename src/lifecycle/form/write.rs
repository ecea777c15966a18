//! Records become objects.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::conditions;
use super::{ANNOTATION, GROUP, KIND, VERSION};
use crate::autoscaler::target::TargetRef;
use crate::lifecycle::changes::Change;
use crate::lifecycle::diff::Setting;
use crate::lifecycle::record::{
    Applied, Attempt, Decision, Entry, Proposal, Record, Status, Write,
};
use crate::lifecycle::schedule::Carried;

pub(super) fn object(record: &Record, before: Option<&Value>) -> Value {
    let mut object = before.cloned().unwrap_or_default();
    set(&mut object, "apiVersion", format!("{GROUP}/{VERSION}"));
    set(&mut object, "kind", KIND);
    metadata(record, part(&mut object, "metadata"));
    let generation = object["metadata"]["generation"].clone();
    spec(record, part(&mut object, "spec"));
    let place = part(&mut object, "status");
    status(&record.status, place);
    put(place, "observedGeneration", Some(generation));
    let written = conditions::of(record, &place["conditions"], &place["observedGeneration"]);
    set(place, "conditions", written);
    object
}

fn metadata(record: &Record, place: &mut Value) {
    set(place, "name", &*record.name);
    set(place, "namespace", &*record.namespace);
    let observed = record.status.observed.as_deref();
    if observed.is_some() || place["annotations"].is_object() {
        put(part(place, "annotations"), ANNOTATION, observed);
    }
}

fn spec(record: &Record, place: &mut Value) {
    let Proposal {
        uid,
        scales,
        analyzed_at,
        risk,
        summary,
        saving_usd,
        saving_share,
        diff,
        schedule,
        schedule_before,
        losses,
        evidence,
        findings,
    } = &record.proposal;
    let target = part(place, "targetRef");
    set(target, "kind", json!(record.autoscaler.kind));
    set(target, "name", &*record.autoscaler.name);
    put(target, "uid", uid.as_deref());
    put(place, "scaleTargetRef", scales.as_ref().map(reference));
    put(place, "analyzedAt", analyzed_at.map(time));
    set(place, "approved", record.approved);
    set(place, "riskLevel", json!(risk));
    set(place, "summaryMd", &**summary);
    put(place, "projectedSavingsUsdMonthly", *saving_usd);
    put(place, "projectedSavingsShare", *saving_share);
    put(place, "saving", saving(*saving_usd, *saving_share));
    config_diff(diff, part(place, "configDiff"));
    for (key, windows) in [("schedule", schedule), ("scheduleBefore", schedule_before)] {
        let windows = Some(windows).filter(|it| !it.is_empty());
        put(place, key, windows.map(|it| json!(it)));
    }
    put(place, "forecast", losses.map(|it| json!(it)));
    put(place, "evidence", Some(evidence.clone()));
    put(place, "findings", Some(findings.clone()));
}

fn reference(target: &TargetRef) -> Value {
    json!({ "kind": target.kind, "name": target.name })
}

/// What the column `SAVING` shows: `31%, 120 USD/month`; negative where more is needed, as in the
/// table of an analysis.
fn saving(usd: Option<f64>, share: Option<f64>) -> Option<String> {
    let share = share.map(|it| format!("{}%", (it * 100.0).round() as i64));
    let usd = usd.map(|it| format!("{it:.0} USD/month"));
    let each: Vec<String> = share.into_iter().chain(usd).collect();
    (!each.is_empty()).then(|| each.join(", "))
}

/// Settings that are in the diff, each with what else is said of it, and no others.
fn config_diff(diff: &[Setting], place: &mut Value) {
    let mut settings = Map::new();
    for Setting { key, from, to } in diff {
        let mut entry = place[key.as_str()].take();
        make_object(&mut entry);
        put(&mut entry, "from", Some(from.clone()));
        put(&mut entry, "to", Some(to.clone()));
        settings.insert(key.as_str().to_owned(), entry);
    }
    *place = Value::Object(settings);
}

fn status(status: &Status, place: &mut Value) {
    let Status {
        phase,
        detail,
        since,
        decided,
        attempt,
        applied,
        probation_until,
        schedule,
        errors,
        failures,
        measured,
        rejected_inputs,
        // With the proposal, in the annotation: both are written at once.
        observed: _,
        story,
    } = status;
    set(place, "phase", phase.as_str());
    set(place, "detail", &**detail);
    put(place, "since", since.map(time));
    put(place, "decided", decided.as_ref().map(decision));
    put(place, "attempt", attempt.as_ref().map(begun));
    put(place, "appliedAt", applied.as_ref().map(|it| time(it.at)));
    put(place, "applied", applied.as_ref().map(in_force));
    put(place, "probationUntil", probation_until.map(time));
    // Of a schedule that is not ours nothing is known.
    if schedule.is_some() || !place["schedule"].is_null() {
        let is_active = schedule.as_ref().is_some_and(Carried::is_active);
        set(place, "scheduleActive", is_active);
    }
    put(place, "schedule", schedule.as_ref().map(|it| json!(it)));
    set(place, "errors", *errors);
    set(place, "failures", *failures);
    put(place, "measured", measured.clone());
    put(place, "rejectedInputs", rejected_inputs.as_deref());
    set(place, "story", story.iter().map(entry).collect::<Value>());
}

fn time(at: Timestamp) -> String {
    at.to_string()
}

fn decision(Decision { by, at, reason }: &Decision) -> Value {
    let mut value = json!({ "by": by, "at": time(*at) });
    put(&mut value, "reason", some_text(reason));
    value
}

fn begun(Attempt { id, what, by, at }: &Attempt) -> Value {
    let what = match what {
        Write::Apply => "apply",
        Write::Revert => "revert",
    };
    json!({ "id": id, "what": what, "by": by, "at": time(*at) })
}

fn in_force(applied: &Applied) -> Value {
    let Applied {
        id,
        by,
        at: _,
        changes,
    } = applied;
    let changes: Vec<Value> = changes.iter().map(change).collect();
    let mut value = json!({ "by": by, "changes": changes });
    put(&mut value, "id", id.as_deref());
    value
}

/// A member that is not there says that nothing was there, `null` that there was `null`.
fn change(Change { path, from, to }: &Change) -> Value {
    let mut value = json!({ "path": path });
    for (key, it) in [("from", from), ("to", to)] {
        if let Some(it) = it {
            set(&mut value, key, it.clone());
        }
    }
    value
}

fn entry(entry: &Entry) -> Value {
    let Entry {
        at,
        phase,
        detail,
        by,
    } = entry;
    let mut value = json!({ "at": time(*at), "phase": phase.as_str(), "detail": detail });
    put(&mut value, "by", some_text(by));
    value
}

fn some_text(text: &str) -> Option<&str> {
    Some(text).filter(|it| !it.is_empty())
}

fn make_object(place: &mut Value) {
    if !place.is_object() {
        *place = json!({});
    }
}

fn part<'a>(place: &'a mut Value, key: &str) -> &'a mut Value {
    make_object(place);
    let part = &mut place[key];
    make_object(part);
    part
}

fn set(place: &mut Value, key: &str, value: impl Into<Value>) {
    make_object(place);
    place[key] = value.into();
}

/// Sets a field, or removes it where there is nothing to say.
fn put(place: &mut Value, key: &str, value: Option<impl Into<Value>>) {
    match value.map(Into::into) {
        Some(value) if !value.is_null() => set(place, key, value),
        Some(_) | None => {
            if let Some(fields) = place.as_object_mut() {
                fields.remove(key);
            }
        }
    }
}
