//! What comes through the cache is what a whole reading gives, whatever happens in between.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::autoscaler::target::TargetRef;
use crate::history::Metric;
use crate::metrics::HistoryRequest;
use crate::series::Series;

const STEP: i64 = 300;
const SLOW: Step = Step::ONE_HOUR;
const LEN: usize = 48;
const OVERLAP: i64 = 3;
/// Steps of which bursts are known.
const BURST: usize = 12;
const TARGETS: usize = 5;

/// A source of made-up samples: the same time always has the same value, once it is there.
struct World {
    seed: u64,
    /// Minutes in which something changed nothing is known of: an outage.
    outage: std::ops::Range<i64>,
}

impl World {
    /// A number of 0 to 99 for a target, a metric and a step.
    fn dice(&self, target: usize, kind: u64, step: i64) -> u64 {
        let mut hash = self.seed ^ 0x9e37_79b9_7f4a_7c15;
        for part in [target as u64, kind, step as u64] {
            hash = (hash ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash ^= hash >> 29;
        }
        hash % 100
    }

    /// Known after a while, which differs from sample to sample but is within the overlap.
    fn value(&self, target: usize, kind: u64, time: i64, now: i64) -> Option<f64> {
        let step = time.div_euclid(STEP);
        let late = self.dice(target, kind + 100, step) as i64 * (OVERLAP * STEP) / 99;
        let dice = self.dice(target, kind, step);
        let is_gap = dice < 15 || self.outage.contains(&step) || time + late > now;
        (!is_gap).then_some(dice as f64)
    }

    fn slow(&self, target: usize, time: i64) -> f64 {
        self.dice(target, 9, time.div_euclid(7 * 3600)) as f64
    }

    fn history(&self, target: usize, grid: Grid, now: i64) -> History {
        let series = |grid: Grid, kind: u64| {
            let value = |index| self.value(target, kind, grid.time(index).as_second(), now);
            Series::from_values(grid, (0..grid.len()).map(value))
        };
        let mut cpu = series(grid, 1);
        // As a source that cannot judge the first step of what it was asked for.
        cpu.set(0, -1.0);
        let burst = grid.tail(SLOW.signed(), grid.step());
        let slow = grid.tail(grid.length(), SLOW);
        let constants = (0..slow.len()).map(|it| self.slow(target, slow.time(it).as_second()));
        let all = [
            (Metric::CpuUsage, cpu),
            (Metric::ReadyReplicas, series(grid, 2)),
            (Metric::CpuBurst, series(burst, 3)),
            (
                Metric::CpuRequest,
                Series::from_values(slow, constants.map(Some)),
            ),
        ];
        let mut history = History::default();
        for (metric, series) in all {
            if series.known().next().is_some() {
                history.insert(metric, series);
            }
        }
        history
    }
}

/// What happens between two requests.
#[derive(Clone, Debug)]
enum Event {
    /// Time goes by, in seconds; the clock may step back.
    Pass(i64),
    Restart,
    /// The targets whose bit is set cannot be read.
    Fail(u8),
    /// The targets whose bit is set are those that are there.
    Fleet(u8),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        12 => (0..3 * STEP).prop_map(Event::Pass),
        2 => (3 * STEP..LEN as i64 * STEP * 2).prop_map(Event::Pass),
        1 => (-6 * STEP..0).prop_map(Event::Pass),
        1 => Just(Event::Restart),
        2 => any::<u8>().prop_map(Event::Fail),
        2 => any::<u8>().prop_map(Event::Fleet),
    ];
    prop::collection::vec(event, 1..80)
}

fn has(bits: u8, target: usize) -> bool {
    bits & (1 << target) != 0
}

fn asking(now: i64, fleet: u8) -> HistoryRequest {
    let wanted = |target: usize| Wanted {
        // Places move when somebody joins or leaves.
        subject: (0..target).filter(|it| has(fleet, *it)).count(),
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: target.to_string(),
            kind: "Deployment".to_owned(),
        },
        hpa: target.to_string(),
        containers: vec![],
        native_sidecars: vec![],
        init_containers: vec![],
        memory: false,
        cpu_limited: true,
        triggers: None,
    };
    let there = (0..TARGETS).filter(|it| has(fleet, *it));
    let now = Timestamp::from_second(now).unwrap();
    HistoryRequest {
        grid: Grid::ending_at(
            now,
            SignedDuration::from_secs(STEP * LEN as i64),
            Step::FIVE_MINUTES,
        ),
        wanted: there.map(wanted).collect(),
        pod_owners: Arc::default(),
    }
}

