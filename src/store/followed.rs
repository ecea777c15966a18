//! Recommendations as a watch tells of them, so that they can be listed at any time without a
//! request.
//!
//! A watch tells of a write some moments after it was made. What this process has written is
//! therefore read by its name until the watch has told of it: it always finds its own writes. What
//! others have written is found a moment later, which is harmless, since every write carries the
//! version that it was decided on. Where the watch is broken, nothing is said, and the server is
//! asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::objects::place;
use super::{Error, KIND};
use crate::cluster::{Cluster, FollowedObjects};

/// More that the watch has not told of are not read one by one: it may be broken without a word.
const MOST: usize = 32;

/// Namespace and name.
pub(super) type Name = (String, String);

/// The objects of a namespace, or of all.
#[derive(Debug)]
pub(super) struct Followed {
    objects: FollowedObjects,
    /// `None` for all.
    namespace: Option<String>,
    written: Written,
}

impl Followed {
    /// Begins to follow them; `poll` is how often they are listed where they may not be watched.
    pub(super) fn start(cluster: &Cluster, namespace: Option<&str>, poll: Duration) -> Self {
        Self {
            objects: cluster.follow_objects(&KIND, namespace, poll),
            namespace: namespace.map(str::to_owned),
            written: Written::default(),
        }
    }

    /// Those of a namespace, or of all, in any order; `None` where the server has to be asked.
    pub(super) async fn list(
        &self,
        cluster: &Cluster,
        namespace: Option<&str>,
    ) -> Result<Option<Vec<Value>>, Error> {
        let Some(mut objects) = self.told(namespace) else {
            return Ok(None);
        };
        let mut unseen = self.written.unseen(&objects);
        unseen.retain(|it| is_within(it, namespace));
        if unseen.len() > MOST {
            return Ok(None);
        }
        for name in unseen {
            let kept = cluster.object(&place(&name.0, &name.1)).await?.value;
            if version(kept.as_ref()) == version(objects.get(&name)) {
                self.written.forget(&name);
            }
            match kept {
                Some(kept) => objects.insert(name, kept),
                None => objects.remove(&name),
            };
        }
        Ok(Some(objects.into_values().collect()))
    }

    /// What the watch has told of a namespace, or of all; `None` where it may be out of date.
    fn told(&self, namespace: Option<&str>) -> Option<BTreeMap<Name, Value>> {
        if !self.covers(namespace) || self.objects.staleness().is_some() {
            return None;
        }
        let mut told = by_name(self.objects.objects().ok()?);
        told.retain(|name, _| is_within(name, namespace));
        Some(told)
    }

    /// The server was asked, and answered with these: what the watch has told alike is seen.
    pub(super) fn listed(&self, namespace: Option<&str>, objects: &[Value]) {
        if let Some(told) = self.told(namespace) {
            let listed = by_name(objects.to_vec());
            self.written.settle(namespace, &told, &listed);
        }
    }

    fn covers(&self, namespace: Option<&str>) -> bool {
        self.namespace.is_none() || self.namespace.as_deref() == namespace
    }

    /// One is about to be written: from now on nobody knows what it is.
    pub(super) fn begins(&self, name: Name) {
        self.written.note(name, None);
    }

    /// It was written, and is this now.
    pub(super) fn ended(&self, name: Name, object: &Value) {
        let version = version(Some(object)).map(str::to_owned);
        self.written.note(name, version);
    }
}

/// What was written that the watch may not have told of, with the version that it was written at;
/// `None` where that is not known.
#[derive(Debug, Default)]
struct Written(Mutex<BTreeMap<Name, Option<String>>>);

impl Written {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Name, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, name: Name, version: Option<String>) {
        self.all().insert(name, version);
    }

    fn forget(&self, name: &Name) {
        self.all().remove(name);
    }

    /// Forgets those of a namespace that are the same by the watch and by the server, or gone by both.
    fn settle(
        &self,
        namespace: Option<&str>,
        told: &BTreeMap<Name, Value>,
        listed: &BTreeMap<Name, Value>,
    ) {
        let is_same = |it: &Name| version(told.get(it)) == version(listed.get(it));
        let mut all = self.all();
        all.retain(|name, _| !is_within(name, namespace) || !is_same(name));
    }

    /// Those that are not among `told` at the version of the write; the others are forgotten.
    fn unseen(&self, told: &BTreeMap<Name, Value>) -> Vec<Name> {
        let mut all = self.all();
        all.retain(|name, written| {
            written.is_none() || written.as_deref() != version(told.get(name))
        });
        all.keys().cloned().collect()
    }
}

fn is_within(name: &Name, namespace: Option<&str>) -> bool {
    namespace.is_none_or(|it| name.0 == it)
}

fn by_name(objects: Vec<Value>) -> BTreeMap<Name, Value> {
    objects.into_iter().map(|it| (name_of(&it), it)).collect()
}

fn name_of(object: &Value) -> Name {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    (text("namespace").to_owned(), text("name").to_owned())
}

fn version(object: Option<&Value>) -> Option<&str> {
    object?["metadata"]["resourceVersion"].as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn web() -> Name {
        ("shop".to_owned(), "web".to_owned())
    }

    fn object(namespace: &str, name: &str, version: &str) -> Value {
        json!({ "metadata":
            { "namespace": namespace, "name": name, "resourceVersion": version } })
    }

    fn told(version: &str) -> BTreeMap<Name, Value> {
        by_name(vec![object("shop", "web", version)])
    }

    #[test]
    fn what_was_written_is_unseen_until_it_is_told_of() {
        let written = Written::default();
        assert!(written.unseen(&told("7")).is_empty());
        // Under way: whatever is told may be from before.
        written.note(web(), None);
        assert_eq!(written.unseen(&told("7")), [web()]);
        written.note(web(), Some("8".to_owned()));
        assert_eq!(written.unseen(&told("7")), [web()]);
        assert_eq!(written.unseen(&BTreeMap::new()), [web()]);
        assert!(written.unseen(&told("8")).is_empty());
        // It is settled: what others write later is theirs.
        assert!(written.unseen(&told("9")).is_empty());
        // A later version than ours alone does not say so; whoever reads it by name does.
        written.note(web(), Some("10".to_owned()));
        assert_eq!(written.unseen(&told("11")), [web()]);
        written.forget(&web());
        assert!(written.unseen(&told("11")).is_empty());
    }

    #[test]
    fn however_many_writes_were_not_made_a_list_settles_them() {
        let written = Written::default();
        let name = |at: usize| ("shop".to_owned(), format!("web-{at}"));
        let many = MOST + 2;
        for at in 0..many {
            written.note(name(at), None);
        }
        written.note(("pay".to_owned(), "web".to_owned()), None);
        // The first was deleted, the second is newer than the watch has told, all others are as before.
        let others = (2..many).map(|at| object("shop", &name(at).1, "7"));
        let mut told = by_name(others.collect());
        let mut listed = told.clone();
        told.insert(name(1), object("shop", "web-1", "7"));
        listed.insert(name(1), object("shop", "web-1", "8"));
        written.settle(Some("shop"), &told, &listed);
        let left = [("pay".to_owned(), "web".to_owned()), name(1)];
        assert_eq!(written.unseen(&told), left);
        written.settle(None, &listed, &listed);
        assert!(written.unseen(&listed).is_empty());
    }
}
