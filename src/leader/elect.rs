//! The election as a task: requests, pauses, and what everybody is told of it.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::election::{Claim, Election, Next, Timing};
use super::gate::{Gate, Leading, State, WRITERS};
use super::lease::{Error, Handle, Kept};
use crate::causes::whole;
use crate::cluster::Cluster;
use crate::random;

/// One who wants to lead.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub cluster: Cluster,
    /// Of this process alone: see [`identity`](super::identity).
    pub identity: String,
    /// Those of the Lease.
    pub namespace: String,
    pub name: String,
    pub timing: Timing,
    /// What a Lease is dated with, and what shows that this machine has slept.
    pub clock: fn() -> Timestamp,
    /// How long it may take to end: writes that are under way, and then to let the Lease go.
    pub stop_within: Duration,
}

/// An election that goes on.
#[derive(Debug)]
pub struct Elected {
    /// Asked before each write.
    pub gate: Gate,
    /// To be awaited where the process is held together: once it has ended, for whatever reason,
    /// nobody renews the Lease, and the process has to end.
    pub task: JoinHandle<Result<(), Error>>,
}

/// Takes part in the election, in a task of its own, until `shutdown`; then lets the Lease go.
///
/// The task ends with an error where the server refuses to let the Lease be read, or written: at once
/// if it never allowed it, else after one lease duration of refusals. A server that cannot be reached
/// is asked for as long as it takes.
pub fn elect(candidate: Candidate, shutdown: impl Future<Output = ()> + Send + 'static) -> Elected {
    let (elector, gate) = Elector::of(candidate);
    let task = tokio::spawn(elector.run(shutdown));
    Elected { gate, task }
}

struct Elector {
    handle: Handle,
    election: Election,
    clock: fn() -> Timestamp,
    stop_within: Duration,
    /// What times of the election count from, by both clocks.
    begun: Instant,
    /// The Lease as the server had it last.
    kept: Option<Kept>,
    /// What the clock showed when the last renewal was sent.
    renewed_at: Timestamp,
    state: watch::Sender<State>,
    writers: Arc<Semaphore>,
    reads: Streak,
    writes: Streak,
    /// Whether it was told that requests go wrong.
    is_told: bool,
    /// Whether the Lease may be ours, by any claim that was ever sent.
    may_hold: bool,
}

/// How the last requests of a kind ended.
#[derive(Debug, Default)]
struct Streak {
    has_succeeded: bool,
    /// Since when nothing but refusals came.
    refused_since: Option<Duration>,
}

/// The two kinds of requests, to which the server may say no apart.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Read,
    Write,
}

impl Elector {
    fn of(candidate: Candidate) -> (Self, Gate) {
        let timing = candidate.timing;
        let handle = Handle {
            cluster: candidate.cluster,
            namespace: candidate.namespace,
            name: candidate.name,
            timeout: timing.request_timeout(),
        };
        let (state, changes) = watch::channel(State::Following { holder: None });
        let elector = Self {
            election: Election::new(candidate.identity, timing),
            clock: candidate.clock,
            stop_within: candidate.stop_within,
            begun: Instant::now(),
            kept: None,
            renewed_at: (candidate.clock)(),
            state,
            writers: Arc::new(Semaphore::new(WRITERS as usize)),
            reads: Streak::default(),
            writes: Streak::default(),
            is_told: false,
            may_hold: false,
            handle,
        };
        let gate = Gate {
            handle: elector.handle.clone(),
            timing,
            state: changes,
            writers: Arc::clone(&elector.writers),
            clock: candidate.clock,
        };
        (elector, gate)
    }

