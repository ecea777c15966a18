//! What an autoscaler is, as plain values: identity, settings, metrics, what it reported last.
//!
//! Kubernetes objects become these in `cluster/`; nothing here knows the API.

pub mod behavior;
pub mod target;
pub mod workload;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::keda::objects::{ScaledJob, ScaledObject};
use crate::schedule::{Losses, Plan};
use crate::units::{Cores, Quantity, Replicas};
use behavior::Behavior;
use target::TargetRef;

/// The kinds of autoscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub enum AutoscalerKind {
    HorizontalPodAutoscaler,
    /// Of KEDA, which makes an HPA from it.
    ScaledObject,
    /// Of KEDA, which makes jobs from it.
    ScaledJob,
}

/// How a kind of autoscaler may be spelled.
struct Names {
    kind: &'static str,
    short: &'static str,
    singular: &'static str,
    plural: &'static str,
    group: &'static str,
    version: &'static str,
}

impl AutoscalerKind {
    pub const ALL: [Self; 3] = [
        Self::HorizontalPodAutoscaler,
        Self::ScaledObject,
        Self::ScaledJob,
    ];

    /// The short name of kubectl: `hpa`.
    pub fn short(self) -> &'static str {
        self.names().short
    }

    /// The kind as the API spells it: `HorizontalPodAutoscaler`.
    pub fn as_str(self) -> &'static str {
        self.names().kind
    }

    /// The name with its group, as `kubectl get -o name` prints it.
    pub fn qualified(self) -> String {
        let Names {
            singular, group, ..
        } = self.names();
        format!("{singular}.{group}")
    }

    fn names(self) -> Names {
        match self {
            Self::HorizontalPodAutoscaler => Names {
                kind: "HorizontalPodAutoscaler",
                short: "hpa",
                singular: "horizontalpodautoscaler",
                plural: "horizontalpodautoscalers",
                group: "autoscaling",
                version: "v2",
            },
            Self::ScaledObject => Names {
                kind: "ScaledObject",
                short: "so",
                singular: "scaledobject",
                plural: "scaledobjects",
                group: "keda.sh",
                version: "v1alpha1",
            },
            Self::ScaledJob => Names {
                kind: "ScaledJob",
                short: "sj",
                singular: "scaledjob",
                plural: "scaledjobs",
                group: "keda.sh",
                version: "v1alpha1",
            },
        }
    }
}

impl FromStr for AutoscalerKind {
    type Err = ();

    /// Every spelling that kubectl takes: kind, plural, singular, short name, with or without group.
    fn from_str(text: &str) -> Result<Self, ()> {
        let lower = text.to_ascii_lowercase();
        let (resource, group) = lower.split_once('.').unwrap_or((lower.as_str(), ""));
        let is_meant = |it: &Self| {
            let names = it.names();
            let with_version = format!("{}.{}", names.version, names.group);
            [names.short, names.singular, names.plural].contains(&resource)
                && ["", names.group, &with_version].contains(&group)
        };
        Self::ALL.into_iter().find(is_meant).ok_or(())
    }
}

/// One autoscaler of a cluster. Sorts by namespace, then name, then kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AutoscalerId {
    pub namespace: String,
    pub name: String,
    pub kind: AutoscalerKind,
}

impl fmt::Display for AutoscalerId {
    /// `hpa/web in namespace shop`, as messages name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            namespace,
            name,
            kind,
        } = self;
        write!(f, "{}/{name} in namespace {namespace}", kind.short())
    }
}

/// An autoscaler as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaler {
    pub id: AutoscalerId,
    /// Tells it from another one that had its name before; `None` for one that no server has.
    pub uid: Option<String>,
    pub target: TargetRef,
    /// 1 where the object leaves it out, as the API defaults it.
    pub min: Replicas,
    pub max: Replicas,
    /// In the order of the object. CPU utilization of 80 % where the object has none.
    pub metrics: Vec<Metric>,
    /// What the object says; `None` where it says nothing, which is not the same as empty.
    pub behavior: Option<Behavior>,
    pub status: Status,
    /// `ScaledObject/orders`, where a controller owns the object and would undo changes to it.
    pub owner: Option<String>,
    /// What KEDA makes an HPA from. `metrics` has one for each of its triggers, in their order, and
    /// `status` is that of the HPA.
    pub keda: Option<Arc<ScaledObject>>,
    /// What KEDA makes jobs from. It is its own `target`, and `metrics` has one for each of its
    /// triggers, in their order.
    pub jobs: Option<Arc<ScaledJob>>,
    /// When more than the minimum is kept, beside what the object itself says.
    pub schedule: Plan,
    /// The error of the forecast that the schedule was chosen with, where that was kept.
    pub losses: Option<Losses>,
}

