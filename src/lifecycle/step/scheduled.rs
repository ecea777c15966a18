//! What becomes of a schedule that is in force.

use super::draft::Draft;
use crate::analysis::review::Standing;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::schedule::review::{self, Look, Review};
use crate::lifecycle::schedule::{Carried, State};

/// What Events are called that tell of a review.
const REVIEWED: &str = "ScheduleReviewed";

/// Takes over how it is carried out. Windows open and close every day: that is no step of the story,
/// which has room for few.
pub(super) fn scheduled(draft: &mut Draft, carried: Carried) {
    let Some(before) = draft.record.status.schedule.take() else {
        return;
    };
    let (is_same, is_news) = (before == carried, before.state != carried.state);
    let (state, detail) = (carried.state, carried.detail.clone());
    draft.record.status.schedule = Some(carried).filter(|it| !is_over(it));
    if is_same {
        return;
    }
    draft.save();
    if !is_news {
        return;
    }
    match state {
        State::Waiting | State::Open => draft.announce(state.reason(), detail),
        State::Withheld | State::Left => draft.warn(state.reason(), detail),
        State::Retracted => retracted(draft, &detail),
    }
}

/// Takes over what an analysis says of the windows that are in force, if it has looked at these.
pub(super) fn reviewed(draft: &mut Draft, look: Look) {
    let Some(carried) = &mut draft.record.status.schedule else {
        return;
    };
    let is_same = carried.windows == look.windows;
    if !is_same || carried.windows.is_empty() || carried.state == State::Retracted {
        return;
    }
    let Some((review, is_news)) = review::after(carried.review.as_ref(), look, draft.now) else {
        return;
    };
    let Review {
        standing, detail, ..
    } = &review;
    let (standing, told) = (*standing, format!("{standing}: {detail}"));
    carried.review = Some(review);
    draft.save();
    if !is_news {
        return;
    }
    draft.tell(format!("schedule reviewed, {told}"), "");
    match standing {
        Standing::Steady | Standing::Kept => draft.announce(REVIEWED, told),
        Standing::Obsolete | Standing::Doubted => draft.warn(REVIEWED, told),
    }
}

/// Whether there is nothing to carry out, nothing left to give back, and nothing to tell of it.
fn is_over(carried: &Carried) -> bool {
    let is_held = carried.floor.is_some() || carried.attempt.is_some();
    carried.windows.is_empty() && !is_held && carried.state != State::Retracted
}

/// Where the schedule was all of the change, nothing of it is in force any more; another analysis may
/// propose one anew.
fn retracted(draft: &mut Draft, detail: &str) {
    let is_all = |draft: &Draft| {
        let applied = draft.record.status.applied.as_ref();
        applied.is_some_and(|it| it.changes.is_empty())
    };
    let told = format!("schedule retracted: {detail}");
    match draft.phase() {
        Phase::Applied | Phase::Verified | Phase::Degraded if is_all(draft) => {
            draft.record.status.probation_until = None;
            draft.enter(Phase::Superseded, &*told, "");
        }
        Phase::Pending
        | Phase::Approved
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => draft.tell(&*told, ""),
    }
    draft.warn(State::Retracted.reason(), detail);
}
