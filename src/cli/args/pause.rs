//! What may be typed after `pause` and `resume`.

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

use super::act::AuditArgs;
use crate::config::values;
use crate::units::Replicas;

const SCOPE: &str = "Scope";
const SAFETY: &str = "Safety";

/// Hold autoscalers for a while
///
/// ScaledObjects and ScaledJobs are held by the annotations that KEDA reads, and it is looked whether
/// KEDA has reacted; an HPA by the select policies of its behavior, or with --replicas by a minimum
/// and a maximum that are the same. What was there before is kept on the object, and `resume` brings
/// it back. What Git, Helm or a controller manages is refused, with the patch to commit.
#[derive(Args, Debug)]
pub(crate) struct PauseArgs {
    /// Autoscalers: so/orders, sj/reports, hpa/web, or several
    #[arg(
        value_name = "KIND/NAME",
        required_unless_present = "list",
        conflicts_with = "list"
    )]
    pub(crate) names: Vec<String>,
    /// Set the replicas to this, and keep them there
    #[arg(long, value_name = "COUNT", value_parser = held_at,
        conflicts_with_all = ["scale_in", "scale_out", "list"])]
    pub(crate) replicas: Option<Replicas>,
    /// Only take no pods away; pods may be added
    #[arg(long, conflicts_with_all = ["scale_out", "list"])]
    pub(crate) scale_in: bool,
    /// Only add no pods; pods may be taken away
    #[arg(long, conflicts_with = "list")]
    pub(crate) scale_out: bool,
    /// How long: 2h, 90m; `watch --mode apply` resumes it then [default: until `resume`]
    #[arg(long = "for", id = "length", value_name = "TIME", value_parser = values::positive_length,
        conflicts_with = "list")]
    pub(crate) length: Option<SignedDuration>,
    /// Why; kept with the pause on the autoscaler
    #[arg(long, value_name = "TEXT", value_parser = values::text, conflicts_with = "list")]
    pub(crate) reason: Option<String>,
    /// Pause also what Git, Helm or a controller manages; needs --reason
    #[arg(long, requires = "reason", help_heading = SAFETY)]
    pub(crate) force: bool,
    /// How long KEDA may take to react [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = values::positive_timeout,
        conflicts_with = "list")]
    pub(crate) timeout: Option<Duration>,
    /// List what is paused, by whom and until when, instead
    #[arg(long)]
    pub(crate) list: bool,
    /// All namespaces, for --list
    #[arg(short = 'A', long, requires = "list", help_heading = SCOPE)]
    pub(crate) all_namespaces: bool,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
}

/// Let paused autoscalers scale again
///
/// Brings back what was there before `pause`, as far as nobody has changed it since.
#[derive(Args, Debug)]
pub(crate) struct ResumeArgs {
    /// Autoscalers: so/orders, sj/reports, hpa/web, or several
    #[arg(value_name = "KIND/NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(crate) reason: Option<String>,
    /// How long KEDA may take to react [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = values::positive_timeout)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
}

/// None at all is a count that KEDA can hold.
fn held_at(text: &str) -> Result<Replicas, String> {
    let count = text.parse().map(Replicas);
    count.map_err(|_| "expected a whole number of replicas".to_owned())
}
