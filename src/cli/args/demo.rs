//! What may be typed after `demo`.

use std::path::PathBuf;

use clap::Args;

use crate::config::values;

const CLUSTER: &str = "Demo cluster";

/// Try everything on a cluster in memory
///
/// Starts a Kubernetes API server on this machine, with a fleet whose load goes on as it did in the
/// snapshot, pods that start and stop, and the HPA controller; writes a kubeconfig, runs `analyze`
/// and stays up until Ctrl-C. Nothing is installed, and nothing is left behind.
#[derive(Args, Debug)]
#[command(next_help_heading = CLUSTER)]
pub(crate) struct DemoArgs {
    /// Fleet to start with, from `gather --history` [default: an example shop]
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,
    /// How fast its time passes, 1 to 10000; 0 to let it stand [default: 1]
    #[arg(long, value_name = "TIMES", value_parser = values::speed)]
    pub(crate) speed: Option<u32>,
    /// Port on this machine [default: any that is free]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// What goes wrong with its answers: latency, 429, 500, conflicts; YAML
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Run a shell command with its kubeconfig, then end with the command's exit code
    #[arg(long, value_name = "COMMAND", value_parser = values::text)]
    pub(crate) exec: Option<String>,
}
