//! Puts a change in force.

use jiff::Timestamp;
use serde_json::Value;

use super::crash::crash_point;
use super::target::Target;
use super::{Applied, Conductor, Error, Surroundings, TRIES, ours, written};
use crate::audit::event::new_id;
use crate::cluster::write::WriteError;
use crate::lifecycle::guard;
use crate::lifecycle::journal::{self, Journal};
use crate::lifecycle::record::{Attempt, Record, Write};
use crate::lifecycle::step::Event;
use crate::lifecycle::{changes, settings};
use crate::store::{self, Stored};

impl Conductor<'_> {
    /// Puts an approved change in force, if nothing speaks against it.
    ///
    /// # Errors
    /// Where that cannot be found out, or nothing can be written at all.
    pub async fn apply(
        &self,
        stored: Stored,
        surroundings: &Surroundings,
    ) -> Result<Applied, Error> {
        let mut stored = self.settled(stored).await?;
        if stored.record.status.phase.is_in_force() {
            return Ok(Applied::Already(Box::new(stored)));
        }
        for _ in 0..TRIES {
            match self.apply_once(&stored, surroundings).await {
                Ok(Some(applied)) => return Ok(applied),
                // The target has changed since it was read.
                Ok(None) => {}
                // Another process is at it.
                Err(Error::Store(store::Error::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
            stored = self.settled(self.again(&stored).await?).await?;
            if stored.record.status.phase.is_in_force() {
                return Ok(Applied::Done(Box::new(stored)));
            }
        }
        Err(Error::Busy {
            target: Target::of(&stored.record).title(),
        })
    }

    /// One try; `None` where the target has changed in between.
    async fn apply_once(
        &self,
        stored: &Stored,
        surroundings: &Surroundings,
    ) -> Result<Option<Applied>, Error> {
        let record = &stored.record;
        let target = Target::of(record);
        let read = self.cluster.object(&target.place()).await?;
        let now = match read.at {
            Some(now) => now,
            None => self.now().await?,
        };
        if let Some(live) = &read.value
            && let Some(journal) = ours(live, record)?
        {
            let saved = self.taken(stored, written(journal), now).await?.0;
            if saved.record.status.phase.is_in_force() {
                return Ok(Some(Applied::Done(Box::new(saved))));
            }
        }
        if record.proposal.diff.is_empty() {
            let why = "it changes nothing".to_owned();
            let event = Event::WriteFailed { why: why.clone() };
            let saved = self.taken(stored, event, now).await?.0;
            return Ok(Some(Applied::Failed(Box::new(saved), why)));
        }
        let facts = self
            .facts(record, read.value.as_ref(), surroundings, now)
            .await?;
        if let Err(refusal) = guard::check(record, &facts, &self.limits) {
            let event = Event::Refused(refusal.clone());
            let saved = self.taken(stored, event, now).await?.0;
            return Ok(Some(Applied::Refused(Box::new(saved), refusal)));
        }
        // A target that is gone was refused above.
        let Some(live) = read.value else {
            return Ok(None);
        };
        self.write_change(stored, &target, &live, now).await
    }

    async fn write_change(
        &self,
        stored: &Stored,
        target: &Target,
        live: &Value,
        now: Timestamp,
    ) -> Result<Option<Applied>, Error> {
        let record = &stored.record;
        let configuration = self.configuration(record, live)?;
        let foretold = match self.send(target, &configuration, live, true).await {
            Ok(after) => after,
            Err(WriteError::Conflict { .. }) => return Ok(None),
            Err(WriteError::Unknown(error)) => return Err((*error).into()),
            Err(error) => return self.failed(stored, error, now).await.map(Some),
        };
        let attempt = Attempt {
            id: new_id()?,
            what: Write::Apply,
            by: self.by.clone(),
            at: now,
        };
        let journal = Journal {
            id: attempt.id.clone(),
            recommendation: record.name.clone(),
            by: self.by.clone(),
            at: now,
            why: self.reason.clone(),
            changes: changes::between(live, &foretold, &["/spec"]),
        };
        crash_point("apply-before-begin");
        let (begun, _) = self.taken(stored, Event::Began(attempt), now).await?;
        crash_point("apply-before-write");
        let mut configuration = configuration;
        configuration["metadata"]["annotations"] =
            serde_json::json!({ journal::ANNOTATION: journal.to_text() });
        let sent = self.send(target, &configuration, live, false).await;
        crash_point("apply-after-write");
        match sent {
            Ok(_) => {
                let saved = self.taken(&begun, written(journal), now).await?.0;
                crash_point("apply-after-save");
                Ok(Some(Applied::Done(Box::new(saved))))
            }
            Err(WriteError::Conflict { .. }) => Ok(None),
            Err(WriteError::Unknown(error)) => {
                // The target alone knows.
                let settled = self.settled(begun).await?;
                match settled.record.status.phase.is_in_force() {
                    true => Ok(Some(Applied::Done(Box::new(settled)))),
                    false => Ok(Some(Applied::Failed(Box::new(settled), error.to_string()))),
                }
            }
            Err(error) => self.failed(&begun, error, now).await.map(Some),
        }
    }

    pub(super) fn configuration(&self, record: &Record, live: &Value) -> Result<Value, Error> {
        let kind = record.autoscaler.kind;
        let made = settings::configuration(live, kind, &record.proposal.diff);
        made.map_err(|source| Error::Settings {
            target: Target::of(record).title(),
            source,
        })
    }

    async fn failed(
        &self,
        stored: &Stored,
        error: WriteError,
        now: Timestamp,
    ) -> Result<Applied, Error> {
        let why = error.to_string();
        let event = Event::WriteFailed { why: why.clone() };
        let saved = self.taken(stored, event, now).await?.0;
        Ok(Applied::Failed(Box::new(saved), why))
    }
}
