//! Carries out the schedule of a change that is in force, one look at a time.
//!
//! A look reads the autoscaler and does what [`carry::step`] says of it, in the order of every write:
//! tell the audit log, save that it was begun, write, tell and save that it is done. A look that died
//! in between has left an attempt, which the next one finds out the end of.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::audited::Underway;
use super::crash::crash_point;
use super::facts::{OURS, paused};
use super::target::Target;
use super::{Conductor, Error, TRIES};
use crate::audit::{Action, Answer, Outcome, Verb};
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cluster::keda::HPAS;
use crate::cluster::write::{Change, Place, WriteError};
use crate::lifecycle::changes;
use crate::lifecycle::guard::License;
use crate::lifecycle::journal::Journal;
use crate::lifecycle::owners;
use crate::lifecycle::pause::Note;
use crate::lifecycle::pause::effect::hpa_name;
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::carry::{self, Hpa, Move, Next, World};
use crate::lifecycle::schedule::floor::{self, Floor};
use crate::lifecycle::schedule::peak::{self, Utilization};
use crate::lifecycle::schedule::{Attempt, Carried, State, Write, patch, triggers};
use crate::lifecycle::step::Event;
use crate::schedule::Plan;
use crate::store::{self, Stored};

/// How schedules are carried out in a pass.
#[derive(Clone, Copy, Debug)]
pub struct Carry<'a> {
    /// By the clock of the API server.
    pub now: Timestamp,
    /// When somebody looks again at the latest: what opens before that is opened now.
    pub ahead: SignedDuration,
    /// Why nothing is raised in this pass; what is over is given back all the same.
    pub held_off: Option<&'a str>,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    pub stored: Stored,
    /// What was written, if anything was.
    pub written: Option<Write>,
    /// Why it was not written that was to be.
    pub failed: Option<String>,
}

impl Looked {
    fn at(stored: Stored) -> Self {
        Self {
            stored,
            written: None,
            failed: None,
        }
    }
}

