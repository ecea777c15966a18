//! What a query answers at the times of a grid, and what of it KEDA takes for a value.

use crate::metrics::prometheus::sample::Sample;
use crate::series::{Grid, Series};

/// Of each time, how many series had a value, and one of these.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answers {
    grid: Grid,
    counts: Vec<u16>,
    values: Vec<f64>,
}

impl Answers {
    pub(super) fn none(grid: Grid) -> Self {
        Self {
            grid,
            counts: vec![0; grid.len()],
            values: vec![f64::NAN; grid.len()],
        }
    }

    /// Adds one series.
    pub(super) fn add(&mut self, samples: &[Sample]) {
        let (start, step) = (self.grid.start(), i64::from(self.grid.step().seconds()));
        for sample in samples {
            let offset = sample.at_ms - start.as_millisecond();
            let Ok(index) = usize::try_from(offset.div_euclid(step * 1000)) else {
                continue;
            };
            if let (Some(count), Some(value)) =
                (self.counts.get_mut(index), self.values.get_mut(index))
            {
                *count = count.saturating_add(1);
                *value = sample.value;
            }
        }
    }

    /// Takes over those of a part of the times that begins with the one at `offset`.
    pub(super) fn put(&mut self, offset: usize, part: &Self) {
        for (index, (count, value)) in part.counts.iter().zip(&part.values).enumerate() {
            let place = offset + index;
            if let (Some(mine), Some(known)) =
                (self.counts.get_mut(place), self.values.get_mut(place))
            {
                (*mine, *known) = (*count, *value);
            }
        }
    }

    /// Whether anything was found at any time.
    pub(super) fn is_anything(&self) -> bool {
        self.counts.iter().any(|it| *it > 0)
    }

    /// Whether several series were found at every time, so that KEDA never has a value.
    pub(super) fn is_several(&self) -> bool {
        !self.counts.is_empty() && self.counts.iter().all(|it| *it > 1)
    }

    /// What KEDA takes for the value at each time: that of the only series; 0 where there is none,
    /// or its value has no size, if `ignores_null`; else nothing, as it fails there.
    pub(super) fn series(&self, ignores_null: bool) -> Series {
        let null = ignores_null.then_some(0.0);
        let values = self.counts.iter().zip(&self.values);
        let taken = values.map(|(count, value)| match count {
            0 => null,
            1 if value.is_finite() => Some(*value),
            1 => null,
            _ => None,
        });
        Series::from_values(self.grid, taken)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::units::Step;

    fn at(second: i64, value: f64) -> Sample {
        Sample {
            at_ms: second * 1000,
            value,
        }
    }

    fn minutes(len: usize) -> Grid {
        Grid::new(Timestamp::UNIX_EPOCH, Step::ONE_MINUTE, len)
    }

    fn values(answers: &Answers, ignores_null: bool) -> Vec<Option<f64>> {
        answers.series(ignores_null).iter().collect()
    }

    #[test]
    fn one_series_is_a_value_several_are_none_and_nothing_is_zero_or_none() {
        let mut answers = Answers::none(minutes(6));
        answers.add(&[
            at(0, 1.0),
            at(60, 2.0),
            at(120, f64::NAN),
            at(180, f64::INFINITY),
        ]);
        answers.add(&[at(60, 2.0), at(300, -4.0)]);
        let failing = [Some(1.0), None, None, None, None, Some(-4.0)];
        assert_eq!(values(&answers, false), failing);
        let zero = Some(0.0);
        let ignoring = [Some(1.0), None, zero, zero, zero, Some(-4.0)];
        assert_eq!(values(&answers, true), ignoring);
        assert!(answers.is_anything() && !answers.is_several());
    }

    #[test]
    fn a_series_without_a_size_is_one_of_several_all_the_same() {
        let mut answers = Answers::none(minutes(1));
        answers.add(&[at(0, f64::NAN)]);
        answers.add(&[at(0, 1.0)]);
        assert_eq!(values(&answers, true), [None]);
        assert!(answers.is_several());
    }

    #[test]
    fn parts_fill_the_whole_and_what_lies_outside_is_left_out() {
        let mut part = Answers::none(Grid::new(
            Timestamp::from_second(120).unwrap(),
            Step::ONE_MINUTE,
            2,
        ));
        part.add(&[at(60, 9.0), at(120, 1.0), at(180, 2.0), at(240, 9.0)]);
        let mut whole = Answers::none(minutes(4));
        assert!(!whole.is_anything() && !whole.is_several());
        whole.put(2, &part);
        assert_eq!(values(&whole, false), [None, None, Some(1.0), Some(2.0)]);
        whole.put(3, &part);
        assert_eq!(values(&whole, false), [None, None, Some(1.0), Some(1.0)]);
    }
}
