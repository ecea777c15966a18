//! Closed loops worked by hand from the rules of the controller, v1.36: how many pods each sync
//! finds, and what held it back. Syncs are 15 s apart; the pods serve 40 s after their creation, so
//! at the third sync after the one that created them.

use super::single::{Case, Loaded, by_single_pods, replayed};
use super::*;
use crate::autoscaler::behavior::{Amount, Policy, Rules, Select};
use crate::sim::pod::{Amounts, Container, Role, Template};
use crate::sim::settings::Direction;
use crate::sim::sync::SyncError;

/// Pods of 1,000 millicores and 400 of memory, of which each takes `idle` anyway.
fn case(metrics: &[(Metric, Input)], replicas: i32, loads: Vec<Loaded>) -> Case {
    let flags = Flags::default();
    let container = Container {
        name: "app".to_owned(),
        role: Role::Main,
        requests: Amounts(vec![
            (Resource::Cpu, "1".parse().unwrap()),
            (Resource::Memory, "400m".parse().unwrap()),
        ]),
    };
    Case {
        settings: Settings {
            min: 1,
            max: 20,
            metrics: metrics.iter().map(|it| it.0.clone()).collect(),
            tolerance: Tolerance::of(None, &flags),
            pace: None,
        },
        flags,
        pods: PodShape {
            request: 1_000,
            limit: None,
            idle: 0,
            startup: SignedDuration::from_secs(40),
            window: SignedDuration::from_secs(15),
        },
        template: Template {
            containers: vec![container],
            ..Template::default()
        },
        inputs: metrics.iter().map(|it| it.1).collect(),
        replicas,
        floors: Vec::new(),
        loads,
    }
}

fn cpu(percent: u32) -> (Metric, Input) {
    let metric = Metric::Resource {
        resource: Resource::Cpu,
        target: Target::Utilization(percent),
    };
    (metric, Input::Demand)
}

fn memory(target: Target, idle: i64) -> (Metric, Input) {
    let metric = Metric::Resource {
        resource: Resource::Memory,
        target,
    };
    let share = Share {
        request: 400,
        limit: None,
        idle,
        is_cpu: false,
    };
    (metric, Input::Shared { place: 0, share })
}

fn average(text: &str) -> Target {
    Target::AverageValue(text.parse().unwrap())
}

fn value(text: &str) -> Target {
    Target::Value(text.parse().unwrap())
}

fn external(target: Target) -> (Metric, Input) {
    let name = "queue".to_owned();
    let total = Input::Total { place: 0 };
    (Metric::External { name, target }, total)
}

fn object(target: Target) -> (Metric, Input) {
    let metric = Metric::Object {
        name: "hits".to_owned(),
        described: "Ingress/main".to_owned(),
        target,
    };
    (metric, Input::Total { place: 0 })
}

/// A demand and one other load, in thousandths, for some syncs.
fn load(ticks: u32, demand: Option<i64>, other: Option<i64>) -> Loaded {
    let peak = demand.unwrap_or(0);
    let segment = Segment {
        ticks,
        demand,
        peak,
    };
    (segment, vec![other])
}

/// How many pods the syncs find in a row, as `(pods, syncs)`, checked against single pods too.
fn runs(case: &Case) -> Vec<(i32, usize)> {
    let (found, score) = replayed(case);
    assert_eq!((found.clone(), score), by_single_pods(case));
    let runs = found.chunk_by(|a, b| a.current == b.current);
    runs.map(|it| (it[0].current, it.len())).collect()
}

fn limits(case: &Case) -> Vec<Limit> {
    let (found, _) = replayed(case);
    let mut limits: Vec<_> = found.iter().map(Limit::of).collect();
    limits.dedup();
    limits
}

