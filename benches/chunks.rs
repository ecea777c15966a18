//! From the chunks of one counter, 14 days at 30 s, to its rates at 300 s.
//!
//! `cargo bench --bench chunks`; a throughput of 1 Melem/s is a million samples a second.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::{SignedDuration, Timestamp};
use stepscale::metrics::prometheus::rate::{Promql, RateWindows};
use stepscale::metrics::prometheus::sample::Sample;
use stepscale::metrics::prometheus::xor;
use stepscale::series::Grid;
use stepscale::units::Step;

#[path = "../src/metrics/prometheus/xor/encoder.rs"]
mod encoder;

const START_SECOND: i64 = 1_700_000_100;
const SAMPLES: usize = 14 * 24 * 120;
/// As many as Prometheus puts into a chunk.
const IN_CHUNK: usize = 120;

/// CPU seconds in microseconds, as cAdvisor counts them: a changing pace, now and then a late
/// scrape, and a restart every two days.
fn counter() -> Vec<(i64, f64)> {
    let mut microseconds = 0_u64;
    let sample = |index: usize| {
        let noise = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        microseconds += 5_000_000 + noise % 7_000_000;
        if index.is_multiple_of(5760) {
            microseconds = 0;
        }
        let late = if noise.is_multiple_of(8) { 3 } else { 0 };
        let at_ms = START_SECOND * 1000 + index as i64 * 30_000 + late;
        (at_ms, microseconds as f64 / 1e6)
    };
    (0..SAMPLES).map(sample).collect()
}

fn chunks_to_rates(criterion: &mut Criterion) {
    let samples = counter();
    let chunks: Vec<_> = samples.chunks(IN_CHUNK).map(encoder::encode).collect();
    let step = Step::FIVE_MINUTES;
    let start = Timestamp::from_second(START_SECOND + 300).expect("a time of this century");
    let grid = Grid::new(start, step, SAMPLES / 10);
    let range = SignedDuration::from_mins(5);
    let mut windows = RateWindows::new(grid, range, Promql::V3);

    let mut group = criterion.benchmark_group("counter of 14 days");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let mut sum = 0.0;
            for chunk in &chunks {
                xor::decode(black_box(chunk), |it| sum += it.value).expect("a sound chunk");
            }
            sum
        });
    });
    group.bench_function("rate", |bencher| {
        bencher.iter(|| {
            for (at_ms, value) in black_box(&samples) {
                windows.push(Sample {
                    at_ms: *at_ms,
                    value: *value,
                });
            }
            total(&mut windows)
        });
    });
    group.bench_function("decode and rate", |bencher| {
        bencher.iter(|| {
            for chunk in black_box(&chunks) {
                xor::decode(chunk, |it| windows.push(it)).expect("a sound chunk");
            }
            total(&mut windows)
        });
    });
    group.finish();
}

fn total(windows: &mut RateWindows) -> f64 {
    let mut total = 0.0;
    windows.finish(|_, rate| total += rate);
    total
}

criterion_group!(benches, chunks_to_rates);
criterion_main!(benches);
