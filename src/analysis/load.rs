//! Demand derived from history: what the pods used, on how many pods, of what they ask for.
//!
//! Usage is demand except where the pods were saturated; those samples are censored. Gaps stay
//! gaps, except for runs of at most [`BRIDGED_STEPS`] between known samples.

mod burst;
mod coverage;
mod sources;

pub use coverage::Coverage;

use jiff::{SignedDuration, Timestamp};

use super::scenario::Triggers;
use crate::autoscaler::workload::Workload;
use crate::autoscaler::{Autoscaler, Metric as Spec, Resource};
use crate::history::{History, Metric};
use crate::series::{Grid, Series};
use sources::Sources;
pub(super) use sources::startup;

/// A missed scrape or two is bridged; more would be invention.
pub const BRIDGED_STEPS: usize = 2;

/// Usage at this share of the limit is saturated. Below 1, because a mean over minutes never
/// quite reaches a limit that holds every scheduler period of 100 ms.
pub const SATURATED_USAGE: f64 = 0.95;

/// Pods held back in this share of scheduler periods are saturated even if the mean is lower: a
/// request then waits in every fourth period.
pub const SATURATED_THROTTLING: f64 = 0.25;

/// Seconds from a pod's creation until it is Ready where nothing tells: the controller's own
/// initial readiness delay.
pub const DEFAULT_STARTUP_SECONDS: f64 = 30.0;

/// The demand of one scale target over the window.
#[derive(Clone, Debug)]
pub struct Load {
    pub grid: Grid,
    /// In the order of the grid; `None` where nothing can be trusted, outside the window, and
    /// while no pod was ready.
    pub samples: Vec<Option<Sample>>,
    /// What the autoscaler wanted; how many were ready where that is not known for at least half as
    /// long. NaN is a gap.
    pub wanted: Vec<f64>,
    pub coverage: Coverage,
    /// Whether triggers tell what is called for, whether or not any pod serves it.
    pub is_called: bool,
    /// p90 of pod created → Ready.
    pub startup_seconds: f64,
    pub bursts_known: bool,
    /// What could not be said for want of it.
    pub missing: Vec<String>,
}

/// One step of demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Cores used by all pods, of the containers that the autoscaler's CPU metric counts.
    pub usage: f64,
    /// Ready pods, at least one half.
    pub ready: f64,
    /// Cores that one pod asks for, of the same containers; above zero.
    pub request: Option<f64>,
    /// Cores that one pod may use, of the same containers; above zero.
    pub limit: Option<f64>,
    /// How far the busiest minute exceeds what rising or falling usage explains, at least 1.
    pub burst: f64,
    /// The pods were saturated: more may have been asked for than was used.
    pub censored: bool,
}

impl Sample {
    /// Usage of the average pod, in percent of its request.
    pub fn utilization(&self) -> Option<f64> {
        self.request
            .map(|request| 100.0 * self.usage / (self.ready * request))
    }

    /// Cores at which one pod can give no more: its limit, or its request where no limit is
    /// known, since nothing beyond the request is promised by the node.
    pub fn saturation(&self) -> Option<f64> {
        self.limit.or(self.request)
    }

    /// Cores asked for in the busiest minute of the step. At least all that the ready pods can
    /// give where they were saturated, since the true demand is hidden.
    pub fn peak(&self) -> f64 {
        match self.saturation() {
            Some(saturation) if self.censored => self.seen_peak().max(self.ready * saturation),
            _ => self.seen_peak(),
        }
    }

    /// Cores used in the busiest minute of the step.
    pub fn seen_peak(&self) -> f64 {
        self.usage * self.burst
    }
}