#[test]
fn memory_counts_from_the_first_sync_of_a_pod() {
    // Readiness plays no part for memory (4.2). 2 pods: 2 × 100 + 500 of 800 are 87 %, 1.74 × 2
    // pods: 4. They use 4 × 100 + 500 of 1,600 at once: 56 %, 1.12 × 4: 5. Then 1,000 of 2,000.
    let case = case(
        &[memory(Target::Utilization(50), 100)],
        2,
        vec![load(8, Some(0), Some(500))],
    );
    assert_eq!(runs(&case), [(2, 1), (4, 1), (5, 6)]);
}

#[test]
fn memory_that_every_pod_takes_anyway_goes_to_the_maximum() {
    // 300 of 400 each are 75 % whatever the count: 1.5 × n at every sync (4.3, 4.4).
    let case = case(
        &[memory(Target::Utilization(50), 300)],
        2,
        vec![load(9, Some(0), Some(0))],
    );
    assert_eq!(
        runs(&case),
        [(2, 1), (3, 1), (5, 1), (8, 1), (12, 1), (18, 1), (20, 3)]
    );
    assert_eq!(limits(&case), [Limit::Metrics, Limit::Max]);
    // Every sync at 20 asks for 30; the one that found 18 was cut too, but not at the maximum yet.
    let (_, score) = replayed(&case);
    assert_eq!(score.max_pinned_minutes, 0.75);
}

#[test]
fn average_memory_is_compared_without_requests() {
    // (3 × 100 + 500) / 3 = 266, truncated, of 100: 2.66 × 3 = 7.98, so 8, but at most 6 without
    // a behavior (6.1). (6 × 100 + 500) / 6 = 183: 10.98, so 11. 145: 15.95, 16. 131: 20.96, and
    // the maximum of 20. 125: still too many.
    let case = case(
        &[memory(average("100m"), 100)],
        3,
        vec![load(8, Some(0), Some(500))],
    );
    assert_eq!(runs(&case), [(3, 1), (6, 1), (11, 1), (16, 1), (20, 4)]);
    assert_eq!(limits(&case), [Limit::Policy, Limit::Metrics, Limit::Max]);
}

#[test]
fn an_external_average_knows_no_pods_and_falls_after_the_window() {
    // 61 / 10: 7 at once, whoever is ready (5). Then 35 / 10: 4, but 7 was recommended last at
    // sync 9, and counts up to an age of 300 s: at sync 29 still, at sync 30 no more (6.1).
    let loads = vec![
        load(10, Some(0), Some(61_000)),
        load(30, Some(0), Some(35_000)),
    ];
    let case = case(&[external(average("10"))], 4, loads);
    assert_eq!(runs(&case), [(4, 1), (7, 30), (4, 9)]);
    assert_eq!(
        limits(&case),
        [Limit::Metrics, Limit::Window, Limit::Metrics]
    );
}

#[test]
fn a_negative_external_average_scales_to_the_limit() {
    // A sum below zero is taken for an overflow (5): twice as many at every sync, then the maximum.
    let external = case(
        &[external(average("10"))],
        4,
        vec![load(5, Some(0), Some(-1))],
    );
    assert_eq!(runs(&external), [(4, 1), (8, 1), (16, 1), (20, 2)]);
    // Of an Object nothing of the kind: ceil(-0.1) is 0, and the window holds.
    let object = case(
        &[object(average("10"))],
        4,
        vec![load(25, Some(0), Some(-1))],
    );
    assert_eq!(runs(&object), [(4, 22), (1, 3)]);
}

#[test]
fn an_object_value_multiplies_the_pods_that_are_ready() {
    // 20 of 10 is twice the ready pods (5): 4 give 8. While these start, twice 4 are 8 still.
    // At sync 3 all 8 are ready: 16; at sync 6 all 16: 32, cut to the maximum.
    let case = case(
        &[object(value("10"))],
        4,
        vec![load(9, Some(0), Some(20_000))],
    );
    assert_eq!(runs(&case), [(4, 1), (8, 3), (16, 3), (20, 2)]);
}

