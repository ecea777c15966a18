//! The file of a cluster's local history.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, KEPT, LocalSample};
use crate::metrics::lines::{Lines, Next};
use crate::state::{self, Draft, Lock, private};

/// The version of the format that is read and written.
pub(super) const API_VERSION: &str = "stepscale.io/v1alpha1";
const KIND: &str = "LocalHistory";

/// The local history of one cluster.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    cluster: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    kind: String,
    api_version: String,
    cluster: String,
}

impl Store {
    /// The history of the cluster that `cluster_id` names, below the state directory, whose
    /// missing folders are made for their owner only.
    pub fn open(state_dir: &Path, cluster_id: &str) -> Result<Self, Error> {
        let folder = state_dir.join("history");
        state::create_private_folder(&folder).map_err(|source| Error::CreateFolder {
            path: folder.clone(),
            source,
        })?;
        Ok(Self {
            path: folder.join(file_name(cluster_id)),
            cluster: cluster_id.to_owned(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds samples to the end, at once and to disk, and drops what is too old by them.
    ///
    /// A last line that an interrupted run left half written is removed first.
    pub fn append(&self, samples: &[LocalSample]) -> Result<(), Error> {
        let Some(newest) = samples.iter().map(|it| it.at).max() else {
            return Ok(());
        };
        let _lock = self.lock()?;
        let mut file = private()
            .append(true)
            .create(true)
            .open(&self.path)
            .map_err(|source| self.cannot_write(source))?;
        let oldest = self.check(&file)?;
        self.write(&mut file, samples)
            .map_err(|source| self.cannot_write(source))?;
        // Not at every run: a day's worth at a time.
        let too_old = oldest.is_some_and(|it| newest.duration_since(it) > KEPT + A_DAY);
        if too_old {
            self.drop_before(newest - KEPT)?;
        }
        Ok(())
    }

    /// Hands each sample to `take`, oldest first as written, and returns warnings.
    ///
    /// # Errors
    /// The first line that is not a sample, except a last one without its line break.
    pub(super) fn each_sample(
        &self,
        mut take: impl FnMut(LocalSample),
    ) -> Result<Vec<String>, Error> {
        let _lock = self.lock_shared()?;
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.cannot_read(source)),
        };
        let mut warnings = Vec::new();
        let mut lines = Lines::new(BufReader::new(file));
        loop {
            let (line, sample) = match self.next_line(&mut lines)? {
                None => return Ok(warnings),
                Some((1, text)) => {
                    let checked = self.check_header(text);
                    if checked.is_err() && !lines.is_whole() {
                        return Ok(vec![self.half_written(1)]);
                    }
                    checked?;
                    continue;
                }
                Some((line, text)) => (line, serde_json::from_slice(text)),
            };
            match sample {
                Ok(sample) => take(sample),
                Err(_) if !lines.is_whole() => warnings.push(self.half_written(line)),
                Err(error) => return Err(self.broken(line, error.to_string())),
            }
        }
    }

    fn next_line<'l>(
        &self,
        lines: &'l mut Lines<BufReader<File>>,
    ) -> Result<Option<(u64, &'l [u8])>, Error> {
        match lines.next().map_err(|source| self.cannot_read(source))? {
            Next::End => Ok(None),
            Next::TooLong(line) => Err(self.broken(line, "it is too long".to_owned())),
            Next::Line(line, text) => Ok(Some((line, text))),
        }
    }

    /// Makes sure that a file with a whole first line is ours; the time of its first sample.
    fn check(&self, file: &File) -> Result<Option<Timestamp>, Error> {
        let file = file
            .try_clone()
            .map_err(|source| self.cannot_read(source))?;
        let mut lines = Lines::new(BufReader::new(file));
        let Some((_, header)) = self.next_line(&mut lines)? else {
            return Ok(None);
        };
        let checked = self.check_header(header);
        if !lines.is_whole() {
            return Ok(None);
        }
        checked?;
        let first = self.next_line(&mut lines)?;
        Ok(first.and_then(|(_, text)| {
            let sample: Option<LocalSample> = serde_json::from_slice(text).ok();
            sample.map(|it| it.at)
        }))
    }

    fn check_header(&self, line: &[u8]) -> Result<(), Error> {
        let header: Header = serde_json::from_slice(line).map_err(|_| Error::NotOurs {
            path: self.path.clone(),
        })?;
        if header.kind != KIND || header.api_version != API_VERSION {
            return Err(Error::NotOurs {
                path: self.path.clone(),
            });
        }
        if header.cluster != self.cluster {
            return Err(Error::OtherCluster {
                path: self.path.clone(),
                found: header.cluster,
            });
        }
        Ok(())
    }

    fn write(&self, file: &mut File, samples: &[LocalSample]) -> io::Result<()> {
        let mut text = Vec::new();
        if remove_half_line(file)? == 0 {
            self.write_header(&mut text)?;
        }
        for sample in samples {
            serde_json::to_writer(&mut text, sample)?;
            text.push(b'\n');
        }
        file.write_all(&text)?;
        file.sync_data()
    }

    fn write_header(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let header = Header {
            kind: KIND.to_owned(),
            api_version: API_VERSION.to_owned(),
            cluster: self.cluster.clone(),
        };
        serde_json::to_writer(&mut *out, &header)?;
        out.push(b'\n');
        Ok(())
    }

    /// Rewrites the file without samples before `cut`. Lines that are not understood stay, for
    /// a reader to name them. The caller holds the lock.
    fn drop_before(&self, cut: Timestamp) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Dated {
            at: Timestamp,
        }
        let file = File::open(&self.path).map_err(|source| self.cannot_read(source))?;
        let mut draft = Draft::of(&self.path).map_err(|source| self.cannot_write(source))?;
        let mut kept = io::BufWriter::new(draft.file());
        let mut lines = Lines::new(BufReader::new(file));
        while let Some((_, text)) = self.next_line(&mut lines)? {
            let dated: Option<Dated> = serde_json::from_slice(text).ok();
            if dated.is_none_or(|it| it.at >= cut) {
                kept.write_all(text)
                    .and_then(|()| kept.write_all(b"\n"))
                    .map_err(|source| self.cannot_write(source))?;
            }
        }
        kept.flush().map_err(|source| self.cannot_write(source))?;
        drop(kept);
        draft.publish().map_err(|source| self.cannot_write(source))
    }

