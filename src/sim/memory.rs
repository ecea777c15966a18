//! What a controller remembers of one HPA between syncs, and forgets when it restarts.

use jiff::{SignedDuration, Timestamp};

use super::numbers::before;
use super::settings::{Direction, Pace};

/// What was recommended and changed lately, as far as the algorithm asks.
///
/// [`Memory`] keeps the controller's own lists; [`Recent`](super::recent::Recent) answers the same
/// for a replay, whose settings stay, in time that does not grow with the windows.
pub trait Past {
    /// Whether anybody reads the conditions of the status, but for the one that zero needs.
    const SHOWS_CONDITIONS: bool;

    /// Starts with what was found, if nothing was recommended yet.
    fn start(&mut self, current: i32, now: Timestamp);

    /// The highest count recommended since then.
    fn highest(&mut self, since: Since) -> Option<i32>;

    /// The lowest count recommended since then.
    fn lowest(&mut self, since: Since) -> Option<i32>;

    /// Notes a recommendation; what stands before `reusable_before` may be forgotten.
    fn record(&mut self, replicas: i32, now: Timestamp, reusable_before: Timestamp);

    /// Stores a change that was made, which an HPA without a behavior does not.
    fn store(&mut self, pace: Option<&Pace>, from: i32, to: i32, now: Timestamp);

    /// The pods added less the pods removed within `period` before `now`.
    fn change_within(&self, period: SignedDuration, now: Timestamp) -> i32;
}

/// From when on something counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    At(Timestamp),
    After(Timestamp),
}

impl Since {
    pub fn holds(self, at: Timestamp) -> bool {
        match self {
            Self::At(first) => at >= first,
            Self::After(last) => at > last,
        }
    }
}

/// The three lists of one HPA, in the controller's order: slots are reused in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// `None` until a first sync, which is not the same as empty.
    pub recommendations: Option<Vec<Recommendation>>,
    pub scale_ups: Vec<ScaleEvent>,
    pub scale_downs: Vec<ScaleEvent>,
}

/// A count that the metrics asked for, before stabilization and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    pub replicas: i32,
    pub at: Timestamp,
}

/// A change that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleEvent {
    /// Pods added or removed, a positive number.
    pub change: i32,
    pub at: Timestamp,
    /// Whether its slot may be reused. It counts all the same as long as it is young enough.
    pub is_outdated: bool,
}

impl Memory {
    fn recommended(&self, since: Since) -> impl Iterator<Item = i32> {
        let all = self.recommendations.iter().flatten();
        all.filter(move |it| since.holds(it.at))
            .map(|it| it.replicas)
    }
}

impl Past for Memory {
    const SHOWS_CONDITIONS: bool = true;

    fn start(&mut self, current: i32, now: Timestamp) {
        let first = || {
            vec![Recommendation {
                replicas: current,
                at: now,
            }]
        };
        self.recommendations.get_or_insert_with(first);
    }

    fn highest(&mut self, since: Since) -> Option<i32> {
        self.recommended(since).max()
    }

    fn lowest(&mut self, since: Since) -> Option<i32> {
        self.recommended(since).min()
    }

    /// Writes over the last slot that may be reused, else at the end.
    fn record(&mut self, replicas: i32, now: Timestamp, reusable_before: Timestamp) {
        let all = self.recommendations.get_or_insert_default();
        let new = Recommendation { replicas, at: now };
        match all.iter_mut().rfind(|it| it.at < reusable_before) {
            Some(slot) => *slot = new,
            None => all.push(new),
        }
    }

    /// Mirrors `storeScaleEvent` (`horizontal.go`, v1.36).
    fn store(&mut self, pace: Option<&Pace>, from: i32, to: i32, now: Timestamp) {
        let Some(pace) = pace else {
            return;
        };
        if to > from {
            store_in(&mut self.scale_ups, &pace.up, to.wrapping_sub(from), now);
        } else {
            store_in(
                &mut self.scale_downs,
                &pace.down,
                from.wrapping_sub(to),
                now,
            );
        }
    }

    fn change_within(&self, period: SignedDuration, now: Timestamp) -> i32 {
        let after = before(now, period);
        let changed = |events: &[ScaleEvent]| {
            let recent = events.iter().filter(|it| it.at > after);
            recent.fold(0_i32, |sum, it| sum.wrapping_add(it.change))
        };
        changed(&self.scale_ups).wrapping_sub(changed(&self.scale_downs))
    }
}

fn store_in(events: &mut Vec<ScaleEvent>, direction: &Direction, change: i32, now: Timestamp) {
    let outdated_before = before(now, direction.longest_period());
    let new = ScaleEvent {
        change,
        at: now,
        is_outdated: false,
    };
    for event in events.iter_mut() {
        event.is_outdated |= event.at < outdated_before;
    }
    match events.iter_mut().rfind(|it| it.is_outdated) {
        Some(slot) => *slot = new,
        None => events.push(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::behavior::{Amount, Policy, Select};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn pace(period_seconds: u32) -> Pace {
        let direction = Direction {
            window: SignedDuration::ZERO,
            select: Select::Max,
            policies: vec![Policy {
                amount: Amount::Pods(1),
                period_seconds,
            }],
        };
        Pace {
            up: direction.clone(),
            down: direction,
        }
    }

    fn event(change: i32, second: i64, is_outdated: bool) -> ScaleEvent {
        ScaleEvent {
            change,
            at: at(second),
            is_outdated,
        }
    }

    #[test]
    fn the_last_reusable_slot_is_overwritten_and_the_others_stay() {
        let mut memory = Memory::default();
        memory.start(9, at(0));
        memory.start(8, at(1));
        memory.record(1, at(10), Timestamp::MIN);
        memory.record(2, at(20), at(11));
        memory.record(3, at(30), at(20));
        let found = memory.recommendations.unwrap();
        let found: Vec<_> = found.iter().map(|it| it.replicas).collect();
        assert_eq!(found, [3, 2]);
    }

    #[test]
    fn an_event_is_outdated_beyond_the_longest_period_and_its_mark_stays() {
        let mut memory = Memory::default();
        memory.store(Some(&pace(60)), 1, 3, at(0));
        memory.store(Some(&pace(60)), 3, 4, at(60));
        assert_eq!(memory.scale_ups, [event(2, 0, false), event(1, 60, false)]);
        memory.store(Some(&pace(60)), 4, 9, at(61));
        assert_eq!(memory.scale_ups, [event(5, 61, false), event(1, 60, false)]);
        memory.store(Some(&pace(60)), 9, 5, at(62));
        assert_eq!(memory.scale_downs, [event(4, 62, false)]);
        memory.store(None, 5, 1, at(63));
        assert_eq!(memory.scale_downs.len(), 1);
    }

    #[test]
    fn changes_count_while_younger_than_the_period() {
        let memory = Memory {
            recommendations: None,
            scale_ups: vec![event(2, 0, true), event(3, 1, false)],
            scale_downs: vec![event(1, 30, false)],
        };
        let within = |now| memory.change_within(SignedDuration::from_secs(60), at(now));
        assert_eq!([within(59), within(60), within(61)], [4, 2, -1]);
    }
}
