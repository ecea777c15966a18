//! What is said of objects that are well.

use serde_json::{Value, json};

use super::*;
use crate::analysis::testing::{DAY, Scene, daily};
use crate::keda::objects::keys;

/// Findings that need more than a field of the object to be made.
const OF_KEDA: [Code; 8] = [
    Code::ActivationFlapping,
    Code::ThresholdUnreachable,
    Code::MaxAbovePartitions,
    Code::ScaleToZeroCandidate,
    Code::PollingTooSlow,
    Code::HpaBesideScaledobject,
    Code::PausedAndForgotten,
    Code::AuthUnusedOrMissing,
];

fn kafka() -> Value {
    json!({"type": "kafka", "metadata": {"bootstrapServers": "b:9092", "consumerGroup": "orders",
        "topic": "orders", "lagThreshold": "10"}})
}

/// Numbers that look like chance and are the same in every run.
fn noise(at: usize) -> f64 {
    let mixed = (at as u64)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}

fn office_hours(at: usize) -> f64 {
    match at % DAY {
        96..216 => 20.0 + 40.0 * noise(at),
        _ => 0.0,
    }
}

/// Ten minutes of work every hour.
fn hourly(at: usize) -> f64 {
    if at % 12 < 2 { 30.0 } else { 0.0 }
}

fn always(at: usize) -> f64 {
    12.0 + 50.0 * daily(at) + 10.0 * noise(at)
}

#[test]
fn objects_that_are_well_get_no_finding_of_kedas() {
    let two = json!([Scene::trigger("10", "5"), {"type": "cpu", "metricType": "Utilization",
        "metadata": {"value": "70"}}]);
    type Load = fn(usize) -> f64;
    let table: [(Value, Load); 9] = [
        (json!({}), office_hours),
        (json!({}), hourly),
        (json!({"minReplicaCount": 2, "maxReplicaCount": 12}), always),
        (
            json!({"minReplicaCount": 1, "idleReplicaCount": 0}),
            office_hours,
        ),
        (
            json!({"pollingInterval": 60, "cooldownPeriod": 900}),
            office_hours,
        ),
        (json!({"minReplicaCount": 1, "triggers": two}), always),
        (
            json!({"triggers": [kafka()], "maxReplicaCount": 12}),
            |at| always(at).floor(),
        ),
        (json!({"triggers": [kafka()]}), |at| {
            office_hours(at).floor()
        }),
        // Nothing was ever there to do.
        (json!({"triggers": [Scene::trigger("10", "50")]}), |_| 0.0),
    ];
    for (spec, value) in table {
        let mut scene = Scene::triggered(spec.clone(), value);
        let told = |scene: &Scene| -> Vec<Finding> {
            let all = scene.assess().findings.into_iter();
            all.filter(|it| OF_KEDA.contains(&it.code)).collect()
        };
        assert_eq!(told(&scene), [], "{spec}");
        scene.annotate(keys::PAUSED, "true");
        scene.annotated_before(keys::PAUSED, 2);
        assert_eq!(told(&scene), [], "paused: {spec}");
    }
}

#[test]
fn without_history_nothing_is_said_of_it() {
    let mut scene = Scene::triggered(json!({"pollingInterval": 300}), hourly);
    let codes = |scene: &Scene| -> Vec<Code> {
        let findings = scene.assess().findings;
        findings.iter().map(|it| it.code).collect()
    };
    let with_history = [Code::NeverScales, Code::NoFallback, Code::PollingTooSlow];
    assert_eq!(codes(&scene), with_history);
    scene.now -= jiff::SignedDuration::from_hours(24 * 8);
    assert_eq!(codes(&scene), [Code::NoFallback]);
    scene.history = History::default();
    assert_eq!(codes(&scene), [Code::NoFallback]);
}
