//! Puts a change in force.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::audited::{Underway, write_failure};
use super::crash::crash_point;
use super::target::Target;
use super::{Applied, Conductor, Error, Failure, Surroundings, TRIES, is_empty, ours, written};
use crate::audit::{Action, Outcome, Verb};
use crate::autoscaler::AutoscalerKind;
use crate::cluster::write::WriteError;
use crate::lifecycle::changes::{self, Change};
use crate::lifecycle::guard::{self, Refusal};
use crate::lifecycle::journal::{self, Journal};
use crate::lifecycle::owners;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Attempt, Record, Write};
use crate::lifecycle::schedule::{self, Unfit, triggers};
use crate::lifecycle::settings;
use crate::lifecycle::step::{self, Event};
use crate::schedule::Plan;
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
            match Box::pin(self.apply_once(&stored, surroundings)).await {
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

    /// What would speak against a change now, if somebody said yes to it.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub async fn refusal(
        &self,
        record: &Record,
        surroundings: &Surroundings,
    ) -> Result<Option<Refusal>, Error> {
        let record = Record {
            approved: true,
            ..record.clone()
        };
        let read = self.cluster.object(&Target::of(&record).place()).await?;
        let now = match read.at {
            Some(now) => now,
            None => self.now().await?,
        };
        let live = read.value.as_ref();
        let facts = self.facts(&record, live, surroundings, now).await?;
        Ok(guard::check(&record, &facts, &self.limits).err())
    }

    /// Why its phase forbids to apply it to whoever names it, as that of a change that was taken back does.
    ///
    /// # Errors
    /// [`step::NotNow`], or where the time is not known.
    pub async fn may_begin(&self, record: &Record) -> Result<(), Error> {
        let now = self.now().await?;
        let by = self.by.clone();
        let approved = match record.status.phase {
            Phase::Pending => {
                let event = Event::Approved { by: by.clone() };
                step::step(record, event, &self.policy, now)?.record
            }
            Phase::Approved
            | Phase::Applied
            | Phase::Verified
            | Phase::Degraded
            | Phase::RolledBack
            | Phase::Blocked
            | Phase::Failed
            | Phase::Rejected
            | Phase::Superseded => record.clone(),
        };
        let attempt = Attempt {
            id: String::new(),
            what: Write::Apply,
            by,
            at: now,
        };
        step::step(&approved, Event::Began(attempt), &self.policy, now)?;
        Ok(())
    }

    /// One try; `None` where the target has changed in between.
    async fn apply_once(
        &self,
        stored: &Stored,
        surroundings: &Surroundings,
    ) -> Result<Option<Applied>, Error> {
        let record = &stored.record;
        let read = self.cluster.object(&Target::of(record).place()).await?;
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
        let action = Action {
            why: self.reason.clone(),
            ..self.audit.action_on(record, Verb::Apply)?
        };
        if is_empty(&record.proposal) {
            let failure = Failure::Empty;
            let event = Event::WriteFailed {
                why: failure.to_string(),
            };
            let outcome = Outcome::Failed {
                message: failure.to_string(),
                code: None,
            };
            let saved = self.not_made(stored, action, event, outcome, now).await?;
            return Ok(Some(Applied::Failed(saved, failure)));
        }
        let facts = self
            .facts(record, read.value.as_ref(), surroundings, now)
            .await?;
        if let Err(refusal) = guard::check(record, &facts, &self.limits) {
            let event = Event::Refused(refusal.clone());
            let outcome = Outcome::Refused {
                reason: refusal.reason().to_owned(),
                message: refusal.to_string(),
            };
            let saved = self.not_made(stored, action, event, outcome, now).await?;
            return Ok(Some(Applied::Refused(saved, refusal)));
        }
        // A target that is gone was refused above.
        let Some(live) = read.value else {
            return Ok(None);
        };
        // What is written is written to what was there before a window opened.
        if self.hand_back(stored, &live).await? {
            return Ok(None);
        }
        let is_owned = facts.target.is_some_and(|it| !it.owners.is_empty());
        let action = Action {
            forced: self.limits.forced.clone().filter(|_| is_owned),
            ..action
        };
        self.write_change(stored, action, &live, now).await
    }

    async fn write_change(
        &self,
        stored: &Stored,
        action: Action,
        live: &Value,
        now: Timestamp,
    ) -> Result<Option<Applied>, Error> {
        let record = &stored.record;
        let target = Target::of(record);
        let mut configuration = self.configuration(record, live)?;
        let foretold = match self.send(&target, &configuration, live, true).await {
            Ok(after) => after,
            Err(WriteError::Conflict { .. }) => return Ok(None),
            Err(WriteError::Unknown(error)) => return Err((*error).into()),
            Err(error) => {
                let (event, outcome) = (write_failed(&error), write_failure(&error));
                let saved = self.not_made(stored, action, event, outcome, now).await?;
                return Ok(Some(Applied::Failed(saved, Failure::Write(error))));
            }
        };
        let journal = self.journal(
            &action,
            record,
            now,
            changes::between(
                &schedule::without(live, target.kind()),
                &schedule::without(&foretold, target.kind()),
                &["/spec"],
            ),
        )?;
        configuration["metadata"]["annotations"] =
            json!({ journal::ANNOTATION: journal.to_text() });
        crash_point("apply-before-begin");
        let action = Action {
            changes: journal.changes.clone(),
            request: Some(configuration.clone()),
            ..action
        };
        let (begun, underway) = self.begin_write(stored, action, Write::Apply, now).await?;
        crash_point("apply-before-write");
        let sending = self.send(&target, &configuration, live, false);
        let (underway, sent) = self.by_leave(underway, &target.title(), sending).await?;
        crash_point("apply-after-write");
        self.enter(begun, underway, sent, journal).await
    }

    /// Records and enters what became of a write.
    async fn enter(
        &self,
        begun: Stored,
        underway: Underway<'_>,
        sent: Result<Value, WriteError>,
        journal: Journal,
    ) -> Result<Option<Applied>, Error> {
        let now = journal.at;
        match sent {
            Ok(after) => {
                underway.end_of_write(Some(after)).await;
                let saved = self.taken(&begun, written(journal), now).await?.0;
                crash_point("apply-after-save");
                Ok(Some(Applied::Done(Box::new(saved))))
            }
            // Settling finds out whether it was made, and tells.
            Err(WriteError::Conflict { .. }) => Ok(None),
            Err(WriteError::Unknown(error)) => {
                // The target alone knows.
                let settled = self.settled(begun).await?;
                match settled.record.status.phase.is_in_force() {
                    true => Ok(Some(Applied::Done(Box::new(settled)))),
                    false => {
                        let failure = Failure::Write(WriteError::Unknown(error));
                        Ok(Some(Applied::Failed(Box::new(settled), failure)))
                    }
                }
            }
            Err(error) => {
                underway.end_of_failure(&error).await;
                let saved = self.taken(&begun, write_failed(&error), now).await?.0;
                let failure = Failure::Write(error);
                Ok(Some(Applied::Failed(Box::new(saved), failure)))
            }
        }
    }

    fn journal(
        &self,
        action: &Action,
        record: &Record,
        now: Timestamp,
        changes: Vec<Change>,
    ) -> Result<Journal, Error> {
        Ok(Journal {
            schedule: plan(record)?,
            losses: record.proposal.losses,
            id: action.id.clone(),
            recommendation: record.name.clone(),
            by: self.by.clone(),
            at: now,
            why: self.reason.clone(),
            changes,
        })
    }

    /// Records and saves that a write is about to be made.
    pub(super) async fn begin_write(
        &self,
        stored: &Stored,
        action: Action,
        what: Write,
        now: Timestamp,
    ) -> Result<(Stored, Underway<'_>), Error> {
        let attempt = Attempt {
            id: action.id.clone(),
            what,
            by: self.by.clone(),
            at: now,
        };
        let underway = self.audit.begin(action).await?;
        match self.taken(stored, Event::Began(attempt), now).await {
            Ok((begun, _)) => Ok((begun, underway)),
            Err(error) => {
                underway.end_of_error(&error).await;
                Err(error)
            }
        }
    }

    /// Records and enters why the write is not made.
    async fn not_made(
        &self,
        stored: &Stored,
        action: Action,
        event: Event,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Box<Stored>, Error> {
        let underway = self.audit.begin(action).await?;
        let entered = self.taken(stored, event, now).await;
        let (saved, _) = underway
            .end_of(entered, |_| (outcome, String::new()))
            .await?;
        Ok(Box::new(saved))
    }

    /// What is to be applied: the change, and all else that we have applied to the object before.
    pub(super) fn configuration(&self, record: &Record, live: &Value) -> Result<Value, Error> {
        let kind = record.autoscaler.kind;
        let base = schedule::without(live, kind);
        let made = settings::configuration(&base, kind, &record.proposal.diff);
        let mut made = made.map_err(|source| Error::Settings {
            target: Target::of(record).title(),
            source,
        })?;
        if let Some(triggers) = scheduled(record, live, base, &made)? {
            made["spec"]["triggers"] = triggers;
        }
        let before = owners::applied(live, self.reporter.manager());
        if made["spec"].is_object() || before.is_object() {
            fill(&mut made["spec"], before);
        }
        Ok(made)
    }
}

