//! `-o table`: the figures of every replay side by side, within 80 columns.

use std::io::{self, Write};

use super::figures::{Figures, amount, difference};
use super::words::{self, change, header, listed};
use super::{Column, Replay};
use crate::output::report::item::Outcome;
use crate::sim::score::{Limit, Totals};
use crate::units::ReplicaHours;

pub(super) fn write(out: &mut dyn Write, replay: &Replay, width: usize) -> io::Result<()> {
    for line in headline(replay, width) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    figures(replay).write(out, width)
}

/// Who was replayed over what, and in which settings the replays differ.
fn headline(replay: &Replay, width: usize) -> Vec<String> {
    let window = &replay.window;
    let known = if replay.coverage < WHOLE {
        format!(", {:.0}% known", (replay.coverage * 100.0).floor())
    } else {
        String::new()
    };
    let mut lines = vec![format!(
        "{}, {} days at {} s{known}",
        words::subject(replay),
        window.days,
        window.step_seconds
    )];
    let base = words::whose(replay.base());
    for column in [Column::Simulated, Column::Proposed] {
        let label = format!("{:<10}", format!("{}:", words::column(column)));
        let changes: Vec<String> = replay.changes(column).iter().map(change).collect();
        if !changes.is_empty() {
            lines.extend(listed(&label, &changes, width));
        } else if column == Column::Simulated && replay.proposal.is_none() {
            lines.push(format!("no setting differs from {base}"));
        }
    }
    lines.extend(nothing_proposed(replay));
    lines
}

fn nothing_proposed(replay: &Replay) -> Option<String> {
    let proposal = replay.proposal.as_ref()?;
    let reason = proposal.reason.as_deref();
    let why = match proposal.outcome {
        Outcome::Recommended => return None,
        Outcome::NoChange => "no other settings are better",
        Outcome::Withheld | Outcome::NotEnoughHistory | Outcome::Skipped | Outcome::Unreadable => {
            reason.unwrap_or("no reason is known")
        }
    };
    Some(format!("proposed:  nothing, {why}"))
}

/// Less known than this is told, since every figure is of known time alone.
const WHOLE: f64 = 0.99;

/// A figure of a replay.
struct Figure {
    name: &'static str,
    of: fn(&Totals) -> f64,
    is_count: bool,
}

const fn decimal(name: &'static str, of: fn(&Totals) -> f64) -> Figure {
    Figure {
        name,
        of,
        is_count: false,
    }
}

const fn count(name: &'static str, of: fn(&Totals) -> f64) -> Figure {
    Figure {
        name,
        of,
        is_count: true,
    }
}

const FIGURES: [Figure; 10] = [
    decimal("replica-hours", |it| it.replica_hours.hours()),
    decimal("minutes of shortfall", |it| it.shortfall_minutes),
    decimal("core-minutes of shortfall", |it| it.shortfall_core_minutes),
    decimal("minutes short with headroom", |it| {
        it.reserve_shortfall_minutes
    }),
    decimal("minutes over request", |it| it.borrowed_minutes),
    decimal("minutes above own target", |it| it.breach_minutes),
    decimal("minutes pinned at max", |it| it.max_pinned_minutes),
    decimal("core-hours of headroom", |it| it.headroom_core_hours),
    count("scale events", |it| f64::from(it.scale_events)),
    count("flaps", |it| f64::from(it.flaps)),
];

/// The figures of every replay that is shown, and before them what was observed, which is of
/// interest beside a proposal.
pub(super) fn figures(replay: &Replay) -> Figures {
    let columns = replay.shown();
    let mut rows = Vec::new();
    for figure in &FIGURES {
        let cells = cells(replay, &columns, figure.of, figure.is_count);
        rows.push((figure.name.to_owned(), cells));
    }
    rows.push(("minutes decided by".to_owned(), Vec::new()));
    for limit in Limit::ALL {
        let of = |it: &Totals| it.limited_minutes.get(&limit).copied().unwrap_or(0.0);
        if columns.iter().any(|it| of(&replay.totals[it]) > 0.0) {
            let cells = cells(replay, &columns, of, true);
            rows.push((format!("  {}", words::limit(limit)), cells));
        }
    }
    let mut headers: Vec<String> = columns.iter().map(|it| header(*it)).collect();
    if let Some(other) = replay.other() {
        headers.insert(after(&columns, other), "DIFFERENCE".to_owned());
    }
    let mut figures = Figures {
        title: "REPLAY",
        headers,
        rows,
    };
    let observed = replay.observed.and_then(|it| it.replica_hours);
    if let Some(observed) = observed.filter(|_| replay.proposal.is_some()) {
        add_observed(&mut figures, observed);
    }
    figures
}

/// The place beside `column`, where its difference from the first one stands.
fn after(columns: &[Column], column: Column) -> usize {
    let at = columns.iter().position(|it| *it == column);
    at.map_or(columns.len(), |it| it + 1)
}

/// Of what was observed, only the first figure is known.
fn add_observed(figures: &mut Figures, replica_hours: ReplicaHours) {
    figures.headers.insert(0, "OBSERVED".to_owned());
    let known = std::iter::once(amount(replica_hours.hours()));
    let cells = known.chain(std::iter::repeat("-".to_owned()));
    for ((_, row), cell) in figures.rows.iter_mut().zip(cells) {
        // A row without cells is a heading.
        if !row.is_empty() {
            row.insert(0, cell);
        }
    }
}

/// One figure of every column, and how the first two differ.
fn cells(
    replay: &Replay,
    columns: &[Column],
    of: impl Fn(&Totals) -> f64,
    is_count: bool,
) -> Vec<String> {
    let value = |it: &Column| of(&replay.totals[it]);
    let told = |it: f64| match is_count {
        true => format!("{it:.0}"),
        false => amount(it),
    };
    let mut cells: Vec<String> = columns.iter().map(|it| told(value(it))).collect();
    if let Some(other) = replay.other() {
        let more = value(&other) - value(&replay.base());
        let told = match is_count {
            true if more > 0.0 => format!("+{more:.0}"),
            true => format!("{more:.0}"),
            false => difference(more),
        };
        cells.insert(after(columns, other), told);
    }
    cells
}
