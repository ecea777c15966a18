//! How many replicas the load asks for at each time, from the load as a whole: usage, burst and
//! request of the same moment, never from percentiles taken apart.

use super::load::{Load, counted_container};
use crate::autoscaler::workload::Workload;
use crate::autoscaler::{Autoscaler, Metric as Spec, Resource, Target};
use crate::history::{History, Metric};
use crate::series::Series;

/// The controller does nothing while usage is within this share of the target
/// (`--horizontal-pod-autoscaler-tolerance`).
pub const TOLERANCE: f64 = 0.1;

/// History is kept in single precision: 3.000001 pods are three.
const NOISE: f64 = 1e-4;

/// What the metrics of an autoscaler ask for.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Pods that the usage fills to their request, for the CPU utilization target.
    cpu: Option<Filled>,
    /// Pods that usage fills to the targets of the other metrics with history.
    others: Vec<Filled>,
    headroom: f64,
    /// Metrics of which nothing is known, as messages name them.
    pub unknown: Vec<String>,
    /// Why the history has nothing of triggers: `trigger/0: not scraped`.
    reasons: Vec<String>,
}

/// Pods filled at each sample; NaN is a gap.
#[derive(Clone, Debug)]
struct Filled {
    by_mean: Vec<f64>,
    by_peak: Vec<f64>,
}

impl Demand {
    pub fn of(
        autoscaler: &Autoscaler,
        workload: &Workload,
        history: &History,
        load: &Load,
        headroom: f64,
    ) -> Self {
        let mut demand = Self {
            cpu: None,
            others: Vec::new(),
            headroom: headroom.max(0.0),
            unknown: Vec::new(),
            reasons: history
                .missing()
                .map(|(metric, why)| format!("{metric}: {why}"))
                .collect(),
        };
        for (index, metric) in autoscaler.metrics.iter().enumerate() {
            let reader = Reader {
                autoscaler,
                workload,
                history,
                load,
            };
            match reader.filled(index, metric) {
                Some(filled) if is_target(autoscaler, metric) => demand.cpu = Some(filled),
                Some(filled) => demand.others.push(filled),
                None => demand.unknown.push(metric.to_string()),
            }
        }
        demand
    }

    /// Whether anything is known of what the load asks for.
    pub fn is_known(&self) -> bool {
        self.cpu.is_some() || !self.others.is_empty()
    }

    /// Replicas that serve the busiest minute of each step with headroom at a CPU target of
    /// `percent`; NaN is a gap.
    pub fn needed(&self, percent: Option<u32>) -> Vec<f64> {
        let more = 1.0 + self.headroom;
        self.replicas(percent, |it| &it.by_peak, more)
    }

    /// The fewest replicas that the controller may settle on at a CPU target of `percent`: it
    /// knows neither bursts nor headroom, and lets usage exceed the target by its tolerance.
    pub fn tolerated(&self, percent: Option<u32>) -> Vec<f64> {
        self.replicas(percent, |it| &it.by_mean, 1.0 / (1.0 + TOLERANCE))
    }

    fn replicas(
        &self,
        percent: Option<u32>,
        of: impl Fn(&Filled) -> &Vec<f64>,
        factor: f64,
    ) -> Vec<f64> {
        let share = percent.map_or(1.0, |it| f64::from(it.max(1)) / 100.0);
        let cpu = self.cpu.iter().map(|it| (of(it), factor / share));
        let others = self.others.iter().map(|it| (of(it), factor));
        let mut highest: Vec<f64> = Vec::new();
        for (index, (filled, factor)) in cpu.chain(others).enumerate() {
            let pods = filled
                .iter()
                .map(|it| (it * factor - NOISE).ceil().max(0.0) + 0.0 * it);
            if index == 0 {
                highest = pods.collect();
            } else {
                // The sum is a gap where either is: a metric not seen might have asked for more.
                for (before, here) in highest.iter_mut().zip(pods) {
                    *before = before.max(here) + 0.0 * (*before + here);
                }
            }
        }
        highest
    }

