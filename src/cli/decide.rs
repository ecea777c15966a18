//! From what was typed to what it means: flags beat environment, environment beats the
//! configuration file, the file beats the defaults of [`crate::config`].

mod act;
mod analysis;
mod audit;
mod completion;
mod config;
mod demo;
mod doctor;
mod explain;
mod forecast;
mod gather;
mod install;
mod license;
mod lint;
mod llm;
mod named;
mod origin;
mod pause;
mod probation;
mod prometheus;
mod settings;
mod simulate;
mod triggers;
mod view;
mod watch;
mod webhook;

use std::path::Path;

use etcetera::BaseStrategy;

use super::args::{
    AnalyzeArgs, ConnectionArgs, GatherArgs, GlobalArgs, HistoryArgs, OutputArgs, PrometheusArgs,
    ScopeArgs, TimeLimit, time_limit,
};
use super::names;
use crate::analysis::AnalysisSettings;
use crate::analysis::portrait::Detail;
use crate::cluster::{self, Namespaces, Scope};
use crate::config::file::{File, Text};
use crate::config::form::Form;
use crate::config::values;
use crate::config::{
    Color, Config, GatherConfig, Input, Output, Question, Report, Snapshot, Window,
};
use crate::error::Error;
use crate::output;
use crate::output::html::MOST_POINTS;
use crate::output::select::Selection;
pub(super) use act::{apply, approve, reject, revert, status};
pub(super) use completion::completion;
pub(super) use config::config_view;
pub(super) use demo::demo;
pub(super) use doctor::doctor;
pub(super) use explain::explain;
pub(super) use gather::is_bundle;
pub(super) use install::{install, uninstall};
pub(super) use license::{beside, license};
pub(super) use lint::lint;
pub use origin::FLAG_OF_KEY;
pub(super) use origin::Origin;
pub(super) use pause::{pause, resume};
pub(super) use probation::verify;
pub(super) use simulate::simulate;
pub(super) use triggers::triggers;
pub(super) use watch::watch;

/// What stands in the configuration file: the one given, or the user's own if there is one.
pub(super) fn config_text(given: Option<&Path>) -> Result<Text, Error> {
    if let Some(path) = given {
        return Ok(Text::read(path)?);
    }
    match etcetera::choose_base_strategy() {
        Ok(folders) => {
            let path = folders.config_dir().join("stepscale/config.yaml");
            Ok(Text::read_if_present(&path)?)
        }
        // Without a home there is no file of the user's either.
        Err(_) => Ok(Text::nowhere()),
    }
}

pub(super) fn color(global: &GlobalArgs, file: &File) -> Result<Color, Error> {
    let in_file = file.get("output.color", |it| values::COLORS.parse(it))?;
    Ok(global.color.or(in_file).unwrap_or_default())
}

pub(super) fn analyze(
    global: &GlobalArgs,
    args: &AnalyzeArgs,
    origin: &Origin<'_>,
) -> Result<Config, Error> {
    let question = question(
        global,
        &args.scope,
        args.from.as_deref(),
        &args.history,
        &args.prometheus,
        origin,
    )?;
    let report = report(&args.output, origin)?;
    let audit = audit::settings(&args.audit, origin)?;
    if !args.no_save && matches!(question.input, Input::Cluster { .. }) {
        audit::refuse_mixing(&audit, &report.form)?;
    }
    let charts = Detail::AtMost(MOST_POINTS);
    Ok(Config {
        analysis: AnalysisSettings {
            portrait: report.form.has_charts().then_some(charts),
            ..analysis::settings(&args.analysis, question.window, origin)?
        },
        opencost: analysis::opencost(&args.analysis.prices, origin)?,
        llm: llm::llm_or_dry_run(&args.llm, args.llm_dry_run, origin)?,
        report,
        save: !args.no_save,
        audit,
        question,
    })
}

fn question(
    global: &GlobalArgs,
    scope: &ScopeArgs,
    from: Option<&Path>,
    history: &HistoryArgs,
    prometheus: &PrometheusArgs,
    origin: &Origin<'_>,
) -> Result<Question, Error> {
    let window = window(history, origin)?;
    let input = match from {
        Some(path) => Input::Snapshot(snapshot(path)),
        None => Input::Cluster {
            connection: connection(&global.connection, origin)?,
            metrics: prometheus::metrics(prometheus, origin)?,
        },
    };
    let mut scope = self::scope(global, scope)?;
    // A snapshot has no current namespace.
    if matches!(input, Input::Snapshot(_)) && scope.namespaces == Namespaces::Current {
        scope.namespaces = Namespaces::All;
    } else {
        refuse_names_everywhere(&scope)?;
    }
    Ok(Question {
        input,
        scope,
        window,
        now: history.now,
        shard: None,
    })
}

