//! cAdvisor's series of one pod.

use std::ops::Range;

use super::super::labels::{self, Cgroup, Labels, Life};
use super::super::workload::{Pod, Workload};
use super::{Clock, Emit};

/// Scheduler periods in a second.
const PERIODS: f64 = 10.0;
/// Cores of the pause container.
const PAUSE: f64 = 0.0005;

pub(super) fn visit(workload: &Workload, pod: &Pod, emit: &mut Emit<'_>) {
    let clock = clock(pod, emit);
    for (place, container) in workload.containers.iter().enumerate() {
        for era in eras(pod, place) {
            let cgroup = Cgroup::Container(container, era.life);
            let labels = labels::kubelet(emit.fleet, workload, pod, cgroup);
            let running = Running {
                workload,
                pod,
                share: workload.share(place),
                limited: container.limit.is_some(),
                era: &era,
                clock: &clock,
            };
            running.visit(&labels, emit);
        }
    }
    if emit.full() {
        cgroup_totals(workload, pod, &clock, emit);
    }
}

/// Scrapes of the pod's node. cAdvisor stamps each container's samples itself, which shows as
/// jitter, and gives the same stamps to everybody who scrapes it.
fn clock(pod: &Pod, emit: &Emit<'_>) -> Clock {
    let parameters = &emit.fleet.parameters;
    let node_seed = parameters.seed ^ (pod.node as u64 + 100);
    let mut clock = Clock::new(parameters.scrape_seconds, node_seed);
    clock.jitter = Some(pod.seed);
    clock.missed.extend(emit.fleet.outage.clone());
    let down = emit.fleet.node_down.as_ref();
    clock
        .missed
        .extend(down.filter(|it| it.0 == pod.node).map(|it| it.1.clone()));
    clock
}

/// A time in which a container has one series.
struct Era {
    life: Life,
    /// When the series is there, in milliseconds.
    span: Range<i64>,
    /// When its counters go back to zero within the span.
    reset: Option<i64>,
}

impl Era {
    /// When the counters were last zero.
    fn zero(&self, at: i64) -> i64 {
        self.reset.filter(|it| *it <= at).unwrap_or(self.span.start)
    }
}

/// Only the main container restarts.
fn eras(pod: &Pod, place: usize) -> Vec<Era> {
    let whole = |reset| Era {
        life: Life::First,
        span: pod.life(),
        reset,
    };
    match pod.restart.filter(|_| place == 0) {
        None => vec![whole(None)],
        Some(it) if it.keeps_series => vec![whole(Some(it.at * 1000))],
        Some(it) => {
            let at = it.at * 1000;
            let first = Era {
                life: Life::First,
                span: pod.life().start..at,
                reset: None,
            };
            let second = Era {
                life: Life::Second,
                span: at..pod.life().end,
                reset: None,
            };
            vec![first, second]
        }
    }
}

/// One container of one pod in one era.
struct Running<'a> {
    workload: &'a Workload,
    pod: &'a Pod,
    /// Of the pod's usage.
    share: f64,
    limited: bool,
    era: &'a Era,
    clock: &'a Clock,
}

impl Running<'_> {
    fn visit(&self, labels: &Labels, emit: &mut Emit<'_>) {
        self.cpu(labels, emit);
        if emit.full() {
            self.memory(labels, emit);
        }
        if emit.full() && self.limited {
            self.throttling(labels, emit);
        }
    }

    fn cpu(&self, labels: &Labels, emit: &mut Emit<'_>) {
        let part = self.pod.weight * self.share;
        let used = |at| part * self.workload.used_between(self.era.zero(at), at);
        emit.sample(self.clock, &self.era.span, |at| Some(rounded(used(at))));
        end_with_nan(self.workload, self.pod, self.era, emit);
        let mut labels = labels.clone();
        labels.push(("cpu", "total".to_owned()));
        write_twice("container_cpu_usage_seconds_total", &labels, self.pod, emit);
    }

    fn memory(&self, labels: &Labels, emit: &mut Emit<'_>) {
        let bytes = |at| memory(self.workload, self.pod, self.share, at);
        emit.sample(self.clock, &self.era.span, |at| Some(bytes(at)));
        end_with_nan(self.workload, self.pod, self.era, emit);
        write_twice("container_memory_working_set_bytes", labels, self.pod, emit);
    }

    fn throttling(&self, labels: &Labels, emit: &mut Emit<'_>) {
        let seconds = |at| (at - self.era.zero(at)) as f64 / 1000.0;
        let periods = |at| (seconds(at) * PERIODS).floor();
        emit.sample(self.clock, &self.era.span, |at| Some(periods(at)));
        write_twice("container_cpu_cfs_periods_total", labels, self.pod, emit);
        let throttled = |at| (periods(at) * self.workload.throttled_share).floor();
        emit.sample(self.clock, &self.era.span, |at| Some(throttled(at)));
        let name = "container_cpu_cfs_throttled_periods_total";
        write_twice(name, labels, self.pod, emit);
    }
}

/// The series that must not be counted, since they say again what the containers say.
fn cgroup_totals(workload: &Workload, pod: &Pod, clock: &Clock, emit: &mut Emit<'_>) {
    let life = pod.life();
    for cgroup in totals_of(pod) {
        let labels = labels::kubelet(emit.fleet, workload, pod, cgroup);
        let used = |at| match cgroup {
            Cgroup::Pause => PAUSE * (at - life.start) as f64 / 1000.0,
            _ => pod.weight * workload.used_between(life.start, at),
        };
        emit.sample(clock, &life, |at| Some(rounded(used(at))));
        let mut cpu = labels.clone();
        cpu.push(("cpu", "total".to_owned()));
        write_twice("container_cpu_usage_seconds_total", &cpu, pod, emit);
        let bytes = |at| match cgroup {
            Cgroup::Pause => 262_144.0,
            _ => memory(workload, pod, 1.0, at),
        };
        emit.sample(clock, &life, |at| Some(bytes(at)));
        write_twice("container_memory_working_set_bytes", &labels, pod, emit);
    }
}

/// Nodes differ, as they do while a cluster is renewed: some runtimes have pause containers, some
/// scrape rules drop the pods' totals.
fn totals_of(pod: &Pod) -> Vec<Cgroup<'static>> {
    match pod.node % 3 {
        0 => vec![Cgroup::Pod, Cgroup::Pause],
        1 => vec![Cgroup::Pod],
        _ => Vec::new(),
    }
}

/// Bytes: half a GiB and a part that follows the usage.
fn memory(workload: &Workload, pod: &Pod, share: f64, at: i64) -> f64 {
    const MIB: f64 = 1_048_576.0;
    let pages = (share * pod.weight * (512.0 + 64.0 * workload.usage(at)) * MIB / 4096.0).round();
    pages * 4096.0
}

fn end_with_nan(workload: &Workload, pod: &Pod, era: &Era, emit: &mut Emit<'_>) {
    let end = era.span.end;
    let last_comes = pod.ended.is_some() && end == pod.life().end && end <= emit.span.end;
    if workload.nan_at_end
        && last_comes
        && let Some(last) = emit.samples.last_mut()
    {
        last.1 = f64::NAN;
    }
}

fn write_twice(name: &'static str, labels: &Labels, pod: &Pod, emit: &mut Emit<'_>) {
    emit.write(name, labels);
    if let Some(again) = labels::duplicate(labels, pod.duplicate) {
        emit.write(name, &again);
    }
}

/// cAdvisor counts nanoseconds; microseconds are kept, for shorter text.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}