/// Requires that `found` is what a whole reading gives at `now`, but for the first step and what
/// lies before what was read.
fn same(world: &World, target: usize, found: &History, grid: Grid, now: i64) {
    let behind = now.div_euclid(STEP) - grid.end().as_second().div_euclid(STEP);
    let behind = usize::try_from(behind).unwrap();
    let whole = world.history(target, grid, now);
    for metric in [Metric::CpuUsage, Metric::ReadyReplicas, Metric::CpuBurst] {
        let known = |history: &History, time| history.get(&metric).and_then(|it| it.at(time));
        let all = metric != Metric::CpuBurst;
        let first = if all { 1 } else { LEN - BURST };
        for index in first + behind..grid.len() {
            let time = grid.time(index);
            assert!(
                known(found, time) == known(&whole, time),
                "{target} {metric} at {index}: {:?}, expected {:?}",
                known(found, time),
                known(&whole, time)
            );
        }
        let found = found.get(&metric).map(Series::grid);
        let expected = whole.get(&metric).map(Series::grid);
        if all && expected.is_some() {
            assert_eq!(found, expected);
        }
    }
    let slow = found.get(&Metric::CpuRequest).unwrap();
    assert_eq!(slow.grid(), grid.tail(grid.length(), SLOW));
    for index in usize::from(behind > 0)..slow.len() {
        let time = slow.grid().time(index).as_second();
        let nearby = (time - 3600..=time + 3600).step_by(STEP as usize);
        let value = slow.get(index).unwrap();
        assert!(
            nearby
                .map(|it| world.slow(target, it))
                .any(|it| it == value),
            "{target} request at {index}: {value}"
        );
    }
}

proptest! {
    #[test]
    fn what_is_given_is_what_a_whole_reading_gives(
        seed: u64,
        outage in 0..200_i64,
        limit in prop_oneof![Just(usize::MAX), 10_000..40_000_usize],
        events in events(),
    ) {
        let start = 1_700_006_400;
        let world = World { seed, outage: start / STEP + outage..start / STEP + outage + 9 };
        let limits = Limits {
            bytes: limit,
            catch_up: SignedDuration::from_hours(2),
            reread: SignedDuration::from_hours(6),
            ..Limits::default()
        };
        let mut cache = HistoryCache::new(limits);
        let (mut now, mut fleet) = (start, u8::MAX);
        // What has come does not go away when the clock steps back.
        let mut come = start;
        for event in events {
            let mut failing = 0;
            match event {
                Event::Pass(seconds) => now += seconds,
                Event::Restart => cache = HistoryCache::new(limits),
                Event::Fail(targets) => failing = targets,
                Event::Fleet(targets) => fleet = targets,
            }
            come = come.max(now);
            let request = asking(now, fleet);
            let mut answered = vec![];
            for ask in cache.plan(&request) {
                for wanted in &ask.request.wanted {
                    let target: usize = wanted.target.name.parse().unwrap();
                    let history = if has(failing, target) {
                        Err("down".to_owned())
                    } else {
                        Ok(world.history(target, ask.request.grid, come))
                    };
                    let subject = wanted.subject;
                    let taken = cache.take(&ask, Delivery { subject, history });
                    prop_assert_eq!(taken.delivery.subject, subject);
                    answered.push(subject);
                    if has(failing, target) {
                        prop_assert_eq!(taken.stale.is_some(), taken.delivery.history.is_ok());
                    } else {
                        let found = taken.delivery.history.unwrap();
                        prop_assert!(taken.stale.is_none());
                        same(&world, target, &found, request.grid, come);
                    }
                    prop_assert!(cache.bytes() <= limit);
                }
            }
            answered.sort_unstable();
            prop_assert_eq!(answered, (0..request.wanted.len()).collect::<Vec<_>>());
        }
    }
}
