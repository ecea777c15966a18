//! Writes to the target: begun, made, failed, taken back.

use super::draft::{Draft, after};
use super::{Effect, NotNow, Policy};
use crate::lifecycle::changes::{Change, Lost};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Applied, Attempt, Write};
use crate::lifecycle::schedule::Carried;
use crate::schedule::Plan;

pub(super) fn began(draft: &mut Draft, attempt: Attempt) -> Result<(), NotNow> {
    match attempt.what {
        Write::Apply => began_apply(draft, attempt),
        Write::Revert => began_revert(draft, attempt),
    }
}

fn began_apply(draft: &mut Draft, attempt: Attempt) -> Result<(), NotNow> {
    match draft.phase() {
        Phase::Approved | Phase::Blocked | Phase::Failed => {}
        Phase::Pending => return Err(not_approved(draft)),
        Phase::Applied | Phase::Verified | Phase::Degraded => {
            let way_out = draft.run("status", "to see how it does");
            return Err(draft.not_now("the change is in force already", way_out));
        }
        Phase::RolledBack => {
            let why = "the change was taken back and is not made again";
            return Err(draft.not_now(why, draft.analyze("for a new proposal")));
        }
        Phase::Rejected => {
            let way_out = draft.run("approve", "if it is to be applied after all");
            return Err(draft.not_now("somebody has said no", way_out));
        }
        Phase::Superseded => {
            let why = "it is not what an analysis proposes any more";
            return Err(draft.not_now(why, draft.analyze("for a new proposal")));
        }
    }
    if !draft.record.approved {
        return Err(not_approved(draft));
    }
    begin(draft, attempt)
}

fn begin(draft: &mut Draft, attempt: Attempt) -> Result<(), NotNow> {
    match &draft.record.status.attempt {
        Some(other) if other.id != attempt.id => {
            let why = format!(
                "{} began a write at {}, and it is not known yet whether it was made",
                other.by, other.at
            );
            let way_out = draft.run("status", "to see how it ended");
            return Err(draft.not_now(&why, way_out));
        }
        // The same once more, after a crash perhaps.
        Some(_) => draft.save(),
        None => {
            let by = attempt.by.clone();
            draft.record.status.attempt = Some(attempt);
            draft.enter(Phase::Approved, "applying", &by);
        }
    }
    draft.then(Effect::Apply);
    Ok(())
}

fn not_approved(draft: &Draft) -> NotNow {
    let way_out = draft.run("approve", "first");
    draft.not_now("nobody has approved it", way_out)
}

/// Taking back is allowed at any time and by several at once: each takes back only what is still
/// there.
fn began_revert(draft: &mut Draft, attempt: Attempt) -> Result<(), NotNow> {
    match draft.phase() {
        Phase::Degraded => {
            let reason = draft.record.status.detail.clone();
            begin_revert(draft, attempt, reason);
            Ok(())
        }
        Phase::Applied | Phase::Verified => {
            let reason = asked_by(&attempt);
            begin_revert(draft, attempt, reason);
            Ok(())
        }
        Phase::Approved | Phase::Blocked | Phase::Failed
            if draft.record.status.attempt.is_some() =>
        {
            let why = "a write was begun, and it is not known yet whether it was made";
            Err(draft.not_now(why, draft.run("status", "to see how it ended")))
        }
        Phase::RolledBack => {
            let way_out = "there is nothing left to revert".to_owned();
            Err(draft.not_now("the change was taken back already", way_out))
        }
        Phase::Pending
        | Phase::Approved
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => {
            let way_out = "there is nothing to revert".to_owned();
            Err(draft.not_now("its change is not in force", way_out))
        }
    }
}

pub(super) fn asked_by(attempt: &Attempt) -> String {
    format!("reverted by {}", attempt.by)
}

