//! Manifests on the disk: which are meant, and how they are written back.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, files};
use crate::output::patch::file;
use crate::state::Draft;

const FLAG: &str = "-f";

/// Ends of the names of manifests, as kubectl looks for them in folders.
const ENDS: [&str; 3] = ["yaml", "yml", "json"];

/// A manifest as it was read, and as it is to be.
#[derive(Debug)]
pub(super) struct Manifest {
    /// As it was given.
    pub(super) name: String,
    /// `None` for standard input.
    path: Option<PathBuf>,
    pub(super) before: String,
    pub(super) after: String,
}

impl Manifest {
    fn new(name: String, path: Option<PathBuf>, text: String) -> Self {
        Self {
            name,
            path,
            before: text.clone(),
            after: text,
        }
    }

    pub(super) fn failed(&self, source: file::Error) -> files::Error {
        files::Error::Edit {
            file: self.name.clone(),
            source: Box::new(source),
        }
    }
}

/// The manifests that are meant, each once: files, those right below folders, and `-` for standard
/// input.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Manifest>, Error> {
    let (mut manifests, mut known) = (vec![], BTreeSet::new());
    for path in paths {
        if path.as_os_str() == "-" {
            if known.insert(path.clone()) {
                let text = io::read_to_string(io::stdin()).map_err(|it| unread(path, it))?;
                manifests.push(Manifest::new("standard input".to_owned(), None, text));
            }
            continue;
        }
        for file in files(path)? {
            let real = fs::canonicalize(&file).map_err(|it| unread(&file, it))?;
            if known.insert(real) {
                let text = text(&file).map_err(|it| unread(&file, it))?;
                manifests.push(Manifest::new(file.display().to_string(), Some(file), text));
            }
        }
    }
    Ok(manifests)
}

fn unread(path: &Path, source: io::Error) -> Error {
    Error::Read {
        flag: FLAG,
        path: path.to_owned(),
        source,
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// A file itself, or the manifests of a folder in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |it| unread(path, it);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = vec![];
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let end = file.extension().and_then(|it| it.to_str());
        if end.is_some_and(|it| ENDS.contains(&it)) && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    match files.is_empty() {
        true => Err(files::Error::Empty {
            folder: path.to_owned(),
        }
        .into()),
        false => Ok(files),
    }
}

/// Writes back what is to be another text. Every new file is complete before the first one takes its
/// place, and none takes that of one that has changed since it was read.
pub(super) fn write(manifests: &[Manifest]) -> Result<(), files::Error> {
    let changed = manifests.iter().filter(|it| it.before != it.after);
    let changed = changed.filter_map(|it| Some((it, it.path.as_deref()?)));
    let mut drafts = vec![];
    for (manifest, path) in changed {
        let draft = draft(path, &manifest.after).map_err(|it| unwritten(manifest, &[], it))?;
        drafts.push((manifest, path, draft));
    }
    for (manifest, path, _) in &drafts {
        check(manifest, path, &[])?;
    }
    let mut written = vec![];
    for (manifest, path, draft) in drafts {
        check(manifest, path, &written)?;
        let published = draft.publish();
        published.map_err(|it| unwritten(manifest, &written, it))?;
        written.push(manifest.name.clone());
    }
    Ok(())
}

/// That the file is still what was read.
fn check(manifest: &Manifest, path: &Path, written: &[String]) -> Result<(), files::Error> {
    let now = fs::read(path).map_err(|it| unwritten(manifest, written, it))?;
    match now == manifest.before.as_bytes() {
        true => Ok(()),
        false => Err(files::Error::Changed {
            file: manifest.name.clone(),
            written: written.to_vec(),
        }),
    }
}

fn unwritten(manifest: &Manifest, written: &[String], source: io::Error) -> files::Error {
    files::Error::Write {
        file: manifest.name.clone(),
        written: written.to_vec(),
        source,
    }
}

/// The new file beside the old one, with its owner and permissions.
fn draft(path: &Path, text: &str) -> io::Result<Draft> {
    let old = fs::metadata(path)?;
    if old.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut draft = Draft::of(path)?;
    draft.file().write_all(text.as_bytes())?;
    keep_owner(draft.file(), &old)?;
    draft.file().set_permissions(old.permissions())?;
    Ok(draft)
}

#[cfg(unix)]
fn keep_owner(file: &fs::File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file, Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
