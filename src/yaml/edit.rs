//! Changes values in YAML that people wrote, and nothing else: comments, order, indentation, quotes
//! and line ends stay as they are.
//!
//! [`set`] reads the text into a tree that knows where everything stands ([`tree`]), looks up the
//! one object that is meant ([`place`]), and cuts in the least text that makes a value another
//! ([`splice`], written by [`text`]), one difference after another. What comes out is read again by
//! another parser and must hold exactly what was asked for; otherwise nothing is changed.
//!
//! Not here: files, and what a value should be.

mod cut;
mod place;
mod splice;
mod text;
pub(super) mod tree;

use serde::Deserialize;
use serde_json::Value as Json;

use super::Value;
use place::Place;
use tree::Tree;

/// Which object of a stream of documents is meant. Its `apiVersion` does not matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSelector {
    pub kind: String,
    /// With one, an object that names no namespace is meant too, unless another does name it.
    pub namespace: Option<String>,
    pub name: String,
}

impl std::fmt::Display for DocumentSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            kind,
            namespace,
            name,
        } = self;
        match namespace {
            Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
            None => write!(f, "{kind} {name}"),
        }
    }
}

/// A value that a place of an object is to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// A JSON pointer (RFC 6901). Mappings that are missing on the way are made.
    pub path: String,
    pub to: Json,
}

impl Edit {
    /// The edits that give an object all that a part of it says: one for every list and scalar of
    /// `part`, but for `apiVersion`, `kind` and the names that tell which object it is.
    pub fn all_of(part: &Json) -> Vec<Self> {
        let mut edits = vec![];
        leaves(part, String::new(), &mut edits);
        edits.retain(|it| !NAMING.contains(&it.path.as_str()));
        edits
    }
}

/// What tells which object it is.
const NAMING: [&str; 4] = [
    "/apiVersion",
    "/kind",
    "/metadata/name",
    "/metadata/namespace",
];

fn leaves(value: &Json, path: String, edits: &mut Vec<Edit>) {
    match value {
        Json::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                leaves(value, format!("{path}/{}", escaped(key)), edits);
            }
        }
        other => edits.push(Edit {
            path,
            to: other.clone(),
        }),
    }
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Why a text cannot be edited. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("line {line} is not YAML: {message}")]
    Syntax { line: usize, message: String },
    #[error("line {line} is indented with a tab, which YAML does not allow")]
    Tab { line: usize },
    #[error("line {line} is a template, which has its values elsewhere: {text}")]
    Template { line: usize, text: String },
    #[error("no document is {object}")]
    NotFound { object: String },
    #[error("{object} is there more than once: lines {}", joined(.lines))]
    Several { object: String, lines: Vec<usize> },
    #[error(
        "{object}, line {line}: {path} is shared with other places by an anchor, an alias or a merge key"
    )]
    Shared {
        object: String,
        line: usize,
        path: String,
    },
    #[error("{object}, line {line}: {path} cannot be set: {why}")]
    Unfit {
        object: String,
        line: usize,
        path: String,
        why: &'static str,
    },
    #[error("{object}, line {line}: setting {path} would change something else too")]
    Unsafe {
        object: String,
        line: usize,
        path: String,
    },
}

fn joined(lines: &[usize]) -> String {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    lines.join(", ")
}

/// `text` with `edits` made in the object that is meant, one after another. A value that is there
/// already stays as it is written.
///
/// A list or mapping that is to be another keeps its text as far as the new one has the same keys
/// and items; otherwise it is written anew, without the comments in it. `null` is written as such.
///
/// # Errors
/// If `text` is not YAML or is a template, if not exactly one object is meant, and if an edit cannot
/// be made without changing anything else. An object that is an item of a list is found too.
pub fn set(text: &str, object: &DocumentSelector, edits: &[Edit]) -> Result<String, Error> {
    let (mark, body) = split_mark(text);
    let mut edited = body.to_owned();
    for edit in edits {
        edited = with_edit(edited, object, edit)?;
    }
    Ok(format!("{mark}{edited}"))
}

/// The object that is meant, as Kubernetes reads it.
///
/// # Errors
/// If `text` is not YAML or is a template, and if not exactly one object is meant.
pub fn find(text: &str, object: &DocumentSelector) -> Result<Json, Error> {
    let (_, body) = split_mark(text);
    let (tree, values) = read(body)?;
    let place = place::find(body, &tree, object)?;
    let mut value = place.value(&values).cloned().unwrap_or_default();
    let merged = value
        .apply_merge()
        .ok()
        .and_then(|()| serde_json::to_value(value).ok());
    merged.ok_or_else(|| place.unfit(place.line, "", "it is not an object of JSON"))
}

/// The byte order mark, if there is one, and the rest.
fn split_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { 3 } else { 0 })
}

/// Cuts in one difference after another until there is none, and checks what came of it.
fn with_edit(text: String, object: &DocumentSelector, edit: &Edit) -> Result<String, Error> {
    let (tree, before) = read(&text)?;
    let place = place::find(&text, &tree, object)?;
    let Some(wanted) = place.with(&before, edit) else {
        return Err(place.unfit(place.line, &edit.path, "there is no such place"));
    };
    let mut edited = text.clone();
    // Every cut settles one difference at least, so that there are no more of them than values.
    for _ in 0..=size(&edit.to) {
        let (tree, values) = read_again(&edited, &place, edit)?;
        let now = place::find(&edited, &tree, object)?;
        match splice::next(&edited, &tree, &now, &values, edit)? {
            Some(splice) => edited = splice.made_in(&edited),
            None if values == wanted => return Ok(edited),
            None => return Err(place.not_safe(&edit.path)),
        }
    }
    Err(place.not_safe(&edit.path))
}

/// As [`read`], of a text that is ours, so that it is our fault if it cannot be read.
fn read_again(text: &str, place: &Place, edit: &Edit) -> Result<(Tree, Vec<Value>), Error> {
    read(text).map_err(|_| place.not_safe(&edit.path))
}

/// Scalars and collections of a value.
fn size(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Json::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 1,
    }
}

/// The text as two parsers see it: where everything stands, and what it is.
fn read(text: &str) -> Result<(Tree, Vec<Value>), Error> {
    let tree = Tree::read(text).map_err(|(line, message)| broken(text, line, message))?;
    let documents = serde_yaml::Deserializer::from_str(text).map(Value::deserialize);
    let values = documents.collect::<Result<_, _>>().map_err(|error| {
        let line = error.location().map_or(1, |it| it.line());
        broken(text, line, error.to_string())
    })?;
    Ok((tree, values))
}

/// Templates and tabs are told first: they are why.
fn broken(text: &str, line: usize, message: String) -> Error {
    if let Some(error) = template(text) {
        return error;
    }
    let is_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    match text
        .lines()
        .position(|it| is_tab(it) && !it.trim().is_empty())
    {
        // The parser may tell the line before.
        Some(index) if index <= line => Error::Tab { line: index + 1 },
        Some(_) | None => Error::Syntax { line, message },
    }
}

/// The first line with a placeholder that is no comment.
fn template(text: &str) -> Option<Error> {
    let is_template = |line: &str| line.contains("{{") || line.contains("{%");
    let mut lines = text.lines().zip(1..);
    let found = lines.find(|(line, _)| is_template(line) && !line.trim_start().starts_with('#'));
    found.map(|(text, line)| Error::Template {
        line,
        text: text.trim().to_owned(),
    })
}

/// The line of a byte, from 1.
fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|it| *it == b'\n').count()
}

#[cfg(test)]
mod tests;
