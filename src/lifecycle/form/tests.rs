mod any;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::analysis::assessment::RiskLevel;
use crate::lifecycle::diff::{Key, Setting};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::{Applied, Status};
use any::{open, record};

/// As the original product writes it.
fn original() -> Value {
    json!({
        "apiVersion": "stepscale.io/v1alpha1",
        "kind": "ScalingRecommendation",
        "metadata": { "name": "web", "namespace": "shop", "generation": 3, "labels": { "a": "b" } },
        "spec": {
            "targetRef": { "kind": "HorizontalPodAutoscaler", "name": "web" },
            "approved": true,
            "riskLevel": "low",
            "summaryMd": "Lower the floor.",
            "projectedSavingsUsdMonthly": 120,
            "configDiff": {
                "min_replicas": { "from": 5, "to": 3.0 },
                "max_replicas": { "from": 10, "to": 10 },
            },
            "confidence": "good",
        },
        "status": {
            "phase": "applied",
            "detail": "patched HPA",
            "appliedAt": "2026-01-31T12:00:00Z",
            "probationUntil": "2026-01-31T12:45:00Z",
            "scheduleActive": true,
            "conditions": [{ "type": "Theirs", "status": "True" }],
        },
    })
}

fn min_replicas() -> Setting {
    Setting {
        key: Key::MinReplicas,
        from: json!(5),
        to: json!(3),
    }
}

#[test]
fn objects_of_the_original_product_are_read() {
    let record = from_object(&original()).unwrap();
    let at: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
    assert_eq!(record.title(), "rec/web in namespace shop");
    assert_eq!(record.proposal.diff, [min_replicas()]);
    assert_eq!(record.proposal.saving_usd, Some(120.0));
    assert!(record.approved);
    assert!(record.is_edited(), "it is not known to be ours");
    assert_eq!(record.status.phase, Phase::Applied);
    let applied = Applied {
        id: None,
        by: String::new(),
        at,
        changes: vec![],
    };
    assert_eq!(record.status.applied, Some(applied));
}

#[test]
fn little_is_needed() {
    let object = json!({
        "apiVersion": "stepscale.io/v1alpha1",
        "kind": "ScalingRecommendation",
        "metadata": { "name": "web", "namespace": "shop" },
        "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": "web" } },
    });
    let record = from_object(&object).unwrap();
    assert_eq!(record.status, Status::default());
    assert_eq!(record.proposal.risk, RiskLevel::High);
    assert!(!record.approved);
    assert_eq!(record.proposal.diff, []);
}

#[test]
fn what_others_wrote_is_kept() {
    let before = original();
    let mut record = from_object(&before).unwrap();
    record.status.applied = None;
    record.status.phase = Phase::RolledBack;
    let object = to_object(&record, Some(&before));
    assert_eq!(object["metadata"], before["metadata"]);
    assert_eq!(object["spec"]["confidence"], "good");
    assert_eq!(object["status"]["scheduleActive"], true);
    assert_eq!(
        object["status"]["conditions"][3],
        before["status"]["conditions"][0]
    );
    assert_eq!(object["status"]["observedGeneration"], 3);
    assert_eq!(object["status"].get("appliedAt"), None);
    let settings = json!({ "min_replicas": { "from": 5, "to": 3 } });
    assert_eq!(object["spec"]["configDiff"], settings);
}

