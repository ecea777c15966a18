//! The objects as the controllers know them, by kind, name and owner.
//!
//! The twin reads again what others wrote and notes its own writes at once, so that most moments
//! read nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;

use super::fields::{self, text};
use super::labeled::{Labeled, Pods};
use super::nodes::Nodes;
use super::objects::{Name, Objects, Of};
use super::pod::Pod;
use crate::sandbox::status::Refusal;

pub(super) struct World {
    api: Arc<dyn Objects>,
    /// The version up to which everything is known.
    seen: Option<u64>,
    objects: BTreeMap<Of, BTreeMap<Name, Arc<Value>>>,
    pods: BTreeMap<Name, Pod>,
    /// What each uid controls.
    owned: HashMap<Arc<str>, BTreeSet<(Of, Name)>>,
    /// Names by uid, of what may own others.
    owners: HashMap<String, (Of, Name)>,
    nodes: Nodes,
    /// What changed and has not been looked at.
    changed: BTreeSet<(Of, Name)>,
    labeled: Labeled,
    /// Counts changes of pods.
    pods_revision: u64,
}

impl World {
    pub(super) fn new(api: Arc<dyn Objects>) -> Self {
        Self {
            api,
            seen: None,
            objects: BTreeMap::new(),
            pods: BTreeMap::new(),
            owned: HashMap::new(),
            owners: HashMap::new(),
            nodes: Nodes::default(),
            changed: BTreeSet::new(),
            labeled: Labeled::default(),
            pods_revision: 0,
        }
    }

    /// Reads what others wrote since the last time.
    pub(super) fn refresh(&mut self) {
        let version = self.api.version();
        if self.seen == Some(version) {
            return;
        }
        for of in Of::WATCHED {
            self.read(of);
        }
        self.seen = Some(version);
    }

    fn read(&mut self, of: Of) {
        let found = self.api.list(of);
        let names: BTreeSet<Name> = found.iter().map(|it| Name::of(it)).collect();
        let known = self.objects.get(&of).into_iter().flatten();
        let gone: Vec<Name> = known
            .map(|it| it.0)
            .filter(|it| !names.contains(*it))
            .cloned()
            .collect();
        for name in gone {
            self.forget(of, &name);
        }
        for object in found {
            self.note(of, object);
        }
    }

    /// Takes in an object that is new or changed.
    fn note(&mut self, of: Of, object: Arc<Value>) {
        let name = Name::of(&object);
        let known = self.get(of, &name);
        if known.is_some_and(|it| Arc::ptr_eq(it, &object)) {
            return;
        }
        let owner = known.map(|it| fields::controller(it).to_owned());
        if owner.is_some_and(|it| it != fields::controller(&object)) {
            self.forget(of, &name);
        }
        self.own(of, &name, &object);
        if of == Of::Pod {
            self.note_pod(Arc::clone(&object));
        } else {
            let uid = text(&object, "/metadata/uid");
            self.owners.insert(uid.to_owned(), (of, name.clone()));
        }
        if of == Of::Node {
            self.nodes.note(&name.name, &object);
        }
        self.objects
            .entry(of)
            .or_default()
            .insert(name.clone(), object);
        self.mark(of, name);
    }

    fn own(&mut self, of: Of, name: &Name, object: &Value) {
        let owner = fields::controller(object);
        if !owner.is_empty() {
            let children = self.owned.entry(owner.into()).or_default();
            children.insert((of, name.clone()));
        }
    }

    fn note_pod(&mut self, object: Arc<Value>) {
        let name = Name::of(&object);
        let known = self.pods.get(&name);
        let pod = Pod::of(object, known);
        let is_same = known.is_some_and(|it| it.labels == pod.labels && it.uid == pod.uid);
        if let Some(known) = known {
            self.nodes.unplace(&known.node, &known.shape);
            if !is_same {
                self.labeled.remove(known);
            }
        }
        if !is_same {
            self.labeled.add(&pod);
        }
        self.pods_revision += 1;
        self.nodes.place(&pod.node, &pod.shape);
        self.pods.insert(name, pod);
    }

    fn forget_pod(&mut self, name: &Name) {
        let Some(pod) = self.pods.remove(name) else {
            return;
        };
        self.labeled.remove(&pod);
        self.nodes.unplace(&pod.node, &pod.shape);
        self.pods_revision += 1;
    }

    fn forget(&mut self, of: Of, name: &Name) {
        let object = self.objects.get_mut(&of).and_then(|it| it.remove(name));
        let Some(object) = object else {
            return;
        };
        match of {
            Of::Pod => self.forget_pod(name),
            Of::Node => self.nodes.forget(&name.name),
            Of::Deployment
            | Of::ReplicaSet
            | Of::StatefulSet
            | Of::ScaledObject
            | Of::ScaledJob
            | Of::Hpa
            | Of::Job
            | Of::Event
            | Of::Secret
            | Of::ConfigMap
            | Of::TriggerAuthentication
            | Of::ClusterTriggerAuthentication => {}
        }
        let owner = fields::controller(&object);
        if let Some(siblings) = self.owned.get_mut(owner) {
            siblings.remove(&(of, name.clone()));
            if siblings.is_empty() {
                self.owned.remove(owner);
            }
        }
        self.owners.remove(text(&object, "/metadata/uid"));
        self.mark_owner(owner);
        self.changed.insert((of, name.clone()));
    }

    fn mark(&mut self, of: Of, name: Name) {
        let owner = self.get(of, &name).map(|it| fields::controller(it));
        let owner = owner.unwrap_or_default().to_owned();
        self.mark_owner(&owner);
        self.changed.insert((of, name));
    }