impl Load {
    /// Derives the demand from the samples within `window` before `now`.
    pub fn derive(
        autoscaler: &Autoscaler,
        workload: &Workload,
        history: &History,
        window: SignedDuration,
        now: Timestamp,
    ) -> Self {
        let sources = Sources::of(autoscaler, workload, history);
        let grid = sources.usage.grid();
        let inside = indices_within(grid, window, now);
        let usage = sources.usage.bridged(BRIDGED_STEPS);
        let ready = sources.ready.bridged(BRIDGED_STEPS);
        let samples = (0..grid.len())
            .map(|at| {
                inside
                    .contains(&at)
                    .then(|| sources.sample(&usage, &ready, at))?
            })
            .collect();
        let wanted: Vec<f64> = (0..grid.len())
            .map(|at| {
                inside
                    .contains(&at)
                    .then(|| sources.wanted.get(at))
                    .flatten()
            })
            .map(|it| it.unwrap_or(f64::NAN))
            .collect();
        let called = called(autoscaler, history, &wanted, grid);
        Self {
            grid,
            samples,
            wanted,
            is_called: called.is_some(),
            coverage: match called {
                Some(known) => Coverage::of_known(&known, grid),
                None => Coverage::of(&sources.usage, &sources.ready, inside),
            },
            startup_seconds: sources.startup.unwrap_or(DEFAULT_STARTUP_SECONDS),
            bursts_known: sources.burst.is_some(),
            missing: sources.missing(),
        }
    }

    /// The demand of pods that were not there to serve it: `usage` cores are all of it, and of
    /// replicas nothing is known. Each sample is of one pod.
    pub fn unserved(autoscaler: &Autoscaler, workload: &Workload, usage: &Series) -> Self {
        let grid = usage.grid();
        let one = Series::constant(grid, 1.0);
        let mut history = History::default();
        history.insert(Metric::CpuUsage, usage.clone());
        history.insert(Metric::ReadyReplicas, one.clone());
        // What was not served was not held back either.
        history.insert(Metric::CpuThrottled, Series::constant(grid, 0.0));
        let sources = Sources::of(autoscaler, workload, &history);
        let bridged = usage.bridged(BRIDGED_STEPS);
        let sample = |at| {
            let sample = sources.sample(&bridged, &one, at)?;
            Some(Sample {
                censored: false,
                ..sample
            })
        };
        Self {
            grid,
            samples: (0..grid.len()).map(sample).collect(),
            wanted: vec![f64::NAN; grid.len()],
            is_called: false,
            coverage: Coverage::of(usage, &one, 0..grid.len()),
            startup_seconds: sources.startup.unwrap_or(DEFAULT_STARTUP_SECONDS),
            bursts_known: sources.burst.is_some(),
            missing: sources.missing(),
        }
    }

    /// The trusted samples in order of time, with their place on the grid.
    pub fn known(&self) -> impl Iterator<Item = (usize, &Sample)> {
        self.samples
            .iter()
            .enumerate()
            .filter_map(|(at, it)| it.as_ref().map(|sample| (at, sample)))
    }

    /// The length of history that may be judged. A workload that is mostly switched off counts for
    /// seven times of what it was on: a day's work in a week is enough, a trial run is not. Where
    /// triggers tell what was called for, that there was nothing to do is known as well.
    pub fn judged(&self) -> SignedDuration {
        if self.is_called {
            return self.coverage.judged();
        }
        let step = i64::from(self.grid.step().seconds());
        let on = SignedDuration::from_secs(step * self.known().count() as i64);
        self.coverage.judged().min(on * 7)
    }

    /// Utilization of every sample that has one, in percent, in order of time.
    pub fn utilizations(&self) -> Vec<f64> {
        self.known()
            .filter_map(|(_, it)| it.utilization())
            .collect()
    }

    /// The share of trusted samples in which the demand is hidden, 0 to 1.
    pub fn censored_share(&self) -> f64 {
        let known = self.known().count().max(1);
        self.known().filter(|(_, it)| it.censored).count() as f64 / known as f64
    }

    pub fn step_seconds(&self) -> f64 {
        f64::from(self.grid.step().seconds())
    }

    /// Steps in `seconds`, rounded up.
    pub fn steps_in(&self, seconds: f64) -> usize {
        (seconds.max(0.0) / self.step_seconds()).ceil() as usize
    }

    /// Seconds since midnight UTC at which the step of sample `at` begins.
    pub fn second_of_day(&self, at: usize) -> i64 {
        let end = self.grid.time(at).as_second();
        (end - i64::from(self.grid.step().seconds())).rem_euclid(86_400)
    }
}

