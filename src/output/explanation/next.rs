//! What to do next: commands to copy.

use schemars::JsonSchema;
use serde::Serialize;

use super::Managed;
use crate::analysis::findings::{Code, Finding};
use crate::autoscaler::{Autoscaler, AutoscalerKind};
use crate::output::commands::{Place, line, word};
use crate::output::report::{Item, Outcome};

/// A command, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Step {
    pub why: String,
    pub command: String,
}

impl Step {
    fn new(why: &str, command: String) -> Self {
        Self {
            why: why.to_owned(),
            command,
        }
    }
}

pub(super) fn steps(
    item: &Item,
    autoscaler: &Autoscaler,
    managed: &Managed,
    place: &Place,
) -> Vec<Step> {
    if let Some(owner) = &autoscaler.owner {
        let (namespace, from) = (word(&item.namespace), place.flag());
        let owner = owner.replace("ScaledObject/", "so/");
        let command = format!("kubectl stepscale explain {owner} -n {namespace}{from}");
        return vec![Step::new("its settings come from its owner", command)];
    }
    let mut steps = of_outcome(item, managed, place);
    steps.extend(item.findings.iter().filter_map(|it| fixing(it, item)));
    if steps.is_empty() {
        steps.push(trying(item, place));
    }
    steps.dedup();
    steps
}

/// What the outcome calls for.
fn of_outcome(item: &Item, managed: &Managed, place: &Place) -> Vec<Step> {
    let ours = |verb: &str, rest: &str| line(verb, item, &format!("{}{rest}", place.flag()));
    match item.outcome {
        Outcome::Recommended => recommended(item, managed, place),
        Outcome::NotEnoughHistory if item.evidence.days >= 1.0 => {
            let rest = format!(" --min-history-days {:.0}", item.evidence.days.floor());
            vec![Step::new(
                "judge it by what there is",
                ours("explain", &rest),
            )]
        }
        Outcome::NotEnoughHistory => vec![match place {
            Place::Cluster => Step::new(
                "see where its history was looked for",
                ours("analyze", " -v"),
            ),
            Place::Snapshot(_) => {
                let rest = format!(" --history -o {}.jsonl.gz", item.name);
                let command = line("gather", item, &rest);
                Step::new("take a snapshot with its history", command)
            }
        }],
        Outcome::Withheld if item.kind == AutoscalerKind::ScaledJob => vec![],
        Outcome::Withheld => {
            let why = "see what was decided of late, and how far a replay agrees";
            vec![Step::new(why, ours("explain", " --since 6h"))]
        }
        Outcome::Unreadable => {
            let kind = item.target.kind.to_ascii_lowercase();
            let (target, namespace) = (&item.target.name, word(&item.namespace));
            let command = format!("kubectl get {kind} {target} -n {namespace}");
            vec![Step::new("see whether what it scales is there", command)]
        }
        Outcome::NoChange | Outcome::Skipped => vec![],
    }
}

/// Where nothing else is to be done.
fn trying(item: &Item, place: &Place) -> Step {
    let why = match item.findings.is_empty() {
        true => "nothing to change: try settings of your own",
        false => "try settings of your own against what was found",
    };
    let rest = match item.today.target_cpu_pct {
        Some(percent) => format!(" --cpu {}%", percent.saturating_add(5).min(95)),
        None => format!(" --max {}", item.today.max_replicas.0.saturating_add(1)),
    };
    let ours = |verb: &str, rest: &str| line(verb, item, &format!("{}{rest}", place.flag()));
    let command = match item.kind {
        AutoscalerKind::ScaledJob => ours("analyze", " -o wide"),
        AutoscalerKind::HorizontalPodAutoscaler | AutoscalerKind::ScaledObject => {
            ours("simulate", &rest)
        }
    };
    Step::new(why, command)
}

fn recommended(item: &Item, managed: &Managed, place: &Place) -> Vec<Step> {
    if matches!(place, Place::Snapshot(_)) {
        let analyze = line("analyze", item, &format!("{} -o wide", place.flag()));
        return vec![Step::new("see why each setting is proposed", analyze)];
    }
    let (name, namespace) = (word(&item.name), word(&item.namespace));
    let apply = |why, rest| {
        let command = format!("kubectl stepscale apply rec/{name} -n {namespace} {rest}");
        Step::new(why, command)
    };
    let apply = match managed.owners.is_empty() {
        true => apply("put it in force, and wait for the verdict", "--wait"),
        false => apply(
            "print it for Git, since somebody else would undo it",
            "-o patch",
        ),
    };
    let save = line("analyze", item, "");
    vec![Step::new("keep the recommendation", save), apply]
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
        Code::AuthUnusedOrMissing | Code::ThresholdUnreachable | Code::ActivationFlapping => {
            ("see what its triggers measure", line("triggers", item, ""))
        }
        Code::TwoAutoscalersOneTarget | Code::HpaBesideScaledobject => (
            "see who else scales it",
            format!("kubectl get hpa,scaledobject -n {namespace}"),
        ),
        Code::PausedAndForgotten => ("let it scale again", line("resume", item, "")),
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
        | Code::PollingTooSlow
        | Code::RecurringPeak => return None,
    };
    Some(Step::new(why, command))
}
