//! A history as it is known step by step, told as if it had been scraped.
//!
//! A snapshot knows cores and replicas for every step, and clients of Prometheus want counters of
//! containers. [`Past`] makes pods as many as were ready, and counters such that the rate over a
//! step is the step's usage again, with its burst in one of the minutes, and gaps where nothing is
//! known. Which pod used how much is not known: all used the same.

mod pace;
mod pods;

use std::ops::Range;

use super::{Labels, Matcher, Sample, Samples, Span, UP};
use crate::autoscaler::target::TargetRef;
use crate::history::{History, Metric};
use crate::series::{Grid, Series};
use pace::{Pace, Told, Track};
use pods::Pod;

/// The value with which Prometheus marks that a series has ended, in bits.
pub(super) const STALE: u64 = 0x7FF0_0000_0000_0002;

/// What counters begin with. A counter that begins near zero is taken to have been zero shortly
/// before, which would lessen its first rates.
const BEGINNING: f64 = 1e6;

/// Periods of the scheduler in a second.
const PERIODS: f64 = 10.0;

/// What is known of one scale target.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) target: TargetRef,
    /// The name of its HPA, if it has one.
    pub(crate) hpa: Option<String>,
    /// The ReplicaSet that its pods are said to be of, for kinds that have them.
    pub(crate) replica_set: String,
    /// The container that uses what is not known by container.
    pub(crate) container: String,
    pub(crate) history: History,
}

/// Histories as a source of samples.
#[derive(Debug, Default)]
pub(crate) struct Past(Vec<Known>);

/// A subject and its pods.
#[derive(Debug)]
struct Known {
    subject: Subject,
    grid: Grid,
    pods: Vec<Pod>,
    /// How many pods there are in each step.
    counts: Vec<u32>,
}

impl Past {
    /// Subjects whose usage is not known are left out.
    pub(crate) fn new(subjects: impl IntoIterator<Item = Subject>) -> Self {
        Self(subjects.into_iter().filter_map(Known::new).collect())
    }
}

impl Samples for Past {
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        let mut telling = Telling {
            matchers,
            span,
            samples: vec![],
            each,
        };
        for told in self.0.iter().filter(|it| it.reaches(span)) {
            if telling.may_be("namespace", &told.subject.target.namespace) {
                told.tell(&mut telling);
            }
        }
        if let Some(first) = self.0.first().filter(|it| it.reaches(span)) {
            let track = first.track(span);
            telling.gauge(&track, &Labels::new(UP), first.whole(), |_| Some(1.0));
        }
    }
}

/// Series on their way to whoever asks.
struct Telling<'a> {
    matchers: &'a [Matcher],
    span: Span,
    /// Kept between series for its memory.
    samples: Vec<Sample>,
    each: &'a mut dyn FnMut(&Labels, &[Sample]),
}

impl Telling<'_> {
    /// Whether series with this label may be asked for.
    fn may_be(&self, name: &str, value: &str) -> bool {
        let mut about = self.matchers.iter().filter(|it| it.name == name);
        about.all(|it| it.selects(value))
    }

    /// Gives a series on if it is asked for.
    fn series(
        &mut self,
        track: &Track,
        labels: &Labels,
        runs: &[Range<usize>],
        mut fill: impl FnMut(usize, &mut [f64]) -> Told,
    ) {
        if !labels.matches(self.matchers) {
            return;
        }
        self.samples.clear();
        for run in runs {
            track.sample(run.clone(), &mut self.samples, &mut fill);
        }
        if !self.samples.is_empty() {
            (self.each)(labels, &self.samples);
        }
    }

    fn gauge(
        &mut self,
        track: &Track,
        labels: &Labels,
        runs: &[Range<usize>],
        value: impl Fn(usize) -> Option<f64>,
    ) {
        self.series(track, labels, runs, |step, values| match value(step) {
            Some(value) => {
                values.fill(value);
                Told::Values
            }
            None => Told::Nothing,
        });
    }

    /// A counter that grows by `rate` a second, by `burst` times that in one part of the step.
    fn counter(
        &mut self,
        track: &Track,
        labels: &Labels,
        runs: &[Range<usize>],
        rate: impl Fn(usize) -> Option<f64>,
        burst: impl Fn(usize) -> f64,
    ) {
        let mut total = BEGINNING;
        self.series(track, labels, runs, |step, values| {
            let Some(rate) = rate(step) else {
                return Told::Nothing;
            };
            track.pace.count(total, rate, burst(step), values);
            let before = total;
            total += rate * track.pace.step_seconds();
            Told::ValuesAfter(before)
        });
    }
}

