//! Takes a change back.

use super::crash::crash_point;
use super::target::Target;
use super::{Conductor, Error, Reverted, TRIES, adopted, gone, of_name};
use crate::audit::event::new_id;
use crate::autoscaler::AutoscalerId;
use crate::cluster::write::WriteError;
use crate::lifecycle::changes::{self, Lost};
use crate::lifecycle::journal::Journal;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Attempt, Write};
use crate::lifecycle::step::Event;
use crate::store::{self, Stored};

impl Conductor<'_> {
    /// Takes a change back, as far as it is still ours.
    ///
    /// # Errors
    /// Where the record does not allow it, or nothing can be read.
    pub async fn revert(&self, stored: Stored, reason: &str) -> Result<Reverted, Error> {
        let mut was_begun = stored.record.status.attempt.is_some();
        let mut stored = self.settled(stored).await?;
        for _ in 0..TRIES {
            // What was begun, here or by another process, turned out to be done.
            if was_begun && stored.record.status.phase == Phase::RolledBack {
                return Ok(Reverted::Done(Box::new(stored), vec![]));
            }
            was_begun = true;
            match self.revert_once(&stored, reason).await {
                Ok(Some(reverted)) => return Ok(reverted),
                Ok(None) | Err(Error::Store(store::Error::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
            stored = self.settled(self.again(&stored).await?).await?;
        }
        Err(Error::Busy {
            target: Target::of(&stored.record).title(),
        })
    }

    async fn revert_once(&self, stored: &Stored, reason: &str) -> Result<Option<Reverted>, Error> {
        let record = &stored.record;
        let target = Target::of(record);
        let read = self.cluster.object(&target.place()).await?;
        let now = match read.at {
            Some(now) => now,
            None => self.now().await?,
        };
        let Some(live) = read.value else {
            let saved = self.taken(stored, gone(), now).await?.0;
            let why = saved.record.status.detail.clone();
            return Ok(Some(Reverted::Overtaken(Box::new(saved), why)));
        };
        let (begun_by, written) = match of_name(&live, record)? {
            Some(journal) => (Some(journal.clone()), journal.changes),
            None => (None, adopted(record)),
        };
        // A write that the record knows nothing of is entered first, so that it can be taken back.
        let entered;
        let stored = match begun_by {
            Some(journal) if !record.status.phase.is_in_force() => {
                entered = self.taken(stored, super::written(journal), now).await?.0;
                &entered
            }
            Some(_) | None => stored,
        };
        let taken_back = changes::take_back(&written, &live);
        let attempt = Attempt {
            id: new_id()?,
            what: Write::Revert,
            by: self.by.clone(),
            at: now,
        };
        crash_point("revert-before-begin");
        let (begun, _) = self.taken(stored, Event::Began(attempt), now).await?;
        crash_point("revert-before-write");
        let sent = self.send_back(&target, &live, &taken_back.operations).await;
        crash_point("revert-after-write");
        let event = match sent {
            Ok(()) => Event::Reverted {
                by: self.by.clone(),
                reason: reason.to_owned(),
                lost: taken_back.lost.clone(),
            },
            // Read again; settling finds out whether it was made.
            Err(WriteError::Conflict { .. }) => return Ok(None),
            Err(WriteError::Unknown(error)) => {
                let settled = self.settled(begun).await?;
                let is_done = settled.record.status.phase == Phase::RolledBack;
                return match is_done {
                    true => Ok(Some(Reverted::Done(Box::new(settled), taken_back.lost))),
                    false => Err(Error::Write {
                        target: target.title(),
                        source: WriteError::Unknown(error),
                    }),
                };
            }
            Err(error) => Event::RevertFailed {
                why: error.to_string(),
            },
        };
        let has_failed = matches!(event, Event::RevertFailed { .. });
        let saved = Box::new(self.taken(&begun, event, now).await?.0);
        crash_point("revert-after-save");
        let detail = saved.record.status.detail.clone();
        Ok(Some(match has_failed {
            true => Reverted::Failed(saved, detail),
            false => Reverted::Done(saved, taken_back.lost),
        }))
    }

    /// Takes the change back that the annotation of an autoscaler tells of, where the recommendation
    /// is lost; `None` where there is no such autoscaler, or no such annotation.
    ///
    /// # Errors
    /// Where the annotation cannot be read, or the write is not made.
    pub async fn revert_without_record(
        &self,
        id: &AutoscalerId,
    ) -> Result<Option<Vec<Lost>>, Error> {
        let target = Target::named(id.clone());
        for _ in 0..TRIES {
            let Some(live) = self.cluster.object(&target.place()).await?.value else {
                return Ok(None);
            };
            let Some(journal) = Journal::of(&live)? else {
                return Ok(None);
            };
            let taken_back = changes::take_back(&journal.changes, &live);
            match self.send_back(&target, &live, &taken_back.operations).await {
                Ok(()) => return Ok(Some(taken_back.lost)),
                Err(WriteError::Conflict { .. }) => {}
                Err(source) => {
                    let target = target.title();
                    return Err(Error::Write { target, source });
                }
            }
        }
        Err(Error::Busy {
            target: target.title(),
        })
    }
}