    /// Pods that the busiest minute of each step fills to a CPU target of `percent` and to the
    /// targets of the other metrics, not rounded; NaN is a gap. Empty where nothing is known.
    pub fn called(&self, percent: Option<u32>) -> Vec<f64> {
        let share = percent.map_or(1.0, |it| f64::from(it.max(1)) / 100.0);
        let cpu = self.cpu.iter().map(|it| (&it.by_peak, 1.0 / share));
        let others = self.others.iter().map(|it| (&it.by_peak, 1.0));
        let mut all = cpu.chain(others);
        let first = all
            .next()
            .map(|(pods, by)| pods.iter().map(|it| it * by).collect());
        let mut called: Vec<f64> = first.unwrap_or_default();
        for (pods, by) in all {
            for (before, here) in called.iter_mut().zip(pods) {
                *before = before.max(here * by) + 0.0 * (*before + here);
            }
        }
        called
    }

    /// What could not be said for want of a metric.
    pub fn missing(&self) -> Vec<String> {
        let loss = "what it asks for cannot be told";
        let unknown = self.unknown.iter().map(|it| format!("{it}: {loss}"));
        unknown.chain(self.reasons.iter().cloned()).collect()
    }
}

/// Whether `metric` is the one that [`Autoscaler::cpu_target`] means.
fn is_target(autoscaler: &Autoscaler, metric: &Spec) -> bool {
    let first = autoscaler.metrics.iter().find(|it| {
        matches!(
            it,
            Spec::Resource {
                resource: Resource::Cpu,
                target: Target::Utilization(_)
            } | Spec::ContainerResource {
                resource: Resource::Cpu,
                target: Target::Utilization(_),
                ..
            }
        )
    });
    first.is_some_and(|it| std::ptr::eq(it, metric))
}

struct Reader<'a> {
    autoscaler: &'a Autoscaler,
    workload: &'a Workload,
    history: &'a History,
    load: &'a Load,
}

impl Reader<'_> {
    /// The pods that `metric` fills to its target, or to the request for the CPU utilization
    /// target; `None` without history.
    fn filled(&self, index: usize, metric: &Spec) -> Option<Filled> {
        match metric {
            Spec::Resource { resource, target } => self.resource(metric, resource, None, *target),
            Spec::ContainerResource {
                resource,
                container,
                target,
            } => self.resource(metric, resource, Some(container), *target),
            Spec::Pods { target, .. }
            | Spec::Object { target, .. }
            | Spec::External { target, .. } => self.total(index, *target),
        }
    }

    /// Of a metric whose total a series of its index has, shared among the pods. How many pods a
    /// `Value` fills depends on how many there are.
    fn total(&self, index: usize, target: Target) -> Option<Filled> {
        let index = u32::try_from(index).ok()?;
        let series = self.history.get(&Metric::Trigger(index))?;
        let full = match target {
            Target::AverageValue(value) => above_zero(Some(value.as_f64()))?,
            Target::Utilization(_) | Target::Value(_) => return None,
        };
        let series = series.on(self.load.grid);
        let pods: Vec<f64> = bridged(&series).map(|it| it / full).collect();
        known(Filled {
            by_mean: pods.clone(),
            by_peak: pods,
        })
    }

    fn resource(
        &self,
        metric: &Spec,
        resource: &Resource,
        container: Option<&str>,
        target: Target,
    ) -> Option<Filled> {
        match resource {
            // The load counts one choice of containers; a second CPU metric on others is unseen.
            Resource::Cpu if container == counted_container(self.autoscaler) => {
                self.cpu(target, is_target(self.autoscaler, metric))
            }
            Resource::Memory if container.is_none() || self.workload.containers.len() == 1 => {
                self.memory(target)
            }
            Resource::Cpu | Resource::Memory | Resource::Other(_) => None,
        }
    }

    fn cpu(&self, target: Target, adjustable: bool) -> Option<Filled> {
        let full = |request: Option<f64>| match target {
            Target::Utilization(_) if adjustable => request,
            Target::Utilization(percent) => request.map(|it| it * f64::from(percent) / 100.0),
            Target::AverageValue(cores) => Some(cores.as_f64()),
            Target::Value(_) => None,
        };
        let pods = |cores: fn(&super::load::Sample) -> f64| -> Vec<f64> {
            let one = |it: &super::load::Sample| Some(cores(it) / above_zero(full(it.request))?);
            let samples = self.load.samples.iter();
            samples
                .map(|it| it.as_ref().and_then(one).unwrap_or(f64::NAN))
                .collect()
        };
        known(Filled {
            by_mean: pods(|it| it.usage),
            by_peak: pods(|it| it.usage * it.burst),
        })
    }

    fn memory(&self, target: Target) -> Option<Filled> {
        let series = self
            .history
            .get(&Metric::MemoryWorkingSet)?
            .on(self.load.grid);
        let full = match target {
            Target::Utilization(percent) => {
                self.workload.memory_request()? * f64::from(percent) / 100.0
            }
            Target::AverageValue(bytes) => bytes.as_f64(),
            Target::Value(_) => return None,
        };
        let full = above_zero(Some(full))?;
        let pods: Vec<f64> = bridged(&series).map(|it| it / full).collect();
        known(Filled {
            by_mean: pods.clone(),
            by_peak: pods,
        })
    }
}

