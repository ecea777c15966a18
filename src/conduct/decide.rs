//! Decisions of people and of analyses: told to the audit log, and kept.

use jiff::Timestamp;
use serde_json::Value;

use super::{Conductor, Error};
use crate::audit::{Action, Outcome, Verb};
use crate::lifecycle::changes::Change;
use crate::lifecycle::form;
use crate::lifecycle::guard::License;
use crate::lifecycle::record::Record;
use crate::lifecycle::step::{self, Effect, Event};
use crate::store::Stored;

/// What a decision may change, of an object of the API.
const DECIDED: [&str; 3] = ["/spec/approved", "/spec/configDiff", "/status/phase"];

impl Conductor<'_> {
    /// Lets `event` happen to a record and keeps what becomes of it.
    ///
    /// # Errors
    /// Where it cannot happen now, cannot be recorded, or the record was changed at the same time.
    pub async fn happen(&self, stored: &Stored, event: Event) -> Result<Stored, Error> {
        self.happen_at(stored, event, self.now().await?).await
    }

    /// The same at a time that is known, for whoever enters many things at once.
    ///
    /// # Errors
    /// As [`happen`](Self::happen).
    pub async fn happen_at(
        &self,
        stored: &Stored,
        event: Event,
        now: Timestamp,
    ) -> Result<Stored, Error> {
        Ok(self.decided(stored, event, now).await?.0)
    }

    /// Keeps a new recommendation.
    ///
    /// # Errors
    /// Where it cannot be recorded, or there is one of its name already.
    pub async fn propose(&self, record: &Record) -> Result<Stored, Error> {
        let action = Action {
            changes: between(&Value::Null, &form::to_object(record, None)),
            ..self.audit.action_on(record, Verb::Propose)?
        };
        let underway = self.audit.begin(action).await?;
        let created = match self.leave(self.store.create(record)).await {
            Ok(Some(created)) => created.map_err(Error::from),
            Ok(None) => Err(super::unfinished(record)),
            Err(error) => Err(error),
        };
        underway.end_of(created, done).await
    }

    /// Records which license was found.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub async fn tell_license(&self) -> Result<(), Error> {
        let found = match &self.license {
            License::Valid => "licensed".to_owned(),
            License::Grace { days_left } => format!("grace, {days_left} days left"),
            License::None { why } => format!("none: {why}"),
        };
        let action = self.audit.action(Verb::License)?;
        self.audit.found(action, found).await
    }

    /// The same as [`happen`](Self::happen), with what is left to do besides saving and telling.
    pub(super) async fn decided(
        &self,
        stored: &Stored,
        event: Event,
        now: Timestamp,
    ) -> Result<(Stored, Vec<Effect>), Error> {
        let Some((verb, why)) = decision(&event) else {
            return self.taken(stored, event, now).await;
        };
        let before = &stored.record;
        let stepped = step::step(before, event, &self.policy, now);
        let after = stepped.as_ref().map_or(before, |it| &it.record);
        if stepped.is_ok() && !is_news(verb, before, after) {
            return self.keep(stored, stepped?, now).await;
        }
        let object = |it| form::to_object(it, None);
        let action = Action {
            why,
            changes: between(&object(before), &object(after)),
            ..self.audit.action_on(before, verb)?
        };
        let underway = self.audit.begin(action).await?;
        let kept = match stepped {
            Ok(step) => self.keep(stored, step, now).await,
            Err(not_now) => Err(not_now.into()),
        };
        underway.end_of(kept, |it| done(&it.0)).await
    }
}

fn done(stored: &Stored) -> (Outcome, String) {
    (Outcome::Done, stored.record.status.detail.clone())
}

