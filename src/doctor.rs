//! What a cluster and this machine must have for the program to do its work: from what was seen to one
//! line for each thing, with what to do about it.
//!
//! [`examine`] is the whole of it. It is given [`Facts`], asks nobody, and each file below judges what
//! belongs together. What was not asked, because something else is missing, is skipped and says so.

mod autoscaling;
mod machine;
mod metrics;
mod model;
mod reach;
pub mod rights;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use autoscaling::{Definition, Keda, Part};
pub use machine::{AuditLog, Folder, License};
pub use metrics::{
    Absent, Counted, History, MetricsApi, Prometheus, PrometheusFound, Recorded, Sought,
};
pub use model::{Key, Model, Models};
pub use reach::{Clocks, Kubeconfig, Server};
pub use rights::{Discovery, Right, Rights};

/// What is to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    Analyze,
    Apply,
    Watch,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Analyze, Self::Apply, Self::Watch];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Analyze => "analyze",
            Self::Apply => "apply",
            Self::Watch => "watch",
        }
    }
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ok,
    /// Something goes without it, or only what is not asked about needs it.
    Warning,
    Failed,
    /// It could not be looked at, or there is no need to.
    Skipped,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Of which kind a failure is, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// There was no answer, or there is nobody to ask.
    Unreachable,
    /// Something is not allowed.
    Refused,
    /// A file of this machine cannot be used.
    Unusable,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// A word that stays: `kubeconfig`, `permission`.
    pub name: &'static str,
    /// Which of several; empty where there is one.
    pub subject: String,
    pub state: State,
    pub seen: String,
    /// A command to run or a flag to pass.
    pub advice: Option<String>,
    /// Of a check that failed.
    pub fault: Option<Fault>,
}

/// Something that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<T> {
    Known(T),
    Failed(Trouble),
    /// Nobody was asked, and why.
    Unasked(String),
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    pub advice: Option<String>,
    pub fault: Fault,
}

/// Everything that was seen.
#[derive(Clone, Debug)]
pub struct Facts {
    pub kubeconfig: Told<Kubeconfig>,
    pub server: Told<Server>,
    pub rights: Told<Rights>,
    pub metrics_api: Told<MetricsApi>,
    pub prometheus: Told<Sought>,
    pub keda: Told<Option<Keda>>,
    pub definition: Told<Definition>,
    pub clocks: Told<Clocks>,
    pub license: Told<License>,
    /// `None` where none is configured.
    pub model: Option<Model>,
    pub state: Folder,
    pub audit: AuditLog,
}

/// All checks in the order in which things depend on each other. What none of `purposes` needs warns
/// where it would fail; `now` is this machine's time.
pub fn examine(facts: &Facts, purposes: &[Purpose], now: Timestamp) -> Vec<Check> {
    let judge = Judge { purposes, now };
    let mut checks = vec![
        judge.kubeconfig(&facts.kubeconfig),
        judge.server(&facts.server),
        judge.clocks(&facts.clocks),
    ];
    checks.extend(judge.rights(&facts.rights));
    checks.push(judge.metrics_api(facts));
    checks.extend(judge.prometheus(facts));
    checks.extend(judge.keda(&facts.keda));
    checks.push(judge.definition(&facts.definition));
    checks.push(judge.license(&facts.license));
    checks.extend(facts.model.as_ref().map(|it| judge.model(it)));
    checks.push(judge.folder(&facts.state));
    checks.push(judge.audit(&facts.audit));
    checks
}

/// The kind of the worst failure; `None` where nothing failed. Without an answer nothing else is known,
/// so that this is the worst.
pub fn worst(checks: &[Check]) -> Option<Fault> {
    checks.iter().filter_map(|it| it.fault).min()
}

/// What everything is judged by.
struct Judge<'a> {
    purposes: &'a [Purpose],
    now: Timestamp,
}

impl Judge<'_> {
    /// Whether anything that is asked about needs what `of` need.
    fn counts(&self, of: &[Purpose]) -> bool {
        of.iter().any(|it| self.purposes.contains(it))
    }

    /// A failure where it counts, else a warning.
    fn failed(&self, check: Check, fault: Fault, of: &[Purpose]) -> Check {
        match self.counts(of) {
            true => Check {
                state: State::Failed,
                fault: Some(fault),
                ..check
            },
            false => Check {
                state: State::Warning,
                ..check
            },
        }
    }

    /// What is not known of something that `of` need.
    fn unknown<T>(&self, check: Check, told: &Told<T>, of: &[Purpose]) -> Check {
        match told {
            Told::Known(_) => check,
            Told::Unasked(why) => check.skipped(why),
            Told::Failed(trouble) => {
                let check = check.seen(&trouble.what).advised(trouble.advice.clone());
                self.failed(check, trouble.fault, of)
            }
        }
    }
}

impl Check {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            subject: String::new(),
            state: State::Ok,
            seen: String::new(),
            advice: None,
            fault: None,
        }
    }

    fn of(name: &'static str, subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            ..Self::new(name)
        }
    }

    fn seen(self, seen: impl Into<String>) -> Self {
        Self {
            seen: seen.into(),
            ..self
        }
    }

    fn advised(self, advice: Option<String>) -> Self {
        Self { advice, ..self }
    }

    fn warning(self, advice: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            advice: Some(advice.into()),
            ..self
        }
    }

    fn skipped(self, why: impl Into<String>) -> Self {
        Self {
            state: State::Skipped,
            seen: why.into(),
            ..self
        }
    }
}
