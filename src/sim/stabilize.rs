//! Stabilization: what was recommended lately holds back what is recommended now.

use jiff::{SignedDuration, Timestamp};

use super::condition::Reason;
use super::memory::{Past, Since};
use super::numbers::before;
use super::settings::Pace;

/// A count and why it is this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub replicas: i32,
    pub because: Reason,
}

/// Without a behavior: the highest count recommended within `window`, that age included, and
/// records the recommendation.
///
/// An old recommendation may also push the count up, for instance after limits cut it.
///
/// Mirrors `stabilizeRecommendation` (`horizontal.go`, v1.36), except that `now` is an argument.
pub fn stabilize(
    past: &mut impl Past,
    recommended: i32,
    window: SignedDuration,
    now: Timestamp,
) -> Decision {
    let from = before(now, window);
    let highest = past.highest(Since::At(from)).unwrap_or(recommended);
    past.record(recommended, now, from);
    let replicas = recommended.max(highest);
    held_or_ready(replicas, recommended, Reason::ScaleDownStabilized)
}

/// With a behavior: `current` is left only as far as every recommendation younger than its
/// direction's window agrees. Records the recommendation.
///
/// Mirrors `stabilizeRecommendationWithBehaviors` (`horizontal.go`, v1.36), except that `now` is
/// an argument.
pub fn stabilize_with(
    pace: &Pace,
    past: &mut impl Past,
    current: i32,
    recommended: i32,
    now: Timestamp,
) -> Decision {
    let up_after = before(now, pace.up.window);
    let down_after = before(now, pace.down.window);
    let low = past.lowest(Since::After(up_after)).unwrap_or(recommended);
    let high = past
        .highest(Since::After(down_after))
        .unwrap_or(recommended);
    past.record(recommended, now, up_after.min(down_after));
    let replicas = between(current, low.min(recommended), high.max(recommended));
    let held = if recommended >= current {
        Reason::ScaleUpStabilized
    } else {
        Reason::ScaleDownStabilized
    };
    held_or_ready(replicas, recommended, held)
}

/// `current`, raised to `low` and then lowered to `high`.
fn between(current: i32, low: i32, high: i32) -> i32 {
    current.max(low).min(high)
}

fn held_or_ready(replicas: i32, recommended: i32, held: Reason) -> Decision {
    let because = if replicas == recommended {
        Reason::ReadyForNewScale
    } else {
        held
    };
    Decision { replicas, because }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::autoscaler::behavior::Select;
    use crate::sim::memory::{Memory, Recommendation};
    use crate::sim::settings::Direction;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn memory(past: &[(i32, i64)]) -> Memory {
        let past = past.iter().map(|(replicas, second)| Recommendation {
            replicas: *replicas,
            at: at(*second),
        });
        Memory {
            recommendations: Some(past.collect()),
            ..Memory::default()
        }
    }

    fn pace(up: i64, down: i64) -> Pace {
        let direction = |window| Direction {
            window: SignedDuration::from_secs(window),
            select: Select::Max,
            policies: Vec::new(),
        };
        Pace {
            up: direction(up),
            down: direction(down),
        }
    }

    #[test]
    fn without_behavior_a_peak_holds_until_it_is_older_than_the_window() {
        let window = SignedDuration::from_secs(300);
        for (now, replicas, because) in [
            (300, 9, Reason::ScaleDownStabilized),
            (301, 4, Reason::ReadyForNewScale),
        ] {
            let mut memory = memory(&[(9, 0), (3, 10)]);
            let decision = stabilize(&mut memory, 4, window, at(now));
            assert_eq!(decision, Decision { replicas, because }, "{now}");
        }
    }

    #[test]
    fn with_behavior_a_peak_is_forgotten_at_the_age_of_the_window() {
        let pace = pace(0, 300);
        for (now, replicas, because) in [
            (299, 9, Reason::ScaleDownStabilized),
            (300, 4, Reason::ReadyForNewScale),
        ] {
            let mut memory = memory(&[(9, 0)]);
            let decision = stabilize_with(&pace, &mut memory, 10, 4, at(now));
            assert_eq!(decision, Decision { replicas, because }, "{now}");
        }
    }

    #[test]
    fn a_scale_up_goes_as_far_as_the_whole_window_agrees() {
        let pace = pace(60, 300);
        let decide = |current| {
            let mut memory = memory(&[(6, 0), (8, 15)]);
            stabilize_with(&pace, &mut memory, current, 10, at(30))
        };
        let held = Decision {
            replicas: 6,
            because: Reason::ScaleUpStabilized,
        };
        assert_eq!(decide(2), held);
        assert_eq!(decide(7).replicas, 7);
    }

    #[test]
    fn an_age_equal_to_a_window_neither_counts_nor_frees_the_slot() {
        let mut memory = memory(&[(9, 0)]);
        stabilize_with(&pace(300, 300), &mut memory, 9, 4, at(300));
        let left = memory.recommendations.unwrap();
        assert_eq!(
            left.iter().map(|it| it.replicas).collect::<Vec<_>>(),
            [9, 4]
        );
    }

    proptest! {
        #[test]
        fn a_longer_scale_down_window_never_returns_fewer_replicas(
            past in proptest::collection::vec((0..50_i32, 0..4000_i64), 0..40),
            current in 0..50_i32,
            recommended in 0..50_i32,
            up in 0..3600_i64,
            down in 0..3600_i64,
            longer in 0..3600_i64,
        ) {
            let decide = |down| {
                let mut memory = memory(&past);
                stabilize_with(&pace(up, down), &mut memory, current, recommended, at(4000))
            };
            prop_assert!(decide(down + longer).replicas >= decide(down).replicas);
            let plain = |window| {
                let window = SignedDuration::from_secs(window);
                stabilize(&mut memory(&past), recommended, window, at(4000)).replicas
            };
            prop_assert!(plain(down + longer) >= plain(down));
            prop_assert!(plain(down) >= recommended);
        }
    }
}
