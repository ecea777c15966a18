//! Pauses for people: one line each.

use std::io::{self, Write};

use super::Page;
use super::layout::{Cell, Column, Layout, Row, Shrink};
use super::table::{HEADER, NAMESPACE, column};
use crate::lifecycle::pause::{Earlier, Id};

const COLUMNS: [Column; 5] = [
    column("NAME", Shrink::Last { least: 8 }),
    column("HELD", Shrink::Never),
    column("UNTIL", Shrink::Never),
    column("BY", Shrink::Never),
    column(
        "REASON",
        Shrink::Text {
            comfortable: 24,
            least: 12,
        },
    ),
];

/// One row each, ours and those of others.
///
/// # Errors
/// Where `out` takes no more.
pub fn write_table(out: &mut dyn Write, all: &[(Id, Earlier)], page: Page) -> io::Result<()> {
    let mut columns = COLUMNS.to_vec();
    if page.with_namespace {
        columns.insert(0, NAMESPACE);
    }
    let rows: Vec<Row> = all.iter().map(|it| row(it, page)).collect();
    Layout::new(&columns, &rows, page.width).write(out, HEADER)
}

fn row((id, earlier): &(Id, Earlier), page: Page) -> Row {
    let mut cells = vec![];
    if page.with_namespace {
        cells.push(Cell::plain(&id.namespace));
    }
    cells.push(Cell::plain(format!("{}/{}", id.kind.short(), id.name)));
    let rest = match earlier {
        Earlier::Ours(note) => [
            note.way.to_string(),
            note.until
                .map_or_else(|| "resumed".to_owned(), |it| it.to_string()),
            note.by.clone(),
            note.reason.clone(),
        ],
        Earlier::Mark(mark) => [
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            mark.to_string(),
        ],
        Earlier::Others { what, by, .. } => [
            "-".to_owned(),
            "-".to_owned(),
            by.clone().unwrap_or_else(|| "others".to_owned()),
            what.clone(),
        ],
    };
    cells.extend(rest.map(Cell::plain));
    Row {
        cells,
        note: None,
        details: vec![],
    }
}
