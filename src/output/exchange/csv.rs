//! CSV by RFC 4180: a header, a row for each autoscaler or diagnostic, lines that end with CR LF.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and runs it. Names of
//! objects cannot begin so, but messages and reasons repeat texts of others; such a cell has a `'` before
//! it. Numbers are left alone: `-0.12` is a number to everybody.

use std::io::{self, Write};

use crate::output::View;
use crate::output::lint::{Report, Row};
use crate::output::report::{AnalysisReport, Item};

/// A column and what an autoscaler has in it.
type Column = (&'static str, fn(&Item) -> String);

const COLUMNS: [Column; 24] = [
    ("namespace", |it| it.namespace.clone()),
    ("kind", |it| it.kind.as_str().to_owned()),
    ("name", |it| it.name.clone()),
    ("target_kind", |it| it.target.kind.clone()),
    ("target_name", |it| it.target.name.clone()),
    ("outcome", |it| it.outcome.as_str().to_owned()),
    ("reason", |it| it.reason.clone().unwrap_or_default()),
    ("current_replicas", |it| text(it.current_replicas)),
    ("min_replicas", |it| it.today.min_replicas.to_string()),
    ("max_replicas", |it| it.today.max_replicas.to_string()),
    ("target_cpu_pct", |it| text(it.today.target_cpu_pct)),
    ("scale_down_cooldown_s", |it| {
        it.today.scale_down_cooldown_s.to_string()
    }),
    ("change", Item::changes),
    ("risk", |it| text(it.risk)),
    ("saving_share", |it| text(it.saving.map(|it| it.share))),
    ("today_replica_hours", |it| {
        text(it.saving.map(|it| it.today_replica_hours))
    }),
    ("proposed_replica_hours", |it| {
        text(it.saving.map(|it| it.proposed_replica_hours))
    }),
    ("replica_hours_per_month", |it| {
        text(it.saving.map(|it| it.replica_hours_per_month))
    }),
    ("usd_per_month", |it| {
        text(it.saving.and_then(|it| it.usd_per_month))
    }),
    ("findings", codes),
    ("worst", |it| {
        text(it.findings.iter().map(|it| it.severity).max())
    }),
    ("history_days", |it| it.evidence.days.to_string()),
    ("coverage", |it| it.evidence.coverage.to_string()),
    ("because", |it| it.because.join("; ")),
];

const OF_LINT: [&str; 10] = [
    "file",
    "line",
    "column",
    "namespace",
    "kind",
    "name",
    "code",
    "severity",
    "message",
    "fix",
];

fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |it| it.to_string())
}

fn codes(item: &Item) -> String {
    let codes: Vec<&str> = item.findings.iter().map(|it| it.code.as_str()).collect();
    codes.join(" ")
}

pub(super) fn columns() -> Vec<&'static str> {
    COLUMNS.iter().map(|it| it.0).collect()
}

pub(super) fn lint_columns() -> Vec<&'static str> {
    OF_LINT.to_vec()
}

pub(super) fn of_analysis(
    out: &mut dyn Write,
    report: &AnalysisReport,
    view: &View,
) -> io::Result<()> {
    let rows = report.items.iter();
    let rows = rows.map(|item| COLUMNS.iter().map(|(_, of)| of(item)).collect());
    write(out, &columns(), rows.collect(), view)
}

pub(super) fn of_lint(out: &mut dyn Write, report: &Report, view: &View) -> io::Result<()> {
    let rows = report.rows.iter().map(of_row).collect();
    write(out, &OF_LINT, rows, view)
}

fn of_row(row: &Row) -> Vec<String> {
    let file = row.file.as_ref();
    let object = row.object.as_ref();
    vec![
        text(file.map(|it| &it.0)),
        text(file.map(|it| it.1.line)),
        text(file.map(|it| it.1.column)),
        text(object.map(|it| &it.namespace)),
        text(object.map(|it| &it.kind)),
        text(object.map(|it| &it.name)),
        row.code.word().to_owned(),
        row.severity.word().to_owned(),
        row.message.clone(),
        row.fix.clone(),
    ]
}

fn write(
    out: &mut dyn Write,
    header: &[&str],
    mut rows: Vec<Vec<String>>,
    view: &View,
) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    let places = view.places(header);
    // Nothing sorts as a cell that is not there.
    view.sort(header, &mut rows, |row, place| {
        row.get(place).filter(|it| !it.is_empty()).cloned()
    });
    if !view.no_headers {
        writer.write_record(places.iter().map(|it| header[*it]))?;
    }
    for row in rows {
        let cells = places.iter().map(|it| guarded(row[*it].clone()));
        writer.write_record(cells)?;
    }
    writer.flush()
}

/// A text that no spreadsheet takes for a formula.
fn guarded(cell: String) -> String {
    let is_risky = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    match is_risky && cell.parse::<f64>().is_err() {
        true => format!("'{cell}"),
        false => cell,
    }
}

/// A reader of what was written.
#[cfg(test)]
pub(super) fn of_text(text: &str) -> csv::Reader<&[u8]> {
    csv::Reader::from_reader(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts_and_numbers_stay_numbers() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("+A1", "'+A1"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("-0.12", "-0.12"),
            ("+5", "+5"),
            ("web-1", "web-1"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell.to_owned()), expected, "{cell:?}");
        }
    }

    #[test]
    fn cells_read_back_whatever_is_in_them() {
        let row = vec!["a,b".to_owned(), "say \"no\"\r\nor yes".to_owned()];
        let mut out = Vec::new();
        let view = View::default();
        write(&mut out, &["one", "two"], vec![row.clone()], &view).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "one,two\r\n\"a,b\",\"say \"\"no\"\"\r\nor yes\"\r\n");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let read: Vec<String> = reader.deserialize().next().unwrap().unwrap();
        assert_eq!(read, row);
    }
}
