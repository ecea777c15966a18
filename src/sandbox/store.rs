//! Objects, their versions, and what happened to them.
//!
//! One counter numbers every write, as etcd's revision does. Each resource keeps a log of its last
//! writes, from which watches read and from which lists of the recent past are made. Objects are
//! shared, never copied: a log entry and a reader hold the same allocation as the store. So memory
//! is that of all objects and, for each resource, of as many former ones as its log has writes,
//! however large they are; a log is bounded by its length alone.

mod table;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;
use tokio::sync::watch;

use table::Table;
pub(crate) use table::{Event, TooOld, key, key_of};

/// Where an object is: its resource and its key there.
pub(crate) type Place = (Arc<str>, String);

/// The objects of a cluster.
#[derive(Debug)]
pub(crate) struct Store {
    state: RwLock<State>,
    latest: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    version: u64,
    remembered: usize,
    /// By `plural.group`.
    tables: BTreeMap<Arc<str>, Table>,
    /// What names an object with this uid as its owner.
    owned: HashMap<String, BTreeSet<Place>>,
}

/// What a write takes for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// There is no such object.
    Absent,
    /// It is at this version.
    Version(u64),
    /// Nothing.
    Any,
}

/// The object is not as the writer expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unexpected;

/// Objects in the order of their keys, and when they were so.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listed {
    pub(crate) version: u64,
    pub(crate) objects: Vec<Arc<Value>>,
}

impl Store {
    /// An empty one, whose resources remember `writes` writes.
    pub(crate) fn remembering(writes: usize) -> Self {
        let state = State {
            version: 1,
            remembered: writes,
            tables: BTreeMap::new(),
            owned: HashMap::new(),
        };
        Self {
            state: RwLock::new(state),
            latest: watch::Sender::new(1),
        }
    }

    /// The number of the last write.
    pub(crate) fn version(&self) -> u64 {
        self.read().version
    }

    /// The number of the last write to `resource`; 0 if there was none.
    pub(crate) fn version_of(&self, resource: &str) -> u64 {
        let state = self.read();
        state.tables.get(resource).map_or(0, Table::version)
    }

