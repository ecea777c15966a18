//! The file of the log: appended to by several processes at once, rotated by its size.
//!
//! Whoever appends holds a lock, opens the file by its name and writes one line at once, so that a
//! rotation by anybody else cannot be missed.

pub(super) mod rotated;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::Error;
use super::settings::Lifetime;
use crate::state::{self, Lock};

/// A lock is held for a write, or for packing a rotated file, which takes seconds at most.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The end of the log. One for each process is enough; its threads may share it.
#[derive(Debug)]
pub(super) struct Appender {
    path: PathBuf,
    max_bytes: u64,
    lifetime: Lifetime,
    /// Old files are looked after at the first record and then at every rotation.
    is_tidied: AtomicBool,
}

impl Appender {
    pub(super) fn new(path: PathBuf, lifetime: Lifetime) -> Self {
        Self {
            path,
            max_bytes: lifetime.max_bytes(),
            lifetime,
            is_tidied: AtomicBool::new(false),
        }
    }

    /// One that rotates at so many bytes.
    #[cfg(test)]
    pub(super) fn of_size(path: PathBuf, max_bytes: u64) -> Self {
        Self {
            max_bytes,
            ..Self::new(path, Lifetime::default())
        }
    }

    /// Adds a line, which ends with its break, and makes sure that it is on disk. Rotates before, by
    /// the time of the record, where the file would grow too large.
    ///
    /// # Errors
    /// Where the line is not in the file: no part of it is then, as far as that can be helped.
    /// What goes wrong with older files is logged and tried again next time.
    pub(super) fn append(&self, line: &[u8], at: Timestamp) -> Result<(), Error> {
        let _lock = self.lock()?;
        let mut file = self.open()?;
        let length = file.metadata().map_err(|it| self.cannot_write(it))?.len();
        let is_full = length > 0 && length + line.len() as u64 > self.max_bytes;
        if is_full && self.rotate(at) {
            file = self.open()?;
        }
        write_line(&mut file, line).map_err(|it| self.cannot_write(it))?;
        if is_full || !self.is_tidied.swap(true, Ordering::Relaxed) {
            self.tidy(at);
        }
        Ok(())
    }

    /// Whether the file can be opened for writing.
    pub(super) fn check(&self) -> Result<(), Error> {
        let _lock = self.lock()?;
        self.open().map(drop)
    }

    fn lock(&self) -> Result<Lock, Error> {
        let folder = state::directory_of(&self.path);
        let is_new = !folder.exists();
        state::create_private_folder(folder).map_err(|source| Error::CreateFolder {
            path: folder.to_owned(),
            source,
        })?;
        if is_new {
            // It may be the slip of somebody who meant another one.
            tracing::info!(folder = %folder.display(), "made the folder of the audit log");
        }
        Lock::exclusive(&lock_path(&self.path), PATIENCE).map_err(|source| Error::Lock {
            path: self.path.clone(),
            source,
        })
    }

    /// The file that has the name now. A pipe or a device is refused: it cannot be rotated, and a
    /// pipe would have us wait for its reader.
    fn open(&self) -> Result<File, Error> {
        let is_other = fs::metadata(&self.path).is_ok_and(|it| !it.is_file());
        if is_other {
            let path = self.path.clone();
            return Err(Error::NotAFile { path });
        }
        let is_new = !self.path.exists();
        let file = state::private().append(true).create(true).open(&self.path);
        let file = file.map_err(|it| self.cannot_write(it))?;
        if is_new {
            let folder = state::directory_of(&self.path);
            state::sync_directory(folder).map_err(|it| self.cannot_write(it))?;
        }
        Ok(file)
    }

    /// Whether the file has another name now. Where that fails, it grows: a file that is too large is
    /// better than a record that is missing.
    fn rotate(&self, at: Timestamp) -> bool {
        let rotated = rotated::rotate(&self.path, at);
        self.warn("cannot rotate the audit log", rotated)
    }

    fn tidy(&self, at: Timestamp) {
        let tidied = rotated::tidy(&self.path, self.lifetime, at);
        self.warn("cannot look after old audit logs", tidied);
    }

    fn warn(&self, what: &str, result: io::Result<()>) -> bool {
        if let Err(error) = &result {
            tracing::warn!(path = %self.path.display(), %error, "{what}");
        }
        result.is_ok()
    }

    fn cannot_write(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.path.clone(),
            source,
        }
    }
}

/// The lock of a log: a file of its own, since the log's is renamed.
pub(super) fn lock_path(log: &Path) -> PathBuf {
    let mut name = OsString::from(log);
    name.push(".lock");
    name.into()
}

/// Writes a line at once. Where a crash has left half a line, it begins a new one.
fn write_line(file: &mut File, line: &[u8]) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(line.len() + 1);
    if !ends_with_break(file, length)? {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(line);
    let written = file.write_all(&bytes).and_then(|()| file.sync_data());
    if written.is_err() {
        // On a full disk the half that was written goes. Where that fails too, the next line
        // begins behind it.
        let _ = file.set_len(length);
    }
    written
}

fn ends_with_break(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests;
