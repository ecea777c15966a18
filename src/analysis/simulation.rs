//! The past replayed under settings that somebody asks for, beside those of today.
//!
//! [`simulate`] is where to start; [`overrides`] says what may be asked for, [`changes`] what that
//! changes, [`track`] is one replay, [`planned`] are pods that do not exist yet.

pub mod changes;
pub mod overrides;
pub mod planned;
pub mod track;

use jiff::SignedDuration;
use schemars::JsonSchema;

use super::fidelity::Fidelity;
use super::load::Load;
use super::scenario::{Observed, Scenario, Unreplayable};
use super::settings::Settings;
use crate::autoscaler::workload::Workload;
use crate::autoscaler::{Autoscaler, Metric, Resource, Target};
use crate::history::History;
use crate::series::{Grid, Series};
use crate::sim::demand::Shape;
use crate::units::{Cores, Millicores, Replicas};
use overrides::Overrides;
use track::{Pods, Track};

/// What is known of the past of one autoscaler.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub autoscaler: &'a Autoscaler,
    pub workload: &'a Workload,
    pub history: &'a History,
    pub load: &'a Load,
    pub replicas: Known<'a>,
}

/// What is known of the replicas that served a load.
#[derive(Clone, Copy, Debug)]
pub enum Known<'a> {
    /// Those that the load was derived with.
    Observed,
    /// The load is of other pods, or of none yet: these, where they are known.
    Elsewhere(Option<&'a Series>),
}

/// What to replay, and how.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub overrides: Overrides,
    /// How long the simulated pods take until they serve; as today's where `None`.
    pub startup: Option<SignedDuration>,
    /// How the load ran within a step; `None` for what fits the observation best.
    pub shape: Option<Shape>,
    /// The share by which the load may be higher, for the reserve of the scores.
    pub headroom: f64,
    /// Settings to replay besides, such as those that an analysis proposes.
    pub proposed: Option<Settings>,
}

/// Replays of one load under different settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The ends of the steps that were replayed.
    pub grid: Grid,
    /// What the pods were asked for in each step; `None` for a gap.
    pub load: Vec<Option<Millicores>>,
    /// `None` where no replicas were observed at all.
    pub observation: Option<Observation>,
    pub shape: Shape,
    pub shape_from: ShapeFrom,
    /// How well today's settings explain what was observed; `None` where nothing was.
    pub fidelity: Option<Fidelity>,
    /// The share of the past that is known, 0 to 1.
    pub coverage: f64,
    /// Metrics by which the autoscaler scales and of which nothing is known.
    pub left_out: Vec<String>,
    /// What could not be said for want of it.
    pub missing: Vec<String>,
    pub pods: Pods,
    /// The settings that the autoscaler has.
    pub today: Track,
    /// The settings that were asked for.
    pub simulated: Track,
    pub proposed: Option<Track>,
}

/// The replicas that there were.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    pub what: Observed,
    /// At the end of each step.
    pub replicas: Vec<Option<Replicas>>,
    /// Over the steps whose load is known; `None` if the replicas of some of them are not.
    pub replica_hours: Option<f64>,
}

/// Why the load is taken to have run as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ShapeFrom {
    /// Today's settings then explain best what was observed.
    BestFit,
    Asked,
    /// Nothing was observed that could tell.
    Default,
}

/// Why nothing can be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Unreplayable(#[from] Unreplayable),
    #[error("it has no {resource} utilization target that could be another")]
    NoTarget { resource: Resource },
    #[error("only KEDA scales to zero, and it is no ScaledObject")]
    ZeroMin,
    #[error(
        "it is no ScaledObject, which alone has thresholds, a cooldown period, a polling interval and a fallback"
    )]
    NoKeda,
    #[error("it has no trigger {trigger} with a threshold that could be another")]
    NoThreshold { trigger: String },
    #[error("it has no fallback, and nothing says of how many replicas one should be")]
    NoFallback,
    #[error("a minimum of {min} is above the maximum of {max}")]
    MinAboveMax { min: Replicas, max: Replicas },
    #[error("it scales by a formula, in which the cron triggers of a schedule have no part")]
    FormulaAndSchedule,
    #[error("no cron trigger ends a window that begins at `{start}`")]
    NoEnd { start: String },
    #[error("how load bursts within a step was not measured")]
    NoBursts,
    #[error("a CPU limit of {limit} is below the request of {request}")]
    LimitBelowRequest { request: Cores, limit: Cores },
}

