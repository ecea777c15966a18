//! Parameters of a request, in its URL or in its body.

use jiff::Timestamp;

use super::{Problem, Question};
use crate::sandbox::query::Query;

/// Names and values as they came.
pub(super) struct Form(Query);

impl Form {
    /// Of the body, then of the URL.
    pub(super) fn of(question: &Question<'_>) -> Self {
        let body = String::from_utf8_lossy(question.body);
        Self(Query::parse(&body).and(Query::parse(question.query)))
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.all(name)
    }

    /// # Errors
    /// When there is none.
    pub(super) fn get(&self, name: &str) -> Result<&str, Problem> {
        let missing = || Problem::bad(format!("parameter \"{name}\" is missing"));
        self.0.get(name).ok_or_else(missing)
    }

    /// A time in Unix milliseconds; `other` if there is none.
    ///
    /// # Errors
    /// When it is no time.
    pub(super) fn time(&self, name: &str, other: i64) -> Result<i64, Problem> {
        let Ok(text) = self.get(name) else {
            return Ok(other);
        };
        let time = seconds(text).or_else(|| Some(text.parse::<Timestamp>().ok()?.as_millisecond()));
        let bad = || {
            Problem::bad(format!(
                "invalid parameter \"{name}\": cannot parse \"{text}\""
            ))
        };
        time.ok_or_else(bad)
    }

    /// A length in milliseconds, given in seconds or as `5m`.
    ///
    /// # Errors
    /// When it is missing, no length, or not positive.
    pub(super) fn length(&self, name: &str) -> Result<i64, Problem> {
        let text = self.get(name)?;
        let length = seconds(text).or_else(|| super::selector::duration(text));
        let bad = || {
            Problem::bad(format!(
                "invalid parameter \"{name}\": cannot parse \"{text}\""
            ))
        };
        length.filter(|it| *it > 0).ok_or_else(bad)
    }
}

/// Milliseconds of a number of seconds; none for what is beyond a century of centuries.
fn seconds(text: &str) -> Option<i64> {
    let milliseconds = (text.parse::<f64>().ok()? * 1000.0).round();
    (milliseconds.abs() < 3e14).then_some(milliseconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(query: &str, body: &str) -> Form {
        Form::of(&Question {
            method: "POST",
            path: "",
            query,
            body: body.as_bytes(),
            now: Timestamp::UNIX_EPOCH,
        })
    }

    #[test]
    fn parameters_are_decoded_and_those_of_the_body_come_first() {
        let form = form(
            "match[]=c&x=1",
            "match%5B%5D=a+b&match[]=%7Bz%3D%22%C3%BC%22%7D&x=2&%&y=%zz",
        );
        assert_eq!(
            form.all("match[]").collect::<Vec<_>>(),
            ["a b", "{z=\"ü\"}", "c"]
        );
        assert_eq!(form.get("x"), Ok("2"));
        assert_eq!(form.get("y"), Ok("%zz"));
        assert!(form.get("z").is_err());
    }

    #[test]
    fn times_are_seconds_or_rfc_3339() {
        let form = form(
            "a=1700000000.25&b=1970-01-01T00:00:01Z&c=soon&d=1e300&e=300&f=5m&g=0",
            "",
        );
        assert_eq!(form.time("a", 7), Ok(1_700_000_000_250));
        assert_eq!(form.time("b", 7), Ok(1_000));
        assert_eq!(form.time("none", 7), Ok(7));
        assert!(form.time("c", 7).is_err());
        assert!(form.time("d", 7).is_err());
        assert_eq!(form.length("e"), Ok(300_000));
        assert_eq!(form.length("f"), Ok(300_000));
        assert!(form.length("g").is_err());
    }
}
