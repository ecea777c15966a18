//! The true load: a trace as millicores at every sync, finer than any history shows it.

use jiff::Timestamp;
use stepscale::sim::demand::Segment;

use super::folder::Trace;

/// Seconds between syncs.
pub(super) const SYNC: i64 = 15;
/// Syncs in a step of the history.
pub(super) const STEP: usize = 20;
const DAY_SECONDS: i64 = 86_400;
/// Syncs in a day.
pub(super) const DAY: usize = (DAY_SECONDS / SYNC) as usize;
pub(super) const DAYS: usize = 14;

/// One standard deviation of the noise, as a share of the level, and how much of it is left one
/// sync later: gusts of some two minutes, which a history of five-minute means hides.
const NOISE: f64 = 0.05;
const KEPT: f64 = 0.9;

/// Days of demand, two weeks of it unless something else is said.
pub(super) struct Load {
    /// The time of the first sync, a multiple of five minutes.
    pub(super) start: Timestamp,
    /// Millicores at each sync; `None` where the trace has a gap.
    pub(super) syncs: Vec<Option<i64>>,
}

impl Load {
    /// The two weeks of `trace` that end `skip_days` before its end, scaled so that all but a
    /// thousandth of its steps stay within `peak` millicores.
    pub(super) fn of(trace: &Trace, skip_days: i64, peak: f64, seed: u64) -> Self {
        Self::of_days(DAYS, trace, skip_days, peak, seed)
    }

    /// The same of as many days.
    pub(super) fn of_days(
        days: usize,
        trace: &Trace,
        skip_days: i64,
        peak: f64,
        seed: u64,
    ) -> Self {
        let end = (trace.end() - skip_days * DAY_SECONDS).div_euclid(300) * 300;
        let start = end - days as i64 * DAY_SECONDS;
        assert!(trace.first <= start, "the trace is too short");
        let scale = peak / within(trace, start, end, 0.999);
        let mut noise = Noise::new(seed);
        let sync = |at: usize| {
            let level = level(trace, start + at as i64 * SYNC);
            let factor = 1.0 + NOISE * noise.next();
            level.map(|it| (it * scale * factor).round().max(0.0) as i64)
        };
        Self {
            start: Timestamp::from_second(start).unwrap(),
            syncs: (0..days * DAY).map(sync).collect(),
        }
    }

    /// The demand of some of the syncs as a replay takes it.
    pub(super) fn segments(syncs: &[Option<i64>]) -> impl Iterator<Item = Segment> {
        syncs.chunk_by(|a, b| a == b).map(|run| Segment {
            ticks: run.len() as u32,
            demand: run[0],
            peak: run[0].unwrap_or(0),
        })
    }

    /// The mean of each step of the history; `None` where a part of it is unknown.
    pub(super) fn means(&self) -> impl Iterator<Item = Option<f64>> {
        let steps = self.syncs.chunks_exact(STEP);
        steps.map(|step| {
            let known: Option<Vec<i64>> = step.iter().copied().collect();
            known.map(|it| it.iter().sum::<i64>() as f64 / STEP as f64)
        })
    }
}

/// What a share `q` of the known values do not exceed.
pub(super) fn quantile(known: impl Iterator<Item = f64>, q: f64) -> f64 {
    let mut sorted: Vec<f64> = known.collect();
    sorted.sort_by(f64::total_cmp);
    let rank = (q * sorted.len() as f64) as usize;
    sorted[rank.min(sorted.len() - 1)]
}

fn within(trace: &Trace, start: i64, end: i64, q: f64) -> f64 {
    let index = |second: i64| ((second - trace.first) / trace.step) as usize;
    let values = &trace.values[index(start)..index(end).min(trace.values.len())];
    quantile(values.iter().copied().flatten(), q)
}

/// The value at `second`, on a straight line between the middles of two steps.
fn level(trace: &Trace, second: i64) -> Option<f64> {
    let since = second - trace.first;
    let at = since.div_euclid(trace.step);
    let value = |at: i64| *trace.values.get(usize::try_from(at).ok()?)?;
    let here = value(at)?;
    // -0.5 to 0.5: how far from the middle of the step.
    let off = (since - at * trace.step) as f64 / trace.step as f64 - 0.5;
    let beside = value(at + if off < 0.0 { -1 } else { 1 }).unwrap_or(here);
    Some(here + (beside - here) * off.abs())
}

/// Noise that fades slowly, of mean 0 and deviation 1, from a xorshift generator.
struct Noise {
    state: u64,
    last: f64,
}

impl Noise {
    fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            last: 0.0,
        }
    }

    fn next(&mut self) -> f64 {
        // Four uniform numbers, less their mean and scaled to deviation 1, are near a normal one.
        let sum: f64 = (0..4).map(|_| self.uniform()).sum();
        let normal = (sum - 2.0) * 3.0_f64.sqrt();
        self.last = KEPT * self.last + (1.0 - KEPT * KEPT).sqrt() * normal;
        self.last
    }

    fn uniform(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn a_load_follows_its_trace_and_gaps_stay_gaps() {
    let value = |at: i64| (at != 2000).then_some(if at % 288 < 144 { 10.0 } else { 30.0 });
    let trace = Trace {
        first: 1_700_000_100,
        step: 300,
        values: (0..15 * 288).map(value).collect(),
    };
    let load = Load::of(&trace, 1, 6_000.0, 7);
    let means: Vec<_> = load.means().collect();
    assert_eq!(means.len(), 14 * 288);
    assert_eq!((0..means.len()).find(|at| means[*at].is_none()), Some(2000));
    let near = |at: usize, level: f64| (means[at].unwrap() / level - 1.0).abs() < 3.0 * NOISE;
    assert!(
        near(72, 2_000.0) && near(216, 6_000.0),
        "{:?}",
        &means[..288]
    );
    assert_ne!(load.syncs[1000], load.syncs[1001]);
    assert_eq!(load.syncs, Load::of(&trace, 1, 6_000.0, 7).syncs);
    assert_ne!(load.syncs, Load::of(&trace, 1, 6_000.0, 8).syncs);
}
