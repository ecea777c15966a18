//! What may be typed. Doc comments are the help text.

pub(crate) mod act;
pub(crate) mod analysis;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod examples;
pub(crate) mod explain;
pub(crate) mod forecast;
pub(crate) mod install;
pub(crate) mod license;
pub(crate) mod lint;
pub(crate) mod llm;
pub(crate) mod pause;
pub(crate) mod probation;
pub(crate) mod prometheus;
pub(crate) mod settings;
pub(crate) mod simulate;
pub(crate) mod triggers;
pub(crate) mod view;
pub(crate) mod watch;
pub(crate) mod webhook;

use std::path::PathBuf;
use std::time::Duration;

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;

use super::version;
use crate::config::form::{self, Choice, Form};
use crate::config::values::{self, COLORS, FAIL_ON, Words};
use crate::config::{Color, FailOn};
use crate::units::Step;
pub(crate) use act::{ApplyArgs, ApproveArgs, AuditArgs, RejectArgs, RevertArgs, StatusArgs};
pub(crate) use analysis::AnalysisArgs;
pub(crate) use completion::{CompletionCommand, CompletionInstallArgs, ManArgs};
pub(crate) use config::ConfigCommand;
pub(crate) use demo::DemoArgs;
pub(crate) use doctor::DoctorArgs;
pub(crate) use explain::ExplainArgs;
pub(crate) use install::{InstallArgs, UninstallArgs};
pub(crate) use license::LicenseCommand;
pub(crate) use lint::LintArgs;
pub(crate) use llm::LlmArgs;
pub(crate) use pause::{PauseArgs, ResumeArgs};
pub(crate) use probation::VerifyArgs;
pub(crate) use prometheus::PrometheusArgs;
pub(crate) use simulate::SimulateArgs;
pub(crate) use triggers::TriggersArgs;
pub(crate) use view::ViewArgs;
pub(crate) use watch::WatchArgs;

const CONNECTION: &str = "Cluster (as in kubectl)";
const SCOPE: &str = "Scope";
const HISTORY: &str = "History";
const OUTPUT: &str = "Output";
const GENERAL: &str = "General";

/// Find badly tuned Kubernetes autoscalers and prove a better setting from their own history
#[derive(Parser, Debug)]
#[command(
    name = "stepscale",
    version = version::SHORT,
    long_version = version::LONG,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Analyze(Box<AnalyzeArgs>),
    Explain(Box<ExplainArgs>),
    Simulate(Box<SimulateArgs>),
    Gather(Box<GatherArgs>),
    Lint(Box<LintArgs>),
    Approve(ApproveArgs),
    Reject(RejectArgs),
    Apply(Box<ApplyArgs>),
    Verify(Box<VerifyArgs>),
    Revert(RevertArgs),
    Status(StatusArgs),
    Triggers(TriggersArgs),
    Pause(PauseArgs),
    Resume(ResumeArgs),
    Install(Box<InstallArgs>),
    Uninstall(UninstallArgs),
    Watch(Box<WatchArgs>),
    Demo(Box<DemoArgs>),
    Doctor(Box<DoctorArgs>),
    #[command(subcommand)]
    Config(ConfigCommand),
    #[command(subcommand)]
    License(LicenseCommand),
    #[command(subcommand)]
    Completion(CompletionCommand),
    #[command(hide = true)]
    Man(ManArgs),
}

/// The end of the help page of the subcommand at `path`, for a program called `name`.
pub(crate) fn after_help(path: &str, name: &str) -> String {
    format!("{}{EXIT_CODES}", examples::of(path, name))
}

const EXIT_CODES: &str = "\
Exit codes:
  0    nothing to report at or above --fail-on
  1    findings or recommendations at or above --fail-on
  2    usage, or a file that cannot be used
  3    object not found
  4    cluster or metrics unreachable; with --fail-on or --history also if not all could be read
  5    refused (stale, unlicensed, not approved, owned by Git, paused; or by the API server)
  6    reverted or degraded
  7    inconclusive at the timeout
  70   a bug in this program
  130  interrupted (SIGINT)
  143  terminated (SIGTERM)";

