//! What to do next: commands to copy.

use serde::Serialize;

use super::Managed;
use crate::analysis::findings::{Code, Finding};
use crate::autoscaler::{Autoscaler, AutoscalerKind};
use crate::output::commands::word;
use crate::output::report::{Item, Outcome};

/// A command, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub why: String,
    pub command: String,
}

/// Where the explanation comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Cluster,
    /// A snapshot, as it was named.
    Snapshot(String),
}

pub(super) fn steps(
    item: &Item,
    autoscaler: &Autoscaler,
    managed: &Managed,
    place: &Place,
) -> Vec<Step> {
    let name = word(&format!("{}/{}", item.kind.short(), item.name));
    let namespace = &word(&item.namespace);
    let from = match place {
        Place::Cluster => String::new(),
        Place::Snapshot(path) => format!(" --from {}", word(path)),
    };
    let ours = |verb: &str, rest: &str| {
        format!("kubectl stepscale {verb} {name} -n {namespace}{from}{rest}")
    };
    let step = |why: &str, command: String| Step {
        why: why.to_owned(),
        command,
    };
    let mut steps = Vec::new();
    if let Some(owner) = &autoscaler.owner {
        let owner = owner.replace("ScaledObject/", "so/");
        let command = format!("kubectl stepscale explain {owner} -n {namespace}{from}");
        return vec![step("its settings come from its owner", command)];
    }
    match item.outcome {
        Outcome::Recommended => steps.extend(recommended(item, managed, place)),
        Outcome::NotEnoughHistory if item.evidence.days >= 1.0 => {
            let rest = format!(" --min-history-days {:.0}", item.evidence.days.floor());
            steps.push(step("judge it by what there is", ours("explain", &rest)));
        }
        Outcome::NotEnoughHistory => steps.push(match place {
            Place::Cluster => step(
                "see where its history was looked for",
                ours("analyze", " -v"),
            ),
            Place::Snapshot(_) => step(
                "take a snapshot with its history",
                format!(
                    "kubectl stepscale gather {name} -n {namespace} --history -o {}.jsonl.gz",
                    item.name
                ),
            ),
        }),
        Outcome::Withheld if item.kind == AutoscalerKind::ScaledJob => {}
        Outcome::Withheld => {
            let why = "see what was decided of late, and how far a replay agrees";
            steps.push(step(why, ours("explain", " --since 6h")));
        }
        Outcome::Unreadable => {
            let kind = item.target.kind.to_ascii_lowercase();
            let target = &item.target.name;
            let command = format!("kubectl get {kind} {target} -n {namespace}");
            steps.push(step("see whether what it scales is there", command));
        }
        Outcome::NoChange | Outcome::Skipped => {}
    }
    steps.extend(item.findings.iter().filter_map(|it| fixing(it, item)));
    if steps.is_empty() {
        let why = match item.findings.is_empty() {
            true => "nothing to change: try settings of your own",
            false => "try settings of your own against what was found",
        };
        let rest = match item.today.target_cpu_pct {
            Some(percent) => format!(" --cpu {}%", percent.saturating_add(5).min(95)),
            None => format!(" --max {}", item.today.max_replicas.0.saturating_add(1)),
        };
        let command = match item.kind {
            AutoscalerKind::ScaledJob => ours("analyze", " -o wide"),
            AutoscalerKind::HorizontalPodAutoscaler | AutoscalerKind::ScaledObject => {
                ours("simulate", &rest)
            }
        };
        steps.push(step(why, command));
    }
    steps.dedup();
    steps
}

fn recommended(item: &Item, managed: &Managed, place: &Place) -> Vec<Step> {
    let (name, namespace) = (&word(&item.name), &word(&item.namespace));
    let short = item.kind.short();
    let step = |why: &str, command: String| Step {
        why: why.to_owned(),
        command,
    };
    if let Place::Snapshot(path) = place {
        let path = word(path);
        let analyze = format!(
            "kubectl stepscale analyze {short}/{name} -n {namespace} --from {path} -o wide"
        );
        return vec![step("see why each setting is proposed", analyze)];
    }
    let save = format!("kubectl stepscale analyze {short}/{name} -n {namespace}");
    let apply = match managed.owners.is_empty() {
        true => step(
            "put it in force, and wait for the verdict",
            format!("kubectl stepscale apply rec/{name} -n {namespace} --wait"),
        ),
        false => step(
            "print it for Git, since somebody else would undo it",
            format!("kubectl stepscale apply rec/{name} -n {namespace} -o patch"),
        ),
    };
    vec![step("keep the recommendation", save), apply]
}

/// The command that shows more of what was found.
fn fixing(finding: &Finding, item: &Item) -> Option<Step> {
    let namespace = &item.namespace;
    let (why, command) = match finding.code {
        Code::UnableToScale | Code::MetricGaps => (
            "see what the controller says",
            format!(
                "kubectl describe {} {} -n {namespace}",
                item.kind.qualified(),
                item.name
            ),
        ),
        Code::MissingRequests | Code::RequestMismatch | Code::SidecarSkew => (
            "see what its pods request",
            format!(
                "kubectl get {} {} -n {namespace} -o yaml",
                item.target.kind.to_ascii_lowercase(),
                item.target.name
            ),
        ),
        Code::AuthUnusedOrMissing | Code::ThresholdUnreachable | Code::ActivationFlapping => (
            "see what its triggers measure",
            format!(
                "kubectl stepscale triggers {}/{} -n {namespace}",
                item.kind.short(),
                item.name
            ),
        ),
        Code::TwoAutoscalersOneTarget | Code::HpaBesideScaledobject => (
            "see who else scales it",
            format!("kubectl get hpa,scaledobject -n {namespace}"),
        ),
        Code::PausedAndForgotten => (
            "let it scale again",
            format!(
                "kubectl stepscale resume {}/{} -n {namespace}",
                item.kind.short(),
                item.name
            ),
        ),
        Code::IdleWindow
        | Code::OverProvisioned
        | Code::ScaleLag
        | Code::Thrashing
        | Code::PinnedAtMax
        | Code::FloorTooLow
        | Code::NeverScales
        | Code::CooldownMisread
        | Code::NoFallback
        | Code::MaxAbovePartitions
        | Code::ScaleToZeroCandidate
        | Code::PollingTooSlow => return None,
    };
    Some(Step {
        why: why.to_owned(),
        command,
    })
}
