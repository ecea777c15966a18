//! The election as a state machine on values: what to do next about a Lease, and whether we lead.
//!
//! The algorithm is that of client-go's `leaderelection`, in our own words. Whoever holds the Lease
//! renews it; whoever does not watches it, and takes it once it has not changed for as long as its
//! holder claimed. Each write names the version that it replaces, so that of several one is made.
//!
//! Times are of one clock that never goes back, counted from any moment of this process. Those that
//! stand in a Lease come from clocks of other machines: they are for people to read, and are compared
//! for whether they *changed*, never with a time of ours. There are no requests here, no pauses, and
//! no randomness.

mod timing;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

pub use timing::{BadTiming, Timing};

/// What a Lease says; that which nobody has said is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// Empty where it was let go.
    pub holder: String,
    /// How long the holder claims it after each change.
    pub duration: Option<Duration>,
    /// By the holder's clock, to the microsecond, as the time below.
    pub acquired: Option<Timestamp>,
    pub renewed: Option<Timestamp>,
    /// How many times the holder has changed.
    pub transitions: u32,
}

/// A Lease as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub lease: Lease,
    /// Its `resourceVersion`.
    pub version: String,
}

/// The time from one change of holder to the next. No two of them are equal, as nobody else has our
/// identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    pub identity: String,
    pub transitions: u32,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing until then.
    Wait(Duration),
    /// Read the Lease, and tell [`Election::saw`].
    Look,
    /// Write it, and tell [`Election::wrote`].
    Claim(Claim),
}

/// A Lease to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub because: Because,
    pub lease: Lease,
    /// The version that it replaces; `None` where it is made anew.
    pub over: Option<String>,
}

/// Why the Lease may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// There is none.
    Absent,
    /// Its holder has let it go.
    Released,
    /// It has not changed for as long as its holder claimed.
    Expired,
    /// It is ours.
    Ours,
    /// It is ours, and is let go.
    Leaving,
}

/// A term of ours, and when it was last renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub term: Term,
    /// When the renewal was *sent*: whoever else has seen it has seen it later.
    pub since: Duration,
}

/// One who wants to lead.
#[derive(Clone, Debug)]
pub struct Election {
    identity: String,
    timing: Timing,
    seen: Option<Seen>,
    held: Option<Held>,
    /// Whether a claim may rely on what was seen: it is what the last request told.
    is_known: bool,
    /// Whether the last claim met another one.
    is_contended: bool,
    due: Duration,
}

/// What is known of the Lease.
#[derive(Clone, Debug)]
struct Seen {
    lease: Lease,
    /// `None` where somebody has deleted it since.
    version: Option<String>,
    /// When we first knew it as it is now.
    changed: Duration,
}

impl Election {
    /// One who has not looked yet. The identity must be of this process alone.
    pub fn new(identity: String, timing: Timing) -> Self {
        Self {
            identity,
            timing,
            seen: None,
            held: None,
            is_known: false,
            is_contended: false,
            due: Duration::ZERO,
        }
    }

    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Whether we lead: from a claim that was answered, until the renew deadline after it was sent.
    pub fn is_leader(&self, now: Duration) -> bool {
        self.held(now).is_some()
    }

    /// The term that we lead in.
    pub fn held(&self, now: Duration) -> Option<&Held> {
        let deadline = self.timing.renew_deadline();
        let held = self.held.as_ref();
        held.filter(|it| now < it.since.saturating_add(deadline))
    }

    /// Whether the last request about a Lease of ours had an answer that said so.
    pub fn is_confirmed(&self) -> bool {
        self.is_known
    }

    /// Who held the Lease when it was last seen.
    pub fn holder(&self) -> Option<&str> {
        let holder = self.seen.as_ref().map(|it| it.lease.holder.as_str());
        holder.filter(|it| !it.is_empty())
    }

    /// What to do; `clock` is what a claim of now is dated with.
    pub fn next(&self, now: Duration, clock: Timestamp) -> Next {
        if now < self.due {
            return Next::Wait(self.due);
        }
        let claimable = self.claimable(now).filter(|_| self.is_known);
        match claimable {
            Some(because) => Next::Claim(self.claim(because, clock)),
            None => Next::Look,
        }
    }

    /// The Lease was read, or there is none; the answer came at `answered`.
    pub fn saw(&mut self, observed: Option<Observed>, answered: Duration) {
        match observed {
            Some(it) => self.saw_lease(it, answered),
            // Whoever held it may not know yet that it is gone, so that it counts on.
            None => self.seen.iter_mut().for_each(|it| it.version = None),
        }
        if self.is_others() {
            self.held = None;
        }
        self.is_known = self.claimable(answered).is_some();
        self.due = match self.is_known {
            true => answered,
            false => self.next_look(answered),
        };
    }

    /// A claim was made: sent at `sent`, answered at `answered` with the version that it has.
    pub fn wrote(&mut self, claim: Claim, version: String, sent: Duration, answered: Duration) {
        self.held = (claim.because != Because::Leaving).then(|| Held {
            term: Term {
                identity: self.identity.clone(),
                transitions: claim.lease.transitions,
            },
            since: sent,
        });
        self.seen = Some(Seen {
            lease: claim.lease,
            version: Some(version),
            changed: answered,
        });
        self.is_known = true;
        self.is_contended = false;
        self.due = sent.saturating_add(self.timing.retry()).max(answered);
    }

