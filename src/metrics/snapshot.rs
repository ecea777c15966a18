//! Snapshot files: objects and series of a cluster in JSON Lines, plain, gzip or zstd.
//!
//! The lines may come in any order after the header. A file is therefore read twice: [`Snapshot::open`]
//! checks every line, hands out the objects and notes where each target's series end;
//! [`Snapshot::deliver`] then gives away each history when its last line has been read. Memory
//! holds the targets whose lines are mixed, which are few where a file is written target by
//! target, as [`Writer`] is meant to be used.

mod collect;
mod problem;
mod record;
mod writer;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::input::Input;
use super::lines::{Lines, Next};
use super::{Delivery, HistoryRequest, Reading};
use crate::autoscaler::target::TargetRef;
use crate::fleet::ClusterName;
use collect::Collector;
use record::Record;

pub use super::input::Packing;
pub use problem::Problem;
pub use writer::Writer;

/// The version of the format that is read and written.
pub const API_VERSION: &str = "stepscale.io/v1alpha1";

/// What stands before the name of an autoscaler in the metric of what it alone desired, where several
/// have one target. Whoever does not know it reads the series of the target.
const OF_ONE: &str = "desired_replicas/";

/// What the first line of a snapshot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub cluster: ClusterName,
    /// The time that counts as now when the snapshot is analyzed.
    pub taken_at: Timestamp,
}

/// What went wrong with a snapshot. `snapshot` names its file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot open snapshot {snapshot}")]
    Open {
        snapshot: String,
        #[source]
        source: io::Error,
    },
    #[error("cannot read snapshot {snapshot}")]
    Read {
        snapshot: String,
        #[source]
        source: io::Error,
    },
    #[error("snapshot {snapshot} is empty")]
    Empty { snapshot: String },
    /// An archive, but none that `gather` has written, or one without history.
    #[error("{bundle} is an archive that holds no snapshot")]
    NoSnapshot { bundle: String },
    #[error("snapshot {snapshot} is cut off: its {packing} data ends after line {line}")]
    CutOff {
        snapshot: String,
        packing: Packing,
        /// The last line that is whole.
        line: u64,
    },
    #[error("snapshot {snapshot} is damaged: its {packing} data is broken after line {line}")]
    Damaged {
        snapshot: String,
        packing: Packing,
        line: u64,
        #[source]
        source: io::Error,
    },
    #[error("snapshot {snapshot}, line {line}: {problem}")]
    Line {
        snapshot: String,
        line: u64,
        problem: Problem,
    },
    #[error("cannot write snapshot {snapshot}")]
    Write {
        snapshot: String,
        #[source]
        source: io::Error,
    },
}

/// A snapshot that was checked and can deliver its series.
#[derive(Debug)]
pub struct Snapshot {
    name: String,
    input: Input,
    header: Header,
    /// The last line of each target that has series.
    last_lines: HashMap<TargetRef, u64>,
}

/// What a callback makes of an object: an error names the line and ends the reading.
pub type ObjectResult = Result<(), Box<dyn StdError + Send + Sync>>;

impl Snapshot {
    /// Opens `path`, `-` for stdin, checks every line and hands each object to `object` with its
    /// line number, in the order of the file.
    ///
    /// # Errors
    /// The first line that is broken, or the file where it cannot be read to its end.
    pub fn open(
        path: &Path,
        mut object: impl FnMut(u64, serde_json::Value) -> ObjectResult,
    ) -> Result<Self, Error> {
        Self::of(name_of(path), Input::open(path), &mut object)
    }

