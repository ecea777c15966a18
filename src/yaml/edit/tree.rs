//! YAML as a tree that knows where its parts stand in the text.

use std::collections::BTreeSet;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};

/// All documents of a text.
#[derive(Debug)]
pub(in crate::yaml) struct Tree {
    pub documents: Vec<Node>,
    /// Anchors that an alias refers to.
    aliased: BTreeSet<usize>,
}

/// A value or key. Its bytes are those between `start` and `end`: without anchor, tag and comments
/// around it, none where nothing is written.
#[derive(Debug)]
pub(in crate::yaml) struct Node {
    pub content: Content,
    pub start: usize,
    pub end: usize,
    anchor: usize,
    pub is_tagged: bool,
}

#[derive(Debug)]
pub(in crate::yaml) enum Content {
    Alias,
    Scalar { text: String, style: ScalarStyle },
    Sequence { is_flow: bool, items: Vec<Node> },
    Mapping { is_flow: bool, entries: Vec<Entry> },
}

#[derive(Debug)]
pub(in crate::yaml) struct Entry {
    pub key: Node,
    pub value: Node,
}

impl Tree {
    /// # Errors
    /// The line and what is wrong with it.
    pub(in crate::yaml) fn read(text: &str) -> Result<Self, (usize, String)> {
        Self::scan(text).map_err(|error| (error.marker().line(), error.info().to_owned()))
    }

    /// # Errors
    /// What is wrong with it, with its place.
    pub(in crate::yaml) fn scan(text: &str) -> Result<Self, ScanError> {
        // There may be any number of comments, which the parser would keep for events.
        let options = granit_parser::options! { emit_comments: false };
        let mut reader = Reader {
            text,
            events: Parser::new_from_str_with_options(text, options),
            aliased: BTreeSet::new(),
        };
        let documents = reader.documents()?;
        let aliased = reader.aliased;
        Ok(Self { documents, aliased })
    }

    /// Whether a change of `node` would show elsewhere too, or is made elsewhere.
    pub(in crate::yaml) fn is_shared(&self, node: &Node) -> bool {
        matches!(node.content, Content::Alias) || self.aliased.contains(&node.anchor)
    }

    /// The same of anything within `node`.
    pub(in crate::yaml) fn has_shared(&self, node: &Node) -> bool {
        // Aliases within may go.
        self.aliased.contains(&node.anchor) || node.children().any(|it| self.has_shared(it))
    }
}

impl Node {
    /// Keys are not among them.
    pub(in crate::yaml) fn children(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match &self.content {
            Content::Alias | Content::Scalar { .. } => Box::new(std::iter::empty()),
            Content::Sequence { items, .. } => Box::new(items.iter()),
            Content::Mapping { entries, .. } => Box::new(entries.iter().map(|it| &it.value)),
        }
    }

    pub(in crate::yaml) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.content {
            Content::Mapping { entries, .. } => {
                entries.iter().find(|it| it.key.scalar() == Some(key))
            }
            Content::Alias | Content::Scalar { .. } | Content::Sequence { .. } => None,
        }
    }

    pub(in crate::yaml) fn scalar(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text),
            Content::Alias | Content::Sequence { .. } | Content::Mapping { .. } => None,
        }
    }

    /// Whether nothing is written where it would stand.
    pub(in crate::yaml) fn is_absent(&self) -> bool {
        self.start == self.end
    }

    /// Whether it is a list or mapping with something in it, one line or more for each.
    pub(in crate::yaml) fn is_block(&self) -> bool {
        match &self.content {
            Content::Sequence { is_flow, .. } | Content::Mapping { is_flow, .. } => !is_flow,
            Content::Alias | Content::Scalar { .. } => false,
        }
    }
}

struct Reader<'a, E> {
    text: &'a str,
    events: E,
    aliased: BTreeSet<usize>,
}

type Spanned<'a> = (Event<'a>, Span);

impl<'a, E: Iterator<Item = Result<Spanned<'a>, ScanError>>> Reader<'a, E> {
    fn documents(&mut self) -> Result<Vec<Node>, ScanError> {
        let mut documents = vec![];
        while let Some(next) = self.events.next() {
            let (event, span) = next?;
            documents.extend(self.node(event, span)?);
        }
        Ok(documents)
    }

    /// The node that begins with an event; `None` for those that begin none.
    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Option<Node>, ScanError> {
        let is_tagged = event.tag().is_some();
        let range = span.byte_range().unwrap_or_default();
        let node = |content, anchor, end| Node {
            content,
            start: range.start,
            end,
            anchor,
            is_tagged,
        };
        Ok(Some(match event {
            Event::Alias(id) => {
                self.aliased.insert(id);
                node(Content::Alias, 0, range.end)
            }
            Event::Scalar(text, style, anchor, _) => {
                let written = self.text.get(range.clone()).unwrap_or_default();
                let end = range.start + trimmed(written, style).len();
                let text = text.into_owned();
                node(Content::Scalar { text, style }, anchor, end)
            }
            Event::SequenceStart(style, anchor, _) => {
                let is_flow = matches!(style, StructureStyle::Flow);
                let (items, end) = self.nodes()?;
                let last = items.last().map_or(range.end, |it| it.end);
                let end = if is_flow { end } else { last };
                node(Content::Sequence { is_flow, items }, anchor, end)
            }
            Event::MappingStart(style, anchor, _) => {
                let is_flow = matches!(style, StructureStyle::Flow);
                let (nodes, end) = self.nodes()?;
                let last = nodes.iter().map(|it| it.end).max().unwrap_or(range.end);
                let end = if is_flow { end } else { last };
                let entries = self.entries(nodes);
                node(Content::Mapping { is_flow, entries }, anchor, end)
            }
            // Ends and starts of documents and of the stream, and what tools may want to know.
            _ => return Ok(None),
        }))
    }

    /// All nodes up to the end of the collection, and where that is.
    fn nodes(&mut self) -> Result<(Vec<Node>, usize), ScanError> {
        let mut nodes = vec![];
        while let Some(next) = self.events.next() {
            let (event, span) = next?;
            if matches!(event, Event::SequenceEnd | Event::MappingEnd) {
                let end = span.byte_range().unwrap_or_default().end;
                return Ok((nodes, end));
            }
            nodes.extend(self.node(event, span)?);
        }
        Ok((nodes, self.text.len()))
    }

    fn entries(&self, nodes: Vec<Node>) -> Vec<Entry> {
        let mut entries = vec![];
        let mut nodes = nodes.into_iter();
        while let (Some(key), Some(mut value)) = (nodes.next(), nodes.next()) {
            let is_list = matches!(value.content, Content::Sequence { is_flow: false, .. });
            if is_list && let Some(dash) = first_dash(self.text, key.end) {
                value.start = dash;
            }
            entries.push(Entry { key, value });
        }
        entries
    }
}

/// A scalar without the line ends that belong to what comes next.
fn trimmed(written: &str, style: ScalarStyle) -> &str {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => written.trim_end(),
        ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => written,
    }
}

/// Where the list of a key begins. The parser tells it for lists that are indented more than their
/// key, and the place after the dash for others.
fn first_dash(text: &str, key_end: usize) -> Option<usize> {
    let rest = text.get(key_end..)?;
    let mut at = key_end;
    for line in rest.split_inclusive('\n') {
        let content = line.trim_start();
        if at > key_end && content.starts_with('-') {
            return Some(at + line.len() - content.len());
        }
        let is_between = content.is_empty() || content.starts_with(['#', '&', '!']);
        if at > key_end && !is_between {
            return None;
        }
        at += line.len();
    }
    None
}
