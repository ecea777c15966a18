//! Manifests that recommendations are written into: what goes wrong, and what to do about it.

use std::path::PathBuf;

use super::Exit;
use crate::bundle;
use crate::output::patch::file;
use crate::yaml::edit;

/// Why nothing was written into a manifest. Files are named as they were given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot edit {file}")]
    Edit {
        file: String,
        source: Box<file::Error>,
    },
    #[error("{autoscaler} is in none of {}", files.join(", "))]
    Missing {
        autoscaler: String,
        files: Vec<String>,
    },
    #[error("{autoscaler} is in several files: {}", files.join(", "))]
    Several {
        autoscaler: String,
        files: Vec<String>,
    },
    #[error("{} has no file whose name ends in .yaml, .yml or .json", folder.display())]
    Empty { folder: PathBuf },
    #[error(
        "{file} was changed by somebody else at the same time{}",
        after(written)
    )]
    Changed {
        file: String,
        /// Files that were written before.
        written: Vec<String>,
    },
    #[error("cannot write {file}{}", after(written))]
    Write {
        file: String,
        written: Vec<String>,
        source: std::io::Error,
    },
}

fn after(written: &[String]) -> String {
    match written {
        [] => String::new(),
        some => format!(", after {} was written", some.join(", ")),
    }
}

pub(super) fn hint(err: &Error) -> String {
    match err {
        Error::Edit { source, .. } => edit_hint(source),
        Error::Missing { .. } => {
            "pass the file that it comes from with -f, or print a patch with -o patch".to_owned()
        }
        Error::Several { .. } => "pass only the one that is to be edited".to_owned(),
        Error::Empty { .. } => "pass the folder that has the manifests themselves".to_owned(),
        Error::Changed { .. } => {
            "run the command again: it begins with what is there now".to_owned()
        }
        Error::Write { .. } => {
            "check the free space and the permissions of file and folder".to_owned()
        }
    }
}

/// A support bundle that cannot be read.
pub(super) fn bundle_hint(err: &bundle::ReadError) -> &'static str {
    use bundle::ReadError;
    match err {
        ReadError::Open { .. } => "check the path given with --from and its permissions",
        ReadError::Damaged { .. } | ReadError::Entry { .. } => {
            "copy it again, or write it anew with `kubectl stepscale gather -o FILE.tar.gz`"
        }
        ReadError::NoBundle { .. } => {
            "pass a bundle that `kubectl stepscale gather -o FILE.tar.gz` has written"
        }
    }
}

fn edit_hint(err: &file::Error) -> String {
    match err {
        file::Error::Text(err) => text_hint(err).to_owned(),
        file::Error::Disagrees { from, to, .. } => format!(
            "make it {from} in the file, or {to} where that is right; or let the cluster have what \
             the file says and run `kubectl stepscale analyze` again"
        ),
        file::Error::OtherVersion { .. } => {
            "let the file have autoscaling/v2: `-o manifest` prints it".to_owned()
        }
        file::Error::NoMetrics { .. } => "pass the file that has its metrics with -f".to_owned(),
        file::Error::Settings { .. } => {
            "compare the file with what the cluster has: `kubectl diff -f FILE`".to_owned()
        }
    }
}

fn text_hint(err: &edit::Error) -> &'static str {
    match err {
        edit::Error::Syntax { .. } | edit::Error::Tab { .. } => "correct the file",
        edit::Error::Template { .. } => {
            "edit the values that it is filled with: `-o patch` prints what is to change"
        }
        edit::Error::NotFound { .. } => "pass the file that it comes from",
        edit::Error::Several { .. } => "name namespaces in the file, or leave one of them",
        edit::Error::Shared { .. } | edit::Error::Unfit { .. } | edit::Error::Unsafe { .. } => {
            "change it by hand: `-o patch` prints what is to change"
        }
    }
}

pub(super) fn exit(err: &Error) -> Exit {
    match err {
        Error::Edit { source, .. } => match **source {
            file::Error::Disagrees { .. } => Exit::Refused,
            file::Error::Text(_)
            | file::Error::OtherVersion { .. }
            | file::Error::NoMetrics { .. }
            | file::Error::Settings { .. } => Exit::Usage,
        },
        Error::Missing { .. } => Exit::ObjectNotFound,
        Error::Changed { .. } => Exit::Refused,
        Error::Several { .. } | Error::Empty { .. } | Error::Write { .. } => Exit::Usage,
    }
}
