//! The values of a series line, checked and read.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::SeriesLine;
use crate::history::Metric;
use crate::metrics::snapshot::problem::{MOST_VALUES, Problem};
use crate::series::{Grid, Series};

impl SeriesLine<'_> {
    /// Checks the values without reading them where their characters show that they are right.
    ///
    /// `samples` is room for those that must be read after all.
    pub(in crate::metrics::snapshot) fn check(
        &self,
        samples: &mut Vec<f32>,
    ) -> Result<(), Problem> {
        let text = self.values.get().as_bytes();
        let inner = text.get(1..text.len() - 1).unwrap_or_default();
        // It is known to be valid JSON: without quotes, brackets, signs and the letters of `true`
        // and `false` there can only be numbers from zero up and nulls.
        let is_plain = inner
            .iter()
            .all(|it| matches!(it, b'0'..=b'9' | b'.' | b',' | b'n' | b'u' | b'l' | b' '));
        let commas = inner.iter().filter(|it| **it == b',').count();
        if is_plain && commas < MOST_VALUES {
            return Ok(());
        }
        self.values_into(samples)
    }

    /// Checks the values and puts them into `samples` in place of what it held; a gap is NaN.
    pub(in crate::metrics::snapshot) fn values_into(
        &self,
        samples: &mut Vec<f32>,
    ) -> Result<(), Problem> {
        samples.clear();
        let mut values = serde_json::Deserializer::from_str(self.values.get());
        let filled = Fill(samples).deserialize(&mut values);
        if samples.len() > MOST_VALUES {
            return Err(Problem::TooManyValues);
        }
        let expected = "a number or null";
        filled.map_err(|_| Problem::Value {
            index: samples.len(),
            expected,
        })?;
        self.check_signs(samples)
    }

    /// Amounts and shares are never negative; what a trigger measures is not ours to say.
    fn check_signs(&self, samples: &[f32]) -> Result<(), Problem> {
        if matches!(self.metric, Metric::Trigger(_)) {
            return Ok(());
        }
        match samples.iter().position(|it| *it < 0.0) {
            Some(index) => Err(Problem::Value {
                index,
                expected: "zero or more",
            }),
            None => Ok(()),
        }
    }

    /// The samples that [`values_into`](Self::values_into) gave, as a series.
    pub(in crate::metrics::snapshot) fn series(&self, samples: &[f32]) -> Series {
        let grid = Grid::new(self.start, self.step, samples.len());
        Series::from_values(grid, samples.iter().map(|it| Some(f64::from(*it))))
    }
}

/// Fills a vector without building a value for each number; stops above [`MOST_VALUES`].
struct Fill<'a>(&'a mut Vec<f32>);

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of numbers and nulls")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while let Some(value) = values.next_element::<Option<f32>>()? {
            self.0.push(value.unwrap_or(f32::NAN));
            if self.0.len() > MOST_VALUES {
                return Err(serde::de::Error::custom("too many"));
            }
        }
        Ok(())
    }
}
