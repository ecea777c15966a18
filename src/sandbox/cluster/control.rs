//! The paths below `/twin`, by which the sandbox itself is watched and moved:
//!
//! | Request | What it does |
//! | --- | --- |
//! | `GET /twin/clock` | the time, and how fast it passes |
//! | `POST /twin/clock` `{"advanceSeconds": 900}` | moves the time forward |
//! | `POST /twin/faults` | other trouble for requests, as `demo --faults` reads it |
//! | `POST /twin/triggers` `{"namespace": "shop", "object": "orders", "trigger": 0, "value": 12}` | what the source of a trigger gives from now on |
//! | `GET /twin/metrics` | what Prometheus would scrape, as OpenMetrics |
//! | `GET /twin/backfill?start=…&end=…` | what was scraped, for `promtool tsdb create-blocks-from openmetrics` |
//! | `GET /twin/dump` | every object as JSON lines of a snapshot |

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Core;
use super::life::Life;
use crate::keda::objects::keys;
use crate::sandbox::access::Attributes;
use crate::sandbox::api::{Body, Request, Response};
use crate::sandbox::faults::Plan;
use crate::sandbox::history::{Span, backfill};
use crate::sandbox::query::Query;
use crate::sandbox::status::Refusal;
use crate::sandbox::twin::keda::serve::GROUP;

/// The longest way that the time is moved at once: a request is to end some day.
const LONGEST: i64 = 14 * 24 * 3600;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a request below `/twin` may reach.
pub(super) struct Control {
    pub(super) core: Core,
    pub(super) life: Life,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Move {
    advance_seconds: i64,
}

/// What the source of a trigger of KEDA's gives from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Told {
    namespace: String,
    /// The name of the ScaledObject or ScaledJob.
    object: String,
    #[serde(default)]
    trigger: usize,
    /// `null` where the source fails.
    value: Option<f64>,
}

impl Control {
    /// Whether the path is one of those here.
    pub(super) fn serves(path: &str) -> bool {
        path.starts_with("/twin/")
    }

    /// The answer to a request below `/twin`.
    pub(super) async fn answer(self: Arc<Self>, request: Request) -> Response {
        // Moving the time takes as long as what happens in it.
        let answer = move || self.check(&request).and_then(|()| self.route(&request));
        let answered = tokio::task::spawn_blocking(answer).await;
        let answered = answered.unwrap_or_else(|err| Err(Refusal::internal(&err.to_string())));
        answered.unwrap_or_else(|refusal| Response::refused(&refusal))
    }

    /// Whether an external metric is asked for, which KEDA's metrics server answers.
    pub(super) fn serves_metric(&self, request: &Request) -> bool {
        let asked = Attributes::of(request.method.as_str(), &request.path, &request.query);
        let is_metric = asked.is_resource() && asked.group == GROUP && self.life.has_keda();
        is_metric && asked.version == "v1beta1" && !asked.namespace.is_empty()
    }

    /// The answer to a request for an external metric.
    pub(super) async fn metric(self: Arc<Self>, request: Request) -> Response {
        let answer = move || {
            self.check(&request)
                .and_then(|()| self.read_metric(&request))
        };
        let answered = tokio::task::spawn_blocking(answer).await;
        let answered = answered.unwrap_or_else(|err| Err(Refusal::internal(&err.to_string())));
        answered.unwrap_or_else(|refusal| Response::refused(&refusal))
    }

    fn read_metric(&self, request: &Request) -> Result<Response, Refusal> {
        let asked = Attributes::of(request.method.as_str(), &request.path, &request.query);
        let query = Query::parse(&request.query);
        let selector = query.get("labelSelector").unwrap_or_default();
        let mut labels = selector.split(',').filter_map(|it| it.split_once('='));
        let object = labels.find(|it| it.0.trim() == keys::SCALED_OBJECT_NAME);
        let object = object.map_or("", |it| it.1.trim_start_matches('=').trim());
        let mut twin = self.life.twin();
        let values = twin.external_metric(&asked.namespace, &asked.resource, object)?;
        Ok(json_of(&values))
    }

