//! One write after another, each from a decoded object to the store.

use std::collections::VecDeque;
use std::sync::{Arc, MutexGuard};

use serde_json::{Value, json};

use super::collect::{DEFINITIONS, Work};
use super::delete::finalizers;
use super::names::Names;
use super::present::{converted, in_version};
use super::{Inner, metadata, scale};
use crate::sandbox::apply::{self, Author, NotApplied, Typed};
use crate::sandbox::crd;
use crate::sandbox::kinds::Kind;
use crate::sandbox::registry::Served;
use crate::sandbox::rules;
use crate::sandbox::schema::{Schema, check, defaults};
use crate::sandbox::status::{Cause, Details, Refusal};
use crate::sandbox::store::{Expected, version_of};

/// What is written, and by whom.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// In the version that is written.
    pub(super) served: &'a Served,
    /// Empty for a kind that has none.
    pub(super) namespace: &'a str,
    /// Empty for a creation.
    pub(super) name: &'a str,
    pub(super) subresource: &'a str,
    pub(super) manager: &'a str,
    pub(super) is_dry_run: bool,
}

/// The right to write, which one has at a time.
pub(super) struct Writer<'a> {
    pub(super) inner: &'a Inner,
    pub(super) names: MutexGuard<'a, Names>,
    /// What follows from what was written.
    pub(super) work: VecDeque<Work>,
}

/// Fields that are not written with the object itself.
const ALL_BUT_STATUS: &[&[&str]] = &[&["status"]];

/// Fields that are not written with the status.
const STATUS: &[&[&str]] = &[&["spec"], &["metadata"]];

