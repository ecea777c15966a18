//! The settings of KEDA's kinds.

use super::*;
use crate::lifecycle::diff::in_words;

const SO: AutoscalerKind = AutoscalerKind::ScaledObject;
const SJ: AutoscalerKind = AutoscalerKind::ScaledJob;

fn prometheus() -> Value {
    json!({"type": "prometheus", "name": "load", "authenticationRef": {"name": "a"},
        "metadata": {"serverAddress": "http://p", "query": "sum(x)", "threshold": "100"},
        "newer": {"field": [1]}})
}

fn cpu_trigger(value: &str) -> Value {
    json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": value}})
}

fn cron() -> Value {
    json!({"type": "cron", "metadata": {"timezone": "UTC", "start": "0 8 * * *",
        "end": "0 18 * * *", "desiredReplicas": "4"}})
}

fn scaled_object(spec: Value) -> Value {
    json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": {"name": "orders", "namespace": "shop"}, "spec": spec})
}

fn now(object: &Value, kind: AutoscalerKind, key: Key) -> Value {
    live(object, kind, &setting(key, json!(1), json!(2))).unwrap()
}

#[test]
fn what_is_left_out_has_the_default_of_keda() {
    let bare = scaled_object(json!({"triggers": [cron()]}));
    let table = [
        (Key::MinReplicas, json!(0)),
        (Key::MaxReplicas, json!(100)),
        (Key::TargetCpuPct, json!(null)),
        (Key::ScaleDownCooldownS, json!(300)),
        (Key::ScaleUpPolicies, json!(null)),
        (Key::TriggerThresholds, json!(null)),
        (Key::CooldownPeriodS, json!(300)),
        (Key::PollingIntervalS, json!(30)),
        (Key::Fallback, json!(null)),
    ];
    for (key, expected) in table {
        assert_eq!(now(&bare, SO, key), expected, "{key}");
    }
    assert_eq!(now(&bare, SJ, Key::ScalingStrategy), json!(null));
    let none = live(
        &bare,
        SJ,
        &setting(Key::CooldownPeriodS, json!(1), json!(2)),
    );
    assert_eq!(
        none.unwrap_err().to_string(),
        "ScaledJob has no setting cooldown_period_s"
    );
}

#[test]
fn triggers_are_written_whole_with_one_number_changed() {
    let object = scaled_object(json!({"scaleTargetRef": {"name": "orders"},
        "triggers": [prometheus(), cron(), cpu_trigger("60")]}));
    assert_eq!(
        now(&object, SO, Key::TriggerThresholds),
        json!({"0": "100"})
    );
    assert_eq!(now(&object, SO, Key::TargetCpuPct), json!(60));
    let thresholds = setting(
        Key::TriggerThresholds,
        json!({"0": "100"}),
        json!({"0": "80"}),
    );
    let body = configuration(&object, SO, &[thresholds]).unwrap();
    let mut other = prometheus();
    other["metadata"]["threshold"] = json!("80");
    assert_eq!(
        body,
        scaled_object(json!({"triggers": [other, cron(), cpu_trigger("60")]}))
    );
    let cpu = setting(Key::TargetCpuPct, json!(60), json!(75));
    let body = configuration(&object, SO, &[cpu]).unwrap();
    assert_eq!(
        body["spec"]["triggers"],
        json!([prometheus(), cron(), cpu_trigger("75")])
    );
}

#[test]
fn each_type_has_its_own_threshold_and_some_a_default() {
    let trigger = |kind: &str, metadata: Value| json!({"type": kind, "metadata": metadata});
    let triggers = [
        trigger("rabbitmq", json!({"queueName": "q", "value": "20"})),
        trigger("kafka", json!({"topic": "t"})),
        trigger("aws-sqs-queue", json!({"queueLength": "9"})),
        cron(),
    ];
    let object = scaled_object(json!({"triggers": triggers}));
    let all = json!({"0": "20", "1": "10", "2": "9"});
    assert_eq!(now(&object, SO, Key::TriggerThresholds), all);
    let to = json!({"0": "12.5", "1": "7", "2": "9"});
    let changed = setting(Key::TriggerThresholds, all.clone(), to.clone());
    let body = configuration(&object, SO, &[changed]).unwrap();
    let written = &body["spec"]["triggers"];
    assert_eq!(written[0]["metadata"]["value"], "12.5");
    assert_eq!(written[1]["metadata"]["lagThreshold"], "7");
    assert_eq!(written[3], cron());
    // Only whole numbers count messages of Kafka.
    let odd = setting(Key::TriggerThresholds, all, json!({"1": "7.5"}));
    assert!(configuration(&object, SO, &[odd]).is_err());
}

