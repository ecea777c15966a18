//! Sets of fields read in the light of a schema.

use super::element::Element;
use super::fields::{FieldSet, Part};
use super::place::{Place, Rule, Rules};

/// The set with the named fields of structs that only what they contain is in.
pub(super) fn with_structs(fields: &FieldSet, place: Place<'_>) -> FieldSet {
    let rules = place.rules();
    let mut all = FieldSet::default();
    for element in fields.members() {
        all.insert(element.clone());
    }
    for (element, below) in fields.children() {
        let part = Part {
            itself: is_named(element, &rules),
            below: with_structs(below, child(element, &rules).unwrap_or(Place::Open)),
        };
        all.put(element.clone(), part);
    }
    all
}

/// The set with places as a whole that the schema has since come to say are owned whole.
pub(super) fn with_wholes(fields: &FieldSet, place: Place<'_>) -> FieldSet {
    let rules = place.rules();
    let mut all = FieldSet::default();
    for element in fields.members() {
        all.insert(element.clone());
    }
    for (element, below) in fields.children() {
        let below = match child(element, &rules) {
            Some(child) if is_whole(&child.rules()) => None,
            Some(child) => Some(with_wholes(below, child)),
            None => Some(below.clone()),
        };
        let part = Part {
            itself: below.is_none(),
            below: below.unwrap_or_default(),
        };
        all.put(element.clone(), part);
    }
    all
}

fn is_named(element: &Element, rules: &Rules<'_>) -> bool {
    match (element, rules.of(None)) {
        (Element::Field(name), Rule::Map(rule)) => rule.named(name).is_some(),
        _ => false,
    }
}

fn child<'a>(element: &Element, rules: &Rules<'a>) -> Option<Place<'a>> {
    match (element, rules.of(None)) {
        (Element::Field(name), Rule::Map(rule)) => rule.declared(name),
        (Element::Field(_), Rule::List(_)) => None,
        (_, Rule::List(rule)) => Some(rule.items),
        (_, Rule::Map(_) | Rule::Scalar(_)) => None,
    }
}

fn is_whole(rules: &Rules<'_>) -> bool {
    match rules.of(None) {
        Rule::Map(rule) => rule.is_whole && !rule.is_open(),
        Rule::List(rule) => rule.keys.is_none(),
        Rule::Scalar(_) => false,
    }
}