    async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
        let ended = tokio::select! {
            biased;
            () = shutdown => Ok(()),
            ended = self.rounds() => ended.map(|never| match never {}),
        };
        self.step_down().await;
        ended
    }

    async fn rounds(&mut self) -> Result<Infallible, Error> {
        loop {
            match self.election.next(self.now(), (self.clock)()) {
                Next::Wait(until) => self.unless_overdue(sleep_until(self.begun + until)).await,
                Next::Look => self.look().await?,
                Next::Claim(claim) => self.claim(claim).await?,
            }
            self.publish();
        }
    }

    async fn look(&mut self) -> Result<(), Error> {
        let handle = self.handle.clone();
        match self.unless_overdue(handle.read()).await {
            Ok(kept) => {
                self.went_well(Asked::Read);
                self.election
                    .saw(kept.as_ref().map(|it| it.observed.clone()), self.now());
                self.kept = kept;
            }
            Err(error) => self.went_wrong(Asked::Read, error)?,
        }
        self.spread();
        Ok(())
    }

    async fn claim(&mut self, claim: Claim) -> Result<(), Error> {
        let (sent, clock) = (self.now(), (self.clock)());
        let (handle, over) = (self.handle.clone(), self.kept.clone());
        self.may_hold = true;
        match self
            .unless_overdue(handle.write(&claim, over.as_ref()))
            .await
        {
            Ok(kept) => {
                self.went_well(Asked::Write);
                let version = kept.observed.version.clone();
                self.kept = Some(kept);
                self.renewed_at = clock;
                self.election.wrote(claim, version, sent, self.now());
            }
            Err(Error::Conflict { .. }) => self.election.lost_race(self.now()),
            Err(error) => self.went_wrong(Asked::Write, error)?,
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits for something, and tells at the renew deadline that we lead no longer.
    async fn unless_overdue<T>(&mut self, waited: impl Future<Output = T>) -> T {
        let mut waited = pin!(waited);
        loop {
            let until = match &*self.state.borrow() {
                State::Leading(it) => Some(it.until),
                State::Following { .. } => None,
            };
            let Some(until) = until else {
                return waited.await;
            };
            tokio::select! {
                biased;
                it = &mut waited => return it,
                () = sleep_until(until) => self.publish(),
            }
        }
    }

    /// Keeps those apart that wait for the same.
    fn spread(&mut self) {
        if !self.election.is_leader(self.now()) {
            // Without randomness nothing worse happens than that several ask at the same time.
            let fraction = random::fraction().unwrap_or_default();
            let jitter = self.election.timing().jitter(fraction);
            self.election.delay(jitter);
        }
    }

    fn went_well(&mut self, asked: Asked) {
        *self.streak(asked) = Streak {
            has_succeeded: true,
            refused_since: None,
        };
        // A Lease that can be read alone is of no use to one who has to write it.
        if self.is_told && self.writes.refused_since.is_none() {
            tracing::info!(lease = %self.handle.title(), "the leader lease can be used again");
            self.is_told = false;
        }
    }

    /// # Errors
    /// The same error, where it is no use to go on.
    fn went_wrong(&mut self, asked: Asked, error: Error) -> Result<(), Error> {
        let now = self.now();
        self.election.failed(now);
        match error.is_refusal() {
            true if self.is_refused(asked, now) => return Err(error),
            true => {}
            false => self.streak(asked).refused_since = None,
        }
        let (error, lease) = (whole(&error), self.handle.title());
        match self.is_told {
            true => tracing::debug!(error, %lease, "the leader lease still cannot be used"),
            false => tracing::warn!(error, %lease, "the leader lease cannot be used"),
        }
        self.is_told = true;
        Ok(())
    }

    /// Whether one more refusal is one too many.
    fn is_refused(&mut self, asked: Asked, now: Duration) -> bool {
        let lease = self.election.timing().lease();
        let streak = self.streak(asked);
        let since = *streak.refused_since.get_or_insert(now);
        !streak.has_succeeded || now.saturating_sub(since) >= lease
    }

    fn streak(&mut self, asked: Asked) -> &mut Streak {
        match asked {
            Asked::Read => &mut self.reads,
            Asked::Write => &mut self.writes,
        }
    }

    /// Tells what the election has come to, where that is something else than before.
    fn publish(&self) {
        let state = match self.election.held(self.now()) {
            Some(held) => State::Leading(Leading {
                term: held.term.clone(),
                until: self.begun + held.since + self.election.timing().renew_deadline(),
                renewed: self.begun + held.since,
                renewed_at: self.renewed_at,
                is_confirmed: self.election.is_confirmed(),
            }),
            None => State::Following {
                holder: self.election.holder().map(str::to_owned),
            },
        };
        let before = self.state.borrow().clone();
        if state != before {
            self.log(&before, &state);
            self.state.send_replace(state);
        }
    }

    fn log(&self, before: &State, now: &State) {
        let lease = self.handle.title();
        match (before, now) {
            (State::Leading(before), State::Leading(now)) if before.term == now.term => {}
            (_, State::Leading(it)) => {
                let transitions = it.term.transitions;
                let identity = &it.term.identity;
                tracing::info!(%lease, identity, transitions, "acquired leader lease");
            }
            (State::Leading(_), State::Following { holder }) => {
                tracing::warn!(%lease, holder, "lost leader lease");
            }
            (State::Following { .. }, State::Following { holder }) => {
                tracing::info!(%lease, holder, "another instance leads");
            }
        }
    }

    /// Leads no longer, waits for writes that are under way, and lets the Lease go.
    async fn step_down(&mut self) {
        let end = Instant::now() + self.stop_within;
        self.election.resign();
        let holder = None;
        self.state.send_replace(State::Following { holder });
        let is_quiet = self.drained(end).await;
        self.writers.close();
        let lease = self.handle.title();
        if !self.may_hold {
            return;
        }
        if !is_quiet {
            tracing::warn!(%lease, "a write is still under way; the leader lease is left to expire");
            return;
        }
        match timeout_at(end, self.release()).await {
            Ok(Ok(true)) => tracing::info!(%lease, "released leader lease"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                let error = whole(&error);
                tracing::warn!(error, %lease, "cannot release the leader lease; it will expire");
            }
            Err(_) => tracing::warn!(%lease, "no time to release the leader lease; it will expire"),
        }
    }

    /// Whether every write is over. Half of the time is kept for the Lease.
    async fn drained(&self, end: Instant) -> bool {
        let end = end - self.stop_within / 2;
        let all = self.writers.acquire_many(WRITERS);
        matches!(timeout_at(end, all).await, Ok(Ok(_)))
    }

    /// Whether the Lease was ours, and is let go. A claim that was given up may still arrive after the
    /// first look: the second one then sees it.
    async fn release(&mut self) -> Result<bool, Error> {
        let mut tries = 2;
        loop {
            tries -= 1;
            let kept = self.handle.read().await?;
            let observed = kept.as_ref().map(|it| it.observed.clone());
            self.election.saw(observed, self.now());
            let Some(claim) = self.election.release((self.clock)()) else {
                return Ok(false);
            };
            match self.handle.write(&claim, kept.as_ref()).await {
                Err(Error::Conflict { .. }) if tries > 0 => {}
                other => return other.map(|_| true),
            }
        }
    }
}
