//! From an analysis to what people and programs read, one file for each form.
//!
//! [`report::AnalysisReport`] is the one value that all forms of an analysis are made from, and
//! [`replay::Replay`] that of a simulation. To add a form: a file here, a word in
//! [`crate::config::Format`], a line in [`write`]; one that other programs define, and that only an
//! analysis has, below [`exchange`].

pub mod charset;
pub mod doctor;
pub mod exchange;
pub mod explanation;
mod layout;
pub mod license;
pub mod lint;
pub mod manifests;
pub mod patch;
pub mod pauses;
pub mod picker;
pub mod progress;
pub mod records;
pub mod replay;
pub mod report;
pub mod settings;
pub mod summary;
mod table;
pub mod triggers;
mod wide;

use std::io::{self, Write};

use serde::Serialize;

use crate::config::form::Form;
use crate::config::{FailOn, Format};
use crate::yaml;
use report::AnalysisReport;

/// How a report for people is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether autoscalers of several namespaces may appear.
    pub with_namespace: bool,
}

/// Writes `report` to `out` in any of the forms of an analysis; `fail_on` is what a form that knows
/// failures counts as one.
///
/// # Errors
/// If `out` cannot be written.
pub fn answer(
    out: &mut dyn Write,
    report: &AnalysisReport,
    (form, fail_on): (&Form, FailOn),
    page: Page,
) -> io::Result<()> {
    match form {
        Form::Format(format) => write(out, report, *format, page),
        Form::Exchange(form) => exchange::write(out, report, *form, fail_on),
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
) -> io::Result<()> {
    match format {
        Format::Table => table::write(out, report, page),
        Format::Wide => wide::write(out, report, page),
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
        write(&mut out, &made_up::report(), format, page).unwrap();
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
