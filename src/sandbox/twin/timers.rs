//! What is to happen when.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::objects::{Name, Of};

/// What happens at a time. Sorts so that what a sync should see comes before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The containers of a pod start.
    Starts { pod: Name, uid: String },
    /// A pod becomes ready.
    Ready { pod: Name, uid: String },
    /// A controller looks at an object again.
    Look { of: Of, name: Name },
    /// Metrics are scraped and autoscalers synced.
    Tick,
}

/// Times in order; what is due at the same time, in the order of [`Due`].
#[derive(Clone, Debug, Default)]
pub(super) struct Timers(BTreeSet<(Timestamp, Due)>);

impl Timers {
    pub(super) fn add(&mut self, at: Timestamp, due: Due) {
        self.0.insert((at, due));
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|it| it.0)
    }

    /// The first that is due at `now` or before, with its time.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let is_due = self.next().is_some_and(|it| it <= now);
        is_due.then(|| self.0.pop_first()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_become_ready_before_a_sync_of_the_same_second() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let ready = Due::Ready {
            pod: Name::new("a", "b"),
            uid: "u".to_owned(),
        };
        let mut timers = Timers::default();
        timers.add(at(15), Due::Tick);
        timers.add(at(15), ready.clone());
        timers.add(at(30), Due::Tick);
        assert_eq!(timers.next(), Some(at(15)));
        assert_eq!(timers.take(at(20)), Some((at(15), ready)));
        assert_eq!(timers.take(at(20)), Some((at(15), Due::Tick)));
        assert_eq!(timers.take(at(20)), None);
    }
}
