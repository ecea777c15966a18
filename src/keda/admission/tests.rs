use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::keda::objects::{ScaledJob, ScaledObject, TriggerAuthentication};

/// A ScaledObject named `orders` of namespace `shop` that is fine, with `changes` merged into it.
fn object(changes: Value) -> ScaledObject {
    let mut object = json!({
        "metadata": { "name": "orders", "namespace": "shop" },
        "spec": {
            "scaleTargetRef": { "name": "orders" },
            "minReplicaCount": 1,
            "maxReplicaCount": 10,
            "triggers": [{ "type": "kafka", "metadata": {} }],
        },
    });
    json_patch::merge(&mut object, &changes);
    ScaledObject::read(&object).unwrap()
}

/// A namespace with nothing in it, of a cluster that has no kinds of its own.
fn empty() -> Surroundings {
    Surroundings {
        scaled_objects: Some(Vec::new()),
        hpas: Some(Vec::new()),
        workloads: Some(Vec::new()),
        limit_ranges: Some(Vec::new()),
        kinds: Kinds::Known(BTreeSet::new()),
    }
}

fn create(object: &ScaledObject, surroundings: &Surroundings) -> Verdict {
    let request = Request {
        operation: Operation::Create,
        object,
        is_dry_run: false,
    };
    review(&request, surroundings)
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.failures.iter().map(|it| it.reason.code()).collect()
}

fn cpu() -> Value {
    json!([{ "type": "cpu", "metricType": "Utilization", "metadata": { "value": "60" } }])
}

fn deployment(containers: Value) -> Workload {
    let object = json!({
        "metadata": { "name": "orders", "namespace": "shop" },
        "spec": { "template": { "spec": { "containers": containers } } },
    });
    Workload::read("Deployment", &object).unwrap()
}

