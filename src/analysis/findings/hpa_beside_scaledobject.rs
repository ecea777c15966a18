//! `hpa-beside-scaledobject`: an HPA and a ScaledObject, whose own HPA it fights with, scale the same
//! target.

use super::{Code, Finding, Severity};
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::fleet::Subject;
use crate::keda::admission::way_out_beside_hpa;

pub fn find(subject: &Subject) -> Option<Finding> {
    let id = &subject.autoscaler.id;
    let others: Vec<&AutoscalerId> = rivals(subject).collect();
    let first = others.first()?;
    let names: Vec<String> = others
        .iter()
        .map(|it| format!("{}/{}", it.kind.short(), it.name))
        .collect();
    let names = names.join(", ");
    let target = &subject.autoscaler.target;
    let fix = match id.kind {
        AutoscalerKind::HorizontalPodAutoscaler => way_out_beside_hpa(&id.name),
        AutoscalerKind::ScaledObject | AutoscalerKind::ScaledJob => way_out_beside_hpa(&first.name),
    };
    // A paused ScaledObject has no HPA until it is resumed.
    let scaled = subject.autoscaler.keda.as_deref();
    let is_paused = scaled.is_some_and(|it| it.pause().is_full());
    let (severity, then) = if is_paused {
        (Severity::Warning, "once this one is resumed, ")
    } else {
        (Severity::Critical, "")
    };
    let message = format!(
        "{target} is also scaled by {names}: {then}two HPAs undo each other, since KEDA makes one of \
         the ScaledObject"
    );
    let finding = Finding::new(Code::HpaBesideScaledobject, severity, message)
        .count("rivals", others.len())
        .text("rivalNames", names)
        .fix(fix);
    Some(finding)
}

/// Whether that other autoscaler of the same target makes this finding, and not that of two of a kind.
pub fn is_meant(subject: &Subject, rival: &AutoscalerId) -> bool {
    let own = subject.autoscaler.id.kind;
    matches!(
        (own, rival.kind),
        (
            AutoscalerKind::HorizontalPodAutoscaler,
            AutoscalerKind::ScaledObject
        ) | (
            AutoscalerKind::ScaledObject,
            AutoscalerKind::HorizontalPodAutoscaler
        )
    )
}

fn rivals(subject: &Subject) -> impl Iterator<Item = &AutoscalerId> {
    let all = subject.rivals.iter();
    all.filter(|it| is_meant(subject, it))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::{Scene, daily};

    fn rival(kind: AutoscalerKind) -> AutoscalerId {
        AutoscalerId {
            namespace: "shop".to_owned(),
            name: "other".to_owned(),
            kind,
        }
    }

    #[test]
    fn autoscalers_of_two_kinds_are_told_apart_from_two_of_a_kind() {
        let hpa = || Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
        let scaled = || Scene::triggered(json!({"minReplicaCount": 1}), |_| 20.0);
        let (mixed, same) = (Code::HpaBesideScaledobject, Code::TwoAutoscalersOneTarget);
        let table = [
            (hpa(), AutoscalerKind::ScaledObject, mixed, same),
            (hpa(), AutoscalerKind::HorizontalPodAutoscaler, same, mixed),
            (
                scaled(),
                AutoscalerKind::HorizontalPodAutoscaler,
                mixed,
                same,
            ),
            (scaled(), AutoscalerKind::ScaledObject, same, mixed),
        ];
        for (mut scene, kind, told, other) in table {
            assert_eq!(scene.find(told), None);
            scene.subject.rivals.push(rival(kind));
            let found = scene.find(told).unwrap();
            assert_eq!(found.severity, Severity::Critical);
            assert_eq!(scene.find(other), None);
        }
    }

    #[test]
    fn the_hpa_is_what_goes() {
        let mut scene = Scene::triggered(json!({}), |_| 20.0);
        scene
            .subject
            .rivals
            .push(rival(AutoscalerKind::HorizontalPodAutoscaler));
        let found = scene.find(Code::HpaBesideScaledobject).unwrap();
        assert!(
            found
                .fix
                .unwrap()
                .starts_with("delete HPA other, or take it over")
        );
        scene.annotate("autoscaling.keda.sh/paused", "true");
        let found = scene.find(Code::HpaBesideScaledobject).unwrap();
        assert_eq!(found.severity, Severity::Warning);
    }
}
