//! How changes on probation are judged, and whether to wait for that.

use std::time::Duration;

use super::act::records;
use super::{Origin, prometheus};
use crate::analysis::verification::Margins;
use crate::cli::args::probation::{LimitArgs, ProbationArgs, VerifyArgs, WaitArgs};
use crate::cli::args::{GlobalArgs, PrometheusArgs};
use crate::config::act::{Probation, VerifyConfig, Waiting};
use crate::config::{Window, values};
use crate::error::Error;
use crate::lifecycle::guard::Limits;
use crate::lifecycle::step::Policy;

/// Time between two looks. A sample comes every few minutes, and people look at it meanwhile.
const EVERY: Duration = Duration::from_secs(30);

pub(in crate::cli) fn verify(
    global: &GlobalArgs,
    args: &VerifyArgs,
    origin: &Origin<'_>,
) -> Result<VerifyConfig, Error> {
    let records = records(global, &args.records, origin)?;
    if args.adopt && records.names.is_empty() {
        return Err(Error::Usage {
            message: "expected the name of at least one recommendation to adopt".to_owned(),
            hint: Some("`kubectl stepscale status` lists them".to_owned()),
        });
    }
    Ok(VerifyConfig {
        records,
        adopt: args.adopt,
        probation: probation(&args.probation, &args.prometheus, origin)?,
        waiting: waiting(&args.waiting),
        form: args.form.unwrap_or_default(),
    })
}

pub(super) fn waiting(args: &WaitArgs) -> Waiting {
    match args.wait {
        false => Waiting::No,
        true => Waiting::Until {
            every: args.poll_interval.unwrap_or(EVERY),
            timeout: args.timeout.and_then(|it| it.0),
        },
    }
}

pub(super) fn probation(
    args: &ProbationArgs,
    prometheus: &PrometheusArgs,
    origin: &Origin<'_>,
) -> Result<Probation, Error> {
    Ok(Probation {
        policy: policy(args, origin)?,
        margins: Margins {
            cpu: origin.or(
                args.health_cpu_margin,
                "safety.healthCpuMargin",
                values::share,
                Margins::default().cpu,
            )?,
            ..Margins::default()
        },
        objectives: match args.slos.is_empty() {
            true => origin.file.list("safety.slos", values::slo)?,
            false => args.slos.clone(),
        },
        metrics: prometheus::metrics(prometheus, origin)?,
        step: origin.or(
            args.step,
            "metrics.stepSeconds",
            values::step,
            Window::default().step,
        )?,
    })
}

pub(super) fn policy(args: &ProbationArgs, origin: &Origin<'_>) -> Result<Policy, Error> {
    let default = Policy::default();
    let probation = origin.or(
        args.probation_window,
        "safety.probationWindowMinutes",
        values::minutes,
        default.probation,
    )?;
    let probation_max = origin.or(
        args.probation_max,
        "safety.probationMax",
        values::positive_length,
        default.probation_max.max(probation),
    )?;
    if probation_max < probation {
        return Err(Error::Usage {
            message: format!(
                "the longest probation, {probation_max:#}, is shorter than the probation itself, {probation:#}"
            ),
            hint: Some("raise --probation-max or lower --probation-window-minutes".to_owned()),
        });
    }
    Ok(Policy {
        probation,
        probation_max,
        rollback: origin.or(
            args.rollback_enabled,
            "safety.rollbackEnabled",
            values::boolean,
            default.rollback,
        )?,
    })
}

/// What is applied at most, for the reason to overrule owners that was given.
pub(super) fn limits(
    args: &LimitArgs,
    forced: Option<String>,
    origin: &Origin<'_>,
) -> Result<Limits, Error> {
    let most = origin.or_file(
        args.max_in_probation,
        "safety.maxInProbation",
        values::count,
    )?;
    let default = Limits::default();
    Ok(Limits {
        max_in_probation: most.map(usize::from),
        stop_on_revert: origin.or(
            args.stop_on_revert,
            "safety.stopOnRevert",
            values::boolean,
            default.stop_on_revert,
        )?,
        forced,
        ..default
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;
    use jiff::SignedDuration;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;

    fn decided(arguments: &[&str], file: &str) -> Result<VerifyConfig, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).unwrap();
        let file = File::read(&path)?;
        let line = ["x", "verify"].iter().chain(arguments);
        let matches = crate::cli::command(OsStr::new("x")).try_get_matches_from(line);
        let matches = matches.unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Verify(args) = cli.command else {
            panic!("not verify");
        };
        let typed = matches.subcommand().unwrap().1;
        verify(&cli.global, &args, &Origin::new(&file, typed))
    }

    #[test]
    fn a_probation_is_what_flags_and_the_file_say() {
        let file = "safety:\n  probationWindowMinutes: 60\n  probationMax: 30h\n  \
                    rollbackEnabled: false\n  healthCpuMargin: 20%\n  slos: ['errors=rate(x[5m]) < 1']\n";
        let config = decided(&["web"], file).unwrap();
        let Probation {
            policy,
            margins,
            objectives,
            ..
        } = config.probation;
        let expected = Policy {
            probation: SignedDuration::from_mins(60),
            probation_max: SignedDuration::from_hours(30),
            rollback: false,
        };
        assert_eq!(policy, expected);
        assert!((margins.cpu - 0.2).abs() < 1e-9);
        assert_eq!(objectives.len(), 1);
        assert_eq!(config.waiting, Waiting::No);
        let typed = [
            "web",
            "--probation",
            "5",
            "--rollback-enabled",
            "--slo",
            "p99=q < 1",
            "--slo",
            "p50=q < 0.1",
            "--wait",
            "--timeout",
            "2h",
        ];
        let config = decided(&typed, file).unwrap();
        assert_eq!(config.probation.policy.probation.as_mins(), 5);
        assert!(config.probation.policy.rollback);
        assert_eq!(config.probation.objectives.len(), 2);
        let expected = Waiting::Until {
            every: EVERY,
            timeout: Some(Duration::from_secs(7200)),
        };
        assert_eq!(config.waiting, expected);
    }

    #[test]
    fn the_longest_probation_is_no_shorter_than_the_usual_one() {
        let long = decided(&["web", "--probation", "2000"], "").unwrap();
        assert_eq!(long.probation.policy.probation_max.as_mins(), 2000);
        let refused = decided(&["web", "--probation-max", "10m"], "");
        assert!(matches!(refused, Err(Error::Usage { .. })), "{refused:?}");
        let refused = decided(&["--adopt"], "");
        assert!(matches!(refused, Err(Error::Usage { .. })), "{refused:?}");
    }
}
