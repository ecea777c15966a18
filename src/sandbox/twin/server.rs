//! The sandbox's own API server, as the twin calls it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Name, Objects, Of};
use crate::sandbox::api::Api;
use crate::sandbox::status::{Named, Refusal};

/// Who writes, as managed fields record it.
const CONTROLLERS: &str = "kube-controller-manager";
const KUBELET: &str = "kubelet";
const KEDA: &str = "keda-operator";

/// The manager of an object itself.
fn manager(of: Of) -> &'static str {
    if of.is_kedas() { KEDA } else { CONTROLLERS }
}

impl Objects for Api {
    fn version(&self) -> u64 {
        Self::version(self)
    }

    fn list(&self, of: Of) -> Vec<Arc<Value>> {
        Self::list(self, of.group(), of.plural(), "")
    }

    fn get(&self, of: Of, name: &Name) -> Option<Arc<Value>> {
        Self::get(self, of.group(), of.plural(), &name.namespace, &name.name)
    }

    fn create(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal> {
        Self::create(self, manager(of), object)
    }

    fn update(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal> {
        Self::update(self, manager(of), object)
    }

    fn update_status(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal> {
        let manager = if of == Of::Pod { KUBELET } else { manager(of) };
        Self::update_status(self, manager, object)
    }

    fn scale(&self, of: Of, name: &Name, replicas: i32) -> Result<Arc<Value>, Refusal> {
        let replicas = u32::try_from(replicas).unwrap_or(0);
        Self::scale(self, CONTROLLERS, &reference(of, name), replicas)?;
        Objects::get(self, of, name).ok_or_else(|| missing(of, name))
    }

    fn delete(&self, of: Of, name: &Name) -> Result<Option<Arc<Value>>, Refusal> {
        Self::delete(self, &reference(of, name))
    }
}

/// As much of an object as says which one it is.
fn reference(of: Of, name: &Name) -> Value {
    json!({ "apiVersion": of.api_version(), "kind": of.kind(),
        "metadata": { "namespace": &*name.namespace, "name": &*name.name } })
}

fn missing(of: Of, name: &Name) -> Refusal {
    let named = Named {
        group: of.group(),
        kind: of.kind(),
        plural: of.plural(),
    };
    Refusal::not_found(named, &name.name)
}
