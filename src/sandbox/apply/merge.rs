//! What an object becomes when a configuration is laid over it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::element::Element;
use super::items;
use super::place::{ListRule, MapRule, Place, Rule};

/// `over` laid upon `under`: nothing is lost but what both have and is owned whole. `None` when
/// neither is there.
pub(super) fn merge(
    under: Option<&Value>,
    over: Option<&Value>,
    place: Place<'_>,
) -> Option<Value> {
    let rules = place.rules();
    match rules.of(over.or(under)) {
        Rule::Scalar(_) => over.or(under).cloned(),
        Rule::Map(rule) => merge_maps(under, over, rule),
        Rule::List(rule) => merge_lists(under, over, rule),
    }
}

fn merge_maps(under: Option<&Value>, over: Option<&Value>, rule: &MapRule<'_>) -> Option<Value> {
    let (left, right) = (Fields::of(under), Fields::of(over));
    // That both are empty keeps null and an empty map apart.
    if rule.is_whole || (left.is_empty() && right.is_empty()) {
        return over.or(under).cloned();
    }
    let field = |name: &String| {
        let value = merge(left.get(name), right.get(name), rule.at(name))?;
        Some((name.clone(), value))
    };
    let names = left.names_with(right).into_iter();
    let merged: Map<String, Value> = names.filter_map(field).collect();
    (!merged.is_empty()).then_some(Value::Object(merged))
}

fn merge_lists(under: Option<&Value>, over: Option<&Value>, rule: &ListRule<'_>) -> Option<Value> {
    let list = |it| items_of(it).unwrap_or_default();
    let (left, right) = (list(under), list(over));
    if rule.keys.is_none() || (left.is_empty() && right.is_empty()) {
        return over.or(under).cloned();
    }
    let merged = Merging::of(left, right, rule).run();
    (!merged.is_empty()).then_some(Value::Array(merged))
}

pub(super) fn items_of(list: Option<&Value>) -> Option<&[Value]> {
    list?.as_array().map(Vec::as_slice)
}

/// The fields of a map, of which there are none if it is none.
#[derive(Clone, Copy)]
pub(super) struct Fields<'v>(Option<&'v Map<String, Value>>);

impl<'v> Fields<'v> {
    pub(super) fn of(map: Option<&'v Value>) -> Self {
        Self(map.and_then(Value::as_object))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_none_or(Map::is_empty)
    }

    pub(super) fn get(self, name: &str) -> Option<&'v Value> {
        self.0?.get(name)
    }

    /// The names of the fields of either.
    pub(super) fn names_with(self, other: Self) -> BTreeSet<&'v String> {
        let both = self.0.into_iter().chain(other.0);
        both.flat_map(Map::keys).collect()
    }
}

/// Two lists on the way to one, in which those of the upper list keep its order, and those that
/// only the lower one has stay near their neighbors.
struct Merging<'v, 'r, 'a> {
    rule: &'r ListRule<'a>,
    left: VecDeque<(Element, &'v Value)>,
    right: VecDeque<(Element, &'v Value)>,
    /// What each has; null for an item that the lower list has twice, which is not merged.
    lower: BTreeMap<Element, &'v Value>,
    upper: BTreeSet<Element>,
    /// Items of both lists that are still to come, in the order of the upper one.
    shared: VecDeque<Element>,
    done: BTreeSet<Element>,
    out: Vec<Value>,
}

impl<'v, 'r, 'a> Merging<'v, 'r, 'a> {
    fn of(left: &'v [Value], right: &'v [Value], rule: &'r ListRule<'a>) -> Self {
        let left = VecDeque::from(items::elements(left, rule));
        let right = VecDeque::from(items::elements(right, rule));
        let mut lower = BTreeMap::new();
        for (element, item) in &left {
            let once = lower
                .entry(element.clone())
                .and_modify(|it| *it = &Value::Null);
            once.or_insert(*item);
        }
        let upper: BTreeSet<_> = right.iter().map(|(element, _)| element.clone()).collect();
        let in_both = right.iter().filter(|(it, _)| lower.contains_key(it));
        let shared = in_both.map(|(it, _)| it.clone()).collect();
        Self {
            rule,
            left,
            right,
            lower,
            upper,
            shared,
            done: BTreeSet::new(),
            out: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Value> {
        while !(self.left.is_empty() && self.right.is_empty()) {
            if !self.step_left() {
                self.step_right();
            }
        }
        self.out
    }

    /// Takes or passes over the next item of the lower list; false if it is the upper one's turn.
    fn step_left(&mut self) -> bool {
        let Some((element, item)) = self.left.front().cloned() else {
            return false;
        };
        if !self.upper.contains(&element) {
            self.left.pop_front();
            self.push(None, Some(item));
            return true;
        }
        match (self.right.front(), self.shared.front()) {
            // Both are there: the upper list's turn takes them together.
            (Some((next, _)), _) if *next == element => {
                self.left.pop_front();
                false
            }
            // It comes later, at its place in the upper list.
            (Some(_), Some(awaited)) if *awaited != element => {
                self.left.pop_front();
                true
            }
            _ => {
                if self.done.contains(&element) {
                    self.left.pop_front();
                }
                false
            }
        }
    }

    fn step_right(&mut self) {
        let Some((element, item)) = self.right.pop_front() else {
            return;
        };
        let partner = self.lower.get(&element).copied();
        self.push(Some(item), partner);
        if self.shared.front() == Some(&element) {
            self.shared.pop_front();
        }
        self.done.insert(element);
    }

    fn push(&mut self, over: Option<&Value>, under: Option<&Value>) {
        self.out.extend(merge(under, over, self.rule.items));
    }
}
