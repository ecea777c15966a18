//! What an analysis is asked for.

use clap::Args;
use jiff::SignedDuration;

use crate::config::values;

const ANALYSIS: &str = "Analysis";

/// How to judge.
#[derive(Args, Debug)]
#[command(next_help_heading = ANALYSIS)]
pub(crate) struct AnalysisArgs {
    /// Say nothing about autoscalers with less history than this [default: 7]
    #[arg(long, value_name = "DAYS", value_parser = values::days)]
    pub(crate) min_history_days: Option<SignedDuration>,
    /// Replicas to keep beyond what the load asks for: 0.1 or 10% [default: 10%]
    #[arg(long, value_name = "SHARE", value_parser = values::share)]
    pub(crate) headroom: Option<f64>,
    /// Allow one replica where the minimum is two or more today
    #[arg(long, value_name = "true|false", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) allow_single: Option<bool>,
}
