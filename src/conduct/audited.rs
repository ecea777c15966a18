//! Tells the audit log of what is decided and written: before it is done, and what came of it.
//!
//! What cannot be recorded is not done, but for what [`Verb::must_be_recorded`] lets go on. A write
//! whose end is not known is told the end of by whoever finds it out, under the same id.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Error;
use super::target::Target;
use crate::audit::event::new_id;
use crate::audit::{Action, Answer, Begun, Log, ObjectRef, Outcome, Verb};
use crate::causes::whole;
use crate::cluster::Cluster;
use crate::cluster::write::{self, Change, Place, WriteError, Writing};
use crate::lifecycle::record::Record;
use crate::state::blocking;
use crate::store;

/// The audit log of a run, with the clock that its records go by.
pub struct Audit {
    log: Arc<Log>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    warn: Box<dyn Fn(&str) + Send + Sync>,
}

/// Something that was begun. Where it is dropped, its end is not known yet.
#[must_use = "what was begun is to be told the end of"]
pub struct Underway<'a> {
    audit: &'a Audit,
    /// `None` once its end was told.
    begun: Option<Begun>,
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Audit").field(&self.log).finish()
    }
}

impl Audit {
    /// `warn` tells users what is not recorded and goes on all the same.
    pub fn new(
        log: Log,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        warn: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        Self {
            log: Arc::new(log),
            clock: Box::new(clock),
            warn: Box::new(warn),
        }
    }

    /// An action that begins now, about nothing yet.
    ///
    /// # Errors
    /// Where the system has no randomness for its id.
    pub fn action(&self, verb: Verb) -> Result<Action, Error> {
        Ok(Action::new(new_id()?, (self.clock)(), verb))
    }

    /// The same about a record and its target.
    pub(super) fn action_on(&self, record: &Record, verb: Verb) -> Result<Action, Error> {
        Ok(Action {
            recommendation: Some(recommendation(record)),
            target: Some(Target::of(record).reference(record.proposal.uid.as_deref())),
            ..self.action(verb)?
        })
    }

    /// Records that something is about to be done.
    ///
    /// # Errors
    /// [`Error::Unrecorded`] where it must not be done, since it cannot be recorded.
    pub async fn begin(&self, action: Action) -> Result<Underway<'_>, Error> {
        let what = title(&action);
        let log = Arc::clone(&self.log);
        let begun = blocking(move || log.begin(action)).await;
        let begun = begun.map_err(|source| Error::Unrecorded {
            what: what.clone(),
            source,
        })?;
        if let Some(error) = &begun.unrecorded {
            (self.warn)(&format!(
                "warning: {what} is not recorded: {}",
                whole(error)
            ));
        }
        Ok(self.underway(begun))
    }

    /// Writes to something that is no target of a recommendation, and records it; a dry run is only
    /// made.
    ///
    /// # Errors
    /// As [`begin`](Self::begin): then nothing is sent. Whether it was written is within.
    pub async fn write(
        &self,
        cluster: &Cluster,
        verb: Verb,
        place: &Place<'_>,
        change: &Change<'_>,
        writing: &Writing<'_>,
    ) -> Result<Result<write::Answer<Value>, WriteError>, Error> {
        if writing.dry_run {
            return Ok(cluster.write(place, change, writing).await);
        }
        let action = Action {
            target: Some(reference(place)),
            request: sent(change),
            ..self.action(verb)?
        };
        let underway = self.begin(action).await?;
        let written = cluster.write(place, change, writing).await;
        match &written {
            Ok(after) => underway.end_of_write(Some(after.value.clone())).await,
            Err(error) => underway.end_of_failure(error).await,
        }
        Ok(written)
    }

    /// Something that another process, or this one, has begun under its id.
    pub(super) fn resume(&self, action: Action) -> Underway<'_> {
        self.underway(self.log.resumed(action))
    }

    fn underway(&self, begun: Begun) -> Underway<'_> {
        let begun = Some(begun);
        Underway { audit: self, begun }
    }

    /// Records something that was found out and needs nothing to be done.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(super) async fn found(&self, action: Action, detail: String) -> Result<(), Error> {
        let underway = self.begin(action).await?;
        let answer = Answer {
            detail,
            ..underway.answer(Outcome::Done)
        };
        underway.end(answer).await;
        Ok(())
    }
}

impl Underway<'_> {
    /// An end of it, now.
    pub fn answer(&self, outcome: Outcome) -> Answer {
        Answer::new((self.audit.clock)(), outcome)
    }

    /// Records how it ended. Where that is not possible, there is a warning: it is done already.
    pub async fn end(mut self, answer: Answer) {
        let audit = self.audit;
        let Some(begun) = self.begun.take() else {
            return;
        };
        let log = Arc::clone(&audit.log);
        let is_told = begun.unrecorded.is_some();
        let ended = blocking(move || log.end(&begun, &answer)).await;
        // One warning for each action is enough.
        if let (Err(error), false) = (ended, is_told) {
            let error = whole(&error);
            (audit.warn)(&format!("warning: what was done is not recorded: {error}"));
        }
    }

    /// Records that a write was made, with the object as the server then has it.
    pub(super) async fn end_of_write(self, response: Option<Value>) {
        let answer = Answer {
            response,
            ..self.answer(Outcome::Done)
        };
        self.end(answer).await;
    }

    /// Records that a write was not made, or that nothing is known of it.
    pub(super) async fn end_of_failure(self, error: &WriteError) {
        let answer = self.answer(write_failure(error));
        self.end(answer).await;
    }

    pub(super) async fn end_of_error(self, error: &Error) {
        let answer = self.answer(failure(error));
        self.end(answer).await;
    }

    /// Records that it ended as `outcome` says, or as the error does.
    pub(super) async fn end_of<T>(
        self,
        result: Result<T, Error>,
        outcome: impl FnOnce(&T) -> (Outcome, String),
    ) -> Result<T, Error> {
        let (outcome, detail) = match &result {
            Ok(value) => outcome(value),
            Err(error) => (failure(error), String::new()),
        };
        let answer = Answer {
            detail,
            ..self.answer(outcome)
        };
        self.end(answer).await;
        result
    }
}

