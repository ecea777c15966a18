//! How loads are foretold.

use clap::Args;
use jiff::SignedDuration;

use crate::config::values;

const FORECASTS: &str = "Forecasts";

/// Peaks that recur, and schedules for them.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = FORECASTS)]
pub(crate) struct ForecastArgs {
    /// Look for peaks that recur, foretell the coming week and propose schedules [default: true]
    #[arg(long, value_name = "BOOL", env = "STEPSCALE_ENABLE_FORECASTING", value_parser = values::boolean,
        num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) enable_forecasting: Option<bool>,
    /// Foretell nothing from less history than this, at least 5 [default: 14]
    #[arg(long, value_name = "DAYS", env = "STEPSCALE_FORECAST_MIN_HISTORY_DAYS",
        value_parser = values::forecast_days)]
    pub(crate) forecast_min_history_days: Option<u32>,
    /// Minutes of the wall clock whose mean load is foretold: a divisor of a day, 15 to 360 [default: 60]
    #[arg(long, value_name = "MINUTES", env = "STEPSCALE_FORECAST_BIN_MINUTES",
        value_parser = values::bin_minutes)]
    pub(crate) forecast_bin_minutes: Option<u32>,
    /// Share of the time within which the load stays below what replicas are kept for: 0.95, 95% [default: 95%]
    #[arg(long, value_name = "SHARE", env = "STEPSCALE_FORECAST_QUANTILE",
        value_parser = values::forecast_quantile)]
    pub(crate) forecast_quantile: Option<f64>,
    /// Autocorrelation at one day or week and at two, from which a load recurs: 0 to 1 [default: 0.3]
    #[arg(long, value_name = "SHARE", env = "STEPSCALE_PERIODICITY_THRESHOLD", value_parser = values::share)]
    pub(crate) periodicity_threshold: Option<f64>,
    /// Minutes before a peak at which replicas are to be there [default: as long as a pod takes to start]
    #[arg(long, value_name = "MINUTES", env = "STEPSCALE_PRESCALE_LEAD_MINUTES",
        value_parser = values::lead_minutes)]
    pub(crate) prescale_lead_minutes: Option<SignedDuration>,
    /// Time zone whose clock loads go by, such as Europe/Berlin [default: inferred from the history, else UTC]
    #[arg(long, value_name = "ZONE", env = "STEPSCALE_TIME_ZONE", value_parser = values::time_zone)]
    pub(crate) time_zone: Option<String>,
}
