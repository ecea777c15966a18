//! The settings that count, and where each comes from.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::{FLAG_OF_KEY, Origin, TimeLimit, settings};
use crate::cli::args::config::ConfigViewArgs;
use crate::cli::args::time_limit;
use crate::cli::conflicts::CONNECTION;
use crate::config::file::{KEYS, Text};
use crate::config::values::{COLORS, FAIL_ON};
use crate::config::view::{self, Setting, ViewConfig, shown};
use crate::config::{Format, license::Form};
use crate::error::Error;

/// What no flag tells the default of.
const DEFAULTS: [(&str, &str); 9] = [
    ("prometheus.enabled", "true"),
    ("prometheus.insecure", "false"),
    ("analysis.course", "any"),
    ("analysis.allowSingle", "false"),
    ("safety.stopOnRevert", "false"),
    ("webhook.redact", "false"),
    ("audit.logFormat", "json"),
    ("audit.policy", "level: Request"),
    ("output.format", "table"),
];

/// Refuses what is no setting, reads every value as the other subcommands do, so that a bad one is told
/// here too, and says of each where it is from. `command` is `config view`, whose flags they are.
pub(in crate::cli) fn config_view(
    args: &ConfigViewArgs,
    text: &Text,
    command: &Command,
    origin: &Origin<'_>,
) -> Result<ViewConfig, Error> {
    refuse_others(origin)?;
    check(args, origin)?;
    let settings = KEYS
        .into_iter()
        .map(|key| setting(key, text, command, origin))
        .collect();
    let path = text.path();
    Ok(ViewConfig {
        file: (!path.as_os_str().is_empty()).then(|| path.display().to_string()),
        settings,
        form: form(args.form, origin)?,
    })
}

fn refuse_others(origin: &Origin<'_>) -> Result<(), Error> {
    let others = CONNECTION.into_iter().filter(|it| *it != "request_timeout");
    match others.chain(["namespace"]).find(|it| origin.is_typed(it)) {
        None => Ok(()),
        Some(flag) => Err(Error::Usage {
            message: format!("--{flag} has no effect: settings belong to no cluster"),
            hint: Some("leave it out".to_owned()),
        }),
    }
}

fn check(args: &ConfigViewArgs, origin: &Origin<'_>) -> Result<(), Error> {
    settings::settings(&args.settings, origin)?;
    origin.or_file(args.fail_on, "analysis.failOn", |it| FAIL_ON.parse(it))?;
    let typed: Option<TimeLimit> = None;
    origin.or_file(typed, "cluster.requestTimeout", time_limit)?;
    origin.or_file(None, "output.color", |it| COLORS.parse(it))?;
    Ok(())
}

fn form(typed: Option<Form>, origin: &Origin<'_>) -> Result<Form, Error> {
    Ok(typed.unwrap_or(match origin.format_in_file()? {
        Some(Format::Json) => Form::Json,
        Some(Format::Yaml) => Form::Yaml,
        Some(Format::Table | Format::Wide | Format::Name) | None => Form::Table,
    }))
}

fn setting(key: &'static str, text: &Text, command: &Command, origin: &Origin<'_>) -> Setting {
    // How settings are listed is not how a report is.
    let flags = FLAG_OF_KEY
        .iter()
        .filter(|it| it.0 == key && it.0 != "output.format");
    let flags: Vec<&Arg> = flags.filter_map(|it| flag(command, it.1)).collect();
    let given = flags
        .iter()
        .filter_map(|arg| given(key, arg, origin.matches))
        .min_by_key(|it| matches!(it.1, view::Origin::Environment(_)));
    let in_file = || {
        let value = origin.file.shown(key)?;
        Some((value, view::Origin::File(text.line(key))))
    };
    let (value, origin) = match given.or_else(in_file) {
        Some((value, origin)) => (Some(shown(key, &value)), origin),
        None => (default(key, &flags), view::Origin::Default),
    };
    Setting { key, value, origin }
}

fn flag<'c>(command: &'c Command, long: &str) -> Option<&'c Arg> {
    command
        .get_arguments()
        .find(|it| it.get_long() == Some(long))
}

/// What was typed for a flag, or stands in its variable.
fn given(key: &str, arg: &Arg, matches: &ArgMatches) -> Option<(String, view::Origin)> {
    let id = arg.get_id().as_str();
    let long = arg.get_long()?;
    let origin = match matches.value_source(id)? {
        ValueSource::CommandLine => view::Origin::Flag(format!("--{long}")),
        ValueSource::EnvVariable => {
            view::Origin::Environment(arg.get_env()?.to_string_lossy().into_owned())
        }
        _ => return None,
    };
    let raw: Vec<OsString> = matches
        .get_raw(id)
        .into_iter()
        .flatten()
        .map(OsString::from)
        .collect();
    let raw: Vec<String> = raw
        .iter()
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    let value = match (key, long, raw.join(", ").as_str()) {
        ("prometheus.enabled", ..) => "false".to_owned(),
        ("analysis.course", _, "false") => return None,
        ("analysis.course", "only-raise", _) => "raise".to_owned(),
        ("analysis.course", ..) => "lower".to_owned(),
        (_, _, "") => "true".to_owned(),
        (_, _, value) => value.to_owned(),
    };
    Some((value, origin))
}

