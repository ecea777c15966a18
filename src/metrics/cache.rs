//! History that is kept between one request and the next, so that a source is asked only for
//! what is new.
//!
//! [`HistoryCache::read`] stands in front of a source and answers like it. What it does is in two
//! steps that know neither source nor clock: [`HistoryCache::plan`] says what must be asked, and
//! [`HistoryCache::take`] merges an answer and gives the whole history back. [`plan`] holds the
//! rules of the first, [`entry`] and [`track`] those of the second.
//!
//! # What is asked
//!
//! The end of a request is aligned down to its step, as [`Grid::ending_at`] does it: two requests
//! within one step ask for the same samples, and the samples of one request are those of the next
//! but for the new ones. A target is read whole when nothing is known of it, when what is
//! [`Wanted`] of it changed, when its history ends more than [`Limits::catch_up`] ago, when the
//! clock went back by more than [`Limits::overlap`], when it has a metric that it did not have
//! before (once an hour at most), and for refreshment once in [`Limits::reread`]. All others are
//! asked for together, for the steps since the last known one, for [`Limits::overlap`] before it,
//! and one more before that. Targets that lag behind are asked for in a request of their own, so
//! that they do not make that of the others longer.
//!
//! # What is given
//!
//! What a whole reading at the same time would give, except:
//!
//! - Samples that come or change later than [`Limits::overlap`] are seen when the target is next
//!   read whole. So is history that was imported afterwards or deleted: a Prometheus that comes
//!   back with less than it had does not shorten what is known already.
//! - The window's first step is one that more is known of than a whole reading does: whether too
//!   few pods were seen in it.
//! - When the clock steps back by no more than the overlap, the steps that come back at the
//!   window's beginning may be gaps.
//! - Series of steps longer than the request's ([`Metric::CpuRequest`], [`Metric::CpuThrottled`])
//!   are exact within one such step, see [`Track`].
//! - A metric whose source differs with the time that is asked for (ready replicas, where only
//!   HPAs were recorded for a while) is that of the shorter time in the newer samples.
//! - Memory and throttling are left out where they were not asked for.
//!
//! A target that could not be read keeps what is known, with gaps since, and [`Taken::stale`] says
//! so; after [`Limits::patience`] such answers in a row the failure is given instead. What is
//! known is kept, so that it goes on with an increment as soon as the source is back.
//!
//! # What is kept
//!
//! For every series four bytes for each sample of its window, for each step of the overlap, and
//! about 200 bytes; for every target about 900 more. With 14 days at 300 s that is 16 KB for each
//! of CPU usage, ready and desired replicas, and of every container of pods with more than one: 50
//! KB for a plain target. Memory is taken when a target is first read and does not grow after.
//! Targets that requests have left out for [`Limits::forget_after`] are forgotten; beyond
//! [`Limits::bytes`] those that were asked for longest ago go, and then new ones are not kept but
//! read whole every time, rather than drive out others of the same request. A history is copied
//! when it is given: for a thousand targets that is 50 MB, some ten milliseconds of every tick,
//! beside which sharing samples would make every series slower to work with.

mod entry;
#[cfg(test)]
mod laws;
mod plan;
mod read;
mod refresh;
#[cfg(test)]
mod soak;
#[cfg(test)]
mod tests;
mod track;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Delivery, Wanted};
use crate::history::History;
use crate::series::Grid;
use crate::units::Step;
use entry::Entry;
pub use plan::{Ask, Extent};
use refresh::Refresh;

#[cfg(doc)]
use {crate::history::Metric, track::Track};

/// How much is kept, and how far it is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory for all targets together.
    pub bytes: usize,
    /// How long before the last known step samples may still come or change.
    pub overlap: SignedDuration,
    /// How much may be missing at the end for an increment to make up for it.
    pub catch_up: SignedDuration,
    /// In which time every target is read whole once.
    pub reread: SignedDuration,
    /// After how much time of requests without it a target is forgotten.
    pub forget_after: SignedDuration,
    /// How many failures in a row are bridged with what is known.
    pub patience: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Some 5,000 plain targets with 14 days at 300 s.
            bytes: 256 << 20,
            // Three steps of 300 s: scrapes, rules and remote writes are late by a few minutes.
            overlap: SignedDuration::from_mins(15),
            // A night without Prometheus, and its morning.
            catch_up: SignedDuration::from_hours(24),
            reread: SignedDuration::from_hours(7 * 24),
            forget_after: SignedDuration::from_hours(1),
            patience: 3,
        }
    }
}

/// What happened so far, in targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Read whole.
    pub whole: u64,
    /// Of these, read whole only to refresh them.
    pub refreshed: u64,
    /// Read by an increment.
    pub increments: u64,
    /// Given with what was known since they could not be read.
    pub stale: u64,
    /// Not asked for any more.
    pub forgotten: u64,
    /// Dropped for want of memory.
    pub evicted: u64,
    /// Not kept for want of memory.
    pub refused: u64,
}

