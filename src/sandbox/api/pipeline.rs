//! One write after another, each from a decoded object to the store.

mod complete;
mod target;

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};

use serde_json::{Value, json};

use super::collect::{DEFINITIONS, Work};
use super::delete::finalizers;
use super::names::Names;
use super::present::in_version;
use super::{Inner, metadata, scale};
use crate::sandbox::apply::{self, Author, NotApplied, Typed};
use crate::sandbox::registry::Served;
use crate::sandbox::status::Refusal;
use crate::sandbox::store::{Expected, key_of, version_of};
use complete::defaulted;
pub(super) use target::Target;

/// The right to write, which one has at a time.
pub(super) struct Writer<'a> {
    pub(super) inner: &'a Inner,
    pub(super) names: MutexGuard<'a, Names>,
    /// What follows from what was written.
    pub(super) work: VecDeque<Work>,
    /// What a webhook warns of.
    pub(super) warnings: Vec<String>,
}

impl<'a> Writer<'a> {
    /// Waits until nobody else writes.
    pub(super) fn new(inner: &'a Inner) -> Self {
        let names = inner.writer();
        let work = VecDeque::new();
        Self {
            inner,
            names,
            work,
            warnings: vec![],
        }
    }

    /// # Errors
    /// When the object is not valid, or there is one of its name.
    pub(super) fn create(
        &mut self,
        target: &Target<'_>,
        object: Value,
    ) -> Result<Arc<Value>, Refusal> {
        self.create_as(target, object, |it, author, typed| {
            apply::track(None, it, typed, author);
            Ok(())
        })
    }

    /// Creates an object whose managed fields `own` sets, once it is complete.
    fn create_as(
        &mut self,
        target: &Target<'_>,
        mut object: Value,
        own: impl FnOnce(&mut Value, Author<'_>, Typed<'_>) -> Result<(), Refusal>,
    ) -> Result<Arc<Value>, Refusal> {
        metadata::check_namespace(target, &mut object)?;
        let name = metadata::text(&object, "name");
        self.inner.check_home(target, name)?;
        self.inner.check_definition(target.served, name)?;
        let now = self.inner.clock.now();
        metadata::begin(target, &mut object, &mut self.names, now)?;
        if target.served.version().has_status {
            remove(&mut object, "status");
        }
        let mut stored = defaulted(target, object, None);
        self.owned(target, &mut stored, own)?;
        self.finish(target, &mut stored, None)?;
        // As late as the API server asks: what is not valid is told first.
        if let (Some(user), Some(creation)) = (target.user, target.creation()) {
            self.inner.authorize(user, &creation)?;
        }
        let resource = target.served.resource();
        if target.is_dry_run {
            let (namespace, name) = (target.namespace, metadata::text(&stored, "name"));
            return match self.inner.store.get(&resource, namespace, name) {
                Some(_) => Err(Refusal::already_exists(target.served.kind.named(), name)),
                None => Ok(Arc::new(stored)),
            };
        }
        let name = metadata::text(&stored, "name").to_owned();
        let written = self.inner.store.put(&resource, stored, Expected::Absent);
        let written =
            written.map_err(|_| Refusal::already_exists(target.served.kind.named(), &name))?;
        self.follow_up(target.served, None, written)
    }

    /// Replaces an object, or its status.
    ///
    /// # Errors
    /// When there is none, or a newer one, or the new one is not valid.
    pub(super) fn update(
        &mut self,
        target: &Target<'_>,
        object: Value,
    ) -> Result<Arc<Value>, Refusal> {
        let live = self
            .inner
            .find(target.served, target.namespace, target.name)?;
        let past = in_version(target.served, &live);
        let own = |it: &mut Value, author: Author<'_>, typed: Typed<'_>| {
            apply::track(Some(&past), it, typed, author);
            Ok(())
        };
        self.replace(target, &live, object, own)
    }

