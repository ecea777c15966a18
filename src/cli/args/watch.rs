//! What may be typed after `watch`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use super::settings::SettingArgs;
use super::{TimeLimit, time_limit, words};
use crate::cluster::Namespaces;
use crate::config::FailOn;
use crate::config::install::{MODES, between_ticks};
use crate::config::values;
use crate::config::watch::{Form, GOALS, Goal, Shard, TOLD_AS, analysis_budget, namespaces, shard};
use crate::install::Mode;
use crate::signals::logging;

const SCOPE: &str = "Scope";
const LOOP: &str = "Loop";
const LEADER: &str = "Leader election";
const OUTPUT: &str = "Output";

/// Analyze, apply and verify again and again
///
/// The loop of `analyze`, `apply` and `verify`, in a pipeline or for months in a cluster, where one
/// instance of several writes. It tells each change of state in a line on standard output and logs to
/// standard error. Without --mode it only analyzes and keeps recommendations up to date; with --mode apply it
/// puts in force what is approved, judges what is on probation and takes back what does harm.
#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// With --for: the recommendations that are waited for
    #[arg(value_name = "NAME", help_heading = None::<&str>)]
    pub(crate) names: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, help_heading = SCOPE)]
    pub(crate) all_namespaces: bool,
    /// Namespaces with commas between them, all if empty; in place of -n and -A
    #[arg(long, value_name = "NAMESPACES", env = "STEPSCALE_WATCH_NAMESPACES",
        value_parser = namespaces, help_heading = SCOPE)]
    pub(crate) watch_namespaces: Option<Namespaces>,
    /// Autoscalers with these labels: app=web,tier!=cache
    #[arg(short = 'l', long, value_parser = values::text, help_heading = SCOPE)]
    pub(crate) selector: Option<String>,
    /// Only a part of the fleet: 0/4 to 3/4
    #[arg(long, value_name = "PART/PARTS", value_parser = shard, help_heading = SCOPE)]
    pub(crate) shard: Option<Shard>,
    /// What is done: analysis-only, rules-only, or apply what is approved [default: analysis-only]
    #[arg(long, value_name = "MODE", value_parser = words(&MODES), help_heading = LOOP)]
    pub(crate) mode: Option<Mode>,
    /// Seconds between two ticks, 10 to 86400 [default: 300]
    #[arg(long, visible_alias = "interval-seconds", value_name = "SECONDS",
        env = "STEPSCALE_INTERVAL_SECONDS", value_parser = between_ticks, help_heading = LOOP)]
    pub(crate) interval: Option<Duration>,
    /// Seconds that an analysis may take, 1 to 86400 [default: the interval]
    #[arg(long, value_name = "SECONDS", env = "STEPSCALE_ANALYSIS_BUDGET_SECONDS",
        value_parser = analysis_budget, help_heading = LOOP)]
    pub(crate) analysis_budget_seconds: Option<Duration>,
    /// End after one tick
    #[arg(long, conflicts_with = "max_ticks", help_heading = LOOP)]
    pub(crate) once: bool,
    /// End after so many ticks
    #[arg(long, value_name = "COUNT", help_heading = LOOP)]
    pub(crate) max_ticks: Option<std::num::NonZeroU64>,
    /// End when this is so, and exit by it: verified, pending=0 or no-findings
    #[arg(long = "for", id = "goal", value_name = "GOAL", value_parser = words(&GOALS), help_heading = LOOP)]
    pub(crate) goal: Option<Goal>,
    /// End after this time: 2h, 90m; 0 for never [default: 0]
    #[arg(long, value_name = "TIME", value_parser = time_limit, help_heading = LOOP)]
    pub(crate) timeout: Option<TimeLimit>,
    /// Take part in an election, so that of several instances one writes [default: true with --lease-namespace]
    #[arg(long, value_name = "BOOL", env = "STEPSCALE_ENABLE_LEADER_ELECTION",
        value_parser = values::boolean, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", help_heading = LEADER)]
    pub(crate) enable_leader_election: Option<bool>,
    /// Lease that they share [default: stepscale-autoscaler-leader]
    #[arg(long, value_name = "NAME", env = "STEPSCALE_LEASE_NAME", value_parser = values::text, help_heading = LEADER)]
    pub(crate) lease_name: Option<String>,
    /// Its namespace [default: the context's]
    #[arg(long, value_name = "NAMESPACE", env = "STEPSCALE_LEASE_NAMESPACE",
        value_parser = values::namespace, help_heading = LEADER)]
    pub(crate) lease_namespace: Option<String>,
    /// Serve /metrics, /healthz and /readyz on this port of all addresses
    #[arg(long, value_name = "PORT", conflicts_with = "listen", help_heading = OUTPUT)]
    pub(crate) health_port: Option<u16>,
    /// The same on an address: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS", help_heading = OUTPUT)]
    pub(crate) listen: Option<SocketAddr>,
    /// How changes of state are told: text, jsonl, or github (annotations and a summary) [default: text]
    #[arg(short = 'o', long = "output", id = "told", value_name = "FORM", value_parser = words(&TOLD_AS),
        help_heading = OUTPUT)]
    pub(crate) form: Option<Form>,
    /// How log lines are written: human or json [default: human]
    #[arg(long, value_name = "FORM", value_parser = log_format, help_heading = OUTPUT)]
    pub(crate) log_format: Option<logging::Format>,
    /// With --once: exit with 1 for findings of this severity or above [default: never]
    #[arg(long, value_name = "LEVEL", value_parser = words(&values::FAIL_ON), help_heading = OUTPUT)]
    pub(crate) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
}

fn log_format(text: &str) -> Result<logging::Format, String> {
    text.parse()
        .map_err(|()| "expected human or json".to_owned())
}
