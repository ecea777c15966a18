//! The people of a cluster: they make autoscalers and approved recommendations, wait until these
//! have ended, and begin anew.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::random::Random;
use crate::autoscaler::target::TargetRef;
use crate::history::{History, Metric};
use crate::lifecycle::form;
use crate::sandbox::{InMemory, Seed};
use crate::series::{Grid, Series};
use crate::units::Step;

pub(super) const NAMESPACE: &str = "shop";
const WORKLOADS: usize = 4;
/// What the load of each needs at a target of 60 % of one core each.
const REPLICAS: u32 = 5;
const CORES: f64 = 3.0;

/// How long an autoscaler is there before somebody wants it changed, so that it has metrics.
const SETTLES: Duration = Duration::from_secs(60);

/// What is proposed, which is what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proposal {
    Harmless,
    /// Pins the replicas at their maximum.
    Harmful,
    /// From a value that is not there.
    Outdated,
}

/// Where the people are with one workload.
#[derive(Clone, Debug)]
enum Work {
    Nothing,
    Autoscaler,
    Open(String, Proposal),
    Ended(String, Proposal),
}

pub(super) struct Operator {
    random: Random,
    works: Vec<(Work, Timestamp)>,
    made: u64,
    /// How many of what was proposed ended in which phase.
    pub(super) ended: BTreeMap<(Proposal, String), u64>,
}

/// The fleet that they start with: deployments under a steady load.
pub(super) fn seed(start: Timestamp) -> Seed {
    let grid = Grid::ending_at(start, SignedDuration::from_hours(30), Step::FIVE_MINUTES);
    let mut history = History::default();
    for (metric, value) in [
        (Metric::CpuUsage, CORES),
        (Metric::CpuRequest, 1.0),
        (Metric::ReadyReplicas, REPLICAS.into()),
        (Metric::DesiredReplicas, REPLICAS.into()),
    ] {
        history.insert(metric, Series::constant(grid, value));
    }
    let target = |name: String| TargetRef {
        namespace: NAMESPACE.to_owned(),
        kind: "Deployment".to_owned(),
        name,
    };
    let names = (0..WORKLOADS).map(name);
    Seed {
        objects: names
            .clone()
            .map(|it| deployment(&it))
            .chain([form::definition()])
            .collect(),
        histories: names.map(|it| (target(it), history.clone())).collect(),
    }
}

fn name(number: usize) -> String {
    format!("web-{number}")
}

fn deployment(name: &str) -> Value {
    let labels = json!({ "app": name });
    json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": NAMESPACE, "labels": labels },
        "spec": { "replicas": REPLICAS, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [{
                "name": "app", "image": "example.com/app:1",
                "resources": { "requests": { "cpu": "1" }, "limits": { "cpu": "2" } } }] } } } })
}

fn autoscaler(name: &str) -> Value {
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "minReplicas": 2, "maxReplicas": 10,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
                "target": { "type": "Utilization", "averageUtilization": 60 } } }] } })
}

fn recommendation(name: &str, of: &str, proposal: Proposal) -> Value {
    let (from, to) = match proposal {
        Proposal::Harmless => (10, 12),
        Proposal::Harmful => (10, REPLICAS),
        Proposal::Outdated => (11, 12),
    };
    json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": form::KIND,
        "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": of },
            "approved": true, "riskLevel": "low",
            "configDiff": { "max_replicas": { "from": from, "to": to } } } })
}

impl Operator {
    pub(super) fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            random: Random::of(seed),
            works: vec![(Work::Nothing, now); WORKLOADS],
            made: 0,
            ended: BTreeMap::new(),
        }
    }

    /// Goes on with each workload where it is time to.
    pub(super) fn act(&mut self, cluster: &InMemory, wants_more: bool) {
        let now = cluster.now();
        for number in 0..self.works.len() {
            let (work, due) = self.works[number].clone();
            if now < due {
                continue;
            }
            if let Some((next, rest)) = self.go_on(cluster, &name(number), work, wants_more) {
                let due = now.checked_add(rest).unwrap();
                self.works[number] = (next, due);
            }
        }
    }

    /// What comes after `work`, and the time until then.
    fn go_on(
        &mut self,
        cluster: &InMemory,
        of: &str,
        work: Work,
        wants_more: bool,
    ) -> Option<(Work, Duration)> {
        match work {
            Work::Nothing | Work::Autoscaler if !wants_more => None,
            Work::Nothing => {
                cluster.create(autoscaler(of));
                let most = SETTLES * 4;
                Some((Work::Autoscaler, self.random.time(SETTLES..most)))
            }
            Work::Autoscaler => {
                self.made += 1;
                let name = format!("{of}-{}", self.made);
                // Of each kind there are as many, however few there are.
                let proposal = match self.made % 3 {
                    0 => Proposal::Outdated,
                    1 => Proposal::Harmful,
                    _ => Proposal::Harmless,
                };
                cluster.create(recommendation(&name, of, proposal));
                Some((Work::Open(name, proposal), Duration::ZERO))
            }
            Work::Open(name, proposal) => {
                let phase = ended(cluster, &name)?;
                *self.ended.entry((proposal, phase)).or_default() += 1;
                let rest = self.random.time(Duration::ZERO..SETTLES * 4);
                Some((Work::Ended(name, proposal), rest))
            }
            Work::Ended(name, proposal) => {
                // What was blocked may go on where the reason has gone.
                if ended(cluster, &name).is_none() {
                    return Some((Work::Open(name, proposal), Duration::ZERO));
                }
                delete(cluster, form::GROUP, form::PLURAL, &name);
                delete(cluster, "autoscaling", "horizontalpodautoscalers", of);
                Some((Work::Nothing, self.random.time(Duration::ZERO..SETTLES)))
            }
        }
    }

    /// Recommendations that have not ended yet, with what is known of them.
    pub(super) fn open(&self, cluster: &InMemory) -> Vec<String> {
        let works = self.works.iter().map(|it| &it.0);
        let names = works.filter_map(|it| match it {
            Work::Open(name, _) | Work::Ended(name, _) => Some(name),
            Work::Nothing | Work::Autoscaler => None,
        });
        let open = names.filter(|it| ended(cluster, it).is_none());
        open.map(|it| match record(cluster, it) {
            Some(record) => format!("{it}: {}", record["status"]),
            None => format!("{it} is gone"),
        })
        .collect()
    }
}

fn record(cluster: &InMemory, name: &str) -> Option<std::sync::Arc<Value>> {
    cluster.get(form::GROUP, form::PLURAL, NAMESPACE, name)
}

fn delete(cluster: &InMemory, group: &str, plural: &str, name: &str) {
    let object = cluster.get(group, plural, NAMESPACE, name).unwrap();
    cluster.delete(&object);
}

/// The phase that it has ended in.
fn ended(cluster: &InMemory, name: &str) -> Option<String> {
    let record = record(cluster, name)?;
    let phase = record["status"]["phase"].as_str()?;
    let is_over = matches!(phase, "verified" | "rolledBack" | "blocked");
    let is_settled = record["status"]["attempt"].is_null();
    (is_over && is_settled).then(|| phase.to_owned())
}
