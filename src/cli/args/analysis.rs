//! What an analysis is asked for.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::forecast::ForecastArgs;
use crate::config::values;

const ANALYSIS: &str = "Analysis";

/// How to judge.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = ANALYSIS)]
pub(crate) struct AnalysisArgs {
    /// Say nothing about autoscalers with less history than this [default: 7]
    #[arg(long, value_name = "DAYS", value_parser = values::days)]
    pub(crate) min_history_days: Option<SignedDuration>,
    /// Extra load, as a share of it, that proposed settings must serve as well as today's do: 0.1 or 10% [default: 10%]
    #[arg(long, value_name = "SHARE", value_parser = values::share)]
    pub(crate) headroom: Option<f64>,
    /// Share of replica-hours that a change meant to save must save: 0.1 or 10% [default: 10%]
    #[arg(long = "min-effect", value_name = "SHARE", value_parser = values::share)]
    pub(crate) minimum_effect: Option<f64>,
    /// Shortfall a day, on the mean, to accept where today's settings have less: 90s, 5m [default: 0]
    #[arg(long, value_name = "DURATION", value_parser = values::time_of_each_day)]
    pub(crate) shortfall_budget: Option<SignedDuration>,
    /// Propose only changes that never take replicas away
    #[arg(long, value_name = "true|false", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) only_raise: Option<bool>,
    /// Propose only changes that save and never add replicas
    #[arg(long, value_name = "true|false", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) only_lower: Option<bool>,
    /// Allow one replica where the minimum is two or more today
    #[arg(long, value_name = "true|false", value_parser = values::boolean, num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(crate) allow_single: Option<bool>,
    /// Share of the days, whole ones and the last, to keep back: 0 to 0.9 or 90% [default: 30%]
    ///
    /// Settings are chosen on the days before and must hold on those kept back. The more are kept
    /// back, the fewer are left to choose on; with 0 all days are chosen on, and nothing shows
    /// that the choice holds on any other.
    #[arg(long, value_name = "SHARE", value_parser = values::holdout)]
    pub(crate) holdout: Option<f64>,
    #[command(flatten)]
    pub(crate) prices: PriceArgs,
    #[command(flatten)]
    pub(crate) forecast: ForecastArgs,
}

/// What requested resources cost.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = ANALYSIS)]
pub(crate) struct PriceArgs {
    /// Price of one requested CPU for one hour, to tell savings in money too
    #[arg(long = "cpu-hour-price", value_name = "USD", value_parser = values::price)]
    pub(crate) cpu_hour: Option<f64>,
    /// Price of one requested GiB of memory for one hour
    #[arg(long = "memory-gib-hour-price", value_name = "USD", value_parser = values::price)]
    pub(crate) gib_hour: Option<f64>,
    /// File of prices, for all and for single namespaces; the two flags go before what it has for all
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    /// Address of an OpenCost, whose costs of the window give the prices that neither flags nor file have
    #[arg(long, value_name = "URL", env = "STEPSCALE_OPENCOST_URL", hide_env_values = true, value_parser = values::url)]
    pub(crate) opencost_url: Option<String>,
}
