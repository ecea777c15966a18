//! Flags that make no sense together. Only what was typed counts: an environment variable or a
//! configuration file is meant for all runs and gives way.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::args::prometheus;
use super::decide::is_bundle;

/// Which cluster is meant, and how to reach it.
pub(super) const CONNECTION: [&str; 7] = [
    "kubeconfig",
    "context",
    "cluster",
    "user",
    "as",
    "as-group",
    "request_timeout",
];

/// What a file of load has no use for.
const OF_THE_PAST: [&str; 6] = [
    "from",
    "no_prometheus",
    "window_days",
    "step",
    "now",
    "compare",
];

/// Pairs of which at most one may be typed.
const PAIRS: [(&str, &str); 12] = [
    ("namespace", "all_namespaces"),
    ("namespace", "watch_namespaces"),
    ("all_namespaces", "watch_namespaces"),
    ("selector", "names"),
    ("license", "license_secret"),
    ("webhook_url", "webhook_url_file"),
    ("prometheus_bearer_token", "prometheus_bearer_token_file"),
    ("prometheus_bearer_token", "prometheus_basic_auth"),
    ("prometheus_bearer_token", "prometheus_basic_auth_file"),
    ("prometheus_bearer_token_file", "prometheus_basic_auth"),
    ("prometheus_bearer_token_file", "prometheus_basic_auth_file"),
    ("prometheus_basic_auth", "prometheus_basic_auth_file"),
];

/// Refuses flags of `matches` that contradict each other.
pub(super) fn check(command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let (names, typed) = innermost(matches);
    let Some(command) = below(command, &names) else {
        return Ok(());
    };
    for (first, second) in pairs() {
        if is_typed(typed, first) && is_typed(typed, second) {
            return Err(conflict(command, first, second));
        }
    }
    needs_history(command, typed)
}

/// The names of the subcommand that was typed, outermost first, and what was typed after them.
pub(super) fn innermost(matches: &ArgMatches) -> (Vec<&str>, &ArgMatches) {
    let (mut names, mut typed) = (Vec::new(), matches);
    while let Some((name, inner)) = typed.subcommand() {
        names.push(name);
        typed = inner;
    }
    (names, typed)
}

/// The command that `names` leads to.
pub(super) fn below<'c>(command: &'c mut Command, names: &[&str]) -> Option<&'c mut Command> {
    let mut at = command;
    for name in names {
        at = at.find_subcommand_mut(name)?;
    }
    Some(at)
}

fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    let offline = CONNECTION.into_iter().chain(prometheus::IDS);
    let offline = offline.chain(["no_prometheus"]).map(|it| ("from", it));
    let without = prometheus::IDS.into_iter().map(|it| ("no_prometheus", it));
    let planned = CONNECTION
        .into_iter()
        .chain(prometheus::IDS)
        .chain(OF_THE_PAST);
    let planned = planned.map(|it| ("filename", it));
    PAIRS
        .into_iter()
        .chain(offline)
        .chain(without)
        .chain(planned)
}

/// Whether `id` is a flag of this subcommand and stands on the command line.
pub(super) fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    let known = matches.try_contains_id(id).is_ok();
    known && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// `gather` asks no metrics source unless told to.
fn needs_history(command: &mut Command, typed: &ArgMatches) -> Result<(), clap::Error> {
    // Only debug builds of clap tell a flag that a subcommand does not have from one not typed; a
    // flag that it has is always known, typed or not.
    match typed.try_get_one::<bool>("with-history") {
        Ok(Some(false)) => {}
        Ok(Some(true) | None) | Err(_) => return Ok(()),
    }
    if typed
        .get_one::<PathBuf>("out")
        .is_some_and(|it| is_bundle(it))
    {
        return Ok(());
    }
    let history = ["window_days", "step", "no_prometheus"];
    let idle = prometheus::IDS.into_iter().chain(history);
    match idle.into_iter().find(|it| is_typed(typed, it)) {
        Some(id) => {
            let message = format!("{} has no effect without --history", shown(command, id));
            Err(command.error(ErrorKind::MissingRequiredArgument, message))
        }
        None => Ok(()),
    }
}

fn conflict(command: &mut Command, first: &str, second: &str) -> clap::Error {
    let (first, second) = (shown(command, first), shown(command, second));
    let mut err = clap::Error::new(ErrorKind::ArgumentConflict).with_cmd(command);
    err.insert(ContextKind::InvalidArg, ContextValue::String(first));
    err.insert(ContextKind::PriorArg, ContextValue::String(second));
    err
}

/// The flag as usage shows it: `--prometheus-url <URL>`.
fn shown(command: &Command, id: &str) -> String {
    let arg = command.get_arguments().find(|it| it.get_id() == id);
    arg.map_or_else(|| id.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn checked(line: &str) -> Result<(), String> {
        let mut command = super::super::command(OsStr::new("kubectl-stepscale"));
        let matches = command
            .try_get_matches_from_mut(line.split(' '))
            .map_err(|err| err.to_string())?;
        check(&mut command, &matches).map_err(|err| err.to_string())
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let cases = [
            ("x analyze -n a -A", "--namespace", "--all-namespaces"),
            ("x -n a analyze -A", "--namespace", "--all-namespaces"),
            ("x analyze web -l a=b", "--selector", "[NAME]..."),
            ("x analyze --from f --context c", "--from", "--context"),
            ("x --as me analyze --from f", "--from", "--as"),
            (
                "x analyze --from f --prometheus-url http://a",
                "--from",
                "--prometheus-url",
            ),
            (
                "x analyze --no-prometheus --promql-cpu {deploy}",
                "--no-prometheus",
                "--promql-cpu",
            ),
            (
                "x analyze --prometheus-bearer-token a --prometheus-basic-auth a:b",
                "--prometheus-bearer-token",
                "--prometheus-basic-auth",
            ),
            (
                "x license show --license l --license-secret a/b",
                "--license",
                "--license-secret",
            ),
            (
                "x gather -o f --metrics-step-seconds 60",
                "--metrics-step-seconds",
                "--history",
            ),
        ];
        for (line, first, second) in cases {
            let refused = checked(line).unwrap_err();
            assert!(
                refused.contains(first) && refused.contains(second),
                "{line}: {refused}"
            );
        }
    }

    #[test]
    fn what_goes_together_is_accepted() {
        for line in [
            "x analyze",
            "x -n a analyze web",
            "x analyze --from f -n a --window-days 7",
            "x analyze -A --prometheus-url http://a --prometheus-bearer-token-file t",
            "x gather --history -o f --prometheus-url http://a",
            "x license show --license l --license-signature s",
        ] {
            assert_eq!(checked(line), Ok(()), "{line}");
        }
    }
}