impl Conductor<'_> {
    /// Looks at the schedule that is in force, and does what is due.
    ///
    /// # Errors
    /// Where that cannot be found out, or be recorded.
    pub async fn carry(&self, stored: Stored, carry: Carry<'_>) -> Result<Looked, Error> {
        if is_quiet(&stored.record, carry) {
            return Ok(Looked::at(stored));
        }
        let mut stored = self.settled(stored).await?;
        for _ in 0..TRIES {
            match Box::pin(self.carry_once(&stored, carry)).await {
                Ok(Some(looked)) => return Ok(looked),
                Ok(None) | Err(Error::Store(store::Error::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
            stored = self.settled(self.again(&stored).await?).await?;
        }
        Err(Error::Busy {
            target: Target::of(&stored.record).title(),
        })
    }

    /// `None` where the target has changed in between.
    async fn carry_once(&self, stored: &Stored, carry: Carry<'_>) -> Result<Option<Looked>, Error> {
        let record = &stored.record;
        // A revert that was begun takes the schedule away with the rest.
        let (Some(carried), None) = (&record.status.schedule, &record.status.attempt) else {
            return Ok(Some(Looked::at(stored.clone())));
        };
        let target = Target::of(record);
        let live = self.cluster.object(&target.place()).await?.value;
        let Some(live) = live.filter(|it| is_same(it, record)) else {
            let event = Event::Scheduled(Box::new(over(carried)));
            let saved = self.taken(stored, event, carry.now).await?.0;
            return Ok(Some(Looked::at(saved)));
        };
        let stored = &self.finished(stored, &live, carry.now).await?;
        let Some(carried) = &stored.record.status.schedule else {
            return Ok(Some(Looked::at(stored.clone())));
        };
        let world = self.world(stored, &live, carry).await?;
        let next = carry::step(carried, &world);
        match next.deed {
            Move::Nothing => {
                let event = Event::Scheduled(Box::new(next.carried));
                let saved = self.taken(stored, event, carry.now).await?.0;
                Ok(Some(Looked::at(saved)))
            }
            Move::Raise { .. } | Move::GiveBack { .. } | Move::LetGo | Move::Retract => {
                self.make(stored, next, &live, carry.now).await
            }
        }
    }

    /// The record once it is known what became of a write that was begun, which the target tells.
    async fn finished(
        &self,
        stored: &Stored,
        live: &Value,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        let carried = stored.record.status.schedule.as_ref();
        let Some((carried, attempt)) = carried.and_then(|it| Some((it, it.attempt.as_ref()?)))
        else {
            return Ok(stored.clone());
        };
        let target = target(stored.record.autoscaler.kind, live)?;
        let (is_made, known) = carry::found(carried, attempt, &target);
        let outcome = match is_made {
            true => Outcome::Done,
            false => Outcome::Failed {
                message: "it was begun and never made".to_owned(),
                code: None,
            },
        };
        let action = Action {
            id: attempt.id.clone(),
            at: attempt.at,
            ..self.audit.action_on(&stored.record, verb(attempt.what))?
        };
        let saved = self.taken(stored, Event::Scheduled(Box::new(known)), now);
        let saved = saved.await?.0;
        // Whoever saves it tells of it, so that of several only one does.
        let underway = self.audit.resume(action);
        let answer = Answer {
            detail: format!("found out later; begun by {}", attempt.by),
            ..underway.answer(outcome)
        };
        underway.end(answer).await;
        Ok(saved)
    }

    async fn world(&self, stored: &Stored, live: &Value, carry: Carry<'_>) -> Result<World, Error> {
        let record = &stored.record;
        let kind = record.autoscaler.kind;
        Ok(World {
            now: carry.now,
            ahead: carry.ahead,
            target: target(kind, live)?,
            refusal: self.refused(kind, live, carry),
            cpu: self.utilization(record, live, carry.now).await?,
        })
    }

    /// Why nothing may be raised. KEDA asks nobody for a license, nor an owner for leave.
    fn refused(&self, kind: AutoscalerKind, live: &Value, carry: Carry<'_>) -> Option<String> {
        let paused = paused(live).map(|it| format!("paused: {it}"));
        if kind != AutoscalerKind::HorizontalPodAutoscaler {
            return paused;
        }
        let owner = owners::of(live, &[floor::PLACE], &OURS).into_iter().next();
        let owned = owner.map(|it| format!("managed by {it}"));
        let unlicensed = match &self.license {
            License::Valid | License::Grace { .. } => None,
            License::None { why } => Some(format!("unlicensed: {why}")),
        };
        let held_off = carry.held_off.map(str::to_owned);
        owned.or(paused).or(unlicensed).or(held_off)
    }

    /// What the HPA reports of CPU, where that matters now.
    async fn utilization(
        &self,
        record: &Record,
        live: &Value,
        now: Timestamp,
    ) -> Result<Option<Utilization>, Error> {
        let carried = record.status.schedule.as_ref();
        if !carried.is_some_and(|it| peak::is_expected(&it.windows, now)) {
            return Ok(None);
        }
        if record.autoscaler.kind == AutoscalerKind::HorizontalPodAutoscaler {
            return Ok(Utilization::of(live));
        }
        let Some(name) = hpa_name(live) else {
            return Ok(None);
        };
        let place = Place {
            kind: HPAS,
            namespace: &record.autoscaler.namespace,
            name: &name,
        };
        let hpa = self.cluster.object(&place).await?.value;
        Ok(hpa.as_ref().and_then(Utilization::of))
    }

    /// Makes a write; `None` where the target has changed in between.
    async fn make(
        &self,
        stored: &Stored,
        next: Next,
        live: &Value,
        now: Timestamp,
    ) -> Result<Option<Looked>, Error> {
        let record = &stored.record;
        let what = what(&next.deed);
        let action = self.audit.action_on(record, verb(what))?;
        let sent = self.sent(record, &next.deed, live, &action.id, now)?;
        let action = Action {
            why: next.carried.detail.clone(),
            changes: sent.changes(live),
            request: Some(sent.body()),
            ..action
        };
        crash_point("schedule-before-begin");
        let begun = self.beginning(stored, &next, (what, &action.id), now);
        let underway = self.audit.begin(action).await?;
        let begun = match self.taken(stored, begun, now).await {
            Ok((begun, _)) => begun,
            Err(error) => {
                underway.end_of_error(&error).await;
                return Err(error);
            }
        };
        crash_point("schedule-before-write");
        let target = Target::of(record);
        let sending = self.patch(&target, &sent);
        let (underway, answer) = self.by_leave(underway, &target.title(), sending).await?;
        crash_point("schedule-after-write");
        self.made(
            begun,
            underway,
            answer,
            (next.carried, what, sent.floor),
            now,
        )
        .await
    }

    /// Records and enters what became of a write.
    async fn made(
        &self,
        begun: Stored,
        underway: Underway<'_>,
        answer: Result<Value, WriteError>,
        (mut carried, what, floor): (Carried, Write, Option<Floor>),
        now: Timestamp,
    ) -> Result<Option<Looked>, Error> {
        let failed = match answer {
            Ok(after) => {
                underway.end_of_write(Some(after)).await;
                carry::done(&mut carried, what, floor);
                None
            }
            // The next look finds out whether it was made, and tells.
            Err(WriteError::Conflict { .. }) => return Ok(None),
            Err(source @ WriteError::Unknown(_)) => {
                let target = Target::of(&begun.record).title();
                return Err(Error::Write { target, source });
            }
            Err(error) => {
                underway.end_of_failure(&error).await;
                let before = begun.record.status.schedule.clone();
                carried = before.unwrap_or(carried);
                carried.attempt = None;
                Some(error.to_string())
            }
        };
        let event = Event::Scheduled(Box::new(carried));
        let stored = self.taken(&begun, event, now).await?.0;
        crash_point("schedule-after-save");
        Ok(Some(Looked {
            written: failed.is_none().then_some(what),
            stored,
            failed,
        }))
    }

    /// What is saved before the write: that it was begun. That a schedule is retracted is so from then
    /// on, whenever it is gone.
    fn beginning(
        &self,
        stored: &Stored,
        next: &Next,
        (what, id): (Write, &str),
        now: Timestamp,
    ) -> Event {
        let before = stored.record.status.schedule.clone();
        let before = before.filter(|_| what != Write::Retract);
        let before = before.unwrap_or_else(|| next.carried.clone());
        let attempt = Attempt {
            id: id.to_owned(),
            what,
            by: self.by.clone(),
            at: now,
        };
        Event::Scheduled(Box::new(Carried {
            attempt: Some(attempt),
            ..before
        }))
    }

    fn sent(
        &self,
        record: &Record,
        deed: &Move,
        live: &Value,
        id: &str,
        now: Timestamp,
    ) -> Result<Sent, Error> {
        if let Move::Raise { from, to, until } = deed {
            let floor = Floor {
                id: id.to_owned(),
                recommendation: record.name.clone(),
                by: self.by.clone(),
                at: now,
                from: *from,
                to: *to,
                until: *until,
            };
            return Ok(Sent {
                merge: Some(floor.raising(live)),
                operations: vec![],
                floor: Some(floor),
            });
        }
        let kind = record.autoscaler.kind;
        let carried = record.status.schedule.as_ref();
        let known = carried.and_then(|it| it.floor.as_ref());
        Ok(Sent {
            merge: None,
            operations: patch::taking_away(deed, kind, live, known)?,
            floor: None,
        })
    }

    async fn patch(&self, target: &Target, sent: &Sent) -> Result<Value, WriteError> {
        let change = match &sent.merge {
            Some(merge) => Change::MergePatch(merge),
            None => Change::JsonPatch(&sent.operations),
        };
        let writing = self.reporter.writing();
        let answer = self.cluster.write(&target.place(), &change, &writing).await;
        answer.map(|it| it.value)
    }

    /// Gives back what is held on the target of a record that is to be written; whether anything was,
    /// so that the target has to be read again.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub(super) async fn hand_back(&self, stored: &Stored, live: &Value) -> Result<bool, Error> {
        let record = &stored.record;
        let known = record.status.schedule.as_ref();
        let known = known.and_then(|it| it.floor.as_ref());
        let why = "another change is applied; the next look at its schedule raises it again";
        let title = record.autoscaler.clone();
        self.give_back(&title, live, known, why).await
    }

    /// Gives back a floor that no recommendation tells of any more; whether there was one.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub async fn give_back_orphan(&self, id: &AutoscalerId) -> Result<bool, Error> {
        let target = Target::named(id.clone());
        match self.cluster.object(&target.place()).await?.value {
            Some(live) => {
                let why = "there is no recommendation for it any more";
                self.give_back(id, &live, None, why).await
            }
            None => Ok(false),
        }
    }

    async fn give_back(
        &self,
        id: &AutoscalerId,
        live: &Value,
        known: Option<&Floor>,
        why: &str,
    ) -> Result<bool, Error> {
        if id.kind != AutoscalerKind::HorizontalPodAutoscaler || is_held_still(live) {
            return Ok(false);
        }
        let annotated = Floor::of(live)?;
        let held = annotated.as_ref().or(known).filter(|it| it.holds(live));
        let deed = match (held, &annotated) {
            (Some(it), _) => Move::GiveBack {
                from: it.to,
                to: it.from,
            },
            (None, Some(_)) => Move::LetGo,
            (None, None) => return Ok(false),
        };
        let target = Target::named(id.clone());
        let sent = Sent {
            merge: None,
            operations: patch::taking_away(&deed, id.kind, live, known)?,
            floor: None,
        };
        let action = Action {
            target: Some(target.reference(live["metadata"]["uid"].as_str())),
            why: why.to_owned(),
            changes: sent.changes(live),
            request: Some(sent.body()),
            ..self.audit.action(Verb::Restore)?
        };
        let underway = self.audit.begin(action).await?;
        let sending = self.patch(&target, &sent);
        let (underway, answer) = self.by_leave(underway, &target.title(), sending).await?;
        match answer {
            Ok(after) => {
                underway.end_of_write(Some(after)).await;
                Ok(true)
            }
            Err(source) => {
                underway.end_of_failure(&source).await;
                match source {
                    // It is read again.
                    WriteError::Conflict { .. } => Ok(true),
                    source => Err(Error::Write {
                        target: target.title(),
                        source,
                    }),
                }
            }
        }
    }
}

