//! What may be typed about changes on probation.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;

use super::act::RecordsArgs;
use super::{PrometheusArgs, TimeLimit, time_limit, words};
use crate::config::act::{LIST_FORMS, ListForm};
use crate::config::values;
use crate::units::Step;

const PROBATION: &str = "Probation";
const SAFETY: &str = "Safety";
const OUTPUT: &str = "Output";

/// Judge changes on probation
///
/// Compares what happened since a change with what the old settings would have done on the same
/// load. What did harm is taken back; what is healthy and has seen a daily peak is verified; what
/// cannot be told yet stays on probation. Without names, all that are on probation.
///
/// Exits with 0 where nothing speaks against them, 6 where a change did harm, 4 where it could not
/// be measured and, with --wait, 7 where the time was over before it was proved.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) records: RecordsArgs,
    /// Put on probation what others have put in force, such as a GitOps controller after a merge
    #[arg(long, help_heading = PROBATION)]
    pub(crate) adopt: bool,
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    #[command(flatten)]
    pub(crate) probation: ProbationArgs,
    /// Print the recommendations afterwards: json, yaml or name [default: none]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = words(&LIST_FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<ListForm>,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// Whether to wait for the verdict.
#[derive(Args, Debug)]
#[command(next_help_heading = PROBATION)]
pub(crate) struct WaitArgs {
    /// Wait until each change is verified or taken back, and exit by the verdict
    #[arg(long)]
    pub(crate) wait: bool,
    /// Wait no longer than this: 2h, 90m; 0 for as long as it takes [default: 0]
    #[arg(long, value_name = "TIME", value_parser = time_limit, requires = "wait")]
    pub(crate) timeout: Option<TimeLimit>,
    /// Time between two looks [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = values::positive_timeout, requires = "wait")]
    pub(crate) poll_interval: Option<Duration>,
}

/// What is applied at most.
#[derive(Args, Debug)]
pub(crate) struct LimitArgs {
    /// Apply nothing more while so many are on probation
    #[arg(long, value_name = "COUNT", help_heading = SAFETY)]
    pub(crate) max_in_probation: Option<NonZeroUsize>,
    /// Apply nothing more once one has degraded or was reverted
    #[arg(long, value_name = "BOOL", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true", help_heading = SAFETY)]
    pub(crate) stop_on_revert: Option<bool>,
}

/// How changes are judged.
#[derive(Args, Debug)]
#[command(next_help_heading = PROBATION)]
pub(crate) struct ProbationArgs {
    /// Minutes that a change is watched before it counts as verified, at least 1 [default: 45]
    #[arg(long = "probation-window-minutes", visible_alias = "probation", value_name = "MINUTES",
        env = "STEPSCALE_PROBATION_WINDOW_MINUTES", value_parser = values::minutes)]
    pub(crate) probation_window: Option<jiff::SignedDuration>,
    /// Longest probation where no daily peak is seen or too little is known [default: 26h]
    #[arg(long, value_name = "TIME", env = "STEPSCALE_PROBATION_MAX",
        value_parser = values::positive_length)]
    pub(crate) probation_max: Option<jiff::SignedDuration>,
    /// Whether what did harm is taken back at once [default: true]
    #[arg(long, value_name = "BOOL", env = "STEPSCALE_ROLLBACK_ENABLED", value_parser = values::boolean,
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) rollback_enabled: Option<bool>,
    /// Share of the request by which mean CPU may be above the target: 0.15, 15% [default: 15%]
    #[arg(long, value_name = "SHARE", env = "STEPSCALE_HEALTH_CPU_MARGIN", value_parser = values::share)]
    pub(crate) health_cpu_margin: Option<f64>,
    /// Objective that a change has to keep: 'p99=QUERY < 0.3', with {namespace}, {name} and {target};
    /// may be repeated
    #[arg(long = "slo", id = "slos", value_name = "NAME=QUERY<LIMIT", value_parser = values::slo)]
    pub(crate) slos: Vec<crate::lifecycle::slo::Slo>,
    /// Seconds between two samples, 15 to 3600 [default: 300]
    #[arg(long = "metrics-step-seconds", value_name = "SECONDS",
        env = "STEPSCALE_METRICS_STEP_SECONDS", value_parser = values::step)]
    pub(crate) step: Option<Step>,
}