    /// Replaces an object, or creates it where kinds do so, and says 201 if it did.
    ///
    /// # Errors
    /// As [`Writer::update`] and [`Writer::create`].
    pub(super) fn update_or_create(
        &mut self,
        target: &Target<'_>,
        object: Value,
    ) -> Result<(u16, Arc<Value>), Refusal> {
        let resource = target.served.resource();
        let live = self
            .inner
            .store
            .get(&resource, target.namespace, target.name);
        let creates =
            target.subresource.is_empty() && metadata::is_created_by_update(target.served);
        if live.is_none() && creates {
            return Ok((201, self.create(target, object)?));
        }
        Ok((200, self.update(target, object)?))
    }

    /// Writes the replicas of an object.
    ///
    /// # Errors
    /// As [`Writer::update`].
    pub(super) fn scale(
        &mut self,
        target: &Target<'_>,
        scale: &Value,
    ) -> Result<Arc<Value>, Refusal> {
        let live = self
            .inner
            .find(target.served, target.namespace, target.name)?;
        let past = in_version(target.served, &live);
        let mut object = (*past).clone();
        let replicas = scale::wanted(scale, target.name)?;
        scale::set(target.served, &mut object, replicas)?;
        for field in ["resourceVersion", "uid"] {
            let text = metadata::text(scale, field);
            if !text.is_empty() {
                object["metadata"][field] = json!(text);
            }
        }
        let own = |it: &mut Value, author: Author<'_>, typed: Typed<'_>| {
            apply::track(Some(&past), it, typed, author);
            Ok(())
        };
        self.replace(target, &live, object, own)
    }

    /// Applies a configuration, and says 201 if it made the object.
    ///
    /// # Errors
    /// When others own what it sets, or what comes of it is not valid.
    pub(super) fn apply(
        &mut self,
        target: &Target<'_>,
        config: Value,
        is_force: bool,
    ) -> Result<(u16, Arc<Value>), Refusal> {
        let resource = target.served.resource();
        let live = self
            .inner
            .store
            .get(&resource, target.namespace, target.name);
        metadata::check_applied(target, &config, live.as_deref())?;
        let past = live.as_ref().map(|it| in_version(target.served, it));
        let now = self.inner.clock.now();
        let object = target.with_types(now, |author, typed| {
            let applied = apply::apply(past.as_deref(), &config, typed, author, is_force);
            applied.map_err(NotApplied::refusal)
        })?;
        match live {
            Some(live) => {
                let object = self.replace(target, &live, object, |_, _, _| Ok(()))?;
                Ok((200, object))
            }
            None if !target.subresource.is_empty() => {
                Err(Refusal::not_found(target.served.kind.named(), target.name))
            }
            None => Ok((201, self.create_as(target, object, |_, _, _| Ok(()))?)),
        }
    }

    /// Applies a scale.
    ///
    /// # Errors
    /// As [`Writer::apply`].
    pub(super) fn apply_scale(
        &mut self,
        target: &Target<'_>,
        config: &Value,
        is_force: bool,
    ) -> Result<Arc<Value>, Refusal> {
        let live = self
            .inner
            .find(target.served, target.namespace, target.name)?;
        let served = target.served;
        let mut object = json!({ "apiVersion": served.api_version(), "kind": served.kind.kind,
            "metadata": { "name": target.name } });
        if !target.namespace.is_empty() {
            object["metadata"]["namespace"] = json!(target.namespace);
        }
        let replicas = scale::wanted(config, target.name)?;
        scale::set(served, &mut object, replicas)?;
        let past = in_version(served, &live);
        let now = self.inner.clock.now();
        let object = target.with_types(now, |author, typed| {
            let applied = apply::apply(Some(&past), &object, typed, author, is_force);
            applied.map_err(|it| in_words_of_scale(it).refusal())
        })?;
        self.replace(target, &live, object, |_, _, _| Ok(()))
    }

