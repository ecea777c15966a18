//! The files that are checked, read.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::name_of;
use crate::config::lint::Files;
use crate::error::Error;
use crate::yaml::located::{Broken, Documents, Position};

/// One file, or a stream.
pub(super) struct Source {
    pub(super) name: String,
    /// Whether it was named itself, instead of being found in a folder.
    pub(super) is_named: bool,
    pub(super) documents: Result<Documents, Broken>,
}

impl Source {
    fn of(name: String, is_named: bool, text: &str) -> Self {
        Self {
            name,
            is_named,
            documents: Documents::read(text),
        }
    }

    /// Its objects with their document and the pointer to them; the items of lists one by one.
    pub(super) fn objects(&self) -> Vec<(usize, String, &Value)> {
        let values = self.documents.as_ref().map_or(&[][..], Documents::values);
        let mut found = Vec::new();
        for (document, value) in values.iter().enumerate() {
            add(document, String::new(), value, &mut found);
        }
        found
    }

    pub(super) fn position(&self, document: usize, pointer: &str) -> Position {
        match &self.documents {
            Ok(documents) => documents.position(document, pointer),
            Err(broken) => broken.at,
        }
    }
}

fn add<'v>(
    document: usize,
    prefix: String,
    value: &'v Value,
    found: &mut Vec<(usize, String, &'v Value)>,
) {
    let kind = value.get("kind").and_then(Value::as_str);
    let items = value.get("items").and_then(Value::as_array);
    match (items, kind) {
        (Some(items), Some(kind)) if kind.ends_with("List") => {
            for (at, item) in items.iter().enumerate() {
                add(document, format!("{prefix}/items/{at}"), item, found);
            }
        }
        _ if value.is_null() => {}
        _ => found.push((document, prefix, value)),
    }
}

/// Reads everything that is named.
///
/// # Errors
/// If something cannot be read, a folder has no manifests, or kubectl cannot build one.
pub(super) fn read(files: &Files) -> Result<Vec<Source>, Error> {
    let mut sources = Vec::new();
    if let Some(folder) = &files.kustomize {
        let text = match folder.as_os_str() == "-" {
            true => text_of(folder, "-k")?,
            false => built(folder)?,
        };
        let name = match folder.as_os_str() == "-" {
            true => name_of(folder),
            false => format!("{} (built)", name_of(folder)),
        };
        sources.push(Source::of(name, true, &text));
    }
    for path in &files.paths {
        if path.as_os_str() != "-" && path.is_dir() {
            let mut found = Vec::new();
            collect(path, files.recursive, &mut found)?;
            if found.is_empty() {
                return Err(empty(path, files.recursive));
            }
            for file in found {
                sources.push(Source::of(name_of(&file), false, &text_of(&file, "-f")?));
            }
        } else {
            sources.push(Source::of(name_of(path), true, &text_of(path, "-f")?));
        }
    }
    Ok(sources)
}

fn empty(folder: &Path, recursive: bool) -> Error {
    Error::Usage {
        message: format!(
            "{} has no file whose name ends in .yaml, .yml or .json",
            folder.display()
        ),
        hint: (!recursive).then(|| "pass -R to read the folders below it too".to_owned()),
    }
}

/// The manifests of a folder, by name. Links to folders are not followed, since they may lead in
/// circles.
fn collect(folder: &Path, recursive: bool, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::Read {
        flag: "-f",
        path: folder.to_owned(),
        source,
    };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        let extension = path.extension().and_then(|it| it.to_str());
        let is_manifest = matches!(extension, Some("yaml" | "yml" | "json"));
        if kind.is_dir() && recursive {
            collect(&path, recursive, found)?;
        } else if is_manifest && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn text_of(path: &Path, flag: &'static str) -> Result<String, Error> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let text = read.and_then(|bytes| {
        let text = String::from_utf8(bytes);
        text.map_err(|err| std::io::Error::new(std::io::ErrorKind::InvalidData, err.utf8_error()))
    });
    text.map_err(|source| Error::Read {
        flag,
        path: path.to_owned(),
        source,
    })
}

/// What `kubectl kustomize` makes of a folder.
fn built(folder: &Path) -> Result<String, Error> {
    let run = Command::new("kubectl")
        .arg("kustomize")
        .arg(folder)
        .output();
    let output = run.map_err(|err| Error::Usage {
        message: format!("cannot run `kubectl kustomize {}`: {err}", folder.display()),
        hint: Some(
            "build it elsewhere: kustomize build DIR | kubectl stepscale lint -k -".to_owned(),
        ),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told = told
        .lines()
        .find(|it| !it.trim().is_empty())
        .unwrap_or("it says nothing");
    Err(Error::Usage {
        message: format!("`kubectl kustomize {}` failed: {told}", folder.display()),
        hint: Some("correct the kustomization".to_owned()),
    })
}
