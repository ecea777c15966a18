use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Strategy, *};

fn with_annotations(annotations: Value) -> ScaledObject {
    ScaledObject::read(&json!({ "metadata": { "annotations": annotations } })).unwrap()
}

#[test]
fn what_is_unset_has_defaults_and_stays_unset() {
    let object = ScaledObject::read(&json!({})).unwrap();
    let spec = &object.spec;
    assert_eq!(spec.polling_interval, None);
    assert_eq!(spec.polling_interval_or_default().as_secs(), 30);
    assert_eq!(spec.cooldown_period_or_default().as_secs(), 300);
    assert_eq!(spec.initial_cooldown_period_or_default().as_secs(), 0);
    assert_eq!((spec.min_or_default(), spec.max_or_default()), (0, 100));
    assert_eq!(spec.hpa_min_replicas(), 1);
    assert_eq!(spec.target.api_version_or_default(), "apps/v1");
    assert_eq!(spec.target.kind_or_default(), "Deployment");
}

#[test]
fn zero_is_not_unset() {
    let object = json!({ "spec": { "minReplicaCount": 0, "idleReplicaCount": null } });
    let object = ScaledObject::read(&object).unwrap();
    assert_eq!(object.spec.min_replica_count, Some(0));
    assert_eq!(object.spec.idle_replica_count, None);
}

#[test]
fn every_field_of_another_type_is_told_with_its_path() {
    let object = json!({ "spec": {
        "minReplicaCount": "two",
        "maxReplicaCount": 4_000_000_000_u32,
        "triggers": [
            { "type": "kafka", "metadata": { "lagThreshold": 10, "allowIdleConsumers": true } },
            "cron",
        ],
    }});
    let errors = ScaledObject::read(&object).unwrap_err();
    let told: Vec<_> = errors.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "spec.minReplicaCount: expected a whole number of 32 bits, found the text \"two\"",
            "spec.maxReplicaCount: expected a whole number of 32 bits, found the number 4000000000",
            "spec.triggers[0].metadata.allowIdleConsumers: expected a text (quote it in YAML), \
             found the boolean true",
            "spec.triggers[0].metadata.lagThreshold: expected a text (quote it in YAML), found \
             the number 10",
            "spec.triggers[1]: expected an object, found the text \"cron\"",
        ]
    );
}

#[test]
fn newer_fields_and_words_are_no_errors() {
    let object = json!({ "spec": {
        "fallback": { "failureThreshold": 1, "replicas": 2, "behavior": "clairvoyant", "x": 1 },
        "somethingNew": [1, 2],
    }});
    let fallback = ScaledObject::read(&object).unwrap().spec.fallback.unwrap();
    let behavior = FallbackBehavior::Other("clairvoyant".to_owned());
    assert_eq!(fallback.behavior_or_default(), behavior);
    assert_eq!(behavior.word(), "clairvoyant");
}

#[test]
fn what_is_no_object_is_an_error_of_the_root() {
    let errors = ScaledObject::read(&json!([])).unwrap_err();
    assert_eq!(errors.to_string(), ": expected an object, found a list");
}

#[test]
fn boolean_annotations_take_any_other_text_for_true() {
    let table = [
        ("1", true),
        ("t", true),
        ("True", true),
        ("false", false),
        ("F", false),
        ("0", false),
        ("", true),
        ("no", true),
        ("fAlse", true),
    ];
    for (text, is_paused) in table {
        let object = with_annotations(json!({ "autoscaling.keda.sh/paused": text }));
        assert_eq!(object.pause().is_full(), is_paused, "{text:?}");
    }
}

#[test]
fn paused_replicas_pause_whatever_paused_says() {
    for (text, expected) in [
        ("3", PausedReplicas::Set(3)),
        ("-1", PausedReplicas::Set(-1)),
        (
            "3000000000",
            PausedReplicas::Invalid("3000000000".to_owned()),
        ),
        ("", PausedReplicas::Invalid(String::new())),
    ] {
        let object = with_annotations(json!({
            "autoscaling.keda.sh/paused": "false",
            "autoscaling.keda.sh/paused-replicas": text,
        }));
        assert_eq!(object.pause(), Pause::Full(expected), "{text:?}");
    }
}

#[test]
fn one_direction_held_is_shown_and_no_full_pause() {
    let object = with_annotations(json!({ "autoscaling.keda.sh/paused-scale-in": "true" }));
    let pause = object.pause();
    let held = OneWay {
        scale_in: true,
        scale_out: false,
    };
    assert_eq!(pause, Pause::Runs(held));
    assert!(pause.is_shown() && !pause.is_full());
}

#[test]
fn a_scaled_job_knows_only_paused() {
    let annotations = json!({ "metadata": { "annotations": {
        "autoscaling.keda.sh/paused-replicas": "3",
        "autoscaling.keda.sh/paused-scale-in": "true",
    }}});
    let job = ScaledJob::read(&annotations).unwrap();
    assert_eq!(job.pause(), Pause::Runs(OneWay::default()));
}

#[test]
fn the_older_field_of_a_rollout_wins() {
    let table = [
        (json!({}), RolloutStrategy::Immediate),
        (
            json!({ "rollout": { "strategy": "gradual" } }),
            RolloutStrategy::Gradual,
        ),
        (
            json!({ "rolloutStrategy": "immediate", "rollout": { "strategy": "gradual" } }),
            RolloutStrategy::Immediate,
        ),
    ];
    for (spec, expected) in table {
        let job = ScaledJob::read(&json!({ "spec": spec })).unwrap();
        assert_eq!(job.spec.rollout_or_default(), expected);
    }
}

