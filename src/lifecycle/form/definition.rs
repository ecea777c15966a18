//! The CustomResourceDefinition of recommendations.

mod schema;
mod windows;

use serde_json::{Value, json};

use super::{GROUP, KIND, PLURAL, VERSION};
use crate::lifecycle::diff::Key;
use crate::lifecycle::phase::Phase;
use schema::{described, generation, list, name, number, object, one_of, open, text, time};
use windows::{carried, losses, window};

pub(super) fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{PLURAL}.{GROUP}") },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": format!("{KIND}List"),
                "plural": PLURAL,
                "singular": KIND.to_lowercase(),
                "shortNames": ["scalerec"],
            },
            "versions": [{
                "name": VERSION,
                "served": true,
                "storage": true,
                "subresources": { "status": {} },
                "additionalPrinterColumns": columns(),
                "schema": { "openAPIV3Schema": schema() },
            }],
        },
    })
}

fn columns() -> Value {
    json!([
        column(
            "Target",
            "string",
            ".spec.targetRef.name",
            "The autoscaler."
        ),
        column(
            "Risk",
            "string",
            ".spec.riskLevel",
            "How much could go wrong."
        ),
        column(
            "Approved",
            "boolean",
            ".spec.approved",
            "Whether it may be applied."
        ),
        column("Phase", "string", ".status.phase", "Where it stands."),
        column(
            "Saving",
            "string",
            ".spec.saving",
            "What it is projected to save."
        ),
        column(
            "Age",
            "date",
            ".metadata.creationTimestamp",
            "Time since it was proposed."
        ),
    ])
}

fn column(name: &str, kind: &str, path: &str, about: &str) -> Value {
    json!({ "name": name, "type": kind, "jsonPath": path, "description": about })
}

fn schema() -> Value {
    object(
        "Settings that an analysis recommends for one autoscaler of the same namespace, and what has \
         become of them.",
        json!({
            "apiVersion": text("The version of this schema."),
            "kind": text("The kind of this object."),
            "metadata": { "type": "object" },
            "spec": spec(),
            "status": status(),
        }),
        &["spec"],
    )
}

fn spec() -> Value {
    object(
        "What is recommended, and whether it may be applied. Set `approved` to true to have it \
         applied.",
        json!({
            "targetRef": target_ref(),
            "scaleTargetRef": scale_target_ref(),
            "approved": {
                "type": "boolean",
                "default": false,
                "description": "Whether the settings may be applied. Nothing is changed before this is \
                    true. Setting it to false again takes nothing back.",
            },
            "riskLevel": one_of(
                "How much could go wrong, by the evidence.",
                &["low", "medium", "high"],
            ),
            "summaryMd": text("What is recommended and why, in Markdown."),
            "projectedSavingsUsdMonthly": number(
                "US dollars that the change is projected to save in a month; negative where it costs \
                 more.",
            ),
            "projectedSavingsShare": number(
                "The share of replica-hours that the change is projected to save, at most 1; negative \
                 where it needs more.",
            ),
            "saving": text("The projected saving in a few words, for people."),
            "analyzedAt": time("When the autoscaler and its history were read."),
            "configDiff": config_diff(),
            "schedule": list(
                "Times of the week in which more replicas are kept.",
                window(),
            ),
            "scheduleBefore": list(
                "The windows that were in force when it was analyzed, where the schedule takes their \
                 place; without a schedule they are to end.",
                window(),
            ),
            "forecast": losses(
                "How good the forecast was that the schedule was chosen with, on days that it did not \
                 know.",
            ),
            "evidence": open(
                "Numbers that the recommendation rests on, as the report of analyze has them.",
            ),
            "findings": list(
                "What the analysis has found, as its report has it.",
                open("A finding: code, severity, message, evidence and fix."),
            ),
        }),
        &["targetRef"],
    )
}

fn target_ref() -> Value {
    object(
        "The autoscaler whose settings are to change, in the namespace of this object.",
        json!({
            "kind": one_of(
                "The kind of the autoscaler.",
                &["HorizontalPodAutoscaler", "ScaledObject", "ScaledJob"],
            ),
            "name": name("The name of the autoscaler."),
            "uid": text(
                "The UID that it had when it was analyzed. Another object of its name is left alone.",
            ),
        }),
        &["kind", "name"],
    )
}

fn scale_target_ref() -> Value {
    object(
        "What the autoscaler scales.",
        json!({
            "kind": name("The kind of the workload, such as Deployment."),
            "name": name("The name of the workload."),
        }),
        &["kind", "name"],
    )
}

fn config_diff() -> Value {
    let settings = Key::ALL.map(|key| (key.as_str().to_owned(), setting(key)));
    let mut schema = open(
        "The settings that change, each with the value that it had when it was analyzed and the one \
         that it is to have. No other field is touched.",
    );
    schema["properties"] = Value::Object(settings.into_iter().collect());
    schema
}

fn setting(key: Key) -> Value {
    let (about, value) = match key {
        Key::MinReplicas => ("The least number of replicas.", count(0)),
        Key::MaxReplicas => ("The greatest number of replicas.", count(1)),
        Key::TargetCpuPct => (
            "The target CPU utilization in percent of requests.",
            count(1),
        ),
        Key::ScaleDownCooldownS => (
            "Seconds for which a scale-down waits: the stabilization window of an HPA.",
            count(0),
        ),
        Key::ScaleUpPolicies => ("How fast it may scale up.", policies()),
        Key::ScaleDownPolicies => ("How fast it may scale down.", policies()),
        Key::TriggerThresholds => (
            "What one replica is for, of the triggers of a ScaledObject or ScaledJob.",
            thresholds(),
        ),
        Key::CooldownPeriodS => (
            "Seconds after the last activity before KEDA scales to zero.",
            count(0),
        ),
        Key::PollingIntervalS => ("Seconds between two looks at the triggers.", count(1)),
        Key::Fallback => (
            "What KEDA takes for the value of a trigger that fails.",
            fallback(),
        ),
        Key::ScalingStrategy => (
            "How many jobs a ScaledJob starts for a queue.",
            text("default, custom, accurate or eager."),
        ),
    };
    let side = |side: &str| {
        let mut side_schema = value.clone();
        side_schema["description"] = json!(side);
        side_schema["nullable"] = json!(true);
        side_schema
    };
    object(
        about,
        json!({
            "from": side("The value when it was analyzed; absent where there was none. The setting is \
                changed only while it has this value."),
            "to": side("The value that it is to have."),
        }),
        &[],
    )
}

