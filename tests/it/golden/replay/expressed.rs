//! A trace in the words of a replay: which of its loads the pods share, and how.

use jiff::SignedDuration;
use stepscale::autoscaler::{Metric, Resource};
use stepscale::sim::flags::Flags;
use stepscale::sim::input::Input;
use stepscale::sim::plant::{PodShape, Share};
use stepscale::sim::settings::Settings;

use crate::golden::plant::Parameters;
use crate::golden::trace::{Trace, What};

/// How often a controller syncs, in seconds.
const PERIOD: i64 = 15;

pub(super) struct Expressed {
    pub(super) pods: PodShape,
    /// Beside the metrics; the load of each that is not the demand has the metric's place.
    pub(super) inputs: Vec<Input>,
    /// How many syncs pass before something happens that a replay knows no word for.
    pub(super) ticks: usize,
    metrics: Vec<Metric>,
}

/// What there is of every load at one tick.
#[derive(PartialEq)]
pub(super) struct Loads {
    pub(super) demand: Option<i64>,
    pub(super) others: Vec<Option<i64>>,
}

impl Expressed {
    /// # Errors
    ///
    /// What the trace has that cannot be expressed.
    pub(super) fn of(
        trace: &Trace,
        settings: &Settings,
        flags: &Flags,
    ) -> Result<Self, &'static str> {
        if trace.sync_times_ms.is_some() {
            return Err("syncs at uneven times");
        }
        let plant = &trace.plant;
        let metrics = settings.metrics.clone();
        let by_pod: Vec<_> = metrics.iter().filter(|it| is_of_pods(it)).collect();
        if !by_pod.is_empty() {
            seen_at_once(plant)?;
            counted_alike(plant, flags)?;
        }
        for metric in by_pod {
            starts_alike(plant, metric)?;
        }
        let ticks = ticks_in_words(trace, &metrics);
        if ticks == 0 {
            return Err("an event at the start");
        }
        let inputs = metrics.iter().enumerate();
        Ok(Self {
            pods: shape(plant),
            inputs: inputs.map(|(at, it)| input(plant, it, at)).collect(),
            ticks,
            metrics,
        })
    }

    /// The loads of `tick`, with `backlog` items in the queue if there is one.
    pub(super) fn loads(&self, trace: &Trace, tick: usize, backlog: i64) -> Loads {
        let load = |metric: &Metric| {
            let known = !trace.is_out(metric, tick);
            known.then(|| load(trace, metric, tick, backlog))
        };
        let mut demand = Some(trace.series.at(tick).cpu);
        for (metric, input) in self.metrics.iter().zip(&self.inputs) {
            if *input == Input::Demand {
                demand = load(metric);
            }
        }
        Loads {
            demand,
            others: self.metrics.iter().map(load).collect(),
        }
    }
}

fn is_of_pods(metric: &Metric) -> bool {
    match metric {
        Metric::Resource { .. } | Metric::ContainerResource { .. } | Metric::Pods { .. } => true,
        Metric::Object { .. } | Metric::External { .. } => false,
    }
}

fn is_cpu(metric: &Metric) -> bool {
    match metric {
        Metric::Resource { resource, .. } | Metric::ContainerResource { resource, .. } => {
            *resource == Resource::Cpu
        }
        Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => false,
    }
}

/// A replay's pods show at once what they use.
fn seen_at_once(plant: &Parameters) -> Result<(), &'static str> {
    if plant.metric_lag_ticks > 0 {
        return Err("metrics of pods that lag");
    }
    if plant.not_ready_millicores.is_none() && is_seen_starting(plant) {
        return Err("pods that show nothing while they start");
    }
    Ok(())
}

/// Whether a sync comes while a pod runs and is not ready.
fn is_seen_starting(plant: &Parameters) -> bool {
    let ready = plant.pending_seconds + plant.startup_seconds;
    let mut syncs = (1..).map(|it| it * PERIOD);
    syncs
        .find(|it| *it >= plant.pending_seconds)
        .is_some_and(|it| it < ready)
}

/// A replay's pods run from the first, so that their initialization period begins earlier.
fn counted_alike(plant: &Parameters, flags: &Flags) -> Result<(), &'static str> {
    let ready = plant.pending_seconds + plant.startup_seconds;
    let sampled = ready + plant.metric_window_seconds;
    let initialized = |start: i64| start + flags.cpu_initialization.as_secs();
    let counted = |start: i64| sampled.min(initialized(start).max(ready));
    let first_sync =
        |start: i64| counted(start).div_euclid(PERIOD) + i64::from(counted(start) % PERIOD > 0);
    if first_sync(0) != first_sync(plant.pending_seconds) {
        return Err("pods that wait so long for a node that they count later");
    }
    Ok(())
}

