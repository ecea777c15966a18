//! The loads by which an autoscaler scales, besides the demand for CPU that its pods serve.

use std::ops::Range;

use super::{Unreplayable, names};
use crate::analysis::load::{BRIDGED_STEPS, Load, counted_container};
use crate::autoscaler::workload::Workload;
use crate::autoscaler::{Autoscaler, Metric, Resource, Target};
use crate::history::{self, History};
use crate::series::Series;
use crate::sim::input::Input;
use crate::sim::plant::Share;

/// Fewer different counts than this do not tell what a pod takes from what the load takes.
const FEWEST_COUNTS: usize = 3;

/// What each metric sees.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    /// Beside the metrics that are kept.
    pub(super) inputs: Vec<Input>,
    /// Beside all metrics of the autoscaler; `None` for one of which nothing is known.
    found: Vec<Option<Input>>,
    pub(super) left_out: Vec<String>,
    /// Step by step, `width` loads for each, in thousandths.
    values: Vec<Option<i64>>,
    width: usize,
}

impl Signals {
    /// Those of an HPA.
    ///
    /// # Errors
    ///
    /// Where nothing is known of any of its metrics.
    pub(super) fn of(
        autoscaler: &Autoscaler,
        workload: &Workload,
        history: &History,
        load: &Load,
        range: Range<usize>,
    ) -> Result<Self, Unreplayable> {
        let signals = Self::read(autoscaler, workload, history, load, range);
        match signals.inputs.is_empty() {
            true => Err(Unreplayable::NoMetric {
                metrics: signals.left_out,
            }),
            false => Ok(signals),
        }
    }

    /// As many as are known.
    pub(super) fn read(
        autoscaler: &Autoscaler,
        workload: &Workload,
        history: &History,
        load: &Load,
        range: Range<usize>,
    ) -> Self {
        let reader = Reader {
            autoscaler,
            workload,
            history,
            load,
            range: range.clone(),
        };
        let mut columns = Vec::new();
        let metrics = autoscaler.metrics.iter().enumerate();
        let found: Vec<_> = metrics
            .map(|(index, it)| reader.input(index, it, &mut columns))
            .collect();
        let all = names(&autoscaler.metrics).into_iter().zip(&found);
        let left_out: Vec<_> = all.filter(|it| it.1.is_none()).map(|it| it.0).collect();
        let values = range.enumerate().flat_map(|(step, _)| {
            let row = columns.iter().map(move |it: &Vec<Option<i64>>| it[step]);
            row.collect::<Vec<_>>()
        });
        Self {
            inputs: found.iter().copied().flatten().collect(),
            found,
            left_out,
            values: values.collect(),
            width: columns.len(),
        }
    }

    /// Where metric `index` takes its values from; `None` where nothing is known of it.
    pub(super) fn input(&self, index: usize) -> Option<Input> {
        self.found.get(index).copied().flatten()
    }

    /// The loads of step `at`, by place.
    pub(super) fn at(&self, at: usize) -> &[Option<i64>] {
        let first = at * self.width;
        self.values.get(first..first + self.width).unwrap_or(&[])
    }

    /// Those of `metrics` that have an input.
    pub(super) fn kept(&self, metrics: &[Metric]) -> Vec<Metric> {
        let all = metrics.iter().zip(&self.found);
        all.filter(|it| it.1.is_some())
            .map(|it| it.0.clone())
            .collect()
    }
}

struct Reader<'a> {
    autoscaler: &'a Autoscaler,
    workload: &'a Workload,
    history: &'a History,
    load: &'a Load,
    range: Range<usize>,
}

/// One load, step by step, in thousandths.
type Column = Vec<Option<i64>>;

