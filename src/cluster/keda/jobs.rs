//! The jobs of a ScaledJob that are not finished.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::call::{Listing, Resource};
use super::super::{Cluster, Error};
use crate::autoscaler::Holds;
use crate::sim::keda::job::pending::{Finished, JobPod, Told, is_pending};
use crate::sim::pod::Phase;

const JOBS: Resource<'_> = Resource {
    group: "batch",
    version: "v1",
    plural: "jobs",
};

const PODS: Resource<'_> = Resource {
    group: "",
    version: "v1",
    plural: "pods",
};

/// The label that KEDA gives its jobs, with the name of the ScaledJob.
const OF_SCALED_JOB: &str = "scaledjob.keda.sh/name";

/// The label of pods with the name of their job.
const OF_JOB: &str = "job-name";

/// How many jobs are not finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// All of them.
    pub running: i64,
    /// Those among them whose pods do not work yet.
    pub pending: i64,
}

impl Cluster {
    /// Counts the jobs of a ScaledJob as KEDA does; `awaited` are its `pendingPodConditions`.
    ///
    /// # Errors
    /// Where jobs or pods may not be listed, or the API server does not answer.
    pub async fn unfinished_jobs(
        &self,
        namespace: &str,
        name: &str,
        awaited: &[String],
    ) -> Result<Unfinished, Error> {
        let selector = format!("{OF_SCALED_JOB}={name}");
        let mut jobs = Vec::new();
        let mut listing = Listing::of(JOBS, Some(namespace));
        listing.selector = Some(&selector);
        self.list(&listing, |it| jobs.push(it)).await?;
        let unfinished: Vec<String> = jobs.iter().filter_map(unfinished).collect();
        if unfinished.is_empty() {
            return Ok(Unfinished::default());
        }
        let mut pods = Vec::new();
        let mut listing = Listing::of(PODS, Some(namespace));
        listing.selector = Some(OF_JOB);
        self.list(&listing, |it| pods.push(it)).await?;
        Ok(counted(&unfinished, &pods, awaited))
    }
}

/// The name of a job that is not finished.
fn unfinished(job: &Value) -> Option<String> {
    let conditions = conditions(job);
    match Finished::of(&told(&conditions)) {
        Some(Finished::Complete | Finished::Failed) => None,
        None => job["metadata"]["name"].as_str().map(str::to_owned),
    }
}

fn counted(unfinished: &[String], pods: &[Value], awaited: &[String]) -> Unfinished {
    let awaited: Vec<&str> = awaited.iter().map(String::as_str).collect();
    let mut by_job: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for pod in pods {
        let job = pod["metadata"]["labels"][OF_JOB].as_str();
        by_job.entry(job.unwrap_or_default()).or_default().push(pod);
    }
    let pending = unfinished.iter().filter(|job| {
        let pods = by_job.get(job.as_str()).into_iter().flatten();
        let read: Vec<_> = pods.map(|it| (phase(it), conditions(it))).collect();
        let all: Vec<_> = read.iter().map(|it| (it.0, told(&it.1))).collect();
        let pods = all.iter().map(|(phase, conditions)| JobPod {
            phase: *phase,
            conditions,
        });
        is_pending(&pods.collect::<Vec<_>>(), &awaited)
    });
    Unfinished {
        running: count(unfinished.len()),
        pending: count(pending.count()),
    }
}

fn count(len: usize) -> i64 {
    i64::try_from(len).unwrap_or(i64::MAX)
}

fn phase(pod: &Value) -> Phase {
    match pod["status"]["phase"].as_str() {
        Some("Pending") => Phase::Pending,
        Some("Running") => Phase::Running,
        Some("Succeeded") => Phase::Succeeded,
        Some("Failed") => Phase::Failed,
        Some(_) | None => Phase::Unknown,
    }
}

/// Types and whether they hold.
fn conditions(object: &Value) -> Vec<(&str, Holds)> {
    let all = object["status"]["conditions"].as_array();
    let each = all.into_iter().flatten();
    each.filter_map(|it| {
        let holds = match it["status"].as_str() {
            Some("True") => Holds::Yes,
            Some("False") => Holds::No,
            Some(_) | None => Holds::Unknown,
        };
        Some((it["type"].as_str()?, holds))
    })
    .collect()
}

fn told<'a>(conditions: &[(&'a str, Holds)]) -> Vec<Told<'a>> {
    let each = conditions.iter();
    each.map(|(kind, holds)| Told {
        kind,
        holds: *holds,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(name: &str, conditions: Value) -> Value {
        json!({ "metadata": { "name": name }, "status": { "conditions": conditions } })
    }

    #[test]
    fn a_job_is_pending_until_one_of_its_pods_works() {
        let pod = |job: &str, phase: &str, ready: &str| {
            json!({ "metadata": { "labels": { "job-name": job } }, "status": { "phase": phase,
                "conditions": [{ "type": "Ready", "status": ready }] } })
        };
        let jobs = [
            job("a", json!([])),
            job("b", json!([{ "type": "Suspended", "status": "True" }])),
            job("c", json!([{ "type": "Complete", "status": "True" }])),
            job("d", json!([{ "type": "Failed", "status": "False" }])),
        ];
        let names: Vec<String> = jobs.iter().filter_map(unfinished).collect();
        assert_eq!(names, ["a", "b", "d"]);
        let pods = [
            pod("a", "Pending", "False"),
            pod("a", "Running", "False"),
            pod("b", "Pending", "False"),
            pod("x", "Running", "True"),
        ];
        let found = counted(&names, &pods, &[]);
        assert_eq!((found.running, found.pending), (3, 2));
        let awaited = counted(&names, &pods, &["Ready".to_owned()]);
        assert_eq!((awaited.running, awaited.pending), (3, 3));
        let ready = [pod("a", "Running", "True")];
        assert_eq!(counted(&names, &ready, &["Ready".to_owned()]).pending, 2);
    }
}