impl<'a> Writer<'a> {
    /// Waits until nobody else writes.
    pub(super) fn new(inner: &'a Inner) -> Self {
        let names = inner.writer();
        let work = VecDeque::new();
        Self { inner, names, work }
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
        self.inner
            .check_home(target, metadata::text(&object, "name"))?;
        let now = self.inner.clock.now();
        metadata::begin(target, &mut object, &mut self.names, now)?;
        if target.served.version().has_status {
            remove(&mut object, "status");
        }
        let mut stored = self.complete(target, object, None)?;
        self.owned(target, &mut stored, own)?;
        self.allocate(target.served, &mut stored);
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
        self.follow_up(target.served, written)
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
        let version = metadata::text(scale, "resourceVersion");
        if !version.is_empty() {
            object["metadata"]["resourceVersion"] = json!(version);
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
            applied.map_err(not_applied)
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
            applied.map_err(not_applied)
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
        let mut stored = self.complete(target, object, Some(live))?;
        self.owned(target, &mut stored, own)?;
        self.allocate(target.served, &mut stored);
        if target.served.kind.has_generation && is_respecified(live, &stored) {
            let generation = live["metadata"]["generation"].as_i64().unwrap_or(0);
            stored["metadata"]["generation"] = json!(generation.saturating_add(1));
        }
        self.store(target, live, stored)
    }

    /// Gives a service its addresses, which nobody owns as a field.
    fn allocate(&self, served: &Served, service: &mut Value) {
        if served.resource() != "services" {
            return;
        }
        let (namespace, name) = (
            service["metadata"]["namespace"].clone(),
            service["metadata"]["name"].clone(),
        );
        let others = self.inner.store.list("services", "").objects;
        let others = others.iter().map(|it| &**it);
        let others = others.filter(|it| {
            it["metadata"]["namespace"] != namespace || it["metadata"]["name"] != name
        });
        rules::service::allocate(service, others);
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
        self.follow_up(target.served, written)
    }

    /// Does what follows from the writing of an object, which may write it again.
    fn follow_up(&mut self, served: &Served, object: Arc<Value>) -> Result<Arc<Value>, Refusal> {
        if served.resource() == DEFINITIONS {
            self.define(served, &object)?;
        }
        Ok(object)
    }

    /// The object as it is kept: with its defaults, and valid.
    fn complete(
        &self,
        target: &Target<'_>,
        mut object: Value,
        live: Option<&Arc<Value>>,
    ) -> Result<Value, Refusal> {
        defaults::fill(&mut object, target.served.version().schema());
        let kept = target.served.stored();
        let mut object = converted(&kept, &object).unwrap_or(object);
        let (live, rules) = (live.map(|it| &**it), kept.kind.rules);
        let keeps_status = kept.version().has_status && target.subresource != "status";
        if let Some(live) = live.filter(|_| keeps_status) {
            set(&mut object, "status", live.get("status").cloned());
        }
        if let Some(prepare) = rules.prepare {
            prepare(&mut object, live);
        }
        if let Some(complete) = rules.complete {
            complete(&mut object);
        }
        if !kept.is_custom && kept.version().has_status && object["status"].is_null() {
            object["status"] = json!({});
        }
        let mut errors = rules::metadata(&kept.kind, &object, live);
        // Built-in kinds were read by their types; what they must hold beside is in their rules.
        if kept.is_custom {
            errors.extend(check::check(&object, kept.version().schema()));
        }
        let check = match target.subresource {
            "status" => rules.check_status,
            _ => rules.check,
        };
        if let Some(check) = check {
            errors.extend(check(&object, live));
        }
        if errors.is_empty() && kept.resource() == DEFINITIONS {
            errors.extend(crd::kind(&object).err().unwrap_or_default());
        }
        if errors.is_empty() {
            return Ok(object);
        }
        let name = metadata::text(&object, "name");
        Err(Refusal::invalid(kept.kind.named(), name, &errors))
    }

    /// Lets `own` set the managed fields of an object that is otherwise complete.
    fn owned(
        &self,
        target: &Target<'_>,
        stored: &mut Value,
        own: impl FnOnce(&mut Value, Author<'_>, Typed<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let now = self.inner.clock.now();
        match converted(target.served, stored) {
            None => target.with_types(now, |author, typed| own(stored, author, typed)),
            Some(mut object) => {
                target.with_types(now, |author, typed| own(&mut object, author, typed))?;
                let fields = object["metadata"]["managedFields"].take();
                stored["metadata"]["managedFields"] = fields;
                Ok(())
            }
        }
    }
}

impl Target<'_> {
    /// What of `object` may be written here; the rest as it is.
    fn writable(&self, past: &Value, mut object: Value) -> Value {
        match self.subresource {
            "status" => {
                let mut whole = past.clone();
                whole["status"] = object["status"].take();
                for field in ["resourceVersion", "uid", "managedFields"] {
                    let new = object["metadata"][field].take();
                    set(&mut whole["metadata"], field, Some(new));
                }
                whole
            }
            _ => object,
        }
    }

    fn with_types<T>(
        &self,
        now: jiff::Timestamp,
        act: impl FnOnce(Author<'_>, Typed<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (kind, api_version) = (&*self.served.kind, self.served.api_version());
        let author = Author {
            manager: self.manager,
            api_version: &api_version,
            subresource: self.subresource,
            now,
        };
        let convert = |object: &Value, version: &str| in_other_version(kind, object, version);
        let typed = Typed {
            schema: self.served.version().schema(),
            reset: self.reset(),
            convert: &convert,
        };
        act(author, typed)
    }

    /// The paths that are not written here.
    fn reset(&self) -> &'static [&'static [&'static str]] {
        match self.subresource {
            "status" => STATUS,
            _ if self.served.version().has_status => ALL_BUT_STATUS,
            _ => &[],
        }
    }

    /// # Errors
    /// When an object is not of the name that the path says.
    pub(super) fn check_name(&self, object: &Value) -> Result<(), Refusal> {
        metadata::check_name(self.name, object)
    }
}

fn in_other_version<'a>(
    kind: &'a Kind,
    object: &Value,
    api_version: &str,
) -> Option<(Value, Schema<'a>)> {
    let mut versions = kind.versions.iter();
    let version = versions.find(|it| kind.api_version(&it.name) == api_version)?;
    let mut other = match kind.rules.convert {
        Some(convert) if object["apiVersion"] != api_version => convert(object, &version.name),
        _ => object.clone(),
    };
    set(&mut other, "apiVersion", Some(json!(api_version)));
    Some((other, version.schema()))
}

fn not_applied(why: NotApplied) -> Refusal {
    let conflicts = match why {
        NotApplied::Refused(refusal) => return refusal,
        NotApplied::Conflicts(conflicts) => conflicts,
    };
    let cause = |it: &apply::Conflict| Cause {
        reason: "FieldManagerConflict",
        message: format!("conflict with {}", it.owner),
        field: it.field.clone(),
    };
    let causes: Vec<Cause> = conflicts.iter().map(cause).collect();
    let message = conflicts_message(&conflicts);
    let details = Details {
        causes,
        ..Details::default()
    };
    Refusal::about(409, "Conflict", message, details)
}

fn conflicts_message(conflicts: &[apply::Conflict]) -> String {
    let count = conflicts.len();
    match conflicts {
        [only] => {
            let apply::Conflict { owner, field } = only;
            format!("Apply failed with 1 conflict: conflict with {owner}: {field}")
        }
        all => {
            let mut owners: Vec<&str> = all.iter().map(|it| it.owner.as_str()).collect();
            owners.sort_unstable();
            owners.dedup();
            let parts = owners.into_iter().map(|owner| {
                let fields = all.iter().filter(|it| it.owner == owner);
                let fields: Vec<String> = fields.map(|it| format!("- {}", it.field)).collect();
                format!("conflicts with {owner}:\n{}", fields.join("\n"))
            });
            let parts: Vec<String> = parts.collect();
            format!("Apply failed with {count} conflicts: {}", parts.join("\n"))
        }
    }
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
