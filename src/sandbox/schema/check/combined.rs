//! `allOf`, `anyOf`, `oneOf` and `not`.

use serde_json::Value;

use super::{Schema, Shape, check_at, general};
use crate::sandbox::status::FieldError;

pub(super) fn check(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    // These say no more than that it is an integer or a string.
    let is_said = schema.shape() == Shape::IntOrString && schema.text("format").is_some();
    if is_said {
        return;
    }
    check_any(value, schema, path, found);
    check_one(value, schema, path, found);
    check_all(value, schema, path, found);
    check_not(value, schema, path, found);
}

/// What is wrong with the value by each schema that the keyword lists. None if it has no keyword.
fn by_each(value: &Value, schema: Schema<'_>, path: &str, keyword: &str) -> Vec<Vec<FieldError>> {
    let all = schema.node().get(keyword).and_then(Value::as_array);
    let all = all.into_iter().flatten();
    // What is referred to is looked at as part of the schema itself.
    let all = all.filter(|it| it.get("$ref").is_none());
    all.map(|it| {
        let mut found = Vec::new();
        check_at(value, schema.at(it), path, &mut found);
        found
    })
    .collect()
}

fn check_any(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    let each = by_each(value, schema, path, "anyOf");
    if let Some(first) = each
        .first()
        .filter(|_| each.iter().all(|it| !it.is_empty()))
    {
        let says = "must validate at least one schema (anyOf)";
        found.push(general(format!("\"{path}\" {says}")));
        found.extend(first.iter().cloned());
    }
}

fn check_one(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    let each = by_each(value, schema, path, "oneOf");
    let valid = each.iter().filter(|it| it.is_empty()).count();
    let Some(first) = each.first().filter(|_| valid != 1) else {
        return;
    };
    let says = match valid {
        0 => "Found none valid".to_owned(),
        _ => format!("Found {valid} valid alternatives"),
    };
    let only = "must validate one and only one schema (oneOf)";
    found.push(general(format!("\"{path}\" {only}. {says}")));
    if valid == 0 {
        found.extend(first.iter().cloned());
    }
}

fn check_all(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    let each = by_each(value, schema, path, "allOf");
    let (all, valid) = (each.len(), each.iter().filter(|it| it.is_empty()).count());
    found.extend(each.into_iter().flatten());
    if valid < all {
        let none = if valid == 0 { ". None validated" } else { "" };
        let says = "must validate all the schemas (allOf)";
        found.push(general(format!("\"{path}\" {says}{none}")));
    }
}

fn check_not(value: &Value, schema: Schema<'_>, path: &str, found: &mut Vec<FieldError>) {
    let Some(not) = schema.node().get("not") else {
        return;
    };
    let mut wrong = Vec::new();
    check_at(value, schema.at(not), path, &mut wrong);
    if wrong.is_empty() {
        let says = "must not validate the schema (not)";
        found.push(general(format!("\"{path}\" {says}")));
    }
}
