//! As much of Prometheus' API as reading history needs: remote read, lists of series, selectors.
//!
//! [`answer`] takes a request and [`Samples`] what it is answered from: what the twin has recorded,
//! or [`past`], which stands in for what was scraped before. What is not here: PromQL. Whoever asks
//! for it is told so.

pub(crate) mod backfill;
mod form;
pub(crate) mod joined;
mod matcher;
pub(crate) mod past;
mod query;
mod read;
mod selector;
pub(crate) mod service;
pub(crate) mod triggers;
mod wire;
mod xor;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::{Body, Response};
use form::Form;
pub(crate) use matcher::{Matcher, Test};

/// A time in Unix milliseconds and the value there.
pub(crate) type Sample = (i64, f64);

/// The labels of a series, its name as `__name__`, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Labels(Vec<(String, String)>);

/// Where series come from.
pub(crate) trait Samples {
    /// Calls `each` with every series that all `matchers` select and that has samples in `span`,
    /// with these samples by time. Every series comes once, in any order.
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample]));

    /// The series that tells what a query gives which is not understood, because it is known from
    /// elsewhere.
    fn told_of(&self, query: &str) -> Option<Vec<Matcher>> {
        let _ = query;
        None
    }
}

/// The milliseconds from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// A request below the path that Prometheus is at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a str,
    /// `/api/v1/read`.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
}

/// Why there is no answer, in the words of Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Problem {
    code: u16,
    kind: &'static str,
    message: String,
}

/// The gauge that says that the sandbox is scraped.
const UP: [(&str, &str); 3] = [
    ("__name__", "up"),
    ("instance", "sandbox"),
    ("job", "sandbox"),
];

impl Labels {
    /// From names and values in any order.
    pub(crate) fn new<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = all.into_iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
        let mut all: Vec<(String, String)> = owned.collect();
        all.sort();
        all.dedup_by(|a, b| a.0 == b.0);
        Self(all)
    }

    /// Empty for a label that is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        let label = self.0.iter().find(|it| it.0 == name);
        label.map_or("", |it| &it.1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|it| (it.0.as_str(), it.1.as_str()))
    }

    /// Whether all of the matchers select it.
    pub(crate) fn matches(&self, matchers: &[Matcher]) -> bool {
        matchers.iter().all(|it| it.selects(self.get(&it.name)))
    }

    /// What tells series apart whatever they are called.
    fn without_name(&self) -> Self {
        let others = self.0.iter().filter(|it| it.0 != "__name__");
        Self(others.cloned().collect())
    }

    fn to_json(&self) -> Value {
        self.iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect()
    }
}

impl Problem {
    /// The request is not understood.
    fn bad(message: impl Into<String>) -> Self {
        Self {
            code: 400,
            kind: "bad_data",
            message: message.into(),
        }
    }

    /// The request asks for what only a real Prometheus can.
    fn beyond(what: &str) -> Self {
        let message = format!(
            "{what}: the sandbox has no PromQL, only remote read and selectors; for more, load its \
             OpenMetrics export into a Prometheus with `promtool tsdb create-blocks-from openmetrics`"
        );
        Self {
            code: 422,
            kind: "execution",
            message,
        }
    }

    fn response(&self) -> Response {
        let Self {
            code,
            kind,
            message,
        } = self;
        let body = json!({ "status": "error", "errorType": kind, "error": message });
        response(*code, "application/json", body.to_string())
    }
}

/// Answers a request as Prometheus would.
pub(crate) fn answer(samples: &dyn Samples, question: &Question<'_>) -> Response {
    let answered = match (question.method, question.path) {
        ("GET", "/-/ready") => Ok(response(200, TEXT, "The sandbox is Ready.\n")),
        ("GET", "/-/healthy") => Ok(response(200, TEXT, "The sandbox is Healthy.\n")),
        ("GET", "/api/v1/status/buildinfo") => Ok(success(build_info())),
        ("POST", "/api/v1/read") => read::answer(samples, question.body),
        ("GET" | "POST", path) => asked(samples, path, question),
        (method, _) => Err(Problem::bad(format!(
            "method {method} is not answered by the sandbox"
        ))),
    };
    answered.unwrap_or_else(|problem| problem.response())
}

fn asked(samples: &dyn Samples, path: &str, question: &Question<'_>) -> Result<Response, Problem> {
    let form = Form::of(question);
    match path {
        "/api/v1/query" => query::instant(samples, &form, question.now).map(success),
        "/api/v1/query_range" => query::range(samples, &form).map(success),
        "/api/v1/series" => query::series(samples, &form, question.now).map(success),
        path => Err(Problem {
            code: 404,
            kind: "not_found",
            ..Problem::beyond(&format!("path {path} is not served"))
        }),
    }
}

/// A version whose rules of ranges are those of Prometheus 3.
fn build_info() -> Value {
    json!({ "version": "3.0.0", "revision": "stepscale-sandbox", "branch": "", "buildUser": "",
        "buildDate": "", "goVersion": "" })
}

const TEXT: &str = "text/plain; charset=utf-8";

fn success(data: Value) -> Response {
    let body = json!({ "status": "success", "data": data });
    response(200, "application/json", body.to_string())
}

fn response(code: u16, content_type: &'static str, body: impl Into<bytes::Bytes>) -> Response {
    Response {
        code,
        content_type: content_type.into(),
        warnings: vec![],
        headers: vec![],
        body: Body::Whole(body.into()),
    }
}

#[cfg(test)]
mod tests;
