//! What every object says of itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

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
        /// Who has written which fields; often left out.
        managed: Vec<Managed> = "managedFields",
    }
}

object! {
    /// The fields that somebody has written, and when they last wrote any of them.
    Managed {
        time: Option<Timestamp> = "time",
        /// A tree of keys such as `f:metadata`.
        fields: Option<Value> = "fieldsV1",
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

    /// A time since when an annotation is there at least: when whoever set it last wrote to the
    /// object. `None` where nobody kept who writes what.
    pub fn annotated_since(&self, key: &str) -> Option<Timestamp> {
        let field = format!("f:{key}");
        let owns = |it: &&Managed| {
            let annotations = it.fields.as_ref();
            let annotations = annotations.and_then(|it| it.pointer("/f:metadata/f:annotations"));
            annotations.is_some_and(|it| it.get(&field).is_some())
        };
        let writers = self.managed.iter().filter(owns);
        writers.filter_map(|it| it.time).min()
    }

    /// KEDA's name of the object in its caches and logs: `scaledobject.shop.orders`.
    pub fn identifier(&self, kind: &str) -> String {
        format!("{kind}.{}.{}", self.namespace, self.name).to_lowercase()
    }
}
