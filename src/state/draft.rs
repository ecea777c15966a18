//! A file that appears under its name only when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A file being written beside its final name, readable by its owner only.
///
/// [`publish`](Self::publish) puts it in place; dropped before that, it is removed, and whatever
/// had the name stays.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
    published: bool,
}

impl Draft {
    /// A draft of `target` in the same directory, so that putting it in place is one rename.
    ///
    /// Where `target` is a symbolic link, what it points to will be replaced, not the link.
    pub(crate) fn of(target: &Path) -> io::Result<Self> {
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let prefix = format!(".{}", name.to_string_lossy());
        let (file, path) = create_private(directory_of(&target), &prefix)?;
        Ok(Self {
            file,
            path,
            target,
            published: false,
        })
    }

    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Makes sure that the bytes are on disk and gives the file its name.
    pub(crate) fn publish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        self.published = true;
        sync_directory(directory_of(&self.target))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // Nobody is left to tell, and a stray draft does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Creates a file of an unused name that begins with `prefix`, readable by its owner only.
pub(crate) fn create_private(directory: &Path, prefix: &str) -> io::Result<(File, PathBuf)> {
    const ATTEMPTS: u32 = 1_000;
    let mut taken = None;
    for attempt in 0..ATTEMPTS {
        let path = directory.join(format!("{prefix}.{}-{attempt}.tmp", std::process::id()));
        match private().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// Options that read, and create files for their owner only where the system knows owners.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Where a file is, or will be.
pub(crate) fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a rename outlive a power cut, where directories can be opened.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn nothing_has_the_name_before_it_is_published() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("history");
        let mut draft = Draft::of(&target).unwrap();
        draft.file().write_all(b"all of it").unwrap();
        assert!(!target.exists());
        draft.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"all of it");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_abandoned_draft_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("history");
        fs::write(&target, "old").unwrap();
        let mut draft = Draft::of(&target).unwrap();
        draft.file().write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read(&target).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn it_is_readable_by_its_owner_only_and_follows_links() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("real");
        let link = directory.path().join("link");
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut draft = Draft::of(&link).unwrap();
        draft.file().write_all(b"new").unwrap();
        draft.publish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
        let mode = fs::metadata(&target).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