/// A history as it is to be given on.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub delivery: Delivery,
    /// Set where the history is what was known before, since the source failed.
    pub stale: Option<Stale>,
}

/// How old a history is that could not be extended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stale {
    /// From the last known step until the end of the window.
    pub age: SignedDuration,
    pub why: String,
}

/// The histories of a fleet over a window that moves on.
///
/// One cache is for requests of the same step and length: another one begins it anew. They may be
/// for parts of the fleet.
#[derive(Clone, Debug)]
pub struct HistoryCache {
    limits: Limits,
    /// Keyed by what is wanted of a target, its subject set to zero: whoever wants something else
    /// does not find it.
    entries: BTreeMap<Wanted, Entry>,
    /// What `entries` take.
    bytes: usize,
    /// Step and length of the window.
    shape: Option<(Step, usize)>,
    /// The number of the request that is being answered.
    request: u64,
    /// The end of its window.
    asked_at: Option<Timestamp>,
    refresh: Refresh,
    counters: Counters,
    /// How the source was called and read last, for a time when it does not answer.
    source: (String, String),
}

impl HistoryCache {
    /// An empty cache, which asks for everything first.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            entries: BTreeMap::new(),
            bytes: 0,
            shape: None,
            request: 0,
            asked_at: None,
            refresh: Refresh::default(),
            counters: Counters::default(),
            source: <(String, String)>::default(),
        }
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Memory that the histories take, by the formula in the description of the module.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many targets are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Merges an answer to `ask`, and gives the history of its target for the whole window.
    ///
    /// An answer for a subject that was not asked about is given back as it came.
    pub fn take(&mut self, ask: &Ask, delivery: Delivery) -> Taken {
        let Some(wanted) = ask.wanted(delivery.subject) else {
            return fresh(delivery);
        };
        let subject = delivery.subject;
        match delivery.history {
            Ok(history) => {
                let history = entry::only_wanted(history, wanted);
                let history = match ask.extent {
                    Extent::Whole => Ok(self.put(ask, &key(wanted), history)),
                    Extent::Increment => self.extend(ask, &key(wanted), &history),
                };
                fresh(Delivery { subject, history })
            }
            Err(why) => self.bridge(ask, &key(wanted), subject, why),
        }
    }

    fn put(&mut self, ask: &Ask, key: &Wanted, history: History) -> History {
        self.counters.whole += 1;
        let spare = self.spare(ask.window);
        let entry = Entry::of(&history, ask.window, spare, self.request);
        self.remove(key);
        self.keep(key.clone(), entry);
        history
    }

    fn extend(&mut self, ask: &Ask, key: &Wanted, history: &History) -> Result<History, String> {
        let mut entry = self
            .remove(key)
            .ok_or("its earlier history was dropped while the new one was read")?;
        self.counters.increments += 1;
        entry.merge(history, ask.request.grid, ask.window);
        let whole = entry.history(ask.window);
        self.keep(key.clone(), entry);
        Ok(whole)
    }

    /// Gives what is known in the place of a failure, unless there were too many.
    fn bridge(&mut self, ask: &Ask, key: &Wanted, subject: usize, why: String) -> Taken {
        let patience = self.limits.patience;
        let known = self.entries.get_mut(key).and_then(|entry| {
            entry.failures = entry.failures.saturating_add(1);
            (entry.failures <= patience).then_some(entry)
        });
        let Some(entry) = known else {
            let history = Err(why);
            return fresh(Delivery { subject, history });
        };
        self.counters.stale += 1;
        let age = ask.window.end().duration_since(entry.known_until);
        let age = age.max(SignedDuration::ZERO);
        let history = Ok(entry.history(ask.window));
        Taken {
            delivery: Delivery { subject, history },
            stale: Some(Stale { age, why }),
        }
    }

    /// Keeps `entry` if there is memory for it, or for others that were asked for longer ago.
    fn keep(&mut self, key: Wanted, entry: Entry) {
        let bytes = entry.bytes();
        while self.bytes.saturating_add(bytes) > self.limits.bytes {
            let idle = self.entries.iter().filter(|it| it.1.used < self.request);
            let Some((oldest, _)) = idle.min_by_key(|it| it.1.used) else {
                self.counters.refused += 1;
                return;
            };
            let oldest = oldest.clone();
            self.remove(&oldest);
            self.counters.evicted += 1;
        }
        self.bytes += bytes;
        self.entries.insert(key, entry);
    }

    fn remove(&mut self, key: &Wanted) -> Option<Entry> {
        let entry = self.entries.remove(key)?;
        self.bytes = self.bytes.saturating_sub(entry.bytes());
        Some(entry)
    }

    /// Steps of the overlap: those that are asked for anew, and that are kept beside the window.
    fn spare(&self, window: Grid) -> usize {
        window.steps_in(self.limits.overlap).max(1)
    }
}

fn fresh(delivery: Delivery) -> Taken {
    Taken {
        delivery,
        stale: None,
    }
}

fn key(wanted: &Wanted) -> Wanted {
    Wanted {
        subject: 0,
        ..wanted.clone()
    }
}
