//! What replicas cost: their requests at given prices, since nodes are bought for what is
//! requested.
//!
//! A price is applied to the requests of CPU and memory that a running pod holds: of the pod as a
//! whole where it asks so, of all its containers with native sidecars otherwise. A container that
//! asks for none adds none, and is named in what [`left_out`] tells. Never counted, since nothing
//! is known of them: init containers that end (the scheduler reserves the larger of theirs and the
//! others'), the overhead of a RuntimeClass, ephemeral storage, devices such as GPUs, volumes.

use std::fmt;

use jiff::SignedDuration;

use super::Prices;
use crate::autoscaler::Resource;
use crate::autoscaler::workload::{Container, Workload};
use crate::units::ReplicaHours;

/// A mean month: a year of 365 days, in twelve parts. Clouds bill by it too.
pub const HOURS_PER_MONTH: f64 = 365.0 * 24.0 / 12.0;
const BYTES_PER_GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// US dollars for one replica for one hour, finite; `None` where no resource has both a price and
/// a request.
pub fn per_replica_hour(workload: &Workload, prices: &Prices) -> Option<f64> {
    let costs = parts(workload, prices).into_iter().map(|it| it.cost());
    let usd = costs.flatten().reduce(|all, it| all + it)?;
    usd.is_finite().then_some(usd)
}

/// What one pod requests of each resource; `None` where nothing in it requests any.
pub fn requested(workload: &Workload) -> Requested {
    let [cpu, memory] = parts(workload, &Prices::default()).map(|it| it.requests.known);
    Requested {
        cpu_cores: cpu,
        memory_gib: memory.map(|it| it / BYTES_PER_GIB),
    }
}

/// What one pod requests.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Requested {
    pub cpu_cores: Option<f64>,
    pub memory_gib: Option<f64>,
}

/// What [`per_replica_hour`] does not count, CPU before memory; empty where it counts all that the
/// prices and requests could cover.
pub fn left_out(workload: &Workload, prices: &Prices) -> Vec<LeftOut> {
    let parts = parts(workload, prices).into_iter();
    parts.filter_map(Part::left_out).collect()
}

/// As many replica-hours in a month of 730 hours as `hours` within `window` are; `None` for a
/// window without length.
pub fn per_month(hours: ReplicaHours, window: SignedDuration) -> Option<ReplicaHours> {
    let length = window.as_secs_f64() / 3600.0;
    (length > 0.0).then(|| ReplicaHours::from_hours(hours.hours() * HOURS_PER_MONTH / length))
}

/// US dollars for `monthly` replica-hours of a month at `per_replica_hour`; negative where hours
/// are added rather than saved.
pub fn usd_per_month(monthly: ReplicaHours, per_replica_hour: f64) -> f64 {
    monthly.hours() * per_replica_hour
}

/// A part of the cost that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub resource: Resource,
    pub why: Why,
}

/// Why a part of the cost is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    NoPrice,
    /// Neither the pod nor any container asks for it.
    NoRequest,
    /// These containers do not ask for it, others do.
    NoRequestOf(Vec<String>),
}

impl fmt::Display for LeftOut {
    /// As a report says it: `memory has no price`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let resource = &self.resource;
        match &self.why {
            Why::NoPrice => write!(f, "{resource} has no price"),
            Why::NoRequest => write!(f, "{resource} requests are unknown"),
            Why::NoRequestOf(names) => {
                write!(f, "{resource} requests of {} are unknown", names.join(", "))
            }
        }
    }
}

/// One resource of a pod.
struct Part {
    resource: Resource,
    /// US dollars for one unit for one hour.
    price: Option<f64>,
    requests: Requests,
}

fn parts(workload: &Workload, prices: &Prices) -> [Part; 2] {
    let pod = &workload.pod_level;
    let cpu = requests(workload, pod.cpu_request.map(|it| it.0), |it| {
        it.cpu_request.map(|it| it.0)
    });
    let memory = requests(workload, pod.memory_request, |it| it.memory_request);
    [
        Part {
            resource: Resource::Cpu,
            price: prices.cpu_hour,
            requests: cpu,
        },
        Part {
            resource: Resource::Memory,
            price: prices.gib_hour.map(|it| it / BYTES_PER_GIB),
            requests: memory,
        },
    ]
}