/// Accepted before and after the subcommand.
#[derive(Args, Debug)]
pub(crate) struct GlobalArgs {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Namespace; otherwise the context's
    #[arg(short, long, global = true, value_parser = values::namespace, help_heading = SCOPE)]
    pub(crate) namespace: Option<String>,
    /// Configuration file [default: $XDG_CONFIG_HOME/stepscale/config.yaml]
    #[arg(long, global = true, value_name = "FILE", env = "STEPSCALE_CONFIG", help_heading = GENERAL)]
    pub(crate) config: Option<PathBuf>,
    /// When to color [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_parser = words(&COLORS), help_heading = GENERAL)]
    pub(crate) color: Option<Color>,
    /// Log what is done; -vv requests, -vvv headers and bodies; kubectl's numbers, -v=6 to -v=9, too
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = GENERAL)]
    pub(crate) verbose: u8,
}

/// How to reach the API server.
#[derive(Args, Debug)]
#[command(next_help_heading = CONNECTION)]
pub(crate) struct ConnectionArgs {
    /// Kubeconfig file; otherwise $KUBECONFIG, ~/.kube/config, or the pod's service account
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME", value_parser = values::text)]
    pub(crate) context: Option<String>,
    /// Cluster of the kubeconfig, in place of the context's
    #[arg(long, global = true, value_name = "NAME", value_parser = values::text)]
    pub(crate) cluster: Option<String>,
    /// User of the kubeconfig, in place of the context's
    #[arg(long, global = true, value_name = "NAME", value_parser = values::text)]
    pub(crate) user: Option<String>,
    /// User to impersonate
    #[arg(long = "as", id = "as", global = true, value_name = "USER", value_parser = values::text)]
    pub(crate) impersonate: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(long = "as-group", id = "as-group", global = true, value_name = "GROUP", value_parser = values::text)]
    pub(crate) impersonate_groups: Vec<String>,
    /// Limit for one request to the API server: 30, 30s, 1m; 0 for none [default: 0; watch: 30s]
    #[arg(long, global = true, value_name = "TIME", value_parser = time_limit)]
    pub(crate) request_timeout: Option<TimeLimit>,
}

/// Recommend changes to autoscaler settings
///
/// Reads the autoscalers in scope and 14 days of their history, and prints which settings to
/// change, why, and what that would have saved. Changes nothing in the cluster.
#[derive(Args, Debug)]
pub(crate) struct AnalyzeArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Read a snapshot or a support bundle instead of a cluster; `-` for standard input
    #[arg(long, value_name = "FILE", help_heading = SCOPE)]
    pub(crate) from: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) analysis: AnalysisArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Do not keep the recommendations for `apply`
    #[arg(long, help_heading = OUTPUT)]
    pub(crate) no_save: bool,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    #[command(flatten)]
    pub(crate) llm: LlmArgs,
    /// Print what a language model would be sent, a request to a line, instead of sending it
    #[arg(long, help_heading = llm::SECOND_OPINION)]
    pub(crate) llm_dry_run: bool,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// Write a snapshot, or a support bundle, of autoscalers and their history to a file
