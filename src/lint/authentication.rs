//! TriggerAuthentications: who uses them, and for what.

use std::collections::BTreeSet;

use serde_json::Value;

use super::code::Code;
use super::found::{Findings, Severity};
use super::trigger::Used;
use super::world::{Item, Parsed, World};
use crate::keda::objects::{
    AuthenticationKind, AuthenticationSpec, FieldPath, TriggerAuthentication,
};

pub(super) fn check(world: &World<'_>, used: &Used, findings: &mut Findings) {
    for item in &world.items {
        let Parsed::Authentication(object) = &item.parsed else {
            continue;
        };
        let root = FieldPath::of("spec");
        if object.fails_when_resolved().is_some() {
            let path = root.key("filePath");
            let message = format!(
                "{path} is set, which KEDA resolves for ClusterTriggerAuthentications only"
            );
            let fix = "remove it, or make the object a ClusterTriggerAuthentication";
            findings.add(Code::AuthFilePath, item.index, path, message, fix);
        }
        if object.spec == AuthenticationSpec::default() {
            let message = "spec gives neither parameters nor an identity";
            let fix = "add secretTargetRef, podIdentity or another source";
            findings.add(Code::AuthEmpty, item.index, root, message, fix);
        }
        match used.get(&item.index) {
            Some(read) => unread(item, read, findings),
            None => unused(item, object, world, findings),
        }
    }
}

fn unused(
    item: &Item<'_>,
    object: &TriggerAuthentication,
    world: &World<'_>,
    findings: &mut Findings,
) {
    let seen = &world.setting.seen;
    let is_of_cluster = object.kind == AuthenticationKind::ClusterTriggerAuthentication;
    let severity = match (seen.is_cluster, is_of_cluster) {
        // What uses it may be in a namespace that was not read.
        (true, true) if !seen.all_namespaces => return,
        (true, _) => Severity::Warning,
        (false, _) => Severity::Info,
    };
    let place = if seen.is_cluster {
        ""
    } else {
        " in these files"
    };
    let message = format!("no trigger{place} uses {}", item.id);
    let fix = "delete it, or name it in authenticationRef of the trigger that needs it";
    let path = FieldPath::of("metadata.name");
    findings.add_as(Code::AuthUnused, severity, item.index, path, message, fix);
}

/// Lists of a spec whose items give a parameter each.
const SOURCES: [&str; 8] = [
    "spec.secretTargetRef",
    "spec.configMapTargetRef",
    "spec.env",
    "spec.hashiCorpVault.secrets",
    "spec.azureKeyVault.secrets",
    "spec.gcpSecretManager.secrets",
    "spec.awsSecretManager.secrets",
    "spec.boundServiceAccountToken",
];

fn unread(item: &Item<'_>, read: &BTreeSet<String>, findings: &mut Findings) {
    for list in SOURCES.map(FieldPath::of) {
        let items = item
            .quoted
            .pointer(&list.pointer())
            .and_then(Value::as_array);
        for (at, source) in items.into_iter().flatten().enumerate() {
            let parameter = source.get("parameter").and_then(Value::as_str);
            let Some(parameter) = parameter.filter(|it| !it.is_empty() && !read.contains(*it))
            else {
                continue;
            };
            let path = list.index(at).key("parameter");
            let message = format!(
                "{path} is {parameter:?}, which no trigger that uses {} reads",
                item.id
            );
            let fix = "correct the name of the parameter, or remove it";
            findings.add(Code::AuthParameterUnused, item.index, path, message, fix);
        }
    }
}
