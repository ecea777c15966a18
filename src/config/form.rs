//! The forms that the report of an analysis can be had in.

use super::Format;
use super::values::{FORMATS, Words};
use crate::output::select::{self, Selection};

/// How the report of an analysis is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// One of those that every report has.
    Format(Format),
    /// What people read elsewhere than in a terminal.
    Document(Document),
    /// What other programs read.
    Exchange(Exchange),
    /// What a template makes of the JSON.
    Selected(Selection),
}

/// A form that a command has, or what a template makes of its JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice<F> {
    Form(F),
    Selected(Selection),
}

impl<F: Copy> Choice<F> {
    /// The form of that word, which is one of `words`, or a template.
    pub(crate) fn parse(text: &str, words: &Words<F>) -> Result<Self, String> {
        match Selection::parse(text) {
            Some(selection) => selection.map(Self::Selected),
            None => words.parse(text).map(Self::Form).map_err(|_| {
                let all: Vec<&str> = words.names().chain(select::WORDS).collect();
                format!("expected one of {}", all.join(", "))
            }),
        }
    }

    /// The columns of its table, which `of` tells of a form; `None` where it has none.
    pub fn columns<C>(&self, of: impl Fn(F) -> Option<C>) -> Option<C> {
        match self {
            Self::Form(form) => of(*form),
            Self::Selected(_) => None,
        }
    }

    /// Whether there are headers that can be left out, beside those of a table.
    pub fn has_headers(&self) -> bool {
        matches!(self, Self::Selected(Selection::CustomColumns(_)))
    }
}

impl<F: Default> Default for Choice<F> {
    fn default() -> Self {
        Self::Form(F::default())
    }
}

impl<F> From<F> for Choice<F> {
    fn from(form: F) -> Self {
        Self::Form(form)
    }
}

/// Forms that are kept, sent and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// One file for a browser, with charts.
    Html,
    /// A comment of a pull request.
    Markdown,
}

pub(crate) const DOCUMENTS: Words<Document> =
    Words(&[("html", Document::Html), ("markdown", Document::Markdown)]);

/// Forms that other programs define.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, for the test reports of pipelines.
    Junit,
    /// Workflow commands, which GitHub shows as annotations.
    Github,
    /// RFC 4180, a row for each autoscaler.
    Csv,
    /// A line of JSON for each autoscaler, then one for the whole.
    Jsonl,
    /// The text format of Prometheus, for a collector of text files or a push gateway.
    Prometheus,
}

pub(crate) const EXCHANGES: Words<Exchange> = Words(&[
    ("sarif", Exchange::Sarif),
    ("junit", Exchange::Junit),
    ("github", Exchange::Github),
    ("csv", Exchange::Csv),
    ("jsonl", Exchange::Jsonl),
    ("prometheus", Exchange::Prometheus),
]);

impl Form {
    /// The form of that word.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(selection) = Selection::parse(text) {
            return selection.map(Self::Selected);
        }
        let document = DOCUMENTS.parse(text).map(Self::Document);
        document
            .or_else(|_| EXCHANGES.parse(text).map(Self::Exchange))
            .or_else(|_| FORMATS.parse(text).map(Self::Format))
            .map_err(|_| {
                let all: Vec<&str> = words().chain(select::WORDS).collect();
                format!("expected one of {}", all.join(", "))
            })
    }

    /// Whether people read it, who can tell other lines on standard output from it.
    pub fn is_for_people(&self) -> bool {
        matches!(self, Self::Format(format) if format.is_for_people())
    }

    /// Whether the past of each autoscaler is drawn in it.
    pub fn has_charts(&self) -> bool {
        *self == Self::Document(Document::Html)
    }
}

/// Every word that names a form, those of all reports first.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    FORMATS
        .names()
        .chain(DOCUMENTS.names())
        .chain(EXCHANGES.names())
}

impl Default for Form {
    fn default() -> Self {
        Self::Format(Format::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_a_word_of_its_command_or_a_template() {
        let parsed = |text| Choice::parse(text, &FORMATS);
        assert_eq!(parsed("wide"), Ok(Choice::Form(Format::Wide)));
        let columns = parsed("custom-columns=NAME:.name").unwrap();
        assert!(columns.has_headers());
        assert_eq!(columns.columns(|_| Some(())), None);
        assert!(!parsed("jsonpath={.kind}").unwrap().has_headers());
        for (text, expected) in [
            (
                "sarif",
                "expected one of table, wide, json, yaml, name, jsonpath=…",
            ),
            ("x=y", "expected one of table"),
            ("go-template={{.}}", "Go's templates are not read here"),
        ] {
            let refused = parsed(text).unwrap_err();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }

    #[test]
    fn every_word_names_a_form_of_its_own() {
        let forms: Vec<Form> = words().map(|it| Form::parse(it).unwrap()).collect();
        for (index, form) in forms.iter().enumerate() {
            assert!(!forms[..index].contains(form), "{form:?}");
        }
        let refused = Form::parse("xml").unwrap_err();
        assert!(
            refused.starts_with("expected one of table, wide"),
            "{refused}"
        );
    }
}