impl Drop for Underway<'_> {
    /// Records a bug of ours. Where something was only given up, another process finds out its end.
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take()
            && std::thread::panicking()
        {
            let message = "a bug of stepscale: it panicked".to_owned();
            let answer = self.answer(Outcome::Panicked { message });
            // It is all that can be done here.
            let _ = self.audit.log.end(&begun, &answer);
        }
    }
}

/// The end of a write that was not made, or of which nothing is known.
pub(super) fn write_failure(error: &WriteError) -> Outcome {
    Outcome::Failed {
        message: whole(error),
        code: error.code(),
    }
}

/// What is sent, as far as it is an object or a patch.
fn sent(change: &Change<'_>) -> Option<Value> {
    match change {
        Change::Apply(it)
        | Change::MergePatch(it)
        | Change::Create(it)
        | Change::Replace(it)
        | Change::ReplaceStatus(it) => Some((*it).clone()),
        Change::JsonPatch(all) => Some(Value::from(all.to_vec())),
        Change::Delete => None,
    }
}

fn failure(error: &Error) -> Outcome {
    let code = match error {
        Error::NotNow(not_now) => {
            return Outcome::Refused {
                reason: "NotNow".to_owned(),
                message: not_now.to_string(),
            };
        }
        Error::Store(error) => store_code(error),
        Error::Cluster(error) => error.status(),
        Error::Write { source, .. } => source.code(),
        Error::Busy { .. } => Some(409),
        Error::Journal(_)
        | Error::Floor(_)
        | Error::Settings { .. }
        | Error::Schedule { .. }
        | Error::NotUnderstood { .. }
        | Error::NoTime
        | Error::NotLeader(_)
        | Error::NoRandomness(_)
        | Error::Unrecorded { .. } => None,
    };
    let message = whole(error);
    Outcome::Failed { message, code }
}

fn store_code(error: &store::Error) -> Option<u16> {
    match error {
        store::Error::Conflict { .. } => Some(409),
        store::Error::Write { source, .. } => source.code(),
        store::Error::Cluster(error) => error.status(),
        store::Error::Malformed(_)
        | store::Error::Folder { .. }
        | store::Error::NotJson { .. }
        | store::Error::NoHome => None,
    }
}

/// `apply of scalingrecommendations.stepscale.io/shop/web`.
fn title(action: &Action) -> String {
    match action.recommendation.as_ref().or(action.target.as_ref()) {
        Some(object) => format!("{} of {object}", action.verb),
        None => action.verb.to_string(),
    }
}

/// An object as the audit log names it.
pub(super) fn reference(place: &Place<'_>) -> ObjectRef {
    ObjectRef {
        resource: place.kind.plural.to_owned(),
        api_group: place.kind.group.to_owned(),
        api_version: place.kind.version.to_owned(),
        namespace: place.namespace.to_owned(),
        name: place.name.to_owned(),
        ..ObjectRef::default()
    }
}

fn recommendation(record: &Record) -> ObjectRef {
    ObjectRef::recommendation(&*record.namespace, &*record.name)
}

#[cfg(test)]
pub(super) mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::Path;

    use super::*;
    use crate::audit::{Event, Origin, Output, Settings, read};

    /// A log in a folder, without a clock.
    pub(in crate::conduct) fn audit(folder: &Path) -> Audit {
        let settings = Settings {
            log_file: Output::File(folder.join("audit.log")),
            ..Settings::default()
        };
        let log = Log::new(settings, Origin::default(), None).unwrap();
        Audit::new(log, || Timestamp::UNIX_EPOCH, |_| {})
    }

    /// What it has, in order.
    pub(in crate::conduct) fn recorded(folder: &Path) -> Vec<Event> {
        let records = read(&folder.join("audit.log")).unwrap();
        records.map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_bug_is_an_end_and_what_is_given_up_has_none_yet() {
        let folder = tempfile::tempdir().unwrap();
        let audit = audit(folder.path());
        let begin = || audit.begin(audit.action(Verb::Install).unwrap());
        drop(begin().await.unwrap());
        let underway = begin().await.unwrap();
        let ended = catch_unwind(AssertUnwindSafe(move || {
            let _underway = underway;
            panic!("a bug");
        }));
        assert!(ended.is_err());
        let recorded = recorded(folder.path());
        let stages: Vec<String> = recorded
            .iter()
            .map(|it| format!("{:?}", it.stage))
            .collect();
        assert_eq!(stages, ["RequestReceived", "RequestReceived", "Panic"]);
        let [_, begun, ended] = &recorded[..] else {
            panic!("{recorded:?}");
        };
        assert_eq!(ended.audit_id, begun.audit_id);
        assert_eq!(ended.annotation("stepscale.io/result"), "panicked");
    }
}
