//! Every way in which a run can end badly: what to do about it, and the exit code.
//!
//! Modules have small errors of their own, which say what happened. Here they meet; advice and
//! exit codes live here and nowhere else.

mod act;
mod cluster;
pub mod completion;
mod exit;
pub mod files;
pub mod license;
mod metrics;
mod simulation;

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::analysis;
use crate::autoscaler::AutoscalerId;
use crate::bundle;
use crate::causes;
use crate::cluster::manifest;
use crate::config;
use crate::fleet::Permission;
use crate::metrics::{csv, local, prometheus, snapshot};
use crate::sandbox;
pub use exit::Exit;

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Flags that make no sense together, and what to type instead.
    #[error("{message}")]
    Usage {
        message: String,
        hint: Option<String>,
    },
    #[error(transparent)]
    ConfigFile(#[from] config::file::Error),
    #[error(transparent)]
    Cluster(#[from] crate::cluster::Error),
    #[error(transparent)]
    Prometheus(#[from] prometheus::Error),
    #[error(transparent)]
    Snapshot(#[from] snapshot::Error),
    /// Autoscalers that were named and are not in the snapshot: `hpa/web in namespace shop`.
    #[error("not found in snapshot {}: {}", snapshot.display(), missing.join(", "))]
    NotInSnapshot {
        snapshot: PathBuf,
        missing: Vec<String>,
    },
    #[error(transparent)]
    Bundle(#[from] bundle::ReadError),
    #[error(transparent)]
    LocalHistory(#[from] local::Error),
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error(transparent)]
    Load(#[from] csv::Error),
    /// A name that several autoscalers have.
    #[error("`{name}` is the name of {} autoscalers: {}", found.len(), listed(found))]
    Ambiguous {
        name: String,
        found: Vec<AutoscalerId>,
    },
    /// Its target or its history cannot be read.
    #[error("cannot replay {autoscaler}: {why}")]
    NoPast {
        autoscaler: AutoscalerId,
        why: String,
    },
    /// What an HPA is set to does not come from the HPA.
    #[error("cannot replay {autoscaler}: owned by {owner}, which would undo a change")]
    Owned {
        autoscaler: AutoscalerId,
        owner: String,
    },
    #[error("cannot replay {autoscaler}")]
    Simulation {
        autoscaler: AutoscalerId,
        source: analysis::simulation::Error,
    },
    #[error(transparent)]
    License(#[from] license::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Conduct(Box<crate::conduct::Error>),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error(transparent)]
    Completion(#[from] completion::Error),
    #[error(transparent)]
    Audit(#[from] crate::audit::Error),
    #[error(transparent)]
    Leader(#[from] crate::leader::Error),
    #[error(transparent)]
    Serve(#[from] crate::signals::serve::Error),
    #[error(transparent)]
    Webhook(#[from] crate::signals::webhook::Error),
    /// A write that was decided on and not made; its record says so too.
    #[error("{record} was not {done}")]
    NotDone {
        record: String,
        /// `applied`.
        done: &'static str,
        source: crate::conduct::Failure,
    },
    /// Recommendations that were named and are not there: `rec/web in namespace shop`.
    #[error("not found among the {place}: {}", missing.join(", "))]
    NoRecommendation { missing: Vec<String>, place: String },
    /// ScaledObjects or ScaledJobs that were named and are not there.
    #[error("not found: {}", missing.join(", "))]
    NoScaled { missing: Vec<String> },
    /// Objects to lint that were named and are not there.
    #[error("not found: {}", missing.join(", "))]
    NothingToLint { missing: Vec<String> },
    #[error("cannot install {name}")]
    Install {
        name: String,
        source: crate::cluster::write::WriteError,
    },
    #[error("cannot delete {name}")]
    Uninstall {
        name: String,
        source: crate::cluster::write::WriteError,
    },
    /// One to install into.
    #[error("there is no namespace {namespace}")]
    NoNamespace { namespace: String },
    /// Commands that would take back what is in force.
    #[error("{} autoscalers are still as they were changed", reverts.len())]
    StillChanged { reverts: Vec<String> },
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    /// A file named by a flag cannot be read.
    #[error("cannot read {} given with {flag}", path.display())]
    Read {
        flag: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// A file named by a flag has something else in it.
    #[error("{} given with {flag}: {why}", path.display())]
    Content {
        flag: &'static str,
        path: PathBuf,
        why: String,
    },
    #[error("cannot write to standard output")]
    Output(#[source] std::io::Error),
    #[error("cannot write {} given with {flag}", path.display())]
    Write {
        flag: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// The system refuses what every program may have: threads, signals.
    #[error("cannot start")]
    Start(#[source] std::io::Error),
    /// A part of a pass of `watch` that has an end, so that others have their turn.
    #[error("{what}: no answer within {limit:.1?}")]
    Late {
        what: String,
        limit: std::time::Duration,
    },
    /// There is no place for the local history.
    #[error("no home directory for the local history")]
    NoHome,
}

/// What to do where a permission is missing that a run goes on without.
pub(crate) fn missing_hint(permission: &Permission) -> String {
    cluster::permission_hint(permission)
}

impl From<crate::conduct::Error> for Error {
    fn from(error: crate::conduct::Error) -> Self {
        Self::Conduct(Box::new(error))
    }
}

impl Error {
    /// A usage error without further advice.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// What to do about it: a command to run, a flag to pass, a permission to ask for.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => Some(hint.clone().unwrap_or_else(|| {
                "`kubectl stepscale analyze --help` says what each flag expects".to_owned()
            })),
            Self::ConfigFile(err) => config_hint(err),
            Self::Cluster(err) => cluster::hint(err),
            Self::Prometheus(err) => metrics::prometheus_hint(err),
            Self::Snapshot(err) => metrics::snapshot_hint(err),
            Self::NotInSnapshot { snapshot, .. } => Some(format!(
                "`kubectl stepscale analyze --from {} -o name` lists what there is",
                snapshot.display()
            )),
            Self::Bundle(err) => Some(files::bundle_hint(err).to_owned()),
            Self::LocalHistory(err) => metrics::local_hint(err),
            Self::Manifest(err) => simulation::manifest_hint(err),
            Self::Load(err) => Some(simulation::load_hint(err)),
            Self::Ambiguous { .. } => Some("pass -n NAMESPACE to tell which one".to_owned()),
            Self::NoPast { autoscaler, .. } => Some(format!(
                "`kubectl stepscale analyze {} -n {}` says what is known of it",
                autoscaler.name, autoscaler.namespace
            )),
            Self::Owned { owner, .. } => Some(format!(
                "its settings are those of {owner}; change them there"
            )),
            Self::Simulation { source, .. } => simulation::hint(source),
            Self::License(err) => Some(license::hint(err)),
            Self::Store(err) => act::store_hint(err),
            Self::Conduct(err) => act::conduct_hint(err),
            Self::Files(err) => Some(files::hint(err)),
            Self::Completion(err) => Some(completion::hint(err).to_owned()),
            Self::Audit(err) => Some(act::audit_hint(err)),
            Self::Leader(_) => Some(
                "let the account get, create and update leases in that namespace, or pass \
                 --enable-leader-election=false where it is alone"
                    .to_owned(),
            ),
            Self::Serve(err) => Some(err.hint()),
            Self::Webhook(err) => Some(err.hint().to_owned()),
            Self::NotDone { source, .. } => act::failure_hint(source),
            Self::NoRecommendation { .. } => Some(
                "`kubectl stepscale status -A` lists them, `kubectl stepscale analyze` makes them"
                    .to_owned(),
            ),
            Self::NoScaled { .. } => Some(
                "`kubectl get scaledobjects,scaledjobs -A` lists what there is; -n NAMESPACE looks \
                 elsewhere"
                    .to_owned(),
            ),
            Self::NothingToLint { .. } => Some(
                "`kubectl stepscale lint -A` checks all that there are; -n NAMESPACE looks elsewhere"
                    .to_owned(),
            ),
            Self::Install { source, .. } => act::install_hint(source),
            Self::Uninstall { source, .. } => act::write_hint(source),
            Self::NoNamespace { namespace } => {
                Some(format!("make it: `kubectl create namespace {namespace}`"))
            }
            Self::StillChanged { reverts } => Some(act::still_changed_hint(reverts)),
            Self::Sandbox(err) => Some(sandbox_hint(err)),
            Self::Read { .. } => Some("check the path and its permissions".to_owned()),
            Self::Content { flag, .. } => Some(format!(
                "`kubectl stepscale analyze --help` says what {flag} expects"
            )),
            Self::Output(_) | Self::Write { .. } => {
                Some("check the free space and the permissions of the folder".to_owned())
            }
            Self::Start(_) => Some("check the limits of the process with `ulimit -a`".to_owned()),
            // It is tried again by itself.
            Self::Late { .. } => None,
            Self::NoHome => Some("set HOME, or XDG_STATE_HOME to a folder for it".to_owned()),
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::Output(source) if source.kind() == std::io::ErrorKind::BrokenPipe => Exit::Clean,
            Self::Usage { .. }
            | Self::ConfigFile(_)
            | Self::Bundle(_)
            | Self::Read { .. }
            | Self::Content { .. }
            | Self::Manifest(_)
            | Self::Load(_)
            | Self::Ambiguous { .. }
            | Self::Output(_)
            | Self::Sandbox(_)
            | Self::Write { .. } => Exit::Usage,
            Self::NoPast { .. } => Exit::Unreachable,
            Self::Owned { .. } => Exit::Refused,
            Self::Simulation { source, .. } => simulation::exit(source),
            Self::License(err) => license::exit(err),
            Self::Store(err) => act::store_exit(err),
            Self::Conduct(err) => act::conduct_exit(err),
            Self::Files(err) => files::exit(err),
            Self::Completion(err) => completion::exit(err),
            Self::Audit(err) => act::audit_exit(err),
            Self::Leader(_) => Exit::Unreachable,
            Self::Serve(_) | Self::Webhook(_) => Exit::Usage,
            Self::NotDone { source, .. } => act::failure_exit(source),
            Self::NoRecommendation { .. } | Self::NoScaled { .. } | Self::NothingToLint { .. } => {
                Exit::ObjectNotFound
            }
            Self::Install { source, .. } | Self::Uninstall { source, .. } => {
                act::write_exit(source)
            }
            Self::NoNamespace { .. } => Exit::ObjectNotFound,
            Self::StillChanged { .. } => Exit::Refused,
            Self::Cluster(err) => cluster::exit(err),
            Self::Prometheus(err) => metrics::prometheus_exit(err),
            Self::Snapshot(err) => metrics::snapshot_exit(err),
            Self::NotInSnapshot { .. } => Exit::ObjectNotFound,
            Self::LocalHistory(err) => metrics::local_exit(err),
            Self::Start(_) | Self::Late { .. } | Self::NoHome => Exit::Unreachable,
        }
    }

    /// Whether there is nothing to tell: the reader of our output has gone, and knows.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Output(source) if source.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// The message with its causes and the hint, in one line of a list.
    pub(crate) fn line(&self) -> String {
        let mut text = causes::whole(self);
        if let Some(hint) = self.hint() {
            // Writing to a string cannot fail.
            let _ = write!(text, "; {hint}");
        }
        text
    }

    /// The message, its causes and the hint, one a line.
    pub fn render(&self) -> String {
        let mut text = format!("error: {self}\n");
        let mut cause = self.source();
        while let Some(err) = cause {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  caused by: {err}");
            cause = err.source();
        }
        if let Some(hint) = self.hint() {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

fn listed(autoscalers: &[AutoscalerId]) -> String {
    let all: Vec<String> = autoscalers.iter().map(ToString::to_string).collect();
    all.join(", ")
}

fn config_hint(err: &config::file::Error) -> Option<String> {
    use config::file::Error;
    match err {
        Error::Read { .. } => Some("check the path and its permissions".to_owned()),
        Error::Syntax { .. } => Some("correct it, or pass another one with --config".to_owned()),
        Error::UnknownKey { key, meant, .. } => Some(match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => keys_near(key),
        }),
        Error::Value { .. } => Some("correct it, or pass another one with --config".to_owned()),
    }
}

fn sandbox_hint(err: &sandbox::Error) -> String {
    match err {
        sandbox::Error::Listen { .. } => "leave --port out to take any that is free".to_owned(),
        sandbox::Error::Faults(_) => "correct the file given with --faults".to_owned(),
        sandbox::Error::Random => "allow this process getrandom(2) or /dev/urandom".to_owned(),
        sandbox::Error::Upstream { .. } => "write it as http://127.0.0.1:9090".to_owned(),
    }
}

/// The keys of the group that `key` is in, or all of them.
fn keys_near(key: &str) -> String {
    let group = key.split_once('.').map_or("", |it| it.0);
    let inside = |it: &&str| it.split_once('.').is_some_and(|it| it.0 == group);
    let near: Vec<&str> = config::file::KEYS.into_iter().filter(inside).collect();
    match near.as_slice() {
        [] => format!("the keys are {}", config::file::KEYS.join(", ")),
        near => format!("the keys in `{group}` are {}", near.join(", ")),
    }
}

#[cfg(test)]
mod tests;
