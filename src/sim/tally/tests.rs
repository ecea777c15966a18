//! Cases worked by hand from the controller's rules; the source of each is its name.

use proptest::prelude::*;

use super::*;

const TOLERANCE: Tolerance = Tolerance { up: 0.1, down: 0.1 };

fn ready(pods: i64, usage: i64, requests: i64) -> Counted {
    Counted {
        pods,
        usage,
        requests,
    }
}

/// Pods that requested 1000 each.
fn requested(pods: i64, target: PodTarget) -> Requested {
    Requested {
        pods,
        requests: pods * 1000,
        assumed: pods * target.assumed(1000),
    }
}

fn replicas(tally: Tally, target: PodTarget, current: i32) -> i32 {
    let proposal = tally.propose(target, current, &TOLERANCE).unwrap();
    proposal.replicas
}

#[test]
fn utilization_is_cut_to_whole_percent_before_it_is_compared() {
    let tally = |usage| Tally {
        ready: ready(10, usage, 10_000),
        ..Tally::default()
    };
    let target = PodTarget::Utilization(50);
    // 55.99 % is 55 %, within a tenth of 50 %; 56 % is not: ceil(1.12 * 10).
    assert_eq!(replicas(tally(5_599), target, 7), 7);
    assert_eq!(replicas(tally(5_600), target, 7), 12);
    // 44.99 % is 44 %: ceil(0.88 * 10).
    assert_eq!(replicas(tally(4_499), target, 7), 9);
    assert_eq!(replicas(tally(4_500), target, 7), 7);
}

#[test]
fn the_ceiling_is_taken_of_a_double() {
    // 0.07 * 100 is 7.000000000000001.
    let tally = Tally {
        ready: ready(100, 7_000, 0),
        ..Tally::default()
    };
    let target = PodTarget::Average(1000);
    let proposal = tally.propose(target, 100, &TOLERANCE).unwrap();
    assert_eq!(proposal.replicas, 8);
    assert_eq!(proposal.reported.value, Some(70));
}

#[test]
fn missing_pods_are_taken_for_busy_on_the_way_down() {
    let target = PodTarget::Utilization(50);
    let tally = |missing| Tally {
        ready: ready(4, 800, 4_000),
        missing: requested(missing, target),
        ..Tally::default()
    };
    // 20 %: ceil(0.4 * 4) without missing pods; one at 100 % makes 36 %: ceil(0.72 * 5).
    assert_eq!(replicas(tally(0), target, 5), 2);
    assert_eq!(replicas(tally(1), target, 5), 4);
    // Two make 46 %, within tolerance; four make 60 %, the other side: nothing changes.
    assert_eq!(replicas(tally(2), target, 6), 6);
    assert_eq!(replicas(tally(4), target, 8), 8);
}

#[test]
fn missing_pods_are_taken_for_busier_than_their_request_if_the_target_is() {
    assert_eq!(PodTarget::Utilization(150).assumed(1001), 1501);
    assert_eq!(PodTarget::Utilization(20).assumed(1001), 1001);
    assert_eq!(PodTarget::Average(77).assumed(0), 77);
}

#[test]
fn missing_and_unready_pods_are_taken_for_idle_on_the_way_up() {
    let target = PodTarget::Utilization(50);
    let tally = |missing, unready| Tally {
        ready: ready(2, 2_000, 2_000),
        missing: requested(missing, target),
        unready: requested(unready, target),
        ..Tally::default()
    };
    // 100 % over two pods asks for four; over three pods it is 66 %: ceil(1.32 * 3).
    assert_eq!(replicas(tally(0, 0), target, 2), 4);
    assert_eq!(replicas(tally(1, 0), target, 3), 4);
    assert_eq!(replicas(tally(0, 1), target, 3), 4);
    // Over four pods it is 50 %, over six 33 %: nothing changes.
    assert_eq!(replicas(tally(1, 1), target, 4), 4);
    assert_eq!(replicas(tally(2, 2), target, 6), 6);
}

#[test]
fn unready_pods_play_no_part_on_the_way_down() {
    let target = PodTarget::Utilization(50);
    let tally = Tally {
        ready: ready(4, 800, 4_000),
        unready: requested(9, target),
        ..Tally::default()
    };
    assert_eq!(replicas(tally, target, 13), 2);
}

#[test]
fn a_second_count_against_the_direction_changes_nothing() {
    let target = PodTarget::Average(100);
    // 3.0 over one pod, 1.5 over two: 3 pods, but 5 are asked for already.
    let tally = Tally {
        ready: ready(1, 300, 0),
        unready: requested(1, target),
        ..Tally::default()
    };
    assert_eq!(replicas(tally, target, 5), 5);
    assert_eq!(replicas(tally, target, 2), 3);
}

#[test]
fn values_of_pods_that_are_gone_count_without_a_request() {
    let gone = Valued {
        pods: 1,
        usage: 500,
    };
    let tally = Tally {
        ready: ready(1, 100, 1_000),
        gone,
        ..Tally::default()
    };
    // Of utilization they are no part; of an average they are: (100 + 500) / 2.
    let proposal = tally.propose(PodTarget::Utilization(10), 1, &TOLERANCE);
    assert_eq!(proposal.unwrap().reported.utilization, Some(10));
    let proposal = tally.propose(PodTarget::Average(100), 1, &TOLERANCE);
    assert_eq!(proposal.unwrap().replicas, 3);
    let alone = Tally {
        gone,
        ..Tally::default()
    };
    let failed = alone.propose(PodTarget::Utilization(10), 1, &TOLERANCE);
    assert_eq!(failed, Err(MetricError::ZeroTotalRequests));
}

#[test]
fn nothing_is_said_without_values_or_requests() {
    let target = PodTarget::Utilization(50);
    let none = Tally {
        missing: requested(3, target),
        ..Tally::default()
    };
    let failed = none.propose(target, 3, &TOLERANCE);
    assert_eq!(failed, Err(MetricError::NoUsablePodMetrics));
    let idle = Tally {
        ready: ready(3, 100, 0),
        ..Tally::default()
    };
    let failed = idle.propose(target, 3, &TOLERANCE);
    assert_eq!(failed, Err(MetricError::ZeroTotalRequests));
}

proptest! {
    #[test]
    fn no_amount_panics(
        counts in proptest::array::uniform4(0..5_000_i64),
        usage in any::<i64>(),
        requests in any::<i64>(),
        percent in any::<u32>(),
        average in any::<i64>(),
        current in any::<i32>(),
    ) {
        for target in [PodTarget::Utilization(percent), PodTarget::Average(average)] {
            let group = |pods| Requested { pods, requests, assumed: target.assumed(requests) };
            let tally = Tally {
                ready: ready(counts[0], usage, requests),
                missing: group(counts[1]),
                unready: group(counts[2]),
                gone: Valued { pods: counts[3], usage },
            };
            let _ = tally.propose(target, current, &TOLERANCE);
        }
    }
}
