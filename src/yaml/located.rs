//! Documents with the line and column of everything in them.
//!
//! What is read is what kubectl reads, which takes YAML 1.1: a bare `yes` is true there. JSON is
//! read too. A text that cannot be read says where, and so does a key that is there twice.

use std::collections::BTreeSet;

use granit_parser::ScalarStyle;
use serde::Deserialize;
use serde_json::Value as Json;

use super::Value;
use super::edit::tree::{Content, Node, Tree};

/// A place in a text, both from 1; columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Why a text, or one document of it, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub at: Position,
    pub why: Why,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    Syntax(String),
    Tab,
    /// A placeholder, which has its value elsewhere.
    Template(String),
    DuplicateKey(String),
}

/// All documents of a text.
#[derive(Debug)]
pub struct Documents {
    text: String,
    /// Bytes at which lines begin.
    lines: Vec<usize>,
    tree: Tree,
    values: Vec<Json>,
    broken: Vec<Broken>,
}

impl Documents {
    /// Reads every document of a text. One with a key twice, or with one that is no text, is null
    /// and told by [`broken`](Self::broken).
    ///
    /// # Errors
    /// If the text as a whole cannot be read.
    pub fn read(text: &str) -> Result<Self, Broken> {
        let text = plain(text);
        let lines = line_starts(&text);
        let scanned = Tree::scan(&text);
        let tree = scanned.map_err(|error| {
            let marker = error.marker();
            let column = marker.col() + 1;
            let line = marker.line().max(1);
            broken_at(&text, Position { line, column }, &error.info())
        })?;
        let mut documents = Self {
            text,
            lines,
            tree,
            values: Vec::new(),
            broken: Vec::new(),
        };
        documents.convert()?;
        Ok(documents)
    }

    /// The documents in their order; null for empty ones.
    pub fn values(&self) -> &[Json] {
        &self.values
    }

    /// Why documents are null that have something: a key twice, or one that is no text.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Where the field at a JSON pointer stands: its key, or the beginning of an item. Of a field
    /// that is not there, where the next thing around it stands.
    pub fn position(&self, document: usize, pointer: &str) -> Position {
        let Some(root) = self.tree.documents.get(document) else {
            return Position { line: 1, column: 1 };
        };
        let keys = pointer.split('/').skip(1);
        let unescaped = keys.map(|it| it.replace("~1", "/").replace("~0", "~"));
        let mut node = root;
        let mut start = root.start;
        for key in unescaped {
            let Some((at, next)) = step(node, &key) else {
                break;
            };
            (start, node) = (at, next);
        }
        self.at(start)
    }

    fn at(&self, byte: usize) -> Position {
        let line = self.lines.partition_point(|it| *it <= byte).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..byte).unwrap_or_default();
        let column = before.chars().filter(|it| *it != '\u{feff}').count() + 1;
        Position { line, column }
    }

    /// Makes the values, one document after another.
    fn convert(&mut self) -> Result<(), Broken> {
        // After a syntax error the reader gives the same one again and again.
        let most = self.tree.documents.len().max(1);
        let read: Vec<Result<Value, _>> = serde_yaml::Deserializer::from_str(&self.text)
            .take(most)
            .map(Value::deserialize)
            .collect();
        for (index, value) in read.into_iter().enumerate() {
            let twice = match self.tree.documents.get(index) {
                Some(root) => self.duplicates(root),
                None => Vec::new(),
            };
            match value {
                _ if !twice.is_empty() => {
                    self.broken.extend(twice);
                    self.values.push(Json::Null);
                }
                Ok(value) => {
                    let value = self.json(index, value);
                    self.broken.extend(value.as_ref().err().cloned());
                    self.values.push(value.unwrap_or_default());
                }
                Err(error) => {
                    let at = error
                        .location()
                        .map_or((1, 1), |it| (it.line(), it.column()));
                    let (line, column) = at;
                    let at = Position { line, column };
                    return Err(broken_at(&self.text, at, &error.to_string()));
                }
            }
        }
        Ok(())
    }

    fn json(&self, index: usize, mut value: Value) -> Result<Json, Broken> {
        // What cannot be merged is left, and is an unknown field then.
        let _ = value.apply_merge();
        let root = self.tree.documents.get(index);
        let mut json = serde_json::to_value(value).map_err(|_| {
            // `{{ … }}` is a mapping whose key is one.
            let at = self.at(root.map_or(0, |it| it.start));
            broken_at(&self.text, at, "a key is not a text")
        })?;
        if let Some(root) = root {
            as_kubectl_reads(root, &mut json);
        }
        Ok(json)
    }

    fn duplicates(&self, node: &Node) -> Vec<Broken> {
        let mut found = Vec::new();
        if let Content::Mapping { entries, .. } = &node.content {
            let mut seen = BTreeSet::new();
            for entry in entries {
                let Some(key) = entry.key.scalar() else {
                    continue;
                };
                if !seen.insert(key) {
                    found.push(Broken {
                        at: self.at(entry.key.start),
                        why: Why::DuplicateKey(key.to_owned()),
                    });
                }
            }
        }
        found.extend(node.children().flat_map(|it| self.duplicates(it)));
        found
    }
}

