//! Columns of text as kubectl has them: upper-case headers, gaps instead of lines, nothing after
//! the last word of a line.
//!
//! Nothing is cut where a page is narrow, for two cut names may be the same: cells continue on the
//! next line.
//!
//! comfy-table breaks the cells into lines and puts them side by side. It has no cell that runs
//! over several columns and does not tell which lines are whose, which notes and styles need, so
//! every row is a table of its own with the widths of the one [`Plan`].

mod cell;
mod plan;
mod view;

use std::io::{self, Write};

use anstyle::Style;
use comfy_table::{ColumnConstraint, Table, Width, presets};

use super::lines::continued;
pub(super) use cell::Cell;
use cell::characters;
use plan::Plan;
pub use view::{SortBy, View};

/// A column and how it gives way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) header: &'static str,
    pub(super) shrink: Shrink,
}

/// What a column does where its cells do not fit: all but one break them into lines, of at least
/// `least` characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shrink {
    /// It always fits.
    Never,
    /// It gives way before anything else.
    First { least: usize },
    /// It stays `comfortable` wide if possible.
    Text { comfortable: usize, least: usize },
    /// It gives way when nothing else is left to give.
    Last { least: usize },
}

/// A line of the table. A `note` begins where the cells end and may run to the right edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) note: Option<Cell>,
    /// Lines of their own below the row, indented.
    pub(super) details: Vec<Cell>,
}

/// A note is not broken into lines shorter than this, even if it then leaves the page.
const NARROWEST_NOTE: usize = 20;

/// Spaces before a note of a row that has a cell in every column.
const NOTE_GAP: usize = 3;

/// A table whose columns have their final widths.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    columns: &'a [Column],
    rows: &'a [Row],
    plan: Plan,
    page: usize,
}

/// What stands in one place of a row.
struct Piece {
    text: String,
    width: usize,
    gap: usize,
    style: Style,
}

impl<'a> Layout<'a> {
    /// Fits the columns into `page` characters as well as they can.
    pub(super) fn new(columns: &'a [Column], rows: &'a [Row], page: usize) -> Self {
        let natural = natural_widths(columns, rows);
        Self {
            columns,
            rows,
            plan: Plan::new(columns, &natural, page),
            page,
        }
    }

    /// Whether every column is as wide as is comfortable, and apart from the next.
    pub(super) fn is_comfortable(&self) -> bool {
        self.plan.is_comfortable
    }

    /// Whether it fits on the page with its names and words in one piece.
    pub(super) fn is_whole(&self) -> bool {
        self.plan.is_whole
    }

    pub(super) fn write(&self, out: &mut dyn Write, header: Style) -> io::Result<()> {
        let names = self.columns.iter();
        let header = Row {
            cells: names.map(|it| Cell::styled(it.header, header)).collect(),
            ..Row::default()
        };
        self.write_row(out, &header)?;
        self.write_rows(out)
    }

    /// The same without the line of headers.
    pub(super) fn write_rows(&self, out: &mut dyn Write) -> io::Result<()> {
        self.rows
            .iter()
            .try_for_each(|row| self.write_row(out, row))
    }

    fn write_row(&self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        let pieces = self.pieces(row);
        for line in table(&pieces).lines() {
            write_line(out, &pieces, &line)?;
        }
        for detail in &row.details {
            let style = detail.style;
            for line in continued(&format!("  {}", detail.text()), self.page) {
                writeln!(out, "{style}{line}{style:#}")?;
            }
        }
        Ok(())
    }

    fn pieces(&self, row: &Row) -> Vec<Piece> {
        let cells = row.cells.iter().enumerate();
        let mut pieces: Vec<Piece> = cells.map(|(index, it)| self.piece(index, it)).collect();
        if let Some(note) = &row.note {
            if let Some(last) = pieces.last_mut().filter(|it| it.gap == 0) {
                last.gap = NOTE_GAP;
            }
            let left: usize = pieces.iter().map(|it| it.width + it.gap).sum();
            let width = self.page.saturating_sub(left).max(NARROWEST_NOTE);
            let width = width.min(characters(&note.text()));
            pieces.push(Piece {
                text: note.wrapped(width),
                width,
                gap: 0,
                style: note.style,
            });
        }
        pieces
    }

    fn piece(&self, index: usize, cell: &Cell) -> Piece {
        let width = self.plan.widths[index];
        Piece {
            text: cell.wrapped(width),
            width,
            gap: self.plan.gaps[index],
            style: cell.style,
        }
    }
}

/// A table of one row, without styles: escape sequences would count as text.
fn table(row: &[Piece]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_row(row.iter().map(|it| it.text.as_str()));
    for (column, piece) in table.column_iter_mut().zip(row) {
        let width = Width::Fixed(narrow(piece.width + piece.gap));
        column.set_padding((0, narrow(piece.gap)));
        column.set_constraint(ColumnConstraint::Absolute(width));
    }
    table
}

fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

