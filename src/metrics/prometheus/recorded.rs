//! What a real Prometheus answered, against the samples that it was given.
//!
//! `tests/fixtures/remote_read/README.md` says how the answers were recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::gauge::{LOOKBACK, LastValues};
use super::rate::{Promql, RateWindows};
use super::remote_read::{ChunkStream, Encoding};
use super::sample::Sample;
use super::xor;
use crate::series::Grid;
use crate::units::Step;

const START_SECOND: i64 = 1_700_000_100;
/// From the first to the last time that range queries asked for.
const QUERY_SECONDS: u32 = 8820;
/// Prometheus reads every NaN that is not the staleness marker as this one.
const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;
const WHOLE: usize = usize::MAX >> 1;

/// By the label that tells the series of one metric apart.
type ByName<T> = BTreeMap<String, Vec<T>>;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/remote_read");
    std::fs::read(folder.join(name)).unwrap()
}

/// The samples that were given to Prometheus: `name{…} value seconds`.
fn given(metric: &str) -> ByName<Sample> {
    let text = String::from_utf8(fixture("samples.openmetrics")).unwrap();
    let mut series = ByName::new();
    for line in text.lines().filter(|it| it.starts_with(metric)) {
        let [labels, value, second] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let name = labels.rsplit('"').nth(1).unwrap().to_owned();
        let sample = Sample {
            at_ms: second.replace('.', "").parse().unwrap(),
            value: match value {
                "NaN" => f64::from_bits(NORMAL_NAN_BITS),
                number => number.parse().unwrap(),
            },
        };
        series.entry(name).or_default().push(sample);
    }
    series
}

/// The samples of one query in the recorded answer, fed in pieces of `piece` bytes.
fn read(query: usize, label: &str, piece: usize) -> ByName<Sample> {
    let answer = Bytes::from(fixture("response.bin"));
    let mut stream = ChunkStream::new(2);
    let mut series = ByName::new();
    for start in (0..answer.len()).step_by(piece) {
        let bytes = answer.slice(start..answer.len().min(start + piece));
        let each = |frame: super::remote_read::Frame| {
            for it in frame.series.iter().filter(|_| frame.query == query) {
                let samples = series.entry(it.label(label).to_owned()).or_default();
                for chunk in &it.chunks {
                    assert_eq!(chunk.encoding(), Encoding::Xor);
                    xor::decode(&chunk.data, |it| samples.push(it)).unwrap();
                }
            }
        };
        stream.feed(bytes, each).unwrap();
    }
    stream.finish().unwrap();
    series
}

/// What a range query answered, by grid index.
fn answered(file: &str, label: &str, step: Step) -> ByName<(usize, f64)> {
    let answer: serde_json::Value = serde_json::from_slice(&fixture(file)).unwrap();
    let mut series = ByName::new();
    for result in answer["data"]["result"].as_array().unwrap() {
        let name = result["metric"][label].as_str().unwrap().to_owned();
        let values = result["values"].as_array().unwrap().iter().map(|it| {
            let offset = it[0].as_i64().unwrap() - START_SECOND;
            let index = (offset / i64::from(step.seconds())) as usize;
            (index, it[1].as_str().unwrap().parse().unwrap())
        });
        series.insert(
            name,
            values
                .filter(|it: &(usize, f64)| it.1.is_finite())
                .collect(),
        );
    }
    series
}

fn grid(step: Step) -> Grid {
    let len = (QUERY_SECONDS / step.seconds() + 1) as usize;
    Grid::new(Timestamp::from_second(START_SECOND).unwrap(), step, len)
}

fn assert_alike(mine: &ByName<(usize, f64)>, theirs: &ByName<(usize, f64)>) {
    let indices = |it: &ByName<(usize, f64)>| -> ByName<usize> {
        let of = |values: &Vec<(usize, f64)>| values.iter().map(|it| it.0).collect();
        it.iter()
            .map(|(name, values)| (name.clone(), of(values)))
            .collect()
    };
    assert_eq!(indices(mine), indices(theirs));
    for (mine, theirs) in mine.values().flatten().zip(theirs.values().flatten()) {
        let close = (mine.1 - theirs.1).abs() <= theirs.1.abs() * 1e-9;
        assert!(close, "{mine:?} {theirs:?}");
    }
}

#[test]
fn the_samples_of_a_recorded_answer_are_those_that_were_given() {
    let bits = |series: ByName<Sample>| -> ByName<(i64, u64)> {
        let of = |samples: Vec<Sample>| {
            samples
                .iter()
                .map(|it| (it.at_ms, it.value.to_bits()))
                .collect()
        };
        series
            .into_iter()
            .map(|(name, samples)| (name, of(samples)))
            .collect()
    };
    for piece in [1, 100, WHOLE] {
        let cpu = bits(read(0, "pod", piece));
        assert!(cpu.len() >= 3, "{cpu:?}");
        assert_eq!(cpu, bits(given("shop_cpu_seconds_total")));
        assert_eq!(read(1, "deployment", piece).len(), 1);
        assert_eq!(
            bits(read(1, "deployment", piece)),
            bits(given("shop_replicas"))
        );
    }
}

#[test]
fn rates_are_those_of_prometheus_2_42() {
    let cases = [
        ("rates-300s.json", Step::FIVE_MINUTES, 5),
        ("rates-60s.json", Step::ONE_MINUTE, 5),
        ("rates-7m-300s.json", Step::FIVE_MINUTES, 7),
    ];
    for (file, step, minutes) in cases {
        let theirs = answered(file, "pod", step);
        let range = SignedDuration::from_mins(minutes);
        let mut windows = RateWindows::new(grid(step), range, Promql::V2);
        let mut mine = ByName::new();
        for (pod, samples) in read(0, "pod", WHOLE) {
            samples.into_iter().for_each(|it| windows.push(it));
            let rates: &mut Vec<_> = mine.entry(pod).or_default();
            windows.finish(|index, rate| rates.push((index, rate)));
        }
        assert_alike(&mine, &theirs);
    }
}

#[test]
fn gauge_values_are_those_of_prometheus_2_42() {
    let theirs = answered("replicas-60s.json", "deployment", Step::ONE_MINUTE);
    let mut gauge = LastValues::new(grid(Step::ONE_MINUTE), LOOKBACK, Promql::V2);
    let samples = &read(1, "deployment", WHOLE)["web"];
    samples.iter().for_each(|it| gauge.push(*it));
    let mut mine = Vec::new();
    gauge.finish(|index, value| mine.push((index, value)));
    assert_alike(&ByName::from([("web".into(), mine)]), &theirs);
}
