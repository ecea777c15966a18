//! Numbers that look random and are the same on every machine: splitmix64 by Sebastiano Vigna.

/// A stream of numbers that depends on its seed alone.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x5DEE_CE66_D1CE_4E5B))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// 0 inclusive to 1 exclusive.
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// `low` inclusive to `high` exclusive.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low) as f64) as i64
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// `length` characters that Kubernetes uses in generated names.
    pub(crate) fn suffix(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length)
            .map(|_| char::from(LETTERS[self.bits() as usize % LETTERS.len()]))
            .collect()
    }

    /// `length` hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(b"0123456789abcdef"[self.bits() as usize % 16]))
            .collect()
    }

    /// In the form of a UUID.
    pub(crate) fn uid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|it| self.hex(it)).join("-")
    }
}

/// The number that belongs to `bits`; every bit of it depends on every bit of them.
pub(crate) fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// `bits` as a number from 0 inclusive to 1 exclusive.
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
