//! The load of a target as a CSV file: `timestamp,value` and, if known, `replicas`.
//!
//! A value is the mean of the step that ends at its timestamp, as everywhere here. Rows stand in
//! the order of time and evenly apart; a row that is missing is a gap.

mod row;

use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::Reading;
use super::input::Input;
use super::lines::{Lines, Next};
use crate::series::{Grid, Series};
use crate::units::Step;
use row::Row;

pub use row::Problem;

/// A line is three numbers; what is longer is another kind of file.
const LONGEST_LINE: usize = 4 << 10;

/// The controller decides every 15 s, and daily peaks disappear beyond an hour.
const STEPS: std::ops::RangeInclusive<i64> = 15..=3600;

/// The longest time from the first row to the last: what `--metrics-window-days` allows.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What went wrong with a file of load. `file` names it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot open {file}")]
    Open {
        file: String,
        #[source]
        source: io::Error,
    },
    #[error("cannot read {file}")]
    Read {
        file: String,
        #[source]
        source: io::Error,
    },
    #[error("{file} has fewer than two rows, so that its step cannot be told")]
    TooShort { file: String },
    #[error("{file}, line {line}: {problem}")]
    Line {
        file: String,
        line: u64,
        problem: Problem,
    },
}

/// The load of one target.
#[derive(Debug)]
pub struct Load {
    /// Mean cores of each step.
    pub cores: Series,
    /// How many pods there were at the end of each step; `None` where the file has no such column.
    pub replicas: Option<Series>,
    pub reading: Reading,
}

/// Reads the file at `path`, `-` for stdin, plain or compressed.
///
/// # Errors
/// The first line that is broken or does not fit the others.
pub fn read(path: &Path) -> Result<Load, Error> {
    let file = name_of(path);
    let mut input = Input::open(path).map_err(|source| Error::Open {
        file: file.clone(),
        source,
    })?;
    let rows = rows(&file, &mut input)?;
    let grid = grid(&file, &rows)?;
    let is_observed = rows.iter().any(|it| it.row.replicas.is_some());
    let mut cores = Series::gaps(grid);
    let mut replicas = Series::gaps(grid);
    for Numbered { row, .. } in &rows {
        let Some(at) = grid.index_of(row.at) else {
            continue;
        };
        row.cores.into_iter().for_each(|it| cores.set(at, it));
        row.replicas.into_iter().for_each(|it| replicas.set(at, it));
    }
    Ok(Load {
        cores,
        replicas: is_observed.then_some(replicas),
        reading: Reading {
            source: file,
            way: format!("{} CSV", input.packing),
            bytes: input.bytes,
            ..Reading::default()
        },
    })
}

/// A row and the number of its line.
struct Numbered {
    line: u64,
    row: Row,
}

fn rows(file: &str, input: &mut Input) -> Result<Vec<Numbered>, Error> {
    let failed = |source| Error::Read {
        file: file.to_owned(),
        source,
    };
    let mut lines = Lines::of_at_most(input.rewind().map_err(failed)?, LONGEST_LINE);
    let mut rows: Vec<Numbered> = Vec::new();
    let mut is_first = true;
    loop {
        let (line, parsed) = match lines.next().map_err(failed)? {
            Next::End => return Ok(rows),
            Next::TooLong(line) => (line, Err(Problem::TooLong)),
            Next::Line(line, text) if std::mem::take(&mut is_first) && row::is_header(text) => {
                row::check_header(text).map_err(|it| bad_line(file, line, it))?;
                continue;
            }
            Next::Line(line, text) => (line, row::parse(text)),
        };
        let row = parsed.and_then(|row| in_order(row, rows.last()));
        let row = row.map_err(|problem| bad_line(file, line, problem))?;
        rows.push(Numbered { line, row });
    }
}

fn in_order(row: Row, before: Option<&Numbered>) -> Result<Row, Problem> {
    match before.map(|it| it.row.at) {
        Some(before) if row.at == before => Err(Problem::Again { at: row.at }),
        Some(before) if row.at < before => Err(Problem::Backwards { before }),
        Some(_) | None => Ok(row),
    }
}

