//! A server that is asked for triggers, and what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::routing::any;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::target::TargetRef;
use crate::history::History;
use crate::metrics::prometheus::client::Client;
use crate::metrics::prometheus::{
    Backoff, Error, Options, Prometheus, Transport, WayChoice, overrides::Overrides,
};
use crate::metrics::triggers::{Origin, Trigger, Triggers};
use crate::metrics::{Delivery, HistoryRequest, Reading, Wanted};
use crate::series::Grid;
use crate::units::Step;

/// Times of the window.
pub(super) const LEN: usize = 100;
const START: i64 = 1_700_000_100;
const STEP: i64 = 300;

/// A range query as it came, its times counted from the beginning of the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Asked {
    pub(super) query: String,
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) url_query: String,
    pub(super) tenant: String,
}

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    value: Arc<Mutex<Option<f64>>>,
}

type Answer = dyn Fn(&Asked) -> Response + Send + Sync;

impl Server {
    pub(super) async fn start(answer: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        Self::with(Arc::default(), Arc::new(answer)).await
    }

    async fn with(value: Arc<Mutex<Option<f64>>>, answer: Arc<Answer>) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let seen = Arc::clone(&asked);
        let router = Router::new().fallback(any(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            async move {
                if request.uri().path() != "/api/v1/query_range" {
                    return other(request.uri().path());
                }
                let asked = asked_by(request).await;
                seen.lock().unwrap().push(asked.clone());
                answer(&asked)
            }
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked, value }
    }

    /// What it was asked by queries that have `part` in them, in order.
    pub(super) fn asked(&self, part: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|it| it.query.contains(part))
            .cloned()
            .collect()
    }

    /// From now on `queue` gives this value at all times, or nothing.
    pub(super) fn set(&self, value: Option<f64>) {
        *self.value.lock().unwrap() = value;
    }

    /// A source at this server that does not wait between tries.
    pub(super) fn prometheus(&self) -> Prometheus {
        let options = Options {
            way: WayChoice::PodRates,
            timeout: Duration::from_secs(20),
            ..Options::default()
        };
        let transport = Transport::direct(&self.url, &options).unwrap();
        let at_once = Backoff {
            tries: 2,
            first: Duration::ZERO,
            longest: Duration::ZERO,
        };
        Prometheus {
            client: Client::with_backoff(transport, &options, at_once),
            choice: options.way,
            promql: Arc::new(Overrides::default()),
            triggers: Arc::default(),
            delivered: Arc::default(),
        }
    }
}

/// A server whose `queue` is what it is set to, see [`Server::set`].
pub(super) async fn queue() -> Server {
    let value: Arc<Mutex<Option<f64>>> = Arc::default();
    let known = Arc::clone(&value);
    let answer = move |asked: &Asked| match (asked.query.as_str(), *known.lock().unwrap()) {
        ("queue", Some(value)) => answer_of(&matrix(asked, &[("a", &|_| value)])),
        _ => answer_of(&json!([])),
    };
    Server::with(value, Arc::new(answer)).await
}

fn other(path: &str) -> Response {
    let data = match path {
        "/api/v1/status/buildinfo" => json!({ "version": "3.0.0" }),
        "/api/v1/series" => json!([]),
        _ => json!({ "resultType": "vector", "result": [] }),
    };
    respond(
        StatusCode::OK,
        &json!({ "status": "success", "data": data }),
    )
}

async fn asked_by(request: Request) -> Asked {
    let url_query = request.uri().query().unwrap_or_default().to_owned();
    let tenant = request.headers().get("x-scope-orgid");
    let tenant = tenant.map_or("", |it| it.to_str().unwrap()).to_owned();
    let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let url = reqwest::Url::parse(&format!("http://form/?{body}")).unwrap();
    let field = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|it| it.0 == name)
            .map_or(String::new(), |it| it.1.into_owned())
    };
    let place = |name: &str| {
        let second: i64 = field(name).parse().unwrap();
        usize::try_from((second - START) / STEP).unwrap()
    };
    Asked {
        query: field("query"),
        first: place("start"),
        last: place("end"),
        url_query,
        tenant,
    }
}