#[test]
fn the_highest_of_several_metrics_wins() {
    // CPU: 1,900 of 4,000 are 47 %, of 50: within. The queue: 61 / 10, so 7. Then CPU 5,600 over
    // 7 pods, 80 %: 1.6 × 7 = 11.2, so 12; the queue still wants 7. Doubling would allow 14.
    let loads = vec![
        load(4, Some(1_900), Some(61_000)),
        load(2, Some(5_600), Some(61_000)),
    ];
    let case = case(&[cpu(50), external(average("10"))], 4, loads);
    assert_eq!(runs(&case), [(4, 1), (7, 4), (12, 1)]);
}

#[test]
fn while_a_metric_fails_pods_come_but_do_not_go() {
    // The queue is unknown. CPU at 100 % of 50 doubles the pods; at 5 % it may not remove any
    // (2, 5c), and what failed is not recorded: the window of 300 s runs empty (10.7), so that the
    // first sync that knows all goes down at once.
    let loads = vec![
        load(4, Some(2_000), None),
        load(30, Some(200), None),
        load(3, Some(200), Some(0)),
    ];
    let mut case = case(&[cpu(50), external(average("10"))], 2, loads);
    case.settings.min = 2;
    assert_eq!(runs(&case), [(2, 1), (4, 34), (2, 2)]);
    let nothing = [Limit::Metrics, Limit::Nothing, Limit::Min];
    assert_eq!(limits(&case), nothing);
}

#[test]
fn an_outage_of_everything_changes_nothing() {
    let loads = vec![load(3, Some(2_000), None), load(50, None, None)];
    let case = case(&[cpu(50)], 4, loads);
    assert_eq!(runs(&case), [(4, 53)]);
    let (found, score) = replayed(&case);
    assert_eq!(found[10].because, Because::Failed);
    // Only what is known is scored.
    assert_eq!(score.known_minutes, 0.75);
}

#[test]
fn an_empty_queue_sleeps_and_wakes_without_a_pod() {
    // 0 / 10 recommends 0 (5); 2 recorded at the first sync count up to 300 s (6.1), so sync 21
    // removes all. At zero only the queue is looked at (7): 25 / 10 wakes 3 pods, no more than 4.
    let loads = vec![load(30, Some(0), Some(0)), load(5, Some(0), Some(25_000))];
    let mut case = case(&[external(average("10")), cpu(50)], 2, loads);
    case.settings.min = 0;
    case.flags.scale_to_zero = true;
    assert_eq!(runs(&case), [(2, 22), (0, 9), (3, 4)]);
    // With the gate off nothing sleeps below one, as validation then has it.
    case.flags.scale_to_zero = false;
    case.settings.min = 1;
    assert_eq!(runs(&case), [(2, 22), (1, 9), (3, 4)]);
}

#[test]
fn what_is_switched_off_stays_off() {
    for scale_to_zero in [false, true] {
        let mut case = case(
            &[external(average("10")), cpu(50)],
            0,
            vec![load(40, Some(5_000), Some(90_000))],
        );
        case.flags.scale_to_zero = scale_to_zero;
        assert_eq!(runs(&case), [(0, 40)]);
        assert_eq!(limits(&case), [Limit::Nothing]);
        let (_, score) = replayed(&case);
        assert_eq!(score.shortfall_core_minutes, 50.0);
    }
}

#[test]
fn a_count_out_of_the_range_is_brought_back_at_once() {
    // Neither tolerance nor windows nor policies are asked (2.4). The 9 that were found count for
    // 300 s after that, and the maximum cuts them (6.1).
    let table = [(9, vec![Limit::Max]), (1, vec![Limit::Min, Limit::Metrics])];
    for (replicas, expected) in table {
        let mut case = case(&[cpu(50)], replicas, vec![load(4, Some(1_500), None)]);
        (case.settings.min, case.settings.max) = (3, 3);
        assert_eq!(runs(&case), [(replicas, 1), (3, 3)]);
        assert_eq!(limits(&case), expected);
    }
}

