//! From an analysis to what people and programs read, one file for each form.
//!
//! [`report::AnalysisReport`] is the one value that all forms of an analysis are made from, and
//! [`replay::Replay`] that of a simulation. To add a form: a file here, a word in
//! [`crate::config::Format`], a line in [`write`]; a document that only an analysis has, in
//! [`crate::config::form`] and [`answer`]; one that other programs define, below [`exchange`].

mod briefing;
pub mod charset;
mod commands;
pub mod doctor;
pub mod exchange;
pub mod explanation;
pub mod html;
mod layout;
pub mod license;
pub mod lines;
pub mod lint;
pub mod manifests;
mod markdown;
pub mod patch;
pub mod pauses;
pub mod picker;
pub mod progress;
pub mod records;
pub mod replay;
pub mod report;
pub mod schema;
pub mod select;
pub mod settings;
mod sheet;
mod spark;
pub mod summary;
mod table;
pub mod triggers;
mod urgency;
mod wide;
mod words;

use std::io::{self, Write};

use serde::Serialize;

use crate::config::form::{Document, Exchange, Form};
use crate::config::{self, Format};
use crate::yaml;
pub use layout::{SortBy, View};
use report::AnalysisReport;

/// How a report for people is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns of the terminal; [`lines::ENDLESS`] where nothing is to be broken.
    pub width: usize,
    /// Whether autoscalers of several namespaces may appear.
    pub with_namespace: bool,
}

impl Page {
    /// The same with a column for the namespace where it is asked for.
    fn seen_by(self, view: &View) -> Self {
        let with_namespace = self.with_namespace || view.names("namespace");
        Self {
            with_namespace,
            ..self
        }
    }
}

/// Writes `report` to `out` as it was asked for.
///
/// # Errors
/// If `out` cannot be written.
pub fn answer(
    out: &mut dyn Write,
    report: &AnalysisReport,
    asked: &config::Report,
    page: Page,
) -> io::Result<()> {
    let view = &asked.view;
    match &asked.form {
        Form::Format(format) => write(out, report, *format, page, view),
        Form::Document(Document::Html) => html::write(out, report),
        Form::Document(Document::Markdown) => markdown::write(out, report),
        Form::Exchange(form) => exchange::write(out, report, *form, asked),
        Form::Selected(selection) => selection.write(out, report, !view.no_headers),
    }
}

/// The columns that a form of an analysis has; `None` where it has none.
pub fn columns(form: &Form) -> Option<Vec<&'static str>> {
    match form {
        Form::Format(Format::Table) => Some(table::columns()),
        Form::Format(Format::Wide) => Some(wide::columns()),
        Form::Format(Format::Json | Format::Yaml | Format::Name)
        | Form::Document(Document::Html | Document::Markdown)
        | Form::Selected(_) => None,
        Form::Exchange(Exchange::Csv) => Some(exchange::columns()),
        Form::Exchange(
            Exchange::Sarif
            | Exchange::Junit
            | Exchange::Github
            | Exchange::Jsonl
            | Exchange::Prometheus,
        ) => None,
    }
}

/// Writes `report` to `out`, with ANSI styles in the forms for people.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    out: &mut dyn Write,
    report: &AnalysisReport,
    format: Format,
    page: Page,
    view: &View,
) -> io::Result<()> {
    match format {
        Format::Table => table::write(out, report, page, view),
        Format::Wide => wide::write(out, report, page, view),
        Format::Json => json(out, report),
        Format::Yaml => yaml(out, report),
        Format::Name => names(out, report),
    }
}

fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}

fn yaml(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let text = yaml::write(value).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// Every autoscaler of the report as kubectl names it, as its own `-o name` does.
fn names(out: &mut dyn Write, report: &AnalysisReport) -> io::Result<()> {
    for item in &report.items {
        let kind = item.kind.qualified();
        writeln!(out, "{kind}/{}", item.name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::report::made_up;
    use super::*;

    fn written(format: Format) -> String {
        let page = Page {
            width: 80,
            with_namespace: true,
        };
        let mut out = Vec::new();
        let view = View::default();
        write(&mut out, &made_up::report(), format, page, &view).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_and_yaml_hold_the_same_value() {
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json)).unwrap();
        let yaml = yaml::read(&written(Format::Yaml)).unwrap();
        assert_eq!(serde_json::to_value(yaml).unwrap(), json);
    }

    #[test]
    fn json_looks_as_documented() {
        insta::assert_snapshot!(written(Format::Json));
    }

    #[test]
    fn names_are_those_of_kubectl() {
        let written = written(Format::Name);
        let first = written.lines().next();
        assert_eq!(first, Some("horizontalpodautoscaler.autoscaling/orders"));
        assert_eq!(written.lines().count(), made_up::report().items.len());
    }
}
