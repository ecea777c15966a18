//! The coming week of one load, with the back-test, from histories at 300 s of several lengths.
//!
//! `cargo bench --bench forecast`; `docs/forecasts.md` has the results.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use stepscale::analysis::forecast::Forecasting;
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

/// Steps of 300 s in a day.
const DAY: usize = 288;

/// A daily wave with a lower weekend and a fifth of noise.
fn load(days: usize) -> Series {
    let start = Timestamp::from_second(1_700_006_700).expect("a time of this century");
    let grid = Grid::new(start, Step::FIVE_MINUTES, days * DAY);
    let value = |at: usize| {
        let noise = (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 52;
        let time = (at % DAY) as f64 / DAY as f64 * std::f64::consts::TAU;
        // It begins on a Wednesday.
        let level = if (at / DAY + 2) % 7 < 5 { 12.0 } else { 8.0 };
        Some((level - 5.0 * time.cos()) * (0.9 + 0.2 * noise as f64 / 4096.0))
    };
    Series::from_values(grid, (0..grid.len()).map(value))
}

fn forecasts(criterion: &mut Criterion) {
    let forecasting = Forecasting::default();
    let mut group = criterion.benchmark_group("forecast");
    for days in [14, 28, 56] {
        let series = load(days);
        group.bench_function(format!("week/{days} days"), |bencher| {
            bencher.iter(|| forecasting.forecast(black_box(&series)));
        });
        group.bench_function(format!("recurrence/{days} days"), |bencher| {
            bencher.iter(|| forecasting.recurrence(black_box(&series)));
        });
    }
    group.finish();
}

criterion_group!(benches, forecasts);
criterion_main!(benches);
