//! Time of which nothing is known.

use super::Replay;
use crate::sim::flags::SYNC_PERIOD;
use crate::sim::numbers::after;

impl Replay<'_> {
    /// Lets the time of so many syncs pass without a decision, a read, or a measurement.
    ///
    /// That nobody wrote down what a source gave is no failure of the source: were it taken for one,
    /// a fallback would step in that never did. The pods stay as they are, and what they cost is not
    /// counted, since nobody knows what there was instead.
    pub fn pass_over(&mut self, syncs: u32) {
        let end = after(
            self.now,
            SYNC_PERIOD.saturating_mul(syncs.min(i32::MAX as u32) as i32),
        );
        self.pods.pass_over(end);
        self.settled = None;
        self.now = end;
        let interval = self.polling_interval();
        let missed = end.duration_since(self.next_poll).as_nanos();
        if missed > 0 {
            let polls = missed.div_euclid(interval.as_nanos())
                + i128::from(missed % interval.as_nanos() > 0);
            let polls = i32::try_from(polls).unwrap_or(i32::MAX);
            self.next_poll = after(self.next_poll, interval.saturating_mul(polls));
        }
    }
}
