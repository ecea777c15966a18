//! `no-fallback`: while a source outside of the cluster's own metrics fails, KEDA scales nothing.

use super::{Code, Finding, Severity};
use crate::autoscaler::Autoscaler;
use crate::keda::objects::Trigger;

pub fn find(autoscaler: &Autoscaler) -> Option<Finding> {
    let spec = &autoscaler.keda.as_ref()?.spec;
    let outside: Vec<&str> = spec
        .triggers
        .iter()
        .filter(|it| may_fail(it))
        .map(kind)
        .collect();
    if outside.is_empty() || spec.fallback.is_some() {
        return None;
    }
    let triggers = outside.join(", ");
    let message =
        format!("replicas stay as they are while {triggers} cannot be read: there is no fallback");
    let finding = Finding::new(Code::NoFallback, Severity::Info, message)
        .count("triggers", outside.len())
        .text("triggerTypes", triggers)
        .fix(format!(
            "set fallback with replicas that serve a busy hour, at most {}",
            spec.max_or_default()
        ));
    Some(finding)
}

/// Whether its value comes from a source that may be down: schedules are computed, and resources
/// have no fallback.
fn may_fail(trigger: &Trigger) -> bool {
    !trigger.is_resource() && trigger.kind != "cron"
}

fn kind(trigger: &Trigger) -> &str {
    &trigger.kind
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::{Scene, daily};
    use crate::keda::objects::ScaledObject;

    #[test]
    fn a_source_that_may_fail_wants_a_fallback() {
        let prometheus = json!({"type": "prometheus", "metadata": {"query": "x"}});
        let fallback = json!({"failureThreshold": 3, "replicas": 6});
        let table = [
            (
                json!({"minReplicaCount": 2, "triggers": [prometheus]}),
                true,
            ),
            (
                json!({"minReplicaCount": 2, "triggers": [{"type": "cpu"}, prometheus]}),
                true,
            ),
            (
                json!({"minReplicaCount": 2, "triggers": [prometheus], "fallback": fallback}),
                false,
            ),
            (
                json!({"triggers": [{"type": "cpu"}, {"type": "cron"}]}),
                false,
            ),
        ];
        for (spec, expected) in table {
            let mut scene = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
            assert_eq!(scene.find(Code::NoFallback), None);
            let scaled = ScaledObject::read(&json!({"spec": spec})).unwrap();
            scene.subject.autoscaler.keda = Some(scaled.into());
            let found = scene.find(Code::NoFallback);
            assert_eq!(found.is_some(), expected, "{spec}");
        }
    }
}
