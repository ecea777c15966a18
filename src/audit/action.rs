//! What is told to the audit log.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;

use super::event::{ObjectRef, Stage, User};
use crate::lifecycle::changes::Change;

/// Who acts, and from where. The same for all records of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The account of the operating system.
    pub os_user: String,
    /// Whom the cluster takes the run for, where known.
    pub user: Option<User>,
    /// As whom it acts by `--as`.
    pub impersonated: Option<User>,
    /// Name of the machine or pod.
    pub host: String,
    pub pid: u32,
    /// The command line, as typed: secrets are left out here.
    pub command: Vec<String>,
    /// `kubectl-stepscale/0.1.0 (linux/x86_64)`.
    pub user_agent: String,
    /// Name of the cluster in the kubeconfig.
    pub cluster: String,
    /// URL of the API server.
    pub server: String,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// A recommendation is written or refreshed.
    Propose,
    Approve,
    /// An approval is withdrawn.
    Unapprove,
    Reject,
    /// A change is written to the target.
    Apply,
    /// A change by somebody else's hand is taken over into probation.
    Adopt,
    /// A probation is judged.
    Verify,
    /// A change is taken back.
    Revert,
    /// The minimum of an HPA is raised, since a window is open.
    Raise,
    /// It is given back, or left as others have set it.
    Restore,
    /// A schedule whose peak does not come is taken away.
    Retract,
    /// An autoscaler is held.
    Pause,
    /// It scales again.
    Resume,
    /// A recommendation is overtaken or withdrawn.
    Supersede,
    /// The state of the license is found.
    License,
    /// Definitions, roles or workloads of ours are written to the cluster.
    Install,
    Uninstall,
}

impl Verb {
    pub const ALL: [Self; 17] = [
        Self::Propose,
        Self::Approve,
        Self::Unapprove,
        Self::Reject,
        Self::Apply,
        Self::Adopt,
        Self::Verify,
        Self::Revert,
        Self::Raise,
        Self::Restore,
        Self::Retract,
        Self::Pause,
        Self::Resume,
        Self::Supersede,
        Self::License,
        Self::Install,
        Self::Uninstall,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Propose => "propose",
            Self::Approve => "approve",
            Self::Unapprove => "unapprove",
            Self::Reject => "reject",
            Self::Apply => "apply",
            Self::Adopt => "adopt",
            Self::Verify => "verify",
            Self::Revert => "revert",
            Self::Raise => "raise",
            Self::Restore => "restore",
            Self::Retract => "retract",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Supersede => "supersede",
            Self::License => "license",
            Self::Install => "install",
            Self::Uninstall => "uninstall",
        }
    }

    /// Whether it must not be done where it cannot be recorded.
    ///
    /// Taking a change back must never fail for want of disk space, nor must judging it, which
    /// comes first: a bad change that stays does more harm than a line that is missing. All else can
    /// wait.
    pub fn must_be_recorded(self) -> bool {
        match self {
            Self::Verify
            | Self::Revert
            | Self::Restore
            | Self::Retract
            | Self::Resume
            | Self::License => false,
            Self::Propose
            | Self::Approve
            | Self::Unapprove
            | Self::Reject
            | Self::Apply
            | Self::Adopt
            | Self::Raise
            | Self::Pause
            | Self::Supersede
            | Self::Install
            | Self::Uninstall => true,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.as_str() == text).ok_or(())
    }
}

/// Something that is about to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Told by all records of the action, and by no others: that of the attempt, or one of
    /// [`new_id`](super::event::new_id).
    pub id: String,
    pub at: Timestamp,
    pub verb: Verb,
    pub recommendation: Option<ObjectRef>,
    /// The autoscaler that it is for.
    pub target: Option<ObjectRef>,
    /// Why it is done; empty where nobody says.
    pub why: String,
    /// The reason given for overruling an owner.
    pub forced: Option<String>,
    /// What is to become of which value.
    pub changes: Vec<Change>,
    /// What is sent.
    pub request: Option<Value>,
}

impl Action {
    /// An action about nothing yet.
    pub fn new(id: impl Into<String>, at: Timestamp, verb: Verb) -> Self {
        Self {
            id: id.into(),
            at,
            verb,
            recommendation: None,
            target: None,
            why: String::new(),
            forced: None,
            changes: Vec::new(),
            request: None,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub at: Timestamp,
    pub outcome: Outcome,
    /// What was found: `healthy: 31 % CPU`, `grace, 3 days left`; empty where there is nothing to say.
    pub detail: String,
    /// What the API server answered.
    pub response: Option<Value>,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It was not done, by a rule of ours.
    Refused {
        /// A word for machines: `ChangedSinceAnalyzed`.
        reason: String,
        message: String,
    },
    /// It was tried. A write may have been made where its answer was lost.
    Failed {
        message: String,
        /// The status of HTTP, where there was an answer.
        code: Option<u16>,
    },
    /// A bug of ours.
    Panicked {
        message: String,
    },
}

impl Answer {
    /// An end with nothing more to say.
    pub fn new(at: Timestamp, outcome: Outcome) -> Self {
        Self {
            at,
            outcome,
            detail: String::new(),
            response: None,
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self.outcome {
            Outcome::Done | Outcome::Refused { .. } | Outcome::Failed { .. } => {
                Stage::ResponseComplete
            }
            Outcome::Panicked { .. } => Stage::Panic,
        }
    }
}
