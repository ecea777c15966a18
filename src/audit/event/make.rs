//! From what is told to a record.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{API_VERSION, Event, KIND, ResponseStatus, Stage, User, annotation};
use crate::audit::action::{Action, Answer, Origin, Outcome};
use crate::audit::policy::{Kept, Level};
use crate::lifecycle::changes::Change;
use crate::redact;

/// The record before anything is done.
pub(in super::super) fn received(origin: &Origin, action: &Action, kept: &Kept) -> Event {
    event(origin, action, kept, Stage::RequestReceived, action.at)
}

/// The record of how it ended.
pub(in super::super) fn answered(
    origin: &Origin,
    action: &Action,
    answer: &Answer,
    kept: &Kept,
) -> Event {
    let mut event = event(origin, action, kept, answer.stage(), answer.at);
    event.response_status = Some(status(&answer.outcome));
    if kept.level >= Level::RequestResponse {
        event.response_object = answer.response.as_ref().map(|it| object(it, kept));
    }
    let duration = answer.at.duration_since(action.at).as_secs_f64().max(0.0);
    let mut note = |name: &str, text: &str| note(&mut event.annotations, name, text);
    note(annotation::RESULT, result(&answer.outcome));
    note(annotation::DETAIL, &answer.detail);
    note(annotation::DURATION, &format!("{duration:.3}s"));
    event
}

fn event(origin: &Origin, action: &Action, kept: &Kept, stage: Stage, at: Timestamp) -> Event {
    let object_ref = action.recommendation.clone().or(action.target.clone());
    let mut annotations = annotations(origin, action);
    if kept.level >= Level::Request {
        note_changes(&mut annotations, &action.changes);
    }
    let request = action.request.as_ref();
    let request = request.filter(|_| kept.level >= Level::Request);
    Event {
        kind: KIND.to_owned(),
        api_version: API_VERSION.to_owned(),
        level: kept.level,
        audit_id: action.id.clone(),
        stage,
        request_uri: request_uri(action),
        verb: action.verb.to_string(),
        user: user(origin),
        impersonated_user: origin.impersonated.clone(),
        user_agent: origin.user_agent.clone(),
        object_ref,
        response_status: None,
        request_object: request.map(|it| object(it, kept)),
        response_object: None,
        request_received_timestamp: action.at,
        stage_timestamp: at,
        annotations,
    }
}

/// Whom rules of the policy go by.
pub(in super::super) fn user(origin: &Origin) -> User {
    origin.user.clone().unwrap_or_else(|| User {
        username: origin.os_user.clone(),
        groups: Vec::new(),
    })
}

/// What rules about paths go by; actions about no object have one of their own.
pub(in super::super) fn request_uri(action: &Action) -> String {
    let object = action.recommendation.as_ref().or(action.target.as_ref());
    object.map_or_else(|| format!("/stepscale/{}", action.verb), |it| it.path())
}

fn annotations(origin: &Origin, action: &Action) -> BTreeMap<String, String> {
    let target = action.target.as_ref().map(ToString::to_string);
    let texts = [
        (annotation::OS_USER, origin.os_user.as_str()),
        (annotation::HOST, &origin.host),
        (annotation::PID, &origin.pid.to_string()),
        (annotation::CLUSTER, &origin.cluster),
        (annotation::SERVER, &origin.server),
        (annotation::TARGET, target.as_deref().unwrap_or_default()),
        (annotation::WHY, &action.why),
        (
            annotation::FORCED,
            action.forced.as_deref().unwrap_or_default(),
        ),
    ];
    let mut annotations = BTreeMap::new();
    for (name, text) in texts {
        note(&mut annotations, name, text);
    }
    let command = redact::command(&origin.command);
    annotations.insert(annotation::COMMAND.to_owned(), command);
    annotations
}

/// Without what is empty, and without secrets.
fn note(annotations: &mut BTreeMap<String, String>, name: &str, text: &str) {
    if !text.is_empty() {
        annotations.insert(name.to_owned(), redact::text(text).into_owned());
    }
}

fn note_changes(annotations: &mut BTreeMap<String, String>, changes: &[Change]) {
    if !changes.is_empty() {
        let text = changes_json(changes).to_string();
        annotations.insert(annotation::CHANGES.to_owned(), text);
    }
}

/// Changes as a list of `path`, `from` and `to`; what was not there is left out, as are secrets.
fn changes_json(changes: &[Change]) -> Value {
    changes.iter().map(change).collect()
}

fn change(change: &Change) -> Value {
    let is_secret = change.path.split('/').any(redact::is_secret_field);
    let mut fields = Map::new();
    fields.insert("path".to_owned(), json!(change.path));
    for (name, value) in [("from", &change.from), ("to", &change.to)] {
        if let Some(value) = value {
            let mut value = value.clone();
            redact::object(&mut value);
            if is_secret {
                redact::hide(&mut value);
            }
            fields.insert(name.to_owned(), value);
        }
    }
    Value::Object(fields)
}

fn object(value: &Value, kept: &Kept) -> Value {
    let mut value = value.clone();
    if kept.omit_managed_fields {
        omit_managed_fields(&mut value);
    }
    redact::object(&mut value);
    value
}

/// Of an object, and of those that a list has.
fn omit_managed_fields(value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if let Some(items) = value.get_mut("items").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(omit_managed_fields);
    }
}

fn status(outcome: &Outcome) -> ResponseStatus {
    let failure = |reason: &str, message: &str, code| ResponseStatus {
        status: "Failure".to_owned(),
        message: redact::text(message).into_owned(),
        reason: reason.to_owned(),
        code,
    };
    match outcome {
        Outcome::Done => ResponseStatus {
            status: "Success".to_owned(),
            message: String::new(),
            reason: String::new(),
            code: 200,
        },
        Outcome::Refused { reason, message } => failure(reason, message, 403),
        Outcome::Failed { message, code } => failure("", message, code.unwrap_or(500)),
        Outcome::Panicked { message } => failure("InternalError", message, 500),
    }
}

fn result(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Refused { .. } => "refused",
        Outcome::Failed { .. } => "failed",
        Outcome::Panicked { .. } => "panicked",
    }
}
