//! One line of a CSV file of load.

use jiff::Timestamp;

use super::{LONGEST_LINE, STEPS};

/// More than any cluster has; what is beyond is a mistake of units.
const MOST_CORES: f64 = 1e6;
const MOST_REPLICAS: f64 = 1e6;

/// What is wrong with a line, or with its place among the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error(
        "the columns are {text}; expected timestamp, value and perhaps replicas, in this order"
    )]
    Header { text: String },
    #[error("it is longer than {} KiB", LONGEST_LINE >> 10)]
    TooLong,
    #[error("expected 2 or 3 columns, found {found}")]
    Columns { found: usize },
    #[error(
        "`{text}` is not a time in Unix seconds or as 2026-03-01T12:00:00Z{}",
        doubt(text)
    )]
    Time { text: String },
    #[error("`{text}` is not a whole second")]
    Fraction { text: String },
    #[error("`{text}` is not a number of cores from 0 to 1000000")]
    Cores { text: String },
    #[error("`{text}` is not a number of replicas from 0 to 1000000")]
    Replicas { text: String },
    #[error("{at} was there before")]
    Again { at: Timestamp },
    #[error("earlier than the row before, which is of {before}")]
    Backwards { before: Timestamp },
    #[error("not a multiple of {seconds} s, the step, after the first row")]
    OffStep { seconds: i64 },
    #[error(
        "{seconds} s after the row before, and steps may be of {} to {} s",
        STEPS.start(),
        STEPS.end()
    )]
    Step { seconds: i64 },
    #[error("more than {most_days} days after the first row")]
    TooLate { most_days: i64 },
}

/// What spreadsheets and monitoring systems count in.
fn doubt(text: &str) -> &'static str {
    match text.parse::<i64>() {
        Ok(100_000_000_000..) => ": are these milliseconds?",
        Ok(_) | Err(_) => "",
    }
}

/// What one line says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) at: Timestamp,
    /// Not negative.
    pub(super) cores: Option<f64>,
    /// A whole number.
    pub(super) replicas: Option<f64>,
}

/// Whether the first line names columns: none of its cells is a number or a time.
pub(super) fn is_header(line: &[u8]) -> bool {
    let text = text(line);
    let mut cells = cells(&text);
    cells.all(|it| !it.is_empty() && it.parse::<f64>().is_err() && it.parse::<Timestamp>().is_err())
}

/// Refuses names of columns that stand where another column is read.
pub(super) fn check_header(line: &[u8]) -> Result<(), Problem> {
    let text = text(line);
    let names: Vec<String> = cells(&text).map(str::to_lowercase).collect();
    let place = |name: &str| match name {
        "timestamp" | "time" => Some(0),
        "value" | "cores" => Some(1),
        "replicas" => Some(2),
        _ => None,
    };
    let mut all = names.iter().enumerate();
    let misplaced = all.any(|(at, name)| place(name).is_some_and(|it| it != at));
    let other = names.get(2).is_some_and(|it| it != "replicas");
    if misplaced || other {
        let text = names.join(", ");
        return Err(Problem::Header { text });
    }
    Ok(())
}

/// Reads `1700000100,1.5` or `2026-03-01T12:00:00Z,1.5,3`; an empty cell is unknown, and so is
/// `NaN`.
pub(super) fn parse(line: &[u8]) -> Result<Row, Problem> {
    let text = text(line);
    let cells: Vec<&str> = cells(&text).collect();
    let (at, cores, replicas) = match cells.as_slice() {
        [at, cores] => (at, cores, None),
        [at, cores, replicas] => (at, cores, Some(replicas)),
        other => return Err(Problem::Columns { found: other.len() }),
    };
    let not_cores = || Problem::Cores {
        text: (*cores).to_owned(),
    };
    let replicas = replicas.map(|it| {
        let count = number(it, MOST_REPLICAS).filter(whole);
        count.ok_or_else(|| not_replicas(it))
    });
    Ok(Row {
        at: time(at)?,
        cores: number(cores, MOST_CORES).ok_or_else(not_cores)?,
        replicas: replicas.transpose()?.flatten(),
    })
}

fn not_replicas(text: &str) -> Problem {
    Problem::Replicas {
        text: text.to_owned(),
    }
}

/// Spreadsheets begin a file with a mark of its encoding.
fn text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.trim_start_matches('\u{feff}').to_owned()
}

fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|it| it.trim().trim_matches('"').trim())
}

/// `Some(None)` for a cell that says that nothing is known.
fn number(text: &str, most: f64) -> Option<Option<f64>> {
    if text.is_empty() || text.eq_ignore_ascii_case("nan") {
        return Some(None);
    }
    let number = text.parse::<f64>().ok();
    number.filter(|it| (0.0..=most).contains(it)).map(Some)
}

fn whole(replicas: &Option<f64>) -> bool {
    replicas.is_none_or(|it| it.fract() == 0.0)
}

fn time(text: &str) -> Result<Timestamp, Problem> {
    let unknown = || Problem::Time {
        text: text.to_owned(),
    };
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let time = match seconds.parse::<i64>() {
        Ok(seconds) if fraction.bytes().all(|it| it.is_ascii_digit()) => {
            if fraction.bytes().any(|it| it != b'0') {
                return Err(Problem::Fraction {
                    text: text.to_owned(),
                });
            }
            Timestamp::from_second(seconds).map_err(|_| unknown())?
        }
        Ok(_) | Err(_) => text.parse().map_err(|_| unknown())?,
    };
    if time.subsec_nanosecond() != 0 {
        return Err(Problem::Fraction {
            text: text.to_owned(),
        });
    }
    Ok(time)
}
