//! A replay of 14 days at 15 s over a history of 300 s, beside a loop that only reads the history.
//!
//! `cargo bench --bench replay`. On a noisy machine count the instructions of one replay instead:
//!
//! ```sh
//! valgrind --tool=callgrind --toggle-collect='*one_replay*' --callgrind-out-file=/dev/null \
//!     target/release/deps/replay-… --bench --test '^14 days/burst$'
//! ```

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use stepscale::autoscaler::behavior::Behavior;
use stepscale::autoscaler::{Metric, Resource, Target};
use stepscale::sim::demand::{Around, Segment, Shape, Step};
use stepscale::sim::flags::Flags;
use stepscale::sim::input::Input;
use stepscale::sim::keda;
use stepscale::sim::plant::{PodShape, Share};
use stepscale::sim::replay::{Replay, Setup};
use stepscale::sim::settings::{Pace, Settings, Tolerance};

/// Steps of 300 s in 14 days, and syncs in each.
const STEPS: usize = 14 * 288;
const SYNCS: u32 = 20;

/// The places of the loads besides the demand: memory in bytes and items in a queue, thousandths.
const MEMORY: usize = 0;
const QUEUE: usize = 1;

/// A history with its loads.
struct Past {
    steps: Vec<Step>,
    others: Vec<[Option<i64>; 2]>,
}

impl Past {
    /// A daily wave between 2 and 22 cores with a fifth of noise; memory and a queue that follow it.
    fn made_up() -> Self {
        let steps: Vec<Step> = (0..STEPS).map(step).collect();
        let others = steps.iter().map(|it| {
            let demand = it.millicores;
            [
                demand.map(|it| it * 100_000_000),
                demand.map(|it| it * 1_000),
            ]
        });
        Self {
            others: others.collect(),
            steps,
        }
    }
}

fn step(index: usize) -> Step {
    let noise = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
    let day = (index % 288) as f64 / 288.0 * std::f64::consts::TAU;
    let mean = 12_000.0 - 10_000.0 * day.cos();
    let noisy = mean * (0.9 + 0.2 * noise as f64 / 4096.0);
    Step {
        millicores: Some(noisy as i64),
        burst: 1.3,
    }
}

/// What an HPA scales by.
#[derive(Clone, Copy)]
enum By {
    Cpu,
    CpuMemoryAndQueue,
}

impl By {
    fn metrics(self) -> (Vec<Metric>, Vec<Input>) {
        let resource = |resource, percent| Metric::Resource {
            resource,
            target: Target::Utilization(percent),
        };
        let cpu = (resource(Resource::Cpu, 60), Input::Demand);
        let memory = Input::Shared {
            place: MEMORY,
            share: Share {
                request: 512_000_000_000,
                limit: None,
                idle: 200_000_000_000,
                is_cpu: false,
            },
        };
        let queue = Metric::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("500".parse().expect("500 is a quantity")),
        };
        match self {
            Self::Cpu => std::iter::once(cpu).unzip(),
            Self::CpuMemoryAndQueue => [
                cpu,
                (resource(Resource::Memory, 80), memory),
                (queue, Input::Total { place: QUEUE }),
            ]
            .into_iter()
            .unzip(),
        }
    }
}

fn settings(metrics: Vec<Metric>, behavior: Option<&Behavior>, flags: &Flags) -> Settings {
    Settings {
        min: 2,
        max: 60,
        metrics,
        tolerance: Tolerance::of(behavior, flags),
        pace: behavior.map(|it| Pace::of(it, flags)),
    }
}

/// Not inlined, so that its instructions can be told from the rest.
#[inline(never)]
fn one_replay(past: &Past, setup: Setup<'_>, shape: Shape) -> f64 {
    let mut replay = Replay::new(setup, 4, Timestamp::UNIX_EPOCH);
    for (at, (step, others)) in past.steps.iter().zip(&past.others).enumerate() {
        for segment in step.segments(Around::of(&past.steps, at), SYNCS, shape) {
            replay.run(&segment, others, |_| {});
        }
    }
    replay.score().totals().replica_hours.hours()
}

