//! Pauses autoscalers and resumes them, and looks whether their controllers have heard of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::sleep;

use super::announce::Told;
use super::audited::{Underway, reference};
use super::facts::OURS;
use super::{Conductor, Error, TRIES};
use crate::audit::{Action, ObjectRef, Outcome, Verb};
use crate::cluster::keda::{HPAS, SCALED_JOBS, SCALED_OBJECTS};
use crate::cluster::write::{self, Change, Place, WriteError, Writing};
use crate::cluster::{self};
use crate::lifecycle::pause::effect::{self, Effect, Hpa};
use crate::lifecycle::pause::{
    self, Earlier, Id, Kind, NotResumed, Note, Plan, Refusal, Request, Resumption, Way,
};

/// Between two looks at whether KEDA has reacted, which takes it a second or two.
const LOOK: Duration = Duration::from_secs(1);

/// What somebody asks for, before it has a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub way: Way,
    /// How long; `None` until somebody resumes it.
    pub length: Option<SignedDuration>,
    /// Owners are overruled, for the reason given.
    pub forced: Option<String>,
}

/// What became of a pause.
#[derive(Clone, Debug, PartialEq)]
pub enum Paused {
    Done(Box<Note>),
    /// It was paused so before: until when and why is what is new.
    Renewed(Box<Note>),
    Refused(Refusal),
}

/// Which pauses are taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Any.
    Asked,
    /// One whose time is over.
    Over,
}

/// What became of the end of a pause.
#[derive(Clone, Debug, PartialEq)]
pub enum Resumed {
    Done(Box<Resumption>),
    /// Its time is not over.
    NotYet(Box<Note>),
    Not(NotResumed),
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    Pause(Way),
    Resumption,
}

/// The kind at the API.
pub fn kind(kind: Kind) -> write::Kind {
    match kind {
        Kind::HorizontalPodAutoscaler => HPAS,
        Kind::ScaledObject => SCALED_OBJECTS,
        Kind::ScaledJob => SCALED_JOBS,
    }
}

fn place(id: &Id) -> Place<'_> {
    Place {
        kind: kind(id.kind),
        namespace: &id.namespace,
        name: &id.name,
    }
}

/// An object as it was read.
struct Seen {
    live: Value,
    now: Timestamp,
}

