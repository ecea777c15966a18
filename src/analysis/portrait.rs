//! The past of one autoscaler as it can be drawn: what was asked for, how many replicas there were
//! and would have been, and when they were too few.
//!
//! Made beside an assessment where [`AnalysisSettings::portrait`] asks for it, and never else: it
//! replays today's and the proposed settings once more, and keeps what an assessment drops. Start
//! at [`of`]. [`lane`] is one line of it, [`loads`] are those of what is asked for, [`needed`] says
//! how many replicas that calls for and [`marks`] when there were fewer.
//!
//! [`AnalysisSettings::portrait`]: super::AnalysisSettings

pub mod lane;
pub(super) mod loads;
pub mod marks;
mod needed;
#[cfg(test)]
mod tests;

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::assessment::{JobProof, Outcome, Point};
use super::case::Case;
use super::fidelity::Fidelity;
use super::load::indices_within;
use super::scenario::Scenario;
use super::settings::Settings;
use super::shapes;
use super::simulation::track::Track;
use crate::history::Metric;
use crate::series::Grid;
use crate::sim::score::Totals;
use crate::units::Replicas;
pub use lane::Lane;
pub use loads::{Load, Unit};
pub use marks::{Mark, MarkKind};

/// How finely a past is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A point for each step of the history.
    Every,
    /// At most so many points, each of as many whole steps as that takes; zero is taken as one.
    AtMost(usize),
}

/// The past of one autoscaler. Every lane has `points` points.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Portrait {
    /// When the time of the first point ends, which may be shorter than the others.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub start: Timestamp,
    /// Seconds of a point.
    pub step_seconds: u32,
    pub points: usize,
    /// What was asked for: of each metric with history, in the order of the autoscaler; then the
    /// CPU usage, where it scales by none.
    pub loads: Vec<Load>,
    /// Replicas that the load calls for by today's targets, in its busiest minute and without
    /// headroom; bounded by neither minimum nor maximum. Absent where no metric tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<Lane>,
    /// Replicas that served; of a ScaledJob, jobs that ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<Lane>,
    /// Replicas that the autoscaler wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<Lane>,
    /// Replicas of a replay of today's settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<Lane>,
    /// Replicas of a replay of the proposed settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Lane>,
    pub bands: Bands,
    /// When there were too few replicas, by what was observed: in order of kind, then of time.
    /// Runs that are no further apart than a point are one.
    pub marks: Vec<Mark>,
    /// What both settings come to over the window; absent where nothing could be replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// Of the settings that were replayed over the training days, those of which none is both
    /// cheaper and better served than another, today's and the proposed ones in any case; the
    /// cheapest first. Empty where the search was not begun.
    pub frontier: Vec<Point>,
    /// How well the replay of today's settings repeats what was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fidelity: Option<Fidelity>,
}

/// Between what the replicas are held.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bands {
    pub today: Band,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Band>,
}

/// A minimum and a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Band {
    pub min: Replicas,
    pub max: Replicas,
}

/// Scores of replays over the whole window.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    pub today: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Totals>,
    /// What became of the items of a ScaledJob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Box<JobProof>>,
}

impl From<&Settings> for Band {
    fn from(settings: &Settings) -> Self {
        Self {
            min: settings.min_replicas,
            max: settings.max_replicas,
        }
    }
}

impl Bands {
    pub(super) fn of(today: &Settings, outcome: &Outcome) -> Self {
        Self {
            today: today.into(),
            proposed: outcome.proposed().map(Band::from),
        }
    }
}

/// What an assessment of the same case came to.
pub(super) struct Assessed<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) fidelity: Option<Fidelity>,
    pub(super) frontier: Vec<Point>,
}

/// Draws what is known of `case`; `None` where nothing is.
pub(super) fn of(case: &Case<'_>, assessed: Assessed<'_>, detail: Detail) -> Option<Portrait> {
    let range = known(case)?;
    let part = case.load.grid.part(range.clone());
    let (autoscaler, headroom) = (case.autoscaler(), case.settings.headroom);
    let scenario = Scenario::of(autoscaler, case.workload, case.history, case.load, headroom).ok();
    let replays = scenario
        .as_ref()
        .map(|it| Replays::of(case, it, &assessed, part));
    let lane = |metric| {
        let series = case.history.get(&metric)?.on(part);
        Some(Lane::of(series.iter()))
    };
    let wanted = case.load.wanted[range.clone()].iter();
    let desired = case.history.get(&Metric::DesiredReplicas);
    let needs = needed::of(case, scenario.as_ref(), range.clone());
    let portrait = Portrait {
        start: part.start(),
        step_seconds: part.step().seconds(),
        points: part.len(),
        loads: loads::of(case, range.clone()),
        marks: marks::of(case, &needs, range, part),
        needed: Lane::known(needs.needed),
        ready: lane(Metric::ReadyReplicas),
        desired: desired.map(|_| Lane::of(wanted.map(|it| it.is_finite().then_some(*it)))),
        bands: Bands::of(case.today, assessed.outcome),
        frontier: assessed.frontier,
        today: replays.as_ref().map(|it| it.today.clone()),
        proposed: replays.as_ref().and_then(|it| it.proposed.clone()),
        fidelity: replays.as_ref().and_then(|it| it.fidelity),
        figures: replays.map(|it| it.figures),
    };
    Some(portrait.reduced(detail))
}

