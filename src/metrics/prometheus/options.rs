//! What is asked of a connection to Prometheus.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::Observer;

/// How to reach a Prometheus and how to read from it.
#[derive(Clone, PartialEq)]
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
    /// Is told of every request.
    pub observer: Option<Observer>,
}

impl Default for Options {
    /// Discovered, without credentials, four requests at once of two minutes at most: a fifth of
    /// what Prometheus evaluates at once, and as long as it allows a query, unless set otherwise.
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
            observer: None,
        }
    }
}

impl Options {
    /// Whether both are answered with the same samples, whoever asks and however fast.
    pub fn has_history_of(&self, other: &Self) -> bool {
        self.url == other.url
            && self.headers == other.headers
            && self.way == other.way
            && self.promql_cpu == other.promql_cpu
            && self.promql_replicas == other.promql_replicas
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

/// Whether answers are to be compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Off for a server on this machine or a private network, where it only costs time.
    #[default]
    Auto,
    On,
    Off,
}

/// Hides what must not reach a log.
struct Hidden<T>(Option<T>);

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "hidden" } else { "none" })
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header_names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Options")
            // It may have a password in it.
            .field("url", &Hidden(self.url.as_ref()))
            .field("bearer_token", &Hidden(self.bearer_token.as_ref()))
            .field("bearer_token_file", &self.bearer_token_file)
            .field("basic_auth", &Hidden(self.basic_auth.as_ref()))
            .field("client_certificate", &self.client_certificate)
            .field("client_key", &self.client_key)
            .field("ca_file", &self.ca_file)
            .field("insecure", &self.insecure)
            .field("headers", &header_names)
            .field("way", &self.way)
            .field("compression", &self.compression)
            .field("concurrency", &self.concurrency)
            .field("timeout", &self.timeout)
            .field("promql_cpu", &self.promql_cpu)
            .field("promql_replicas", &self.promql_replicas)
            .field("observer", &self.observer)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_among_what_is_logged() {
        let options = Options {
            url: Some("https://me:secret@host".to_owned()),
            bearer_token: Some("secret".to_owned()),
            basic_auth: Some(("me".to_owned(), "secret".to_owned())),
            headers: vec![("X-Key".to_owned(), "secret".to_owned())],
            ..Options::default()
        };
        let logged = format!("{options:?}");
        assert!(!logged.contains("secret"), "{logged}");
        assert!(logged.contains("X-Key"), "{logged}");
    }
}
