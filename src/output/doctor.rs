//! What `doctor` saw: a versioned contract (`-o json`, `-o yaml`) and a line for each check.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::layout::{Cell, Column, Layout, Row, Shrink};
use super::summary::counted;
use super::table::{HEADER, column};
use super::{Page, json, yaml};
use crate::config::doctor::Form;
use crate::doctor::{Check, Purpose, State};

/// What `doctor` answers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "DoctorReport"))]
    pub kind: &'static str,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub checked_at: Timestamp,
    /// What has to work: `analyze`, `apply`, `watch`.
    #[serde(rename = "for")]
    pub purposes: Vec<&'static str>,
    /// The worst of all: `ok`, `warning`, `failed`.
    pub state: &'static str,
    /// In the order in which things depend on each other.
    pub checks: Vec<Line>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub check: &'static str,
    /// Which of several.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// `ok`, `warning`, `failed`, `skipped`.
    pub state: &'static str,
    pub seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    #[serde(skip)]
    style: Style,
}

const COLUMNS: [Column; 3] = [
    column("CHECK", Shrink::Never),
    column("STATE", Shrink::Never),
    column("SEEN", Shrink::Last { least: 20 }),
];

/// The check of which there are many.
const PERMISSION: &str = "permission";

impl DoctorReport {
    pub fn new(checks: Vec<Check>, purposes: &[Purpose], now: Timestamp) -> Self {
        let has = |state: State| checks.iter().any(|it| it.state == state);
        let worst = match (has(State::Failed), has(State::Warning)) {
            (true, _) => State::Failed,
            (false, true) => State::Warning,
            (false, false) => State::Ok,
        };
        Self {
            api_version: "stepscale.io/v1alpha1",
            kind: "DoctorReport",
            checked_at: now,
            purposes: purposes.iter().map(|it| it.as_str()).collect(),
            state: worst.as_str(),
            checks: checks.into_iter().map(Line::of).collect(),
        }
    }

    /// `2 failed, 1 warning, 20 ok, 3 skipped`.
    pub fn closing(&self) -> String {
        let count = |state: State| {
            let word = state.as_str();
            self.checks.iter().filter(|it| it.state == word).count()
        };
        let failed = count(State::Failed);
        let warnings = counted(count(State::Warning), "warning");
        let (fine, skipped) = (count(State::Ok), count(State::Skipped));
        let purposes = self.purposes.join(" and ");
        format!("to {purposes}: {failed} failed, {warnings}, {fine} ok, {skipped} skipped")
    }
}

impl Line {
    fn of(check: Check) -> Self {
        Self {
            check: check.name,
            subject: check.subject,
            state: check.state.as_str(),
            seen: check.seen,
            advice: check.advice,
            style: match check.state {
                State::Ok => AnsiColor::Green.on_default(),
                State::Warning => AnsiColor::Yellow.on_default(),
                State::Failed => AnsiColor::Red.on_default(),
                State::Skipped => Style::new().dimmed(),
            },
        }
    }

    fn is_granted(&self) -> bool {
        self.check == PERMISSION && self.state == State::Ok.as_str()
    }

    fn row(&self) -> Row {
        let seen = match self.subject.as_str() {
            "" => self.seen.clone(),
            subject => format!("{subject}: {}", self.seen),
        };
        let advice = self.advice.as_ref().map(|it| format!("→ {it}"));
        let seen = [Some(seen), advice];
        let seen: Vec<String> = seen.into_iter().flatten().collect();
        Row {
            cells: vec![
                Cell::plain(self.check),
                Cell::styled(self.state, self.style),
                Cell::plain(seen.join(" ")),
            ],
            ..Row::default()
        }
    }
}

/// Writes `report` to `out`.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(out: &mut dyn Write, report: &DoctorReport, form: Form, page: Page) -> io::Result<()> {
    match form {
        Form::Json => json(out, report),
        Form::Yaml => yaml(out, report),
        Form::Wide => table(out, report.checks.iter().map(Line::row).collect(), page),
        Form::Table => table(out, folded(&report.checks), page),
    }
}

fn table(out: &mut dyn Write, rows: Vec<Row>, page: Page) -> io::Result<()> {
    Layout::new(&COLUMNS, &rows, page.width).write(out, HEADER)
}

/// With one row for all the rights that are there, in the place of the first.
fn folded(lines: &[Line]) -> Vec<Row> {
    let granted = lines.iter().filter(|it| it.is_granted()).count();
    let mut rows = vec![];
    let mut is_told = false;
    for line in lines {
        if !line.is_granted() {
            rows.push(line.row());
        } else if !is_told {
            is_told = true;
            let sum = Line {
                subject: String::new(),
                seen: format!(
                    "{} that may be needed; -o wide has each",
                    counted(granted, "right")
                ),
                ..line.clone()
            };
            rows.push(sum.row());
        }
    }
    rows
}
