//! A part of the past as it is told: what happened in it, what other settings would have made of it, what
//! the cluster itself told, and how far all of that may be trusted.
//!
//! [`decisions`](super::decisions) and [`polls`](super::polls) make the rows.

use std::io::{self, Write};

use anstyle::Style;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::page::{next, section, who};
use super::text::{length, minute, time, wrapped};
use super::{Explanation, Sheet};
use crate::analysis::fidelity::{Fidelity, Fit};
use crate::analysis::hindsight::{Agreement, Span};
use crate::output::layout::{Cell, Column, Layout, Row};
use crate::output::table::HEADER;

/// An Event of the autoscaler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Event {
    #[schemars(schema_with = "crate::output::schema::time")]
    pub at: Timestamp,
    pub reason: String,
    pub message: String,
}

pub(super) const BOLD: Style = Style::new().bold();

/// Rows below their columns.
pub(super) struct Table<'a> {
    pub(super) columns: &'a [Column],
    pub(super) rows: Vec<Row>,
}

impl Table<'_> {
    fn write(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        Layout::new(self.columns, &self.rows, width).write(out, HEADER)
    }
}

/// What is told of a part of the past.
pub(super) struct Past<'a> {
    /// `DECISIONS`.
    pub(super) title: &'static str,
    pub(super) span: Span,
    pub(super) happened: Table<'a>,
    /// What is to be said of these rows.
    pub(super) aside: Option<String>,
    /// What the alternatives are compared by: `replicas`.
    pub(super) things: &'static str,
    pub(super) alternatives: Table<'a>,
    pub(super) events: &'a [Event],
    /// Why there are no events.
    pub(super) no_events: Option<&'a str>,
    /// How sure all this is.
    pub(super) certainty: Vec<String>,
}

impl Past<'_> {
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        it: &Explanation,
        sheet: Sheet,
    ) -> io::Result<()> {
        let (width, Span { from, to, at }) = (sheet.width, self.span);
        for line in who(it, width) {
            writeln!(out, "{line}")?;
        }
        let (title, things) = (self.title, self.things);
        let (from, to, at) = (minute(from), minute(to), minute(at));
        writeln!(
            out,
            "\n{HEADER}{title}{HEADER:#}  {from} to {to}, rebuilt by a replay"
        )?;
        self.happened.write(out, width)?;
        for line in self.aside.iter().flat_map(|it| wrapped("", it, width)) {
            writeln!(out, "{line}")?;
        }
        writeln!(
            out,
            "\n{HEADER}OTHER SETTINGS{HEADER:#}  {things} at {at}, and in all of that time"
        )?;
        self.alternatives.write(out, width)?;
        section(out, "EVENTS", "", &self.told(width))?;
        let certainty = self.certainty.iter();
        let certainty: Vec<String> = certainty.flat_map(|it| wrapped("  ", it, width)).collect();
        section(out, "HOW SURE", "", &certainty)?;
        section(out, "NEXT", "", &next(it, width))
    }

    /// The events, or why there are none.
    fn told(&self, width: usize) -> Vec<String> {
        let mut told = Vec::new();
        for event in self.events {
            let text = format!("{}: {}", event.reason, event.message);
            told.extend(wrapped(&format!("  {} ", time(event.at)), &text, width));
        }
        if let Some(why) = self.no_events {
            told.extend(wrapped("  none: ", why, width));
        }
        told
    }
}

/// The cell that a row of `from` to `to` begins with, and how its other cells stand out: where it is the
/// one that was asked about.
pub(super) fn begin(from: Timestamp, to: Timestamp, span: Span) -> (Cell, Style) {
    let is_asked = from <= span.at && span.at < to;
    let (mark, style) = if is_asked {
        (">", BOLD)
    } else {
        (" ", Style::new())
    };
    let cell = Cell::styled(format!("{mark}{}", clock(from, span)), style);
    (cell, style)
}

/// The day is told only where there are two.
pub(super) fn clock(at: Timestamp, span: Span) -> String {
    let day = |it: Timestamp| it.to_zoned(TimeZone::UTC).date();
    let form = match day(span.from) == day(span.to) {
        true => "%H:%M:%S",
        false => "%m-%d %H:%M:%S",
    };
    at.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

/// What other settings are: their changes, and whether these are proposed.
pub(super) struct Other<'a, T> {
    pub(super) changes: String,
    pub(super) is_proposed: bool,
    pub(super) outcome: &'a T,
}

/// A row for the settings as they are, and one for each of `others`; `cells` are those of an outcome.
pub(super) fn alternatives<'a, T: 'a>(
    today: &T,
    others: impl Iterator<Item = Other<'a, T>>,
    cells: impl Fn(&T) -> Vec<Cell>,
) -> Vec<Row> {
    let row = |name: String, style: Style, it: &T| {
        let mut all = vec![Cell::styled(name, style)];
        all.extend(cells(it));
        Row {
            cells: all,
            ..Row::default()
        }
    };
    let mut rows = vec![row("as they are".to_owned(), BOLD, today)];
    rows.extend(others.map(|it| {
        let name = match it.is_proposed {
            true => format!("proposed: {}", it.changes),
            false => it.changes,
        };
        row(name, Style::new(), it.outcome)
    }));
    if rows.len() == 1 {
        rows.push(Row {
            cells: vec![Cell::plain("any other setting that was tried: the same")],
            ..Row::default()
        });
    }
    rows
}

/// What every replay of a history has to say of itself.
pub(super) fn by_samples(step_seconds: u32) -> String {
    let step = length(SignedDuration::from_secs(step_seconds.into()));
    format!("the history has a sample every {step}: what happened within one is reckoned, not seen")
}

/// How well a replay of the whole history repeats it, by the number of `things`.
pub(super) fn fit(fidelity: Fidelity, things: &str) -> String {
    let word = match fidelity.fit() {
        Fit::Good => "repeats what was observed well",
        Fit::Fair => "repeats what was observed only roughly",
        Fit::Poor => "does not repeat what was observed: something else decided",
    };
    let percent = (fidelity.within_one * 100.0).floor();
    format!("over the whole history the replay {word} ({percent:.0}% within one {things})")
}

/// The same of a part of it.
pub(super) fn agreement(it: Agreement, things: &str) -> String {
    let percent = (it.within_one * 100.0).floor();
    format!(
        "in that time the replay is within one {things} of what was observed in {percent:.0}% of {} \
         samples, {:.1} off on the mean",
        it.samples, it.mean_absolute_error
    )
}