#[test]
fn all_failures_are_told_with_field_and_way_out() {
    let broken = object(json!({ "spec": {
        "minReplicaCount": 20,
        "idleReplicaCount": 20,
        "fallback": { "failureThreshold": -1, "replicas": 0, "behavior": "scalingModifiers" },
        "triggers": [
            { "type": "cron", "name": "a", "metadata": {}, "useCachedMetrics": true },
            { "type": "kafka", "name": "a", "metadata": {} },
        ],
    }}));
    let verdict = create(&broken, &empty());
    let found: Vec<_> = verdict
        .failures
        .iter()
        .map(|it| (it.reason.code(), it.path.to_string()))
        .collect();
    let expected = [
        ("incorrect-replicas", "spec.minReplicaCount"),
        ("incorrect-replicas", "spec.idleReplicaCount"),
        ("incorrect-fallback", "spec.fallback.failureThreshold"),
        ("scaling-modifiers-fallback", "spec.fallback.behavior"),
        ("incorrect-triggers", "spec.triggers[0].useCachedMetrics"),
        ("incorrect-triggers", "spec.triggers[1].name"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    for failure in &verdict.failures {
        let path = failure.path.to_string();
        assert!(failure.message.contains(&path), "{failure:?}");
        assert!(!failure.way_out.is_empty(), "{failure:?}");
    }
}

#[test]
fn names_have_to_fit_into_labels() {
    let named = |length: usize, hpa: Option<&str>| {
        let config = json!({ "horizontalPodAutoscalerConfig": { "name": hpa } });
        object(
            json!({ "metadata": { "name": "a".repeat(length) }, "spec": { "advanced": config } }),
        )
    };
    let long = "h".repeat(64);
    let table = [
        (named(54, None), vec![]),
        (named(55, None), vec!["hpa-name-too-long"]),
        (named(55, Some("short")), vec![]),
        (named(64, Some("short")), vec!["name-too-long"]),
        (named(5, Some(&long)), vec!["hpa-name-too-long"]),
    ];
    for (object, expected) in table {
        let verdict = create(&object, &empty());
        assert_eq!(codes(&verdict), expected, "{}", object.metadata.name);
    }
}

#[test]
fn another_owner_of_the_workload_or_the_hpa_is_refused() {
    let other = |target: &str, hpa: &str, namespace: &str| {
        object(json!({
            "metadata": { "name": "other", "namespace": namespace },
            "spec": {
                "scaleTargetRef": { "name": target },
                "advanced": { "horizontalPodAutoscalerConfig": { "name": hpa } },
            },
        }))
    };
    let table = [
        (other("orders", "x", "shop"), vec!["other-scaled-object"]),
        (
            other("x", "keda-hpa-orders", "shop"),
            vec!["other-scaled-object-hpa"],
        ),
        (other("x", "x", "shop"), vec![]),
        (other("orders", "keda-hpa-orders", "bank"), vec![]),
    ];
    for (other, expected) in table {
        let mut surroundings = empty();
        surroundings.scaled_objects = Some(vec![other.clone(), object(json!({}))]);
        let verdict = create(&object(json!({})), &surroundings);
        assert_eq!(codes(&verdict), expected, "{:?}", other.spec.target);
    }
}

#[test]
fn an_hpa_of_the_workload_has_to_be_left_out_or_taken_over() {
    let hpa = |metadata: Value| {
        let mut object = json!({
            "metadata": { "name": "mine", "namespace": "shop" },
            "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "orders" } },
        });
        json_patch::merge(&mut object["metadata"], &metadata);
        ExistingHpa::read(&object).unwrap()
    };
    let transfer = |value: &str, name: &str| {
        object(json!({
            "metadata": {
                "annotations": { "scaledobject.keda.sh/transfer-hpa-ownership": value },
            },
            "spec": { "advanced": { "horizontalPodAutoscalerConfig": { "name": name } } },
        }))
    };
    let owner = json!({ "ownerReferences": [{ "kind": "ScaledObject", "name": "orders" }] });
    let left_out =
        |text: &str| json!({ "annotations": { "validations.keda.sh/hpa-ownership": text } });
    let missing = "transfer-ownership-missing-hpa-name";
    let table = [
        (object(json!({})), hpa(json!({})), vec!["other-hpa"]),
        (object(json!({})), hpa(owner), vec![]),
        (object(json!({})), hpa(left_out("false")), vec![]),
        (object(json!({})), hpa(left_out("False")), vec!["other-hpa"]),
        (transfer("true", "mine"), hpa(json!({})), vec![]),
        (transfer("true", "another"), hpa(json!({})), vec![missing]),
        (transfer("True", "mine"), hpa(json!({})), vec!["other-hpa"]),
    ];
    for (at, (object, hpa, expected)) in table.into_iter().enumerate() {
        let mut surroundings = empty();
        surroundings.hpas = Some(vec![hpa]);
        let verdict = create(&object, &surroundings);
        assert_eq!(codes(&verdict), expected, "row {at}");
    }
}

#[test]
fn containers_need_an_amount_of_the_resource() {
    let with = |resources: Value| json!([{ "name": "main", "resources": resources }]);
    let range = |kind: &str| {
        let object = json!({ "metadata": { "namespace": "shop" }, "spec": { "limits": [
            { "type": kind, "defaultRequest": { "cpu": 1 } },
        ]}});
        LimitRange::read(&object).unwrap()
    };
    let missing = vec!["missing-requests"];
    let table = [
        (with(json!({ "requests": { "cpu": "100m" } })), None, vec![]),
        (with(json!({ "limits": { "cpu": 1 } })), None, vec![]),
        (
            with(json!({ "requests": { "cpu": "0" } })),
            None,
            missing.clone(),
        ),
        (
            with(json!({ "requests": { "memory": "1Gi" } })),
            None,
            missing.clone(),
        ),
        (with(json!({})), Some(range("Container")), vec![]),
        (with(json!({})), Some(range("Pod")), missing),
    ];
    for (containers, range, expected) in table {
        let mut surroundings = empty();
        surroundings.workloads = Some(vec![deployment(containers.clone())]);
        surroundings.limit_ranges = Some(range.into_iter().collect());
        let verdict = create(
            &object(json!({ "spec": { "triggers": cpu() } })),
            &surroundings,
        );
        assert_eq!(codes(&verdict), expected, "{containers}");
    }
}

#[test]
fn a_dry_run_is_not_asked_about_the_workload() {
    let spec = json!({ "spec": { "triggers": cpu(), "minReplicaCount": 0 } });
    let object = object(spec);
    let verdict = create(&object, &empty());
    let expected = ["scale-to-zero-requirements-not-met", "target-not-found"];
    assert_eq!(codes(&verdict), expected);
    let request = Request {
        operation: Operation::Create,
        object: &object,
        is_dry_run: true,
    };
    assert!(review(&request, &empty()).is_allowed());
}

#[test]
fn taking_away_a_finalizer_is_never_refused() {
    let with = |finalizers: Value, max: i32| {
        object(json!({
            "metadata": { "finalizers": finalizers },
            "spec": { "maxReplicaCount": max },
        }))
    };
    let old = with(json!(["a", "b"]), 0);
    let update = |object: &ScaledObject| {
        let request = Request {
            operation: Operation::Update { old: &old },
            object,
            is_dry_run: false,
        };
        review(&request, &empty()).is_allowed()
    };
    assert!(update(&with(json!(["a"]), 0)));
    assert!(!update(&with(json!(["a", "c"]), 0)));
    assert!(!update(&with(json!(["a"]), -1)));
}

#[test]
fn what_is_not_known_is_not_judged_and_told() {
    let spec = json!({ "triggers": cpu(), "scaleTargetRef": { "kind": "StatefulSet" } });
    let verdict = create(&object(json!({ "spec": spec })), &Surroundings::default());
    assert!(verdict.is_allowed());
    let told: Vec<_> = verdict
        .unchecked
        .iter()
        .map(|it| it.reason.code())
        .collect();
    assert_eq!(
        told,
        ["other-scaled-object", "other-hpa", "missing-requests"]
    );
    let rollout = json!({ "kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1" });
    let rollout = object(json!({ "spec": { "scaleTargetRef": rollout } }));
    let verdict = create(&rollout, &Surroundings::default());
    assert_eq!(verdict.unchecked[0].reason, Reason::UnknownKind);
    assert_eq!(codes(&create(&rollout, &empty())), ["unknown-kind"]);
}

#[test]
fn a_neighbor_of_an_unknown_kind_is_looked_at_if_its_target_has_the_same_name() {
    let rollout = |name: &str| json!({ "name": name, "kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1" });
    let found = |target: Value| {
        let other = object(json!({ "metadata": { "name": "other" },
            "spec": { "scaleTargetRef": target } }));
        let hpa = json!({ "metadata": { "name": "own", "namespace": "shop" },
            "spec": { "scaleTargetRef": target } });
        let surroundings = Surroundings {
            scaled_objects: Some(vec![other]),
            hpas: Some(vec![ExistingHpa::read(&hpa).unwrap()]),
            ..empty()
        };
        let verdict = create(&object(json!({})), &surroundings);
        let codes: Vec<_> = verdict.failures.iter().map(|it| it.gist).collect();
        codes
    };
    assert_eq!(found(rollout("other")), [""; 0]);
    assert_eq!(found(rollout("orders")), ["unknown-kind-of-neighbor"; 2]);
}

#[test]
fn a_formula_is_judged_with_its_target() {
    let with = |modifiers: Value| {
        let triggers = json!([
            { "type": "kafka", "name": "a", "metadata": {} },
            { "type": "kafka", "metadata": {} },
            { "type": "cron", "name": "b-c", "metadata": {} },
        ]);
        let advanced = json!({ "scalingModifiers": modifiers });
        object(json!({ "spec": { "triggers": triggers, "advanced": advanced } }))
    };
    let table = [
        (json!({ "formula": "a + 1", "target": "2" }), vec![]),
        (
            json!({ "formula": "a", "target": "2.5", "metricType": "Value" }),
            vec![],
        ),
        (json!({ "formula": "a" }), vec!["target-missing"]),
        (
            json!({ "formula": "a", "target": "1e999" }),
            vec!["target-invalid"],
        ),
        (
            json!({ "formula": "a", "target": "0" }),
            vec!["target-invalid"],
        ),
        (
            json!({ "formula": "a", "target": "ten" }),
            vec!["target-invalid"],
        ),
        (json!({ "target": "2" }), vec!["formula-missing"]),
        (
            json!({ "activationTarget": "2" }),
            vec!["formula-missing", "target-missing"],
        ),
        (
            json!({ "formula": "b-c", "target": "2" }),
            vec!["formula-invalid"],
        ),
        (
            json!({ "formula": "a", "target": "2", "metricType": "Utilization" }),
            vec!["metric-type-utilization"],
        ),
    ];
    for (modifiers, expected) in table {
        let verdict = create(&with(modifiers.clone()), &empty());
        let gists: Vec<_> = verdict.failures.iter().map(|it| it.gist).collect();
        assert_eq!(gists, expected, "{modifiers}");
    }
    let odd = with(json!({ "formula": "upper(\"x\")", "target": "2" }));
    let verdict = create(&odd, &empty());
    assert!(verdict.is_allowed());
    assert_eq!(verdict.unchecked[0].reason, Reason::ScalingModifiers);
}

#[test]
fn of_a_scaled_job_the_triggers_are_judged_alone() {
    let job = |max: i32, finalizers: Value| {
        let object = json!({
            "metadata": { "name": "a".repeat(70), "finalizers": finalizers },
            "spec": { "maxReplicaCount": max, "triggers": [] },
        });
        ScaledJob::read(&object).unwrap()
    };
    let held = job(1, json!(["finalizer.keda.sh"]));
    assert_eq!(codes(&review_job(&held, None)), ["incorrect-triggers"]);
    assert!(review_job(&job(1, json!([])), Some(&held)).is_allowed());
    assert!(!review_job(&job(2, json!([])), Some(&held)).is_allowed());
}

#[test]
fn authentications_are_judged_by_their_identity_and_oauth2() {
    let identity = |provider: &str, rest: Value| {
        let mut spec = json!({ "podIdentity": { "provider": provider } });
        json_patch::merge(&mut spec["podIdentity"], &rest);
        spec
    };
    let oauth2 = |oauth2: Value| json!({ "oauth2": oauth2 });
    let both = json!({ "podIdentity": { "provider": "gcp" }, "oauth2": { "tokenUrl": "" } });
    let table = [
        (identity("azure-workload", json!({})), vec![]),
        (
            identity("azure-workload", json!({ "identityId": "" })),
            vec!["identityId-empty"],
        ),
        (
            identity("azure-workload", json!({ "identityTenantId": "" })),
            vec!["identityTenantId-empty"],
        ),
        (
            identity("azure-workload", json!({ "identityAuthorityHost": "h" })),
            vec!["identityTenantId-required-with-authorityHost"],
        ),
        (
            identity("aws", json!({ "externalID": "x" })),
            vec!["externalID-without-roleArn"],
        ),
        (
            identity(
                "aws",
                json!({ "roleArn": "r", "identityOwner": "workload" }),
            ),
            vec!["roleArn-with-workload-owner"],
        ),
        (
            identity("gcp", json!({ "roleArn": "r", "externalID": "x" })),
            vec![],
        ),
        (both, vec![]),
        (
            oauth2(json!({ "clientId": "c", "tokenUrl": "HTTPS://idp:8443/token" })),
            vec![],
        ),
        (
            oauth2(json!({ "type": "password", "tokenUrl": "https:///token" })),
            vec![
                "oauth2-type-unknown",
                "oauth2-clientId-missing",
                "oauth2-tokenUrl-invalid",
            ],
        ),
    ];
    for (spec, expected) in table {
        let read = TriggerAuthentication::read(&json!({ "spec": spec })).unwrap();
        let found = review_authentication(&read, None);
        let found: Vec<_> = found.iter().map(|it| it.code).collect();
        assert_eq!(found, expected, "{spec}");
    }
}

#[test]
fn the_schema_refuses_what_the_webhook_does_not_see() {
    let object = json!({ "spec": {
        "scaleTargetRef": { "name": "" },
        "pollingInterval": 0,
        "cooldownPeriod": -1,
        "minReplicaCount": 200,
        "fallback": { "replicas": 1, "behavior": "dynamic" },
        "triggers": [
            { "type": "", "metadata": { "value": 60 } },
            { "type": "kafka", "authenticationRef": { "kind": "Secret" } },
        ],
    }});
    let found: Vec<_> = schema::scaled_object(&object)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "spec.triggers[0].metadata.value: type",
            "spec.scaleTargetRef.name: minLength",
            "spec.pollingInterval: minimum",
            "spec.cooldownPeriod: minimum",
            "spec.fallback.failureThreshold: required",
            "spec.fallback.behavior: enum",
            "spec.triggers[0].type: minLength",
            "spec.triggers[1].metadata: required",
            "spec.triggers[1].authenticationRef.name: required",
            "spec.triggers[1].authenticationRef.kind: enum",
            "spec: x-kubernetes-validations",
        ]
    );
}

