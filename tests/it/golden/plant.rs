//! The plant of the traces, as the data's README defines it (4.2 to 4.5): integers throughout.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use stepscale::autoscaler::{Holds, Metric, Resource};
use stepscale::sim::pod::{Amounts, Container, Phase, Pod, Ready, Role, Sample, Template};
use stepscale::sim::proposal::MetricError;

use super::input::quantity;

/// How long the first pods exist before a trace starts, in seconds.
const AGE: i64 = 3600;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Parameters {
    pub(super) initial_replicas: i32,
    pub(super) cpu_request_millicores: i64,
    pub(super) memory_request_bytes: i64,
    pub(super) limit_millicores: Option<i64>,
    pub(super) idle_millicores: i64,
    pub(super) sidecar: Option<SidecarInput>,
    pub(super) pending_seconds: i64,
    pub(super) startup_seconds: i64,
    pub(super) not_ready_millicores: Option<i64>,
    pub(super) metric_window_seconds: i64,
    pub(super) metric_lag_ticks: usize,
    pub(super) memory_base_bytes: i64,
    pub(super) memory_bytes_per_millicore: i64,
    pub(super) queue_service_per_pod_per_tick: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SidecarInput {
    pub(super) cpu_usage_millicores: i64,
    pub(super) memory_usage_bytes: i64,
    pub(super) cpu_request_millicores: i64,
    pub(super) memory_request_bytes: i64,
}

impl Parameters {
    pub(super) fn template(&self) -> Template {
        let app = container(
            "app",
            self.cpu_request_millicores,
            self.memory_request_bytes,
        );
        let sidecar = self.sidecar.as_ref().map(|it| {
            container(
                "sidecar",
                it.cpu_request_millicores,
                it.memory_request_bytes,
            )
        });
        Template {
            containers: std::iter::once(app).chain(sidecar).collect(),
            ..Template::default()
        }
    }

    pub(super) fn has_queue(&self) -> bool {
        self.queue_service_per_pod_per_tick.is_some()
    }
}

fn container(name: &str, cpu: i64, memory: i64) -> Container {
    let mut requests = vec![(Resource::Cpu, quantity(&format!("{cpu}m")))];
    if memory != 0 {
        requests.push((Resource::Memory, quantity(&memory.to_string())));
    }
    Container {
        name: name.to_owned(),
        role: Role::Main,
        requests: Amounts(requests),
    }
}

/// What comes in at one tick.
#[derive(Clone, Copy, Default)]
pub(super) struct Demand {
    pub(super) cpu: i64,
    pub(super) pods: i64,
    pub(super) external: i64,
    pub(super) object: i64,
    pub(super) arrivals: i64,
}

/// A pod of the plant; times are whole seconds since the epoch.
struct PlantPod {
    index: u32,
    created: i64,
    is_ready: bool,
    was_ready: bool,
    transition: i64,
    flaps_until: Option<usize>,
}

/// What every pod used at one tick.
struct TickSample {
    at: i64,
    /// By ascending index of the pod.
    values: Vec<(u32, Usage)>,
}

#[derive(Clone, Copy)]
struct Usage {
    cpu: i64,
    memory: i64,
    pods: i64,
}

pub(super) struct Plant<'a> {
    parameters: &'a Parameters,
    template: Template,
    pub(super) replicas: i32,
    pods: Vec<PlantPod>,
    next_index: u32,
    pub(super) backlog: i64,
    samples: VecDeque<TickSample>,
    external: i64,
    object: i64,
}

impl<'a> Plant<'a> {
    pub(super) fn new(parameters: &'a Parameters, start_ms: i64) -> Self {
        let mut plant = Self {
            parameters,
            template: parameters.template(),
            replicas: 0,
            pods: Vec::new(),
            next_index: 0,
            backlog: 0,
            samples: VecDeque::new(),
            external: 0,
            object: 0,
        };
        plant.set_replicas(parameters.initial_replicas, start_ms - AGE * 1000);
        plant
    }

    /// Removes surplus pods from the highest index down and creates missing ones.
    pub(super) fn set_replicas(&mut self, replicas: i32, now_ms: i64) {
        self.replicas = replicas;
        let wanted = replicas.max(0) as usize;
        self.pods.truncate(wanted);
        while self.pods.len() < wanted {
            self.create(now_ms);
        }
    }

    /// Replaces the oldest pods.
    pub(super) fn replace(&mut self, count: usize, now_ms: i64) {
        let count = count.min(self.pods.len());
        self.pods.drain(..count);
        (0..count).for_each(|_| self.create(now_ms));
    }

    fn create(&mut self, now_ms: i64) {
        self.pods.push(PlantPod {
            index: self.next_index,
            created: now_ms.div_euclid(1000),
            is_ready: false,
            was_ready: false,
            transition: 0,
            flaps_until: None,
        });
        self.next_index += 1;
    }

    /// Step 3: pods start and become ready.
    pub(super) fn advance(&mut self, tick: usize, now_ms: i64) {
        let Parameters {
            pending_seconds,
            startup_seconds,
            ..
        } = *self.parameters;
        for pod in &mut self.pods {
            let start = pod.created + pending_seconds;
            if now_ms < start * 1000 {
                continue;
            }
            if !pod.was_ready {
                let ready = start + startup_seconds;
                let is_up = now_ms >= ready * 1000;
                pod.is_ready = is_up;
                pod.was_ready = is_up;
                pod.transition = if is_up { ready } else { start };
            }
            if pod.flaps_until.is_some_and(|until| tick >= until) {
                pod.is_ready = true;
                pod.transition = now_ms.div_euclid(1000);
                pod.flaps_until = None;
            }
        }
    }

