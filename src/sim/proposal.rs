//! What each metric of an HPA proposes at one moment.

use jiff::Timestamp;

use super::flags::Flags;
use super::grouping::Grouping;
use super::numbers::milli;
use super::pod::{Pod, Sample};
use super::requests::{Wanted, request_of};
use super::settings::{Settings, Tolerance};
use super::tally::{PodTarget, Tally, Valued};
use super::totals::{self, Scale, Source};
use crate::autoscaler::{Metric, Resource, Target};

/// How many pods one metric asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub replicas: i32,
    pub reported: Reported,
}

/// What `status.currentMetrics` shows of a metric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// Percent of the request, for utilization targets.
    pub utilization: Option<i32>,
    /// Thousandths; `None` where it would be shared among no pods.
    pub value: Option<i64>,
}

/// Why a metric proposes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum MetricError {
    #[error("the metrics API answered with an error")]
    MetricsApi,
    #[error("the metrics API answered an empty list")]
    NoMetricsReturned,
    #[error("no pod matches the scale target's selector")]
    NoPods,
    #[error("no value is left after those of ignored and unready pods")]
    NoUsablePodMetrics,
    #[error("a pod has no request for the resource")]
    MissingRequest,
    #[error("a pod has no container of that name")]
    ContainerNotFound,
    #[error("the requests of the pods with values sum to zero")]
    ZeroTotalRequests,
    #[error("the metric has no target that fits its type")]
    InvalidTarget,
    #[error("the metric is of an unknown type")]
    UnknownType,
}

/// What the metrics APIs know of one metric.
#[derive(Clone, Copy, Debug)]
pub enum Reading<'a> {
    /// Of Resource, ContainerResource and Pods metrics.
    Pods {
        /// Beside the pods; `None` for one without a value.
        samples: &'a [Option<Sample>],
        /// Values of pods that the selector does not match, or no longer.
        gone: Valued,
    },
    /// Of Object and External metrics: one value for each series, in thousandths.
    Series(&'a [i64]),
    Failed(MetricError),
}

/// What a sync looks at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub scale: Scale,
    /// Every pod that the scale target's selector matches.
    pub pods: &'a [Pod<'a>],
    /// Beside the metrics of the settings.
    pub readings: &'a [Reading<'a>],
}

impl Scene<'_> {
    /// What metric `index` of `settings` proposes.
    ///
    /// # Errors
    ///
    /// Any [`MetricError`]; a metric without a reading fails as an API without an answer does.
    pub fn propose(
        &self,
        settings: &Settings,
        index: usize,
        flags: &Flags,
        now: Timestamp,
    ) -> Result<Proposal, MetricError> {
        let Some(metric) = settings.metrics.get(index) else {
            return Err(MetricError::UnknownType);
        };
        let reading = self.readings.get(index).copied();
        let reading = reading.unwrap_or(Reading::Failed(MetricError::MetricsApi));
        let target = Aim::of(metric)?;
        match (reading, target) {
            (Reading::Failed(err), _) => Err(err),
            (Reading::Pods { samples, gone }, Aim::PerPod { target, wanted }) => {
                let seen = Seen { samples, gone };
                let grouping = Grouping::new(flags, now, wanted.is_some_and(is_cpu));
                let tally = self.tally(seen, &grouping, target, wanted, flags)?;
                tally.propose(target, self.scale.current, &settings.tolerance)
            }
            (Reading::Series(values), Aim::Total(total)) => {
                let ready = || totals::count_ready(self.pods);
                total.propose(values, self.scale, &settings.tolerance, ready)
            }
            (Reading::Pods { .. }, Aim::Total(_)) | (Reading::Series(_), Aim::PerPod { .. }) => {
                Err(MetricError::NoMetricsReturned)
            }
        }
    }

    fn tally(
        &self,
        seen: Seen<'_>,
        grouping: &Grouping,
        target: PodTarget,
        wanted: Option<(&Resource, Option<&str>)>,
        flags: &Flags,
    ) -> Result<Tally, MetricError> {
        let request = |pod: &Pod<'_>| match (target, wanted) {
            (PodTarget::Utilization(_), Some((resource, container))) => {
                let wanted = Wanted {
                    resource,
                    container,
                    pod_level: flags.pod_level_resources,
                };
                request_of(pod, &wanted)
            }
            (PodTarget::Utilization(_), None) | (PodTarget::Average(_), _) => Ok(0),
        };
        Tally::of_pods(
            self.pods,
            seen.samples,
            seen.gone,
            grouping,
            target,
            request,
        )
    }
}

struct Seen<'a> {
    samples: &'a [Option<Sample>],
    gone: Valued,
}

fn is_cpu((resource, _): (&Resource, Option<&str>)) -> bool {
    *resource == Resource::Cpu
}

