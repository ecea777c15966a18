//! Per-second rates of a counter at the times of a grid, from its raw samples.
//!
//! [`RateWindows`] is PromQL's `rate(counter[range])` evaluated at each time of a grid, in one
//! pass over the samples: `extrapolatedRate` in Prometheus' `promql/functions.go`. Native
//! histograms and the experimental start times of v3 are not here.

use jiff::SignedDuration;

use super::sample::Sample;
use crate::series::Grid;

/// Whose rules hold where versions of Prometheus differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promql {
    /// As v2.42 does, and others before v2.51: a sample exactly `range` before the evaluation
    /// belongs to the window, and a counter that begins far inside the window is extrapolated
    /// to its zero if that is near.
    V2,
    /// As v3.0 and later do: a sample exactly `range` before the evaluation is too old, and a
    /// counter that begins far inside the window is extrapolated by half a sample distance, but
    /// not beyond its zero.
    #[default]
    V3,
}

/// Rates one counter after another over the same grid.
///
/// A rate stands for the window that ends at its grid time. The state is one accumulator for each
/// window that is open at once (one where `range` is the grid's step), and the rates found.
#[derive(Clone, Debug)]
pub struct RateWindows {
    first_end_ms: i64,
    step_ms: i64,
    range_ms: i64,
    /// What an increase within the range is multiplied with to be a rate.
    per_second: f64,
    len: usize,
    rules: Promql,
    /// The lowest grid index whose window is open.
    current: usize,
    /// The times that belong to the current window and to no other, first and last. Nearly every
    /// sample lies there, and is then looked at no further.
    only_current: (i64, i64),
    /// The accumulator of window `index` is at `index` modulo the length, a power of two.
    open: Vec<Window>,
    last: Sample,
    rates: Vec<(usize, f64)>,
}

impl RateWindows {
    /// Windows of `range`, at least a millisecond, that end at the times of `grid`.
    pub fn new(grid: Grid, range: SignedDuration, rules: Promql) -> Self {
        let step_ms = i64::from(grid.step().seconds()) * 1000;
        let range_ms = i64::try_from(range.as_millis()).unwrap_or(i64::MAX).max(1);
        // A closed window of a multiple of the step shares its first sample with one more.
        let most_open = (range_ms / step_ms + 1).min(grid.len().max(1) as i64) as usize;
        let open = match rules {
            Promql::V3 if range_ms == step_ms => 1,
            Promql::V2 | Promql::V3 => most_open.next_power_of_two(),
        };
        let mut windows = Self {
            first_end_ms: grid.start().as_millisecond(),
            step_ms,
            range_ms,
            per_second: 1000.0 / range_ms as f64,
            len: grid.len(),
            rules,
            current: 0,
            only_current: NO_TIME,
            open: vec![Window::EMPTY; open],
            last: BEFORE_ALL,
            rates: Vec::with_capacity(grid.len()),
        };
        windows.move_to(0);
        windows
    }

    /// Takes the next sample of the counter.
    ///
    /// What is not finite (staleness markers among it) is no sample; one that is not later than
    /// the last one is dropped, since overlapping chunks repeat samples.
    #[inline]
    pub fn push(&mut self, sample: Sample) {
        if !sample.value.is_finite() || sample.at_ms <= self.last.at_ms {
            return;
        }
        let (first, last) = self.only_current;
        if first <= sample.at_ms && sample.at_ms <= last {
            let slot = self.slot(self.current);
            self.open[slot].add(sample, self.last);
            self.last = sample;
        } else {
            self.push_at_border(sample);
        }
    }

    /// Takes a sample that may close windows and belong to several.
    fn push_at_border(&mut self, sample: Sample) {
        while self.current < self.len && self.end_ms(self.current) < sample.at_ms {
            self.close_current();
        }
        for index in self.current..self.len {
            if sample.at_ms < self.first_ms(index) {
                break;
            }
            let slot = self.slot(index);
            self.open[slot].add(sample, self.last);
        }
        self.last = sample;
    }

