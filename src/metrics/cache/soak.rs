//! Memory over many ticks.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::autoscaler::target::TargetRef;
use crate::history::Metric;
use crate::metrics::HistoryRequest;
use crate::series::Series;

const TICKS: i64 = 10_000;

/// A fleet that is asked for again and again.
struct Soak {
    cache: HistoryCache,
    targets: usize,
    window: SignedDuration,
}

impl Soak {
    fn new(targets: usize, window: SignedDuration) -> Self {
        Self {
            cache: HistoryCache::new(Limits::default()),
            targets,
            window,
        }
    }

    /// Asks at `tick`, when another target than before is the newest and the oldest is gone.
    fn tick(&mut self, tick: i64) {
        let now = Timestamp::from_second(1_700_006_400 + tick * 300).unwrap();
        // One target in a hundred ticks leaves, and another one joins.
        let first = (tick / 100) as usize;
        let wanted = (first..first + self.targets).enumerate();
        let request = HistoryRequest {
            grid: Grid::ending_at(now, self.window, Step::FIVE_MINUTES),
            wanted: wanted.map(|(subject, it)| wanted_of(subject, it)).collect(),
            pod_owners: Arc::default(),
        };
        for ask in self.cache.plan(&request) {
            let history = made_up(ask.request.grid, tick);
            for subject in ask.subjects() {
                let history = Ok(history.clone());
                let taken = self.cache.take(&ask, Delivery { subject, history });
                let history = taken.delivery.history.unwrap();
                assert_eq!(history.grid(), Some(request.grid));
            }
        }
    }
}

fn wanted_of(subject: usize, name: usize) -> Wanted {
    let name = format!("workload-{name:06}");
    Wanted {
        subject,
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: name.clone(),
            kind: "Deployment".to_owned(),
        },
        hpa: name,
        containers: vec![],
        native_sidecars: vec![],
        init_containers: vec![],
        memory: false,
        cpu_limited: true,
        triggers: None,
    }
}

/// What a plain target has: three series of the window, three of less.
fn made_up(grid: Grid, tick: i64) -> History {
    let mut history = History::default();
    let mut put = |metric, grid: Grid| {
        // Now and then there is nothing to be told.
        if tick % 17 != 0 || metric != Metric::CpuBurst {
            history.insert(metric, Series::constant(grid, 1.0 + tick as f64));
        }
    };
    put(Metric::CpuUsage, grid);
    put(Metric::ReadyReplicas, grid);
    put(Metric::DesiredReplicas, grid);
    put(
        Metric::CpuBurst,
        grid.tail(SignedDuration::from_hours(24), grid.step()),
    );
    put(
        Metric::CpuRequest,
        grid.tail(grid.length(), Step::SIX_HOURS),
    );
    put(
        Metric::CpuThrottled,
        grid.tail(SignedDuration::from_hours(48), Step::ONE_HOUR),
    );
    history
}

#[test]
fn memory_is_flat_over_ten_thousand_ticks() {
    let mut soak = Soak::new(10, SignedDuration::from_hours(48));
    let mut most = 0;
    for tick in 1..=TICKS {
        soak.tick(tick);
        if tick == 500 {
            most = soak.cache.bytes();
        }
        // Who left is kept for an hour, in which at most one leaves.
        assert!(
            tick < 500 || soak.cache.bytes() <= most + most / 10,
            "{tick}"
        );
        assert!(soak.cache.len() <= 11, "{tick}");
    }
    // The one that left last is not forgotten yet.
    let counters = soak.cache.counters();
    assert_eq!(counters.forgotten, (TICKS / 100 - 1) as u64);
    assert_eq!((counters.evicted, counters.refused), (0, 0));
}

#[test]
fn a_plain_target_takes_what_the_description_says() {
    let mut soak = Soak::new(1, SignedDuration::from_hours(14 * 24));
    soak.tick(1);
    let spare = 3;
    let samples = 3 * (4032 + spare) + (288 + spare) + (56 + spare) + (48 + spare);
    let fixed = soak.cache.bytes() - 4 * samples;
    assert!((6 * 100 + 700..=6 * 250 + 1100).contains(&fixed), "{fixed}");
}

/// The memory of this process, by the kernel's count.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
#[ignore = "takes minutes: cargo test --release --lib cache::soak -- --ignored --nocapture"]
#[expect(clippy::print_stderr, reason = "a measurement for whoever runs it")]
fn the_process_is_flat_over_ten_thousand_ticks_with_a_thousand_autoscalers() {
    let mut soak = Soak::new(1000, SignedDuration::from_hours(14 * 24));
    let mut warm = 0;
    for tick in 1..=TICKS {
        soak.tick(tick);
        if tick == 500 {
            warm = resident();
        }
        if tick % 500 == 0 {
            let (kept, all) = (soak.cache.bytes() >> 20, resident() >> 20);
            eprintln!("{tick}: {kept} MiB kept, {all} MiB in all");
        }
    }
    let grown = resident().saturating_sub(warm);
    assert!(grown * 50 < warm, "{grown} bytes more than {warm}");
}
