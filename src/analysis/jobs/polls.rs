//! Why a ScaledJob made as many jobs as it made: polls of the past, rebuilt by a replay, and what other
//! settings would have made of them.
//!
//! What [`hindsight`](crate::analysis::hindsight) is for replicas, with the replay that judges settings
//! of jobs. A replay is no record: [`Polls::agreement`] says how far it went with what was observed.

pub mod passage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::choice;
use super::model::Model;
use super::past::Past;
use super::trial::Trials;
use crate::analysis::fidelity::Fidelity;
use crate::analysis::hindsight::{About, Agreement, Span};
use crate::analysis::settings::Settings;
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::history::History;
use crate::lifecycle::diff::{ConfigDiff, Setting};
use crate::lifecycle::settings::diff;
use passage::{Passage, Witness};

/// What was decided in a part of the past.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Polls {
    pub span: Span,
    /// Seconds of a step of the history: nothing is known of what happened within one.
    pub step_seconds: u32,
    /// The share of the steps in which it is known what arrived, 0 to 1. In the others the trigger is
    /// taken to fail.
    pub known: f64,
    /// In order of time, from the first poll in the span to its end.
    pub passages: Vec<Passage>,
    /// How far the replay went with the jobs that were observed in the span; absent where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// The same over the whole history.
    pub fidelity: Fidelity,
    pub jobs: JobsAs,
    pub today: Outcome,
    pub alternatives: Vec<Alternative>,
}

/// What all jobs are taken to be like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobsAs {
    /// From creation until a job takes something, and from then until it ends.
    pub startup_seconds: i64,
    pub work_seconds: i64,
    /// Items that a job takes at once, at most.
    pub items: i64,
    /// Whether the trigger shows items that jobs work on, too: what explains the history better.
    pub shows_taken: bool,
}

/// What a replay came to in a span. What came before it was replayed with the same settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Jobs at the time that was asked about, and the fewest and the most after a poll of the span.
    pub jobs: i64,
    pub least: i64,
    pub most: i64,
    pub created: i64,
    pub job_hours: f64,
    /// How long items waited that were taken in the span: 95 % of them no longer than this.
    pub p95_wait_seconds: f64,
}

/// Other settings, with what they would have come to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// In what they differ from today's, by the keys of `configDiff`.
    #[serde(serialize_with = "by_key")]
    #[schemars(with = "BTreeMap<String, Changed>")]
    pub changes: ConfigDiff,
    /// Whether they are what is recommended.
    pub is_proposed: bool,
    pub outcome: Outcome,
}

/// Why nothing can be said of a part of the past.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Unknown(String),
    #[error("the history is of {first} to {last}")]
    Outside { first: Timestamp, last: Timestamp },
}

/// A ScaledJob and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub autoscaler: &'a Autoscaler,
    pub workload: &'a Workload,
    pub history: &'a History,
    /// How much of the history counts, before `now`.
    pub window: SignedDuration,
    pub now: Timestamp,
}

/// Replays the past of a ScaledJob under today's settings and tells of the part asked `about` what each
/// poll found and made, and what other settings would have come to, `proposed` among them.
///
/// # Errors
/// Where the past cannot be replayed, or the time asked about does not lie in it.
pub fn polls(known: Known<'_>, about: About, proposed: Option<&Settings>) -> Result<Polls, Error> {
    let Known {
        autoscaler,
        workload,
        history,
        window,
        now,
    } = known;
    let model = Model::of(autoscaler).map_err(|it| Error::Unknown(it.to_string()))?;
    let past = Past::of(&model, workload, history, window, now).map_err(Error::Unknown)?;
    let times = past.inside.start..past.inside.end.saturating_sub(1);
    if times.is_empty() {
        let why = "nothing is known of its queue and its jobs in the window";
        return Err(Error::Unknown(why.to_owned()));
    }
    let [first, last] = [times.start, times.end].map(|it| past.grid.time(it));
    let span = Span::of(about, first, last).ok_or(Error::Outside { first, last })?;
    let today = Settings::of(autoscaler);
    let fitted = Trials::new(&model, &past, 0.0).fitted(&today, usize::MAX);
    let (fidelity, trials) =
        fitted.ok_or_else(|| Error::Unknown(super::NOT_OBSERVED.to_owned()))?;
    let rebuilt = Rebuilt {
        steps: steps(&past, span),
        past: &past,
        trials: &trials,
        span,
    };
    Ok(rebuilt.told(&today, fidelity, proposed, &model))
}

