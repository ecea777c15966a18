//! Who else scales the same workload, or wants the same HPA.

use super::surroundings::{ExistingHpa, Surroundings, TargetId};
use super::{Failure, Reason, Unchecked, Verdict};
use crate::keda::objects::{FieldPath, ScaledObject, keys};

/// Other ScaledObjects with the same target, or with the same HPA.
pub(super) fn scaled_objects(
    object: &ScaledObject,
    surroundings: &Surroundings,
    verdict: &mut Verdict,
) {
    let Some(others) = &surroundings.scaled_objects else {
        let path = FieldPath::of("spec.scaleTargetRef");
        let why = "the ScaledObjects of the namespace are not known";
        unchecked(verdict, Reason::OtherScaledObject, path, why);
        return;
    };
    let is_other = |it: &&ScaledObject| {
        it.metadata.name != object.metadata.name && is_beside(object, &it.metadata.namespace)
    };
    for other in others.iter().filter(is_other) {
        let told = format!("ScaledObject {}", other.metadata.name);
        let target = TargetId::of(&other.spec.target);
        verdict
            .failures
            .extend(unknown(object, &target, &told, surroundings));
        verdict.failures.extend(same_target(object, other));
        verdict.failures.extend(same_hpa(object, other));
    }
}

/// A neighbor whose target has the same name and a kind that the cluster does not know: KEDA
/// cannot tell whether it is about the same workload, and refuses. Others it does not look at.
fn unknown(
    object: &ScaledObject,
    target: &TargetId,
    told: &str,
    surroundings: &Surroundings,
) -> Option<Failure> {
    let is_looked_at = target.name == object.spec.target.name;
    let is_unknown = is_looked_at && surroundings.kinds.know(target) == Some(false);
    let path = FieldPath::of("spec.scaleTargetRef");
    is_unknown.then(|| Failure {
        reason: Reason::UnknownKind,
        gist: "unknown-kind-of-neighbor",
        message: format!("{path}: {told} scales {target}, a kind that the cluster does not know"),
        path,
        way_out: format!("correct or delete {told}"),
    })
}

/// Whether something is in the namespace of the object; what names none is.
fn is_beside(object: &ScaledObject, namespace: &str) -> bool {
    namespace.is_empty() || namespace == object.metadata.namespace
}

fn same_target(object: &ScaledObject, other: &ScaledObject) -> Option<Failure> {
    let target = TargetId::of(&object.spec.target);
    let is_same = target == TargetId::of(&other.spec.target);
    let path = FieldPath::of("spec.scaleTargetRef");
    let name = &other.metadata.name;
    is_same.then(|| Failure {
        reason: Reason::OtherScaledObject,
        gist: "other-scaled-object",
        message: format!("{path} is {target}, which ScaledObject {name} scales"),
        path,
        way_out: format!("add the triggers to ScaledObject {name}, or delete it"),
    })
}

fn same_hpa(object: &ScaledObject, other: &ScaledObject) -> Option<Failure> {
    let hpa = object.hpa_name();
    let is_same = hpa == other.hpa_name();
    let path = FieldPath::of("spec.advanced.horizontalPodAutoscalerConfig.name");
    is_same.then(|| Failure {
        reason: Reason::OtherScaledObjectHpa,
        gist: "other-scaled-object-hpa",
        message: format!(
            "{path}: HPA {hpa} belongs to ScaledObject {}",
            other.metadata.name
        ),
        path,
        way_out: "choose another name for the HPA".to_owned(),
    })
}

/// HPAs that scale the target and do not belong to the object.
pub(super) fn hpas(object: &ScaledObject, surroundings: &Surroundings, verdict: &mut Verdict) {
    let Some(hpas) = &surroundings.hpas else {
        let path = FieldPath::of("spec.scaleTargetRef");
        let why = "the HPAs of the namespace are not known";
        unchecked(verdict, Reason::OtherHpa, path, why);
        return;
    };
    let is_beside = |it: &&ExistingHpa| is_beside(object, &it.metadata.namespace);
    let is_looked_at =
        |it: &&ExistingHpa| it.metadata.annotation(keys::HPA_OWNERSHIP) != Some("false");
    for hpa in hpas.iter().filter(is_beside).filter(is_looked_at) {
        let told = format!("HPA {}", hpa.metadata.name);
        let target = TargetId::of(&hpa.target);
        verdict
            .failures
            .extend(unknown(object, &target, &told, surroundings));
        verdict.failures.extend(other_hpa(object, hpa));
    }
}

fn other_hpa(object: &ScaledObject, hpa: &ExistingHpa) -> Option<Failure> {
    let target = TargetId::of(&object.spec.target);
    if target != TargetId::of(&hpa.target) || is_owned(object, hpa) {
        return None;
    }
    let name = &hpa.metadata.name;
    // Unlike the annotations that pause, this one has to have exactly this text.
    if object.metadata.annotation(keys::TRANSFER_HPA_OWNERSHIP) != Some("true") {
        let path = FieldPath::of("spec.scaleTargetRef");
        return Some(Failure {
            reason: Reason::OtherHpa,
            gist: "other-hpa",
            message: format!("{path} is {target}, which HPA {name} scales"),
            path,
            way_out: way_out_beside_hpa(name),
        });
    }
    if object.spec.given_hpa_name() == Some(name) {
        return None;
    }
    let path = FieldPath::of("spec.advanced.horizontalPodAutoscalerConfig.name");
    Some(Failure {
        reason: Reason::TransferOwnershipMissingHpaName,
        gist: "transfer-ownership-missing-hpa-name",
        message: format!("{path} does not name HPA {name}, which is to be taken over"),
        path,
        way_out: format!("set it to {name}"),
    })
}

/// What to do about an HPA that scales what a ScaledObject scales.
pub fn way_out_beside_hpa(name: &str) -> String {
    format!(
        "delete HPA {name}, or take it over: annotation {} \"true\" and \
         spec.advanced.horizontalPodAutoscalerConfig.name {name}",
        keys::TRANSFER_HPA_OWNERSHIP
    )
}

fn is_owned(object: &ScaledObject, hpa: &ExistingHpa) -> bool {
    let mut owners = hpa.metadata.owners.iter();
    owners.any(|it| it.kind == "ScaledObject" && it.name == object.metadata.name)
}

pub(super) fn unchecked(verdict: &mut Verdict, reason: Reason, path: FieldPath, why: &str) {
    let why = why.to_owned();
    verdict.unchecked.push(Unchecked { reason, path, why });
}
