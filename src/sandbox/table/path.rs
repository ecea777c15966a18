//! The JSON paths of printer columns, as Kubernetes reads and follows them (`client-go`,
//! `util/jsonpath`).

mod find;
mod parse;

use serde_json::Value;

/// A path ready to follow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// `.name`
    Field(String),
    /// `.*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[0]`, `[1:3]`, `[*]`
    Slice(Slice),
    /// `[0,2]`
    Union(Vec<Vec<Step>>),
    /// `[?(@.a)]`
    Exists(Vec<Step>),
    /// `[?(@.a=="b")]`
    Filter(Vec<Step>, Test, Vec<Step>),
    /// What a filter compares with.
    Literal(Value),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slice {
    start: Option<i64>,
    end: End,
    step: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum End {
    #[default]
    Open,
    At(i64),
    /// One item only: the place behind the start.
    BehindStart(i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Test {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Path {
    /// Reads a path such as `.status.conditions[?(@.type=="Ready")].status`; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse::steps(text, 0).map(|steps| Self { steps })
    }

    /// The first value that the path leads to; columns show no other.
    pub(crate) fn first<'a>(&'a self, object: &'a Value) -> Option<&'a Value> {
        find::follow(&self.steps, vec![object])?.first().copied()
    }
}

#[cfg(test)]
mod tests;