/// What is sent: a merge patch that raises, or operations that take something away.
struct Sent {
    merge: Option<Value>,
    operations: Vec<Value>,
    /// What is held then.
    floor: Option<Floor>,
}

impl Sent {
    fn body(&self) -> Value {
        match &self.merge {
            Some(merge) => merge.clone(),
            None => Value::from(self.operations.clone()),
        }
    }

    fn changes(&self, live: &Value) -> Vec<changes::Change> {
        match &self.floor {
            Some(floor) => vec![changes::Change {
                path: floor::PLACE.to_owned(),
                from: live.pointer(floor::PLACE).cloned(),
                to: Some(floor.to.into()),
            }],
            None => patch::changes(&self.operations, live),
        }
    }
}

/// Whether nothing can be due, by the record alone: between two windows, with nothing held or begun.
fn is_quiet(record: &Record, carry: Carry<'_>) -> bool {
    let Some(carried) = &record.status.schedule else {
        return true;
    };
    let is_settled = carried.floor.is_none() && carried.attempt.is_none();
    is_settled
        && match carried.state {
            State::Waiting => {
                carried.since.is_some()
                    && carry::span(&carried.windows, carry.now, carry.ahead).is_none()
            }
            State::Retracted => carried.windows.is_empty(),
            State::Open | State::Withheld | State::Left => false,
        }
}

