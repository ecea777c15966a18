//! Text and numbers.

use regex_lite::Regex;
use serde_json::{Number, Value, json};

use super::{Schema, count, format, general, invalid, named};
use crate::sandbox::status::{Fault, FieldError};

/// The most that a float counts up to without leaving out any integer.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Whether it is an integer, however it is written.
pub(super) fn is_whole(number: &Number) -> bool {
    let whole = |it: f64| it.fract() == 0.0 && it.abs() <= MOST_WHOLE;
    !number.is_f64() || number.as_f64().is_some_and(whole)
}

/// Whether two values are the same, where 1 and 1.0 are.
pub(super) fn are_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

/// Only the first thing that is wrong with its length or form, as the API server says.
pub(super) fn check_text(text: &str, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    found.extend(wrong_text(text, schema, path));
    let format = schema.text("format");
    if let Some(format) = format.filter(|it| !format::is(text, it)) {
        let says = format!("must be of type {format}: \"{text}\"");
        found.push(invalid(path, json!(text), &says));
    }
}

fn wrong_text(text: &str, schema: Schema<'_>, path: &str) -> Option<FieldError> {
    let length = text.chars().count();
    if let Some(most) = count(schema, "maxLength").filter(|it| length > *it) {
        let says = format!("may not be more than {most} bytes");
        return Some(FieldError::new(named(path), Fault::TooLong, says));
    }
    if let Some(least) = count(schema, "minLength").filter(|it| length < *it) {
        let says = format!("should be at least {least} chars long");
        return Some(invalid(path, json!(text), &says));
    }
    let pattern = schema.text("pattern")?;
    // A pattern that is no pattern has nothing to say.
    let fits = Regex::new(pattern).ok().is_none_or(|it| it.is_match(text));
    let says = format!("should match '{pattern}'");
    (!fits).then(|| invalid(path, json!(text), &says))
}

pub(super) fn check_number(
    number: &Number,
    schema: Schema<'_>,
    path: &str,
    found: &mut Vec<FieldError>,
) {
    found.extend(wrong_size(number, schema, path));
    let Some(it) = number.as_f64() else {
        return;
    };
    let limit = |keyword: &str| schema.keyword(keyword).and_then(Value::as_f64);
    let excludes = |keyword: &str| schema.is_set(keyword);
    let mut wrong = |says: String| found.push(invalid(path, json!(number), &says));
    if let Some(factor) = limit("multipleOf").filter(|factor| !is_multiple(it, *factor)) {
        wrong(format!("should be a multiple of {factor}"));
    }
    match limit("maximum") {
        Some(most) if excludes("exclusiveMaximum") && it >= most => {
            wrong(format!("should be less than {most}"));
        }
        Some(most) if it > most => wrong(format!("should be less than or equal to {most}")),
        _ => {}
    }
    match limit("minimum") {
        Some(least) if excludes("exclusiveMinimum") && it <= least => {
            wrong(format!("should be greater than {least}"));
        }
        Some(least) if it < least => wrong(format!("should be greater than or equal to {least}")),
        _ => {}
    }
}

fn is_multiple(number: f64, factor: f64) -> bool {
    factor == 0.0 || (number / factor).fract() == 0.0
}

/// A number that is no integer, or too large for the format.
fn wrong_size(number: &Number, schema: Schema<'_>, path: &str) -> Option<FieldError> {
    let format = schema.text("format");
    let kind = schema.text("type")?;
    let fits = match (kind, format) {
        ("integer", Some("int32")) => whole(number).is_some_and(|it| i32::try_from(it).is_ok()),
        ("integer", _) => whole(number).is_some(),
        _ => true,
    };
    let of = match format {
        Some(format) => format!("with format {format}"),
        None => "(default format)".to_owned(),
    };
    let detail = format!("Checked value must be of type {kind} {of} in {path}");
    (!fits).then(|| general(detail))
}

/// The integer that the number is.
fn whole(number: &Number) -> Option<i64> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a whole number below 2^53 is an i64"
    )]
    let float = || {
        number
            .as_f64()
            .filter(|_| is_whole(number))
            .map(|it| it as i64)
    };
    match number.as_i64() {
        Some(integer) => Some(integer),
        None if number.is_f64() => float(),
        None => None,
    }
}
