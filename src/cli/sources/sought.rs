//! A source of history that is looked for once, and kept for as long as it answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::source::Source;
use crate::cluster::Cluster;
use crate::config::Metrics;
use crate::error::Error;
use crate::metrics::prometheus::Traffic;
use crate::output::progress::Progress;

/// After how long a cluster that had no Prometheus is looked at again for one: that is three lists of
/// its services.
const LOOK_AGAIN: Duration = Duration::from_secs(3600);

/// Where history comes from, as far as that is known.
pub(super) struct Sought {
    cluster: Cluster,
    metrics: Metrics,
    found: Mutex<Option<Found>>,
}

struct Found {
    source: Source,
    at: Instant,
}

impl Sought {
    pub(super) fn new(cluster: &Cluster, metrics: &Metrics) -> Self {
        Self {
            cluster: cluster.clone(),
            metrics: metrics.clone(),
            found: Mutex::default(),
        }
    }

    /// Where it is looked for.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The one that was found, else another one.
    ///
    /// # Errors
    /// Where none can be looked for.
    pub(super) async fn source(&self, progress: &Progress) -> Result<Source, Error> {
        if let Some(source) = self.kept() {
            return Ok(source);
        }
        let source = Source::of(&self.cluster, &self.metrics, progress).await?;
        *self.found() = Some(Found {
            source: source.clone(),
            at: Instant::now(),
        });
        Ok(source)
    }

    /// The same for one of several who read at the same time, and must not wait for each other.
    ///
    /// # Errors
    /// Where none can be looked for.
    pub(super) async fn apart(&self, progress: &Progress) -> Result<Source, Error> {
        Ok(match self.source(progress).await? {
            Source::Prometheus(prometheus) => Source::Prometheus(prometheus.apart()),
            other @ Source::MetricsApi { .. } => other,
        })
    }

    /// It did not answer: another one may be found.
    pub(super) fn forget(&self) {
        *self.found() = None;
    }

    /// Whether a history is made of samples of our own, as far as that is known.
    pub(super) fn is_sampled(&self) -> bool {
        let found = self.found();
        let source = found.as_ref().map(|it| &it.source);
        matches!(source, Some(Source::MetricsApi { .. }))
    }

    /// What has gone over the wire from the Prometheus that is known now.
    pub(super) fn traffic(&self) -> Traffic {
        match self.found().as_ref().map(|it| &it.source) {
            Some(Source::Prometheus(prometheus)) => prometheus.traffic(),
            Some(Source::MetricsApi { .. }) | None => Traffic::default(),
        }
    }

    fn kept(&self) -> Option<Source> {
        let found = self.found();
        let found = found.as_ref()?;
        let is_kept = match found.source {
            Source::Prometheus(_) => true,
            Source::MetricsApi { .. } => found.at.elapsed() < LOOK_AGAIN,
        };
        is_kept.then(|| found.source.clone())
    }

    fn found(&self) -> MutexGuard<'_, Option<Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
