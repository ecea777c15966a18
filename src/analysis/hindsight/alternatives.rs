//! What other settings would have come to in a part of the past.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Span, beginning};
use crate::analysis::scenario::Scenario;
use crate::analysis::settings::Settings;
use crate::analysis::simulation::changes::{Change, by_key, changes};
use crate::analysis::simulation::overrides::{Overrides, RuleOverrides};
use crate::autoscaler::behavior::{DEFAULT_DOWN, DEFAULT_UP, Select, scale_down_window};
use crate::autoscaler::{Autoscaler, Resource};
use crate::sim::demand::Shape;
use crate::units::Replicas;

/// Points of a CPU target that it is tried lower and higher by.
const POINTS: u32 = 10;

/// Other settings, with what they would have come to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// In what they differ from today's, by the keys of a `Replay`.
    #[serde(serialize_with = "by_key")]
    #[schemars(with = "BTreeMap<String, Change>")]
    pub changes: Vec<Change>,
    /// Whether they are what is recommended.
    pub is_proposed: bool,
    pub outcome: Outcome,
}

/// What a replay came to in a span. What came before it was replayed with the same settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Replicas at the time that was asked about, and the fewest and the most of the span.
    pub replicas: Replicas,
    pub least: Replicas,
    pub most: Replicas,
    pub replica_hours: f64,
    pub shortfall_minutes: f64,
}

impl Outcome {
    pub(super) fn of(
        scenario: &Scenario,
        autoscaler: &Autoscaler,
        shape: Shape,
        span: Span,
    ) -> Self {
        let engine = scenario.engine(autoscaler);
        let mut run = scenario.begin(&engine, shape);
        let mut at = 0;
        while scenario.time(at) <= span.from && run.step(|_, _| {}) {
            at += 1;
        }
        run.take_score();
        let mut counts = Counts::new(run.replicas(), span.at);
        while beginning(scenario, at) < span.to
            && run.step(|time, it| counts.see(time, it.scale_to().map_or(it.replicas(), i64::from)))
        {
            at += 1;
        }
        let score = run.take_score();
        let tenths = |it: f64| (it * 10.0).round() / 10.0;
        let short = score
            .shortfall()
            .minutes
            .max(score.need_shortfall().minutes);
        Self {
            replicas: counted(counts.at),
            least: counted(counts.least),
            most: counted(counts.most),
            replica_hours: tenths(score.replica_hours()),
            shortfall_minutes: tenths(short),
        }
    }
}

/// How many replicas there are as time goes on.
struct Counts {
    asked: Timestamp,
    at: i64,
    least: i64,
    most: i64,
}

impl Counts {
    fn new(count: i64, asked: Timestamp) -> Self {
        Self {
            asked,
            at: count,
            least: count,
            most: count,
        }
    }

    fn see(&mut self, time: Timestamp, count: i64) {
        self.least = self.least.min(count);
        self.most = self.most.max(count);
        if time <= self.asked {
            self.at = count;
        }
    }
}

fn counted(count: i64) -> Replicas {
    Replicas(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}

/// One setting after the other as it could have been, and those proposed.
pub(super) fn of(
    scenario: &Scenario,
    autoscaler: &Autoscaler,
    shape: Shape,
    span: Span,
    proposed: Option<&Settings>,
) -> Vec<Alternative> {
    let tried = candidates(autoscaler).into_iter();
    let tried = tried.filter_map(|it| it.apply(autoscaler).ok());
    let tried = tried.map(|it| (it, false));
    let proposed = proposed.map(|it| (it.apply(autoscaler), true));
    let all = tried.chain(proposed).filter_map(|(other, is_proposed)| {
        let changes = changes(autoscaler, &other);
        (!changes.is_empty()).then(|| Alternative {
            changes,
            is_proposed,
            outcome: Outcome::of(scenario, &other, shape, span),
        })
    });
    all.collect()
}

fn candidates(autoscaler: &Autoscaler) -> Vec<Overrides> {
    let behavior = autoscaler.behavior.as_ref();
    let up = behavior.and_then(|it| it.scale_up.as_ref());
    let (min, max) = (autoscaler.min.0, autoscaler.max.0);
    let base = Overrides::default();
    let up_rule = |scale_up| Overrides {
        scale_up,
        ..Overrides::default()
    };
    let down_rule = |scale_down| Overrides {
        scale_down,
        ..Overrides::default()
    };
    let window = |seconds| RuleOverrides {
        window_seconds: Some(seconds),
        ..RuleOverrides::default()
    };
    let exact = || RuleOverrides {
        tolerance: "0".parse().ok(),
        ..RuleOverrides::default()
    };
    let mut all = vec![
        Overrides {
            min: Some(Replicas(min.saturating_mul(2).max(min + 1).min(max))),
            ..base.clone()
        },
        Overrides {
            min: Some(Replicas((min / 2).max(1).min(min))),
            ..base.clone()
        },
        Overrides {
            max: Some(Replicas(max.saturating_mul(2))),
            ..base.clone()
        },
        Overrides {
            scale_up: exact(),
            scale_down: exact(),
            ..base.clone()
        },
    ];
    if let Some(percent) = autoscaler.utilization(&Resource::Cpu) {
        let others = [
            percent.saturating_sub(POINTS),
            percent.saturating_add(POINTS),
        ];
        all.extend(others.into_iter().filter(|it| *it > 0).map(|it| Overrides {
            cpu: Some(it),
            ..base.clone()
        }));
    }
    if up.is_some_and(|it| it.window_seconds.is_some_and(|it| it > 0)) {
        all.push(up_rule(window(0)));
    }
    if scale_down_window(behavior) > 0 {
        all.push(down_rule(window(0)));
    }
    let free = |policies: &[_]| RuleOverrides {
        select: Some(Select::Max),
        policies: policies.to_vec(),
        ..RuleOverrides::default()
    };
    if up.is_some_and(|it| it.written_policies(&DEFAULT_UP).is_some()) {
        all.push(up_rule(free(&DEFAULT_UP)));
    }
    let down = behavior.and_then(|it| it.scale_down.as_ref());
    if down.is_some_and(|it| it.written_policies(&DEFAULT_DOWN).is_some()) {
        all.push(down_rule(free(&DEFAULT_DOWN)));
    }
    all
}
