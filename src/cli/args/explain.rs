//! What may be typed after `explain`.

use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::{AnalysisArgs, Choices, HistoryArgs, LlmArgs, PrometheusArgs, words};
use crate::config::explain::{Form, View};
use crate::config::form::Choice;
use crate::config::values::{self, EXPLAIN_FORMS, VIEWS};

const OUTPUT: &str = "Output";

/// Show one autoscaler on one screen: what it does, why, and what to do about it
///
/// Tells what it scales and who manages it, its settings with the defaults that nobody wrote, what
/// it sees now and what limits it, its past as a plot, what is wrong with it, and what other
/// settings would cost. With --at or --since it tells of decisions of the past instead: which
/// metric asked for what, what held it, and what other settings would have made of it. Changes
/// nothing in the cluster.
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// Autoscaler: web, hpa/web, so/orders, or hpa web
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Read a snapshot instead of a cluster; `-` for standard input
    #[arg(long, value_name = "FILE", help_heading = super::SCOPE)]
    pub(crate) from: Option<PathBuf>,
    /// Tell what was decided around this time: 2026-03-12T03:12Z
    #[arg(long, value_name = "TIME", value_parser = values::time, conflicts_with = "since", help_heading = super::HISTORY)]
    pub(crate) at: Option<Timestamp>,
    /// Tell what was decided in the last part of the window: 2h, 90m
    #[arg(long, value_name = "DURATION", value_parser = values::positive_length, help_heading = super::HISTORY)]
    pub(crate) since: Option<SignedDuration>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) analysis: AnalysisArgs,
    /// How much of the window to draw [default: all]
    #[arg(long, value_name = "VIEW", value_parser = words(&VIEWS), help_heading = OUTPUT)]
    pub(crate) view: Option<View>,
    /// Form of the answer; also jsonpath=TEMPLATE,
    /// custom-columns=HEADER:PATH,… and template=TEMPLATE [default: text]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Choices(&EXPLAIN_FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<Choice<Form>>,
    #[command(flatten)]
    pub(crate) llm: LlmArgs,
    /// Print what a language model would be sent instead of sending it; of the past, none is asked
    #[arg(long, conflicts_with_all = ["at", "since"], help_heading = super::llm::SECOND_OPINION)]
    pub(crate) llm_dry_run: bool,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}
