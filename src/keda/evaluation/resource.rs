//! `cpu` and `memory`: what the pods use now against what the HPA holds it at.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::trigger::{HpaMetric, MetricSource, MetricTarget};
use crate::autoscaler::{Holds, Metric, Resource, Target};
use crate::sim::flags::Flags;
use crate::sim::pod::{Phase, Pod, Ready, Sample, Template};
use crate::sim::proposal::{MetricError, Reading, Reported, Scene};
use crate::sim::settings::{Settings, Tolerance};
use crate::sim::tally::Valued;
use crate::sim::totals::Scale;
use crate::units::Quantity;

/// A pod of the scale target, and what it uses where the metrics API tells.
#[derive(Clone, Debug, PartialEq)]
pub struct LivePod {
    pub template: Template,
    pub phase: Phase,
    pub is_deleted: bool,
    pub started: Option<Timestamp>,
    pub ready: Option<Ready>,
    pub usage: Option<Usage>,
}

/// One pod's entry in the metrics API.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    pub at: Timestamp,
    pub window: SignedDuration,
    /// By container, then by resource.
    pub containers: BTreeMap<String, BTreeMap<String, Quantity>>,
}

/// What the pods use together, as the HPA would report it, and what it asks for by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Percent of the requests, for a target of that kind.
    pub utilization: Option<i32>,
    /// Thousandths for each pod.
    pub average_milli: Option<i64>,
    pub replicas: i32,
}

/// Why there is no usage to judge by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoUsage {
    #[error("this is no metric of the pods")]
    OtherMetric,
    #[error(transparent)]
    Hpa(#[from] MetricError),
}

impl LivePod {
    /// Whether it runs and is ready, as an HPA counts for totals.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Running && self.ready.is_some_and(|it| it.holds == Holds::Yes)
    }

    fn view(&self) -> Pod<'_> {
        Pod {
            template: &self.template,
            phase: self.phase,
            is_deleted: self.is_deleted,
            started: self.started,
            ready: self.ready,
        }
    }

    /// What it uses; nothing where a container has no value, as the HPA has it.
    fn sample(&self, resource: &str, container: Option<&str>) -> Option<Sample> {
        let usage = self.usage.as_ref()?;
        let wanted = usage
            .containers
            .iter()
            .filter(|(name, _)| container.is_none_or(|it| it == name.as_str()));
        let value = Sample::of_pod(wanted.map(|(_, it)| it.get(resource).copied()))?;
        Some(Sample {
            value,
            at: usage.at,
            window: usage.window,
        })
    }
}

/// What `pods` use of a trigger's metric at `now`.
///
/// # Errors
/// As the HPA would have them.
pub fn used(
    metric: &HpaMetric,
    pods: &[LivePod],
    scale: Scale,
    tolerance: Tolerance,
    now: Timestamp,
) -> Result<Used, NoUsage> {
    let (metric, resource, container) = translated(metric).ok_or(NoUsage::OtherMetric)?;
    let samples: Vec<Option<Sample>> = pods
        .iter()
        .map(|it| it.sample(resource, container))
        .collect();
    if samples.iter().all(Option::is_none) {
        return Err(MetricError::NoMetricsReturned.into());
    }
    let readings = [Reading::Pods {
        samples: &samples,
        gone: Valued::default(),
    }];
    let views: Vec<Pod<'_>> = pods.iter().map(LivePod::view).collect();
    let scene = Scene {
        scale,
        pods: &views,
        readings: &readings,
    };
    let settings = Settings {
        min: 1,
        max: i32::MAX,
        metrics: vec![metric],
        tolerance,
        pace: None,
    };
    let proposal = scene.propose(&settings, 0, &Flags::default(), now)?;
    let Reported { utilization, value } = proposal.reported;
    Ok(Used {
        utilization,
        average_milli: value,
        replicas: proposal.replicas,
    })
}

fn translated(metric: &HpaMetric) -> Option<(Metric, &str, Option<&str>)> {
    let target = match &metric.target {
        MetricTarget::Utilization { percent } => Target::Utilization(u32::try_from(*percent).ok()?),
        MetricTarget::AverageValue { milli } => {
            Target::AverageValue(format!("{milli}m").parse().ok()?)
        }
        MetricTarget::Value { .. } | MetricTarget::Unknown { .. } => return None,
    };
    let kind = |name: &str| match name {
        "cpu" => Resource::Cpu,
        "memory" => Resource::Memory,
        other => Resource::Other(other.to_owned()),
    };
    Some(match &metric.source {
        MetricSource::External { .. } => return None,
        MetricSource::Resource { resource } => (
            Metric::Resource {
                resource: kind(resource),
                target,
            },
            resource,
            None,
        ),
        MetricSource::ContainerResource {
            resource,
            container,
        } => (
            Metric::ContainerResource {
                resource: kind(resource),
                container: container.clone(),
                target,
            },
            resource,
            Some(container),
        ),
    })
}
