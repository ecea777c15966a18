//! The checks of replica counts, which KEDA's controller makes too.

use super::{Failure, Reason};
use crate::keda::objects::{FieldPath, ScaledObjectSpec};

/// What is wrong with the least, the most and the idle count.
///
/// An unset minimum counts as 0 here, but one that is written as 0 counts as 1: so an idle count
/// of 0 passes with `minReplicaCount: 0` and is refused without a minimum.
pub fn replica_bounds(spec: &ScaledObjectSpec) -> Vec<Failure> {
    let min = spec.min_replica_count.map_or(0, |it| it.max(1));
    let max = spec.max_or_default();
    let mut failures = Vec::new();
    if min > max {
        let message = format!("spec.minReplicaCount is {min}, above spec.maxReplicaCount, {max}");
        let path = FieldPath::of("spec.minReplicaCount");
        let way_out = "lower minReplicaCount or raise maxReplicaCount";
        failures.push(incorrect("min-above-max", path, message, way_out));
    }
    if let Some(idle) = spec.idle_replica_count.filter(|it| *it >= min) {
        failures.push(idle_not_below(spec, idle, min));
    }
    failures
}

fn idle_not_below(spec: &ScaledObjectSpec, idle: i32, min: i32) -> Failure {
    let path = FieldPath::of("spec.idleReplicaCount");
    let (told, way_out) = match spec.min_replica_count {
        Some(_) => (
            format!("spec.minReplicaCount, {min}"),
            "set idleReplicaCount to 0, or raise minReplicaCount",
        ),
        None => (
            "spec.minReplicaCount, which is unset and counts as 0".to_owned(),
            "set minReplicaCount to 1 or more, or remove idleReplicaCount",
        ),
    };
    let message = format!("{path} is {idle}, not below {told}");
    incorrect("idle-not-below-min", path, message, way_out)
}

fn incorrect(gist: &'static str, path: FieldPath, message: String, way_out: &str) -> Failure {
    Failure {
        reason: Reason::IncorrectReplicas,
        gist,
        path,
        message,
        way_out: way_out.to_owned(),
    }
}

/// What is wrong with the fallback, if there is one.
pub fn fallback(spec: &ScaledObjectSpec) -> Vec<Failure> {
    let Some(fallback) = &spec.fallback else {
        return Vec::new();
    };
    let root = FieldPath::of("spec.fallback");
    let counts = [
        ("failureThreshold", fallback.failure_threshold),
        ("replicas", fallback.replicas),
    ];
    let mut failures = Vec::new();
    for (key, count) in counts {
        if count < 0 {
            let path = root.key(key);
            let message = format!("{path} is {count}, below 0");
            let way_out = format!("set {key} to 0 or more");
            failures.push(incorrect_fallback(
                "negative-number",
                path,
                message,
                way_out,
            ));
        }
    }
    let has_source = spec.triggers.iter().any(|it| !it.is_resource());
    if spec.used_modifiers().is_none() && !has_source {
        let message = format!("{root} is set, and every trigger is cpu or memory");
        let way_out = "remove fallback, or add a trigger of another type".to_owned();
        let gist = "only-cpu-or-memory-triggers";
        failures.push(incorrect_fallback(gist, root, message, way_out));
    }
    failures
}

fn incorrect_fallback(
    gist: &'static str,
    path: FieldPath,
    message: String,
    way_out: String,
) -> Failure {
    Failure {
        reason: Reason::IncorrectFallback,
        gist,
        path,
        message,
        way_out,
    }
}
