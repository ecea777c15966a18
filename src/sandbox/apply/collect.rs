//! Which fields a configuration has.

use std::collections::BTreeSet;

use serde_json::Value;

use super::element::Element;
use super::fields::{FieldSet, Part};
use super::items;
use super::place::{ListRule, MapRule, Place, Rule};

/// The fields of `value` that an apply of it owns.
pub(super) fn fields(value: &Value, place: Place<'_>) -> FieldSet {
    at(value, place).below
}

fn at(value: &Value, place: Place<'_>) -> Part {
    let rules = place.rules();
    match rules.of(Some(value)) {
        Rule::Scalar(_) => Part::whole(),
        Rule::Map(rule) if rule.is_whole => Part::whole(),
        Rule::List(rule) if rule.keys.is_none() => Part::whole(),
        Rule::Map(rule) => of_map(value, rule),
        Rule::List(rule) => of_list(value, rule),
    }
}

fn of_map(map: &Value, rule: &MapRule<'_>) -> Part {
    let mut all = Part::default();
    for (name, value) in map.as_object().into_iter().flatten() {
        let mut part = at(value, rule.at(name));
        // A field of a struct is owned through what it contains, if it contains anything.
        let is_empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        part.itself |= is_empty || rule.named(name).is_none();
        all.below.put(Element::field(name), part);
    }
    all
}

fn of_list(list: &Value, rule: &ListRule<'_>) -> Part {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all = Part::default();
    let mut seen = BTreeSet::new();
    let mut doubles = BTreeSet::new();
    let found = items::elements(items, rule);
    for (element, _) in &found {
        if !seen.insert(element) {
            doubles.insert(element);
        }
    }
    for (element, item) in &found {
        let part = match doubles.contains(element) {
            true => Part::whole(),
            false => Part {
                itself: true,
                ..at(item, rule.items)
            },
        };
        all.below.put(element.clone(), part);
    }
    all
}
