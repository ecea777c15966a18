//! Carries out on a cluster what the lifecycle decides: keeps records, writes targets, tells whoever
//! looks at them.
//!
//! Each deed is: tell the audit log and save what is about to be done, do it, tell and save that it
//! is done. A process that dies in between leaves an attempt in the record, and
//! [`Conductor::settled`] finds out from the target what became of it; everything begins with that.
//! A write carries the version that the target was read at, so that of several processes exactly one
//! writes.

mod adopt;
mod announce;
mod apply;
mod audited;
mod crash;
mod decide;
mod facts;
pub mod pause;
mod probation;
mod revert;
mod schedule;
mod settle;
mod target;
mod witness;

use std::io;

use jiff::Timestamp;
use serde_json::Value;

use crate::audit;
use crate::cluster::write::WriteError;
use crate::cluster::{self, Cluster};
use crate::leader::{Gate, NotLeader, Term};
use crate::lifecycle::changes::{Change, Lost};
use crate::lifecycle::guard::{License, Limits, Refusal};
use crate::lifecycle::journal::{self, Journal};
use crate::lifecycle::record::{Proposal, Record};
use crate::lifecycle::schedule::{Unfit, floor, without};
use crate::lifecycle::settings;
use crate::lifecycle::step::{self, Effect, Event, NotNow, Policy, Step};
use crate::store::{self, Store, Stored};
pub use adopt::Adopted;
pub use announce::Reporter;
pub use audited::{Audit, Underway};
pub use facts::Surroundings;
pub use probation::{OnProbation, Standing};
pub use schedule::{Carry, Looked};
use target::Target;
pub use witness::{Deed, Witness};

/// How often a write is tried again that met another one.
const TRIES: usize = 6;

/// Who does it, where, and under which rules.
#[derive(Debug)]
pub struct Conductor<'a> {
    pub cluster: &'a Cluster,
    pub store: &'a Store,
    /// Where all that is done is recorded.
    pub audit: &'a Audit,
    pub policy: Policy,
    pub limits: Limits,
    pub license: License,
    /// The name of whoever is asked for a decision.
    pub by: String,
    /// Why they want it; empty where they do not say.
    pub reason: String,
    pub leave: Leave<'a>,
    pub witness: Witness<'a>,
    pub reporter: &'a Reporter,
}

/// Whether a write may be made, asked right before each.
#[derive(Clone, Copy, Debug)]
pub enum Leave<'a> {
    /// A person writes, or a process that is alone.
    Always,
    /// One of several processes writes: that which leads.
    Leader { gate: &'a Gate, term: &'a Term },
}

/// What became of an apply.
#[derive(Debug)]
pub enum Applied {
    /// The change is in force: by this call, or by another process since.
    Done(Box<Stored>),
    /// Already before the call.
    Already(Box<Stored>),
    Refused(Box<Stored>, Refusal),
    /// It was not written, and the record says so.
    Failed(Box<Stored>, Failure),
}

/// What became of a revert.
#[derive(Debug)]
pub enum Reverted {
    /// What others have changed since stays, and is told.
    Done(Box<Stored>, Vec<Lost>),
    /// The target is gone, or nothing of it is ours any more.
    Overtaken(Box<Stored>, String),
    /// It was not written, and the record says so.
    Failed(Box<Stored>, Failure),
}

