//! The command line: one file for each subcommand, which gathers, decides and presents.
//!
//! [`args`] is what was typed; [`decide`] makes a [`crate::config`] of it. [`Context`] alone
//! reads the clock and knows the terminal.

mod act;
mod analyze;
mod args;
mod completion;
mod config;
mod conflicts;
mod context;
mod decide;
mod demo;
mod doctor;
mod explain;
mod gather;
mod help;
pub(crate) mod license;
mod lint;
mod man;
mod names;
mod opinions;
mod runtime;
mod selected;
mod signals;
mod simulate;
mod sources;
mod triggers;
mod verbosity;
mod version;
mod watch;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use tracing_subscriber::EnvFilter;

use crate::config::file::File;
use crate::error::{Error, Exit};
use args::{Cli, Command, ConfigCommand};
use context::Context;
pub use decide::FLAG_OF_KEY;

/// Runs the program with the arguments of the process.
pub fn main() -> std::process::ExitCode {
    runtime::report_panics_as_bugs();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    run(&verbosity::spelled(&arguments)).into()
}

/// The command line definition as called by `program`, the first argument of the process.
pub fn command(program: &OsStr) -> clap::Command {
    let name = called_as(program);
    below(Cli::command().bin_name(name), "", name)
        .after_help(args::after_help("", name))
        .mut_args(without_empty_environment)
}

/// The same for every subcommand of the one at `path`, and for theirs.
fn below(command: clap::Command, path: &str, name: &str) -> clap::Command {
    command.mut_subcommands(|it| {
        let path = format!("{path} {}", it.get_name()).trim().to_owned();
        let ending = args::after_help(&path, name);
        below(it, &path, name)
            .after_long_help(ending)
            .mut_args(without_empty_environment)
    })
}

/// A command and all below it.
fn with_subcommands(command: &clap::Command) -> Vec<&clap::Command> {
    let inner = command.get_subcommands().flat_map(with_subcommands);
    std::iter::once(command).chain(inner).collect()
}

/// How the user typed our name. kubectl runs `kubectl-stepscale` for `kubectl stepscale` and tells
/// plugins nothing else, so plugins go by their file name; any other name was typed as it is.
fn called_as(program: &OsStr) -> &'static str {
    let file = Path::new(program).file_name().and_then(OsStr::to_str);
    match file {
        Some(name) if !name.starts_with("kubectl-") => "stepscale",
        Some(_) | None => "kubectl stepscale",
    }
}

/// An empty variable counts as unset, since pipelines cannot unset one.
fn without_empty_environment(arg: clap::Arg) -> clap::Arg {
    let value = arg.get_env().and_then(std::env::var_os);
    if value.is_some_and(|it| it.is_empty()) {
        arg.env(None::<&'static str>)
    } else {
        arg
    }
}

fn run(arguments: &[OsString]) -> Exit {
    let program = arguments
        .first()
        .map_or(OsStr::new(""), OsString::as_os_str);
    if let Some(words) = completion::asked(arguments) {
        return completion::answer(command(OsStr::new("kubectl-stepscale")), words);
    }
    let mut command = command(program);
    let parsed = command
        .try_get_matches_from_mut(arguments)
        .and_then(|matches| {
            conflicts::check(&mut command, &matches)?;
            Cli::from_arg_matches(&matches).map(|cli| (cli, matches))
        });
    match parsed {
        Ok((cli, matches)) => execute(cli, &matches, &command),
        Err(err) => explain(&mut command, &without_untyped(err)),
    }
}

/// clap shows a usage of all that is set, as if flags that stand in the environment had been typed. A
/// contradiction is told without it: both sides are named.
fn without_untyped(mut err: clap::Error) -> clap::Error {
    if err.kind() == clap::error::ErrorKind::ArgumentConflict {
        err.remove(clap::error::ContextKind::Usage);
    }
    err
}

/// Prints help, version, or what is wrong with the arguments.
fn explain(command: &mut clap::Command, err: &clap::Error) -> Exit {
    let page = help::first_page(command, err);
    // A reader that went away has no use for any of it.
    let _ = match page {
        Some(page) if err.use_stderr() => write!(anstream::stderr(), "{}", page.ansi()),
        Some(page) => write!(anstream::stdout(), "{}", page.ansi()),
        None => err.print(),
    };
    if let Some(variable) = refused_variable(err) {
        let _ = writeln!(
            std::io::stderr(),
            "note: the value is that of the environment variable {variable}"
        );
    }
    if err.use_stderr() {
        Exit::Usage
    } else {
        Exit::Clean
    }
}

/// The environment variable that a refused value came from. clap names only the flag, which
/// nobody typed then.
fn refused_variable(err: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue};
    let (Some(ContextValue::String(shown)), Some(ContextValue::String(value))) = (
        err.get(ContextKind::InvalidArg),
        err.get(ContextKind::InvalidValue),
    ) else {
        return None;
    };
    let flag = shown.split([' ', '=']).next()?.trim_start_matches("--");
    let typed =
        std::env::args().any(|it| it.trim_start_matches("--").split('=').next() == Some(flag));
    let command = Cli::command();
    let arg = with_subcommands(&command)
        .into_iter()
        .flat_map(clap::Command::get_arguments)
        .find(|it| it.get_long() == Some(flag))?;
    let variable = arg.get_env()?.to_str()?;
    let is_its_value = std::env::var(variable).is_ok_and(|it| it == *value);
    (!typed && is_its_value).then(|| variable.to_owned())
}

