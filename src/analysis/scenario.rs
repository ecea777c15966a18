//! A workload's past in the form that replays take: its pods, its demand step by step, its days.

mod days;
mod keda;
mod object;
mod run;
mod score;
mod signals;
mod triggers;

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::load::{Load, Sample};
use crate::autoscaler::workload::Workload;
use crate::autoscaler::{Autoscaler, Metric};
use crate::history::{self, History};
use crate::series::Grid;
use crate::sim::demand::{Around, Segment, Shape, Step};
use crate::sim::flags::{Flags, SYNC_PERIOD};
use crate::sim::floor::{Floor, floors};
use crate::sim::input::Input;
use crate::sim::plant::PodShape;
use crate::sim::settings::Settings;
use crate::units;
use object::{Kept, Object};
pub use run::{Decided, Run};
pub use score::RunScore;
use signals::Signals;
pub(super) use triggers::Triggers;

/// How long a usage sample is measured: metrics-server asks every 15 s
/// (`--metric-resolution`).
const SAMPLE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// Why the past of an autoscaler cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreplayable {
    #[error("no sample of its load is known")]
    NoLoad,
    #[error(
        "neither a CPU request nor a limit of its pods is known, so that their capacity is not"
    )]
    NoCapacity,
    #[error("nothing is known of {}, by which it scales", metrics.join(", "))]
    NoMetric { metrics: Vec<String> },
    #[error("it scales by a formula that cannot be reckoned with: {why}")]
    Formula { why: String },
}

/// What a replay scales by: settings with nothing left to default.
#[derive(Clone, Debug)]
pub enum Engine {
    Hpa {
        settings: Settings,
        /// How a schedule raises the minimum.
        floors: Vec<Floor>,
    },
    Object(Box<Object>),
}

impl Engine {
    /// The metrics of its HPA, in the order in which a decision counts them.
    pub fn metrics(&self) -> &[Metric] {
        match self {
            Self::Hpa { settings, .. } => &settings.metrics,
            Self::Object(object) => object.metrics(),
        }
    }
}

/// The past of one workload, to be replayed under any settings of its autoscaler.
#[derive(Clone, Debug)]
pub struct Scenario {
    flags: Flags,
    pods: PodShape,
    steps: Vec<Step>,
    signals: Signals,
    triggers: Triggers,
    /// What of a ScaledObject is replayed; `None` for an HPA.
    kept: Option<Kept>,
    /// When a ScaledObject was made.
    created: Timestamp,
    /// What the autoscaler wanted at the end of each step, else how many pods were ready then.
    observed: Vec<Option<f64>>,
    observed_is: Observed,
    /// When the first step begins.
    start: Timestamp,
    step_seconds: i64,
    initial: i32,
    days: Vec<Range<usize>>,
    headroom: f64,
}

/// What the replicas observed are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    Desired,
    Ready,
}

impl Scenario {
    /// The part of `load` between its first and its last known sample.
    ///
    /// Pods are as they are now: they ask for what they ask for today, all are alike, and all of
    /// their usage is demand. A metric without history is left out, unless there is no other.
    ///
    /// # Errors
    ///
    /// Any [`Unreplayable`].
    pub fn of(
        autoscaler: &Autoscaler,
        workload: &Workload,
        history: &History,
        load: &Load,
        headroom: f64,
    ) -> Result<Self, Unreplayable> {
        if let Some(scaled) = autoscaler.keda.as_deref() {
            let past = keda::Past {
                autoscaler,
                scaled,
                workload,
                history,
                load,
            };
            return past.scenario(headroom);
        }
        let range = known_range(load).ok_or(Unreplayable::NoLoad)?;
        let signals = Signals::of(autoscaler, workload, history, load, range.clone())?;
        let samples = &load.samples[range.clone()];
        let step_seconds = i64::from(load.grid.step().seconds());
        let is_desired = history.get(&history::Metric::DesiredReplicas).is_some();
        let observed: Vec<_> = range.clone().map(|at| observed(load, at)).collect();
        let step = SignedDuration::from_secs(step_seconds);
        let first = load.grid.time(range.start);
        Ok(Self {
            flags: Flags::default(),
            pods: pods(samples, load)?,
            steps: samples.iter().map(|it| demand(it.as_ref())).collect(),
            triggers: Triggers::none(),
            kept: None,
            created: first,
            signals,
            initial: initial(&observed),
            observed,
            observed_is: if is_desired {
                Observed::Desired
            } else {
                Observed::Ready
            },
            start: first.checked_sub(step).unwrap_or(first),
            step_seconds,
            days: days::whole(range.len(), step_seconds),
            headroom,
        })
    }

