//! What may be typed after the subcommands that decide on recommendations and carry them out.

use std::path::PathBuf;

use clap::Args;

use super::probation::{LimitArgs, ProbationArgs, WaitArgs};
use super::{Choices, PrometheusArgs, ViewArgs, words};
use crate::config::act::{DRY_RUNS, DryRun, GIT_FORMS, GitForm, LIST_FORMS, ListForm, PATCH_TYPES};
use crate::config::form::Choice;
use crate::config::install::image;
use crate::config::values;
use crate::output::patch::PatchType;

const SCOPE: &str = "Scope";
const SAFETY: &str = "Safety";
const OUTPUT: &str = "Output";

/// Which recommendations are meant.
#[derive(Args, Debug)]
#[command(next_help_heading = SCOPE)]
pub(crate) struct RecordsArgs {
    /// Recommendations: web, rec/web, hpa/web, or several
    #[arg(value_name = "NAME", help_heading = None::<&str>)]
    pub(crate) names: Vec<String>,
    /// All namespaces
    #[arg(short = 'A', long)]
    pub(crate) all_namespaces: bool,
    #[command(flatten)]
    pub(crate) audit: AuditArgs,
}

/// Where it is recorded what is done.
#[derive(Args, Debug)]
#[command(next_help_heading = SAFETY)]
pub(crate) struct AuditArgs {
    /// Audit log, `-` for standard output [default: $XDG_STATE_HOME/stepscale/audit.log]
    #[arg(long, value_name = "FILE")]
    pub(crate) audit_log: Option<PathBuf>,
}

/// Say yes to recommendations
///
/// What is approved may be applied, by `apply` or by `watch`. Nothing is changed before.
#[derive(Args, Debug)]
pub(crate) struct ApproveArgs {
    #[command(flatten)]
    pub(crate) records: RecordsArgs,
}

/// Say no to recommendations
///
/// What is rejected is not proposed again while what it rests on is the same.
#[derive(Args, Debug)]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    pub(crate) records: RecordsArgs,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(crate) reason: Option<String>,
}

/// Put recommendations in force
///
/// Changes the fields that a recommendation lists and no other, writes what was there before beside
/// them, and leaves the change on probation. Without names it asks which of the pending and approved
/// ones to apply, or with --yes takes all that are approved; a name is a yes to it. With -f nothing
/// in the cluster changes, but manifests, which keep their comments and order.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) records: RecordsArgs,
    /// Ask nothing: for pipelines
    #[arg(short, long, help_heading = SAFETY)]
    pub(crate) yes: bool,
    /// Only show what would change; `server` lets the API server check it [default: none]
    #[arg(long, value_name = "WHERE", value_parser = words(&DRY_RUNS), num_args = 0..=1,
        require_equals = true, default_missing_value = "client", help_heading = SAFETY)]
    pub(crate) dry_run: Option<DryRun>,
    /// Print it for Git instead: `patch` in the form of --patch-type, or the whole `manifest`, for the
    /// schedule of an HPA with CronJobs
    #[arg(short = 'o', long = "output", id = "for-git", value_name = "FORM",
        value_parser = words(&GIT_FORMS), conflicts_with = "dry_run", help_heading = OUTPUT)]
    pub(crate) for_git: Option<GitForm>,
    /// Change the manifests that they come from instead, and print them: a file or folder, - for
    /// standard input; may be repeated
    #[arg(short = 'f', long = "filename", id = "files", value_name = "FILE",
        conflicts_with_all = ["for-git", "force", "reason", "max_in_probation", "stop_on_revert"],
        help_heading = OUTPUT)]
    pub(crate) files: Vec<PathBuf>,
    /// Write manifests back in place of printing them
    #[arg(long, requires = "files", help_heading = OUTPUT)]
    pub(crate) in_place: bool,
    /// Form of a patch: strategic, merge, json or kustomize [default: merge]
    #[arg(long, value_name = "TYPE", value_parser = words(&PATCH_TYPES), help_heading = OUTPUT)]
    pub(crate) patch_type: Option<PatchType>,
    /// Image of the CronJobs in a manifest, with sh and kubectl [default: docker.io/alpine/kubectl:1.36.0]
    #[arg(long, value_name = "IMAGE", value_parser = image, requires = "for-git", help_heading = OUTPUT)]
    pub(crate) job_image: Option<String>,
    /// Let a ScaledObject look back at the load of a day or a week ago, in place of its windows
    #[arg(long, requires = "for-git", help_heading = OUTPUT)]
    pub(crate) predictive: bool,
    /// Change also what Git, Helm or a controller manages; needs --reason
    #[arg(long, requires = "reason", help_heading = SAFETY)]
    pub(crate) force: bool,
    /// Why; kept with the change on the autoscaler
    #[arg(long, value_name = "TEXT", value_parser = values::text, help_heading = SAFETY)]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    #[command(flatten)]
    pub(crate) probation: ProbationArgs,
    #[command(flatten)]
    pub(crate) license: super::license::LicenseArgs,
    #[command(flatten)]
    pub(crate) prometheus: PrometheusArgs,
}

/// Take changes back
///
/// Each field that still has the value that was written gets the one from before; what others have
/// changed since stays, and is told. Needs no license and, where the recommendation is lost, nothing
/// but the annotation on the autoscaler.
#[derive(Args, Debug)]
pub(crate) struct RevertArgs {
    #[command(flatten)]
    pub(crate) records: RecordsArgs,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = values::text)]
    pub(crate) reason: Option<String>,
}

/// List recommendations and what has become of them
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) records: RecordsArgs,
    /// Tell the story of each, step by step
    #[arg(long, help_heading = OUTPUT, conflicts_with = "form")]
    pub(crate) history: bool,
    /// Form of the list; also jsonpath=TEMPLATE,
    /// custom-columns=HEADER:PATH,… and template=TEMPLATE [default: table]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = Choices(&LIST_FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<Choice<ListForm>>,
    #[command(flatten)]
    pub(crate) view: ViewArgs,
}
