//! The words of a formula.

use super::CompileError;

/// The longest formula that is read, in bytes. KEDA's own examples have fewer than a hundred.
const LONGEST: usize = 2_048;

/// How many words a formula may have: what follows takes time and stack by them.
const MOST_TOKENS: usize = 400;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Int(i64),
    Float(f64),
    Text(String),
    /// A name, or a word such as `not`.
    Name(String),
    /// `#`, `#acc`, `#index`: what a predicate is asked about.
    Item(String),
    Sign(&'static str),
}

/// Longer ones first, for the first that fits is taken.
const SIGNS: [&str; 34] = [
    "**", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "..", "+", "-", "*", "/", "%", "^", "<",
    ">", "!", "?", ":", ",", ";", "(", ")", "[", "]", "{", "}", "|", ".", "=", "&", "~",
];

/// The words of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, CompileError> {
    if text.len() > LONGEST {
        let message = format!("the formula is longer than {LONGEST} bytes");
        return Err(CompileError::Unsupported(message));
    }
    let mut found = Vec::new();
    let mut rest = skip(text)?;
    while !rest.is_empty() {
        if found.len() == MOST_TOKENS {
            let message = format!("the formula has more than {MOST_TOKENS} words");
            return Err(CompileError::Unsupported(message));
        }
        let (token, length) = token(rest)?;
        found.push(token);
        rest = skip(&rest[length..])?;
    }
    Ok(found)
}

/// What comes after white space and comments.
fn skip(text: &str) -> Result<&str, CompileError> {
    let mut rest = text.trim_start();
    loop {
        rest = if rest.starts_with("//") {
            rest.split_once('\n').map_or("", |it| it.1)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let (_, after) = comment
                .split_once("*/")
                .ok_or_else(|| refused("a comment does not end"))?;
            after
        } else {
            return Ok(rest);
        }
        .trim_start();
    }
}

/// The first word of a text that is not empty, and its length in bytes.
fn token(text: &str) -> Result<(Token, usize), CompileError> {
    let first = text.chars().next().unwrap_or_default();
    let second = text.chars().nth(1).unwrap_or_default();
    if first.is_ascii_digit() || first == '.' && second.is_ascii_digit() {
        return number(text);
    }
    if matches!(first, '"' | '\'' | '`') {
        return quoted(text, first);
    }
    if first == '#' {
        let length = 1 + name_length(&text[1..]);
        return Ok((Token::Item(text[..length].to_owned()), length));
    }
    let length = name_length(text);
    if length > 0 {
        return Ok((Token::Name(text[..length].to_owned()), length));
    }
    let sign = SIGNS.iter().find(|it| text.starts_with(**it));
    let sign = sign.ok_or_else(|| refused(&format!("{first:?} has no meaning in a formula")))?;
    Ok((Token::Sign(sign), sign.len()))
}

fn name_length(text: &str) -> usize {
    let is_of_name = |it: char| it == '_' || it == '$' || it.is_alphanumeric();
    let end = text.find(|it| !is_of_name(it)).unwrap_or(text.len());
    // Other digits do not get here: a number is looked for first.
    if text.starts_with(char::is_numeric) {
        return 0;
    }
    end
}

fn number(text: &str) -> Result<(Token, usize), CompileError> {
    let length = number_length(text);
    let digits = text[..length].replace('_', "");
    let lower = digits.to_ascii_lowercase();
    let radix = match lower.get(..2) {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    let token = match radix {
        Some(radix) => i64::from_str_radix(&lower[2..], radix).ok().map(Token::Int),
        None if lower.contains(['.', 'e']) => {
            let parsed = lower.parse().ok();
            parsed.filter(|it: &f64| it.is_finite()).map(Token::Float)
        }
        None => lower.parse().ok().map(Token::Int),
    };
    let token = token.ok_or_else(|| refused(&format!("`{}` is no number", &text[..length])))?;
    let next = text[length..].chars().next();
    if next.is_some_and(|it| it.is_alphanumeric() || it == '_') {
        let message = format!("`{}` is followed by a letter", &text[..length]);
        return Err(refused(&message));
    }
    Ok((token, length))
}

/// How far a number goes: `1..5` are two numbers and a range.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_prefixed = matches!(bytes, [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..]);
    if is_prefixed {
        let is_of_number = |it: &u8| it.is_ascii_hexdigit() || *it == b'_';
        return 2 + bytes[2..].iter().take_while(|it| is_of_number(it)).count();
    }
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let goes_on = match byte {
            b'0'..=b'9' | b'_' | b'e' | b'E' => true,
            b'.' => bytes.get(at + 1) != Some(&b'.'),
            b'+' | b'-' => at > 0 && matches!(bytes[at - 1], b'e' | b'E'),
            _ => false,
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

/// A text between quotes. Escapes other than those of quotes and backslashes are not read.
fn quoted(text: &str, quote: char) -> Result<(Token, usize), CompileError> {
    let mut found = String::new();
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => {
                if !matches!(letter, '\\' | '"' | '\'') {
                    let message = format!("the formula has a text with `\\{letter}`");
                    return Err(CompileError::Unsupported(message));
                }
                found.push(letter);
                escaped = false;
            }
            '\\' if quote != '`' => escaped = true,
            '\n' | '\r' if quote != '`' => return Err(refused("a text does not end on its line")),
            _ if letter == quote => return Ok((Token::Text(found), at + 1)),
            _ => found.push(letter),
        }
    }
    Err(refused("a text does not end"))
}

pub(super) fn refused(message: &str) -> CompileError {
    CompileError::Refused(message.to_owned())
}
