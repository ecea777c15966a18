//! ScaledObjects that KEDA takes and that work in another way than they look.

use super::code::Code;
use super::found::Findings;
use super::world::{Item, Parsed, World};
use super::{hpa, modifiers};
use crate::keda::objects::{Fallback, FallbackBehavior, FieldPath, ScaledObject, ScaledObjectSpec};

pub(super) fn check(item: &Item<'_>, _world: &World<'_>, findings: &mut Findings) {
    let Parsed::ScaledObject(object) = &item.parsed else {
        return;
    };
    match &object.spec.fallback {
        Some(it) => fallback(item, &object.spec, it, findings),
        None => no_fallback(item, &object.spec, findings),
    }
    counts(item, &object.spec, findings);
    initial_cooldown(item, &object.spec, findings);
    modifiers::check(item, object, findings);
    behavior(item, object, findings);
}

/// Whether KEDA asks a source for the value of a trigger, which may fail.
fn has_source(spec: &ScaledObjectSpec) -> bool {
    let mut triggers = spec.triggers.iter();
    triggers.any(|it| !it.is_resource() && it.kind != "cron")
}

fn no_fallback(item: &Item<'_>, spec: &ScaledObjectSpec, findings: &mut Findings) {
    if has_source(spec) {
        let message = "spec.fallback is not set: while the source of a trigger fails, the replicas \
                       stay what they are";
        let fix = "set fallback.failureThreshold and fallback.replicas";
        findings.add(
            Code::NoFallback,
            item.index,
            FieldPath::of("spec"),
            message,
            fix,
        );
    }
}

fn fallback(item: &Item<'_>, spec: &ScaledObjectSpec, it: &Fallback, findings: &mut Findings) {
    let path = FieldPath::of("spec.fallback.replicas");
    let (min, max) = (spec.min_or_default(), spec.max_or_default());
    let replicas = it.replicas;
    let index = item.index;
    if it.behavior_or_default() == FallbackBehavior::CurrentReplicas {
        return;
    }
    if replicas == 0 {
        let message = format!("{path} is 0: when the source fails, the workload is stopped");
        let fix = "set it to what serves the load without a measure";
        findings.add(Code::FallbackZero, index, path, message, fix);
    } else if replicas > max || (0..min).contains(&replicas) {
        let message = format!("{path} is {replicas}, and the HPA holds it between {min} and {max}");
        let fix = "set it between minReplicaCount and maxReplicaCount";
        findings.add(Code::FallbackOutOfRange, index, path, message, fix);
    }
}

fn counts(item: &Item<'_>, spec: &ScaledObjectSpec, findings: &mut Findings) {
    if let Some(idle) = spec.idle_replica_count.filter(|it| *it > 0) {
        let path = FieldPath::of("spec.idleReplicaCount");
        let message = format!("{path} is {idle}: the HPA raises it to minReplicaCount at once");
        let fix = "set idleReplicaCount to 0, or remove it";
        findings.add(Code::IdleAboveZero, item.index, path, message, fix);
    }
    let (min, max) = (spec.min_or_default(), spec.max_or_default());
    if min == max && min > 0 && spec.idle_replica_count.is_none() {
        let path = FieldPath::of("spec.maxReplicaCount");
        let message = format!("{path} is {max}, as spec.minReplicaCount is: nothing is scaled");
        let fix = "raise maxReplicaCount or lower minReplicaCount";
        findings.add(Code::MinEqualsMax, item.index, path, message, fix);
    }
}

/// Right after it was made an object is inactive, unless its source has work just then.
fn initial_cooldown(item: &Item<'_>, spec: &ScaledObjectSpec, findings: &mut Findings) {
    let is_to_zero = spec.min_or_default() == 0 || spec.idle_replica_count.is_some();
    if is_to_zero && has_source(spec) && spec.initial_cooldown_period.is_none() {
        let message = "spec.initialCooldownPeriod is not set: once the object is created, a \
                       workload without activity goes to zero at the first poll";
        let fix = "set initialCooldownPeriod, such as 300, or 0 where that is meant";
        let path = FieldPath::of("spec");
        findings.add(Code::NoInitialCooldown, item.index, path, message, fix);
    }
}

/// The behavior is copied into the HPA, whose API is the first to look at it.
fn behavior(item: &Item<'_>, object: &ScaledObject, findings: &mut Findings) {
    if object.spec.hpa_behavior().is_some() {
        let path = FieldPath::of("spec.advanced.horizontalPodAutoscalerConfig.behavior");
        hpa::behavior(item, &path, findings);
    }
}
