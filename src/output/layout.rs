//! Columns of text as kubectl has them: upper-case headers, gaps instead of lines, nothing after
//! the last word of a line.
//!
//! Own code rather than a table library, since the widths are the point here: what gives way
//! first when a terminal is narrow, and a note that runs from one column to the right edge.

use std::io::{self, Write};

use anstyle::Style;

/// A column and how it gives way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) header: &'static str,
    pub(super) shrink: Shrink,
}

/// What a column does where its cells do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shrink {
    /// It always fits.
    Never,
    /// Cells lose their end before anything else does, down to the width of the header.
    ElideFirst,
    /// Cells lose their end when nothing else is left to give.
    Elide,
    /// Cells break into lines: `comfortable` wide while others can be elided, then `least`.
    Wrap { comfortable: usize, least: usize },
}

/// Text of one style. Every character is one column wide: names are ASCII in Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) style: Style,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// A line of the table. A `note` begins where the cells end and may run to the right edge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    pub(super) note: Option<Cell>,
    /// Lines of their own below the row, indented and never broken.
    pub(super) details: Vec<Cell>,
}

/// Between columns: as in kubectl, and where space is short.
const GAPS: [usize; 3] = [3, 2, 1];
/// A note is not broken into lines shorter than this, even if it then leaves the page.
const NARROWEST_NOTE: usize = 20;

/// A table whose columns have their final widths.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    columns: &'a [Column],
    rows: &'a [Row],
    widths: Vec<usize>,
    gap: usize,
    page: usize,
}

impl<'a> Layout<'a> {
    /// Fits the columns into `page` characters as well as they can.
    pub(super) fn new(columns: &'a [Column], rows: &'a [Row], page: usize) -> Self {
        let mut layout = Self {
            columns,
            rows,
            widths: natural_widths(columns, rows),
            gap: GAPS[0],
            page,
        };
        if !layout.fits() {
            layout.gap = GAPS[1];
            layout.wrap(|comfortable, _| comfortable);
            layout.elide(Shrink::ElideFirst);
        }
        if !layout.fits() {
            // Names are what people look for, so they are the last to go.
            layout.gap = GAPS[2];
            layout.wrap(|_, least| least);
            layout.elide(Shrink::Elide);
        }
        layout
    }

    pub(super) fn fits(&self) -> bool {
        self.excess() == 0
    }

    /// Whether a cell lost its end.
    pub(super) fn is_elided(&self) -> bool {
        let natural = natural_widths(self.columns, self.rows);
        let columns = self.columns.iter().zip(natural).zip(&self.widths);
        columns
            .filter(|((column, _), _)| matches!(column.shrink, Shrink::Elide | Shrink::ElideFirst))
            .any(|((_, natural), width)| *width < natural)
    }

    /// Characters too many.
    fn excess(&self) -> usize {
        let gaps = self.gap * self.widths.len().saturating_sub(1);
        (self.widths.iter().sum::<usize>() + gaps).saturating_sub(self.page)
    }

    fn wrap(&mut self, floor: impl Fn(usize, usize) -> usize) {
        for index in 0..self.columns.len() {
            if let Shrink::Wrap { comfortable, least } = self.columns[index].shrink {
                let floor = floor(comfortable, least);
                let least_now = self.widths[index].saturating_sub(self.excess());
                self.widths[index] = least_now.max(floor.min(self.widths[index]));
            }
        }
    }

    /// Takes from the widest column that shrinks like `how`, one character at a time.
    fn elide(&mut self, how: Shrink) {
        while self.excess() > 0 {
            let spare = |index: &usize| {
                let column = &self.columns[*index];
                column.shrink == how && self.widths[*index] > column.header.len()
            };
            let widest = (0..self.columns.len())
                .filter(spare)
                .max_by_key(|index| self.widths[*index]);
            match widest {
                Some(index) => self.widths[index] -= 1,
                None => return,
            }
        }
    }

    pub(super) fn write(&self, out: &mut dyn Write, header: Style) -> io::Result<()> {
        let names = self.columns.iter();
        let header = Row {
            cells: names.map(|it| Cell::styled(it.header, header)).collect(),
            ..Row::default()
        };
        self.write_row(out, &header)?;
        self.rows
            .iter()
            .try_for_each(|row| self.write_row(out, row))
    }

    fn write_row(&self, out: &mut dyn Write, row: &Row) -> io::Result<()> {
        let mut columns: Vec<(usize, Style, Vec<String>)> = Vec::new();
        for (index, cell) in row.cells.iter().enumerate() {
            columns.push((
                self.widths[index],
                cell.style,
                self.lines(index, &cell.text),
            ));
        }
        if let Some(note) = &row.note {
            let width = self.page.saturating_sub(self.left_of(row.cells.len()));
            let lines = broken(&note.text, width.max(NARROWEST_NOTE));
            columns.push((0, note.style, lines));
        }
        let height = columns.iter().map(|it| it.2.len()).max().unwrap_or(0);
        for line in 0..height {
            self.write_line(out, &columns, line)?;
        }
        for detail in &row.details {
            writeln!(out, "  {}{}{:#}", detail.style, detail.text, detail.style)?;
        }
        Ok(())
    }

