//! Reads one element of an answer: a series of a range query, a sample of an instant query, the
//! labels of a list of series.

use std::fmt;

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::labels::Labels;
use super::sample::Sample;

/// A series of an answer; read into again and again, so that its memory is reused.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) labels: Labels,
    pub(super) samples: Vec<Sample>,
}

impl Element {
    /// Reads `{"metric":{…},"values":[[1435781430.781,"1"],…]}`, or `value` with one sample.
    ///
    /// Native histograms are left out: they are not asked for.
    pub(super) fn read(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        self.labels.clear();
        self.samples.clear();
        from_slice(json, SeriesInto(self))
    }
}

/// Reads `{"__name__":"up",…}`.
pub(super) fn labels(json: &[u8]) -> Result<Labels, serde_json::Error> {
    let mut labels = Labels::default();
    from_slice(json, LabelsInto(&mut labels))?;
    Ok(labels)
}

/// Reads `1435781430.781`.
pub(super) fn time(json: &[u8]) -> Result<i64, serde_json::Error> {
    Ok(milliseconds(serde_json::from_slice(json)?))
}

/// Reads `"0.25"`, `"NaN"`, `"+Inf"`.
pub(super) fn value(json: &[u8]) -> Result<f64, serde_json::Error> {
    from_slice(json, Value)
}

fn from_slice<'de, S: DeserializeSeed<'de>>(
    json: &'de [u8],
    seed: S,
) -> Result<S::Value, serde_json::Error> {
    let mut source = serde_json::Deserializer::from_slice(json);
    let value = seed.deserialize(&mut source)?;
    source.end()?;
    Ok(value)
}

/// Timestamps are seconds with three decimals; a double holds them exactly enough to round.
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Metric,
    Value,
    Values,
    #[serde(other)]
    Other,
}

struct SeriesInto<'a>(&'a mut Element);

impl<'de> DeserializeSeed<'de> for SeriesInto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for SeriesInto<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a series: an object with `metric` and `values`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(field) = map.next_key()? {
            match field {
                Field::Metric => map.next_value_seed(LabelsInto(&mut self.0.labels))?,
                Field::Values => map.next_value_seed(SamplesInto(&mut self.0.samples))?,
                Field::Value => self.0.samples.push(map.next_value_seed(OneSample)?),
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct LabelsInto<'a>(&'a mut Labels);

impl<'de> DeserializeSeed<'de> for LabelsInto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LabelsInto<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels: an object of strings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let labels = self.0;
        while map
            .next_key_seed(Text(|it: &str| labels.push_name(it)))?
            .is_some()
        {
            map.next_value_seed(Text(|it: &str| labels.push_value(it)))?;
        }
        labels.sort();
        Ok(())
    }
}

/// Passes a string on without a copy of its own.
struct Text<F>(F);

impl<'de, F: FnOnce(&str)> DeserializeSeed<'de> for Text<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_str(self)
    }
}

impl<F: FnOnce(&str)> Visitor<'_> for Text<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        (self.0)(text);
        Ok(())
    }
}

struct SamplesInto<'a>(&'a mut Vec<Sample>);

impl<'de> DeserializeSeed<'de> for SamplesInto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<(), D::Error> {
        source.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for SamplesInto<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of samples")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(sample) = list.next_element_seed(OneSample)? {
            self.0.push(sample);
        }
        Ok(())
    }
}

struct OneSample;

impl<'de> DeserializeSeed<'de> for OneSample {
    type Value = Sample;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Sample, D::Error> {
        source.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for OneSample {
    type Value = Sample;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sample: a list of time and value")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut pair: S) -> Result<Sample, S::Error> {
        let time: f64 = pair
            .next_element()?
            .ok_or_else(|| S::Error::invalid_length(0, &self))?;
        let value = pair
            .next_element_seed(Value)?
            .ok_or_else(|| S::Error::invalid_length(1, &self))?;
        Ok(Sample {
            at_ms: milliseconds(time),
            value,
        })
    }
}

/// A value: a number written as a string, because JSON knows no NaN.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<f64, D::Error> {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for Value {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number in a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        text.parse()
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Result<Element, serde_json::Error> {
        let mut element = Element::default();
        element.read(json.as_bytes()).map(|()| element)
    }

    #[test]
    fn a_series_with_its_labels_and_samples() {
        let json = r#"{"metric":{"pod":"web-1","namespace":"sh\u00f6p"},
            "values":[[1435781430.781,"0.25"],[1435781445,"1e-7"],[1435781460.001,"+Inf"],[0,"-Inf"]],
            "histograms":[[1,{"count":"3"}]]}"#;
        let element = read(json).unwrap();
        assert_eq!(
            element.labels.to_string(),
            r#"{namespace="shöp",pod="web-1"}"#
        );
        let samples: Vec<_> = element
            .samples
            .iter()
            .map(|it| (it.at_ms, it.value))
            .collect();
        let expected = [
            (1_435_781_430_781, 0.25),
            (1_435_781_445_000, 1e-7),
            (1_435_781_460_001, f64::INFINITY),
            (0, f64::NEG_INFINITY),
        ];
        assert_eq!(samples, expected);
    }

    #[test]
    fn a_vector_sample_and_values_that_are_no_number() {
        let element = read(r#"{"value":[1,"NaN"],"metric":{}}"#).unwrap();
        assert!(element.labels.is_empty());
        assert!(element.samples[0].value.is_nan());
    }

    #[test]
    fn what_was_read_before_is_forgotten() {
        let mut element = read(r#"{"metric":{"a":"1"},"values":[[1,"1"]]}"#).unwrap();
        element.read(br#"{"metric":{},"values":[]}"#).unwrap();
        assert!(element.labels.is_empty());
        assert_eq!(element.samples, []);
    }

    #[test]
    fn unsound_elements_are_errors() {
        for json in [
            "",
            "1",
            "{",
            r#"{"metric":{"a":1}}"#,
            r#"{"values":[[1]]}"#,
            r#"{"values":[[1,2]]}"#,
            r#"{"values":[[1,"x"]]}"#,
            r#"{"values":[[1,"2","3"]]}"#,
            r#"{"values":[["1","2"]]}"#,
            r#"{"metric":{}} {}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn samples_read_back(at_ms in 0_i64..4_000_000_000_000, value: f64) {
            let json = format!(
                r#"{{"values":[[{}.{:03},"{value:?}"]]}}"#, at_ms / 1000, at_ms % 1000
            );
            let element = read(&json).unwrap();
            prop_assert_eq!(element.samples, [Sample { at_ms, value }]);
        }
    }
}