/// Whether an object is the one that was analyzed, and not another of its name.
fn is_same(live: &Value, record: &Record) -> bool {
    let uid = record.proposal.uid.as_deref();
    uid.is_none_or(|it| live["metadata"]["uid"] == it)
}

/// A schedule whose target is gone.
fn over(carried: &Carried) -> Carried {
    Carried {
        windows: Plan::default(),
        detail: "the autoscaler is gone".to_owned(),
        floor: None,
        attempt: None,
        ..carried.clone()
    }
}

fn target(kind: AutoscalerKind, live: &Value) -> Result<carry::Target, Error> {
    Ok(match kind {
        AutoscalerKind::HorizontalPodAutoscaler => carry::Target::Hpa(hpa(live)?),
        AutoscalerKind::ScaledObject | AutoscalerKind::ScaledJob => carry::Target::ScaledObject {
            has_triggers: triggers::are_there(live),
        },
    })
}

fn hpa(live: &Value) -> Result<Hpa, Error> {
    let writer = owners::last_writer(live, &[floor::PLACE]);
    let writer = writer.filter(|it| !OURS.contains(&it.manager));
    Ok(Hpa {
        min: floor::minimum(live),
        max: floor::maximum(live),
        floor: Floor::of(live)?,
        has_schedule: Journal::of(live)?.is_some_and(|it| !it.schedule.is_empty()),
        is_held_still: is_held_still(live),
        writer: writer.map(|it| it.manager.to_owned()),
    })
}

/// Whether a pause of ours has set the minimum or the maximum, which it gives back as it found them.
fn is_held_still(live: &Value) -> bool {
    const PLACES: [&str; 2] = ["/spec/minReplicas", "/spec/maxReplicas"];
    let note = Note::of(live).ok().flatten();
    note.is_some_and(|it| {
        it.changes
            .iter()
            .any(|it| PLACES.contains(&it.path.as_str()))
    })
}

fn what(deed: &Move) -> Write {
    match deed {
        Move::Raise { .. } => Write::Raise,
        Move::GiveBack { .. } | Move::LetGo | Move::Nothing => Write::Restore,
        Move::Retract => Write::Retract,
    }
}

fn verb(what: Write) -> Verb {
    match what {
        Write::Raise => Verb::Raise,
        Write::Restore => Verb::Restore,
        Write::Retract => Verb::Retract,
    }
}
