//! What a bundle holds for a lint: its manifest, and objects of some kinds.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layout;
use super::manifest::{API_VERSION, KIND, Manifest};
use crate::archive::Entries;
use crate::yaml;

/// Of standard input, as a path.
const STDIN: &str = "-";

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

/// `path`, or standard input for `-`.
fn opened(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    if path == Path::new(STDIN) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|source| Error::Open {
        path: path.to_owned(),
        source,
    })?;
    Ok(Box::new(BufReader::with_capacity(256 << 10, file)))
}

/// What is read so far.
#[derive(Default)]
struct Draft {
    /// The manifest that is highest in the archive: its folder, path and content.
    manifest: Option<(String, String, Vec<u8>)>,
    /// Objects with the folder of the bundle that has them.
    objects: Vec<(String, Vec<Value>)>,
}

/// Reads the manifest, and the objects of the kinds that `is_meant` names by group (`core` for the core)
/// and plural. Nothing is unpacked to a disk; `-` is standard input.
///
/// # Errors
/// Where the file is no bundle, or a damaged one.
pub fn read(path: &Path, is_meant: impl Fn(&str, &str) -> bool) -> Result<Content, Error> {
    let damaged = |source| Error::Damaged {
        path: named(path),
        source,
    };
    let entries = Entries::of(opened(path)?).map_err(damaged)?;
    let mut entries = entries.ok_or_else(|| no_bundle(path, "it is no archive"))?;
    let mut draft = Draft::default();
    // Of all objects together, since all of them are kept.
    let mut room = MOST;
    while let Some(found) = entries.next().map_err(damaged)? {
        if let Some(root) = layout::manifest_root(&found.path) {
            if draft.is_above(root) {
                let content = entries.content(&found, MOST).map_err(damaged)?;
                draft.manifest = Some((root.to_owned(), found.path.clone(), content));
            }
        } else if let Some(at) = layout::objects_at(&found.path)
            && is_meant(at.group, at.plural)
        {
            let content = entries.content(&found, room).map_err(damaged)?;
            room -= content.len() as u64;
            let objects = objects_of(&content).map_err(|why| refused(path, &found.path, why))?;
            draft.objects.push((at.root, objects));
        }
    }
    draft.finish(path)
}

impl Draft {
    /// Whether a bundle at `root` is no deeper than what was found so far.
    fn is_above(&self, root: &str) -> bool {
        let depth = |it: &str| it.matches('/').count();
        let manifest = self.manifest.as_ref();
        manifest.is_none_or(|(found, ..)| root.is_empty() || depth(root) < depth(found))
    }

    /// The bundle of the manifest, without objects that lie elsewhere.
    fn finish(self, path: &Path) -> Result<Content, Error> {
        let found = self.manifest;
        let (root, entry, content) =
            found.ok_or_else(|| no_bundle(path, "it has no manifest.json"))?;
        let read = serde_json::from_slice(&content);
        let manifest: Manifest = read.map_err(|it| refused(path, &entry, it.to_string()))?;
        if manifest.kind != KIND || manifest.api_version != API_VERSION {
            let why = format!(
                "it is {} of {}, and this program reads {KIND} of {API_VERSION}",
                manifest.kind, manifest.api_version
            );
            return Err(no_bundle(path, &why));
        }
        let objects = self.objects.into_iter().filter(|it| it.0 == root);
        Ok(Content {
            manifest,
            objects: objects.flat_map(|it| it.1).collect(),
        })
    }
}

fn refused(path: &Path, entry: &str, why: String) -> Error {
    Error::Entry {
        path: named(path),
        entry: entry.to_owned(),
        why,
    }
}

fn no_bundle(path: &Path, why: &str) -> Error {
    Error::NoBundle {
        path: named(path),
        why: why.to_owned(),
    }
}

/// A file as messages name it.
fn named(path: &Path) -> PathBuf {
    if path == Path::new(STDIN) {
        PathBuf::from("<stdin>")
    } else {
        path.to_owned()
    }
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
