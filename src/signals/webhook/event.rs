//! The bodies that are sent, and what is left out of them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::signature::hmac;
use super::{Form, Settings};
use crate::analysis::review::Standing;
use crate::lifecycle::diff::{Setting, one_line};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::schedule::State;

/// Before all types of CloudEvents.
const TYPE: &str = "io.stepscale.";

/// Something of a recommendation is otherwise than before.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub namespace: String,
    /// Of the recommendation.
    pub name: String,
    /// Kind and name of the autoscaler.
    pub target: (String, String),
    pub what: What,
    /// Why, for people.
    pub detail: String,
    /// Since when it is so.
    pub at: Timestamp,
}

/// What is otherwise. `before` is `None` where there was nothing before, or nobody knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It has come into another phase.
    Phase {
        before: Option<Phase>,
        after: Phase,
        diff: Vec<Setting>,
        /// US dollars a month, projected.
        projected_usd_monthly: Option<f64>,
        /// US dollars a month, as measured.
        measured_usd_monthly: Option<f64>,
    },
    /// Its schedule stands otherwise.
    Schedule {
        before: Option<State>,
        after: State,
        /// The minimum that is to be again, and the one that is held.
        held: Option<(u32, u32)>,
    },
    /// Analyses say something else of its schedule.
    Review {
        before: Option<Standing>,
        after: Standing,
    },
}

impl What {
    /// `recommendation.applied`, `schedule.open`, `schedule.reviewed.kept`: what makes it this one.
    fn word(&self) -> String {
        match self {
            Self::Phase { after, .. } => format!("recommendation.{after}"),
            Self::Schedule { after, .. } => format!("schedule.{after}"),
            Self::Review { after, .. } => format!("schedule.reviewed.{after}"),
        }
    }

    /// What of that is the type of an event.
    fn kind(&self) -> String {
        match self {
            Self::Phase { .. } | Self::Schedule { .. } => self.word(),
            Self::Review { .. } => "schedule.reviewed".to_owned(),
        }
    }

    fn before(&self) -> Option<&'static str> {
        match self {
            Self::Phase { before, .. } => before.map(Phase::as_str),
            Self::Schedule { before, .. } => before.map(State::as_str),
            Self::Review { before, .. } => before.map(Standing::as_str),
        }
    }

    fn after(&self) -> &'static str {
        match self {
            Self::Phase { after, .. } => after.as_str(),
            Self::Schedule { after, .. } => after.as_str(),
            Self::Review { after, .. } => after.as_str(),
        }
    }
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

/// A code of what makes the change this one: the phase or state, and since when. Not what was before:
/// whoever looks less often has seen something else there.
fn id(change: &Change, settings: &Settings) -> String {
    let at = change.at.to_string();
    let word = match &change.what {
        // As it was before there were others.
        What::Phase { after, .. } => after.as_str().to_owned(),
        what @ (What::Schedule { .. } | What::Review { .. }) => what.word(),
    };
    let parts = [
        settings.source.as_str(),
        &change.namespace,
        &change.name,
        &word,
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
        "type": format!("{TYPE}{}", change.what.kind()),
        "source": source,
        "subject": format!("{}/{}", change.namespace, change.name),
        "id": id,
        "time": change.at,
        "datacontenttype": "application/json",
        "data": data(change),
    })
}

fn data(change: &Change) -> Value {
    let (kind, name) = &change.target;
    let mut data = json!({
        "namespace": change.namespace,
        "recommendation": change.name,
        "targetRef": { "kind": kind, "name": name },
        "before": change.what.before(),
        "after": change.what.after(),
    });
    let detail = (!change.detail.is_empty()).then(|| json!(change.detail));
    let optional = [("detail", detail)].into_iter().chain(more(&change.what));
    for (key, value) in optional {
        if let Some(value) = value {
            data[key] = value;
        }
    }
    data
}

/// What only a change of its kind has.
fn more(what: &What) -> Vec<(&'static str, Option<Value>)> {
    match what {
        What::Phase {
            diff,
            projected_usd_monthly: projected,
            measured_usd_monthly: measured,
            ..
        } => vec![
            ("configDiff", Some(config_diff(diff))),
            ("projectedSavingsUsdMonthly", projected.map(|it| json!(it))),
            ("measuredSavingsUsdMonthly", measured.map(|it| json!(it))),
        ],
        What::Schedule { held, .. } => {
            let held = held.map(|(from, to)| json!({ "from": from, "to": to }));
            vec![("minReplicas", held)]
        }
        What::Review { .. } => vec![],
    }
}

fn config_diff(diff: &[Setting]) -> Value {
    let settings = diff.iter().map(|it| {
        let change = json!({ "from": it.from, "to": it.to });
        (it.key.as_str().to_owned(), change)
    });
    Value::Object(settings.collect::<Map<_, _>>())
}

/// For people in a chat: `*shop/web*: approved → applied: patched HPA`.
fn text(change: &Change) -> String {
    let (kind, name) = &change.target;
    let mut text = format!("*{}/{}* ({kind} {name}): ", change.namespace, change.name);
    text += match &change.what {
        What::Phase { .. } => "",
        What::Schedule { .. } => "schedule ",
        What::Review { .. } => "schedule reviewed, ",
    };
    if let Some(before) = change.what.before() {
        text += &format!("{before} → ");
    }
    text += change.what.after();
    if !change.detail.is_empty() {
        text += &format!(": {}", change.detail);
    }
    if let What::Phase {
        diff,
        projected_usd_monthly: projected,
        measured_usd_monthly: measured,
        ..
    } = &change.what
    {
        if !diff.is_empty() {
            text += &format!("\n{}", one_line(diff));
        }
        for (usd, basis) in [(projected, "projected"), (measured, "measured")] {
            if let Some(usd) = usd {
                text += &format!("\nUSD {usd:.2} a month saved, {basis}");
            }
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
