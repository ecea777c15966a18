//! Which fields differ between two objects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::element::{self, Element};
use super::fields::{FieldSet, Part};
use super::items;
use super::merge::{Fields, items_of};
use super::place::{ListRule, MapRule, Place, Rule};

/// The fields in which a new object differs from an old one; none is in two of the sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) removed: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) added: FieldSet,
}

impl Comparison {
    /// What is new or has changed.
    pub(super) fn touched(&self) -> FieldSet {
        self.modified.union(&self.added)
    }

    /// Without the fields of `ignored` and all that lies below them.
    pub(super) fn cleared_of(&self, ignored: &FieldSet) -> Self {
        Self {
            removed: self.removed.cleared_of(ignored),
            modified: self.modified.cleared_of(ignored),
            added: self.added.cleared_of(ignored),
        }
    }

    fn put(&mut self, element: Element, difference: Difference) {
        self.removed.put(element.clone(), difference.removed);
        self.modified.put(element.clone(), difference.modified);
        self.added.put(element, difference.added);
    }
}

/// How one place differs.
#[derive(Debug, Default)]
struct Difference {
    removed: Part,
    modified: Part,
    added: Part,
}

/// How `new` differs from `old`.
pub(super) fn compare(old: &Value, new: &Value, place: Place<'_>) -> Comparison {
    let whole = at(Some(old), Some(new), place);
    Comparison {
        removed: whole.removed.below,
        modified: whole.modified.below,
        added: whole.added.below,
    }
}

fn at(old: Option<&Value>, new: Option<&Value>, place: Place<'_>) -> Difference {
    let rules = place.rules();
    let (was, is) = (rules.of(old), rules.of(new));
    match (old, new) {
        (_, None) => by(was, old, new),
        (None, _) => by(is, old, new),
        _ if was.is_like(&is) => by(is, old, new),
        // What stood there was of another form: it is gone, and what came in its place is new.
        _ => by(was, old, new).and(by(is, old, new)),
    }
}

fn by(rule: Rule<'_, '_>, old: Option<&Value>, new: Option<&Value>) -> Difference {
    match rule {
        Rule::Scalar(_) => leaf(old, new),
        Rule::Map(rule) => {
            let (left, right) = (Fields::of(old), Fields::of(new));
            if rule.is_whole || (left.is_empty() && right.is_empty()) {
                return leaf(old, new);
            }
            Difference::of(maps(left, right, rule)).with_itself(old, new)
        }
        Rule::List(rule) => {
            let list = |it| items_of(it).unwrap_or_default();
            let (left, right) = (list(old), list(new));
            if rule.keys.is_none() || (left.is_empty() && right.is_empty()) {
                return leaf(old, new);
            }
            Difference::of(lists(left, right, rule)).with_itself(old, new)
        }
    }
}

/// What is owned whole.
fn leaf(old: Option<&Value>, new: Option<&Value>) -> Difference {
    let mut difference = Difference::default();
    match (old, new) {
        (Some(old), Some(new)) => difference.modified.itself = !element::is_same(old, new),
        _ => return difference.with_itself(old, new),
    }
    difference
}

fn maps(old: Fields<'_>, new: Fields<'_>, rule: &MapRule<'_>) -> Comparison {
    let mut all = Comparison::default();
    for name in old.names_with(new) {
        let difference = at(old.get(name), new.get(name), rule.at(name));
        all.put(Element::field(name), difference);
    }
    all
}

fn lists(old: &[Value], new: &[Value], rule: &ListRule<'_>) -> Comparison {
    let (old, new) = (grouped(old, rule), grouped(new, rule));
    let names: BTreeSet<&Element> = old.keys().chain(new.keys()).collect();
    let mut all = Comparison::default();
    for name in names {
        let items = |of: &BTreeMap<Element, Vec<_>>| of.get(name).cloned().unwrap_or_default();
        all.put(
            name.clone(),
            same_items(&items(&old), &items(&new), rule.items),
        );
    }
    all
}

fn grouped<'v>(items: &'v [Value], rule: &ListRule<'_>) -> BTreeMap<Element, Vec<&'v Value>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (element, item) in items::elements(items, rule) {
        all.entry(element).or_default().push(item);
    }
    all
}

/// The difference between the items of one element, of which there should be one at most. Several
/// are one thing that is owned whole.
fn same_items(old: &[&Value], new: &[&Value], place: Place<'_>) -> Difference {
    let mut difference = Difference::default();
    match (old, new) {
        ([] | [_], [] | [_]) => return at(old.first().copied(), new.first().copied(), place),
        ([_, _, ..], [_, _, ..]) => {
            let mut pairs = old.iter().zip(new);
            let is_same = old.len() == new.len() && pairs.all(|(a, b)| element::is_same(a, b));
            difference.modified.itself = !is_same;
        }
        ([_, _, ..], single) => {
            if let [item] = single {
                difference = at(None, Some(item), place);
            }
            difference.removed.itself = true;
        }
        (single, _) => {
            if let [item] = single {
                difference = at(Some(item), None, place);
            }
            difference.added.itself = true;
        }
    }
    difference
}

impl Difference {
    fn of(below: Comparison) -> Self {
        let part = |below| Part {
            itself: false,
            below,
        };
        Self {
            removed: part(below.removed),
            modified: part(below.modified),
            added: part(below.added),
        }
    }

    /// Counts the place itself if only one side has it.
    fn with_itself(mut self, old: Option<&Value>, new: Option<&Value>) -> Self {
        self.added.itself |= old.is_none();
        self.removed.itself |= old.is_some() && new.is_none();
        self
    }

    fn and(mut self, other: Self) -> Self {
        let join = |part: &mut Part, other: Part| {
            part.itself |= other.itself;
            part.below.extend(other.below);
        };
        join(&mut self.removed, other.removed);
        join(&mut self.modified, other.modified);
        join(&mut self.added, other.added);
        self
    }
}
