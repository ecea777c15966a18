//! Carries out on a cluster what the lifecycle decides: keeps records, writes targets, tells whoever
//! looks at them.
//!
//! Each deed is: save what is about to be done, do it, save that it is done. A process that dies in
//! between leaves an attempt in the record, and [`Conductor::settled`] finds out from the target
//! what became of it; everything begins with that. A write carries the version that the target was
//! read at, so that of several processes exactly one writes.

mod announce;
mod crash;
mod facts;
mod target;

use jiff::Timestamp;
use serde_json::Value;

use crate::autoscaler::AutoscalerId;
use crate::cluster::write::WriteError;
use crate::cluster::{self, Cluster};
use crate::lifecycle::changes::{self, Lost};
use crate::lifecycle::guard::{self, License, Limits, Refusal};
use crate::lifecycle::journal::{self, Journal};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Attempt, Record, Write};
use crate::lifecycle::settings;
use crate::lifecycle::step::{self, Check, Effect, Event, NotNow, Policy};
use crate::store::{self, Store, Stored};
use crash::crash_point;
pub use facts::Surroundings;
use target::Target;

/// How often a write is tried again that met another one.
const TRIES: usize = 6;

/// Who does it, where, and under which rules.
#[derive(Debug)]
pub struct Conductor<'a> {
    pub cluster: &'a Cluster,
    pub store: &'a Store,
    pub policy: Policy,
    pub limits: Limits,
    pub license: License,
    /// The name of whoever is asked for a decision.
    pub by: String,
    /// Why they want it; empty where they do not say.
    pub reason: String,
}

/// What became of an apply.
#[derive(Clone, Debug, PartialEq)]
pub enum Applied {
    /// The change is in force: by this call, or by another process since.
    Done(Box<Stored>),
    /// Already before the call.
    Already(Box<Stored>),
    Refused(Box<Stored>, Refusal),
    /// The server refused the write.
    Failed(Box<Stored>, String),
}

/// What became of a revert.
#[derive(Clone, Debug, PartialEq)]
pub enum Reverted {
    /// What others have changed since stays, and is told.
    Done(Box<Stored>, Vec<Lost>),
    /// The target is gone, or nothing of it is ours any more.
    Overtaken(Box<Stored>, String),
    Failed(Box<Stored>, String),
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    NotNow(#[from] NotNow),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(transparent)]
    Journal(#[from] journal::Unreadable),
    #[error("cannot change {target}")]
    Settings {
        target: String,
        source: settings::Error,
    },
    #[error("cannot write {target}")]
    Write { target: String, source: WriteError },
    /// Without a clock that all machines share nothing can be dated.
    #[error("the answers of the API server have no Date")]
    NoTime,
    /// Somebody else writes to it all the time.
    #[error("{target} was changed by others at each of {TRIES} tries")]
    Busy { target: String },
}

/// What a look at the target says of an attempt.
enum Found {
    /// No journal of it; the target as it is.
    Nothing(Value),
    Gone,
    Done(Journal),
}

impl Conductor<'_> {
    /// What the API server's clock shows; all times of the lifecycle are by it.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        self.cluster.time().await?.ok_or(Error::NoTime)
    }

    /// Lets `event` happen to a record and keeps what becomes of it.
    ///
    /// # Errors
    /// Where it cannot happen now, or the record was changed at the same time.
    pub async fn happen(&self, stored: &Stored, event: Event) -> Result<Stored, Error> {
        Ok(self.taken(stored, event, self.now().await?).await?.0)
    }

    /// The same, with what is left to do besides saving and telling.
    async fn taken(
        &self,
        stored: &Stored,
        event: Event,
        now: Timestamp,
    ) -> Result<(Stored, Vec<Effect>), Error> {
        let step = step::step(&stored.record, event, &self.policy, now)?;
        let saved = self.store.save(stored, &step.record).await?;
        let mut left = vec![];
        for effect in step.effects {
            match effect {
                Effect::Save => {}
                Effect::Announce {
                    reason,
                    message,
                    is_warning,
                } => {
                    let told = announce::Told {
                        reason,
                        message: &message,
                        is_warning,
                        now,
                    };
                    self.announce(&saved.record, &told).await;
                }
                Effect::Apply | Effect::Revert { .. } => left.push(effect),
            }
        }
        Ok((saved, left))
    }

    /// The record once it is known what became of a write that was begun.
    ///
    /// # Errors
    /// Where the target cannot be read.
    pub async fn settled(&self, mut stored: Stored) -> Result<Stored, Error> {
        for _ in 1..TRIES {
            match self.settle(stored.clone()).await {
                // Another process has settled it, or is at it.
                Err(Error::Store(store::Error::Conflict { .. })) => {
                    stored = self.again(&stored).await?;
                }
                other => return other,
            }
        }
        self.settle(stored).await
    }