/// As the help of its flag tells it: `[default: 14]`.
fn default(key: &str, flags: &[&Arg]) -> Option<String> {
    let told = flags.iter().find_map(|it| {
        let help = it.get_help()?.to_string();
        let (_, rest) = help.split_once("[default: ")?;
        Some(rest.split([';', ']']).next()?.replace('\n', " "))
    });
    let known = DEFAULTS.iter().find(|it| it.0 == key);
    told.or_else(|| known.map(|it| it.1.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::config::ConfigCommand;
    use crate::cli::args::{Cli, Command as Subcommand};
    use crate::cli::conflicts;
    use crate::config::{Window, values};

    fn decided(line: &str, file: &str) -> Result<ViewConfig, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).unwrap();
        let text = Text::read(&path)?;
        let file = text.parse()?;
        let mut command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let matches = command.try_get_matches_from_mut(line.split(' ')).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Subcommand::Config(ConfigCommand::View(args)) = cli.command else {
            panic!("{line} is not config view");
        };
        let (names, typed) = conflicts::innermost(&matches);
        let view = conflicts::below(&mut command, &names).unwrap();
        config_view(&args, &text, view, &Origin::new(&file, typed))
    }

    #[track_caller]
    fn setting_of(view: &ViewConfig, key: &str) -> (Option<String>, view::Origin) {
        let found = view.settings.iter().find(|it| it.key == key).unwrap();
        (found.value.clone(), found.origin.clone())
    }

    #[test]
    fn every_key_is_there_and_every_flag_of_one() {
        let view = decided("x config view", "").unwrap();
        let keys: Vec<&str> = view.settings.iter().map(|it| it.key).collect();
        assert_eq!(keys, KEYS);
        assert!(
            view.settings
                .iter()
                .all(|it| it.origin == view::Origin::Default)
        );
        let mut command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        command.build();
        let view = conflicts::below(&mut command, &["config", "view"]).unwrap();
        for (key, long) in FLAG_OF_KEY {
            assert!(flag(view, long).is_some(), "{key}: --{long}");
        }
    }

    #[test]
    fn defaults_are_what_the_program_goes_by() {
        let view = decided("x config view", "").unwrap();
        let expected = [
            ("metrics.windowDays", Window::default().days.to_string()),
            (
                "metrics.stepSeconds",
                Window::default().step.seconds().to_string(),
            ),
            (
                "prometheus.concurrency",
                crate::metrics::prometheus::Options::default()
                    .concurrency
                    .to_string(),
            ),
            ("prometheus.read", "auto".to_owned()),
            ("prometheus.enabled", "true".to_owned()),
            ("license.graceDays", "14".to_owned()),
            ("analysis.failOn", "never".to_owned()),
        ];
        for (key, expected) in expected {
            assert_eq!(setting_of(&view, key).0, Some(expected), "{key}");
        }
        let timeout = setting_of(&view, "prometheus.timeout").0.unwrap();
        let limit = crate::metrics::prometheus::Options::default().timeout;
        assert_eq!(values::positive_timeout(&timeout), Ok(limit));
        let headroom = setting_of(&view, "analysis.headroom").0.unwrap();
        let settings = crate::analysis::AnalysisSettings::default();
        assert_eq!(values::share(&headroom), Ok(settings.headroom));
        let holdout = setting_of(&view, "analysis.holdout").0.unwrap();
        assert_eq!(values::holdout(&holdout), Ok(settings.holdout));
        let audit = crate::audit::Settings::default();
        assert_eq!(audit.log_format, crate::audit::Format::Json);
    }

    #[test]
    fn a_flag_beats_the_file_and_lines_are_counted() {
        let file = "# mine\nmetrics:\n  windowDays: 28\n  promql:\n    cpu: 'x{{ns}{deploy}'\n\
                    prometheus:\n  headers: ['X-A: b', 'X-C: d']\n  enabled: false\n";
        let view = decided("x config view --window-days 7 --only-raise", file).unwrap();
        let of = |key: &str| setting_of(&view, key);
        let flag = |it: &str| view::Origin::Flag(it.to_owned());
        let some = |it: &str| Some(it.to_owned());
        assert_eq!(
            of("metrics.windowDays"),
            (some("7"), flag("--metrics-window-days"))
        );
        assert_eq!(of("analysis.course"), (some("raise"), flag("--only-raise")));
        assert_eq!(
            of("metrics.promql.cpu"),
            (some("x{{ns}{deploy}"), view::Origin::File(5))
        );
        assert_eq!(
            of("prometheus.headers"),
            (some("(set)"), view::Origin::File(7))
        );
        assert_eq!(
            of("prometheus.enabled"),
            (some("false"), view::Origin::File(8))
        );
        assert_eq!(of("webhook.url"), (None, view::Origin::Default));
    }

    #[test]
    fn a_bad_value_is_told_and_what_is_no_setting_is_refused() {
        for (line, file) in [
            ("x config view", "metrics: {windowDays: 0}\n"),
            ("x config view", "audit: {policy: {rules: [{}]}}\n"),
            ("x config view", "output: {color: pink}\n"),
            ("x config view", "safety: {slos: ['p99 of nothing']}\n"),
            ("x config view", "safety: {healthCpuMargin: high}\n"),
            ("x config view", "webhook: {timeout: soon}\n"),
            ("x config view", "cluster: {requestTimeout: soon}\n"),
            ("x config view", "prometheus: {adress: a}\n"),
            ("x config view --context a", ""),
            ("x config view -n a", ""),
        ] {
            let refused = decided(line, file).unwrap_err();
            assert_eq!(refused.exit().code(), 2, "{line}: {file}");
        }
    }
}