impl Autoscaler {
    /// The HPA that scales: itself, or the one that KEDA makes; empty for a ScaledJob, which has none.
    pub fn hpa(&self) -> String {
        match &self.keda {
            _ if self.jobs.is_some() => String::new(),
            Some(scaled) => scaled
                .status
                .hpa_name
                .clone()
                .unwrap_or_else(|| scaled.hpa_name()),
            None => self.id.name.clone(),
        }
    }

    /// The first CPU metric with a utilization target: the one that `target_cpu_pct` means.
    pub fn cpu_target(&self) -> Option<CpuTarget<'_>> {
        self.metrics.iter().find_map(|metric| match metric {
            Metric::Resource {
                resource: Resource::Cpu,
                target: Target::Utilization(percent),
            } => Some(CpuTarget {
                percent: *percent,
                container: None,
            }),
            Metric::ContainerResource {
                resource: Resource::Cpu,
                container,
                target: Target::Utilization(percent),
            } => Some(CpuTarget {
                percent: *percent,
                container: Some(container),
            }),
            _ => None,
        })
    }

    /// The first utilization target for `resource`, of pods or of one of their containers.
    pub fn utilization(&self, resource: &Resource) -> Option<u32> {
        self.metrics.iter().find_map(|it| match it.utilization() {
            Some((of, percent)) if of == resource => Some(percent),
            Some(_) | None => None,
        })
    }

    /// Sets what [`utilization`](Self::utilization) gives; whether there is such a target.
    pub fn set_utilization(&mut self, resource: &Resource, percent: u32) -> bool {
        let is_meant = |it: &&mut Metric| it.utilization().is_some_and(|it| it.0 == resource);
        let Some(metric) = self.metrics.iter_mut().find(is_meant) else {
            return false;
        };
        match metric {
            Metric::Resource { target, .. } | Metric::ContainerResource { target, .. } => {
                *target = Target::Utilization(percent);
            }
            Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => {}
        }
        true
    }
}

/// A CPU utilization target and whose usage it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuTarget<'a> {
    pub percent: u32,
    /// The one container that counts; every container of the pod where `None`.
    pub container: Option<&'a str>,
}

/// One entry of an HPA's `spec.metrics`.
#[derive(Clone, Debug, PartialEq)]
pub enum Metric {
    Resource {
        resource: Resource,
        target: Target,
    },
    ContainerResource {
        resource: Resource,
        container: String,
        target: Target,
    },
    Pods {
        name: String,
        target: Target,
    },
    Object {
        name: String,
        described: String,
        target: Target,
    },
    External {
        name: String,
        target: Target,
    },
}

impl Metric {
    /// The resource and the percentage of its request, for a metric of that kind.
    pub fn utilization(&self) -> Option<(&Resource, u32)> {
        match self {
            Self::Resource {
                resource,
                target: Target::Utilization(percent),
            }
            | Self::ContainerResource {
                resource,
                target: Target::Utilization(percent),
                ..
            } => Some((resource, *percent)),
            Self::Resource { .. }
            | Self::ContainerResource { .. }
            | Self::Pods { .. }
            | Self::Object { .. }
            | Self::External { .. } => None,
        }
    }
}

impl fmt::Display for Metric {
    /// `cpu`, `cpu of container app`, `pods metric requests`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource { resource, .. } => write!(f, "{resource}"),
            Self::ContainerResource {
                resource,
                container,
                ..
            } => write!(f, "{resource} of container {container}"),
            Self::Pods { name, .. } => write!(f, "pods metric {name}"),
            Self::Object {
                name, described, ..
            } => write!(f, "metric {name} of {described}"),
            Self::External { name, .. } => write!(f, "external metric {name}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    Cpu,
    Memory,
    Other(String),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Other(name) => name,
        })
    }
}

/// What a metric is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// Percent of the request.
    Utilization(u32),
    /// Per pod, in the metric's unit.
    AverageValue(Quantity),
    /// Of the whole, in the metric's unit.
    Value(Quantity),
}

/// What the controller last wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    pub current: Option<Replicas>,
    pub desired: Option<Replicas>,
    pub last_scale: Option<Timestamp>,
    /// In the order of the object.
    pub conditions: Vec<Condition>,
    /// CPU usage of the average pod as the controller last saw it.
    pub cpu_per_pod: Option<Cores>,
}

/// One entry of `status.conditions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `AbleToScale`, `ScalingActive`, `ScalingLimited`.
    pub kind: String,
    pub holds: Holds,
    pub reason: String,
    pub message: String,
    pub since: Option<Timestamp>,
}

/// `True`, `False` and `Unknown` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Yes,
    No,
    Unknown,
}
