//! A synthetic fleet whose CPU usage is a known function of time.
//!
//! The same [`Parameters`] give the same fleet, byte for byte. [`schedule`] decides which pods run
//! when, [`workload`] holds them and what they use, [`samples`] says what Prometheus would have
//! scraped of them. Only the standard library is used, so that a dev binary can include this.

pub(crate) mod labels;
pub(crate) mod random;
pub(crate) mod samples;
pub(crate) mod schedule;
pub(crate) mod workload;

use std::ops::Range;

use random::Random;
use workload::{Container, Kind, Workload};

/// When every history ends unless a test says otherwise: 2026-01-01T00:00:00Z.
pub(crate) const END: i64 = 1_767_225_600;

/// What makes two fleets differ.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub(crate) seed: u64,
    pub(crate) namespaces: usize,
    pub(crate) workloads: usize,
    /// Pods of the average workload at one time.
    pub(crate) mean_pods: f64,
    pub(crate) hours: u32,
    /// Unix seconds, a whole minute; the history ends just before.
    pub(crate) end: i64,
    /// Of the kubelets.
    pub(crate) scrape_seconds: u32,
    /// Of kube-state-metrics.
    pub(crate) state_seconds: u32,
    /// The share of workloads whose replicas follow their load, 0 to 1.
    pub(crate) scaling_share: f64,
    /// Between two rollouts of a workload, on average.
    pub(crate) rollout_hours: u32,
    pub(crate) detail: Detail,
}

/// Which series are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// All, with duplicates, cgroup totals, outages and everything else that is seen in the wild.
    Full,
    /// CPU of containers, owners, requests and replicas, without oddities: for measurements.
    CpuAndReplicas,
}

impl Parameters {
    /// 12 workloads, about 50 pods, 3 days every 30 s: for tests of correctness.
    pub(crate) fn small() -> Self {
        Self {
            seed: 1,
            namespaces: 3,
            workloads: 12,
            mean_pods: 4.2,
            hours: 72,
            end: END,
            scrape_seconds: 30,
            state_seconds: 60,
            scaling_share: 0.7,
            rollout_hours: 30,
            detail: Detail::Full,
        }
    }

    /// 4 workloads over 6 hours: for tests of the rig itself.
    pub(crate) fn tiny() -> Self {
        Self {
            workloads: 4,
            hours: 6,
            rollout_hours: 3,
            ..Self::small()
        }
    }

    /// 1,000 workloads over 20 namespaces, about 4,000 pods at a time, 14 days every minute.
    pub(crate) fn big() -> Self {
        Self {
            seed: 7,
            namespaces: 20,
            workloads: 1000,
            mean_pods: 4.0,
            hours: 14 * 24,
            scrape_seconds: 60,
            state_seconds: 300,
            scaling_share: 0.05,
            rollout_hours: 12 * 24,
            detail: Detail::CpuAndReplicas,
            ..Self::small()
        }
    }

    /// Unix seconds of the first sample's minute.
    pub(crate) fn start(&self) -> i64 {
        self.end - i64::from(self.hours) * 3600
    }

    pub(crate) fn minutes(&self) -> usize {
        self.hours as usize * 60
    }

    /// A name for the history of this fleet; differs where the parameters or the model do, down to
    /// its source text, so that no test meets the history of an older model.
    pub(crate) fn key(&self) -> String {
        const MODEL: [&str; 9] = [
            include_str!("fleet.rs"),
            include_str!("fleet/labels.rs"),
            include_str!("fleet/random.rs"),
            include_str!("fleet/samples.rs"),
            include_str!("fleet/samples/kubelet.rs"),
            include_str!("fleet/samples/state.rs"),
            include_str!("fleet/schedule.rs"),
            include_str!("fleet/workload.rs"),
            include_str!("openmetrics.rs"),
        ];
        let parameters = format!("{self:?}");
        let texts = MODEL.into_iter().chain([parameters.as_str()]);
        let hash = texts
            .flat_map(str::bytes)
            .fold(0, |hash, byte| random::mix(hash ^ u64::from(byte)));
        format!("{hash:016x}")
    }
}

/// Workloads, pods and everything that happened to them.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    pub(crate) parameters: Parameters,
    pub(crate) namespaces: Vec<String>,
    /// Those with an autoscaler first, `parameters.workloads` of them.
    pub(crate) workloads: Vec<Workload>,
    /// Node names; a pod refers to its place here.
    pub(crate) nodes: Vec<String>,
    /// When no node was scraped and no kube-state-metrics, in Unix milliseconds.
    pub(crate) outage: Option<Range<i64>>,
    /// When one node was not scraped although its pods went on, in Unix milliseconds.
    pub(crate) node_down: Option<(usize, Range<i64>)>,
}

impl Fleet {
    pub(crate) fn generate(parameters: &Parameters) -> Self {
        let namespaces = (0..parameters.namespaces).map(namespace_name).collect();
        let nodes = (0..(parameters.workloads / 4).clamp(3, 100)).map(|it| format!("node-{it}"));
        let mut fleet = Self {
            parameters: parameters.clone(),
            namespaces,
            workloads: Vec::new(),
            nodes: nodes.collect(),
            outage: None,
            node_down: None,
        };
        for index in 0..parameters.workloads {
            let workload = fleet.scaled_workload(index);
            fleet.add(workload);
        }
        if parameters.detail == Detail::Full {
            fleet.add_oddities();
        }
        fleet
    }

