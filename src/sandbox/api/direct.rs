//! The way in without a request, for the twin and for loaders. Nobody is asked whether they may.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::collect::{DEFINITIONS, Work};
use super::metadata::{text, written};
use super::options::DeleteOptions;
use super::pipeline::{Target, Writer, set};
use super::present::converted;
use super::{Api, LeftOut, start};
use crate::sandbox::access::Policies;
use crate::sandbox::crd;
use crate::sandbox::registry::{Served, resource};
use crate::sandbox::schema::defaults;
use crate::sandbox::status::Refusal;
use crate::sandbox::store::{Expected, Place, key_of, owners};

impl Api {
    /// An object as it is kept, by the plural of its kind; `namespace` is empty for a kind without.
    pub(crate) fn get(
        &self,
        group: &str,
        plural: &str,
        namespace: &str,
        name: &str,
    ) -> Option<Arc<Value>> {
        self.0.store.get(&resource(group, plural), namespace, name)
    }

    /// The objects of a kind, in one namespace or, if that is empty, in all.
    pub(crate) fn list(&self, group: &str, plural: &str, namespace: &str) -> Vec<Arc<Value>> {
        self.0
            .store
            .list(&resource(group, plural), namespace)
            .objects
    }

    /// Creates an object in the name of `manager`.
    ///
    /// # Errors
    /// As a request would be refused.
    pub(crate) fn create(&self, manager: &str, object: Value) -> Result<Arc<Value>, Refusal> {
        let served = self.served(&object)?;
        let namespace = text(&object, "namespace").to_owned();
        let target = target(&served, manager, &namespace, "", "");
        Writer::new(&self.0).create(&target, object)
    }

    /// Replaces an object; one with a `resourceVersion` only if that is still the last.
    ///
    /// # Errors
    /// As a request would be refused.
    pub(crate) fn update(&self, manager: &str, object: Value) -> Result<Arc<Value>, Refusal> {
        self.replace(manager, object, "")
    }

    /// Replaces the status of an object.
    ///
    /// # Errors
    /// As a request would be refused.
    pub(crate) fn update_status(
        &self,
        manager: &str,
        object: Value,
    ) -> Result<Arc<Value>, Refusal> {
        self.replace(manager, object, "status")
    }

    fn replace(
        &self,
        manager: &str,
        object: Value,
        subresource: &str,
    ) -> Result<Arc<Value>, Refusal> {
        let served = self.served(&object)?;
        let word = |field: &str| text(&object, field).to_owned();
        let (namespace, name) = (word("namespace"), word("name"));
        let target = target(&served, manager, &namespace, &name, subresource);
        Writer::new(&self.0).update(&target, object)
    }

    /// Sets the replicas of an object through its scale.
    ///
    /// # Errors
    /// As a request would be refused.
    pub(crate) fn scale(
        &self,
        manager: &str,
        object: &Value,
        replicas: u32,
    ) -> Result<Arc<Value>, Refusal> {
        let served = self.served(object)?;
        let (namespace, name) = (text(object, "namespace"), text(object, "name"));
        let target = target(&served, manager, namespace, name, "scale");
        let scale = json!({ "spec": { "replicas": replicas } });
        Writer::new(&self.0).scale(&target, &scale)
    }

    /// Deletes an object and what it owns; gives what is left of the object, if something holds it.
    ///
    /// # Errors
    /// As a request would be refused.
    pub(crate) fn delete(&self, object: &Value) -> Result<Option<Arc<Value>>, Refusal> {
        let served = self.served(object)?;
        let mut writer = Writer::new(&self.0);
        let (namespace, name) = (text(object, "namespace"), text(object, "name"));
        let live = self.0.find(&served, namespace, name)?;
        writer.delete(&served, &live, &DeleteOptions::default())?;
        // Nobody else has written since.
        Ok(self.0.store.get(&served.resource(), namespace, name))
    }

    /// Who may do what now.
    pub(crate) fn policies(&self) -> Arc<Policies> {
        self.0.authorizer.policies(&self.0.store)
    }

    /// The number of the last write.
    pub(crate) fn version(&self) -> u64 {
        self.0.store.version()
    }

    /// Stores objects as they are, with their uids, times and status. Definitions come first, and a
    /// namespace that is missing is made. What is of a kind that is not served, or has no name, is
    /// left out.
    pub(crate) fn load(&self, mut objects: Vec<Value>) {
        objects.sort_by_key(|it| it["kind"] != "CustomResourceDefinition");
        let mut writer = Writer::new(&self.0);
        let mut left_out = LeftOut::new();
        let mut namespaces = BTreeSet::new();
        let mut places = vec![];
        for object in objects {
            let kind = kind_of(&object);
            match writer.load(object) {
                Some(place) => {
                    namespaces.insert(namespace_of(&place).to_owned());
                    places.push(place);
                }
                None => *left_out.entry(kind).or_default() += 1,
            }
        }
        for namespace in namespaces.iter().filter(|it| !it.is_empty()) {
            if self.0.store.get("namespaces", "", namespace).is_none() {
                writer.load(start::namespace(namespace));
            }
        }
        writer.collect_loaded(places);
        let mut all = self.0.left_out();
        for (kind, count) in left_out {
            *all.entry(kind).or_default() += count;
        }
    }

