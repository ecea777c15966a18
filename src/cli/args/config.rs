//! What may be typed after `config`.

use clap::{Args, Subcommand};

use super::analysis::AnalysisArgs;
use super::license::LicenseArgs;
use super::probation::{LimitArgs, ProbationArgs};
use super::webhook::WebhookArgs;
use super::{AuditArgs, LlmArgs, PrometheusArgs, words};
use crate::config::FailOn;
use crate::config::license::{FORMS, Form};
use crate::config::values::{self, FAIL_ON};

const HISTORY: &str = "History";
const OUTPUT: &str = "Output";

/// Show the settings that count, and where each comes from
///
/// Flags beat environment variables, these beat the configuration file, and that beats the defaults.
#[derive(Subcommand, Debug)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) enum ConfigCommand {
    View(Box<ConfigViewArgs>),
    Path(ConfigPathArgs),
}

/// Print every setting with its value and its origin
///
/// The origin is a flag, an environment variable, a line of the configuration file, or the default.
/// Takes the flags of all subcommands that are settings, so that the same line can be tried here.
/// Values that may be secret are `(set)`. Asks no cluster.
#[derive(Args, Debug)]
pub(crate) struct ConfigViewArgs {
    /// Form of the list [default: table]
    #[arg(short = 'o', long = "output", id = "settings-form", value_name = "FORM", value_parser = words(&FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<Form>,
    /// Exit with 1 for findings of this severity or above [default: never]
    #[arg(long, value_name = "LEVEL", value_parser = words(&FAIL_ON), help_heading = OUTPUT)]
    pub(crate) fail_on: Option<FailOn>,
    /// Days of history to look at, 1 to 366 [default: 14]
    #[arg(long = "metrics-window-days", visible_alias = "window-days", value_name = "DAYS",
        env = "STEPSCALE_METRICS_WINDOW_DAYS", value_parser = values::window_days, help_heading = HISTORY)]
    pub(crate) window_days: Option<u32>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) analysis: AnalysisArgs,
    #[command(flatten)]
    pub(crate) probation: ProbationArgs,
    #[command(flatten)]
    pub(crate) license: LicenseArgs,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    #[command(flatten)]
    pub(crate) webhook: WebhookArgs,
    #[command(flatten)]
    pub(crate) llm: LlmArgs,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// Print the path of the configuration file
///
/// The one that is read, whether it exists or not.
#[derive(Args, Debug)]
pub(crate) struct ConfigPathArgs {}
