//! The least text to cut in so that one more difference is gone.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::place::{Place, child, index, keys, nested};
use super::text::Layout;
use super::tree::{Content, Entry, Node, Tree};
use super::{Edit, Error, Value, line_of};

/// Bytes of a text and what comes in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Splice {
    bytes: Range<usize>,
    with: String,
}

impl Splice {
    pub(super) fn new(bytes: Range<usize>, with: String) -> Self {
        Self { bytes, with }
    }

    pub(super) fn made_in(&self, text: &str) -> String {
        let (before, after) = (&text[..self.bytes.start], &text[self.bytes.end..]);
        format!("{before}{}{after}", self.with)
    }
}

/// What to cut in next for `edit`; `None` where the object has the value already.
///
/// # Errors
/// If the value cannot be set without changing anything else.
pub(super) fn next(
    text: &str,
    tree: &Tree,
    place: &Place,
    values: &[Value],
    edit: &Edit,
) -> Result<Option<Splice>, Error> {
    let editor = Editor {
        text,
        tree,
        place,
        path: &edit.path,
        layout: Layout::of(text, tree),
        is_json: serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
    };
    let pointer = keys(&edit.path).unwrap_or_default();
    let path: Vec<String> = place.prefix.iter().cloned().chain(pointer).collect();
    match (
        tree.documents.get(place.document),
        values.get(place.document),
    ) {
        (Some(node), Some(now)) => {
            let root = Spot {
                node,
                now,
                within: Within::Document,
                is_flow: false,
            };
            editor.change(root, &path, &edit.to)
        }
        (None, _) | (_, None) => Err(place.not_safe(&edit.path)),
    }
}

/// A value where it stands.
#[derive(Clone, Copy)]
pub(super) struct Spot<'t> {
    pub node: &'t Node,
    pub now: &'t Value,
    pub within: Within<'t>,
    /// Whether it stands between brackets.
    pub is_flow: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Within<'t> {
    Document,
    List,
    Key(&'t Node),
}

/// What it takes to make one edit.
pub(super) struct Editor<'t> {
    pub text: &'t str,
    pub tree: &'t Tree,
    place: &'t Place,
    path: &'t str,
    pub layout: Layout,
    /// Whether the text is JSON and has to stay so.
    pub is_json: bool,
}

impl<'t> Editor<'t> {
    fn change(&self, at: Spot<'t>, path: &[String], to: &Json) -> Result<Option<Splice>, Error> {
        let Some((key, rest)) = path.split_first() else {
            return self.reconcile(at, to);
        };
        if self.tree.is_shared(at.node) {
            return Err(self.shared(at.node));
        }
        match &at.node.content {
            Content::Mapping { .. } => match at.node.entry(key) {
                Some(entry) => self.change(self.entry(at, entry, key)?, rest, to),
                None => self.insert(at, key, &nested(rest, to)).map(Some),
            },
            Content::Sequence { items, .. } => {
                let item = index(key).and_then(|it| items.get(it));
                let item = item.ok_or_else(|| self.unfit(at.node, "its list has no such item"))?;
                self.change(self.item(at, item, key)?, rest, to)
            }
            Content::Scalar { .. } if at.now.is_null() => {
                self.replace(at, &nested(path, to)).map(Some)
            }
            Content::Scalar { .. } | Content::Alias => {
                Err(self.unfit(at.node, "a scalar is on the way to it"))
            }
        }
    }

    /// Brings the first difference of a value closer to `to`, or the whole where its keys or items
    /// are others.
    fn reconcile(&self, at: Spot<'t>, to: &Json) -> Result<Option<Splice>, Error> {
        if serde_yaml::to_value(to).is_ok_and(|it| it == *at.now) {
            return Ok(None);
        }
        if self.tree.is_shared(at.node) {
            return Err(self.shared(at.node));
        }
        match (&at.node.content, to) {
            (Content::Mapping { entries, .. }, Json::Object(fields))
                if are_among(entries, fields) =>
            {
                for (key, to) in fields {
                    let key = std::slice::from_ref(key);
                    if let Some(splice) = self.change(at, key, to)? {
                        return Ok(Some(splice));
                    }
                }
                Ok(None)
            }
            (Content::Sequence { items, .. }, Json::Array(wanted))
                if items.len() == wanted.len() =>
            {
                for (index, to) in wanted.iter().enumerate() {
                    if let Some(splice) = self.change(at, &[index.to_string()], to)? {
                        return Ok(Some(splice));
                    }
                }
                Ok(None)
            }
            _ => self.replace(at, to).map(Some),
        }
    }

    fn entry(&self, at: Spot<'t>, entry: &'t Entry, key: &str) -> Result<Spot<'t>, Error> {
        let within = Within::Key(&entry.key);
        self.below(at, &entry.value, within, key)
    }

    fn item(&self, at: Spot<'t>, item: &'t Node, key: &str) -> Result<Spot<'t>, Error> {
        self.below(at, item, Within::List, key)
    }

    fn below(
        &self,
        at: Spot<'t>,
        node: &'t Node,
        within: Within<'t>,
        key: &str,
    ) -> Result<Spot<'t>, Error> {
        let now = child(at.now, key).ok_or_else(|| self.place.not_safe(self.path))?;
        let is_flow = at.is_flow || !at.node.is_block();
        Ok(Spot {
            node,
            now,
            within,
            is_flow,
        })
    }

    pub(super) fn shared(&self, node: &Node) -> Error {
        self.place.shared(line_of(self.text, node.start), self.path)
    }

    pub(super) fn unfit(&self, node: &Node, why: &'static str) -> Error {
        let line = line_of(self.text, node.start);
        self.place.unfit(line, self.path, why)
    }
}

/// Whether every key of a mapping is one of `fields`, so that none has to go.
fn are_among(entries: &[Entry], fields: &Map<String, Json>) -> bool {
    let is_among = |it: &Entry| it.key.scalar().is_some_and(|key| fields.contains_key(key));
    entries.iter().all(is_among)
}
