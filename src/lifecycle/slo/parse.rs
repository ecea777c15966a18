//! From the text of an objective to its parts, and where it goes wrong.
//!
//! PromQL is not parsed: what matters is what stands in quotes, comments and brackets and what does
//! not. The server says what else is wrong with a query.

use std::fmt;

use super::{Comparison, PLACEHOLDERS, Slo};

/// Why a text is no objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    text: String,
    /// In bytes, at the beginning of a character or at the end.
    at: usize,
    why: String,
}

impl Malformed {
    fn new(text: &str, at: usize, why: impl Into<String>) -> Self {
        Self {
            text: text.to_owned(),
            at,
            why: why.into(),
        }
    }

    /// The text with a caret below the place that is wrong: two lines.
    pub fn pointed(&self) -> String {
        let line = |text: &str| text.replace(char::is_control, " ");
        let before = self.text.get(..self.at).unwrap_or("").chars().count();
        format!("{}\n{}^", line(&self.text), " ".repeat(before))
    }
}

impl fmt::Display for Malformed {
    /// What is wrong, then where, on lines of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.why, self.pointed())
    }
}

impl std::error::Error for Malformed {}

const FORM: &str = "write NAME=QUERY < LIMIT";

pub(super) fn slo(text: &str) -> Result<Slo, Malformed> {
    let wrong = |at: usize, why: String| Err(Malformed::new(text, at, why));
    let (name, start) = name(text)?;
    let Some(found) = last_comparison(text, start)? else {
        return wrong(text.len(), format!("it has no limit: {FORM}"));
    };
    let Some(comparison) = found.kind else {
        let why = "an SLO is compared by <, <=, > or >=";
        return wrong(found.at, why.to_owned());
    };
    let query = text[start..found.at].trim();
    if query.is_empty() {
        return wrong(start, format!("it has no query: {FORM}"));
    }
    let after = &text[found.end..];
    let begins = found.end + after.len() - after.trim_start().len();
    let limit = match after.trim().parse::<f64>() {
        Ok(limit) if limit.is_finite() => limit,
        Ok(_) => return wrong(begins, "the limit is not finite".to_owned()),
        Err(_) => {
            let why = format!("the limit after {comparison} is no number: {FORM}");
            return wrong(begins, why);
        }
    };
    Ok(Slo {
        name: name.to_owned(),
        query: query.to_owned(),
        comparison,
        limit,
    })
}

/// The name and where the query begins.
fn name(text: &str) -> Result<(&str, usize), Malformed> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-');
    let begins = text.len() - text.trim_start().len();
    let long = text[begins..].find(|it| !is_part(it));
    let end = begins + long.unwrap_or(text.len() - begins);
    let spaces = text[end..].len() - text[end..].trim_start().len();
    let equals = end + spaces;
    let has_equals = text[equals..].starts_with('=') && !text[equals..].starts_with("==");
    if end == begins || !has_equals {
        let why = format!("it has no name: {FORM}");
        return Err(Malformed::new(text, begins, why));
    }
    Ok((&text[begins..end], equals + 1))
}

/// A comparison outside of everything.
#[derive(Clone, Copy, Debug)]
struct Found {
    at: usize,
    end: usize,
    /// `None` for `==` and `!=`, which set no limit.
    kind: Option<Comparison>,
}

/// Walks over the query from byte `start`.
fn last_comparison(text: &str, start: usize) -> Result<Option<Found>, Malformed> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut last = None;
    let mut at = start;
    while let Some(here) = text[at..].chars().next() {
        let mut end = at + here.len_utf8();
        match here {
            '"' | '\'' | '`' => end = quoted(text, at, here)?,
            '#' => end = text[at..].find('\n').map_or(text.len(), |it| at + it),
            '(' | '[' | '{' => {
                open.push((at, closing(here)));
                placeholder(text, at)?;
            }
            ')' | ']' | '}' => match open.pop() {
                Some((_, expected)) if expected == here => {}
                Some((_, expected)) => {
                    let why = format!("{here} where {expected} should be");
                    return Err(Malformed::new(text, at, why));
                }
                None => {
                    let why = format!("{here} closes nothing");
                    return Err(Malformed::new(text, at, why));
                }
            },
            '<' | '>' | '=' | '!' if open.is_empty() => {
                let found = comparison(text, at)?;
                end = found.end;
                last = Some(found);
            }
            _ => {}
        }
        at = end;
    }
    match open.pop() {
        Some((at, _)) => Err(Malformed::new(text, at, "this is never closed")),
        None => Ok(last),
    }
}

fn closing(opening: char) -> char {
    match opening {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn comparison(text: &str, at: usize) -> Result<Found, Malformed> {
    let rest = &text[at..];
    let found = |length: usize, kind: Option<Comparison>| Found {
        at,
        end: at + length,
        kind,
    };
    if rest.starts_with("==") || rest.starts_with("!=") {
        return Ok(found(2, None));
    }
    // The longer of two that begin alike goes first.
    let all = [
        Comparison::AtMost,
        Comparison::AtLeast,
        Comparison::Below,
        Comparison::Above,
    ];
    let kind = all.into_iter().find(|it| rest.starts_with(it.as_str()));
    match kind {
        Some(kind) => Ok(found(kind.as_str().len(), Some(kind))),
        None => Err(Malformed::new(text, at, "this compares nothing")),
    }
}

/// Where the text in quotes at byte `at` ends.
fn quoted(text: &str, at: usize, quote: char) -> Result<usize, Malformed> {
    let mut escaped = false;
    for (place, here) in text[at + 1..].char_indices() {
        if escaped {
            escaped = false;
        } else if here == '\\' && quote != '`' {
            escaped = true;
        } else if here == quote {
            return Ok(at + 1 + place + 1);
        }
    }
    Err(Malformed::new(text, at, "this quote is never closed"))
}

/// A lone word in braces is no PromQL, so that it is meant for a placeholder.
fn placeholder(text: &str, at: usize) -> Result<(), Malformed> {
    let Some((word, _)) = text[at..]
        .strip_prefix('{')
        .and_then(|it| it.split_once('}'))
    else {
        return Ok(());
    };
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let is_word = !word.is_empty() && word.chars().all(is_part);
    if !is_word || PLACEHOLDERS.contains(&word) {
        return Ok(());
    }
    let known = PLACEHOLDERS.map(|it| format!("{{{it}}}")).join(", ");
    let why = format!("{{{word}}} stands for nothing; known are {known}");
    Err(Malformed::new(text, at, why))
}
