//! What an analysis proposes, or does not any more.

use super::draft::Draft;
use crate::lifecycle::diff::Setting;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Proposal, Record, Status};

/// What a proposal is for a record that there is already.
enum Upsert {
    /// The same question with newer numbers, or another one before anybody has answered it.
    Refresh,
    /// A new question.
    Replace,
    LeaveAlone,
}

pub(super) fn proposed(draft: &mut Draft, new: Proposal) {
    match upsert(&draft.record, &new) {
        Upsert::Refresh => refresh(draft, new),
        Upsert::Replace => replace(draft, new),
        Upsert::LeaveAlone => {}
    }
}

/// Supersedes what waits for an answer, unless somebody has begun to work on it.
pub(super) fn withdrawn(draft: &mut Draft, why: String) {
    match draft.phase() {
        Phase::Pending => {
            if !draft.record.approved && !draft.record.is_edited() {
                draft.enter(Phase::Superseded, why, "");
            }
        }
        Phase::Approved
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => {}
    }
}

/// Whether a proposal may take the place of what `record` says.
///
/// Nothing that anybody has approved, edited or rejected is touched while it can still come to
/// something.
fn upsert(record: &Record, new: &Proposal) -> Upsert {
    let is_open = record.status.attempt.is_none();
    let may_replace = match record.status.phase {
        Phase::Pending => return pending(record, new),
        Phase::Approved | Phase::Applied | Phase::Degraded => false,
        Phase::Blocked | Phase::Failed => {
            !record.is_edited() && (!record.approved || is_outdated(&record.proposal, new))
        }
        Phase::Verified => is_later(record, new),
        Phase::RolledBack | Phase::Rejected | Phase::Superseded => !is_refused(record, new),
    };
    match may_replace && is_open {
        true => Upsert::Replace,
        false => Upsert::LeaveAlone,
    }
}

fn pending(record: &Record, new: &Proposal) -> Upsert {
    let is_ours = !record.approved && !record.is_edited() && !is_refused(record, new);
    // Every analysis has another time; that alone is not worth a write.
    match is_ours && !record.proposal.says_the_same(new) {
        true => Upsert::Refresh,
        false => Upsert::LeaveAlone,
    }
}

/// Whether this very proposal was rejected or taken back, so that it is not made again.
pub fn is_refused(record: &Record, new: &Proposal) -> bool {
    let refused = record.status.rejected_inputs.clone();
    let refused = match record.status.phase {
        Phase::RolledBack | Phase::Rejected => {
            Some(refused.unwrap_or_else(|| record.proposal.inputs()))
        }
        Phase::Pending | Phase::Superseded => refused,
        Phase::Approved
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::Blocked
        | Phase::Failed => None,
    };
    refused.is_some_and(|it| it == new.inputs())
}

/// Whether `new` found the target with other values than those that `old` starts from, so that `old`
/// can never be applied as it was approved.
fn is_outdated(old: &Proposal, new: &Proposal) -> bool {
    let is_another = old.uid.is_some() && new.uid.is_some() && old.uid != new.uid;
    let moved = |it: &Setting| {
        let same = new.diff.iter().find(|other| other.key == it.key);
        same.is_some_and(|other| other.from != it.from)
    };
    is_another || old.diff.iter().any(moved)
}

/// Whether `new` knows of the change that `record` has put in force.
fn is_later(record: &Record, new: &Proposal) -> bool {
    match (&record.status.applied, new.analyzed_at) {
        (Some(applied), Some(analyzed_at)) => analyzed_at > applied.at,
        (Some(_) | None, _) => record.proposal.inputs() != new.inputs(),
    }
}

fn refresh(draft: &mut Draft, new: Proposal) {
    let is_another = draft.record.proposal.inputs() != new.inputs();
    draft.record.proposal = new;
    draft.record.status.observed = Some(draft.record.fingerprint());
    if is_another {
        announce_anew(draft);
    }
    // New numbers for the same settings come with every analysis: they are no step of the story.
    draft.save();
}

/// A new question in the place of one that is answered. Its story goes on.
fn replace(draft: &mut Draft, new: Proposal) {
    let record = &mut draft.record;
    record.proposal = new;
    record.approved = false;
    record.status = Status {
        phase: record.status.phase,
        rejected_inputs: record.status.rejected_inputs.take(),
        story: std::mem::take(&mut record.status.story),
        // It is in force until another change is.
        schedule: record.status.schedule.take(),
        ..Status::default()
    };
    record.status.observed = Some(record.fingerprint());
    announce_anew(draft);
}

fn announce_anew(draft: &mut Draft) {
    let changes = draft.record.proposal.one_line();
    draft.enter(Phase::Pending, format!("proposed anew: {changes}"), "");
}
