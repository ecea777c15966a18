//! Many rows of a part of the past, folded into as many as a person reads.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::text::length;
use crate::analysis::hindsight::Span;
use crate::output::layout::Row;

/// Most that have a row each.
const MOST_ROWS: usize = 60;

/// Hours that many are folded into, so that there are at most so many rows.
const PIECES: [i64; 6] = [1, 2, 3, 6, 12, 24];

/// The rows of a table, and what is to be told of them where there would be too many.
pub(super) struct Told {
    pub(super) rows: Vec<Row>,
    pub(super) folded: Option<String>,
}

/// How something of the past becomes a row, alone or with others.
pub(super) struct Fold<T> {
    /// What many of them are called.
    pub(super) noun: &'static str,
    pub(super) begins: fn(&T) -> Timestamp,
    pub(super) row: fn(&T, Span) -> Row,
    /// A row of those that began in the same hours, two at least.
    pub(super) piece: fn(&[T], Span) -> Row,
}

impl<T> Fold<T> {
    /// A row for each of `all`; where these are too many, one for those that began in the same hours.
    pub(super) fn rows(&self, all: &[T], span: Span) -> Told {
        if all.len() <= MOST_ROWS {
            return Told {
                rows: all.iter().map(|it| (self.row)(it, span)).collect(),
                folded: None,
            };
        }
        let hours = hours(span);
        let begins = |it: &T| (self.begins)(it).as_second().div_euclid(hours * 3600);
        let rows: Vec<Row> = all
            .chunk_by(|a, b| begins(a) == begins(b))
            .map(|it| match it {
                [one] => (self.row)(one, span),
                many => (self.piece)(many, span),
            })
            .collect();
        let folded = format!(
            "{} {} are folded into {} rows of {} each: --at TIME shows those around a time, a shorter \
             --since has fewer, -o json all of them",
            all.len(),
            self.noun,
            rows.len(),
            length(SignedDuration::from_hours(hours)),
        );
        Told {
            rows,
            folded: Some(folded),
        }
    }
}

/// Hours of a row.
fn hours(span: Span) -> i64 {
    let hours = span.to.duration_since(span.from).as_hours();
    let few = |it: &i64| hours / it < MOST_ROWS as i64;
    PIECES
        .into_iter()
        .find(few)
        .unwrap_or(PIECES[PIECES.len() - 1])
}

/// What lasted longest in all of `times`; nothing of none.
pub(super) fn longest(times: impl Iterator<Item = (String, SignedDuration)>) -> String {
    let mut lasted: BTreeMap<String, SignedDuration> = BTreeMap::new();
    for (what, time) in times {
        *lasted.entry(what).or_default() += time;
    }
    let longest = lasted.into_iter().max_by_key(|it| it.1);
    longest.map(|it| it.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::layout::Cell;

    const EACH: Fold<i64> = Fold {
        noun: "numbers",
        begins: |it| Timestamp::from_second(*it * 600).unwrap(),
        row: |it, _| row(it.to_string()),
        piece: |all, _| row(format!("{}-{}", all[0], all[all.len() - 1])),
    };

    fn row(text: String) -> Row {
        Row {
            cells: vec![Cell::plain(text)],
            ..Row::default()
        }
    }

    /// One for each ten minutes of `hours`.
    fn folded(hours: i64) -> Told {
        let from = Timestamp::UNIX_EPOCH;
        let to = from + SignedDuration::from_hours(hours);
        let all: Vec<i64> = (0..hours * 6).collect();
        EACH.rows(&all, Span { from, to, at: from })
    }

    #[test]
    fn few_have_a_row_each() {
        let told = folded(10);
        assert_eq!((told.rows.len(), told.folded), (60, None));
    }

    #[test]
    fn many_are_folded_into_hours_that_leave_few_enough() {
        for (hours, rows, each) in [(11, 11, "1h"), (60, 30, "2h"), (336, 56, "6h")] {
            let told = folded(hours);
            assert_eq!(told.rows.len(), rows, "{hours}");
            let said = told.folded.unwrap();
            let begin = format!(
                "{} numbers are folded into {rows} rows of {each} each",
                hours * 6
            );
            assert!(said.starts_with(&begin), "{said}");
        }
        assert_eq!(folded(11).rows[1], row("6-11".to_owned()));
    }

    #[test]
    fn what_lasts_longest_is_told_once() {
        let times = [("a", 2), ("b", 3), ("a", 2)];
        let times = times.map(|(what, it)| (what.to_owned(), SignedDuration::from_mins(it)));
        assert_eq!(longest(times.into_iter()), "a");
        assert_eq!(longest(std::iter::empty()), "");
    }
}
