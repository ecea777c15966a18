//! Requests and answers as the log tells them: `-vv` a line each, `-vvv` headers and bodies too. What
//! may be secret is left out, whatever the level: what is not known to be harmless counts as secret.
//!
//! Told on a target of their own, [`TARGET`], since a process that runs for long logs everything else.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use crate::redact;

/// The target of these events: `RUST_LOG=requests=debug`.
pub(crate) const TARGET: &str = "requests";

/// Bytes of a body that are shown.
const BODY: usize = 1024;

/// What stands for what is not shown.
const HIDDEN: &str = "(hidden)";

/// Parameters whose values are no secrets, of the API server, Prometheus and OpenCost. Anybody may add others
/// to a trigger, and call them as they like.
const PLAIN_PARAMETERS: [&str; 30] = [
    "accumulate",
    "aggregate",
    "allowWatchBookmarks",
    "continue",
    "db",
    "deny_partial_response",
    "dryRun",
    "end",
    "fieldManager",
    "fieldSelector",
    "force",
    "labelSelector",
    "limit",
    "match[]",
    "match%5B%5D",
    "nocache",
    "partial_response",
    "propagationPolicy",
    "query",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "start",
    "step",
    "time",
    "timeout",
    "timeoutSeconds",
    "watch",
    "window",
    "pretty",
];

/// Headers whose values are no secrets.
const PLAIN_HEADERS: [&str; 21] = [
    "accept",
    "accept-encoding",
    "age",
    "audit-id",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "host",
    "impersonate-user",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "vary",
    "warning",
    "x-kubernetes-pf-flowschema-uid",
    "x-prometheus-remote-read-version",
];

/// A request that is under way. `None` where nobody listens, so that nothing is made up for nobody.
#[derive(Debug)]
pub(crate) struct Exchange {
    method: Method,
    url: String,
    began: Instant,
}

/// Whether `-vv` was given.
pub(crate) fn is_told() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::DEBUG)
}

/// Whether `-vvv` was given.
pub(crate) fn is_told_whole() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::TRACE)
}

impl Exchange {
    /// A request to `server`, whose name holds no secrets. `path` may have a query.
    pub(crate) fn begin(method: &Method, server: &str, path: &str) -> Option<Self> {
        is_told().then(|| Self {
            method: method.clone(),
            url: format!("{}{}", redact::text(server), plain_path(path)),
            began: Instant::now(),
        })
    }

    /// What was sent.
    pub(crate) fn sent(&self, headers: &HeaderMap, body: &[u8]) {
        if is_told_whole() {
            let Self { method, url, .. } = self;
            tracing::trace!(target: TARGET, "> {method} {url}{}", head(headers));
            tell_body(">", body);
        }
    }

    /// The beginning of the answer.
    pub(crate) fn received(&self, headers: &HeaderMap, body: &[u8]) {
        if is_told_whole() {
            tracing::trace!(target: TARGET, "< {}{}", self.url, head(headers));
            tell_body("<", body);
        }
    }

    /// How it ended. `bytes` as they came; `None` of an answer that goes on.
    pub(crate) fn answered(&self, status: StatusCode, bytes: Option<u64>) {
        let Self { method, url, .. } = self;
        let (took, code) = (self.took(), status.as_u16());
        match bytes {
            Some(bytes) => {
                tracing::debug!(target: TARGET, "{method} {url} {code} in {took} ms, {bytes} bytes");
            }
            None => tracing::debug!(target: TARGET, "{method} {url} {code} in {took} ms"),
        }
    }

    /// That there was no answer.
    pub(crate) fn unanswered(&self, why: &str) {
        let Self { method, url, .. } = self;
        let took = self.took();
        let why = redact::text(why);
        tracing::debug!(target: TARGET, "{method} {url} no answer in {took} ms: {why}");
    }

    fn took(&self) -> u128 {
        self.began.elapsed().as_millis()
    }
}

/// A path whose parameters are shown where they are known to be plain.
fn plain_path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let pairs = query.split('&').map(plain_pair);
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn plain_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) if !PLAIN_PARAMETERS.contains(&name) => format!("{name}={HIDDEN}"),
        Some(_) | None => pair.to_owned(),
    }
}

/// One line for each header.
fn head(headers: &HeaderMap) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let shown = match value.to_str() {
            Ok(value) if is_plain(name) && !value_is_marked(headers, name) => value,
            Ok(_) | Err(_) => HIDDEN,
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n    {name}: {shown}");
    }
    text
}