/// Why a write was not made that nothing spoke against here.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("it changes nothing")]
    Empty,
    #[error(transparent)]
    Write(WriteError),
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
    #[error("cannot keep the schedule of {target}")]
    Schedule { target: String, source: Unfit },
    #[error(transparent)]
    Floor(#[from] floor::Unreadable),
    /// Its autoscaler is none that we understand.
    #[error("cannot judge {target}: {why}")]
    NotUnderstood { target: String, why: String },
    #[error("cannot write {target}")]
    Write { target: String, source: WriteError },
    /// Without a clock that all machines share nothing can be dated.
    #[error("the answers of the API server have no Date")]
    NoTime,
    #[error("the system has no random numbers to name a write by")]
    NoRandomness(#[from] io::Error),
    /// Another process writes now.
    #[error("not written")]
    NotLeader(#[from] NotLeader),
    /// What cannot be told to the audit log is not done.
    #[error("{what} is not done, since it cannot be recorded")]
    Unrecorded { what: String, source: audit::Error },
    /// Somebody else writes to it all the time.
    #[error("{target} was changed by others at each of {TRIES} tries")]
    Busy { target: String },
}

impl Error {
    /// Whether it says something of one recommendation alone.
    pub fn is_of_one(&self) -> bool {
        match self {
            Self::NotNow(_)
            | Self::Journal(_)
            | Self::Floor(_)
            | Self::Settings { .. }
            | Self::Schedule { .. }
            | Self::NotUnderstood { .. }
            | Self::Write { .. }
            | Self::Busy { .. } => true,
            Self::Store(err) => err.is_of_one(),
            Self::Cluster(_)
            | Self::NoTime
            | Self::NoRandomness(_)
            | Self::NotLeader(_)
            | Self::Unrecorded { .. } => false,
        }
    }
}

impl Conductor<'_> {
    /// Makes a write, if it may be made now; `None` where it took longer than that, so that nobody
    /// knows whether it was made.
    async fn leave<T>(&self, write: impl Future<Output = T>) -> Result<Option<T>, Error> {
        // Kept off the stack: the same write is a part of many larger things.
        let write = Box::pin(write);
        match self.leave {
            Leave::Always => Ok(Some(write.await)),
            Leave::Leader { gate, term } => {
                let permit = gate.check(term).await?;
                Ok(permit.within(write).await.ok())
            }
        }
    }

    /// What the API server's clock shows; all times of the lifecycle are by it.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn now(&self) -> Result<Timestamp, Error> {
        self.cluster.time().await?.ok_or(Error::NoTime)
    }

    /// A record after an event that is told of with a write, with what is left to do besides saving
    /// and announcing.
    async fn taken(
        &self,
        stored: &Stored,
        event: Event,
        now: Timestamp,
    ) -> Result<(Stored, Vec<Effect>), Error> {
        let step = step::step(&stored.record, event, &self.policy, now)?;
        self.keep(stored, step, now).await
    }

    async fn keep(
        &self,
        stored: &Stored,
        step: Step,
        now: Timestamp,
    ) -> Result<(Stored, Vec<Effect>), Error> {
        let saved = match self.leave(self.store.save(stored, &step.record)).await? {
            Some(saved) => saved?,
            None => return Err(unfinished(&stored.record)),
        };
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

    /// The target as it is, and the least object that applies the change to it.
    ///
    /// # Errors
    /// Where the target is gone, or the change does not fit it any more.
    pub async fn proposed(&self, record: &Record) -> Result<(Value, Value), Error> {
        let live = self.read(&Target::of(record)).await?;
        let configuration = self.configuration(record, &live)?;
        Ok((live, configuration))
    }

    async fn read(&self, target: &Target) -> Result<Value, Error> {
        let read = self.cluster.object(&target.place()).await?;
        let gone = || cluster::Error::NotFound {
            missing: vec![target.title()],
        };
        Ok(read.value.ok_or_else(gone)?)
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
        why: journal.why,
        changes: journal.changes,
        schedule: journal.schedule,
    }
}

/// Changes the other way round, without what is lost.
fn undone(changes: &[Change], lost: &[Lost]) -> Vec<Change> {
    let is_ours = |it: &&Change| lost.iter().all(|lost| lost.path != it.path);
    let back = |it: &Change| Change {
        path: it.path.clone(),
        from: it.to.clone(),
        to: it.from.clone(),
    };
    changes.iter().filter(is_ours).map(back).collect()
}

/// A write of a record of whose end nothing is known: as if somebody else had been faster.
fn unfinished(record: &Record) -> Error {
    Error::Store(store::Error::Conflict {
        record: record.title(),
    })
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
    let is_ours =
        journal.recommendation == record.name && (is_known || is_same(live, &journal, record));
    Ok(is_ours.then_some(journal))
}

/// Whether every setting has the value that is proposed, and the schedule is the one that is.
fn is_same(live: &Value, journal: &Journal, record: &Record) -> bool {
    let proposal = &record.proposal;
    let kind = record.autoscaler.kind;
    let live = without(live, kind);
    let mut all = proposal.diff.iter();
    !is_empty(proposal)
        && proposal.plan().as_ref() == Ok(&journal.schedule)
        && all.all(|it| settings::live(&live, kind, it).as_ref() == Ok(&it.to))
}

/// Whether a proposal changes nothing.
fn is_empty(proposal: &Proposal) -> bool {
    let has_windows = !proposal.schedule.is_empty() || proposal.ends_schedule();
    proposal.diff.is_empty() && !has_windows
}

/// What was in force by somebody else's write.
fn adopted(record: &Record) -> Vec<Change> {
    let applied = record.status.applied.as_ref();
    applied.map(|it| it.changes.clone()).unwrap_or_default()
}
