//! What the loop asks of others and what it keeps of the answers: Prometheus, the Kubernetes API,
//! history.

use std::collections::HashSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;
use super::known::Known;
use super::labels::{One, QueryError, RequestError, Verb, make_all};

/// A gauge with fractions.
pub(super) type Real = Gauge<f64, AtomicU64>;

// From what a server near by needs for one number to where requests are given up.
const WAITS: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// From how many series on a request of a new kind is counted under the resource `other`. What the
/// loop asks for by itself makes about fifty; scale targets may be of any kind.
pub(super) const MOST_REQUEST_SERIES: usize = 300;

/// Where resources are counted that are too many.
const OTHER: &str = "other";

/// A query that was made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    pub took: Duration,
    /// Of the answer, as it came over the wire.
    pub bytes: u64,
    pub error: Option<QueryError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Request {
    verb: Verb,
    resource: String,
    /// A status of HTTP, or `other`.
    code: String,
}

impl EncodeLabelSet for Request {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> std::fmt::Result {
        let labels = [
            ("verb", self.verb.as_str()),
            ("resource", self.resource.as_str()),
            ("code", self.code.as_str()),
        ];
        labels.encode(encoder)
    }
}

#[derive(Debug)]
pub(super) struct Sources {
    queries: Counter,
    query_errors: Family<One<QueryError>, Counter>,
    response_bytes: Counter,
    query_duration: Histogram,
    requests: Family<Request, Counter>,
    /// Those that are counted by themselves.
    admitted: Mutex<HashSet<Request>>,
    request_errors: Family<One<RequestError>, Counter>,
    request_duration: Family<One<Verb>, Histogram, fn() -> Histogram>,
    watched: Family<One<&'static str>, Gauge>,
    samples: Counter,
    coverage: Known,
    cache_bytes: Gauge,
    cache_targets: Gauge,
}

impl Sources {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let new = Self {
            queries: Counter::default(),
            query_errors: Family::default(),
            response_bytes: Counter::default(),
            query_duration: Histogram::new(WAITS),
            requests: Family::default(),
            admitted: Mutex::default(),
            request_errors: Family::default(),
            request_duration: Family::new_with_constructor(|| Histogram::new(WAITS)),
            watched: Family::default(),
            samples: Counter::default(),
            coverage: Known::default(),
            cache_bytes: Gauge::default(),
            cache_targets: Gauge::default(),
        };
        new.register_prometheus(registry);
        new.register_kubernetes(registry);
        new.register_history(registry);
        make_all(&new.query_errors, "reason");
        make_all(&new.request_errors, "reason");
        make_all(&new.request_duration, "verb");
        new
    }

    /// Whether requests of this kind are counted by themselves, now and from now on.
    fn admits(&self, request: &Request) -> bool {
        let admitted = self.admitted.lock();
        let mut admitted = admitted.unwrap_or_else(PoisonError::into_inner);
        if admitted.len() < MOST_REQUEST_SERIES && !admitted.contains(request) {
            return admitted.insert(request.clone());
        }
        admitted.contains(request)
    }

    fn register_prometheus(&self, registry: &mut Registry) {
        registry.register(
            "prometheus_queries",
            "Requests to Prometheus, tries again included",
            self.queries.clone(),
        );
        registry.register(
            "prometheus_query_errors",
            "Requests to Prometheus without an answer that counts",
            self.query_errors.clone(),
        );
        registry.register_with_unit(
            "prometheus_response",
            "What Prometheus answered, as it came over the wire",
            Unit::Bytes,
            self.response_bytes.clone(),
        );
        registry.register_with_unit(
            "prometheus_query_duration",
            "From asking Prometheus to the end of the answer",
            Unit::Seconds,
            self.query_duration.clone(),
        );
    }

    fn register_kubernetes(&self, registry: &mut Registry) {
        registry.register(
            "kubernetes_requests",
            "Requests to the Kubernetes API that were answered",
            self.requests.clone(),
        );
        registry.register(
            "kubernetes_request_errors",
            "Requests to the Kubernetes API without any answer",
            self.request_errors.clone(),
        );
        registry.register_with_unit(
            "kubernetes_request_duration",
            "From asking the Kubernetes API to the head of the answer",
            Unit::Seconds,
            self.request_duration.clone(),
        );
        registry.register(
            "autoscalers_watched",
            "Autoscalers in scope",
            self.watched.clone(),
        );
    }

    fn register_history(&self, registry: &mut Registry) {
        registry.register(
            "samples_read",
            "Samples of history that analyses read, whatever the source",
            self.samples.clone(),
        );
        registry.register_with_unit(
            "history_coverage",
            "Share of the steps of the history window that have a sample, mean over autoscalers",
            Unit::Other("ratio".to_owned()),
            self.coverage.clone(),
        );
        registry.register_with_unit(
            "history_cache",
            "Memory that kept history takes",
            Unit::Bytes,
            self.cache_bytes.clone(),
        );
        registry.register(
            "history_cache_targets",
            "Scale targets whose history is kept",
            self.cache_targets.clone(),
        );
    }
}

