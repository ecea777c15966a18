//! What a run is to do, with everything decided: flags beat environment, environment beats the
//! configuration file, the file beats the defaults below.
//!
//! `cli/` does the deciding, since it alone knows the flags; what is here is the result, the
//! defaults, and the [`file`](mod@file).

pub mod act;
pub mod completion;
pub mod doctor;
pub mod explain;
pub mod file;
pub mod form;
pub mod install;
pub mod license;
pub mod lint;
pub mod llm;
mod named;
pub mod pause;
pub(crate) mod prices;
pub mod triggers;
pub(crate) mod values;
pub mod view;
pub mod watch;
pub mod webhook;

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::analysis::AnalysisSettings;
use crate::analysis::simulation::overrides::Overrides;
use crate::analysis::simulation::planned::PlannedPods;
use crate::audit;
use crate::cluster;
use crate::metrics::prometheus;
use crate::opencost;
use crate::output::View;
use crate::sim::demand::Shape;
use crate::units::Step;
pub use llm::Llm;
pub use named::Named;
pub use watch::Shard;

/// What `analyze` is to do.
#[derive(Clone, Debug)]
pub struct Config {
    pub question: Question,
    /// Its window is the length of the question's.
    pub analysis: AnalysisSettings,
    /// Whom to ask for the prices that the analysis was not given.
    pub opencost: Option<opencost::Options>,
    /// Whom to ask for second opinions; `None` for nobody.
    pub llm: Option<Llm>,
    pub report: Report,
    /// Whether the recommendations for a cluster are kept, for `apply`.
    pub save: bool,
    /// How it is recorded that they are.
    pub audit: audit::Settings,
}

/// Whose past to look at, where it comes from, and which part of it.
#[derive(Clone, Debug)]
pub struct Question {
    pub input: Input,
    pub scope: cluster::Scope,
    pub window: Window,
    /// The time that counts as now; `None` is the snapshot's time, or the clock's.
    pub now: Option<Timestamp>,
    /// Which part of the fleet; `None` for all of it.
    pub shard: Option<Shard>,
}

/// What `simulate` is to do.
#[derive(Clone, Debug)]
pub struct SimulateConfig {
    pub replayed: Replayed,
    pub overrides: Overrides,
    /// How long pods take until they serve; `None` as measured.
    pub startup: Option<SignedDuration>,
    /// How the load ran within a step; `None` for what fits best.
    pub shape: Option<Shape>,
    /// Its headroom is that of the replays; the rest is for what `analyze` would propose.
    pub analysis: AnalysisSettings,
    pub form: form::Choice<Format>,
}

/// Whose past is replayed.
#[derive(Clone, Debug)]
pub enum Replayed {
    Autoscaler {
        /// About exactly one name.
        question: Question,
        /// Whether to set what `analyze` would propose beside it.
        compare: bool,
    },
    /// One that does not exist yet.
    Manifest(Planned),
}

/// Files of an autoscaler that does not exist yet. `-` is standard input.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub manifest: PathBuf,
    pub load: PathBuf,
    /// Of objects that name none.
    pub namespace: String,
    pub pods: PlannedPods,
}

/// What `gather` is to do.
#[derive(Clone, Debug)]
pub struct GatherConfig {
    pub connection: cluster::Options,
    pub scope: cluster::Scope,
    /// `None` for objects without history; a bundle always has it.
    pub history: Option<Metrics>,
    pub window: Window,
    pub now: Option<Timestamp>,
    pub out: Output,
}

/// What `gather` writes.
#[derive(Clone, Debug)]
pub enum Output {
    Snapshot(Destination),
    Bundle(Box<Bundle>),
}

/// A support bundle to write.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub path: PathBuf,
    /// How far back logs of pods go.
    pub since: Duration,
    /// After how long nothing more is asked; `None` for as long as it takes.
    pub timeout: Option<Duration>,
    pub analysis: AnalysisSettings,
    /// Whom to ask for the prices that the analysis was not given.
    pub opencost: Option<opencost::Options>,
    /// Where the audit log is.
    pub audit: audit::Settings,
    /// What this run was told, and where each setting comes from; secrets only as set.
    pub told: Vec<Told>,
}

/// A setting that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub name: String,
    pub origin: Origin,
    /// `None` for a secret.
    pub value: Option<String>,
}

/// Where a setting was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment,
    File,
}

/// What `demo` is to do.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoConfig {
    /// The fleet to start with; `None` for the example.
    pub snapshot: Option<Snapshot>,
    /// How many times as fast as ours its time passes; 0 where it stands.
    pub speed: u32,
    /// 0 for any that is free.
    pub port: u16,
    /// A file that says what goes wrong.
    pub faults: Option<PathBuf>,
    /// A shell command to run instead of staying up.
    pub exec: Option<String>,
}

/// Where the autoscalers and their history come from.
#[derive(Clone, Debug)]
pub enum Input {
    Cluster {
        connection: cluster::Options,
        metrics: Metrics,
    },
    Snapshot(Snapshot),
}

/// Where history of a live cluster comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Metrics {
    Prometheus(Box<prometheus::Options>),
    /// metrics.k8s.io and HPA status: one sample a run, kept in a local file.
    MetricsApi,
}

impl Metrics {
    /// Whether what was read from the other can go on with what is read from this one.
    pub fn has_history_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prometheus(this), Self::Prometheus(other)) => this.has_history_of(other),
            (Self::MetricsApi, Self::MetricsApi) => true,
            (Self::Prometheus(_), Self::MetricsApi) | (Self::MetricsApi, Self::Prometheus(_)) => {
                false
            }
        }
    }
}

/// A snapshot to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshot {
    File(PathBuf),
    Stdin,
}

/// Where to write a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    File(PathBuf),
    Stdout,
}

/// Which part of the past to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// At least one.
    pub days: u32,
    pub step: Step,
}

impl Window {
    pub fn length(self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.days))
    }
}

impl Default for Window {
    fn default() -> Self {
        Self {
            days: 14,
            step: Step::FIVE_MINUTES,
        }
    }
}

/// How to answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub form: form::Form,
    pub fail_on: FailOn,
    pub view: View,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl Format {
    /// Whether people read it, who can tell other lines on standard output from it.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }
}

/// What makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    #[default]
    Never,
    /// Any finding or recommendation.
    Info,
    /// A finding of warning or critical, or a recommendation.
    Warning,
    /// A critical finding.
    Critical,
    /// A recommendation, whatever was found.
    Recommendation,
}

/// When to color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}
