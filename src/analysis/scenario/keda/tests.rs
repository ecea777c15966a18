//! Pasts of ScaledObjects, and what replays make of them.

use serde_json::json;

use super::super::triggers::Triggers;
use super::super::{RunScore, Scenario, Unreplayable};
use crate::analysis::fidelity::Fidelity;
use crate::analysis::settings::Settings;
use crate::analysis::testing::{DAY, Scene, TWO_WEEKS, plan};
use crate::autoscaler::Autoscaler;
use crate::history::Metric;
use crate::sim::demand::Shape;
use crate::units::Replicas;

/// Thirty messages from 08:00 to 16:00 or so, and none by night.
fn daily(at: usize) -> f64 {
    if (96..192).contains(&(at % DAY)) {
        30.0
    } else {
        0.0
    }
}

fn scenario(scene: &Scene) -> Result<Scenario, Unreplayable> {
    scene.ask(|case| {
        Scenario::of(
            case.autoscaler(),
            case.workload,
            case.history,
            case.load,
            0.1,
        )
    })
}

fn score(scenario: &Scenario, autoscaler: &Autoscaler) -> RunScore {
    let engine = scenario.engine(autoscaler);
    let days = scenario.scores(&engine, Shape::Linear, usize::MAX);
    days.iter().sum()
}

fn with(scene: &Scene, change: impl Fn(&mut Settings)) -> Autoscaler {
    let autoscaler = &scene.subject.autoscaler;
    let mut settings = Settings::of(autoscaler);
    change(&mut settings);
    settings.apply(autoscaler)
}

#[test]
fn a_queue_that_is_empty_at_night_costs_nothing_then_without_a_minimum() {
    let scene = Scene::queue(daily);
    let scenario = scenario(&scene).unwrap();
    let none = score(&scenario, &scene.subject.autoscaler);
    let one = score(&scenario, &with(&scene, |it| it.min_replicas = Replicas(1)));
    // Three pods for eight hours a day, and some minutes until they rest.
    let hours = none.replica_hours();
    assert!((14.0 * 24.0..14.0 * 26.0).contains(&hours), "{hours}");
    let saved = one.replica_hours() - hours;
    assert!((14.0 * 15.0..14.0 * 16.0).contains(&saved), "{saved}");
    assert_eq!(none.totals().need.map(|it| it.activations), Some(14));
    assert_eq!(one.totals().need.map(|it| it.activations), Some(0));
    // Who sleeps wakes late.
    let short = |it: &RunScore| it.need_shortfall().minutes;
    assert!(short(&none) > short(&one));
    assert_eq!(none.known_minutes(), 14.0 * 24.0 * 60.0);
}

#[test]
fn a_replay_repeats_what_the_same_controller_did() {
    let jagged = |at: usize| daily(at) + if at.is_multiple_of(7) { 25.0 } else { 0.0 };
    for fields in [
        json!({}),
        json!({"minReplicaCount": 2, "idleReplicaCount": 0}),
        json!({"cooldownPeriod": 1800, "pollingInterval": 10}),
    ] {
        let scene = Scene::queue_of(fields.clone(), jagged);
        let scenario = scenario(&scene).unwrap();
        let engine = scenario.engine(&scene.subject.autoscaler);
        let fidelity = Fidelity::best(&scenario, &engine, &[Shape::Linear]).unwrap();
        assert_eq!(fidelity.mean_absolute_error, 0.0, "{fields}");
        assert_eq!(fidelity.samples, TWO_WEEKS, "{fields}");
    }
}

#[test]
fn a_longer_cooldown_keeps_pods_and_spares_activations() {
    // Every half hour five minutes of load.
    let scene = Scene::queue(|at| if at % 6 == 0 { 10.0 } else { 0.0 });
    let scenario = scenario(&scene).unwrap();
    let with_cooldown = |seconds| {
        let change = |it: &mut Settings| it.keda.as_mut().unwrap().cooldown_period_s = seconds;
        score(&scenario, &with(&scene, change))
    };
    let (short, long) = (with_cooldown(300), with_cooldown(3600));
    assert!(long.replica_hours() > 1.5 * short.replica_hours());
    let activations = |it: &RunScore| it.totals().need.unwrap().activations;
    assert!(activations(&short) > 600, "{}", activations(&short));
    assert!(activations(&long) <= 1, "{}", activations(&long));
}

