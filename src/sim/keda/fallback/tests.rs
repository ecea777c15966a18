use super::*;

fn each(target: &str) -> Target {
    Target::AverageValue(target.parse().unwrap())
}

fn whole(target: &str) -> Target {
    Target::Value(target.parse().unwrap())
}

fn fallback(behavior: Behavior, replicas: i32) -> Fallback {
    Fallback {
        failure_threshold: 3,
        replicas,
        behavior,
    }
}

fn workload(replicas: i32, ready: i64) -> Workload {
    Workload {
        replicas: Ok(replicas),
        ready: Ok(ready),
    }
}

/// What the read after `failures` failed ones comes to that fails as well.
fn failed(rule: &Rule, failures: i32, workload: Workload) -> Outcome {
    let mut health = Health {
        failures,
        is_failing: failures > 0,
    };
    settle(Err(SourceError), Some(rule), &mut health, || workload)
}

#[test]
fn the_failure_after_as_many_as_are_endured_is_replaced() {
    let rule = Rule::of(Some(fallback(Behavior::Static, 6)), each("10"), None).unwrap();
    let mut health = Health::default();
    let mut outcomes = Vec::new();
    let failure = Err(SourceError);
    for value in [failure, failure, failure, failure, failure, Ok(7), failure] {
        outcomes.push(settle(value, Some(&rule), &mut health, || workload(2, 2)));
    }
    let (failed, replaced) = (Outcome::Failed, Outcome::Substituted(60_000));
    let expected = [
        failed,
        failed,
        failed,
        replaced,
        replaced,
        Outcome::Value(7),
        failed,
    ];
    assert_eq!(outcomes, expected);
    let expected = Health {
        failures: 1,
        is_failing: true,
    };
    assert_eq!(health, expected);
}

#[test]
fn each_behavior_asks_for_its_replicas() {
    let table = [
        (Behavior::Static, 4, 10, 100_000),
        (Behavior::CurrentReplicas, 4, 10, 40_000),
        (Behavior::CurrentReplicas, 0, 10, 0),
        (Behavior::CurrentReplicasIfHigher, 4, 10, 100_000),
        (Behavior::CurrentReplicasIfHigher, 15, 10, 150_000),
        (Behavior::CurrentReplicasIfLower, 4, 10, 40_000),
        (Behavior::CurrentReplicasIfLower, 15, 10, 100_000),
    ];
    for (behavior, current, replicas, expected) in table {
        let rule = Rule::of(Some(fallback(behavior, replicas)), each("10"), None).unwrap();
        let found = failed(&rule, 3, workload(current, 0));
        assert_eq!(
            found,
            Outcome::Substituted(expected),
            "{behavior:?} {current}"
        );
    }
    let rule = Rule::of(
        Some(fallback(Behavior::ScalingModifiers, 6)),
        each("10"),
        None,
    )
    .unwrap();
    assert_eq!(failed(&rule, 3, workload(1, 1)), Outcome::Nil);
    assert_eq!(failed(&rule, 2, workload(1, 1)), Outcome::Failed);
}

#[test]
fn a_target_of_the_whole_is_shared_by_the_pods_that_are_ready() {
    let rule = Rule::of(Some(fallback(Behavior::Static, 7)), whole("10"), None).unwrap();
    // 70 by 3, cut to thousandths.
    assert_eq!(
        failed(&rule, 3, workload(5, 3)),
        Outcome::Substituted(23_333)
    );
    assert_eq!(failed(&rule, 3, workload(5, 0)), Outcome::Failed);
    let unknown = Workload {
        replicas: Ok(5),
        ready: Err(()),
    };
    assert_eq!(failed(&rule, 3, unknown), Outcome::Failed);
}

#[test]
fn replicas_that_cannot_be_read_matter_where_they_are_needed() {
    let unknown = Workload {
        replicas: Err(()),
        ready: Ok(1),
    };
    for (behavior, expected) in [
        (Behavior::Static, Outcome::Substituted(60_000)),
        (Behavior::CurrentReplicasIfHigher, Outcome::Failed),
    ] {
        let rule = Rule::of(Some(fallback(behavior, 6)), each("10"), None).unwrap();
        assert_eq!(failed(&rule, 3, unknown), expected, "{behavior:?}");
    }
}

#[test]
fn a_fallback_that_is_not_valid_counts_nothing() {
    let of = |threshold: i32, replicas: i32, formula: Option<&str>| {
        let fallback = Fallback {
            failure_threshold: threshold,
            replicas,
            behavior: Behavior::Static,
        };
        let formula = formula.map(|it| FormulaTarget::of(it, false).unwrap());
        Rule::of(Some(fallback), each("10"), formula)
    };
    assert!(of(0, 0, None).is_some());
    assert!(of(3, 6, Some("2")).is_some());
    for (threshold, replicas, formula) in [
        (-1, 6, None),
        (3, -6, None),
        (3, 6, Some("2.5")),
        (3, 6, Some("0")),
    ] {
        assert_eq!(of(threshold, replicas, formula), None);
    }
    let mut health = Health::default();
    let found = settle(Err(SourceError), None, &mut health, || workload(1, 1));
    assert_eq!((found, health), (Outcome::Failed, Health::default()));
}

#[test]
fn with_a_formula_its_target_counts_and_not_the_triggers() {
    let formula = FormulaTarget::of("4", true);
    let rule = Rule::of(Some(fallback(Behavior::Static, 6)), each("10"), formula).unwrap();
    assert_eq!(
        failed(&rule, 3, workload(1, 2)),
        Outcome::Substituted(12_000)
    );
}

#[test]
fn one_metric_beyond_its_threshold_makes_the_condition_true() {
    let rule = Rule::of(Some(fallback(Behavior::Static, 6)), each("10"), None).unwrap();
    let health = |failures, is_failing| Health {
        failures,
        is_failing,
    };
    let table = [
        (vec![], Reason::NoFallbackFound),
        (
            vec![health(3, true), health(0, false)],
            Reason::NoFallbackFound,
        ),
        (
            vec![health(0, false), health(4, true)],
            Reason::FallbackExists,
        ),
        // As may stand in a status that somebody else wrote.
        (vec![health(4, false)], Reason::NoFallbackFound),
    ];
    for (all, expected) in table {
        assert_eq!(rule.condition(&all).reason, expected, "{all:?}");
    }
}

#[test]
fn events_tell_of_changes_alone() {
    assert_eq!(event(Holds::Unknown, true), Some(Event::FallbackActivated));
    assert_eq!(event(Holds::No, false), None);
    assert_eq!(event(Holds::Yes, true), None);
    assert_eq!(event(Holds::Yes, false), Some(Event::FallbackDeactivated));
}
