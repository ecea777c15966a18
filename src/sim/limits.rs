//! Limits: minimum, maximum and how far one sync may go.

use jiff::Timestamp;

use super::condition::Reason;
use super::memory::Past;
use super::numbers::to_count;
use super::settings::{Direction, Pace, scale_up_limit, seconds};
use super::stabilize::Decision;
use crate::autoscaler::behavior::{Amount, Select};

/// The fewest and the most replicas that an HPA may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub min: i32,
    pub max: i32,
}

/// Without a behavior: within the range, and at most twice as many or four.
///
/// Mirrors `convertDesiredReplicasWithRules` (`horizontal.go`, v1.36).
pub fn limit(range: Range, current: i32, desired: i32) -> Decision {
    let step = scale_up_limit(current);
    let upper = capped(range.max, step);
    if desired < range.min {
        Decision {
            replicas: range.min,
            because: Reason::TooFewReplicas,
        }
    } else if desired > upper.replicas {
        upper
    } else {
        within(desired)
    }
}

/// With a behavior: within the range, and as fast as the direction's policies allow.
///
/// Mirrors `convertDesiredReplicasWithBehaviorRate` (`horizontal.go`, v1.36), except that `now`
/// is an argument.
pub fn limit_with(
    pace: &Pace,
    past: &impl Past,
    range: Range,
    current: i32,
    desired: i32,
    now: Timestamp,
) -> Decision {
    if desired > current {
        let rate = highest(&pace.up, past, current, now).max(current);
        let upper = capped(range.max, rate);
        if desired > upper.replicas {
            return upper;
        }
    } else if desired < current {
        let rate = lowest(&pace.down, past, current, now).min(current);
        let lower = floored(range.min, rate);
        if desired < lower.replicas {
            return lower;
        }
    }
    within(desired)
}

fn within(replicas: i32) -> Decision {
    Decision {
        replicas,
        because: Reason::DesiredWithinRange,
    }
}

fn capped(max: i32, rate: i32) -> Decision {
    if max > rate {
        Decision {
            replicas: rate,
            because: Reason::ScaleUpLimit,
        }
    } else {
        Decision {
            replicas: max,
            because: Reason::TooManyReplicas,
        }
    }
}

fn floored(min: i32, rate: i32) -> Decision {
    if min < rate {
        Decision {
            replicas: rate,
            because: Reason::ScaleDownLimit,
        }
    } else {
        Decision {
            replicas: min,
            because: Reason::TooFewReplicas,
        }
    }
}

/// The most replicas that the policies allow now (`calculateScaleUpLimitWithScalingRules`).
fn highest(rules: &Direction, past: &impl Past, current: i32, now: Timestamp) -> i32 {
    let allowed = allowed(rules, past, current, now, raised);
    match rules.select {
        Select::Max => allowed.fold(i32::MIN, i32::max),
        Select::Min => allowed.fold(i32::MAX, i32::min),
        Select::Disabled => current,
    }
}

/// The fewest replicas that the policies allow now (`calculateScaleDownLimitWithBehaviors`). The
/// policy with the largest change allows the fewest, so `Max` takes the lowest count.
fn lowest(rules: &Direction, past: &impl Past, current: i32, now: Timestamp) -> i32 {
    let allowed = allowed(rules, past, current, now, lowered);
    match rules.select {
        Select::Max => allowed.fold(i32::MAX, i32::min),
        Select::Min => allowed.fold(i32::MIN, i32::max),
        Select::Disabled => current,
    }
}

/// What each policy allows: so much from the count at the start of its period.
fn allowed(
    rules: &Direction,
    past: &impl Past,
    current: i32,
    now: Timestamp,
    change: fn(i32, Amount) -> i32,
) -> impl Iterator<Item = i32> {
    rules.policies.iter().map(move |policy| {
        let changed = past.change_within(seconds(policy.period_seconds), now);
        change(current.wrapping_sub(changed), policy.amount)
    })
}

fn raised(from: i32, amount: Amount) -> i32 {
    match amount {
        Amount::Pods(pods) => from.wrapping_add_unsigned(pods),
        Amount::Percent(percent) => {
            to_count((f64::from(from) * (1.0 + f64::from(percent) / 100.0)).ceil())
        }
    }
}

