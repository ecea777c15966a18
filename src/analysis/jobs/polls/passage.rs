//! A time in which polls decided the same, one after the other.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::hindsight::Span;
use crate::sim::keda::job::Bounds;
use crate::sim::keda::job::replay::{Setup, Step};
use crate::sim::keda::job::request::{Found, JobSettings};

/// Some polls that were held by the same.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Passage {
    /// The first of them.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// The first poll that was held by something else, or the end.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    pub polls: usize,
    /// Items that the trigger showed; absent where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Extent>,
    /// Jobs that all these items call for, whatever the maximum is; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Extent>,
    /// Jobs that were not finished when it was polled, and those of them that had not started.
    pub jobs: Extent,
    pub starting: Extent,
    /// Jobs that all these polls made.
    pub created: i64,
    pub held: Held,
}

/// From the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Extent {
    pub least: i64,
    pub most: i64,
}

/// What kept polls from making a job for every item that none works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Held {
    /// Nothing: there are as many jobs as the items call for, or they were made.
    Nothing,
    /// The trigger is not active: no items, or no more than its activation threshold.
    Inactive,
    /// Jobs that the minimum lacks come first, and alone.
    Min,
    Max,
    /// The strategy sets jobs off that run already.
    Strategy,
    /// What the trigger shows is not known.
    NoTrigger,
}

/// Sees every poll and writes down those of a span.
pub(super) struct Witness {
    setup: Setup,
    span: Span,
    passages: Vec<Passage>,
}

impl Witness {
    pub(super) fn of(setup: Setup, span: Span) -> Self {
        Self {
            passages: Vec::new(),
            setup,
            span,
        }
    }

    pub(super) fn see(&mut self, step: &Step) {
        if step.at < self.span.from || step.at > self.span.to {
            return;
        }
        let passage = self.passage(step);
        match self.passages.last_mut() {
            Some(last) if last.held == passage.held => last.add(&passage),
            Some(last) => {
                last.to = passage.from;
                self.passages.push(passage);
            }
            None => self.passages.push(passage),
        }
    }

    fn passage(&self, step: &Step) -> Passage {
        let found = &step.found;
        let wanted = step.shown.map(|it| self.wanted(it));
        Passage {
            from: step.at,
            to: step.at,
            polls: 1,
            queue: step.shown.map(Extent::of),
            wanted: wanted.map(Extent::of),
            jobs: Extent::of(found.running),
            starting: Extent::of(found.pending),
            created: step.request.created,
            held: self.held(step, wanted),
        }
    }

    /// Jobs for so many items.
    fn wanted(&self, items: i64) -> i64 {
        // A float to an integer saturates.
        (items as f64 / self.setup.target).ceil() as i64
    }

    fn held(&self, step: &Step, wanted: Option<i64>) -> Held {
        let found = &step.found;
        let Some(wanted) = wanted else {
            return Held::NoTrigger;
        };
        if !found.is_active {
            return Held::Inactive;
        }
        // Jobs that have taken their items are for nothing that still waits.
        let there = match self.setup.shows_taken {
            true => found.running,
            false => found.pending,
        };
        let created = step.request.created;
        if wanted <= there.saturating_add(created) {
            return Held::Nothing;
        }
        if self.setup.settings.bounds.min > found.running {
            return Held::Min;
        }
        match self.without_maximum(found, wanted, step.at) > created {
            true => Held::Max,
            false => Held::Strategy,
        }
    }

    /// Jobs that would have been made if there were no maximum.
    fn without_maximum(&self, found: &Found, wanted: i64, now: Timestamp) -> i64 {
        let JobSettings { bounds, strategy } = self.setup.settings;
        let free = JobSettings {
            bounds: Bounds {
                max: i64::from(u32::MAX),
                ..bounds
            },
            strategy,
        };
        let found = Found {
            jobs: wanted,
            ..*found
        };
        free.request(&found, now).created
    }

