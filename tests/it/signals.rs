//! What a process tells of itself, as those read it whom it is for: promtool, Prometheus, people.

pub(crate) mod dashboard;
pub(crate) mod page;
pub(crate) mod scrape;

use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use stepscale::license::{self, payload};
use stepscale::lifecycle::phase::Phase;
use stepscale::signals::Metrics;
use stepscale::signals::metrics::{
    Action, Basis, ConfigFile, Outcome, Pass, Probation, Query, QueryError, RequestError, Saving,
    Verb, Verdict,
};

pub(crate) const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/alerts.yaml");

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// Metrics to which everything has happened, so that every family is on the page.
fn eventful() -> Metrics {
    let metrics = Metrics::new();
    loop_of(&metrics);
    records_of(&metrics);
    sources_of(&metrics);
    metrics
}

fn loop_of(metrics: &Metrics) {
    let took = Duration::from_millis(1500);
    metrics.ticked(took);
    metrics.passed(Pass::Analysis, took);
    metrics.overran(Pass::Verify, took);
    metrics.pass_failed(Pass::Apply, took);
    metrics.analyzed(now(), 2);
    metrics.leads(true);
    metrics.reloaded(ConfigFile::Config, true);
    let license = payload::License {
        customer: "c".to_owned(),
        plan: payload::Plan::Team,
        issued_at: now(),
        expires_at: now() + SignedDuration::from_hours(24),
        max_clusters: None,
        features: Vec::new(),
    };
    metrics.license(&license::State::Licensed(license), now());
}

fn records_of(metrics: &Metrics) {
    metrics.phases(Phase::ALL);
    metrics.wrote(Action::Apply, Outcome::Succeeded);
    metrics.reverted(Outcome::Failed);
    metrics.verified(Verdict::Healthy);
    metrics.probations(vec![Probation {
        namespace: "shop".to_owned(),
        name: "a \"quoted\\name\"\nof two lines".to_owned(),
        remaining: SignedDuration::from_mins(45),
    }]);
    for basis in [Basis::Projected, Basis::Measured] {
        let saving = Saving {
            replicas: 2.5,
            usd_monthly: Some(120.0),
        };
        metrics.saving(basis, saving);
    }
}

fn sources_of(metrics: &Metrics) {
    let took = Duration::from_millis(15);
    metrics.queried(Query {
        took,
        bytes: 1000,
        error: Some(QueryError::Timeout),
    });
    metrics.requested(
        Verb::List,
        "horizontalpodautoscalers.autoscaling",
        StatusCode::OK,
        took,
    );
    metrics.request_failed(Verb::Get, RequestError::Connection, took);
    metrics.watches("HorizontalPodAutoscaler", 3);
    metrics.read_samples(4032);
    metrics.coverage(Some(0.75));
    metrics.cache(1 << 20, 40);
}
