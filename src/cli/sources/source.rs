//! Where the history of a live cluster comes from.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::cluster::{self, Cluster};
use crate::config::Metrics;
use crate::error::Error;
use crate::metrics::prometheus::{self, Prometheus, Transport};
use crate::metrics::{Delivery, HistoryRequest, Reading};
use crate::output::progress::{Progress, Stage};

/// How often the progress of a download is shown anew.
const GLANCE: Duration = Duration::from_millis(200);

/// A source that was found.
#[derive(Clone)]
pub(super) enum Source {
    Prometheus(Prometheus),
    /// The metrics API; `why` nothing better was found, unless it was asked for.
    MetricsApi {
        why: Option<String>,
    },
}

impl Source {
    /// The one that was asked for, else a Prometheus of the cluster, else the metrics API.
    pub(super) async fn of(
        cluster: &Cluster,
        metrics: &Metrics,
        progress: &Progress,
    ) -> Result<Self, Error> {
        let Metrics::Prometheus(options) = metrics else {
            return Ok(Self::MetricsApi { why: None });
        };
        let transport = match &options.url {
            Some(url) => Transport::direct(url, options)?,
            None => match discovered(cluster, options).await? {
                Ok(transport) => transport,
                Err(why) => return Ok(Self::MetricsApi { why: Some(why) }),
            },
        };
        let source = Prometheus::new(transport, options);
        let to = source.name().to_owned();
        progress.at(&Stage::Connect { to });
        Ok(Self::Prometheus(source))
    }

    /// Logs which kind it is, unless that was `told` last.
    pub(super) fn tell(&self, told: &mut Option<&'static str>) {
        let kind = match self {
            Self::Prometheus(_) => "Prometheus history backfill",
            Self::MetricsApi { .. } => "HPA-status fallback",
        };
        if told.replace(kind) == Some(kind) {
            return;
        }
        match self {
            Self::Prometheus(it) => tracing::info!(from = it.name(), "metrics source: {kind}"),
            Self::MetricsApi { why } => tracing::info!(why, "metrics source: {kind}"),
        }
    }
}

/// The way to a Prometheus in the cluster, or why there is none.
async fn discovered(
    cluster: &Cluster,
    options: &prometheus::Options,
) -> Result<Result<Transport, String>, Error> {
    match cluster.find_prometheus().await {
        Ok(Some(service)) => {
            let client = cluster.client().clone();
            Ok(Ok(Transport::service_proxy(
                client,
                &service.proxy_path(),
                options,
            )?))
        }
        Ok(None) => Ok(Err(
            "no Prometheus service found in the cluster: pass --prometheus-url for its history"
                .to_owned(),
        )),
        Err(error @ cluster::Error::Forbidden { .. }) => Ok(Err(format!(
            "no Prometheus looked for: {error}; pass --prometheus-url for its history"
        ))),
        Err(error) => Err(error.into()),
    }
}

/// Reads and shows how far it has come.
pub(super) async fn watched(
    source: &Prometheus,
    request: &HistoryRequest,
    deliver: mpsc::Sender<Delivery>,
    progress: &Progress,
) -> Result<Reading, Error> {
    let reading = source.history(request, deliver);
    tokio::pin!(reading);
    let mut glance = tokio::time::interval(GLANCE);
    loop {
        tokio::select! {
            ended = &mut reading => return Ok(ended?),
            _ = glance.tick() => {
                let traffic = source.traffic();
                progress.at(&Stage::History {
                    done: source.delivered(),
                    of: request.wanted.len(),
                    queries: traffic.requests,
                    bytes: traffic.bytes,
                });
            }
        }
    }
}