#[test]
fn the_schemas_of_jobs_and_authentications_have_their_own_bounds() {
    let job = json!({ "spec": {
        "jobTargetRef": {}, "triggers": [], "rolloutStrategy": "default",
        "scalingStrategy": { "strategy": "fast" }, "failedJobsHistoryLimit": -1,
    }});
    let found: Vec<_> = schema::scaled_job(&job)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        found,
        [
            "spec.failedJobsHistoryLimit: minimum",
            "spec.rolloutStrategy: enum",
            "spec.scalingStrategy.strategy: enum",
            "spec.triggers: minItems",
        ]
    );
    let authentication = json!({ "spec": {
        "podIdentity": { "provider": "aws-kiam" },
        "secretTargetRef": [{ "parameter": "password", "name": "s" }],
        "hashiCorpVault": { "address": "a", "secrets": [] },
    }});
    let found = schema::authentication(&authentication);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "spec.podIdentity.provider: enum",
            "spec.secretTargetRef[0].key: required",
            "spec.hashiCorpVault.authentication: required",
        ]
    );
}

proptest! {
    #[test]
    fn bounds_are_refused_as_the_rule_says(min: Option<i8>, max: Option<i8>, idle: Option<i8>) {
        let spec = json!({ "minReplicaCount": min, "maxReplicaCount": max, "idleReplicaCount": idle });
        let object = ScaledObject::read(&json!({ "spec": spec })).unwrap();
        let least = match min {
            None => 0,
            Some(min) => i32::from(min).max(1),
        };
        let is_fine = least <= max.map_or(100, i32::from)
            && idle.is_none_or(|idle| i32::from(idle) < least);
        prop_assert_eq!(check_replica_bounds(&object.spec).is_empty(), is_fine);
    }
}