fn execute(cli: Cli, matches: &ArgMatches, command: &clap::Command) -> Exit {
    let verbose = cli.global.verbose;
    // Until the file is read its wish for color is unknown.
    let cx = Context::new(cli.global.color.unwrap_or_default(), verbose);
    match &cli.command {
        Command::Watch(args) => {
            watch::start_log(args.log_format.unwrap_or_default(), verbose);
        }
        _ => start_log(verbose),
    }
    let result = dispatch(&cx, cli, matches, command);
    cx.progress().finish();
    result.unwrap_or_else(|err| {
        if !err.is_silent() {
            cx.note(err.render().trim_end());
        }
        err.exit()
    })
}

fn reads_settings(command: &Command) -> bool {
    !matches!(
        command,
        Command::Config(ConfigCommand::Path(_)) | Command::Completion(_) | Command::Man(_)
    )
}

fn dispatch(
    cx: &Context,
    cli: Cli,
    matches: &ArgMatches,
    command: &clap::Command,
) -> Result<Exit, Error> {
    let text = decide::config_text(cli.global.config.as_deref())?;
    // A file that cannot be used is in the way of nobody who needs nothing of it.
    let file = match reads_settings(&cli.command) {
        true => text.parse()?,
        false => File::default(),
    };
    let color = decide::color(&cli.global, &file)?;
    let cx = cx.clone().with_color(color);
    let (names, typed) = conflicts::innermost(matches);
    let origin = decide::Origin::new(&file, typed);
    let global = &cli.global;
    match cli.command {
        Command::Analyze(it) => carry_out(cx, decide::analyze(global, &it, &origin)?, analyze::run),
        Command::Explain(it) => carry_out(cx, decide::explain(global, &it, &origin)?, explain::run),
        Command::Simulate(it) => {
            carry_out(cx, decide::simulate(global, &it, &origin)?, simulate::run)
        }
        Command::Gather(it) => carry_out(cx, decide::gather(global, &it, &origin)?, gather::run),
        Command::Lint(it) => carry_out(cx, decide::lint(global, &it, &origin)?, lint::run),
        Command::Approve(it) => {
            carry_out(cx, decide::approve(global, &it, &origin)?, act::decide::run)
        }
        Command::Reject(it) => {
            carry_out(cx, decide::reject(global, &it, &origin)?, act::decide::run)
        }
        Command::Apply(it) => carry_out(cx, decide::apply(global, &it, &origin)?, act::apply::run),
        Command::Verify(it) => {
            carry_out(cx, decide::verify(global, &it, &origin)?, act::verify::run)
        }
        Command::Revert(it) => {
            carry_out(cx, decide::revert(global, &it, &origin)?, act::decide::run)
        }
        Command::Status(it) => {
            carry_out(cx, decide::status(global, &it, &origin)?, act::status::run)
        }
        Command::Triggers(it) => {
            carry_out(cx, decide::triggers(global, &it, &origin)?, triggers::run)
        }
        Command::Pause(it) => carry_out(cx, decide::pause(global, &it, &origin)?, act::pause::run),
        Command::Resume(it) => carry_out(
            cx,
            decide::resume(global, &it, &origin)?,
            act::pause::resume,
        ),
        Command::Install(it) => carry_out(
            cx,
            decide::install(global, &it, &origin)?,
            act::install::run,
        ),
        Command::Uninstall(it) => carry_out(
            cx,
            decide::uninstall(global, &it, &origin)?,
            act::uninstall::run,
        ),
        Command::Watch(args) => {
            let config = decide::watch(global, &args, &origin)?;
            let typed = typed.clone();
            let reload = watch::Reload::new(cli.global, args, typed, (text, file));
            runtime::run_attended(&cx.clone(), |signals| {
                watch::run(cx, config, reload, signals)
            })
        }
        Command::Demo(args) => {
            let config = decide::demo(&args, &origin)?;
            match config.exec.clone() {
                None => carry_out(cx, config, demo::run),
                Some(command) => runtime::run_attended(&cx.clone(), |signals| {
                    demo::exec(cx, config, command, signals)
                }),
            }
        }
        Command::Doctor(it) => carry_out(cx, decide::doctor(global, &it, &origin)?, doctor::run),
        Command::Config(ConfigCommand::View(args)) => {
            let view = names
                .iter()
                .try_fold(command, |it, name| it.find_subcommand(name));
            let view = decide::config_view(&args, &text, view.unwrap_or(command), &origin)?;
            config::view(&cx, &view)
        }
        Command::Config(ConfigCommand::Path(_)) => config::path(&cx, &text),
        Command::Completion(command) => {
            let config = decide::completion(&command)?;
            completion::run(&cx, &config)
        }
        Command::Man(args) => man::run(&cx, &args.out_dir),
        Command::License(command) => {
            let config = decide::license(global, &command, &origin)?;
            carry_out(cx, config, license::run)
        }
    }
}

