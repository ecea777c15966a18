//! What was asked for: the lanes that have a unit of their own.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;

use super::Lane;
use crate::analysis::case::Case;
use crate::analysis::load::{BRIDGED_STEPS, Sample};
use crate::autoscaler::{Metric as Spec, Resource, Target};
use crate::history::Metric;

/// What was asked for by one metric.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// As messages name it: `cpu`, `external metric s0-rabbitmq`.
    pub metric: String,
    pub unit: Unit,
    /// Whether the autoscaler scales by it.
    pub is_scaled_by: bool,
    /// How much of it one replica takes at its target, by the last known request; absent where the
    /// target is not for each replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_replica: Option<f64>,
    pub lane: Lane,
}

/// In what a load is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unit {
    Cores,
    Bytes,
    /// That of the metric itself.
    Value,
}

impl Load {
    pub(super) fn reduced(self, first: usize, each: usize) -> Self {
        let lane = self.lane.reduced(first, each);
        Self { lane, ..self }
    }

    pub(super) fn with_lane(&self, lane: Lane) -> Self {
        Self {
            lane,
            ..self.clone()
        }
    }
}

/// Those of which something is known in `range` of the load's grid.
pub(in crate::analysis) fn of(case: &Case<'_>, range: Range<usize>) -> Vec<Load> {
    let reader = Reader { case, range };
    let metrics = case.autoscaler().metrics.iter().enumerate();
    let all = metrics.filter_map(|(index, metric)| reader.load(index, metric));
    let mut all: Vec<Load> = all.filter(|it| it.lane.peak().is_some()).collect();
    if !all.iter().any(|it| it.unit == Unit::Cores) {
        let usage = Load {
            metric: Resource::Cpu.to_string(),
            unit: Unit::Cores,
            is_scaled_by: false,
            per_replica: None,
            lane: reader.cpu(),
        };
        all.extend((usage.lane.peak().is_some()).then_some(usage));
    }
    all
}

struct Reader<'a> {
    case: &'a Case<'a>,
    range: Range<usize>,
}

impl Reader<'_> {
    fn load(&self, index: usize, metric: &Spec) -> Option<Load> {
        let (unit, per_replica, lane) = match metric {
            Spec::Resource { resource, target }
            | Spec::ContainerResource {
                resource, target, ..
            } => match resource {
                Resource::Cpu => (Unit::Cores, self.cores(*target), self.cpu()),
                Resource::Memory => {
                    let lane = self.series(&Metric::MemoryWorkingSet)?;
                    (Unit::Bytes, self.bytes(*target), lane)
                }
                Resource::Other(_) => return None,
            },
            Spec::Pods { target, .. }
            | Spec::Object { target, .. }
            | Spec::External { target, .. } => {
                let index = u32::try_from(index).ok()?;
                let lane = self.series(&Metric::Trigger(index))?;
                (Unit::Value, average(*target), lane)
            }
        };
        Some(Load {
            metric: metric.to_string(),
            unit,
            is_scaled_by: true,
            per_replica: per_replica.filter(|it| *it > 0.0),
            lane,
        })
    }

    /// Usage, with the busiest minute of each step.
    fn cpu(&self) -> Lane {
        let samples = &self.case.load.samples[self.range.clone()];
        let known = |it: &Option<Sample>| it.as_ref().map(|it| (it.usage, it.seen_peak()));
        Lane::with_peaks(samples.iter().map(known))
    }

    fn series(&self, metric: &Metric) -> Option<Lane> {
        let part = self.case.load.grid.part(self.range.clone());
        let series = self.case.history.get(metric)?.on(part);
        Some(Lane::of(series.bridged(BRIDGED_STEPS).iter()))
    }

    fn cores(&self, target: Target) -> Option<f64> {
        let samples = &self.case.load.samples[self.range.clone()];
        let request = samples.iter().rev().flatten().find_map(|it| it.request);
        share(target, request)
    }

    fn bytes(&self, target: Target) -> Option<f64> {
        share(target, self.case.workload.memory_request())
    }
}

fn share(target: Target, request: Option<f64>) -> Option<f64> {
    match target {
        Target::Utilization(percent) => Some(request? * f64::from(percent) / 100.0),
        Target::AverageValue(_) | Target::Value(_) => average(target),
    }
}

fn average(target: Target) -> Option<f64> {
    match target {
        Target::AverageValue(value) => Some(value.as_f64()),
        Target::Utilization(_) | Target::Value(_) => None,
    }
}
