//! What can be wrong with a line of a snapshot, in words for those who wrote it.

use super::API_VERSION;
use crate::metrics::lines::LONGEST_LINE;

/// The most values that one series may hold: 17 days at 15 s, nearly a year at 300 s.
pub(super) const MOST_VALUES: usize = 100_000;

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("not valid JSON: {what} at column {column}")]
    Syntax { what: String, column: usize },
    #[error("the line ends in the middle of its JSON")]
    CutOff,
    #[error("not a JSON object")]
    NotAnObject,
    #[error("it is longer than {} MiB", LONGEST_LINE >> 20)]
    TooLong,
    #[error("`{field}` is missing")]
    Missing { field: &'static str },
    #[error("`{field}` must be {expected}, not {found}")]
    Wrong {
        field: &'static str,
        expected: &'static str,
        found: String,
    },
    /// `index` counts from 0.
    #[error("`values[{index}]` must be {expected}")]
    Value {
        index: usize,
        expected: &'static str,
    },
    #[error("`values` holds more than {MOST_VALUES} values")]
    TooManyValues,
    #[error("the first line must be the header, of kind Snapshot")]
    NoHeader,
    #[error("a second header: one file holds one snapshot")]
    SecondHeader,
    #[error("apiVersion is {found}, and this program reads {API_VERSION} only")]
    Version { found: String },
    #[error("{series} was given before with other times: {why}")]
    Times { series: String, why: &'static str },
    #[error("the object cannot be used: {}", with_causes(&**.0))]
    Object(Box<dyn std::error::Error + Send + Sync>),
}

/// An error and what caused it, in one line.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |it| it.source());
    let words: Vec<String> = all.map(ToString::to_string).collect();
    words.join(": ")
}