/// Runs a command that is decided.
fn carry_out<C, F>(
    cx: Context,
    config: C,
    work: impl FnOnce(Context, C) -> F,
) -> Result<Exit, Error>
where
    F: Future<Output = Result<Exit, Error>> + Send + 'static,
{
    runtime::run(&cx.clone(), work(cx, config))
}

/// Sends log lines to standard error: warnings, more with each `-v`, what `RUST_LOG` says if set.
fn start_log(verbose: u8) {
    let default = || EnvFilter::new(verbosity::filter(verbose));
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| default());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contradiction_names_both_sides_and_nothing_that_nobody_typed() {
        let mut command = command(OsStr::new("kubectl-stepscale"));
        let typed = ["x", "watch", "--once", "--max-ticks=2"];
        let err = without_untyped(command.try_get_matches_from_mut(typed).unwrap_err());
        let text = err.to_string();
        assert!(
            text.contains("'--once' cannot be used with '--max-ticks"),
            "{text}"
        );
        assert!(!text.contains("Usage:"), "{text}");
    }

    #[test]
    fn the_definition_is_consistent() {
        command(OsStr::new("kubectl-stepscale")).debug_assert();
    }

    #[test]
    fn usage_follows_the_name_that_was_typed() {
        let cases = [
            ("/home/me/.krew/bin/kubectl-stepscale", "kubectl stepscale"),
            ("kubectl-stepscale.exe", "kubectl stepscale"),
            ("/usr/bin/stepscale", "stepscale"),
            ("", "kubectl stepscale"),
        ];
        for (program, expected) in cases {
            assert_eq!(called_as(OsStr::new(program)), expected, "{program}");
        }
    }

    #[test]
    fn every_key_of_the_configuration_file_is_a_flag_or_has_one() {
        let command = command(OsStr::new("kubectl-stepscale"));
        let known = with_subcommands(&command).into_iter();
        let longs: Vec<&str> = known
            .flat_map(clap::Command::get_arguments)
            .flat_map(|it| it.get_long_and_visible_aliases().unwrap_or_default())
            .collect();
        for (key, flag) in FLAG_OF_KEY {
            assert!(longs.contains(&flag), "--{flag} of {key}");
        }
        let mut keys: Vec<&str> = FLAG_OF_KEY.iter().map(|it| it.0).collect();
        keys.dedup();
        let mut expected = crate::config::file::KEYS.to_vec();
        expected.retain(|it| !crate::config::file::WITHOUT_FLAG.contains(it));
        assert_eq!(keys, expected);
    }
}
