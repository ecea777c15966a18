//! Numbers that look random, the same for the same seed.

use std::ops::Range;
use std::time::Duration;

/// SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// From the one to the other, to the millisecond.
    pub(super) fn time(&mut self, range: Range<Duration>) -> Duration {
        let millis = |it: Duration| u64::try_from(it.as_millis()).unwrap();
        Duration::from_millis(self.within(millis(range.start)..millis(range.end)))
    }

    pub(super) fn is_one_of(&mut self, many: u64) -> bool {
        self.next().is_multiple_of(many)
    }
}
