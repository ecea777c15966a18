//! How loads are foretold.

use super::Origin;
use crate::analysis::forecast::Forecasting;
use crate::cli::args::forecast::ForecastArgs;
use crate::config::values;
use crate::error::Error;

pub(super) fn settings(args: &ForecastArgs, origin: &Origin<'_>) -> Result<Forecasting, Error> {
    let default = Forecasting::default();
    Ok(Forecasting {
        enabled: origin.or(
            args.enable_forecasting,
            "forecasting.enabled",
            values::boolean,
            default.enabled,
        )?,
        min_history_days: origin.or(
            args.forecast_min_history_days,
            "forecasting.minHistoryDays",
            values::forecast_days,
            default.min_history_days,
        )?,
        bin_minutes: origin.or(
            args.forecast_bin_minutes,
            "forecasting.binMinutes",
            values::bin_minutes,
            default.bin_minutes,
        )?,
        quantile: origin.or(
            args.forecast_quantile,
            "forecasting.quantile",
            values::forecast_quantile,
            default.quantile,
        )?,
        threshold: origin.or(
            args.periodicity_threshold,
            "forecasting.periodicityThreshold",
            values::share,
            default.threshold,
        )?,
        lead: origin.or_file(
            args.prescale_lead_minutes,
            "forecasting.prescaleLeadMinutes",
            values::lead_minutes,
        )?,
        time_zone: origin.or_file(
            args.time_zone.clone(),
            "forecasting.timeZone",
            values::time_zone,
        )?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::tests::decided;
    use super::*;

    fn settings(line: &str, file: &str) -> Forecasting {
        decided(line, file).unwrap().analysis.forecasting
    }

    const FILE: &str = "forecasting: {enabled: false, minHistoryDays: 21, binMinutes: 30, \
                        quantile: 90%, periodicityThreshold: 0.5, prescaleLeadMinutes: 10, \
                        timeZone: Europe/Berlin}\n";

    #[test]
    fn the_file_beats_the_defaults() {
        assert_eq!(settings("x analyze", ""), Forecasting::default());
        let expected = Forecasting {
            enabled: false,
            min_history_days: 21,
            bin_minutes: 30,
            quantile: 0.9,
            threshold: 0.5,
            lead: Some(SignedDuration::from_mins(10)),
            time_zone: Some("Europe/Berlin".to_owned()),
        };
        assert_eq!(settings("x analyze", FILE), expected);
    }

    #[test]
    fn flags_beat_the_file() {
        let line = "x analyze --enable-forecasting --forecast-min-history-days 7 \
                    --forecast-bin-minutes 120 --forecast-quantile 0.99 --periodicity-threshold 0.2 \
                    --prescale-lead-minutes 0 --time-zone America/New_York";
        let expected = Forecasting {
            enabled: true,
            min_history_days: 7,
            bin_minutes: 120,
            quantile: 0.99,
            threshold: 0.2,
            lead: Some(SignedDuration::ZERO),
            time_zone: Some("America/New_York".to_owned()),
        };
        assert_eq!(settings(line, FILE), expected);
    }

    #[test]
    fn values_of_the_file_are_held_to_the_same_limits() {
        for file in [
            "forecasting: {minHistoryDays: 4}\n",
            "forecasting: {binMinutes: 7}\n",
            "forecasting: {quantile: 0.5}\n",
            "forecasting: {timeZone: Mars/Olympus}\n",
        ] {
            let refused = decided("x analyze", file);
            assert!(matches!(refused, Err(Error::ConfigFile(_))), "{file}");
        }
    }
}
