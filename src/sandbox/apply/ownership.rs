//! How ownership moves when an object changes, and what an apply removes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::compare::{self, Comparison};
use super::conflict::Conflicts;
use super::fields::FieldSet;
use super::managers::{self, Entry, Manager, Managers};
use super::place::Place;
use super::{Author, Typed, cap, collect, element, merge, named, remove, zero};

/// Everything about a write but the objects.
pub(super) struct Write<'a, 'n> {
    typed: Typed<'a>,
    author: Author<'n>,
    /// What this endpoint does not write.
    reset: FieldSet,
}

/// An object that was made, and who owns its fields.
pub(super) type Made = (Value, Managers);

/// Fields that nobody owns: they say which object it is, or belong to the server.
const NOBODYS: [&[&str]; 12] = [
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

fn set_of(paths: &[&[&str]]) -> FieldSet {
    let mut all = FieldSet::default();
    for path in paths {
        all.insert_path(path);
    }
    all
}

impl<'a, 'n> Write<'a, 'n> {
    pub(super) fn new(typed: Typed<'a>, author: Author<'n>) -> Self {
        let reset = set_of(typed.reset);
        Self {
            typed,
            author,
            reset,
        }
    }

    pub(super) fn place(&self) -> Place<'a> {
        Place::root(self.typed.schema)
    }

    /// Whether the object says that it is of the kind that the schema is for, if that is known.
    pub(super) fn is_of_kind(&self, object: &Value) -> bool {
        let kinds = self.typed.schema.keyword("x-kubernetes-group-version-kind");
        let mut kinds = kinds
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .peekable();
        let is_named = object["kind"].as_str().is_some_and(|it| !it.is_empty());
        is_named && (kinds.peek().is_none() || kinds.any(|it| it["kind"] == object["kind"]))
    }

    /// The object in the version that is written, as it is if that cannot be.
    pub(super) fn as_written<'v>(&self, object: &'v Value) -> Cow<'v, Value> {
        match self.converted(object, self.author.api_version) {
            Some((Cow::Owned(object), _)) => Cow::Owned(object),
            Some((Cow::Borrowed(_), _)) | None => Cow::Borrowed(object),
        }
    }

    /// An object of this kind before anything is written into it.
    pub(super) fn blank(&self, like: &Value) -> Value {
        json!({ "apiVersion": self.author.api_version, "kind": like["kind"] })
    }

    /// The object in `version`; `None` where that does not exist.
    fn converted<'v>(
        &self,
        object: &'v Value,
        version: &str,
    ) -> Option<(Cow<'v, Value>, Place<'a>)> {
        if version == self.author.api_version && object["apiVersion"] == version {
            return Some((Cow::Borrowed(object), self.place()));
        }
        // Conversions need not expect a body that is no object.
        let object = object.is_object().then_some(object)?;
        let (object, schema) = (self.typed.convert)(object, version)?;
        let object = match zero::has_zeros(schema) {
            true => zero::filled(&object, schema),
            false => object,
        };
        Some((Cow::Owned(object), Place::root(schema)))
    }

    /// How `new` differs from `old` in a version, without what this endpoint does not write.
    fn compared(&self, old: &Value, new: &Value, version: &str) -> Option<Comparison> {
        let (old, place) = self.converted(old, version)?;
        let (new, _) = self.converted(new, version)?;
        Some(compare::compare(&old, &new, place).cleared_of(&self.reset))
    }

    /// Who owns what after `old` became `new` by anything but an apply. The author's entry has its
    /// time changed only if it changed anything.
    pub(super) fn updated(&self, old: &Value, new: &Value, managers: Managers) -> Managers {
        let (old, new) = (self.with_zeros(old), self.with_zeros(new));
        let mut managers = self.reconciled(&old, managers);
        let comparisons = self.comparisons(&old, &new, &mut managers, None);
        let empty = Comparison::default();
        let own = comparisons.get(self.author.api_version).unwrap_or(&empty);
        let touched = own.touched();
        if self.is_scale() && !is_owned(&touched, &managers) {
            return managers;
        }
        self.take(&comparisons, &mut managers, None);
        let fields = touched.difference(&set_of(&NOBODYS));
        if !fields.is_empty() {
            self.give(fields, &mut managers);
        }
        cap::cap(&mut managers);
        managers
    }

    fn with_zeros(&self, object: &Value) -> Value {
        let schema = self.typed.schema;
        match zero::has_zeros(schema) {
            true => zero::filled(object, schema),
            false => object.clone(),
        }
    }

    fn is_scale(&self) -> bool {
        self.author.subresource == "scale"
    }

    /// Adds to what the author owns as one who updates.
    fn give(&self, fields: FieldSet, managers: &mut Managers) {
        let Author {
            manager,
            api_version,
            subresource,
            now,
        } = self.author;
        let manager = Manager::updater(manager, api_version, subresource);
        let before = managers.remove(&manager);
        let mut entry = Entry {
            fields,
            api_version: api_version.to_owned(),
            // The real server forgets the time when it brings entries over from a scale.
            time: (!self.is_scale()).then(|| managers::whole_seconds(now)),
        };
        entry
            .fields
            .extend(before.map(|it| it.fields).unwrap_or_default());
        managers.insert(manager, entry);
    }

    /// The object after `config` was applied to `live`, neither of which has `managedFields`.
    ///
    /// # Errors
    /// Conflicts, unless forced.
    pub(super) fn applied(
        &self,
        live: &Value,
        config: &Value,
        managers: Managers,
        force: bool,
    ) -> Result<Made, Conflicts> {
        let me = Manager::applier(self.author.manager, self.author.subresource);
        let time = managers.get(&me).and_then(|it| it.time);
        let mut managers = self.reconciled(live, managers);
        let merged = merge::merge(Some(live), Some(config), self.place()).unwrap_or(Value::Null);
        let mine = Entry {
            fields: collect::fields(config, self.place()).cleared_of(&self.reset),
            api_version: self.author.api_version.to_owned(),
            time,
        };
        let last = managers.insert(me.clone(), mine);
        let new = self.pruned(merged, &managers, last.as_ref());
        let comparisons = self.comparisons(live, &new, &mut managers, Some(&me));
        let conflicts = conflicts(&comparisons, &managers, &me);
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        self.take(&comparisons, &mut managers, Some(&me));
        self.settle(&me, !element::is_same(live, &new), &mut managers);
        Ok((new, managers))
    }

    /// Strips what nobody owns from the author's entry, and sets its time if anything changed.
    fn settle(&self, me: &Manager, has_changed: bool, managers: &mut Managers) {
        if let Some(entry) = managers.get_mut(me) {
            entry.fields = entry.fields.difference(&set_of(&NOBODYS));
            if has_changed {
                entry.time = Some(managers::whole_seconds(self.author.now));
            }
        }
        managers.retain(|_, it| !it.fields.is_empty());
    }

    /// The differences in the version that is written and in those of all owners but `but`. Owners
    /// in versions that are no more are dropped.
    fn comparisons(
        &self,
        old: &Value,
        new: &Value,
        managers: &mut Managers,
        but: Option<&Manager>,
    ) -> BTreeMap<String, Comparison> {
        let others = managers.iter().filter(|(it, _)| Some(*it) != but);
        let mut versions: BTreeSet<String> = others.map(|(_, it)| it.api_version.clone()).collect();
        versions.insert(self.author.api_version.to_owned());
        let compared = |version: String| {
            let comparison = self.compared(old, new, &version)?;
            Some((version, comparison))
        };
        let all: BTreeMap<_, _> = versions.into_iter().filter_map(compared).collect();
        managers.retain(|it, entry| Some(it) == but || all.contains_key(&entry.api_version));
        all
    }

    /// Takes what has changed and what is gone away from its owners, all but `but`.
    fn take(
        &self,
        comparisons: &BTreeMap<String, Comparison>,
        managers: &mut Managers,
        but: Option<&Manager>,
    ) {
        for (_, entry) in managers.iter_mut().filter(|(it, _)| Some(*it) != but) {
            let Some(comparison) = comparisons.get(&entry.api_version) else {
                continue;
            };
            // What is gone is gone for everyone; what an updater changed again is given back.
            let lost = comparison.touched().union(&comparison.removed);
            entry.fields = entry.fields.difference(&lost);
        }
        managers.retain(|_, it| !it.fields.is_empty());
    }

    /// Owners of parts of what the schema has since come to say is owned whole own all of it.
    fn reconciled(&self, live: &Value, managers: Managers) -> Managers {
        let mut places: BTreeMap<String, Option<Place<'a>>> = BTreeMap::new();
        let reconcile = |(manager, mut entry): (Manager, Entry)| {
            let version = entry.api_version.clone();
            let place = places.entry(version).or_insert_with_key(|version| {
                self.converted(live, version).map(|(_, place)| place)
            });
            entry.fields = named::with_wholes(&entry.fields, (*place)?);
            Some((manager, entry))
        };
        managers.into_iter().filter_map(reconcile).collect()
    }

    /// Removes what the author applied the last time, unless it still does or others own it.
    fn pruned(&self, merged: Value, managers: &Managers, last: Option<&Entry>) -> Value {
        let Some(last) = last.filter(|it| !it.fields.is_empty()) else {
            return merged;
        };
        let Some((before, place)) = self.converted(&merged, &last.api_version) else {
            return merged;
        };
        let before = before.into_owned();
        let dropped = named::with_structs(&last.fields, place);
        let pruned = remove::remove(&before, &dropped, place);
        let pruned = self.with_owned(&before, pruned, &last.api_version, managers);
        let Some((pruned, _)) = self.converted(&pruned, &last.api_version) else {
            return merged;
        };
        let pruned = without_unowned(&before, &pruned, &dropped, place);
        match self.converted(&pruned, self.author.api_version) {
            Some((pruned, _)) => pruned.into_owned(),
            None => merged,
        }
    }

    /// Puts back what somebody owns, in one version after the other; that of the last apply first,
    /// as a conversion may need what it has.
    fn with_owned(&self, merged: &Value, pruned: Value, first: &str, managers: &Managers) -> Value {
        let mut owned: BTreeMap<&str, FieldSet> = BTreeMap::new();
        for entry in managers.values() {
            let fields = owned.entry(&entry.api_version).or_default();
            fields.extend(entry.fields.clone());
        }
        let first = owned.remove(first).map(|it| (first, it));
        let (mut merged, mut pruned) = (merged.clone(), pruned);
        for (version, fields) in first.into_iter().chain(owned) {
            let in_version = |it: &Value| {
                let (value, place) = self.converted(it, version)?;
                Some((value.into_owned(), place))
            };
            let Some(((all, place), (left, _))) = in_version(&merged).zip(in_version(&pruned))
            else {
                continue;
            };
            let kept = named::with_structs(&collect::fields(&left, place), place);
            let kept = kept.union(&named::with_structs(&fields, place));
            let there = named::with_structs(&collect::fields(&all, place), place);
            pruned = remove::remove(&all, &there.difference(&kept), place);
            merged = all;
        }
        pruned
    }
}

/// `merged` without those of its fields that are not in `pruned` and were the author's before;
/// what others than appliers left there stays.
fn without_unowned(merged: &Value, pruned: &Value, last: &FieldSet, place: Place<'_>) -> Value {
    let fields = |it: &Value| named::with_structs(&collect::fields(it, place), place);
    let gone = fields(merged).difference(&fields(pruned));
    remove::remove(merged, &gone.intersection(last), place)
}

fn conflicts(
    comparisons: &BTreeMap<String, Comparison>,
    managers: &Managers,
    me: &Manager,
) -> Conflicts {
    let mut all = Conflicts::new();
    for (manager, entry) in managers.iter().filter(|(it, _)| *it != me) {
        if let Some(comparison) = comparisons.get(&entry.api_version) {
            let fields = entry.fields.intersection(&comparison.touched());
            all.extend(fields.paths().into_iter().map(|it| (manager.clone(), it)));
        }
    }
    all
}

fn is_owned(fields: &FieldSet, managers: &Managers) -> bool {
    let mut all = managers.values();
    all.any(|it| !it.fields.intersection(fields).is_empty())
}
