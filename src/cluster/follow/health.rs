//! How well the following goes, for readiness and metrics.

use std::time::Duration;

use tokio::time::Instant;

use crate::cluster::inventory::Refusal;
use crate::fleet::Unread;

/// What was asked of the API server, and what it told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lists that were begun, the first ones included; of a page each for what is short.
    pub lists: u64,
    /// Of these, those of what had been listed before.
    pub relists: u64,
    /// Requests to watch.
    pub watches: u64,
    /// Changes that watches told.
    pub events: u64,
    /// Reads of single objects, and of what discovery says.
    pub gets: u64,
    /// Requests that failed, refused ones included.
    pub failures: u64,
}

/// What memory holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub objects: usize,
    /// Of their text; what holds it together is some hundred bytes for each object.
    pub bytes: usize,
}

/// Something that may be out of date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stale {
    /// What, why, and the missing permission where that is why.
    pub row: Unread,
    /// For how long.
    pub lasted: Duration,
}

/// Since when something does not work.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    since: Instant,
    refusal: Refusal,
}

impl Broken {
    /// Goes on being broken, for a reason that may be another.
    pub(super) fn note(broken: &mut Option<Self>, refusal: Refusal) {
        let since = broken.as_ref().map(|it| it.since);
        *broken = Some(Self {
            since: since.unwrap_or_else(Instant::now),
            refusal,
        });
    }

    pub(super) fn stale(&self, row: impl FnOnce(Refusal) -> Unread) -> Stale {
        Stale {
            row: row(self.refusal.clone()),
            lasted: self.since.elapsed(),
        }
    }
}