impl Conductor<'_> {
    /// Holds an autoscaler, unless something speaks against it.
    ///
    /// # Errors
    /// Where it is not there, cannot be read, or the write is not made.
    pub async fn pause(&self, id: &Id, wish: &Wish) -> Result<Paused, Error> {
        for _ in 0..TRIES {
            if let Some(paused) = Box::pin(self.pause_once(id, wish)).await? {
                return Ok(paused);
            }
        }
        let target = id.to_string();
        Err(Error::Busy { target })
    }

    /// `None` where the object has changed in between.
    async fn pause_once(&self, id: &Id, wish: &Wish) -> Result<Option<Paused>, Error> {
        let Seen { live, now } = self.seen(id).await?;
        let request = Request {
            way: wish.way,
            until: wish.length.and_then(|it| now.checked_add(it).ok()),
            reason: self.reason.clone(),
            by: self.by.clone(),
            at: now,
            forced: wish.forced.is_some(),
        };
        let action = Action {
            forced: wish.forced.clone(),
            ..self.action_of(id, &live, Verb::Pause, &self.reason)?
        };
        let (note, patch, is_new) = match pause::plan(id, &live, &request, &OURS) {
            Err(refusal) => {
                let underway = self.audit.begin(action).await?;
                let outcome = Outcome::Refused {
                    reason: refusal.reason().to_owned(),
                    message: refusal.to_string(),
                };
                let answer = underway.answer(outcome);
                underway.end(answer).await;
                return Ok(Some(Paused::Refused(refusal)));
            }
            Ok(Plan::Renew(note)) => (*note, pause::renewed(id, &live), false),
            Ok(Plan::Pause(patch)) => {
                // The server says what it adds, so that resuming leaves nothing behind.
                let sent = pause::sent(&patch, None, &live);
                match self.send_patch(id, &Change::MergePatch(&sent), true).await {
                    Ok(foretold) => (pause::noted(id, &request, &live, &foretold), patch, true),
                    Err(WriteError::Conflict { .. }) => return Ok(None),
                    Err(source) => return Err(not_written(id, source)),
                }
            }
        };
        let patch = pause::sent(&patch, Some(&note), &live);
        let action = Action {
            changes: if is_new { note.changes.clone() } else { vec![] },
            request: Some(patch.clone()),
            ..action
        };
        let is_ours = |live: &Value| Note::of(live) == Ok(Some(note.clone()));
        let change = Change::MergePatch(&patch);
        if !self.written(id, action, &change, is_ours).await? {
            return Ok(None);
        }
        let message = format!("paused {note}");
        self.tell_of(id, &live, "Paused", &message, now).await;
        let note = Box::new(note);
        Ok(Some(match is_new {
            true => Paused::Done(note),
            false => Paused::Renewed(note),
        }))
    }

    /// Lets an autoscaler scale again, as far as its pause is still ours.
    ///
    /// # Errors
    /// Where it is not there, cannot be read, or the write is not made.
    pub async fn resume(&self, id: &Id, when: When, why: &str) -> Result<Resumed, Error> {
        for _ in 0..TRIES {
            if let Some(resumed) = Box::pin(self.resume_once(id, when, why)).await? {
                return Ok(resumed);
            }
        }
        let target = id.to_string();
        Err(Error::Busy { target })
    }

    async fn resume_once(&self, id: &Id, when: When, why: &str) -> Result<Option<Resumed>, Error> {
        let Seen { live, now } = self.seen(id).await?;
        let resumption = match pause::resumption(id, &live) {
            Ok(resumption) => resumption,
            Err(not) => return Ok(Some(Resumed::Not(not))),
        };
        if when == When::Over && !resumption.note.is_over(now) {
            return Ok(Some(Resumed::NotYet(Box::new(resumption.note))));
        }
        let action = Action {
            changes: resumption.changes.clone(),
            request: Some(Value::from(resumption.operations.clone())),
            ..self.action_of(id, &live, Verb::Resume, why)?
        };
        let is_done = |live: &Value| Note::of(live) == Ok(None);
        let change = Change::JsonPatch(&resumption.operations);
        if !self.written(id, action, &change, is_done).await? {
            return Ok(None);
        }
        let message = format!("resumed, {why}: was paused {}", resumption.note);
        self.tell_of(id, &live, "Resumed", &message, now).await;
        Ok(Some(Resumed::Done(Box::new(resumption))))
    }

    /// Makes a write and records it; whether it was made, which `is_done` finds out of the object
    /// where the answer was lost.
    async fn written(
        &self,
        id: &Id,
        action: Action,
        change: &Change<'_>,
        is_done: impl Fn(&Value) -> bool,
    ) -> Result<bool, Error> {
        let underway = self.audit.begin(action).await?;
        let sending = self.send_patch(id, change, false);
        let (underway, sent) = self.by_leave(underway, &id.to_string(), sending).await?;
        match sent {
            Ok(after) => {
                underway.end_of_write(Some(after)).await;
                Ok(true)
            }
            Err(WriteError::Unknown(error)) => {
                let error = WriteError::Unknown(error);
                self.found_out(id, underway, error, is_done).await
            }
            Err(error) => {
                underway.end_of_failure(&error).await;
                match error {
                    WriteError::Conflict { .. } => Ok(false),
                    source => Err(not_written(id, source)),
                }
            }
        }
    }

    async fn found_out(
        &self,
        id: &Id,
        underway: Underway<'_>,
        error: WriteError,
        is_done: impl Fn(&Value) -> bool,
    ) -> Result<bool, Error> {
        let seen = self.cluster.object(&place(id)).await;
        match seen.ok().and_then(|it| it.value).filter(|it| is_done(it)) {
            Some(after) => {
                underway.end_of_write(Some(after)).await;
                Ok(true)
            }
            None => {
                underway.end_of_failure(&error).await;
                Err(not_written(id, error))
            }
        }
    }

    /// Looks at an autoscaler until it does what is awaited, or `limit` is over; as it was last.
    ///
    /// # Errors
    /// Where it is not there any more, or cannot be read.
    pub async fn effect(
        &self,
        id: &Id,
        awaited: Awaited,
        limit: Duration,
    ) -> Result<Effect, Error> {
        let mut left = limit;
        loop {
            let effect = self.effect_now(id, awaited).await?;
            if effect == Effect::InForce || left.is_zero() {
                return Ok(effect);
            }
            let wait = LOOK.min(left);
            sleep(wait).await;
            left = left.saturating_sub(wait);
        }
    }

    async fn effect_now(&self, id: &Id, awaited: Awaited) -> Result<Effect, Error> {
        if !id.kind.is_of_keda() {
            return Ok(Effect::InForce);
        }
        let live = self.seen(id).await?.live;
        let made = match id.kind {
            Kind::ScaledObject => self.hpa_of(id, &live).await?,
            Kind::ScaledJob | Kind::HorizontalPodAutoscaler => Made::Unknown,
        };
        let hpa = match &made {
            Made::There(hpa) => Hpa::There(hpa),
            Made::Gone => Hpa::Gone,
            Made::Unknown => Hpa::Unknown,
        };
        Ok(match awaited {
            Awaited::Pause(way) => effect::of_pause(id.kind, way, &live, hpa),
            Awaited::Resumption => effect::of_resumption(id.kind, &live, hpa),
        })
    }

    /// Whoever may not read HPAs goes by what KEDA says.
    async fn hpa_of(&self, id: &Id, live: &Value) -> Result<Made, Error> {
        let Some(name) = effect::hpa_name(live) else {
            return Ok(Made::Unknown);
        };
        let place = Place {
            kind: HPAS,
            namespace: &id.namespace,
            name: &name,
        };
        match self.cluster.object(&place).await {
            Ok(read) => Ok(read.value.map_or(Made::Gone, Made::There)),
            Err(cluster::Error::Forbidden { .. }) => Ok(Made::Unknown),
            Err(error) => Err(error.into()),
        }
    }

    /// Every pause of a namespace or of all, ours and those of others; in the order of kinds and
    /// names.
    ///
    /// # Errors
    /// Where they cannot be listed.
    pub async fn pauses(&self, namespace: Option<&str>) -> Result<Vec<(Id, Earlier)>, Error> {
        let mut found = vec![];
        for of in Kind::ALL {
            if of.is_of_keda() && !self.cluster.serves(&kind(of)).await? {
                continue;
            }
            let add = |object: Value| found.extend(found_in(of, &object));
            self.cluster.all(&kind(of), namespace, add).await?;
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    async fn seen(&self, id: &Id) -> Result<Seen, Error> {
        let read = self.cluster.object(&place(id)).await?;
        let missing = || cluster::Error::NotFound {
            missing: vec![id.to_string()],
        };
        let live = read.value.ok_or_else(missing)?;
        let now = match read.at {
            Some(now) => now,
            None => self.now().await?,
        };
        Ok(Seen { live, now })
    }

    async fn send_patch(
        &self,
        id: &Id,
        change: &Change<'_>,
        dry_run: bool,
    ) -> Result<Value, WriteError> {
        let writing = Writing {
            dry_run,
            ..self.reporter.writing()
        };
        let answer = self.cluster.write(&place(id), change, &writing).await;
        answer.map(|it| it.value)
    }

    fn action_of(&self, id: &Id, live: &Value, verb: Verb, why: &str) -> Result<Action, Error> {
        let uid = live["metadata"]["uid"].as_str().unwrap_or_default();
        Ok(Action {
            target: Some(ObjectRef {
                uid: uid.to_owned(),
                ..reference(&place(id))
            }),
            why: why.to_owned(),
            ..self.audit.action(verb)?
        })
    }

    async fn tell_of(&self, id: &Id, live: &Value, reason: &str, message: &str, now: Timestamp) {
        let told = Told {
            reason,
            message,
            is_warning: false,
            now,
        };
        let uid = live["metadata"]["uid"].as_str();
        self.announce_on(&place(id), uid, &told).await;
    }
}

/// The HPA that KEDA makes.
enum Made {
    There(Value),
    Gone,
    Unknown,
}

/// The pause of an object, ours or that of others; `None` where it is not paused.
pub fn found_in(kind: Kind, object: &Value) -> Option<(Id, Earlier)> {
    let text = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
    let id = Id {
        kind,
        namespace: text("namespace")?,
        name: text("name")?,
    };
    let earlier = pause::earlier(&id, object)?;
    Some((id, earlier))
}

fn not_written(id: &Id, source: WriteError) -> Error {
    let target = id.to_string();
    Error::Write { target, source }
}
