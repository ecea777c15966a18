//! The parts of Kubernetes objects that matter here, and nothing else of them.
//!
//! Reading through these types drops the rest while it is parsed, so that a page of pods stays
//! small, and writing them makes a snapshot that holds no environment variable, no command line
//! and no `last-applied-configuration`, because they were never read.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::selector::{LabelSelector, Labels};
use std::collections::BTreeMap;

/// `apiVersion` and `kind`; empty in the items of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Labels::is_empty"
    )]
    pub labels: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<Timestamp>,
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub owner_references: Vec<Owner>,
}

impl Meta {
    /// The namespace, `default` where the object leaves it out.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// The owner that manages the object, of which there is at most one.
    pub fn controller(&self) -> Option<&Owner> {
        let controls = |it: &&Owner| it.controller == Some(true);
        self.owner_references.iter().find(controls)
    }
}

/// One entry of `metadata.ownerReferences`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<bool>,
}

/// Any object that may be a scale target, or stand between one and its pods.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scalable {
    pub api_version: String,
    pub kind: String,
    pub metadata: Meta,
    #[serde(deserialize_with = "odd_is_empty")]
    pub spec: ScalableSpec,
    #[serde(deserialize_with = "odd_is_empty")]
    pub status: ScalableStatus,
}

/// Lenient, since another kind may give other meanings to the same names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalableSpec {
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub template: Option<PodTemplate>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScalableStatus {
    /// Where custom resources keep what their scale subresource gives as selector.
    #[serde(deserialize_with = "lenient", skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplate {
    #[serde(deserialize_with = "null_is_empty")]
    pub metadata: TemplateMeta,
    pub spec: PodSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateMeta {
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Labels::is_empty"
    )]
    pub labels: Labels,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub init_containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_empty")]
    pub containers: Vec<Container>,
    /// Of the pod as a whole.
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Resources::is_empty"
    )]
    pub resources: Resources,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<String>,
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Resources::is_empty"
    )]
    pub resources: Resources,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readiness_probe: Option<Probe>,
}

/// When a probe asks; how it asks may hold credentials and is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_delay_seconds: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<i32>,
}

/// Quantities by resource, as text or number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub requests: BTreeMap<String, Value>,
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub limits: BTreeMap<String, Value>,
}

impl Resources {
    fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.limits.is_empty()
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    pub api_version: String,
    pub kind: String,
    pub metadata: Meta,
    pub spec: PodSpec,
    #[serde(deserialize_with = "null_is_empty")]
    pub status: PodStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub conditions: Vec<PodCondition>,
    #[serde(
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub container_statuses: Vec<ContainerStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Timestamp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    pub name: String,
    pub restart_count: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DisruptionBudget {
    pub api_version: String,
    pub kind: String,
    pub metadata: Meta,
    #[serde(deserialize_with = "null_is_empty")]
    pub spec: DisruptionBudgetSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DisruptionBudgetSpec {
    /// A number or a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<Value>,
    /// A number or a percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<Value>,
    /// `None` matches no pod, an empty one every pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}

/// Go writes `null` for empty maps and lists.
fn null_is_empty<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A value of another shape is no value.
fn lenient<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// A value of another shape is an empty one.
fn odd_is_empty<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    Ok(lenient(from)?.unwrap_or_default())
}

/// A TriggerAuthentication or ClusterTriggerAuthentication without anything that it gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Authentication {
    pub api_version: String,
    pub kind: String,
    pub metadata: AuthenticationMeta,
    #[serde(deserialize_with = "odd_is_empty")]
    pub status: AuthenticationStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthenticationMeta {
    pub name: String,
    /// `None` for those of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// The names of what uses it, by KEDA's own word, with commas between.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthenticationStatus {
    #[serde(rename = "scaledobjects", skip_serializing_if = "String::is_empty")]
    pub scaled_objects: String,
    #[serde(rename = "scaledjobs", skip_serializing_if = "String::is_empty")]
    pub scaled_jobs: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writing_what_was_read_leaves_secrets_out() {
        let pod: Pod = serde_json::from_value(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web-1", "namespace": "shop", "labels": null,
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
            "spec": {"containers": [{"name": "app", "command": ["--password=x"],
                "env": [{"name": "TOKEN", "value": "x"}],
                "resources": {"requests": {"cpu": "1"}, "limits": null},
                "readinessProbe": {"httpGet": {"httpHeaders": []}, "periodSeconds": 5}}]},
            "status": null,
        }))
        .unwrap();
        let written = serde_json::to_value(&pod).unwrap();
        let expected = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web-1", "namespace": "shop"},
            "spec": {"containers": [{"name": "app",
                "resources": {"requests": {"cpu": "1"}}, "readinessProbe": {"periodSeconds": 5}}]},
            "status": {},
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn another_meaning_of_a_field_is_no_error() {
        let odd: Scalable = serde_json::from_value(json!({
            "apiVersion": "example.com/v1", "kind": "Odd", "metadata": {"name": "odd"},
            "spec": {"replicas": "three", "template": "nginx", "selector": 7},
        }))
        .unwrap();
        assert_eq!(odd.spec, ScalableSpec::default());
        let odder = json!({"kind": "Odd", "metadata": {}, "spec": "none", "status": [1]});
        let odder: Scalable = serde_json::from_value(odder).unwrap();
        assert_eq!(odder.spec, ScalableSpec::default());
    }
}
