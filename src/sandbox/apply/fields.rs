//! Sets of fields, and their form in `managedFields`, `FieldsV1`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::element::Element;

/// Fields of an object. That a field is in it does not say that its own fields are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    members: BTreeSet<Element>,
    /// What lies below these; never an empty set.
    children: BTreeMap<Element, FieldSet>,
}

/// What a set has of one place: the place itself, and what lies below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) itself: bool,
    pub(super) below: FieldSet,
}

impl Part {
    /// The place and nothing below it.
    pub(super) fn whole() -> Self {
        Self {
            itself: true,
            below: FieldSet::default(),
        }
    }
}

/// Deeper than any schema goes, and far from what a stack can hold.
const DEEPEST: usize = 150;

impl FieldSet {
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    pub(super) fn has(&self, element: &Element) -> bool {
        self.members.contains(element)
    }

    /// Whether the field at `path` is in it; the object as a whole never is.
    pub(super) fn has_path(&self, path: &[Element]) -> bool {
        match path {
            [] => false,
            [last] => self.has(last),
            [first, rest @ ..] => self.below(first).is_some_and(|it| it.has_path(rest)),
        }
    }

    /// What lies below `element`, if anything does.
    pub(super) fn below(&self, element: &Element) -> Option<&Self> {
        self.children.get(element)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Element> {
        self.members.iter()
    }

    pub(super) fn children(&self) -> impl Iterator<Item = (&Element, &Self)> {
        self.children.iter()
    }

    pub(super) fn insert(&mut self, element: Element) {
        self.members.insert(element);
    }

    /// Adds the field at `path`, without those above it.
    pub(super) fn insert_path(&mut self, path: &[&str]) {
        match path {
            [] => {}
            [last] => self.insert(Element::field(last)),
            [first, rest @ ..] => {
                let below = self.children.entry(Element::field(first)).or_default();
                below.insert_path(rest);
            }
        }
    }

    /// Adds what `part` has of `element`.
    pub(super) fn put(&mut self, element: Element, part: Part) {
        if !part.below.is_empty() {
            let below = self.children.entry(element.clone()).or_default();
            below.extend(part.below);
        }
        if part.itself {
            self.insert(element);
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.members.extend(other.members);
        for (element, below) in other.children {
            self.children.entry(element).or_default().extend(below);
        }
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.extend(other.clone());
        all
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let below = |(element, ours): (&Element, &Self)| {
            let theirs = other.below(element)?;
            Some((element.clone(), ours.intersection(theirs)))
        };
        Self {
            members: &self.members & &other.members,
            children: kept(self.children.iter().filter_map(below)),
        }
    }

    /// Without the fields of `other`; what lies below them stays.
    pub(super) fn difference(&self, other: &Self) -> Self {
        let below = |(element, ours): (&Element, &Self)| {
            let left = match other.below(element) {
                Some(theirs) => ours.difference(theirs),
                None => ours.clone(),
            };
            (element.clone(), left)
        };
        Self {
            members: &self.members - &other.members,
            children: kept(self.children.iter().map(below)),
        }
    }

    /// Without the fields of `other` and without all that lies below them.
    pub(super) fn cleared_of(&self, other: &Self) -> Self {
        let below = |(element, ours): (&Element, &Self)| {
            let left = match other.below(element) {
                _ if other.has(element) => return None,
                Some(theirs) => ours.cleared_of(theirs),
                None => ours.clone(),
            };
            Some((element.clone(), left))
        };
        Self {
            members: &self.members - &other.members,
            children: kept(self.children.iter().filter_map(below)),
        }
    }

    /// The paths of all fields, those of a place before those below it.
    pub(super) fn paths(&self) -> Vec<Vec<Element>> {
        let mut all: Vec<_> = self.members.iter().map(|it| vec![it.clone()]).collect();
        for (element, below) in &self.children {
            let longer = |mut path: Vec<Element>| {
                path.insert(0, element.clone());
                path
            };
            all.extend(below.paths().into_iter().map(longer));
        }
        all
    }

    /// Reads `FieldsV1`.
    ///
    /// # Errors
    /// When it is not of this form, or too deep.
    pub(super) fn parse(fields: &Value) -> Result<Self, String> {
        parse(fields, DEEPEST).map(|it| it.below)
    }

    /// As `FieldsV1`.
    pub(super) fn to_json(&self) -> Value {
        let mut fields = Map::new();
        for element in &self.members {
            fields.insert(element.to_key(), json!({}));
        }
        for (element, below) in &self.children {
            let mut below = below.to_json();
            if self.has(element) {
                below["."] = json!({});
            }
            fields.insert(element.to_key(), below);
        }
        Value::Object(fields)
    }
}

fn kept(all: impl Iterator<Item = (Element, FieldSet)>) -> BTreeMap<Element, FieldSet> {
    all.filter(|(_, below)| !below.is_empty()).collect()
}

fn parse(fields: &Value, depth: usize) -> Result<Part, String> {
    let fields = match fields {
        Value::Object(fields) => fields,
        Value::Null => return Ok(Part::whole()),
        _ => return Err("fields are an object".to_owned()),
    };
    let deeper = depth.checked_sub(1).ok_or("fields are too deep")?;
    let mut part = Part::default();
    for (key, value) in fields {
        if key == "." {
            part.itself = true;
        } else if let Some(element) = Element::parse(key)? {
            part.below.put(element, parse(value, deeper)?);
        }
    }
    part.itself |= part.below.is_empty();
    Ok(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(fields: Value) -> FieldSet {
        FieldSet::parse(&fields).unwrap()
    }

    #[test]
    fn a_set_reads_back_as_it_is_written() {
        let fields = json!({
            "f:metadata": { "f:labels": { ".": {}, "f:a": {} } },
            "f:spec": { "f:ports": { "k:{\"port\":80}": { ".": {}, "f:port": {} } } },
            "f:data": {},
        });
        assert_eq!(set(fields.clone()).to_json(), fields);
    }

    #[test]
    fn a_difference_keeps_what_lies_below_and_a_clearing_does_not() {
        let ours = set(json!({ "f:a": { ".": {}, "f:b": {} }, "f:c": {} }));
        let theirs = set(json!({ "f:a": {} }));
        assert_eq!(
            ours.difference(&theirs).to_json(),
            json!({ "f:a": { "f:b": {} }, "f:c": {} })
        );
        assert_eq!(ours.cleared_of(&theirs).to_json(), json!({ "f:c": {} }));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        let deep = (0..500).fold(json!({}), |it, _| json!({ "f:a": it }));
        for fields in [
            json!(1),
            json!([]),
            json!({ "f:a": 1 }),
            json!({ "a": {} }),
            deep,
        ] {
            assert!(FieldSet::parse(&fields).is_err());
        }
        let odd = json!({ "x:future": { "f:a": {} }, "f:a": null, ".": {} });
        assert_eq!(set(odd).to_json(), json!({ "f:a": {} }));
    }

    #[test]
    fn paths_come_level_by_level_within_a_place() {
        let all = set(json!({ "f:a": { ".": {}, "f:z": {} }, "f:b": {} })).paths();
        let shown = all
            .iter()
            .map(|it| it.iter().map(Element::to_string).collect());
        assert_eq!(shown.collect::<Vec<String>>(), [".a", ".b", ".a.z"]);
    }

    fn any_set() -> impl Strategy<Value = FieldSet> {
        let element = prop_oneof![
            "[a-c]".prop_map(Element::Field),
            (0..3i64).prop_map(Element::Index)
        ];
        let path = prop::collection::vec(element, 1..4);
        prop::collection::vec(path, 0..8).prop_map(|paths| {
            let mut all = FieldSet::default();
            for path in paths {
                let start = Part::whole();
                let part = path.iter().skip(1).rev().fold(start, |part, element| {
                    let mut above = Part::default();
                    above.below.put(element.clone(), part);
                    above
                });
                all.put(path[0].clone(), part);
            }
            all
        })
    }

    proptest! {
        #[test]
        fn sets_follow_the_laws_of_sets(a in any_set(), b in any_set()) {
            prop_assert_eq!(FieldSet::parse(&a.to_json()), Ok(a.clone()));
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.intersection(&b), b.intersection(&a));
            prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a.clone());
            prop_assert!(a.difference(&b).intersection(&b).is_empty());
            prop_assert!(a.cleared_of(&a).is_empty());
            prop_assert_eq!(a.cleared_of(&b).difference(&a), FieldSet::default());
            prop_assert!(a.paths().iter().all(|it| a.has_path(it)));
        }
    }
}