    /// Step 4: the oldest ready pods lose readiness until tick `until`.
    pub(super) fn disturb(&mut self, count: usize, until: usize, now_ms: i64) {
        let ready = self.pods.iter_mut().filter(|it| it.is_ready);
        for pod in ready.take(count) {
            pod.is_ready = false;
            pod.transition = now_ms.div_euclid(1000);
            pod.flaps_until = Some(until);
        }
    }

    pub(super) fn ready(&self) -> i64 {
        self.pods.iter().filter(|it| it.is_ready).count() as i64
    }

    /// Steps 5 and 6: what pods use of the demand, and what is left in the queue.
    pub(super) fn load(&mut self, demand: Demand, now_ms: i64) {
        let ready = self.ready();
        let mut nth = 0;
        let mut values = Vec::with_capacity(self.pods.len());
        for pod in &self.pods {
            let usage = if pod.is_ready {
                nth += 1;
                Some(self.usage(demand, ready, nth - 1))
            } else {
                self.idle_usage(pod, now_ms)
            };
            values.extend(usage.map(|it| (pod.index, it)));
        }
        self.samples.push_back(TickSample {
            at: now_ms.div_euclid(1000),
            values,
        });
        while self.samples.len() > self.parameters.metric_lag_ticks + 1 {
            self.samples.pop_front();
        }
        self.object = demand.object;
        self.external = demand.external;
        if let Some(service) = self.parameters.queue_service_per_pod_per_tick {
            self.backlog += demand.arrivals;
            self.backlog -= self.backlog.min(ready * service);
            self.external = 1000 * self.backlog;
        }
    }

    /// What the `nth` of `ready` pods uses.
    fn usage(&self, demand: Demand, ready: i64, nth: i64) -> Usage {
        let share = |total: i64| total / ready + i64::from(nth < total % ready);
        let parameters = self.parameters;
        let cpu = parameters.idle_millicores + share(demand.cpu);
        let cpu = parameters.limit_millicores.map_or(cpu, |it| cpu.min(it));
        Usage {
            cpu,
            memory: parameters.memory_base_bytes + parameters.memory_bytes_per_millicore * cpu,
            pods: share(demand.pods),
        }
    }

    /// What a pod uses that is not ready, if it says.
    fn idle_usage(&self, pod: &PlantPod, now_ms: i64) -> Option<Usage> {
        let runs = now_ms >= (pod.created + self.parameters.pending_seconds) * 1000;
        let cpu = self.parameters.not_ready_millicores.filter(|_| runs)?;
        Some(Usage {
            cpu,
            memory: self.parameters.memory_base_bytes,
            pods: 0,
        })
    }

    /// The pods as the controller sees them.
    pub(super) fn seen(&self, now_ms: i64) -> Vec<Pod<'_>> {
        self.pods
            .iter()
            .map(|it| self.seen_pod(it, now_ms))
            .collect()
    }

    fn seen_pod(&self, pod: &PlantPod, now_ms: i64) -> Pod<'_> {
        let start = pod.created + self.parameters.pending_seconds;
        let runs = now_ms >= start * 1000;
        let holds = if pod.is_ready { Holds::Yes } else { Holds::No };
        Pod {
            template: &self.template,
            phase: if runs { Phase::Running } else { Phase::Pending },
            is_deleted: false,
            started: runs.then(|| second(start)),
            ready: runs.then(|| Ready {
                holds,
                since: second(pod.transition),
            }),
        }
    }

    /// The values that the metrics APIs publish beside the pods; `drops` leaves some out.
    ///
    /// An empty answer is an error, as the controller takes it.
    pub(super) fn published(
        &self,
        metric: &Metric,
        drops: impl Fn(u32) -> bool,
    ) -> Result<Vec<Option<Sample>>, MetricError> {
        let sample = self.samples.front().unwrap();
        let window = SignedDuration::from_secs(self.parameters.metric_window_seconds);
        let at = second(sample.at);
        let value = |pod: &PlantPod| {
            let place = sample.values.binary_search_by_key(&pod.index, |it| it.0);
            let usage = sample.values[place.ok().filter(|_| !drops(pod.index))?].1;
            let value = self.value(metric, usage);
            Some(Sample { value, at, window })
        };
        let samples: Vec<_> = self.pods.iter().map(value).collect();
        if samples.iter().all(Option::is_none) {
            return Err(MetricError::NoMetricsReturned);
        }
        Ok(samples)
    }

    /// One pod's value of a metric, in thousandths.
    fn value(&self, metric: &Metric, usage: Usage) -> i64 {
        let resource = match metric {
            Metric::Pods { .. } => return usage.pods,
            Metric::Resource { resource, .. } | Metric::ContainerResource { resource, .. } => {
                resource
            }
            Metric::Object { .. } | Metric::External { .. } => panic!("{metric} is of no pod"),
        };
        let is_cpu = *resource == Resource::Cpu;
        let app = if is_cpu {
            usage.cpu
        } else {
            usage.memory * 1000
        };
        let sidecar = self.parameters.sidecar.as_ref();
        let sidecar = sidecar.filter(|_| matches!(metric, Metric::Resource { .. }));
        app + sidecar.map_or(0, |it| {
            if is_cpu {
                it.cpu_usage_millicores
            } else {
                it.memory_usage_bytes * 1000
            }
        })
    }

    /// The value of an Object or External metric.
    pub(super) fn total(&self, metric: &Metric) -> i64 {
        match metric {
            Metric::Object { .. } => self.object,
            Metric::External { .. } => self.external,
            Metric::Resource { .. } | Metric::ContainerResource { .. } | Metric::Pods { .. } => {
                panic!("{metric} is no total")
            }
        }
    }

    pub(super) fn count(&self) -> i32 {
        self.pods.len() as i32
    }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
