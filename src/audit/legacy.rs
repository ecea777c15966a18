//! A record as one line of text, in the form that the API server calls legacy: its fields first, in
//! its order, then ours. Objects that were sent and answered have no place in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::event::{API_VERSION, Event, KIND, ObjectRef, ResponseStatus, User, annotation, micros};

const NONE: &str = "<none>";
const SELF: &str = "<self>";
const LOOKUP: &str = "<lookup>";
const DEFERRED: &str = "<deferred>";
const UNKNOWN: &str = "<unknown>";
const AUDIT: &str = " AUDIT: ";

/// Keys that are no annotations.
const FIELDS: [&str; 16] = [
    "id",
    "stage",
    "ip",
    "method",
    "user",
    "groups",
    "as",
    "asgroups",
    "user-agent",
    "namespace",
    "uri",
    "response",
    "level",
    "at",
    "object",
    "reason",
];

/// Ends every line, so that a line that was cut off between two keys is known from a whole one.
const LAST: &str = "message";

/// The line, without its break.
pub(super) fn line(event: &Event) -> String {
    let mut line = micros::text(event.request_received_timestamp) + AUDIT.trim_end();
    let mut add = |key: &str, value: &str| {
        line += &format!(" {key}={}", Value::from(value));
    };
    let fields = fields(event);
    for (key, value) in FIELDS.into_iter().zip(&fields) {
        add(key, value);
    }
    for (name, value) in &event.annotations {
        add(name.strip_prefix(annotation::PREFIX).unwrap_or(name), value);
    }
    add(LAST, status_message(event));
    line
}

fn fields(event: &Event) -> [String; FIELDS.len()] {
    let or_none = |text: &str| if text.is_empty() { NONE } else { text }.to_owned();
    let object = event.object_ref.as_ref();
    let status = event.response_status.as_ref();
    let (as_user, as_groups) = match &event.impersonated_user {
        Some(user) => (user.username.clone(), groups(user)),
        None => (SELF.to_owned(), LOOKUP.to_owned()),
    };
    [
        event.audit_id.clone(),
        event.stage.as_str().to_owned(),
        UNKNOWN.to_owned(),
        event.verb.clone(),
        or_none(&event.user.username),
        groups(&event.user),
        as_user,
        as_groups,
        event.user_agent.clone(),
        or_none(object.map_or("", |it| &it.namespace)),
        event.request_uri.clone(),
        status.map_or(DEFERRED.to_owned(), |it| it.code.to_string()),
        event.level.as_str().to_owned(),
        micros::text(event.stage_timestamp),
        or_none(&object.map(ToString::to_string).unwrap_or_default()),
        status.map_or(String::new(), |it| it.reason.clone()),
    ]
}

fn status_message(event: &Event) -> &str {
    let status = event.response_status.as_ref();
    status.map_or("", |it| &it.message)
}

/// `"sre","dev"`.
fn groups(user: &User) -> String {
    if user.groups.is_empty() {
        return NONE.to_owned();
    }
    let quoted: Vec<String> = user
        .groups
        .iter()
        .map(|it| Value::from(it.as_str()).to_string())
        .collect();
    quoted.join(",")
}

/// The record of a line, without what the form has no place for; `None` where it is no such line.
pub(super) fn parse(line: &str) -> Option<Event> {
    let (received, rest) = line.split_once(AUDIT)?;
    let mut pairs = pairs(rest)?;
    let mut take = |key: &str| pairs.remove(key);
    let status = status(&take("response")?, take("reason")?, take(LAST)?);
    let (user, groups) = (take("user")?, take("groups")?);
    let (as_user, as_groups) = (take("as")?, take("asgroups")?);
    let mut event = Event {
        kind: KIND.to_owned(),
        api_version: API_VERSION.to_owned(),
        level: word(take("level")?)?,
        audit_id: take("id")?,
        stage: word(take("stage")?)?,
        request_uri: take("uri")?,
        verb: take("method")?,
        user: self::user(user, &groups)?,
        impersonated_user: match as_user.as_str() {
            SELF => None,
            _ => Some(self::user(as_user, &as_groups)?),
        },
        user_agent: take("user-agent")?,
        object_ref: object(&take("object")?),
        response_status: status,
        request_object: None,
        response_object: None,
        request_received_timestamp: received.parse().ok()?,
        stage_timestamp: take("at")?.parse::<Timestamp>().ok()?,
        annotations: BTreeMap::new(),
    };
    // Such as the namespace, which the object has too.
    pairs.retain(|key, _| !FIELDS.contains(&key.as_str()));
    let named = pairs.into_iter();
    event.annotations = named
        .map(|(key, value)| (annotation::PREFIX.to_owned() + &key, value))
        .collect();
    Some(event)
}

/// `key="value"`, one after another.
fn pairs(mut rest: &str) -> Option<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    loop {
        let (key, value) = rest.trim_start().split_once('=')?;
        let mut texts = serde_json::Deserializer::from_str(value).into_iter::<String>();
        let text = texts.next()?.ok()?;
        pairs.insert(key.to_owned(), text);
        rest = &value[texts.byte_offset()..];
        if rest.is_empty() {
            return Some(pairs);
        }
    }
}

/// A variant by its name.
fn word<T: DeserializeOwned>(name: String) -> Option<T> {
    serde_json::from_value(Value::String(name)).ok()
}

fn user(name: String, groups: &str) -> Option<User> {
    let groups = match groups {
        NONE | LOOKUP => Vec::new(),
        list => serde_json::from_str(&format!("[{list}]")).ok()?,
    };
    let username = if name == NONE { String::new() } else { name };
    Some(User { username, groups })
}

fn status(code: &str, reason: String, message: String) -> Option<ResponseStatus> {
    let code: u16 = code.parse().ok()?;
    let status = if code < 400 { "Success" } else { "Failure" };
    Some(ResponseStatus {
        status: status.to_owned(),
        message,
        reason,
        code,
    })
}

/// Of what `ObjectRef` displays.
fn object(text: &str) -> Option<ObjectRef> {
    let (kind, place) = text.split_once('/')?;
    let (namespace, name) = place.split_once('/').unwrap_or(("", place));
    let (resource, group) = kind.split_once('.').unwrap_or((kind, ""));
    Some(ObjectRef {
        resource: resource.to_owned(),
        api_group: group.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..ObjectRef::default()
    })
}