fn bridged(series: &Series) -> impl Iterator<Item = f64> {
    let bridged = series.bridged(super::load::BRIDGED_STEPS);
    (0..bridged.len()).map(move |at| bridged.get(at).unwrap_or(f64::NAN))
}

fn above_zero(full: Option<f64>) -> Option<f64> {
    full.filter(|it| *it > 0.0)
}

fn known(filled: Filled) -> Option<Filled> {
    filled
        .by_mean
        .iter()
        .any(|it| it.is_finite())
        .then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{REQUEST, Scene, TWO_WEEKS, cpu};
    use super::*;

    fn ask(scene: &Scene, of: impl Fn(&Demand) -> Vec<f64>) -> f64 {
        scene.ask(|case| of(case.demand)[100])
    }

    #[test]
    fn needed_replicas_serve_the_peak_with_headroom_at_the_target() {
        // 2.0 cores × 1.1 burst × 1.1 headroom on 0.35 cores a pod: 6.91.
        let scene = Scene::new(|_| 2.0, |_| 6.0);
        assert_eq!(ask(&scene, |it| it.needed(Some(70))), 7.0);
        // 2.0 cores on 0.385 cores a pod, the tolerance included: 5.19.
        assert_eq!(ask(&scene, |it| it.tolerated(Some(70))), 6.0);
    }

    #[test]
    fn a_whole_number_of_pods_is_not_rounded_up() {
        let scene = Scene::new(|_| 3.0 * REQUEST, |_| 3.0);
        let mut scene = scene.target(100);
        scene.insert(Metric::CpuBurst, 288, |_| 1.0);
        scene.settings.headroom = 0.0;
        assert_eq!(ask(&scene, |it| it.needed(Some(100))), 3.0);
    }

    #[test]
    fn the_metric_that_asks_for_most_decides() {
        let memory = Spec::Resource {
            resource: Resource::Memory,
            target: Target::Utilization(50),
        };
        let mut scene = Scene::new(|_| 0.35, |_| 2.0).metrics(vec![cpu(70), memory]);
        assert_eq!(scene.ask(|it| it.demand.unknown.clone()), ["memory"]);
        scene.insert(Metric::MemoryWorkingSet, TWO_WEEKS, |_| 2.2e9);
        assert!(scene.ask(|it| it.demand.unknown.is_empty()));
        // 2.2 GB × 1.1 on 0.5 GB a pod.
        assert_eq!(ask(&scene, |it| it.needed(Some(70))), 5.0);
    }

    #[test]
    fn a_gap_in_either_metric_is_a_gap() {
        let memory = Spec::Resource {
            resource: Resource::Memory,
            target: Target::Utilization(50),
        };
        let mut scene = Scene::new(|_| 0.35, |_| 2.0).metrics(vec![cpu(70), memory]);
        scene.insert(Metric::MemoryWorkingSet, 50, |_| 2.2e9);
        assert!(ask(&scene, |it| it.needed(Some(70))).is_nan());
    }

    #[test]
    fn metrics_without_history_are_named() {
        let external = Spec::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("5".parse().unwrap()),
        };
        let scene = Scene::new(|_| 0.35, |_| 2.0).metrics(vec![external]);
        assert_eq!(
            scene.ask(|it| it.demand.unknown.clone()),
            ["external metric queue"]
        );
        assert!(!scene.ask(|it| it.demand.is_known()));
    }
}