impl Part {
    fn cost(&self) -> Option<f64> {
        Some(self.price? * self.requests.known?)
    }

    fn left_out(self) -> Option<LeftOut> {
        let why = if self.price.is_none() {
            Why::NoPrice
        } else if self.requests.known.is_none() {
            Why::NoRequest
        } else if self.requests.unknown.is_empty() {
            return None;
        } else {
            Why::NoRequestOf(self.requests.unknown)
        };
        Some(LeftOut {
            resource: self.resource,
            why,
        })
    }
}

/// What one pod asks for of one resource.
struct Requests {
    /// In cores or bytes.
    known: Option<f64>,
    /// Names of the containers that ask for none, where the pod does not ask as a whole.
    unknown: Vec<String>,
}

fn requests(
    workload: &Workload,
    of_pod: Option<f64>,
    of_container: impl Fn(&Container) -> Option<f64>,
) -> Requests {
    if of_pod.is_some() {
        return Requests {
            known: of_pod,
            unknown: Vec::new(),
        };
    }
    let containers = workload.containers.iter();
    let (asking, silent): (Vec<_>, Vec<_>) = containers.partition(|it| of_container(it).is_some());
    let amounts = asking.into_iter().filter_map(of_container);
    Requests {
        known: amounts.reduce(|all, it| all + it),
        unknown: silent.into_iter().map(|it| it.name.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analysis::testing::Scene;
    use crate::autoscaler::workload::{ContainerRole, PodLevel};
    use crate::units::Cores;

    const GIB: f64 = BYTES_PER_GIB;

    fn container(name: &str, cpu: Option<f64>, memory: Option<f64>) -> Container {
        Container {
            name: name.to_owned(),
            cpu_request: cpu.map(Cores),
            memory_request: memory,
            ..Container::default()
        }
    }

    fn workload(containers: Vec<Container>, pod_level: PodLevel) -> Workload {
        let mut scene = Scene::of_length(0, |_| 0.0, |_| 0.0).containers(containers);
        scene.workload().pod_level = pod_level;
        scene.workload().clone()
    }

    fn prices(cpu_hour: Option<f64>, gib_hour: Option<f64>) -> Prices {
        Prices { cpu_hour, gib_hour }
    }

    fn said(workload: &Workload, prices: &Prices) -> Vec<String> {
        let all = left_out(workload, prices);
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_container_that_runs_as_long_as_the_pod_costs() {
        let proxy = Container {
            role: ContainerRole::NativeSidecar,
            ..container("proxy", Some(0.25), Some(0.5 * GIB))
        };
        let app = container("app", Some(1.75), Some(3.5 * GIB));
        let workload = workload(vec![proxy, app], PodLevel::default());
        let both = prices(Some(0.5), Some(0.125));
        assert_eq!(per_replica_hour(&workload, &both), Some(1.0 + 0.5));
        let expected = Requested {
            cpu_cores: Some(2.0),
            memory_gib: Some(4.0),
        };
        assert_eq!(requested(&workload), expected);
        assert_eq!(left_out(&workload, &both), []);
    }

    #[test]
    fn what_a_pod_asks_for_as_a_whole_goes_before_its_containers() {
        let containers = vec![
            container("app", Some(1.0), None),
            container("b", None, None),
        ];
        let pod_level = PodLevel {
            cpu_request: Some(Cores(4.0)),
            memory_request: Some(2.0 * GIB),
            ..PodLevel::default()
        };
        let workload = workload(containers, pod_level);
        let both = prices(Some(0.5), Some(0.25));
        assert_eq!(per_replica_hour(&workload, &both), Some(2.0 + 0.5));
        assert_eq!(left_out(&workload, &both), []);
    }

    #[test]
    fn what_has_no_price_is_left_out_and_told() {
        let app = container("app", Some(2.0), Some(4.0 * GIB));
        let workload = workload(vec![app], PodLevel::default());
        let (cpu, memory) = (Some(0.5), Some(0.25));
        let cases: [(_, _, &[&str]); 4] = [
            (prices(cpu, memory), Some(2.0), &[]),
            (prices(cpu, None), Some(1.0), &["memory has no price"]),
            (prices(None, memory), Some(1.0), &["cpu has no price"]),
            (
                prices(None, None),
                None,
                &["cpu has no price", "memory has no price"],
            ),
        ];
        for (prices, expected, told) in cases {
            assert_eq!(per_replica_hour(&workload, &prices), expected, "{told:?}");
            assert_eq!(said(&workload, &prices), told);
        }
    }

    #[test]
    fn what_nobody_asks_for_is_left_out_and_told() {
        let app = || container("app", Some(2.0), Some(4.0 * GIB));
        let no_memory = || container("web", Some(2.0), None);
        let nothing = || container("log", None, None);
        let unknown = ["cpu requests are unknown", "memory requests are unknown"];
        let cases: [(_, _, &[&str]); 5] = [
            (
                vec![no_memory()],
                Some(1.0),
                &["memory requests are unknown"],
            ),
            (
                vec![app(), no_memory()],
                Some(3.0),
                &["memory requests of web are unknown"],
            ),
            (
                vec![app(), nothing(), no_memory()],
                Some(3.0),
                &[
                    "cpu requests of log are unknown",
                    "memory requests of log, web are unknown",
                ],
            ),
            (vec![nothing()], None, &unknown),
            (vec![], None, &unknown),
        ];
        let both = prices(Some(0.5), Some(0.25));
        for (containers, expected, told) in cases {
            let workload = workload(containers, PodLevel::default());
            assert_eq!(per_replica_hour(&workload, &both), expected, "{told:?}");
            assert_eq!(said(&workload, &both), told);
        }
        let only_memory = prices(None, Some(0.25));
        let unpriced = workload(vec![no_memory()], PodLevel::default());
        assert_eq!(per_replica_hour(&unpriced, &only_memory), None);
    }

    #[test]
    fn what_is_free_costs_nothing_rather_than_being_unknown() {
        let workload = workload(vec![container("app", Some(0.0), None)], PodLevel::default());
        let cpu = prices(Some(0.5), None);
        assert_eq!(per_replica_hour(&workload, &cpu), Some(0.0));
        let free = prices(Some(0.0), None);
        assert_eq!(per_replica_hour(&workload, &free), Some(0.0));
    }

    #[test]
    fn a_cost_beyond_all_numbers_is_unknown() {
        let workload = workload(vec![container("app", Some(4.0), None)], PodLevel::default());
        let absurd = prices(Some(f64::MAX), None);
        assert_eq!(per_replica_hour(&workload, &absurd), None);
    }

    #[test]
    fn a_month_has_730_hours() {
        let hours = ReplicaHours::from_hours;
        let day = SignedDuration::from_hours(24);
        let cases = [
            (24.0, day, Some(730.0)),
            (-168.0, day * 14, Some(-365.0)),
            (1.0, SignedDuration::ZERO, None),
            (1.0, -day, None),
        ];
        for (within, window, expected) in cases {
            assert_eq!(per_month(hours(within), window), expected.map(hours));
        }
        assert_eq!(usd_per_month(hours(730.0), 0.5), 365.0);
        assert_eq!(usd_per_month(hours(-730.0), 0.5), -365.0);
    }

    proptest! {
        #[test]
        fn a_cost_is_never_negative_and_another_container_never_lowers_it(
            requests in proptest::collection::vec(
                (proptest::option::of(0.0..1e4_f64), proptest::option::of(0.0..1e13_f64)), 1..5),
            cpu in proptest::option::of(0.0..1e3_f64),
            gib in proptest::option::of(0.0..1e3_f64),
        ) {
            let made = |it: &[(Option<f64>, Option<f64>)]| {
                let containers = it.iter().map(|it| container("app", it.0, it.1)).collect();
                workload(containers, PodLevel::default())
            };
            let prices = prices(cpu, gib);
            let fewer = per_replica_hour(&made(&requests[1..]), &prices).unwrap_or(0.0);
            let all = per_replica_hour(&made(&requests), &prices).unwrap_or(0.0);
            prop_assert!(fewer >= 0.0);
            // The order of summing differs.
            prop_assert!(all >= fewer * (1.0 - 1e-12));
        }
    }
}
