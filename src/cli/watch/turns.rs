//! Who has how much of the time of a pass, and who comes first.
//!
//! A pass has an end. Whoever takes long takes from the share of those who come at the same time,
//! not from all that come after; and whoever had no turn comes first in the next pass.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::Stored;

/// The least that a turn has, where there is as much: in less, hardly anything comes to its end.
const LEAST: Duration = Duration::from_secs(10);

/// Namespace and name of a record.
pub(super) type Name = (String, String);

/// The records whose turn did not come in the last pass.
#[derive(Debug, Default)]
pub(super) struct Late(Mutex<BTreeSet<Name>>);

/// The time of a pass, divided among so many turns.
#[derive(Debug)]
pub(super) struct Turns {
    until: Instant,
    left: AtomicU32,
    at_once: u32,
}

impl Late {
    /// Puts those first whose turn did not come; otherwise in the order as it is.
    pub(super) fn first(&self, records: &mut [Stored]) {
        let late = self.names();
        records.sort_by_key(|it| !late.contains(&name(it)));
    }

    /// The records of each namespace; first the namespaces of which some had no turn.
    pub(super) fn by_namespace(&self, mut records: Vec<Stored>) -> Vec<(String, Vec<Stored>)> {
        self.first(&mut records);
        let mut order = vec![];
        let mut groups: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
        for stored in records {
            let namespace = stored.record.namespace.clone();
            if !groups.contains_key(&namespace) {
                order.push(namespace.clone());
            }
            groups.entry(namespace).or_default().push(stored);
        }
        let group = |it: String| {
            let records = groups.remove(&it).unwrap_or_default();
            (it, records)
        };
        order.into_iter().map(group).collect()
    }

    /// Who had no turn this time. Whoever waits for something else keeps the place that it had.
    pub(super) fn note(&self, late: BTreeSet<Name>, waiting: &BTreeSet<Name>) {
        let mut names = self.names();
        names.retain(|it| waiting.contains(it));
        names.extend(late);
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turns {
    /// So many turns until then, of which so many go on at once.
    pub(super) fn new(until: Instant, count: usize, at_once: usize) -> Self {
        let bounded = |it: usize| u32::try_from(it).unwrap_or(u32::MAX).max(1);
        Self {
            until,
            left: AtomicU32::new(bounded(count)),
            at_once: bounded(at_once),
        }
    }

    /// How long the turn may be that begins now; `None` where there is no time left.
    pub(super) fn next(&self) -> Option<Duration> {
        // Of those who come after, none is counted out, however many begin.
        let left = self.left.fetch_sub(1, Ordering::Relaxed).max(1);
        let time = self.until.saturating_duration_since(Instant::now());
        (!time.is_zero()).then(|| share(time, left, self.at_once))
    }
}

/// The share of one turn, so that all that are left have one even if each takes all of its own.
fn share(time: Duration, left: u32, at_once: u32) -> Duration {
    let rounds = left.div_ceil(at_once.max(1)).max(1);
    (time / rounds).max(LEAST.min(time / 2))
}

pub(super) fn name(stored: &Stored) -> Name {
    let record = &stored.record;
    (record.namespace.clone(), record.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::record::Record;
    use crate::output::records::made_up;
    use crate::store::Files;
    use crate::store::Store;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn all_have_a_turn_even_if_each_takes_all_of_it() {
        // All that is there for one; for many what the rounds leave, but never next to nothing.
        let cases = [
            (2 * MINUTE, 1, 4, 2 * MINUTE),
            (2 * MINUTE, 4, 4, 2 * MINUTE),
            (2 * MINUTE, 5, 4, MINUTE),
            (2 * MINUTE, 16, 4, MINUTE / 2),
            (2 * MINUTE, 1000, 4, LEAST),
            (LEAST, 1000, 4, LEAST / 2),
            (Duration::from_secs(4), 5, 1, Duration::from_secs(2)),
        ];
        for (time, left, at_once, expected) in cases {
            assert_eq!(share(time, left, at_once), expected, "{time:?} {left}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_quick_leave_is_for_the_others() {
        let turns = Turns::new(Instant::now() + 4 * MINUTE, 4, 1);
        assert_eq!(turns.next(), Some(MINUTE));
        tokio::time::advance(MINUTE / 2).await;
        assert_eq!(turns.next(), Some(MINUTE * 7 / 6));
        tokio::time::advance(2 * MINUTE).await;
        assert_eq!(turns.next(), Some(MINUTE * 3 / 4));
        tokio::time::advance(MINUTE).await;
        assert_eq!(turns.next(), Some(MINUTE / 2));
        tokio::time::advance(MINUTE / 2).await;
        assert_eq!(turns.next(), None);
    }

    fn record(namespace: &str, name: &str) -> Record {
        let mut record = made_up::record();
        record.namespace = namespace.to_owned();
        record.name = name.to_owned();
        record
    }

    #[tokio::test]
    async fn whoever_had_no_turn_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::Files(Files::in_folder(folder.path().to_owned()));
        for (namespace, name) in [("a", "x"), ("a", "y"), ("b", "x"), ("c", "x")] {
            store.create(&record(namespace, name)).await.unwrap();
        }
        let all = store.list(None).await.unwrap().records;
        let names = |it: &[Stored]| -> Vec<String> {
            let names = it.iter().map(name);
            names
                .map(|(namespace, name)| namespace + "/" + &name)
                .collect()
        };
        let late = Late::default();
        let groups = late.by_namespace(all.clone());
        let order: Vec<&str> = groups.iter().map(|it| &*it.0).collect();
        assert_eq!(order, ["a", "b", "c"]);
        let of = |namespace: &str, name: &str| (namespace.to_owned(), name.to_owned());
        let nobody = BTreeSet::new();
        late.note(BTreeSet::from([of("c", "x"), of("a", "y")]), &nobody);
        let mut sorted = all.clone();
        late.first(&mut sorted);
        assert_eq!(names(&sorted), ["a/y", "c/x", "a/x", "b/x"]);
        let groups = late.by_namespace(all);
        let order: Vec<&str> = groups.iter().map(|it| &*it.0).collect();
        assert_eq!(order, ["a", "c", "b"]);
        assert_eq!(names(&groups[0].1), ["a/y", "a/x"]);

        // Only whoever had a place keeps it while it waits.
        let waiting = BTreeSet::from([of("a", "x"), of("c", "x")]);
        late.note(BTreeSet::from([of("b", "x")]), &waiting);
        assert_eq!(*late.names(), BTreeSet::from([of("b", "x"), of("c", "x")]));
        late.note(nobody.clone(), &nobody);
        assert_eq!(*late.names(), nobody);
    }
}
