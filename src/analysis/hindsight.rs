//! Why there were as many replicas as there were: decisions of the past, rebuilt by a replay, and
//! what other settings would have made of them.
//!
//! Start at [`hindsight`]. [`passage`] is a time in which the same was decided, [`alternatives`]
//! are the settings that are tried. A replay is no record: [`Hindsight::agreement`] says how far
//! it went with what was observed.

pub mod alternatives;
pub mod passage;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::fidelity::Fidelity;
use super::scenario::{Engine, Scenario, Unreplayable};
use super::settings::Settings;
use super::shapes;
use super::simulation::Past;
use crate::sim::demand::Shape;
use alternatives::{Alternative, Outcome};
use passage::{Passage, passages};

/// What somebody asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A time, with some before it, in which its decision was prepared, and some after it.
    At(Timestamp),
    /// As much of what is known last.
    Last(SignedDuration),
}

/// Before and after a time that is asked about.
const BEFORE: SignedDuration = SignedDuration::from_mins(30);
const AFTER: SignedDuration = SignedDuration::from_mins(15);

/// A part of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Span {
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    /// The time that somebody asks about, in it.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// What was decided in a part of the past.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hindsight {
    pub span: Span,
    /// Seconds of a step of the history: nothing is known of what happened within one.
    pub step_seconds: u32,
    /// The share of the steps whose load is known, 0 to 1. Nothing is decided in the others.
    pub known: f64,
    /// In order of time, without a gap.
    pub passages: Vec<Passage>,
    /// How far the replay went with what was observed in the span; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// The same over the whole history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
    /// Metrics by which it scales and of which nothing is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    pub today: Outcome,
    pub alternatives: Vec<Alternative>,
}

/// A replay against what was observed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// The share of samples in which both differ by at most one replica, 0 to 1.
    pub within_one: f64,
    /// In replicas.
    pub mean_absolute_error: f64,
    pub samples: usize,
}

/// Why nothing can be said of a part of the past.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Unreplayable(#[from] Unreplayable),
    #[error("the history is of {first} to {last}")]
    Outside { first: Timestamp, last: Timestamp },
}

/// Replays the past of an autoscaler under today's settings and tells of the part asked `about` who
/// decided what, and what other settings would have come to, `proposed` among them.
///
/// # Errors
/// Where the past cannot be replayed, or the time asked about does not lie in it.
pub fn hindsight(
    past: &Past<'_>,
    about: About,
    headroom: f64,
    proposed: Option<&Settings>,
) -> Result<Hindsight, Error> {
    let Past {
        autoscaler,
        workload,
        history,
        load,
        ..
    } = *past;
    let scenario = Scenario::of(autoscaler, workload, history, load, headroom)?;
    let span = span(&scenario, about)?;
    let today = scenario.engine(autoscaler);
    let possible = shapes(load);
    let fidelity = Fidelity::best(&scenario, &today, possible);
    let shape = fidelity.map_or(possible[0], |it| it.shape);
    let passages = passages(&scenario, autoscaler, shape, span);
    let outcome = Outcome::of(&scenario, autoscaler, shape, span);
    let steps: Vec<usize> = steps(&scenario, span).collect();
    let known = steps.iter().filter(|it| scenario.is_known(**it)).count();
    Ok(Hindsight {
        span,
        step_seconds: load.grid.step().seconds(),
        known: known as f64 / steps.len().max(1) as f64,
        agreement: agreement(&scenario, &today, shape, &steps),
        fidelity,
        left_out: scenario.left_out().to_vec(),
        alternatives: alternatives::of(&scenario, autoscaler, shape, span, proposed)
            .into_iter()
            .filter(|it| it.outcome != outcome || it.is_proposed)
            .collect(),
        today: outcome,
        passages,
    })
}

/// The part of the past of `scenario` that is asked `about`.
fn span(scenario: &Scenario, about: About) -> Result<Span, Error> {
    let last = scenario.time(scenario.demand().len().saturating_sub(1));
    let first = scenario.begin_time();
    Span::of(about, first, last).ok_or(Error::Outside { first, last })
}

impl Span {
    /// The part asked `about` of a past from `first` to `last`; `None` where the time asked about is
    /// not in it.
    pub(super) fn of(about: About, first: Timestamp, last: Timestamp) -> Option<Self> {
        let (at, before, after) = match about {
            About::At(at) => (at, BEFORE, AFTER),
            About::Last(length) => (last, length, SignedDuration::ZERO),
        };
        (at > first && at <= last).then(|| Self {
            from: at.checked_sub(before).unwrap_or(first).max(first),
            to: at.checked_add(after).unwrap_or(last).min(last),
            at,
        })
    }
}

impl Agreement {
    /// Of how many replicas each sample was `off`; `None` without any.
    pub(super) fn of(off: impl Iterator<Item = f64>) -> Option<Self> {
        let (mut samples, mut within, mut error) = (0_usize, 0_usize, 0.0);
        for off in off {
            samples += 1;
            within += usize::from(off <= 1.0);
            error += off;
        }
        let count = samples as f64;
        (samples > 0).then(|| Self {
            within_one: within as f64 / count,
            mean_absolute_error: error / count,
            samples,
        })
    }
}

/// When step `at` begins.
fn beginning(scenario: &Scenario, at: usize) -> Timestamp {
    match at {
        0 => scenario.begin_time(),
        later => scenario.time(later - 1),
    }
}

/// The steps that end in `span`.
fn steps(scenario: &Scenario, span: Span) -> impl Iterator<Item = usize> + '_ {
    (0..scenario.demand().len()).filter(move |it| {
        let end = scenario.time(*it);
        end > span.from && end <= span.to
    })
}

fn agreement(
    scenario: &Scenario,
    engine: &Engine,
    shape: Shape,
    steps: &[usize],
) -> Option<Agreement> {
    let (first, last) = (*steps.first()?, *steps.last()?);
    let mut run = scenario.begin(engine, shape);
    let observed = scenario.observed().1.iter().enumerate().take(last + 1);
    let off = observed.filter_map(|(at, observed)| {
        run.step(|_, _| {});
        let observed = observed.filter(|_| at >= first)?;
        Some((run.observable() as f64 - observed).abs())
    });
    Agreement::of(off)
}