/// From the first to the last sample of the window at which anything is known.
fn known(case: &Case<'_>) -> Option<Range<usize>> {
    let load = case.load;
    let counts = [Metric::ReadyReplicas, Metric::DesiredReplicas];
    let triggers = (0..case.autoscaler().metrics.len()).filter_map(|it| u32::try_from(it).ok());
    let all = counts.into_iter().chain(triggers.map(Metric::Trigger));
    let series: Vec<_> = all.filter_map(|it| case.history.get(&it)).collect();
    let is_known = |at: &usize| {
        let time = load.grid.time(*at);
        load.samples[*at].is_some() || series.iter().any(|it| it.at(time).is_some())
    };
    let mut inside = indices_within(load.grid, case.settings.window, case.now).filter(is_known);
    let first = inside.next()?;
    Some(first..inside.next_back().unwrap_or(first) + 1)
}

/// The replays of a portrait.
struct Replays {
    today: Lane,
    proposed: Option<Lane>,
    figures: Figures,
    fidelity: Option<Fidelity>,
}

impl Replays {
    fn of(case: &Case<'_>, scenario: &Scenario, assessed: &Assessed<'_>, grid: Grid) -> Self {
        let autoscaler = case.autoscaler();
        let possible = shapes(case.load);
        let fidelity = assessed
            .fidelity
            .or_else(|| Fidelity::best(scenario, &scenario.engine(autoscaler), possible));
        let shape = fidelity.map_or(possible[0], |it| it.shape);
        let today = Track::replay(scenario, autoscaler, shape);
        let settings = assessed.outcome.proposed();
        let proposed = settings.map(|it| Track::replay(scenario, &it.apply(autoscaler), shape));
        let lane = |track: &Track| on(grid, scenario, track);
        Self {
            today: lane(&today),
            proposed: proposed.as_ref().map(lane),
            figures: Figures {
                today: today.totals,
                proposed: proposed.map(|it| it.totals),
                jobs: None,
            },
            fidelity,
        }
    }
}

/// How many replicas a replay had at the times of `grid`.
fn on(grid: Grid, scenario: &Scenario, track: &Track) -> Lane {
    let mut values = vec![None; grid.len()];
    for (at, replicas) in track.replicas.iter().enumerate() {
        if let Some(place) = grid.index_of(scenario.time(at)) {
            values[place] = Some(f64::from(replicas.0));
        }
    }
    Lane::of(values)
}

impl Portrait {
    /// When the time of point `at` ends.
    pub fn time(&self, at: usize) -> Timestamp {
        let seconds = i64::from(self.step_seconds).saturating_mul(at as i64);
        let length = SignedDuration::from_secs(seconds);
        self.start.checked_add(length).unwrap_or(Timestamp::MAX)
    }

    /// When the time of the last point ends.
    pub fn end(&self) -> Timestamp {
        self.time(self.points.saturating_sub(1))
    }

    /// The same past drawn no finer than `detail` says; each point stands for as many, but the
    /// first one for those that are left.
    pub fn reduced(self, detail: Detail) -> Self {
        let each = match detail {
            Detail::Every => 1,
            Detail::AtMost(most) => self.points.div_ceil(most.max(1)).max(1),
        };
        if each == 1 {
            return self;
        }
        let points = self.points.div_ceil(each);
        let step = self.step_seconds.saturating_mul(each as u32);
        let apart = SignedDuration::from_secs(step.into());
        let first = self.points - (points - 1) * each;
        let loads = self.loads.into_iter();
        let reduced = |it: Option<Lane>| it.map(|it| it.reduced(first, each));
        Self {
            start: self.start
                + SignedDuration::from_secs(i64::from(self.step_seconds) * (first as i64 - 1)),
            step_seconds: step,
            points,
            loads: loads.map(|it| it.reduced(first, each)).collect(),
            needed: reduced(self.needed),
            ready: reduced(self.ready),
            desired: reduced(self.desired),
            today: reduced(self.today),
            proposed: reduced(self.proposed),
            marks: marks::joined(self.marks, apart),
            ..self
        }
    }

    /// The points whose time ends after `from` and not after `to`; `None` without any.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Option<Self> {
        let first = (0..self.points).find(|at| self.time(*at) > from)?;
        let end = (0..self.points).rfind(|at| self.time(*at) <= to)? + 1;
        if end <= first {
            return None;
        }
        let part = |it: &Lane| it.part(first..end);
        let loads = self.loads.iter();
        let marks = self.marks.iter().filter_map(|it| it.within(from, to));
        Some(Self {
            start: self.time(first),
            points: end - first,
            loads: loads.map(|it| it.with_lane(part(&it.lane))).collect(),
            needed: self.needed.as_ref().map(part),
            ready: self.ready.as_ref().map(part),
            desired: self.desired.as_ref().map(part),
            today: self.today.as_ref().map(part),
            proposed: self.proposed.as_ref().map(part),
            marks: marks.collect(),
            ..self.clone()
        })
    }
}