fn fourteen_days(criterion: &mut Criterion) {
    let past = Past::made_up();
    let flags = Flags::default();
    let mut group = criterion.benchmark_group("14 days");
    group.bench_function("read the samples", |bencher| {
        bencher.iter(|| {
            let all = black_box(&past.steps).iter();
            all.filter_map(|it| it.millicores).sum::<i64>()
        });
    });
    let default = Behavior::default();
    for (name, shape, behavior, by) in [
        ("held", Shape::Held, None, By::Cpu),
        ("linear", Shape::Linear, None, By::Cpu),
        ("burst", Shape::Burst, None, By::Cpu),
        ("held with behavior", Shape::Held, Some(&default), By::Cpu),
        ("burst with behavior", Shape::Burst, Some(&default), By::Cpu),
        (
            "held by 3 metrics",
            Shape::Held,
            None,
            By::CpuMemoryAndQueue,
        ),
        (
            "burst by 3 metrics",
            Shape::Burst,
            None,
            By::CpuMemoryAndQueue,
        ),
    ] {
        let (metrics, inputs) = by.metrics();
        let settings = settings(metrics, behavior, &flags);
        let setup = Setup {
            settings: &settings,
            flags: &flags,
            pods: PodShape {
                request: 500,
                limit: Some(1_000),
                idle: 5,
                startup: SignedDuration::from_secs(40),
                window: SignedDuration::from_secs(15),
            },
            inputs: &inputs,
            headroom: 0.1,
            floors: &[],
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| one_replay(black_box(&past), setup, shape));
        });
    }
    group.finish();
}

/// The same wave as a queue, away at night, in front of an object that sleeps then.
fn queue(step: &Step) -> f64 {
    let millicores = step.millicores.unwrap_or(0) as f64;
    (millicores - 6_000.0).max(0.0)
}

#[inline(never)]
fn one_object(queue: &[f64], setup: keda::replay::Setup<'_>) -> f64 {
    let start = keda::replay::Start {
        at: Timestamp::UNIX_EPOCH,
        replicas: 0,
        created: Timestamp::UNIX_EPOCH,
        last_active: None,
    };
    let mut replay = keda::replay::Replay::new(setup, start);
    for value in queue {
        let segment = Segment {
            ticks: SYNCS,
            demand: None,
            peak: 0,
        };
        let stretch = keda::replay::Stretch {
            segment,
            values: &[Some(*value)],
            others: &[],
        };
        replay.run(&stretch, |_| {});
    }
    replay.score().replica_hours().hours()
}

fn fourteen_days_of_a_scaled_object(criterion: &mut Criterion) {
    let past = Past::made_up();
    let queue: Vec<f64> = past.steps.iter().map(queue).collect();
    let flags = Flags::default();
    let object = keda::settings::LoopSettings::default();
    let triggers = [keda::trigger::Trigger::External(keda::trigger::External {
        metric: "s0-queue".to_owned(),
        target: Target::AverageValue("500".parse().expect("500 is a quantity")),
        activation: 0.0,
        is_cached: false,
    })];
    let setup = keda::replay::Setup {
        object: &object,
        triggers: &triggers,
        modifiers: None,
        hpa: &keda::hpa::Hpa::of(&object, &triggers, None, None, &flags),
        flags: &flags,
        pods: PodShape {
            request: 500,
            limit: None,
            idle: 0,
            startup: SignedDuration::from_secs(40),
            window: SignedDuration::from_secs(15),
        },
        headroom: 0.1,
        ruler: None,
    };
    let mut group = criterion.benchmark_group("14 days of a ScaledObject");
    group.bench_function("held", |bencher| {
        bencher.iter(|| one_object(black_box(&queue), setup));
    });
    group.finish();
}

criterion_group!(benches, fourteen_days, fourteen_days_of_a_scaled_object);
criterion_main!(benches);
