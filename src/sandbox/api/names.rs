//! What the server makes up: uids and the ends of generated names.

/// A generator that gives the same for the same seed, and nothing twice.
#[derive(Clone, Debug)]
pub(super) struct Names {
    seed: u64,
    count: u64,
}

/// The letters of generated names: no vowels, so that they make no words, and nothing easily
/// mistaken (`apimachinery/pkg/util/rand`).
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// How much of a name is kept in front of five letters, so that the whole is not over 63.
const LONGEST_BASE: usize = 58;

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, count: 0 }
    }

    /// A random (version 4) UUID.
    pub(super) fn uid(&mut self) -> String {
        let high = (self.next() & !0xf000) | 0x4000;
        let low = (self.next() & !(0b11 << 62)) | (0b10 << 62);
        let text = format!("{high:016x}{low:016x}");
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or("");
        let parts = [
            part(0..8),
            part(8..12),
            part(12..16),
            part(16..20),
            part(20..32),
        ];
        parts.join("-")
    }

    /// `base` and five letters.
    pub(super) fn name(&mut self, base: &str) -> String {
        let mut rest = self.next();
        let mut name: String = base.chars().take(LONGEST_BASE).collect();
        for _ in 0..5 {
            let index = usize::try_from(rest % 27).unwrap_or(0);
            name.extend(LETTERS.get(index).map(|it| char::from(*it)));
            rest /= 27;
        }
        name
    }

    /// The next number of splitmix64, whose steps never meet for 2^64 of them.
    fn next(&mut self) -> u64 {
        self.count = self.count.wrapping_add(1);
        let step = self.count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed.wrapping_add(step);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_and_nothing_twice() {
        let (mut one, mut other) = (Names::new(7), Names::new(7));
        let uids: BTreeSet<String> = (0..1000).map(|_| one.uid()).collect();
        assert_eq!(uids.len(), 1000);
        let again: BTreeSet<String> = (0..1000).map(|_| other.uid()).collect();
        assert_eq!(uids, again);
        assert_ne!(Names::new(8).uid(), Names::new(7).uid());
    }

    #[test]
    fn uids_and_names_have_their_form() {
        let mut names = Names::new(1);
        let uid = names.uid();
        let lengths: Vec<usize> = uid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uid.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&uid.as_bytes()[19]));
        let name = names.name(&format!("{}-", "x".repeat(80)));
        assert_eq!(name.len(), 63);
        let (_, end) = name.split_at(58);
        assert!(end.bytes().all(|it| LETTERS.contains(&it)), "{end}");
    }
}
