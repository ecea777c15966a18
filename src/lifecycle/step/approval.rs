//! What people say, and what forbids to do it.

use super::NotNow;
use super::draft::Draft;
use crate::lifecycle::guard::Refusal;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Decision;

pub(super) fn approved(draft: &mut Draft, by: &str) -> Result<(), NotNow> {
    let was_approved = draft.record.approved;
    match draft.phase() {
        Phase::Pending | Phase::Rejected => say_yes(draft, by),
        Phase::Approved | Phase::Blocked | Phase::Failed if was_approved => {}
        Phase::Approved | Phase::Blocked | Phase::Failed => say_yes(draft, by),
        Phase::Applied | Phase::Verified | Phase::Degraded if was_approved => {}
        Phase::Applied | Phase::Verified | Phase::Degraded => {
            decide(draft, true, by, String::new());
            draft.tell("approved", by);
        }
        Phase::RolledBack => {
            let why = "the change was taken back and is not made again";
            return Err(draft.not_now(why, draft.analyze("for a new proposal")));
        }
        Phase::Superseded => {
            let why = "it is not what an analysis proposes any more";
            return Err(draft.not_now(why, draft.analyze("for a new proposal")));
        }
    }
    Ok(())
}

fn say_yes(draft: &mut Draft, by: &str) {
    decide(draft, true, by, String::new());
    draft.record.status.rejected_inputs = None;
    draft.enter(Phase::Approved, format!("approved by {by}"), by);
}

/// Takes a yes back. What is in force stays so.
pub(super) fn unapproved(draft: &mut Draft, by: &str) {
    let was_approved = draft.record.approved;
    match draft.phase() {
        Phase::Approved | Phase::Blocked | Phase::Failed => wait_again(draft, by),
        Phase::Pending | Phase::RolledBack | Phase::Rejected | Phase::Superseded
            if was_approved =>
        {
            decide(draft, false, by, String::new());
            draft.tell("approval taken back", by);
        }
        Phase::Applied | Phase::Verified | Phase::Degraded if was_approved => {
            decide(draft, false, by, String::new());
            draft.tell("approval taken back; the change stays in force", by);
        }
        Phase::Pending
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => {}
    }
}

/// Whether a write that was begun was made is only seen at the target: until then it stays known.
fn wait_again(draft: &mut Draft, by: &str) {
    let was_approved = draft.record.approved;
    if draft.record.status.attempt.is_none() {
        decide(draft, false, by, String::new());
        draft.enter(Phase::Pending, "approval taken back", by);
    } else if was_approved {
        decide(draft, false, by, String::new());
        draft.tell("approval taken back while a write is under way", by);
    }
}

pub(super) fn rejected(draft: &mut Draft, by: &str, reason: String) -> Result<(), NotNow> {
    match draft.phase() {
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed => {
            if draft.record.status.attempt.is_some() {
                let why = "a write was begun, and it is not known yet whether it was made";
                let way_out = draft.run("status", "to see how it ended, then reject or revert it");
                return Err(draft.not_now(why, way_out));
            }
            say_no(draft, by, reason);
        }
        Phase::Rejected => {}
        Phase::Applied | Phase::Verified | Phase::Degraded => {
            let way_out = draft.run("revert", "to take it back");
            return Err(draft.not_now("the change is in force", way_out));
        }
        Phase::RolledBack => {
            let why = "the change was taken back and is not made again";
            return Err(draft.not_now(why, "there is nothing left to reject".to_owned()));
        }
        Phase::Superseded => {
            let why = "it is not what an analysis proposes any more";
            return Err(draft.not_now(why, "there is nothing left to reject".to_owned()));
        }
    }
    Ok(())
}

fn say_no(draft: &mut Draft, by: &str, reason: String) {
    let detail = match reason.as_str() {
        "" => format!("rejected by {by}"),
        reason => format!("rejected by {by}: {reason}"),
    };
    decide(draft, false, by, reason);
    draft.record.status.rejected_inputs = Some(draft.record.proposal.inputs());
    draft.enter(Phase::Rejected, detail, by);
}

fn decide(draft: &mut Draft, approved: bool, by: &str, reason: String) {
    draft.record.approved = approved;
    draft.record.status.decided = Some(Decision {
        by: by.to_owned(),
        at: draft.now,
        reason,
    });
}

/// Keeps why an approved change was not made. Where nobody has approved it, there is nothing to tell.
pub(super) fn refused(draft: &mut Draft, refusal: &Refusal) {
    let detail = refusal.to_string();
    match draft.phase() {
        Phase::Approved | Phase::Failed => {}
        Phase::Blocked if draft.record.status.detail != detail => {}
        Phase::Blocked
        | Phase::Pending
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => return,
    }
    if draft.record.approved {
        let way_out = refusal.way_out(&draft.record);
        draft.enter(Phase::Blocked, &*detail, "");
        draft.warn("Blocked", format!("{detail}; {way_out}"));
    }
}
