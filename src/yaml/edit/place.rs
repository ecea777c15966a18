//! Which object of a text is meant.

use serde_json::Value as Json;

use super::tree::{Content, Node, Tree};
use super::{DocumentSelector, Edit, Error, Value, line_of, template};

/// Where an object stands.
#[derive(Debug)]
pub(super) struct Place {
    object: String,
    /// That of its first byte.
    pub line: usize,
    /// Index of its document.
    pub document: usize,
    /// Keys and indices on the way from the document to it: none, or those to an item of a list.
    pub prefix: Vec<String>,
}

impl Place {
    pub(super) fn unfit(&self, line: usize, path: &str, why: &'static str) -> Error {
        Error::Unfit {
            object: self.object.clone(),
            line,
            path: path.to_owned(),
            why,
        }
    }

    pub(super) fn not_safe(&self, path: &str) -> Error {
        Error::Unsafe {
            object: self.object.clone(),
            line: self.line,
            path: path.to_owned(),
        }
    }

    pub(super) fn shared(&self, line: usize, path: &str) -> Error {
        Error::Shared {
            object: self.object.clone(),
            line,
            path: path.to_owned(),
        }
    }

    pub(super) fn value<'v>(&self, documents: &'v [Value]) -> Option<&'v Value> {
        let document = documents.get(self.document)?;
        self.prefix
            .iter()
            .try_fold(document, |at, key| child(at, key))
    }

    /// The documents as they are to be after an edit; `None` where it does not fit.
    pub(super) fn with(&self, documents: &[Value], edit: &Edit) -> Option<Vec<Value>> {
        let mut documents = documents.to_vec();
        let mut at = documents.get_mut(self.document)?;
        for key in self.prefix.iter().cloned().chain(keys(&edit.path)?) {
            at = child_or_new(at, key)?;
        }
        *at = serde_yaml::to_value(&edit.to).ok()?;
        Some(documents)
    }
}

/// The keys of a JSON pointer; `None` if it is none.
pub(super) fn keys(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(vec![]);
    }
    let keys = pointer.strip_prefix('/')?.split('/');
    let unescaped = |it: &str| it.replace("~1", "/").replace("~0", "~");
    Some(keys.map(unescaped).collect())
}

/// What a list or mapping has for a key.
pub(super) fn child<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Sequence(items) => items.get(index(key)?),
        Value::Mapping(fields) => fields.get(key),
        _ => None,
    }
}

fn child_or_new(value: &mut Value, key: String) -> Option<&mut Value> {
    if value.is_null() {
        *value = Value::Mapping(super::super::Mapping::new());
    }
    match value {
        Value::Sequence(items) => items.get_mut(index(&key)?),
        Value::Mapping(fields) => Some(fields.entry(Value::String(key)).or_insert(Value::Null)),
        _ => None,
    }
}

/// An index as JSON pointers have it.
pub(super) fn index(key: &str) -> Option<usize> {
    let is_number = key.bytes().all(|it| it.is_ascii_digit());
    let is_short = key == "0" || !key.starts_with('0');
    key.parse().ok().filter(|_| is_number && is_short)
}

/// The one object of `text` that is meant.
///
/// # Errors
/// If there is none or are several, or it is a template.
pub(super) fn find(text: &str, tree: &Tree, object: &DocumentSelector) -> Result<Place, Error> {
    let mut exact = vec![];
    let mut loose = vec![];
    for (place, node) in candidates(text, tree, object) {
        match Fit::of(node, object) {
            Fit::Exact => exact.push((place, node)),
            Fit::Loose => loose.push((place, node)),
            Fit::No => {}
        }
    }
    let mut found = if exact.is_empty() { loose } else { exact };
    if found.len() > 1 {
        return Err(Error::Several {
            object: object.to_string(),
            lines: found.iter().map(|(it, _)| it.line).collect(),
        });
    }
    let Some((place, node)) = found.pop() else {
        return Err(not_found(text, object));
    };
    match template_within(text, node) {
        Some(error) => Err(error),
        None => Ok(place),
    }
}

/// A name from a template is no name.
fn not_found(text: &str, object: &DocumentSelector) -> Error {
    template(text).unwrap_or_else(|| Error::NotFound {
        object: object.to_string(),
    })
}

/// Every document, and every item of those that are lists.
fn candidates<'t>(
    text: &'t str,
    tree: &'t Tree,
    object: &'t DocumentSelector,
) -> impl Iterator<Item = (Place, &'t Node)> {
    let documents = tree.documents.iter().enumerate();
    documents.flat_map(move |(document, root)| {
        let place = move |node: &Node, prefix| Place {
            object: object.to_string(),
            line: line_of(text, node.start),
            document,
            prefix,
        };
        let items = items(root).enumerate().map(move |(index, item)| {
            let prefix = vec!["items".to_owned(), index.to_string()];
            (place(item, prefix), item)
        });
        std::iter::once((place(root, vec![]), root)).chain(items)
    })
}

fn items(root: &Node) -> impl Iterator<Item = &Node> {
    let kind = root.entry("kind").and_then(|it| it.value.scalar());
    let is_list = kind.is_some_and(|it| it.ends_with("List"));
    let items = root.entry("items").filter(|_| is_list);
    items.into_iter().flat_map(|it| it.value.children())
}

enum Fit {
    Exact,
    /// It does not say its namespace.
    Loose,
    No,
}

impl Fit {
    fn of(node: &Node, object: &DocumentSelector) -> Self {
        let metadata = node.entry("metadata").map(|it| &it.value);
        let said = |key| metadata.and_then(|it| it.entry(key)?.value.scalar());
        let kind = node.entry("kind").and_then(|it| it.value.scalar());
        if kind != Some(&object.kind) || said("name") != Some(&object.name) {
            return Self::No;
        }
        match (said("namespace"), &object.namespace) {
            (Some(said), Some(meant)) if said != meant => Self::No,
            (None, Some(_)) => Self::Loose,
            (Some(_), Some(_)) | (_, None) => Self::Exact,
        }
    }
}

/// The first placeholder of an object that is a value and not part of a quoted text.
fn template_within(text: &str, node: &Node) -> Option<Error> {
    let is_template = match &node.content {
        Content::Alias | Content::Sequence { .. } => false,
        Content::Mapping { .. } => text[node.start..].starts_with("{{"),
        Content::Scalar { text: said, style } => {
            matches!(style, granit_parser::ScalarStyle::Plain) && said.contains("{{")
        }
    };
    if is_template {
        let line = line_of(text, node.start);
        let text = text.lines().nth(line - 1).unwrap_or_default().trim();
        let text = text.to_owned();
        return Some(Error::Template { line, text });
    }
    node.children().find_map(|it| template_within(text, it))
}

/// What `to` is at the end of keys that are not there yet.
pub(super) fn nested(keys: &[String], to: &Json) -> Json {
    keys.iter().rev().fold(to.clone(), |value, key| {
        Json::Object(std::iter::once((key.clone(), value)).collect())
    })
}
