//! What is kept and extended, against what a real Prometheus gives when it is asked for all.

use std::sync::Arc;

use jiff::Timestamp;
use stepscale::history::{History, Metric};
use stepscale::metrics::cache::{HistoryCache, Limits};
use stepscale::metrics::prometheus::{Error, Options, Prometheus as Source, Transport, WayChoice};
use stepscale::metrics::{Delivery, HistoryRequest, Reading};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;
use tokio::sync::mpsc;

use crate::history::wanted;
use crate::rig::fleet::{END, Fleet, Parameters};
use crate::rig::prometheus::{self, Prometheus};

/// Samples of 13 days.
const LEN: usize = 13 * 288;

/// Ways to read add up pods in different orders, in single precision.
const PRECISION: f64 = 1e-6;

/// Few workloads, but 14 days of them: what an increment costs beside all of it is at issue.
fn parameters() -> Parameters {
    Parameters {
        workloads: 6,
        hours: 14 * 24,
        scrape_seconds: 60,
        rollout_hours: 60,
        ..Parameters::small()
    }
}

#[test]
fn three_increments_make_what_a_whole_reading_gives() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&parameters());
    let server = Prometheus::start(&fleet, &[]);
    for way in [
        WayChoice::RemoteRead,
        WayChoice::PodRates,
        WayChoice::GroupedRates,
    ] {
        let mut cache = HistoryCache::new(Limits::default());
        let (_, all) = through(&mut cache, &server.url, &request(&fleet, 12), way);
        // One step later, one after that, and two.
        for before_end in [11, 10, 8] {
            let request = request(&fleet, before_end);
            let (found, increment) = through(&mut cache, &server.url, &request, way);
            let (expected, whole) = directly(&server.url, &request, way);
            for (index, wanted) in request.wanted.iter().enumerate() {
                let what = format!("{way:?} {} at {before_end}", wanted.target.name);
                same(&what, &found[index], &expected[index]);
            }
            assert_eq!(increment.warnings, whole.warnings);
            let (part, whole) = (increment.bytes, whole.bytes);
            assert!(part * 50 < whole, "{way:?}: {part} bytes of {whole}");
        }
        assert!(all.queries > 0 && all.bytes > 0);
        let counters = cache.counters();
        let targets = fleet.scaled().count() as u64;
        assert_eq!(
            (counters.whole, counters.increments),
            (targets, 3 * targets)
        );
    }
}

/// The window that ends some steps before the last sample.
fn request(fleet: &Fleet, before_end: i64) -> HistoryRequest {
    let end = Timestamp::from_second(END - 300 * (before_end + 1)).unwrap();
    HistoryRequest {
        grid: Grid::ending_with(end, Step::FIVE_MINUTES, LEN),
        wanted: fleet.scaled().enumerate().map(wanted).collect(),
        pod_owners: Arc::default(),
    }
}

/// Requires the same series, those on the request's times with the same samples but for the first.
fn same(what: &str, found: &History, expected: &History) {
    assert_eq!(metrics(found), metrics(expected), "{what}");
    for ((metric, found), (_, expected)) in found.iter().zip(expected.iter()) {
        let what = format!("{what} {metric}");
        assert_eq!(found.grid(), expected.grid(), "{what}");
        let first = match metric {
            // Of steps longer than the request's only the last is at the same time in both.
            Metric::CpuRequest | Metric::CpuThrottled => expected.len() - 1,
            _ => 1,
        };
        assert!(expected.known().next().is_some(), "{what}");
        for index in first..expected.len() {
            let (found, expected) = (found.get(index), expected.get(index));
            assert!(
                are_near(found, expected),
                "{what} at {index}: {found:?}, {expected:?}"
            );
        }
    }
}

fn metrics(history: &History) -> Vec<&Metric> {
    history.iter().map(|it: (&Metric, &Series)| it.0).collect()
}

fn are_near(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= PRECISION * expected.abs().max(0.001)
        }
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

fn source(url: &str, way: WayChoice) -> Source {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = Options {
        way,
        ..Options::default()
    };
    Source::new(Transport::direct(url, &options).unwrap(), &options)
}

fn through(
    cache: &mut HistoryCache,
    url: &str,
    request: &HistoryRequest,
    way: WayChoice,
) -> (Vec<History>, Reading) {
    let source = source(url, way);
    let source = &source;
    let ask = |request, deliver| async move { source.history(&request, deliver).await };
    collect(request, |deliver| cache.read(ask, request, deliver))
}

fn directly(url: &str, request: &HistoryRequest, way: WayChoice) -> (Vec<History>, Reading) {
    let source = source(url, way);
    collect(request, |deliver| source.history(request, deliver))
}

/// The histories in the order of what is wanted.
fn collect<F: Future<Output = Result<Reading, Error>>>(
    request: &HistoryRequest,
    read: impl FnOnce(mpsc::Sender<Delivery>) -> F,
) -> (Vec<History>, Reading) {
    let (sender, mut receiver) = mpsc::channel::<Delivery>(1);
    let mut histories = vec![History::default(); request.wanted.len()];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let reading = runtime.block_on(async {
        let keep = async {
            while let Some(delivery) = receiver.recv().await {
                histories[delivery.subject] = delivery.history.unwrap();
            }
        };
        tokio::join!(read(sender), keep).0
    });
    (histories, reading.unwrap())
}