/// In a replay, a pod that starts shows what one that serves shows without load.
fn starts_alike(plant: &Parameters, metric: &Metric) -> Result<(), &'static str> {
    if is_cpu(metric) {
        return Ok(());
    }
    if plant.pending_seconds > 0 {
        return Err("memory or Pods metrics of pods that wait for a node");
    }
    let is_memory = !matches!(metric, Metric::Pods { .. });
    let by_idling = plant.memory_bytes_per_millicore * plant.idle_millicores;
    if is_memory && by_idling != 0 && is_seen_starting(plant) {
        return Err("memory that a pod has only once it is ready");
    }
    Ok(())
}

/// Outages are gaps in a load; everything else that happens ends what can be compared.
fn ticks_in_words(trace: &Trace, metrics: &[Metric]) -> usize {
    let by_pod = metrics.iter().any(is_of_pods);
    let mut events = trace.events.iter().flatten();
    let first = events.find(|it| match it.what {
        What::SetReplicas { .. }
        | What::ReplacePods { .. }
        | What::SetSpec { .. }
        | What::RestartController
        | What::UnreadyPods { .. } => true,
        What::DropPodMetrics { .. } => by_pod,
        What::ResourceOutage { .. } | What::CustomOutage { .. } | What::ExternalOutage { .. } => {
            false
        }
    });
    first.map_or(trace.ticks, |it| it.tick)
}

fn shape(plant: &Parameters) -> PodShape {
    PodShape {
        request: plant.cpu_request_millicores,
        limit: plant.limit_millicores,
        idle: plant.idle_millicores,
        startup: SignedDuration::from_secs(plant.pending_seconds + plant.startup_seconds),
        window: SignedDuration::from_secs(plant.metric_window_seconds),
    }
}

/// The demand itself where the pods are what a metric is about, else a share of its own.
fn input(plant: &Parameters, metric: &Metric, place: usize) -> Input {
    let shared = |share| Input::Shared { place, share };
    match metric {
        Metric::Resource { .. } if is_cpu(metric) && plant.sidecar.is_some() => {
            shared(cpu_with_sidecar(plant))
        }
        Metric::Resource { .. } if is_cpu(metric) => Input::Demand,
        Metric::ContainerResource { .. } if is_cpu(metric) => Input::Demand,
        Metric::Resource { .. } => shared(memory(plant, true)),
        Metric::ContainerResource { .. } => shared(memory(plant, false)),
        Metric::Pods { .. } => shared(Share {
            request: 0,
            limit: None,
            idle: 0,
            is_cpu: false,
        }),
        Metric::Object { .. } | Metric::External { .. } => Input::Total { place },
    }
}

fn cpu_with_sidecar(plant: &Parameters) -> Share {
    let sidecar = plant.sidecar.as_ref();
    let (usage, request) = sidecar.map_or((0, 0), |it| {
        (it.cpu_usage_millicores, it.cpu_request_millicores)
    });
    Share {
        request: plant.cpu_request_millicores + request,
        limit: plant.limit_millicores.map(|it| it + usage),
        idle: plant.idle_millicores + usage,
        is_cpu: true,
    }
}

/// Memory follows CPU: what is shared is the demand's, and what stops CPU stops memory too.
fn memory(plant: &Parameters, whole_pod: bool) -> Share {
    let sidecar = plant.sidecar.as_ref().filter(|_| whole_pod);
    let (usage, request) = sidecar.map_or((0, 0), |it| {
        (it.memory_usage_bytes, it.memory_request_bytes)
    });
    let at = |millicores: i64| {
        let app = plant.memory_base_bytes + plant.memory_bytes_per_millicore * millicores;
        (app + usage) * 1000
    };
    Share {
        request: (plant.memory_request_bytes + request) * 1000,
        limit: plant.limit_millicores.map(at),
        idle: at(plant.idle_millicores),
        is_cpu: false,
    }
}

/// Thousandths of what all pods share, or of a total.
fn load(trace: &Trace, metric: &Metric, tick: usize, backlog: i64) -> i64 {
    let demand = trace.series.at(tick);
    match metric {
        Metric::Resource { .. } | Metric::ContainerResource { .. } if is_cpu(metric) => demand.cpu,
        Metric::Resource { .. } | Metric::ContainerResource { .. } => {
            trace.plant.memory_bytes_per_millicore * 1000 * demand.cpu
        }
        Metric::Pods { .. } => demand.pods,
        Metric::Object { .. } => demand.object,
        Metric::External { .. } if trace.plant.has_queue() => 1000 * backlog,
        Metric::External { .. } => demand.external,
    }
}
