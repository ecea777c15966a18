//! A replay of 14 days at 15 s over a history of 300 s, beside a loop that only reads the history.
//!
//! `cargo bench --bench replay`. On a noisy machine count instructions instead: one held replay
//! without behavior takes 10.4 million (callgrind 3.19, optimized, x86-64).

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use stepscale::autoscaler::behavior::Behavior;
use stepscale::autoscaler::{Metric, Resource, Target};
use stepscale::sim::demand::{Shape, Step, segments};
use stepscale::sim::flags::Flags;
use stepscale::sim::input::Input;
use stepscale::sim::plant::PodShape;
use stepscale::sim::replay::{Replay, Setup};
use stepscale::sim::settings::{Pace, Settings, Tolerance};

/// Steps of 300 s in 14 days, and syncs in each.
const STEPS: usize = 14 * 288;
const SYNCS: u32 = 20;

/// A daily wave between 2 and 22 cores with a fifth of noise.
fn demand() -> Vec<Step> {
    let step = |index: usize| {
        let noise = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        let day = (index % 288) as f64 / 288.0 * std::f64::consts::TAU;
        let mean = 12_000.0 - 10_000.0 * day.cos();
        let noisy = mean * (0.9 + 0.2 * noise as f64 / 4096.0);
        Step {
            millicores: Some(noisy as i64),
            burst: 1.3,
        }
    };
    (0..STEPS).map(step).collect()
}

fn settings(behavior: Option<&Behavior>, flags: &Flags) -> Settings {
    Settings {
        min: 2,
        max: 60,
        metrics: vec![Metric::Resource {
            resource: Resource::Cpu,
            target: Target::Utilization(60),
        }],
        tolerance: Tolerance::of(behavior, flags),
        pace: behavior.map(|it| Pace::of(it, flags)),
    }
}

fn replay(steps: &[Step], settings: &Settings, flags: &Flags, shape: Shape) -> f64 {
    let pod = PodShape {
        request: 500,
        limit: Some(1_000),
        idle: 5,
        startup: SignedDuration::from_secs(40),
        window: SignedDuration::from_secs(15),
    };
    let start = Timestamp::UNIX_EPOCH;
    let setup = Setup {
        settings,
        flags,
        pods: pod,
        inputs: &[Input::Demand],
        headroom: 0.1,
    };
    let mut replay = Replay::new(setup, 4, start);
    for segment in segments(steps, SYNCS, shape) {
        replay.run(&segment, &[], |_| {});
    }
    replay.score().totals().replica_hours.hours()
}

fn fourteen_days(criterion: &mut Criterion) {
    let steps = demand();
    let flags = Flags::default();
    let plain = settings(None, &flags);
    let paced = settings(Some(&Behavior::default()), &flags);
    let mut group = criterion.benchmark_group("14 days");
    group.bench_function("read the samples", |bencher| {
        bencher.iter(|| {
            let all = black_box(&steps).iter();
            all.filter_map(|it| it.millicores).sum::<i64>()
        });
    });
    for (name, settings, shape) in [
        ("held", &plain, Shape::Held),
        ("held, with behavior", &paced, Shape::Held),
        ("burst", &plain, Shape::Burst),
        ("linear", &plain, Shape::Linear),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| replay(black_box(&steps), settings, &flags, shape));
        });
    }
    group.finish();
}

criterion_group!(benches, fourteen_days);
criterion_main!(benches);
