//! Runs a ScaledJob over the arrivals of work, in a closed loop with the jobs that it creates.
//!
//! The model: items arrive evenly at a rate that the history gives and wait in one queue. A job
//! is pending for its startup; then it takes as many whole items as it can, in the order of
//! creation, works on them for its duration and ends. A job that finds nothing ends at once or
//! waits, as its shape says. Jobs never fail, and their shape is the same for all.
//!
//! The only trigger shows the queue, with or without the items that jobs work on: that depends on
//! when a queue forgets an item, and strategies differ by it. While the rate is not known, nothing
//! arrives and the trigger fails. The first poll is at the start, later ones every interval; an
//! object that is paused has none. Items count in millionths and times in whole seconds.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::queue::{Calculation, Queue, Shown};
use super::request::{Found, JobSettings, Request};
use super::work::{ITEM, JobShape, Work};
use crate::sim::numbers::after;

/// What is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    pub settings: JobSettings,
    pub polling_interval: SignedDuration,
    pub is_paused: bool,
    /// Items for each job.
    pub target: f64,
    /// The trigger is active above it.
    pub activation: f64,
    pub shape: JobShape,
    /// Whether the trigger shows items that jobs work on, too.
    pub shows_taken: bool,
}

/// What arrives during some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrivals {
    pub seconds: u32,
    /// Millionths of items a second; `None` where nothing is known.
    pub rate: Option<i64>,
}

impl Arrivals {
    /// So many items a second, as far as they are a number.
    pub fn of(seconds: u32, items: Option<f64>) -> Self {
        let rate = items.filter(|it| it.is_finite());
        Self {
            seconds,
            rate: rate.map(|it| (it * ITEM as f64).round().max(0.0) as i64),
        }
    }
}

/// A poll, and how things stood when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Timestamp,
    /// Items that the trigger showed, active or not; `None` where it failed.
    pub shown: Option<i64>,
    pub found: Found,
    pub request: Request,
}

/// Sums over a replay: whole numbers, so that the order of adding does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobScore {
    pub seconds: i64,
    pub polls: u64,
    pub failed_polls: u64,
    pub created: i64,
    pub ended: i64,
    /// Jobs that ended without having found anything.
    pub in_vain: i64,
    /// Items that jobs took, and those that are done.
    pub taken: i64,
    pub done: i64,
    /// The most jobs at once, and the longest queue.
    pub most_jobs: i64,
    pub longest_queue: i64,
    job_seconds: i64,
    /// Seconds times items in the queue, and seconds in which there were any.
    queued_seconds: i64,
    backlog_seconds: i64,
    /// Polls that would have created more jobs if the maximum were higher.
    pub pinned_polls: u64,
}

/// The score in the units of reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobTotals {
    pub hours: f64,
    /// Jobs × hours, from creation to end: what they cost.
    pub job_hours: f64,
    pub jobs_created: i64,
    pub jobs_in_vain: i64,
    pub items_done: i64,
    /// Minutes in which items waited.
    pub backlog_minutes: f64,
    /// Items × minutes in the queue.
    pub queued_minutes: f64,
    /// How long an item waited in the queue, on the mean over those that jobs took.
    pub mean_wait_seconds: f64,
    pub longest_queue: i64,
    pub most_jobs: i64,
    pub failed_polls: u64,
    pub pinned_polls: u64,
}

impl JobScore {
    /// What was added to `earlier`, a score of the same replay, since then. The most jobs and the
    /// longest queue are those of the whole.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            seconds: self.seconds - earlier.seconds,
            polls: self.polls - earlier.polls,
            failed_polls: self.failed_polls - earlier.failed_polls,
            created: self.created - earlier.created,
            ended: self.ended - earlier.ended,
            in_vain: self.in_vain - earlier.in_vain,
            taken: self.taken - earlier.taken,
            done: self.done - earlier.done,
            most_jobs: self.most_jobs,
            longest_queue: self.longest_queue,
            job_seconds: self.job_seconds - earlier.job_seconds,
            queued_seconds: self.queued_seconds - earlier.queued_seconds,
            backlog_seconds: self.backlog_seconds - earlier.backlog_seconds,
            pinned_polls: self.pinned_polls - earlier.pinned_polls,
        }
    }

    pub fn totals(&self) -> JobTotals {
        let seconds = |it: i64| it as f64;
        JobTotals {
            hours: seconds(self.seconds) / 3600.0,
            job_hours: seconds(self.job_seconds) / 3600.0,
            jobs_created: self.created,
            jobs_in_vain: self.in_vain,
            items_done: self.done,
            backlog_minutes: seconds(self.backlog_seconds) / 60.0,
            queued_minutes: seconds(self.queued_seconds) / 60.0,
            mean_wait_seconds: seconds(self.queued_seconds) / self.taken.max(1) as f64,
            longest_queue: self.longest_queue,
            most_jobs: self.most_jobs,
            failed_polls: self.failed_polls,
            pinned_polls: self.pinned_polls,
        }
    }
}

