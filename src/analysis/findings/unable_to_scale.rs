//! `unable-to-scale`: the controller itself says that it cannot scale.

use super::{Code, Finding, Severity};
use crate::autoscaler::{Autoscaler, Condition, Holds};

/// One finding for each condition that fails, in the order of the object.
pub fn find(autoscaler: &Autoscaler) -> Vec<Finding> {
    let conditions = autoscaler.status.conditions.iter();
    conditions
        .filter(|it| fails(it))
        .map(|it| finding(autoscaler, it))
        .collect()
}

fn fails(condition: &Condition) -> bool {
    condition.holds == Holds::No && matches!(&*condition.kind, "AbleToScale" | "ScalingActive")
}

fn finding(autoscaler: &Autoscaler, condition: &Condition) -> Finding {
    let Condition {
        kind,
        reason,
        message,
        ..
    } = condition;
    // Somebody scaled the target to zero, which is how an autoscaler is paused.
    let paused = reason == "ScalingDisabled";
    let severity = if paused {
        Severity::Info
    } else {
        Severity::Critical
    };
    let said = if message.is_empty() { reason } else { message };
    let mut finding = Finding::new(
        Code::UnableToScale,
        severity,
        format!("{kind} is False, {reason}: {}", said.trim_end_matches('.')),
    )
    .text("condition", kind)
    .text("reason", reason)
    .text("message", message);
    if let Some(since) = condition.since {
        finding = finding.text("since", since.to_string());
    }
    finding.fix(fix(autoscaler, reason))
}

fn fix(autoscaler: &Autoscaler, reason: &str) -> String {
    let target = &autoscaler.target;
    match reason {
        "ScalingDisabled" => format!(
            "scale {target} to one replica or more to let the autoscaler work again, or leave it \
             paused"
        ),
        "FailedGetScale" => {
            format!("check that {target} exists and that scaleTargetRef has its API version")
        }
        "FailedUpdateScale" => {
            format!("check quotas, admission webhooks and the controller's access to {target}")
        }
        "FailedGetResourceMetric" | "FailedGetContainerResourceMetric" => {
            "check that metrics-server answers (kubectl top pods) and that every container has a \
             request for the metric's resource"
                .to_owned()
        }
        "FailedGetPodsMetric" | "FailedGetObjectMetric" => {
            "check that an adapter serves custom.metrics.k8s.io and knows the metric".to_owned()
        }
        "FailedGetExternalMetric" => {
            "check that an adapter serves external.metrics.k8s.io and knows the metric".to_owned()
        }
        "InvalidSelector" => format!("give {target} a label selector that matches its pods"),
        "AmbiguousSelector" => {
            format!("make the selector of {target} match only its own pods, or drop an autoscaler")
        }
        "InvalidMetricSourceType" => "correct the type of the metric in spec.metrics".to_owned(),
        // Reasons are free text of the controller, and other versions may have more.
        _ => format!(
            "read the events: kubectl describe hpa {} -n {}",
            autoscaler.id.name, autoscaler.id.namespace
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::Scene;

    fn with(kind: &str, holds: Holds, reason: &str) -> Vec<Finding> {
        let mut scene = Scene::new(|_| 1.0, |_| 3.0);
        scene.subject.autoscaler.status.conditions = vec![Condition {
            kind: kind.to_owned(),
            holds,
            reason: reason.to_owned(),
            message: "the HPA was unable to compute the replica count.".to_owned(),
            since: None,
        }];
        find(&scene.subject.autoscaler)
    }

    #[test]
    fn failing_conditions_are_told_in_the_words_of_the_controller() {
        let cases = [
            (
                "AbleToScale",
                Holds::No,
                "FailedGetScale",
                Some(Severity::Critical),
            ),
            (
                "ScalingActive",
                Holds::No,
                "FailedGetResourceMetric",
                Some(Severity::Critical),
            ),
            (
                "ScalingActive",
                Holds::No,
                "ScalingDisabled",
                Some(Severity::Info),
            ),
            ("ScalingActive", Holds::Yes, "ValidMetricFound", None),
            ("ScalingActive", Holds::Unknown, "", None),
            ("ScalingLimited", Holds::No, "DesiredWithinRange", None),
        ];
        for (kind, holds, reason, expected) in cases {
            let found = with(kind, holds, reason);
            assert_eq!(
                found.first().map(|it| it.severity),
                expected,
                "{kind} {reason}"
            );
        }
        assert_eq!(
            with("AbleToScale", Holds::No, "FailedGetScale")[0].message,
            "AbleToScale is False, FailedGetScale: the HPA was unable to compute the replica count"
        );
    }
}