pub(super) fn gather(
    global: &GlobalArgs,
    args: &GatherArgs,
    origin: &Origin<'_>,
) -> Result<GatherConfig, Error> {
    let scope = scope(global, &args.scope)?;
    refuse_names_everywhere(&scope)?;
    let window = window(&args.history, origin)?;
    let out = gather::output(args, window, origin)?;
    let history = if args.with_history || matches!(out, Output::Bundle(_)) {
        Some(prometheus::metrics(&args.prometheus, origin)?)
    } else {
        None
    };
    Ok(GatherConfig {
        connection: connection(&global.connection, origin)?,
        scope,
        history,
        window,
        now: args.history.now,
        out,
    })
}

fn snapshot(path: &Path) -> Snapshot {
    if path == Path::new("-") {
        Snapshot::Stdin
    } else {
        Snapshot::File(path.to_owned())
    }
}

fn connection(args: &ConnectionArgs, origin: &Origin<'_>) -> Result<cluster::Options, Error> {
    let limit = origin.or_file(args.request_timeout, "cluster.requestTimeout", time_limit)?;
    Ok(cluster::Options {
        kubeconfig: args.kubeconfig.clone(),
        context: args.context.clone(),
        cluster: args.cluster.clone(),
        user: args.user.clone(),
        impersonate: args.impersonate.clone(),
        impersonate_groups: impersonated_groups(args)?,
        request_timeout: limit.and_then(|TimeLimit(limit)| limit),
        observer: None,
    })
}

fn impersonated_groups(args: &ConnectionArgs) -> Result<Vec<String>, Error> {
    if args.impersonate.is_none() && !args.impersonate_groups.is_empty() {
        // The API server refuses such requests with a message that names no flag.
        return Err(Error::usage(
            "--as-group needs --as: a group alone cannot be impersonated",
        ));
    }
    Ok(args.impersonate_groups.clone())
}

fn scope(global: &GlobalArgs, args: &ScopeArgs) -> Result<Scope, Error> {
    Ok(Scope {
        namespaces: match (&global.namespace, args.all_namespaces) {
            (_, true) => Namespaces::All,
            (Some(namespace), false) => Namespaces::One(namespace.clone()),
            (None, false) => Namespaces::Current,
        },
        selector: args.selector.clone(),
        names: names::parse(&args.names)?,
    })
}

/// A name alone names nothing where there are several namespaces; kubectl refuses it too.
fn refuse_names_everywhere(scope: &Scope) -> Result<(), Error> {
    match (&scope.namespaces, scope.names.first()) {
        (Namespaces::All, Some(name)) => Err(Error::Usage {
            message: format!("`{}` cannot be looked up in all namespaces", name.name),
            hint: Some("pass -n NAMESPACE in place of -A".to_owned()),
        }),
        (
            Namespaces::All | Namespaces::Several(_) | Namespaces::One(_) | Namespaces::Current,
            _,
        ) => Ok(()),
    }
}

fn window(args: &HistoryArgs, origin: &Origin<'_>) -> Result<Window, Error> {
    let Window { days, step } = Window::default();
    let window_days = args.window_days;
    Ok(Window {
        days: origin.or(window_days, "metrics.windowDays", values::window_days, days)?,
        step: origin.or(args.step, "metrics.stepSeconds", values::step, step)?,
    })
}

