//! What the program keeps between runs: where, and how it is written so that neither a crash nor
//! another process does harm.
//!
//! Everything lies below one folder, [`folder`], that only its owner can read. A file that is
//! replaced is written whole beside itself first ([`atomic_write`]); who reads before writing holds
//! a [`Lock`].

mod draft;
mod lock;

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

pub(crate) use draft::{Draft, create_private, directory_of, private, sync_directory};
pub use lock::Lock;

/// `$XDG_STATE_HOME/stepscale`, by default below `~/.local/state`. `None` where the user has no
/// home. It need not exist.
pub fn folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Some(state.join("stepscale"))
}

/// Makes a folder and those above it that are missing, each for its owner only. What exists stays
/// as it is.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether files can be written in a folder, or in the one that it would be made in. Leaves nothing.
///
/// # Errors
/// Where they cannot.
pub(crate) fn try_folder(folder: &Path) -> io::Result<()> {
    let existing = folder.ancestors().find(|it| it.exists());
    tempfile::tempfile_in(existing.unwrap_or(Path::new("."))).map(drop)
}

/// Replaces a file, or makes it, for its owner only: whoever reads it sees the old bytes or the new
/// ones, also after a power cut. Its folder must exist.
///
/// # Errors
/// Where it cannot be written; the file is then as it was.
pub fn atomic_write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::of(path)?;
    draft.file().write_all(bytes)?;
    draft.publish()
}

/// Runs what waits for a disk, or for a lock, where it holds nothing else up.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // A panic goes on here.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("state/records");
        create_private_folder(&folder).unwrap();
        create_private_folder(&folder).unwrap();
        let path = folder.join("web.json");
        for text in ["a long first one", "short"] {
            atomic_write(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing/web.json");
        let error = atomic_write(&path, b"new").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(atomic_write(directory.path(), b"new").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_what_is_kept() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("a/b");
        create_private_folder(&folder).unwrap();
        atomic_write(&folder.join("file"), b"x").unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(directory.path().join("a")), 0o700);
        assert_eq!(mode(folder.clone()), 0o700);
        assert_eq!(mode(folder.join("file")), 0o600);
    }
}
