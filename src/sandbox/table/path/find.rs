//! Following JSON paths. What Kubernetes makes an error of, such as an index behind the end, ends
//! the whole search: the column stays empty.

use std::cmp::Ordering;

use serde_json::Value;

use super::{End, Slice, Step, Test};

/// Paths such as `..*..*` find ever more; nobody means these.
const MOST_FOUND: usize = 100_000;

pub(super) fn follow<'a>(steps: &'a [Step], from: Vec<&'a Value>) -> Option<Vec<&'a Value>> {
    steps.iter().try_fold(from, |values, step| {
        let found = take(step, values)?;
        (found.len() <= MOST_FOUND).then_some(found)
    })
}

fn take<'a>(step: &'a Step, values: Vec<&'a Value>) -> Option<Vec<&'a Value>> {
    match step {
        Step::Field(name) => Some(values.iter().filter_map(|it| field(it, name)).collect()),
        Step::Wildcard => Some(values.into_iter().flat_map(children).collect()),
        Step::Recursive => {
            let mut found = vec![];
            descend(values, &mut found)?;
            Some(found)
        }
        Step::Slice(slice) => sliced(*slice, values),
        Step::Union(parts) => {
            let parts = parts.iter().map(|it| follow(it, values.clone()));
            Some(parts.collect::<Option<Vec<_>>>()?.concat())
        }
        Step::Exists(inner) => filtered(values, |it| Some(!follow(inner, vec![it])?.is_empty())),
        Step::Filter(left, test, right) => filtered(values, |it| {
            let one = |steps| match follow(steps, vec![it])?.as_slice() {
                [] => Some(None),
                [only] => Some(Some(*only)),
                _ => None,
            };
            match (one(left)?, one(right)?) {
                (Some(left), Some(right)) => test.holds(left, right),
                _ => Some(false),
            }
        }),
        Step::Literal(value) => Some(values.iter().map(|_| value).collect()),
    }
}

/// Not `Value::get`, which would take a name for a place in a list.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.get(name)
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => vec![],
    }
}

/// Everything that has children, outermost level first within each value.
fn descend<'a>(values: Vec<&'a Value>, found: &mut Vec<&'a Value>) -> Option<()> {
    for value in values {
        let inner = children(value);
        if !inner.is_empty() {
            (found.len() < MOST_FOUND).then_some(())?;
            found.push(value);
            descend(inner, found)?;
        }
    }
    Some(())
}

fn sliced(slice: Slice, values: Vec<&Value>) -> Option<Vec<&Value>> {
    let mut found = vec![];
    for value in values.into_iter().filter(|it| !it.is_null()) {
        let items = value.as_array()?;
        let (start, end) = slice.bounds(i64::try_from(items.len()).ok()?)?;
        if start == end {
            return Some(found);
        }
        let step = usize::try_from(slice.step.unwrap_or(1)).ok()?;
        let part = items.get(start..end)?;
        found.extend((step > 0).then(|| part.iter().step_by(step))?);
    }
    Some(found)
}

impl Slice {
    /// The first place and the one behind the last, counted from the start. They may be out of
    /// bounds only where they are the same.
    fn bounds(self, length: i64) -> Option<(usize, usize)> {
        let start = match self.start.unwrap_or(0) {
            start @ ..0 => start.checked_add(length)?,
            start => start,
        };
        let end = match self.end {
            End::Open => length,
            End::BehindStart(end @ ..=0) | End::At(end @ ..0) => end.checked_add(length)?,
            End::BehindStart(end) | End::At(end) => end,
        };
        match start == end {
            true => Some((0, 0)),
            false => Some((usize::try_from(start).ok()?, usize::try_from(end).ok()?)),
        }
    }
}

fn filtered<'a>(
    lists: Vec<&'a Value>,
    holds: impl Fn(&'a Value) -> Option<bool>,
) -> Option<Vec<&'a Value>> {
    let mut found = vec![];
    for list in lists {
        for item in list.as_array()? {
            if holds(item)? {
                found.push(item);
            }
        }
    }
    Some(found)
}

impl Test {
    /// `None` where the two cannot be compared: a whole number not even with a fraction.
    fn holds(self, left: &Value, right: &Value) -> Option<bool> {
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => left.cmp(right),
            (Value::Bool(left), Value::Bool(right)) if self.is_equality() => left.cmp(right),
            (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
                (Some(left), Some(right)) => left.cmp(&right),
                (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?)?,
                _ => return None,
            },
            _ => return None,
        };
        Some(match self {
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::GreaterOrEqual => order != Ordering::Less,
            Self::Greater => order == Ordering::Greater,
        })
    }

    fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }
}
