//! `cooldown-misread`: KEDA's `cooldownPeriod` is for the last step to zero alone.

use super::{Code, Finding, Severity};
use crate::autoscaler::Autoscaler;
use crate::autoscaler::behavior::scale_down_window;

pub fn find(autoscaler: &Autoscaler) -> Option<Finding> {
    let spec = &autoscaler.keda.as_ref()?.spec;
    let cooldown = spec.cooldown_period?;
    let reaches_zero = spec.min_or_default() == 0 || spec.idle_replica_count.is_some();
    if reaches_zero {
        return None;
    }
    let window = scale_down_window(autoscaler.behavior.as_ref());
    let message = format!(
        "cooldownPeriod of {cooldown} s does nothing while minReplicaCount is {}: replicas go down \
         after the HPA's window of {window} s",
        spec.min_or_default()
    );
    let finding = Finding::new(Code::CooldownMisread, Severity::Info, message)
        .number("cooldownPeriodSeconds", f64::from(cooldown))
        .number("scaleDownWindowSeconds", f64::from(window))
        .fix(
            "set advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.\
             stabilizationWindowSeconds, and leave cooldownPeriod out",
        );
    Some(finding)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::{Scene, daily};
    use crate::keda::objects::ScaledObject;

    #[test]
    fn a_cooldown_that_never_counts_is_told() {
        let table = [
            (json!({"minReplicaCount": 2, "cooldownPeriod": 600}), true),
            (json!({"minReplicaCount": 2}), false),
            (json!({"minReplicaCount": 0, "cooldownPeriod": 600}), false),
            (json!({"cooldownPeriod": 600}), false),
            (
                json!({"minReplicaCount": 2, "idleReplicaCount": 0, "cooldownPeriod": 600}),
                false,
            ),
        ];
        for (spec, expected) in table {
            let mut scene = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
            assert_eq!(scene.find(Code::CooldownMisread), None);
            let scaled = ScaledObject::read(&json!({"spec": spec})).unwrap();
            scene.subject.autoscaler.keda = Some(scaled.into());
            let found = scene.find(Code::CooldownMisread);
            assert_eq!(found.is_some(), expected, "{spec}");
        }
    }
}
