//! One line of a portrait.

use std::borrow::Cow;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

/// Values at the points of a portrait, with what is lowest and highest in the time of each.
///
/// Kept in single precision and to four digits: nobody sees more of a line. Serialized as `mean`,
/// `low` and `high`, the latter two only where they differ; `null` is a gap.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// NaN is a gap, here and below.
    mean: Vec<f32>,
    /// Empty where every value stands for itself.
    low: Vec<f32>,
    high: Vec<f32>,
}

impl Lane {
    /// Values that stand for themselves.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self {
            mean: values.into_iter().map(kept).collect(),
            low: Vec::new(),
            high: Vec::new(),
        }
    }

    /// The same with the highest in the time of each, where that is more.
    pub fn with_peaks(values: impl IntoIterator<Item = Option<(f64, f64)>>) -> Self {
        let (mean, high): (Vec<f32>, Vec<f32>) = values
            .into_iter()
            .map(|it| {
                let high = it.map(|(value, peak)| peak.max(value));
                (kept(it.map(|it| it.0)), kept(high))
            })
            .unzip();
        let low = mean.clone();
        let is_flat = same(&mean, &high);
        Self {
            mean,
            low: if is_flat { Vec::new() } else { low },
            high: if is_flat { Vec::new() } else { high },
        }
    }

    /// `None` where nothing is known.
    pub fn known(values: Vec<f64>) -> Option<Self> {
        let is_known = values.iter().any(|it| it.is_finite());
        is_known.then(|| Self::of(values.into_iter().map(Some)))
    }

    pub fn len(&self) -> usize {
        self.mean.len()
    }

    pub fn is_empty(&self) -> bool {
        self.mean.is_empty()
    }

    /// The mean of the time of point `at`; `None` for a gap.
    pub fn mean(&self, at: usize) -> Option<f64> {
        value(&self.mean, at)
    }

    /// The lowest in the time of point `at`.
    pub fn low(&self, at: usize) -> Option<f64> {
        value(self.lows(), at)
    }

    /// The highest in the time of point `at`.
    pub fn high(&self, at: usize) -> Option<f64> {
        value(self.highs(), at)
    }

    /// The highest of all; `None` where nothing is known.
    pub fn peak(&self) -> Option<f64> {
        let known = self.highs().iter().copied().filter(|it| !it.is_nan());
        known.max_by(f32::total_cmp).map(f64::from)
    }

    fn lows(&self) -> &[f32] {
        if self.low.is_empty() {
            &self.mean
        } else {
            &self.low
        }
    }

    fn highs(&self) -> &[f32] {
        if self.high.is_empty() {
            &self.mean
        } else {
            &self.high
        }
    }

    /// The first point of the first `first` ones, the others of `each`.
    pub(super) fn reduced(&self, first: usize, each: usize) -> Self {
        let parts = || {
            let rest = first.min(self.len());
            std::iter::once(0..rest).chain(
                (rest..self.len())
                    .step_by(each)
                    .map(move |it| it..it + each),
            )
        };
        let over = |values: &[f32], of: fn(&[f32]) -> f32| -> Vec<f32> {
            let known = |part: Range<usize>| -> Vec<f32> {
                let part = part.start..part.end.min(values.len());
                values[part]
                    .iter()
                    .copied()
                    .filter(|it| !it.is_nan())
                    .collect()
            };
            parts().map(|it| of(&known(it))).collect()
        };
        Self {
            mean: over(&self.mean, mean),
            low: over(self.lows(), |it| {
                it.iter().copied().fold(f32::NAN, f32::min)
            }),
            high: over(self.highs(), |it| {
                it.iter().copied().fold(f32::NAN, f32::max)
            }),
        }
        .tidied()
    }

    pub(super) fn part(&self, range: Range<usize>) -> Self {
        let cut = |values: &[f32]| values.get(range.clone()).unwrap_or_default().to_vec();
        Self {
            mean: cut(&self.mean),
            low: cut(&self.low),
            high: cut(&self.high),
        }
    }

    fn tidied(mut self) -> Self {
        if same(&self.mean, &self.low) && same(&self.mean, &self.high) {
            self.low = Vec::new();
            self.high = Vec::new();
        }
        self
    }
}

impl PartialEq for Lane {
    /// The same values; a gap equals a gap.
    fn eq(&self, other: &Self) -> bool {
        same(&self.mean, &other.mean)
            && same(self.lows(), other.lows())
            && same(self.highs(), other.highs())
    }
}

