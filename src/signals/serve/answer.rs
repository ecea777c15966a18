//! What is answered to whom.

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;

use super::health::{Check, Health};
use crate::signals::metrics::{Form, Metrics, page};

const PLAIN: &str = "text/plain; charset=utf-8";

/// What there is to tell.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) metrics: Metrics,
    pub(super) health: Health,
}

impl Told {
    /// Answers by path and method; of a request nothing else is read than its head.
    pub(super) fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return not_allowed();
        }
        let verbose = asks_for_all(request.uri().query().unwrap_or_default());
        match request.uri().path() {
            "/metrics" => self.metrics(request.headers()),
            "/healthz" | "/livez" => checked("healthz", &self.health.alive(), verbose),
            "/readyz" => checked("readyz", &self.health.ready(), verbose),
            _ => {
                let ways = "there is /metrics, /healthz and /readyz\n";
                answer(StatusCode::NOT_FOUND, PLAIN, ways.to_owned())
            }
        }
    }

    fn metrics(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let accept: Vec<&str> = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|it| it.to_str().ok())
            .collect();
        let form = Form::accepted(&accept.join(","));
        answer(
            StatusCode::OK,
            form.content_type(),
            page(&self.metrics, form),
        )
    }
}

fn not_allowed() -> Response<Full<Bytes>> {
    let text = "only GET and HEAD are answered\n".to_owned();
    let mut refused = answer(StatusCode::METHOD_NOT_ALLOWED, PLAIN, text);
    let headers = refused.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    refused
}

/// Whether a query has the parameter `verbose`, whatever its value, as Kubernetes reads it.
fn asks_for_all(query: &str) -> bool {
    let mut names = query.split('&').map(|it| it.split('=').next());
    names.any(|it| it == Some("verbose"))
}

/// `ok`, or what is missing; every check where somebody wants it, in the words of Kubernetes.
fn checked(name: &str, checks: &[Check], verbose: bool) -> Response<Full<Bytes>> {
    let is_good = checks.iter().all(|it| it.problem.is_none());
    let status = if is_good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut text = String::new();
    if is_good && !verbose {
        text.push_str("ok");
    } else {
        for check in checks.iter().filter(|it| verbose || it.problem.is_some()) {
            text.push_str(&check.to_string());
            text.push('\n');
        }
        let result = if is_good { "passed" } else { "failed" };
        text.push_str(&format!("{name} check {result}\n"));
    }
    answer(status, PLAIN, text)
}

fn answer(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
