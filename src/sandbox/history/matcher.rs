//! Conditions on labels.

use regex_lite::Regex;

/// A condition on one label; a label that is not there has the empty value.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    pub(crate) name: String,
    test: Test,
    value: String,
    /// For tests by pattern.
    pattern: Option<Regex>,
}

/// How a label is compared. Patterns have to match the whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Equal,
    NotEqual,
    Matches,
    NotMatches,
}

/// More would be a pattern that nobody means.
const LARGEST_PATTERN: usize = 8 << 20;

impl Matcher {
    /// # Errors
    /// When the value of a test by pattern is no pattern.
    pub(crate) fn new(
        name: impl Into<String>,
        test: Test,
        value: impl Into<String>,
    ) -> Result<Self, String> {
        let value = value.into();
        let pattern = match test {
            Test::Equal | Test::NotEqual => None,
            Test::Matches | Test::NotMatches => Some(anchored(&value)?),
        };
        Ok(Self {
            name: name.into(),
            test,
            value,
            pattern,
        })
    }

    /// Whether a label of this value is selected.
    pub(crate) fn selects(&self, value: &str) -> bool {
        let fits = || self.pattern.as_ref().is_some_and(|it| it.is_match(value));
        match self.test {
            Test::Equal => value == self.value,
            Test::NotEqual => value != self.value,
            Test::Matches => fits(),
            Test::NotMatches => !fits(),
        }
    }
}

fn anchored(pattern: &str) -> Result<Regex, String> {
    let mut builder = regex_lite::RegexBuilder::new(&format!("^(?s:{pattern})$"));
    let built = builder.size_limit(LARGEST_PATTERN).build();
    built.map_err(|error| format!("cannot read pattern {pattern:?}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_values_and_missing_labels_are_empty() {
        let cases = [
            (Test::Equal, "a", "a", true),
            (Test::Equal, "", "", true),
            (Test::NotEqual, "a", "", true),
            (Test::Matches, "a|b", "b", true),
            (Test::Matches, "a|b", "ab", false),
            (Test::Matches, "(?:web|api).*", "web-1", true),
            (Test::Matches, r"a\.b", "a.b", true),
            (Test::Matches, r"a\.b", "axb", false),
            (Test::NotMatches, "Job|DaemonSet", "Job", false),
            (Test::NotMatches, "Job|DaemonSet", "", true),
        ];
        for (test, wanted, value, expected) in cases {
            let matcher = Matcher::new("x", test, wanted).unwrap();
            assert_eq!(
                matcher.selects(value),
                expected,
                "{test:?} {wanted} {value}"
            );
        }
        assert!(Matcher::new("x", Test::Matches, "(").is_err());
    }
}