/// The times of the rows: the least distance is the step, of which every other is a multiple.
fn grid(file: &str, rows: &[Numbered]) -> Result<Grid, Error> {
    let (Some(first), Some(last), Some(seconds)) = (rows.first(), rows.last(), step_of(rows))
    else {
        return Err(Error::TooShort {
            file: file.to_owned(),
        });
    };
    let refused = |line, problem| Err(bad_line(file, line, problem));
    let step = u32::try_from(seconds.0).ok().and_then(Step::from_seconds);
    let Some(step) = step.filter(|_| STEPS.contains(&seconds.0)) else {
        return refused(seconds.1, Problem::Step { seconds: seconds.0 });
    };
    let start = first.row.at;
    let since = |at: Timestamp| at.as_second() - start.as_second();
    if let Some(odd) = rows.iter().find(|it| since(it.row.at) % seconds.0 != 0) {
        return refused(odd.line, Problem::OffStep { seconds: seconds.0 });
    }
    let length = since(last.row.at);
    if length > LONGEST.as_secs() {
        let most_days = LONGEST.as_hours() / 24;
        return refused(last.line, Problem::TooLate { most_days });
    }
    let len = usize::try_from(length / seconds.0).unwrap_or(0) + 1;
    Ok(Grid::new(start, step, len))
}

/// The least distance between two rows, in seconds, and the line of the later one.
fn step_of(rows: &[Numbered]) -> Option<(i64, u64)> {
    let distances = rows.windows(2).map(|it| {
        let seconds = it[1].row.at.as_second() - it[0].row.at.as_second();
        (seconds, it[1].line)
    });
    distances.min()
}

fn bad_line(file: &str, line: u64, problem: Problem) -> Error {
    Error::Line {
        file: file.to_owned(),
        line,
        problem,
    }
}

