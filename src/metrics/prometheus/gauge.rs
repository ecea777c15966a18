//! Values of a gauge at the times of a grid, from its raw samples.
//!
//! [`LastValues`] is PromQL's instant vector selector evaluated at each time of a grid
//! (`vectorSelectorSingle` in Prometheus' `promql/engine.go`), in one pass over the samples.

use jiff::SignedDuration;

use super::rate::Promql;
use super::sample::Sample;
use crate::series::Grid;

/// How far back a sample still counts: Prometheus' `--query.lookback-delta` unless set.
pub const LOOKBACK: SignedDuration = SignedDuration::from_mins(5);

/// Reads one gauge after another at the times of the same grid.
#[derive(Clone, Debug)]
pub struct LastValues {
    first_ms: i64,
    step_ms: i64,
    lookback_ms: i64,
    len: usize,
    /// The first grid index that a later sample may still decide.
    current: usize,
    last: Option<Sample>,
    values: Vec<(usize, f64)>,
}

impl LastValues {
    /// Values at most `lookback` old; under the rules of v3, younger.
    pub fn new(grid: Grid, lookback: SignedDuration, rules: Promql) -> Self {
        let lookback_ms = i64::try_from(lookback.as_millis()).unwrap_or(i64::MAX);
        Self {
            first_ms: grid.start().as_millisecond(),
            step_ms: i64::from(grid.step().seconds()) * 1000,
            lookback_ms: match rules {
                Promql::V2 => lookback_ms,
                Promql::V3 => lookback_ms - 1,
            },
            len: grid.len(),
            current: 0,
            last: None,
            values: Vec::with_capacity(grid.len()),
        }
    }

    /// Takes the next sample of the gauge; one not later than the last one is dropped.
    ///
    /// What is not finite (staleness markers among it) ends the value before it.
    #[inline]
    pub fn push(&mut self, sample: Sample) {
        if self.last.is_some_and(|last| sample.at_ms <= last.at_ms) {
            return;
        }
        while self.current < self.len && self.time_ms(self.current) < sample.at_ms {
            self.decide_current();
        }
        self.last = Some(sample);
    }

    /// Calls `each` with grid index and value, in order, and starts anew for another gauge.
    pub fn finish(&mut self, mut each: impl FnMut(usize, f64)) {
        while self.current < self.len {
            self.decide_current();
        }
        for (index, value) in self.values.drain(..) {
            each(index, value);
        }
        self.reset();
    }

    /// Forgets the samples so far, for a gauge that is given up.
    pub fn reset(&mut self) {
        self.current = 0;
        self.last = None;
        self.values.clear();
    }

    fn decide_current(&mut self) {
        let oldest = self.time_ms(self.current).saturating_sub(self.lookback_ms);
        let fresh = self
            .last
            .filter(|it| it.at_ms >= oldest && it.value.is_finite());
        if let Some(sample) = fresh {
            self.values.push((self.current, sample.value));
        }
        self.current += 1;
    }

    fn time_ms(&self, index: usize) -> i64 {
        self.first_ms + self.step_ms * index as i64
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::sample::STALE_NAN_BITS;
    use super::*;
    use crate::units::Step;

    /// Values at 0 s, 60 s, … 600 s from samples of second and value.
    fn values(rules: Promql, samples: &[(i64, f64)]) -> Vec<(usize, f64)> {
        let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::ONE_MINUTE, 11);
        let mut gauge = LastValues::new(grid, LOOKBACK, rules);
        for (second, value) in samples {
            gauge.push(Sample {
                at_ms: second * 1000,
                value: *value,
            });
        }
        let mut values = Vec::new();
        gauge.finish(|index, value| values.push((index, value)));
        values
    }

    #[test]
    fn the_last_sample_at_or_before_a_time_is_its_value() {
        let samples = [(-30, 1.0), (0, 2.0), (50, 3.0), (59, 4.0), (120, 5.0)];
        let expected = [
            (0, 2.0),
            (1, 4.0),
            (2, 5.0),
            (3, 5.0),
            (4, 5.0),
            (5, 5.0),
            (6, 5.0),
        ];
        assert_eq!(values(Promql::V3, &samples), expected);
    }

    #[test]
    fn a_sample_as_old_as_the_lookback_counts_before_v3_only() {
        assert_eq!(values(Promql::V3, &[(60, 1.0)]).last(), Some(&(5, 1.0)));
        assert_eq!(values(Promql::V2, &[(60, 1.0)]).last(), Some(&(6, 1.0)));
    }

    #[test]
    fn what_is_not_finite_ends_the_value() {
        for end in [f64::from_bits(STALE_NAN_BITS), f64::NAN, f64::INFINITY] {
            let samples = [(0, 1.0), (90, end), (200, 2.0), (560, end)];
            let expected = [
                (0, 1.0),
                (1, 1.0),
                (4, 2.0),
                (5, 2.0),
                (6, 2.0),
                (7, 2.0),
                (8, 2.0),
            ];
            assert_eq!(values(Promql::V3, &samples), expected);
        }
    }

    #[test]
    fn repeated_and_older_samples_are_dropped() {
        let samples = [(0, 1.0), (0, 2.0), (-60, 3.0), (60, 4.0), (30, 5.0)];
        assert_eq!(values(Promql::V3, &samples)[..2], [(0, 1.0), (1, 4.0)]);
    }

    #[test]
    fn samples_after_the_grid_change_nothing() {
        let samples = [(590, 1.0), (601, 2.0), (i64::MAX / 1000, 3.0)];
        assert_eq!(values(Promql::V3, &samples), [(10, 1.0)]);
    }
}
