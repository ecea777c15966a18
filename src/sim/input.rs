//! What each metric of an HPA sees of a replay's pods.

use jiff::Timestamp;

use super::plant::{Plant, Share};
use super::proposal::{Aim, MetricError, Proposal};
use super::settings::Tolerance;
use super::tally::PodTarget;
use super::totals::Scale;

/// Where the values of one metric come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The demand for CPU, which the pods share.
    Demand,
    /// Another load that the pods share: the one at this place.
    Shared { place: usize, share: Share },
    /// A total that is not of pods: the one at this place.
    Total { place: usize },
}

/// What there is of every load during some syncs. `None` where nothing is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loads<'a> {
    pub(super) demand: Option<i64>,
    /// By place, in thousandths.
    pub(super) others: &'a [Option<i64>],
}

impl Input {
    /// What a metric proposes that is compared with `aim`.
    pub(super) fn propose(
        &self,
        aim: &Aim<'_>,
        tolerance: &Tolerance,
        plant: &Plant,
        loads: Loads<'_>,
        now: Timestamp,
    ) -> Result<Proposal, MetricError> {
        let other = |place: usize| loads.others.get(place).copied().flatten();
        let current = plant.replicas() as i32;
        let of_pods = |share: &Share, amount: Option<i64>, target: PodTarget| {
            let amount = amount.ok_or(MetricError::MetricsApi)?;
            if current == 0 {
                return Err(MetricError::NoMetricsReturned);
            }
            let tally = plant.tally(share, amount, target, now);
            tally.propose(target, current, tolerance)
        };
        match (self, aim) {
            (Self::Demand, Aim::PerPod { target, .. }) => {
                of_pods(&plant.shape().cpu(), loads.demand, *target)
            }
            (Self::Shared { place, share }, Aim::PerPod { target, .. }) => {
                of_pods(share, other(*place), *target)
            }
            (Self::Total { place }, Aim::Total(total)) => {
                let scale = Scale {
                    current,
                    observed: current,
                };
                let ready = || match plant.replicas() {
                    0 => Err(MetricError::NoPods),
                    _ => Ok(plant.serving(now)),
                };
                let value = other(*place).ok_or(MetricError::MetricsApi)?;
                total.propose(&[value], scale, tolerance, ready)
            }
            (Self::Demand | Self::Shared { .. }, Aim::Total(_))
            | (Self::Total { .. }, Aim::PerPod { .. }) => Err(MetricError::NoMetricsReturned),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::autoscaler::{Metric, Resource, Target};
    use crate::sim::plant::PodShape;

    fn plant(replicas: i32) -> Plant {
        let shape = PodShape {
            request: 500,
            limit: None,
            idle: 0,
            startup: SignedDuration::from_secs(30),
            window: SignedDuration::from_secs(15),
        };
        Plant::new(shape, replicas)
    }

    fn proposed(metric: &Metric, input: Input, others: &[Option<i64>]) -> Result<i32, MetricError> {
        let tolerance = Tolerance { up: 0.1, down: 0.1 };
        let loads = Loads {
            demand: Some(3_000),
            others,
        };
        let now = Timestamp::UNIX_EPOCH;
        let proposal = input.propose(&Aim::of(metric)?, &tolerance, &plant(4), loads, now);
        proposal.map(|it| it.replicas)
    }

    fn quantity(text: &str) -> crate::units::Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn each_metric_proposes_by_its_own_load() {
        let cpu = Metric::Resource {
            resource: Resource::Cpu,
            target: Target::Utilization(75),
        };
        let memory = Metric::Resource {
            resource: Resource::Memory,
            target: Target::Utilization(50),
        };
        let pods = Metric::Pods {
            name: "requests".to_owned(),
            target: Target::AverageValue(quantity("10")),
        };
        let queue = |target| Metric::External {
            name: "queue".to_owned(),
            target,
        };
        // 100 of 400 are there anyway, and 4 pods share 500 more.
        let share = |request, idle| Share {
            request,
            limit: None,
            idle,
            is_cpu: false,
        };
        let shared = |share| Input::Shared { place: 0, share };
        let total = Input::Total { place: 0 };
        let amount = |it: i64| [Some(it)];
        let per_pod = queue(Target::AverageValue(quantity("10")));
        let whole = queue(Target::Value(quantity("10")));
        let cases = [
            // 150 % of the requests, against 75 %.
            (&cpu, Input::Demand, amount(0), Ok(8)),
            // (4 × 100 + 500) / (4 × 400) = 56 %: within 10 % of the target, above it from 61 %.
            (&memory, shared(share(400, 100)), amount(500), Ok(5)),
            (&memory, shared(share(400, 100)), amount(400), Ok(4)),
            // 20 a pod, against 10.
            (&pods, shared(share(0, 0)), amount(80_000), Ok(8)),
            (&per_pod, total, amount(61_000), Ok(7)),
            (&whole, total, amount(20_000), Ok(8)),
            (&cpu, total, amount(1), Err(MetricError::NoMetricsReturned)),
        ];
        for (metric, input, others, expected) in cases {
            assert_eq!(proposed(metric, input, &others), expected, "{metric}");
        }
        for others in [&[][..], &[None]] {
            let found = proposed(&per_pod, total, others);
            assert_eq!(found, Err(MetricError::MetricsApi));
        }
    }
}
