//! The series that a load is made from, and what is put in the place of those that are missing.

use jiff::Timestamp;

use super::burst;
use super::{SATURATED_THROTTLING, SATURATED_USAGE, Sample, counted_container, quantile};
use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::{Container, Workload};
use crate::history::{History, Metric};
use crate::series::{Grid, Series};
use crate::units::{Cores, Step};

/// The series that a load is made from, all on one grid.
pub(super) struct Sources {
    /// The name of the usage series and whether it was found.
    counted: Metric,
    pub(super) usage: Series,
    pub(super) ready: Series,
    ready_from: ReadyFrom,
    pub(super) wanted: Series,
    request: Option<Series>,
    limit: Option<Series>,
    throttled: Option<Series>,
    pub(super) burst: Option<f64>,
    pub(super) startup: Option<f64>,
    usage_known: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum ReadyFrom {
    Ready,
    Desired,
    Nothing,
}

impl Sources {
    pub(super) fn of(autoscaler: &Autoscaler, workload: &Workload, history: &History) -> Self {
        let counted = usage_metric(autoscaler, workload, history);
        let grid = history
            .get(&counted)
            .or_else(|| history.cpu())
            .or_else(|| called(autoscaler, history))
            .map_or_else(empty_grid, Series::grid);
        let on_grid = |metric: &Metric| history.get(metric).map(|it| it.on(grid));
        let desired = on_grid(&Metric::DesiredReplicas);
        let (ready, ready_from) = match (on_grid(&Metric::ReadyReplicas), &desired) {
            (Some(ready), _) => (ready, ReadyFrom::Ready),
            (None, Some(desired)) => (desired.clone(), ReadyFrom::Desired),
            (None, None) => (Series::gaps(grid), ReadyFrom::Nothing),
        };
        let container = counted_container(autoscaler);
        let usage = on_grid(&counted).unwrap_or_else(|| Series::gaps(grid));
        Self {
            burst: burst::usual(history.get(&Metric::CpuBurst), &usage),
            usage,
            usage_known: history.get(&counted).is_some(),
            wanted: desired
                .filter(|it| reaches_back(it, &ready))
                .unwrap_or_else(|| ready.clone()),
            request: setting(
                workload,
                container,
                on_grid(&Metric::CpuRequest),
                grid,
                request_now,
            ),
            limit: setting(
                workload,
                container,
                on_grid(&Metric::CpuLimit),
                grid,
                limit_now,
            ),
            throttled: on_grid(&Metric::CpuThrottled),
            startup: startup(workload, history),
            counted,
            ready,
            ready_from,
        }
    }

    pub(super) fn sample(&self, usage: &Series, ready: &Series, at: usize) -> Option<Sample> {
        let (usage, ready) = usage.get(at).zip(ready.get(at))?;
        // With no pod ready nothing serves: a workload switched off, or down altogether.
        if ready < 0.5 || usage < 0.0 {
            return None;
        }
        let setting =
            |series: &Option<Series>| series.as_ref()?.get(at).filter(|cores| *cores > 0.0);
        let limit = setting(&self.limit);
        let throttled = self.throttled.as_ref().and_then(|it| it.get(at));
        Some(Sample {
            usage,
            ready,
            request: setting(&self.request),
            limit,
            burst: self.burst.unwrap_or(1.0),
            censored: limit.is_some_and(|it| usage >= SATURATED_USAGE * it * ready)
                || throttled.is_some_and(|it| it > SATURATED_THROTTLING),
        })
    }

