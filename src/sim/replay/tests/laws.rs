//! What holds for every replay.

use proptest::prelude::*;

use super::made_up::case;
use super::single::{by_single_pods, replayed};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn uniform_pods_take_the_same_way_as_single_ones(case in case()) {
        let (found, score) = replayed(&case);
        let (expected, expected_score) = by_single_pods(&case);
        let pairs = found.iter().zip(&expected);
        let differs = pairs.enumerate().find(|(_, (found, expected))| found != expected);
        prop_assert_eq!(differs, None);
        prop_assert_eq!(found.len(), expected.len());
        prop_assert_eq!(score, expected_score);
    }

    #[test]
    fn a_replay_cut_in_two_and_resumed_equals_the_whole(
        case in case(),
        cuts in proptest::collection::vec(1..40_u32, 25),
    ) {
        let (mut whole, mut parts) = (case.replay(), case.replay());
        let (mut found, mut resumed) = (Vec::new(), Vec::new());
        let mut scores = Vec::new();
        for ((segment, others), cut) in case.loads.iter().zip(cuts) {
            whole.run(segment, others, |it| found.extend((0..it.syncs).map(|_| it.plan)));
            let first = cut.min(segment.ticks);
            for ticks in [first, segment.ticks - first] {
                let mut kept = parts.clone();
                let part = Segment { ticks, ..*segment };
                kept.run(&part, others, |it| resumed.extend((0..it.syncs).map(|_| it.plan)));
                scores.push(kept.take_score());
                parts = kept;
            }
        }
        prop_assert_eq!(found, resumed);
        // All that a score holds: its sums, what limited, and the last change.
        prop_assert_eq!(*whole.score(), scores.iter().sum::<Score>());
        prop_assert_eq!(parts.score().totals().known_minutes, 0.0);
    }

    #[test]
    fn replicas_stay_within_the_range_once_they_are_there(mut case in case()) {
        let (min, max) = (case.settings.min, case.settings.max);
        case.replicas = case.replicas.clamp(min, max);
        let is_off = case.replicas == 0;
        let (found, score) = replayed(&case);
        for plan in found {
            prop_assert!((min..=max).contains(&plan.current));
            prop_assert!(!is_off || plan.current == 0);
        }
        let limited: f64 = score.limited_minutes.values().sum();
        prop_assert_eq!(limited, score.known_minutes);
    }

    /// Not a law of whole replays: more pods show other usage, by which the next sync decides. And
    /// where there are fewer pods than the minimum no metric is asked, at that one sync.
    #[test]
    fn a_floor_never_takes_pods_away(case in case(), floor in 0..50_i32) {
        let mut replay = case.replay();
        for (segment, others) in &case.loads {
            let one = Segment { ticks: 1, ..*segment };
            let (mut without, mut with) = (replay.clone(), replay.clone());
            for it in [&mut without, &mut with] {
                it.floors = Turns::of(&[]);
            }
            without.controller.keep(0);
            with.controller.keep(floor);
            let (mut low, mut high) = (None, None);
            without.run(&one, others, |it| low = it.plan.desired);
            with.run(&one, others, |it| high = it.plan.desired);
            let raised = floor.min(case.settings.max);
            let is_raised = replay.replicas() < i64::from(raised) && high == Some(raised);
            prop_assert!(low <= high || is_raised, "{:?} {:?}", low, high);
            let most = case.settings.max.max(low.unwrap_or(0));
            prop_assert!(high.is_none_or(|it| it <= most), "{:?}", high);
            replay.run(segment, others, |_| {});
        }
    }

    #[test]
    fn a_floor_below_the_minimum_is_none(mut case in case()) {
        let min = case.settings.min;
        case.floors.iter_mut().for_each(|it| it.min = it.min.min(min));
        let with = replayed(&case);
        case.floors.clear();
        prop_assert_eq!(with, replayed(&case));
    }
}