    fn write_line(
        &self,
        out: &mut dyn Write,
        columns: &[(usize, Style, Vec<String>)],
        line: usize,
    ) -> io::Result<()> {
        // Spaces are owed until there is something to the right of them.
        let mut owed = 0;
        for (width, style, lines) in columns {
            let text = lines.get(line).map_or("", String::as_str);
            if !text.is_empty() {
                write!(out, "{:owed$}{style}{text}{style:#}", "")?;
                owed = 0;
            }
            owed += width.saturating_sub(text.chars().count()) + self.gap;
        }
        writeln!(out)
    }

    fn left_of(&self, index: usize) -> usize {
        self.widths.iter().take(index).map(|it| it + self.gap).sum()
    }

    fn lines(&self, index: usize, text: &str) -> Vec<String> {
        match self.columns[index].shrink {
            Shrink::Never => vec![text.to_owned()],
            Shrink::Elide | Shrink::ElideFirst => vec![elided(text, self.widths[index])],
            Shrink::Wrap { .. } => broken(text, self.widths[index]),
        }
    }
}

fn natural_widths(columns: &[Column], rows: &[Row]) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|it| it.header.len()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(&row.cells) {
            *width = (*width).max(cell.width());
        }
    }
    widths
}

/// `text` in at most `width` characters, `…` standing for what is lost.
fn elided(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain(['…']).collect()
}

/// `text` in lines of at most `width` characters, broken after spaces; a word that is longer is
/// broken after its hyphens, or anywhere if it has none. At least one line.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|it| !it.is_empty()) {
        let last = lines.len() - 1;
        let used = lines[last].chars().count();
        let length = word.chars().count();
        if used > 0 && used + 1 + length <= width {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            if used > 0 {
                lines.push(String::new());
            }
            push_pieces(&mut lines, word, width.max(1));
        }
    }
    lines
}

/// Appends `word` to the last line, which is empty, and to as many more as it needs.
fn push_pieces(lines: &mut Vec<String>, word: &str, width: usize) {
    let mut rest = word;
    while rest.chars().count() > width {
        let hard = rest.char_indices().nth(width).map_or(rest.len(), |it| it.0);
        let at = rest[..hard].rfind('-').map_or(hard, |hyphen| hyphen + 1);
        let (piece, after) = rest.split_at(at);
        push_to_last(lines, piece);
        lines.push(String::new());
        rest = after;
    }
    push_to_last(lines, rest);
}

fn push_to_last(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: [Column; 3] = [
        Column {
            header: "NAME",
            shrink: Shrink::Elide,
        },
        Column {
            header: "MIN",
            shrink: Shrink::Never,
        },
        Column {
            header: "FINDINGS",
            shrink: Shrink::Wrap {
                comfortable: 16,
                least: 12,
            },
        },
    ];

    fn row(cells: [&str; 3]) -> Row {
        Row {
            cells: cells.map(Cell::plain).to_vec(),
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
        let rows = [row(["web", "6→3", "idle-window"]), row(["cart", "2", ""])];
        assert_eq!(
            printed(&rows, 80),
            "NAME   MIN   FINDINGS\nweb    6→3   idle-window\ncart   2\n"
        );
    }

    #[test]
    fn a_narrow_page_breaks_first_and_elides_then() {
        let rows = [row([
            "recommendations",
            "2",
            "idle-window, over-provisioned",
        ])];
        assert_eq!(
            printed(&rows, 40),
            "NAME             MIN  FINDINGS\n\
             recommendations  2    idle-window,\n                      over-provisioned\n"
        );
        assert_eq!(
            printed(&rows, 28),
            "NAME        MIN FINDINGS\n\
             recommenda… 2   idle-window,\n                over-\n                provisioned\n"
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
    fn words_break_at_hyphens_before_they_break_anywhere() {
        let cases = [
            (
                "two-autoscalers-one-target",
                16,
                vec!["two-autoscalers-", "one-target"],
            ),
            ("a bb ccc", 4, vec!["a bb", "ccc"]),
            ("abcdef", 4, vec!["abcd", "ef"]),
            ("", 4, vec![""]),
        ];
        for (text, width, expected) in cases {
            assert_eq!(broken(text, width), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_leaves_a_page_that_is_wide_enough(
            cells in proptest::collection::vec(("[a-z-]{1,60}", "[0-9]{1,5}", "[a-z-, ]{0,80}"), 1..6),
            page in 26_usize..120,
        ) {
            let rows: Vec<Row> = cells.iter().map(|(a, b, c)| row([a, b, c])).collect();
            for line in printed(&rows, page).lines() {
                prop_assert!(line.chars().count() <= page, "{line}");
                prop_assert_eq!(line.trim_end(), line);
            }
        }

        #[test]
        fn nothing_but_spaces_is_lost_by_breaking(text in "[a-z-]{0,30}( [a-z-]{1,30}){0,5}", width in 1_usize..40) {
            let lines = broken(&text, width);
            prop_assert!(lines.iter().all(|it| it.chars().count() <= width));
            prop_assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