/// The known sample that a share `q` (0 to 1) of `values` do not exceed: nearest rank.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    let last = sorted.len().checked_sub(1)?;
    let rank = (q.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    let at = rank.saturating_sub(1).min(last);
    Some(*sorted.select_nth_unstable_by(at, f64::total_cmp).1)
}

/// The container that the autoscaler's first CPU metric counts; `None` for the whole pod.
pub fn counted_container(autoscaler: &Autoscaler) -> Option<&str> {
    autoscaler.metrics.iter().find_map(|it| match it {
        Spec::Resource {
            resource: Resource::Cpu,
            ..
        } => Some(None),
        Spec::ContainerResource {
            resource: Resource::Cpu,
            container,
            ..
        } => Some(Some(container.as_str())),
        Spec::Resource { .. }
        | Spec::ContainerResource { .. }
        | Spec::Pods { .. }
        | Spec::Object { .. }
        | Spec::External { .. } => None,
    })?
}

/// The places at which replicas and all triggers are known that are known at all; `None` for what is
/// no ScaledObject, and for one of which no trigger is known.
fn called(
    autoscaler: &Autoscaler,
    history: &History,
    wanted: &[f64],
    grid: Grid,
) -> Option<Vec<usize>> {
    let triggers = Triggers::of(autoscaler, history, grid);
    let is_known = |at: &usize| wanted[*at].is_finite() && triggers.are_known(*at);
    (!triggers.is_empty()).then(|| (0..grid.len()).filter(is_known).collect())
}