/// What a metric is compared with, and how.
#[derive(Clone, Debug)]
pub(super) enum Aim<'a> {
    PerPod {
        target: PodTarget,
        /// The resource, and the one container that counts.
        wanted: Option<(&'a Resource, Option<&'a str>)>,
    },
    Total(Total),
}

impl<'a> Aim<'a> {
    pub(super) fn of(metric: &'a Metric) -> Result<Self, MetricError> {
        Ok(match metric {
            Metric::Resource { resource, target } => Self::PerPod {
                target: pod_target(*target)?,
                wanted: Some((resource, None)),
            },
            Metric::ContainerResource {
                resource,
                container,
                target,
            } => Self::PerPod {
                target: pod_target(*target)?,
                wanted: Some((resource, Some(container))),
            },
            Metric::Pods { target, .. } => match target {
                Target::AverageValue(value) => Self::PerPod {
                    target: PodTarget::Average(milli(*value)),
                    wanted: None,
                },
                Target::Utilization(_) | Target::Value(_) => {
                    return Err(MetricError::InvalidTarget);
                }
            },
            Metric::Object { target, .. } => Self::Total(Total::of(Source::Object, *target)?),
            Metric::External { target, .. } => Self::Total(Total::of(Source::External, *target)?),
        })
    }
}

fn pod_target(target: Target) -> Result<PodTarget, MetricError> {
    match target {
        Target::Utilization(percent) => Ok(PodTarget::Utilization(percent)),
        Target::AverageValue(value) => Ok(PodTarget::Average(milli(value))),
        Target::Value(_) => Err(MetricError::InvalidTarget),
    }
}

/// What a total is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    source: Source,
    target: TotalTarget,
}

/// Thousandths.
#[derive(Clone, Copy, Debug)]
enum TotalTarget {
    Value(i64),
    Average(i64),
}

impl Total {
    fn of(source: Source, target: Target) -> Result<Self, MetricError> {
        let target = match target {
            Target::Value(value) => TotalTarget::Value(milli(value)),
            Target::AverageValue(value) => TotalTarget::Average(milli(value)),
            Target::Utilization(_) => return Err(MetricError::InvalidTarget),
        };
        Ok(Self { source, target })
    }

    /// How many pods `values`, one for each series, ask for; `ready` is how many serve.
    pub(super) fn propose(
        &self,
        values: &[i64],
        scale: Scale,
        tolerance: &Tolerance,
        ready: impl FnOnce() -> Result<i64, MetricError>,
    ) -> Result<Proposal, MetricError> {
        let Scale { current, observed } = scale;
        match self.target {
            TotalTarget::Value(target) => {
                let total = totals::sum_of_values(values);
                totals::propose_value(total, target, current, tolerance, ready)
            }
            TotalTarget::Average(target) => {
                let total = match self.source {
                    Source::Object => totals::sum_of_values(values),
                    Source::External => totals::sum_of_averages(values),
                };
                Ok(totals::propose_average(
                    self.source,
                    total,
                    target,
                    observed,
                    tolerance,
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Quantity;

    fn proposed(metric: Metric, reading: Reading<'_>) -> Result<Proposal, MetricError> {
        let flags = Flags::default();
        let settings = Settings {
            min: 1,
            max: 10,
            metrics: vec![metric],
            tolerance: Tolerance::of(None, &flags),
            pace: None,
        };
        let scene = Scene {
            scale: Scale {
                current: 2,
                observed: 2,
            },
            pods: &[],
            readings: &[reading],
        };
        scene.propose(&settings, 0, &flags, Timestamp::UNIX_EPOCH)
    }

    fn external(target: Target) -> Metric {
        Metric::External {
            name: "queue".to_owned(),
            target,
        }
    }

    #[test]
    fn a_target_must_fit_its_metric() {
        let value = Target::Value(Quantity::default());
        let unfit = [
            external(Target::Utilization(50)),
            Metric::Resource {
                resource: Resource::Cpu,
                target: value,
            },
            Metric::Pods {
                name: "rps".to_owned(),
                target: value,
            },
        ];
        for metric in unfit {
            let found = proposed(metric.clone(), Reading::Failed(MetricError::MetricsApi));
            assert_eq!(found, Err(MetricError::InvalidTarget), "{metric}");
        }
    }

    #[test]
    fn a_reading_must_fit_its_metric() {
        let target = Target::AverageValue("10".parse().unwrap());
        let pods = Reading::Pods {
            samples: &[],
            gone: Valued::default(),
        };
        let found = proposed(external(target), pods);
        assert_eq!(found, Err(MetricError::NoMetricsReturned));
        let found = proposed(external(target), Reading::Series(&[25_000, 30_000]));
        let expected = Proposal {
            replicas: 6,
            reported: Reported {
                utilization: None,
                value: Some(27_500),
            },
        };
        assert_eq!(found, Ok(expected));
    }
}
