//! From what pods use to how many there should be: per-pod metrics.
//!
//! Pods are added up first, so that a replay of uniform pods, which knows the sums at once, takes
//! the same way as a list of single ones.

use super::grouping::{Group, Grouping};
use super::numbers::{sum, to_count};
use super::pod::{Pod, Sample};
use super::proposal::{MetricError, Proposal, Reported};
use super::settings::Tolerance;

/// What one metric says about all pods of a scale target. Sums are thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub ready: Counted,
    /// Pods that should have a value and have none.
    pub missing: Requested,
    /// Pods whose values do not count yet.
    pub unready: Requested,
    /// Pods that are gone and still have values; nobody knows what they requested.
    pub gone: Valued,
}

/// Pods with a value and a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub pods: i64,
    pub usage: i64,
    /// 0 where the target is no utilization.
    pub requests: i64,
}

/// Pods of which the request alone is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requested {
    pub pods: i64,
    /// 0 where the target is no utilization.
    pub requests: i64,
    /// What they are taken to use at most.
    pub assumed: i64,
}

/// Pods of which the value alone is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valued {
    pub pods: i64,
    pub usage: i64,
}

/// A per-pod target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodTarget {
    /// Percent of the request.
    Utilization(u32),
    /// Thousandths for each pod.
    Average(i64),
}

impl PodTarget {
    /// What a pod without a value is taken to use where fewer pods seem enough: the target, and
    /// of a utilization at least all that it requested.
    pub fn assumed(self, request: i64) -> i64 {
        match self {
            Self::Utilization(percent) => request.wrapping_mul(i64::from(percent.max(100))) / 100,
            Self::Average(target) => target,
        }
    }
}