    /// A claim was refused since the Lease is no longer as it was seen. It is looked at again at
    /// once, but not over and over.
    pub fn lost_race(&mut self, now: Duration) {
        self.is_known = false;
        self.due = match self.is_contended {
            true => now.saturating_add(self.timing.retry()),
            false => now,
        };
        self.is_contended = !self.is_contended;
    }

    /// A request had no answer, or one that does not tell what became of it.
    pub fn failed(&mut self, now: Duration) {
        self.is_known = false;
        self.due = now.saturating_add(self.timing.retry());
    }

    /// Puts off what is next, so that several do not all do it at the same time; but not past the
    /// moment from which the Lease may be taken.
    pub fn delay(&mut self, by: Duration) {
        let later = self.due.saturating_add(by);
        let expiry = self.seen.as_ref().map(|it| self.expiry(it));
        self.due = match expiry.filter(|it| self.due <= *it) {
            Some(expiry) => later.min(expiry),
            None => later,
        };
    }

    /// Leads no longer.
    pub fn resign(&mut self) {
        self.held = None;
    }

    /// What lets the Lease go, so that the next may take it at once; `None` where it is not ours, as
    /// far as is known.
    pub fn release(&self, clock: Timestamp) -> Option<Claim> {
        let seen = self.seen.as_ref()?;
        let is_ours = seen.lease.holder == self.identity && seen.version.is_some();
        is_ours.then(|| Claim {
            because: Because::Leaving,
            lease: Lease {
                holder: String::new(),
                // The API takes no zero.
                duration: Some(Duration::from_secs(1)),
                acquired: Some(micros(clock)),
                renewed: Some(micros(clock)),
                transitions: seen.lease.transitions,
            },
            over: seen.version.clone(),
        })
    }

    fn saw_lease(&mut self, observed: Observed, answered: Duration) {
        let Observed { lease, version } = observed;
        let before = self.seen.take().filter(|it| it.lease == lease);
        self.seen = Some(Seen {
            lease,
            version: Some(version),
            // The change may have been made after the request was sent, not after its answer.
            changed: before.map_or(answered, |it| it.changed),
        });
    }

    /// Whether somebody else holds it.
    fn is_others(&self) -> bool {
        self.seen
            .as_ref()
            .is_some_and(|it| it.lease.holder != self.identity)
    }

    /// Why it may be written as far as is known, if it may.
    fn claimable(&self, now: Duration) -> Option<Because> {
        let Some(seen) = &self.seen else {
            return Some(Because::Absent);
        };
        match seen.lease.holder.as_str() {
            holder if holder == self.identity => Some(Because::Ours),
            "" => Some(Because::Released),
            _ if now < self.expiry(seen) => None,
            _ if seen.version.is_none() => Some(Because::Absent),
            _ => Some(Because::Expired),
        }
    }

    /// When it may be taken unless it changes. What its holder claims counts, as that is what its
    /// holder relies on; where it claims nothing, it gets what we would.
    fn expiry(&self, seen: &Seen) -> Duration {
        let claimed = seen.lease.duration.filter(|it| !it.is_zero());
        let claimed = claimed.unwrap_or_else(|| self.timing.lease());
        seen.changed.saturating_add(claimed)
    }

    fn next_look(&self, now: Duration) -> Duration {
        let next = now.saturating_add(self.timing.retry());
        let expiry = self.seen.as_ref().map(|it| self.expiry(it));
        next.min(expiry.unwrap_or(next)).max(now)
    }

    fn claim(&self, because: Because, clock: Timestamp) -> Claim {
        let seen = self.seen.as_ref();
        let before = seen.map(|it| &it.lease);
        let now = micros(clock);
        let (acquired, transitions) = match before {
            Some(it) if because == Because::Ours => (it.acquired.or(Some(now)), it.transitions),
            Some(it) => (Some(now), it.transitions.saturating_add(1)),
            None => (Some(now), 0),
        };
        Claim {
            because,
            lease: Lease {
                holder: self.identity.clone(),
                duration: Some(whole_seconds(self.timing.lease())),
                acquired,
                renewed: Some(other_than(before.and_then(|it| it.renewed), now)),
                transitions,
            },
            over: seen.and_then(|it| it.version.clone()),
        }
    }
}

impl fmt::Display for Term {
    /// `web-0_1d0f… (term 3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (term {})", self.identity, self.transitions)
    }
}

/// How old a renewal is at most: by the clock that stands while a machine sleeps, and by the one that
/// people set, of which the longer counts.
pub fn age(steady: Duration, by_clock: jiff::SignedDuration) -> Duration {
    let by_clock = Duration::try_from(by_clock).unwrap_or_default();
    steady.max(by_clock)
}

/// A Lease tells whole seconds; a claim is never told to be shorter than it is.
fn whole_seconds(it: Duration) -> Duration {
    let more = u64::from(it.subsec_nanos() > 0);
    Duration::from_secs(it.as_secs().saturating_add(more))
}

/// The time as a Lease tells it.
fn micros(it: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(it.as_microsecond()).unwrap_or(it)
}

/// `now`, or a little later: a renewal that tells the same time as the one before shows nobody that
/// it was made.
fn other_than(before: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let microsecond = jiff::SignedDuration::from_micros(1);
    match before == Some(now) {
        true => now.checked_add(microsecond).unwrap_or(now),
        false => now,
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