/// The text as the parsers take it: of JSON, tabs are spaces, since between its tokens they mean
/// the same and within texts it has none.
fn plain(text: &str) -> String {
    let body = text.trim_start_matches('\u{feff}').trim_start();
    if body.starts_with(['{', '[']) {
        text.replace('\t', " ")
    } else {
        text.to_owned()
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let breaks = text.bytes().enumerate().filter(|it| it.1 == b'\n');
    std::iter::once(0)
        .chain(breaks.map(|it| it.0 + 1))
        .collect()
}

/// What a key leads to, and where that is told to stand.
fn step<'t>(node: &'t Node, key: &str) -> Option<(usize, &'t Node)> {
    match &node.content {
        Content::Mapping { .. } => {
            let entry = node.entry(key)?;
            Some((entry.key.start, &entry.value))
        }
        Content::Sequence { items, .. } => {
            let item = items.get(key.parse::<usize>().ok()?)?;
            Some((item.start, item))
        }
        Content::Alias | Content::Scalar { .. } => None,
    }
}

/// The words that are booleans to YAML 1.1 and texts to YAML 1.2.
const TRUE: [&str; 8] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"];
const FALSE: [&str; 8] = ["n", "N", "no", "No", "NO", "off", "Off", "OFF"];

/// Turns bare words into booleans where kubectl does.
fn as_kubectl_reads(node: &Node, json: &mut Json) {
    match (&node.content, json) {
        (Content::Scalar { text, style }, json @ Json::String(_)) => {
            if !matches!(style, ScalarStyle::Plain) || node.is_tagged {
                return;
            }
            if TRUE.contains(&text.as_str()) {
                *json = Json::Bool(true);
            } else if FALSE.contains(&text.as_str()) {
                *json = Json::Bool(false);
            }
        }
        (Content::Sequence { items, .. }, Json::Array(values)) => {
            for (item, value) in items.iter().zip(values) {
                as_kubectl_reads(item, value);
            }
        }
        (Content::Mapping { entries, .. }, Json::Object(fields)) => {
            for entry in entries {
                let value = entry.key.scalar().and_then(|it| fields.get_mut(it));
                if let Some(value) = value {
                    as_kubectl_reads(&entry.value, value);
                }
            }
        }
        _ => {}
    }
}

/// Templates and tabs are told first: they are why.
fn broken_at(text: &str, at: Position, message: &str) -> Broken {
    let numbered = || text.lines().zip(1..);
    let is_template = |line: &str| line.contains("{{") && !line.trim_start().starts_with('#');
    if let Some((found, line)) = numbered().find(|it| is_template(it.0)) {
        let column = column_of(found, "{{");
        let why = Why::Template(found.trim().to_owned());
        return Broken {
            at: Position { line, column },
            why,
        };
    }
    let is_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    let tab = numbered().find(|it| is_tab(it.0) && !it.0.trim().is_empty());
    match tab {
        // The parser may tell the line before.
        Some((found, line)) if line <= at.line + 1 => {
            let column = column_of(found, "\t");
            let at = Position { line, column };
            Broken { at, why: Why::Tab }
        }
        _ => Broken {
            at,
            why: Why::Syntax(message.to_owned()),
        },
    }
}

