//! A field of an object with its path, to say what is wrong with it.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::Value;

use super::Problem;
use crate::units::Quantity;

/// A field that may be absent.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    pub(super) fn root(object: &'a Value) -> Self {
        Self {
            path: String::new(),
            value: Some(object),
        }
    }

    /// The field below it. Null is absent, as for the API server.
    pub(super) fn get(&self, key: &str) -> Self {
        let value = self.value.and_then(|it| it.get(key));
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            path: format!("{}{dot}{key}", self.path),
            value: value.filter(|it| !it.is_null()),
        }
    }

    pub(super) fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// The field itself, which must be there.
    pub(super) fn required(self) -> Result<Self, Problem> {
        match self.value {
            Some(_) => Ok(self),
            None => Err(Problem::Missing { path: self.path }),
        }
    }

    /// Requires that it has no other fields than `known`, if it is there.
    pub(super) fn knows(&self, known: &[&'static str]) -> Result<(), Problem> {
        let Some(value) = self.value else {
            return Ok(());
        };
        let Some(object) = value.as_object() else {
            return Err(self.wrong("fields below it"));
        };
        match object.keys().find(|it| !known.contains(&it.as_str())) {
            Some(odd) => Err(Problem::Unknown {
                path: self.get(odd).path,
                meant: nearest(odd, known),
            }),
            None => Ok(()),
        }
    }

    /// The entries of a list; none where it is absent.
    pub(super) fn entries(&self) -> Result<Vec<Field<'a>>, Problem> {
        let Some(value) = self.value else {
            return Ok(Vec::new());
        };
        let entries = value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let numbered = entries.iter().enumerate();
        let entry = |(index, value)| Field {
            path: format!("{}[{index}]", self.path),
            value: Some(value),
        };
        Ok(numbered.map(entry).collect())
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Result<Option<&'a str>, Problem> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        let text = value.as_str().filter(|it| !it.is_empty());
        text.map(Some).ok_or_else(|| self.wrong("a text"))
    }

    pub(super) fn one_of(&self, words: &[&str]) -> Result<Option<&'a str>, Problem> {
        match self.text()? {
            Some(text) if !words.contains(&text) => {
                Err(self.wrong(format!("one of {}", words.join(", "))))
            }
            found => Ok(found),
        }
    }

    pub(super) fn whole(&self, range: RangeInclusive<i32>) -> Result<Option<i32>, Problem> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        let number = value.as_i64().and_then(|it| i32::try_from(it).ok());
        match number.filter(|it| range.contains(it)) {
            Some(number) => Ok(Some(number)),
            None => Err(self.wrong(Whole(range).to_string())),
        }
    }

    /// A quantity above zero, or of zero too where `least` is zero.
    pub(super) fn quantity(&self, least: Least) -> Result<Option<Quantity>, Problem> {
        let Some(value) = self.value else {
            return Ok(None);
        };
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let zero = Quantity::default();
        let parsed: Option<Quantity> = text.parse().ok();
        let allowed = parsed.filter(|it| match least {
            Least::Zero => *it >= zero,
            Least::AboveZero => *it > zero,
        });
        allowed
            .map(Some)
            .ok_or_else(|| self.wrong(least.expected()))
    }

    pub(super) fn wrong(&self, expected: impl Into<String>) -> Problem {
        Problem::Wrong {
            path: self.path.clone(),
            expected: expected.into(),
            found: self.value.map(shown).unwrap_or_default(),
        }
    }
}

/// The lowest quantity allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Least {
    Zero,
    AboveZero,
}

impl Least {
    fn expected(self) -> &'static str {
        match self {
            Self::Zero => "a quantity such as 250m, not negative",
            Self::AboveZero => "a quantity such as 250m, above 0",
        }
    }
}

struct Whole(RangeInclusive<i32>);

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = (self.0.start(), self.0.end());
        match *most {
            i32::MAX => write!(f, "a whole number, at least {least}"),
            most => write!(f, "a whole number from {least} to {most}"),
        }
    }
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::String(text) => format!("`{text}`"),
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
    }
}

fn nearest(odd: &str, known: &[&'static str]) -> Option<&'static str> {
    let likeness = |it: &str| strsim::jaro_winkler(odd, it);
    let nearest = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    // Below this the words have little in common.
    (likeness(nearest) > 0.8).then_some(*nearest)
}
