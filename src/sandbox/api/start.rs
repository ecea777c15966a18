//! What is in a cluster before anybody comes.

use serde_json::{Value, json};

use super::Api;
use crate::sandbox::access::defaults;

/// Namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

impl Api {
    pub(super) fn begin(&self) {
        let namespaces = NAMESPACES.iter().map(|it| namespace(it));
        let roles = defaults::cluster_roles().into_iter();
        let bindings = defaults::cluster_role_bindings();
        self.load(namespaces.chain(roles).chain(bindings).collect());
    }
}

/// An active namespace.
pub(super) fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
        "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" } })
}
