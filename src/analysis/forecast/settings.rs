//! How loads are foretold, as users set it.

use jiff::SignedDuration;

use super::{Asked, Batch, Forecast, NoForecast, Recurrence, batch, forecast, recurrence};
use crate::series::Series;

/// Whether the coming week of a load is foretold, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecasting {
    /// Without it, nothing is told or proposed that a forecast says.
    pub enabled: bool,
    /// No forecast of less known history than this. 14: two of every weekday.
    pub min_history_days: u32,
    /// How long a time of the wall clock is of which the mean is foretold; a divisor of the 1,440 minutes
    /// of a day. 60.
    pub bin_minutes: u32,
    /// The share of the time within which a load stays below what replicas are kept for. 0.95.
    pub quantile: f64,
    /// Autocorrelation at one period and at two, from which a load counts as recurring. 0.3.
    pub threshold: f64,
    /// How long before a peak replicas are to be there; the measured time that a pod takes to start
    /// where `None`.
    pub lead: Option<SignedDuration>,
    /// The zone of the IANA database whose clock loads go by; inferred from each where `None`.
    pub time_zone: Option<String>,
}

impl Default for Forecasting {
    fn default() -> Self {
        Self {
            enabled: true,
            min_history_days: 14,
            bin_minutes: 60,
            quantile: 0.95,
            threshold: 0.3,
            lead: None,
            time_zone: None,
        }
    }
}

impl Forecasting {
    /// The coming week of a load, `enabled` or not.
    ///
    /// # Errors
    /// As [`forecast`].
    pub fn forecast(&self, series: &Series) -> Result<Forecast, NoForecast> {
        forecast(&self.asked(series))
    }

    /// The batch that a load has within the hour, `enabled` or not; as [`batch()`].
    pub fn batch(&self, series: &Series) -> Option<Batch> {
        batch(&self.asked(series))
    }

    /// Whether a load recurs, `enabled` or not.
    ///
    /// # Errors
    /// As [`recurrence`].
    pub fn recurrence(&self, series: &Series) -> Result<Recurrence, NoForecast> {
        recurrence(&self.asked(series))
    }

    fn asked<'a>(&'a self, series: &'a Series) -> Asked<'a> {
        Asked {
            series,
            zone: self.time_zone.as_deref(),
            bin_minutes: self.bin_minutes,
            quantile: self.quantile,
            min_history_days: self.min_history_days,
            threshold: self.threshold,
        }
    }
}