#[test]
fn what_cannot_be_relied_on_is_an_error_that_names_the_field() {
    #[rustfmt::skip]
    let cases = [
        ("/kind", json!("Service"), ".kind: is not ScalingRecommendation"),
        ("/apiVersion", json!("stepscale.io/v2"),
            ".apiVersion: is not stepscale.io/v1alpha1, the version that this kubectl-stepscale knows"),
        ("/metadata/namespace", json!(null), ".metadata.namespace: is missing"),
        ("/spec", json!(null), ".spec: is missing"),
        ("/spec", json!([1]), ".spec: [1] is not an object"),
        ("/spec/approved", json!("yes"), ".spec.approved: \"yes\" is not true or false"),
        ("/spec/riskLevel", json!("none"), ".spec.riskLevel: \"none\" is not low, medium or high"),
        ("/spec/targetRef/kind", json!("Deployment"),
            ".spec.targetRef.kind: is no kind of autoscaler that can be changed"),
        ("/spec/configDiff", json!({ "memory": {} }),
            ".spec.configDiff.memory: is no setting that this kubectl-stepscale can change"),
        ("/spec/configDiff/min_replicas", json!({ "from": 1 }),
            ".spec.configDiff.min_replicas.to: is missing"),
        ("/spec/configDiff/min_replicas/to", json!(-1),
            ".spec.configDiff.min_replicas.to: -1 is not a whole number of at most 2147483647"),
        ("/spec/configDiff/min_replicas/from", json!(2.5),
            ".spec.configDiff.min_replicas.from: 2.5 is not a whole number of at most 2147483647"),
        ("/spec/configDiff", json!({ "scale_up_policies": { "to": "fast" } }),
            ".spec.configDiff.scale_up_policies.to: \"fast\" is not an object"),
        ("/status/phase", json!("done"),
            ".status.phase: \"done\" is not one of pending, approved, applied, verified, degraded, \
             rolledBack, blocked, failed, rejected, superseded"),
        ("/status/appliedAt", json!(null), ".status.appliedAt: is missing, though the phase is applied"),
        ("/status/appliedAt", json!("noon"),
            ".status.appliedAt: \"noon\" is not a time such as 2026-01-31T12:00:00Z"),
        ("/status", json!({ "attempt": { "id": "w", "at": "2026-01-31T12:00:00Z" } }),
            ".status.attempt.what: is missing"),
        ("/status", json!({ "story": [{ "at": "2026-01-31T12:00:00Z" }, {}] }),
            ".status.story[1].at: is missing"),
        ("/status", json!({ "errors": -1 }), ".status.errors: -1 is not a count"),
    ];
    for (pointer, value, expected) in cases {
        let mut object = original();
        *object.pointer_mut(pointer).unwrap() = value;
        let error = from_object(&object).unwrap_err();
        assert_eq!(format!("{}: {}", error.field, error.why), expected);
    }
}

#[test]
fn conditions_tell_the_phase() {
    #[rustfmt::skip]
    let cases = [
        (Phase::Pending, false, "False NotApproved, False NotApplied, Unknown NotApplied"),
        (Phase::Approved, true, "True Approved, False NotApplied, Unknown NotApplied"),
        (Phase::Applied, true, "True Approved, True Applied, Unknown OnProbation"),
        (Phase::Verified, true, "True Approved, True Applied, True Healthy"),
        (Phase::Degraded, false, "False NotApproved, True Applied, False Degraded"),
        (Phase::RolledBack, true, "True Approved, False RolledBack, False RolledBack"),
        (Phase::Blocked, true, "True Approved, False Blocked, Unknown NotApplied"),
        (Phase::Failed, true, "True Approved, False ApplyFailed, Unknown NotApplied"),
        (Phase::Rejected, false, "False Rejected, False Rejected, Unknown NotApplied"),
        (Phase::Superseded, false, "False Superseded, False Superseded, Unknown NotApplied"),
    ];
    assert_eq!(cases.each_ref().map(|it| it.0), Phase::ALL);
    for (phase, approved, expected) in cases {
        let mut record = from_object(&original()).unwrap();
        (record.status.phase, record.approved) = (phase, approved);
        let object = to_object(&record, None);
        let conditions = object["status"]["conditions"].as_array().unwrap();
        let word = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
        let found = conditions
            .iter()
            .map(|it| word(it, "status") + " " + &word(it, "reason"));
        assert_eq!(found.collect::<Vec<_>>().join(", "), expected);
    }
}

#[test]
fn a_condition_keeps_its_time_while_its_status_stays() {
    let at = |minute: i64| Timestamp::constant(1_800_000_000 + 60 * minute, 0);
    let mut record = from_object(&original()).unwrap();
    record.enter(Phase::Blocked, "paused".to_owned(), "", at(0));
    let first = to_object(&record, None);
    record.enter(Phase::Failed, "conflict".to_owned(), "", at(1));
    let second = to_object(&record, Some(&first));
    record.enter(Phase::Applied, "patched HPA".to_owned(), "", at(2));
    let third = to_object(&record, Some(&second));
    let time = |object: &Value| object["status"]["conditions"][1]["lastTransitionTime"].clone();
    assert_eq!(time(&second), json!(at(0).to_string()));
    assert_eq!(time(&third), json!(at(2).to_string()));
    assert_eq!(second["status"]["conditions"][1]["reason"], "ApplyFailed");
}

