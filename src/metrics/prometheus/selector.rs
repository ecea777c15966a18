//! Which series are meant: one description for PromQL and for remote read.

use std::fmt;

use super::remote_read::{MatchKind, Matcher};

/// A vector selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) matchers: Vec<Matcher>,
}

impl Selector {
    /// The series of one metric.
    pub(super) fn of(metric: &str) -> Self {
        Self { matchers: vec![] }.with("__name__", MatchKind::Equal, metric)
    }

    /// The series of the metrics that `pattern` matches.
    pub(super) fn named(pattern: &str) -> Self {
        Self { matchers: vec![] }.with("__name__", MatchKind::Matches, pattern)
    }

    /// The series of any of these metrics.
    pub(super) fn any_of<'a>(metrics: impl IntoIterator<Item = &'a str>) -> Self {
        Self { matchers: vec![] }.one_of("__name__", metrics)
    }

    /// Narrows by one label; expressions are anchored at both ends.
    pub(super) fn with(mut self, label: &str, kind: MatchKind, value: impl Into<String>) -> Self {
        self.matchers.push(Matcher::new(kind, label, value));
        self
    }

    /// Narrows to the given values of a label: equality for one, else an alternation of literals,
    /// which servers answer from the index without trying a pattern on every value.
    pub(super) fn one_of<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut values = values.into_iter().peekable();
        let first = values.next().unwrap_or_default();
        if values.peek().is_none() {
            return self.with(label, MatchKind::Equal, first);
        }
        let all: Vec<String> = std::iter::once(first).chain(values).map(literal).collect();
        self.with(label, MatchKind::Matches, all.join("|"))
    }
}

/// `text` as a regular expression that matches nothing else.
pub(super) fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// `text` as a PromQL string.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}

impl fmt::Display for Selector {
    /// As PromQL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, matcher) in self.matchers.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let op = match matcher.kind {
                MatchKind::Equal => "=",
                MatchKind::NotEqual => "!=",
                MatchKind::Matches => "=~",
                MatchKind::NotMatches => "!~",
            };
            write!(f, "{comma}{}{op}{}", matcher.name, quoted(&matcher.value))?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_an_equality_and_several_are_an_alternation_of_literals() {
        let one = Selector::of("up").one_of("namespace", ["shop"]);
        assert_eq!(one.to_string(), r#"{__name__="up",namespace="shop"}"#);
        let two = Selector::of("up").one_of("namespace", ["a.b", "c"]);
        assert_eq!(two.to_string(), r#"{__name__="up",namespace=~"a\\.b|c"}"#);
    }

    #[test]
    fn quotes_what_would_end_a_string() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }
}
