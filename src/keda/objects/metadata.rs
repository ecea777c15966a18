//! What every object says of itself.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::object;

object! {
    /// The metadata of an object, as far as KEDA's rules look at it.
    Metadata {
        name: String = "name",
        /// Empty for objects of the whole cluster, and where a manifest leaves it out.
        namespace: String = "namespace",
        uid: String = "uid",
        /// Raised by the API server with every change of the spec.
        generation: Option<i64> = "generation",
        created: Option<Timestamp> = "creationTimestamp",
        /// When deletion was asked for.
        deleted: Option<Timestamp> = "deletionTimestamp",
        labels: BTreeMap<String, String> = "labels",
        annotations: BTreeMap<String, String> = "annotations",
        finalizers: Vec<String> = "finalizers",
        owners: Vec<OwnerReference> = "ownerReferences",
    }
}

object! {
    /// An object that owns this one.
    OwnerReference {
        api_version: String = "apiVersion",
        kind: String = "kind",
        name: String = "name",
        uid: String = "uid",
        controller: bool = "controller",
    }
}

impl Metadata {
    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }

    /// KEDA's name of the object in its caches and logs: `scaledobject.shop.orders`.
    pub fn identifier(&self, kind: &str) -> String {
        format!("{kind}.{}.{}", self.namespace, self.name).to_lowercase()
    }
}