fn column_of(line: &str, what: &str) -> usize {
    let before = line.split(what).next().unwrap_or_default();
    before.chars().count() + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at(line: usize, column: usize) -> Position {
        Position { line, column }
    }

    const TEXT: &str =
        "# first\na: 1\nlist:\n- x: {deep: 2}\n  y: 3\n-   - 4\n---\nkey/with~all: ü\n";

    #[test]
    fn a_field_stands_where_its_key_is_and_an_item_where_it_begins() {
        let documents = Documents::read(TEXT).unwrap();
        let table = [
            ("", at(2, 1)),
            ("/a", at(2, 1)),
            ("/list", at(3, 1)),
            ("/list/0", at(4, 3)),
            ("/list/0/x/deep", at(4, 7)),
            ("/list/0/y", at(5, 3)),
            ("/list/0/missing/deeper", at(4, 3)),
            ("/list/1/0", at(6, 7)),
            ("/nothing", at(2, 1)),
        ];
        for (pointer, expected) in table {
            assert_eq!(documents.position(0, pointer), expected, "{pointer}");
        }
        assert_eq!(documents.position(1, "/key~1with~0all"), at(8, 1));
        assert_eq!(documents.position(7, ""), at(1, 1));
    }

    #[test]
    fn values_are_those_that_kubectl_reads() {
        let text = "a: yes\nb: 'yes'\nc: [off, No, 1]\nd: &x {e: 1}\nf: {<<: *x, g: null}\n";
        let documents = Documents::read(text).unwrap();
        let expected = json!({ "a": true, "b": "yes", "c": [false, false, 1], "d": { "e": 1 },
            "f": { "e": 1, "g": null } });
        assert_eq!(documents.values(), [expected]);
    }

    #[test]
    fn json_has_places_too() {
        let documents = Documents::read("{\n\t\"a\": [\n\t\t{ \"b\": 1 }\n\t]\n}\n").unwrap();
        assert_eq!(documents.values(), [json!({ "a": [{ "b": 1 }] })]);
        assert_eq!(documents.position(0, "/a/0/b"), at(3, 5));
    }

    #[test]
    fn a_key_that_is_there_twice_spoils_its_document_only() {
        let documents = Documents::read("a: 1\nb: {c: 1, c: 2}\na: 2\n---\nd: 4\n").unwrap();
        assert_eq!(documents.values(), [Json::Null, json!({ "d": 4 })]);
        let twice = |at, key: &str| Broken {
            at,
            why: Why::DuplicateKey(key.to_owned()),
        };
        let expected = [twice(at(3, 1), "a"), twice(at(2, 11), "c")];
        assert_eq!(documents.broken(), expected);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let broken = |text: &str| Documents::read(text).unwrap_err();
        assert_eq!(
            broken("a: 1\nb:\n\t- 2\n"),
            Broken {
                at: at(3, 1),
                why: Why::Tab
            }
        );
        let template = broken("a: 1\nb: {{ .Values.b }}\nc: ]\n");
        assert_eq!(template.at, at(2, 4));
        assert!(matches!(template.why, Why::Template(_)));
        let readable = Documents::read("a: 1\nb: {{ .Values.b }}\n").unwrap();
        assert_eq!(readable.broken(), [template]);
        let syntax = broken("a: 1\nb: [1, 2\nc: 3\n");
        assert!(syntax.at.line >= 2 && matches!(syntax.why, Why::Syntax(_)));
    }

    #[test]
    fn nothing_is_no_object() {
        for text in ["", "# a comment\n", "---\n---\n"] {
            let documents = Documents::read(text).unwrap();
            assert!(documents.values().iter().all(Json::is_null), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[ -~\n\tü{}:-]{0,60}", pointer in "(/[a-z0-9]{0,2}){0,3}") {
            if let Ok(documents) = Documents::read(&text) {
                for index in 0..=documents.values().len() {
                    let position = documents.position(index, &pointer);
                    prop_assert!(position.line >= 1 && position.column >= 1);
                }
            }
        }
    }
}
