//! Finds out what became of a write that was begun, by this process or by one that died.

use serde_json::Value;

use super::target::Target;
use super::{Conductor, Error, TRIES, adopted, gone, ours, undone, written};
use crate::audit::{Action, Answer, Outcome, Verb};
use crate::lifecycle::changes;
use crate::lifecycle::journal::Journal;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Attempt, Record, Write};
use crate::lifecycle::schedule;
use crate::lifecycle::step::Event;
use crate::store::{self, Stored};

/// What a look at the target says of an attempt.
enum Found {
    /// No journal of it; the target as it is.
    Nothing(Value),
    Gone,
    Done(Journal),
}

impl Conductor<'_> {
    /// The record once it is known what became of a write that was begun.
    ///
    /// # Errors
    /// Where the target cannot be read.
    pub async fn settled(&self, mut stored: Stored) -> Result<Stored, Error> {
        for _ in 1..TRIES {
            match Box::pin(self.settle(stored.clone())).await {
                // Another process has settled it, or is at it.
                Err(Error::Store(store::Error::Conflict { .. })) => {
                    stored = self.again(&stored).await?;
                }
                other => return other,
            }
        }
        Box::pin(self.settle(stored)).await
    }

    async fn settle(&self, stored: Stored) -> Result<Stored, Error> {
        let Some(attempt) = stored.record.status.attempt.clone() else {
            return Ok(stored);
        };
        let mut action = self.begun(&stored.record, &attempt)?;
        let event = match (attempt.what, self.found(&stored.record).await?) {
            (Write::Apply, Found::Done(journal)) => {
                action.why = journal.why.clone();
                action.changes = journal.changes.clone();
                written(journal)
            }
            (Write::Apply, Found::Nothing(_)) => Event::WriteFailed {
                why: "it was begun and never made".to_owned(),
            },
            (Write::Revert, Found::Nothing(live)) => {
                let live = schedule::without(&live, stored.record.autoscaler.kind);
                let left = changes::take_back(&adopted(&stored.record), &live);
                if !left.operations.is_empty() {
                    return Ok(stored);
                }
                action.changes = undone(&adopted(&stored.record), &[]);
                Event::Reverted {
                    by: attempt.by.clone(),
                    // What it degraded for is still its detail.
                    reason: match stored.record.status.phase {
                        Phase::Degraded => stored.record.status.detail.clone(),
                        _ => "taken back".to_owned(),
                    },
                    // Where all is as it was before, nothing was lost.
                    lost: vec![],
                }
            }
            // Still to be done, by whoever asks for it.
            (Write::Revert, Found::Done(_)) => return Ok(stored),
            (Write::Apply | Write::Revert, Found::Gone) => gone(),
        };
        let outcome = outcome(&event);
        let saved = self.taken(&stored, event, self.now().await?).await?.0;
        // Whoever saves it tells of it, so that of several only one does.
        let underway = self.audit.resume(action);
        let answer = Answer {
            detail: format!("found out later; begun by {}", attempt.by),
            ..underway.answer(outcome)
        };
        underway.end(answer).await;
        Ok(saved)
    }

    /// A write that was begun, as the audit log has it.
    fn begun(&self, record: &Record, attempt: &Attempt) -> Result<Action, Error> {
        let verb = match attempt.what {
            Write::Apply => Verb::Apply,
            Write::Revert => Verb::Revert,
        };
        Ok(Action {
            id: attempt.id.clone(),
            at: attempt.at,
            ..self.audit.action_on(record, verb)?
        })
    }

    async fn found(&self, record: &Record) -> Result<Found, Error> {
        let target = Target::of(record);
        let Some(live) = self.cluster.object(&target.place()).await?.value else {
            return Ok(Found::Gone);
        };
        Ok(match ours(&live, record)? {
            Some(journal) => Found::Done(journal),
            None => Found::Nothing(live),
        })
    }
}

/// How a write ended that is known by what has become of its target.
fn outcome(event: &Event) -> Outcome {
    match event {
        Event::WriteFailed { why } => Outcome::Failed {
            message: why.clone(),
            code: None,
        },
        Event::Overtaken { why } => Outcome::Failed {
            message: why.clone(),
            code: Some(404),
        },
        Event::Proposed(_)
        | Event::Withdrawn { .. }
        | Event::Approved { .. }
        | Event::Unapproved { .. }
        | Event::Rejected { .. }
        | Event::Refused(_)
        | Event::Began(_)
        | Event::Written { .. }
        | Event::Adopted { .. }
        | Event::Judged(_)
        | Event::Scheduled(_)
        | Event::Reviewed(_)
        | Event::Reverted { .. }
        | Event::RevertFailed { .. } => Outcome::Done,
    }
}
