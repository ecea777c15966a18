//! What an answer says beside its elements: success, a refusal, warnings, or that it is no
//! answer of a Prometheus at all.

mod size;

use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::error::Error;
use size::is_too_much;

/// The answer without its elements.
///
/// `infos` are not read: they are remarks on the query's style, and the queries are ours.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope {
    #[serde(default)]
    status: String,
    error_type: Option<String>,
    error: Option<String>,
    warnings: Option<Vec<String>>,
    /// VictoriaMetrics: some of its storage nodes did not answer.
    is_partial: Option<bool>,
    /// With an empty `result`, or empty itself.
    data: Option<Value>,
}

impl Envelope {
    /// Reads an envelope and turns `status: error` into the error.
    pub(super) fn read(url: &str, json: &[u8]) -> Result<Self, Error> {
        let envelope: Self = serde_json::from_slice(json).map_err(|source| Error::BadAnswer {
            url: url.to_owned(),
            source: Box::new(source),
        })?;
        match envelope.status.as_str() {
            "success" => Ok(envelope),
            "error" => Err(envelope.refusal(url)),
            other => Err(Error::BadAnswer {
                url: url.to_owned(),
                source: format!("its status is {other:?}").into(),
            }),
        }
    }

    pub(super) fn data(&self) -> &Value {
        self.data.as_ref().unwrap_or(&Value::Null)
    }

    /// `matrix`, `vector`, `scalar`; empty where the answer is of no type.
    pub(super) fn result_type(&self) -> &str {
        self.data()["resultType"].as_str().unwrap_or_default()
    }

    /// Whatever lessens what the answer is worth.
    pub(super) fn warnings(self) -> impl Iterator<Item = String> {
        let partial = self.is_partial.unwrap_or(false);
        let partial =
            partial.then(|| "the answer is partial: a storage node is missing".to_owned());
        self.warnings.into_iter().flatten().chain(partial)
    }

    fn refusal(self, url: &str) -> Error {
        let url = url.to_owned();
        let kind = self.error_type.unwrap_or_default();
        let message = self.error.unwrap_or_default();
        if is_too_much(&kind, &message) {
            Error::TooMuch { url, message }
        } else {
            Error::Refused { url, kind, message }
        }
    }
}

/// The error for an answer that is no success; `body` is its beginning, unpacked.
pub(super) fn refusal(url: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
    let url = url.to_owned();
    let said: Option<Envelope> = serde_json::from_slice(body).ok();
    let said = said.filter(|it| it.status == "error" && it.error.is_some());
    let message = match &said {
        Some(envelope) => envelope.error.clone().unwrap_or_default(),
        None => summary(headers, body),
    };
    let kind = said.and_then(|it| it.error_type).unwrap_or_default();
    let too_large = matches!(status.as_u16(), 413 | 414 | 431);
    if too_large || is_too_much(&kind, &message) {
        return Error::TooMuch { url, message };
    }
    match status.as_u16() {
        300..=399 => Error::Redirected {
            url,
            to: location(headers),
        },
        401 => Error::Unauthorized { url, message },
        403 => Error::Forbidden { url, message },
        404 => Error::NotFound { url, message },
        429 | 500 | 502..=504 => Error::Unavailable {
            url,
            status: status.as_u16(),
            message,
            retry_after: retry_after(headers),
        },
        code if kind.is_empty() => Error::Refused {
            url,
            kind: format!("status {code}"),
            message,
        },
        _ => Error::Refused { url, kind, message },
    }
}

/// The error for a page where an answer was expected.
pub(super) fn not_prometheus(url: &str, headers: &HeaderMap, body: &[u8]) -> Error {
    let what = if is_page(headers, body) {
        match title(body) {
            Some(title) => format!("a web page, {title:?}"),
            None => "a web page".to_owned(),
        }
    } else {
        format!("{:?}", first_line(body))
    };
    Error::NotPrometheus {
        url: url.to_owned(),
        what,
    }
}

/// Whether this is for a browser.
pub(super) fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    content_type(headers).starts_with("text/html") || body.trim_ascii_start().starts_with(b"<")
}

pub(super) fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .unwrap_or_default()
}

/// Where a redirect leads, without a query, which may hold a session's secrets.
fn location(headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|it| it.to_str().ok());
    let location = location.unwrap_or("nowhere");
    let end = location.find(['?', '#']).unwrap_or(location.len());
    location[..end].to_owned()
}

/// Seconds only: for the other form, a date, one needs to know what time it is.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse();
    seconds.ok().map(Duration::from_secs)
}