/// The result of a query over the times that were asked for: series by a label and what they give;
/// where that is minus infinity, they have no sample.
pub(super) fn matrix(asked: &Asked, series: &[(&str, &dyn Fn(usize) -> f64)]) -> Value {
    let one = |(name, value): &(&str, &dyn Fn(usize) -> f64)| {
        let times = (asked.first..=asked.last).map(|at| (at, value(at)));
        let known = times.filter(|it| it.1 != f64::NEG_INFINITY);
        let values: Vec<Value> = known.map(|(at, value)| point(at, value)).collect();
        json!({ "metric": { "name": name }, "values": values })
    };
    series.iter().map(one).collect()
}

fn point(at: usize, value: f64) -> Value {
    json!([START + STEP * at as i64, value.to_string()])
}

pub(super) fn answer_of(result: &Value) -> Response {
    let data = json!({ "resultType": "matrix", "result": result });
    respond(
        StatusCode::OK,
        &json!({ "status": "success", "data": data }),
    )
}

/// These series where KEDA's metric is asked for, else nothing.
pub(super) fn recorded(asked: &Asked, series: &[(Value, f64)]) -> Response {
    if !asked.query.contains("keda_scaler_metrics_value") {
        return answer_of(&json!([]));
    }
    let one = |(labels, value): &(Value, f64)| {
        let times = asked.first..=asked.last;
        let values: Vec<Value> = times.map(|at| point(at, *value)).collect();
        json!({ "metric": labels, "values": values })
    };
    answer_of(&series.iter().map(one).collect())
}

pub(super) fn refused(status: StatusCode, kind: &str, message: &str) -> Response {
    let said = json!({ "status": "error", "errorType": kind, "error": message });
    respond(status, &said)
}

fn respond(status: StatusCode, body: &Value) -> Response {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// The object `orders-<subject>` in namespace `shop`.
pub(super) fn wanted(subject: usize, origins: Vec<Origin>) -> Wanted {
    let name = format!("orders-{subject}");
    let all = (0..)
        .zip(origins)
        .map(|(index, origin)| Trigger { index, origin });
    Wanted {
        subject,
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: name.clone(),
            kind: "Deployment".to_owned(),
        },
        hpa: format!("keda-hpa-{name}"),
        containers: vec!["app".to_owned()],
        native_sidecars: vec![],
        init_containers: vec![],
        memory: false,
        cpu_limited: false,
        triggers: Some(Triggers {
            kind: AutoscalerKind::ScaledObject,
            object: name,
            all: all.collect(),
        }),
    }
}

pub(super) fn request(wanted: Vec<Wanted>) -> HistoryRequest {
    let start = Timestamp::from_second(START).unwrap();
    HistoryRequest {
        grid: Grid::new(start, Step::FIVE_MINUTES, LEN),
        wanted,
        pod_owners: Arc::default(),
    }
}

/// The histories by subject, and how they were read.
pub(super) async fn read(
    prometheus: &Prometheus,
    request: &HistoryRequest,
) -> Result<(Vec<History>, Reading), Error> {
    let (sender, mut receiver) = mpsc::channel::<Delivery>(request.wanted.len());
    let reading = prometheus.history(request, sender).await?;
    let mut histories = vec![History::default(); request.wanted.len()];
    while let Some(delivery) = receiver.recv().await {
        histories[delivery.subject] = delivery.history.unwrap();
    }
    Ok((histories, reading))
}

/// The histories where nothing of the pods is known: that nobody has any value is no failure.
pub(super) async fn histories(prometheus: &Prometheus, request: &HistoryRequest) -> Vec<History> {
    let (sender, mut receiver) = mpsc::channel::<Delivery>(request.wanted.len());
    let _ = prometheus.history(request, sender).await;
    let mut histories = vec![History::default(); request.wanted.len()];
    while let Some(delivery) = receiver.recv().await {
        histories[delivery.subject] = delivery.history.unwrap();
    }
    histories
}
