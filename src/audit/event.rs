//! One record, as Kubernetes has its audit events.

mod make;

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use make::{answered, received, request_uri, user};

use super::policy::Level;

pub const API_VERSION: &str = "audit.k8s.io/v1";
pub const KIND: &str = "Event";

/// Annotations, all of them texts. What is not known is left out.
pub mod annotation {
    pub const PREFIX: &str = "stepscale.io/";
    pub const OS_USER: &str = "stepscale.io/os-user";
    pub const HOST: &str = "stepscale.io/host";
    pub const PID: &str = "stepscale.io/pid";
    pub const COMMAND: &str = "stepscale.io/command";
    pub const CLUSTER: &str = "stepscale.io/cluster";
    pub const SERVER: &str = "stepscale.io/server";
    /// `horizontalpodautoscalers.autoscaling/shop/web`.
    pub const TARGET: &str = "stepscale.io/target";
    pub const WHY: &str = "stepscale.io/why";
    pub const FORCED: &str = "stepscale.io/forced";
    /// JSON: a list of `path`, `from` and `to`.
    pub const CHANGES: &str = "stepscale.io/changes";
    /// `done`, `refused`, `failed` or `panicked`.
    pub const RESULT: &str = "stepscale.io/result";
    pub const DETAIL: &str = "stepscale.io/detail";
    /// Seconds with their unit: `0.250s`.
    pub const DURATION: &str = "stepscale.io/duration";
}

/// When a record was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Before anything is done.
    RequestReceived,
    /// While the answer of a watch still comes: of Kubernetes, and none of ours.
    ResponseStarted,
    /// When it is done, refused or has failed.
    ResponseComplete,
    /// When it ended by a bug.
    Panic,
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
            Self::Panic => "Panic",
        }
    }
}

/// An account of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    #[serde(default)]
    pub username: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// An object of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectRef {
    /// In the plural: `horizontalpodautoscalers`.
    pub resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
}

impl ObjectRef {
    /// A ScalingRecommendation.
    pub fn recommendation(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        use crate::lifecycle::form::{GROUP, PLURAL, VERSION};
        Self {
            resource: PLURAL.to_owned(),
            namespace: namespace.into(),
            name: name.into(),
            api_group: GROUP.to_owned(),
            api_version: VERSION.to_owned(),
            ..Self::default()
        }
    }

    /// Its path at the API server.
    fn path(&self) -> String {
        let mut path = match self.api_group.as_str() {
            "" => format!("/api/{}", self.api_version),
            group => format!("/apis/{group}/{}", self.api_version),
        };
        if !self.namespace.is_empty() {
            path += &format!("/namespaces/{}", self.namespace);
        }
        format!("{path}/{}/{}", self.resource, self.name)
    }
}

impl fmt::Display for ObjectRef {
    /// `horizontalpodautoscalers.autoscaling/shop/web`: the same for every version of its API.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource)?;
        for (before, part) in [('.', &self.api_group), ('/', &self.namespace)] {
            if !part.is_empty() {
                write!(f, "{before}{part}")?;
            }
        }
        write!(f, "/{}", self.name)
    }
}

/// `Status` of Kubernetes, as far as it says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseStatus {
    /// `Success` or `Failure`.
    #[serde(default)]
    pub status: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    #[serde(default)]
    pub code: u16,
}

/// A record. Fields that Kubernetes knows and ours never have are not read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub kind: String,
    pub api_version: String,
    pub level: Level,
    #[serde(rename = "auditID")]
    pub audit_id: String,
    pub stage: Stage,
    /// The path of the recommendation, else of the target, else of what it is about.
    #[serde(rename = "requestURI")]
    pub request_uri: String,
    pub verb: String,
    /// Whom the cluster takes us for, or the account of the operating system.
    pub user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonated_user: Option<User>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    /// The recommendation; the target where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_ref: Option<ObjectRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_status: Option<ResponseStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_object: Option<Value>,
    #[serde(with = "micros")]
    pub request_received_timestamp: Timestamp,
    #[serde(with = "micros")]
    pub stage_timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Event {
    /// What an annotation says; empty where it is not there.
    pub fn annotation(&self, name: &str) -> &str {
        self.annotations.get(name).map_or("", String::as_str)
    }
}

/// An id for an action: a UUID of version 4.
///
/// # Errors
/// Where the system has no randomness to give.
pub fn new_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(uuid(bytes))
}

fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

/// RFC 3339 with six digits, as `MicroTime` of Kubernetes.
pub(super) mod micros {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn text(at: Timestamp) -> String {
        format!("{at:.6}")
    }

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&text(*at))
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::deserialize(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_paths_and_names_of_the_api() {
        let web = ObjectRef::recommendation("shop", "web");
        assert_eq!(
            web.path(),
            "/apis/stepscale.io/v1alpha1/namespaces/shop/scalingrecommendations/web"
        );
        assert_eq!(
            web.to_string(),
            "scalingrecommendations.stepscale.io/shop/web"
        );
        let node = ObjectRef {
            resource: "nodes".to_owned(),
            name: "a".to_owned(),
            api_version: "v1".to_owned(),
            ..ObjectRef::default()
        };
        assert_eq!(node.path(), "/api/v1/nodes/a");
        assert_eq!(node.to_string(), "nodes/a");
    }

    #[test]
    fn ids_are_uuids_and_differ() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_ne!(new_id().unwrap(), new_id().unwrap());
    }

    #[test]
    fn times_have_six_digits() {
        let cases = [
            ("2026-11-22T05:00:00Z", "2026-11-22T05:00:00.000000Z"),
            (
                "2026-11-22T05:00:00.123456789Z",
                "2026-11-22T05:00:00.123456Z",
            ),
        ];
        for (given, expected) in cases {
            assert_eq!(micros::text(given.parse().unwrap()), expected);
        }
    }
}
