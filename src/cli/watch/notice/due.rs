//! Which changes another system is to be told, by this process and now.
//!
//! A process that leads tells what it sees. What the one before it saw and has not told, since it died
//! in between, nobody knows; so whoever begins to lead tells everything of late once more. Such an
//! event is the same as the first one, down to its id, and receivers take it once.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::analysis::review;
use crate::cli::watch::told;
use crate::leader::Term;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::saving;
use crate::lifecycle::schedule::{Carried, State};
use crate::signals::webhook::{Change, What};

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
    pub(in crate::cli::watch) turns: &'a [told::Turn<'a>],
    pub(in crate::cli::watch) reviews: &'a [told::Reviewed<'a>],
    pub(in crate::cli::watch) interval: Duration,
    pub(in crate::cli::watch) now: Timestamp,
}

/// What of a recommendation may be otherwise than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Phase,
    Schedule,
    Review,
}

/// How a part stands, and since when, where that is known.
type Entered = (&'static str, Option<Timestamp>);

/// What was told, and as what.
#[derive(Debug, Default)]
pub(super) struct Due {
    standing: Standing,
    /// By namespace, name and part, by this process.
    told: BTreeMap<(String, String, Part), Entered>,
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
            for part in [Part::Phase, Part::Schedule, Part::Review] {
                let Some(entered) = part.entered(record) else {
                    continue;
                };
                let name = (record.namespace.clone(), record.name.clone(), part);
                let change = news.change_of(record, part);
                let is_due = change.is_some() || (catches_up && news.is_late(entered.1));
                let before = self.told.get(&name);
                if is_due && before != Some(&entered) {
                    let what = change.or_else(|| part.what(record));
                    due.extend(what.map(|it| event(record, it, entered.1.unwrap_or(news.now))));
                    told.insert(name, entered);
                } else if let Some(before) = before {
                    told.insert(name, *before);
                }
            }
        }
        self.told = told;
        due
    }
}

impl News<'_> {
    /// What has changed of a part, if anything has.
    fn change_of(&self, record: &Record, part: Part) -> Option<What> {
        let is_of = |it: &Record| (&it.namespace, &it.name) == (&record.namespace, &record.name);
        match part {
            Part::Phase => {
                let change = self.changes.iter().find(|it| is_of(it.record))?;
                Some(phase(record, change.before))
            }
            Part::Schedule => {
                let turn = self.turns.iter().find(|it| is_of(it.record))?;
                Some(schedule(turn.carried, turn.before))
            }
            Part::Review => {
                let reviewed = self.reviews.iter().find(|it| is_of(it.record))?;
                Some(What::Review {
                    before: reviewed.before,
                    after: reviewed.review.standing,
                })
            }
        }
    }

    fn is_late(&self, since: Option<Timestamp>) -> bool {
        let late = SignedDuration::try_from(self.interval * LATE).unwrap_or(SignedDuration::MAX);
        since.is_some_and(|it| self.now.duration_since(it) <= late)
    }
}

impl Part {
    /// `None` where there is none, and of a schedule that nobody has looked at yet.
    fn entered(self, record: &Record) -> Option<Entered> {
        let status = &record.status;
        match self {
            Self::Phase => Some((status.phase.as_str(), status.since)),
            Self::Schedule => {
                let carried = status.schedule.as_ref()?;
                Some((carried.state.as_str(), Some(carried.since?)))
            }
            Self::Review => {
                let review = status.schedule.as_ref()?.review.as_ref()?;
                Some((review.standing.as_str(), Some(review.since)))
            }
        }
    }

    /// The same as it was told by whoever saw it come. That nothing speaks against a schedule may never
    /// have been otherwise, so that it is not told again.
    fn what(self, record: &Record) -> Option<What> {
        match self {
            Self::Phase => Some(phase(record, None)),
            Self::Schedule => Some(schedule(record.status.schedule.as_ref()?, None)),
            Self::Review => {
                let after = record.status.schedule.as_ref()?.review.as_ref()?.standing;
                let before = None;
                (after != review::Standing::Steady).then_some(What::Review { before, after })
            }
        }
    }
}

/// A record's phase: of what is written in it, so that it is the same whoever tells.
fn phase(record: &Record, before: Option<Phase>) -> What {
    let status = &record.status;
    let mut story = status.story.iter().rev().map(|it| it.phase);
    let in_story = story.find(|it| *it != status.phase);
    What::Phase {
        before: in_story.or(before),
        after: status.phase,
        diff: record.proposal.diff.clone(),
        projected_usd_monthly: record.proposal.saving_usd,
        measured_usd_monthly: saving::measured(record).and_then(|it| it.usd_monthly),
    }
}

fn schedule(carried: &Carried, before: Option<State>) -> What {
    What::Schedule {
        before,
        after: carried.state,
        held: carried.floor.as_ref().map(|it| (it.from, it.to)),
    }
}

/// `at` is when it became so, or now, where what others wrote does not say.
fn event(record: &Record, what: What, at: Timestamp) -> Change {
    let id = &record.autoscaler;
    let carried = record.status.schedule.as_ref();
    let review = carried.and_then(|it| it.review.as_ref());
    let detail = match what {
        What::Phase { .. } => Some(&record.status.detail),
        What::Schedule { .. } => carried.map(|it| &it.detail),
        What::Review { .. } => review.map(|it| &it.detail),
    };
    Change {
        namespace: record.namespace.clone(),
        name: record.name.clone(),
        target: (id.kind.as_str().to_owned(), id.name.clone()),
        what,
        detail: detail.cloned().unwrap_or_default(),
        at,
    }
}

#[cfg(test)]
mod tests;
