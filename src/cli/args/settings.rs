//! Flags that are settings.

use clap::Args;

use super::act::AuditArgs;
use super::license::LicenseArgs;
use super::probation::{LimitArgs, ProbationArgs};
use super::webhook::WebhookArgs;
use super::{AnalysisArgs, HISTORY, LlmArgs, PrometheusArgs};
use crate::config::values;

/// The settings of a `watch`, which does what all others do; `config view` tells where each is from.
#[derive(Args, Debug)]
pub(crate) struct SettingArgs {
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Days of history to look at, 1 to 366 [default: 14]
    #[arg(long = "metrics-window-days", visible_alias = "window-days", value_name = "DAYS",
        env = "STEPSCALE_METRICS_WINDOW_DAYS", value_parser = values::window_days, help_heading = HISTORY)]
    pub(crate) window_days: Option<u32>,
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