#[test]
fn savings_are_told_in_a_few_words() {
    let cases = [
        (Some(120.4), Some(0.314), json!("31%, 120 USD/month")),
        (None, Some(-0.05), json!("-5%")),
        (Some(3.0), None, json!("3 USD/month")),
        (None, None, Value::Null),
    ];
    for (usd, share, expected) in cases {
        let mut record = from_object(&original()).unwrap();
        (record.proposal.saving_usd, record.proposal.saving_share) = (usd, share);
        assert_eq!(to_object(&record, None)["spec"]["saving"], expected);
    }
}

/// Calls `visit` with every schema of a definition and its path.
fn walk(path: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{key}"), property, visit);
    }
    if schema["items"].is_object() {
        walk(&format!("{path}[]"), &schema["items"], visit);
    }
}

fn schema() -> Value {
    definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

#[test]
fn every_field_is_described() {
    walk("", &schema(), &mut |path, schema| {
        let text = schema["description"].as_str().unwrap_or_default();
        assert!(
            text.ends_with('.') || path == ".metadata",
            "{path}: {text:?}"
        );
        let is_open = schema["x-kubernetes-preserve-unknown-fields"] == true;
        assert!(is_open || schema["type"].is_string(), "{path} has no type");
        let required = schema["required"].as_array().into_iter().flatten();
        for key in required.filter_map(Value::as_str) {
            assert!(schema["properties"][key].is_object(), "{path}.{key}");
        }
    });
}

/// The paths in `value` that an API server with `schema` would drop.
fn dropped(path: &str, value: &Value, schema: &Value, found: &mut Vec<String>) {
    let is_open = schema["x-kubernetes-preserve-unknown-fields"] == true;
    for (key, value) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        match &schema["properties"][key] {
            Value::Null if path == ".metadata.name" || path == ".metadata.namespace" => {}
            Value::Null if path.starts_with(".metadata.annotations") || is_open => {}
            Value::Null if schema["additionalProperties"]["type"] == "string" => {
                assert!(value.is_string(), "{path}: {value}");
            }
            Value::Null => found.push(path),
            schema => dropped(&path, value, schema, found),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        dropped(&format!("{path}[]"), item, &schema["items"], found);
    }
}

proptest! {
    #[test]
    fn records_read_back(record in record(), other in record()) {
        let object = to_object(&record, None);
        prop_assert_eq!(from_object(&object), Ok(record.clone()));
        // Nothing of what was there before shines through.
        let over = to_object(&record, Some(&to_object(&other, None)));
        prop_assert_eq!(from_object(&over), Ok(record));
    }

    #[test]
    fn writing_twice_is_writing_once(record in record()) {
        let once = to_object(&record, None);
        prop_assert_eq!(to_object(&record, Some(&once)), once);
    }

    #[test]
    fn an_api_server_drops_nothing_that_is_written(record in record()) {
        let mut found = Vec::new();
        dropped("", &to_object(&record, None), &schema(), &mut found);
        prop_assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn fingerprints_outlive_reading_and_writing(record in record()) {
        let read = from_object(&to_object(&record, None)).unwrap();
        prop_assert_eq!(read.fingerprint(), record.fingerprint());
        prop_assert_eq!(read.proposal.inputs(), record.proposal.inputs());
    }

    /// Whatever is in the place of a field, reading and writing end well.
    #[test]
    fn nothing_that_is_read_is_too_strange(
        record in record(),
        place in select(vec!["", "/metadata", "/spec", "/status", "/spec/configDiff",
            "/spec/targetRef", "/status/story", "/status/conditions", "/metadata/annotations"]),
        value in open(),
        lists in any::<bool>(),
    ) {
        let mut object = to_object(&record, None);
        let value = if lists { json!([value, 1]) } else { value };
        if let Some(place) = object.pointer_mut(place) {
            *place = value;
        }
        let written = to_object(&record, Some(&object));
        prop_assert_eq!(from_object(&written), Ok(record));
        if let Err(error) = from_object(&object) {
            prop_assert!(!error.why.is_empty());
        }
    }
}
