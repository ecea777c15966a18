//! What may be typed about the triggers of KEDA.

use std::time::Duration;

use clap::Args;

use super::{Choices, ViewArgs};
use crate::config::Format;
use crate::config::form::Choice;
use crate::config::values::{self, FORMATS};

const SCOPE: &str = "Scope";
const TRIGGERS: &str = "Triggers";
const OUTPUT: &str = "Output";

/// Evaluate KEDA's triggers now
///
/// Asks the source of each trigger with the trigger's own authentication and shows its value, its
/// thresholds, whether it is active, how many replicas it asks for, and which one wins; beside it
/// what KEDA and its HPA say, and why they differ. Where a source can be asked only from inside the
/// cluster, KEDA's own metrics are read, or nothing is said. Changes nothing in the cluster.
///
/// Exits with 0 where every trigger was read or is of a kind that only KEDA reads, 4 where a source
/// failed, 1 where KEDA refuses a trigger for what is written in it.
#[derive(Args, Debug)]
pub(crate) struct TriggersArgs {
    /// ScaledObjects and ScaledJobs: orders, so/orders, sj/mail; all in the namespace if left out
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long, help_heading = SCOPE)]
    pub(crate) all_namespaces: bool,
    /// Namespace of KEDA, which has the Secrets of cluster-wide authentications [default: that of
    /// its operator, else keda]
    #[arg(long, value_name = "NAME", value_parser = values::namespace, help_heading = TRIGGERS)]
    pub(crate) keda_namespace: Option<String>,
    /// Limit for each trigger [default: 5s]
    #[arg(long = "timeout", id = "trigger-timeout", value_name = "TIME", value_parser = values::positive_timeout, help_heading = TRIGGERS)]
    pub(crate) timeout: Option<Duration>,
    /// Keep looking until interrupted
    #[arg(short = 'w', long, help_heading = TRIGGERS)]
    pub(crate) watch: bool,
    /// Time between two looks [default: the shortest pollingInterval]
    #[arg(long = "interval", id = "look-interval", value_name = "TIME", value_parser = values::positive_timeout, requires = "watch", help_heading = TRIGGERS)]
    pub(crate) interval: Option<Duration>,
    /// Form of the report; also jsonpath=TEMPLATE,
    /// custom-columns=HEADER:PATH,… and template=TEMPLATE [default: table]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Choices(&FORMATS), help_heading = OUTPUT)]
    pub(crate) form: Option<Choice<Format>>,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}
