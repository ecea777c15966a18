//! Names that look random and are the same in every run.

/// The letters of generated names: no vowels, so that no words come out.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A splitmix64 generator.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// Five letters, as the API generates for a `generateName`.
    pub(super) fn suffix(&mut self) -> String {
        letters(self.next(), 5)
    }

    /// Hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }
}

fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// A hash of `text` as letters, such as a template's: FNV-1a, then mixed.
pub(super) fn hash(text: &str) -> String {
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    letters(mix(hash), 10)
}

/// A hash of two texts as letters.
pub(super) fn short_hash(first: &str, second: &str) -> String {
    hash(&format!("{first}/{second}"))
}

/// A hash of `text` as 64 hexadecimal digits.
pub(super) fn long_hash(text: &str) -> String {
    let seed = text.bytes().fold(0_u64, |sum, byte| {
        mix(sum.wrapping_add(u64::from(byte)).wrapping_add(1))
    });
    Random::new(seed).hex(64)
}

fn letters(mut number: u64, count: usize) -> String {
    let mut letter = || {
        let (rest, place) = (number / 27, number % 27);
        number = rest;
        char::from(LETTERS[place as usize])
    };
    (0..count).map(|_| letter()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_are_the_same_in_every_run() {
        let mut random = Random::new(7);
        let all: Vec<String> = (0..100).map(|_| random.suffix()).collect();
        let mut distinct = all.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 100);
        assert_eq!(Random::new(7).suffix(), all[0]);
        assert_eq!(all[0].len(), 5);
        assert_ne!(hash("a"), hash("b"));
        assert_eq!(Random::new(1).hex(20).len(), 20);
    }
}