#[test]
fn a_gap_in_the_history_is_no_failure_of_the_source() {
    let mut scene = Scene::queue(|_| 30.0);
    let mut series = scene.history.get(&Metric::Trigger(0)).unwrap().clone();
    (500..600).for_each(|at| series.set(at, f64::NAN));
    scene.history.insert(Metric::Trigger(0), series);
    let scenario = scenario(&scene).unwrap();
    // Its fallback is of four replicas.
    let engine = scenario.engine(&scene.subject.autoscaler);
    let mut run = scenario.begin(&engine, Shape::Linear);
    while run.step(|_, _| {}) {
        assert_eq!(run.replicas(), 3);
    }
    let minutes = run.take_score().known_minutes();
    assert_eq!(minutes, (TWO_WEEKS - 100) as f64 * 5.0);
}

#[test]
fn what_is_known_of_no_trigger_is_named_or_left_out() {
    let rabbit = json!({"type": "rabbitmq", "metadata": {"queueName": "q", "value": "10"}});
    let kafka = json!({"type": "kafka", "metadata": {"topic": "t"}});
    let cpu = json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}});
    let of = |triggers, min| {
        let fields = json!({"minReplicaCount": min, "triggers": triggers});
        let mut scene = Scene::new(|_| 1.0, |_| 3.0).scaled(fields);
        scene.insert(Metric::Trigger(1), TWO_WEEKS, |_| 30.0);
        scenario(&scene).map(|it| it.left_out().to_vec())
    };
    let none = |name: &str| {
        let metrics = vec![name.to_owned()];
        Err(Unreplayable::NoMetric { metrics })
    };
    assert_eq!(of(json!([kafka]), 1), none("external metric s0-kafka"));
    let without = of(json!([kafka, rabbit]), 0);
    assert_eq!(without, Ok(vec!["external metric s0-kafka".to_owned()]));
    assert_eq!(
        of(json!([kafka, cpu]), 1),
        Ok(vec!["external metric s0-kafka".to_owned()])
    );
    // Whether it rests is what the queue decides.
    assert_eq!(of(json!([kafka, cpu]), 0), none("external metric s0-kafka"));
    assert_eq!(of(json!([cpu]), 1), Ok(Vec::new()));
}

#[test]
fn a_schedule_is_reckoned_and_a_formula_evaluated() {
    let cron = json!({"type": "cron", "metadata": {"timezone": "Etc/UTC", "start": "0 6 * * *",
        "end": "0 18 * * *", "desiredReplicas": "5"}});
    let scene = Scene::new(|_| 1.0, |_| 3.0).scaled(json!({"triggers": [cron]}));
    let found = score(&scenario(&scene).unwrap(), &scene.subject.autoscaler);
    let hours = found.replica_hours() / 14.0;
    assert!((60.0..61.0).contains(&hours), "{hours}");
    let queue = |name| json!({"type": "rabbitmq", "name": name, "metadata": {"queueName": "q", "value": "10"}});
    let formula = |text: &str| {
        let modifiers = json!({"formula": text, "target": "20"});
        let spec = json!({"triggers": [queue("a"), queue("b")],
            "advanced": {"scalingModifiers": modifiers}});
        let mut scene = Scene::new(|_| 1.0, |_| 3.0).scaled(spec);
        scene.insert(Metric::Trigger(0), TWO_WEEKS, |_| 30.0);
        scene.insert(Metric::Trigger(1), TWO_WEEKS, |_| 50.0);
        let scenario = scenario(&scene)?;
        let engine = scenario.engine(&scene.subject.autoscaler);
        let mut run = scenario.begin(&engine, Shape::Held);
        while run.step(|_, _| {}) {}
        Ok::<_, Unreplayable>(run.replicas())
    };
    assert_eq!(formula("a + b"), Ok(4));
    assert_eq!(formula("b - a"), Ok(1));
    assert!(matches!(formula("a +"), Err(Unreplayable::Formula { .. })));
}