fn begin_revert(draft: &mut Draft, attempt: Attempt, reason: String) {
    if draft.record.status.attempt.as_ref() != Some(&attempt) {
        let by = attempt.by.clone();
        draft.record.status.attempt = Some(attempt);
        draft.tell("reverting", &by);
    }
    draft.save();
    draft.then(Effect::Revert { reason });
}

/// A write that was seen at the target is a fact, whatever was said of it here.
///
/// `why` goes into the story: the journal, which has it too, is gone once the change is taken back.
pub(super) fn written(
    draft: &mut Draft,
    applied: Applied,
    schedule: Plan,
    why: &str,
    policy: &Policy,
) {
    let known = draft.record.status.applied.as_ref();
    let is_known = known.is_some_and(|it| it.id == applied.id);
    match draft.phase() {
        Phase::Applied | Phase::Verified | Phase::Degraded => {
            if is_known || known.is_some_and(|it| it.at >= applied.at) {
                return;
            }
        }
        // The same write as the one that was taken back is old news; so it is where another proposal
        // has taken the place of what it had put in force.
        Phase::RolledBack | Phase::Superseded => {
            if is_known {
                return;
            }
        }
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed | Phase::Rejected => {}
    }
    if !why.is_empty() {
        draft.tell(format!("reason: {why}"), &applied.by);
    }
    let detail = format!("patched {}", draft.target());
    carry_from_now_on(draft, schedule);
    put_in_force(draft, applied, detail, policy);
}

pub(super) fn adopted(draft: &mut Draft, applied: Applied, policy: &Policy) -> Result<(), NotNow> {
    match draft.phase() {
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed => {}
        Phase::Applied | Phase::Verified | Phase::Degraded => return Ok(()),
        Phase::Rejected => {
            let way_out = draft.run("approve", "first");
            return Err(draft.not_now("somebody has said no", way_out));
        }
        Phase::RolledBack | Phase::Superseded => {
            let why = "it is not what an analysis proposes any more";
            return Err(draft.not_now(why, draft.analyze("for a new proposal")));
        }
    }
    let applied = Applied {
        at: applied.at.min(draft.now),
        ..applied
    };
    let detail = format!("found in {}, written by {}", draft.target(), applied.by);
    // Whether it may be carried out on what others own is seen where it is.
    let schedule = draft.record.proposal.plan().unwrap_or_default();
    carry_from_now_on(draft, schedule);
    put_in_force(draft, applied, detail, policy);
    Ok(())
}

/// The schedule is in force instead of any other; what an earlier one holds is given back in time.
fn carry_from_now_on(draft: &mut Draft, schedule: Plan) {
    let status = &mut draft.record.status;
    let floor = status.schedule.take().and_then(|it| it.floor);
    let is_any = !schedule.is_empty() || floor.is_some();
    status.schedule = is_any.then(|| Carried::begun(schedule, floor));
}

fn put_in_force(draft: &mut Draft, applied: Applied, detail: String, policy: &Policy) {
    let until = after(applied.at, policy.probation);
    let by = applied.by.clone();
    let status = &mut draft.record.status;
    status.attempt = None;
    status.applied = Some(applied);
    status.probation_until = Some(until);
    (status.errors, status.failures, status.measured) = (0, 0, None);
    let changes = draft.record.proposal.one_line();
    draft.enter(Phase::Applied, &*detail, &by);
    draft.announce(
        "Applied",
        format!("{detail}: {changes}; on probation until {until}"),
    );
}

/// Only a write that was begun can fail; in other phases that is known already.
pub(super) fn write_failed(draft: &mut Draft, why: &str) {
    let is_begun = draft.record.status.attempt.is_some();
    let detail = format!("apply failed: {why}");
    match draft.phase() {
        Phase::Approved => {}
        Phase::Blocked if is_begun => {}
        Phase::Failed if is_begun || draft.record.status.detail != detail => {}
        Phase::Blocked
        | Phase::Failed
        | Phase::Pending
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => return,
    }
    let attempt = draft.record.status.attempt.take();
    let by = attempt.map(|it| it.by).unwrap_or_default();
    let phase = match draft.record.approved {
        true => Phase::Failed,
        // Nobody wants it any more: somebody took the yes back meanwhile.
        false => Phase::Pending,
    };
    draft.enter(phase, &*detail, &by);
    draft.warn("ApplyFailed", detail);
}

