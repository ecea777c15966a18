//! One workload: its containers, its pods over time and what each of them uses.

use std::ops::Range;

/// What owns the pods, directly or through ReplicaSets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Deployment,
    StatefulSet,
    /// A custom resource with a scale subresource whose pods ReplicaSets own, as Argo has it.
    Rollout,
    DaemonSet,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::Rollout => "Rollout",
            Self::DaemonSet => "DaemonSet",
        }
    }

    pub(crate) fn api_version(self) -> &'static str {
        match self {
            Self::Deployment | Self::StatefulSet | Self::DaemonSet => "apps/v1",
            Self::Rollout => "argoproj.io/v1alpha1",
        }
    }

    pub(crate) fn has_replica_sets(self) -> bool {
        match self {
            Self::Deployment | Self::Rollout => true,
            Self::StatefulSet | Self::DaemonSet => false,
        }
    }
}

/// A container of every pod of a workload.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) name: String,
    /// Cores.
    pub(crate) request: Option<f64>,
    /// Cores.
    pub(crate) limit: Option<f64>,
    /// Of the pod's usage; the shares of a pod add up to 1.
    pub(crate) share: f64,
    /// An init container that goes on running.
    pub(crate) native_sidecar: bool,
}

impl Container {
    pub(crate) fn main(request: f64) -> Self {
        Self {
            name: "app".to_owned(),
            request: Some(request),
            limit: None,
            share: 1.0,
            native_sidecar: false,
        }
    }

    pub(crate) fn sidecar(name: &str, request: f64, native_sidecar: bool) -> Self {
        Self {
            name: name.to_owned(),
            request: Some(request),
            limit: None,
            share: 0.15,
            native_sidecar,
        }
    }
}

/// One ReplicaSet, or the same pod template of a kind without them.
#[derive(Clone, Debug)]
pub(crate) struct Generation {
    /// The ReplicaSet's name.
    pub(crate) name: String,
    /// The template's hash in it.
    pub(crate) hash: String,
    /// Unix seconds.
    pub(crate) from: i64,
    /// What the containers' requests and limits are multiplied with.
    pub(crate) request_factor: f64,
}

/// How the kubelet's series of a pod appear a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicate {
    No,
    /// Under another `job`: two ServiceMonitors for one kubelet.
    Job,
    /// Under another `prometheus_replica`: a pair whose label was not dropped.
    Replica,
}

/// A container that ended and started again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    /// Unix seconds.
    pub(crate) at: i64,
    /// Whether the series goes on, from zero; otherwise a new one with another `id` begins.
    pub(crate) keeps_series: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) name: String,
    pub(crate) uid: String,
    /// Place in [`Workload::generations`].
    pub(crate) generation: usize,
    /// Place in [`super::Fleet::nodes`].
    pub(crate) node: usize,
    /// Unix seconds; may lie before the history.
    pub(crate) created: i64,
    /// Unix seconds.
    pub(crate) ready: i64,
    /// Unix seconds; `None` for a pod that is still there.
    pub(crate) ended: Option<i64>,
    /// Its part of the load against that of the average pod, 0.9 to 1.1.
    pub(crate) weight: f64,
    /// Of the main container, at most one.
    pub(crate) restart: Option<Restart>,
    pub(crate) duplicate: Duplicate,
    /// From which the times of its scrapes and the ids of its containers are drawn.
    pub(crate) seed: u64,
}

impl Pod {
    /// When the pod is there, in Unix milliseconds.
    pub(crate) fn life(&self) -> Range<i64> {
        self.created * 1000..self.ended.map_or(i64::MAX, |it| it * 1000)
    }

    pub(crate) fn is_ready(&self, milliseconds: i64) -> bool {
        self.ready * 1000 <= milliseconds && milliseconds < self.life().end
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The HPA's name.
    pub(crate) autoscaler: Option<String>,
    pub(crate) containers: Vec<Container>,
    /// On average.
    pub(crate) replicas: u32,
    /// Whether the replicas follow the load.
    pub(crate) scales: bool,
    pub(crate) startup_seconds: i64,
    /// Of the scheduler periods, for containers with a limit.
    pub(crate) throttled_share: f64,
    /// Whether the last sample of pods that ended is NaN.
    pub(crate) nan_at_end: bool,
    /// Whether every second generation requests half as much again.
    pub(crate) raises_request: bool,
    pub(crate) generations: Vec<Generation>,
    /// In the order in which they were created.
    pub(crate) pods: Vec<Pod>,
    /// What the autoscaler wanted in each minute of the history.
    pub(crate) desired: Vec<u32>,
    /// Core-seconds that a pod of weight 1 that never restarts has used until each full minute.
    pub(crate) used: Vec<f64>,
    /// Unix seconds of the first of both.
    pub(crate) start: i64,
}

impl Workload {
    /// A workload without pods.
    pub(crate) fn new(namespace: String, name: String, kind: Kind) -> Self {
        Self {
            namespace,
            name,
            kind,
            autoscaler: None,
            containers: Vec::new(),
            replicas: 1,
            scales: false,
            startup_seconds: 0,
            throttled_share: 0.0,
            nan_at_end: false,
            raises_request: false,
            generations: Vec::new(),
            pods: Vec::new(),
            desired: Vec::new(),
            used: Vec::new(),
            start: 0,
        }
    }

    /// Cores that a pod of weight 1 uses at `milliseconds`.
    pub(crate) fn usage(&self, milliseconds: i64) -> f64 {
        let minute = self.minute(milliseconds);
        (self.used[minute + 1] - self.used[minute]) / 60.0
    }

    /// Core-seconds that a pod of weight 1 uses from one time to another, in milliseconds.
    pub(crate) fn used_between(&self, from: i64, until: i64) -> f64 {
        self.used_until(until) - self.used_until(from)
    }

    /// Usage before the history is that of its first minute.
    fn used_until(&self, milliseconds: i64) -> f64 {
        let minute = self.minute(milliseconds);
        let offset = milliseconds - (self.start * 1000 + minute as i64 * 60_000);
        self.used[minute] + self.usage(milliseconds) * offset as f64 / 1000.0
    }

    /// What the autoscaler wants at `milliseconds`.
    pub(crate) fn desired_at(&self, milliseconds: i64) -> u32 {
        self.desired[self.minute(milliseconds)]
    }

    pub(crate) fn ready_at(&self, milliseconds: i64) -> usize {
        let ready = |pod: &&Pod| pod.is_ready(milliseconds);
        self.pods.iter().filter(ready).count()
    }

    /// The pods that are there at `milliseconds`.
    pub(crate) fn living(&self, milliseconds: i64) -> impl Iterator<Item = &Pod> {
        let lives = move |pod: &&Pod| pod.life().contains(&milliseconds);
        self.pods.iter().filter(lives)
    }

    /// The share of the main container is what the others leave.
    pub(crate) fn share(&self, container: usize) -> f64 {
        match container {
            0 => 1.0 - self.containers[1..].iter().map(|it| it.share).sum::<f64>(),
            other => self.containers[other].share,
        }
    }

    fn minute(&self, milliseconds: i64) -> usize {
        let minute = (milliseconds - self.start * 1000).div_euclid(60_000);
        minute.clamp(0, self.desired.len() as i64 - 1) as usize
    }
}