/// The name of a file in messages.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Load, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("load.csv");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    fn refused(text: &str) -> String {
        let error = read_bytes(text.as_bytes()).unwrap_err().to_string();
        error.rsplit_once("load.csv").unwrap().1.to_owned()
    }

    fn values(series: &Series) -> Vec<Option<f64>> {
        series.iter().collect()
    }

    #[test]
    fn a_missing_row_and_an_empty_cell_are_gaps() {
        let text = "timestamp,value,replicas\n\
                    1700000100,1.5,2\n1700000400,,3\n\n1700001000,0.25,\n";
        let load = read_bytes(text.as_bytes()).unwrap();
        assert_eq!(load.cores.grid().step().seconds(), 300);
        assert_eq!(load.cores.grid().start().as_second(), 1_700_000_100);
        assert_eq!(values(&load.cores), [Some(1.5), None, None, Some(0.25)]);
        let replicas = load.replicas.unwrap();
        assert_eq!(values(&replicas), [Some(2.0), Some(3.0), None, None]);
        assert_eq!(load.reading.way, "plain CSV");
    }

    #[test]
    fn times_are_written_in_two_ways_and_the_header_is_optional() {
        for text in [
            "1700000100,1\n1700000160,2\n",
            "\u{feff}\"Time\";x,cpu\n\"2023-11-14T22:15:00Z\", 1 \n2023-11-14T23:16:00+01:00,2\n",
            "1700000100.0,1\r\n1700000160.000,2\r\n",
        ] {
            let load = read_bytes(text.as_bytes()).unwrap();
            assert_eq!(load.cores.grid().start().as_second(), 1_700_000_100);
            assert_eq!(values(&load.cores), [Some(1.0), Some(2.0)], "{text}");
            assert!(load.replicas.is_none());
        }
    }

    #[test]
    fn a_compressed_file_is_read_by_its_content() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"0,1\n15,2\n").unwrap();
        let whole = encoder.finish().unwrap();
        let load = read_bytes(&whole).unwrap();
        assert_eq!(load.reading.way, "gzip CSV");
        assert_eq!(load.cores.grid().step().seconds(), 15);
        let cut = read_bytes(&whole[..whole.len() - 4]).unwrap_err();
        assert!(matches!(cut, Error::Read { .. }), "{cut}");
    }

    #[test]
    fn a_broken_line_is_named() {
        let cases = [
            (
                "a,b\n0,1\n60,x\n",
                ", line 3: `x` is not a number of cores from 0 to 1000000",
            ),
            (
                "0,1\n60,-1\n",
                ", line 2: `-1` is not a number of cores from 0 to 1000000",
            ),
            (
                "0,1\n60,inf\n",
                ", line 2: `inf` is not a number of cores from 0 to 1000000",
            ),
            ("0,1\n60\n", ", line 2: expected 2 or 3 columns, found 1"),
            (
                "0,1\n60,1,1e38\n",
                ", line 2: `1e38` is not a number of replicas from 0 to 1000000",
            ),
            (
                "Time,replicas,value\n0,1,2\n",
                ", line 1: the columns are time, replicas, value; expected timestamp, value and \
                 perhaps replicas, in this order",
            ),
            (
                "timestamp,value,memory\n0,1,2\n",
                ", line 1: the columns are timestamp, value, memory; expected timestamp, value and \
                 perhaps replicas, in this order",
            ),
            (
                "0,1\n60,1,2,3\n",
                ", line 2: expected 2 or 3 columns, found 4",
            ),
            (
                "0,1,2\n60,1,2.5\n",
                ", line 2: `2.5` is not a number of replicas from 0 to 1000000",
            ),
            (
                "t,v\nnoon,1\n",
                ", line 2: `noon` is not a time in Unix seconds or as 2026-03-01T12:00:00Z",
            ),
            (
                "1700000000000,1\n1700000060000,1\n",
                ", line 1: `1700000000000` is not a time in Unix seconds or as \
                 2026-03-01T12:00:00Z: are these milliseconds?",
            ),
            ("0.5,1\n60,1\n", ", line 1: `0.5` is not a whole second"),
            (
                "60,1\n60,2\n",
                ", line 2: 1970-01-01T00:01:00Z was there before",
            ),
            (
                "60,1\n0,2\n",
                ", line 2: earlier than the row before, which is of 1970-01-01T00:01:00Z",
            ),
            (
                "0,1\n60,1\n120,1\n210,1\n",
                ", line 4: not a multiple of 60 s, the step, after the first row",
            ),
            (
                "0,1\n10,1\n",
                ", line 2: 10 s after the row before, and steps may be of 15 to 3600 s",
            ),
            (
                "0,1\n7200,1\n",
                ", line 2: 7200 s after the row before, and steps may be of 15 to 3600 s",
            ),
            (
                "0,1\n60,1\n6000000000,1\n",
                ", line 3: more than 366 days after the first row",
            ),
            (
                "t,v\n",
                " has fewer than two rows, so that its step cannot be told",
            ),
            (
                "5,1\n",
                " has fewer than two rows, so that its step cannot be told",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(refused(text), expected, "{text}");
        }
        let long = format!("0,1\n{}\n", "1".repeat(LONGEST_LINE + 1));
        assert_eq!(refused(&long), ", line 2: it is longer than 4 KiB");
        assert_eq!(
            refused(&String::from_utf8_lossy(&[b'0', b',', 0xff])),
            ", line 1: `\u{fffd}` is not a number of cores from 0 to 1000000"
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("/nowhere/load.csv")).unwrap_err();
        assert_eq!(error.to_string(), "cannot open /nowhere/load.csv");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            start in 0_i64..2_000_000_000,
            step in 15_i64..3600,
            rows in proptest::collection::vec(proptest::option::of(0_u16..1000), 2..50),
        ) {
            let mut text = String::from("timestamp,value\n");
            for (at, value) in rows.iter().enumerate() {
                let time = start + step * at as i64;
                let value = value.map_or_else(String::new, |it| it.to_string());
                text.push_str(&format!("{time},{value}\n"));
            }
            let load = read_bytes(text.as_bytes()).unwrap();
            let expected: Vec<_> = rows.iter().map(|it| it.map(f64::from)).collect();
            prop_assert_eq!(values(&load.cores), expected);
            prop_assert_eq!(i64::from(load.cores.grid().step().seconds()), step);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            let _ = read_bytes(text.as_bytes());
        }
    }
}