    /// Tells of each write.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    pub(crate) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let state = self.read();
        let table = state.tables.get(resource)?;
        table.get(&key(namespace, name))
    }

    /// All of `resource` in `namespace`, or everywhere if that is empty.
    pub(crate) fn list(&self, resource: &str, namespace: &str) -> Listed {
        let state = self.read();
        let table = state.tables.get(resource);
        Listed {
            version: state.version,
            objects: table.map_or_else(Vec::new, |it| it.list(namespace)),
        }
    }

    /// What [`Store::list`] gave when `version` was the last write.
    ///
    /// # Errors
    /// When the log no longer goes back that far.
    pub(crate) fn list_at(
        &self,
        resource: &str,
        namespace: &str,
        version: u64,
    ) -> Result<Listed, TooOld> {
        let state = self.read();
        let objects = match state.tables.get(resource) {
            Some(table) => table.list_at(namespace, version)?,
            None => vec![],
        };
        Ok(Listed { version, objects })
    }

    /// What happened to `resource` after `version`, oldest first, and the number of the last write
    /// to anything that was seen.
    ///
    /// # Errors
    /// When the log no longer goes back that far.
    pub(crate) fn since(&self, resource: &str, version: u64) -> Result<(Vec<Event>, u64), TooOld> {
        let state = self.read();
        let events = match state.tables.get(resource) {
            Some(table) => table.since(version)?,
            None => vec![],
        };
        Ok((events, state.version))
    }

    /// Writes `object` and gives it its version.
    ///
    /// # Errors
    /// When there is another object than `expected`.
    pub(crate) fn put(
        &self,
        resource: &str,
        object: Value,
        expected: Expected,
    ) -> Result<Arc<Value>, Unexpected> {
        let mut state = self.write();
        let written = state.put(resource, object, expected)?;
        self.latest.send_replace(state.version);
        Ok(written)
    }

    /// Removes an object and gives it back as it was.
    ///
    /// # Errors
    /// When there is another object than `expected`, or none.
    pub(crate) fn remove(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        expected: Expected,
    ) -> Result<Arc<Value>, Unexpected> {
        let mut state = self.write();
        let removed = state.remove(resource, &key(namespace, name), expected)?;
        self.latest.send_replace(state.version);
        Ok(removed)
    }

    /// Forgets what happened to `resource` up to now: it is new, or new again.
    pub(crate) fn begin(&self, resource: &str) {
        let mut state = self.write();
        let (name, version) = (state.name_of(resource), state.version);
        state.tables.entry(name).or_default().begin(version);
    }

    /// Where the objects are that name `uid` as an owner.
    pub(crate) fn owned_by(&self, uid: &str) -> Vec<Place> {
        let state = self.read();
        let places = state.owned.get(uid);
        places.into_iter().flatten().cloned().collect()
    }

    /// The object at a place.
    pub(crate) fn at(&self, (resource, key): &Place) -> Option<Arc<Value>> {
        self.read().tables.get(resource)?.get(key)
    }

    /// The names of all resources that were ever written.
    pub(crate) fn resources(&self) -> Vec<Arc<str>> {
        self.read().tables.keys().cloned().collect()
    }

    /// Whether there is any object of `resource`.
    pub(crate) fn has_any(&self, resource: &str) -> bool {
        let state = self.read();
        state.tables.get(resource).is_some_and(|it| it.has_any(""))
    }

    /// Whether anything is in `namespace`.
    pub(crate) fn has_content(&self, namespace: &str) -> bool {
        let state = self.read();
        state.tables.values().any(|it| it.has_any(namespace))
    }

    /// Every object of every resource, by resource and key.
    pub(crate) fn all(&self) -> Vec<(Arc<str>, Arc<Value>)> {
        let state = self.read();
        let each = state.tables.iter().flat_map(|(resource, table)| {
            let objects = table.list("").into_iter();
            objects.map(|it| (Arc::clone(resource), it))
        });
        each.collect()
    }

    // A writer that panicked left whole objects behind, since they are made before the lock is
    // taken; so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(
        &mut self,
        resource: &str,
        mut object: Value,
        expected: Expected,
    ) -> Result<Arc<Value>, Unexpected> {
        let key = key_of(&object);
        self.expect(resource, &key, expected)?;
        self.version += 1;
        set_version(&mut object, self.version);
        let object = Arc::new(object);
        self.enter(resource, key, Some(Arc::clone(&object)));
        Ok(object)
    }

    fn remove(
        &mut self,
        resource: &str,
        key: &str,
        expected: Expected,
    ) -> Result<Arc<Value>, Unexpected> {
        self.expect(resource, key, expected)?;
        let table = self.tables.get(resource).ok_or(Unexpected)?;
        let removed = table.get(key).ok_or(Unexpected)?;
        self.version += 1;
        self.enter(resource, key.to_owned(), None);
        Ok(removed)
    }

    fn expect(&self, resource: &str, key: &str, expected: Expected) -> Result<(), Unexpected> {
        let live = self.tables.get(resource).and_then(|it| it.get(key));
        let as_expected = match expected {
            Expected::Absent => live.is_none(),
            Expected::Version(version) => live.is_some_and(|it| version_of(&it) == version),
            Expected::Any => true,
        };
        if as_expected { Ok(()) } else { Err(Unexpected) }
    }

    /// Writes or removes, and keeps the index of owners.
    fn enter(&mut self, resource: &str, key: String, after: Option<Arc<Value>>) {
        let name = self.name_of(resource);
        let table = self.tables.entry(Arc::clone(&name)).or_default();
        let before = table.enter(&key, after.clone(), self.version, self.remembered);
        let place = (name, key);
        for uid in before.iter().flat_map(|it| owners(it)) {
            if let Some(places) = self.owned.get_mut(uid) {
                places.remove(&place);
                if places.is_empty() {
                    self.owned.remove(uid);
                }
            }
        }
        for uid in after.iter().flat_map(|it| owners(it)) {
            let places = self.owned.entry(uid.to_owned()).or_default();
            places.insert(place.clone());
        }
    }

    /// The one allocation of a resource's name.
    fn name_of(&self, resource: &str) -> Arc<str> {
        let known = self.tables.get_key_value(resource);
        known.map_or_else(|| resource.into(), |(name, _)| Arc::clone(name))
    }
}

/// The uids of an object's owners.
pub(crate) fn owners(object: &Value) -> impl Iterator<Item = &str> {
    let all = object.pointer("/metadata/ownerReferences");
    let all = all.and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|it| it.get("uid")?.as_str())
}

/// The version at which an object was written; 0 if it says none.
pub(crate) fn version_of(object: &Value) -> u64 {
    let text = object.pointer("/metadata/resourceVersion");
    let text = text.and_then(Value::as_str);
    text.and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// Writes the version into an object.
pub(crate) fn set_version(object: &mut Value, version: u64) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("resourceVersion".to_owned(), version.to_string().into());
    }
}

#[cfg(test)]
mod tests;
