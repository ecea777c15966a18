//! kubectl's templates: text with paths in braces, `{.items[*].name}{"\n"}`, and
//! `{range .items[*]}…{end}`.

use serde_json::Value;

use super::path::Path;
use super::printed;

/// A template that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Values(Path),
    Range(Path, Vec<Part>),
}

/// Ranges that are open, with the character at which each began.
type Open = Vec<(usize, Path, Vec<Part>)>;

impl Template {
    /// Reads a template; one without any brace is a path.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("expected a template such as jsonpath='{.items[*].name}'".to_owned());
        }
        if !source.contains(['{', '}']) {
            return Path::parse(source, 0).map(|it| Self(vec![Part::Values(it)]));
        }
        let characters: Vec<char> = source.chars().collect();
        let mut open = Open::new();
        let mut parts = Vec::new();
        let mut at = 0;
        while at < characters.len() {
            if characters[at] != '{' {
                let length = characters[at..].iter().take_while(|it| **it != '{').count();
                parts.push(Part::Text(characters[at..at + length].iter().collect()));
                at += length;
                continue;
            }
            let end = closing(&characters, at)?;
            action(&characters[at + 1..end], at + 1, &mut open, &mut parts)?;
            at = end + 1;
        }
        match open.pop() {
            Some((start, _, _)) => Err(format!("the range at character {start} has no {{end}}")),
            None => Ok(Self(parts)),
        }
    }

    /// What it makes of `answer`; of what is not there, nothing.
    pub(super) fn filled(&self, answer: &Value) -> String {
        let mut text = String::new();
        fill(&self.0, answer, answer, &mut text);
        text
    }
}

/// The place of the brace that ends what begins at `start`; braces in quotes do not count.
fn closing(characters: &[char], start: usize) -> Result<usize, String> {
    let mut quote = None;
    let mut at = start + 1;
    while let Some(&character) = characters.get(at) {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (None, '}') => return Ok(at),
            (Some(_), '\\') => at += 1,
            (Some(open), _) if open == character => quote = None,
            (None | Some(_), _) => {}
        }
        at += 1;
    }
    Err(match quote {
        Some(_) => format!(
            "the brace at character {} has a quote without an end",
            start + 1
        ),
        None => format!("the brace at character {} is not closed", start + 1),
    })
}

/// What stands in one pair of braces, of which the first character is at `start`.
fn action(
    inside: &[char],
    start: usize,
    open: &mut Open,
    parts: &mut Vec<Part>,
) -> Result<(), String> {
    let blanks = inside.iter().take_while(|it| it.is_whitespace()).count();
    let text: String = inside[blanks..].iter().collect();
    let (text, start) = (text.trim_end(), start + blanks);
    if text.is_empty() {
        return Err(format!("the braces at character {start} are empty"));
    }
    if text == "end" {
        let (_, path, before) = open
            .pop()
            .ok_or_else(|| format!("the {{end}} at character {start} ends no range"))?;
        let inner = std::mem::replace(parts, before);
        parts.push(Part::Range(path, inner));
    } else if let Some(rest) = text
        .strip_prefix("range")
        .filter(|it| !it.starts_with(is_name))
    {
        let path = rest.trim_start();
        let skipped = text.chars().count() - path.chars().count();
        let path = Path::parse(path, start + skipped)?;
        open.push((start, path, std::mem::take(parts)));
    } else if text.starts_with(['"', '\'']) {
        parts.push(Part::Text(literal(text, start)?));
    } else {
        parts.push(Part::Values(Path::parse(text, start)?));
    }
    Ok(())
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '-'
}

/// A text in quotes, with Go's usual escapes.
fn literal(quoted: &str, start: usize) -> Result<String, String> {
    let mut characters = quoted.chars();
    let quote = characters.next();
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            _ if Some(character) == quote => break,
            _ => text.push(character),
        }
    }
    match characters.as_str() {
        "" => Ok(text),
        rest => Err(format!(
            "`{rest}` after the text at character {start} is too much"
        )),
    }
}

fn fill(parts: &[Part], root: &Value, current: &Value, text: &mut String) {
    for part in parts {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Values(path) => {
                let values: Vec<String> = path
                    .values(root, current)
                    .into_iter()
                    .map(printed)
                    .collect();
                text.push_str(&values.join(" "));
            }
            Part::Range(path, inner) => {
                for value in path.values(root, current) {
                    fill(inner, root, value, text);
                }
            }
        }
    }
}
