//! The frontier: what else there is between cheap and well served.

use std::io::{self, Write};

use super::lines;
use crate::analysis::assessment::Point;
use crate::analysis::simulation::changes::changes;
use crate::output::explanation::Explanation;
use crate::output::explanation::text::wrapped;
use crate::output::layout::{Cell, Column, Layout, Row, Shrink};
use crate::output::replay::figures::amount;
use crate::output::replay::words::change;
use crate::output::table::{HEADER, column};

/// Points of the frontier that are told.
const MOST_POINTS: usize = 6;

const FRONTIER: &str =
    "over the training days: none is both cheaper and better served than another";

pub(super) fn write(out: &mut dyn Write, it: &Explanation, width: usize) -> io::Result<()> {
    let points = it.portrait.as_ref().map(|it| it.frontier.as_slice());
    let points = points.unwrap_or_default();
    // One point alone says nothing of what else there is.
    if points.len() < 2 {
        return Ok(());
    }
    writeln!(out)?;
    let aside = wrapped("FRONTIER  ", FRONTIER, width);
    writeln!(
        out,
        "{HEADER}FRONTIER{HEADER:#}{}",
        &aside[0]["FRONTIER".len()..]
    )?;
    lines(out, &aside[1..])?;
    let rows: Vec<Row> = few(points).map(|point| line(it, point)).collect();
    Layout::new(&POINT, &rows, width).write(out, HEADER)
}

/// Those that are named, and as many of the others as there is room for.
fn few(points: &[Point]) -> impl Iterator<Item = &Point> {
    let is_named = |it: &Point| it.is_today || it.is_proposed;
    let named = points.iter().filter(|it| is_named(it)).count();
    let room = MOST_POINTS.saturating_sub(named).max(1);
    let each = (points.len() - named).div_ceil(room).max(1);
    let mut place = 0;
    points.iter().filter(move |it| {
        if is_named(it) {
            return true;
        }
        place += 1;
        (place - 1) % each == 0
    })
}

fn line(it: &Explanation, point: &Point) -> Row {
    let mark = match (point.is_today, point.is_proposed) {
        (true, _) => "today",
        (_, true) => "proposed",
        (false, false) => "",
    };
    let changes = changes(&it.scaled, &point.settings.apply(&it.scaled));
    let words: Vec<String> = changes.iter().map(change).collect();
    Row {
        cells: vec![
            Cell::plain(format!("  {mark}")),
            Cell::plain(amount(point.replica_hours)),
            Cell::plain(amount(point.shortfall.minutes)),
            Cell::list(words),
        ],
        ..Row::default()
    }
}

const POINT: [Column; 4] = [
    column("", Shrink::Never),
    column("REPLICA-HOURS", Shrink::Never),
    column("MIN SHORT", Shrink::Never),
    column(
        "CHANGES",
        Shrink::Text {
            comfortable: 30,
            least: 16,
        },
    ),
];
