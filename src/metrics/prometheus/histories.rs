//! From the sums and counts of one shard to a history for each scale target.

use std::sync::Arc;

use super::owners::Owners;
use super::plan::Shard;
use super::replicas::{Count, Counts};
use super::sums::Sums;
use crate::history::{History, Metric};
use crate::metrics::{Delivery, Wanted};
use crate::series::{Grid, Series};

/// Of the pods that were ready at both ends of a step, the share that must have been seen for
/// their sum to be trusted: a node that is not scraped makes a dip that no load had. What may be
/// missing is half of the tolerance within which the controller does not act.
const ENOUGH_PODS: f64 = 0.95;

/// Of the minutes in a step, the share that must be known for its highest to be called its peak.
const ENOUGH_MINUTES: f64 = 0.6;

/// Below this mean, in cores, the ratio of two measurements says more of the noise than of bursts.
const LEAST_MEAN: f64 = 0.001;

/// Everything that was read of one shard.
pub(super) struct Parts {
    pub(super) counts: Counts,
    pub(super) cpu: Sums,
    /// Ready replicas by the user's own query, for each target by place.
    pub(super) ready: Vec<Option<Series>>,
    /// CPU by the minute; `None` where scrapes are too far apart for it.
    pub(super) burst: Option<Sums>,
    pub(super) memory: Option<Sums>,
    /// Rates of throttled and of all scheduler periods.
    pub(super) throttled: Option<(Sums, Sums)>,
    pub(super) requests: Sums,
}

impl Parts {
    /// One history for each workload that was wanted, in the order of the shard.
    pub(super) fn histories(
        &self,
        shard: &Arc<Shard>,
        owners: &Owners,
        grid: Grid,
    ) -> Vec<Delivery> {
        let one = |wanted: &Wanted| {
            let place = owners.targets().binary_search(&wanted.target);
            Delivery {
                subject: wanted.subject,
                history: Ok(place.map_or_else(
                    |_| History::default(),
                    |target| self.history(wanted, target, grid),
                )),
            }
        };
        shard.wanted.iter().map(one).collect()
    }

    fn history(&self, wanted: &Wanted, target: usize, grid: Grid) -> History {
        let mut history = History::default();
        let mut put = |metric, series: Option<Series>| {
            if let Some(series) = series.filter(|it| it.known().next().is_some()) {
                history.insert(metric, series);
            }
        };
        let ready = self.ready(wanted, target);
        let partial = self.partial_steps(target, ready.as_ref());
        let trusted = |series: Series| without(series, &partial);
        // What starts a pod is neither load nor counted by the controller once the pod is ready.
        let starting = &wanted.init_containers;
        let cpu = self.cpu.total_without(target, starting);
        put(Metric::CpuUsage, cpu.map(trusted));
        if wanted.containers.len() > 1 {
            // The user's own query has no containers.
            let named = self
                .cpu
                .columns(target)
                .filter(|(name, _)| !name.is_empty() && !starting.iter().any(|it| it == name));
            for (container, series) in named {
                let metric = Metric::ContainerCpuUsage(container.to_owned());
                put(metric, Some(trusted(series.clone())));
            }
        }
        let memory = self.memory.as_ref().and_then(|it| it.total(target));
        put(Metric::MemoryWorkingSet, memory.map(trusted));
        put(Metric::ReadyReplicas, ready);
        let (namespace, hpa) = (&wanted.target.namespace, &wanted.hpa);
        let desired = self.counts.get(Count::Desired, namespace, hpa).cloned();
        put(Metric::DesiredReplicas, desired);
        put(Metric::CpuRequest, self.request(target));
        put(Metric::CpuBurst, self.burst(target, starting, grid));
        put(Metric::CpuThrottled, self.throttled_ratio(target));
        history
    }

    /// Ready pods by the user's own query, else as recorded for the target, else what the HPA saw,
    /// else the pods that used CPU.
    fn ready(&self, wanted: &Wanted, target: usize) -> Option<Series> {
        if let Some(Some(own)) = self.ready.get(target) {
            return Some(own.clone());
        }
        let namespace = &wanted.target.namespace;
        self.counts
            .ready(&wanted.target.kind, namespace, &wanted.target.name)
            .or_else(|| self.counts.get(Count::Current, namespace, &wanted.hpa))
            .or_else(|| self.cpu.pods.get(&target))
            .cloned()
    }

    /// The steps in which too few of the pods that were ready all along were seen.
    fn partial_steps(&self, target: usize, ready: Option<&Series>) -> Vec<usize> {
        let (Some(pods), Some(ready)) = (self.cpu.pods.get(&target), ready) else {
            return vec![];
        };
        let is_partial = |index: &usize| {
            let before = index.checked_sub(1).and_then(|it| ready.get(it));
            let (Some(before), Some(now)) = (before, ready.get(*index)) else {
                return false;
            };
            let seen = pods.get(*index).unwrap_or(0.0);
            seen < ENOUGH_PODS * before.min(now)
        };
        (0..ready.len()).filter(is_partial).collect()
    }

    /// What one pod asked for, on average over its pods.
    fn request(&self, target: usize) -> Option<Series> {
        let total = self.requests.total(target)?;
        let pods = self.requests.pods.get(&target)?;
        Some(total.zip(pods, |cores, pods| cores / pods))
    }

    fn throttled_ratio(&self, target: usize) -> Option<Series> {
        let (held, all) = self.throttled.as_ref()?;
        let (held, all) = (held.total(target)?, all.total(target)?);
        Some(held.zip(&all, |held, all| if all > 0.0 { held / all } else { 0.0 }))
    }

    /// The highest minute of each step over the step's mean, where minutes are known.
    fn burst(&self, target: usize, starting: &[String], grid: Grid) -> Option<Series> {
        let minutes = self.burst.as_ref()?;
        let minutes = minutes.total_without(target, starting)?;
        let mut burst = Series::gaps(grid.tail(minutes.grid().length(), grid.step()));
        let per_step =
            f64::from(grid.step().seconds()) / f64::from(minutes.grid().step().seconds());
        let known = (0..minutes.len()).filter_map(|at| {
            let step = burst.grid().index_of(minutes.grid().time(at))?;
            Some((step, minutes.get(at)?))
        });
        let known: Vec<(usize, f64)> = known.collect();
        for of_step in known.chunk_by(|a, b| a.0 == b.0) {
            let count = of_step.len() as f64;
            let mean = of_step.iter().map(|it| it.1).sum::<f64>() / count;
            if count >= ENOUGH_MINUTES * per_step && mean >= LEAST_MEAN {
                let highest = of_step.iter().map(|it| it.1).fold(mean, f64::max);
                burst.set(of_step[0].0, highest / mean);
            }
        }
        Some(burst)
    }
}

fn without(mut series: Series, steps: &[usize]) -> Series {
    for index in steps {
        series.set(*index, f64::NAN);
    }
    series
}
