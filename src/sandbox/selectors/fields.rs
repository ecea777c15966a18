//! Selectors of fields, which know few fields of each kind.

use serde_json::Value;

use crate::sandbox::kinds::Kind;
use crate::sandbox::status::Refusal;

/// A selector ready to match. One without terms matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    is_negated: bool,
}

impl FieldSelector {
    /// Reads the form of queries: `metadata.name=x,status.phase!=Running`.
    ///
    /// # Errors
    /// In the words of the API server, also for a field that cannot be selected by.
    pub(crate) fn parse(text: &str, kind: &Kind) -> Result<Self, Refusal> {
        let parts = parts(text).into_iter().filter(|it| !it.is_empty());
        let terms: Result<Vec<Term>, String> = parts.map(|it| term(it, text)).collect();
        let terms = terms.map_err(Refusal::bad_request)?;
        let known = terms.iter().try_for_each(|it| check_field(&it.field, kind));
        known.map_err(Refusal::bad_request)?;
        Ok(Self { terms })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let holds = |it: &Term| (value(object, &it.field) == it.value) != it.is_negated;
        self.terms.iter().all(holds)
    }
}

/// Splits at commas that no backslash precedes.
fn parts(text: &str) -> Vec<&str> {
    let mut is_escaped = false;
    let split = text.split(move |it: char| {
        let splits = it == ',' && !is_escaped;
        is_escaped = it == '\\' && !is_escaped;
        splits
    });
    split.collect()
}

/// `text` is the whole selector, for messages.
fn term(part: &str, text: &str) -> Result<Term, String> {
    let operator = part.char_indices().find_map(|(at, _)| {
        let rest = part.get(at..)?;
        let operators = ["!=", "==", "="];
        let operator = operators.into_iter().find(|it| rest.starts_with(it))?;
        Some((part.get(..at)?, operator, rest.strip_prefix(operator)?))
    });
    let Some((field, operator, value)) = operator else {
        return Err(format!(
            "invalid selector: '{text}'; can't understand '{part}'"
        ));
    };
    Ok(Term {
        field: field.to_owned(),
        value: unescaped(value)?,
        is_negated: operator == "!=",
    })
}

fn unescaped(value: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut all = value.chars();
    while let Some(it) = all.next() {
        match it {
            '\\' => match all.next() {
                Some(escaped @ ('\\' | ',' | '=')) => text.push(escaped),
                other => return Err(bad_escape(other)),
            },
            ',' | '=' => {
                let code = u32::from(it);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {code}"
                ));
            }
            it => text.push(it),
        }
    }
    Ok(text)
}

fn bad_escape(escaped: Option<char>) -> String {
    let escaped = escaped.map(String::from).unwrap_or_default();
    format!("invalid field selector: invalid escape sequence: \\{escaped}")
}

/// Whether a kind can be selected by a field. Kinds without fields of their own say so otherwise
/// than the others, and Job has a message of its own.
fn check_field(field: &str, kind: &Kind) -> Result<(), String> {
    let has_own = !kind.selectable.is_empty();
    let is_common = match field {
        "metadata.name" => true,
        "metadata.namespace" => kind.is_namespaced || !has_own,
        _ => false,
    };
    if is_common || kind.selectable.iter().any(|it| it == field) {
        return Ok(());
    }
    Err(match (has_own, kind.kind.as_str()) {
        (true, "Job") => format!("field label \"{field}\" not supported for Job"),
        (true, _) => format!("field label not supported: {field}"),
        (false, _) => format!(
            "\"{field}\" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\""
        ),
    })
}

/// The value of a field as text; empty where it is missing.
fn value(object: &Value, field: &str) -> String {
    let at = |path: &str| {
        let found = path.split('.').try_fold(object, |at, key| at.get(key));
        found.map(text).unwrap_or_default()
    };
    let first = |paths: &[&str]| {
        let found = paths.iter().map(|it| at(it)).find(|it| !it.is_empty());
        found.unwrap_or_default()
    };
    let or = |path: &str, missing: &str| match at(path) {
        it if it.is_empty() => missing.to_owned(),
        it => it,
    };
    // Some labels are not the path of what they select by, and what is false or zero is left out
    // of objects.
    match field {
        "spec.hostNetwork" | "spec.unschedulable" => or(field, "false"),
        "status.successful" => or("status.succeeded", "0"),
        "source" => first(&[
            "source.component",
            "reportingComponent",
            "reportingController",
        ]),
        "reportingComponent" => first(&["reportingComponent", "reportingController"]),
        _ => at(field),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
