//! The words of a label selector in its text form.

/// A word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key or a value. `in` and `notin` are words as well; who reads them knows.
    Word(&'a str),
    /// One of `= == != ! > < ( ) ,`.
    Sign(&'a str),
    End,
}

impl<'a> Token<'a> {
    /// As messages quote it.
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Sign(text) => text,
            Self::End => "",
        }
    }
}

/// The words of a text, one after the other; at its end, [`Token::End`] for ever.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text }
    }

    pub(super) fn peek(&self) -> Token<'a> {
        self.clone().next()
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        let text = self.rest.trim_start_matches(is_space);
        let length = match text.chars().next() {
            None => 0,
            Some(first) if is_sign(first) => sign(text),
            Some(_) => text
                .find(|it| is_space(it) || is_sign(it))
                .unwrap_or(text.len()),
        };
        let (word, rest) = text.split_at(length);
        self.rest = rest;
        match word.chars().next() {
            None => Token::End,
            Some(first) if is_sign(first) => Token::Sign(word),
            Some(_) => Token::Word(word),
        }
    }
}

/// The length of the sign that the text starts with: the longest one wins.
fn sign(text: &str) -> usize {
    match text.starts_with("==") || text.starts_with("!=") {
        true => 2,
        false => 1,
    }
}

fn is_space(it: char) -> bool {
    matches!(it, ' ' | '\t' | '\r' | '\n')
}

fn is_sign(it: char) -> bool {
    matches!(it, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}
