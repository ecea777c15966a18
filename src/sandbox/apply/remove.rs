//! What is left of an object without some of its fields.

use serde_json::{Map, Value};

use super::element::Element;
use super::fields::FieldSet;
use super::items;
use super::place::{ListRule, MapRule, Place, Rule};

/// `value` without `fields` and all that they contain; null if nothing is left.
pub(super) fn remove(value: &Value, fields: &FieldSet, place: Place<'_>) -> Value {
    let rules = place.rules();
    match (rules.of(Some(value)), value) {
        (Rule::Scalar(_), value) => value.clone(),
        (Rule::Map(rule), Value::Object(map)) if !rule.is_whole => from_map(map, fields, rule),
        (Rule::List(rule), Value::Array(list)) if rule.keys.is_some() => {
            from_list(list, fields, rule)
        }
        // Nothing can be taken out of what is owned whole but all of it.
        (Rule::Map(_) | Rule::List(_), _) => Value::Null,
    }
}

fn from_map(map: &Map<String, Value>, fields: &FieldSet, rule: &MapRule<'_>) -> Value {
    let mut left = Map::new();
    let mut is_entered = false;
    for (name, value) in map {
        let element = Element::field(name);
        if fields.has(&element) {
            continue;
        }
        let kept = match fields.below(&element) {
            None => value.clone(),
            Some(below) => {
                is_entered = true;
                emptied(remove(value, below, rule.at(name)), value)
            }
        };
        left.insert(name.clone(), kept);
    }
    match left.is_empty() && !is_entered {
        true => Value::Null,
        false => Value::Object(left),
    }
}

fn from_list(list: &[Value], fields: &FieldSet, rule: &ListRule<'_>) -> Value {
    let mut left = Vec::new();
    let mut is_entered = false;
    for item in list {
        let element = items::element(item, rule).ok();
        if element.as_ref().is_some_and(|it| fields.has(it)) {
            continue;
        }
        left.push(match element.and_then(|it| fields.below(&it)) {
            None => item.clone(),
            Some(below) => {
                is_entered = true;
                emptied(remove(item, below, rule.items), item)
            }
        });
    }
    match left.is_empty() && !is_entered {
        true => Value::Null,
        false => Value::Array(left),
    }
}

/// What held things stays there when all of them are gone.
fn emptied(left: Value, before: &Value) -> Value {
    match (&left, before) {
        (Value::Null, Value::Object(_)) => Value::Object(Map::new()),
        (Value::Null, Value::Array(_)) => Value::Array(vec![]),
        _ => left,
    }
}
