//! The state machine.
//!
//! [`step`] sends each event to the file that knows it: what an analysis says to `proposal`, what
//! people say to `approval`, what happens to the target to `writing`, checks to `probation`, and looks
//! at a schedule to `scheduled`.
//! Each matches on the phase, so that a new one must choose. The table of all pairs is in the tests.

mod approval;
mod draft;
mod probation;
mod proposal;
mod scheduled;
mod writing;

use jiff::{SignedDuration, Timestamp};
pub use proposal::is_refused;
use serde_json::Value;

use super::changes::{Change, Lost};
use super::guard::Refusal;
use super::phase::Phase;
use super::record::{Applied, Attempt, Proposal, Record, Write};
use super::schedule::Carried;
use super::schedule::review::Look;
use crate::schedule::Plan;
use draft::Draft;

/// The detail of a new recommendation.
pub(super) const WAITING: &str = "waiting for approval";

/// Something that has happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An analysis proposes this now.
    Proposed(Box<Proposal>),
    /// An analysis proposes nothing any more.
    Withdrawn {
        why: String,
    },
    Approved {
        by: String,
    },
    Unapproved {
        by: String,
    },
    Rejected {
        by: String,
        reason: String,
    },
    /// It was to be applied and must not be.
    Refused(Refusal),
    /// A write is about to be made. Saved before it is made.
    Began(Attempt),
    /// The change is in the target, with its journal: our write, or that of a process before us.
    Written {
        id: String,
        by: String,
        at: Timestamp,
        /// The reason that was given; empty where there was none.
        why: String,
        changes: Vec<Change>,
        /// Empty where there is none.
        schedule: Plan,
    },
    /// The change is in the target by somebody else's hand, such as that of a GitOps controller.
    Adopted {
        by: String,
        at: Timestamp,
        changes: Vec<Change>,
    },
    /// The write was refused, or is known not to have been made.
    WriteFailed {
        why: String,
    },
    Judged(Check),
    /// How the schedule that is in force is carried out from now on.
    Scheduled(Box<Carried>),
    /// What an analysis says of it.
    Reviewed(Box<Look>),
    /// What we wrote was taken back; `lost` stays as others made it.
    Reverted {
        by: String,
        reason: String,
        lost: Vec<Lost>,
    },
    RevertFailed {
        why: String,
    },
    /// The target is gone, or others have changed everything that we wrote.
    Overtaken {
        why: String,
    },
}

/// How a probation looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub verdict: Verdict,
    /// For `status.measured`.
    pub measured: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Healthy {
        detail: String,
    },
    Degraded {
        detail: String,
    },
    /// Too little is known: neither verified nor taken back.
    Inconclusive {
        detail: String,
    },
    /// It could not be measured.
    Error {
        why: String,
    },
}

/// How a probation is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a change is watched before it counts as verified. 45 minutes.
    pub probation: SignedDuration,
    /// How long at most, with extensions. 26 hours: a daily peak is seen by then.
    pub probation_max: SignedDuration,
    /// Whether a degraded change of ours is taken back by itself. Yes. One that others have made is
    /// theirs to take back: they would only make it again.
    pub rollback: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            probation: SignedDuration::from_mins(45),
            probation_max: SignedDuration::from_hours(26),
            rollback: true,
        }
    }
}

/// What is to be done. Each may be done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Keep the record before anything else is done.
    Save,
    /// Write the change to the target, under the attempt's id.
    Apply,
    /// Take the change back.
    Revert { reason: String },
    /// Tell whoever looks at the target.
    Announce {
        reason: &'static str,
        message: String,
        is_warning: bool,
    },
}

/// A record after an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub record: Record,
    /// In the order in which they are to be done; empty where nothing has changed.
    pub effects: Vec<Effect>,
}

/// An event that a record cannot take in its phase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{record} is {phase}: {why}")]
pub struct NotNow {
    pub record: String,
    pub phase: Phase,
    pub why: String,
    /// What to do instead.
    pub way_out: String,
}

/// What becomes of `record` when `event` happens at `now`, by the clock of the API server.
///
/// # Errors
/// Where somebody asks for what is not possible in this phase. What merely comes late, such as a
/// proposal for something that is approved already, changes nothing and is no error.
pub fn step(
    record: &Record,
    event: Event,
    policy: &Policy,
    now: Timestamp,
) -> Result<Step, NotNow> {
    let mut draft = Draft::of(record, now);
    match event {
        Event::Proposed(new) => proposal::proposed(&mut draft, *new),
        Event::Withdrawn { why } => proposal::withdrawn(&mut draft, why),
        Event::Approved { by } => approval::approved(&mut draft, &by)?,
        Event::Unapproved { by } => approval::unapproved(&mut draft, &by),
        Event::Rejected { by, reason } => approval::rejected(&mut draft, &by, reason)?,
        Event::Refused(refusal) => approval::refused(&mut draft, &refusal),
        Event::Began(attempt) => writing::began(&mut draft, attempt)?,
        Event::Written {
            id,
            by,
            at,
            why,
            changes,
            schedule,
        } => {
            let id = Some(id);
            let applied = Applied {
                id,
                by,
                at,
                changes,
            };
            writing::written(&mut draft, applied, schedule, &why, policy);
        }
        Event::Adopted { by, at, changes } => {
            let id = None;
            let applied = Applied {
                id,
                by,
                at,
                changes,
            };
            writing::adopted(&mut draft, applied, policy)?;
        }
        Event::WriteFailed { why } => writing::write_failed(&mut draft, &why),
        Event::Judged(check) => probation::judged(&mut draft, check, policy),
        Event::Scheduled(carried) => scheduled::scheduled(&mut draft, *carried),
        Event::Reviewed(look) => scheduled::reviewed(&mut draft, *look),
        Event::Reverted { by, reason, lost } => {
            writing::reverted(&mut draft, &by, &reason, &lost);
        }
        Event::RevertFailed { why } => writing::revert_failed(&mut draft, &why),
        Event::Overtaken { why } => writing::overtaken(&mut draft, &why),
    }
    Ok(draft.finish())
}

/// The revert that was decided and of which nothing is known, for whoever comes after a crash.
///
/// Whether a write of the change was made, is for them to see at the target: where its journal has
/// the id of `status.attempt`, that is [`Event::Written`], else [`Event::WriteFailed`].
pub fn unfinished(record: &Record, policy: &Policy) -> Option<Effect> {
    let status = &record.status;
    let asked = status
        .attempt
        .as_ref()
        .filter(|it| it.what == Write::Revert);
    let reason = match (status.phase, asked) {
        (Phase::Degraded, Some(_)) => status.detail.clone(),
        (Phase::Degraded, None) if policy.rollback && status.is_ours() => status.detail.clone(),
        (_, Some(asked)) => writing::asked_by(asked),
        (_, None) => return None,
    };
    status
        .phase
        .is_in_force()
        .then_some(Effect::Revert { reason })
}

#[cfg(test)]
mod tests;
