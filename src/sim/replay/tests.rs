//! The fast way against the long one, and the laws of a replay.

use proptest::prelude::*;

use super::*;
use crate::autoscaler::behavior::{Amount, Behavior, Policy, Rules, Select};
use crate::autoscaler::{Holds, Metric, Resource, Target};
use crate::sim::memory::Memory;
use crate::sim::pod::{Amounts, Container, Phase, Pod, Ready, Role, Sample, Template};
use crate::sim::proposal::{Reading, Scene};
use crate::sim::settings::{Pace, Tolerance};
use crate::sim::tally::Valued;

const START: i64 = 1_700_000_000;

fn at(tick: i64) -> Timestamp {
    Timestamp::from_second(START + 15 * tick).unwrap()
}

fn settings(min: i32, max: i32, percent: u32, behavior: Option<&Behavior>) -> Settings {
    let flags = Flags::default();
    Settings {
        min,
        max,
        metrics: vec![Metric::Resource {
            resource: Resource::Cpu,
            target: Target::Utilization(percent),
        }],
        tolerance: Tolerance::of(behavior, &flags),
        pace: behavior.map(|it| Pace::of(it, &flags)),
    }
}

fn shape(request: i64, limit: Option<i64>, startup: i64) -> PodShape {
    PodShape {
        request,
        limit,
        idle: 3,
        startup: SignedDuration::from_secs(startup),
        window: SignedDuration::from_secs(15),
    }
}

/// A replay of pods that scale by CPU alone.
fn start<'a>(
    settings: &'a Settings,
    flags: &'a Flags,
    pods: PodShape,
    replicas: i32,
) -> Replay<'a> {
    let setup = Setup {
        settings,
        flags,
        pods,
        inputs: &[Input::Demand],
        headroom: 0.0,
    };
    Replay::new(setup, replicas, at(0))
}

fn segment(ticks: u32, demand: i64) -> Segment {
    Segment {
        ticks,
        demand: Some(demand),
        peak: demand,
    }
}

/// The replicas that every single sync found, from the steps of a replay.
fn replayed(replay: &mut Replay<'_>, segments: &[Segment]) -> Vec<i32> {
    let mut found = Vec::new();
    for segment in segments {
        replay.run(segment, &[], |step| {
            let syncs = step.syncs as usize;
            found.extend(std::iter::repeat_n(step.plan.current, syncs));
        });
    }
    found
}

/// The same by single pods, with the controller's own lists and every sync run.
fn by_single_pods(
    settings: &Settings,
    shape: PodShape,
    replicas: i32,
    segments: &[Segment],
) -> Vec<i32> {
    let flags = Flags::default();
    let request = format!("{}m", shape.request).parse().unwrap();
    let template = Template {
        containers: vec![Container {
            name: "app".to_owned(),
            role: Role::Main,
            requests: Amounts(vec![(Resource::Cpu, request)]),
        }],
        ..Template::default()
    };
    let mut created = vec![at(-1_000); replicas as usize];
    let mut state = State::<Memory>::default();
    let mut found = Vec::new();
    let demands = segments
        .iter()
        .flat_map(|it| std::iter::repeat_n(it.demand, it.ticks as usize));
    for (tick, demand) in demands.enumerate() {
        let now = at(tick as i64);
        let serves = |it: &Timestamp| after(*it, shape.startup) <= now;
        let serving = created.iter().filter(|it| serves(it)).count() as i64;
        let pods: Vec<_> = created
            .iter()
            .map(|it| pod(&template, shape, *it, now))
            .collect();
        let mut nth = 0;
        let samples = created.iter().map(|it| {
            let value = if serves(it) {
                nth += 1;
                let demand = demand.unwrap_or(0);
                let more = i64::from(nth <= demand % serving);
                let usage = shape.idle + demand / serving + more;
                shape.limit.map_or(usage, |it| usage.min(it))
            } else {
                0
            };
            let window = shape.window;
            Some(Sample {
                value,
                at: now,
                window,
            })
        });
        let samples: Vec<_> = samples.collect();
        let reading = match demand {
            Some(_) => Reading::Pods {
                samples: &samples,
                gone: Valued::default(),
            },
            None => Reading::Failed(MetricError::MetricsApi),
        };
        let current = created.len() as i32;
        let scale = Scale {
            current,
            observed: current,
        };
        let scene = Scene {
            scale,
            pods: &pods,
            readings: &[reading],
        };
        let look = Found {
            scale: Ok(scale),
            selector: Ok(()),
        };
        let plan = plan(settings, &flags, &mut state, look, now, |index| {
            scene.propose(settings, index, &flags, now)
        });
        let _ = settle(settings, &flags, &mut state, &plan, Written::Done, now);
        found.push(current);
        created.resize(plan.desired.unwrap_or(current) as usize, now);
    }
    found
}