impl Serialize for Lane {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_plain = self.low.is_empty();
        let mut lane = serializer.serialize_struct("Lane", if is_plain { 1 } else { 3 })?;
        lane.serialize_field("mean", &Values(&self.mean))?;
        if !is_plain {
            lane.serialize_field("low", &Values(&self.low))?;
            lane.serialize_field("high", &Values(&self.high))?;
        }
        lane.end()
    }
}

impl JsonSchema for Lane {
    fn schema_name() -> Cow<'static, str> {
        "Lane".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let values = json_schema!({ "type": "array", "items": { "type": ["number", "null"] } });
        json_schema!({
            "description": "Values at the points of a portrait, `null` where nothing is known; `low` and `high` where they differ from the mean.",
            "type": "object",
            "required": ["mean"],
            "properties": { "mean": values, "low": values, "high": values },
            "additionalProperties": false,
        })
    }
}

struct Values<'a>(&'a [f32]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_seq(Some(self.0.len()))?;
        for value in self.0 {
            // Most are counts, and `3` is shorter than `3.0`.
            match value {
                it if it.is_nan() => all.serialize_element(&None::<f32>)?,
                it if it.fract() == 0.0 && it.abs() < 1e9 => {
                    all.serialize_element(&(*it as i64))?
                }
                it => all.serialize_element(it)?,
            }
        }
        all.end()
    }
}

fn value(values: &[f32], at: usize) -> Option<f64> {
    let value = values.get(at).filter(|it| !it.is_nan())?;
    Some(f64::from(*value))
}

fn mean(known: &[f32]) -> f32 {
    let sum: f64 = known.iter().copied().map(f64::from).sum();
    kept((!known.is_empty()).then(|| sum / known.len() as f64))
}

/// To four digits.
fn kept(value: Option<f64>) -> f32 {
    let Some(value) = value.filter(|it| it.is_finite()) else {
        return f32::NAN;
    };
    if value == 0.0 {
        return 0.0;
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits.min(9));
    // Counts stay whole however large they are.
    if digits < 0 && value.fract() == 0.0 {
        return value as f32;
    }
    ((value * scale).round() / scale) as f32
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(lane: &Lane) -> String {
        serde_json::to_string(lane).unwrap()
    }

    #[test]
    fn a_lane_is_short_where_values_stand_for_themselves() {
        let lane = Lane::of([Some(3.0), None, Some(0.123_456), Some(f64::NAN), Some(0.0)]);
        assert_eq!(json(&lane), r#"{"mean":[3,null,0.1235,null,0]}"#);
        let peaks = Lane::with_peaks([Some((1.0, 1.0)), None, Some((2.0, 1.5))]);
        assert_eq!(json(&peaks), r#"{"mean":[1,null,2]}"#);
    }

    #[test]
    fn four_digits_are_kept_and_counts_are_whole() {
        let cases = [
            (1.0 / 3.0, 0.3333),
            (12.345_67, 12.35),
            (123_456.0, 123_456.0),
            (123_456.7, 123_500.0),
            (0.000_012_345, 0.000_012_35),
        ];
        for (value, expected) in cases {
            assert_eq!(
                Lane::of([Some(value)]).mean(0),
                Some(f64::from(expected as f32)),
                "{value}"
            );
        }
    }

    #[test]
    fn a_reduced_lane_keeps_peaks_and_ignores_gaps() {
        let values = [Some(9.0), Some(1.0), None, Some(5.0), None, None, None];
        let lane = Lane::of(values).reduced(1, 3);
        assert_eq!(lane.len(), 3);
        assert_eq!(
            json(&lane),
            r#"{"mean":[9,3,null],"low":[9,1,null],"high":[9,5,null]}"#
        );
        assert_eq!(lane.peak(), Some(9.0));
        let flat = Lane::of([Some(2.0); 6]).reduced(2, 2);
        assert_eq!(json(&flat), r#"{"mean":[2,2,2]}"#);
    }

    #[test]
    fn peaks_above_the_mean_survive() {
        let lane = Lane::with_peaks([Some((1.0, 4.0)), Some((2.0, 2.0))]);
        assert_eq!(
            (lane.low(0), lane.mean(0), lane.high(0)),
            (Some(1.0), Some(1.0), Some(4.0))
        );
        assert_eq!(lane.reduced(2, 2).high(0), Some(4.0));
        assert_eq!(lane.part(1..2).high(0), Some(2.0));
    }
}
