//! What may be typed after `doctor`.

use std::time::Duration;

use clap::Args;

use super::license::LicenseArgs;
use super::{AuditArgs, Choices, LlmArgs, PrometheusArgs, words};
use crate::config::doctor::{FORMS, Form, PURPOSES};
use crate::config::form::Choice;
use crate::config::values;
use crate::doctor::Purpose;

const SCOPE: &str = "Scope";
const CHECKS: &str = "Checks";
const OUTPUT: &str = "Output";

/// Check what is needed, one line each
///
/// Looks at the kubeconfig, the API server, every right by its name, metrics-server, Prometheus and
/// each series that is read, KEDA, the clocks, the license, the language model if there is one, and the
/// files of this machine, and says of each what was seen and what to do. All are looked at side by side
/// and for a limited time, so that one that hangs holds up no other. Changes nothing.
///
/// Exits with 0 where nothing failed that --for needs, 4 where something cannot be reached or is not
/// there, 5 where something is refused (rights, license), 2 where a file cannot be used.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// All namespaces
    #[arg(short = 'A', long, help_heading = SCOPE)]
    pub(crate) all_namespaces: bool,
    /// What has to work; may be repeated. What only others need is a warning [default: analyze]
    #[arg(long = "for", id = "purpose", value_name = "COMMAND", value_delimiter = ',',
        value_parser = words(&PURPOSES), help_heading = CHECKS)]
    pub(crate) purposes: Vec<Purpose>,
    /// Limit for each check [default: 10s]
    #[arg(long = "timeout", id = "check-timeout", value_name = "TIME",
        value_parser = values::positive_timeout, help_heading = CHECKS)]
    pub(crate) timeout: Option<Duration>,
    /// Days of history that should be there, 1 to 366 [default: 14]
    #[arg(long = "metrics-window-days", visible_alias = "window-days", value_name = "DAYS",
        env = "STEPSCALE_METRICS_WINDOW_DAYS", value_parser = values::window_days, help_heading = CHECKS)]
    pub(crate) window_days: Option<u32>,
    /// Form of the report; `wide` has a line for each right that is there; also
    /// jsonpath=TEMPLATE, custom-columns=HEADER:PATH,… and template=TEMPLATE [default: table]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Choices(&FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<Choice<Form>>,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
    #[command(flatten)]
    pub(crate) license: LicenseArgs,
    #[command(flatten)]
    pub(crate) llm: LlmArgs,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}
