//! A true load served by an HPA: what it cost, and what its history shows.

use jiff::{SignedDuration, Timestamp};
use stepscale::autoscaler::Autoscaler;
use stepscale::history::{History, Metric};
use stepscale::series::{Grid, Series};
use stepscale::sim::flags::Flags;
use stepscale::sim::floor::floors;
use stepscale::sim::input::Input;
use stepscale::sim::plant::{Plant, PodShape};
use stepscale::sim::replay::{Replay, Setup, Step};
use stepscale::sim::score::Totals;
use stepscale::sim::settings::Settings;
use stepscale::units::Step as Distance;

use super::cases::{Case, REQUEST};
use super::load::{DAY, Load, STEP, SYNC};

/// The share of the days, the last ones, on which a choice is checked.
const HELD_BACK: f64 = 0.3;

/// Syncs in a minute.
const MINUTE: usize = 4;
/// Days of which the bursts are known.
const BURST_DAYS: usize = 2;

/// What an HPA did to a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Effect {
    pub(super) all: Sums,
    /// The last days alone.
    pub(super) held_back: Sums,
}

/// Of some days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sums {
    pub(super) replica_hours: f64,
    pub(super) shortfall_minutes: f64,
    pub(super) shortfall_core_minutes: f64,
}

impl Sums {
    fn of(totals: &Totals) -> Self {
        Self {
            replica_hours: totals.replica_hours.hours(),
            shortfall_minutes: totals.shortfall_minutes,
            shortfall_core_minutes: totals.shortfall_core_minutes,
        }
    }

    fn less(&self, first: &Self) -> Self {
        Self {
            replica_hours: self.replica_hours - first.replica_hours,
            shortfall_minutes: self.shortfall_minutes - first.shortfall_minutes,
            shortfall_core_minutes: self.shortfall_core_minutes - first.shortfall_core_minutes,
        }
    }
}

/// Serves `load` with `hpa`.
pub(super) fn effect(case: &Case, load: &Load, hpa: &Autoscaler) -> Effect {
    serve(case, load, hpa, |_, _| {})
}

/// Serves `load` with `hpa` and gives what a metrics source would know of it.
pub(super) fn history(case: &Case, load: &Load, hpa: &Autoscaler) -> (Effect, History) {
    let mut watched = Watched::new(case, first_replicas(load, hpa), load.syncs.len());
    let effect = serve(case, load, hpa, |demand, step| watched.watch(demand, step));
    (effect, watched.history(load.start))
}

fn serve(
    case: &Case,
    load: &Load,
    hpa: &Autoscaler,
    mut show: impl FnMut(Option<i64>, &Step),
) -> Effect {
    let flags = Flags::default();
    let settings = Settings::of(hpa, &flags);
    let (shape, replicas) = (shape(case), first_replicas(load, hpa));
    let end = load.start + SignedDuration::from_secs(SYNC * load.syncs.len() as i64);
    let floors = floors(&hpa.schedule, load.start, end);
    let setup = Setup {
        settings: &settings,
        flags: &flags,
        pods: shape,
        inputs: &[Input::Demand],
        headroom: 0.0,
        floors: &floors,
    };
    let mut replay = Replay::new(setup, replicas, load.start);
    let days = load.syncs.len() / DAY;
    let held_back = (days as f64 * HELD_BACK).round() as usize;
    let (first, last) = load.syncs.split_at((days - held_back) * DAY);
    let mut until = |syncs| {
        for segment in Load::segments(syncs) {
            replay.run(&segment, &[], |step| show(segment.demand, step));
        }
        Sums::of(&replay.score().totals())
    };
    let (chosen_on, all) = (until(first), until(last));
    Effect {
        held_back: all.less(&chosen_on),
        all,
    }
}

fn shape(case: &Case) -> PodShape {
    PodShape {
        request: REQUEST,
        limit: case.limit,
        idle: 10,
        startup: SignedDuration::from_secs(case.startup),
        window: SignedDuration::from_secs(15),
    }
}

/// What the load asks for at first, as if the HPA had been there before.
fn first_replicas(load: &Load, hpa: &Autoscaler) -> i32 {
    let first = load.syncs.iter().find_map(|it| *it).unwrap_or(0);
    let percent = hpa.cpu_target().map_or(100, |it| it.percent);
    let wanted = (first as u64 * 100).div_ceil(REQUEST as u64 * u64::from(percent));
    (wanted as u32).clamp(hpa.min.0, hpa.max.0) as i32
}

/// The pods of a replay, seen from outside: usage, ready and desired pods at each sync.
struct Watched {
    plant: Plant,
    flags: Flags,
    /// Millicores; NaN where the demand is unknown.
    usage: Vec<f64>,
    ready: Vec<f64>,
    desired: Vec<f64>,
}

impl Watched {
    fn new(case: &Case, replicas: i32, syncs: usize) -> Self {
        let empty = || Vec::with_capacity(syncs);
        Self {
            plant: Plant::new(shape(case), replicas),
            flags: Flags::default(),
            usage: empty(),
            ready: empty(),
            desired: empty(),
        }
    }

    fn watch(&mut self, demand: Option<i64>, step: &Step) {
        self.plant.advance(step.at);
        assert_eq!(self.plant.replicas(), i64::from(step.plan.current));
        let serving = self.plant.serving(step.at);
        let used = |demand| self.plant.usage(serving, demand, step.at) as f64;
        let usage = demand.map_or(f64::NAN, used);
        let ready = demand.map_or(f64::NAN, |_| serving as f64);
        let wanted = step.plan.desired.unwrap_or(step.plan.current);
        let desired = demand.map_or(f64::NAN, |_| f64::from(wanted));
        let columns = [
            (&mut self.usage, usage),
            (&mut self.ready, ready),
            (&mut self.desired, desired),
        ];
        for (column, value) in columns {
            column.extend(std::iter::repeat_n(value, step.syncs as usize));
        }
        if let Some(replicas) = step.plan.scale_to() {
            self.plant.scale_to(replicas, &self.flags, step.at);
        }
    }

    /// Five-minute samples, each of the step that ends at its time.
    fn history(&self, start: Timestamp) -> History {
        let len = self.usage.len() / STEP;
        let first = start + SignedDuration::from_secs(SYNC * STEP as i64);
        let grid = Grid::new(first, Distance::FIVE_MINUTES, len);
        let steps = || self.usage.chunks_exact(STEP);
        let mut history = History::default();
        let mut put = |metric, grid: Grid, values: &mut dyn Iterator<Item = f64>| {
            history.insert(metric, Series::from_values(grid, values.map(Some)));
        };
        put(
            Metric::CpuUsage,
            grid,
            &mut steps().map(|it| mean(it) / 1000.0),
        );
        put(Metric::ReadyReplicas, grid, &mut lasts(&self.ready));
        put(Metric::DesiredReplicas, grid, &mut lasts(&self.desired));
        let recent = BURST_DAYS * DAY / STEP;
        let bursts = steps().skip(len - recent).map(burst);
        put(Metric::CpuBurst, grid.part(len - recent..len), &mut {
            bursts
        });
        history
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A gauge as it stood at the end of each step.
fn lasts(values: &[f64]) -> impl Iterator<Item = f64> {
    values.chunks_exact(STEP).map(|it| it[it.len() - 1])
}

/// How far the busiest minute of a step exceeds its mean.
fn burst(step: &[f64]) -> f64 {
    let minutes = step.chunks_exact(MINUTE).map(mean);
    minutes.fold(0.0, f64::max) / mean(step)
}
