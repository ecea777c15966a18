//! Reader of single bits, the highest of each byte first.

/// Bits of a slice, seen through a word that is refilled before it runs out.
///
/// Past the end it reads zeros and says so in [`is_overrun`](Self::is_overrun), so that a caller
/// can check once for many reads.
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The next bits, the first one highest. Below the `valid` ones lie bits of `rest`, which
    /// refilling sets again to the same.
    word: u64,
    valid: u32,
    /// How many of the bits made available lie past the end.
    padding: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            word: 0,
            valid: 0,
            padding: 0,
        }
    }

    /// Makes at least 56 bits available.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let Some((bytes, _)) = self.rest.split_first_chunk::<8>() else {
            return self.refill_at_end();
        };
        self.word |= u64::from_be_bytes(*bytes) >> self.valid;
        self.rest = &self.rest[((63 - self.valid) >> 3) as usize..];
        self.valid |= 56;
    }

    #[cold]
    fn refill_at_end(&mut self) {
        while self.valid <= 56 {
            match self.rest.split_first() {
                Some((byte, rest)) => {
                    self.word |= u64::from(*byte) << (56 - self.valid);
                    self.rest = rest;
                }
                None => self.padding += 8,
            }
            self.valid += 8;
        }
    }

    /// The available bits, the next one highest.
    #[inline(always)]
    pub(super) fn peek(&self) -> u64 {
        self.word
    }

    /// Drops `count` of the available bits, fewer than 64.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.word <<= count;
        self.valid -= count;
    }

    /// The next `count` bits, 1 to 64, as a number.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u64 {
        if count > self.valid {
            self.refill();
            if count > 56 {
                return self.take_wide(count);
            }
        }
        let number = self.word >> (64 - count);
        self.skip_all(count);
        number
    }

    #[inline(always)]
    fn skip_all(&mut self, count: u32) {
        // A shift by the whole width is not defined for `<<`.
        self.word = self.word.checked_shl(count).unwrap_or(0);
        self.valid -= count;
    }

    fn take_wide(&mut self, count: u32) -> u64 {
        let high = self.word >> 32;
        self.skip(32);
        self.refill();
        let low = self.word >> (96 - count);
        self.skip(count - 32);
        high << (count - 32) | low
    }

    /// Whether more bits were taken than there are.
    #[inline(always)]
    pub(super) fn is_overrun(&self) -> bool {
        self.valid < self.padding
    }
}
