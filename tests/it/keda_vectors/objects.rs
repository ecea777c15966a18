//! What KEDA's webhooks, schemas and controller say of whole objects.

mod agreement;
mod formulas;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stepscale::keda::admission::{
    self, ExistingHpa, Kinds, LimitRange, Operation, Request, Surroundings, Workload, schema,
};
use stepscale::keda::hpa;
use stepscale::keda::objects::{ScaledObject, Trigger, TriggerAuthentication};
use stepscale::keda::trigger::{self, HpaMetric, TriggerSource};

use super::{Case, check};
use agreement::{rejections, told, verdict_of};

#[test]
fn keda_vectors_of_the_scaled_object_webhook_agree() {
    check("webhook_scaledobject.json", |case| {
        let object = read(&case.input["object"]);
        let old = case.input.get("oldObject").map(read);
        let request = Request {
            operation: old
                .as_ref()
                .map_or(Operation::Create, |old| Operation::Update { old }),
            object: &object,
            is_dry_run: case.input["dryRun"] == true,
        };
        let verdict = admission::review(&request, &surroundings(&case.input["existing"]));
        let mut found = verdict_of(&verdict, &case.expected);
        let rejects = schema::scaled_object(&case.input["object"]);
        found["crdSchemaRejects"] = rejections(&rejects, &case.expected);
        (found, case.expected.clone())
    });
}

#[test]
fn keda_vectors_of_the_authentication_webhook_agree() {
    check("webhook_triggerauthentication.json", |case| {
        let kind = &case.input["kind"];
        let object = json!({ "kind": kind, "spec": case.input["spec"] });
        let read = TriggerAuthentication::read(&object).unwrap();
        let failures = admission::review_authentication(&read, None);
        let codes: Vec<_> = failures.iter().map(|it| it.code).collect();
        let mut found = json!({ "allowed": failures.is_empty() });
        if !failures.is_empty() {
            found["reason"] = told(&codes, &case.expected["reason"]);
        }
        let rejects = schema::authentication(&object);
        found["crdSchemaRejects"] = rejections(&rejects, &case.expected);
        if let Some(late) = read.fails_when_resolved() {
            found["failsWhenResolved"] = json!(late);
        }
        (found, case.expected.clone())
    });
}

#[test]
fn keda_vectors_of_validation_functions_agree() {
    check("validation_functions.json", |case| {
        let object = read(&json!({ "spec": spec_of(case) }));
        let failures = match case.kind.as_str() {
            "triggers" => admission::check_triggers(&object.spec.triggers),
            "replicaBounds" => admission::check_replica_bounds(&object.spec),
            "fallback" => admission::check_fallback(&object.spec),
            other => panic!("unknown kind {other}"),
        };
        let gists: Vec<_> = failures.iter().map(|it| it.gist).collect();
        let mut found = json!({ "allowed": failures.is_empty() });
        if !failures.is_empty() {
            found["reason"] = told(&gists, &case.expected["reason"]);
        }
        if case.kind == "replicaBounds" {
            found["hpaMinReplicas"] = json!(object.spec.hpa_min_replicas());
            found["hpaMaxReplicas"] = json!(object.spec.max_or_default());
        }
        (found, case.expected.clone())
    });
}

#[test]
fn keda_vectors_of_hpas_agree() {
    check("hpa.json", |case| {
        let object = read(&case.input["scaledObject"]);
        let triggers = object.spec.triggers.iter().enumerate();
        let metrics = triggers.map(|(at, it)| metric(at, it));
        let metrics: Option<Vec<_>> = metrics.collect();
        let made = metrics.and_then(|it| hpa::generate(&object, it, "<keda version>").ok());
        let expected = match case.expected["valid"] == true {
            true => case.expected.clone(),
            false => json!({ "valid": false }),
        };
        (
            made.map_or(json!({ "valid": false }), |it| told_hpa(&it)),
            expected,
        )
    });
}

