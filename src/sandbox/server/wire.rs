//! An answer of the API as HTTP.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, WARNING};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::sandbox::api;
use crate::sandbox::faults::Cut;
use crate::sandbox::status::Refusal;

const JSON: &str = "application/json";

/// How long what was sent before a cut may take to leave.
const LEAVING: Duration = Duration::from_millis(20);

/// A refusal as the API gives it.
pub(super) fn refused(refusal: &Refusal) -> api::Response {
    let details = refusal.details.as_ref();
    let seconds = details.and_then(|it| it.retry_after_seconds);
    let header = |seconds: u32| ("retry-after", seconds.to_string());
    api::Response {
        code: refusal.code,
        content_type: JSON.into(),
        warnings: vec![],
        headers: seconds.map(header).into_iter().collect(),
        body: api::Body::Whole(refusal.to_json().to_string().into()),
    }
}

/// The answer on the wire; a watch ends at `stop`, or breaks off at the cut.
pub(super) fn response(
    answer: api::Response,
    cut: Option<Cut>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let body = match answer.body {
        api::Body::Whole(bytes) => Body::from(bytes),
        api::Body::Stream(events) => Body::from_stream(broken_off(events, cut, stop)),
    };
    let mut response = Response::new(body);
    let code = StatusCode::from_u16(answer.code);
    *response.status_mut() = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&answer.content_type) {
        headers.insert(CONTENT_TYPE, kind);
    }
    for text in &answer.warnings {
        add(headers, WARNING, &format!("299 - \"{}\"", escaped(text)));
    }
    for (name, value) in &answer.headers {
        if let Ok(name) = HeaderName::try_from(*name) {
            add(headers, name, value);
        }
    }
    response
}

/// No answer: hyper closes a connection whose body fails before anything has left.
pub(super) fn dropped() -> Response {
    let broken = io::Error::from(io::ErrorKind::ConnectionReset);
    let nothing = stream::once(std::future::ready(Err::<Bytes, _>(broken)));
    Response::new(Body::from_stream(nothing))
}

/// Adds what every answer of the API server has.
pub(super) fn sign(headers: &mut HeaderMap, number: u64, now: Timestamp) {
    let audit_id = format!("5a4db000-0000-4000-8000-{:012x}", number & 0xFFFF_FFFF_FFFF);
    add(headers, HeaderName::from_static("audit-id"), &audit_id);
    if !headers.contains_key(CACHE_CONTROL) {
        add(headers, CACHE_CONTROL, "no-cache, private");
    }
    // Where it has no such date, hyper writes that of the machine.
    if let Ok(date) = DateTimePrinter::new().timestamp_to_rfc9110_string(&now) {
        add(headers, DATE, &date);
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.append(name, value);
    }
}

/// A text as it may stand in quotes in a header.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(|it| !it.is_control()) {
        if matches!(c, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The events until the server stops, or until they end with an error, which makes hyper close the
/// connection in the middle of the body.
fn broken_off(
    events: BoxStream<'static, Bytes>,
    cut: Option<Cut>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> BoxStream<'static, io::Result<Bytes>> {
    let cut = cut.unwrap_or_default();
    let most = cut
        .after_events
        .map(|it| usize::try_from(it).unwrap_or(usize::MAX));
    let enough = most.unwrap_or(usize::MAX);
    let is_endless = cut == Cut::default();
    let events = events.take(enough).take_until(timeout(cut.after_seconds));
    let end = stream::once(async move {
        if is_endless {
            return None;
        }
        tokio::time::sleep(LEAVING).await;
        Some(Err(io::ErrorKind::ConnectionReset.into()))
    });
    let all = events.map(Ok).chain(end.filter_map(std::future::ready));
    all.take_until(Box::pin(stop)).boxed()
}

async fn timeout(seconds: Option<u32>) {
    match seconds {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds.into())).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_stay_on_one_line() {
        assert_eq!(escaped("a \"b\"\r\n\\c ü"), "a \\\"b\\\"\\\\c ü");
    }
}