    /// The workloads that an autoscaler scales.
    pub(crate) fn scaled(&self) -> impl Iterator<Item = &Workload> {
        self.workloads.iter().filter(|it| it.autoscaler.is_some())
    }

    /// The history's first and last millisecond, the latter exclusive.
    pub(crate) fn span(&self) -> Range<i64> {
        self.parameters.start() * 1000..self.parameters.end * 1000
    }

    fn add(&mut self, mut workload: Workload) {
        let seed = self.parameters.seed ^ ((self.workloads.len() as u64 + 1) << 20);
        let mut random = Random::new(seed);
        schedule::run(
            &mut workload,
            &self.parameters,
            self.nodes.len(),
            &mut random,
        );
        self.workloads.push(workload);
    }

    fn scaled_workload(&self, index: usize) -> Workload {
        let mut random = Random::new(self.parameters.seed ^ ((index as u64 + 1) << 40));
        let (name, kind, namespace) = identity(index);
        let pods = (self.parameters.mean_pods * (0.4 + 1.2 * random.unit())).round();
        let mut workload = Workload::new(
            self.namespaces[namespace % self.namespaces.len()].clone(),
            name,
            kind,
        );
        workload.containers = containers(index);
        workload.replicas = pods.max(1.0) as u32;
        workload.scales = random.chance(self.parameters.scaling_share);
        workload.startup_seconds = random.between(12, 55);
        workload.throttled_share = 0.01 * (index % 20) as f64;
        workload.autoscaler = Some(if index % 5 == 3 {
            format!("{}-hpa", workload.name)
        } else {
            workload.name.clone()
        });
        workload.nan_at_end = self.parameters.detail == Detail::Full && index % 12 == 6;
        workload.raises_request = index % 12 == 2;
        workload
    }

    /// Adds what nothing may count or stumble over: pods of nobody's target, and outages.
    fn add_oddities(&mut self) {
        for namespace in self.namespaces.clone() {
            let mut agent = Workload::new(namespace, "node-agent".to_owned(), Kind::DaemonSet);
            agent.containers = vec![Container::main(0.05)];
            agent.replicas = self.nodes.len().min(4) as u32;
            agent.startup_seconds = 5;
            self.add(agent);
        }
        let at = |share: f64| {
            let offset = (f64::from(self.parameters.hours) * 60.0 * share) as i64;
            (self.parameters.start() + offset * 60) * 1000
        };
        self.outage = Some(at(0.35)..at(0.35) + 25 * 60_000);
        self.node_down = Some((1, at(0.65)..at(0.65) + 40 * 60_000));
    }
}

fn namespace_name(index: usize) -> String {
    match index {
        0 => "shop".to_owned(),
        1 => "shop-staging".to_owned(),
        2 => "media".to_owned(),
        _ => format!("team-{index:02}"),
    }
}

/// Name, kind and place of the namespace. The first twelve are a shop with names that are easily
/// mixed up: one name in two namespaces, one name that begins with another.
fn identity(index: usize) -> (String, Kind, usize) {
    const SHOP: [(&str, Kind, usize); 12] = [
        ("web", Kind::Deployment, 0),
        ("web-admin", Kind::Deployment, 0),
        ("web", Kind::Deployment, 1),
        ("orders", Kind::StatefulSet, 0),
        ("checkout", Kind::Deployment, 0),
        ("search", Kind::Deployment, 1),
        ("cart", Kind::Deployment, 0),
        ("render", Kind::Rollout, 2),
        ("mail", Kind::Deployment, 2),
        ("catalog", Kind::Deployment, 1),
        ("reports", Kind::Deployment, 2),
        ("web-0", Kind::StatefulSet, 0),
    ];
    match SHOP.get(index) {
        Some((name, kind, namespace)) => ((*name).to_owned(), *kind, *namespace),
        None => {
            let kind = match index % 50 {
                3 => Kind::Rollout,
                7 | 17 | 27 | 37 | 47 => Kind::StatefulSet,
                _ => Kind::Deployment,
            };
            (format!("service-{index:04}"), kind, index)
        }
    }
}

/// Every eighth pod has a sidecar, every twelfth a native one, every third a limit; one has no
/// requests.
fn containers(index: usize) -> Vec<Container> {
    let request = [0.5, 0.25, 1.0, 0.1][index % 4];
    let mut main = Container::main(request);
    main.limit = index.is_multiple_of(3).then_some(request * 2.0);
    if index % 24 == 10 {
        main.request = None;
    }
    let mut containers = vec![main];
    if index % 8 == 1 {
        containers.push(Container::sidecar("istio-proxy", 0.1, false));
    }
    if index % 12 == 8 {
        containers.push(Container::sidecar("log-shipper", 0.05, true));
    }
    containers
}
