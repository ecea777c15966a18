//! Unusual settings and absurd loads: nothing panics, overflows or is no number.

use super::*;
use crate::autoscaler::behavior::{Rules, Select};
use crate::sim::score::Totals;

#[track_caller]
fn assert_finite(totals: &Totals) {
    let json = serde_json::to_value(totals).unwrap();
    let mut waiting = vec![&json];
    while let Some(value) = waiting.pop() {
        match value {
            // NaN and infinities are written as null.
            serde_json::Value::Null => panic!("{json}"),
            serde_json::Value::Number(it) => assert!(it.as_f64().unwrap() >= 0.0, "{json}"),
            serde_json::Value::Object(all) => waiting.extend(all.values()),
            other => panic!("{other}"),
        }
    }
    let limited: f64 = totals.limited_minutes.values().sum();
    assert_eq!(limited, totals.known_minutes);
}

fn disabled() -> Behavior {
    let rules = Rules {
        window_seconds: Some(3600),
        select: Some(Select::Disabled),
        ..Rules::default()
    };
    Behavior {
        scale_up: Some(rules.clone()),
        scale_down: Some(rules),
    }
}

/// Every kind of metric at once, each with its own place.
fn metrics(target: i64) -> (Vec<Metric>, Vec<Input>) {
    let quantity = super::made_up::quantity(target);
    let average = Target::AverageValue(quantity);
    let name = "load".to_owned();
    let share = |request, is_cpu| Share {
        request,
        limit: None,
        idle: 7,
        is_cpu,
    };
    let shared = |place, share| Input::Shared { place, share };
    let external = |target| Metric::External {
        name: name.clone(),
        target,
    };
    let object = |target| Metric::Object {
        name: name.clone(),
        described: "Ingress/main".to_owned(),
        target,
    };
    let resource = |resource, target| Metric::Resource { resource, target };
    let utilization = Target::Utilization(u32::try_from(target.clamp(1, 1_000)).unwrap());
    let all = vec![
        (resource(Resource::Cpu, utilization), Input::Demand),
        (resource(Resource::Cpu, average), shared(0, share(1, true))),
        (
            resource(Resource::Memory, utilization),
            shared(1, share(i64::MAX, false)),
        ),
        (
            resource(Resource::Memory, average),
            shared(2, share(0, false)),
        ),
        (external(average), Input::Total { place: 3 }),
        (external(Target::Value(quantity)), Input::Total { place: 4 }),
        (object(average), Input::Total { place: 5 }),
        (object(Target::Value(quantity)), Input::Total { place: 6 }),
    ];
    all.into_iter().unzip()
}

#[test]
fn unusual_settings_are_replayed_without_ado() {
    let disabled = disabled();
    let flags = Flags::default();
    let all = [
        (settings(3, 3, 50, None), 3),
        (settings(1, 5_000, 250, None), 5_000),
        (settings(1, 1, 50, Some(&disabled)), 1),
        (settings(1, 5_000, 50, Some(&disabled)), 4_000),
        (settings(1, 10, 50, None), 0),
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
            assert_finite(&replay.score().totals());
        }
    }
}

#[test]
fn absurd_loads_are_replayed_without_ado() {
    let loads = [
        Some(i64::MIN),
        Some(-1),
        None,
        Some(0),
        Some(1),
        Some(i64::MAX / 2),
        Some(i64::MAX),
    ];
    let disabled = disabled();
    for target in [1, 1_000, i64::MAX] {
        let (metrics, inputs) = metrics(target);
        for behavior in [None, Some(Behavior::default()), Some(disabled.clone())] {
            for request in [0, 1, i64::MAX] {
                let mut settings = settings(1, 5_000, 50, behavior.as_ref());
                settings.metrics.clone_from(&metrics);
                replay_all(&settings, &inputs, request, &loads);
            }
        }
    }
}

/// Every load after every other, at every count.
fn replay_all(settings: &Settings, inputs: &[Input], request: i64, loads: &[Option<i64>]) {
    for replicas in [0, 1, 5_000] {
        for scale_to_zero in [false, true] {
            let flags = Flags {
                scale_to_zero,
                ..Flags::default()
            };
            let setup = Setup {
                settings,
                flags: &flags,
                pods: shape(request, None, 40),
                inputs,
                headroom: 0.5,
                floors: &[],
            };
            let mut replay = Replay::new(setup, replicas, at(0));
            for first in loads {
                for second in loads {
                    let segment = Segment {
                        ticks: 25,
                        demand: *first,
                        peak: first.unwrap_or(0).saturating_mul(2),
                    };
                    replay.run(&segment, &[*second; 7], |_| {});
                }
            }
            assert_finite(&replay.score().totals());
        }
    }
}

#[test]
fn a_history_of_which_half_is_missing_is_replayed_in_between() {
    let settings = settings(2, 40, 60, None);
    let flags = Flags::default();
    let mut replay = start(&settings, &flags, shape(500, Some(1_000), 40), 4);
    for step in 0..4_032_i64 {
        let known = step.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0;
        let demand = known.then_some(2_000 + step % 288 * 50);
        let segment = Segment {
            ticks: 20,
            demand,
            peak: demand.unwrap_or(0),
        };
        replay.run(&segment, &[], |_| {});
    }
    let totals = replay.score().totals();
    assert_finite(&totals);
    let days = totals.known_minutes / 1440.0;
    assert!((6.0..8.0).contains(&days), "{days}");
    assert!(totals.scale_events > 100);
}

#[test]
fn a_start_at_the_end_of_time_is_replayed() {
    let settings = settings(1, 10, 50, None);
    let flags = Flags::default();
    let setup = Setup {
        settings: &settings,
        flags: &flags,
        pods: shape(500, None, i64::MAX),
        inputs: &[Input::Demand],
        headroom: 0.0,
        floors: &[],
    };
    for start in [Timestamp::MIN, Timestamp::MAX] {
        let mut replay = Replay::new(setup, 2, start);
        replay.run(&segment(100, 3_000), &[], |_| {});
        assert_finite(&replay.score().totals());
    }
}