    /// Calls `each` with grid index and rate per second of every window with at least two
    /// samples, in order, and starts anew for another counter.
    pub fn finish(&mut self, mut each: impl FnMut(usize, f64)) {
        let end = self.len.min(self.current + self.open.len());
        while self.current < end {
            self.close_current();
        }
        for (index, rate) in self.rates.drain(..) {
            each(index, rate);
        }
        self.reset();
    }

    /// Forgets the samples so far, for a counter that is given up.
    pub fn reset(&mut self) {
        self.move_to(0);
        self.open.fill(Window::EMPTY);
        self.last = BEFORE_ALL;
        self.rates.clear();
    }

    fn close_current(&mut self) {
        let slot = self.slot(self.current);
        let window = std::mem::replace(&mut self.open[slot], Window::EMPTY);
        if window.count >= 2 {
            let rate = self.rate(&window, self.end_ms(self.current));
            if rate.is_finite() {
                self.rates.push((self.current, rate));
            }
        }
        self.move_to(self.current + 1);
    }

    fn move_to(&mut self, index: usize) {
        self.current = index;
        self.only_current = if index < self.len {
            let next = self.first_ms(index + 1);
            (
                self.first_ms(index),
                self.end_ms(index).min(next.saturating_sub(1)),
            )
        } else {
            NO_TIME
        };
    }

    /// The rate of a window that ends at `end_ms`, of at least two samples.
    ///
    /// Where the first sample is about a sample distance from the window's start, the counter is
    /// taken to have run at the same pace from there; where it is farther, to have started half
    /// a distance before it. The same at the end.
    fn rate(&self, window: &Window, end_ms: i64) -> f64 {
        let increase = self.last.value - window.first.value + window.reset;
        let sampled = (self.last.at_ms - window.first.at_ms) as f64;
        let distance = sampled / f64::from(window.count - 1);
        let threshold = distance * 1.1;
        let reaching = |gap: f64| if gap < threshold { gap } else { distance / 2.0 };

        let to_start = (window.first.at_ms - (end_ms - self.range_ms)) as f64;
        let before = match self.rules {
            Promql::V2 => reaching(to_zero(window, increase, sampled, to_start)),
            Promql::V3 => to_zero(window, increase, sampled, reaching(to_start)),
        };
        let after = reaching((end_ms - self.last.at_ms) as f64);
        increase * (1.0 + (before + after) / sampled) * self.per_second
    }

    fn end_ms(&self, index: usize) -> i64 {
        self.first_end_ms + self.step_ms * index as i64
    }

    /// The earliest time that belongs to the window of `index`.
    fn first_ms(&self, index: usize) -> i64 {
        let start_ms = self.end_ms(index).saturating_sub(self.range_ms);
        match self.rules {
            Promql::V2 => start_ms,
            Promql::V3 => start_ms.saturating_add(1),
        }
    }

    fn slot(&self, index: usize) -> usize {
        index & (self.open.len() - 1)
    }
}

const BEFORE_ALL: Sample = Sample {
    at_ms: i64::MIN,
    value: 0.0,
};

/// A span that no time lies in.
const NO_TIME: (i64, i64) = (i64::MAX, i64::MIN);

/// What a window remembers of its samples; the last one is the last of all.
#[derive(Clone, Copy, Debug)]
struct Window {
    first: Sample,
    count: u32,
    /// Sum of the values that the counter had right before it was reset.
    reset: f64,
}

impl Window {
    const EMPTY: Self = Self {
        first: BEFORE_ALL,
        count: 0,
        reset: 0.0,
    };

    #[inline]
    fn add(&mut self, sample: Sample, last: Sample) {
        if self.count == 0 {
            self.first = sample;
        } else if sample.value < last.value {
            self.reset += last.value;
        }
        self.count = self.count.saturating_add(1);
    }
}

