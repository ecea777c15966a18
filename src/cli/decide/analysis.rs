//! What an analysis is asked for.

use super::Origin;
use crate::analysis::AnalysisSettings;
use crate::cli::args::AnalysisArgs;
use crate::config::{Window, values};
use crate::error::Error;

pub(super) fn settings(
    args: &AnalysisArgs,
    window: Window,
    origin: &Origin<'_>,
) -> Result<AnalysisSettings, Error> {
    let default = AnalysisSettings::default();
    Ok(AnalysisSettings {
        window: window.length(),
        min_history: origin.or(
            args.min_history_days,
            "analysis.minHistoryDays",
            values::days,
            default.min_history,
        )?,
        headroom: origin.or(
            args.headroom,
            "analysis.headroom",
            values::share,
            default.headroom,
        )?,
        allow_single: origin.or(
            args.allow_single,
            "analysis.allowSingle",
            values::boolean,
            default.allow_single,
        )?,
        ..default
    })
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::tests::decided;
    use super::*;

    fn settings(line: &str, file: &str) -> AnalysisSettings {
        decided(line, file).unwrap().analysis
    }

    #[test]
    fn nothing_said_is_the_default_of_the_analysis() {
        assert_eq!(settings("x analyze", ""), AnalysisSettings::default());
    }

    #[test]
    fn flags_beat_the_file_key_by_key() {
        let file = "analysis: {minHistoryDays: 3, headroom: 20%, allowSingle: true}\n";
        let expected = AnalysisSettings {
            window: SignedDuration::from_hours(7 * 24),
            min_history: SignedDuration::from_hours(3 * 24),
            headroom: 0.3,
            allow_single: false,
            ..AnalysisSettings::default()
        };
        let line = "x analyze --window-days 7 --headroom 0.3 --allow-single=false";
        assert_eq!(settings(line, file), expected);
    }
}
