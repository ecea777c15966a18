//! What goes when something else went: dependents, the content of namespaces, objects of kinds.
//!
//! All of it happens within the write that causes it. Work waits in a queue rather than on the
//! stack, since chains of owners may be as long as users make them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::delete::{FOREGROUND, finalizers};
use super::metadata::text;
use super::options::{DeleteOptions, Propagation};
use super::pipeline::{Writer, set};
use crate::sandbox::registry::{Registry, Served};
use crate::sandbox::store::{Expected, Place, key, owners};

/// The resource of definitions.
pub(super) const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// The finalizer in the spec of a namespace that stands for its content.
const KUBERNETES: &str = "kubernetes";

/// What is still to be done.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// This object of that resource went.
    Gone(String, Arc<Value>),
    /// What is there is to be deleted.
    Delete(Place, Propagation),
    /// What is there goes, if it waits for its dependents and none is left.
    Finish(Place),
    /// What is there lets go of owners that are gone, and goes itself if there were no others.
    Stray(Place),
    /// The kind that the definition of this name made goes, once no object of it is left.
    Withdraw(String),
    /// This namespace goes, if it is to and nothing is left in it.
    Empty(String),
}

impl Writer<'_> {
    /// Removes an object; [`Writer::settle`] does the rest.
    pub(super) fn take(&mut self, resource: &str, object: &Value) {
        let (namespace, name) = (text(object, "namespace"), text(object, "name"));
        let store = &self.inner.store;
        if let Ok(removed) = store.remove(resource, namespace, name, Expected::Any) {
            let gone = Work::Gone(resource.to_owned(), removed);
            self.work.push_back(gone);
        }
    }

    /// Does what follows from what went, until nothing is left to do.
    pub(super) fn settle(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Gone(resource, object) => self.follow(&resource, &object),
                Work::Delete(place, propagation) => self.delete_at(&place, propagation),
                Work::Finish(place) => self.finish_at(&place),
                Work::Stray(place) => self.collect_stray(&place),
                Work::Withdraw(name) => self.finish_definition(&name),
                Work::Empty(namespace) => self.finish_namespace(&namespace),
            }
        }
    }

    fn follow(&mut self, resource: &str, object: &Arc<Value>) {
        self.delete_dependents_of_gone(object);
        for uid in owners(object) {
            self.finish_owner(object, uid);
        }
        if resource == DEFINITIONS {
            self.withdraw(object);
        } else {
            self.finish_definition(resource);
        }
        let namespace = text(object, "namespace");
        if !namespace.is_empty() {
            self.finish_namespace(namespace);
        }
    }

    fn delete_at(&mut self, place: &Place, propagation: Propagation) {
        let Some(live) = self.inner.store.at(place) else {
            return;
        };
        let Some(served) = self.served_as(&place.0) else {
            return;
        };
        let options = DeleteOptions {
            propagation,
            ..DeleteOptions::default()
        };
        // Nothing that is deleted on account of others has preconditions; what cannot be deleted
        // stays.
        let _ = self.begin_deletion(&served, &live, &options);
    }

    /// Lets an object go of the owners that are gone, and deletes it if there are no others. One whose
    /// kind nobody serves may be anywhere, so it counts as there.
    fn collect_stray(&mut self, place: &Place) {
        let Some(object) = self.inner.store.at(place) else {
            return;
        };
        let named: Vec<&str> = owners(&object).collect();
        let gone: Vec<&str> = named
            .iter()
            .copied()
            .filter(|it| self.is_gone(&object, it))
            .collect();
        if !gone.is_empty() && gone.len() == named.len() {
            self.delete_at(place, Propagation::Background);
            return;
        }
        for uid in gone {
            if let Some(object) = self.inner.store.at(place) {
                self.release(place, &object, uid);
            }
        }
    }

    /// Whether the owner of this uid is known not to be there.
    fn is_gone(&self, dependent: &Value, uid: &str) -> bool {
        let Some(served) = self.owner_kind(dependent, uid) else {
            return false;
        };
        let is_nowhere = served.kind.is_namespaced && text(dependent, "namespace").is_empty();
        !is_nowhere && self.owner(dependent, uid).is_none()
    }

    /// Dependents go unless somebody else owns them too.
    fn delete_dependents_of_gone(&mut self, owner: &Value) {
        let uid = text(owner, "uid");
        for place in self.inner.store.owned_by(uid) {
            let Some(dependent) = self.inner.store.at(&place) else {
                continue;
            };
            if self.has_other_owner(&dependent, uid) {
                self.release(&place, &dependent, uid);
            } else {
                self.work
                    .push_back(Work::Delete(place, Propagation::Background));
            }
        }
    }

    /// Deletes what an object owns before the object itself goes.
    pub(super) fn delete_dependents(&mut self, served: &Served, owner: &Value) {
        for place in self.inner.store.owned_by(text(owner, "uid")) {
            self.work
                .push_back(Work::Delete(place, Propagation::Foreground));
        }
        let key = key(text(owner, "namespace"), text(owner, "name"));
        self.work
            .push_back(Work::Finish((served.resource().into(), key)));
    }

    fn finish_at(&mut self, place: &Place) {
        if let (Some(owner), Some(served)) = (self.inner.store.at(place), self.served_as(&place.0))
        {
            self.finish_waiting(&served, &owner);
        }
    }

    fn finish_waiting(&mut self, served: &Served, owner: &Value) {
        let waits = finalizers(owner).iter().any(|it| it == FOREGROUND);
        let is_ending = !owner["metadata"]["deletionTimestamp"].is_null();
        if waits && is_ending && !self.is_awaited(text(owner, "uid")) {
            self.drop_finalizer(served, owner, FOREGROUND);
        }
    }

    /// Lets go of everything that an object owns.
    pub(super) fn release_dependents(&mut self, owner: &Value) {
        let uid = text(owner, "uid");
        for place in self.inner.store.owned_by(uid) {
            if let Some(dependent) = self.inner.store.at(&place) {
                self.release(&place, &dependent, uid);
            }
        }
    }

    fn release(&mut self, (resource, _): &Place, dependent: &Arc<Value>, uid: &str) {
        let mut object = (**dependent).clone();
        let metadata = &mut object["metadata"];
        if let Some(owners) = metadata["ownerReferences"].as_array_mut() {
            owners.retain(|it| it["uid"] != uid);
            if owners.is_empty() {
                set(metadata, "ownerReferences", None);
            }
        }
        // The writer alone writes, so nothing else can have been there.
        let _ = self.inner.store.put(resource, object, Expected::Any);
    }

    /// Takes a finalizer from an object, which goes with its last one.
    pub(super) fn drop_finalizer(&mut self, served: &Served, object: &Value, finalizer: &str) {
        let (namespace, name) = (text(object, "namespace"), text(object, "name"));
        let resource = served.resource();
        let Some(live) = self.inner.store.get(&resource, namespace, name) else {
            return;
        };
        let mut left = finalizers(&live);
        left.retain(|it| it != finalizer);
        if left.is_empty() {
            self.take(&resource, &live);
            return;
        }
        let mut object = (*live).clone();
        object["metadata"]["finalizers"] = json!(left);
        let _ = self.inner.store.put(&resource, object, Expected::Any);
    }

    /// Ends an owner that waited for this last dependent.
    fn finish_owner(&mut self, dependent: &Value, uid: &str) {
        if let Some((served, owner)) = self.owner(dependent, uid) {
            self.finish_waiting(&served, &owner);
        }
    }

    /// Whether something that the owner waits for is still there.
    fn is_awaited(&self, uid: &str) -> bool {
        let places = self.inner.store.owned_by(uid);
        let dependents = places.iter().filter_map(|it| self.inner.store.at(it));
        dependents.into_iter().any(|it| {
            let references = it["metadata"]["ownerReferences"].as_array();
            let mut references = references.into_iter().flatten();
            references.any(|it| it["uid"] == uid && it["blockOwnerDeletion"] == true)
        })
    }

    fn has_other_owner(&self, dependent: &Value, uid: &str) -> bool {
        let others = owners(dependent).filter(|it| *it != uid);
        others
            .into_iter()
            .any(|it| self.owner(dependent, it).is_some())
    }

    /// The owner that a dependent names by this uid, if it is there.
    fn owner(&self, dependent: &Value, uid: &str) -> Option<(Served, Arc<Value>)> {
        let references = dependent["metadata"]["ownerReferences"].as_array()?;
        let reference = references.iter().find(|it| it["uid"] == uid)?;
        let served = self.owner_kind(dependent, uid)?;
        let namespace = match served.kind.is_namespaced {
            true => text(dependent, "namespace"),
            false => "",
        };
        let owner =
            self.inner
                .store
                .get(&served.resource(), namespace, reference["name"].as_str()?)?;
        (text(&owner, "uid") == uid).then_some((served, owner))
    }

    /// The kind of the owner that a dependent names by this uid, if it is served.
    pub(super) fn owner_kind(&self, dependent: &Value, uid: &str) -> Option<Served> {
        let references = dependent["metadata"]["ownerReferences"].as_array()?;
        let reference = references.iter().find(|it| it["uid"] == uid)?;
        let word = |field: &str| reference[field].as_str().unwrap_or("");
        let registry = self.inner.registry();
        registry.kind(word("apiVersion"), word("kind"))
    }

    /// Deletes everything in a namespace, and the namespace once it is empty.
    pub(super) fn sweep_namespace(&mut self, namespace: &str) {
        for place in self.content(namespace) {
            self.work
                .push_back(Work::Delete(place, Propagation::Background));
        }
        self.work.push_back(Work::Empty(namespace.to_owned()));
    }

    fn finish_namespace(&mut self, namespace: &str) {
        let Some(live) = self.inner.store.get("namespaces", "", namespace) else {
            return;
        };
        let is_ending = !live["metadata"]["deletionTimestamp"].is_null();
        if !is_ending || self.inner.store.has_content(namespace) {
            return;
        }
        let mut object = (*live).clone();
        if let Some(holders) = object["spec"]["finalizers"].as_array_mut() {
            holders.retain(|it| it != KUBERNETES);
            if holders.is_empty() {
                set(&mut object["spec"], "finalizers", None);
            }
        }
        let is_held = object["spec"].get("finalizers").is_some() || !finalizers(&live).is_empty();
        if !is_held {
            self.take("namespaces", &live);
        } else if object != *live {
            let _ = self.inner.store.put("namespaces", object, Expected::Any);
        }
    }

    fn content(&self, namespace: &str) -> Vec<Place> {
        let all = self.inner.store.resources().into_iter();
        let places = all.flat_map(|resource| {
            let objects = self.inner.store.list(&resource, namespace).objects;
            objects.into_iter().map(move |it| {
                let key = key(text(&it, "namespace"), text(&it, "name"));
                (Arc::clone(&resource), key)
            })
        });
        places.collect()
    }

    fn served_as(&self, resource: &str) -> Option<Served> {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        self.inner.registry().stored(group, plural)
    }
}

impl super::Inner {
    /// Changes which kinds are served.
    pub(super) fn change_registry(&self, change: impl FnOnce(&mut Registry)) {
        let registry = self.registry.write();
        let mut registry = registry.unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut changed = (**registry).clone();
        change(&mut changed);
        *registry = Arc::new(changed);
    }
}
