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
mod frames;
pub mod gauge;
mod histories;
mod inflate;
mod labels;
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
pub mod sample;
mod selector;
mod shard;
mod sums;
mod transport;
pub mod xor;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub use client::{Client, Instant, RangeQuery, Traffic};
pub use error::{Cause, Error, File, Reach, TlsProblem, UrlProblem};
pub use labels::Labels;
pub use probe::BuildInfo;
pub use retry::Backoff;
pub use sample::Sample;
pub use transport::{Direct, ServiceProxy, Transport};

use super::{Delivery, HistoryRequest, Reading};
use overrides::Overrides;
use owners::Assignment;
use plan::Shard;
use shard::{Session, ShardHistory};

/// How to reach a Prometheus and how to read from it.
#[derive(Clone, Debug)]
pub struct Options {
    /// `None`: discovered in the cluster and reached through the API server's service proxy.
    pub url: Option<String>,
    pub bearer_token: Option<String>,
    /// Read anew for every request, since such files are rotated.
    pub bearer_token_file: Option<PathBuf>,
    /// User and password.
    pub basic_auth: Option<(String, String)>,
    pub client_certificate: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
    pub ca_file: Option<PathBuf>,
    /// Accept any server certificate.
    pub insecure: bool,
    /// Sent with every request: `X-Scope-OrgID`.
    pub headers: Vec<(String, String)>,
    pub way: WayChoice,
    pub compression: Compression,
    /// Requests under way at once.
    pub concurrency: usize,
    /// For one request, until its last byte.
    pub timeout: Duration,
    /// Replaces the built-in CPU query; `{ns}` and `{deploy}` stand for namespace and target.
    pub promql_cpu: Option<String>,
    /// Replaces the built-in ready-replicas query.
    pub promql_replicas: Option<String>,
}

impl Default for Options {
    /// Discovered, without credentials, four requests at once of two minutes at most: as many as
    /// two shards need, and as long as Prometheus itself allows a query.
    fn default() -> Self {
        Self {
            url: None,
            bearer_token: None,
            bearer_token_file: None,
            basic_auth: None,
            client_certificate: None,
            client_key: None,
            ca_file: None,
            insecure: false,
            headers: vec![],
            way: WayChoice::Auto,
            compression: Compression::Auto,
            concurrency: 4,
            timeout: Duration::from_secs(120),
            promql_cpu: None,
            promql_replicas: None,
        }
    }
}

/// Which of the ways to read in bulk to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WayChoice {
    /// The cheapest one that a probe finds.
    #[default]
    Auto,
    /// Remote read of raw samples in streamed chunks; rated and summed here.
    RemoteRead,
    /// Range queries of one rate per container, summed here.
    PodRates,
    /// Range queries summed by owner on the server.
    GroupedRates,
}

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

/// Whether answers are to be compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Off for a server on this machine or a private network, where it only costs time.
    #[default]
    Auto,
    On,
    Off,
}

/// Shards read at once. Two keep both sides busy, one decoding while the server prepares the
/// next; the third covers the differences between them.
const SHARDS_AT_ONCE: usize = 3;

/// A Prometheus to read history from.
#[derive(Clone)]
pub struct Prometheus {
    client: Client,
    choice: WayChoice,
    promql: Arc<Overrides>,
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
            delivered: Arc::default(),
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

    /// Reads the history of every target in `request` and gives each to `deliver`, sorted by
    /// namespace, as soon as it and all before it are known.
    ///
    /// Where some targets cannot be read, their deliveries say why.
    ///
    /// # Errors
    /// If nothing could be read at all, or no target has any CPU usage.
    pub async fn history(
        &self,
        request: &HistoryRequest,
        deliver: mpsc::Sender<Delivery>,
    ) -> Result<Reading, Error> {
        let shards = plan::shards(&request.wanted);
        let session = self.session(request, &shards).await?;
        let counter = Arc::clone(&self.delivered);
        let mut run = Run::new(session.clone(), shards, deliver, counter);
        run.finish().await?;
        if !run.found_any && !request.wanted.is_empty() {
            return Err(Error::NoSamples {
                url: self.name().to_owned(),
                metric: shard::CPU,
                targets: request.wanted.len(),
            });
        }
        Ok(self.reading(session.way, run))
    }