    /// The passages, the last one to the end of the span.
    pub(super) fn closed(mut self) -> Vec<Passage> {
        if let Some(last) = self.passages.last_mut() {
            last.to = self.span.to;
        }
        self.passages
    }
}

impl Passage {
    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// All of some that follow each other as one, held by what held the first; `None` of none.
    pub fn joined(all: &[Self]) -> Option<Self> {
        let (first, later) = all.split_first()?;
        let mut joined = first.clone();
        later.iter().for_each(|it| joined.add(it));
        Some(joined)
    }

    fn add(&mut self, later: &Self) {
        let both = |a: Option<Extent>, b: Option<Extent>| Some(a?.and(b?));
        self.to = later.to;
        self.polls += later.polls;
        self.queue = both(self.queue, later.queue);
        self.wanted = both(self.wanted, later.wanted);
        self.jobs = self.jobs.and(later.jobs);
        self.starting = self.starting.and(later.starting);
        self.created += later.created;
    }
}

impl Extent {
    fn of(value: i64) -> Self {
        Self {
            least: value,
            most: value,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::keda::job::strategy::Strategy;
    use crate::sim::keda::job::work::{JobShape, OnEmpty};

    fn setup(strategy: Strategy, bounds: (i64, i64), shows_taken: bool) -> Setup {
        let (min, max) = bounds;
        Setup {
            settings: JobSettings {
                bounds: Bounds { min, max },
                strategy,
            },
            polling_interval: SignedDuration::from_secs(30),
            is_paused: false,
            target: 2.0,
            activation: 0.0,
            shape: JobShape {
                startup: SignedDuration::from_secs(30),
                duration: SignedDuration::from_secs(90),
                items: 2,
                empty: OnEmpty::Ends,
            },
            shows_taken,
        }
    }

    /// What holds a poll that finds `shown` items and so many jobs, `pending` of them.
    fn held(setup: Setup, shown: Option<i64>, running: i64, pending: i64) -> Held {
        let at = Timestamp::UNIX_EPOCH;
        let items = shown.unwrap_or(0);
        let found = Found {
            is_active: items > 0,
            is_error: shown.is_none(),
            was_active: true,
            queue: items,
            jobs: (items / 2).min(setup.settings.bounds.max),
            running,
            pending,
        };
        let span = Span {
            from: at,
            to: at,
            at,
        };
        let mut witness = Witness::of(setup, span);
        witness.see(&Step {
            at,
            shown,
            found,
            request: setup.settings.request(&found, at),
        });
        witness.closed()[0].held
    }

    #[test]
    fn what_keeps_jobs_from_being_made_is_told_apart() {
        let default = |max| setup(Strategy::Default, (0, max), false);
        let accurate = |max| setup(Strategy::Accurate, (0, max), false);
        let of_minimum = setup(Strategy::Default, (3, 50), false);
        let shows_taken = setup(Strategy::Default, (0, 50), true);
        let table = [
            ("all are made", default(50), Some(16), (0, 0), Held::Nothing),
            (
                "those that start are enough",
                accurate(50),
                Some(16),
                (8, 8),
                Held::Nothing,
            ),
            // Six jobs have taken their items already, and eight more are asked for.
            (
                "running ones are set off",
                default(50),
                Some(16),
                (6, 0),
                Held::Strategy,
            ),
            ("and are not", accurate(50), Some(16), (6, 0), Held::Nothing),
            (
                "unless their items are shown",
                shows_taken,
                Some(16),
                (6, 0),
                Held::Nothing,
            ),
            ("too many at once", accurate(5), Some(16), (0, 0), Held::Max),
            (
                "too many with those that run",
                accurate(7),
                Some(16),
                (6, 0),
                Held::Max,
            ),
            ("the minimum alone", of_minimum, Some(16), (1, 0), Held::Min),
            ("no item", default(50), Some(0), (2, 0), Held::Inactive),
            ("nothing known", default(50), None, (2, 0), Held::NoTrigger),
        ];
        for (what, setup, shown, (running, pending), expected) in table {
            assert_eq!(held(setup, shown, running, pending), expected, "{what}");
        }
    }
}
