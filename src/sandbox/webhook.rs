//! KEDA's admission webhooks, in front of the API server: what they refuse and warn of.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::api::Reviewed;
use super::status::Refusal;
use crate::keda::admission::{
    ExistingHpa, Kinds, LimitRange, Operation, Request, Surroundings, Verdict, Warning, Workload,
    review as review_object, review_authentication, review_job,
};
use crate::keda::objects::{ScaledJob, ScaledObject, TriggerAuthentication};

/// What the webhooks say of a write: warnings, or the refusal. An object that cannot be read is
/// not theirs to judge.
pub(crate) fn review(asked: &Reviewed<'_>) -> Result<Vec<String>, Refusal> {
    if asked.group != "keda.sh" {
        return Ok(vec![]);
    }
    match asked.kind {
        "ScaledObject" => scaled_object(asked),
        "ScaledJob" => scaled_job(asked),
        "TriggerAuthentication" => authentication(asked, "vstriggerauthentication.kb.io"),
        "ClusterTriggerAuthentication" => {
            authentication(asked, "vsclustertriggerauthentication.kb.io")
        }
        _ => Ok(vec![]),
    }
}

fn scaled_object(asked: &Reviewed<'_>) -> Result<Vec<String>, Refusal> {
    let Ok(object) = ScaledObject::read(asked.new) else {
        return Ok(vec![]);
    };
    let old = asked.old.and_then(|it| ScaledObject::read(it).ok());
    let operation = match &old {
        Some(old) => Operation::Update { old },
        None => Operation::Create,
    };
    let request = Request {
        operation,
        object: &object,
        is_dry_run: asked.is_dry_run,
    };
    let verdict = review_object(&request, &surroundings(asked, &object));
    judged("vscaledobject.kb.io", verdict)
}

fn scaled_job(asked: &Reviewed<'_>) -> Result<Vec<String>, Refusal> {
    let Ok(job) = ScaledJob::read(asked.new) else {
        return Ok(vec![]);
    };
    let old = asked.old.and_then(|it| ScaledJob::read(it).ok());
    judged("vscaledjob.kb.io", review_job(&job, old.as_ref()))
}

fn authentication(asked: &Reviewed<'_>, webhook: &str) -> Result<Vec<String>, Refusal> {
    let read = |it: &Value| TriggerAuthentication::read(it).ok();
    let Some(object) = read(asked.new) else {
        return Ok(vec![]);
    };
    let old = asked.old.and_then(read);
    let first = review_authentication(&object, old.as_ref())
        .into_iter()
        .next();
    first.map_or(Ok(vec![]), |it| Err(denied(webhook, &it.message)))
}

/// KEDA tells the first failure.
fn judged(webhook: &str, verdict: Verdict) -> Result<Vec<String>, Refusal> {
    match verdict.failures.first() {
        Some(failure) => Err(denied(webhook, &failure.message)),
        None => Ok(verdict.warnings.into_iter().map(warning).collect()),
    }
}

fn denied(webhook: &str, why: &str) -> Refusal {
    let message = format!("admission webhook \"{webhook}\" denied the request: {why}");
    Refusal::plain(403, "Forbidden", message)
}

fn warning(of: Warning) -> String {
    let path = of.path();
    match of {
        Warning::PollingIntervalNotRelevant => format!(
            "{path} has no effect: minReplicaCount is above 0, there is no idleReplicaCount, and \
             no trigger uses cached metrics"
        ),
        Warning::CooldownPeriodNotRelevant => format!(
            "{path} has no effect: minReplicaCount is above 0, and there is no idleReplicaCount"
        ),
    }
}

fn surroundings(asked: &Reviewed<'_>, object: &ScaledObject) -> Surroundings {
    let namespace = asked.new["metadata"]["namespace"].as_str().unwrap_or("");
    let all = |group: &str, plural: &str| (asked.list)(group, plural, namespace);
    let workloads = [
        ("deployments", "Deployment"),
        ("statefulsets", "StatefulSet"),
    ];
    let workloads = workloads.iter().flat_map(|(plural, kind)| {
        let found = all("apps", plural).into_iter();
        found.filter_map(|it| Workload::read(kind, &it).ok())
    });
    Surroundings {
        scaled_objects: Some(read(&all("keda.sh", "scaledobjects"), ScaledObject::read)),
        hpas: Some(read(
            &all("autoscaling", "horizontalpodautoscalers"),
            ExistingHpa::read,
        )),
        workloads: Some(workloads.collect()),
        limit_ranges: Some(read(&all("", "limitranges"), LimitRange::read)),
        kinds: kinds(asked, object),
    }
}

/// The objects that can be read.
fn read<T, E>(all: &[Arc<Value>], read: impl Fn(&Value) -> Result<T, E>) -> Vec<T> {
    all.iter().filter_map(|it| read(it).ok()).collect()
}

/// Of the kinds that the cluster knows, the one that is asked about.
fn kinds(asked: &Reviewed<'_>, object: &ScaledObject) -> Kinds {
    let target = &object.spec.target;
    let (version, kind) = (target.api_version_or_default(), target.kind_or_default());
    let known = (asked.knows)(version, kind);
    let known = known.then(|| (version.to_owned(), kind.to_owned()));
    Kinds::Known(known.into_iter().collect::<BTreeSet<_>>())
}
