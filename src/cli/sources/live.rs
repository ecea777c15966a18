//! From a live cluster.

use std::path::Path;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task;

use super::series::{self, Unread};
use super::source::{Source, watched};
use super::{Answered, Asked, Times, Written, finished, request, usage};
use crate::cluster::{self, Cluster, Scope};
use crate::config::{Destination, GatherConfig, Metrics, Question};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::metrics::snapshot::{Header, Writer};
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

async fn connected(options: &cluster::Options, progress: &Progress) -> Result<Cluster, Error> {
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
    async fn read(
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

pub(super) async fn write_snapshot(
    config: &GatherConfig,
    progress: &Progress,
    times: Times,
) -> Result<Written, Error> {
    let cluster = connected(&config.connection, progress).await?;
    let times = times.by_the_clock_of(&cluster).await;
    let now = times.now();
    progress.at(&Stage::Inventory);
    let path = match &config.out {
        Destination::File(path) => path.as_path(),
        Destination::Stdout => Path::new("-"),
    };
    let header = Header {
        cluster: cluster.name().clone(),
        taken_at: now,
    };
    let mut writer = Writer::create(path, &header)?;
    let fleet = write_objects(&cluster, &config.scope, &mut writer).await?;
    let autoscalers = fleet.subjects.len();
    let mut unread = Unread::new();
    let reading = match &config.history {
        Some(metrics) => {
            let mut request = request(&fleet, config.window, now);
            request.wanted = series::one_per_target(request.wanted);
            let (sender, receiver) = mpsc::channel(1);
            let targets = request.clone();
            let writing = task::spawn_blocking(move || series::write(writer, &targets, receiver));
            let sources = Sources {
                cluster: &cluster,
                metrics,
                of_samples: times.of_samples(),
            };
            let reading = sources.read(&fleet, &request, sender, progress).await;
            (writer, unread) = finished(writing.await)?;
            Some(reading?)
        }
        None => None,
    };
    writer.finish()?;
    Ok(Written {
        autoscalers,
        reading,
        unread,
    })
}

async fn write_objects(
    cluster: &Cluster,
    scope: &Scope,
    writer: &mut Writer,
) -> Result<Fleet, Error> {
    let mut outcome = Ok(());
    let write = |object| {
        if outcome.is_ok() {
            outcome = writer.object(&object);
        }
    };
    let fleet = cluster.objects(scope, write).await?;
    outcome?;
    Ok(fleet)
}