///
/// A snapshot holds what `analyze --from` needs: the objects in scope as JSON lines and, with
/// --history, their series. A name that ends in .tar.gz or .tgz makes a support bundle: the same with
/// the history, beside the whole objects of the namespaces, events, logs of KEDA's pods and of `watch`,
/// settings and reports, in the layout of must-gather. Secrets are left out of both; see docs/gather.md.
/// `analyze`, `simulate` and `lint` take a bundle with --from. What may not be read is listed in the
/// bundle's manifest.json: logs take the right to get pods/log, which `install` gives to nobody.
/// Changes nothing in the cluster.
#[derive(Args, Debug)]
pub(crate) struct GatherArgs {
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Include the history of the scale targets; a bundle always does
    #[arg(long = "history", id = "with-history", help_heading = HISTORY)]
    pub(crate) with_history: bool,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// File to write: a bundle if it ends in .tar.gz or .tgz, else a snapshot, compressed if it ends in
    /// .gz or .zst; `-` for standard output
    #[arg(short, long = "output", id = "out", value_name = "FILE", required = true, help_heading = OUTPUT)]
    pub(crate) out: PathBuf,
    /// How far back logs in a bundle go: 2h, 90m [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = values::positive_timeout, help_heading = OUTPUT)]
    pub(crate) since: Option<Duration>,
    /// Stop asking for a bundle after this and write what there is: 90s, 5m; 0 for as long as it takes
    /// [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = time_limit, help_heading = OUTPUT)]
    pub(crate) timeout: Option<TimeLimit>,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// Which autoscalers are meant.
#[derive(Args, Debug)]
#[command(next_help_heading = SCOPE)]
pub(crate) struct ScopeArgs {
    /// Autoscalers: web, hpa/web, or hpa web api; all in the namespace if left out
    #[arg(value_name = "NAME", help_heading = None::<&str>)]
    pub(crate) names: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    /// Autoscalers with these labels: app=web,tier!=cache
    #[arg(short = 'l', long, value_parser = values::text)]
    pub(crate) selector: Option<String>,
}

/// Which part of the past.
#[derive(Args, Debug)]
#[command(next_help_heading = HISTORY)]
pub(crate) struct HistoryArgs {
    /// Days of history to look at, 1 to 366 [default: 14]
    #[arg(long = "metrics-window-days", visible_alias = "window-days", value_name = "DAYS",
        env = "STEPSCALE_METRICS_WINDOW_DAYS", value_parser = values::window_days)]
    pub(crate) window_days: Option<u32>,
    /// Seconds between two samples, 15 to 3600 [default: 300]
    #[arg(long = "metrics-step-seconds", value_name = "SECONDS",
        env = "STEPSCALE_METRICS_STEP_SECONDS", value_parser = values::step)]
    pub(crate) step: Option<Step>,
    /// End of the window [default: the snapshot's time, or now]
    #[arg(long, value_name = "RFC3339", value_parser = values::time)]
    pub(crate) now: Option<Timestamp>,
}

/// How to answer.
#[derive(Args, Debug)]
#[command(next_help_heading = OUTPUT)]
pub(crate) struct OutputArgs {
    /// Form of the report; `name` lists every autoscaler in it; also jsonpath=TEMPLATE,
    /// custom-columns=HEADER:PATH,… and template=TEMPLATE [default: table]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Forms)]
    pub(crate) form: Option<Form>,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
    /// Exit with 1 for findings of this severity or above; a recommendation counts as a warning [default: never]
    #[arg(long, value_name = "LEVEL", value_parser = words(&FAIL_ON))]
    pub(crate) fail_on: Option<FailOn>,
}

/// A limit that was typed; `None` inside for "no limit", which is not the same as not typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLimit(pub(crate) Option<Duration>);

pub(crate) fn time_limit(text: &str) -> Result<TimeLimit, String> {
    values::timeout(text).map(TimeLimit)
}

/// Parses a form of the report of an analysis: one of some words, which help lists, or a template.
#[derive(Clone, Debug)]
struct Forms;

impl TypedValueParser for Forms {
    type Value = Form;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Form, clap::Error> {
        word_or_template((command, arg, value), form::words(), Form::parse)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(form::words().map(PossibleValue::new)))
    }
}

/// Parses a form of a command: one of its words, which help lists, or a template.
#[derive(Clone)]
struct Choices<F: 'static>(&'static Words<F>);

impl<F: Copy + Send + Sync + 'static> TypedValueParser for Choices<F> {
    type Value = Choice<F>;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Choice<F>, clap::Error> {
        let words = self.0;
        let parse = move |it: &str| Choice::parse(it, words);
        word_or_template((command, arg, value), words.names(), parse)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.names().map(PossibleValue::new)))
    }
}

/// Errors list the words, unless it is a template that is wrong.
fn word_or_template<T: Clone + Send + Sync + 'static>(
    (command, arg, value): (&clap::Command, Option<&clap::Arg>, &OsStr),
    words: impl Iterator<Item = &'static str>,
    parse: impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
) -> Result<T, clap::Error> {
    if value.to_string_lossy().contains('=') {
        return parse.parse_ref(command, arg, value);
    }
    let words = PossibleValuesParser::new(words).try_map(move |it| parse(&it));
    words.parse_ref(command, arg, value)
}

/// Parses one of a few words, which help and error messages then list.
fn words<T>(words: &'static Words<T>) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(words.names()).try_map(move |it| words.parse(&it))
}
