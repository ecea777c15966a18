//! Which columns of a table are shown, in which order its rows are, and whether it has headers:
//! `--columns`, `--sort-by` and `--no-headers`, for every table alike.
//!
//! Columns are named by their headers, in either case. Rows sort by the number that a cell begins with,
//! `6` of `6→3`, or else by its text; rows without the cell come last either way.

use std::cmp::Ordering;
use std::io::{self, Write};

use anstyle::Style;

use super::{Cell, Column, Layout, Row};

/// How a table is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Names of columns; empty for all that the form has.
    pub columns: Vec<String>,
    /// `None` for the order of the form.
    pub sort_by: Option<SortBy>,
    pub no_headers: bool,
}

/// A column that rows are sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortBy {
    pub column: String,
    pub is_descending: bool,
}

impl std::str::FromStr for SortBy {
    type Err = String;

    /// `saving`, or `-saving` for the largest first.
    fn from_str(text: &str) -> Result<Self, String> {
        let (column, is_descending) = match text.strip_prefix('-') {
            Some(column) => (column, true),
            None => (text, false),
        };
        match column.is_empty() {
            true => Err("expected a column, such as name or -saving".to_owned()),
            false => Ok(Self {
                column: column.to_owned(),
                is_descending,
            }),
        }
    }
}

impl View {
    /// Whether it changes anything.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The first of its columns that is not `known`.
    pub fn unknown(&self, known: &[&str]) -> Option<&str> {
        let sorted_by = self.sort_by.as_ref().map(|it| &it.column);
        let mut named = self.columns.iter().chain(sorted_by);
        named
            .find(|it| place(known, it).is_none())
            .map(String::as_str)
    }

    /// Whether a column is among those that are shown or sorted by.
    pub(in super::super) fn names(&self, column: &str) -> bool {
        let sorted_by = self.sort_by.as_ref().map(|it| &it.column);
        let mut named = self.columns.iter().chain(sorted_by);
        named.any(|it| it.eq_ignore_ascii_case(column))
    }

    /// Which of the `known` columns are shown, in their order.
    pub(in super::super) fn places(&self, known: &[&str]) -> Vec<usize> {
        match self.columns.is_empty() {
            true => (0..known.len()).collect(),
            false => self
                .columns
                .iter()
                .filter_map(|it| place(known, it))
                .collect(),
        }
    }