fn count(least: u32) -> Value {
    json!({ "type": "integer", "format": "int32", "minimum": least })
}

fn thresholds() -> Value {
    let mut schema = json!({ "type": "object", "description": "By the index of the trigger." });
    schema["additionalProperties"] = text("As the metadata of the trigger has it.");
    schema
}

fn fallback() -> Value {
    let mut schema = open("A fallback, as a ScaledObject has it.");
    schema["properties"] = json!({
        "failureThreshold": described(count(0), "It begins with one more failure in a row."),
        "replicas": described(count(0), "How many replicas are asked for."),
        "behavior": text("How the replicas count: static where absent."),
    });
    schema
}

fn policies() -> Value {
    let policy = object(
        "One limit.",
        json!({
            "type": one_of("What the value counts.", &["Pods", "Percent"]),
            "value": described(count(1), "How many pods, or percent of the replicas."),
            "periodSeconds": described(count(1), "The time in which so many may come or go."),
        }),
        &["type", "value", "periodSeconds"],
    );
    let mut schema = open("Scaling policies, as an HPA has them.");
    schema["properties"] = json!({
        "selectPolicy": one_of(
            "Which policy counts where there are several.",
            &["Max", "Min", "Disabled"],
        ),
        "policies": list("The limits, all of which are looked at.", policy),
    });
    schema
}

fn status() -> Value {
    let phases = Phase::ALL.map(Phase::as_str);
    object(
        "What has become of the recommendation. Written by kubectl-stepscale.",
        json!({
            "phase": one_of("Where the recommendation stands.", &phases),
            "detail": text("Why it stands there, for people."),
            "since": time("Since when it stands there."),
            "decided": decided(),
            "attempt": attempt(),
            "appliedAt": time("When the change was put in force."),
            "applied": applied(),
            "probationUntil": time(
                "Until when the change is on probation. Later where too little is known by then.",
            ),
            "scheduleActive": {
                "type": "boolean",
                "description": "Whether the floor of a window is in effect now.",
            },
            "schedule": carried(),
            "errors": described(count(0), "Checks in a row that could not measure anything."),
            "failures": described(count(0), "Checks in a row that found the change to be bad."),
            "measured": open("What the last check has measured."),
            "rejectedInputs": text(
                "A fingerprint of the settings that were rejected or taken back. They are not proposed \
                 again.",
            ),
            "observedGeneration": generation("The generation of the spec that this status is about."),
            "conditions": conditions(),
            "story": list("What has happened, oldest first.", entry()),
        }),
        &[],
    )
}

fn decided() -> Value {
    object(
        "The last decision of a person or a policy.",
        json!({
            "by": text("Who has decided."),
            "at": time("When it was decided."),
            "reason": text("The reason that was given."),
        }),
        &["at"],
    )
}

fn attempt() -> Value {
    object(
        "A write to the autoscaler that was begun and whose end is not known yet.",
        json!({
            "id": text(
                "The id that the autoscaler's annotation stepscale.io/applied has once the write is \
                 done.",
            ),
            "what": one_of("What is written.", &["apply", "revert"]),
            "by": text("Who writes."),
            "at": time("When it was begun."),
        }),
        &["id", "what", "at"],
    )
}

fn applied() -> Value {
    let mut change = open("A place in the autoscaler.");
    let value = |about: &str| {
        json!({
            "description": about,
            "nullable": true,
            "x-kubernetes-preserve-unknown-fields": true,
        })
    };
    change["properties"] = json!({
        "path": text("Where it is, as a JSON pointer."),
        "from": value("What was there before; absent where there was nothing."),
        "to": value("What was written; absent where there is nothing any more."),
    });
    change["required"] = json!(["path"]);
    object(
        "The write that put the change in force.",
        json!({
            "id": text("The id of the write; absent where somebody else wrote."),
            "by": text("Who wrote."),
            "changes": list("What was written, and what was there before.", change),
        }),
        &[],
    )
}

fn conditions() -> Value {
    let condition = object(
        "Whether something is so.",
        json!({
            "type": name("What it is about: Approved, Applied, Verified, Scheduled or SchedulePays."),
            "status": one_of("Whether it is so.", &["True", "False", "Unknown"]),
            "reason": text("Why, in one word for machines."),
            "message": text("Why, for people."),
            "lastTransitionTime": time("When its status became this."),
            "observedGeneration": generation("The generation of the spec that it is about."),
        }),
        &["type", "status"],
    );
    let mut schema = list(
        "Where the recommendation stands, for tools that wait for it.",
        condition,
    );
    schema["x-kubernetes-list-type"] = json!("map");
    schema["x-kubernetes-list-map-keys"] = json!(["type"]);
    schema
}

fn entry() -> Value {
    object(
        "One thing that has happened.",
        json!({
            "at": time("When it happened."),
            "phase": text("The phase of the recommendation from then on."),
            "detail": text("What happened, for people."),
            "by": text("Who did it; absent where nobody did."),
        }),
        &["at"],
    )
}
