//! A formula as a tree.

use std::fmt;

use super::functions::Function;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    Text(String),
    /// A trigger, by its place among the names.
    Trigger(usize),
    /// A name that the formula itself gives, by its number.
    Local(usize),
    /// `#`, `#acc` or `#index`.
    Item(Item),
    Unary(Unary, Box<Tree>),
    Binary(Binary, Box<Tree>, Box<Tree>),
    If(Box<[Tree; 3]>),
    List(Vec<Tree>),
    /// An item of a list by its place.
    At(Box<[Tree; 2]>),
    Call(Function, Vec<Tree>, Option<Box<Tree>>),
    /// A number for a value, the value, and what it is used in.
    Let(usize, Box<[Tree; 2]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Current,
    Accumulator,
    Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Plus,
    Minus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Range,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Coalesce,
}

/// What a part of a formula gives, as far as it can be told before it runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Float,
    Int,
    /// One of the two, by the values.
    Number,
    Bool,
    Text,
    Nil,
    List(Box<Type>),
    /// It depends on the values.
    Any,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Float | Self::Number => "a number",
            Self::Int => "a whole number",
            Self::Bool => "true or false",
            Self::Text => "a text",
            Self::Nil => "nil",
            Self::List(_) => "a list",
            Self::Any => "a value",
        })
    }
}

impl Binary {
    /// The operator as Go writes it.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Contains => "contains",
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Range => "..",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "**",
            Self::Coalesce => "??",
        }
    }

    /// The operator that a sign or a word is, and how tightly it binds (the table of expr-lang
    /// 1.17, `parser/operator`).
    pub(super) fn of(sign: &str) -> Option<(Self, u16)> {
        Some(match sign {
            "or" | "||" => (Self::Or, 10),
            "and" | "&&" => (Self::And, 15),
            "==" => (Self::Equal, 20),
            "!=" => (Self::NotEqual, 20),
            "<" => (Self::Less, 20),
            "<=" => (Self::LessOrEqual, 20),
            ">" => (Self::Greater, 20),
            ">=" => (Self::GreaterOrEqual, 20),
            "in" => (Self::In, 20),
            "contains" => (Self::Contains, 20),
            "startsWith" => (Self::StartsWith, 20),
            "endsWith" => (Self::EndsWith, 20),
            ".." => (Self::Range, 25),
            "+" => (Self::Add, 30),
            "-" => (Self::Subtract, 30),
            "*" => (Self::Multiply, 60),
            "/" => (Self::Divide, 60),
            "%" => (Self::Remainder, 60),
            "**" | "^" => (Self::Power, 100),
            "??" => (Self::Coalesce, 500),
            _ => return None,
        })
    }

    /// Whether it compares by order, so that several may stand in a row.
    pub(super) fn is_order(self) -> bool {
        use Binary::{Greater, GreaterOrEqual, Less, LessOrEqual};
        matches!(self, Less | LessOrEqual | Greater | GreaterOrEqual)
    }
}

impl Tree {
    /// How many levels it has.
    pub(super) fn height(&self) -> usize {
        let highest = |all: &[Self]| all.iter().map(Self::height).max().unwrap_or(0);
        1 + match self {
            Self::Int(_) | Self::Float(_) | Self::Bool(_) | Self::Nil | Self::Text(_) => 0,
            Self::Trigger(_) | Self::Local(_) | Self::Item(_) => 0,
            Self::Unary(_, of) => of.height(),
            Self::Binary(_, left, right) => left.height().max(right.height()),
            Self::If(parts) => highest(parts.as_slice()),
            Self::At(parts) | Self::Let(_, parts) => highest(parts.as_slice()),
            Self::List(items) => highest(items),
            Self::Call(_, arguments, predicate) => {
                let predicate = predicate.as_ref().map_or(0, |it| it.height());
                highest(arguments).max(predicate)
            }
        }
    }
}
