//! The last question before a write: do we still lead, and for how long may the write take?

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::election::{Term, Timing, age};
use super::lease::{self, Handle};

/// How many writes may be under way at a time.
pub(super) const WRITERS: u32 = 1024;

/// What the election has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// We lead, unless it has ended by now: see [`State::is_leading`].
    Leading(Leading),
    /// Another one leads, or nobody that is known.
    Following { holder: Option<String> },
}

/// A term of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leading {
    pub term: Term,
    /// When it ends unless it is renewed before.
    pub until: Instant,
    /// When the last renewal was sent.
    pub(super) renewed: Instant,
    /// The same, by the clock that people set.
    pub(super) renewed_at: Timestamp,
    /// Whether the last request about the Lease went well.
    pub(super) is_confirmed: bool,
}

impl State {
    /// The term that we lead in at `now`.
    pub fn term(&self, now: Instant) -> Option<&Term> {
        match self {
            Self::Leading(it) if now < it.until => Some(&it.term),
            Self::Leading(_) | Self::Following { .. } => None,
        }
    }

    /// Whether we lead at `now`.
    pub fn is_leading(&self, now: Instant) -> bool {
        self.term(now).is_some()
    }
}

#[cfg(test)]
impl State {
    /// That of an instance that leads until then.
    pub(crate) fn made_up(until: Instant) -> Self {
        Self::Leading(Leading {
            term: Term {
                identity: "a".to_owned(),
                transitions: 0,
            },
            until,
            renewed: Instant::now(),
            renewed_at: Timestamp::UNIX_EPOCH,
            is_confirmed: true,
        })
    }
}

/// Why a write may not be made.
#[derive(Debug, thiserror::Error)]
pub enum NotLeader {
    #[error("{} leads", holder.as_deref().unwrap_or("nobody that is known"))]
    Following { holder: Option<String> },
    /// What was decided in one term is not written in the next.
    #[error("what was begun in term {begun} is not finished in term {now}")]
    AnotherTerm { begun: u32, now: u32 },
    #[error("the last renewal was {age:?} ago")]
    Overdue { age: Duration },
    #[error("cannot confirm that this process leads")]
    Unconfirmed(#[from] lease::Error),
    #[error("this process is about to end")]
    Stopping,
    #[error("too many writes at a time")]
    Crowded,
}

/// Why a permitted write was not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write took longer than this process may lead")]
pub struct TimedOut;

/// Lets writes through while we lead.
///
/// What is guaranteed: a permit is given only while the Lease is ours, and ends before anybody else
/// may take it, even if it is never renewed again; a Lease is let go only after every permit was
/// given back. So two processes that keep to their permits never write at the same time. It rests on
/// this: their steady clocks run at the same speed, but for a twelfth with the default times; and a
/// request that was given up at its deadline is not carried out long after. Against a request that
/// is delayed on its way, or a process that stands still between the check and the write, only the
/// API server can help: writes name the `resourceVersion` that they were decided on, as ours do.
#[derive(Clone, Debug)]
pub struct Gate {
    pub(super) handle: Handle,
    pub(super) timing: Timing,
    pub(super) state: watch::Receiver<State>,
    pub(super) writers: Arc<Semaphore>,
    pub(super) clock: fn() -> Timestamp,
}

/// Leave to write, until its deadline. Kept for as long as the write goes on.
#[derive(Debug)]
pub struct Permit {
    deadline: Instant,
    _slot: OwnedSemaphorePermit,
}

impl Permit {
    /// Makes the write, and gives it up at the deadline: then it may have been made or not.
    ///
    /// # Errors
    /// Where it was given up.
    pub async fn within<T>(self, write: impl Future<Output = T>) -> Result<T, TimedOut> {
        let done = tokio::time::timeout_at(self.deadline, write).await;
        done.map_err(|_| TimedOut)
    }
}

impl Gate {
    /// What the election has come to.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Tells of every change, and of every renewal.
    pub fn changes(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Resolves once it is known whether we lead, or who else does; or that it will not be.
    pub async fn settled(&self) {
        // An election that is over tells nothing any more.
        let _ = self.state.clone().changed().await;
    }

    /// The term that we lead in now, as far as is known without a request.
    pub fn term(&self) -> Option<Term> {
        self.state.borrow().term(Instant::now()).cloned()
    }

    /// Asks right before a write whether it may be made in `term`. Reads the Lease again where the
    /// last renewal failed, or is not of the last moment; a read that fails is a no.
    ///
    /// # Errors
    /// Where it may not, or that cannot be known.
    pub async fn check(&self, term: &Term) -> Result<Permit, NotLeader> {
        // Taken first, so that the Lease is not let go between the answer and the write.
        let slot = self.slot()?;
        let (leading, age) = self.leading(term)?;
        if !leading.is_confirmed || age > self.timing.fresh_for() {
            self.confirm(term).await?;
        }
        let (_, age) = self.leading(term)?;
        Ok(Permit {
            deadline: Instant::now() + self.timing.write_deadline().saturating_sub(age),
            _slot: slot,
        })
    }

    fn slot(&self) -> Result<OwnedSemaphorePermit, NotLeader> {
        use tokio::sync::TryAcquireError as Why;
        let slot = Arc::clone(&self.writers).try_acquire_owned();
        slot.map_err(|why| match why {
            Why::Closed => NotLeader::Stopping,
            Why::NoPermits => NotLeader::Crowded,
        })
    }

    /// The term as it was last renewed, and how long ago.
    fn leading(&self, term: &Term) -> Result<(Leading, Duration), NotLeader> {
        let leading = match self.state() {
            State::Leading(it) => it,
            State::Following { holder } => return Err(NotLeader::Following { holder }),
        };
        if leading.term != *term {
            return Err(NotLeader::AnotherTerm {
                begun: term.transitions,
                now: leading.term.transitions,
            });
        }
        // The steady clock stands while a machine sleeps; the other one then has jumped.
        let by_clock = (self.clock)().duration_since(leading.renewed_at);
        let age = age(leading.renewed.elapsed(), by_clock);
        match age < self.timing.renew_deadline() {
            true => Ok((leading, age)),
            false => Err(NotLeader::Overdue { age }),
        }
    }

    async fn confirm(&self, term: &Term) -> Result<(), NotLeader> {
        let lease = self.handle.read().await?.map(|it| it.observed.lease);
        let holder = lease.as_ref().map(|it| it.holder.clone());
        let is_ours = lease
            .is_some_and(|it| it.holder == term.identity && it.transitions == term.transitions);
        match is_ours {
            true => Ok(()),
            false => Err(NotLeader::Following {
                holder: holder.filter(|it| !it.is_empty()),
            }),
        }
    }
}