fn is_plain(name: &HeaderName) -> bool {
    PLAIN_HEADERS.contains(&name.as_str())
}

fn value_is_marked(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().any(|it| it.is_sensitive())
}

fn tell_body(direction: &str, body: &[u8]) {
    if !body.is_empty() {
        let length = body.len();
        let shown = shown_body(body);
        tracing::trace!(target: TARGET, "{direction} {length} bytes: {shown}");
    }
}

/// The beginning of a body without its secrets; of what is no text, nothing.
fn shown_body(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            hide(&mut value);
            redact::manifest(&mut value, &mut redact::Tally::default());
            value.to_string()
        }
        Err(_) => match std::str::from_utf8(body) {
            Ok(text) => plain_text(text),
            Err(_) => return "not text".to_owned(),
        },
    };
    cut(&text)
}

/// A form has parameters as a URL has. What is not JSON as a whole, as an answer in pieces, has no names
/// that could be trusted.
fn plain_text(text: &str) -> String {
    let is_form =
        !text.contains(char::is_whitespace) && text.contains('=') && !text.starts_with('{');
    match is_form {
        true => {
            let pairs = text.split('&').map(plain_pair);
            redact::text(&pairs.collect::<Vec<_>>().join("&")).into_owned()
        }
        false => redact::text(text).into_owned(),
    }
}

/// Leaves out what people put anything into: annotations and values of environment variables, and what
/// an annotation is a copy of.
fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match name.as_str() {
                    "annotations" | "managedFields" | "stringData" => *value = HIDDEN.into(),
                    "env" => hide_values(value),
                    _ => hide(value),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn hide_values(variables: &mut Value) {
    for variable in variables.as_array_mut().into_iter().flatten() {
        if let Some(value) = variable.get_mut("value") {
            *value = HIDDEN.into();
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(BODY) {
        Some((end, _)) => format!("{}… ({} bytes more)", &text[..end], text.len() - end),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn parameters_that_nobody_knows_are_hidden() {
        let cases = [
            ("/api/v1/pods", "/api/v1/pods"),
            (
                "/api/v1/pods?limit=500&continue=x",
                "/api/v1/pods?limit=500&continue=x",
            ),
            (
                "/api/v1/query?query=up&k=hunter2",
                "/api/v1/query?query=up&k=(hidden)",
            ),
            ("/q?token=hunter2&watch", "/q?token=(hidden)&watch"),
        ];
        for (path, expected) in cases {
            assert_eq!(plain_path(path), expected);
        }
    }

    #[test]
    fn headers_that_nobody_knows_are_hidden() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer hunter2"),
            ("cookie", "a=hunter2"),
            ("set-cookie", "a=hunter2"),
            ("x-scope-orgid", "hunter2"),
            ("x-api-key", "hunter2"),
            ("accept", "application/json"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut marked = HeaderValue::from_static("hunter2");
        marked.set_sensitive(true);
        headers.insert("user-agent", marked);
        let shown = head(&headers);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("accept: application/json"), "{shown}");
        assert_eq!(shown.lines().count(), headers.len() + 1);
    }

    #[test]
    fn bodies_have_no_secrets_and_an_end() {
        let bodies = [
            r#"{"kind":"Secret","data":{"a":"hunter2"},"stringData":{"b":"hunter2"}}"#,
            r#"{"items":[{"metadata":{"annotations":{"a":"hunter2"},"managedFields":[{"manager":"hunter2"}]},
                "spec":{"containers":[{"env":[{"name":"PLAIN","value":"hunter2"}],"args":["--password=hunter2"]}]}}]}"#,
            r#"{"kind":"Pod","spec":{"containers":[{"args":["--password","hunter2"],
                "livenessProbe":{"httpGet":{"httpHeaders":[{"name":"X-A","value":"hunter2"}]}}}]}}"#,
            r#"{"status":{"token":"hunter2"}}"#,
            "query=up&apikey=hunter2",
            "Authorization: Bearer hunter2",
            "https://me:hunter2@host/x",
        ];
        for body in bodies {
            let shown = shown_body(body.as_bytes());
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.len() > 10, "{shown}");
        }
        assert_eq!(shown_body(&[0xff, 0xfe]), "not text");
        let long = shown_body("ü".repeat(5_000).as_bytes());
        assert!(
            long.ends_with("… (7952 bytes more)"),
            "{}",
            &long[long.len() - 40..]
        );
    }
}
