//! How loads are foretold.

use jiff::SignedDuration;

use super::{MOST_DAYS, in_range, share};
use crate::analysis::forecast::LEAST_DAYS;
use crate::keda::trigger::cron::Zone;

/// Shortest and longest time that is foretold at once: a peak of a lunch has several of the longest.
const BINS: std::ops::RangeInclusive<u32> = 15..=360;
const DAY_MINUTES: u32 = 24 * 60;
/// A quantile must be above the median; of the last thousandth nothing is known in weeks.
const HIGHEST_QUANTILE: f64 = 0.999;

/// Whole days of history without which nothing is foretold.
pub(crate) fn forecast_days(text: &str) -> Result<u32, String> {
    in_range(text, LEAST_DAYS, MOST_DAYS, "whole number of days")
}

/// Whole minutes that a day is divided into.
pub(crate) fn bin_minutes(text: &str) -> Result<u32, String> {
    let minutes = text.parse::<u32>().ok();
    minutes
        .filter(|it| BINS.contains(it) && DAY_MINUTES.is_multiple_of(*it))
        .ok_or_else(|| {
            "expected minutes that divide a day, such as 15, 30, 60 or 120, at most 360".to_owned()
        })
}

/// A share of the time above half of it.
pub(crate) fn forecast_quantile(text: &str) -> Result<f64, String> {
    let quantile = share(text).ok();
    quantile
        .filter(|it| *it > 0.5 && *it <= HIGHEST_QUANTILE)
        .ok_or_else(|| {
            "expected a share such as 0.95 or 95%, above 50% and at most 99.9%".to_owned()
        })
}

/// Whole minutes, none included; a day at most.
pub(crate) fn lead_minutes(text: &str) -> Result<SignedDuration, String> {
    let minutes = in_range(text, 0, DAY_MINUTES, "whole number of minutes")?;
    Ok(SignedDuration::from_mins(minutes.into()))
}

/// A zone of the IANA database.
pub(crate) fn time_zone(text: &str) -> Result<String, String> {
    // Both are UTC to KEDA, and a mistake here.
    if matches!(text, "" | "Local") {
        return Err("expected a name such as Europe/Berlin or UTC".to_owned());
    }
    let zone = Zone::named(text).map_err(|it| it.to_string());
    zone.map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_forecasts_are_held_to_their_limits() {
        assert_eq!(forecast_days("5"), Ok(5));
        assert!(forecast_days("4").is_err());
        assert_eq!(bin_minutes("90"), Ok(90));
        for bad in ["0", "7", "10", "480", "50", "x"] {
            assert!(bin_minutes(bad).is_err(), "{bad}");
        }
        assert_eq!(forecast_quantile("99%"), Ok(0.99));
        for bad in ["0.5", "50%", "1", "x"] {
            assert!(forecast_quantile(bad).is_err(), "{bad}");
        }
        assert_eq!(lead_minutes("0"), Ok(SignedDuration::ZERO));
        assert!(lead_minutes("1441").is_err());
        assert_eq!(time_zone("Europe/Berlin"), Ok("Europe/Berlin".to_owned()));
        assert_eq!(time_zone("UTC"), Ok("UTC".to_owned()));
        for bad in ["", "Local", "Berlin", "europe/berlin", "CEST"] {
            assert!(time_zone(bad).is_err(), "{bad}");
        }
    }
}