fn pod(template: &Template, shape: PodShape, created: Timestamp, now: Timestamp) -> Pod<'_> {
    let ready = after(created, shape.startup);
    let (holds, since) = if ready <= now {
        (Holds::Yes, ready)
    } else {
        (Holds::No, created)
    };
    Pod {
        template,
        phase: Phase::Running,
        is_deleted: false,
        started: Some(created),
        ready: Some(Ready { holds, since }),
    }
}

fn rules() -> impl Strategy<Value = Rules> {
    let select = prop_oneof![Just(Select::Max), Just(Select::Min), Just(Select::Disabled)];
    let amount = prop_oneof![
        (1..10_u32).prop_map(Amount::Pods),
        (1..200_u32).prop_map(Amount::Percent)
    ];
    let policy = (amount, 1..400_u32).prop_map(|(amount, period_seconds)| Policy {
        amount,
        period_seconds,
    });
    let policies = proptest::option::of(proptest::collection::vec(policy, 1..3));
    (proptest::option::of(0..700_u32), select, policies).prop_map(
        |(window_seconds, select, policies)| Rules {
            window_seconds,
            select: Some(select),
            policies,
            tolerance: None,
        },
    )
}

fn behavior() -> impl Strategy<Value = Option<Behavior>> {
    proptest::option::of((rules(), rules()).prop_map(|(up, down)| Behavior {
        scale_up: Some(up),
        scale_down: Some(down),
    }))
}

