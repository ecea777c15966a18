//! A real Prometheus that scrapes the server, and asks itself what alerts and dashboard ask.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;
use stepscale::signals::metrics::{Form, page};
use stepscale::signals::serve::Server;
use stepscale::signals::{Health, Metrics};

use super::page::series;
use super::{ALERTS, dashboard, eventful};
use crate::rig::prometheus::{Prometheus, is_available};

const PATIENCE: Duration = Duration::from_secs(60);

/// A Prometheus that scrapes one target, with the alerts.
pub(crate) struct Scraped {
    prometheus: Prometheus,
    client: Client,
    /// Answers as long as it is there.
    _server: Option<Server>,
}

impl Scraped {
    async fn start(metrics: Metrics) -> Self {
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Server::start(any, metrics, Health::new(PATIENCE))
            .await
            .unwrap();
        let address = server.address().to_string();
        Self {
            _server: Some(server),
            ..Self::from(&address).await
        }
    }

    /// Of somebody else's page.
    pub(crate) async fn from(address: &str) -> Self {
        let config = config(address);
        let blocks = tempfile::tempdir().unwrap();
        let started = tokio::task::spawn_blocking(move || {
            Prometheus::configured(blocks.path(), &config, &[])
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().tls_certs_only([]).no_proxy();
        Self {
            prometheus: started.await.unwrap(),
            client: client.build().unwrap(),
            _server: None,
        }
    }

    pub(crate) async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/{path}", self.prometheus.url);
        let answer = self.client.get(url).query(query).send().await.unwrap();
        let answer = answer.bytes().await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    /// Waits until the target was scraped.
    pub(crate) async fn target(&self) -> Value {
        let begun = begin();
        loop {
            let targets = self.ask("targets", &[]).await;
            let target = &targets["data"]["activeTargets"][0];
            if target["health"] != "unknown" && !target.is_null() {
                return target.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{targets}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a deadline for another process")]
fn begin() -> Instant {
    Instant::now()
}

fn config(target: &str) -> String {
    assert!(Path::new(ALERTS).exists());
    format!(
        "rule_files: ['{ALERTS}']\n\
         scrape_configs:\n\
         - job_name: stepscale\n  \
           scrape_interval: 1s\n  \
           scrape_timeout: 1s\n  \
           static_configs:\n  \
           - targets: ['{target}']\n    \
             labels: {{namespace: ops}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_reads_every_series() {
    if !is_available() {
        return;
    }
    let metrics = eventful();
    let scraped = Scraped::start(metrics.clone()).await;
    let target = scraped.target().await;
    assert_eq!(target["health"], "up", "{target}");
    let all = scraped
        .ask("query", &[("query", "{job=\"stepscale\"}")])
        .await;
    let all = all["data"]["result"].as_array().unwrap().clone();
    let read = |name: &str| all.iter().any(|it| it["metric"]["__name__"] == name);
    for name in series(&page(&metrics, Form::OpenMetrics)) {
        assert!(read(&name), "{name}");
    }
    let probation = all
        .iter()
        .find(|it| it["metric"]["__name__"] == "stepscale_probation_remaining_seconds");
    let probation = probation.unwrap();
    assert_eq!(probation["metric"]["target_namespace"], "shop");
    assert_eq!(probation["metric"]["namespace"], "ops");
    assert_eq!(
        probation["metric"]["recommendation"],
        "a \"quoted\\name\"\nof two lines"
    );
    assert_eq!(probation["value"][1], "2700");
    // It asked for OpenMetrics, and knows types and units by it.
    let query = [("metric", "stepscale_pass_duration_seconds")];
    let kind = scraped.ask("metadata", &query).await;
    assert_eq!(
        kind["data"]["stepscale_pass_duration_seconds"][0]["unit"], "seconds",
        "{kind}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_loads_the_alerts_and_answers_the_dashboard() {
    if !is_available() {
        return;
    }
    let scraped = Scraped::start(eventful()).await;
    scraped.target().await;
    let rules = scraped.ask("rules", &[]).await;
    let rules = rules["data"]["groups"][0]["rules"]
        .as_array()
        .unwrap()
        .clone();
    assert!(rules.len() > 10);
    for rule in rules {
        assert!(
            rule["lastError"].is_null() || rule["lastError"] == "",
            "{rule}"
        );
    }
    for (title, expression) in dashboard::expressions(&dashboard::read()) {
        let expression = expression
            .replace("$__rate_interval", "1m")
            .replace("$namespace", "ops")
            .replace("$job", "stepscale");
        let answer = scraped.ask("query", &[("query", &expression)]).await;
        assert_eq!(answer["status"], "success", "{title}: {answer}");
    }
}
