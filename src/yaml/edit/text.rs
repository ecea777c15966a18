//! Values as YAML that fits in with what stands around them.

use granit_parser::ScalarStyle;
use serde_json::Value as Json;

use super::super::write;
use super::tree::{Content, Node, Tree};

/// How a text is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Columns from a mapping to a mapping in it.
    pub step: usize,
    /// Columns from a key to the dashes of its list.
    pub dash: usize,
    pub line_end: &'static str,
}

impl Layout {
    /// As most of the text has it, by its first mapping and list within others; for what it does
    /// not say, two columns.
    pub(super) fn of(text: &str, tree: &Tree) -> Self {
        let mut step = None;
        let mut dash = None;
        for root in &tree.documents {
            measure(text, root, &mut step, &mut dash);
        }
        let step = step.unwrap_or(2);
        Self {
            step,
            dash: dash.unwrap_or(step),
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
        }
    }

    /// Columns from a key to what is below it.
    pub(super) fn below(self, value: &Json) -> usize {
        if value.is_array() {
            self.dash
        } else {
            self.step
        }
    }

    /// A list or mapping as lines, each but the first indented by `column`.
    pub(super) fn block(self, value: &Json, column: usize) -> String {
        let separator = format!("{}{}", self.line_end, " ".repeat(column));
        self.lines(value).join(&separator)
    }

    fn lines(self, value: &Json) -> Vec<String> {
        match value {
            Json::Object(fields) if !fields.is_empty() => {
                let entries = fields.iter();
                entries.flat_map(|(key, it)| self.entry(key, it)).collect()
            }
            Json::Array(items) if !items.is_empty() => {
                items.iter().flat_map(|it| self.item(it)).collect()
            }
            inline => vec![flow(inline, Quotes::IfNeeded)],
        }
    }

    /// A key with its value, as lines.
    pub(super) fn entry(self, key: &str, value: &Json) -> Vec<String> {
        let key = string(key, Quotes::IfNeeded);
        if is_inline(value) {
            return vec![format!("{key}: {}", inline(value))];
        }
        let indent = " ".repeat(self.below(value));
        let below = self.lines(value).into_iter();
        std::iter::once(format!("{key}:"))
            .chain(below.map(|it| format!("{indent}{it}")))
            .collect()
    }

    fn item(self, value: &Json) -> Vec<String> {
        let lines = self.lines(value).into_iter().enumerate();
        lines
            .map(|(index, it)| format!("{}{it}", if index == 0 { "- " } else { "  " }))
            .collect()
    }
}

fn measure(text: &str, node: &Node, step: &mut Option<usize>, dash: &mut Option<usize>) {
    if let Content::Mapping {
        is_flow: false,
        entries,
    } = &node.content
    {
        for entry in entries.iter().filter(|it| it.value.is_block()) {
            let deeper = column(text, entry.value.start).checked_sub(column(text, entry.key.start));
            match &entry.value.content {
                Content::Sequence { .. } => *dash = dash.or(deeper),
                Content::Mapping { .. } => *step = step.or(deeper.filter(|it| *it > 0)),
                Content::Alias | Content::Scalar { .. } => {}
            }
        }
    }
    node.children().for_each(|it| measure(text, it, step, dash));
}

/// Characters from the start of the line to a byte.
pub(super) fn column(text: &str, at: usize) -> usize {
    text[line_start(text, at)..at].chars().count()
}

pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |it| it + 1)
}

/// Where the line of a byte ends, before its line end.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let line = rest.split('\n').next().unwrap_or_default();
    at + line.strip_suffix('\r').unwrap_or(line).len()
}

/// Whether a value is written in the line of its key.
pub(super) fn is_inline(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
    }
}

/// How strings are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    /// Where YAML 1.1 or 1.2 would read something else.
    IfNeeded,
    /// The same between brackets, where more has a meaning.
    IfNeededInFlow,
    Single,
    Double,
}

impl Quotes {
    pub(super) fn of(style: ScalarStyle, is_flow: bool) -> Self {
        match style {
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded if is_flow => {
                Self::IfNeededInFlow
            }
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => Self::IfNeeded,
        }
    }
}

/// A scalar or an empty collection.
fn inline(value: &Json) -> String {
    flow(value, Quotes::IfNeeded)
}

/// A value in one line, lists and mappings in brackets.
pub(super) fn flow(value: &Json, quotes: Quotes) -> String {
    match value {
        Json::String(text) => string(text, quotes),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(|it| flow(it, quotes)).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(fields) => {
            let entry = |(key, it): (&String, &Json)| {
                format!("{}: {}", string(key, quotes), flow(it, quotes))
            };
            let entries: Vec<String> = fields.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => bare(value),
    }
}

/// Numbers with an exponent as YAML 1.1 reads them too.
fn bare(value: &Json) -> String {
    written(value).unwrap_or_else(|| value.to_string())
}

/// A scalar as the writer has it, if it is one line.
fn written(value: &Json) -> Option<String> {
    let text = write(&serde_json::json!({ "k": value })).ok()?;
    let value = text.strip_prefix("k: ")?.strip_suffix('\n')?;
    let is_block = value.starts_with(['|', '>']);
    (!is_block && !value.contains('\n')).then(|| value.to_owned())
}

pub(super) fn string(text: &str, quotes: Quotes) -> String {
    match quotes {
        Quotes::Double => double_quoted(text),
        Quotes::Single if text.chars().all(is_printed) => {
            format!("'{}'", text.replace('\'', "''"))
        }
        Quotes::Single => double_quoted(text),
        // Without quotes it would look like a template to people, Helm and us.
        Quotes::IfNeeded | Quotes::IfNeededInFlow if text.contains("{{") => double_quoted(text),
        Quotes::IfNeeded => written(&Json::from(text)).unwrap_or_else(|| double_quoted(text)),
        Quotes::IfNeededInFlow if !is_word(text) => double_quoted(text),
        Quotes::IfNeededInFlow => string(text, Quotes::IfNeeded),
    }
}

/// Whether no reader sees more in a text between brackets than the text.
fn is_word(text: &str) -> bool {
    let is_plain = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_' | '.' | '/' | ' ');
    text.starts_with(char::is_alphanumeric) && text.chars().all(is_plain)
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for it in text.chars() {
        match it {
            '"' | '\\' => quoted.extend(['\\', it]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            it if is_printed(it) => quoted.push(it),
            it => quoted.push_str(&escape(it)),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character may stand in quotes as it is: no line end, nor what readers refuse.
fn is_printed(it: char) -> bool {
    !it.is_control()
        && !matches!(
            it,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn escape(it: char) -> String {
    match u32::from(it) {
        code @ ..=0xff => format!("\\x{code:02x}"),
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}
