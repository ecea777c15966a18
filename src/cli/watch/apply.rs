//! The pass that puts in force what is approved, one after another, since limits count those before.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::counting::Writing;
use super::passes::Ended;
use super::tick::Watch;
use super::turns::{Name, name};
use super::verify::Unjudged;
use crate::cli::act::apply::around::Around;
use crate::cli::act::apply::is_open;
use crate::cli::sources::Known;
use crate::conduct::{Adopted, Applied, Conductor};
use crate::error::Error;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::step::Event;
use crate::signals::metrics::{self, Action, Outcome};
use crate::store::Stored;

/// Who says yes where somebody has set `spec.approved` by hand.
const APPROVER: &str = "spec.approved";

/// The part of the pass that one may take, so that one whose answers do not come leaves time for
/// others.
const OF_ONE: u32 = 4;

/// What a pass has left for the next.
#[derive(Debug, Default)]
struct Left {
    /// For which there was no time.
    late: BTreeSet<Name>,
    /// For which it was not the time.
    waiting: BTreeSet<Name>,
}

impl Watch<'_> {
    /// Nothing more is put in force in a namespace in which something is `unjudged`; whether it came to
    /// its end in time.
    pub(super) async fn apply(&self, conductor: &Conductor<'_>, unjudged: &Unjudged) -> bool {
        let began = Instant::now();
        let until = began + self.pass_budget();
        let applying = self.apply_until(conductor, unjudged, until).await;
        let ended = Ended::of(applying.as_ref().map(|it| &it.late), self.is_stopped());
        self.pass(metrics::Pass::Apply, began, &ended);
        let is_in_time = matches!(ended, Ended::Done);
        if let Ok(Left { late, waiting }) = applying {
            self.unapplied.note(late, &waiting);
        }
        is_in_time
    }

    async fn apply_until(
        &self,
        conductor: &Conductor<'_>,
        unjudged: &Unjudged,
        until: Instant,
    ) -> Result<Left, Error> {
        let mut listed = self.listed_until(until).await?;
        self.unapprove(conductor, &listed, until).await;
        listed.retain(|it| it.record.approved && is_open(&it.record, true));
        self.unapplied.first(&mut listed);
        let records = listed.iter().map(|it| &it.record);
        let mut around = Around::of(self.cx, self.session, &conductor.limits, records);
        let known = match listed.iter().any(|it| is_blocked(&it.record)) {
            true => self.ongoing.known().await.ok(),
            false => None,
        };
        let mut left = Left::default();
        for stored in listed {
            let (name, title) = (name(&stored), stored.record.title());
            if unjudged.has(&name.0) {
                tracing::info!("{title} waits: not all of its namespace was verified in time");
                left.waiting.insert(name);
                continue;
            }
            if self.is_stopped() {
                break;
            }
            let limit = self.limit_of_one(until);
            if limit.is_zero() {
                tracing::warn!("{title} was not applied in time; it comes first in the next tick");
                left.late.insert(name);
                continue;
            }
            // Where time is over, it counts as given up.
            let writing = Writing::begin(self.metrics, Action::Apply);
            let applying = self.apply_one(conductor, &mut around, known.as_ref(), stored);
            let Ok(applied) = timeout(limit, applying).await else {
                // What was sent is found by the next tick.
                tracing::warn!("{title} was not applied within {limit:.1?}");
                continue;
            };
            writing.end(&applied);
            if let Err(error) = applied {
                let error = error.render();
                tracing::warn!(error = error.trim_end(), "{title} was not applied");
            }
        }
        Ok(left)
    }

    fn limit_of_one(&self, until: Instant) -> Duration {
        let left = until.saturating_duration_since(Instant::now());
        left.min(self.pass_budget() / OF_ONE)
    }

    /// Enters that somebody has taken back a yes.
    async fn unapprove(&self, conductor: &Conductor<'_>, listed: &[Stored], until: Instant) {
        for stored in listed.iter().filter(|it| is_unapproved(&it.record)) {
            let by = APPROVER.to_owned();
            let happening = conductor.happen(stored, Event::Unapproved { by });
            let title = stored.record.title();
            match timeout_at(until, happening).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "{title} stays as it is"),
                Err(_) => return tracing::warn!("{title} stays as it is: there was no time"),
            }
        }
    }

    async fn apply_one(
        &self,
        conductor: &Conductor<'_>,
        around: &mut Around<'_>,
        known: Option<&Known<'_>>,
        stored: Stored,
    ) -> Result<Option<(Action, Outcome)>, Error> {
        let mut stored = conductor.settled(stored).await?;
        if stored.record.status.phase == Phase::Pending {
            let by = APPROVER.to_owned();
            stored = conductor.happen(&stored, Event::Approved { by }).await?;
        }
        // It may be there already, by the hand of a GitOps controller. Where that cannot be told, the
        // guard of the apply says why.
        if let Ok(Adopted::Done(saved)) = conductor.adopt(stored.clone()).await {
            let Record {
                namespace, name, ..
            } = &saved.record;
            tracing::info!(%namespace, %name, "adopted recommendation");
            return Ok(Some((Action::Adopt, Outcome::Succeeded)));
        }
        if self
            .is_still_blocked(conductor, around, known, &stored.record)
            .await?
        {
            return Ok(Some((Action::Apply, Outcome::Refused)));
        }
        let surroundings = around.surroundings(&stored.record).await?;
        let outcome = match conductor.apply(stored, &surroundings).await? {
            Applied::Done(saved) => {
                let Record {
                    namespace, name, ..
                } = &saved.record;
                let change = saved.record.proposal.one_line();
                tracing::info!(%namespace, %name, change, "applied recommendation");
                Outcome::Succeeded
            }
            Applied::Already(_) => return Ok(None),
            Applied::Refused(saved, refusal) => {
                let title = saved.record.title();
                tracing::info!(reason = refusal.reason(), "{title} is blocked: {refusal}");
                Outcome::Refused
            }
            Applied::Failed(saved, failure) => {
                let error = Error::NotDone {
                    record: saved.record.title(),
                    done: "applied",
                    source: failure,
                };
                tracing::warn!("{}", error.line());
                Outcome::Failed
            }
        };
        Ok(Some((Action::Apply, outcome)))
    }

    /// Whether it is blocked for the same reason as before, by the fleet as it is followed: that is no
    /// news, and not tried at each tick. Whatever is to be written is looked at anew before.
    async fn is_still_blocked(
        &self,
        conductor: &Conductor<'_>,
        around: &Around<'_>,
        known: Option<&Known<'_>>,
        record: &Record,
    ) -> Result<bool, Error> {
        if !is_blocked(record) {
            return Ok(false);
        }
        let subject = known
            .and_then(|it| it.part(&[&record.autoscaler]))
            .and_then(|it| it.subjects.into_iter().next());
        let surroundings = around.with(subject, record).await?;
        let refusal = conductor.refusal(record, &surroundings).await?;
        let same = refusal.filter(|it| it.to_string() == record.status.detail);
        if let Some(refusal) = &same {
            let title = record.title();
            tracing::debug!(reason = refusal.reason(), "{title} is still blocked");
        }
        Ok(same.is_some())
    }
}

fn is_blocked(record: &Record) -> bool {
    record.status.phase == Phase::Blocked
}

/// Whether somebody has taken back a yes that was acted upon.
fn is_unapproved(record: &Record) -> bool {
    match record.status.phase {
        Phase::Approved | Phase::Blocked | Phase::Failed => !record.approved,
        Phase::Pending
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => false,
    }
}