    /// What [`Api::load`] left out so far.
    pub(crate) fn left_out(&self) -> LeftOut {
        self.0.left_out().clone()
    }

    /// Every object, by resource, namespace and name.
    pub(crate) fn dump(&self) -> Vec<Value> {
        let all = self.0.store.all().into_iter();
        all.map(|(_, object)| (*object).clone()).collect()
    }

    fn served(&self, object: &Value) -> Result<Served, Refusal> {
        let word = |field: &str| object[field].as_str().unwrap_or("");
        let served = self.0.registry().kind(word("apiVersion"), word("kind"));
        served.ok_or_else(|| {
            let (kind, api_version) = (word("kind"), word("apiVersion"));
            let message = format!("no kind \"{kind}\" is registered for version \"{api_version}\"");
            Refusal::bad_request(message)
        })
    }
}

/// `Rollout.argoproj.io`, or the kind alone for one of Kubernetes' own group.
fn kind_of(object: &Value) -> String {
    let word = |field: &str| object[field].as_str().unwrap_or("");
    match (word("kind"), word("apiVersion").split_once('/')) {
        ("", _) => "without a kind".to_owned(),
        (kind, None) => kind.to_owned(),
        (kind, Some((group, _))) => format!("{kind}.{group}"),
    }
}

/// The namespace of a place; empty if it is in none.
fn namespace_of((_, key): &Place) -> &str {
    key.split_once('/').map_or("", |(namespace, _)| namespace)
}

fn target<'a>(
    served: &'a Served,
    manager: &'a str,
    namespace: &'a str,
    name: &'a str,
    subresource: &'a str,
) -> Target<'a> {
    Target {
        served,
        namespace: if served.kind.is_namespaced {
            namespace
        } else {
            ""
        },
        name,
        subresource,
        manager,
        is_dry_run: false,
        user: None,
    }
}

impl Writer<'_> {
    /// Collects what names owners that are not there.
    ///
    /// Snapshots leave things out: above all replica sets, without which no pod may go. So pods stay,
    /// and so does what names an owner of a kind of which nothing is there at all.
    fn collect_loaded(&mut self, places: Vec<Place>) {
        for place in places
            .into_iter()
            .filter(|(resource, _)| &**resource != "pods")
        {
            let object = self.inner.store.at(&place);
            if object.is_some_and(|it| self.knows_owners(&it)) {
                self.work.push_back(Work::Stray(place));
            }
        }
        self.settle();
    }

    /// Whether there is something of the kind of each owner.
    fn knows_owners(&self, object: &Value) -> bool {
        owners(object).all(|uid| {
            let kind = self.owner_kind(object, uid);
            kind.is_some_and(|it| self.inner.store.has_any(&it.resource()))
        })
    }

    /// Stores an object with its defaults and returns its place; `None` if it cannot be stored.
    fn load(&mut self, mut object: Value) -> Option<Place> {
        let word = |field: &str| object[field].as_str().unwrap_or("");
        let served = self
            .inner
            .registry()
            .kind(word("apiVersion"), word("kind"))?;
        if text(&object, "name").is_empty() || !served.allows("create") {
            return None;
        }
        let mut namespace = text(&object, "namespace").to_owned();
        match (served.kind.is_namespaced, namespace.is_empty()) {
            (true, true) => namespace = "default".to_owned(),
            (false, false) => namespace.clear(),
            _ => {}
        }
        let now = written(self.inner.clock.now());
        let uid = self.names.uid();
        let metadata = object["metadata"].as_object_mut()?;
        metadata.entry("uid").or_insert_with(|| json!(uid));
        metadata
            .entry("creationTimestamp")
            .or_insert_with(|| json!(now));
        if served.kind.has_generation {
            metadata.entry("generation").or_insert_with(|| json!(1));
        }
        let home = (!namespace.is_empty()).then(|| json!(namespace));
        set(&mut object["metadata"], "namespace", home);
        // As if it had been written: else the first write would change more than it says.
        defaults::fill(&mut object, served.version().schema());
        let stored = served.stored();
        let mut object = converted(&stored, &object).unwrap_or(object);
        if let Some(complete) = stored.kind.rules.complete {
            complete(&mut object);
        }
        let resource = served.resource();
        if resource == DEFINITIONS {
            let kind = crd::kind(&object).ok()?;
            self.inner.serve(kind);
        }
        let stored = self.inner.store.put(&resource, object, Expected::Any);
        let stored = stored.ok()?;
        Some((resource.into(), key_of(&stored)))
    }
}
