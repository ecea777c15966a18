//! History from the Prometheus HTTP API: Prometheus, Thanos, Mimir, VictoriaMetrics.

mod answer;
mod client;
mod decode;
mod error;
mod frames;
pub mod gauge;
mod inflate;
mod labels;
mod probe;
pub mod rate;
#[cfg(test)]
mod recorded;
pub mod remote_read;
mod retry;
pub mod sample;
mod transport;
pub mod xor;

pub use client::{Client, Instant, RangeQuery, Traffic};
pub use error::{Cause, Error, File, Reach, TlsProblem, UrlProblem};
pub use labels::Labels;
pub use probe::BuildInfo;
pub use retry::Backoff;
pub use sample::Sample;
pub use transport::{Direct, ServiceProxy, Transport};

use std::path::PathBuf;
use std::time::Duration;

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

/// Whether answers are to be compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Off for a server on this machine or a private network, where it only costs time.
    #[default]
    Auto,
    On,
    Off,
}
