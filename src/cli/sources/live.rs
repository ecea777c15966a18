//! From a live cluster.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::source::{Source, watched};
use super::{Answered, Asked, Times, usage};
use crate::cluster::{self, Cluster};
use crate::config::{Metrics, Question};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::metrics::{Delivery, HistoryRequest, Reading};
use crate::output::progress::{Progress, Stage};

pub(super) async fn ask<T>(
    connection: &cluster::Options,
    metrics: &Metrics,
    question: &Question,
    progress: &Progress,
    times: Times,
    open: impl FnOnce(&Asked) -> Result<(T, mpsc::Sender<Delivery>), Error>,
) -> Result<Answered<T>, Error> {
    let cluster = connected(connection, progress).await?;
    let times = times.by_the_clock_of(&cluster).await;
    progress.at(&Stage::Inventory);
    let fleet = cluster.inventory(&question.scope).await?;
    let asked = Asked::new(fleet, question.window, times.now());
    let (taker, sender) = open(&asked)?;
    let sources = Sources {
        cluster: &cluster,
        metrics,
        of_samples: times.of_samples(),
    };
    let reading = sources.read(&asked.fleet, &asked.request, sender, progress);
    let reading = reading.await;
    Ok(Answered {
        cluster: Some(cluster),
        reading,
        taker,
        asked,
        objects: Vec::new(),
    })
}

pub(super) async fn connected(
    options: &cluster::Options,
    progress: &Progress,
) -> Result<Cluster, Error> {
    let to = "the cluster".to_owned();
    progress.at(&Stage::Connect { to });
    Ok(cluster::connect(options).await?)
}

impl Times {
    /// All machines share the API server's clock, and what it has happen is dated by it. Where it
    /// does not tell, ours counts.
    pub(super) async fn by_the_clock_of(self, cluster: &Cluster) -> Self {
        match cluster.time().await {
            Ok(Some(clock)) => Self { clock, ..self },
            Ok(None) | Err(_) => self,
        }
    }
}

/// Where history may come from.
pub(super) struct Sources<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) metrics: &'a Metrics,
    /// The time of what is measured now; `None` where that is not wanted.
    pub(super) of_samples: Option<Timestamp>,
}

impl Sources<'_> {
    /// Reads the history that is asked for; without a question, nobody is asked.
    pub(super) async fn read(
        &self,
        fleet: &Fleet,
        request: &HistoryRequest,
        deliver: mpsc::Sender<Delivery>,
        progress: &Progress,
    ) -> Result<Reading, Error> {
        if request.wanted.is_empty() {
            return Ok(Reading {
                source: "none needed".to_owned(),
                ..Reading::default()
            });
        }
        let source = Source::of(self.cluster, self.metrics, progress).await?;
        self.read_from(&source, fleet, request, deliver, progress)
            .await
    }

    /// The same, from a source that was found.
    pub(super) async fn read_from(
        &self,
        source: &Source,
        fleet: &Fleet,
        request: &HistoryRequest,
        deliver: mpsc::Sender<Delivery>,
        progress: &Progress,
    ) -> Result<Reading, Error> {
        match source {
            Source::Prometheus(source) => watched(source, request, deliver, progress).await,
            Source::MetricsApi { why } => {
                let at = self.of_samples;
                let mut reading = usage::read(self.cluster, fleet, request, at, deliver).await?;
                reading.warnings.extend(why.clone());
                Ok(reading)
            }
        }
    }
}
