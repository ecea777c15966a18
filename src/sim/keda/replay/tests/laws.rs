//! What holds for every replay.

use proptest::prelude::*;

use super::made_up::{Story, story};
use super::*;

/// Every change with its time, and the score.
fn run(story: &Story, ticks: u32) -> (Vec<(i64, i32)>, ObjectScore) {
    let case = story.case();
    let mut replay = case.replay(story.start);
    let mut found = Vec::new();
    story.run(&mut replay, ticks, |step| found.extend(written(step)));
    (found, *replay.score())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// One sync at a time nothing can be skipped.
    #[test]
    fn what_is_skipped_would_have_decided_the_same(story in story()) {
        let (whole, score) = run(&story, u32::MAX);
        let (single, expected) = run(&story, 1);
        prop_assert_eq!(whole, single);
        prop_assert_eq!(score, expected);
        prop_assert_eq!(run(&story, u32::MAX).1, score);
    }

    #[test]
    fn replicas_stay_within_bounds_and_zero_is_for_rest(mut story in story()) {
        let rest = story.object.rest().replicas;
        story.start.replicas = story.start.replicas.clamp(rest, story.object.max);
        let case = story.case();
        let mut replay = case.replay(story.start);
        let mut last = replay.replicas() as i32;
        let mut steps = Vec::new();
        story.run(&mut replay, u32::MAX, |step| steps.push(step.clone()));
        for step in steps {
            let Some((_, replicas)) = written(&step) else {
                continue;
            };
            prop_assert!(replicas == rest || replicas >= story.object.active_min());
            prop_assert!(replicas <= story.object.max);
            match step {
                Step::Pass { state, pass, .. } if replicas < last => {
                    prop_assert!(!state.is_active && pass.because == Because::Deactivated);
                    prop_assert!(!story.object.annotations.force_activation);
                    prop_assert!(!state.is_error || story.object.fallback.is_some_and(|it| it.replicas == 0));
                    prop_assert_eq!(replicas, rest);
                }
                Step::Pass { .. } => {}
                Step::Syncs { .. } => prop_assert!(replicas > 0),
            }
            last = replicas;
        }
    }

    #[test]
    fn a_broken_trigger_never_scales_down(mut story in story()) {
        story.object.fallback = None;
        let broken = |values: &mut Vec<Option<f64>>| values.fill(None);
        story.stretches.iter_mut().for_each(|(_, _, values)| broken(values));
        story.triggers.retain(|it| it.external().is_some());
        prop_assume!(!story.triggers.is_empty());
        story.start.replicas = story.start.replicas.min(story.object.max);
        let case = story.case();
        let mut replay = case.replay(story.start);
        let mut last = replay.replicas();
        story.run(&mut replay, u32::MAX, |step| {
            let Some((_, replicas)) = written(step) else {
                return;
            };
            assert!(i64::from(replicas) >= last);
            last = i64::from(replicas);
        });
    }

    #[test]
    fn a_replay_cut_in_two_and_resumed_equals_the_whole(story in story(), ticks in 1..40_u32) {
        let case = story.case();
        let mut replay = case.replay(story.start);
        let mut scores = Vec::new();
        for stretch in &story.stretches {
            let stretches = vec![stretch.clone()];
            let part = Story { stretches, ..story.clone() };
            let mut kept = replay.clone();
            part.run(&mut kept, ticks, |_| {});
            scores.push(kept.take_score());
            replay = kept;
        }
        let (_, whole) = run(&story, u32::MAX);
        prop_assert_eq!(scores.iter().sum::<ObjectScore>(), whole);
        prop_assert_eq!(replay.score().seconds, 0);
    }
}
