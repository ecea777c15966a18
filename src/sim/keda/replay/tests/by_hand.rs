//! The loop polls every 30 s and the HPA syncs every 15 s, unless a case says otherwise.

use super::*;
use crate::sim::keda::annotations::Annotations;
use crate::sim::keda::formula::{EvaluationError, Formula, FormulaTarget};

#[test]
fn a_queue_wakes_the_target_and_it_sleeps_a_cooldown_after_the_last_activity() {
    let case = Case::new(LoopSettings::default(), vec![queue(0.0)]);
    let mut replay = case.replay(start(0));
    let found = changes(
        &mut replay,
        &[(1, Some(0.0)), (7, Some(45.0)), (60, Some(0.0))],
    );
    // The load of second 15 is seen by the poll of 30 s; the sync right after it wants 45 / 10.
    // An HPA without behavior goes to 4 at first. From 120 s on the load is gone: the poll of 90 s
    // was the last to see it, 300 s later nothing is over yet, and 330 s later it is. Until then
    // the HPA waits as well, since the sync of 105 s still counts for it at 405 s.
    assert_eq!(found, [(30, 1), (30, 4), (45, 5), (420, 0)]);
    let score = replay.score();
    assert_eq!(score.cold.activations, 1);
    // 40 s from the activation at 30 s, 55 s from the load at 15 s.
    let cold = (score.cold.starting, score.cold.waiting, score.cold.served);
    assert_eq!(cold, (40, 55, 1));
    assert_eq!(score.polls.active, 3);
    assert_eq!(score.seconds, 68 * 15);
    // From 15 s to 75 s, in which the first five pods serve: four syncs without enough pods.
    assert_eq!(score.pods.totals().shortfall_minutes, 1.0 + 0.25);
}

#[test]
fn activation_decides_about_zero_whatever_the_hpa_would_want() {
    let case = Case::new(LoopSettings::default(), vec![queue(50.0)]);
    let mut replay = case.replay(start(4));
    // Never active, so that no cooldown counts: the first poll ends it.
    let found = changes(&mut replay, &[(20, Some(40.0))]);
    assert_eq!(found, [(0, 0)]);
    assert_eq!(replay.score().pods.totals().shortfall_minutes, 0.0);
}

#[test]
fn idle_pods_are_lifted_to_the_minimum_and_sent_back() {
    let object = LoopSettings {
        min: 3,
        idle: Some(0),
        cooldown: SignedDuration::from_secs(60),
        ..LoopSettings::default()
    };
    let case = Case::new(object, vec![queue(0.0)]);
    let mut replay = case.replay(start(0));
    let found = changes(&mut replay, &[(4, Some(1.0)), (20, Some(0.0))]);
    // Active at 0 s and 30 s; the cooldown ends at 90 s, and strictly after it comes 120 s.
    assert_eq!(found, [(0, 3), (120, 0)]);
}

#[test]
fn a_broken_trigger_keeps_what_is_there() {
    let case = Case::new(LoopSettings::default(), vec![queue(0.0)]);
    let mut replay = case.replay(start(4));
    let found = changes(&mut replay, &[(2_000, None)]);
    assert_eq!(found, []);
    let score = replay.score();
    assert_eq!((score.polls.all, score.polls.failed), (1_000, 1_000));
    assert_eq!(score.replica_seconds, 4 * 30_000);
    // Nobody knows what was called for.
    assert_eq!(score.pods.known, 0);
}

#[test]
fn a_fallback_comes_after_as_many_reads_as_are_endured() {
    let fallback = |failure_threshold| LoopSettings {
        fallback: Some(Fallback {
            failure_threshold,
            replicas: 6,
            behavior: Behavior::Static,
        }),
        ..LoopSettings::default()
    };
    // With a pod, polls and syncs read: at 0 s both, at 15 s a sync, at 30 s the poll is the
    // fourth. The sync after it asks for 6, and an HPA without behavior goes to 4 at first.
    let case = Case::new(fallback(3), vec![queue(0.0)]);
    let found = changes(&mut case.replay(start(1)), &[(10, None)]);
    assert_eq!(found, [(30, 4), (45, 6)]);
    // Without, only polls do: the fourth, of 90 s, activates the target.
    let found = changes(&mut case.replay(start(0)), &[(10, None)]);
    assert_eq!(found, [(90, 1), (90, 4), (105, 6)]);
}

#[test]
fn a_fallback_of_cached_metrics_comes_and_goes() {
    let object = LoopSettings {
        fallback: Some(Fallback {
            failure_threshold: 3,
            replicas: 6,
            behavior: Behavior::Static,
        }),
        ..LoopSettings::default()
    };
    let Trigger::External(external) = queue(0.0) else {
        panic!("a queue is external");
    };
    let cached = Trigger::External(External {
        is_cached: true,
        ..external
    });
    let case = Case::new(object, vec![cached]);
    let mut replay = case.replay(start(1));
    let found = changes(&mut replay, &[(20, None)]);
    // The HPA's read of the stored fallback counts as a success, so that of two polls one fails.
    assert_eq!(found, [(30, 4), (45, 6)]);
    let polls = replay.score().polls;
    assert_eq!((polls.all, polls.substituted, polls.failed), (10, 5, 5));
}