pub(super) fn reverted(draft: &mut Draft, by: &str, reason: &str, lost: &[Lost]) {
    let is_begun = draft.record.status.attempt.is_some();
    match draft.phase() {
        Phase::Applied | Phase::Verified | Phase::Degraded => {}
        // Somebody found the write at the target and took it back before it was noted here.
        Phase::Approved | Phase::Blocked | Phase::Failed if is_begun => {}
        Phase::Approved
        | Phase::Blocked
        | Phase::Failed
        | Phase::Pending
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => return,
    }
    let changes = draft.record.status.applied.as_ref();
    let changes = changes.map_or(&[][..], |it| &it.changes);
    let detail = format!("{reason}{}", what_was_lost(changes, lost));
    // It was taken back with the rest.
    draft.record.status.schedule = None;
    out_of_force(draft, Phase::RolledBack, &detail, by);
    draft.warn("RolledBack", detail);
}

fn what_was_lost(changes: &[Change], lost: &[Lost]) -> String {
    let is_lost = |it: &Change| lost.iter().any(|lost| lost.path == it.path);
    let paths: Vec<&str> = lost.iter().map(|it| it.path.as_str()).collect();
    match paths.join(", ") {
        paths if paths.is_empty() => String::new(),
        paths if !changes.is_empty() && changes.iter().all(is_lost) => {
            format!("; nothing was ours any more: {paths} stay as others changed them")
        }
        paths => format!("; {paths} stay as others changed them"),
    }
}

/// The change is gone, and is not to be proposed once more.
fn out_of_force(draft: &mut Draft, phase: Phase, detail: &str, by: &str) {
    let status = &mut draft.record.status;
    status.attempt = None;
    status.probation_until = None;
    status.rejected_inputs = Some(draft.record.proposal.inputs());
    draft.enter(phase, detail, by);
}

pub(super) fn revert_failed(draft: &mut Draft, why: &str) {
    match draft.phase() {
        Phase::Applied | Phase::Verified | Phase::Degraded => {
            let detail = format!("revert failed: {why}");
            let attempt = draft.record.status.attempt.take();
            if attempt.is_none() && draft.record.status.detail == detail {
                return;
            }
            let by = attempt.map(|it| it.by).unwrap_or_default();
            match draft.phase() {
                // Why it is to be taken back stays its reason.
                Phase::Degraded => draft.tell(&*detail, &by),
                _ => draft.enter(draft.phase(), &*detail, &by),
            }
            draft.warn("RevertFailed", detail);
        }
        Phase::Pending
        | Phase::Approved
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => {}
    }
}

/// Others have decided. What was bad, or about to be taken back, they have taken back; else they have
/// put something else in its place.
pub(super) fn overtaken(draft: &mut Draft, why: &str) {
    let attempt = draft.record.status.attempt.as_ref();
    let is_reverting = attempt.is_some_and(|it| it.what == Write::Revert);
    if draft.phase().is_in_force() {
        carry_from_now_on(draft, Plan::default());
    }
    match draft.phase() {
        Phase::Degraded => out_of_force(draft, Phase::RolledBack, why, ""),
        Phase::Applied | Phase::Verified if is_reverting => {
            out_of_force(draft, Phase::RolledBack, why, "");
        }
        Phase::Applied | Phase::Verified => out_of_force(draft, Phase::Superseded, why, ""),
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed => {
            draft.record.status.attempt = None;
            draft.enter(Phase::Superseded, why, "");
        }
        Phase::RolledBack | Phase::Rejected | Phase::Superseded => return,
    }
    draft.warn("Overtaken", why);
}
