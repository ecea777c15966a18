//! The jobs of a replay: how long they start, what they take from the queue, and when they end.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::sim::numbers::after;

/// How items are counted: in millionths, so that slow arrivals add up exactly.
pub const ITEM: i64 = 1_000_000;

/// What each job is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobShape {
    /// From creation until it works; until then it is pending.
    pub startup: SignedDuration,
    /// How long it works on what it took.
    pub duration: SignedDuration,
    /// As many items it takes at once, at most.
    pub items: i64,
    pub empty: OnEmpty,
}

/// What a job does that finds nothing to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEmpty {
    /// It ends.
    Ends,
    /// It waits until there is something.
    Waits,
}

/// Jobs that were created, or began to work, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cohort {
    jobs: i64,
    /// When they begin to work, or end.
    due: Timestamp,
    /// Items that all of them work on.
    items: i64,
}

/// The jobs that are not finished, and the queue that they take from.
#[derive(Clone, Debug)]
pub(super) struct Work {
    shape: JobShape,
    /// Millionths of items.
    queue: i64,
    starting: VecDeque<Cohort>,
    waiting: i64,
    working: VecDeque<Cohort>,
}

/// What happened at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Happened {
    /// Items that jobs took, and those that are done.
    pub(super) taken: i64,
    pub(super) done: i64,
    /// Jobs that ended, and those among them that found nothing.
    pub(super) ended: i64,
    pub(super) in_vain: i64,
}

impl Work {
    /// A queue with so many items, and no job.
    pub(super) fn new(shape: JobShape, items: i64) -> Self {
        Self {
            shape,
            queue: items.max(0).saturating_mul(ITEM),
            starting: VecDeque::new(),
            waiting: 0,
            working: VecDeque::new(),
        }
    }

    /// Whole items that wait in the queue.
    pub(super) fn queued(&self) -> i64 {
        self.queue / ITEM
    }

    /// Items that jobs work on.
    pub(super) fn taken(&self) -> i64 {
        self.working.iter().map(|it| it.items).sum()
    }

    /// Jobs that do not work yet.
    pub(super) fn pending(&self) -> i64 {
        self.starting.iter().map(|it| it.jobs).sum()
    }

    /// Jobs that are not finished.
    pub(super) fn running(&self) -> i64 {
        let working = self.working.iter().map(|it| it.jobs);
        self.pending() + self.waiting + working.sum::<i64>()
    }

    pub(super) fn create(&mut self, jobs: i64, now: Timestamp) {
        if jobs > 0 {
            self.starting.push_back(Cohort {
                jobs,
                due: after(now, self.shape.startup),
                items: 0,
            });
        }
    }

    /// Adds what arrived.
    pub(super) fn arrive(&mut self, millionths: i64) {
        self.queue = self.queue.saturating_add(millionths.max(0));
    }

    /// The next time at which a job begins or ends.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let starting = self.starting.front().map(|it| it.due);
        let working = self.working.front().map(|it| it.due);
        starting.into_iter().chain(working).min()
    }

    /// The time in which arrivals of so many millionths a second make the next whole item that
    /// somebody waits for.
    pub(super) fn next_item(&self, rate: i64) -> Option<SignedDuration> {
        if self.waiting == 0 || rate <= 0 {
            return None;
        }
        let missing = ITEM - self.queue % ITEM;
        Some(SignedDuration::from_secs((missing + rate - 1) / rate))
    }

    /// What waits during so many seconds in which so many millionths arrive in each: whole items
    /// times seconds, and the seconds in which there is one.
    pub(super) fn queued_over(&self, rate: i64, seconds: i64) -> (i64, i64) {
        let rate = rate.max(0);
        let sum = floors(seconds, rate, self.queue);
        let missing = (ITEM - self.queue).max(0);
        let empty = match (missing, rate) {
            (0, _) => 0,
            (_, 0) => seconds,
            (missing, rate) => ((missing - 1) / rate + 1).min(seconds),
        };
        (i64::try_from(sum).unwrap_or(i64::MAX), seconds - empty)
    }

    /// Lets jobs end and begin whose time has come, and take what there is.
    pub(super) fn settle(&mut self, now: Timestamp) -> Happened {
        let mut happened = Happened::default();
        while let Some(ended) = self.working.front().filter(|it| it.due <= now) {
            happened.done += ended.items;
            happened.ended += ended.jobs;
            self.working.pop_front();
        }
        while let Some(ready) = self.starting.front().filter(|it| it.due <= now) {
            self.waiting += ready.jobs;
            self.starting.pop_front();
        }
        happened.taken = self.take(now);
        if self.shape.empty == OnEmpty::Ends {
            happened.ended += self.waiting;
            happened.in_vain += self.waiting;
            self.waiting = 0;
        }
        happened
    }

    /// How many items jobs take that wait.
    fn take(&mut self, now: Timestamp) -> i64 {
        let each = self.shape.items.max(1);
        let queued = self.queued();
        // Rounded up: the last one may find less than it could take.
        let wanted = queued / each + i64::from(queued % each > 0);
        let jobs = wanted.min(self.waiting);
        if jobs == 0 {
            return 0;
        }
        let items = jobs.saturating_mul(each).min(queued);
        self.queue -= items * ITEM;
        self.waiting -= jobs;
        self.working.push_back(Cohort {
            jobs,
            // Work that takes no time would end before anybody could see it.
            due: after(now, self.shape.duration.max(SignedDuration::from_secs(1))),
            items,
        });
        items
    }
}

