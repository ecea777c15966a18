//! Selectors of labels, from text and from objects.
//!
//! `cluster::selector` reads the same, on purpose by itself: it takes what a server has accepted, so
//! that it needs neither the words of refusals nor the order of requirements, and a client and a
//! server with one parser would agree on its mistakes in every test.

mod parse;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};

use super::names;
use crate::sandbox::status::{Fault, FieldError, Refusal};

/// A selector ready to match. One without requirements matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector {
    /// By key.
    requirements: Vec<Requirement>,
    matches_nothing: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equals,
    DoubleEquals,
    NotEquals,
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl LabelSelector {
    /// Reads the form of queries and scale subresources: `app=web,tier in (a, b),!canary`.
    ///
    /// # Errors
    /// In the words of the API server.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let requirements = parse::requirements(text).map_err(Refusal::bad_request)?;
        Ok(Self::all(requirements))
    }

    /// Reads `matchLabels` and `matchExpressions`. One that is missing matches nothing.
    ///
    /// # Errors
    /// With a message that says why it is not valid.
    pub(crate) fn of(object: &Value) -> Result<Self, String> {
        if object.is_null() {
            return Ok(Self {
                requirements: vec![],
                matches_nothing: true,
            });
        }
        let labels = object["matchLabels"].as_object().into_iter().flatten();
        let equal = labels.map(|(key, value)| {
            let value = value.as_str().unwrap_or_default().to_owned();
            Requirement::checked(key, Operator::Equals, [value].into())
        });
        let expressions = object["matchExpressions"].as_array();
        let expressed = expressions.into_iter().flatten().map(expression);
        let requirements: Result<Vec<_>, String> = equal.chain(expressed).collect();
        requirements.map(Self::all)
    }

    fn all(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Self {
            requirements,
            matches_nothing: false,
        }
    }

    /// Whether `labels`, an object or null, are selected.
    pub(crate) fn matches(&self, labels: &Value) -> bool {
        !self.matches_nothing && self.requirements.iter().all(|it| it.holds(labels))
    }
}

fn expression(expression: &Value) -> Result<Requirement, String> {
    let text = |name: &str| expression[name].as_str().unwrap_or_default();
    let operator = match text("operator") {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        other => {
            return Err(format!(
                "\"{other}\" is not a valid label selector operator"
            ));
        }
    };
    let values = expression["values"].as_array().into_iter().flatten();
    let values = values.filter_map(Value::as_str).map(str::to_owned);
    Requirement::checked(text("key"), operator, values.collect())
}

impl Requirement {
    /// # Errors
    /// When the key or a value is not one of labels, or their number does not fit the operator.
    fn checked(key: &str, operator: Operator, values: BTreeSet<String>) -> Result<Self, String> {
        check_key(key)?;
        let found: Vec<&String> = values.iter().collect();
        if let Some(detail) = miscounted(operator, found.len()) {
            let fault = Fault::Invalid(json!(found));
            return Err(FieldError::new("values", fault, detail).to_string());
        }
        check_values(key, operator, &found)?;
        let key = key.to_owned();
        Ok(Self {
            key,
            operator,
            values,
        })
    }

    fn holds(&self, labels: &Value) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        let is_in = || value.is_some_and(|it| self.values.contains(it));
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => is_in(),
            Operator::NotEquals | Operator::NotIn => !is_in(),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.compares(value, |label, bound| label > bound),
            Operator::LessThan => self.compares(value, |label, bound| label < bound),
        }
    }

    fn compares(&self, label: Option<&str>, holds: fn(i64, i64) -> bool) -> bool {
        let number = |it: &str| it.parse::<i64>().ok();
        let bound = self.values.first().and_then(|it| number(it));
        matches!((label.and_then(number), bound), (Some(label), Some(bound)) if holds(label, bound))
    }
}

/// Why an operator does not take so many values.
fn miscounted(operator: Operator, count: usize) -> Option<&'static str> {
    match operator {
        Operator::In | Operator::NotIn if count == 0 => {
            Some("for 'in', 'notin' operators, values set can't be empty")
        }
        Operator::Exists | Operator::DoesNotExist if count > 0 => {
            Some("values set must be empty for exists and does not exist")
        }
        _ => None,
    }
}

fn check_key(key: &str) -> Result<(), String> {
    invalid("<nil>", key, &names::check_key(key))
}

fn check_values(key: &str, operator: Operator, values: &[&String]) -> Result<(), String> {
    for (index, value) in values.iter().enumerate() {
        let is_compared = matches!(operator, Operator::GreaterThan | Operator::LessThan);
        if is_compared && value.parse::<i64>().is_err() {
            let fault = "for 'Gt', 'Lt' operators, the value must be an integer".to_owned();
            return invalid(&format!("values[{index}]"), value, &[fault]);
        }
        let field = format!("values[{index}][{key}]");
        invalid(&field, value, &names::check_value(value))?;
    }
    Ok(())
}

/// # Errors
/// If there are any faults.
fn invalid(field: &str, value: &str, faults: &[String]) -> Result<(), String> {
    if faults.is_empty() {
        return Ok(());
    }
    let fault = Fault::Invalid(json!(value));
    Err(FieldError::new(field, fault, faults.join("; ")).to_string())
}

impl fmt::Display for LabelSelector {
    /// As the API server writes it, in status fields and columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{requirement}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let (key, values) = (&self.key, values.join(","));
        match self.operator {
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

#[cfg(test)]
mod tests;
