//! Who may do what: RBAC over Role, ClusterRole and their bindings.

use std::sync::Arc;

use serde_json::Value;

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) groups: Vec<String>,
}

/// What is asked for, in the words of RBAC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) version: String,
    /// The plural; empty for a path that is no resource.
    pub(crate) resource: String,
    pub(crate) subresource: String,
    /// Empty for all, and for cluster-wide kinds.
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Where there is no resource: `/healthz`.
    pub(crate) path: String,
}

/// The RBAC objects of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) roles: Vec<Arc<Value>>,
    pub(crate) cluster_roles: Vec<Arc<Value>>,
    pub(crate) role_bindings: Vec<Arc<Value>>,
    pub(crate) cluster_role_bindings: Vec<Arc<Value>>,
}

impl Policies {
    /// The reason why it is allowed; `None` if it is not.
    pub(crate) fn allow(&self, _user: &User, _asked: &Attributes) -> Option<String> {
        Some(String::new())
    }
}