fn segments() -> impl Strategy<Value = Vec<Segment>> {
    let demand = prop_oneof![9 => (0..20_000_i64).prop_map(Some), 1 => Just(None)];
    let one = (1..40_u32, demand).prop_map(|(ticks, demand)| Segment {
        ticks,
        demand,
        peak: demand.unwrap_or(0),
    });
    proptest::collection::vec(one, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn uniform_pods_take_the_same_way_as_single_ones(
        (min, width) in (1..6_i32, 0..40_i32),
        percent in 10..200_u32,
        behavior in behavior(),
        segments in segments(),
        (request, limit, startup) in (1..2_000_i64, proptest::option::of(1..3_000_i64), 0..700_i64),
        replicas in 1..50_i32,
    ) {
        let settings = settings(min, min + width, percent, behavior.as_ref());
        let shape = shape(request, limit, startup);
        let flags = Flags::default();
        let mut replay = start(&settings, &flags, shape, replicas);
        let found = replayed(&mut replay, &segments);
        prop_assert_eq!(found, by_single_pods(&settings, shape, replicas, &segments));
    }

    #[test]
    fn a_replay_cut_in_two_and_resumed_equals_the_whole(
        behavior in behavior(),
        segments in segments(),
        cuts in proptest::collection::vec(1..40_u32, 25),
    ) {
        let settings = settings(1, 30, 60, behavior.as_ref());
        let flags = Flags::default();
        let begin = || start(&settings, &flags, shape(500, None, 50), 3);
        let (mut whole, mut parts) = (begin(), begin());
        let found = replayed(&mut whole, &segments);
        let mut resumed = Vec::new();
        for (segment, cut) in segments.iter().zip(cuts) {
            let first = cut.min(segment.ticks);
            let halves = [first, segment.ticks - first].map(|ticks| Segment { ticks, ..*segment });
            let mut kept = parts.clone();
            resumed.extend(replayed(&mut kept, &halves));
            parts = kept;
        }
        prop_assert_eq!(found, resumed);
        prop_assert_eq!(whole.score(), parts.score());
    }

    #[test]
    fn replicas_stay_within_the_range_once_they_are_there(
        (min, width) in (1..6_i32, 0..5_000_i32),
        percent in 1..1_000_u32,
        behavior in behavior(),
        segments in segments(),
        request in 0..2_000_i64,
    ) {
        let settings = settings(min, min + width, percent, behavior.as_ref());
        let flags = Flags::default();
        let shape = shape(request, None, 30);
        let mut replay = start(&settings, &flags, shape, min);
        for replicas in replayed(&mut replay, &segments) {
            prop_assert!((min..=min + width).contains(&replicas));
        }
        let totals = replay.score().totals();
        prop_assert!(totals.shortfall_core_minutes.is_finite());
        prop_assert!(totals.headroom_core_hours.is_finite());
    }
}

#[test]
fn a_step_up_is_followed_and_a_step_down_waits_for_the_window() {
    let settings = settings(2, 10, 50, None);
    let flags = Flags::default();
    let shape = shape(1_000, None, 30);
    let mut replay = start(&settings, &flags, shape, 2);
    let found = replayed(
        &mut replay,
        &[segment(2, 994), segment(20, 3_970), segment(40, 994)],
    );
    // 3,970 millicores over two pods are 198 % of their requests: 8 pods, in one step of at most
    // twice as many or 4. The new ones serve at 30 s and count at 45 s.
    assert_eq!(found[..4], [2, 2, 2, 4]);
    assert_eq!(found[8], 8);
    assert_eq!(found[21], 8);
    // 300 s of age still count, so the first sync that may scale down is the 21st at low demand;
    // the pods are seen as removed by the one after it.
    let low = found.iter().rposition(|it| *it == 8).unwrap();
    assert_eq!(low, 22 + 20);
    assert_eq!(found[low + 1], 2);
    assert_eq!(replay.score().scale_events, 3);
    assert_eq!(replay.score().flaps, 1);
}

#[test]
fn what_cannot_change_is_not_run() {
    let settings = settings(2, 10, 50, None);
    let flags = Flags::default();
    let mut replay = start(&settings, &flags, shape(1_000, None, 30), 2);
    let mut steps = 0;
    replay.run(&segment(80_640, 994), &[], |_| steps += 1);
    assert_eq!((steps, replay.score().known), (1, 80_640));
}

#[test]
fn unusual_settings_are_replayed_without_ado() {
    let disabled = Rules {
        window_seconds: Some(3600),
        select: Some(Select::Disabled),
        ..Rules::default()
    };
    let behavior = Behavior {
        scale_up: Some(disabled.clone()),
        scale_down: Some(disabled),
    };
    let flags = Flags::default();
    let all = [
        (settings(3, 3, 50, None), 3),
        (settings(1, 5_000, 250, None), 5_000),
        (settings(1, 1, 50, Some(&behavior)), 1),
        (settings(1, 5_000, 50, Some(&behavior)), 4_000),
    ];
    for (settings, replicas) in all {
        for request in [0, 1, 1_000] {
            let shape = shape(request, Some(2_000), 30);
            let mut replay = start(&settings, &flags, shape, replicas);
            let gap = Segment {
                ticks: 300,
                demand: None,
                peak: 0,
            };
            let found = replayed(&mut replay, &[segment(300, 0), gap, segment(300, i64::MAX)]);
            assert_eq!(found.len(), 900);
        }
    }
}
