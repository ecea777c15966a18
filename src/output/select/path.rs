//! One path of kubectl's, as JSONPath (RFC 9535) has it.
//!
//! kubectl leaves out the `$`, and takes names with `-` in them and with dots after a `\`, which the
//! standard wants in brackets.

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::model::JpQuery;
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// A path from the root, or from the object that a range is at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    query: JpQuery,
    pub(super) is_from_root: bool,
}

/// A text in the standard's syntax, with the place of each of its characters in what was typed.
#[derive(Default)]
struct Standard {
    text: String,
    places: Vec<usize>,
}

impl Path {
    /// Reads a path that begins at character `start`, counted from 0, of what was typed.
    pub(super) fn parse(typed: &str, start: usize) -> Result<Self, String> {
        let characters: Vec<char> = typed.chars().collect();
        let (is_from_root, skipped) = match characters.first() {
            Some('$') => (true, 1),
            Some('@') => (false, 1),
            Some(_) | None => (false, 0),
        };
        let standard = standard(&characters, skipped);
        let query = parse_json_path(&standard.text).map_err(|it| {
            let (why, at) = explained(&it, &standard, characters.len());
            format!("{why} at character {} in `{typed}`", start + at + 1)
        })?;
        Ok(Self {
            query,
            is_from_root,
        })
    }

    /// Everything that it leads to.
    pub(super) fn values<'a>(&self, root: &'a Value, current: &'a Value) -> Vec<&'a Value> {
        let from = if self.is_from_root { root } else { current };
        let found = js_path_process(&self.query, from).unwrap_or_default();
        found.into_iter().map(|it| it.val()).collect()
    }
}

/// What is wrong, and before which of the characters.
fn explained(error: &JsonPathError, standard: &Standard, length: usize) -> (String, usize) {
    let JsonPathError::PestError(error) = error else {
        return (error.to_string(), 0);
    };
    let bytes = match error.location {
        pest::error::InputLocation::Pos(at) => at,
        pest::error::InputLocation::Span((at, _)) => at,
    };
    let character = standard
        .text
        .get(..bytes)
        .map_or(0, |it| it.chars().count());
    let at = standard.places.get(character).copied().unwrap_or(length);
    ("this is no JSONPath".to_owned(), at)
}

fn standard(characters: &[char], skipped: usize) -> Standard {
    let mut all = Standard::default();
    all.push('$', 0);
    let mut at = skipped;
    // A path may begin with a name.
    let is_name = characters.get(at).is_some_and(|it| is_of_name(*it));
    if is_name && skipped == 0 {
        at = all.push_name(characters, at);
    }
    let mut quote = None;
    while let Some(&character) = characters.get(at) {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (Some(_), '\\') => {
                all.push(character, at);
                at += 1;
            }
            // After a name there is a bracket here; a digit is of a number.
            (None, '.') if !all.text.ends_with(|it: char| it.is_ascii_digit()) => {
                at = all.push_step(characters, at);
                continue;
            }
            (None | Some(_), _) => {}
        }
        if let Some(&character) = characters.get(at) {
            all.push(character, at);
        }
        at += 1;
    }
    all
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '\\')
}

impl Standard {
    fn push(&mut self, character: char, place: usize) {
        self.text.push(character);
        self.places.push(place);
    }

    /// A dot or two with what follows; the place after it.
    fn push_step(&mut self, characters: &[char], at: usize) -> usize {
        let is_deep = characters.get(at + 1) == Some(&'.');
        let after = if is_deep { at + 2 } else { at + 1 };
        match characters.get(after) {
            Some(it) if is_of_name(*it) => {
                if is_deep {
                    self.push('.', at);
                    self.push('.', at);
                }
                self.push_name(characters, after)
            }
            // `.[0]` is kubectl's for `[0]`, and `.` alone is all of it.
            Some('[') if !is_deep => after,
            None if !is_deep => after,
            Some(_) | None => {
                for place in at..after {
                    self.push('.', place);
                }
                after
            }
        }
    }

    /// A name in brackets; the place after it.
    fn push_name(&mut self, characters: &[char], start: usize) -> usize {
        let mut at = start;
        self.push('[', start);
        self.push('\'', start);
        while let Some(character) = characters.get(at).filter(|it| is_of_name(**it)) {
            let is_escape = *character == '\\';
            let taken = if is_escape { at + 1 } else { at };
            if let Some(&character) = characters.get(taken) {
                self.push(character, taken);
            }
            at = taken + 1;
        }
        self.push('\'', at);
        self.push(']', at);
        at
    }
}
