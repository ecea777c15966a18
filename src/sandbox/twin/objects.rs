//! What the twin asks of an API server.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::sandbox::status::Refusal;

/// The kinds that the twin reads and writes. Sorts so that owners come before what they own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Of {
    Node,
    Deployment,
    ReplicaSet,
    StatefulSet,
    ScaledObject,
    ScaledJob,
    Hpa,
    Job,
    Pod,
    Event,
    Secret,
    ConfigMap,
    TriggerAuthentication,
    ClusterTriggerAuthentication,
}

impl Of {
    /// Those whose changes the twin looks at.
    pub(super) const WATCHED: [Self; 9] = [
        Self::Node,
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::ScaledObject,
        Self::ScaledJob,
        Self::Hpa,
        Self::Job,
        Self::Pod,
    ];

    pub(crate) fn group(self) -> &'static str {
        match self {
            Self::Node | Self::Pod | Self::Event | Self::Secret | Self::ConfigMap => "",
            Self::Deployment | Self::ReplicaSet | Self::StatefulSet => "apps",
            Self::Hpa => "autoscaling",
            Self::Job => "batch",
            Self::ScaledObject
            | Self::ScaledJob
            | Self::TriggerAuthentication
            | Self::ClusterTriggerAuthentication => "keda.sh",
        }
    }

    pub(crate) fn api_version(self) -> &'static str {
        match self {
            Self::Node | Self::Pod | Self::Event | Self::Secret | Self::ConfigMap => "v1",
            Self::Deployment | Self::ReplicaSet | Self::StatefulSet => "apps/v1",
            Self::Hpa => "autoscaling/v2",
            Self::Job => "batch/v1",
            Self::ScaledObject
            | Self::ScaledJob
            | Self::TriggerAuthentication
            | Self::ClusterTriggerAuthentication => "keda.sh/v1alpha1",
        }
    }

    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Node => "Node",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::ScaledObject => "ScaledObject",
            Self::ScaledJob => "ScaledJob",
            Self::Hpa => "HorizontalPodAutoscaler",
            Self::Job => "Job",
            Self::Pod => "Pod",
            Self::Event => "Event",
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
            Self::TriggerAuthentication => "TriggerAuthentication",
            Self::ClusterTriggerAuthentication => "ClusterTriggerAuthentication",
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Node => "nodes",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
            Self::ScaledObject => "scaledobjects",
            Self::ScaledJob => "scaledjobs",
            Self::Hpa => "horizontalpodautoscalers",
            Self::Job => "jobs",
            Self::Pod => "pods",
            Self::Event => "events",
            Self::Secret => "secrets",
            Self::ConfigMap => "configmaps",
            Self::TriggerAuthentication => "triggerauthentications",
            Self::ClusterTriggerAuthentication => "clustertriggerauthentications",
        }
    }

    /// Whether KEDA's operator writes it, not the controllers of Kubernetes.
    pub(super) fn is_kedas(self) -> bool {
        self.group() == "keda.sh"
    }

    /// The kind of that name among those that have replicas.
    pub(crate) fn scalable(group: &str, kind: &str) -> Option<Self> {
        let all = [Self::Deployment, Self::ReplicaSet, Self::StatefulSet];
        let mut all = all.into_iter();
        all.find(|it| it.group() == group && it.kind() == kind)
    }
}

/// The name of an object of a known kind; the namespace is empty for a node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Name {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    pub(super) fn of(object: &Value) -> Self {
        let part = |pointer| super::fields::text(object, pointer);
        Self::new(part("/metadata/namespace"), part("/metadata/name"))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// An API server in the same process. Writes pass through all that a request would, as the
/// controllers' own user.
pub(crate) trait Objects: Send + Sync {
    /// The resource version of the newest write. Equal versions mean equal objects.
    fn version(&self) -> u64;

    /// Every object of the kind, in all namespaces. An object that did not change is the same
    /// allocation as before.
    fn list(&self, of: Of) -> Vec<Arc<Value>>;

    fn get(&self, of: Of, name: &Name) -> Option<Arc<Value>>;

    /// # Errors
    /// What the server refuses the object for.
    fn create(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal>;

    /// # Errors
    /// What the server refuses the object for; a conflict where it is of an older version.
    fn update(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal>;

    /// Writes the status alone.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn update_status(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal>;

    /// Writes the count through the scale subresource and gives the scaled object.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    fn scale(&self, of: Of, name: &Name, replicas: i32) -> Result<Arc<Value>, Refusal>;

    /// Deletes without a grace period; gives what is left of the object where finalizers hold it.
    ///
    /// # Errors
    /// Where it is not there.
    fn delete(&self, of: Of, name: &Name) -> Result<Option<Arc<Value>>, Refusal>;
}