/// Writes a line of the table of `row` with its styles and without spaces at its end.
///
/// Every character but those of the last piece is one column wide: names are ASCII in Kubernetes.
fn write_line(out: &mut dyn Write, row: &[Piece], line: &str) -> io::Result<()> {
    let mut rest = line.trim_end();
    for (index, piece) in row.iter().enumerate() {
        let width = if index + 1 < row.len() {
            piece.width + piece.gap
        } else {
            usize::MAX
        };
        let end = rest.char_indices().nth(width).map_or(rest.len(), |it| it.0);
        let (here, after) = rest.split_at(end);
        let (text, style) = (here.trim_end(), piece.style);
        if text.is_empty() {
            write!(out, "{here}")?;
        } else {
            write!(out, "{style}{text}{style:#}{}", &here[text.len()..])?;
        }
        rest = after;
    }
    writeln!(out)
}

fn natural_widths(columns: &[Column], rows: &[Row]) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|it| it.header.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(characters(&cell.text()));
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use anstyle::AnsiColor;
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            header: "NAME",
            shrink: Shrink::Last { least: 4 },
        },
        Column {
            header: "MIN",
            shrink: Shrink::Never,
        },
        Column {
            header: "FINDINGS",
            shrink: Shrink::Text {
                comfortable: 16,
                least: 12,
            },
        },
    ];

    fn row(name: &str, min: &str, findings: &[&str]) -> Row {
        let findings = findings.iter().map(|&it| it.to_owned()).collect();
        Row {
            cells: vec![Cell::plain(name), Cell::plain(min), Cell::list(findings)],
            ..Row::default()
        }
    }

    fn printed(rows: &[Row], page: usize) -> String {
        let mut out = Vec::new();
        let layout = Layout::new(&COLUMNS, rows, page);
        layout.write(&mut out, Style::new()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_wide_page_has_three_spaces_between_columns() {
        let rows = [
            row("web", "6→3", &["idle-window", "scale-lag"]),
            row("cart", "2", &[""]),
        ];
        assert_eq!(
            printed(&rows, 80),
            "NAME   MIN   FINDINGS\nweb    6→3   idle-window, scale-lag\ncart   2\n"
        );
    }

    #[test]
    fn a_narrow_page_breaks_findings_first_and_names_last() {
        let rows = [row(
            "recommendations",
            "2",
            &["idle-window", "over-provisioned"],
        )];
        assert_eq!(
            printed(&rows, 40),
            "NAME             MIN  FINDINGS\n\
             recommendations  2    idle-window\n                      over-provisioned\n"
        );
        assert_eq!(
            printed(&rows, 28),
            "NAME        MIN FINDINGS\n\
             recommendat 2   idle-window\nions            over-\n                provisioned\n"
        );
    }

    #[test]
    fn a_note_runs_to_the_right_edge() {
        let note = Row {
            cells: vec![Cell::plain("import")],
            note: Some(Cell::plain("not enough history: 2.1 of 7 days")),
            details: vec![Cell::plain("fix: wait")],
        };
        assert_eq!(
            printed(&[note], 34),
            "NAME     MIN   FINDINGS\n\
             import   not enough history: 2.1\n         of 7 days\n  fix: wait\n"
        );
    }

    #[test]
    fn every_line_of_a_cell_has_its_style() {
        let red = AnsiColor::Red.on_default();
        let note = Row {
            cells: vec![Cell::styled("web", Style::new().bold())],
            note: Some(Cell::styled("unreadable: the server said no", red)),
            ..Row::default()
        };
        let written = printed(&[note], 27);
        let lines: Vec<&str> = written.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "\u{1b}[1mweb\u{1b}[0m    \u{1b}[31munreadable: the\u{1b}[0m",
                "       \u{1b}[31mserver said no\u{1b}[0m"
            ]
        );
    }

    proptest! {
        #[test]
        fn no_line_leaves_a_page_that_is_wide_enough(
            cells in proptest::collection::vec(("[a-z-]{1,60}", "[0-9]{1,5}", "[a-z-]{0,40}( [a-z-]{0,40}){0,3}", "[a-z/]{0,40}"), 1..6),
            page in 26_usize..120,
        ) {
            let rows: Vec<Row> = cells.iter().map(|(a, b, c, d)| row(a, b, &[c, d])).collect();
            for line in printed(&rows, page).lines() {
                prop_assert!(line.chars().count() <= page, "{line}");
                prop_assert_eq!(line.trim_end(), line);
            }
        }

        #[test]
        fn nothing_but_spaces_is_lost_by_breaking(text in "[a-z-]{1,30}( [a-z-]{1,30}){0,5}", page in 20_usize..60) {
            let note = Row { note: Some(Cell::plain(&text)), ..Row::default() };
            let printed = printed(&[note], page);
            let words: String = printed.split_whitespace().skip(COLUMNS.len()).collect();
            prop_assert_eq!(words, text.replace(' ', ""));
        }
    }
}
