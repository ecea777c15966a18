//! A time in which the same was decided, sync after sync.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Span, beginning};
use crate::analysis::scenario::{Decided, Scenario};
use crate::autoscaler::{Autoscaler, Resource};
use crate::sim::demand::Shape;
use crate::sim::flags::Flags;
use crate::sim::score::Limit;
use crate::sim::settings::Tolerance;
use crate::sim::sync::{Because, Plan};
use crate::units::Replicas;

/// Some syncs that decided the same.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Passage {
    /// The first of them.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// When something else was decided.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    /// How many pods there were, and of these were starting.
    pub replicas: Replicas,
    pub starting: Replicas,
    /// What was observed at the end of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Replicas>,
    /// What the metrics asked for; absent where they were not asked, or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Replicas>,
    /// What was decided.
    pub decided: Replicas,
    /// What it was decided by, or what held back what the metrics asked for.
    pub held: Held,
    /// The metric that asked for the most pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Percent of the request that the mean CPU usage of the step was, of the pods that served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<f64>,
}

/// What held a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Held {
    /// Nothing: what the metrics ask for is done.
    Metrics,
    /// Nothing is to be done: the metrics ask for as many as there are.
    Enough,
    /// Usage differs from the target by no more than is tolerated.
    Tolerance,
    Window,
    Policy,
    Min,
    Max,
    /// KEDA's scale loop decided.
    Loop,
    /// Metrics failed or are not known, so that nothing could be decided.
    NoMetrics,
}

/// The passages of `span` in a replay of the settings of `autoscaler`.
pub(super) fn passages(
    scenario: &Scenario,
    autoscaler: &Autoscaler,
    shape: Shape,
    span: Span,
) -> Vec<Passage> {
    let engine = scenario.engine(autoscaler);
    let metrics: Vec<String> = engine.metrics().iter().map(ToString::to_string).collect();
    let mut witness = Witness {
        scenario,
        metrics,
        target: autoscaler.utilization(&Resource::Cpu).map(f64::from),
        tolerance: Tolerance::of(autoscaler.behavior.as_ref(), &Flags::default()),
        span,
        started: Vec::new(),
        passages: Vec::new(),
    };
    let mut run = scenario.begin(&engine, shape);
    for at in 0..scenario.demand().len() {
        let is_over = beginning(scenario, at) >= span.to;
        if is_over || !run.step(|time, decided| witness.see(at, time, decided)) {
            break;
        }
    }
    witness.closed()
}

/// Sees every decision and writes down those of the span.
struct Witness<'a> {
    scenario: &'a Scenario,
    metrics: Vec<String>,
    /// Percent of the request.
    target: Option<f64>,
    tolerance: Tolerance,
    span: Span,
    /// When how many pods were started.
    started: Vec<(Timestamp, i64)>,
    passages: Vec<Passage>,
}

impl Witness<'_> {
    fn see(&mut self, at: usize, time: Timestamp, decided: Decided<'_>) {
        if time > self.span.to {
            return;
        }
        let count = decided.replicas();
        let to = decided.scale_to().map_or(count, i64::from);
        let starting = self.starting(time).min(count);
        if to > count {
            self.started.push((time, to - count));
        }
        // A pass that writes nothing leaves it to the HPA.
        let is_idle = matches!(decided, Decided::Pass(..)) && to == count && count > 0;
        if is_idle {
            return;
        }
        let passage = self.passage(at, time, decided, (count, starting, to));
        match self.passages.last_mut() {
            Some(last) if last.to <= self.span.from => *last = passage,
            Some(last) if last.says_the_same(&passage) => last.to = passage.to,
            Some(last) => {
                last.to = time;
                self.passages.push(passage);
            }
            None => self.passages.push(passage),
        }
    }

    fn passage(
        &self,
        at: usize,
        time: Timestamp,
        decided: Decided<'_>,
        (count, starting, to): (i64, i64, i64),
    ) -> Passage {
        let percent = self.cpu_percent(at, count - starting);
        let (wanted, held, metric) = match decided {
            Decided::Plan(plan) => {
                let held = self.held(plan, percent, count - starting);
                (plan.recommendation, held, self.highest(plan))
            }
            Decided::Pass(..) => (None, Held::Loop, None),
        };
        let observed = self.scenario.observed().1.get(at).copied().flatten();
        Passage {
            from: time,
            to: self.scenario.time(at),
            replicas: replicas(count),
            starting: replicas(starting),
            observed: observed.map(|it| replicas(it as i64)),
            wanted: wanted.map(|it| replicas(i64::from(it))),
            decided: replicas(to),
            held,
            metric,
            cpu_percent: percent,
        }
    }

    /// Pods that do not serve yet.
    fn starting(&self, now: Timestamp) -> i64 {
        let startup = self.scenario.pods().startup;
        let is_young = |at: Timestamp| now.duration_since(at) < startup;
        let young = self.started.iter().rev().take_while(|it| is_young(it.0));
        young.map(|it| it.1).sum()
    }

    fn cpu_percent(&self, at: usize, serving: i64) -> Option<f64> {
        let request = self.scenario.pods().request;
        let demand = self.scenario.demand().get(at)?.millicores?;
        let full = request.saturating_mul(serving);
        (full > 0).then(|| (1000.0 * demand as f64 / full as f64).round() / 10.0)
    }

    fn held(&self, plan: &Plan, percent: Option<f64>, serving: i64) -> Held {
        match Limit::of(plan) {
            Limit::Window => Held::Window,
            Limit::Policy => Held::Policy,
            Limit::Min => Held::Min,
            Limit::Max => Held::Max,
            Limit::Loop => Held::Loop,
            Limit::Nothing => Held::NoMetrics,
            Limit::Metrics if plan.recommendation != Some(plan.current) => Held::Metrics,
            Limit::Metrics => match percent.zip(self.target) {
                Some((percent, target)) if self.is_tolerated(percent / target, serving) => {
                    Held::Tolerance
                }
                Some(_) | None => Held::Enough,
            },
        }
    }

    /// Whether another count would be asked for without the tolerance.
    fn is_tolerated(&self, share: f64, serving: i64) -> bool {
        let exact = (share * serving as f64 - 1e-6).ceil() as i64;
        self.tolerance.holds(share) && exact != serving
    }

    fn highest(&self, plan: &Plan) -> Option<String> {
        match plan.because {
            Because::Metrics { highest, .. } => self.metrics.get(highest).cloned(),
            Because::Failed | Because::Disabled | Because::AboveMax | Because::BelowMin => None,
        }
    }

    /// The passages, cut to the span.
    fn closed(self) -> Vec<Passage> {
        let span = self.span;
        let mut passages = self.passages;
        if let Some(last) = passages.last_mut() {
            last.to = span.to;
        }
        passages.retain(|it| it.to > span.from && it.from <= span.to);
        for passage in &mut passages {
            passage.from = passage.from.max(span.from);
        }
        passages
    }
}

impl Passage {
    fn says_the_same(&self, other: &Self) -> bool {
        let said = |it: &Self| {
            let Self {
                replicas,
                starting,
                wanted,
                decided,
                held,
                ..
            } = it;
            (*replicas, *starting, *wanted, *decided, *held)
        };
        said(self) == said(other) && self.metric == other.metric
    }

    pub fn length(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

fn replicas(count: i64) -> Replicas {
    Replicas(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}
