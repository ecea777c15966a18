//! Takes over into probation what somebody else has put in force, such as a GitOps controller.

use jiff::Timestamp;

use super::target::Target;
use super::{Conductor, Error, ours};
use crate::autoscaler::AutoscalerKind;
use crate::lifecycle::changes::Change;
use crate::lifecycle::diff::ConfigDiff;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::{self, triggers};
use crate::lifecycle::step::Event;
use crate::lifecycle::{owners, settings};
use crate::store::Stored;

/// What became of an adoption.
#[derive(Clone, Debug, PartialEq)]
pub enum Adopted {
    Done(Box<Stored>),
    /// The change is in force already, by us or by others.
    Already(Box<Stored>),
    /// These settings are still others than recommended.
    NotYet(Box<Stored>, ConfigDiff),
}

impl Conductor<'_> {
    /// Puts a change on probation that the target carries, whoever wrote it.
    ///
    /// # Errors
    /// Where nobody wants it any more, or the target cannot be read.
    pub async fn adopt(&self, stored: Stored) -> Result<Adopted, Error> {
        let stored = self.settled(stored).await?;
        if stored.record.status.phase.is_in_force() {
            return Ok(Adopted::Already(Box::new(stored)));
        }
        let record = &stored.record;
        let target = Target::of(record);
        let found = self.read(&target).await?;
        let live = schedule::without(&found, target.kind());
        // Ours, of a process that died before it could say so.
        if let Some(journal) = ours(&found, record)? {
            let saved = self.happen(&stored, super::written(journal)).await?;
            return Ok(Adopted::Already(Box::new(saved)));
        }
        let kind = record.autoscaler.kind;
        let unfit = |source| Error::Settings {
            target: target.title(),
            source,
        };
        let mut waiting = vec![];
        for setting in &record.proposal.diff {
            if settings::live(&live, kind, setting).map_err(unfit)? != setting.to {
                waiting.push(setting.clone());
            }
        }
        // What is gone cannot be synced any more, which the state machine says better.
        let may_come = matches!(
            record.status.phase,
            Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed
        );
        let is_there = waiting.is_empty() && has_schedule(&found, record);
        if may_come && !is_there {
            return Ok(Adopted::NotYet(Box::new(stored), waiting));
        }
        let changes = settings::made_by_others(&live, kind, &record.proposal.diff);
        let changes = changes.map_err(unfit)?;
        let event = adoption(record, &found, changes, self.now().await?);
        let saved = self.happen(&stored, event).await?;
        Ok(Adopted::Done(Box::new(saved)))
    }
}

/// Whether others have put the schedule in force. An HPA says nothing of one, so that it counts with
/// its settings, if there are any.
fn has_schedule(live: &serde_json::Value, record: &Record) -> bool {
    let proposal = &record.proposal;
    match record.autoscaler.kind {
        AutoscalerKind::ScaledObject if !proposal.schedule.is_empty() => {
            let all = proposal.plan().and_then(|it| triggers::with(&it, live));
            all.is_ok_and(|it| it == live["spec"]["triggers"])
        }
        AutoscalerKind::ScaledObject if proposal.ends_schedule() => !triggers::are_there(live),
        AutoscalerKind::HorizontalPodAutoscaler
        | AutoscalerKind::ScaledObject
        | AutoscalerKind::ScaledJob => !proposal.diff.is_empty(),
    }
}

/// It counts from when it was written, as far as that is known and can have been for this
/// recommendation.
fn adoption(
    record: &Record,
    live: &serde_json::Value,
    changes: Vec<Change>,
    now: Timestamp,
) -> Event {
    let paths: Vec<&str> = changes.iter().map(|it| it.path.as_str()).collect();
    let writer = owners::last_writer(live, &paths);
    let analyzed = record.proposal.analyzed_at;
    let at = writer.and_then(|it| it.at);
    let at = at.filter(|it| analyzed.is_none_or(|analyzed| *it >= analyzed));
    Event::Adopted {
        by: writer.map_or("somebody", |it| it.manager).to_owned(),
        at: at.unwrap_or(now),
        changes,
    }
}
