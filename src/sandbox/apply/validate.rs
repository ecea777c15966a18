//! Whether a value is as its schema says, as far as merging depends on it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::element::Element;
use super::items;
use super::place::{ListRule, MapRule, Place, Rule, Scalar};
use super::text;

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// `.spec.ports[port=80]`; empty for the object itself.
    path: String,
    message: String,
}

/// What is refused beside values of a wrong type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// Fields that the schema does not name, and items of a list that are there twice.
    Configuration,
    /// Neither: objects from before the schema was so are still there.
    Stored,
}

/// Everything that is wrong with `value`.
pub(super) fn problems(value: &Value, place: Place<'_>, strict: Strictness) -> Vec<Problem> {
    let rules = place.rules();
    match (rules.of(Some(value)), value) {
        (_, Value::Null) => vec![],
        (Rule::Scalar(scalar), value) => of_scalar(value, scalar).into_iter().collect(),
        (Rule::List(rule), Value::Array(items)) => of_list(items, rule, strict),
        (Rule::Map(rule), Value::Object(fields)) => of_map(fields, rule, strict),
        (Rule::List(_), other) => vec![here(format!("expected list, got {}", pointer(other)))],
        (Rule::Map(_), other) => vec![here(format!("expected map, got {}", pointer(other)))],
    }
}

/// All problems as one message.
pub(super) fn message(problems: &[Problem]) -> String {
    match problems {
        [only] => only.to_string(),
        all => {
            let lines: Vec<String> = all.iter().map(|it| format!("  {it}")).collect();
            format!("errors:\n{}", lines.join("\n"))
        }
    }
}

fn here(message: String) -> Problem {
    Problem {
        path: String::new(),
        message,
    }
}

/// A value in the form in which the real server lets Go print its wrapper.
fn pointer(value: &Value) -> String {
    format!("&{{{}}}", text::plain(value))
}

fn of_scalar(value: &Value, scalar: Scalar) -> Option<Problem> {
    let fits = match scalar {
        Scalar::Any => !value.is_array() && !value.is_object(),
        Scalar::Boolean => value.is_boolean(),
        Scalar::Number => value.is_number(),
        Scalar::Text => value.is_string(),
    };
    let expected = match scalar {
        Scalar::Any => format!("any scalar, got {}", pointer(value)),
        Scalar::Boolean => format!("boolean, got {}", pointer(value)),
        Scalar::Number => format!("numeric (int or float), got {}", text::type_of(value)),
        Scalar::Text => format!(
            "string, got &value.valueUnstructured{{Value:{}}}",
            text::syntax(value)
        ),
    };
    (!fits).then(|| here(format!("expected {expected}")))
}

fn of_list(items: &[Value], rule: &ListRule<'_>, strict: Strictness) -> Vec<Problem> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let element = match &rule.keys {
            None => Ok(Element::Index(i64::try_from(index).unwrap_or(i64::MAX))),
            Some(_) => items::element(item, rule),
        };
        let element = match element {
            Ok(element) => element,
            Err(why) => {
                all.push(here(format!("element {index}: {why}")));
                break;
            }
        };
        all.extend(below(&element, problems(item, rule.items, strict)));
        if strict == Strictness::Configuration && seen.contains(&element) {
            all.push(here(format!("duplicate entries for key {element}")));
        }
        seen.insert(element);
    }
    all
}

fn of_map(fields: &Map<String, Value>, rule: &MapRule<'_>, strict: Strictness) -> Vec<Problem> {
    let mut all = Vec::new();
    for (name, value) in fields {
        let element = Element::field(name);
        match rule.declared(name) {
            Some(place) => all.extend(below(&element, problems(value, place, strict))),
            None if strict == Strictness::Stored => {}
            None => {
                let undeclared = here("field not declared in schema".to_owned());
                all.extend(below(&element, vec![undeclared]));
                break;
            }
        }
    }
    all
}

fn below(element: &Element, problems: Vec<Problem>) -> impl Iterator<Item = Problem> {
    problems.into_iter().map(move |it| Problem {
        path: format!("{element}{}", it.path),
        ..it
    })
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}