fn report(args: &OutputArgs, origin: &Origin<'_>) -> Result<Report, Error> {
    let fail_on = |it: &str| values::FAIL_ON.parse(it);
    let default = Report::default();
    let form = origin.or(
        args.form.clone(),
        "output.format",
        Form::parse,
        default.form.clone(),
    )?;
    // The file is meant for all runs, and gives way to what is typed for one.
    let is_seen = args.form.is_none() && view::is_typed(&args.view);
    let form = match output::columns(&form) {
        None if is_seen => default.form,
        Some(_) | None => form,
    };
    let has_headers = matches!(form, Form::Selected(Selection::CustomColumns(_)));
    Ok(Report {
        view: view::view(&args.view, output::columns(&form), has_headers)?,
        form,
        fail_on: origin.or(args.fail_on, "analysis.failOn", fail_on, default.fail_on)?,
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;

    use super::super::args::{Cli, Command};
    use super::*;
    use crate::config::{FailOn, Format, Metrics};
    use crate::units::Step;

    pub(super) fn decided(line: &str, file: &str) -> Result<Config, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).unwrap();
        let file = File::read(&path)?;
        let command = super::super::command(OsStr::new("kubectl-stepscale"));
        let matches = command
            .try_get_matches_from(line.split_whitespace())
            .unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Analyze(args) = cli.command else {
            panic!("{line} is not analyze");
        };
        let typed = matches.subcommand().unwrap().1;
        analyze(&cli.global, &args, &Origin::new(&file, typed))
    }

    #[test]
    fn flags_beat_the_file_and_the_file_beats_defaults() {
        let file = "metrics: {windowDays: 28, stepSeconds: 60}\nanalysis: {failOn: critical}\n";
        let config = decided("x analyze --window-days 7 -o wide", file).unwrap();
        assert_eq!(config.question.window.days, 7);
        assert_eq!(config.question.window.step, Step::ONE_MINUTE);
        assert_eq!(config.analysis.window, config.question.window.length());
        let expected = Report {
            form: Form::Format(Format::Wide),
            fail_on: FailOn::Critical,
            ..Report::default()
        };
        assert_eq!(config.report, expected);
    }

    #[test]
    fn a_bad_value_in_the_file_is_reported_even_where_a_flag_overrides_it() {
        let refused = decided("x analyze --window-days 7", "metrics: {windowDays: 0}\n");
        assert!(matches!(refused, Err(Error::ConfigFile(_))), "{refused:?}");
    }

    #[test]
    fn the_connection_is_kubectls() {
        let line = "x --context c analyze --user u --as me --as-group a --as-group b \
                    --request-timeout 30";
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let config = decided(&line, "cluster: {requestTimeout: 1m}\n").unwrap();
        let Input::Cluster { connection, .. } = config.question.input else {
            panic!("not a cluster");
        };
        assert_eq!(connection.context.as_deref(), Some("c"));
        assert_eq!(connection.user.as_deref(), Some("u"));
        assert_eq!(connection.impersonate.as_deref(), Some("me"));
        assert_eq!(connection.impersonate_groups, ["a", "b"]);
        let limit = std::time::Duration::from_secs(30);
        assert_eq!(connection.request_timeout, Some(limit));
    }

    #[test]
    fn no_limit_on_the_command_line_beats_a_limit_in_the_file() {
        let file = "cluster: {requestTimeout: 1m}\n";
        let config = decided("x analyze --request-timeout 0", file).unwrap();
        let Input::Cluster { connection, .. } = config.question.input else {
            panic!("not a cluster");
        };
        assert_eq!(connection.request_timeout, None);
    }

    #[test]
    fn a_snapshot_is_read_whole_unless_a_namespace_is_named() {
        let cases = [
            ("x analyze --from f", Namespaces::All),
            ("x analyze --from f web", Namespaces::All),
            (
                "x analyze --from f -n shop",
                Namespaces::One("shop".to_owned()),
            ),
            ("x analyze", Namespaces::Current),
        ];
        for (line, expected) in cases {
            assert_eq!(
                decided(line, "").unwrap().question.scope.namespaces,
                expected,
                "{line}"
            );
        }
    }

    #[test]
    fn a_name_needs_a_namespace() {
        assert!(matches!(
            decided("x analyze web -A", ""),
            Err(Error::Usage { .. })
        ));
        assert!(matches!(
            decided("x analyze --as-group g", ""),
            Err(Error::Usage { .. })
        ));
    }

    #[test]
    fn standard_input_is_a_dash() {
        let config = decided("x analyze --from -", "").unwrap();
        assert!(matches!(
            config.question.input,
            Input::Snapshot(Snapshot::Stdin)
        ));
    }

    #[test]
    fn prometheus_can_be_switched_off_and_on_again() {
        let off = "prometheus: {enabled: false}\n";
        let is_on = |line, file| match decided(line, file).unwrap().question.input {
            Input::Cluster { metrics, .. } => matches!(metrics, Metrics::Prometheus(_)),
            Input::Snapshot(_) => panic!("not a cluster"),
        };
        assert!(is_on("x analyze", ""));
        assert!(!is_on("x analyze --no-prometheus", ""));
        assert!(!is_on("x analyze", off));
        assert!(is_on("x analyze --prometheus-url http://a", off));
    }
}