impl Metrics {
    /// Prometheus was asked, once.
    pub fn queried(&self, query: Query) {
        let sources = &self.0.sources;
        sources.queries.inc();
        sources.response_bytes.inc_by(query.bytes);
        sources.query_duration.observe(query.took.as_secs_f64());
        if let Some(reason) = query.error {
            let labels = [("reason", reason)];
            sources.query_errors.get_or_create(&labels).inc();
        }
    }

    /// The Kubernetes API answered a request for `resource`, which is named in the plural and with its
    /// group (`horizontalpodautoscalers.autoscaling`), and a subresource after a slash.
    pub fn requested(&self, verb: Verb, resource: &str, code: StatusCode, took: Duration) {
        let sources = &self.0.sources;
        let known = code.canonical_reason().is_some();
        let mut request = Request {
            verb,
            resource: resource.to_owned(),
            code: if known { code.as_str() } else { OTHER }.to_owned(),
        };
        if !sources.admits(&request) {
            OTHER.clone_into(&mut request.resource);
        }
        sources.requests.get_or_create(&request).inc();
        self.waited(verb, took);
    }

    /// The Kubernetes API did not answer.
    pub fn request_failed(&self, verb: Verb, reason: RequestError, took: Duration) {
        let labels = [("reason", reason)];
        let errors = &self.0.sources.request_errors;
        errors.get_or_create(&labels).inc();
        self.waited(verb, took);
    }

    fn waited(&self, verb: Verb, took: Duration) {
        let of_verb = self
            .0
            .sources
            .request_duration
            .get_or_create(&[("verb", verb)]);
        of_verb.observe(took.as_secs_f64());
    }

    /// How many autoscalers there are of a kind (`HorizontalPodAutoscaler`, `ScaledObject`,
    /// `ScaledJob`). The kinds are those that the program knows.
    pub fn watches(&self, kind: &'static str, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let of_kind = [("kind", kind)];
        self.0.sources.watched.get_or_create(&of_kind).set(count);
    }

    /// So many samples of history were read, those that are kept already not among them.
    pub fn read_samples(&self, count: u64) {
        self.0.sources.samples.inc_by(count);
    }

    /// Which share of the history that is wanted there is, from 0 to 1, as a mean over autoscalers;
    /// `None` where none is wanted.
    pub fn coverage(&self, share: Option<f64>) {
        self.0.sources.coverage.set(share);
    }

    /// What is kept of history.
    pub fn cache(&self, bytes: usize, targets: usize) {
        let whole = |it: usize| i64::try_from(it).unwrap_or(i64::MAX);
        self.0.sources.cache_bytes.set(whole(bytes));
        self.0.sources.cache_targets.set(whole(targets));
    }
}
