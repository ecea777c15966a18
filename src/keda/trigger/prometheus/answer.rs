//! What an answer of Prometheus means for a trigger.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Prometheus;
use crate::keda::trigger::metric::Reading;
use crate::sim::numbers;
use crate::units::thousandths;

/// The longest answer that is read. One series takes some hundred bytes, so a longer answer is
/// a query that was never aggregated.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Why an answer has no value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AnswerError {
    #[error("Prometheus answered with HTTP status {0}")]
    Status(u16),
    #[error("the answer is longer than {} MiB; aggregate the query to one series", MAX_ANSWER_BYTES >> 20)]
    TooLong,
    #[error("the answer is not what Prometheus answers: {0}")]
    NotAnAnswer(String),
    #[error(
        "the query gives no value; set `ignoreNullValues: \"true\"` to count this as 0, or add \
         `or vector(0)`"
    )]
    Empty,
    #[error("the query gives {0} series; aggregate it to one, with sum() or max()")]
    SeveralSeries(usize),
    #[error("the sample has no value")]
    ShortSample,
    #[error("the value is `{0}`, not a number")]
    NotANumber(String),
    #[error("the value is {0}; set `ignoreNullValues: \"true\"` to count this as 0")]
    NotFinite(String),
}

/// The value of an answer with that HTTP status.
///
/// An answer without a value, and a value without a size, counts as 0 or is an error, as
/// `ignoreNullValues` says; a value of `null` is -1, whatever it says.
///
/// # Errors
/// See [`AnswerError`].
pub fn answer(settings: &Prometheus, status: u16, body: &[u8]) -> Result<Reading, AnswerError> {
    let value = value(settings.ignore_null_values, status, body)?;
    Ok(Reading {
        value,
        milli: thousandths::rounded(value),
        is_active: value > settings.activation_threshold,
    })
}

fn value(ignore_null: bool, status: u16, body: &[u8]) -> Result<f64, AnswerError> {
    if !(200..300).contains(&status) {
        return Err(AnswerError::Status(status));
    }
    if body.len() > MAX_ANSWER_BYTES {
        return Err(AnswerError::TooLong);
    }
    // Text that is not UTF-8 is read with replacement characters, as Go does.
    let text = String::from_utf8_lossy(body);
    let answer: Option<Answer> =
        serde_json::from_str(&text).map_err(|err| AnswerError::NotAnAnswer(err.to_string()))?;
    let result = answer.unwrap_or_default().data.unwrap_or_default().result;
    let empty = || {
        if ignore_null {
            Ok(0.0)
        } else {
            Err(AnswerError::Empty)
        }
    };
    let sample = match result.unwrap_or_default() {
        Series { count: 0, .. } => return empty(),
        Series { count: 1, first } => first.value.unwrap_or_default(),
        Series { count, .. } => return Err(AnswerError::SeveralSeries(count)),
    };
    match sample.as_slice() {
        [] => empty(),
        [_] => Err(AnswerError::ShortSample),
        [_, value, ..] => number(ignore_null, value),
    }
}

fn number(ignore_null: bool, value: &Value) -> Result<f64, AnswerError> {
    let text = match value {
        // KEDA keeps what it begins with.
        Value::Null => return Ok(-1.0),
        Value::String(text) => text,
        // Prometheus quotes its numbers; KEDA crashes here.
        other => return Err(AnswerError::NotANumber(shortened(&other.to_string()))),
    };
    match numbers::float(text) {
        None => Err(AnswerError::NotANumber(shortened(text))),
        Some(value) if value.is_finite() => Ok(value),
        Some(_) if ignore_null => Ok(0.0),
        Some(_) => Err(AnswerError::NotFinite(text.clone())),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// What counts of an answer. KEDA takes `null` for anything, and reads names in any case; the
/// latter is left out, as Prometheus has but one.
#[derive(Default, Deserialize)]
struct Answer {
    #[expect(
        dead_code,
        reason = "an answer with a status that is no text is refused"
    )]
    status: Option<String>,
    data: Option<Data>,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    #[expect(dead_code, reason = "an answer with a type that is no text is refused")]
    result_type: Option<String>,
    result: Option<Series>,
}

/// The first of some series and how many there are: the others are not kept.
#[derive(Default)]
struct Series {
    count: usize,
    first: One,
}

