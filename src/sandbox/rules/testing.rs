//! Tables of changes to objects with the causes that a real server, v1.36, gave for each.
//!
//! A case takes an object of `bases` and sets some values; with `old` it replaces an object with
//! these values. Values that messages show have sorted keys here, which the real server does not
//! sort.

use serde_json::{Value, json};

use super::{metadata, of};
use crate::sandbox::kinds::Kind;

/// A kind as far as its rules look at it.
pub(crate) fn kind(group: &str, kind: &str, is_namespaced: bool) -> Kind {
    Kind {
        group: group.to_owned(),
        versions: vec![],
        kind: kind.to_owned(),
        list_kind: String::new(),
        plural: String::new(),
        singular: String::new(),
        short_names: vec![],
        categories: vec![],
        is_namespaced,
        verbs: vec![],
        has_generation: false,
        selectable: vec![],
        rules: of(group, kind),
    }
}

/// Compares every case of a table.
pub(crate) fn run(table: &str) {
    let table: Value = serde_json::from_str(table).unwrap();
    let cases = table["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let expected: Vec<&str> = texts(&case["causes"]);
        let found = causes(&table["bases"], case);
        if expected != found {
            let (found, expected) = (found.join("\n  "), expected.join("\n  "));
            wrong.push(format!(
                "{}\n  {found}\n instead of\n  {expected}",
                case["what"]
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn causes(bases: &Value, case: &Value) -> Vec<String> {
    let base = &bases[case["base"].as_str().unwrap()];
    let kind = kind_of(base);
    let (mut new, old) = match case.get("old") {
        None => (base.clone(), None),
        Some(changes) => {
            let mut old = base.clone();
            change(&mut old, changes);
            complete(&kind, &mut old, None);
            (old.clone(), Some(old))
        }
    };
    change(&mut new, &case["set"]);
    complete(&kind, &mut new, old.as_ref());
    let mut found = metadata(&kind, &new, old.as_ref());
    let check = match case.get("sub") {
        None => kind.rules.check,
        Some(_) => kind.rules.check_status,
    };
    found.extend(check.into_iter().flat_map(|it| it(&new, old.as_ref())));
    let text = |it: String| it.strip_prefix(": ").map(str::to_owned).unwrap_or(it);
    found.iter().map(|it| text(it.to_string())).collect()
}

fn complete(kind: &Kind, object: &mut Value, old: Option<&Value>) {
    if let Some(complete) = kind.rules.complete {
        complete(object);
    }
    // What makes the first status is of no use where a case has one.
    if let Some(prepare) = kind.rules.prepare
        && (old.is_some() || object.get("status").is_none())
    {
        prepare(object, old);
    }
    if kind.kind == "Service" {
        super::service::allocate(object, [].into_iter());
    }
}

fn kind_of(object: &Value) -> Kind {
    let version = object["apiVersion"].as_str().unwrap();
    let group = version.split_once('/').map_or("", |it| it.0);
    let is_namespaced = object["metadata"].get("namespace").is_some();
    kind(group, object["kind"].as_str().unwrap(), is_namespaced)
}

fn texts(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items.map(|it| it.as_str().unwrap()).collect()
}

/// Sets the values at their pointers; null removes, and `-` appends.
pub(crate) fn change(object: &mut Value, changes: &Value) {
    for change in changes.as_array().unwrap() {
        set(object, change[0].as_str().unwrap(), &change[1]);
    }
}

fn set(object: &mut Value, pointer: &str, value: &Value) {
    let mut steps: Vec<String> = pointer[1..]
        .split('/')
        .map(|it| it.replace("~1", "/"))
        .collect();
    let last = steps.pop().unwrap();
    let place = steps.iter().fold(object, |place, step| match place {
        Value::Array(items) => &mut items[step.parse::<usize>().unwrap()],
        place => {
            if place.get(step).is_none() {
                place[step] = json!({});
            }
            &mut place[step]
        }
    });
    match place {
        Value::Array(items) if last == "-" => items.push(value.clone()),
        Value::Array(items) if value.is_null() => {
            items.remove(last.parse().unwrap());
        }
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value.clone(),
        Value::Object(fields) if value.is_null() => {
            fields.remove(&last);
        }
        place => place[last] = value.clone(),
    }
}
