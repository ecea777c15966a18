//! Looks at the same fleet again and again: what is known already is not asked for once more.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::judging::Judges;
use super::looks::{Known, Looks};
use super::prices::Prices;
use super::sought::Sought;
use super::source::Source;
use super::{Answered, Asked, Gathered, Times, judged, usage};

use crate::cluster::{Cluster, Following, Stale};
use crate::config::{Config, Metrics};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::metrics::cache::{HistoryCache, Limits};
use crate::metrics::prometheus::{self, Prometheus, Traffic};
use crate::metrics::{Delivery, HistoryRequest, Reading};
use crate::output::progress::Progress;
use crate::output::report::Place;

/// A fleet that is followed, and its history as far as it was read.
pub(in crate::cli) struct Ongoing {
    cluster: Cluster,
    following: Following,
    cache: HistoryCache,
    pub(super) sought: Sought,
    pub(super) looks: Looks,
    prices: Prices,
    /// Of which kind the source was that was told last.
    told: Option<&'static str>,
    /// How long the fleet is waited for; what has not come by then is told as not read.
    patience: Duration,
}

/// What is kept of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Held {
    pub(in crate::cli) bytes: usize,
    pub(in crate::cli) targets: usize,
}

impl Ongoing {
    /// Begins to follow what the question of `config` is about. What may not be watched is asked for
    /// after each `interval`.
    ///
    /// # Errors
    /// Where the selector is not valid.
    pub(in crate::cli) fn start(
        cluster: &Cluster,
        metrics: &Metrics,
        config: &Config,
        interval: Duration,
    ) -> Result<Self, Error> {
        Ok(Self {
            following: cluster.follow(&config.question.scope, interval)?,
            cluster: cluster.clone(),
            cache: HistoryCache::new(Limits::default()),
            sought: Sought::new(cluster, metrics),
            looks: Looks::default(),
            prices: Prices::default(),
            told: None,
            patience: interval / 2,
        })
    }

    /// Takes history from `metrics` from now on, where that is another source than before. What was read
    /// is kept where it goes on.
    pub(in crate::cli) fn take_from(&mut self, metrics: &Metrics) {
        let before = self.sought.metrics();
        if before == metrics {
            return;
        }
        if !metrics.has_history_of(before) {
            self.cache = HistoryCache::new(Limits::default());
            self.looks = Looks::default();
        }
        self.sought = Sought::new(&self.cluster, metrics);
    }

    /// Judges each autoscaler on its history until now, once the fleet is known.
    ///
    /// # Errors
    /// Where the fleet or its history cannot be read.
    pub(in crate::cli) async fn assess(
        &mut self,
        config: &Config,
        progress: &Progress,
        now: Timestamp,
    ) -> Result<Gathered, Error> {
        let times = Times {
            clock: now,
            requested: None,
        };
        let times = times.by_the_clock_of(&self.cluster).await;
        self.ready().await;
        let mut fleet = self.following.fleet().await?;
        if let Some(shard) = config.question.shard {
            fleet.subjects.retain(|it| shard.has(&it.autoscaler.id));
        }
        let asked = Asked::new(fleet, config.question.window, times.now());
        let opencost = config.opencost.as_ref();
        let priced = self.prices.of(&config.analysis, opencost).await;
        let (judges, sender) = Judges::start(asked.clone(), priced.settings.clone());
        let reading = self.read(&asked, times, sender, progress).await;
        if reading.is_err() {
            self.sought.forget();
        }
        let answered = Answered {
            cluster: Some(self.cluster.clone()),
            taker: judges,
            asked,
            reading,
            objects: Vec::new(),
        };
        judged(answered, priced, Place::Cluster).await
    }

    async fn read(
        &mut self,
        asked: &Asked,
        times: Times,
        deliver: mpsc::Sender<Delivery>,
        progress: &Progress,
    ) -> Result<Reading, Error> {
        let request = &asked.request;
        if request.wanted.is_empty() {
            return Ok(Reading {
                source: "none needed".to_owned(),
                ..Reading::default()
            });
        }
        let source = self.sought.source(progress).await?;
        source.tell(&mut self.told);
        match source {
            Source::Prometheus(prometheus) => {
                Ok(through(&mut self.cache, &prometheus, request, deliver).await?)
            }
            Source::MetricsApi { why } => {
                let (cluster, at) = (&self.cluster, times.of_samples());
                let reading = usage::read(cluster, &asked.fleet, request, at, deliver).await;
                if let (Err(_), Some(why)) = (&reading, &why) {
                    tracing::warn!("history: {why}");
                }
                let mut reading = reading?;
                reading.warnings.extend(why);
                Ok(reading)
            }
        }
    }

    /// Waits until the fleet was read, as long as that is of use; whether it was.
    pub(in crate::cli) async fn ready(&self) -> bool {
        // Some of it may be forbidden or broken for good: the rest is known all the same.
        let ready = timeout(self.patience, self.following.ready()).await;
        ready.is_ok()
    }

    /// Whether all of the fleet was read.
    pub(in crate::cli) fn is_ready(&self) -> bool {
        self.following.is_ready()
    }

    /// What is known now, for looks at parts of the fleet.
    ///
    /// # Errors
    /// Where the fleet cannot be read.
    pub(in crate::cli) async fn known(&self) -> Result<Known<'_>, Error> {
        Ok(Known::new(self, self.fleet().await?))
    }

    /// The fleet as it is known, without a request.
    ///
    /// # Errors
    /// Where a named autoscaler does not exist, or the cluster does not serve what is needed.
    pub(in crate::cli) async fn fleet(&self) -> Result<Fleet, Error> {
        Ok(self.following.fleet().await?)
    }

    /// What may be out of date of the fleet.
    pub(in crate::cli) fn staleness(&self) -> Vec<Stale> {
        self.following.staleness()
    }

    /// What is kept of history.
    pub(in crate::cli) fn held(&self) -> Held {
        Held {
            bytes: self.cache.bytes(),
            targets: self.cache.len(),
        }
    }

    /// Whether each look adds a sample to a history of this machine, for want of a Prometheus.
    pub(in crate::cli) fn is_sampling(&self) -> bool {
        self.sought.is_sampled()
    }

    /// What has been asked of the Prometheus so far.
    pub(in crate::cli) fn traffic(&self) -> Traffic {
        self.sought.traffic()
    }
}

/// Asks only for what `cache` does not know.
pub(super) async fn through(
    cache: &mut HistoryCache,
    prometheus: &Prometheus,
    request: &HistoryRequest,
    deliver: mpsc::Sender<Delivery>,
) -> Result<Reading, prometheus::Error> {
    let history = |request, deliver| {
        let prometheus = prometheus.clone();
        async move { prometheus.history(&request, deliver).await }
    };
    cache.read(history, request, deliver).await
}