/// All triggers of a ScaledObject with those of the schedule; `None` where there are none of ours,
/// neither now nor then. `base` is `live` without them, `made` what is to be applied to it.
fn scheduled(
    record: &Record,
    live: &Value,
    mut base: Value,
    made: &Value,
) -> Result<Option<Value>, Error> {
    let plan = plan(record)?;
    let is_scaled_object = record.autoscaler.kind == AutoscalerKind::ScaledObject;
    if !is_scaled_object || (plan.is_empty() && !triggers::are_there(live)) {
        return Ok(None);
    }
    for key in ["triggers", "maxReplicaCount"] {
        if let Some(value) = made["spec"].get(key) {
            base["spec"][key] = value.clone();
        }
    }
    let all = triggers::with(&plan, &base).map_err(|source| unfit(record, source))?;
    Ok(Some(all))
}

fn plan(record: &Record) -> Result<Plan, Error> {
    record
        .proposal
        .plan()
        .map_err(|source| unfit(record, source))
}

fn unfit(record: &Record, source: Unfit) -> Error {
    Error::Schedule {
        target: Target::of(record).title(),
        source,
    }
}

/// Adds to `value` what it does not have of `others`.
fn fill(value: &mut Value, others: Value) {
    match (value, others) {
        (Value::Object(fields), Value::Object(others)) => {
            for (key, other) in others {
                fill(fields.entry(key).or_insert(Value::Null), other);
            }
        }
        (value @ Value::Null, other) => *value = other,
        (_, _) => {}
    }
}

fn write_failed(error: &WriteError) -> Event {
    let why = error.to_string();
    Event::WriteFailed { why }
}
