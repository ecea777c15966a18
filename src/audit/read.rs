//! Reading the log back, from its oldest rotated file to the newest record.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::event::{API_VERSION, Event, KIND, ObjectRef, annotation};
use super::file::rotated::{self, Rotated};
use super::file::{PATIENCE, lock_path};
use super::{Error, legacy};
use crate::redact;
use crate::state::Lock;

/// Objects of the API are smaller than this many times over; what is longer is no record.
const LONGEST_LINE: u64 = 64 << 20;

/// A line that is no record, or the rest of a file that cannot be read. Reading goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audit log {path}, line {line}: {why}")]
pub struct Damaged {
    pub path: PathBuf,
    pub line: u64,
    pub why: String,
}

/// The records of a log in the order in which they were written, of either format. Files are opened
/// one after another.
pub struct Records {
    rotated: VecDeque<Rotated>,
    current: Option<Lines>,
    open: Option<Lines>,
}

/// The records of the log at `path`, up to now; none where there is no such file.
///
/// # Errors
/// Where the folder or the file cannot be read. Damage within is an item.
pub fn read(path: &Path) -> Result<Records, Error> {
    let cannot_read = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    // Held until all files are known, so that no rotation hides one or shows one twice.
    let _lock = Lock::shared(&lock_path(path), PATIENCE).map_err(|source| Error::Lock {
        path: path.to_owned(),
        source,
    })?;
    let rotated = rotated::list(path).map_err(cannot_read)?;
    let current = current(path).map_err(cannot_read)?;
    Ok(Records {
        rotated: rotated.into_values().collect(),
        current,
        open: None,
    })
}

/// What a log has about some objects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// For each object that was asked for, in their order.
    pub events: Vec<Vec<Event>>,
    /// Anywhere in the log.
    pub damaged: Vec<Damaged>,
}

impl Records {
    /// What is about each of several objects of the cluster at `server`, in one pass.
    pub fn about_each(self, server: &str, objects: &[ObjectRef]) -> Told {
        let names = objects.iter().enumerate();
        let names: HashMap<String, usize> = names.map(|(at, it)| (it.to_string(), at)).collect();
        let server = redact::text(server);
        let mut told = Told {
            events: vec![vec![]; objects.len()],
            damaged: vec![],
        };
        for record in self {
            let event = match record {
                Ok(event) if event.annotation(annotation::SERVER) == server => event,
                Ok(_) => continue,
                Err(damaged) => {
                    told.damaged.push(damaged);
                    continue;
                }
            };
            let object = event.object_ref.as_ref().map(ToString::to_string);
            let found = object.as_ref().and_then(|it| names.get(it));
            let found = found.or_else(|| names.get(event.annotation(annotation::TARGET)));
            if let Some(at) = found.copied() {
                told.events[at].push(event);
            }
        }
        told
    }
}

impl Iterator for Records {
    type Item = Result<Event, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.open.as_mut().and_then(Lines::next) {
                return Some(item);
            }
            self.open = match self.rotated.pop_front() {
                Some(file) => match open_rotated(file) {
                    Ok(lines) => lines,
                    Err(damaged) => return Some(Err(damaged)),
                },
                None => Some(self.current.take()?),
            };
        }
    }
}

/// The lines of one file.
struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead>,
    number: u64,
    is_done: bool,
}

impl Lines {
    fn of(path: PathBuf, bytes: impl Read + 'static) -> Self {
        Self {
            path,
            reader: Box::new(BufReader::new(bytes)),
            number: 0,
            is_done: false,
        }
    }

    fn next(&mut self) -> Option<Result<Event, Damaged>> {
        while !self.is_done {
            self.number += 1;
            let mut line = Vec::new();
            let limited = &mut self.reader.by_ref().take(LONGEST_LINE);
            match limited.read_until(b'\n', &mut line) {
                Ok(0) => self.is_done = true,
                Ok(_) if line.len() as u64 == LONGEST_LINE => {
                    self.is_done = true;
                    return Some(Err(self.damaged("it is too long")));
                }
                Ok(_) if line.trim_ascii().is_empty() => {}
                Ok(_) => return Some(parse(&line).map_err(|it| self.damaged(it))),
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(self.damaged(format!("cannot be read: {error}"))));
                }
            }
        }
        None
    }

    fn damaged(&self, why: impl Into<String>) -> Damaged {
        Damaged {
            path: self.path.clone(),
            line: self.number,
            why: why.into(),
        }
    }
}

/// The file that is written to, as long as it is now.
fn current(path: &Path) -> io::Result<Option<Lines>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    Ok(Some(Lines::of(path.to_owned(), file.take(length))))
}

/// `None` where the file was removed for its age. It may have been packed since it was listed.
fn open_rotated(file: Rotated) -> Result<Option<Lines>, Damaged> {
    let packed = file.packed.or_else(|| {
        let mut name = file.plain.clone()?.into_os_string();
        name.push(".gz");
        Some(PathBuf::from(name))
    });
    for (path, is_packed) in [(packed, true), (file.plain, false)] {
        let Some(path) = path else { continue };
        match File::open(&path) {
            Ok(bytes) if is_packed => {
                return Ok(Some(Lines::of(path, MultiGzDecoder::new(bytes))));
            }
            Ok(bytes) => return Ok(Some(Lines::of(path, bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Damaged {
                    path,
                    line: 1,
                    why: format!("cannot be read: {error}"),
                });
            }
        }
    }
    Ok(None)
}

fn parse(line: &[u8]) -> Result<Event, String> {
    let text = str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.trim();
    if !text.starts_with('{') {
        return legacy::parse(text).ok_or_else(|| "it is no record".to_owned());
    }
    let event: Event = serde_json::from_str(text).map_err(|it| it.to_string())?;
    if event.kind != KIND || event.api_version != API_VERSION {
        let Event {
            kind, api_version, ..
        } = event;
        return Err(format!("it is {kind} of {api_version} and no audit event"));
    }
    Ok(event)
}
