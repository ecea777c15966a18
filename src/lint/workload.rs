//! Workloads whose manifest fights with their autoscaler.

use super::code::Code;
use super::found::Findings;
use super::world::{Item, Parsed, World};
use crate::keda::admission::TargetId;
use crate::keda::objects::FieldPath;

/// Of a cluster, every workload has a count.
pub(super) fn check(item: &Item<'_>, world: &World<'_>, findings: &mut Findings) {
    let Parsed::Workload(_) = &item.parsed else {
        return;
    };
    let replicas = item
        .raw
        .pointer("/spec/replicas")
        .and_then(serde_json::Value::as_i64);
    let Some(replicas) = replicas.filter(|_| !world.setting.seen.is_cluster) else {
        return;
    };
    let scales = |target: TargetId| target.kind == item.id.kind && target.name == item.id.name;
    let scaler = world
        .beside(&item.id.namespace)
        .find(|it| match &it.parsed {
            Parsed::ScaledObject(it) => scales(TargetId::of(&it.spec.target)),
            Parsed::Hpa(it) => scales(TargetId::of(&it.target)),
            _ => false,
        });
    if let Some(scaler) = scaler {
        let path = FieldPath::of("spec.replicas");
        let message = format!(
            "{path} is {replicas}, which every apply sets again, and {} scales it",
            scaler.id
        );
        let fix = "remove replicas from the manifest";
        findings.add(Code::ReplicasInManifest, item.index, path, message, fix);
    }
}
