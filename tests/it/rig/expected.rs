//! What must come out of a history, computed from the generated samples.
//!
//! Neither Prometheus nor the product takes part: rates are those of [`windows`], and pods belong to
//! workloads because the model says so.

mod windows;

use std::collections::BTreeMap;
use std::ops::Range;

use super::fleet::Fleet;
use super::fleet::labels::Labels;
use super::fleet::samples;
use super::fleet::workload::{Pod, Workload};
use windows::{lasts, rates};

/// The times at which values stand: `len` of them, `step` seconds apart, from `start`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Unix seconds.
    pub(crate) start: i64,
    pub(crate) step: i64,
    pub(crate) len: usize,
}

impl Times {
    /// Every full step of `step` seconds whose window lies in the history.
    pub(crate) fn of(fleet: &Fleet, step: i64) -> Self {
        let start = fleet.parameters.start() + step;
        let start = start + (-start).rem_euclid(step);
        let len = (fleet.parameters.end - 1 - start).div_euclid(step) + 1;
        Self {
            start,
            step,
            len: len.max(0) as usize,
        }
    }

    /// Milliseconds.
    fn at(&self, index: usize) -> i64 {
        (self.start + self.step * index as i64) * 1000
    }

    /// Milliseconds.
    fn window(&self, index: usize) -> Range<i64> {
        self.at(index) - self.step * 1000..self.at(index)
    }

    /// Indexes of the windows in which something happened during `span`.
    fn touched(&self, span: Range<i64>) -> Range<usize> {
        let index = |at: i64| {
            let steps = (at - self.start * 1000).div_euclid(self.step * 1000);
            steps.clamp(0, self.len as i64) as usize
        };
        index(span.start)..index(span.end + 2 * self.step * 1000)
    }
}

/// One value for each of the [`Times`]; `None` where no sample tells.
pub(crate) type Values = Vec<Option<f64>>;

/// The history of one workload.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// Cores: over every container, the rates that can be computed summed up.
    pub(crate) cpu: Values,
    /// The same by container.
    pub(crate) containers: BTreeMap<String, Values>,
    /// Whether every container that ran throughout a window has a rate for it, and no NaN stands
    /// in it. Where this is false, ways to read may rightly differ in `cpu` and `memory`.
    pub(crate) complete: Vec<bool>,
    /// Bytes.
    pub(crate) memory: Values,
    /// The share of scheduler periods, over all containers with a limit.
    pub(crate) throttled: Values,
    pub(crate) ready: Values,
    pub(crate) desired: Values,
    /// Cores that the average pod requests, native sidecars included.
    pub(crate) cpu_request: Values,
    /// Seconds from creation until Ready, one for each pod that became ready in the history.
    pub(crate) startup: Vec<f64>,
}

/// The history of `workload` at `times`.
///
/// Rates are over the window that ends at each time; other values are the last sample in it.
pub(crate) fn of(fleet: &Fleet, workload: &Workload, times: Times) -> Expected {
    let mut sums = Sums::new(times);
    let span = fleet.span();
    samples::visit(fleet, workload, &span, &mut |series| {
        if is_first(series.labels) {
            sums.add(series.name, series.labels, series.samples);
        }
    });
    let mut expected = sums.finish();
    expected.complete = complete(fleet, workload, times);
    let born_here = |it: &&_| span.contains(&{ created(it) }) && ready(it) < span.end;
    let pods = workload.pods.iter().filter(born_here);
    expected.startup = pods.map(|it| (it.ready - it.created) as f64).collect();
    expected
}

fn created(pod: &Pod) -> i64 {
    pod.created * 1000
}

fn ready(pod: &Pod) -> i64 {
    pod.ready * 1000
}

/// Whether this is not another scrape of a series that comes under its usual labels too.
fn is_first(labels: &Labels) -> bool {
    labels
        .iter()
        .all(|(name, value)| *name != "prometheus_replica" && value != "kubelet-legacy")
}

struct Sums {
    times: Times,
    containers: BTreeMap<String, Values>,
    memory: Values,
    periods: Values,
    throttled: Values,
    ready: Values,
    desired: Values,
    requests: Values,
    owned: Values,
}

