//! What KEDA's admission webhook says of an object among the others.

use super::code::Code;
use super::found::{Findings, Severity};
use super::world::{Item, Parsed, World};
use crate::keda::admission::{
    Failure, Operation, Reason, Request, Surroundings, TargetId, Warning, review,
    review_authentication, review_job,
};
use crate::keda::objects::ScaledObject;

pub(super) fn check(item: &Item<'_>, world: &World<'_>, findings: &mut Findings) {
    match &item.parsed {
        Parsed::ScaledObject(object) => scaled_object(item, object, world, findings),
        Parsed::ScaledJob(job) => {
            for failure in review_job(job, None).failures {
                fail(item, failure, world, findings);
            }
        }
        Parsed::Authentication(object) => {
            for failure in review_authentication(object, None) {
                let code = Code::IncorrectAuthentication;
                let fix = failure.way_out;
                findings.add(code, item.index, failure.path, failure.message, fix);
            }
        }
        Parsed::Hpa(_) | Parsed::Workload(_) | Parsed::LimitRange(_) | Parsed::Other => {}
    }
}

fn scaled_object(
    item: &Item<'_>,
    object: &ScaledObject,
    world: &World<'_>,
    findings: &mut Findings,
) {
    let request = Request {
        operation: Operation::Create,
        object,
        is_dry_run: false,
    };
    let verdict = review(&request, &surroundings(item, object, world));
    for failure in verdict.failures {
        fail(item, failure, world, findings);
    }
    for warning in verdict.warnings {
        let (code, message, fix) = match warning {
            Warning::CooldownPeriodNotRelevant => (
                Code::CooldownMisread,
                "spec.cooldownPeriod has no effect while minReplicaCount is above 0",
                "to slow down scaling in, set advanced.horizontalPodAutoscalerConfig.behavior.\
                 scaleDown.stabilizationWindowSeconds; to scale to zero, set minReplicaCount to 0",
            ),
            Warning::PollingIntervalNotRelevant => (
                Code::PollingMisread,
                "spec.pollingInterval has no effect while minReplicaCount is above 0 and no \
                 trigger caches its metric",
                "remove it, or set useCachedMetrics of the trigger whose source is to be spared",
            ),
        };
        findings.add(code, item.index, warning.path(), message, fix);
    }
}

/// What is known of the namespace of an object. Workloads are known where they all are, or where
/// the one that is scaled is among the objects.
fn surroundings(item: &Item<'_>, object: &ScaledObject, world: &World<'_>) -> Surroundings {
    let mut found = Surroundings {
        scaled_objects: Some(Vec::new()),
        hpas: Some(Vec::new()),
        workloads: None,
        limit_ranges: Some(Vec::new()),
        kinds: world.setting.kinds.clone(),
    };
    let target = TargetId::of(&object.spec.target);
    let namespace = &item.id.namespace;
    let is_target_seen = world.workload(namespace, &target).is_some();
    let mut workloads = Vec::new();
    for beside in world.beside(namespace) {
        match &beside.parsed {
            Parsed::ScaledObject(it) => found
                .scaled_objects
                .iter_mut()
                .for_each(|all| all.push(it.as_ref().clone())),
            Parsed::Hpa(it) => found
                .hpas
                .iter_mut()
                .for_each(|all| all.push(it.as_ref().clone())),
            Parsed::LimitRange(it) => found
                .limit_ranges
                .iter_mut()
                .for_each(|all| all.push(it.as_ref().clone())),
            Parsed::Workload(it) => workloads.push(it.as_ref().clone()),
            Parsed::ScaledJob(_) | Parsed::Authentication(_) | Parsed::Other => {}
        }
    }
    if is_target_seen || world.setting.seen.workloads {
        found.workloads = Some(workloads);
    }
    found
}

fn fail(item: &Item<'_>, failure: Failure, world: &World<'_>, findings: &mut Findings) {
    // The schema may have said it already.
    let is_told = |it: &super::Diagnostic| it.object == item.index && it.path == failure.path;
    let by_schema = [
        Code::MissingField,
        Code::EmptyField,
        Code::BelowMinimum,
        Code::UnknownWord,
    ];
    let mut told = findings.all.iter().filter(|it| is_told(it));
    if told.any(|it| by_schema.contains(&it.code)) {
        return;
    }
    let code = code(failure.reason);
    let is_guess = code == Code::MissingRequests && !world.setting.seen.limit_ranges;
    let severity = if is_guess {
        Severity::Warning
    } else {
        code.severity()
    };
    findings.add_as(
        code,
        severity,
        item.index,
        failure.path,
        failure.message,
        failure.way_out,
    );
}

fn code(reason: Reason) -> Code {
    match reason {
        Reason::NameTooLong => Code::NameTooLong,
        Reason::HpaNameTooLong => Code::HpaNameTooLong,
        Reason::IncorrectReplicas => Code::IncorrectReplicas,
        Reason::IncorrectFallback => Code::IncorrectFallback,
        Reason::IncorrectTriggers => Code::IncorrectTriggers,
        Reason::OtherScaledObject => Code::OtherScaledObject,
        Reason::OtherScaledObjectHpa => Code::OtherScaledObjectHpa,
        Reason::OtherHpa => Code::HpaBesideScaledObject,
        Reason::TransferOwnershipMissingHpaName => Code::TransferOwnership,
        Reason::ScalingModifiers => Code::ScalingModifiers,
        Reason::ScalingModifiersFallback => Code::ScalingModifiersFallback,
        Reason::MissingRequests => Code::MissingRequests,
        Reason::ScaleToZeroRequirementsNotMet => Code::ScaleToZeroRequirements,
        Reason::UnknownKind => Code::UnknownKind,
        Reason::TargetNotFound => Code::TargetNotFound,
    }
}
