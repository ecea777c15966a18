//! What a bundle holds for a lint: its manifest, and objects of some kinds.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layout;
use super::manifest::{API_VERSION, KIND, Manifest};
use crate::archive::{self, Entries};
use crate::yaml;

/// Bytes that a manifest, or a list of objects, may have.
const MOST: u64 = 256 << 20;

/// What is read of a bundle.
#[derive(Clone, Debug)]
pub struct Content {
    pub manifest: Manifest,
    /// Of the kinds that were asked for, in any order.
    pub objects: Vec<Value>,
}

/// A file is no bundle that can be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot open bundle {path}")]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("bundle {path} is damaged")]
    Damaged {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} is no support bundle: {why}")]
    NoBundle { path: PathBuf, why: String },
    #[error("bundle {path}: {entry} cannot be read: {why}")]
    Entry {
        path: PathBuf,
        entry: String,
        why: String,
    },
}

/// Whether a file is an archive, as its content says.
///
/// # Errors
/// Where it cannot be opened.
pub fn is_bundle(path: &Path) -> Result<bool, Error> {
    Ok(archive::is_archive(opened(path)?))
}

fn opened(path: &Path) -> Result<BufReader<File>, Error> {
    let file = File::open(path).map_err(|source| Error::Open {
        path: path.to_owned(),
        source,
    })?;
    Ok(BufReader::with_capacity(256 << 10, file))
}

/// Reads the manifest, and the objects of the kinds that `is_meant` names by group (`core` for the core)
/// and plural. Nothing is unpacked to a disk.
///
/// # Errors
/// Where the file is no bundle, or a damaged one.
pub fn read(path: &Path, is_meant: impl Fn(&str, &str) -> bool) -> Result<Content, Error> {
    let damaged = |source| Error::Damaged {
        path: path.to_owned(),
        source,
    };
    if !is_bundle(path)? {
        return Err(no_bundle(path, "it is no archive"));
    }
    let mut entries = Entries::of(opened(path)?);
    let (mut manifest, mut objects) = (None, Vec::new());
    // Of all objects together, since all of them are kept.
    let mut room = MOST;
    while let Some(found) = entries.next().map_err(damaged)? {
        let entry = &found.path;
        let refused = |why: String| Error::Entry {
            path: path.to_owned(),
            entry: entry.clone(),
            why,
        };
        if is_manifest(entry) {
            let content = entries.content(&found, MOST).map_err(damaged)?;
            let read = serde_json::from_slice(&content);
            manifest = Some(read.map_err(|it| refused(it.to_string()))?);
        } else if layout::objects_at(entry).is_some_and(|(group, plural)| is_meant(group, plural)) {
            let content = entries.content(&found, room).map_err(damaged)?;
            room -= content.len() as u64;
            objects.extend(objects_of(&content).map_err(refused)?);
        }
    }
    let manifest: Manifest = manifest.ok_or_else(|| no_bundle(path, "it has no manifest.json"))?;
    if manifest.kind != KIND || manifest.api_version != API_VERSION {
        let why = format!(
            "it is {} of {}, and this program reads {KIND} of {API_VERSION}",
            manifest.kind, manifest.api_version
        );
        return Err(no_bundle(path, &why));
    }
    Ok(Content { manifest, objects })
}

fn no_bundle(path: &Path, why: &str) -> Error {
    Error::NoBundle {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

fn is_manifest(entry: &str) -> bool {
    entry
        .split_once('/')
        .is_some_and(|it| it.1 == layout::MANIFEST)
}

/// The items of a list, or the one object.
fn objects_of(content: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(content).map_err(|it| it.to_string())?;
    let read = yaml::read(text).map_err(|it| it.to_string())?;
    let mut value: Value = serde_json::to_value(read).map_err(|it| it.to_string())?;
    match value.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        Some(_) | None => Ok(vec![value]),
    }
}