/// A replay under way. It may be stopped at any time, kept, and gone on with.
#[derive(Clone, Debug)]
pub struct Replay {
    setup: Setup,
    work: Work,
    was_active: bool,
    score: JobScore,
    now: Timestamp,
    next_poll: Timestamp,
}

impl Replay {
    /// Starts with `items` in the queue and no job; the first poll is at `start`.
    pub fn new(setup: Setup, items: i64, start: Timestamp) -> Self {
        Self {
            work: Work::new(setup.shape, items),
            was_active: false,
            score: JobScore::default(),
            now: start,
            next_poll: if setup.is_paused {
                Timestamp::MAX
            } else {
                start
            },
            setup,
        }
    }

    /// Runs all polls while this arrives and shows each, in order of time.
    pub fn run(&mut self, arrivals: &Arrivals, mut show: impl FnMut(&Step)) {
        let end = after(self.now, SignedDuration::from_secs(arrivals.seconds.into()));
        while self.now < end {
            self.settle();
            if self.next_poll <= self.now {
                let step = self.poll(arrivals);
                show(&step);
                self.settle();
            }
            self.pass(arrivals, end);
        }
    }

    pub fn score(&self) -> &JobScore {
        &self.score
    }

    /// Jobs that are not finished.
    pub fn jobs(&self) -> i64 {
        self.work.running()
    }

    /// Whole items that wait.
    pub fn queued(&self) -> i64 {
        self.work.queued()
    }

    /// The queue as the trigger shows it, in whole items.
    pub fn shown(&self) -> i64 {
        let taken = match self.setup.shows_taken {
            true => self.work.taken(),
            false => 0,
        };
        self.work.queued().saturating_add(taken)
    }

    fn settle(&mut self) {
        let happened = self.work.settle(self.now);
        self.score.taken += happened.taken;
        self.score.done += happened.done;
        self.score.ended += happened.ended;
        self.score.in_vain += happened.in_vain;
    }

    fn poll(&mut self, arrivals: &Arrivals) -> Step {
        let queue = self.look(arrivals);
        let shown = arrivals.rate.map(|_| self.shown());
        let found = Found {
            is_active: queue.is_active,
            is_error: arrivals.rate.is_none(),
            was_active: self.was_active,
            queue: queue.length,
            jobs: queue.jobs,
            running: self.work.running(),
            pending: self.work.pending(),
        };
        let request = self.setup.settings.request(&found, self.now);
        self.was_active = found.is_active;
        self.work.create(request.created, self.now);
        self.score.polls += 1;
        self.score.failed_polls += u64::from(found.is_error);
        self.score.pinned_polls += u64::from(self.is_pinned(&queue));
        self.score.created += request.created;
        self.score.most_jobs = self.score.most_jobs.max(self.work.running());
        let at = self.now;
        let interval = self
            .setup
            .polling_interval
            .max(SignedDuration::from_secs(1));
        self.next_poll = after(at, interval);
        Step {
            at,
            shown,
            found,
            request,
        }
    }

    fn look(&self, arrivals: &Arrivals) -> Queue {
        let bounds = self.setup.settings.bounds;
        let length = self.shown() as f64;
        let is_active = length > self.setup.activation;
        let shown = Shown::of(length, self.setup.target, is_active, bounds);
        let known = arrivals.rate.map(|_| shown);
        Queue::of(known.as_slice(), Calculation::Max, bounds)
    }

    /// Whether the maximum cuts what the queue calls for.
    fn is_pinned(&self, queue: &Queue) -> bool {
        let Setup { target, .. } = self.setup;
        let wanted = queue.length as f64 / target;
        queue.is_active && target > 0.0 && wanted > self.setup.settings.bounds.max as f64
    }

    /// Lets time pass until something happens, or `end`.
    fn pass(&mut self, arrivals: &Arrivals, end: Timestamp) {
        let rate = arrivals.rate.unwrap_or(0);
        let due = self.work.next_due().filter(|it| *it > self.now);
        let item = self.work.next_item(rate).map(|it| after(self.now, it));
        let until = due.into_iter().chain(item).chain([self.next_poll, end]);
        let until = until.min().unwrap_or(end).max(self.now);
        let seconds = until.duration_since(self.now).as_secs();
        self.measure(rate, seconds);
        self.work.arrive(rate.saturating_mul(seconds));
        self.score.longest_queue = self.score.longest_queue.max(self.work.queued());
        self.now = until;
    }

    /// Adds up what holds for so many seconds in which items arrive; whole items count, from the
    /// second on in which they are complete.
    fn measure(&mut self, rate: i64, seconds: i64) {
        let score = &mut self.score;
        score.seconds += seconds;
        score.job_seconds += seconds.saturating_mul(self.work.running());
        let (sum, some) = self.work.queued_over(rate, seconds);
        score.queued_seconds = score.queued_seconds.saturating_add(sum);
        score.backlog_seconds += some;
    }
}

#[cfg(test)]
mod tests;
