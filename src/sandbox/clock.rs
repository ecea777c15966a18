//! The sandbox's time, which is the twin's to move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// A clock that stands until it is set. Copies show the same time.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_microsecond())))
    }

    /// To the microsecond.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.0.load(Ordering::Acquire);
        Timestamp::from_microsecond(now).expect("only timestamps are stored")
    }

    /// Moves the time, in either direction.
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.as_microsecond(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_show_the_same_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let clock = Clock::at(at(10));
        let copy = clock.clone();
        clock.set(at(20));
        assert_eq!(copy.now(), at(20));
    }
}
