//! What runs in a process of its own, so that its memory is its own: reading by one way, and
//! asking the same requests and throwing the answers away.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stepscale::autoscaler::target::TargetRef;
use stepscale::metrics::prometheus::{Compression, Options, Prometheus, Transport, WayChoice};
use stepscale::metrics::{Delivery, HistoryRequest, Wanted};
use stepscale::series::Grid;
use stepscale::units::Step;
use tokio::sync::{Semaphore, mpsc};

use super::recorder::{self, Recorded};
use crate::process::{self, Cost};
use crate::rig::fleet::END;

/// What one process found and what it cost.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) cost: Cost,
    pub(crate) requests: u64,
    /// Of bodies, as they came over the wire.
    pub(crate) bytes: u64,
    /// By workload.
    pub(crate) loads: Vec<Load>,
    pub(crate) warnings: Vec<String>,
}

/// The load of one workload over the whole window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Load {
    /// Cores, summed over the samples that are known.
    pub(crate) sum: f64,
    pub(crate) known: usize,
}

impl Load {
    /// Cores on average.
    pub(crate) fn mean(self) -> f64 {
        self.sum / self.known.max(1) as f64
    }
}

/// What an inventory knows of a workload with an autoscaler.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ScaleTarget {
    pub(crate) target: TargetRef,
    pub(crate) hpa: String,
    pub(crate) containers: Vec<String>,
    pub(crate) native_sidecars: Vec<String>,
    pub(crate) cpu_limited: bool,
}

pub(crate) const WAYS: [&str; 3] = ["remote-read", "pods", "workloads"];

/// Reads the history of the scale targets in a file by one way and drops each as soon as it is
/// there.
pub(crate) fn read(url: &str, way: &str, gzip: bool, targets: &Path) -> Outcome {
    let request = request(targets);
    let before = process::own();
    let began = Instant::now();
    let options = options(url, way, gzip);
    let transport = Transport::direct(url, &options).expect("a sound URL");
    let source = Prometheus::new(transport, &options);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (loads, reading) = runtime.block_on(async {
        let (sender, mut receiver) = mpsc::channel(16);
        let reading = source.history(&request, sender);
        let receive = async {
            let mut loads = vec![Load::default(); request.wanted.len()];
            while let Some(delivery) = receiver.recv().await {
                loads[delivery.subject] = load(&delivery);
            }
            loads
        };
        let (reading, loads) = tokio::join!(reading, receive);
        (loads, reading.expect("a history"))
    });
    Outcome {
        cost: since(began, before),
        requests: reading.queries,
        bytes: reading.bytes,
        loads,
        warnings: reading.warnings,
    }
}

fn options(url: &str, way: &str, gzip: bool) -> Options {
    Options {
        url: Some(url.to_owned()),
        way: match way {
            "remote-read" => WayChoice::RemoteRead,
            "pods" => WayChoice::PodRates,
            _ => WayChoice::GroupedRates,
        },
        compression: if gzip {
            Compression::On
        } else {
            Compression::Off
        },
        ..Options::default()
    }
}

fn since(began: Instant, before: Cost) -> Cost {
    let now = process::own();
    Cost {
        wall_seconds: began.elapsed().as_secs_f64(),
        cpu_seconds: now.cpu_seconds - before.cpu_seconds,
        peak_bytes: now.peak_bytes,
    }
}

fn load(delivery: &Delivery) -> Load {
    let history = delivery.history.as_ref().ok();
    let Some(cpu) = history.and_then(|it| it.cpu()) else {
        return Load::default();
    };
    Load {
        sum: cpu.known().sum(),
        known: cpu.known().count(),
    }
}

/// What to ask for, as its parent wrote it down: to know it, a fleet has to be made, which takes
/// more memory than reading its history.
fn request(file: &Path) -> HistoryRequest {
    let text = std::fs::read(file).expect("the scale targets");
    let targets: Vec<ScaleTarget> = serde_json::from_slice(&text).expect("scale targets");
    let end = Timestamp::from_second(END).expect("a time of this century");
    let window = SignedDuration::from_hours(14 * 24);
    HistoryRequest {
        grid: Grid::ending_at(end, window, Step::FIVE_MINUTES),
        wanted: targets.into_iter().enumerate().map(wanted).collect(),
        pod_owners: Arc::default(),
    }
}

fn wanted((subject, it): (usize, ScaleTarget)) -> Wanted {
    Wanted {
        subject,
        target: it.target,
        hpa: it.hpa,
        containers: it.containers,
        native_sidecars: it.native_sidecars,
        init_containers: Vec::new(),
        memory: false,
        cpu_limited: it.cpu_limited,
        triggers: None,
    }
}

/// Asks recorded requests, as many at once as a reader may, and throws the answers away.
pub(crate) fn discard(url: &str, gzip: bool, requests: &Path) -> Outcome {
    let text = std::fs::read(requests).expect("the recorded requests");
    let mut requests: Vec<Recorded> = serde_json::from_slice(&text).expect("recorded requests");
    let headers = requests.iter_mut().flat_map(|it| &mut it.headers);
    for (_, encoding) in headers.filter(|(name, _)| name == "accept-encoding") {
        *encoding = if gzip { "gzip" } else { "identity" }.to_owned();
    }
    let before = process::own();
    let began = Instant::now();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let count = requests.len() as u64;
    let bytes = runtime.block_on(discard_all(url, requests));
    Outcome {
        cost: since(began, before),
        requests: count,
        bytes,
        ..Outcome::default()
    }
}

async fn discard_all(url: &str, requests: Vec<Recorded>) -> u64 {
    let client = super::plain_client();
    let places = Arc::new(Semaphore::new(Options::default().concurrency));
    let mut all = tokio::task::JoinSet::new();
    for request in requests {
        let place = Arc::clone(&places).acquire_owned().await;
        let (client, url) = (client.clone(), url.to_owned());
        all.spawn(async move {
            let _place = place;
            discard_one(&client, &url, &request).await
        });
    }
    all.join_all().await.into_iter().sum()
}

async fn discard_one(client: &reqwest::Client, url: &str, request: &Recorded) -> u64 {
    let answer = recorder::send(client, url, request).await;
    let mut answer = answer.expect("an answer, as there was one before");
    assert!(answer.status().is_success(), "{}", answer.status());
    let mut bytes = 0;
    while let Some(piece) = answer.chunk().await.expect("a whole answer") {
        bytes += piece.len() as u64;
    }
    bytes
}
