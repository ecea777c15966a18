//! What a check says of a change that is in force.

use jiff::Timestamp;

use super::draft::{Draft, after};
use super::{Check, Effect, Policy, Verdict};
use crate::lifecycle::phase::Phase;

/// Judges what is on probation, and what is degraded and still there. A verified change has had its
/// probation: what happens to it later has other causes.
pub(super) fn judged(draft: &mut Draft, check: Check, policy: &Policy) {
    match draft.phase() {
        Phase::Applied | Phase::Degraded => {}
        Phase::Pending
        | Phase::Approved
        | Phase::Verified
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => return,
    }
    let before = draft.record.clone();
    count(draft, &check.verdict);
    if !check.measured.is_null() {
        draft.record.status.measured = Some(check.measured);
    }
    match check.verdict {
        Verdict::Healthy { detail } => healthy(draft, &detail, policy),
        Verdict::Degraded { detail } => degraded(draft, detail, policy),
        Verdict::Inconclusive { detail } => {
            let why = match detail.as_str() {
                "" => AWAITING.to_owned(),
                detail => format!("{AWAITING}: {detail}"),
            };
            unknown(draft, &why, policy);
        }
        Verdict::Error { why } => {
            unknown(draft, &format!("could not be measured: {why}"), policy);
        }
    }
    if draft.record != before {
        draft.save();
    }
}

/// As the original product says it.
const AWAITING: &str = "awaiting post-apply data";

/// Counts errors and failures in a row: whatever is something else ends the row.
fn count(draft: &mut Draft, verdict: &Verdict) {
    let status = &mut draft.record.status;
    (status.errors, status.failures) = match verdict {
        Verdict::Healthy { .. } | Verdict::Inconclusive { .. } => (0, 0),
        Verdict::Degraded { .. } => (0, status.failures.saturating_add(1)),
        Verdict::Error { .. } => (status.errors.saturating_add(1), 0),
    };
}

fn healthy(draft: &mut Draft, detail: &str, policy: &Policy) {
    let because = match detail {
        "" => String::new(),
        detail => format!(": {detail}"),
    };
    if draft.now >= until(draft, policy) {
        draft.enter(Phase::Verified, "healthy after probation", "");
        draft.announce("Verified", format!("healthy after probation{because}"));
    } else if draft.phase() == Phase::Degraded {
        draft.enter(Phase::Applied, format!("healthy again{because}"), "");
        draft.announce("Recovered", format!("healthy again{because}"));
    } else {
        still(draft, format!("healthy so far{because}"));
    }
}

fn degraded(draft: &mut Draft, detail: String, policy: &Policy) {
    let is_news = draft.phase() != Phase::Degraded;
    match is_news {
        true => draft.enter(Phase::Degraded, &*detail, ""),
        false => still(draft, detail.clone()),
    }
    draft.save();
    if policy.rollback && draft.record.status.is_ours() {
        draft.then(Effect::Revert { reason: detail });
    } else if is_news {
        draft.warn("Degraded", detail);
    }
}

/// Neither good nor bad: a probation goes on, for as long as it may, and a degraded change stays
/// degraded for the reason that it has.
fn unknown(draft: &mut Draft, why: &str, policy: &Policy) {
    let (until, latest) = (until(draft, policy), latest(draft, policy));
    let extended = after(draft.now, policy.probation).min(latest);
    if draft.now >= until && extended > until {
        draft.record.status.probation_until = Some(extended);
    }
    if draft.phase() == Phase::Degraded {
        return;
    }
    match draft.now >= latest {
        true => still(
            draft,
            format!("inconclusive at the end of the longest probation: {why}"),
        ),
        false => still(draft, why.to_owned()),
    }
}

/// When the probation ends, as far as is known now.
fn until(draft: &Draft, policy: &Policy) -> Timestamp {
    let status = &draft.record.status;
    status
        .probation_until
        .unwrap_or_else(|| after(applied_at(draft), policy.probation))
}

/// When it ends at the latest.
fn latest(draft: &Draft, policy: &Policy) -> Timestamp {
    after(applied_at(draft), policy.probation_max)
}

fn applied_at(draft: &Draft) -> Timestamp {
    let applied = draft.record.status.applied.as_ref();
    applied.map_or(draft.now, |it| it.at)
}

/// Keeps the latest reason for a phase that stays. Checks come every few minutes for hours, so that
/// one takes the place of the one before in the story.
fn still(draft: &mut Draft, detail: String) {
    let status = &mut draft.record.status;
    if status.detail == detail {
        return;
    }
    let phase = status.phase;
    let is_repeated = status.story.last_chunk::<2>().is_some_and(|[first, last]| {
        first.phase == phase && last.phase == phase && last.by.is_empty()
    });
    if is_repeated {
        status.story.pop();
    }
    draft.enter(phase, detail, "");
}