    /// The same past with pods that take `startup` until they serve.
    pub fn with_startup(mut self, startup: SignedDuration) -> Self {
        self.pods.startup = startup;
        self
    }

    /// The same demand of other pods' past: how many were wanted at the end of each step, in the
    /// order of the steps, and how many there were at first.
    pub fn with_observed(mut self, observed: Vec<Option<f64>>, initial: i32) -> Self {
        self.observed = observed;
        self.observed.resize(self.steps.len(), None);
        self.observed_is = Observed::Desired;
        self.initial = initial;
        self
    }

    /// The same past, of which replays start with `replicas`.
    pub fn starting_with(mut self, replicas: i32) -> Self {
        self.initial = replicas;
        self
    }

    /// What `autoscaler` is set to, as far as it can be replayed.
    pub fn engine(&self, autoscaler: &Autoscaler) -> Engine {
        if let Some((kept, scaled)) = self.kept.as_ref().zip(autoscaler.keda.as_deref()) {
            let object = Object::of(scaled, autoscaler, kept, &self.flags, self.grid());
            return Engine::Object(Box::new(object));
        }
        let mut settings = Settings::of(autoscaler, &self.flags);
        settings.metrics = self.signals.kept(&settings.metrics);
        let end = self.grid().end();
        Engine::Hpa {
            floors: floors(&autoscaler.schedule, self.start, end),
            settings,
        }
    }

    /// The ends of its steps.
    pub fn grid(&self) -> Grid {
        let step = u32::try_from(self.step_seconds).ok();
        let step = step.and_then(units::Step::from_seconds);
        let step = step.unwrap_or(units::Step::FIVE_MINUTES);
        Grid::new(self.time(0), step, self.steps.len())
    }

    /// The metrics by which the autoscaler scales and of which nothing is known.
    pub fn left_out(&self) -> &[String] {
        &self.signals.left_out
    }

    /// The metrics of `autoscaler` of which something is known, in its order.
    pub fn metrics(&self, autoscaler: &Autoscaler) -> Vec<Metric> {
        self.signals.kept(&autoscaler.metrics)
    }

    /// Beside [`metrics`](Self::metrics): what each sees.
    pub fn inputs(&self) -> &[Input] {
        &self.signals.inputs
    }

    /// The loads besides the demand in step `at`, by their place in the inputs, in thousandths.
    pub fn others(&self, at: usize) -> &[Option<i64>] {
        self.signals.at(at)
    }

    pub fn pods(&self) -> &PodShape {
        &self.pods
    }

    /// Blocks of 24 hours that end with the last step, the first of which may be shorter: ranges
    /// of steps, in order of time.
    pub fn days(&self) -> &[Range<usize>] {
        &self.days
    }

    /// How many of the last days a share of them is: whole ones, and never all.
    pub fn held_back(&self, share: f64) -> usize {
        let wanted = (self.days.len() as f64 * share).round() as usize;
        wanted.min(self.days.len().saturating_sub(1))
    }

    /// When step `at` ends.
    pub fn time(&self, at: usize) -> Timestamp {
        let seconds = self.step_seconds.saturating_mul(at as i64 + 1);
        let length = SignedDuration::from_secs(seconds);
        self.start.checked_add(length).unwrap_or(Timestamp::MAX)
    }

    /// When the first step begins.
    pub fn begin_time(&self) -> Timestamp {
        self.start
    }

    /// The step that `time` lies in; `None` outside of the past.
    pub fn place(&self, time: Timestamp) -> Option<usize> {
        let seconds = time.duration_since(self.start).as_secs();
        let before = seconds.checked_sub(1).filter(|it| *it >= 0)?;
        let at = usize::try_from(before / self.step_seconds).ok()?;
        (at < self.steps.len()).then_some(at)
    }