impl Tally {
    /// Adds up single pods. `samples` stands beside `pods`; `request` is asked for the request of
    /// each pod whatever its group, since one that cannot be told spoils the metric.
    ///
    /// # Errors
    ///
    /// [`MetricError::NoPods`], [`MetricError::NoUsablePodMetrics`] and what `request` fails with.
    pub fn of_pods(
        pods: &[Pod<'_>],
        samples: &[Option<Sample>],
        gone: Valued,
        grouping: &Grouping,
        target: PodTarget,
        request: impl Fn(&Pod<'_>) -> Result<i64, MetricError>,
    ) -> Result<Self, MetricError> {
        if pods.is_empty() {
            return Err(MetricError::NoPods);
        }
        let mut tally = Self {
            gone,
            ..Self::default()
        };
        let mut unknown = None;
        for (index, pod) in pods.iter().enumerate() {
            let sample = samples.get(index).and_then(Option::as_ref);
            let requests = request(pod).unwrap_or_else(|err| {
                unknown.get_or_insert(err);
                0
            });
            tally.add(grouping.group(pod, sample), sample, requests, target);
        }
        // Found in the controller's order: first that no value is left, then the requests.
        if tally.values() == 0 {
            return Err(MetricError::NoUsablePodMetrics);
        }
        unknown.map_or(Ok(tally), Err)
    }

    fn add(&mut self, group: Group, sample: Option<&Sample>, requests: i64, target: PodTarget) {
        match group {
            Group::Ignored => {}
            Group::Ready => {
                self.ready.pods += 1;
                self.ready.usage = sum([self.ready.usage, sample.map_or(0, |it| it.value)]);
                self.ready.requests = sum([self.ready.requests, requests]);
            }
            Group::Missing => self.missing.add(requests, target.assumed(requests)),
            Group::Unready => self.unready.add(requests, 0),
        }
    }

    /// How many pods have a value that counts.
    fn values(&self) -> i64 {
        self.ready.pods + self.gone.pods
    }

    /// How many pods there should be.
    ///
    /// Mirrors `GetResourceReplicas` and `calcPlainMetricReplicas` (`replica_calculator.go`,
    /// v1.36).
    ///
    /// # Errors
    ///
    /// [`MetricError::NoUsablePodMetrics`] and [`MetricError::ZeroTotalRequests`].
    #[inline]
    pub fn propose(
        &self,
        target: PodTarget,
        current: i32,
        tolerance: &Tolerance,
    ) -> Result<Proposal, MetricError> {
        if self.values() == 0 {
            return Err(MetricError::NoUsablePodMetrics);
        }
        let seen = self.weigh(target, Assumed::NOTHING)?;
        let replicas = self.replicas(&seen, target, current, tolerance)?;
        Ok(Proposal {
            replicas,
            reported: seen.reported,
        })
    }

    #[inline]
    fn replicas(
        &self,
        seen: &Weighed,
        target: PodTarget,
        current: i32,
        tolerance: &Tolerance,
    ) -> Result<i32, MetricError> {
        let ratio = seen.ratio;
        let counts_unready = self.unready.pods > 0 && ratio > 1.0;
        if self.missing.pods == 0 && !counts_unready {
            let replicas = to_count((ratio * self.ready.pods as f64).ceil());
            return Ok(if tolerance.holds(ratio) {
                current
            } else {
                replicas
            });
        }
        let again = self.weigh(target, Assumed::after(ratio, self))?;
        let turned = ratio < 1.0 && again.ratio > 1.0 || ratio > 1.0 && again.ratio < 1.0;
        if turned || tolerance.holds(again.ratio) {
            return Ok(current);
        }
        let replicas = to_count((again.ratio * again.values as f64).ceil());
        let backwards = again.ratio < 1.0 && replicas > current;
        let backwards = backwards || again.ratio > 1.0 && replicas < current;
        Ok(if backwards { current } else { replicas })
    }

    /// Usage against the target, with what is assumed of pods without values.
    #[inline]
    fn weigh(&self, target: PodTarget, assumed: Assumed) -> Result<Weighed, MetricError> {
        let values = self.values() + assumed.pods;
        match target {
            PodTarget::Utilization(percent) => {
                let usage = sum([self.ready.usage, assumed.usage]);
                let requests = sum([self.ready.requests, assumed.requests]);
                let utilization = usage.wrapping_mul(100).checked_div(requests);
                // The controller keeps 32 bits of it.
                let utilization = utilization.ok_or(MetricError::ZeroTotalRequests)? as i32;
                let pods = self.ready.pods + assumed.pods;
                Ok(Weighed {
                    ratio: f64::from(utilization) / f64::from(percent),
                    values,
                    reported: Reported {
                        utilization: Some(utilization),
                        value: usage.checked_div(pods),
                    },
                })
            }
            PodTarget::Average(target) => {
                let usage = sum([self.ready.usage, self.gone.usage, assumed.usage]);
                let average = usage / values;
                Ok(Weighed {
                    ratio: average as f64 / target as f64,
                    values,
                    reported: Reported {
                        utilization: None,
                        value: Some(average),
                    },
                })
            }
        }
    }
}

impl Requested {
    fn add(&mut self, requests: i64, assumed: i64) {
        self.pods += 1;
        self.requests = sum([self.requests, requests]);
        self.assumed = sum([self.assumed, assumed]);
    }
}

struct Weighed {
    ratio: f64,
    /// Number of values in it.
    values: i64,
    reported: Reported,
}

/// What is assumed of the pods whose values are not known.
#[derive(Clone, Copy)]
struct Assumed {
    pods: i64,
    usage: i64,
    requests: i64,
}

impl Assumed {
    const NOTHING: Self = Self {
        pods: 0,
        usage: 0,
        requests: 0,
    };

    /// The cautious guess: pods without values use all they may where fewer pods seem enough and
    /// nothing where more seem needed; unready pods count in the latter case alone.
    fn after(ratio: f64, tally: &Tally) -> Self {
        let mut assumed = Self::NOTHING;
        if ratio < 1.0 {
            assumed.add(&tally.missing, tally.missing.assumed);
        } else if ratio > 1.0 {
            assumed.add(&tally.missing, 0);
            assumed.add(&tally.unready, 0);
        }
        assumed
    }

    fn add(&mut self, pods: &Requested, usage: i64) {
        self.pods += pods.pods;
        self.usage = sum([self.usage, usage]);
        self.requests = sum([self.requests, pods.requests]);
    }
}

#[cfg(test)]
mod tests;
