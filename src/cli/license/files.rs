//! The files of keys, licenses and signatures. What is written is written whole or not at all, and
//! never over something else.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{self, Error};
use crate::license::keys::{Erased, PrivateKey};

/// How much of a file is read at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    bytes: usize,
    name: &'static str,
}

/// Of licenses, signatures and keys, none of which needs a tenth of it.
pub(super) const LICENSE: Limit = Limit {
    bytes: 64 << 10,
    name: "64 KiB",
};

/// Of artifacts, which are held in memory since ed25519 reads a message twice.
pub(super) const ARTIFACT: Limit = Limit {
    bytes: 1 << 30,
    name: "1 GiB",
};

pub(super) fn read(flag: &'static str, path: &Path, limit: Limit) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let one_more = limit.bytes as u64 + 1;
    let read = File::open(path).and_then(|it| it.take(one_more).read_to_end(&mut bytes));
    read.map_err(|source| cannot_read(flag, path, source))?;
    if bytes.len() > limit.bytes {
        return Err(error::license::Error::TooLarge {
            path: path.to_owned(),
            limit: limit.name,
        }
        .into());
    }
    Ok(bytes)
}

pub(super) fn read_if_present(
    flag: &'static str,
    path: &Path,
    limit: Limit,
) -> Result<Option<Vec<u8>>, Error> {
    match read(flag, path, limit) {
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

/// The private key in a file, and whether others than its owner may read it.
pub(super) fn read_private_key(path: &Path) -> Result<(PrivateKey, bool), Error> {
    const FLAG: &str = "--private-key";
    // Large enough from the start: a text that grows leaves copies of itself behind.
    let mut text = Erased::new(String::with_capacity(LICENSE.bytes));
    let read = File::open(path).and_then(|file| {
        let is_open = is_open_to_others(&file.metadata()?);
        let within = LICENSE.bytes as u64 - 1;
        file.take(within).read_to_string(&mut text)?;
        Ok(is_open)
    });
    let is_open = read.map_err(|source| cannot_read(FLAG, path, source))?;
    let key = PrivateKey::parse(&text).map_err(|source| error::license::Error::Key {
        place: path.display().to_string(),
        source,
    })?;
    Ok((key, is_open))
}

#[cfg(unix)]
fn is_open_to_others(file: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o077 != 0
}

/// Elsewhere the folders of a user are their own, and lists of rights say the rest.
#[cfg(not(unix))]
fn is_open_to_others(_: &Metadata) -> bool {
    false
}

fn cannot_read(flag: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Read {
        flag,
        path: path.to_owned(),
        source,
    }
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    Owner,
    /// As far as the umask allows.
    Everybody,
}

/// A file to be written.
#[derive(Debug)]
pub(super) struct New<'a> {
    pub(super) flag: &'static str,
    pub(super) path: &'a Path,
    pub(super) readers: Readers,
    pub(super) bytes: &'a [u8],
}

/// Writes both files, or none of them.
///
/// # Errors
/// Where one exists already, or cannot be written.
pub(super) fn write_both(first: &New<'_>, second: &New<'_>) -> Result<(), Error> {
    // The second would be refused too late to leave nothing of the first behind for a moment.
    for file in [first, second] {
        if fs::symlink_metadata(file.path).is_ok() {
            return Err(exists(file.path));
        }
    }
    first.write()?;
    second.write().inspect_err(|_| {
        // Ours, written a moment ago; if it stays, the next run says so.
        let _ = fs::remove_file(first.path);
    })
}

impl New<'_> {
    /// # Errors
    /// Where it exists already, or cannot be written.
    pub(super) fn write(&self) -> Result<(), Error> {
        self.persist().map_err(|source| {
            if source.kind() == io::ErrorKind::AlreadyExists {
                return exists(self.path);
            }
            Error::Write {
                flag: self.flag,
                path: self.path.to_owned(),
                source,
            }
        })
    }

    fn persist(&self) -> io::Result<()> {
        let folder = folder_of(self.path);
        let mut draft = draft(self.readers).tempfile_in(&folder)?;
        draft.write_all(self.bytes)?;
        draft.as_file().sync_all()?;
        draft.persist_noclobber(self.path).map_err(|it| it.error)?;
        // The name itself is on the disk once the folder is.
        crate::state::sync_directory(&folder)
    }
}

/// A file that is nobody's yet, for such readers; where rights are lists, those of its folder.
fn draft(readers: Readers) -> tempfile::Builder<'static, 'static> {
    let mut draft = tempfile::Builder::new();
    draft.prefix(".stepscale-");
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everybody => 0o644,
    };
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _: u32 = mode;
    draft
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

fn exists(path: &Path) -> Error {
    let path = path.to_owned();
    error::license::Error::Exists { path }.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn new<'a>(path: &'a Path, readers: Readers) -> New<'a> {
        New {
            flag: "--out",
            path,
            readers,
            bytes: b"new",
        }
    }

    #[test]
    fn both_files_are_written_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("a"), folder.path().join("missing/b"));
        let ours = new(&first, Readers::Owner);
        let failed = write_both(&ours, &new(&second, Readers::Everybody));
        assert!(matches!(failed, Err(Error::Write { .. })), "{failed:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&second, "old").unwrap();
        let ours = new(&first, Readers::Owner);
        for refused in [
            write_both(&ours, &new(&second, Readers::Owner)),
            new(&second, Readers::Owner).write(),
        ] {
            let err = refused.unwrap_err();
            assert!(err.to_string().ends_with("b exists already"), "{err}");
        }
        assert!(!first.exists());
        assert_eq!(fs::read_to_string(&second).unwrap(), "old");
        // A name that leads nowhere is a name in use as well.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert!(new(&link, Readers::Owner).write().is_err());
    }

    #[test]
    fn private_files_are_their_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        new(&path, Readers::Owner).write().unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let limit = Limit {
            bytes: 4,
            name: "4 B",
        };
        fs::write(&path, "1234").unwrap();
        assert_eq!(read("--license", &path, limit).unwrap(), b"1234");
        fs::write(&path, "12345").unwrap();
        let refused = read("--license", &path, limit).unwrap_err();
        assert!(refused.to_string().ends_with("a is larger than 4 B"));
        let missing = folder.path().join("b");
        assert_eq!(read_if_present("--license", &missing, limit).unwrap(), None);
        assert!(read_if_present("--license", folder.path(), limit).is_err());
    }

    #[test]
    fn errors_show_nothing_of_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "-----BEGIN PRIVATE KEY-----\nhunter2\n").unwrap();
        let refused = read_private_key(&path).unwrap_err();
        assert!(
            !refused.render().contains("hunter2"),
            "{}",
            refused.render()
        );
        assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
    }
}
