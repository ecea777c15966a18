//! What follows from the writing of a CustomResourceDefinition: its kind is served, and it says so;
//! and from its deletion: the objects of its kind go first.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Inner;
use super::collect::{DEFINITIONS, Work};
use super::delete::finalizers;
use super::metadata::{text, written};
use super::options::Propagation;
use super::pipeline::Writer;
use crate::sandbox::crd;
use crate::sandbox::kinds::Kind;
use crate::sandbox::registry::{Served, resource};
use crate::sandbox::status::Refusal;
use crate::sandbox::store::{Expected, key};

/// The finalizer of a definition that waits for the objects of its kind.
pub(super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// The condition of a definition that is to go.
const TERMINATING: &str = "Terminating";

const GROUP: &str = "apiextensions.k8s.io";
const PLURAL: &str = "customresourcedefinitions";

impl Writer<'_> {
    /// Serves the kind that a definition makes once its names are free, and writes its status.
    ///
    /// # Errors
    /// When it makes none.
    pub(super) fn define(
        &mut self,
        served: &Served,
        definition: &Arc<Value>,
    ) -> Result<(), Refusal> {
        let (resource, name) = (served.resource(), text(definition, "name"));
        let kind = crd::kind(definition);
        let kind = kind.map_err(|errors| Refusal::invalid(served.kind.named(), name, &errors))?;
        let others = self.inner.store.list(&resource, "").objects;
        let others = others.iter().map(|it| &**it);
        let mut object = (**definition).clone();
        object["status"] = crd::status(definition, others, self.inner.clock.now());
        if is_established(&object) {
            self.inner.serve(kind);
        }
        if object == **definition {
            return Ok(());
        }
        let put = self.inner.store.put(&resource, object, Expected::Any);
        put.map_err(|_| Refusal::modified(served.kind.named(), name))?;
        Ok(())
    }
}

impl Writer<'_> {
    /// Deletes the objects of a kind whose definition is to go.
    pub(super) fn sweep_definition(&mut self, name: &str) {
        let Some(definition) = self.inner.store.get(DEFINITIONS, "", name) else {
            return;
        };
        let mut object = (*definition).clone();
        let why = (
            "InstanceDeletionInProgress",
            "CustomResource deletion is in progress",
        );
        set_terminating(&mut object, why, self.inner.clock.now());
        // The writer alone writes, so nothing else can have been there.
        let _ = self.inner.store.put(DEFINITIONS, object, Expected::Any);
        let resource: Arc<str> = resource_of(&definition).into();
        for object in self.inner.store.list(&resource, "").objects {
            let key = key(text(&object, "namespace"), text(&object, "name"));
            let place = (Arc::clone(&resource), key);
            self.work
                .push_back(Work::Delete(place, Propagation::Background));
        }
        self.work.push_back(Work::Withdraw(name.to_owned()));
    }

    /// Lets a definition go that waited for the last object of its kind.
    pub(super) fn finish_definition(&mut self, name: &str) {
        let Some(definition) = self.inner.store.get(DEFINITIONS, "", name) else {
            return;
        };
        let waits = finalizers(&definition).iter().any(|it| it == CLEANUP);
        let is_ending = !definition["metadata"]["deletionTimestamp"].is_null();
        let resource = resource_of(&definition);
        if waits && is_ending && !self.inner.store.has_any(&resource) {
            let served = self.inner.registry().stored(GROUP, PLURAL);
            if let Some(served) = served {
                self.drop_finalizer(&served, &definition, CLEANUP);
            }
        }
    }

    /// Takes away the kind that a definition made, and objects that it left.
    pub(super) fn withdraw(&mut self, definition: &Value) {
        let resource = resource_of(definition);
        for object in self.inner.store.list(&resource, "").objects {
            self.take(&resource, &object);
        }
        let (group, plural) = group_and_plural(definition);
        self.inner.change_registry(|it| it.forget(group, plural));
    }
}

impl Inner {
    /// Serves a kind that a definition makes. One that is new has no past to watch.
    pub(super) fn serve(&self, kind: Kind) {
        if self.registry().stored(&kind.group, &kind.plural).is_none() {
            self.store.begin(&resource(&kind.group, &kind.plural));
        }
        self.change_registry(|it| it.define(kind));
    }

    /// # Errors
    /// When an object is to be created of a kind whose definition is to go.
    pub(super) fn check_definition(&self, served: &Served, name: &str) -> Result<(), Refusal> {
        if !served.is_custom {
            return Ok(());
        }
        let definition = self.store.get(DEFINITIONS, "", &served.resource());
        if definition.is_none_or(|it| it["metadata"]["deletionTimestamp"].is_null()) {
            return Ok(());
        }
        let why = "create not allowed while custom resource definition is terminating";
        Err(Refusal::forbidden(served.kind.named(), name, why))
    }
}

/// Says in the status of a definition that it is to go, and how far that is.
pub(super) fn set_terminating(
    definition: &mut Value,
    (reason, message): (&str, &str),
    now: Timestamp,
) {
    if !definition["status"].is_object() {
        definition["status"] = json!({});
    }
    let conditions = &mut definition["status"]["conditions"];
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(conditions) = conditions.as_array_mut() else {
        return;
    };
    let held = conditions.iter().find(|it| it["type"] == TERMINATING);
    let since = held.map(|it| it["lastTransitionTime"].clone());
    let condition = json!({ "type": TERMINATING, "status": "True", "reason": reason,
        "message": message, "lastTransitionTime": since.unwrap_or_else(|| json!(written(now))) });
    conditions.retain(|it| it["type"] != TERMINATING);
    conditions.push(condition);
}

/// What the store calls the resource that a definition makes.
fn resource_of(definition: &Value) -> String {
    let (group, plural) = group_and_plural(definition);
    resource(group, plural)
}

fn group_and_plural(definition: &Value) -> (&str, &str) {
    let spec = &definition["spec"];
    let plural = &spec["names"]["plural"];
    (
        spec["group"].as_str().unwrap_or(""),
        plural.as_str().unwrap_or(""),
    )
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition["status"]["conditions"].as_array();
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|it| it["type"] == "Established" && it["status"] == "True")
}
