//! The load of a workload over time: what a replay of its past would take, again and again.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::analysis::load::counted_container;
use crate::analysis::scenario::Scenario;
use crate::autoscaler::{Autoscaler, Metric, Resource};
use crate::history::{self, History};
use crate::sandbox::cycle::Cycle;
use crate::series::Series;
use crate::sim::demand::{Around, Shape, Step};
use crate::sim::flags::SYNC_PERIOD;
use crate::sim::input::Input;

/// One load, step by step, in thousandths; `None` where nothing is known.
type Column = Vec<Option<i64>>;

/// What a workload is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trace {
    /// When the first step begins.
    start: Timestamp,
    step_seconds: i64,
    shape: Shape,
    /// What the pods, or that one container of each, are asked for in CPU.
    cpu: Vec<Step>,
    container: Option<String>,
    /// CPU of other containers.
    containers: BTreeMap<String, Column>,
    memory: Option<Memory>,
    /// The values of other metrics, by their place in the autoscaler.
    triggers: BTreeMap<usize, Column>,
}

/// Thousandths of bytes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory {
    of_a_pod: i64,
    load: Column,
}

/// The load at one moment, in thousandths of cores, of bytes and of the metrics' units.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moment {
    pub(super) cpu: Option<i64>,
    /// What each pod takes, and what all of them share.
    pub(super) memory: Option<(i64, i64)>,
    /// In the order of their names.
    pub(super) containers: Vec<Option<i64>>,
    /// In the order of their places.
    pub(super) triggers: Vec<Option<i64>>,
}

impl Trace {
    /// What `scenario` replays for `autoscaler`, so that a twin sees the same.
    pub(crate) fn of_scenario(scenario: &Scenario, autoscaler: &Autoscaler, shape: Shape) -> Self {
        let steps = scenario.demand();
        let second = |at: usize| scenario.time(at).as_second();
        let step_seconds = second(1) - second(0);
        let start = second(0) - step_seconds;
        let mut trace = Self {
            start: Timestamp::from_second(start).unwrap_or(Timestamp::MIN),
            step_seconds: step_seconds.max(1),
            shape,
            cpu: steps.to_vec(),
            container: counted_container(autoscaler).map(str::to_owned),
            containers: BTreeMap::new(),
            memory: None,
            triggers: BTreeMap::new(),
        };
        let kept = scenario.metrics(autoscaler);
        let mut kept = kept.iter().zip(scenario.inputs()).peekable();
        for (index, metric) in autoscaler.metrics.iter().enumerate() {
            if let Some((_, input)) = kept.next_if(|it| it.0 == metric) {
                trace.add(index, metric, input, scenario);
            }
        }
        trace
    }

    fn add(&mut self, index: usize, metric: &Metric, input: &Input, scenario: &Scenario) {
        let (place, idle) = match input {
            Input::Demand => return,
            Input::Shared { place, share } => (*place, share.idle),
            Input::Total { place } => (*place, 0),
        };
        let steps = 0..scenario.demand().len();
        let value = |at| scenario.others(at).get(place).copied().flatten();
        let column: Column = steps.map(value).collect();
        match metric {
            Metric::Resource { resource, .. } | Metric::ContainerResource { resource, .. }
                if *resource == Resource::Memory =>
            {
                self.memory = Some(Memory {
                    of_a_pod: idle,
                    load: column,
                });
            }
            Metric::ContainerResource { container, .. } => {
                self.containers.insert(container.clone(), column);
            }
            // Of whole pods, where another container makes the demand.
            Metric::Resource { .. } => {}
            Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => {
                self.triggers.insert(index, column);
            }
        }
    }

    /// The load of a workload that nothing scales; `None` where its CPU usage is not known.
    pub(crate) fn of_history(history: &History, shape: Shape) -> Option<Self> {
        let cpu = history.cpu()?;
        let grid = cpu.grid();
        let column = |series: &Series| -> Column {
            let thousandths = |it: Option<f64>| it.map(|it| (it * 1000.0).round() as i64);
            series.on(grid).iter().map(thousandths).collect()
        };
        let step = |millicores| Step {
            millicores,
            burst: 1.0,
        };
        let step_seconds = i64::from(grid.step().seconds());
        let start = grid.start().as_second() - step_seconds;
        let memory = history.get(&history::Metric::MemoryWorkingSet);
        let trace = Self {
            start: Timestamp::from_second(start).unwrap_or(Timestamp::MIN),
            step_seconds,
            shape,
            cpu: column(cpu).into_iter().map(step).collect(),
            container: None,
            containers: BTreeMap::new(),
            memory: memory.map(|it| Memory {
                of_a_pod: 0,
                load: column(it),
            }),
            triggers: BTreeMap::new(),
        };
        (!trace.cpu.is_empty()).then_some(trace)
    }

