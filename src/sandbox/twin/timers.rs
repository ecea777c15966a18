//! What is to happen when.

use std::collections::{BTreeSet, HashMap};

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
    /// A scale loop of KEDA's passes.
    Poll { of: Of, name: Name },
    /// Metrics are scraped and autoscalers synced.
    Tick,
}

/// Times in order; what is due at the same time, in the order of [`Due`].
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    order: BTreeSet<(Timestamp, Due)>,
    /// When each object is looked at next. Whoever looks knows when to look again, so that the first
    /// time is enough.
    looks: HashMap<(Of, Name), Timestamp>,
}

impl Timers {
    pub(super) fn add(&mut self, at: Timestamp, due: Due) {
        if let Due::Look { of, name } = &due {
            let object = (*of, name.clone());
            match self.looks.get(&object) {
                Some(known) if *known <= at => return,
                Some(known) => {
                    self.order.remove(&(*known, due.clone()));
                }
                None => {}
            }
            self.looks.insert(object, at);
        }
        self.order.insert((at, due));
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|it| it.0)
    }

    /// The first that is due at `now` or before, with its time.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let is_due = self.next().is_some_and(|it| it <= now);
        let (at, due) = is_due.then(|| self.order.pop_first()).flatten()?;
        if let Due::Look { of, name } = &due {
            self.looks.remove(&(*of, name.clone()));
        }
        Some((at, due))
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

    #[test]
    fn an_object_is_looked_at_once_however_often_that_is_asked_for() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let look = |name: &str| Due::Look {
            of: Of::Deployment,
            name: Name::new("shop", name),
        };
        let mut timers = Timers::default();
        for second in [600, 700, 500, 650] {
            timers.add(at(second), look("web"));
        }
        timers.add(at(600), look("other"));
        assert_eq!((timers.order.len(), timers.looks.len()), (2, 2));
        assert_eq!(timers.take(at(1_000)), Some((at(500), look("web"))));
        timers.add(at(700), look("web"));
        assert_eq!(timers.take(at(1_000)), Some((at(600), look("other"))));
        assert_eq!(timers.take(at(1_000)), Some((at(700), look("web"))));
        assert_eq!(timers.take(at(1_000)), None);
        assert!(timers.looks.is_empty());
    }
}