    /// # Errors
    /// When the user has no right to the path.
    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let asked = Attributes::of(request.method.as_str(), &request.path, &request.query);
        match self.core.api.policies().allow(&request.user, &asked) {
            Some(_) => Ok(()),
            None => {
                let message = format!("forbidden: {}", asked.refused(&request.user));
                Err(Refusal::plain(403, "Forbidden", message))
            }
        }
    }

    fn route(&self, request: &Request) -> Result<Response, Refusal> {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/twin/clock") => Ok(json_of(&self.clock())),
            ("POST", "/twin/clock") => {
                let Move { advance_seconds } = read(&request.body)?;
                self.advance(advance_seconds)
            }
            ("POST", "/twin/faults") => {
                let plan: Plan = read(&request.body)?;
                let set = self.core.faults.set(plan, self.core.api.now());
                set.map_err(|err| Refusal::bad_request(err.to_string()))?;
                Ok(json_of(&json!({})))
            }
            ("POST", "/twin/triggers") => {
                let told: Told = read(&request.body)?;
                let mut twin = self.life.twin();
                twin.set_trigger(&told.namespace, &told.object, told.trigger, told.value);
                Ok(json_of(&json!({})))
            }
            ("GET", "/twin/metrics") => Ok(Response::of(
                200,
                OPENMETRICS,
                Body::Whole(self.life.expose().into()),
            )),
            ("GET", "/twin/backfill") => self.backfill(&request.query),
            ("GET", "/twin/dump") => Ok(self.dump()),
            _ => Err(Refusal::no_such_path()),
        }
    }

    fn clock(&self) -> Value {
        json!({ "now": self.core.api.now().to_string(), "speed": self.life.speed(),
            "achievedSpeed": (self.life.achieved() * 10.0).round() / 10.0 })
    }

    fn advance(&self, seconds: i64) -> Result<Response, Refusal> {
        if !(0..=LONGEST).contains(&seconds) {
            let message = format!("advanceSeconds: expected 0 to {LONGEST}");
            return Err(Refusal::bad_request(message));
        }
        self.life.advance(SignedDuration::from_secs(seconds));
        Ok(json_of(&self.clock()))
    }

    /// Part by part, as there may be much.
    fn backfill(&self, query: &str) -> Result<Response, Refusal> {
        let now = self.core.api.now();
        let span = Span {
            first: time(query, "start")?.unwrap_or(i64::MIN),
            last: time(query, "end")?.unwrap_or(now.as_millisecond()),
        };
        let life = self.life.clone();
        let names = backfill::names(&life, span).into_iter().map(Some);
        let parts = stream::iter(names.chain([None]));
        let parts = parts.then(move |name| part(life.clone(), name, span));
        // Without its end, whoever reads it knows that it broke off.
        let whole = parts.take_while(|it| std::future::ready(it.is_some()));
        let body = Body::Stream(whole.filter_map(std::future::ready).boxed());
        Ok(Response::of(200, OPENMETRICS, body))
    }

    fn dump(&self) -> Response {
        let mut lines = String::new();
        let header = json!({ "kind": "Snapshot", "apiVersion": "stepscale.io/v1alpha1",
            "cluster": { "name": "sandbox" }, "takenAt": self.core.api.now().to_string() });
        let objects = self.core.api.dump().into_iter();
        let objects = objects.map(|object| json!({ "kind": "Object", "object": object }));
        for line in std::iter::once(header).chain(objects) {
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        Response::of(200, "application/jsonl", Body::Whole(lines.into()))
    }
}

/// What a file has of one family, or its end; `None` where that cannot be told.
async fn part(life: Life, family: Option<String>, span: Span) -> Option<Bytes> {
    let Some(name) = family else {
        return Some(Bytes::from(backfill::END));
    };
    // The twin may be busy, and there may be much.
    let written = tokio::task::spawn_blocking(move || backfill::family(&life, &name, span));
    written.await.ok().map(Bytes::from)
}

/// A time in the query, given in Unix seconds, in milliseconds.
///
/// # Errors
/// When it is something else.
fn time(query: &str, name: &str) -> Result<Option<i64>, Refusal> {
    let query = Query::parse(query);
    let Some(value) = query.get(name) else {
        return Ok(None);
    };
    let seconds = value
        .parse::<i64>()
        .ok()
        .and_then(|it| it.checked_mul(1000));
    let expected = || Refusal::bad_request(format!("{name}: expected Unix seconds"));
    seconds.map(Some).ok_or_else(expected)
}

/// # Errors
/// When the body is something else.
fn read<T: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|err| Refusal::bad_request(err.to_string()))
}

fn json_of(value: &Value) -> Response {
    Response::json(200, value.to_string().into_bytes())
}
