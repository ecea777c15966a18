//! The objects of one resource and the log of their writes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

/// The version asked for is older than what the log remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooOld {
    /// The oldest that it can go back to.
    pub(crate) oldest: u64,
}

/// One write. At least one of the objects is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) version: u64,
    pub(crate) before: Option<Arc<Value>>,
    pub(crate) after: Option<Arc<Value>>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    /// By key, which is also the order of lists.
    objects: BTreeMap<String, Arc<Value>>,
    /// Oldest first.
    log: VecDeque<Event>,
    /// The version of the last write that the log forgot.
    forgotten: u64,
    version: u64,
}

/// Where an object is within its resource: `namespace/name`, or the name alone.
///
/// As one text it sorts as the keys of etcd do, in which `-` comes before `/`.
pub(crate) fn key(namespace: &str, name: &str) -> String {
    match namespace {
        "" => name.to_owned(),
        namespace => format!("{namespace}/{name}"),
    }
}

/// The key that an object itself names.
pub(crate) fn key_of(object: &Value) -> String {
    let text = |field: &str| {
        let value = object.get("metadata").and_then(|it| it.get(field));
        value.and_then(Value::as_str).unwrap_or("")
    };
    key(text("namespace"), text("name"))
}

impl Table {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn get(&self, key: &str) -> Option<Arc<Value>> {
        self.objects.get(key).cloned()
    }

    pub(super) fn list(&self, namespace: &str) -> Vec<Arc<Value>> {
        within(&self.objects, namespace).cloned().collect()
    }

    pub(super) fn has_any(&self, namespace: &str) -> bool {
        within(&self.objects, namespace).next().is_some()
    }

    pub(super) fn list_at(&self, namespace: &str, version: u64) -> Result<Vec<Arc<Value>>, TooOld> {
        if version >= self.version {
            return Ok(self.list(namespace));
        }
        self.remembers(version)?;
        let mut past = self.objects.clone();
        for event in self.log.iter().rev().take_while(|it| it.version > version) {
            let key = event.before.as_deref().or(event.after.as_deref());
            let key = key.map(key_of).unwrap_or_default();
            match &event.before {
                Some(before) => past.insert(key, Arc::clone(before)),
                None => past.remove(&key),
            };
        }
        Ok(within(&past, namespace).cloned().collect())
    }

    pub(super) fn since(&self, version: u64) -> Result<Vec<Event>, TooOld> {
        if version >= self.version {
            return Ok(vec![]);
        }
        self.remembers(version)?;
        let seen = self.log.partition_point(|it| it.version <= version);
        Ok(self.log.iter().skip(seen).cloned().collect())
    }

    /// Forgets all writes up to `version`, the last of all.
    pub(super) fn begin(&mut self, version: u64) {
        self.log.clear();
        self.forgotten = version;
        self.version = version;
    }

    /// Writes or removes, and returns what was there.
    pub(super) fn enter(
        &mut self,
        key: &str,
        after: Option<Arc<Value>>,
        version: u64,
        remembered: usize,
    ) -> Option<Arc<Value>> {
        let before = match &after {
            Some(object) => self.objects.insert(key.to_owned(), Arc::clone(object)),
            None => self.objects.remove(key),
        };
        self.version = version;
        let event = Event {
            version,
            before: before.clone(),
            after,
        };
        self.log.push_back(event);
        while self.log.len() > remembered {
            let oldest = self.log.pop_front();
            self.forgotten = oldest.map_or(self.forgotten, |it| it.version);
        }
        before
    }

    fn remembers(&self, version: u64) -> Result<(), TooOld> {
        let oldest = self.forgotten;
        if version < oldest {
            Err(TooOld { oldest })
        } else {
            Ok(())
        }
    }
}

/// The objects in `namespace`, or all if that is empty.
fn within<'a>(
    objects: &'a BTreeMap<String, Arc<Value>>,
    namespace: &str,
) -> impl Iterator<Item = &'a Arc<Value>> {
    let prefix = match namespace {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    let found = objects.range(prefix.clone()..);
    let found = found.take_while(move |(key, _)| key.starts_with(&prefix));
    found.map(|(_, object)| object)
}