impl Reader<'_> {
    /// Where metric `index` takes its values from; its load is added to `columns`.
    fn input(&self, index: usize, metric: &Metric, columns: &mut Vec<Column>) -> Option<Input> {
        let (column, share) = match metric {
            Metric::Resource { resource, target } => match resource {
                Resource::Cpu => return self.cpu(None, *target, columns),
                Resource::Memory => self.memory(None, *target)?,
                Resource::Other(_) => return None,
            },
            Metric::ContainerResource {
                resource,
                container,
                target,
            } => match resource {
                Resource::Cpu => return self.cpu(Some(container), *target, columns),
                Resource::Memory => self.memory(Some(container), *target)?,
                Resource::Other(_) => return None,
            },
            Metric::Pods { .. } => (self.trigger(index)?, Some(shared(0, 0, false))),
            Metric::Object { .. } | Metric::External { .. } => (self.trigger(index)?, None),
        };
        let place = columns.len();
        columns.push(column);
        Some(match share {
            Some(share) => Input::Shared { place, share },
            None => Input::Total { place },
        })
    }

    /// The load's own containers make the demand; others are a load of their own.
    fn cpu(
        &self,
        container: Option<&str>,
        target: Target,
        columns: &mut Vec<Column>,
    ) -> Option<Input> {
        let counts = |it: &super::Sample| it.request.is_some() || !is_utilization(target);
        if container == counted_container(self.autoscaler) {
            let mut known = self.load.known();
            return known.any(|(_, it)| counts(it)).then_some(Input::Demand);
        }
        let named = container.map(|it| self.workload.container(it));
        let (metric, request) = match (container, named) {
            (Some(container), named) => (
                history::Metric::ContainerCpuUsage(container.to_owned()),
                named.flatten().and_then(|it| it.cpu_request),
            ),
            (None, _) => (history::Metric::CpuUsage, self.workload.cpu_request()),
        };
        let request = match target {
            Target::Utilization(_) => (request?.0 * 1000.0).round() as i64,
            Target::AverageValue(_) | Target::Value(_) => 0,
        };
        let place = columns.len();
        columns.push(self.column(self.history.get(&metric)?, 1000.0)?);
        let share = shared(request, 0, true);
        Some(Input::Shared { place, share })
    }

    /// Memory is what each pod takes anyway and what the load takes of all pods together.
    fn memory(&self, container: Option<&str>, target: Target) -> Option<(Column, Option<Share>)> {
        let containers = &self.workload.containers;
        // The series is of whole pods.
        if container.is_some() && containers.len() != 1 {
            return None;
        }
        let request = match target {
            Target::Utilization(_) => thousandths(self.workload.memory_request()?),
            Target::AverageValue(_) | Target::Value(_) => 0,
        };
        let series = self.history.get(&history::Metric::MemoryWorkingSet)?;
        let total = self.column(series, 1000.0)?;
        let idle = self.memory_of_a_pod(&total);
        let samples = &self.load.samples[self.range.clone()];
        let rest = total.iter().zip(samples).map(|(total, sample)| {
            let pods = sample.as_ref()?.ready.round() as i64;
            total.map(|it| it.saturating_sub(idle.saturating_mul(pods)).max(0))
        });
        Some((rest.collect(), Some(shared(request, idle, false))))
    }

    /// What every pod takes, whatever the load: the slope of the total over the number of pods
    /// while the load is accounted for (least squares of `total = a × pods + b × cores`).
    ///
    /// 0 where pods and load cannot be told apart: then all is taken for load, so that fewer pods
    /// are each taken to need more.
    fn memory_of_a_pod(&self, total: &Column) -> i64 {
        let samples = self.load.samples[self.range.clone()].iter().zip(total);
        let rows: Vec<[f64; 3]> = samples
            .filter_map(|(sample, total)| {
                let sample = sample.as_ref()?;
                Some([sample.ready, sample.usage, (*total)? as f64])
            })
            .collect();
        let mut counts: Vec<i64> = rows.iter().map(|it| it[0].round() as i64).collect();
        counts.sort_unstable();
        counts.dedup();
        if counts.len() < FEWEST_COUNTS {
            return 0;
        }
        let sum = |of: &dyn Fn(&[f64; 3]) -> f64| rows.iter().map(of).sum::<f64>();
        let (nn, cc) = (sum(&|it| it[0] * it[0]), sum(&|it| it[1] * it[1]));
        let nc = sum(&|it| it[0] * it[1]);
        let (nm, cm) = (sum(&|it| it[0] * it[2]), sum(&|it| it[1] * it[2]));
        let determinant = nn * cc - nc * nc;
        // Pods in proportion to the load tell nothing.
        if determinant <= 1e-3 * nn * cc {
            return 0;
        }
        let slope = (nm * cc - cm * nc) / determinant;
        let least = rows
            .iter()
            .map(|it| it[2] / it[0])
            .fold(f64::INFINITY, f64::min);
        slope.clamp(0.0, least.max(0.0)) as i64
    }

    /// The total of a metric that is none of the kubelet's, from the series of its index.
    fn trigger(&self, index: usize) -> Option<Column> {
        let index = u32::try_from(index).ok()?;
        let series = self.history.get(&history::Metric::Trigger(index))?;
        self.column(series, 1000.0)
    }

    /// `None` for a series without a known sample.
    fn column(&self, series: &Series, scale: f64) -> Option<Column> {
        let series = series.on(self.load.grid).bridged(BRIDGED_STEPS);
        let value = |at: usize| series.get(at).map(|it| (it * scale).round() as i64);
        let column: Column = self.range.clone().map(value).collect();
        column.iter().any(Option::is_some).then_some(column)
    }
}

fn is_utilization(target: Target) -> bool {
    matches!(target, Target::Utilization(_))
}

fn thousandths(amount: f64) -> i64 {
    (amount * 1000.0).round() as i64
}

fn shared(request: i64, idle: i64, is_cpu: bool) -> Share {
    Share {
        request,
        limit: None,
        idle,
        is_cpu,
    }
}