/// What a body that is not the API's says: the message of a Kubernetes `Status`, the title of a
/// page, or the first line of a text.
fn summary(headers: &HeaderMap, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    if is_page(headers, body) {
        return title(body).unwrap_or_else(|| "a web page".to_owned());
    }
    match serde_json::from_slice::<Status>(body) {
        Ok(status) => status.message,
        Err(_) => first_line(body),
    }
}

fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    // ASCII only, so that places in both are the same.
    let lower = page.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = first_line(page[start..end].as_bytes());
    (!title.is_empty()).then_some(title)
}

/// The first line with text, cut to what fits a message, without control characters.
fn first_line(text: &[u8]) -> String {
    const LONGEST: usize = 200;
    let text = String::from_utf8_lossy(text);
    let line = text.trim().lines().next().unwrap_or_default().trim();
    let clean = line.chars().filter(|it| !it.is_control());
    if line.is_empty() {
        "no message".to_owned()
    } else {
        clean.take(LONGEST).collect()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn refused(status: u16, body: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        refusal("http://p", status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn a_query_that_is_too_large_is_told_from_a_wrong_one() {
        let json = r#"{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}"#;
        let expected = "the query is too large for Prometheus at http://p: query processing would load too many samples into memory";
        assert_eq!(refused(422, json).to_string(), expected);
        let error = Envelope::read("http://p", json.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
        let json = r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
        let expected = "Prometheus at http://p refused the query (bad_data): parse error";
        assert_eq!(refused(400, json).to_string(), expected);
    }

    #[test]
    fn statuses_have_their_errors() {
        let message = |status, body| refused(status, body).to_string();
        let cases = [
            (
                401,
                "Unauthorized\n",
                "Prometheus at http://p does not know who is asking (401): Unauthorized",
            ),
            (
                403,
                r#"{"kind":"Status","status":"Failure","message":"services \"p\" is forbidden"}"#,
                "not allowed to query Prometheus at http://p (403): services \"p\" is forbidden",
            ),
            (
                404,
                "404 page not found",
                "no Prometheus API at http://p (404): 404 page not found",
            ),
            (
                503,
                "<html><head><TITLE lang=en>\n 503 Busy </TITLE>",
                "Prometheus at http://p cannot answer now (503): 503 Busy",
            ),
            (
                500,
                "",
                "Prometheus at http://p cannot answer now (500): no message",
            ),
            (
                418,
                "tea",
                "Prometheus at http://p refused the query (status 418): tea",
            ),
            (
                413,
                "",
                "the query is too large for Prometheus at http://p: no message",
            ),
        ];
        for (status, body, expected) in cases {
            assert_eq!(message(status, body), expected);
        }
    }

    #[test]
    fn a_server_says_when_to_ask_again() {
        let after = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            match refusal("u", StatusCode::TOO_MANY_REQUESTS, &headers, b"") {
                Error::Unavailable { retry_after, .. } => retry_after,
                other => panic!("{other}"),
            }
        };
        assert_eq!(after("12"), Some(Duration::from_secs(12)));
        assert_eq!(after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
    }

    #[test]
    fn a_redirect_names_where_it_leads_without_its_secrets() {
        let mut headers = HeaderMap::new();
        let to = HeaderValue::from_static("https://login.example.com/auth?state=s3cret");
        headers.insert(LOCATION, to);
        let error = refusal("http://p", StatusCode::FOUND, &headers, b"");
        let expected = "http://p redirects to https://login.example.com/auth";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn warnings_and_parts_that_are_missing_are_kept() {
        let json = br#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]},"warnings":["slow store"],"infos":["style"]}"#;
        let envelope = Envelope::read("u", json).unwrap();
        assert_eq!(envelope.result_type(), "matrix");
        let warnings: Vec<_> = envelope.warnings().collect();
        let partial = "the answer is partial: a storage node is missing";
        assert_eq!(warnings, ["slow store", partial]);
    }

    #[test]
    fn an_envelope_without_a_status_is_a_bad_answer() {
        for json in ["{}", r#"{"status":"ok"}"#, r#"{"status":1}"#] {
            let error = Envelope::read("u", json.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::BadAnswer { .. }), "{error}");
        }
    }

    #[test]
    fn pages_and_other_strangers_are_named() {
        let what =
            |body: &str| not_prometheus("http://p", &HeaderMap::new(), body.as_bytes()).to_string();
        let is = "http://p is not a Prometheus API: it answers with ";
        assert_eq!(
            what("<html><title>Sign in</title>"),
            format!("{is}a web page, \"Sign in\"")
        );
        assert_eq!(what(" <!doctype html>"), format!("{is}a web page"));
        assert_eq!(what("OK\nall fine"), format!("{is}\"OK\""));
    }
}
