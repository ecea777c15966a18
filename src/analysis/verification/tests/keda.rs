//! Changes of ScaledObjects, held against a replay of KEDA under the old settings.

use super::*;

/// Ten to ninety messages, the most at noon, on one to nine pods.
fn messages(at: usize) -> f64 {
    10.0 + 80.0 * daily(at)
}

/// The scene of [`messages`] with `most` pods at most since the morning of the last day.
fn capped(most: f64) -> Scene {
    let mut scene = Scene::queue(messages);
    for metric in [Metric::DesiredReplicas, Metric::ReadyReplicas] {
        let series = scene.history.get(&metric).unwrap().clone();
        scene.insert(metric, TWO_WEEKS, |at| {
            let count = series.get(at).unwrap();
            if at > MORNING { count.min(most) } else { count }
        });
    }
    scene
}

#[test]
fn what_changed_nothing_is_compared_and_costs_the_same() {
    let trial = Trial::of(Scene::queue(messages), MORNING, PROBATION);
    let verification = trial.verify();
    let measured = &verification.measured;
    assert_eq!(measured.not_compared, None);
    let fidelity = measured.fidelity.unwrap();
    assert_eq!(fidelity.mean_absolute_error, 0.0);
    assert_eq!(measured.saving.unwrap().share, 0.0);
    assert!(!matches!(verification.verdict, Verdict::Degraded { .. }));
}

#[test]
fn pods_that_triggers_called_for_and_a_change_took_away_are_harm() {
    let mut scene = capped(2.0);
    scene.subject.autoscaler.max = Replicas(2);
    let (letter, said) = Trial::of(scene, MORNING, PROBATION)
        .limits_were(0, 10)
        .said();
    assert_eq!(letter, 'D', "{said}");
    assert!(
        said.contains("min of pods that triggers called for"),
        "{said}"
    );
}

#[test]
fn a_higher_threshold_is_not_held_against_the_lower_one_that_was() {
    let mut scene = Scene::queue(messages);
    let mut settings = Settings::of(&scene.subject.autoscaler);
    let old = settings.clone();
    let keda = settings.keda.as_mut().unwrap();
    keda.trigger_thresholds.insert(0, "20".to_owned());
    scene.subject.autoscaler = settings.apply(&scene.subject.autoscaler);
    let doubled = scene.clone().obeyed();
    for metric in [Metric::DesiredReplicas, Metric::ReadyReplicas] {
        let (before, after) = (scene.history.get(&metric), doubled.history.get(&metric));
        let (before, after) = (before.unwrap().clone(), after.unwrap().clone());
        scene.insert(metric, TWO_WEEKS, |at| {
            let series = if at > MORNING { &after } else { &before };
            series.get(at).unwrap()
        });
    }
    let mut trial = Trial::of(scene, MORNING, PROBATION);
    trial.old = old;
    let verification = trial.verify();
    assert!(
        !matches!(verification.verdict, Verdict::Degraded { .. }),
        "{verification:?}"
    );
    let share = verification.measured.saving.unwrap().share;
    assert!((0.3..0.6).contains(&share), "{share}");
}

#[test]
fn a_workload_that_rests_is_known_to() {
    // Nothing to do by night: what is before the change is known all the same.
    let night = |at: usize| if at % DAY < 96 { 0.0 } else { 30.0 };
    let trial = Trial::of(Scene::queue(night), MORNING, PROBATION);
    let window = Window::of(&Input {
        autoscaler: &trial.scene.subject.autoscaler,
        old: &trial.old,
        workload: trial.scene.subject.workload.as_ref().unwrap(),
        history: &trial.scene.history,
        applied: trial.scene.history.grid().unwrap().time(MORNING),
        now: trial.scene.now,
        margins: Margins::default(),
        objectives: &[],
    });
    assert_eq!(window.counted(window.before.clone()), MORNING + 1);
    assert_eq!(window.ready[DAY + 50], 0.0);
    assert_eq!(trial.verify().measured.not_compared, None);
}
