use proptest::prelude::{prop_assert, proptest};
use serde_json::json;

use super::testing::{DAY, Scene, autoscaler, spec, workload};
use super::*;
use crate::history::Metric;
use crate::keda::objects::keys;
use crate::lifecycle::step::Verdict;
use crate::units::Replicas;
use jiff::SignedDuration;

/// Forty items in the first ten minutes of each hour, and now and then one.
fn hourly(at: usize) -> f64 {
    if at % 12 < 2 { 20.0 } else { 0.5 }
}

fn recommended(assessment: Assessment) -> Recommendation {
    match assessment.outcome {
        Outcome::Recommended(it) => *it,
        other => panic!("{other:?}, {:?}", assessment.evidence),
    }
}

fn why(scene: &Scene) -> String {
    match scene.assess().outcome {
        Outcome::Withheld { why } | Outcome::Skipped { why } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pause_that_nobody_ends_is_found() {
    let mut scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    let messages = |scene: &Scene| -> Vec<String> {
        let findings = scene.assess().findings.into_iter();
        findings.map(|it| it.message).collect()
    };
    assert_eq!(messages(&scene), Vec::<String>::new());
    let job = scene.autoscaler.jobs.as_mut().unwrap();
    let annotations = &mut std::sync::Arc::make_mut(job).metadata.annotations;
    annotations.insert(keys::PAUSED.to_owned(), "true".to_owned());
    let expected = "the pause by autoscaling.keda.sh/paused has no time that anybody kept: no jobs \
                    are made";
    assert_eq!(messages(&scene), [expected]);
}

#[test]
fn its_queue_and_its_jobs_can_be_drawn() {
    use crate::analysis::portrait::{Detail, Unit};
    let mut scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    scene.settings.portrait = Some(Detail::Every);
    let assessment = scene.assess();
    let portrait = assessment.portrait.clone().unwrap();
    let proof = recommended(assessment).proof;
    let queue = &portrait.loads[0];
    assert_eq!((queue.unit, queue.is_scaled_by), (Unit::Value, true));
    let running = scene.history.get(&Metric::ReadyReplicas).unwrap();
    let ready = portrait.ready.as_ref().unwrap();
    let same = |at: usize| ready.mean(at) == running.at(portrait.time(at));
    assert!((0..portrait.points).all(same));
    let today = portrait.today.as_ref().unwrap();
    assert_eq!(
        (today.len(), today.mean(0), today.peak()),
        (portrait.points, None, Some(4.0))
    );
    assert!(portrait.proposed.unwrap().peak() > Some(4.0));
    assert_eq!(portrait.figures.unwrap().jobs, proof.jobs);
}

#[test]
fn a_maximum_that_keeps_back_jobs_is_raised() {
    let scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    let assessment = scene.assess();
    let fidelity = assessment.evidence.fidelity.unwrap();
    assert!(fidelity.fit() != Fit::Poor, "{fidelity:?}");
    let recommendation = recommended(assessment);
    let today = Settings::of(&scene.autoscaler);
    let fields = recommendation.proposed.changes(&today);
    assert_eq!(fields, [crate::analysis::settings::Field::MaxReplicas]);
    assert!(recommendation.proposed.max_replicas > Replicas(4));
    let proof = recommendation.proof.jobs.unwrap();
    assert!(proof.proposed.p95_wait_seconds <= proof.today.p95_wait_seconds / 2.0);
    assert!(proof.held_back.is_none() || proof.proposed.items_done > 0);
    assert!(recommendation.because[0].starts_with("maximum 4 to "));
    assert_eq!(
        recommendation.risk.level,
        crate::analysis::assessment::RiskLevel::High
    );
}

#[test]
fn what_hardly_waits_is_left_alone() {
    let scene = Scene::new(&spec(100, 15, "default"), false, |_| 2.0);
    assert_eq!(scene.assess().outcome, Outcome::NoChange);
}

#[test]
fn a_course_holds_for_jobs_too() {
    let mut scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    scene.settings.course = crate::analysis::Course::OnlyLower;
    assert_eq!(scene.assess().outcome, Outcome::NoChange);
}

#[test]
fn what_is_not_known_is_named() {
    let scene = || Scene::new(&spec(4, 30, "default"), false, hourly);
    let table = [
        (Metric::Trigger(0), "nothing is known of trigger 0"),
        (Metric::ReadyReplicas, "how many jobs ran is not known"),
        (Metric::JobDuration, "durations of jobs are unknown"),
    ];
    for (metric, expected) in table {
        let why = why(&scene().without(&metric));
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn what_is_not_replayed_is_named() {
    let scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut spec = spec(4, 30, "default");
        change(&mut spec);
        let changed = Scene {
            autoscaler: autoscaler(&spec),
            history: scene.history.clone(),
            settings: scene.settings.clone(),
            ..scene
        };
        why(&changed)
    };
    let trigger = json!({ "type": "prometheus", "metadata": {} });
    let two = json!([trigger, trigger]);
    assert_eq!(
        with(&|it| it["triggers"] = two.clone()),
        "has 2 queues, and only one is replayed"
    );
    let cpu = json!([{ "type": "cpu", "metadata": {} }]);
    assert_eq!(
        with(&|it| it["triggers"] = cpu.clone()),
        "no trigger but cpu and memory, which make no jobs"
    );
}

#[test]
fn too_little_history_is_not_judged() {
    let mut scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    scene.settings.min_history = SignedDuration::from_hours(14 * 24);
    let outcome = scene.assess().outcome;
    assert!(
        matches!(outcome, Outcome::NotEnoughHistory { .. }),
        "{outcome:?}"
    );
}

#[test]
fn a_queue_that_forgets_what_is_taken_is_known_by_what_ran() {
    let scene = Scene::new(&spec(100, 30, "accurate"), false, hourly);
    let model = Model::of(&scene.autoscaler).unwrap();
    let window = SignedDuration::MAX;
    let past = Past::of(&model, &workload(), &scene.history, window, scene.now).unwrap();
    let today = Settings::of(&scene.autoscaler);
    let fitted = Trials::new(&model, &past, 0.0).fitted(&today, usize::MAX);
    assert!(!fitted.unwrap().1.shows_taken);
}

fn input<'a>(
    scene: &'a Scene,
    old: &'a Settings,
    workload: &'a Workload,
    applied: Timestamp,
) -> crate::analysis::verification::Input<'a> {
    crate::analysis::verification::Input {
        autoscaler: &scene.autoscaler,
        old,
        workload,
        history: &scene.history,
        applied,
        now: scene.now,
        margins: crate::analysis::verification::Margins::default(),
        objectives: &[],
    }
}

/// Two days under `before`, then one under `after`.
fn changed(before: u32, after: u32) -> (Scene, Settings) {
    let old = autoscaler(&spec(before, 30, "default"));
    let new = autoscaler(&spec(after, 30, "default"));
    let held = |at: usize| {
        if at < 2 * DAY {
            old.clone()
        } else {
            new.clone()
        }
    };
    let scene = Scene::of_all(new.clone(), 3 * DAY, false, hourly, held);
    let settings = Settings::of(&old);
    (scene, settings)
}

fn verdict(scene: &Scene, old: &Settings) -> Verdict {
    let applied = scene.start + SignedDuration::from_hours(48);
    let workload = workload();
    verification::verify(&input(scene, old, &workload, applied)).verdict
}

#[test]
fn a_change_that_lets_more_wait_is_degraded_and_one_that_lets_less_wait_is_healthy() {
    let (scene, old) = changed(4, 16);
    let found = verdict(&scene, &old);
    assert!(matches!(found, Verdict::Healthy { .. }), "{found:?}");
    let (scene, old) = changed(16, 4);
    let found = verdict(&scene, &old);
    assert!(matches!(found, Verdict::Degraded { .. }), "{found:?}");
}

#[test]
fn jobs_that_fail_after_a_change_speak_against_it() {
    let (mut scene, old) = changed(4, 16);
    let grid = scene.history.get(&Metric::Trigger(0)).unwrap().grid();
    let failed = (0..grid.len()).map(|at| Some(at.saturating_sub(2 * DAY + 10).min(6) as f64));
    let failed = crate::series::Series::from_values(grid, failed);
    scene.history.insert(Metric::FailedJobs, failed);
    let Verdict::Degraded { detail } = verdict(&scene, &old) else {
        panic!("not degraded");
    };
    assert!(detail.starts_with("6 jobs failed"), "{detail}");
}

#[test]
fn nothing_is_said_where_the_trigger_is_silent() {
    let (scene, old) = changed(4, 16);
    let scene = scene.without(&Metric::Trigger(0));
    let found = verdict(&scene, &old);
    assert!(matches!(found, Verdict::Error { .. }), "{found:?}");
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]

    #[test]
    fn all_that_came_is_found_again(
        items in proptest::collection::vec(0.0..8.0_f64, 24), shows_taken in proptest::bool::ANY,
    ) {
        let scene = Scene::new(&spec(100, 30, "default"), shows_taken, |at| items[at % 24]);
        let model = Model::of(&scene.autoscaler).unwrap();
        let window = SignedDuration::MAX;
        let past = Past::of(&model, &workload(), &scene.history, window, scene.now).unwrap();
        let found: f64 = past.arrivals(1, shows_taken).iter().flatten().sum::<f64>() * 300.0;
        let came: f64 = (0..3 * DAY - 1).map(|at| items[at % 24]).sum();
        prop_assert!((found - came).abs() <= 0.1 * came + 10.0, "{found} of {came}");
    }

    #[test]
    fn nothing_that_may_be_written_makes_an_assessment_fail(
        max in 1..i32::MAX, min in 0..i32::MAX, polling in 1..i32::MAX, items in 0.0..50.0_f64,
    ) {
        let mut spec = spec(4, 30, "eager");
        spec["maxReplicaCount"] = json!(max);
        spec["minReplicaCount"] = json!(min % 50);
        spec["pollingInterval"] = json!(polling);
        let autoscaler = autoscaler(&spec);
        let held = autoscaler.clone();
        let come = |at: usize| if at < 12 { items } else { 0.0 };
        let mut scene = Scene::of_all(autoscaler, 36, false, come, |_| held.clone());
        scene.settings.min_history = SignedDuration::from_hours(1);
        let assessment = scene.assess();
        prop_assert!(assessment.evidence.coverage >= 0.99);
    }
}
