//! KEDA's annotations, which no schema and no webhook looks at.

use super::code::Code;
use super::found::{Findings, Severity};
use super::world::{Item, Parsed, World};
use crate::keda::objects::{FieldPath, Metadata, Pause, PausedReplicas, boolean_annotation, keys};
use crate::lifecycle::pause::{Forgotten, forgotten};

/// Texts that KEDA takes for a boolean on purpose.
const BOOLEANS: [&str; 12] = [
    "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False",
];

pub(super) fn check(item: &Item<'_>, world: &World<'_>, findings: &mut Findings) {
    let (metadata, pause) = match &item.parsed {
        Parsed::ScaledObject(it) => (&it.metadata, it.pause()),
        Parsed::ScaledJob(it) => (&it.metadata, it.pause()),
        _ => return,
    };
    for key in [
        keys::PAUSED,
        keys::PAUSED_SCALE_IN,
        keys::PAUSED_SCALE_OUT,
        keys::FORCE_ACTIVATION,
    ] {
        odd(item, metadata, key, findings);
    }
    transfer(item, metadata, findings);
    let replicas = metadata.annotation(keys::PAUSED_REPLICAS);
    let has_paused = metadata.annotation(keys::PAUSED).is_some();
    if matches!(item.parsed, Parsed::ScaledObject(_))
        && replicas.is_some()
        && has_paused
        && !boolean_annotation(metadata, keys::PAUSED)
    {
        let message = format!(
            "{} is false, and {} pauses all the same",
            keys::PAUSED,
            keys::PAUSED_REPLICAS
        );
        let fix = format!("remove {} to resume", keys::PAUSED_REPLICAS);
        let code = Code::PausedBesideReplicas;
        findings.add(code, item.index, path(keys::PAUSED), message, fix);
    }
    paused(item, &pause, metadata, world, findings);
}

fn path(key: &str) -> FieldPath {
    FieldPath::of("metadata.annotations").key(key)
}

fn odd(item: &Item<'_>, metadata: &Metadata, key: &str, findings: &mut Findings) {
    let text = metadata.annotation(key);
    if let Some(text) = text.filter(|it| !BOOLEANS.contains(it)) {
        let message = format!("{key} is {text:?}, which KEDA takes for true");
        let fix = "write \"true\" or \"false\"";
        findings.add(Code::OddBoolean, item.index, path(key), message, fix);
    }
}

/// This one is compared letter by letter.
fn transfer(item: &Item<'_>, metadata: &Metadata, findings: &mut Findings) {
    let key = keys::TRANSFER_HPA_OWNERSHIP;
    let text = metadata.annotation(key);
    if let Some(text) = text.filter(|it| !["true", "false"].contains(it)) {
        let message = format!("{key} is {text:?}, and only the text true counts");
        let fix = "write \"true\" or remove it";
        findings.add(Code::OddBoolean, item.index, path(key), message, fix);
    }
}

fn paused(
    item: &Item<'_>,
    pause: &Pause,
    metadata: &Metadata,
    world: &World<'_>,
    findings: &mut Findings,
) {
    if let Pause::Full(PausedReplicas::Invalid(text)) = pause {
        let key = keys::PAUSED_REPLICAS;
        let message = format!(
            "{key} is {text:?}, no whole number: the HPA is deleted, and the replicas stay"
        );
        let fix = "write the number of replicas, in quotes";
        findings.add(
            Code::PausedReplicasInvalid,
            item.index,
            path(key),
            message,
            fix,
        );
    }
    let now = world.setting.now;
    let Some(Forgotten { key, since, until }) = forgotten(metadata, pause, now) else {
        return;
    };
    let fix = format!("`kubectl annotate` it without {key} once it is to scale again");
    let (severity, told) = match (since, until) {
        (_, Some(until)) => (Severity::Warning, format!("which was to end at {until}")),
        (Some(since), None) => {
            let days = now.duration_since(since).as_hours() / 24;
            (Severity::Warning, format!("for {days} days at least"))
        }
        (None, None) if world.setting.seen.is_cluster => {
            (Severity::Info, "since nobody knows when".to_owned())
        }
        (None, None) => (Severity::Info, "by its manifest".to_owned()),
    };
    let message = format!("{} is paused by {key} {told}", item.id);
    let code = Code::PausedAndForgotten;
    findings.add_as(code, severity, item.index, path(key), message, fix);
}
