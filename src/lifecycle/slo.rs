//! Service level objectives that a change on probation has to keep: a PromQL query and a limit, as
//! `--slo 'p99=histogram_quantile(0.99, …) < 0.3'` has them.

mod parse;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

pub use parse::Malformed;

/// A query whose answer has to keep a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// Letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// PromQL, which may have placeholders, see [`Slo::filled`].
    pub query: String,
    pub comparison: Comparison,
    /// Finite.
    pub limit: f64,
}

/// How the answer is to stand to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// Whom the placeholders of a query stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose<'a> {
    pub namespace: &'a str,
    /// Of the autoscaler.
    pub name: &'a str,
    /// Of what it scales.
    pub target: &'a str,
}

/// What an answer says of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Met,
    NotMet,
    /// Nothing was answered, or no number: no traffic, or a wrong query.
    NoData,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub slo: Slo,
    /// `None` where nothing was answered.
    ///
    /// # Errors
    /// Why it could not be asked for.
    pub value: Result<Option<f64>, String>,
    /// The answer for the time just before the change; `None` where it is not known.
    pub before: Option<f64>,
}

/// The names of all placeholders.
const PLACEHOLDERS: [&str; 5] = ["namespace", "name", "target", "ns", "deploy"];

impl Slo {
    /// The query with `{namespace}` (or `{ns}`), `{name}` and `{target}` (or `{deploy}`) filled in,
    /// also within quotes.
    pub fn filled(&self, whose: &Whose<'_>) -> String {
        let mut rest = self.query.as_str();
        let mut filled = String::with_capacity(rest.len());
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let name = rest[1..].split_once('}').map(|it| it.0);
            if let Some((name, value)) = name.and_then(|it| Some((it, whose.get(it)?))) {
                filled.push_str(value);
                rest = &rest[name.len() + 2..];
            } else {
                filled.push('{');
                rest = &rest[1..];
            }
        }
        filled + rest
    }

    /// What `value`, the answer to the query, says.
    pub fn evaluate(&self, value: Option<f64>) -> Outcome {
        let Some(value) = value.filter(|it| !it.is_nan()) else {
            return Outcome::NoData;
        };
        match self.comparison.holds(value, self.limit) {
            true => Outcome::Met,
            false => Outcome::NotMet,
        }
    }

    /// Whether `value` is further from keeping the limit than `other`.
    pub fn is_worse(&self, value: f64, other: f64) -> bool {
        match self.comparison {
            Comparison::Below | Comparison::AtMost => value > other,
            Comparison::Above | Comparison::AtLeast => value < other,
        }
    }
}

impl Comparison {
    pub const ALL: [Self; 4] = [Self::Below, Self::AtMost, Self::Above, Self::AtLeast];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<'a> Whose<'a> {
    fn get(&self, placeholder: &str) -> Option<&'a str> {
        match placeholder {
            "namespace" | "ns" => Some(self.namespace),
            "name" => Some(self.name),
            "target" | "deploy" => Some(self.target),
            _ => None,
        }
    }
}

impl fmt::Display for Slo {
    /// As it is parsed: `p99=histogram_quantile(0.99, …) < 0.3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            query,
            comparison,
            limit,
        } = self;
        write!(f, "{name}={query} {comparison} {limit}")
    }
}

impl FromStr for Slo {
    type Err = Malformed;

    /// Reads `NAME=QUERY COMPARISON LIMIT`. The comparison is the last one that is outside of
    /// quotes, parentheses, brackets and braces.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        parse::slo(text)
    }
}

#[cfg(test)]
mod tests;
