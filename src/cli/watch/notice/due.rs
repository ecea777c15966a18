//! Which changes another system is to be told, by this process and now.
//!
//! A process that leads tells what it sees. What the one before it saw and has not told, since it died
//! in between, nobody knows; so whoever begins to lead tells everything of late once more. Such an
//! event is the same as the first one, down to its id, and receivers take it once.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cli::watch::told;
use crate::leader::Term;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::saving;
use crate::signals::webhook::Change;

/// What of late is, in intervals: a Lease lasts three, and what a tick has written it tells at its end.
const LATE: u32 = 6;

/// Whether this process tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli::watch) enum Standing {
    /// Another one does.
    #[default]
    Follows,
    Leads(Term),
    /// Nobody is elected.
    Alone,
}

/// What is known after a tick.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::watch) struct News<'a> {
    /// All that are meant.
    pub(in crate::cli::watch) records: &'a [Record],
    /// What has changed since the last tick of this process.
    pub(in crate::cli::watch) changes: &'a [told::Change<'a>],
    pub(in crate::cli::watch) interval: Duration,
    pub(in crate::cli::watch) now: Timestamp,
}

/// Since when a recommendation is in its phase, where that is known.
type Entered = (Phase, Option<Timestamp>);

/// What was told, and as what.
#[derive(Debug, Default)]
pub(super) struct Due {
    standing: Standing,
    /// By namespace and name, by this process.
    told: BTreeMap<(String, String), Entered>,
}

impl Due {
    /// What is to be told now; it counts as told then.
    pub(super) fn of(&mut self, standing: Standing, news: &News<'_>) -> Vec<Change> {
        let begins = standing != self.standing;
        self.standing = standing;
        let catches_up = match &self.standing {
            Standing::Follows => return vec![],
            Standing::Leads(_) => begins,
            // Nobody else was there who could have left something out.
            Standing::Alone => false,
        };
        let mut due = vec![];
        let mut told = BTreeMap::new();
        for record in news.records {
            let name = (record.namespace.clone(), record.name.clone());
            let entered = (record.status.phase, record.status.since);
            let change = news.change_of(record);
            let is_due = change.is_some() || (catches_up && news.is_late(record));
            let before = self.told.get(&name);
            if is_due && before != Some(&entered) {
                due.push(event(record, change.and_then(|it| it.before), news.now));
                told.insert(name, entered);
            } else if let Some(before) = before {
                told.insert(name, *before);
            }
        }
        self.told = told;
        due
    }
}

impl News<'_> {
    fn change_of(&self, record: &Record) -> Option<&told::Change<'_>> {
        let mut changes = self.changes.iter();
        changes
            .find(|it| (&it.record.namespace, &it.record.name) == (&record.namespace, &record.name))
    }

    fn is_late(&self, record: &Record) -> bool {
        let late = SignedDuration::try_from(self.interval * LATE).unwrap_or(SignedDuration::MAX);
        let since = record.status.since;
        since.is_some_and(|it| self.now.duration_since(it) <= late)
    }
}

/// The event of a record's phase: of what is written in it, so that it is the same whoever tells.
fn event(record: &Record, before: Option<Phase>, now: Timestamp) -> Change {
    let status = &record.status;
    let mut story = status.story.iter().rev().map(|it| it.phase);
    let in_story = story.find(|it| *it != status.phase);
    let id = &record.autoscaler;
    Change {
        namespace: record.namespace.clone(),
        name: record.name.clone(),
        target: (id.kind.as_str().to_owned(), id.name.clone()),
        before: in_story.or(before),
        after: status.phase,
        detail: status.detail.clone(),
        diff: record.proposal.diff.clone(),
        projected_usd_monthly: record.proposal.saving_usd,
        measured_usd_monthly: saving::measured(record).and_then(|it| it.usd_monthly),
        // Written by others, it may not say.
        at: status.since.unwrap_or(now),
    }
}

#[cfg(test)]
mod tests;
