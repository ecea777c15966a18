//! How to reach a Prometheus and how to read from it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::words;
use crate::config::values::{self, COMPRESSIONS, WAYS};
use crate::metrics::prometheus::{Compression, WayChoice};

const PROMETHEUS: &str = "Prometheus (or Thanos, Mimir, VictoriaMetrics)";

#[derive(Args, Debug)]
#[command(next_help_heading = PROMETHEUS)]
pub(crate) struct PrometheusArgs {
    /// Address; otherwise discovered in the cluster and reached through the API server
    #[arg(long, value_name = "URL", env = "STEPSCALE_PROMETHEUS_URL", value_parser = values::url)]
    pub(crate) prometheus_url: Option<String>,
    /// Use metrics.k8s.io and a local history file instead
    #[arg(long)]
    pub(crate) no_prometheus: bool,
    /// Bearer token; better given in a file or by the environment
    #[arg(long, value_name = "TOKEN", env = "STEPSCALE_PROMETHEUS_BEARER_TOKEN", hide_env_values = true,
        value_parser = values::text)]
    pub(crate) prometheus_bearer_token: Option<String>,
    /// File with the bearer token, read anew for every request
    #[arg(long, value_name = "FILE")]
    pub(crate) prometheus_bearer_token_file: Option<PathBuf>,
    /// Basic authentication; better given in a file or by the environment
    #[arg(
        long,
        value_name = "USER:PASSWORD",
        env = "STEPSCALE_PROMETHEUS_BASIC_AUTH",
        hide_env_values = true
    )]
    pub(crate) prometheus_basic_auth: Option<String>,
    /// File with user:password
    #[arg(long, value_name = "FILE")]
    pub(crate) prometheus_basic_auth_file: Option<PathBuf>,
    /// Client certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) prometheus_client_certificate: Option<PathBuf>,
    /// Key of the client certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) prometheus_client_key: Option<PathBuf>,
    /// Certificates of the authorities to trust, PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) prometheus_ca_file: Option<PathBuf>,
    /// Accept any server certificate
    #[arg(long, value_name = "true|false", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) prometheus_insecure: Option<bool>,
    /// Header of every request, such as `X-Scope-OrgID: team`; may be repeated
    #[arg(long = "prometheus-header", value_name = "NAME: VALUE")]
    pub(crate) prometheus_headers: Vec<String>,
    /// How to read: raw samples, rates per pod, or rates per workload [default: auto]
    #[arg(long, value_name = "WAY", value_parser = words(&WAYS))]
    pub(crate) prometheus_read: Option<WayChoice>,
    /// Whether answers are compressed; auto is off for a near server [default: auto]
    #[arg(long, value_name = "WHEN", value_parser = words(&COMPRESSIONS))]
    pub(crate) prometheus_compression: Option<Compression>,
    /// Requests at once, 1 to 16 [default: 4]
    #[arg(long, value_name = "COUNT", value_parser = values::concurrency)]
    pub(crate) prometheus_concurrency: Option<usize>,
    /// Limit for one request [default: 2m]
    #[arg(long, value_name = "TIME", value_parser = values::positive_timeout)]
    pub(crate) prometheus_timeout: Option<Duration>,
    /// Query for CPU cores in use, with {ns} and {deploy} where namespace and target belong
    #[arg(long, value_name = "QUERY", env = "STEPSCALE_PROMQL_CPU", value_parser = values::promql)]
    pub(crate) promql_cpu: Option<String>,
    /// Query for ready replicas, with {ns} and {deploy}
    #[arg(long, value_name = "QUERY", env = "STEPSCALE_PROMQL_REPLICAS", value_parser = values::promql)]
    pub(crate) promql_replicas: Option<String>,
}

/// The flags above that say how to reach or read a Prometheus, for rules about all of them.
pub(crate) const IDS: [&str; 16] = [
    "prometheus_url",
    "prometheus_bearer_token",
    "prometheus_bearer_token_file",
    "prometheus_basic_auth",
    "prometheus_basic_auth_file",
    "prometheus_client_certificate",
    "prometheus_client_key",
    "prometheus_ca_file",
    "prometheus_insecure",
    "prometheus_headers",
    "prometheus_read",
    "prometheus_compression",
    "prometheus_concurrency",
    "prometheus_timeout",
    "promql_cpu",
    "promql_replicas",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_know_every_flag() {
        let command = PrometheusArgs::augment_args(clap::Command::new("test"));
        let ids = command.get_arguments().map(|it| it.get_id().as_str());
        let ids: Vec<&str> = ids.filter(|it| *it != "no_prometheus").collect();
        assert_eq!(ids, IDS);
    }
}
