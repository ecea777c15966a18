//! `two-autoscalers-one-target`: each undoes what the other decides. One of two kinds is told by
//! `hpa-beside-scaledobject`.

use super::{Code, Finding, Severity, hpa_beside_scaledobject};
use crate::analysis::case::Case;
use crate::autoscaler::AutoscalerId;

pub fn find(case: &Case<'_>) -> Option<Finding> {
    let rivals: Vec<&AutoscalerId> = case
        .subject
        .rivals
        .iter()
        .filter(|it| !hpa_beside_scaledobject::is_meant(case.subject, it))
        .collect();
    if rivals.is_empty() {
        return None;
    }
    let names: Vec<String> = rivals
        .iter()
        .map(|it| format!("{}/{}", it.kind.short(), it.name))
        .collect();
    let names = names.join(", ");
    let target = &case.autoscaler().target;
    let message = format!("{target} is also scaled by {names}");
    let finding = Finding::new(Code::TwoAutoscalersOneTarget, Severity::Critical, message)
        .count("rivals", rivals.len())
        .text("rivalNames", names)
        .fix(format!(
            "keep one autoscaler for {target}; one may have several metrics, of which the highest \
             wins"
        ));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, daily};

    #[test]
    fn a_rival_is_critical() {
        let mut scene = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
        assert_eq!(scene.find(Code::TwoAutoscalersOneTarget), None);
        let mut rival = scene.subject.autoscaler.id.clone();
        rival.name = "web-old".to_owned();
        scene.subject.rivals.push(rival);
        let found = scene.find(Code::TwoAutoscalersOneTarget).unwrap();
        assert_eq!(found.severity, Severity::Critical);
        assert_eq!(
            found.message,
            "Deployment/web is also scaled by hpa/web-old"
        );
    }
}
