//! A small table of figures: names on the left, right-aligned columns.

use std::io::{self, Write};

use crate::output::table::HEADER;

/// Spaces between columns, the wider the better.
const GAPS: [usize; 3] = [3, 2, 1];

/// Rows of a name and one cell for each column.
#[derive(Clone, Debug, Default)]
pub(in crate::output) struct Figures {
    pub(in crate::output) title: &'static str,
    pub(in crate::output) headers: Vec<String>,
    pub(in crate::output) rows: Vec<(String, Vec<String>)>,
}

impl Figures {
    /// Writes the table as wide apart as `width` allows; what does not fit leaves the page.
    pub(in crate::output) fn write(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        let names = self.rows.iter().map(|it| it.0.as_str()).chain([self.title]);
        let name = names.map(length).max().unwrap_or(0);
        let widths = self.widths();
        let taken = name + widths.iter().sum::<usize>();
        let fits = |gap: &usize| taken + gap * widths.len() <= width;
        let gap = GAPS.into_iter().find(fits).unwrap_or(1);
        let header = line(name, gap, &widths, self.title, &self.headers);
        writeln!(out, "{HEADER}{header}{HEADER:#}")?;
        for (title, cells) in &self.rows {
            writeln!(out, "{}", line(name, gap, &widths, title, cells))?;
        }
        Ok(())
    }

    fn widths(&self) -> Vec<usize> {
        let headers = self.headers.iter().enumerate();
        let cells = |column: usize| self.rows.iter().filter_map(move |it| it.1.get(column));
        let widest = |(column, header): (usize, &String)| {
            let widest = cells(column).map(|it| length(it)).max().unwrap_or(0);
            widest.max(length(header))
        };
        headers.map(widest).collect()
    }
}

fn line(name: usize, gap: usize, widths: &[usize], title: &str, cells: &[String]) -> String {
    let mut line = format!("{title:<name$}");
    for (cell, width) in cells.iter().zip(widths) {
        let width = width + gap;
        line.push_str(&format!("{cell:>width$}"));
    }
    line.truncate(line.trim_end().len());
    line
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// An amount to a tenth, without one where it is large; nothing is `0`.
pub(in crate::output) fn amount(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value.abs() < 10_000.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// How much more or less, with its sign.
pub(in crate::output) fn difference(value: f64) -> String {
    let text = amount(value);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_aligned_at_the_right_and_closer_on_a_narrow_page() {
        let figures = Figures {
            title: "REPLAY",
            headers: vec!["TODAY".to_owned(), "SIMULATED".to_owned()],
            rows: vec![
                ("flaps".to_owned(), vec!["1".to_owned(), "10".to_owned()]),
                ("empty".to_owned(), vec![String::new(), String::new()]),
            ],
        };
        let printed = |width| {
            let mut out = Vec::new();
            figures.write(&mut out, width).unwrap();
            anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
        };
        assert_eq!(
            printed(80),
            "REPLAY   TODAY   SIMULATED\nflaps        1          10\nempty\n"
        );
        assert_eq!(
            printed(24),
            "REPLAY  TODAY  SIMULATED\nflaps       1         10\nempty\n"
        );
        assert_eq!(
            printed(3),
            "REPLAY TODAY SIMULATED\nflaps      1        10\nempty\n"
        );
    }

    #[test]
    fn amounts_are_short() {
        for (value, text, signed) in [
            (0.0, "0", "0"),
            (12.34, "12.3", "+12.3"),
            (-0.5, "-0.5", "-0.5"),
            (123_456.7, "123457", "+123457"),
        ] {
            assert_eq!(
                (amount(value), difference(value)),
                (text.to_owned(), signed.to_owned())
            );
        }
    }
}
