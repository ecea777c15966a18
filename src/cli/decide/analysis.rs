//! What an analysis is asked for.

use std::path::PathBuf;

use super::{Origin, forecast};
use crate::analysis::prices::PriceList;
use crate::analysis::{AnalysisSettings, Course, Prices};
use crate::cli::args::AnalysisArgs;
use crate::cli::args::analysis::PriceArgs;
use crate::config::{Window, prices, values};
use crate::error::Error;
use crate::opencost;

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
        minimum_effect: origin.or(
            args.minimum_effect,
            "analysis.minEffect",
            values::share,
            default.minimum_effect,
        )?,
        allow_single: origin.or(
            args.allow_single,
            "analysis.allowSingle",
            values::boolean,
            default.allow_single,
        )?,
        shortfall_budget: origin.or(
            args.shortfall_budget,
            "analysis.shortfallBudget",
            values::time_of_each_day,
            default.shortfall_budget,
        )?,
        course: course(args, origin, default.course)?,
        holdout: origin.or(
            args.holdout,
            "analysis.holdout",
            values::holdout,
            default.holdout,
        )?,
        forecasting: forecast::settings(&args.forecast, origin)?,
        prices: prices(&args.prices, origin)?,
        portrait: None,
    })
}

/// The one that was typed, or that of the file unless `=false` takes it back.
fn course(args: &AnalysisArgs, origin: &Origin<'_>, default: Course) -> Result<Course, Error> {
    let parse = |it: &str| values::COURSES.parse(it);
    let otherwise = origin.or(None, "analysis.course", parse, default)?;
    match (args.only_raise, args.only_lower) {
        (Some(true), Some(true)) => Err(Error::Usage {
            message: "--only-raise and --only-lower leave nothing to propose".to_owned(),
            hint: Some("pass one of them, or neither for changes both ways".to_owned()),
        }),
        (Some(true), Some(false) | None) => Ok(Course::OnlyRaise),
        (Some(false) | None, Some(true)) => Ok(Course::OnlyLower),
        (raise @ (Some(false) | None), lower @ (Some(false) | None)) => {
            let is_taken_back = match otherwise {
                Course::Any => false,
                Course::OnlyRaise => raise.is_some(),
                Course::OnlyLower => lower.is_some(),
            };
            Ok(if is_taken_back {
                Course::Any
            } else {
                otherwise
            })
        }
    }
}

/// Those of the flags go before those that a file has for everywhere.
pub(super) fn prices(args: &PriceArgs, origin: &Origin<'_>) -> Result<PriceList, Error> {
    let cpu_hour = origin.or_file(args.cpu_hour, "prices.cpuHour", values::price)?;
    let gib_hour = origin.or_file(args.gib_hour, "prices.memoryGibHour", values::price)?;
    let path = |it: &str| values::text(it).map(PathBuf::from);
    let file = origin.or_file(args.prices.clone(), "prices.file", path)?;
    let mut list = match file {
        Some(path) => prices::read(&path)?,
        None => PriceList::default(),
    };
    list.everywhere = Prices {
        cpu_hour: cpu_hour.or(list.everywhere.cpu_hour),
        gib_hour: gib_hour.or(list.everywhere.gib_hour),
    };
    Ok(list)
}

