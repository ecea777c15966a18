//! History from the Prometheus HTTP API: Prometheus, Thanos, Mimir, VictoriaMetrics.
//!
//! [`Prometheus::history`] is the whole of it: [`choice`] asks which way to read is cheapest,
//! [`plan`] divides the fleet into shards, [`shard`] reads one of them through [`bulk`], and
//! [`histories`] makes histories of what was summed. The HTTP side is [`client`]; remote read is
//! taken apart by [`remote_read`], [`xor`] and [`rate`].

mod answer;
mod bulk;
mod choice;
mod chunks;
mod client;
mod decode;
mod error;
mod examine;
mod frames;
pub mod gauge;
mod histories;
mod inflate;
mod jobs;
mod labels;
mod observe;
mod options;
mod overrides;
mod owners;
mod plan;
mod probe;
pub mod rate;
#[cfg(test)]
mod recorded;
pub mod remote_read;
mod replicas;
mod retry;
mod run;
pub mod sample;
mod selector;
mod server;
mod shard;
mod sums;
mod transport;
mod triggers;
pub mod xor;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use tokio::sync::mpsc;

pub use client::{Client, Instant, RangeQuery, Traffic};
pub use error::{Cause, Error, File, Reach, TlsProblem, UrlProblem};
pub use examine::{Lack, NEEDED, Needed};
pub use labels::Labels;
pub use observe::{End, Exchange, Observer};
pub use options::{Compression, Options, WayChoice};
pub use probe::BuildInfo;
pub use retry::Backoff;
pub use sample::Sample;
pub use transport::{Direct, ServiceProxy, Transport};

use super::{Delivery, HistoryRequest, Reading};
use overrides::Overrides;
use owners::Assignment;
use plan::Shard;
use run::Run;
use shard::Session;
use triggers::{Memory, Queries};

/// How history is read in bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    RemoteRead,
    PodRates,
    GroupedRates,
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::RemoteRead => "remote read (streamed chunks)",
            Self::PodRates => "range queries of every container",
            Self::GroupedRates => "range queries grouped on the server",
        })
    }
}

/// A Prometheus to read history from.
#[derive(Clone)]
pub struct Prometheus {
    client: Client,
    choice: WayChoice,
    promql: Arc<Overrides>,
    triggers: Arc<Memory>,
    delivered: Arc<AtomicUsize>,
}

impl Prometheus {
    pub fn new(transport: Transport, options: &Options) -> Self {
        Self {
            client: Client::new(transport, options),
            choice: options.way,
            promql: Arc::new(Overrides {
                cpu: options.promql_cpu.clone(),
                replicas: options.promql_replicas.clone(),
            }),
            triggers: Arc::default(),
            delivered: Arc::default(),
        }
    }

    /// The same for a reader of its own: the requests that are allowed at once are not shared with
    /// others, nor is the count of what was delivered.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            client: self.client.apart(),
            delivered: Arc::default(),
            ..self.clone()
        }
    }

    /// What to call it in messages; holds no secrets.
    pub fn name(&self) -> &str {
        self.client.name()
    }

    /// How many histories were delivered until now.
    pub fn delivered(&self) -> usize {
        self.delivered.load(Ordering::Relaxed)
    }

    /// What has gone over the wire until now.
    pub fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// The one number that `query` answers with at a time; `None` where it answers with nothing.
    ///
    /// # Errors
    /// [`Error::SeveralValues`] where it answers with more than one.
    pub async fn value(&self, query: &str, at: Timestamp) -> Result<Option<f64>, Error> {
        let answers = self.client.instant(query, at).await?;
        match answers.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.value)),
            several => Err(Error::SeveralValues {
                url: self.name().to_owned(),
                found: several.len(),
            }),
        }
    }

    /// Reads the history of every target in `request` and gives each to `deliver`, sorted by
    /// namespace, as soon as it and all before it are known.
    ///
    /// Where some targets cannot be read, their deliveries say why. The reading counts what went
    /// over the wire from beginning to end, another reading at the same time included.
    ///
    /// # Errors
    /// If nothing could be read at all, or no target has any CPU usage.
    pub async fn history(
        &self,
        request: &HistoryRequest,
        deliver: mpsc::Sender<Delivery>,
    ) -> Result<Reading, Error> {
        let before = self.traffic();
        let shards = plan::shards(&request.wanted);
        let session = self.session(request, &shards).await?;
        let counter = Arc::clone(&self.delivered);
        let mut run = Run::new(session.clone(), shards, deliver, counter);
        run.finish().await;
        if !run.found_any
            && let Some(error) = run.first_error.take()
        {
            return Err(error);
        }
        // Jobs may be seldom; what never rests has to have used something.
        let never_rest = request.wanted.iter().filter(|it| !jobs::is_of_jobs(it));
        let targets = never_rest.count();
        if !run.found_any && targets > 0 {
            return Err(Error::NoSamples {
                url: self.name().to_owned(),
                metric: shard::CPU,
                targets,
            });
        }
        Ok(self.reading(session.way, run, before))
    }

    async fn session(&self, request: &HistoryRequest, shards: &[Shard]) -> Result<Session, Error> {
        let (client, grid) = (&self.client, request.grid);
        Ok(Session {
            client: client.clone(),
            rules: choice::rules(client).await?,
            way: choice::way(client, self.choice, grid, shards).await?,
            scrape: choice::scrape_interval(client, grid, shards).await?,
            grid,
            live: Arc::clone(&request.pod_owners),
            promql: Arc::clone(&self.promql),
            queries: Arc::new(Queries::new(&request.wanted, Arc::clone(&self.triggers))),
            given_up: Arc::default(),
        })
    }

    fn reading(&self, way: Way, run: Run, before: Traffic) -> Reading {
        let traffic = self.traffic();
        let mut warnings = run.warnings;
        warnings.extend(self.client.warnings());
        warnings.extend(run.untold.iter().map(|(why, count)| untold(*count, why)));
        Reading {
            source: format!("Prometheus {}", self.name()),
            way: format!("{way}{}", assigned_by(&run.assignments)),
            queries: traffic.requests - before.requests,
            bytes: traffic.bytes - before.bytes,
            samples: run.samples,
            warnings: warnings.into_iter().collect(),
            beside: vec![],
        }
    }
}

fn untold(count: usize, why: &str) -> String {
    match count {
        1 => format!("the past values of a trigger are not known: {why}"),
        _ => format!("the past values of {count} triggers are not known: {why}"),
    }
}

fn assigned_by(assignments: &BTreeSet<Assignment>) -> String {
    let names: Vec<String> = assignments.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(", pods assigned by {}", names.join(", ")),
    }
}
