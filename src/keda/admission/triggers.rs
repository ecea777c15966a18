//! The check of the triggers, which ScaledObjects and ScaledJobs share.

use super::{Failure, Reason};
use crate::keda::objects::{FieldPath, Trigger};

/// Trigger types whose metric cannot be taken from the last pass.
const NEVER_CACHED: [&str; 3] = ["cpu", "memory", "cron"];

/// Everything that is wrong with a list of triggers.
pub fn check(triggers: &[Trigger]) -> Vec<Failure> {
    if triggers.is_empty() {
        return vec![failure(
            "no-triggers",
            FieldPath::of("spec.triggers"),
            "spec.triggers is empty".to_owned(),
            "add a trigger",
        )];
    }
    let mut failures = Vec::new();
    for (at, trigger) in triggers.iter().enumerate() {
        let path = FieldPath::of("spec.triggers").index(at);
        failures.extend(same_name(&triggers[..at], trigger, &path));
        failures.extend(cached(trigger, &path));
    }
    failures
}

/// A trigger that has the name of an earlier one; names are compared letter by letter.
fn same_name(before: &[Trigger], trigger: &Trigger, path: &FieldPath) -> Option<Failure> {
    let name = trigger.given_name()?;
    let first = before.iter().position(|it| it.given_name() == Some(name))?;
    let path = path.key("name");
    let message = format!("{path} is {name:?}, as spec.triggers[{first}].name is");
    Some(failure(
        "duplicate-name",
        path,
        message,
        "give each trigger another name",
    ))
}

fn cached(trigger: &Trigger, path: &FieldPath) -> Option<Failure> {
    let kind = trigger.kind.as_str();
    if !trigger.use_cached_metrics || !NEVER_CACHED.contains(&kind) {
        return None;
    }
    let path = path.key("useCachedMetrics");
    let message = format!("{path} is true, which a trigger of type {kind} cannot have");
    let gist = "useCachedMetrics-not-supported";
    Some(failure(gist, path, message, "remove useCachedMetrics"))
}

fn failure(gist: &'static str, path: FieldPath, message: String, way_out: &str) -> Failure {
    Failure {
        reason: Reason::IncorrectTriggers,
        gist,
        path,
        message,
        way_out: way_out.to_owned(),
    }
}
