//! The grammar of label selectors (`apimachinery/pkg/labels`), with its messages.

use std::collections::BTreeSet;

use super::super::text::{Token, Tokens};
use super::{Operator, Requirement, check_key};

pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut tokens = Tokens::of(text);
    let mut all = vec![];
    if tokens.peek() == Token::End {
        return Ok(all);
    }
    if !starts_requirement(tokens.peek()) {
        return Err(found(tokens.peek(), "!, identifier, or 'end of string'"));
    }
    loop {
        let read = requirement(&mut tokens);
        all.push(read.map_err(|it| format!("unable to parse requirement: {it}"))?);
        match tokens.next() {
            Token::End => return Ok(all),
            Token::Sign(",") if starts_requirement(tokens.peek()) => {}
            Token::Sign(",") => return Err(found(tokens.peek(), "identifier after ','")),
            other => return Err(found(other, "',' or 'end of string'")),
        }
    }
}

fn starts_requirement(token: Token<'_>) -> bool {
    matches!(token, Token::Word(_) | Token::Sign("!"))
}

fn found(token: Token<'_>, expected: &str) -> String {
    format!("found '{}', expected: {expected}", token.text())
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Requirement, String> {
    let is_negated = tokens.peek() == Token::Sign("!");
    if is_negated {
        tokens.next();
    }
    let key = match tokens.next() {
        Token::Word(key) => key,
        other => return Err(found(other, "identifier")),
    };
    check_key(key)?;
    if is_negated {
        return Requirement::checked(key, Operator::DoesNotExist, BTreeSet::new());
    }
    if matches!(tokens.peek(), Token::End | Token::Sign(",")) {
        return Requirement::checked(key, Operator::Exists, BTreeSet::new());
    }
    let operator = operator(tokens.next())?;
    let values = match operator {
        Operator::In | Operator::NotIn => set(tokens)?,
        _ => [value(tokens)?].into(),
    };
    Requirement::checked(key, operator, values)
}

fn operator(token: Token<'_>) -> Result<Operator, String> {
    Ok(match token {
        Token::Word("in") => Operator::In,
        Token::Word("notin") => Operator::NotIn,
        Token::Sign("=") => Operator::Equals,
        Token::Sign("==") => Operator::DoubleEquals,
        Token::Sign("!=") => Operator::NotEquals,
        Token::Sign(">") => Operator::GreaterThan,
        Token::Sign("<") => Operator::LessThan,
        other => return Err(found(other, "in, notin, =, ==, !=, gt, lt")),
    })
}

/// A value, which is empty where none is given.
fn value(tokens: &mut Tokens<'_>) -> Result<String, String> {
    match tokens.peek() {
        Token::End | Token::Sign(",") => Ok(String::new()),
        Token::Word(word) => {
            tokens.next();
            Ok(word.to_owned())
        }
        other => Err(found(other, "identifier")),
    }
}

/// Values in parentheses. An empty place between commas is the empty value.
fn set(tokens: &mut Tokens<'_>) -> Result<BTreeSet<String>, String> {
    match tokens.next() {
        Token::Sign("(") => {}
        other => return Err(format!("found '{}' expected: '('", other.text())),
    }
    let mut values = BTreeSet::new();
    loop {
        let value = match tokens.peek() {
            Token::Word(word) => {
                tokens.next();
                word
            }
            Token::Sign("," | ")") => "",
            other if values.is_empty() => return Err(found(other, "',', ')' or identifier")),
            other => return Err(found(other, "',', or identifier")),
        };
        values.insert(value.to_owned());
        match tokens.next() {
            Token::Sign(")") => return Ok(values),
            Token::Sign(",") => {}
            other => return Err(found(other, "',' or ')'")),
        }
    }
}
