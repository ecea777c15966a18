//! The bodies that are sent, and what is left out of them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::signature::hmac;
use super::{Form, Settings};
use crate::lifecycle::diff::{Setting, one_line};
use crate::lifecycle::phase::Phase;

/// Before the phase in the type of a CloudEvent.
const TYPE: &str = "io.stepscale.recommendation.";

/// A recommendation has come into another phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub namespace: String,
    /// Of the recommendation.
    pub name: String,
    /// Kind and name of the autoscaler.
    pub target: (String, String),
    /// `None` for a new one.
    pub before: Option<Phase>,
    pub after: Phase,
    /// `status.detail`.
    pub detail: String,
    pub diff: Vec<Setting>,
    /// US dollars a month, projected.
    pub projected_usd_monthly: Option<f64>,
    /// US dollars a month, as measured.
    pub measured_usd_monthly: Option<f64>,
    /// Since when it is in the phase.
    pub at: Timestamp,
}

/// A change as it is sent. It holds no names that are not to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// The same whoever tells of the change and however often, so that a receiver can tell.
    pub(super) id: String,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Event {
    pub(super) fn of(change: &Change, settings: &Settings) -> Self {
        let id = id(change, settings);
        let redacted;
        let change = if settings.redact {
            redacted = without_names(change, settings);
            &redacted
        } else {
            change
        };
        let (content_type, body) = match settings.form {
            Form::CloudEvents => (
                "application/cloudevents+json; charset=utf-8",
                cloud_event(change, &settings.source, &id),
            ),
            Form::Slack => ("application/json", json!({ "text": text(change) })),
        };
        Self {
            id,
            content_type,
            body: body.to_string().into_bytes(),
        }
    }
}

/// A code of what makes the change this one: the phase, and since when. Not the phase before: whoever
/// looks less often has seen another one there.
fn id(change: &Change, settings: &Settings) -> String {
    let at = change.at.to_string();
    let parts = [
        settings.source.as_str(),
        &change.namespace,
        &change.name,
        change.after.as_str(),
        &at,
    ];
    // No part holds a zero, so that no two changes are the same text.
    code(settings, &parts.join("\0"))[..32].to_owned()
}

/// A code that whoever has neither the key, nor the URL where there is no key, cannot try out.
fn code(settings: &Settings, text: &str) -> String {
    let key = settings.key.as_deref().unwrap_or(settings.url.as_bytes());
    hmac(key, text.as_bytes())
}

/// Names replaced by codes that stay the same, and texts that may hold names left out.
fn without_names(change: &Change, settings: &Settings) -> Change {
    let code = |name: &str| code(settings, name)[..12].to_owned();
    Change {
        namespace: code(&change.namespace),
        name: code(&change.name),
        target: (change.target.0.clone(), code(&change.target.1)),
        detail: String::new(),
        ..change.clone()
    }
}

/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>.
fn cloud_event(change: &Change, source: &str, id: &str) -> Value {
    json!({
        "specversion": "1.0",
        "type": format!("{TYPE}{}", change.after),
        "source": source,
        "subject": format!("{}/{}", change.namespace, change.name),
        "id": id,
        "time": change.at,
        "datacontenttype": "application/json",
        "data": data(change),
    })
}

fn data(change: &Change) -> Value {
    let settings = change.diff.iter();
    let diff: Map<String, Value> = settings
        .map(|it| {
            let change = json!({ "from": it.from, "to": it.to });
            (it.key.as_str().to_owned(), change)
        })
        .collect();
    let (kind, name) = &change.target;
    let mut data = json!({
        "namespace": change.namespace,
        "recommendation": change.name,
        "targetRef": { "kind": kind, "name": name },
        "before": change.before.map(Phase::as_str),
        "after": change.after.as_str(),
        "configDiff": diff,
    });
    let optional = [
        (
            "detail",
            (!change.detail.is_empty()).then(|| json!(change.detail)),
        ),
        (
            "projectedSavingsUsdMonthly",
            change.projected_usd_monthly.map(|it| json!(it)),
        ),
        (
            "measuredSavingsUsdMonthly",
            change.measured_usd_monthly.map(|it| json!(it)),
        ),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            data[key] = value;
        }
    }
    data
}

/// For people in a chat: `*shop/web*: approved → applied: patched HPA`.
fn text(change: &Change) -> String {
    let (kind, name) = &change.target;
    let mut text = format!("*{}/{}* ({kind} {name}): ", change.namespace, change.name);
    if let Some(before) = change.before {
        text += &format!("{before} → ");
    }
    text += change.after.as_str();
    if !change.detail.is_empty() {
        text += &format!(": {}", change.detail);
    }
    if !change.diff.is_empty() {
        text += &format!("\n{}", one_line(&change.diff));
    }
    let savings = [
        (change.projected_usd_monthly, "projected"),
        (change.measured_usd_monthly, "measured"),
    ];
    for (usd, basis) in savings {
        if let Some(usd) = usd {
            text += &format!("\nUSD {usd:.2} a month saved, {basis}");
        }
    }
    escaped(&text)
}

/// The three characters that Slack reads as its own:
/// <https://docs.slack.dev/messaging/formatting-message-text>.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
pub(super) mod tests;