/// What somebody decides with an event, and why. `None` for what happens to a write: that is told of
/// the write.
fn decision(event: &Event) -> Option<(Verb, String)> {
    let said = |why: &str| why.to_owned();
    match event {
        Event::Proposed(_) => Some((Verb::Propose, said(""))),
        Event::Withdrawn { why } => Some((Verb::Supersede, said(why))),
        Event::Approved { .. } => Some((Verb::Approve, said(""))),
        Event::Unapproved { .. } => Some((Verb::Unapprove, said(""))),
        Event::Rejected { reason, .. } => Some((Verb::Reject, said(reason))),
        Event::Adopted { .. } => Some((Verb::Adopt, said(""))),
        Event::Judged(_) => Some((Verb::Verify, said(""))),
        // A probation ends by it, which no full disk may keep open. Of a write that was begun it is
        // told with the write.
        Event::Overtaken { why } => Some((Verb::Verify, said(why))),
        Event::Refused(_)
        | Event::Began(_)
        | Event::Written { .. }
        | Event::Scheduled(_)
        | Event::Reviewed(_)
        | Event::WriteFailed { .. }
        | Event::Reverted { .. }
        | Event::RevertFailed { .. } => None,
    }
}

/// Whether anything was decided. New numbers for the same settings come with every analysis, and
/// with every look at a probation: they are no decision.
fn is_news(verb: Verb, before: &Record, after: &Record) -> bool {
    let (old, new) = (&before.status, &after.status);
    match verb {
        Verb::Propose => old.story != new.story,
        Verb::Verify => old.phase != new.phase || (old.errors > 0) != (new.errors > 0),
        Verb::Approve
        | Verb::Unapprove
        | Verb::Reject
        | Verb::Apply
        | Verb::Adopt
        | Verb::Revert
        | Verb::Raise
        | Verb::Restore
        | Verb::Retract
        | Verb::Pause
        | Verb::Resume
        | Verb::Supersede
        | Verb::License
        | Verb::Install
        | Verb::Uninstall => before != after,
    }
}

fn between(before: &Value, after: &Value) -> Vec<Change> {
    let change = |path: &str| {
        let (from, to) = (before.pointer(path).cloned(), after.pointer(path).cloned());
        let path = path.to_owned();
        (from != to).then_some(Change { path, from, to })
    };
    DECIDED.into_iter().filter_map(change).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::lifecycle::phase::Phase;
    use crate::lifecycle::step::Policy;
    use crate::output::records::made_up;

    fn stepped(record: &Record, event: Event) -> Record {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let step = step::step(record, event, &Policy::default(), now);
        step.unwrap().record
    }

    #[test]
    fn a_yes_changes_what_the_api_shows_of_it() {
        let before = made_up::record();
        let by = "ann".to_owned();
        let after = stepped(&before, Event::Approved { by });
        let object = |it| form::to_object(it, None);
        let changes = between(&object(&before), &object(&after));
        let paths: Vec<&str> = changes.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["/spec/approved", "/status/phase"]);
        assert_eq!(changes[0].to, Some(Value::Bool(true)));
    }

    #[test]
    fn a_probation_whose_target_is_gone_ends_without_a_record_too() {
        let (verb, why) = decision(&crate::conduct::gone()).unwrap();
        assert_eq!(verb, Verb::Verify);
        assert!(!verb.must_be_recorded());
        assert_eq!(why, "the target does not exist any more");
        let mut before = made_up::record();
        before.status.phase = Phase::Applied;
        let after = stepped(&before, crate::conduct::gone());
        assert!(is_news(verb, &before, &after));
    }

    #[test]
    fn new_numbers_are_no_decision_and_other_settings_are() {
        let before = made_up::record();
        let mut new = before.proposal.clone();
        new.saving_usd = Some(1234.5);
        let after = stepped(&before, Event::Proposed(Box::new(new.clone())));
        assert_ne!(after, before);
        assert!(!is_news(Verb::Propose, &before, &after));
        new.diff.clear();
        let after = stepped(&before, Event::Proposed(Box::new(new)));
        assert!(is_news(Verb::Propose, &before, &after));
        assert!(!is_news(Verb::Approve, &before, &before));
    }
}
