//! What an HPA's metrics say of its pods at one moment.

use jiff::Timestamp;

use super::Known;
use crate::autoscaler::{Metric, Resource};
use crate::sandbox::twin::meter::{Meter, Usage, WINDOW};
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::pod::Pod;
use crate::sandbox::twin::stage::Stage;
use crate::sim;
use crate::sim::flags::Flags;
use crate::sim::keda::fallback::SourceError;
use crate::sim::pod::Sample;
use crate::sim::proposal::{MetricError, Proposal, Reading, Scene};
use crate::sim::settings::Settings;
use crate::sim::tally::Valued;
use crate::sim::totals::Scale;

/// The values of every metric, taken from the world before anything is written.
pub(super) struct Readings<'a> {
    pub(super) pods: Vec<&'a Pod>,
    seen: Vec<sim::pod::Pod<'a>>,
    values: Vec<Values>,
    scale: Scale,
}

enum Values {
    Pods(Vec<Option<Sample>>),
    Total(i64),
    Failed(MetricError),
}

impl<'a> Readings<'a> {
    pub(super) fn of(
        known: &Known,
        stage: &'a Stage,
        meter: &Meter,
        scale: Result<Scale, ()>,
    ) -> Self {
        let pods = known.selected.pods.iter();
        let pods: Vec<&Pod> = pods.filter_map(|it| stage.world.pod(it)).collect();
        let values = known.settings.metrics.iter().enumerate();
        let values = values.map(|(place, it)| values_of(it, place, known, &pods, meter));
        Self {
            values: values.collect(),
            seen: pods.iter().map(|it| it.seen()).collect(),
            pods,
            scale: scale.unwrap_or(Scale {
                current: 0,
                observed: 0,
            }),
        }
    }

    /// What metric `index` proposes; `served` is what KEDA answers in thousandths, if it is asked.
    pub(super) fn propose(
        &self,
        settings: &Settings,
        index: usize,
        served: Option<Result<i64, SourceError>>,
        flags: &Flags,
        now: Timestamp,
    ) -> Result<Proposal, MetricError> {
        let total;
        let served = served.map(|it| match it {
            Ok(value) => Values::Total(value),
            Err(SourceError) => Values::Failed(MetricError::MetricsApi),
        });
        let reading = match served.as_ref().or(self.values.get(index)) {
            Some(Values::Pods(samples)) => Reading::Pods {
                samples,
                gone: Valued::default(),
            },
            Some(Values::Total(value)) => {
                total = [*value];
                Reading::Series(&total)
            }
            Some(Values::Failed(error)) => Reading::Failed(*error),
            None => Reading::Failed(MetricError::MetricsApi),
        };
        // A scene has readings by place, and only this one is looked at.
        let mut readings = vec![Reading::Failed(MetricError::MetricsApi); index];
        readings.push(reading);
        let scene = Scene {
            scale: self.scale,
            pods: &self.seen,
            readings: &readings,
        };
        scene.propose(settings, index, flags, now)
    }
}

fn values_of(metric: &Metric, place: usize, known: &Known, pods: &[&Pod], meter: &Meter) -> Values {
    let samples = |value: &dyn Fn(&Pod, &Usage) -> Option<i64>| {
        let sample = |pod: &&Pod| {
            let value = value(pod, meter.of(&pod.uid)?)?;
            Some(Sample {
                value,
                at: meter.at,
                window: WINDOW,
            })
        };
        let samples: Vec<Option<Sample>> = pods.iter().map(sample).collect();
        match samples.iter().any(Option::is_some) {
            true => Values::Pods(samples),
            false => Values::Failed(MetricError::NoMetricsReturned),
        }
    };
    match metric {
        Metric::Resource { resource, .. } => {
            samples(&|_, usage| Some(of_resource(usage, resource)?.iter().sum()))
        }
        Metric::ContainerResource {
            resource,
            container,
            ..
        } => samples(&|pod, usage| {
            let mut all = pod.shape.containers.iter();
            let at = all.position(|it| it.name == *container)?;
            of_resource(usage, resource)?.get(at).copied()
        }),
        Metric::Pods { .. } => samples(&|_, usage| {
            let mut all = usage.others.iter();
            all.find(|it| it.0 == place).map(|it| it.1)
        }),
        Metric::Object { .. } | Metric::External { .. } => {
            let target: Option<&(Of, Name)> = known.target.as_ref();
            let total = target.and_then(|it| meter.total(it, place));
            total.map_or(
                Values::Failed(MetricError::NoMetricsReturned),
                Values::Total,
            )
        }
    }
}

/// Millicores, or thousandths of bytes.
fn of_resource<'a>(usage: &'a Usage, resource: &Resource) -> Option<&'a Vec<i64>> {
    match resource {
        Resource::Cpu => usage.cpu.as_ref(),
        Resource::Memory => usage.memory.as_ref(),
        Resource::Other(_) => None,
    }
}
