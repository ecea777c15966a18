//! The partitions that a trigger looks at: `partitionLimitation`.

use std::ops::RangeInclusive;

/// Some partitions, as numbers and ranges. May be none: `5-3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitions(Vec<RangeInclusive<i32>>);

impl Partitions {
    /// Reads `1,3,5-8`; a range whose end is before its start is empty.
    ///
    /// # Errors
    /// The part that is neither a number nor a range.
    pub fn parse(text: &str) -> Result<Self, String> {
        let part = |it: &str| range(it.trim()).ok_or_else(|| it.trim().to_owned());
        text.split(',')
            .map(part)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether that partition is looked at.
    pub fn contains(&self, partition: i32) -> bool {
        self.0.iter().any(|it| it.contains(&partition))
    }

    /// All partitions, in the order written; there may be billions.
    pub fn iter(&self) -> impl Iterator<Item = i32> {
        self.0.iter().cloned().flatten()
    }
}

fn range(part: &str) -> Option<RangeInclusive<i32>> {
    match part.split_once('-') {
        Some((from, to)) => Some(from.trim().parse().ok()?..=to.trim().parse().ok()?),
        None => {
            let partition = part.parse().ok()?;
            Some(partition..=partition)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_numbers_or_ranges() {
        let table = [
            ("1", Some(vec![1])),
            ("1-4,8, 10 - 12", Some(vec![1, 2, 3, 4, 8, 10, 11, 12])),
            ("5-3", Some(vec![])),
            ("+2", Some(vec![2])),
            ("", None),
            ("1,,2", None),
            ("1-", None),
            ("-1", None),
            ("1-2-3", None),
            ("a", None),
            ("2147483648", None),
        ];
        for (text, expected) in table {
            let partitions = Partitions::parse(text).ok();
            assert_eq!(partitions.map(|it| it.iter().collect()), expected, "{text}");
        }
    }

    #[test]
    fn a_range_takes_no_room() {
        let all = Partitions::parse("0-2147483647").unwrap();
        assert!(all.contains(i32::MAX) && !all.contains(-1));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[-+0-9, a]{0,24}") {
            if let Ok(partitions) = Partitions::parse(&text) {
                partitions.contains(5);
            }
        }
    }
}