/// The steps of a replay, of which the first ends at the second sample, that `span` has a part of.
fn steps(past: &Past, span: Span) -> Range<usize> {
    let first = past.inside.start;
    let all = 0..past.inside.len().saturating_sub(1);
    let is_in = |it: &usize| {
        past.grid.time(first + it + 1) > span.from && past.grid.time(first + it) < span.to
    };
    let start = all.clone().find(is_in).unwrap_or(all.end);
    let count = all.skip(start).take_while(is_in).count();
    start..start + count
}

struct Rebuilt<'a> {
    past: &'a Past,
    trials: &'a Trials<'a>,
    span: Span,
    steps: Range<usize>,
}

impl Rebuilt<'_> {
    fn told(
        &self,
        today: &Settings,
        fidelity: Fidelity,
        proposed: Option<&Settings>,
        model: &Model<'_>,
    ) -> Polls {
        let mut witness = Witness::of(self.trials.setup(today), self.span);
        let stretch = self
            .trials
            .stretch(today, self.steps.clone(), |step| witness.see(step));
        let outcome = self.outcome(today);
        let others = choice::singles(today).into_iter().map(|it| (it, false));
        let others = others.chain(proposed.map(|it| (it.clone(), true)));
        let alternatives = others.map(|(settings, is_proposed)| Alternative {
            changes: diff(today, &settings),
            is_proposed,
            outcome: self.outcome(&settings),
        });
        let arrivals = &self.trials.arrivals()[self.steps.clone()];
        let known = arrivals.iter().flatten().count();
        Polls {
            span: self.span,
            step_seconds: self.past.step(),
            known: known as f64 / arrivals.len().max(1) as f64,
            passages: witness.closed(),
            agreement: self.agreement(&stretch.jobs),
            fidelity,
            jobs: JobsAs {
                startup_seconds: self.past.startup.as_secs(),
                work_seconds: self.past.work.as_secs(),
                items: model.items(),
                shows_taken: self.trials.shows_taken,
            },
            today: outcome,
            alternatives: alternatives
                .filter(|it| it.outcome != outcome || it.is_proposed)
                .collect(),
        }
    }

    fn outcome(&self, settings: &Settings) -> Outcome {
        let mut counts: Option<Counts> = None;
        let stretch = self.trials.stretch(settings, self.steps.clone(), |step| {
            if step.at > self.span.from && step.at <= self.span.to {
                let jobs = step.found.running + step.request.created;
                let counts = counts.get_or_insert_with(|| Counts::of(jobs));
                counts.see(jobs, step.at <= self.span.at);
            }
        });
        let at_end = stretch.jobs.last().copied().unwrap_or(0);
        let counts = counts.unwrap_or_else(|| Counts::of(at_end));
        let scores = stretch.part.scores();
        Outcome {
            jobs: counts.at,
            least: counts.least,
            most: counts.most,
            created: scores.jobs_created,
            job_hours: (scores.job_hours * 10.0).round() / 10.0,
            p95_wait_seconds: scores.p95_wait_seconds,
        }
    }

    /// `jobs` are those of the replay at the ends of the steps.
    fn agreement(&self, jobs: &[i64]) -> Option<Agreement> {
        let observed = self.past.observed().skip(self.steps.start);
        let pairs = jobs.iter().zip(observed);
        let off = pairs.filter_map(|(jobs, observed)| Some((*jobs as f64 - observed?).abs()));
        Agreement::of(off)
    }
}

/// How many jobs there are as time goes on.
struct Counts {
    at: i64,
    least: i64,
    most: i64,
}

impl Counts {
    fn of(jobs: i64) -> Self {
        Self {
            at: jobs,
            least: jobs,
            most: jobs,
        }
    }

    fn see(&mut self, jobs: i64, is_asked: bool) {
        self.least = self.least.min(jobs);
        self.most = self.most.max(jobs);
        if is_asked {
            self.at = jobs;
        }
    }
}

/// What a setting is, and what it would be.
#[derive(Serialize, JsonSchema)]
struct Changed {
    from: Value,
    to: Value,
}

fn by_key<S: Serializer>(changes: &ConfigDiff, to: S) -> Result<S::Ok, S::Error> {
    let changed = |it: &Setting| {
        let (from, to) = (it.from.clone(), it.to.clone());
        (it.key.as_str(), Changed { from, to })
    };
    to.collect_map(changes.iter().map(changed))
}
