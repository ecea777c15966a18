//! What happened step by step, day by day, decision by decision.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Column, of_each};
use crate::analysis::scenario;
use crate::analysis::simulation::track::{self, Track};
use crate::analysis::simulation::{Observation, Simulation};
use crate::output::report::evidence::tidy_totals;
use crate::output::report::rounded;
use crate::sim::score::{Limit, Totals};
use crate::units::{ReplicaHours, Replicas};

/// What was observed in the window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// Which replicas were.
    pub what: Kind,
    /// Over the steps whose load is known; absent if the replicas of some of them are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica_hours: Option<ReplicaHours>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Desired,
    Ready,
}

impl Observed {
    pub(super) fn of(observation: &Observation) -> Self {
        Self {
            what: match observation.what {
                scenario::Observed::Desired => Kind::Desired,
                scenario::Observed::Ready => Kind::Ready,
            },
            replica_hours: observation
                .replica_hours
                .map(|it| ReplicaHours::from_hours(rounded(it, 2))),
        }
    }
}

/// 24 hours, or what there is before the first whole ones.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Day {
    #[schemars(schema_with = "crate::output::schema::time")]
    pub end: Timestamp,
    pub totals: BTreeMap<Column, Totals>,
}

impl Day {
    pub(super) fn of(tracks: &BTreeMap<Column, Track>) -> Vec<Self> {
        let ends = tracks
            .values()
            .next()
            .map_or(&[][..], |it| it.days.as_slice());
        let days = ends.iter().enumerate();
        let day = |(index, it): (usize, &track::Day)| {
            let totals = tracks.iter().filter_map(|(column, track)| {
                let day = track.days.get(index)?;
                Some((*column, tidy_totals(day.totals.clone())))
            });
            Self {
                end: it.end,
                totals: totals.collect(),
            }
        };
        days.map(day).collect()
    }
}

/// Samples at the ends of steps.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The end of the first step.
    #[schemars(schema_with = "crate::output::schema::time")]
    pub start: Timestamp,
    pub step_seconds: u32,
    /// The mean cores of each step; `null` is a gap.
    pub load: Vec<Option<f64>>,
    /// How many replicas there were; absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Vec<Option<Replicas>>>,
    /// How many replicas each replay has.
    #[serde(flatten)]
    pub replicas: BTreeMap<Column, Vec<Replicas>>,
    /// How many of them serve.
    pub ready: BTreeMap<Column, Vec<Replicas>>,
}

impl Series {
    pub(super) fn of(simulation: &Simulation, tracks: &BTreeMap<Column, Track>) -> Self {
        let load = simulation.load.iter();
        let observation = simulation.observation.as_ref();
        Self {
            start: simulation.grid.start(),
            step_seconds: simulation.grid.step().seconds(),
            load: load.map(|it| it.map(|it| it.cores().0)).collect(),
            observed: observation.map(|it| it.replicas.clone()),
            replicas: of_each(tracks, |it| it.replicas.clone()),
            ready: of_each(tracks, |it| it.ready.clone()),
        }
    }
}

/// A change of the count.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Decision {
    #[schemars(schema_with = "crate::output::schema::time")]
    pub at: Timestamp,
    pub from: Replicas,
    pub to: Replicas,
    /// What decided how far it went.
    pub because: Limit,
    /// The metric that asked for the most pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}

impl Decision {
    pub(super) fn of(track: &Track) -> Vec<Self> {
        let decision = |it: &track::Decision| Self {
            at: it.at,
            from: it.from,
            to: it.to,
            because: it.because,
            metric: it.metric.clone(),
        };
        track.decisions.iter().map(decision).collect()
    }
}
