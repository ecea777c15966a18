//! One request after another: from HTTP to the API and back.

use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::to_bytes;
use axum::extract;
use axum::http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::response::Response;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{Settings, authentication, ended, wire};
use crate::sandbox::access::{Attributes, User};
use crate::sandbox::api;
use crate::sandbox::faults::{Ending, Hindrance, Trouble};
use crate::sandbox::status::Refusal;

/// The largest body, as the API server has it.
pub(super) const LARGEST: usize = 3 << 20;

/// What every request needs.
pub(super) struct State {
    settings: Settings,
    stopped: watch::Receiver<()>,
    served: AtomicU64,
}

impl State {
    pub(super) fn new(settings: Settings, stopped: watch::Receiver<()>) -> Self {
        Self {
            settings,
            stopped,
            served: AtomicU64::new(0),
        }
    }

    /// What clients take for the time.
    fn now(&self) -> Timestamp {
        let now = self.settings.clock.now();
        now.saturating_add(self.settings.faults.clock_skew())
            .unwrap_or(now)
    }

    fn user(&self, headers: &HeaderMap) -> Result<User, Refusal> {
        let user = self.settings.tokens.user(headers)?;
        authentication::acting(user, headers, || (self.settings.policies)())
    }
}

/// Answers one request.
pub(super) async fn answer(
    extract::State(state): extract::State<Weak<State>>,
    request: extract::Request,
) -> Response {
    match state.upgrade() {
        Some(state) => answered(&state, request).await,
        // The connection outlived its server.
        None => {
            let refused = wire::refused(&Refusal::unavailable());
            wire::response(refused, None, std::future::ready(()))
        }
    }
}

async fn answered(state: &State, request: extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let asked = asked(&head);
    state.settings.log.note(&head);
    let (query, agent) = (query(&head), text(&head, USER_AGENT));
    // Whoever asked for the trouble must be able to end it.
    let trouble = match asked.path.starts_with("/twin/") {
        true => Trouble::default(),
        false => state.settings.faults.judge(&asked, query, agent),
    };
    let answer = troubled(state, &head, body, &trouble).await;
    let number = state.served.fetch_add(1, Ordering::Relaxed);
    let stop = ended(state.stopped.clone());
    let mut response = match answer {
        Some(answer) => wire::response(answer, trouble.cut, stop),
        None => wire::dropped(),
    };
    wire::sign(response.headers_mut(), number, state.now());
    response
}

/// What the client gets, with the trouble on both ways; `None` where its connection breaks.
async fn troubled(
    state: &State,
    head: &Parts,
    body: axum::body::Body,
    trouble: &Trouble,
) -> Option<api::Response> {
    if let Some(ending) = ended_by(&trouble.before).await {
        return instead(ending);
    }
    let answered = served(state, head, body).await;
    match ended_by(&trouble.after).await {
        Some(ending) => instead(ending),
        None => Some(answered.unwrap_or_else(|refusal| wire::refused(&refusal))),
    }
}

async fn ended_by(hindrance: &Hindrance) -> Option<&Ending> {
    if !hindrance.delay.is_zero() {
        tokio::time::sleep(hindrance.delay).await;
    }
    hindrance.ending.as_ref()
}

fn instead(ending: &Ending) -> Option<api::Response> {
    match ending {
        Ending::Refused(refusal) => Some(wire::refused(refusal)),
        Ending::Dropped => None,
    }
}

async fn served(
    state: &State,
    head: &Parts,
    body: axum::body::Body,
) -> Result<api::Response, Refusal> {
    let user = state.user(&head.headers)?;
    let body = whole(body).await?;
    let request = api::Request {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: query(head).to_owned(),
        accept: texts(head, ACCEPT),
        content_type: text(head, CONTENT_TYPE).to_owned(),
        user_agent: text(head, USER_AGENT).to_owned(),
        headers: head.headers.clone(),
        user,
        body,
    };
    Ok((state.settings.handler)(request).await)
}

/// The body, unless it is too large or its connection breaks.
async fn whole(body: axum::body::Body) -> Result<Bytes, Refusal> {
    to_bytes(body, LARGEST)
        .await
        .map_err(|error| match std::error::Error::source(&error) {
            Some(cause) if cause.is::<http_body_util::LengthLimitError>() => {
                Refusal::too_large(LARGEST)
            }
            _ => Refusal::bad_request("the body of the request broke off"),
        })
}

fn asked(head: &Parts) -> Attributes {
    Attributes::of(head.method.as_str(), head.uri.path(), query(head))
}

fn query(head: &Parts) -> &str {
    head.uri.query().unwrap_or_default()
}

/// A header, empty if it is not there or no text.
fn text(head: &Parts, name: HeaderName) -> &str {
    let value = head.headers.get(name).and_then(|it| it.to_str().ok());
    value.unwrap_or_default()
}

/// A header that may come in several lines.
fn texts(head: &Parts, name: HeaderName) -> String {
    let values = head.headers.get_all(name).into_iter();
    let texts: Vec<&str> = values.filter_map(|it| it.to_str().ok()).collect();
    texts.join(", ")
}