    /// What the pods are asked for, step by step.
    pub fn demand(&self) -> &[Step] {
        &self.steps
    }

    /// What was observed at the end of each step; `None` for a gap.
    pub fn observed(&self) -> (Observed, &[Option<f64>]) {
        (self.observed_is, &self.observed)
    }

    /// Replica-hours that were observed over the known steps.
    pub fn observed_replica_hours(&self) -> f64 {
        let sum: f64 = self.observed.iter().flatten().sum();
        sum * self.step_seconds as f64 / 3600.0
    }

    /// A replay of `engine` from the beginning, which started with the replicas observed then.
    pub fn begin<'a>(&'a self, engine: &'a Engine, shape: Shape) -> Run<'a> {
        Run::new(self, engine, shape)
    }

    /// The scores of the first `days` days of `engine`, day by day.
    pub fn scores(&self, engine: &Engine, shape: Shape, days: usize) -> Vec<RunScore> {
        let mut run = self.begin(engine, shape);
        (0..days.min(self.days.len())).map(|_| run.day()).collect()
    }

    /// How the demand runs within step `at` if it has this shape; `None` after the last step.
    pub fn segments(
        &self,
        at: usize,
        shape: Shape,
    ) -> Option<impl Iterator<Item = Segment> + use<>> {
        let step = self.steps.get(at)?;
        let around = Around::of(&self.steps, at);
        Some(step.segments(around, self.ticks(at), shape))
    }

    /// Syncs within step `at`.
    fn ticks(&self, at: usize) -> u32 {
        let period = SYNC_PERIOD.as_secs();
        let until = |at: usize| at as i64 * self.step_seconds / period;
        u32::try_from(until(at + 1) - until(at)).unwrap_or(u32::MAX)
    }
}

/// The first count observed that an autoscaler acts on: it leaves a workload at zero alone.
fn initial(observed: &[Option<f64>]) -> i32 {
    let mut counts = observed.iter().flatten();
    counts.find(|it| **it >= 1.0).map_or(1, |it| *it as i32)
}

fn known_range(load: &Load) -> Option<Range<usize>> {
    let mut known = load.known().map(|(at, _)| at);
    let first = known.next()?;
    Some(first..known.last().unwrap_or(first) + 1)
}

fn pods(samples: &[Option<Sample>], load: &Load) -> Result<PodShape, Unreplayable> {
    let known = || samples.iter().rev().flatten();
    let request = known().find_map(|it| it.request);
    let limit = known().find_map(|it| it.limit);
    if request.or(limit).is_none() {
        return Err(Unreplayable::NoCapacity);
    }
    let millicores = |cores: f64| (cores * 1000.0).round().max(1.0) as i64;
    Ok(PodShape {
        request: request.map_or(0, millicores),
        limit: limit.map(millicores),
        idle: 0,
        startup: SignedDuration::from_secs(load.startup_seconds.round() as i64),
        window: SAMPLE_WINDOW,
    })
}

/// The demand behind a sample. Where the pods were saturated it is hidden, and at least all that
/// they could give.
fn demand(sample: Option<&Sample>) -> Step {
    let Some(sample) = sample else {
        return Step {
            millicores: None,
            burst: 1.0,
        };
    };
    let full = sample.saturation().filter(|_| sample.censored);
    let hidden = full.map_or(0.0, |it| it * sample.ready);
    Step {
        millicores: Some((sample.usage.max(hidden) * 1000.0).round() as i64),
        burst: sample.burst,
    }
}

/// `None` where the load is not known either: a replay then has nothing to go by.
fn observed(load: &Load, at: usize) -> Option<f64> {
    let ready = load.samples[at].as_ref()?.ready;
    let wanted = load.wanted.get(at).copied().filter(|it| it.is_finite());
    Some(wanted.unwrap_or(ready).round())
}

/// As messages name them.
pub(super) fn names(metrics: &[Metric]) -> Vec<String> {
    metrics.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