/// The lesser of `gap` and the milliseconds before the first sample at which a counter that
/// always ran at the pace of the window was zero.
fn to_zero(window: &Window, increase: f64, sampled: f64, gap: f64) -> f64 {
    let first = window.first.value;
    // Most counters are far from zero: a product tells so sooner than the division.
    if increase > 0.0 && first >= 0.0 && first * sampled < gap * increase {
        sampled * (first / increase)
    } else {
        gap
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::sample::STALE_NAN_BITS;
    use super::*;
    use crate::units::Step;

    const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

    fn sample(second: i64, value: f64) -> Sample {
        Sample {
            at_ms: second * 1000,
            value,
        }
    }

    fn finished(windows: &mut RateWindows) -> Vec<(usize, f64)> {
        let mut rates = Vec::new();
        windows.finish(|index, rate| rates.push((index, rate)));
        rates
    }

    /// Rates over five minutes that end at 300 s, 600 s and 900 s.
    fn windows(rules: Promql) -> RateWindows {
        let start = Timestamp::from_second(300).unwrap();
        RateWindows::new(Grid::new(start, Step::FIVE_MINUTES, 3), FIVE_MINUTES, rules)
    }

    fn rates(rules: Promql, samples: &[(i64, f64)]) -> Vec<(usize, f64)> {
        let mut windows = windows(rules);
        for (second, value) in samples {
            windows.push(sample(*second, *value));
        }
        finished(&mut windows)
    }

    // Worked by hand from `extrapolatedRate`: increase × (sampled + before + after) / sampled
    // / range.
    #[test]
    fn one_window_has_the_rate_worked_by_hand() {
        let regular = [
            (60, 100.0),
            (120, 160.0),
            (180, 220.0),
            (240, 280.0),
            (300, 340.0),
        ];
        let from_zero = [
            (60, 0.0),
            (120, 60.0),
            (180, 120.0),
            (240, 180.0),
            (300, 240.0),
        ];
        let reset = [
            (60, 10.0),
            (120, 20.0),
            (180, 5.0),
            (240, 15.0),
            (300, 25.0),
        ];
        let short = [(200, 1000.0), (210, 1010.0), (220, 1020.0)];
        let near_zero = [(200, 10.0), (210, 20.0), (220, 30.0)];
        let flat = [(100, 7.0), (200, 7.0)];
        let negative = [(100, -20.0), (200, 0.0)];
        type Case<'a> = (&'a str, &'a [(i64, f64)], f64, f64);
        let cases: [Case; 7] = [
            // Near both ends: as if it filled the window.
            ("regular", &regular, 1.0, 1.0),
            // Nothing before zero: 240 of 300 seconds.
            ("from zero", &from_zero, 0.8, 0.8),
            (
                "reset",
                &reset,
                35.0 * 300.0 / 240.0 / 300.0,
                35.0 * 300.0 / 240.0 / 300.0,
            ),
            // Far from both ends: half a distance, 5 s, on each side.
            (
                "short",
                &short,
                20.0 * 30.0 / 20.0 / 300.0,
                20.0 * 30.0 / 20.0 / 300.0,
            ),
            // Zero lies 10 s before the first sample.
            (
                "near zero",
                &near_zero,
                20.0 * 35.0 / 20.0 / 300.0,
                20.0 * 30.0 / 20.0 / 300.0,
            ),
            ("flat", &flat, 0.0, 0.0),
            ("negative", &negative, 0.2, 0.2),
        ];
        for (name, samples, v2, v3) in cases {
            for (rules, expected) in [(Promql::V2, v2), (Promql::V3, v3)] {
                let rates = rates(rules, samples);
                assert_eq!(rates.len(), 1, "{name}");
                assert!(
                    (rates[0].1 - expected).abs() < 1e-15,
                    "{name} {rules:?} {rates:?}"
                );
            }
        }
    }

    #[test]
    fn a_sample_on_the_boundary_belongs_to_the_window_before_v3_only() {
        let samples = [(300, 0.0), (450, 150.0)];
        assert_eq!(rates(Promql::V2, &samples), [(1, 1.0)]);
        assert_eq!(rates(Promql::V3, &samples), []);
    }

    #[test]
    fn a_window_of_one_sample_has_no_rate() {
        let samples = [(10, 1.0), (310, 2.0), (320, 3.0), (700, 9.0)];
        let known: Vec<_> = rates(Promql::V3, &samples).iter().map(|it| it.0).collect();
        assert_eq!(known, [1]);
    }

    #[test]
    fn what_is_no_sample_changes_nothing() {
        let samples = [(-400, 1.0), (60, 1.0), (120, 5.0), (400, 6.0), (500, 2.0)];
        let mut noisy = windows(Promql::V3);
        for (second, value) in samples {
            for nothing in [f64::from_bits(STALE_NAN_BITS), f64::NAN, f64::INFINITY] {
                noisy.push(sample(second - 1, nothing));
            }
            noisy.push(sample(second, value));
            noisy.push(sample(second, value + 1e6));
            noisy.push(sample(second - 30, 0.0));
        }
        noisy.push(sample(901, 1e9));
        noisy.push(sample(i64::MAX / 1000, 2e9));
        let expected = rates(Promql::V3, &samples);
        assert_eq!(expected.len(), 2);
        assert_eq!(finished(&mut noisy), expected);
    }

    #[test]
    fn an_empty_grid_has_no_rates() {
        let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, 0);
        let mut windows = RateWindows::new(grid, FIVE_MINUTES, Promql::V3);
        windows.push(sample(-2, 1.0));
        windows.push(sample(-1, 2.0));
        assert_eq!(finished(&mut windows), []);
    }

    fn any_counter() -> impl Strategy<Value = Vec<Sample>> {
        let distance = prop_oneof![Just(30_000_i64), 1..90_000_i64, 60_000..900_000_i64];
        let value = prop_oneof![0.0..1e9, (0..20_u32).prop_map(f64::from)];
        prop::collection::vec((distance, value), 0..80).prop_map(|steps| {
            let mut at_ms = -300_000;
            let next = |(distance, value)| {
                at_ms += distance;
                Sample { at_ms, value }
            };
            steps.into_iter().map(next).collect()
        })
    }

    proptest! {
        #[test]
        fn every_window_of_a_grid_has_the_rate_it_has_alone(
            samples in any_counter(),
            range_ms in prop_oneof![Just(60_000_i64), Just(300_000), 1..1_000_000_i64],
            rules in prop_oneof![Just(Promql::V2), Just(Promql::V3)],
        ) {
            let range = SignedDuration::from_millis(range_ms);
            let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::ONE_MINUTE, 30);
            let mut all = RateWindows::new(grid, range, rules);
            samples.iter().for_each(|it| all.push(*it));
            let mut alone = Vec::new();
            for index in 0..grid.len() {
                let point = Grid::new(grid.time(index), Step::ONE_MINUTE, 1);
                let mut window = RateWindows::new(point, range, rules);
                samples.iter().for_each(|it| window.push(*it));
                window.finish(|_, rate| alone.push((index, rate)));
            }
            prop_assert_eq!(finished(&mut all), alone);
        }

        #[test]
        fn a_finished_or_abandoned_counter_leaves_nothing_to_the_next(
            before in any_counter(),
            abandoned in any_counter(),
            samples in any_counter(),
        ) {
            let mut fresh = windows(Promql::V2);
            samples.iter().for_each(|it| fresh.push(*it));
            let mut used = windows(Promql::V2);
            before.iter().for_each(|it| used.push(*it));
            finished(&mut used);
            abandoned.iter().for_each(|it| used.push(*it));
            used.reset();
            samples.iter().for_each(|it| used.push(*it));
            prop_assert_eq!(finished(&mut used), finished(&mut fresh));
        }

        #[test]
        fn arbitrary_samples_have_rates_that_are_finite_and_not_negative(
            samples in prop::collection::vec((any::<i64>(), any::<f64>()), 0..50),
        ) {
            let mut windows = windows(Promql::V3);
            for (at_ms, value) in samples {
                windows.push(Sample { at_ms: at_ms % 1_000_000, value: value.abs() });
            }
            for (_, rate) in finished(&mut windows) {
                prop_assert!(rate.is_finite() && rate >= 0.0, "{}", rate);
            }
        }
    }
}
