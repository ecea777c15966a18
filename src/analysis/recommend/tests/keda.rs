//! Which settings are chosen for ScaledObjects with one fault each.

use serde_json::json;

use crate::analysis::Course;
use crate::analysis::assessment::{Outcome, Recommendation, RiskLevel};
use crate::analysis::settings::keda::Fallback;
use crate::analysis::testing::{DAY, Scene, daily};

fn recommended(scene: &Scene) -> Recommendation {
    match scene.assess().outcome {
        Outcome::Recommended(it) => *it,
        other => panic!("{other:?}"),
    }
}

/// Ten to ninety messages, without a jump.
fn smooth(at: usize) -> f64 {
    10.0 + 80.0 * daily(at)
}

#[test]
fn what_is_set_well_is_left_alone() {
    let scene = Scene::queue_of(json!({"minReplicaCount": 1}), |at| 10.0 + 80.0 * daily(at));
    let mut scene = scene;
    // Messages that keep their pods busy.
    let ready = scene
        .history
        .get(&crate::history::Metric::ReadyReplicas)
        .unwrap()
        .clone();
    scene.insert(crate::history::Metric::CpuUsage, ready.len(), |at| {
        ready.get(at).unwrap() * 0.3
    });
    assert_eq!(scene.assess().outcome, Outcome::NoChange);
}

#[test]
fn a_missing_fallback_is_added_for_what_was_called_for() {
    let fields = json!({"minReplicaCount": 1, "fallback": null});
    let mut scene = Scene::queue_of(fields, smooth);
    let ready = scene
        .history
        .get(&crate::history::Metric::ReadyReplicas)
        .unwrap()
        .clone();
    scene.insert(crate::history::Metric::CpuUsage, ready.len(), |at| {
        ready.get(at).unwrap() * 0.3
    });
    let it = recommended(&scene);
    let fallback = Fallback {
        failure_threshold: 3,
        replicas: 9,
        behavior: None,
    };
    assert_eq!(it.proposed.keda.unwrap().fallback, Some(fallback));
    assert_eq!(it.because.len(), 1);
    assert!(it.because[0].starts_with("fallback of 9 replicas after 3 failures"));
    scene.settings.course = Course::OnlyLower;
    assert_eq!(scene.assess().outcome, Outcome::NoChange);
}

#[test]
fn a_threshold_that_keeps_idle_pods_is_raised_as_far_as_they_can_do_more() {
    // A pod for every message, which takes a fiftieth of what a pod requests.
    let triggers = json!([{"type": "rabbitmq", "metadata": {"queueName": "q", "value": "1"}}]);
    let fields = json!({"minReplicaCount": 1, "maxReplicaCount": 100, "triggers": triggers});
    let scene = Scene::queue_of(fields, smooth);
    let it = recommended(&scene);
    let keda = it.proposed.keda.as_ref().unwrap();
    assert_eq!(keda.trigger_thresholds[&0], "2");
    assert!(it.proof.saving() > 0.4, "{}", it.proof.saving());
    assert!(it.risk.level >= RiskLevel::Medium);
    assert!(it.because[0].starts_with("threshold of trigger 0 1 to 2: "));
}

#[test]
fn a_cooldown_far_beyond_the_load_is_shortened() {
    // Half an hour of load at eight in the morning, and pods until noon.
    let messages = |at: usize| {
        if (96..102).contains(&(at % DAY)) {
            20.0
        } else {
            0.0
        }
    };
    let scene = Scene::queue_of(json!({"cooldownPeriod": 14_400}), messages);
    let it = recommended(&scene);
    assert_eq!(it.proposed.keda.as_ref().unwrap().cooldown_period_s, 300);
    assert!(it.proof.saving() > 0.5, "{}", it.proof.saving());
}

#[test]
fn pods_that_wake_too_often_are_kept() {
    // Every twenty minutes five minutes of load, for which pods start for two.
    let messages = |at: usize| if at.is_multiple_of(4) { 30.0 } else { 0.0 };
    let mut scene = Scene::queue_of(json!({"cooldownPeriod": 60}), messages);
    scene.workload().startup_seconds = vec![120.0];
    let scene = scene.obeyed();
    let it = recommended(&scene);
    let (before, after) = (
        it.proof.today.need.unwrap(),
        it.proof.proposed.need.unwrap(),
    );
    assert!(after.shortfall_minutes < before.shortfall_minutes / 2.0);
}

#[test]
fn a_minimum_of_one_is_not_lowered_to_zero_and_one_of_eight_not_to_one() {
    let idle = |_| 0.0;
    for (min, expected) in [(1, 1), (8, 2)] {
        let scene = Scene::queue_of(json!({"minReplicaCount": min}), idle);
        let assessment = scene.assess();
        let to = match assessment.outcome {
            Outcome::Recommended(it) => it.proposed.min_replicas.0,
            Outcome::NoChange => assessment.today.min_replicas.0,
            other => panic!("{other:?}"),
        };
        assert_eq!(to, expected);
    }
}

#[test]
fn without_any_usage_the_need_alone_is_judged() {
    let mut scene = Scene::queue_of(json!({"cooldownPeriod": 14_400}), |at| {
        if (96..102).contains(&(at % DAY)) {
            20.0
        } else {
            0.0
        }
    });
    scene.history = std::mem::take(&mut scene.history)
        .only(|it| !matches!(it, crate::history::Metric::CpuUsage));
    let it = recommended(&scene);
    assert_eq!(it.proposed.keda.as_ref().unwrap().cooldown_period_s, 300);
    assert_eq!(it.proof.today.shortfall_core_minutes, 0.0);
}
