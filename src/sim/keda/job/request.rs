//! One pass over a ScaledJob: how many jobs it creates, and what it says of itself.

use jiff::Timestamp;

use super::Bounds;
use super::strategy::{Jobs, Room, Strategy};
use crate::sim::keda::condition::{Condition, Event, Reason};

/// The settings of a ScaledJob by which jobs are created.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JobSettings {
    pub bounds: Bounds,
    pub strategy: Strategy,
}

/// What a pass finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub is_active: bool,
    /// Whether a trigger failed.
    pub is_error: bool,
    /// Whether the last pass found it active.
    pub was_active: bool,
    /// The length of the queue and the jobs for it, rounded up.
    pub queue: i64,
    pub jobs: i64,
    /// Jobs that are not finished, and those among them that are pending.
    pub running: i64,
    pub pending: i64,
}

/// What a pass decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// How many jobs are created.
    pub created: i64,
    /// The new time of last activity, where there is one.
    pub last_active: Option<Timestamp>,
    pub ready: Condition,
    pub active: Condition,
    pub events: Vec<Event>,
}

impl JobSettings {
    /// How many jobs there is room for: those that the minimum lacks and nothing else, or what the
    /// strategy says.
    pub fn room(&self, found: &Found) -> Room {
        let Bounds { min, max } = self.bounds;
        let lacking = min.saturating_sub(found.running);
        if lacking > 0 {
            let wanted = lacking;
            return Room {
                limit: lacking,
                wanted,
            };
        }
        self.strategy.room(&Jobs {
            wanted: found.jobs,
            running: found.running.saturating_sub(min),
            pending: found.pending,
            max,
            queue: found.queue,
        })
    }

    /// Decides what one pass does.
    ///
    /// Mirrors `RequestJobScale` (`pkg/scaling/executor/scale_jobs.go`), except that `now` is an
    /// argument. An object that is paused has no passes.
    pub fn request(&self, found: &Found, now: Timestamp) -> Request {
        let room = self.room(found);
        let creates = found.is_active && room.limit > 0;
        let turned = match (found.was_active, found.is_active) {
            (false, true) => Some(Event::JobActive),
            (true, false) => Some(Event::JobInactive),
            (false, false) | (true, true) => None,
        };
        let told = creates.then_some(Event::JobsCreated);
        Request {
            created: if creates { room.created() } else { 0 },
            last_active: found.is_active.then_some(now),
            ready: match (found.is_error, found.is_active) {
                (false, _) => Condition::yes(Reason::ScaledJobReady),
                (true, true) => Condition::unknown(Reason::PartialTriggerError),
                (true, false) => Condition::no(Reason::TriggerError),
            },
            active: match found.is_active {
                true => Condition::yes(Reason::ScalerActive),
                false => Condition::no(Reason::ScalerNotActive),
            },
            events: told.into_iter().chain(turned).collect(),
        }
    }
}

impl Room {
    /// How many jobs are created if anything is active.
    pub fn created(&self) -> i64 {
        self.wanted.min(self.limit).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::Holds;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn settings(min: i32, max: i32) -> JobSettings {
        JobSettings {
            bounds: Bounds::of(Some(min), Some(max)),
            strategy: Strategy::Default,
        }
    }

    fn found(queue: i64, running: i64) -> Found {
        Found {
            is_active: true,
            is_error: false,
            was_active: true,
            queue,
            jobs: queue,
            running,
            pending: 0,
        }
    }

    #[test]
    fn jobs_that_the_minimum_lacks_come_first_and_alone() {
        let created = |queue, running| settings(2, 10).request(&found(queue, running), NOW).created;
        assert_eq!(created(5, 0), 2);
        assert_eq!(created(5, 1), 1);
        assert_eq!(created(5, 2), 5);
        assert_eq!(created(5, 4), 3);
        assert_eq!(created(5, 9), 0);
    }

    #[test]
    fn what_is_not_active_creates_nothing() {
        let idle = Found {
            is_active: false,
            ..found(5, 0)
        };
        let request = settings(0, 10).request(&idle, NOW);
        assert_eq!((request.created, request.last_active), (0, None));
        assert_eq!(request.events, [Event::JobInactive]);
        assert_eq!(request.active.holds, Holds::No);
    }

    #[test]
    fn a_failed_trigger_shows_in_the_condition_alone() {
        let of = |is_active| {
            let found = Found {
                is_active,
                is_error: true,
                was_active: false,
                ..found(3, 1)
            };
            settings(0, 10).request(&found, NOW)
        };
        assert_eq!(of(true).created, 2);
        assert_eq!(of(true).events, [Event::JobsCreated, Event::JobActive]);
        assert_eq!(
            of(true).ready,
            Condition::unknown(Reason::PartialTriggerError)
        );
        assert_eq!(of(false).ready, Condition::no(Reason::TriggerError));
        assert_eq!(of(false).events, []);
    }
}