/// Whom to ask for what these have no price for.
pub(super) fn opencost(
    args: &PriceArgs,
    origin: &Origin<'_>,
) -> Result<Option<opencost::Options>, Error> {
    let typed = args.opencost_url.clone();
    let url = origin.or_file(typed, "prices.opencostUrl", values::url)?;
    Ok(url.map(opencost::Options::new))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::super::tests::decided;
    use super::*;
    use crate::analysis::forecast::Forecasting;

    fn settings(line: &str, file: &str) -> AnalysisSettings {
        decided(line, file).unwrap().analysis
    }

    /// Every key of the analysis, each with another value than the default.
    const FILE: &str = "analysis: {minHistoryDays: 3, headroom: 20%, minEffect: 0.05, \
                        shortfallBudget: 90s, course: raise, allowSingle: true, holdout: 0}\n\
                        prices: {cpuHour: 0.03, memoryGibHour: 0.004}\n";

    #[test]
    fn nothing_said_is_the_default_of_the_analysis() {
        assert_eq!(settings("x analyze", ""), AnalysisSettings::default());
    }

    #[test]
    fn the_file_beats_the_defaults() {
        let expected = AnalysisSettings {
            window: SignedDuration::from_hours(14 * 24),
            min_history: SignedDuration::from_hours(3 * 24),
            headroom: 0.2,
            minimum_effect: 0.05,
            allow_single: true,
            shortfall_budget: SignedDuration::from_secs(90),
            course: Course::OnlyRaise,
            holdout: 0.0,
            forecasting: Forecasting::default(),
            prices: PriceList::from(Prices {
                cpu_hour: Some(0.03),
                gib_hour: Some(0.004),
            }),
            portrait: None,
        };
        assert_eq!(settings("x analyze", FILE), expected);
    }

    #[test]
    fn flags_beat_the_file() {
        let line = "x analyze --window-days 7 --min-history-days 2 --headroom 30% --min-effect 0 \
                    --shortfall-budget 5m --only-lower --allow-single=false --holdout 0.5 \
                    --cpu-hour-price 0.05 --memory-gib-hour-price 0";
        let expected = AnalysisSettings {
            window: SignedDuration::from_hours(7 * 24),
            min_history: SignedDuration::from_hours(2 * 24),
            headroom: 0.3,
            minimum_effect: 0.0,
            allow_single: false,
            shortfall_budget: SignedDuration::from_mins(5),
            course: Course::OnlyLower,
            holdout: 0.5,
            forecasting: Forecasting::default(),
            prices: PriceList::from(Prices {
                cpu_hour: Some(0.05),
                gib_hour: Some(0.0),
            }),
            portrait: None,
        };
        assert_eq!(settings(line, FILE), expected);
    }

    #[test]
    fn prices_of_a_file_are_for_what_no_flag_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prices.yaml");
        let text = "cpuHour: 0.03\nmemoryGibHour: 0.004\nnamespaces: {batch: {cpuHour: 0.01}}\n";
        std::fs::write(&path, text).unwrap();
        let line = format!(
            "x analyze --prices {} --cpu-hour-price 0.05",
            path.display()
        );
        let list = settings(&line, "").prices;
        let prices = |cpu| Prices {
            cpu_hour: Some(cpu),
            gib_hour: Some(0.004),
        };
        assert_eq!(list.of("shop"), prices(0.05));
        assert_eq!(list.of("batch"), prices(0.01));
        let refused = decided("x analyze --prices /nowhere", "").unwrap_err();
        assert_eq!(refused.exit().code(), 2);
    }

    #[test]
    fn an_opencost_is_that_of_the_flag_before_that_of_the_file() {
        let url = |line: &str, file: &str| {
            let decided = decided(line, file).unwrap();
            decided.opencost.map(|it| it.url)
        };
        let file = "prices: {opencostUrl: http://file:9003/}\n";
        let flag = "x analyze --opencost-url http://me:pw@flag/model";
        for (line, file, expected) in [
            ("x analyze", "", None),
            ("x analyze", file, Some("http://file:9003")),
            (flag, file, Some("http://me:pw@flag/model")),
            (
                "x analyze --from f --opencost-url http://o",
                "",
                Some("http://o"),
            ),
        ] {
            assert_eq!(url(line, file).as_deref(), expected, "{line}");
        }
        let refused = decided("x analyze", "prices: {opencostUrl: opencost}\n");
        assert!(matches!(refused, Err(Error::ConfigFile(_))), "{refused:?}");
    }

    #[test]
    fn a_course_is_typed_or_taken_back() {
        let cases = [
            ("--only-raise", "any", Course::OnlyRaise),
            ("--only-raise", "lower", Course::OnlyRaise),
            (
                "--only-lower --only-raise=false",
                "raise",
                Course::OnlyLower,
            ),
            ("--only-raise=false", "raise", Course::Any),
            ("--only-lower=false", "lower", Course::Any),
            ("--only-lower=false", "raise", Course::OnlyRaise),
            (
                "--only-raise=false --only-lower=false",
                "lower",
                Course::Any,
            ),
            ("-A", "lower", Course::OnlyLower),
        ];
        for (flags, course, expected) in cases {
            let file = format!("analysis: {{course: {course}}}\n");
            let settings = settings(&format!("x analyze {flags}"), &file);
            assert_eq!(settings.course, expected, "{flags}, {course}");
        }
    }

    #[test]
    fn both_courses_are_refused_with_the_way_out() {
        let refused = decided("x analyze --only-raise --only-lower", "").unwrap_err();
        assert_eq!(
            refused.render(),
            "error: --only-raise and --only-lower leave nothing to propose\n\
             hint: pass one of them, or neither for changes both ways\n"
        );
        assert_eq!(refused.exit().code(), 2);
    }

    #[test]
    fn values_of_the_file_are_held_to_the_same_limits() {
        for file in [
            "analysis: {holdout: 0.95}\n",
            "analysis: {shortfallBudget: 25h}\n",
            "analysis: {course: up}\n",
            "analysis: {minEffect: 15}\n",
            "prices: {cpuHour: -1}\n",
            "prices: {memoryGibHour: .inf}\n",
        ] {
            let refused = decided("x analyze", file);
            assert!(matches!(refused, Err(Error::ConfigFile(_))), "{file}");
        }
    }
}