#[derive(Default, Deserialize)]
struct One {
    #[expect(dead_code, reason = "a metric that is no object is refused")]
    metric: Option<Labels>,
    value: Option<Vec<Value>>,
}

/// An object whose content does not matter.
struct Labels;

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self::default())
    }
}

impl<'de> Visitor<'de> for Series {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of series")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut series: A) -> Result<Self, A::Error> {
        if let Some(first) = series.next_element::<Option<One>>()? {
            self.first = first.unwrap_or_default();
            self.count = 1;
        }
        while series.next_element::<IgnoredAny>()?.is_some() {
            self.count += 1;
        }
        Ok(self)
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self)
    }
}

impl<'de> Visitor<'de> for Labels {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut labels: A) -> Result<Self, A::Error> {
        while labels.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vector(samples: &str) -> String {
        format!(
            "{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{samples}]}}}}"
        )
    }

    fn of(ignore_null: bool, body: &str) -> Result<f64, AnswerError> {
        value(ignore_null, 200, body.as_bytes())
    }

    #[test]
    fn answers_without_a_value_are_zero_or_an_error() {
        for body in [
            "{}",
            "null",
            "{\"data\":null}",
            "{\"data\":{\"result\":null}}",
            "{\"status\":\"error\",\"error\":\"no\"}",
            &vector(""),
            &vector("null"),
            &vector("{\"value\":[]}"),
            &vector("{\"metric\":{},\"values\":[[1,\"5\"]]}"),
        ] {
            assert_eq!(of(true, body), Ok(0.0), "{body}");
            assert_eq!(of(false, body), Err(AnswerError::Empty), "{body}");
        }
        for number in ["NaN", "+Inf", "-Inf"] {
            let body = vector(&format!("{{\"value\":[1,\"{number}\"]}}"));
            assert_eq!(of(true, &body), Ok(0.0));
            assert_eq!(
                of(false, &body),
                Err(AnswerError::NotFinite(number.to_owned()))
            );
        }
    }

    #[test]
    fn a_null_value_is_minus_one_in_any_case() {
        for ignore_null in [true, false] {
            assert_eq!(of(ignore_null, &vector("{\"value\":[1,null]}")), Ok(-1.0));
        }
    }

    #[test]
    fn other_answers_are_errors_whatever_is_ignored() {
        for body in [
            "",
            "oops",
            "[]",
            "{} {}",
            "{\"data\":5}",
            "{\"status\":5}",
            "{\"data\":{\"resultType\":\"scalar\",\"result\":[1700000000,\"5\"]}}",
            &vector("5"),
            &vector("{\"metric\":[],\"value\":[1,\"5\"]}"),
            &vector("{\"value\":[1]}"),
            &vector("{\"value\":[1,5]}"),
            &vector("{\"value\":[1,\"five\"]}"),
            &vector("{\"value\":[1,\"1e999\"]}"),
        ] {
            assert!(of(true, body).is_err(), "{body}");
        }
        assert_eq!(value(true, 503, b"{}"), Err(AnswerError::Status(503)));
        assert!(value(true, 204, b"").is_err());
    }

    #[test]
    fn a_query_that_was_not_aggregated_says_so() {
        let one = "{\"metric\":{\"pod\":\"a\"},\"value\":[1700000000,\"40\"]}";
        assert_eq!(of(true, &vector(one)), Ok(40.0));
        let many = vec![one; 200_000].join(",");
        assert_eq!(
            of(true, &vector(&many)),
            Err(AnswerError::SeveralSeries(200_000))
        );
        let long = vec![b' '; MAX_ANSWER_BYTES + 1];
        assert_eq!(value(true, 200, &long), Err(AnswerError::TooLong));
    }

    proptest! {
        #[test]
        fn no_answer_panics(status: u16, body: Vec<u8>, text in "[\\[\\]{}:,\"a-z0-9]{0,40}") {
            for body in [body.as_slice(), text.as_bytes(), vector(&text).as_bytes()] {
                let _ = value(status % 2 == 0, 200, body);
                let _ = value(true, status, body);
            }
        }

        #[test]
        fn a_number_is_read_as_it_is_written(number in -1e300..1e300_f64) {
            let body = vector(&format!("{{\"value\":[1,\"{number:e}\"]}}"));
            prop_assert_eq!(of(false, &body), Ok(number));
        }
    }
}