    pub(super) fn missing(&self) -> Vec<String> {
        let ready = match self.ready_from {
            ReadyFrom::Ready => None,
            ReadyFrom::Desired => Some("desired replicas stand in for them"),
            ReadyFrom::Nothing => Some("utilization and cost cannot be told"),
        };
        let limited = self.limit.is_some();
        let absent = |known: bool, loss: &'static str| (!known).then_some(loss);
        let all = [
            (
                self.counted.clone(),
                absent(self.usage_known, "demand cannot be told"),
            ),
            (Metric::ReadyReplicas, ready),
            (
                Metric::CpuRequest,
                absent(self.request.is_some(), "utilization cannot be told"),
            ),
            (
                Metric::CpuLimit,
                absent(limited, "saturation is taken to be at the request"),
            ),
            (
                Metric::CpuThrottled,
                absent(
                    !limited || self.throttled.is_some(),
                    "saturation is seen by usage alone",
                ),
            ),
            (
                Metric::CpuBurst,
                absent(self.burst.is_some(), "peaks within a step cannot be seen"),
            ),
            (
                Metric::Startup,
                absent(
                    self.startup.is_some(),
                    "pods are taken to be ready after 30 s",
                ),
            ),
        ];
        all.into_iter()
            .filter_map(|(metric, loss)| loss.map(|it| format!("{metric}: {it}")))
            .collect()
    }
}

/// Whether the desired replicas are known for at least half as long as the ready ones are. Those of an
/// autoscaler that is younger than its target would take the rest of the past away.
fn reaches_back(desired: &Series, ready: &Series) -> bool {
    let [desired, ready] = [desired, ready].map(|it| it.known().count());
    desired * 2 >= ready
}

/// A pod of one container uses what that container uses, whichever series is at hand.
fn usage_metric(autoscaler: &Autoscaler, workload: &Workload, history: &History) -> Metric {
    let Some(container) = counted_container(autoscaler) else {
        return Metric::CpuUsage;
    };
    let own = Metric::ContainerCpuUsage(container.to_owned());
    if history.get(&own).is_none() && workload.containers.len() == 1 {
        return Metric::CpuUsage;
    }
    own
}

/// Of a ScaledObject there is something to say without any usage: what its triggers called for, and
/// what became of it.
fn called<'h>(autoscaler: &Autoscaler, history: &'h History) -> Option<&'h Series> {
    let places = 0..autoscaler.keda.as_ref()?.spec.triggers.len() as u32;
    let mut triggers = places.map(Metric::Trigger);
    let trigger = triggers.find_map(|it| history.get(&it));
    let replicas = [Metric::DesiredReplicas, Metric::ReadyReplicas];
    trigger.or_else(|| replicas.iter().find_map(|it| history.get(it)))
}

fn empty_grid() -> Grid {
    Grid::new(Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, 0)
}

/// What one pod may take, as it was at each sample, else as it is now.
///
/// A container that says nothing leaves the controller without a utilization, whatever the others
/// ask for, and leaves the pod without a limit.
fn setting(
    workload: &Workload,
    container: Option<&str>,
    history: Option<Series>,
    grid: Grid,
    of: impl Fn(&Workload, Option<&Container>) -> Option<Cores>,
) -> Option<Series> {
    let named = container.and_then(|it| workload.container(it));
    let now = match container {
        Some(_) if named.is_none() => None,
        _ => of(workload, named),
    };
    let unset = !workload.containers.is_empty() && now.is_none();
    // The series is of whole pods.
    let whole = container.is_none() || workload.containers.len() == 1;
    match history.filter(|it| whole && !unset && it.known().next().is_some()) {
        Some(series) => Some(held(&series)),
        None => now.map(|it| Series::constant(grid, it.0)),
    }
}

fn request_now(workload: &Workload, container: Option<&Container>) -> Option<Cores> {
    container.map_or_else(|| workload.cpu_request(), |it| it.cpu_request)
}

fn limit_now(workload: &Workload, container: Option<&Container>) -> Option<Cores> {
    container.map_or_else(|| workload.cpu_limit(), |it| it.cpu_limit)
}

/// A setting stays as it is until it is changed, so its last known value holds over a gap, and
/// its first one before it.
fn held(setting: &Series) -> Series {
    let mut last = setting.known().next();
    let values = setting.iter().map(|it| {
        last = it.or(last);
        last
    });
    Series::from_values(setting.grid(), values.collect::<Vec<_>>())
}

/// p90 of the seconds from a pod's creation until it is Ready, where anything tells.
pub(in crate::analysis) fn startup(workload: &Workload, history: &History) -> Option<f64> {
    let seen = history
        .get(&Metric::Startup)
        .and_then(|it| it.quantile(0.9));
    let seconds = seen.or_else(|| quantile(&workload.startup_seconds, 0.9))?;
    (seconds >= 0.0).then_some(seconds)
}
