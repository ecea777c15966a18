//! What is known of the namespace that an object is to be in, as far as the webhook asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::keda::objects::{FieldErrors, Metadata, ScaleTarget, ScaledObject, object, read_whole};

/// What is known of the namespace. `None` where it was not looked at: checks that need it are
/// not made, and the verdict says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// The ScaledObjects of the namespace; the object itself may be among them.
    pub scaled_objects: Option<Vec<ScaledObject>>,
    pub hpas: Option<Vec<ExistingHpa>>,
    /// Deployments and StatefulSets of `apps/v1`.
    pub workloads: Option<Vec<Workload>>,
    pub limit_ranges: Option<Vec<LimitRange>>,
    pub kinds: Kinds,
}

/// The kinds that the cluster knows. Deployment and StatefulSet are never asked about.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Kinds {
    #[default]
    NotAsked,
    /// As API version and kind.
    Known(BTreeSet<(String, String)>),
}

/// What is scaled, with everything that tells it from others in its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetId {
    pub api_version: String,
    pub kind: String,
    pub name: String,
}

impl TargetId {
    /// What a ScaledObject or an HPA scales, with KEDA's defaults.
    pub fn of(target: &ScaleTarget) -> Self {
        Self {
            api_version: target.api_version_or_default().to_owned(),
            kind: target.kind_or_default().to_owned(),
            name: target.name.clone(),
        }
    }
}

impl fmt::Display for TargetId {
    /// `Deployment web`, and `Rollout web of argoproj.io/v1alpha1` for what is not of `apps/v1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)?;
        if self.api_version != ScaleTarget::DEFAULT_API_VERSION {
            write!(f, " of {}", self.api_version)?;
        }
        Ok(())
    }
}

impl Kinds {
    /// Whether the cluster knows the kind of a target; `None` where it was not asked.
    pub(super) fn know(&self, target: &TargetId) -> Option<bool> {
        if target.api_version.matches('/').count() > 1 {
            return Some(false);
        }
        // KEDA does not ask about these two, whatever group they are written with.
        if matches!(target.kind.as_str(), "Deployment" | "StatefulSet") {
            return Some(true);
        }
        match self {
            Self::NotAsked => None,
            Self::Known(kinds) => {
                let kind = (target.api_version.clone(), target.kind.clone());
                Some(kinds.contains(&kind))
            }
        }
    }
}

/// An HPA that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ExistingHpa {
    pub metadata: Metadata,
    pub target: ScaleTarget,
}

/// A workload that is there, with what its containers ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// `Deployment` or `StatefulSet`.
    pub kind: String,
    pub metadata: Metadata,
    pub containers: Vec<WorkloadContainer>,
}

object! {
    WorkloadContainer {
        name: String = "name",
        resources: ResourceMaps = "resources",
    }
}

object! {
    /// Quantities by resource.
    ResourceMaps {
        requests: BTreeMap<String, Value> = "requests",
        limits: BTreeMap<String, Value> = "limits",
    }
}

/// A LimitRange that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitRange {
    pub metadata: Metadata,
    pub limits: Vec<LimitRangeItem>,
}

object! {
    LimitRangeItem {
        /// `Container`, `Pod` or `PersistentVolumeClaim`.
        kind: String = "type",
        default_limits: BTreeMap<String, Value> = "default",
        default_requests: BTreeMap<String, Value> = "defaultRequest",
    }
}

impl ExistingHpa {
    pub fn read(value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| Self {
            metadata: root.get("metadata").read(),
            target: root.get("spec").get("scaleTargetRef").read(),
        })
    }
}

impl Workload {
    /// Reads a Deployment or StatefulSet; `kind` is told, since items of lists do not have it.
    pub fn read(kind: &str, value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| {
            let pod = root.get("spec").get("template").get("spec");
            Self {
                kind: kind.to_owned(),
                metadata: root.get("metadata").read(),
                containers: pod.get("containers").read(),
            }
        })
    }
}

impl LimitRange {
    pub fn read(value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| Self {
            metadata: root.get("metadata").read(),
            limits: root.get("spec").get("limits").read(),
        })
    }
}
