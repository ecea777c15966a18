//! What triggers of type cpu and memory need of the workload.

use super::neighbors::unchecked;
use super::surroundings::{LimitRange, Surroundings, TargetId, Workload, WorkloadContainer};
use super::{Failure, Reason, Verdict};
use crate::keda::objects::{FieldPath, ScaleTarget, ScaledObject, Trigger};
use crate::validation::quantity::is_above_zero;

/// Checks the requests of the containers, and that such triggers are not left alone at zero.
/// Other kinds than Deployments and StatefulSets of `apps/v1` are not looked at.
pub(super) fn check(object: &ScaledObject, surroundings: &Surroundings, verdict: &mut Verdict) {
    let triggers = object.spec.triggers.iter().enumerate();
    let resources: Vec<_> = triggers.filter(|it| it.1.is_resource()).collect();
    let target = TargetId::of(&object.spec.target);
    if resources.is_empty() || !is_looked_at(&target) {
        return;
    }
    verdict.failures.extend(scale_to_zero(object));
    let path = FieldPath::of("spec.scaleTargetRef");
    let Some(workloads) = &surroundings.workloads else {
        let why = "the workloads of the namespace are not known";
        unchecked(verdict, Reason::MissingRequests, path, why);
        return;
    };
    let Some(workload) = found(object, &target, workloads) else {
        verdict.failures.push(not_found(&target, path));
        return;
    };
    for (at, trigger) in resources {
        requests(at, trigger, workload, surroundings, verdict);
    }
}

fn is_looked_at(target: &TargetId) -> bool {
    let is_kind = matches!(target.kind.as_str(), "Deployment" | "StatefulSet");
    is_kind && target.api_version == ScaleTarget::DEFAULT_API_VERSION
}

fn found<'a>(
    object: &ScaledObject,
    target: &TargetId,
    workloads: &'a [Workload],
) -> Option<&'a Workload> {
    let namespace = &object.metadata.namespace;
    workloads.iter().find(|it| {
        let is_beside = it.metadata.namespace.is_empty() || it.metadata.namespace == *namespace;
        is_beside && it.kind == target.kind && it.metadata.name == target.name
    })
}

fn not_found(target: &TargetId, path: FieldPath) -> Failure {
    Failure {
        reason: Reason::TargetNotFound,
        gist: "target-not-found",
        message: format!("{path} is {target}, which does not exist"),
        path,
        way_out: "create it first, or correct the name".to_owned(),
    }
}

/// Such triggers never scale to zero, since without pods they have no metric.
fn scale_to_zero(object: &ScaledObject) -> Option<Failure> {
    let has_other = object.spec.triggers.iter().any(|it| !it.is_resource());
    if has_other || object.spec.min_or_default() != 0 {
        return None;
    }
    let path = FieldPath::of("spec.minReplicaCount");
    let what = match object.spec.min_replica_count {
        Some(_) => "is 0",
        None => "is unset, which means 0",
    };
    Some(Failure {
        reason: Reason::ScaleToZeroRequirementsNotMet,
        gist: "only-cpu-or-memory-triggers",
        message: format!("{path} {what}, and every trigger is cpu or memory"),
        path,
        way_out: "set minReplicaCount to 1 or more, or add a trigger of another type".to_owned(),
    })
}

/// Checks that every container has an amount of the resource that utilization is relative to.
fn requests(
    at: usize,
    trigger: &Trigger,
    workload: &Workload,
    surroundings: &Surroundings,
    verdict: &mut Verdict,
) {
    let resource = trigger.kind.as_str();
    let only = trigger.metadata.get("containerName");
    let is_meant =
        |it: &&WorkloadContainer| only.is_none_or(|only| only.is_empty() || it.name == *only);
    let lacks = |it: &&WorkloadContainer| !has_amount(it, resource);
    let containers = workload.containers.iter();
    let lacking: Vec<_> = containers.filter(is_meant).filter(lacks).collect();
    let path = FieldPath::of("spec.triggers").index(at);
    match (&surroundings.limit_ranges, lacking.is_empty()) {
        (_, true) => {}
        (Some(ranges), _) if has_default(ranges, &workload.metadata.namespace, resource) => {}
        (Some(_), false) => {
            let missing = |it: &WorkloadContainer| missing(&path, it, workload, resource);
            verdict.failures.extend(lacking.into_iter().map(missing));
        }
        (None, false) => {
            let why = "the LimitRanges of the namespace are not known";
            unchecked(verdict, Reason::MissingRequests, path, why);
        }
    }
}

fn missing(
    path: &FieldPath,
    container: &WorkloadContainer,
    workload: &Workload,
    resource: &str,
) -> Failure {
    let name = &container.name;
    let target = format!("{} {}", workload.kind, workload.metadata.name);
    Failure {
        reason: Reason::MissingRequests,
        gist: "missing-requests",
        message: format!(
            "{path} is of type {resource}, and container {name} of {target} has no {resource} \
             request or limit"
        ),
        path: path.clone(),
        way_out: format!(
            "give container {name} a {resource} request, or name another container in \
             metadata.containerName"
        ),
    }
}

fn has_amount(container: &WorkloadContainer, resource: &str) -> bool {
    let resources = &container.resources;
    [&resources.requests, &resources.limits]
        .iter()
        .any(|it| is_above_zero(it.get(resource)))
}

/// Whether a LimitRange gives each container an amount of the resource.
fn has_default(ranges: &[LimitRange], namespace: &str, resource: &str) -> bool {
    let is_beside =
        |it: &&LimitRange| it.metadata.namespace.is_empty() || it.metadata.namespace == namespace;
    let items = ranges.iter().filter(is_beside).flat_map(|it| &it.limits);
    let mut containers = items.filter(|it| it.kind == "Container");
    containers.any(|it| {
        [&it.default_requests, &it.default_limits]
            .iter()
            .any(|it| is_above_zero(it.get(resource)))
    })
}