#[test]
fn thresholds_and_targets_that_change_are_both_written() {
    let object = scaled_object(json!({"triggers": [prometheus(), cpu_trigger("60")]}));
    let both = [
        setting(Key::TargetCpuPct, json!(60), json!(75)),
        setting(
            Key::TriggerThresholds,
            json!({"0": "100"}),
            json!({"0": "80"}),
        ),
    ];
    let body = configuration(&object, SO, &both).unwrap();
    let triggers = &body["spec"]["triggers"];
    assert_eq!(triggers[0]["metadata"]["threshold"], "80");
    assert_eq!(triggers[1]["metadata"]["value"], "75");
}

#[test]
fn what_keda_refuses_is_not_sent() {
    let object = scaled_object(json!({"minReplicaCount": 2, "triggers": [prometheus(), cron()]}));
    let table = [
        (Key::MinReplicas, json!(101)),
        (Key::MaxReplicas, json!(0)),
        (Key::PollingIntervalS, json!(0)),
        (Key::CooldownPeriodS, json!("300")),
        (Key::Fallback, json!(null)),
        (Key::Fallback, json!({"replicas": 3})),
        (
            Key::Fallback,
            json!({"failureThreshold": -1, "replicas": 3}),
        ),
        (
            Key::Fallback,
            json!({"failureThreshold": 3, "replicas": 3, "behavior": "odd"}),
        ),
        (Key::TriggerThresholds, json!({"1": "5"})),
        (Key::TriggerThresholds, json!({"2": "5"})),
        (Key::TriggerThresholds, json!({"x": "5"})),
        (Key::TriggerThresholds, json!({"0": "0"})),
        (Key::TriggerThresholds, json!({"0": "NaN"})),
        (Key::TriggerThresholds, json!({"0": 5})),
        (Key::TriggerThresholds, json!(5)),
        (Key::TargetCpuPct, json!(60)),
    ];
    for (key, to) in table {
        let diff = [setting(key, json!(1), to.clone())];
        assert!(configuration(&object, SO, &diff).is_err(), "{key} {to}");
    }
    let job = json!({"kind": "ScaledJob", "spec": {"triggers": [prometheus()]}});
    for word in [json!("Eager"), json!(""), json!(null)] {
        let diff = [setting(Key::ScalingStrategy, json!(null), word)];
        assert!(configuration(&job, SJ, &diff).is_err());
    }
}

#[test]
fn a_fallback_that_others_made_is_taken_back_whole() {
    let fallback = json!({"failureThreshold": 3, "replicas": 6});
    let object = scaled_object(json!({"fallback": fallback, "triggers": [prometheus()]}));
    let made = setting(Key::Fallback, json!(null), fallback.clone());
    let changes = made_by_others(&object, SO, &[made]).unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (&*changes[0].path, &changes[0].from, changes[0].to.as_ref()),
        ("/spec/fallback", &None, Some(&fallback))
    );
    assert_eq!(in_words(&fallback), "failureThreshold 3, replicas 6");
    assert_eq!(
        in_words(&json!({"0": "100", "2": "5"})),
        "100 of trigger 0, 5 of trigger 2"
    );
}

#[test]
fn odd_triggers_are_no_reason_to_panic() {
    for triggers in [
        json!(null),
        json!(7),
        json!("x"),
        json!([7]),
        json!([{"type": 1}]),
    ] {
        let object = scaled_object(json!({"triggers": triggers}));
        for key in [Key::TriggerThresholds, Key::TargetCpuPct] {
            let _ = now(&object, SO, key);
            let diff = [setting(key, json!(null), json!({"0": "1"}))];
            assert!(configuration(&object, SO, &diff).is_err());
        }
    }
}