    /// Waits until nobody else reads or writes. Released when dropped.
    ///
    /// The lock is a file of its own, since the history's is replaced when old samples go.
    fn lock(&self) -> Result<Lock, Error> {
        Lock::exclusive(&self.lock_path(), PATIENCE).map_err(|source| self.cannot_lock(source))
    }

    /// Waits until nobody writes; `None` where nobody ever did.
    fn lock_shared(&self) -> Result<Option<Lock>, Error> {
        Lock::shared(&self.lock_path(), PATIENCE).map_err(|source| self.cannot_lock(source))
    }

    fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    fn half_written(&self, line: u64) -> String {
        format!(
            "local history {}, line {line} is half written and was skipped",
            self.path.display()
        )
    }

    fn broken(&self, line: u64, why: String) -> Error {
        Error::Line {
            path: self.path.clone(),
            line,
            why,
        }
    }

    fn cannot_read(&self, source: io::Error) -> Error {
        Error::Read {
            path: self.path.clone(),
            source,
        }
    }

    fn cannot_write(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.path.clone(),
            source,
        }
    }

    fn cannot_lock(&self, source: io::Error) -> Error {
        Error::Lock {
            path: self.path.clone(),
            source,
        }
    }
}

/// Nobody holds the lock for longer than it takes to rewrite a month of samples.
const PATIENCE: Duration = Duration::from_secs(60);
const A_DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Cuts off what follows the last line break; the length that is left.
fn remove_half_line(file: &mut File) -> io::Result<u64> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut left = end;
    let mut last = [0];
    while left > 0 {
        file.seek(SeekFrom::Start(left - 1))?;
        file.read_exact(&mut last)?;
        if last == *b"\n" {
            break;
        }
        left -= 1;
    }
    if left < end {
        file.set_len(left)?;
    }
    Ok(left)
}

/// A readable part of the id, and a checksum that keeps ids apart which look alike in it.
fn file_name(cluster_id: &str) -> String {
    const READABLE: usize = 60;
    let readable: String = cluster_id
        .chars()
        .take(READABLE)
        .map(|it| {
            if it.is_ascii_alphanumeric() || it == '-' {
                it
            } else {
                '_'
            }
        })
        .collect();
    let checksum = crc32c::crc32c(cluster_id.as_bytes());
    format!("{readable}-{checksum:08x}.jsonl")
}

#[cfg(test)]
mod tests;