#[test]
fn pods_of_unknown_capacity_are_judged_by_what_is_called_for() {
    let mut scene = Scene::queue(daily);
    for container in &mut scene.workload().containers {
        (container.cpu_request, container.cpu_limit) = (None, None);
    }
    let scenario = scenario(&scene).unwrap();
    let found = score(&scenario, &scene.subject.autoscaler);
    assert_eq!(found.demand().known, 0);
    assert!(found.need().is_some_and(|it| it.known > 0));
}

#[test]
fn a_lower_threshold_is_no_more_need_and_a_higher_one_no_less_served() {
    let scene = Scene::queue(daily);
    let scenario = scenario(&scene).unwrap();
    let with_threshold = |text: &str| {
        let change = |it: &mut Settings| {
            let keda = it.keda.as_mut().unwrap();
            keda.trigger_thresholds.insert(0, text.to_owned());
        };
        score(&scenario, &with(&scene, change))
    };
    let today = with_threshold("10");
    let (lower, higher) = (with_threshold("5"), with_threshold("30"));
    assert!(lower.replica_hours() > 1.9 * today.replica_hours());
    assert!(lower.need_shortfall().minutes <= today.need_shortfall().minutes);
    assert!(higher.replica_hours() < 0.4 * today.replica_hours());
    assert!(higher.need_shortfall().minutes <= today.need_shortfall().minutes);
}

#[test]
fn a_trigger_that_was_told_of_only_lately_takes_no_past_away_where_there_is_usage() {
    let cpu = json!({"type": "cpu", "metricType": "Utilization", "metadata": {"value": "70"}});
    let triggers = json!([Scene::trigger("10", "0"), cpu]);
    let spec = json!({"minReplicaCount": 1, "triggers": triggers});
    let mut scene = Scene::triggered(spec, |_| 20.0);
    let known = |scene: &Scene| -> (Vec<usize>, bool) {
        let places = scene.ask(|case| {
            let all = Triggers::of(case.autoscaler(), case.history, case.load.grid);
            all.places().collect()
        });
        (places, scene.assess().evidence.days > 13.0)
    };
    assert_eq!(known(&scene), (vec![0], true));
    scene.insert(Metric::Trigger(0), DAY, |_| 20.0);
    assert_eq!(known(&scene), (vec![], true));
}

/// KEDA's `cron` trigger is active in its window: it wakes what rests, and calls for no more pods than
/// the window keeps.
#[test]
fn a_window_wakes_an_object_and_is_no_need_of_its_own() {
    let scene = Scene::queue(daily);
    let scenario = scenario(&scene).unwrap();
    let plan = plan(&[("0 6 * * *", 60, 2)]);
    let with = with(&scene, |it| it.schedule = plan.clone());
    let (before, after) = (
        score(&scenario, &scene.subject.autoscaler),
        score(&scenario, &with),
    );
    // Two pods for an hour a day, and for the cooldown period of five minutes, of which they are left
    // one by the HPA for less.
    let more = after.replica_hours() - before.replica_hours();
    assert!((14.0 * 2.0..14.0 * 2.3).contains(&more), "{more}");
    let need = |it: &RunScore| it.totals().need.unwrap();
    let (need, after) = (need(&before), need(&after));
    assert_eq!(need.shortfall_minutes, after.shortfall_minutes);
    // Once by the window, and once more by the messages, since it rests in between.
    assert_eq!((need.activations, after.activations), (14, 28));
    let engine = scenario.engine(&with);
    let mut run = scenario.begin(&engine, Shape::Linear);
    let mut within = Vec::new();
    let mut at = 0;
    while run.step(|_, _| {}) {
        let time = scenario.time(at).to_string();
        if time.contains("T06:30:00") {
            within.push(run.replicas());
        }
        at += 1;
    }
    assert_eq!(within, [2; 14]);
}

/// What a window keeps beside the pods that load calls for anyway adds none.
#[test]
fn a_window_below_the_need_changes_nothing() {
    let scene = Scene::queue(daily);
    let scenario = scenario(&scene).unwrap();
    let plan = plan(&[("0 10 * * *", 120, 2)]);
    let with = with(&scene, |it| it.schedule = plan.clone());
    let (before, after) = (
        score(&scenario, &scene.subject.autoscaler),
        score(&scenario, &with),
    );
    assert_eq!(before.replica_hours(), after.replica_hours());
}
