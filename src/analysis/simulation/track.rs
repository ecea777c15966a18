//! One replay from beginning to end: what it cost, how many pods there were, who decided what.

use jiff::{SignedDuration, Timestamp};

use crate::analysis::scenario::{Decided, Engine, Run, RunScore, Scenario};
use crate::autoscaler::Autoscaler;
use crate::sim::demand::Shape;
use crate::sim::plant::PodShape;
use crate::sim::score::{Limit, Totals};
use crate::sim::sync::{Because, Plan};
use crate::units::{Millicores, Replicas};

/// A replay under the settings of one autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// With the settings that were replayed.
    pub autoscaler: Autoscaler,
    pub pods: Pods,
    pub totals: Totals,
    /// Blocks of 24 hours, the first of which may be shorter, in order of time.
    pub days: Vec<Day>,
    /// At the end of each step.
    pub replicas: Vec<Replicas>,
    /// Those that serve, at the end of each step.
    pub ready: Vec<Replicas>,
    /// Every change of the count, in order of time.
    pub decisions: Vec<Decision>,
}

/// What one pod is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pods {
    /// `None` where pods ask for nothing.
    pub request: Option<Millicores>,
    pub limit: Option<Millicores>,
    /// From creation until it serves.
    pub startup: SignedDuration,
}

impl Pods {
    pub(super) fn of(shape: &PodShape) -> Self {
        Self {
            request: (shape.request > 0).then_some(Millicores(shape.request)),
            limit: shape.limit.map(Millicores),
            startup: shape.startup,
        }
    }
}

/// The score of one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    pub end: Timestamp,
    pub totals: Totals,
}

/// A change of the count.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub at: Timestamp,
    pub from: Replicas,
    pub to: Replicas,
    /// What decided how far it went.
    pub because: Limit,
    /// The metric that asked for the most pods; `None` where no metric was asked.
    pub metric: Option<String>,
}

impl Track {
    /// Replays all of `scenario` under the settings of `autoscaler`.
    pub(in crate::analysis) fn replay(
        scenario: &Scenario,
        autoscaler: &Autoscaler,
        shape: Shape,
    ) -> Self {
        let engine = scenario.engine(autoscaler);
        let mut recording = Recording::new(scenario.begin(&engine, shape), &engine);
        let days = scenario.days().iter().map(|steps| {
            let score = recording.day(steps.len());
            (scenario.time(steps.end - 1), score)
        });
        let days: Vec<(Timestamp, RunScore)> = days.collect();
        let total: RunScore = days.iter().map(|(_, score)| score).sum();
        let Recording {
            replicas,
            ready,
            decisions,
            ..
        } = recording;
        let day = |(end, score): (Timestamp, RunScore)| Day {
            end,
            totals: score.totals(),
        };
        Self {
            autoscaler: autoscaler.clone(),
            pods: Pods::of(scenario.pods()),
            totals: total.totals(),
            days: days.into_iter().map(day).collect(),
            replicas,
            ready,
            decisions,
        }
    }
}

/// A replay that is written down.
struct Recording<'a> {
    run: Run<'a>,
    metrics: Vec<String>,
    replicas: Vec<Replicas>,
    ready: Vec<Replicas>,
    decisions: Vec<Decision>,
}

impl<'a> Recording<'a> {
    fn new(run: Run<'a>, engine: &Engine) -> Self {
        Self {
            run,
            metrics: engine.metrics().iter().map(ToString::to_string).collect(),
            replicas: Vec::new(),
            ready: Vec::new(),
            decisions: Vec::new(),
        }
    }

    /// Goes on by some steps and gives their score.
    fn day(&mut self, steps: usize) -> RunScore {
        let (decisions, metrics) = (&mut self.decisions, &self.metrics);
        for _ in 0..steps {
            self.run
                .step(|at, decided| decisions.extend(decision(at, decided, metrics)));
            self.replicas.push(replicas(self.run.replicas()));
            self.ready.push(replicas(self.run.serving()));
        }
        self.run.take_score()
    }
}

fn decision(at: Timestamp, decided: Decided<'_>, metrics: &[String]) -> Option<Decision> {
    let to = decided.scale_to()?;
    let (because, metric) = match decided {
        Decided::Plan(plan) => (Limit::of(plan), highest(plan, metrics)),
        Decided::Pass(..) => (Limit::Loop, None),
    };
    Some(Decision {
        at,
        from: replicas(decided.replicas()),
        to: replicas(i64::from(to)),
        because,
        metric,
    })
}

/// The metric that asked for the most pods.
fn highest(plan: &Plan, metrics: &[String]) -> Option<String> {
    match plan.because {
        Because::Metrics { highest, .. } => metrics.get(highest).cloned(),
        Because::Failed | Because::Disabled | Because::AboveMax | Because::BelowMin => None,
    }
}

/// A count as reports hold it.
fn replicas(count: i64) -> Replicas {
    Replicas(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}
