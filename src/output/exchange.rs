//! An analysis, or what `lint` has found, in the forms that other programs read; one file for each.
//!
//! Whatever has found something tells it as a [`notice::Notice`], from which annotations and SARIF
//! are made alike. `docs/outputs.md` says what is where in each form.

pub mod annotation;
mod csv;
mod junit;
mod notice;
mod prometheus;
mod sarif;

use std::io::{self, Write};

use serde::Serialize;

use super::View;
use super::lint::{self, one};
use super::report::AnalysisReport;
use crate::config::Report as Asked;
use crate::config::form::Exchange;
use crate::lint::Severity;
use notice::Notice;

/// Writes an analysis as it was asked for.
pub(super) fn write(
    out: &mut dyn Write,
    report: &AnalysisReport,
    exchange: Exchange,
    asked: &Asked,
) -> io::Result<()> {
    match exchange {
        Exchange::Sarif => super::json(out, &sarif::of_analysis(report)),
        Exchange::Junit => junit::of_analysis(out, report, asked.fail_on),
        Exchange::Github => annotations(out, &notice::of_analysis(report)),
        Exchange::Csv => csv::of_analysis(out, report, &asked.view),
        Exchange::Jsonl => lines_of_analysis(out, report),
        Exchange::Prometheus => prometheus::of_analysis(out, report),
    }
}

pub(super) fn lint_sarif(out: &mut dyn Write, report: &lint::Report) -> io::Result<()> {
    super::json(out, &sarif::of_lint(report))
}

pub(super) fn lint_junit(
    out: &mut dyn Write,
    report: &lint::Report,
    fail_on: Option<Severity>,
) -> io::Result<()> {
    junit::of_lint(out, report, fail_on)
}

pub(super) fn lint_annotations(out: &mut dyn Write, report: &lint::Report) -> io::Result<()> {
    annotations(out, &notice::of_lint(report))
}

pub(super) fn lint_csv(out: &mut dyn Write, report: &lint::Report, view: &View) -> io::Result<()> {
    csv::of_lint(out, report, view)
}

/// The columns of CSV.
pub(super) fn columns() -> Vec<&'static str> {
    csv::columns()
}

pub(super) fn lint_columns() -> Vec<&'static str> {
    csv::lint_columns()
}

/// A line for each diagnostic as the JSON report has it, then the report without them.
pub(super) fn lint_lines(out: &mut dyn Write, report: &lint::Report) -> io::Result<()> {
    report.rows.iter().try_for_each(|it| line(out, &one(it)))?;
    line(out, &lint::last_line(report))
}

fn annotations(out: &mut dyn Write, notices: &[Notice<'_>]) -> io::Result<()> {
    let mut all = notices.iter();
    all.try_for_each(|it| writeln!(out, "{}", it.annotation()))
}

/// A line for each autoscaler as the JSON report has it, then the report without them.
fn lines_of_analysis(out: &mut dyn Write, report: &AnalysisReport) -> io::Result<()> {
    report.items.iter().try_for_each(|it| line(out, it))?;
    line(out, &report.without_items())
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests;