impl Sums {
    fn new(times: Times) -> Self {
        let none = vec![None; times.len];
        Self {
            times,
            containers: BTreeMap::new(),
            memory: none.clone(),
            periods: none.clone(),
            throttled: none.clone(),
            ready: none.clone(),
            desired: none.clone(),
            requests: none.clone(),
            owned: none,
        }
    }

    fn add(&mut self, name: &str, labels: &Labels, samples: &[(i64, f64)]) {
        let times = self.times;
        let container = labels
            .iter()
            .find(|it| it.0 == "container")
            .map(|it| it.1.as_str());
        let serves = container.filter(|it| *it != "POD");
        match (name, serves) {
            ("container_cpu_usage_seconds_total", Some(container)) => {
                let none = || vec![None; times.len];
                let sum = self
                    .containers
                    .entry(container.to_owned())
                    .or_insert_with(none);
                add(sum, rates(samples, times));
            }
            ("container_memory_working_set_bytes", Some(_)) => {
                add(&mut self.memory, lasts(samples, times));
            }
            ("container_cpu_cfs_periods_total", _) => add(&mut self.periods, rates(samples, times)),
            ("container_cpu_cfs_throttled_periods_total", _) => {
                add(&mut self.throttled, rates(samples, times));
            }
            (
                "kube_deployment_status_replicas_ready" | "kube_statefulset_status_replicas_ready",
                _,
            ) => replace(&mut self.ready, lasts(samples, times)),
            ("kube_horizontalpodautoscaler_status_desired_replicas", _) => {
                replace(&mut self.desired, lasts(samples, times));
            }
            (
                "kube_pod_container_resource_requests"
                | "kube_pod_init_container_resource_requests",
                _,
            ) => add(&mut self.requests, lasts(samples, times)),
            ("kube_pod_owner", _) => {
                let ones = lasts(samples, times);
                add(&mut self.owned, ones);
            }
            _ => {}
        }
    }

    fn finish(self) -> Expected {
        let mut cpu = vec![None; self.times.len];
        for values in self.containers.values() {
            add(&mut cpu, values.iter().copied());
        }
        Expected {
            cpu,
            containers: self.containers,
            complete: Vec::new(),
            memory: self.memory,
            throttled: ratio(&self.throttled, &self.periods),
            ready: self.ready,
            desired: self.desired,
            cpu_request: ratio(&self.requests, &self.owned),
            startup: Vec::new(),
        }
    }
}

fn add(sums: &mut Values, values: impl IntoIterator<Item = Option<f64>>) {
    for (sum, value) in sums.iter_mut().zip(values) {
        if let Some(value) = value {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
}

/// Later series go on where earlier ones ended: they are of one object.
fn replace(all: &mut Values, values: impl IntoIterator<Item = Option<f64>>) {
    for (old, new) in all.iter_mut().zip(values) {
        *old = new.or(*old);
    }
}

fn ratio(of: &Values, to: &Values) -> Values {
    let pairs = of.iter().zip(to);
    pairs
        .map(|(of, to)| (*of).zip(*to).map(|(of, to)| of / to))
        .collect()
}

/// Every window in which neither a scrape was missed nor a series ended with NaN.
fn complete(fleet: &Fleet, workload: &Workload, times: Times) -> Vec<bool> {
    let mut complete = vec![true; times.len];
    let mut spoil = |span: Range<i64>| {
        for it in &mut complete[times.touched(span)] {
            *it = false;
        }
    };
    if let Some(span) = &fleet.outage {
        spoil(span.clone());
    }
    for pod in &workload.pods {
        let ended = pod.life().end;
        if workload.nan_at_end && pod.ended.is_some() && fleet.span().contains(&ended) {
            spoil(ended - 2 * i64::from(fleet.parameters.scrape_seconds) * 1000..ended);
        }
        if let Some((node, span)) = &fleet.node_down {
            let there = pod.life().start < span.end && span.start < ended;
            if *node == pod.node && there {
                spoil(span.clone());
            }
        }
    }
    complete
}
