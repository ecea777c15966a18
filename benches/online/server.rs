//! The Prometheus that is asked: one that runs already, or one started on a directory.

use std::path::Path;

use crate::rig::prometheus::Prometheus;

pub(crate) struct Server {
    pub(crate) url: String,
    _started: Option<Prometheus>,
}

/// What Prometheus says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    /// `prometheus_http_requests_total`, its own pages of metrics left out.
    pub(crate) requests: f64,
    /// `process_cpu_seconds_total`
    pub(crate) cpu_seconds: f64,
}

impl Server {
    /// `place` is a URL, or a directory with blocks, of which a copy is served.
    pub(crate) fn at(place: &str) -> Self {
        if place.starts_with("http") {
            return Self {
                url: place.trim_end_matches('/').to_owned(),
                _started: None,
            };
        }
        let started = Prometheus::on(Path::new(place), &[]);
        Self {
            url: started.url.clone(),
            _started: Some(started),
        }
    }

    pub(crate) async fn counters(&self) -> reqwest::Result<Counters> {
        let page = super::plain_client()
            .get(format!("{}/metrics", self.url))
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?;
        let sum = |metric: &str| -> f64 {
            let lines = page.lines().filter(|it| it.starts_with(metric));
            lines
                .filter(|it| !it.contains("handler=\"/metrics\""))
                .filter_map(|it| it.rsplit(' ').next()?.parse::<f64>().ok())
                .sum()
        };
        Ok(Counters {
            requests: sum("prometheus_http_requests_total{"),
            cpu_seconds: sum("process_cpu_seconds_total "),
        })
    }
}