    /// Writes `object` in place of `live`, once `own` has set its managed fields.
    fn replace(
        &mut self,
        target: &Target<'_>,
        live: &Arc<Value>,
        object: Value,
        own: impl FnOnce(&mut Value, Author<'_>, Typed<'_>) -> Result<(), Refusal>,
    ) -> Result<Arc<Value>, Refusal> {
        let past = in_version(target.served, live);
        let mut object = target.writable(&past, object);
        metadata::carry(target, &past, &mut object)?;
        let mut stored = defaulted(target, object, Some(live));
        self.owned(target, &mut stored, own)?;
        self.finish(target, &mut stored, Some(live))?;
        if target.served.kind.has_generation && is_respecified(live, &stored) {
            let generation = live["metadata"]["generation"].as_i64().unwrap_or(0);
            stored["metadata"]["generation"] = json!(generation.saturating_add(1));
        }
        self.store(target, live, stored)
    }

    fn store(
        &mut self,
        target: &Target<'_>,
        live: &Arc<Value>,
        stored: Value,
    ) -> Result<Arc<Value>, Refusal> {
        if stored == **live {
            return Ok(Arc::clone(live));
        }
        if target.is_dry_run {
            return Ok(Arc::new(stored));
        }
        let expected = Expected::Version(version_of(live));
        let resource = target.served.resource();
        if is_over(&stored) {
            self.take(&resource, live);
            self.settle();
            return Ok(Arc::new(stored));
        }
        let written = self.inner.store.put(&resource, stored, expected);
        let written =
            written.map_err(|_| Refusal::modified(target.served.kind.named(), target.name))?;
        self.follow_up(target.served, Some(live), written)
    }

    /// Does what follows from the writing of an object, which may write it again or remove it.
    fn follow_up(
        &mut self,
        served: &Served,
        past: Option<&Value>,
        object: Arc<Value>,
    ) -> Result<Arc<Value>, Refusal> {
        if served.resource() == DEFINITIONS {
            self.define(served, &object)?;
        }
        let owners = |it: &Value| it.pointer("/metadata/ownerReferences").cloned();
        if owners(&object) != past.and_then(owners) {
            let place = (served.resource().into(), key_of(&object));
            self.work.push_back(Work::Stray(place));
            self.settle();
        }
        Ok(object)
    }
}

/// The managed fields of a scale say the version of the scale, not of the object.
fn in_words_of_scale(why: NotApplied) -> NotApplied {
    let NotApplied::Conflicts(mut conflicts) = why else {
        return why;
    };
    for conflict in &mut conflicts {
        if let Some((owner, _)) = conflict.owner.split_once(" using ") {
            conflict.owner = format!("{owner} using autoscaling/v1");
        }
    }
    NotApplied::Conflicts(conflicts)
}

/// Whether an object that is being deleted has nothing left to wait for.
fn is_over(object: &Value) -> bool {
    let metadata = &object["metadata"];
    let grace = metadata["deletionGracePeriodSeconds"].as_i64();
    let has_ended = !metadata["deletionTimestamp"].is_null() && grace.is_none_or(|it| it == 0);
    let holds = object["spec"]["finalizers"]
        .as_array()
        .is_some_and(|it| !it.is_empty());
    has_ended && !holds && finalizers(object).is_empty()
}

/// Whether the two differ in more than metadata and status.
fn is_respecified(live: &Value, new: &Value) -> bool {
    let kept = |name: &str| !matches!(name, "metadata" | "status" | "apiVersion");
    let names = |it: &Value| -> Vec<String> {
        let fields = it.as_object().into_iter().flatten();
        let names = fields.map(|(name, _)| name.clone());
        names.filter(|it| kept(it)).collect()
    };
    names(live) != names(new) || names(new).iter().any(|it| live.get(it) != new.get(it))
}

/// Sets a field, or removes it where there is no value.
pub(super) fn set(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    match value.filter(|it| !it.is_null()) {
        Some(value) => fields.insert(field.to_owned(), value),
        None => fields.remove(field),
    };
}

fn remove(object: &mut Value, field: &str) {
    set(object, field, None);
}
