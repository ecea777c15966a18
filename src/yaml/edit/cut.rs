//! Where exactly to cut, and what to write there.

use granit_parser::ScalarStyle;
use serde_json::Value as Json;

use super::splice::{Editor, Splice, Spot, Within};
use super::text::{Quotes, column, flow, is_inline, line_end, line_start, string};
use super::tree::{Content, Entry, Node};
use super::{Error, line_of};

/// Where nothing can be cut.
const NO_COLON: &str = "its key is not written as `key: value`";
const NOTHING_THERE: &str = "nothing is written where it would stand";
const TAGGED: &str = "its value has an anchor or a tag";

impl<'t> Editor<'t> {
    /// Writes `to` in the place of a value.
    pub(super) fn replace(&self, at: Spot<'t>, to: &Json) -> Result<Splice, Error> {
        self.check(at.node)?;
        if at.node.is_block() {
            return if is_inline(to) {
                self.close(at, to)
            } else {
                self.rewrite(at, to)
            };
        }
        if at.is_flow || at.node.children().next().is_some() || is_inline(to) {
            self.in_line(at, to)
        } else {
            self.open(at, to)
        }
    }

    fn check(&self, node: &Node) -> Result<(), Error> {
        if self.tree.has_shared(node) {
            return Err(self.shared(node));
        }
        if node.is_tagged {
            return Err(self.unfit(node, TAGGED));
        }
        match node.scalar() {
            Some(text) if text.contains("{{") || text.contains("${") => Err(Error::Template {
                line: line_of(self.text, node.start),
                text: text.to_owned(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// One line's part for another.
    fn in_line(&self, at: Spot<'t>, to: &Json) -> Result<Splice, Error> {
        let text = flow(to, self.quotes(at, to));
        let bytes = at.node.start..at.node.end;
        match at.within {
            Within::Key(key) if at.node.is_absent() || is_text_block(at.node) => {
                let colon = self.after_colon(key)?;
                let end = bytes.end.max(colon);
                self.expect_blank(at.node, colon..bytes.start.min(colon))?;
                Ok(Splice::new(colon..end, format!(" {text}")))
            }
            Within::Document | Within::List if at.node.is_absent() || is_text_block(at.node) => {
                Err(self.unfit(at.node, NOTHING_THERE))
            }
            Within::Document | Within::List | Within::Key(_) => Ok(Splice::new(bytes, text)),
        }
    }

    /// As the value was quoted before.
    fn quotes(&self, at: Spot<'t>, to: &Json) -> Quotes {
        let is_flow = at.is_flow || !is_inline(to);
        match &at.node.content {
            _ if self.is_json => Quotes::Double,
            Content::Scalar { style, .. } => Quotes::of(*style, is_flow),
            Content::Alias | Content::Sequence { .. } | Content::Mapping { .. } => {
                Quotes::of(ScalarStyle::Plain, is_flow)
            }
        }
    }

    /// A list or mapping in lines of its own for a scalar or for nothing.
    fn open(&self, at: Spot<'t>, to: &Json) -> Result<Splice, Error> {
        let Within::Key(key) = at.within else {
            return self.in_item(at, to);
        };
        let colon = self.after_colon(key)?;
        let start = if at.node.is_absent() || is_text_block(at.node) {
            colon
        } else {
            self.expect_blank(at.node, colon..at.node.start)?;
            at.node.start
        };
        let value_end = if at.node.is_absent() {
            colon
        } else {
            at.node.end
        };
        let end = line_end(self.text, value_end.max(start));
        let comment = self.comment(at.node, value_end.max(start)..end)?;
        let column = column(self.text, key.start) + self.layout.below(to);
        let block = self.layout.block(to, column);
        let text = format!(
            "{comment}{}{}{block}",
            self.layout.line_end,
            " ".repeat(column)
        );
        Ok(Splice::new(colon..end, text))
    }

    fn in_item(&self, at: Spot<'t>, to: &Json) -> Result<Splice, Error> {
        if at.node.is_absent() || is_text_block(at.node) {
            return Err(self.unfit(at.node, NOTHING_THERE));
        }
        let block = self.layout.block(to, column(self.text, at.node.start));
        Ok(Splice::new(at.node.start..at.node.end, block))
    }

    /// A scalar, `[]` or `{}` for a list or mapping in lines of its own.
    fn close(&self, at: Spot<'t>, to: &Json) -> Result<Splice, Error> {
        let text = flow(to, self.quotes(at, to));
        let end = line_end(self.text, at.node.end);
        let Within::Key(key) = at.within else {
            return Ok(Splice::new(at.node.start..end, text));
        };
        let colon = self.after_colon(key)?;
        let comment = self.comment(at.node, colon..line_end(self.text, colon))?;
        Ok(Splice::new(colon..end, format!(" {text}{comment}")))
    }

    /// Another list or mapping in lines of its own, where the old one stood.
    fn rewrite(&self, at: Spot<'t>, to: &Json) -> Result<Splice, Error> {
        let end = line_end(self.text, at.node.end);
        let now = column(self.text, at.node.start);
        let key = match at.within {
            Within::Key(key) => column(self.text, key.start),
            Within::List | Within::Document => 0,
        };
        // The dashes of a list may stand right below their key, the keys of a mapping may not.
        if matches!(at.within, Within::Key(_)) && now <= key && to.is_object() {
            let column = key + self.layout.step;
            let block = self.layout.block(to, column);
            let start = line_start(self.text, at.node.start);
            return Ok(Splice::new(
                start..end,
                format!("{}{block}", " ".repeat(column)),
            ));
        }
        let block = self.layout.block(to, now);
        Ok(Splice::new(at.node.start..end, block))
    }

    /// Writes a key that a mapping does not have, after its last one.
    pub(super) fn insert(&self, at: Spot<'t>, key: &str, to: &Json) -> Result<Splice, Error> {
        if at.node.entry("<<").is_some() {
            return Err(self.shared(at.node));
        }
        let Content::Mapping { is_flow, entries } = &at.node.content else {
            return Err(self.unfit(at.node, "a scalar is on the way to it"));
        };
        match entries.last() {
            None if !at.is_flow => {
                let fields = std::iter::once((key.to_owned(), to.clone())).collect();
                self.open(at, &Json::Object(fields))
            }
            None => {
                let start = at.node.start + 1;
                Ok(Splice::new(start..start, self.flow_entry(None, key, to)))
            }
            Some(last) if *is_flow => {
                let end = self.entry_end(last);
                let text = format!(", {}", self.flow_entry(Some(last), key, to));
                Ok(Splice::new(end..end, text))
            }
            Some(last) => Ok(self.insert_lines(last, key, to)),
        }
    }

    fn insert_lines(&self, last: &Entry, key: &str, to: &Json) -> Splice {
        let end = line_end(self.text, self.entry_end(last));
        let indent = " ".repeat(column(self.text, last.key.start));
        let lines = self.layout.entry(key, to).into_iter();
        let text = lines.map(|it| format!("{}{indent}{it}", self.layout.line_end));
        Splice::new(end..end, text.collect())
    }

    /// A key and its value between brackets, quoted as its last sibling is.
    fn flow_entry(&self, sibling: Option<&Entry>, key: &str, to: &Json) -> String {
        let of_sibling = sibling.and_then(|it| match &it.key.content {
            Content::Scalar { style, .. } => Some(Quotes::of(*style, true)),
            Content::Alias | Content::Sequence { .. } | Content::Mapping { .. } => None,
        });
        let quotes = of_sibling.unwrap_or(Quotes::IfNeededInFlow);
        let quotes = if self.is_json { Quotes::Double } else { quotes };
        format!("{}: {}", string(key, quotes), flow(to, quotes))
    }

    fn entry_end(&self, entry: &Entry) -> usize {
        if entry.value.is_absent() {
            self.after_colon(&entry.key).unwrap_or(entry.key.end)
        } else {
            entry.value.end
        }
    }

    fn after_colon(&self, key: &Node) -> Result<usize, Error> {
        let rest = &self.text[key.end..];
        let from_colon = rest.trim_start_matches([' ', '\t']);
        if from_colon.starts_with(':') {
            Ok(key.end + rest.len() - from_colon.len() + 1)
        } else {
            Err(self.unfit(key, NO_COLON))
        }
    }

    fn expect_blank(&self, node: &Node, bytes: std::ops::Range<usize>) -> Result<(), Error> {
        match self.text.get(bytes).map(str::trim) {
            None | Some("") => Ok(()),
            Some(_) => Err(self.unfit(node, TAGGED)),
        }
    }

    /// What stands to the right of a value, with the spaces before it.
    fn comment(&self, node: &Node, bytes: std::ops::Range<usize>) -> Result<&'t str, Error> {
        let right = self.text.get(bytes).unwrap_or_default().trim_end();
        if right.is_empty() || right.trim_start().starts_with('#') {
            Ok(right)
        } else {
            Err(self.unfit(node, TAGGED))
        }
    }
}

/// Whether it is text in lines of its own, behind `|` or `>`.
fn is_text_block(node: &Node) -> bool {
    let Content::Scalar { style, .. } = &node.content else {
        return false;
    };
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}
