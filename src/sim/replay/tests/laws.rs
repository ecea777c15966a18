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
}
