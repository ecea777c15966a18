//! Parts of a JSON answer, picked by what a user writes: `-o jsonpath=`, `-o custom-columns=`,
//! `-o template=`.
//!
//! The first two are kubectl's, on top of JSONPath (RFC 9535); the last takes Jinja's syntax, in place of
//! Go's templates. What is written is read before anything is asked of a cluster, and a mistake in it is
//! told with its place.

mod columns;
mod jsonpath;
mod path;

use std::io::{self, Write};

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use serde_json::Value;

use columns::CustomColumns;
use jsonpath::Template;

/// What to make of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection {
    JsonPath(Template),
    CustomColumns(CustomColumns),
    /// The source of a template that has been read once without a mistake.
    Jinja(String),
}

/// The words before the `=`, as help and errors list them.
pub(crate) const WORDS: [&str; 3] = ["jsonpath=…", "custom-columns=…", "template=…"];

impl Selection {
    /// Reads `jsonpath=TEMPLATE`, `custom-columns=NAME:PATH,…` or `template=TEMPLATE`; `None` for what
    /// is none of them.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (word, rest) = text.split_once('=')?;
        Some(match word {
            "jsonpath" => Template::parse(rest).map(Self::JsonPath),
            "custom-columns" => CustomColumns::parse(rest).map(Self::CustomColumns),
            "template" => jinja(rest),
            "go-template" => Err(
                "Go's templates are not read here: template=… takes Jinja's \
                                  syntax, such as template='{% for it in items %}{{ it.name }} {% \
                                  endfor %}'"
                    .to_owned(),
            ),
            _ => return None,
        })
    }

    /// What it makes of `answer`; columns without their headers unless it `has_headers`.
    ///
    /// # Errors
    /// Why the template fails on this answer.
    pub fn made_of(&self, answer: &impl Serialize, has_headers: bool) -> Result<String, String> {
        let answer = serde_json::to_value(answer).map_err(|it| it.to_string())?;
        match self {
            Self::JsonPath(template) => Ok(template.filled(&answer)),
            Self::CustomColumns(columns) => Ok(columns.filled(&answer, has_headers)),
            Self::Jinja(source) => rendered(source, &answer),
        }
    }

    /// Writes the same to `out`.
    ///
    /// # Errors
    /// If `out` cannot be written, or the template fails on this answer.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        answer: &impl Serialize,
        has_headers: bool,
    ) -> io::Result<()> {
        let text = self.made_of(answer, has_headers);
        out.write_all(text.map_err(io::Error::other)?.as_bytes())
    }
}

fn jinja(source: &str) -> Result<Selection, String> {
    let mut environment = Environment::new();
    environment
        .add_template("template", source)
        .map_err(|it| in_one_line(&it))?;
    Ok(Selection::Jinja(source.to_owned()))
}

fn rendered(source: &str, answer: &Value) -> Result<String, String> {
    let environment = Environment::new();
    let text = environment.render_str(source, Serde(answer));
    text.map_err(|it| in_one_line(&it))
}

/// `unexpected end of block in line 1 of the template`.
fn in_one_line(error: &minijinja::Error) -> String {
    let what = match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    };
    match error.line() {
        Some(line) => format!("{what} in line {line} of the template"),
        None => what,
    }
}

/// The objects that an answer lists; an answer that lists none is one.
fn listed(answer: &Value) -> Vec<&Value> {
    let lists = ["items", "diagnostics", "checks"].into_iter();
    let list = lists
        .filter_map(|it| answer.get(it))
        .find_map(Value::as_array);
    list.map_or_else(|| vec![answer], |all| all.iter().collect())
}

/// As kubectl prints a value: texts without quotes, all else as JSON.
fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests;
