//! Completion and man pages: what goes wrong while they are put in place, and what to do about it.

use std::path::PathBuf;

use super::Exit;

/// Why nothing was put in place, or taken away.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} is somebody else's", path.display())]
    Foreign { path: PathBuf },
    #[error("cannot write {}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot tell where this program is")]
    NoPlugin,
}

pub(super) fn hint(err: &Error) -> &'static str {
    match err {
        Error::Foreign { .. } => "move it away, or name another folder of PATH with --dir",
        Error::Write { .. } => "name a folder of PATH that you may write to with --dir",
        Error::NoPlugin => "run it by its whole path",
    }
}

pub(super) fn exit(err: &Error) -> Exit {
    match err {
        Error::Foreign { .. } => Exit::Refused,
        Error::Write { .. } | Error::NoPlugin => Exit::Usage,
    }
}