    /// Sorts `rows`, of which `cell` gives the text in one of the `known` columns.
    pub(in super::super) fn sort<R>(
        &self,
        known: &[&str],
        rows: &mut [R],
        cell: impl Fn(&R, usize) -> Option<String>,
    ) {
        let Some(sort_by) = &self.sort_by else {
            return;
        };
        let Some(place) = place(known, &sort_by.column) else {
            return;
        };
        rows.sort_by(|a, b| match (cell(a, place), cell(b, place)) {
            (Some(a), Some(b)) if sort_by.is_descending => order(&b, &a),
            (Some(a), Some(b)) => order(&a, &b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    }

    /// Writes a table for a page of `width` columns.
    pub(in super::super) fn write(
        &self,
        out: &mut dyn Write,
        (columns, rows): (Vec<Column>, Vec<Row>),
        width: usize,
        header: Style,
    ) -> io::Result<()> {
        let (columns, rows) = self.seen((columns, rows));
        let layout = Layout::new(&columns, &rows, width);
        match self.no_headers {
            true => layout.write_rows(out),
            false => layout.write(out, header),
        }
    }

    /// Whether a table has the space that it needs on a page of `width` columns.
    pub(in super::super) fn is_comfortable(
        &self,
        (columns, rows): (Vec<Column>, Vec<Row>),
        width: usize,
    ) -> bool {
        let (columns, rows) = self.seen((columns, rows));
        Layout::new(&columns, &rows, width).is_comfortable()
    }

    /// Whether it fits on a page of `width` columns with its names and words in one piece.
    pub(in super::super) fn is_whole(&self, table: &(Vec<Column>, Vec<Row>), width: usize) -> bool {
        let (columns, rows) = self.seen(table.clone());
        Layout::new(&columns, &rows, width).is_whole()
    }

    fn seen(&self, (columns, mut rows): (Vec<Column>, Vec<Row>)) -> (Vec<Column>, Vec<Row>) {
        let known: Vec<&str> = columns.iter().map(|it| it.header).collect();
        self.sort(&known, &mut rows, |row, place| {
            row.cells.get(place).map(Cell::text)
        });
        if self.columns.is_empty() {
            return (columns, rows);
        }
        let places = self.places(&known);
        for row in &mut rows {
            row.cells = cells_at(&places, &row.cells);
        }
        (places.iter().map(|it| columns[*it]).collect(), rows)
    }
}

/// The cells at `places`, blank where one that is missing comes before one that is there.
fn cells_at(places: &[usize], cells: &[Cell]) -> Vec<Cell> {
    let is_there = |place: &usize| *place < cells.len();
    let end = places.iter().rposition(is_there).map_or(0, |it| it + 1);
    let cell = |place: &usize| cells.get(*place).cloned().unwrap_or_default();
    places[..end].iter().map(cell).collect()
}

fn place(known: &[&str], name: &str) -> Option<usize> {
    known.iter().position(|it| it.eq_ignore_ascii_case(name))
}

fn order(a: &str, b: &str) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// The number that a cell begins with: `-14` of `-14%`, `6` of `6→3`.
fn number(cell: &str) -> Option<f64> {
    let cell = cell.trim_start_matches('$');
    let end = cell
        .char_indices()
        .find(|(at, it)| !(it.is_ascii_digit() || *it == '.' || *it == '-' && *at == 0))
        .map_or(cell.len(), |it| it.0);
    cell[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::Shrink;
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            header: "NAME",
            shrink: Shrink::Never,
        },
        Column {
            header: "MIN",
            shrink: Shrink::Never,
        },
        Column {
            header: "SAVING",
            shrink: Shrink::Never,
        },
    ];

    fn rows() -> Vec<Row> {
        let row = |cells: &[&str], note: Option<&str>| Row {
            cells: cells.iter().map(|it| Cell::plain(*it)).collect(),
            note: note.map(Cell::plain),
            ..Row::default()
        };
        vec![
            row(&["web", "10→3", "38%"], None),
            row(&["cart", "6"], Some("skipped: paused")),
            row(&["api", "2", "-14%"], None),
            row(&["mail", "2", "-"], None),
        ]
    }

    fn written(view: &View) -> String {
        let mut out = Vec::new();
        view.write(&mut out, (COLUMNS.to_vec(), rows()), 80, Style::new())
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    fn sorted_by(text: &str) -> View {
        View {
            columns: vec!["name".to_owned()],
            sort_by: Some(text.parse().unwrap()),
            no_headers: true,
        }
    }

    #[test]
    fn columns_come_in_the_order_in_which_they_are_named() {
        let view = View {
            columns: vec!["min".to_owned(), "Name".to_owned()],
            ..View::default()
        };
        assert_eq!(
            written(&view),
            "MIN    NAME\n10→3   web\n6      cart   skipped: paused\n2      api\n2      mail\n"
        );
    }

    #[test]
    fn a_note_stands_where_the_cells_end() {
        let cart = |columns: &[&str]| {
            let view = View {
                columns: columns.iter().map(|&it| it.to_owned()).collect(),
                ..View::default()
            };
            written(&view).lines().nth(2).unwrap().to_owned()
        };
        assert_eq!(cart(&["name", "saving"]), "cart   skipped: paused");
        // A cell that the row lacks is left blank before one that it has.
        assert_eq!(
            cart(&["name", "saving", "min"]),
            "cart            6      skipped: paused"
        );
    }

    #[test]
    fn rows_sort_by_numbers_and_those_without_the_cell_are_last() {
        // `-` is no number and sorts after all of them; a row with a note has no saving at all.
        for (by, expected) in [
            ("saving", "api web mail cart"),
            ("-saving", "mail web api cart"),
            ("min", "api mail cart web"),
            ("-min", "web cart api mail"),
            ("NAME", "api cart mail web"),
        ] {
            let names = written(&sorted_by(by));
            let names: Vec<&str> = names
                .lines()
                .filter_map(|it| it.split(' ').next())
                .collect();
            assert_eq!(names.join(" "), expected, "{by}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let known = COLUMNS.map(|it| it.header);
        assert_eq!(sorted_by("-Saving").unknown(&known), None);
        assert_eq!(sorted_by("cost").unknown(&known), Some("cost"));
        assert!("-".parse::<SortBy>().is_err());
    }
}