#[test]
fn unknown_strategies_act_like_the_default() {
    let spec = json!({ "scalingStrategy": {
        "strategy": "Eager", "multipleScalersCalculation": "most",
    }});
    let job = ScaledJob::read(&json!({ "spec": spec })).unwrap();
    let strategy = &job.spec.scaling_strategy;
    assert_eq!(strategy.strategy_or_default(), Strategy::Default);
    assert_eq!(strategy.multiple_scalers_or_default(), MultipleScalers::Max);
}

#[test]
fn a_status_is_read_whole() {
    let object = json!({ "status": {
        "conditions": [{ "type": "Fallback", "status": "True", "reason": "FallbackExists" }],
        "health": { "s0-kafka": { "numberOfFailures": 4, "status": "Failing" } },
        "hpaName": "keda-hpa-orders",
        "lastActiveTime": "2026-08-01T10:00:00Z",
        "pausedReplicaCount": 2,
        "triggersActivity": { "s0-kafka": { "isActive": true } },
    }});
    let status = ScaledObject::read(&object).unwrap().status;
    let fallback = status.condition(&ConditionKind::Fallback).unwrap();
    assert_eq!(fallback.status, Some(ConditionStatus::True));
    assert_eq!(status.condition(&ConditionKind::Ready), None);
    assert_eq!(status.health["s0-kafka"].failures, Some(4));
    assert_eq!(
        status.health["s0-kafka"].status,
        Some(HealthStatus::Failing)
    );
    assert!(status.triggers_activity["s0-kafka"].is_active);
    assert_eq!(status.paused_replica_count, Some(2));
    assert_eq!(
        status.last_active.unwrap().to_string(),
        "2026-08-01T10:00:00Z"
    );
}

#[test]
fn a_token_in_the_clear_is_not_kept_and_not_told() {
    let object = |token: Value| json!({ "spec": { "hashiCorpVault": { "credential": { "token": token } } } });
    let read = TriggerAuthentication::read(&object(json!("hush"))).unwrap();
    assert!(!format!("{read:?}").contains("hush"));
    let errors = TriggerAuthentication::read(&object(json!(["hush"]))).unwrap_err();
    assert!(!errors.to_string().contains("hush"), "{errors}");
}

#[test]
fn a_file_of_the_operator_is_for_the_cluster_wide_kind() {
    for (kind, fails) in [
        ("TriggerAuthentication", true),
        ("ClusterTriggerAuthentication", false),
    ] {
        let object = json!({ "kind": kind, "spec": { "filePath": "creds.json" } });
        let read = TriggerAuthentication::read(&object).unwrap();
        assert_eq!(read.fails_when_resolved().is_some(), fails, "{kind}");
    }
}

#[test]
fn modifiers_are_used_once_any_field_of_them_is_filled() {
    let table = [
        (json!({}), false),
        (json!({ "scalingModifiers": {} }), false),
        (json!({ "scalingModifiers": { "formula": "" } }), false),
        (
            json!({ "scalingModifiers": { "activationTarget": "2" } }),
            true,
        ),
        (
            json!({ "scalingModifiers": { "metricType": "Value" } }),
            true,
        ),
    ];
    for (advanced, is_used) in table {
        let object = json!({ "spec": { "advanced": advanced } });
        let object = ScaledObject::read(&object).unwrap();
        assert_eq!(
            object.spec.used_modifiers().is_some(),
            is_used,
            "{advanced}"
        );
    }
}

fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::strategy::Strategy;

    let keys = prop::sample::select(vec![
        "spec",
        "triggers",
        "metadata",
        "advanced",
        "scalingModifiers",
        "type",
        "name",
        "status",
        "annotations",
        "fallback",
        "conditions",
        "health",
        "minReplicaCount",
        "podIdentity",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys.clone(), inner, 0..6).prop_map(|it| it
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn reading_anything_gives_an_object_or_paths_that_are_there(value in any_json()) {
        let errors = [
            ScaledObject::read(&value).err(),
            ScaledJob::read(&value).err(),
            TriggerAuthentication::read(&value).err(),
        ];
        for error in errors.into_iter().flatten().flat_map(|it| it.0) {
            prop_assert!(value.pointer(&error.path.pointer()).is_some(), "{error}");
        }
    }
}

#[test]
fn fields_that_a_kind_does_not_have_are_named_with_those_that_it_has() {
    let object = json!({
        "kind": "ScaledObject", "extra": 1, "metadata": { "anything": 1 },
        "spec": { "scaleTargetRef": { "nmae": "web" }, "metricsServer": {},
            "triggers": [{ "type": "cpu", "metdata": {}, "metadata": { "any": "1" } }] },
    });
    let found = unknown_fields(&object);
    let paths: Vec<String> = found.iter().map(|it| it.path.to_string()).collect();
    let expected = [
        "extra",
        "spec.metricsServer",
        "spec.scaleTargetRef.nmae",
        "spec.triggers[0].metdata",
    ];
    assert_eq!(paths, expected);
    assert!(found[2].known.contains(&"name"));
    assert!(unknown_fields(&json!({ "kind": "Pod", "extra": 1 })).is_empty());
}
