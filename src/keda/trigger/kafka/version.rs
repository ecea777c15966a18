//! Versions of Kafka, by which the client chooses what it says.

use std::fmt;

/// A version: four numbers before 1.0, three after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u64; 4]);

impl Default for Version {
    fn default() -> Self {
        Self([1, 0, 0, 0])
    }
}

impl Version {
    /// Reads `x.y.z`, or `0.a.b.c`; leading zeros elsewhere do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<u64> = text.split('.').map(number).collect::<Option<_>>()?;
        match (parts.as_slice(), text.starts_with('0')) {
            (&[major, minor, patch], false) => Some(Self([major, minor, patch, 0])),
            (&[0, a, b, c], true) if text.starts_with("0.") => Some(Self([0, a, b, c])),
            _ => None,
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|it| it.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [0, a, b, c] => write!(f, "0.{a}.{b}.{c}"),
            [major, minor, patch, _] => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_three_numbers_or_a_zero_and_three() {
        let table = [
            ("1.0.0", Some("1.0.0")),
            ("3.06.0", Some("3.6.0")),
            ("0.10.2.1", Some("0.10.2.1")),
            ("2.0", None),
            ("0.10.2", None),
            ("00.10.2.1", None),
            ("1.0.0.0", None),
            ("1.0.0-rc1", None),
            ("v1.0.0", None),
            ("+1.0.0", None),
            ("1..0", None),
            ("", None),
        ];
        for (text, expected) in table {
            let version = Version::parse(text).map(|it| it.to_string());
            assert_eq!(version.as_deref(), expected, "{text}");
        }
    }
}