    async fn session(&self, request: &HistoryRequest, shards: &[Shard]) -> Result<Session, Error> {
        let (client, grid) = (&self.client, request.grid);
        Ok(Session {
            client: client.clone(),
            rules: choice::rules(client).await?,
            way: choice::way(client, self.choice, grid, shards).await?,
            scrape: choice::scrape_interval(client, grid, shards).await?,
            grid,
            live: Arc::new(request.pod_owners.clone()),
            promql: Arc::clone(&self.promql),
        })
    }

    fn reading(&self, way: Way, run: Run) -> Reading {
        let traffic = self.traffic();
        let mut warnings = run.warnings;
        warnings.extend(self.client.warnings());
        Reading {
            source: format!("Prometheus {}", self.name()),
            way: format!("{way}{}", assigned_by(&run.assignments)),
            queries: traffic.requests,
            bytes: traffic.bytes,
            warnings: warnings.into_iter().collect(),
        }
    }
}

fn assigned_by(assignments: &BTreeSet<Assignment>) -> String {
    let names: Vec<String> = assignments.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(", pods assigned by {}", names.join(", ")),
    }
}

/// Shards under way and what they have given so far.
struct Run {
    session: Session,
    /// Of every shard, by place.
    shards: Vec<Arc<Shard>>,
    reading: JoinSet<(usize, Result<ShardHistory, Error>)>,
    started: usize,
    /// Read before one that comes first.
    waiting: BTreeMap<usize, Result<ShardHistory, Error>>,
    delivered: usize,
    deliver: mpsc::Sender<Delivery>,
    /// Deliveries so far.
    counter: Arc<AtomicUsize>,
    assignments: BTreeSet<Assignment>,
    warnings: BTreeSet<String>,
    found_any: bool,
    /// Shards that were read.
    read: usize,
    first_error: Option<Error>,
}

impl Run {
    fn new(
        session: Session,
        shards: Vec<Shard>,
        deliver: mpsc::Sender<Delivery>,
        counter: Arc<AtomicUsize>,
    ) -> Self {
        Self {
            session,
            shards: shards.into_iter().map(Arc::new).collect(),
            reading: JoinSet::new(),
            started: 0,
            waiting: BTreeMap::new(),
            delivered: 0,
            deliver,
            counter,
            assignments: BTreeSet::new(),
            warnings: BTreeSet::new(),
            found_any: false,
            read: 0,
            first_error: None,
        }
    }

    /// # Errors
    /// If no shard could be read; the first one's.
    async fn finish(&mut self) -> Result<(), Error> {
        self.start_more();
        while let Some(ended) = self.reading.join_next().await {
            let (place, history) = match ended {
                Ok(ended) => ended,
                // A panic of the task is one of ours: let it go on to the handler of the process.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            };
            self.waiting.insert(place, history);
            while let Some(history) = self.waiting.remove(&self.delivered) {
                self.take(history).await;
            }
            self.start_more();
        }
        match self.first_error.take() {
            Some(error) if self.read == 0 => Err(error),
            Some(_) | None => Ok(()),
        }
    }

    /// Starts what may run beside the oldest shard that is not delivered yet, so that no more
    /// than that many are in memory.
    fn start_more(&mut self) {
        let end = self.shards.len().min(self.delivered + SHARDS_AT_ONCE);
        for place in self.started..end {
            let (session, shard) = (self.session.clone(), Arc::clone(&self.shards[place]));
            self.reading
                .spawn(async move { (place, session.read(&shard).await) });
            self.started = place + 1;
        }
    }

    async fn take(&mut self, history: Result<ShardHistory, Error>) {
        let shard = Arc::clone(&self.shards[self.delivered]);
        self.delivered += 1;
        let deliveries = match history {
            Ok(history) => {
                self.read += 1;
                self.assignments.extend(history.assignments);
                self.warnings.extend(history.warnings);
                history.deliveries
            }
            Err(error) => self.failed(&shard, error),
        };
        for delivery in deliveries {
            self.found_any |= delivery.history.as_ref().is_ok_and(|it| it.cpu().is_some());
            self.counter.fetch_add(1, Ordering::Relaxed);
            // Nobody listens any more: the rest of the run has been given up.
            if self.deliver.send(delivery).await.is_err() {
                self.shards.truncate(self.started);
                return;
            }
        }
    }

    fn failed(&mut self, shard: &Shard, error: Error) -> Vec<Delivery> {
        let why = error.to_string();
        self.first_error.get_or_insert(error);
        let one = |subject| Delivery {
            subject,
            history: Err(why.clone()),
        };
        shard.wanted.iter().map(|it| one(it.subject)).collect()
    }
}