#[test]
fn a_target_beyond_the_request_is_reached_by_pods_without_a_limit() {
    // 3,500 over 2 pods are 175 %, of 150: 1.17 × 2, so 3. The new pod counts at 55 s, at sync 4;
    // until then the two that count and one taken for idle make 116 %: below 1, so nothing (4.4).
    let case = case(&[cpu(150)], 2, vec![load(8, Some(3_500), None)]);
    assert_eq!(runs(&case), [(2, 1), (3, 7)]);
}

#[test]
fn pods_that_request_nothing_are_left_alone() {
    // The requests sum to zero, an error (4.3).
    let mut case = case(&[cpu(50)], 2, vec![load(8, Some(3_500), None)]);
    case.pods.request = 0;
    case.template.containers[0].requests.0[0].1 = "0".parse().unwrap();
    assert_eq!(runs(&case), [(2, 8)]);
    let (found, _) = replayed(&case);
    let zero = SyncError::Metric {
        index: 0,
        source: MetricError::ZeroTotalRequests,
    };
    assert_eq!(found[0].error, Some(zero));
}

#[test]
fn a_window_of_an_hour_holds_for_an_hour() {
    // With a behavior an age equal to the window counts no more (6.2): 8 was recommended last at
    // sync 9, so sync 249 is the first to remove pods.
    let behavior = Behavior {
        scale_up: None,
        scale_down: Some(Rules {
            window_seconds: Some(3_600),
            ..Rules::default()
        }),
    };
    let loads = vec![
        load(10, Some(0), Some(80_000)),
        load(300, Some(0), Some(10_000)),
    ];
    let mut case = case(&[external(average("10"))], 8, loads);
    case.settings.pace = Some(Pace::of(&behavior, &case.flags));
    assert_eq!(runs(&case), [(8, 250), (1, 60)]);
}

#[test]
fn a_direction_that_is_disabled_is_never_taken() {
    let disabled = |direction: &Direction| Direction {
        select: Select::Disabled,
        ..direction.clone()
    };
    let loads = vec![
        load(40, Some(0), Some(10_000)),
        load(40, Some(0), Some(90_000)),
    ];
    let mut case = case(&[external(average("10"))], 4, loads);
    let pace = Pace::of(&Behavior::default(), &case.flags);
    let (up, down) = (disabled(&pace.up), pace.down.clone());
    // Down to 1 after the window of 300 s, and never up again (6.3).
    case.settings.pace = Some(Pace { up, down });
    assert_eq!(runs(&case), [(4, 21), (1, 59)]);
    // Never down; up by four pods or by as many as there are, then to the wish.
    let (up, down) = (pace.up.clone(), disabled(&pace.down));
    case.settings.pace = Some(Pace { up, down });
    assert_eq!(runs(&case), [(4, 41), (8, 1), (9, 38)]);
    assert_eq!(limits(&case)[..2], [Limit::Window, Limit::Policy]);
}

#[test]
fn policies_give_so_many_pods_for_a_period() {
    // At most 2 pods in 60 s: those of sync 0 count at syncs 1 to 3, an age of 60 s no more (6.3).
    let behavior = Behavior {
        scale_up: Some(Rules {
            policies: Some(vec![Policy {
                amount: Amount::Pods(2),
                period_seconds: 60,
            }]),
            ..Rules::default()
        }),
        scale_down: None,
    };
    let mut case = case(
        &[external(average("10"))],
        2,
        vec![load(12, Some(0), Some(70_000))],
    );
    case.settings.pace = Some(Pace::of(&behavior, &case.flags));
    assert_eq!(runs(&case), [(2, 1), (4, 4), (6, 4), (7, 3)]);
    assert_eq!(limits(&case), [Limit::Policy, Limit::Metrics]);
}