/// The sum of `(rate × i + first) / ITEM`, rounded down, over all `i` from 0 to below `count`.
///
/// What divides is counted at once; of the rest, the points below the line are counted by rows
/// instead of columns, which is the same sum of smaller numbers, as in Euclid's algorithm.
fn floors(count: i64, rate: i64, first: i64) -> i128 {
    let (mut n, mut a, mut b) = (i128::from(count), i128::from(rate), i128::from(first));
    let mut m = i128::from(ITEM);
    let mut sum = 0;
    while n > 0 {
        sum += n * (n - 1) / 2 * (a / m) + n * (b / m);
        (a, b) = (a % m, b % m);
        let highest = a * n + b;
        (n, b) = (highest / m, highest % m);
        (m, a) = (a, m);
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn work(empty: OnEmpty, items: i64) -> Work {
        let shape = JobShape {
            startup: SignedDuration::from_secs(10),
            duration: SignedDuration::from_secs(60),
            items: 2,
            empty,
        };
        Work::new(shape, items)
    }

    #[test]
    fn jobs_take_what_there_is_once_they_have_started() {
        let mut work = work(OnEmpty::Ends, 5);
        work.create(4, at(0));
        assert_eq!(
            (work.pending(), work.running(), work.next_due()),
            (4, 4, Some(at(10)))
        );
        work.settle(at(9));
        assert_eq!(work.queued(), 5);
        // Three are enough for five items; the fourth finds nothing.
        let happened = work.settle(at(10));
        assert_eq!((happened.ended, happened.in_vain), (1, 1));
        assert_eq!((work.queued(), work.taken(), work.running()), (0, 5, 3));
        assert_eq!(work.next_due(), Some(at(70)));
        assert_eq!(work.settle(at(70)).done, 5);
        assert_eq!((work.running(), work.next_due()), (0, None));
    }

    #[test]
    fn jobs_that_wait_take_the_next_item() {
        let mut work = work(OnEmpty::Waits, 0);
        work.create(2, at(0));
        assert_eq!(work.next_item(ITEM), None);
        work.settle(at(10));
        assert_eq!((work.running(), work.pending()), (2, 0));
        work.arrive(ITEM / 4);
        assert_eq!(work.next_item(ITEM / 2), Some(SignedDuration::from_secs(2)));
        work.arrive(ITEM);
        work.settle(at(12));
        assert_eq!((work.queued(), work.taken()), (0, 1));
        assert_eq!(work.next_item(0), None);
    }

    proptest! {
        #[test]
        fn what_waits_adds_up_second_by_second(
            queue in 0..5 * ITEM, rate in 0..3 * ITEM, seconds in 0..200_i64,
        ) {
            let mut work = work(OnEmpty::Ends, 0);
            work.arrive(queue);
            let items = |second: i64| (queue + rate * second) / ITEM;
            let expected = (
                (0..seconds).map(items).sum::<i64>(),
                (0..seconds).filter(|it| items(*it) > 0).count() as i64,
            );
            prop_assert_eq!(work.queued_over(rate, seconds), expected);
        }
    }
}
