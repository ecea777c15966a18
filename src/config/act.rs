//! What the subcommands that decide on recommendations and carry them out are to do.

use std::path::PathBuf;
use std::time::Duration;

use super::Metrics;
use super::form::Choice;
use super::license::License;
use super::values::Words;
use crate::analysis::verification::Margins;
use crate::audit;
use crate::cluster::{self, NameArgument, Namespaces};
use crate::lifecycle::guard::Limits;
use crate::lifecycle::slo::Slo;
use crate::lifecycle::step::Policy;
use crate::output::View;
use crate::output::patch::PatchType;
use crate::units::Step;

/// Which recommendations are meant, and where.
#[derive(Clone, Debug)]
pub struct Records {
    pub connection: cluster::Options,
    pub namespaces: Namespaces,
    /// Of recommendations, or with a kind of their autoscalers; empty for all.
    pub names: Vec<NameArgument>,
    /// How what is done to them is recorded.
    pub audit: audit::Settings,
}

/// What `approve`, `reject` or `revert` is to do.
#[derive(Clone, Debug)]
pub struct DecideConfig {
    pub records: Records,
    pub what: Deed,
    /// Empty where none was given.
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Approve,
    Reject,
    Revert,
}

/// What `apply` is to do.
#[derive(Clone, Debug)]
pub struct ApplyConfig {
    pub records: Records,
    /// Ask nothing.
    pub yes: bool,
    pub dry_run: DryRun,
    /// Print it for Git instead.
    pub for_git: Option<ForGit>,
    /// Edit the manifests instead.
    pub files: Option<InFiles>,
    pub reason: String,
    pub limits: Limits,
    pub license: License,
    pub probation: Probation,
    pub waiting: Waiting,
}

/// Manifests that recommendations are written into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InFiles {
    /// Files, folders, and `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// Whether they are written back; else what they would be is printed.
    pub in_place: bool,
}

/// What `status` is to do.
#[derive(Clone, Debug)]
pub struct StatusConfig {
    pub records: Records,
    pub history: bool,
    pub form: Choice<ListForm>,
    pub view: View,
}

/// What `verify` is to do.
#[derive(Clone, Debug)]
pub struct VerifyConfig {
    pub records: Records,
    /// Take over what others have put in force.
    pub adopt: bool,
    pub probation: Probation,
    pub waiting: Waiting,
    pub form: ListForm,
}

/// How changes are judged.
#[derive(Clone, Debug)]
pub struct Probation {
    pub policy: Policy,
    pub margins: Margins,
    pub objectives: Vec<Slo>,
    pub metrics: Metrics,
    /// Of the history that is looked at.
    pub step: Step,
}

/// Whether to wait until changes have proved themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    No,
    Until {
        /// Between two looks.
        every: Duration,
        /// `None` for as long as it takes.
        timeout: Option<Duration>,
    },
}

/// How much of a write is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    #[default]
    None,
    /// Nothing is sent.
    Client,
    /// The API server checks it and keeps nothing.
    Server,
}

/// What is printed for Git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForGit {
    pub what: Printed,
    /// Of the CronJobs that carry out the schedule of an HPA.
    pub job_image: String,
    pub floors: Floors,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Printed {
    Patch(PatchType),
    Manifest,
}

/// What raises a ScaledObject before a peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floors {
    /// The windows of its schedule.
    Windows,
    /// What the load was a period ago.
    Past,
}

/// Its forms as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitForm {
    Patch,
    Manifest,
}

/// Forms of a list of recommendations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListForm {
    #[default]
    Table,
    /// As ScalingRecommendation objects.
    Json,
    Yaml,
    Name,
}

pub(crate) const DRY_RUNS: Words<DryRun> = Words(&[
    ("none", DryRun::None),
    ("client", DryRun::Client),
    ("server", DryRun::Server),
]);

pub(crate) const GIT_FORMS: Words<GitForm> =
    Words(&[("patch", GitForm::Patch), ("manifest", GitForm::Manifest)]);

pub(crate) const PATCH_TYPES: Words<PatchType> = Words(&[
    ("strategic", PatchType::Strategic),
    ("merge", PatchType::Merge),
    ("json", PatchType::Json),
    ("kustomize", PatchType::Kustomize),
]);

pub(crate) const LIST_FORMS: Words<ListForm> = Words(&[
    ("table", ListForm::Table),
    ("json", ListForm::Json),
    ("yaml", ListForm::Yaml),
    ("name", ListForm::Name),
]);