    /// Reads a snapshot that is in memory, by the name that messages are to say.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn from_bytes(
        name: &str,
        bytes: &[u8],
        mut object: impl FnMut(u64, serde_json::Value) -> ObjectResult,
    ) -> Result<Self, Error> {
        Self::of(name.to_owned(), Input::copy_of(bytes), &mut object)
    }

    fn of(
        name: String,
        input: io::Result<Input>,
        object: &mut impl FnMut(u64, serde_json::Value) -> ObjectResult,
    ) -> Result<Self, Error> {
        let mut input = input.map_err(|source| Error::Open {
            snapshot: name.clone(),
            source,
        })?;
        let (header, last_lines) = scan(&name, &mut input, object)?;
        Ok(Self {
            name,
            input,
            header,
            last_lines,
        })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The targets that have series, sorted.
    pub fn targets(&self) -> Vec<&TargetRef> {
        let mut targets: Vec<_> = self.last_lines.keys().collect();
        targets.sort_unstable();
        targets
    }

    /// Gives each wanted subject its history of the requested window, once, in the order in
    /// which the file completes them; then an empty one where the file has no series.
    ///
    /// Series keep the step that they have in the file.
    ///
    /// # Errors
    /// Lines of one series that do not fit together; a file that changed since it was opened.
    pub fn deliver(
        &mut self,
        request: &HistoryRequest,
        mut each: impl FnMut(Delivery),
    ) -> Result<Reading, Error> {
        let mut known = 0;
        let mut each = |delivery: Delivery| {
            known += delivery.samples();
            each(delivery);
        };
        let mut collector = Collector::new(request);
        let mut samples = Vec::new();
        let last_lines = &self.last_lines;
        each_record(&self.name, &mut self.input, |line, record| {
            let series = match record {
                Record::Series(series) => series,
                Record::Missing(it) => {
                    collector.lack(&it.target, it.metric, it.why);
                    return Ok(());
                }
                Record::Header(_) | Record::Object(_) | Record::Unknown => return Ok(()),
            };
            if collector.wants(&series.target) {
                series.values_into(&mut samples)?;
                let values = series.series(&samples);
                let autoscaler = series.autoscaler.as_deref();
                collector.add(&series.target, series.metric, autoscaler, &values)?;
                if last_lines.get(&series.target) == Some(&line) {
                    collector.complete(&series.target, &mut each);
                }
            }
            Ok(())
        })?;
        collector.finish(&mut each);
        Ok(self.reading(known))
    }

    fn reading(&self, samples: u64) -> Reading {
        Reading {
            source: format!("snapshot {}", self.name),
            way: format!("{} JSON Lines", self.input.packing),
            bytes: self.input.bytes,
            samples,
            ..Reading::default()
        }
    }
}

/// The first pass: every line checked, values included.
fn scan(
    name: &str,
    input: &mut Input,
    object: &mut impl FnMut(u64, serde_json::Value) -> ObjectResult,
) -> Result<(Header, HashMap<TargetRef, u64>), Error> {
    let mut header = None;
    let mut last_lines = HashMap::new();
    let mut samples = Vec::new();
    each_record(name, input, |line, record| {
        if header.is_none() && !matches!(record, Record::Header(_)) {
            return Err(Problem::NoHeader);
        }
        match record {
            Record::Header(_) if header.is_some() => return Err(Problem::SecondHeader),
            Record::Header(found) => header = Some(found),
            Record::Object(raw) => {
                let value = serde_json::from_str(raw.get())
                    .map_err(|error| Problem::Object(error.into()))?;
                object(line, value).map_err(Problem::Object)?;
            }
            Record::Series(series) => {
                series.check(&mut samples)?;
                last_lines.insert(series.target, line);
            }
            Record::Missing(_) | Record::Unknown => {}
        }
        Ok(())
    })?;
    let header = header.ok_or_else(|| Error::Empty {
        snapshot: name.to_owned(),
    })?;
    Ok((header, last_lines))
}

/// Reads the file from its beginning, one record at a time.
fn each_record(
    name: &str,
    input: &mut Input,
    mut take: impl FnMut(u64, Record<'_>) -> Result<(), Problem>,
) -> Result<(), Error> {
    let packing = input.packing;
    let failed = |line, source| read_error(name, packing, line, source);
    let mut lines = Lines::new(input.rewind().map_err(|source| failed(0, source))?);
    loop {
        let before = lines.number();
        let (line, taken) = match lines.next().map_err(|source| failed(before, source))? {
            Next::End => return Ok(()),
            Next::TooLong(line) => (line, Err(Problem::TooLong)),
            Next::Line(line, text) => (
                line,
                record::parse(text).and_then(|record| take(line, record)),
            ),
        };
        taken.map_err(|problem| Error::Line {
            snapshot: name.to_owned(),
            line,
            problem,
        })?;
    }
}

/// Tells a file that could not be read from one whose packing is broken.
fn read_error(name: &str, packing: Packing, line: u64, source: io::Error) -> Error {
    let snapshot = name.to_owned();
    match (packing, source.kind()) {
        (Packing::Gzip | Packing::Zstd | Packing::Bundle, io::ErrorKind::UnexpectedEof) => {
            Error::CutOff {
                snapshot,
                packing,
                line,
            }
        }
        (Packing::Bundle, io::ErrorKind::NotFound) => Error::NoSnapshot { bundle: snapshot },
        (
            Packing::Gzip | Packing::Zstd | Packing::Bundle,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput,
        ) => Error::Damaged {
            snapshot,
            packing,
            line,
            source,
        },
        _ => Error::Read { snapshot, source },
    }
}

/// The name of a snapshot in messages.
fn name_of(path: &Path) -> String {
    if path == Path::new("-") {
        "from stdin".to_owned()
    } else {
        path.display().to_string()
    }
}

#[cfg(test)]
mod tests;
