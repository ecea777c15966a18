//! History from the metrics API: what pods use right now, added to a file with every run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task;

use super::finished;
use crate::autoscaler::Status;
use crate::autoscaler::target::TargetRef;
use crate::cluster::{self, Cluster, PodMetrics, PodUsage};
use crate::error::{Error, missing_hint};
use crate::fleet::{Fleet, Subject, Unread};
use crate::metrics::local::{LocalSample, Store};
use crate::metrics::{Delivery, HistoryRequest, Reading};
use crate::state;

/// Samples the fleet once, keeps the sample, and delivers everything that was kept. Without a
/// time for the sample nothing is asked or kept: what was kept before is only read.
pub(super) async fn read(
    cluster: &Cluster,
    fleet: &Fleet,
    request: &HistoryRequest,
    at: Option<Timestamp>,
    deliver: mpsc::Sender<Delivery>,
) -> Result<Reading, Error> {
    let (samples, refused) = match at {
        Some(at) => sampled(cluster, fleet, request, at).await?,
        None => (vec![], vec![]),
    };
    // Neither context nor user: the same cluster goes by several, and they come and go.
    let cluster_id = cluster.endpoint().server.clone();
    let request = request.clone();
    let kept = task::spawn_blocking(move || keep(&cluster_id, &samples, &request, &deliver));
    let mut reading = finished(kept.await)?;
    reading.warnings.extend(refused);
    Ok(reading)
}

/// What the pods of the targets use right now, which is `at`, and what could not be read.
async fn sampled(
    cluster: &Cluster,
    fleet: &Fleet,
    request: &HistoryRequest,
    at: Timestamp,
) -> Result<(Vec<LocalSample>, Vec<String>), Error> {
    let targets = request.wanted.iter().map(|it| &it.target.namespace);
    let namespaces: BTreeSet<String> = targets.cloned().collect();
    let usage = match cluster.pod_metrics(namespaces).await {
        Ok(usage) => usage,
        // What HPAs saw last is left.
        Err(error @ cluster::Error::NotServed { .. }) => PodMetrics {
            unread: vec![Unread {
                what: "metrics.k8s.io".to_owned(),
                why: format!("{error}; usage is what the status of each HPA tells"),
                permission: None,
            }],
            ..PodMetrics::default()
        },
        Err(error) => return Err(error.into()),
    };
    let refused = usage.unread.into_iter().map(told);
    Ok((samples(fleet, &usage.pods, at), refused.collect()))
}

/// What could not be read, why, and what to ask for.
fn told(unread: Unread) -> String {
    let Unread {
        what,
        why,
        permission,
    } = unread;
    match permission {
        Some(missing) => format!("{what}: {missing}: {why}; {}", missing_hint(&missing)),
        None => format!("{what}: {why}"),
    }
}

fn keep(
    cluster_id: &str,
    samples: &[LocalSample],
    request: &HistoryRequest,
    deliver: &mpsc::Sender<Delivery>,
) -> Result<Reading, Error> {
    let folder = state::folder().ok_or(Error::NoHome)?;
    let store = Store::open(&folder, cluster_id)?;
    store.append(samples)?;
    // Whoever no longer listens has given up the run.
    Ok(store.deliver(request, |it| drop(deliver.blocking_send(it)))?)
}

/// One sample for each target that is scaled.
fn samples(fleet: &Fleet, pods: &[PodUsage], at: Timestamp) -> Vec<LocalSample> {
    let owners: BTreeMap<(&str, &str), &TargetRef> = fleet
        .pod_owners
        .iter()
        .map(|it| ((it.target.namespace.as_str(), it.pod.as_str()), &it.target))
        .collect();
    let mut used: BTreeMap<&TargetRef, Used> = BTreeMap::new();
    for pod in pods {
        if let Some(target) = owners.get(&(pod.namespace.as_str(), pod.pod.as_str())) {
            used.entry(target).or_default().add(pod);
        }
    }
    let mut samples: BTreeMap<&TargetRef, LocalSample> = BTreeMap::new();
    for subject in &fleet.subjects {
        let target = &subject.autoscaler.target;
        samples.insert(target, sample(subject, used.get(target), at));
    }
    samples.into_values().collect()
}

/// What all pods of a target use together.
#[derive(Default)]
struct Used {
    cpu_cores: f64,
    memory_bytes: f64,
    /// Of pods with more than one container.
    container_cpu_cores: BTreeMap<String, f64>,
}

impl Used {
    fn add(&mut self, pod: &PodUsage) {
        for container in &pod.containers {
            self.cpu_cores += container.cpu.0;
            self.memory_bytes += container.memory_bytes;
            if pod.containers.len() > 1 {
                let name = container.name.clone();
                *self.container_cpu_cores.entry(name).or_default() += container.cpu.0;
            }
        }
    }
}

/// What all pods use by the status of an HPA, which is as old as its last sync: 15 s by default.
fn seen_by_controller(status: &Status) -> Option<f64> {
    let (per_pod, pods) = (status.cpu_per_pod?, status.current?);
    Some(per_pod.0 * f64::from(pods.0))
}

fn sample(subject: &Subject, used: Option<&Used>, at: Timestamp) -> LocalSample {
    let workload = subject.workload.as_ref().ok();
    LocalSample {
        at,
        target: subject.autoscaler.target.clone(),
        cpu_usage_cores: used
            .map(|it| it.cpu_cores)
            .or_else(|| seen_by_controller(&subject.autoscaler.status)),
        container_cpu_usage_cores: used
            .map_or_else(BTreeMap::new, |it| it.container_cpu_cores.clone()),
        memory_working_set_bytes: used.map(|it| it.memory_bytes),
        ready_replicas: workload.map(|it| it.ready_pods),
        desired_replicas: subject.autoscaler.status.desired.map(|it| it.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Cores, Replicas};

    #[test]
    fn the_status_of_an_hpa_tells_what_its_pods_use() {
        let status = |per_pod, pods: Option<u32>| Status {
            current: pods.map(Replicas),
            cpu_per_pod: per_pod,
            ..Status::default()
        };
        let cases = [
            (status(Some(Cores(0.25)), Some(4)), Some(1.0)),
            (status(Some(Cores(0.25)), Some(0)), Some(0.0)),
            (status(None, Some(4)), None),
            (status(Some(Cores(0.25)), None), None),
        ];
        for (status, expected) in cases {
            assert_eq!(seen_by_controller(&status), expected, "{status:?}");
        }
    }
}