/// An HPA in the form of the cases.
fn told_hpa(made: &hpa::GeneratedHpa) -> Value {
    let mut status = json!({});
    for (key, list) in [
        ("externalMetricNames", &made.status.external_metrics),
        ("resourceMetricNames", &made.status.resource_metrics),
    ] {
        if !list.is_empty() {
            status[key] = json!(list);
        }
    }
    if let Some(composite) = &made.status.composite_scaler {
        status["compositeScalerName"] = json!(composite);
    }
    let mut object = made.to_json();
    let (metadata, spec) = (object["metadata"].take(), object["spec"].take());
    let told = json!({ "metadata": metadata, "spec": in_milli(spec) });
    json!({ "valid": true, "hpa": told, "status": status })
}

fn read(object: &Value) -> ScaledObject {
    ScaledObject::read(object).unwrap()
}

/// The spec of a case of a single check, whose fields stand by themselves.
fn spec_of(case: &Case) -> Value {
    let mut spec = case.input.clone();
    if let Some(modifiers) = spec.get("scalingModifiers") {
        spec["advanced"] = json!({ "scalingModifiers": modifiers });
    }
    spec
}

fn surroundings(existing: &Value) -> Surroundings {
    let list = |key: &str| existing[key].as_array().cloned().unwrap_or_default();
    let workloads = |key: &str, kind: &'static str| {
        let all = list(key).into_iter();
        all.map(move |it| Workload::read(kind, &it).unwrap())
    };
    let deployments = workloads("deployments", "Deployment");
    let stateful_sets = workloads("statefulSets", "StatefulSet");
    let all = deployments.chain(stateful_sets).collect();
    let hpas = list("horizontalPodAutoscalers");
    let ranges = list("limitRanges");
    Surroundings {
        scaled_objects: Some(list("scaledObjects").iter().map(read).collect()),
        hpas: Some(
            hpas.iter()
                .map(|it| ExistingHpa::read(it).unwrap())
                .collect(),
        ),
        workloads: Some(all),
        limit_ranges: Some(
            ranges
                .iter()
                .map(|it| LimitRange::read(it).unwrap())
                .collect(),
        ),
        kinds: Kinds::Known(known_kinds()),
    }
}

/// The kinds of the cluster of the cases: those of Kubernetes, and one custom one.
fn known_kinds() -> BTreeSet<(String, String)> {
    let kinds = [
        ("apps/v1", "ReplicaSet"),
        ("v1", "ReplicationController"),
        ("v1", "Pod"),
        ("batch/v1", "Job"),
        ("argoproj.io/v1alpha1", "Rollout"),
    ];
    kinds
        .map(|(group, kind)| (group.to_owned(), kind.to_owned()))
        .into()
}

/// Quantities of thousandths as the cases have them: `averageValueMilli`, a number.
fn in_milli(mut spec: Value) -> Value {
    for metric in spec["metrics"].as_array_mut().unwrap() {
        for source in ["external", "resource", "containerResource"] {
            let Some(target) = metric.pointer_mut(&format!("/{source}/target")) else {
                continue;
            };
            for key in ["averageValue", "value"] {
                if let Some(amount) = target.get(key).and_then(Value::as_str) {
                    let milli: i64 = amount.strip_suffix('m').unwrap().parse().unwrap();
                    target.as_object_mut().unwrap().remove(key);
                    target[format!("{key}Milli")] = json!(milli);
                }
            }
        }
    }
    spec
}

/// The metric of the trigger at a place among those of its object; `None` if it is refused.
fn metric(index: usize, written: &Trigger) -> Option<HpaMetric> {
    let source = TriggerSource {
        kind: written.kind.clone(),
        metric_type: written.metric_type.clone(),
        metadata: written.metadata.clone(),
        index,
        ..TriggerSource::default()
    };
    trigger::read(&source).ok()?.metric
}
