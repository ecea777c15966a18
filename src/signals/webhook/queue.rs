//! Changes that wait, in order and bounded in number.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::event::Change;

/// A clone is the same queue.
#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    most: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Change>,
    /// Whether one was taken out and nobody knows yet what becomes of it.
    is_under_way: bool,
    is_closed: bool,
}

/// What a queue does with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Waits,
    /// It waits, and the oldest is gone for it.
    ForOldest,
    /// The queue was closed, and the change is gone.
    TooLate,
}

impl Queue {
    /// For up to `most` changes, and one at least.
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::default(),
            changed: Notify::new(),
            most: most.max(1),
        }))
    }

    /// Puts a change at the end, if it is taken at all.
    pub(super) fn push(&self, change: Change) -> Pushed {
        let mut state = self.state();
        if state.is_closed {
            return Pushed::TooLate;
        }
        let is_full = state.waiting.len() >= self.0.most;
        if is_full {
            state.waiting.pop_front();
        }
        state.waiting.push_back(change);
        drop(state);
        self.0.changed.notify_one();
        if is_full {
            Pushed::ForOldest
        } else {
            Pushed::Waits
        }
    }

    /// Takes the oldest change, when there is one; `None` at the end. There is one taker.
    pub(super) async fn next(&self) -> Option<Change> {
        loop {
            {
                let mut state = self.state();
                if let Some(change) = state.waiting.pop_front() {
                    state.is_under_way = true;
                    return Some(change);
                }
                if state.is_closed {
                    return None;
                }
            }
            // A permit is kept if something was pushed since the look.
            self.0.changed.notified().await;
        }
    }

    /// It is known what became of the event that was taken.
    pub(super) fn done(&self) {
        self.state().is_under_way = false;
    }

    /// Takes no more changes.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.0.changed.notify_one();
    }

    /// How many wait, with the one that is under way.
    pub(super) fn len(&self) -> usize {
        let state = self.state();
        state.waiting.len() + usize::from(state.is_under_way)
    }

    /// Forgets all that is left and says how many that were.
    pub(super) fn abandon(&self) -> usize {
        let left = self.len();
        let mut state = self.state();
        state.waiting.clear();
        state.is_under_way = false;
        left
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