impl Known {
    fn new(subject: Subject) -> Option<Self> {
        let grid = subject.history.cpu()?.grid();
        let known = |metric| subject.history.get(&metric).map(|it| it.on(grid));
        let counts = pods::counts(
            subject.history.cpu()?,
            known(Metric::ReadyReplicas).as_ref(),
        );
        Some(Self {
            pods: pods::of(&subject, &counts),
            counts,
            grid,
            subject,
        })
    }

    /// Whether it may have samples as late as `span` begins. Whoever asks for what is new asks for none
    /// of them.
    fn reaches(&self, span: Span) -> bool {
        let step = i64::from(self.grid.step().seconds()) * 1000;
        span.first <= self.grid.end().as_millisecond() + step
    }

    fn track(&self, span: Span) -> Track {
        Track {
            grid: self.grid,
            pace: Pace::of(self.grid.step()),
            span,
        }
    }

    #[expect(
        clippy::single_range_in_vec_init,
        reason = "the one run is the whole history"
    )]
    fn whole(&self) -> &'static [Range<usize>] {
        // Runs end with the grid, whatever they say.
        const WHOLE: &[Range<usize>] = &[0..usize::MAX];
        WHOLE
    }

    fn known(&self, metric: &Metric) -> Option<Series> {
        self.subject.history.get(metric).map(|it| it.on(self.grid))
    }

    fn tell(&self, telling: &mut Telling<'_>) {
        let track = self.track(telling.span);
        self.tell_usage(&track, telling);
        self.tell_memory(&track, telling);
        self.tell_throttling(&track, telling);
        self.tell_owners(&track, telling);
        self.tell_resources(&track, telling);
        self.tell_replicas(&track, telling);
    }

    /// Each container's usage, or that of the whole pod under the name of one.
    fn tell_usage(&self, track: &Track, telling: &mut Telling<'_>) {
        const NAME: &str = "container_cpu_usage_seconds_total";
        if !telling.may_be("__name__", NAME) {
            return;
        }
        let bursts = self.known(&Metric::CpuBurst);
        let burst = |step| bursts.as_ref().and_then(|it| it.get(step)).unwrap_or(1.0);
        for (container, usage) in self.usages() {
            for pod in &self.pods {
                let labels = self.container_labels(NAME, pod, container, &[("cpu", "total")]);
                let rate = |step| Some(usage.get(step)?.max(0.0) / self.pods_in(step));
                telling.counter(track, &labels, &pod.runs, rate, burst);
            }
        }
    }

    fn usages(&self) -> Vec<(&str, &Series)> {
        let by_container = self.subject.history.iter();
        let by_container = by_container.filter_map(|(metric, series)| match metric {
            Metric::ContainerCpuUsage(container) => Some((container.as_str(), series)),
            _ => None,
        });
        let found: Vec<(&str, &Series)> =
            by_container.filter(|it| it.1.grid() == self.grid).collect();
        match found.is_empty() {
            true => {
                let whole = self.subject.history.cpu().into_iter();
                whole
                    .map(|it| (self.subject.container.as_str(), it))
                    .collect()
            }
            false => found,
        }
    }

    fn tell_memory(&self, track: &Track, telling: &mut Telling<'_>) {
        const NAME: &str = "container_memory_working_set_bytes";
        let Some(bytes) = self.asked(NAME, &Metric::MemoryWorkingSet, telling) else {
            return;
        };
        for pod in &self.pods {
            let labels = self.container_labels(NAME, pod, &self.subject.container, &[]);
            let value = |step| Some(bytes.get(step)? / self.pods_in(step));
            telling.gauge(track, &labels, &pod.runs, value);
        }
    }

    fn tell_throttling(&self, track: &Track, telling: &mut Telling<'_>) {
        let names = [
            ("container_cpu_cfs_periods_total", false),
            ("container_cpu_cfs_throttled_periods_total", true),
        ];
        for (name, is_throttled) in names {
            let Some(ratio) = self.asked(name, &Metric::CpuThrottled, telling) else {
                continue;
            };
            for pod in &self.pods {
                let labels = self.container_labels(name, pod, &self.subject.container, &[]);
                let rate = |step| {
                    let ratio = ratio.get(step)?;
                    Some(if is_throttled {
                        PERIODS * ratio
                    } else {
                        PERIODS
                    })
                };
                telling.counter(track, &labels, &pod.runs, rate, |_| 1.0);
            }
        }
    }

    fn tell_owners(&self, track: &Track, telling: &mut Telling<'_>) {
        let target = &self.subject.target;
        let namespace = ("namespace", target.namespace.as_str());
        let controller = ("owner_is_controller", "true");
        let has_sets = pods::has_replica_sets(&target.kind);
        let (kind, name) = match has_sets {
            true => ("ReplicaSet", &self.subject.replica_set),
            false => (target.kind.as_str(), &target.name),
        };
        if has_sets {
            let labels = Labels::new([
                ("__name__", "kube_replicaset_owner"),
                namespace,
                controller,
                ("replicaset", name),
                ("owner_kind", &target.kind),
                ("owner_name", &target.name),
            ]);
            telling.gauge(track, &labels, self.whole(), |_| Some(1.0));
        }
        if !telling.may_be("__name__", "kube_pod_owner") {
            return;
        }
        for pod in &self.pods {
            let labels = Labels::new([
                ("__name__", "kube_pod_owner"),
                namespace,
                controller,
                ("pod", &pod.name),
                ("owner_kind", kind),
                ("owner_name", name),
            ]);
            telling.gauge(track, &labels, &pod.runs, |_| Some(1.0));
        }
    }

    fn tell_resources(&self, track: &Track, telling: &mut Telling<'_>) {
        let names = [
            ("kube_pod_container_resource_requests", Metric::CpuRequest),
            ("kube_pod_container_resource_limits", Metric::CpuLimit),
        ];
        let about = [("resource", "cpu"), ("unit", "core")];
        for (name, metric) in names {
            let Some(cores) = self.asked(name, &metric, telling) else {
                continue;
            };
            for pod in &self.pods {
                let labels = self.container_labels(name, pod, &self.subject.container, &about);
                telling.gauge(track, &labels, &pod.runs, |step| cores.get(step));
            }
        }
    }

    fn tell_replicas(&self, track: &Track, telling: &mut Telling<'_>) {
        let target = &self.subject.target;
        let ready = self.known(&Metric::ReadyReplicas);
        let of_kind = match target.kind.as_str() {
            "Deployment" => Some(("kube_deployment_status_replicas_ready", "deployment")),
            "StatefulSet" => Some(("kube_statefulset_status_replicas_ready", "statefulset")),
            "ReplicaSet" => Some(("kube_replicaset_status_ready_replicas", "replicaset")),
            _ => None,
        };
        let mut tell = |name: &str, label: &str, object: &str, series: &Option<Series>| {
            if let Some(series) = series {
                let namespace = ("namespace", target.namespace.as_str());
                let labels = Labels::new([("__name__", name), namespace, (label, object)]);
                telling.gauge(track, &labels, self.whole(), |step| series.get(step));
            }
        };
        if let Some((name, label)) = of_kind {
            tell(name, label, &target.name, &ready);
        }
        if let Some(hpa) = &self.subject.hpa {
            let label = "horizontalpodautoscaler";
            let desired = self.known(&Metric::DesiredReplicas);
            let name = "kube_horizontalpodautoscaler_status_desired_replicas";
            tell(name, label, hpa, &desired);
            // What an HPA sees counts pods that are not ready too, so that it stands in for
            // nothing better alone.
            if of_kind.is_none() {
                let name = "kube_horizontalpodautoscaler_status_current_replicas";
                tell(name, label, hpa, &ready);
            }
        }
    }

    /// The series behind a metric, if both are there and asked for.
    fn asked(&self, name: &str, metric: &Metric, telling: &Telling<'_>) -> Option<Series> {
        telling
            .may_be("__name__", name)
            .then(|| self.known(metric))?
    }

    fn container_labels(
        &self,
        name: &str,
        pod: &Pod,
        container: &str,
        more: &[(&str, &str)],
    ) -> Labels {
        let about = [
            ("__name__", name),
            ("namespace", self.subject.target.namespace.as_str()),
            ("pod", pod.name.as_str()),
            ("container", container),
        ];
        Labels::new(about.into_iter().chain(more.iter().copied()))
    }

    fn pods_in(&self, step: usize) -> f64 {
        f64::from(self.counts.get(step).copied().unwrap_or(1).max(1))
    }
}

#[cfg(test)]
mod tests;