#[test]
fn a_pause_holds_the_count_that_it_names() {
    let object = LoopSettings {
        annotations: Annotations {
            paused_replicas: Some(Ok(2)),
            ..Annotations::default()
        },
        ..LoopSettings::default()
    };
    let case = Case::new(object, vec![queue(0.0)]);
    let mut replay = case.replay(start(5));
    let found = changes(&mut replay, &[(100, Some(500.0)), (100, None)]);
    assert_eq!(found, []);
    let score = replay.score();
    assert_eq!((replay.replicas(), score.polls.all), (2, 0));
    assert_eq!(score.pods.totals().shortfall_minutes, 25.0);
}

#[test]
fn a_paused_direction_is_barred_to_the_loop_and_to_the_hpa() {
    let paused = |scale_in, scale_out| LoopSettings {
        annotations: Annotations {
            paused_scale_in: scale_in,
            paused_scale_out: scale_out,
            ..Annotations::default()
        },
        ..LoopSettings::default()
    };
    let case = Case::new(paused(true, false), vec![queue(0.0)]);
    let found = changes(
        &mut case.replay(start(1)),
        &[(40, Some(30.0)), (200, Some(0.0))],
    );
    assert_eq!(found, [(0, 3)]);
    let case = Case::new(paused(false, true), vec![queue(0.0)]);
    let found = changes(
        &mut case.replay(start(1)),
        &[(40, Some(30.0)), (200, Some(0.0))],
    );
    // Activity is known until 570 s.
    assert_eq!(found, [(900, 0)]);
    let found = changes(&mut case.replay(start(0)), &[(40, Some(30.0))]);
    assert_eq!(found, []);
}

#[test]
fn polls_may_fall_between_syncs() {
    let object = LoopSettings {
        polling_interval: SignedDuration::from_secs(10),
        ..LoopSettings::default()
    };
    let case = Case::new(object, vec![queue(0.0)]);
    let mut replay = case.replay(start(0));
    let found = changes(&mut replay, &[(1, Some(0.0)), (3, Some(10.0))]);
    assert_eq!(found, [(20, 1)]);
    assert_eq!(replay.score().replica_seconds, 40);
    assert_eq!(replay.score().polls.all, 6);
}

#[test]
fn what_cannot_change_is_not_run() {
    let case = Case::new(LoopSettings::default(), vec![queue(0.0)]);
    for (replicas, value) in [(3, 30.0), (0, 0.0)] {
        let mut replay = case.replay(start(replicas));
        let mut steps = 0;
        let stretch = Stretch {
            segment: Segment {
                ticks: 80_640,
                demand: None,
                peak: 0,
            },
            values: &[Some(value)],
            others: &[],
        };
        replay.run(&stretch, |_| steps += 1);
        assert!(steps <= 4, "{steps} steps");
        assert_eq!(replay.score().polls.all, 40_320);
        assert_eq!(replay.score().pods.known, 80_640);
    }
}

#[test]
fn a_formula_is_what_both_scale_by() {
    let object = LoopSettings::default();
    let triggers = [queue(0.0), queue(0.0)];
    let sum = |values: &[Option<f64>]| {
        let sum = values.iter().copied().sum::<Option<f64>>();
        sum.map(Some).ok_or(EvaluationError)
    };
    let modifiers = Some(Modifiers {
        formula: Formula(&sum),
        target: FormulaTarget::of("20", false).unwrap(),
        activation: 10.0,
    });
    let flags = Flags::default();
    let setup = Setup {
        object: &object,
        triggers: &triggers,
        modifiers,
        hpa: &Hpa::of(&object, &triggers, modifiers.as_ref(), None, &flags),
        flags: &flags,
        pods: PODS,
        headroom: 0.0,
        ruler: None,
    };
    let mut replay = Replay::new(setup, start(0));
    let mut found = Vec::new();
    for (ticks, values) in [
        (2, [Some(4.0), Some(6.0)]),
        (2, [Some(20.0), Some(25.0)]),
        (2, [Some(90.0), None]),
    ] {
        let segment = Segment {
            ticks,
            demand: None,
            peak: 0,
        };
        let stretch = Stretch {
            segment,
            values: &values,
            others: &[],
        };
        replay.run(&stretch, |step| found.extend(written(step)));
    }
    // 10 is not above the activation; 45 wants three pods, and without one trigger nothing is known.
    assert_eq!(found, [(30, 1), (30, 3)]);
    assert_eq!(replay.score().polls.failed, 1);
}