    async fn settle(&self, stored: Stored) -> Result<Stored, Error> {
        let Some(attempt) = stored.record.status.attempt.clone() else {
            return Ok(stored);
        };
        let event = match (attempt.what, self.found(&stored.record).await?) {
            (Write::Apply, Found::Done(journal)) => written(journal),
            (Write::Apply, Found::Nothing(_)) => Event::WriteFailed {
                why: "it was begun and never made".to_owned(),
            },
            (Write::Revert, Found::Nothing(live)) => {
                let left = changes::take_back(&adopted(&stored.record), &live);
                if !left.operations.is_empty() {
                    return Ok(stored);
                }
                Event::Reverted {
                    by: attempt.by,
                    reason: "taken back".to_owned(),
                    // Where all is as it was before, nothing was lost.
                    lost: vec![],
                }
            }
            // Still to be done, by whoever asks for it.
            (Write::Revert, Found::Done(_)) => return Ok(stored),
            (Write::Apply | Write::Revert, Found::Gone) => gone(),
        };
        self.happen(&stored, event).await
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

    /// The record as it is kept now.
    async fn again(&self, stored: &Stored) -> Result<Stored, Error> {
        let record = &stored.record;
        let kept = self.store.get(&record.namespace, &record.name).await?;
        kept.ok_or_else(|| {
            Error::Store(store::Error::Conflict {
                record: record.title(),
            })
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
            id: new_id(),
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

    fn configuration(&self, record: &Record, live: &Value) -> Result<Value, Error> {
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

    /// The target as it is, and the least object that applies the change to it.
    ///
    /// # Errors
    /// Where the target is gone, or the change does not fit it any more.
    pub async fn proposed(&self, record: &Record) -> Result<(Value, Value), Error> {
        let target = Target::of(record);
        let gone = || cluster::Error::NotFound {
            missing: vec![target.title()],
        };
        let read = self.cluster.object(&target.place()).await?;
        let live = read.value.ok_or_else(gone)?;
        let configuration = self.configuration(record, &live)?;
        Ok((live, configuration))
    }

    /// What a dry run of an apply would make of the target, with the target as it is.
    ///
    /// # Errors
    /// Where the server refuses, or the target is gone.
    pub async fn rehearsed(&self, record: &Record) -> Result<(Value, Value), Error> {
        let target = Target::of(record);
        let (live, configuration) = self.proposed(record).await?;
        let after = self.send(&target, &configuration, &live, true).await;
        let after = after.map_err(|source| Error::Write {
            target: target.title(),
            source,
        })?;
        Ok((live, after))
    }

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
                entered = self.taken(stored, self::written(journal), now).await?.0;
                &entered
            }
            Some(_) | None => stored,
        };
        let taken_back = changes::take_back(&written, &live);
        let attempt = Attempt {
            id: new_id(),
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

    /// Enters the outcome of a check, and takes the change back where that follows from it.
    ///
    /// # Errors
    /// Where it cannot be entered.
    pub async fn judge(&self, stored: &Stored, check: Check) -> Result<Stored, Error> {
        let now = self.now().await?;
        let (saved, left) = self.taken(stored, Event::Judged(check), now).await?;
        for effect in left {
            if let Effect::Revert { reason } = effect {
                return Ok(match self.revert(saved, &reason).await? {
                    Reverted::Done(it, _)
                    | Reverted::Overtaken(it, _)
                    | Reverted::Failed(it, _) => *it,
                });
            }
        }
        Ok(saved)
    }
}

/// The journal of any change under the record's name.
fn of_name(live: &Value, record: &Record) -> Result<Option<Journal>, journal::Unreadable> {
    let journal = Journal::of(live)?;
    Ok(journal.filter(|it| it.recommendation == record.name))
}

fn written(journal: Journal) -> Event {
    Event::Written {
        id: journal.id,
        by: journal.by,
        at: journal.at,
        changes: journal.changes,
    }
}

fn gone() -> Event {
    Event::Overtaken {
        why: "the target does not exist any more".to_owned(),
    }
}

/// The journal of this recommendation's change, where its target has one: of an attempt of it, of
/// what is known to be in force, or of another process that has just made the same change. A journal
/// of other values is that of an earlier recommendation of the same name.
fn ours(live: &Value, record: &Record) -> Result<Option<Journal>, journal::Unreadable> {
    let Some(journal) = Journal::of(live)? else {
        return Ok(None);
    };
    let status = &record.status;
    let is_attempt = status
        .attempt
        .as_ref()
        .is_some_and(|it| it.id == journal.id);
    let applied = status.applied.as_ref().and_then(|it| it.id.as_ref());
    let is_known = is_attempt || applied == Some(&journal.id);
    let is_ours = journal.recommendation == record.name && (is_known || is_same(live, record));
    Ok(is_ours.then_some(journal))
}

/// Whether every setting has the value that is proposed.
fn is_same(live: &Value, record: &Record) -> bool {
    let diff = &record.proposal.diff;
    let kind = record.autoscaler.kind;
    let mut all = diff.iter();
    !diff.is_empty() && all.all(|it| settings::live(live, kind, it).as_ref() == Ok(&it.to))
}

/// What was in force by somebody else's write.
fn adopted(record: &Record) -> Vec<changes::Change> {
    let applied = record.status.applied.as_ref();
    applied.map(|it| it.changes.clone()).unwrap_or_default()
}

/// 128 random bits in hexadecimal.
fn new_id() -> String {
    let mut bytes = [0_u8; 16];
    // Without the system's random numbers there is no TLS, so that we would not be here.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}