    fn mark_owner(&mut self, uid: &str) {
        if let Some(owner) = self.owners.get(uid) {
            self.changed.insert(owner.clone());
        }
    }

    /// Has an object looked at, though it did not change.
    pub(super) fn look_at(&mut self, of: Of, name: Name) {
        self.changed.insert((of, name));
    }

    /// What changed since this was last asked for, owners first.
    pub(super) fn take_changed(&mut self) -> BTreeSet<(Of, Name)> {
        std::mem::take(&mut self.changed)
    }

    pub(super) fn get(&self, of: Of, name: &Name) -> Option<&Arc<Value>> {
        self.objects.get(&of)?.get(name)
    }

    /// The objects of a kind, by name.
    pub(super) fn all(&self, of: Of) -> impl Iterator<Item = (&Name, &Arc<Value>)> {
        self.objects.get(&of).into_iter().flatten()
    }

    pub(super) fn pod(&self, name: &Name) -> Option<&Pod> {
        self.pods.get(name)
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &Pod> {
        self.pods.values()
    }

    /// Pods among which are all that a selector finds.
    pub(super) fn candidates(&self, namespace: &str, selector: &Value) -> &Pods {
        let labels = selector.get("matchLabels").and_then(Value::as_object);
        self.labeled.candidates(namespace, labels)
    }

    /// Changes with every change of a pod.
    pub(super) fn pods_revision(&self) -> u64 {
        self.pods_revision
    }

    pub(super) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// An object of a kind that the twin does not watch, such as a Secret.
    pub(super) fn look_up(&self, of: Of, name: &Name) -> Option<Arc<Value>> {
        self.api.get(of, name)
    }

    /// The pods that `uid` controls, by name.
    pub(super) fn pods_of(&self, uid: &str) -> impl Iterator<Item = &Pod> {
        let owned = self.owned.get(uid).into_iter().flatten();
        owned.filter_map(|(of, name)| match of {
            Of::Pod => self.pods.get(name),
            _ => None,
        })
    }

    /// The objects of a kind that `uid` controls, by name.
    pub(super) fn owned(&self, uid: &str, kind: Of) -> Vec<Arc<Value>> {
        let owned = self.owned.get(uid).into_iter().flatten();
        let owned = owned.filter(|(of, _)| *of == kind);
        owned
            .filter_map(|(of, name)| self.get(*of, name).cloned())
            .collect()
    }

    /// The workload that a pod belongs to: its controller, or that one's.
    pub(super) fn root(&self, pod: &Pod) -> Option<&(Of, Name)> {
        let first = self.owners.get(&*pod.owner)?;
        let above = self.get(first.0, &first.1).map(|it| fields::controller(it));
        above.and_then(|it| self.owners.get(it)).or(Some(first))
    }

    /// Notes an own write; if nobody else wrote meanwhile, everything stays known.
    fn wrote(&mut self, before: Option<u64>, of: Of, object: &Arc<Value>) {
        let version: Option<u64> = text(object, "/metadata/resourceVersion").parse().ok();
        let is_next = before.is_some() && version == before.and_then(|it| it.checked_add(1));
        if is_next {
            self.seen = version;
        }
        self.note(of, Arc::clone(object));
    }

    pub(super) fn create(&mut self, of: Of, object: Value) -> Result<Arc<Value>, Refusal> {
        let before = self.seen;
        let made = self.api.create(of, object)?;
        self.wrote(before, of, &made);
        Ok(made)
    }

    pub(super) fn update(&mut self, of: Of, object: Value) -> Result<Arc<Value>, Refusal> {
        let before = self.seen;
        let made = self.api.update(of, object)?;
        self.wrote(before, of, &made);
        Ok(made)
    }

    /// Writes a status, unless it is as it was.
    pub(super) fn update_status(&mut self, of: Of, object: Value) -> Result<(), Refusal> {
        let known = self.get(of, &Name::of(&object));
        if known.is_some_and(|it| it.get("status") == object.get("status")) {
            return Ok(());
        }
        let before = self.seen;
        let made = self.api.update_status(of, object)?;
        self.wrote(before, of, &made);
        Ok(())
    }

    pub(super) fn scale(&mut self, of: Of, name: &Name, replicas: i32) -> Result<(), Refusal> {
        let before = self.seen;
        let made = self.api.scale(of, name, replicas)?;
        self.wrote(before, of, &made);
        Ok(())
    }

    /// Deletes an object, which stays marked where finalizers hold it.
    pub(super) fn delete(&mut self, of: Of, name: &Name) -> Result<(), Refusal> {
        match self.delete_unwatched(of, name)? {
            Some(left) => self.note(of, left),
            None => self.forget(of, name),
        }
        Ok(())
    }

    /// Deletes an object that the twin does not watch, such as an event.
    pub(super) fn delete_unwatched(
        &mut self,
        of: Of,
        name: &Name,
    ) -> Result<Option<Arc<Value>>, Refusal> {
        let left = self.api.delete(of, name)?;
        // A deletion has a version of its own, which nobody tells; when it is the next one,
        // nobody else wrote.
        let next = self.seen.and_then(|it| it.checked_add(1));
        if next == Some(self.api.version()) {
            self.seen = next;
        }
        Ok(left)
    }

    /// Creates or replaces an object that the twin never reads back, such as an event.
    pub(super) fn put(&mut self, of: Of, object: Value, is_new: bool) -> Result<(), Refusal> {
        let before = self.seen;
        let made = match is_new {
            true => self.api.create(of, object)?,
            false => self.api.update(of, object)?,
        };
        let version: Option<u64> = text(&made, "/metadata/resourceVersion").parse().ok();
        if version == before.and_then(|it| it.checked_add(1)) {
            self.seen = version;
        }
        Ok(())
    }
}