/// Replays the past under today's settings and under those that are wished for.
///
/// # Errors
///
/// Where the past cannot be replayed, or the wish does not fit the autoscaler.
pub fn simulate(past: &Past<'_>, wish: &Wish) -> Result<Simulation, Error> {
    let autoscaler = past.autoscaler;
    let changed = wish.overrides.apply(autoscaler)?;
    if wish.shape == Some(Shape::Burst) && !past.load.bursts_known {
        return Err(Error::NoBursts);
    }
    let scenario = scenario(past, wish.headroom)?;
    let (shape, shape_from, fidelity) = fit(past, wish, &scenario);
    let pods = Pods::of(scenario.pods());
    let startup = wish.startup.unwrap_or(pods.startup);
    let proposed = wish.proposed.as_ref().map(|it| it.apply(autoscaler));
    let grid = Grid::new(
        scenario.time(0),
        past.load.grid.step(),
        scenario.demand().len(),
    );
    let track = |scenario: Scenario, autoscaler: &Autoscaler| {
        Track::replay(&started(past, scenario, autoscaler), autoscaler, shape)
    };
    let today = track(scenario.clone(), autoscaler);
    let proposed = proposed.map(|it| track(scenario.clone(), &it));
    let demand = scenario.demand().iter();
    Ok(Simulation {
        grid,
        load: demand.map(|it| it.millicores.map(Millicores)).collect(),
        observation: observation(&scenario),
        shape,
        shape_from,
        fidelity,
        coverage: past.load.coverage.share,
        left_out: scenario.left_out().to_vec(),
        missing: past.load.missing.clone(),
        pods,
        today,
        proposed,
        simulated: track(scenario.clone().with_startup(startup), &changed),
    })
}

fn scenario(past: &Past<'_>, headroom: f64) -> Result<Scenario, Unreplayable> {
    let Past {
        autoscaler,
        workload,
        history,
        load,
        replicas,
    } = *past;
    let scenario = Scenario::of(autoscaler, workload, history, load, headroom)?;
    Ok(match replicas {
        Known::Observed => scenario,
        Known::Elsewhere(replicas) => {
            let seen = |at| replicas.and_then(|it| it.at(scenario.time(at)));
            let observed: Vec<_> = (0..scenario.demand().len()).map(seen).collect();
            let first = observed.iter().flatten().next().map(|it| *it as i32);
            let first = first.unwrap_or_else(|| settled(&scenario, autoscaler));
            scenario.with_observed(observed, first)
        }
    })
}

/// A replay of pods that are not there yet starts with as many as its own settings would keep.
fn started(past: &Past<'_>, scenario: Scenario, autoscaler: &Autoscaler) -> Scenario {
    match past.replicas {
        Known::Observed => scenario,
        Known::Elsewhere(_) => {
            let seen = scenario.observed().1.iter().flatten().next().copied();
            let (min, max) = (f64::from(autoscaler.min.0), f64::from(autoscaler.max.0));
            let first = seen.map(|it| it.min(max).max(min) as i32);
            let first = first.unwrap_or_else(|| settled(&scenario, autoscaler));
            scenario.starting_with(first)
        }
    }
}

/// The count at which the CPU target holds for the first known demand: nobody wants to know how
/// pods that are not there yet would have come up.
fn settled(scenario: &Scenario, autoscaler: &Autoscaler) -> i32 {
    let first = scenario.demand().iter().find_map(|it| it.millicores);
    let request = scenario.pods().request as f64;
    let percent = autoscaler.utilization(&Resource::Cpu);
    let share = percent.map(|it| request * f64::from(it) / 100.0);
    let allowed = share.or_else(|| average_cpu(autoscaler));
    let wanted = match (first, allowed) {
        (Some(first), Some(allowed)) if allowed > 0.0 => (first as f64 / allowed).ceil() as u32,
        _ => 0,
    };
    let (min, max) = (autoscaler.min.0, autoscaler.max.0);
    wanted.min(max).max(min).min(i32::MAX.unsigned_abs()) as i32
}

/// Millicores that each pod may use on the mean, by the first CPU metric that says so.
fn average_cpu(autoscaler: &Autoscaler) -> Option<f64> {
    autoscaler.metrics.iter().find_map(|metric| match metric {
        Metric::Resource {
            resource: Resource::Cpu,
            target: Target::AverageValue(value),
        }
        | Metric::ContainerResource {
            resource: Resource::Cpu,
            target: Target::AverageValue(value),
            ..
        } => Some(value.as_f64() * 1000.0),
        Metric::Resource { .. }
        | Metric::ContainerResource { .. }
        | Metric::Pods { .. }
        | Metric::Object { .. }
        | Metric::External { .. } => None,
    })
}

fn fit(past: &Past<'_>, wish: &Wish, scenario: &Scenario) -> (Shape, ShapeFrom, Option<Fidelity>) {
    let today = scenario.engine(past.autoscaler);
    let possible = super::shapes(past.load);
    match wish.shape {
        Some(shape) => {
            let fidelity = Fidelity::best(scenario, &today, &[shape]);
            (shape, ShapeFrom::Asked, fidelity)
        }
        None => match Fidelity::best(scenario, &today, possible) {
            Some(fidelity) => (fidelity.shape, ShapeFrom::BestFit, Some(fidelity)),
            None => (possible[0], ShapeFrom::Default, None),
        },
    }
}

fn observation(scenario: &Scenario) -> Option<Observation> {
    let (what, observed) = scenario.observed();
    observed.iter().find(|it| it.is_some())?;
    let mut known = scenario.demand().iter().zip(observed);
    let is_whole = known.all(|(step, it)| step.millicores.is_none() || it.is_some());
    let count = |it: &Option<f64>| it.map(|it| Replicas(it as u32));
    Some(Observation {
        what,
        replicas: observed.iter().map(count).collect(),
        replica_hours: is_whole.then(|| scenario.observed_replica_hours()),
    })
}

#[cfg(test)]
mod tests;