    /// The container whose demand the CPU is; `None` where it is of whole pods.
    pub(super) fn container(&self) -> Option<&str> {
        self.container.as_deref()
    }

    pub(super) fn knows_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Other containers with a load of their own, in the order of a moment's.
    pub(super) fn containers(&self) -> impl Iterator<Item = &str> {
        self.containers.keys().map(String::as_str)
    }

    /// The places of the other metrics, in the order of a moment's.
    pub(super) fn triggers(&self) -> impl Iterator<Item = usize> {
        self.triggers.keys().copied()
    }

    /// Seconds from the beginning of the trace to what is played at `now`.
    fn place(&self, now: Timestamp) -> i64 {
        let passed = now.as_second().saturating_sub(self.start.as_second());
        let cycle = Cycle::of(self.cpu.len() as i64, self.step_seconds);
        let step = cycle.place(passed.div_euclid(self.step_seconds));
        step * self.step_seconds + passed.rem_euclid(self.step_seconds)
    }

    /// The load of the 15 seconds that begin at `now`.
    pub(super) fn at(&self, now: Timestamp) -> Moment {
        // Steps are cut at whole syncs, as a replay cuts them.
        let period = SYNC_PERIOD.as_secs();
        let sync = self.place(now) / period;
        let step = ((sync + 1) * period - 1) / self.step_seconds;
        let first = |step: i64| step * self.step_seconds / period;
        let ticks = u32::try_from(first(step + 1) - first(step)).unwrap_or(1);
        let at = usize::try_from(step)
            .unwrap_or(0)
            .min(self.cpu.len().saturating_sub(1));
        let within = u32::try_from(sync - first(step)).unwrap_or(0);
        let value = |column: &Column| column.get(at).copied().flatten();
        let memory = self.memory.as_ref();
        Moment {
            cpu: self.cpu_at(at, ticks.max(1), within),
            memory: memory.and_then(|it| Some((it.of_a_pod, value(&it.load)?))),
            containers: self.containers.values().map(value).collect(),
            triggers: self.triggers.values().map(value).collect(),
        }
    }

    /// Millicores in sync `within` of step `at`.
    fn cpu_at(&self, at: usize, ticks: u32, within: u32) -> Option<i64> {
        let step = self.cpu.get(at)?;
        let around = Around::of(&self.cpu, at);
        let mut passed = 0_u32;
        let mut segments = step.segments(around, ticks, self.shape);
        let segment = segments.find(|it| {
            passed = passed.saturating_add(it.ticks);
            passed > within
        });
        segment?.demand
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::series::Grid;
    use crate::units::Step as Length;

    const DAY: i64 = 86_400;

    fn trace(days: usize, shape: Shape) -> Trace {
        let samples = days * 288;
        let start = Timestamp::from_second(1_700_006_700).unwrap();
        let grid = Grid::new(start, Length::FIVE_MINUTES, samples);
        let values = (0..samples).map(|it| Some(it as f64));
        let mut history = History::default();
        history.insert(history::Metric::CpuUsage, Series::from_values(grid, values));
        Trace::of_history(&history, shape).unwrap()
    }

    fn cores(trace: &Trace, seconds: i64) -> f64 {
        let start = trace.start;
        let at = start + SignedDuration::from_secs(seconds);
        trace.at(at).cpu.unwrap() as f64 / 1000.0
    }

    #[test]
    fn the_load_repeats_by_weeks_or_days_at_the_same_time_of_day() {
        let held = trace(15, Shape::Held);
        assert_eq!(cores(&held, 299), 0.0);
        assert_eq!(cores(&held, 300), 1.0);
        let whole = 15 * DAY;
        // The fourteen days before the end, again and again.
        assert_eq!(cores(&held, whole), 288.0);
        assert_eq!(cores(&held, whole + 14 * DAY), 288.0);
        let days = trace(3, Shape::Held);
        assert_eq!(cores(&days, 3 * DAY + 600), 2.0);
        assert_eq!(cores(&days, -300), 863.0);
    }

    #[test]
    fn a_line_runs_minute_by_minute() {
        let line = trace(1, Shape::Linear);
        let found: Vec<f64> = (0..5).map(|it| cores(&line, 3_000 + 60 * it)).collect();
        assert_eq!(found, [9.6, 9.8, 10.0, 10.2, 10.4]);
    }
}