fn lowered(from: i32, amount: Amount) -> i32 {
    match amount {
        Amount::Pods(pods) => from.wrapping_sub_unsigned(pods),
        Amount::Percent(percent) => to_count(f64::from(from) * (1.0 - f64::from(percent) / 100.0)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::autoscaler::behavior::Policy;
    use crate::sim::memory::{Memory, ScaleEvent};

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    fn pace(select: Select, amounts: &[Amount]) -> Pace {
        let policy = |amount: &Amount| Policy {
            amount: *amount,
            period_seconds: 60,
        };
        let direction = Direction {
            window: SignedDuration::ZERO,
            select,
            policies: amounts.iter().map(policy).collect(),
        };
        Pace {
            up: direction.clone(),
            down: direction,
        }
    }

    const WIDE: Range = Range { min: 1, max: 1000 };

    #[test]
    fn without_behavior_the_step_and_the_range_limit() {
        let range = Range { min: 2, max: 10 };
        let table = [
            (1, 3, 3, Reason::DesiredWithinRange),
            (1, 5, 4, Reason::ScaleUpLimit),
            (4, 9, 8, Reason::ScaleUpLimit),
            (5, 11, 10, Reason::TooManyReplicas),
            (5, 10, 10, Reason::DesiredWithinRange),
            (5, 1, 2, Reason::TooFewReplicas),
        ];
        for (current, desired, replicas, because) in table {
            let decision = limit(range, current, desired);
            assert_eq!(
                decision,
                Decision { replicas, because },
                "{current} {desired}"
            );
        }
    }

    #[test]
    fn select_policy_chooses_the_larger_or_the_smaller_change() {
        let amounts = [Amount::Pods(4), Amount::Percent(10)];
        let table = [
            (Select::Max, 1000, 24, Reason::ScaleUpLimit),
            (Select::Min, 1000, 22, Reason::ScaleUpLimit),
            (Select::Disabled, 1000, 20, Reason::ScaleUpLimit),
            (Select::Max, 1, 16, Reason::ScaleDownLimit),
            (Select::Min, 1, 18, Reason::ScaleDownLimit),
            (Select::Disabled, 1, 20, Reason::ScaleDownLimit),
            (Select::Min, 20, 20, Reason::DesiredWithinRange),
        ];
        for (select, desired, replicas, because) in table {
            let pace = pace(select, &amounts);
            let decision = limit_with(&pace, &Memory::default(), WIDE, 20, desired, now());
            assert_eq!(
                decision,
                Decision { replicas, because },
                "{select:?} {desired}"
            );
        }
    }

    #[test]
    fn pods_changed_within_the_period_count_in_both_directions() {
        let event = |change, age| ScaleEvent {
            change,
            at: now() - SignedDuration::from_secs(age),
            is_outdated: false,
        };
        let memory = Memory {
            recommendations: None,
            scale_ups: vec![event(3, 59), event(50, 60)],
            scale_downs: vec![event(1, 1)],
        };
        let decide = |desired| {
            let pace = pace(Select::Max, &[Amount::Pods(4)]);
            limit_with(&pace, &memory, WIDE, 20, desired, now()).replicas
        };
        // 20 pods less 3 added and 1 removed: 18 at the start of the period.
        assert_eq!(decide(1000), 22);
        assert_eq!(decide(1), 14);
    }

    #[test]
    fn a_percentage_rounds_up_going_up_and_toward_zero_going_down() {
        assert_eq!(raised(15, Amount::Percent(10)), 17);
        assert_eq!(lowered(15, Amount::Percent(10)), 13);
        assert_eq!(lowered(15, Amount::Percent(250)), -22);
        assert_eq!(raised(0, Amount::Percent(900)), 0);
    }

    proptest! {
        #[test]
        fn what_starts_within_the_range_stays_within_it(
            min in 0..50_i32,
            width in 0..100_i32,
            share in 0.0..=1.0_f64,
            desired in 0..1000_i32,
            select in proptest::sample::select(vec![Select::Max, Select::Min, Select::Disabled]),
            pods in 1..20_u32,
            percent in 1..900_u32,
        ) {
            let range = Range { min, max: min + width };
            let current = min + (f64::from(width) * share) as i32;
            let pace = pace(select, &[Amount::Pods(pods), Amount::Percent(percent)]);
            let limited = limit_with(&pace, &Memory::default(), range, current, desired, now());
            prop_assert!((range.min..=range.max).contains(&limited.replicas));
            let plain = limit(range, current, desired);
            prop_assert!((range.min..=range.max).contains(&plain.replicas));
        }
    }
}