/// The samples of `grid` after the begin of `window` before `now`, and not later.
pub(super) fn indices_within(
    grid: Grid,
    window: SignedDuration,
    now: Timestamp,
) -> std::ops::Range<usize> {
    let from = now.checked_sub(window).unwrap_or(Timestamp::MIN);
    let first = (0..grid.len()).find(|at| grid.time(*at) > from);
    let end = (0..grid.len()).rfind(|at| grid.time(*at) <= now);
    first.unwrap_or(0)..end.map_or(0, |it| it + 1)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{LIMIT, REQUEST, Scene, container, cpu};
    use super::*;
    use crate::autoscaler::Target;

    fn sample(scene: &Scene, at: usize) -> Option<Sample> {
        scene.load().samples[at]
    }

    #[test]
    fn a_demand_that_nobody_served_is_whole_and_of_unknown_replicas() {
        let scene = Scene::new(|_| 9.0, |_| 2.0);
        let usage = scene.history.cpu().unwrap();
        let load = scene.ask(|case| Load::unserved(case.autoscaler(), case.workload, usage));
        let expected = Sample {
            usage: 9.0,
            ready: 1.0,
            request: Some(REQUEST),
            limit: Some(LIMIT),
            burst: 1.0,
            censored: false,
        };
        assert_eq!(load.samples[7], Some(expected));
        assert!(load.wanted.iter().all(|it| it.is_nan()));
        assert_eq!(load.coverage.share, 1.0);
        assert_eq!(load.startup_seconds, 20.0);
    }

    #[test]
    fn utilization_is_usage_over_the_requests_of_ready_pods() {
        let scene = Scene::new(|_| 1.4, |_| 4.0);
        let utilization = sample(&scene, 5).unwrap().utilization().unwrap();
        assert!((utilization - 70.0).abs() < 1e-4, "{utilization}");
    }

    #[test]
    fn a_sample_without_replicas_or_usage_is_not_trusted() {
        let mut scene = Scene::new(|_| 1.4, |_| 4.0);
        for (metric, from) in [(Metric::ReadyReplicas, 100), (Metric::CpuUsage, 200)] {
            let mut series = scene.history.get(&metric).unwrap().clone();
            (from..from + 3).for_each(|at| series.set(at, f64::NAN));
            (from + 50..from + 52).for_each(|at| series.set(at, f64::NAN));
            scene.history.insert(metric, series);
        }
        for at in [100, 102, 200, 202] {
            assert_eq!(sample(&scene, at), None, "{at}");
        }
        // Runs of two are bridged.
        for at in [150, 151, 250, 251] {
            assert!(sample(&scene, at).is_some(), "{at}");
        }
        assert_eq!(scene.load().coverage.unknown, 10);
    }

    #[test]
    fn no_ready_pod_is_no_gap_and_no_load() {
        let scene = Scene::new(|_| 1.0, |at| if at < 300 { 0.0 } else { 3.0 });
        assert_eq!(sample(&scene, 10), None);
        assert_eq!(scene.load().coverage.share, 1.0);
    }

    #[test]
    fn desired_replicas_stand_in_for_ready_ones() {
        let mut scene = Scene::new(|_| 1.0, |_| 3.0);
        let mut history = History::default();
        history.insert(Metric::CpuUsage, scene.history.cpu().unwrap().clone());
        scene.history = history;
        assert_eq!(sample(&scene, 0), None);
        scene.insert(Metric::DesiredReplicas, 4032, |_| 3.0);
        assert_eq!(sample(&scene, 0).unwrap().ready, 3.0);
        let said = "ready_replicas: desired replicas stand in for them".to_owned();
        assert!(scene.load().missing.contains(&said));
    }

    #[test]
    fn ready_replicas_stand_in_for_desired_ones_that_are_known_only_lately() {
        let wanted = |from: usize| {
            let mut scene = Scene::new(|_| 1.0, |_| 3.0);
            let lately = move |at| if at < from { f64::NAN } else { 5.0 };
            scene.insert(Metric::DesiredReplicas, 4032, lately);
            let load = scene.load();
            (load.wanted[0], load.wanted[4031])
        };
        assert_eq!(wanted(2017), (3.0, 3.0));
        let (first, last) = wanted(2016);
        assert!(first.is_nan());
        assert_eq!(last, 5.0);
    }

    #[test]
    fn saturated_samples_are_censored() {
        let cases = [
            (SATURATED_USAGE * LIMIT * 2.0, 0.0, true),
            (0.94 * LIMIT * 2.0, 0.0, false),
            (0.5, 0.26, true),
            (0.5, 0.25, false),
        ];
        for (usage, throttled, expected) in cases {
            let mut scene = Scene::new(|_| usage + 1e-6, |_| 2.0);
            scene.insert(Metric::CpuThrottled, 4032, |_| throttled);
            assert_eq!(
                sample(&scene, 9).unwrap().censored,
                expected,
                "{usage} {throttled}"
            );
        }
    }

    #[test]
    fn a_named_container_is_counted_alone() {
        let metric = Spec::ContainerResource {
            resource: Resource::Cpu,
            container: "app".to_owned(),
            target: Target::Utilization(70),
        };
        let containers = vec![container("app", 0.4, 0.8), container("proxy", 0.1, 0.2)];
        let mut scene = Scene::new(|_| 9.0, |_| 2.0)
            .metrics(vec![metric])
            .containers(containers);
        scene.insert(Metric::CpuRequest, 4032, |_| 0.5);
        assert_eq!(sample(&scene, 0), None);
        scene.insert(Metric::ContainerCpuUsage("app".to_owned()), 4032, |_| 0.6);
        let sample = sample(&scene, 0).unwrap();
        let seen = (sample.usage as f32, sample.request.map(|it| it as f32));
        assert_eq!(seen, (0.6, Some(0.4)));
    }

    #[test]
    fn a_request_is_the_one_of_its_time_and_holds_over_gaps() {
        let mut scene = Scene::new(|_| 1.0, |_| 2.0).metrics(vec![cpu(70)]);
        let mut series = Series::gaps(scene.history.cpu().unwrap().grid());
        series.set(10, 0.25);
        series.set(20, 0.5);
        scene.history.insert(Metric::CpuRequest, series);
        let request = |at| sample(&scene, at).unwrap().request.unwrap();
        assert_eq!(
            [request(0), request(15), request(25)],
            [0.25, 0.25, REQUEST]
        );
    }

    #[test]
    fn a_container_without_request_leaves_no_utilization() {
        let mut bare = container("proxy", 0.1, 0.1);
        bare.cpu_request = None;
        let mut scene =
            Scene::new(|_| 1.0, |_| 2.0).containers(vec![container("app", 0.5, 1.0), bare]);
        scene.insert(Metric::CpuRequest, 4032, |_| 0.5);
        assert_eq!(sample(&scene, 0).unwrap().utilization(), None);
    }
}
