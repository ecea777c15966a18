//! What reading the history of a big fleet costs, by each way, beside a client that asks the same
//! and throws the answers away.
//!
//! ```text
//! cargo bench --bench fleet_data -- DIRECTORY
//! cargo bench --bench online -- DIRECTORY|URL [rounds=N] [workloads=N] [ways=remote-read,pods]
//! ```
//!
//! DIRECTORY holds the blocks that `fleet_data` wrote; a Prometheus is started on a copy of them.
//! Or give the URL of one that runs on them. Every measurement is a process of its own. Needs
//! Linux. `docs/performance.md` has the results.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for developers that measures time"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

#[path = "online/children.rs"]
mod children;
#[path = "measured/process.rs"]
#[expect(dead_code, reason = "the other bench runs programs by it")]
mod process;
#[path = "online/recorder.rs"]
mod recorder;
#[path = "../tests/it/rig"]
#[expect(dead_code, reason = "the tests use the rest")]
mod rig {
    pub(crate) mod backfill;
    pub(crate) mod fleet;
    pub(crate) mod openmetrics;
    pub(crate) mod process;
    pub(crate) mod prometheus;
}
#[path = "online/server.rs"]
mod server;

use children::{Load, Outcome, ScaleTarget, WAYS};
use recorder::Recorder;
use rig::fleet::workload::Workload;
use rig::fleet::{Fleet, Parameters};
use server::{Counters, Server};
use stepscale::autoscaler::target::TargetRef;

/// The ways must agree this well on every workload's mean load.
const AGREEMENT: f64 = 0.01;

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Cargo adds `--bench` to what was typed.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts[..] {
        ["child-read", url, way, packing, targets] => {
            print(&children::read(
                url,
                way,
                packing == GZIP,
                Path::new(targets),
            ));
            ExitCode::SUCCESS
        }
        ["child-discard", url, packing, requests] => {
            print(&children::discard(
                url,
                packing == GZIP,
                Path::new(requests),
            ));
            ExitCode::SUCCESS
        }
        [place, ref options @ ..] => match Plan::of(options) {
            Some(plan) => measure(place, &plan),
            None => usage(),
        },
        [] => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: cargo bench --bench online -- DIRECTORY|URL [rounds=N] [workloads=N] [ways=A,B]"
    );
    ExitCode::from(2)
}

fn print(outcome: &Outcome) {
    let json = serde_json::to_string(outcome).expect("an outcome is plain JSON");
    println!("{json}");
}

/// What was asked for on the command line.
struct Plan {
    rounds: usize,
    workloads: usize,
    ways: Vec<String>,
}

impl Plan {
    fn of(options: &[&str]) -> Option<Self> {
        let mut plan = Self {
            rounds: 1,
            workloads: Parameters::big().workloads,
            ways: WAYS.map(str::to_owned).to_vec(),
        };
        for option in options {
            match option.split_once('=')? {
                ("rounds", number) => plan.rounds = number.parse().ok().filter(|it| *it > 0)?,
                ("workloads", number) => plan.workloads = number.parse().ok()?,
                ("ways", names) => plan.ways = names.split(',').map(str::to_owned).collect(),
                _ => return None,
            }
        }
        let known = plan.ways.iter().all(|it| WAYS.contains(&it.as_str()));
        known.then_some(plan)
    }
}

const GZIP: &str = "gzip";
const PLAIN: &str = "plain";

/// A client without proxies that unpacks nothing.
fn plain_client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().no_gzip().build();
    client.expect("a client for http")
}

fn measure(place: &str, plan: &Plan) -> ExitCode {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let bench = Bench {
        server: Server::at(place),
        targets: directory.path().join("targets.json"),
        requests: directory.path().join("requests.json"),
        runtime: tokio::runtime::Runtime::new().expect("a runtime"),
    };
    write_targets(&bench.targets, plan.workloads);
    println!(
        "| way | answers | requests | MB | Prometheus CPU s | wall s | own CPU s | peak MiB \
         | discarding: Prometheus CPU s | wall s | own CPU s | wall ratio | CPU ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut found: Vec<(String, Vec<Load>)> = vec![];
    for way in &plan.ways {
        // Chunks are packed as they are stored: there is nothing to choose.
        let packings: &[&str] = if way == "remote-read" {
            &[PLAIN]
        } else {
            &[PLAIN, GZIP]
        };
        bench.record(way);
        for packing in packings {
            let loads = bench.compare(way, packing, plan.rounds);
            found.push((format!("{way} ({packing})"), loads));
        }
    }
    agreement(&found)
}

fn write_targets(file: &Path, workloads: usize) {
    let fleet = Fleet::generate(&Parameters {
        workloads,
        ..Parameters::big()
    });
    let targets: Vec<ScaleTarget> = fleet.scaled().map(target).collect();
    let json = serde_json::to_vec(&targets).expect("targets are plain JSON");
    std::fs::write(file, json).expect("a file in a temporary directory");
}

fn target(workload: &Workload) -> ScaleTarget {
    let containers = workload.containers.iter();
    let natives = containers.clone().filter(|it| it.native_sidecar);
    ScaleTarget {
        target: TargetRef {
            namespace: workload.namespace.clone(),
            name: workload.name.clone(),
            kind: workload.kind.name().to_owned(),
        },
        hpa: workload.autoscaler.clone().unwrap_or_default(),
        containers: containers.clone().map(|it| it.name.clone()).collect(),
        native_sidecars: natives.map(|it| it.name.clone()).collect(),
        cpu_limited: containers.clone().any(|it| it.limit.is_some()),
    }
}

struct Bench {
    server: Server,
    targets: PathBuf,
    requests: PathBuf,
    runtime: tokio::runtime::Runtime,
}

/// A process and what Prometheus did for it.
struct Measured {
    outcome: Outcome,
    server: Counters,
}

impl Measured {
    /// Of the process and of Prometheus: what the time would be on one idle processor.
    fn both_cpu_seconds(&self) -> f64 {
        self.outcome.cost.cpu_seconds + self.server.cpu_seconds
    }
}

impl Bench {
    /// Reads by one way and asks the same again without reading the answers, in turns; prints the
    /// fastest of both and gives back the loads.
    fn compare(&self, way: &str, packing: &str, rounds: usize) -> Vec<Load> {
        let targets = self.targets.to_str().expect("a plain path");
        let requests = self.requests.to_str().expect("a plain path");
        let url = self.server.url.as_str();
        let mut reading = vec![];
        let mut discarding = vec![];
        for _ in 0..rounds {
            discarding.push(self.child(&["child-discard", url, packing, requests]));
            reading.push(self.child(&["child-read", url, way, packing, targets]));
        }
        let (reading, discarding) = (fastest(reading), fastest(discarding));
        print_row(way, packing, &reading, &discarding);
        for warning in &reading.outcome.warnings {
            println!("warning: {warning}");
        }
        reading.outcome.loads
    }

    /// Writes down what the way asks; also makes sure that the data lies in memory.
    fn record(&self, way: &str) {
        let recorder = self.runtime.block_on(Recorder::start(&self.server.url));
        let url = format!("http://{}", recorder.address);
        let targets = self.targets.to_str().expect("a plain path");
        run(&["child-read", &url, way, PLAIN, targets]);
        let json = serde_json::to_vec(&recorder.requests()).expect("requests are plain JSON");
        std::fs::write(&self.requests, json).expect("a file in a temporary directory");
    }

    fn child(&self, arguments: &[&str]) -> Measured {
        let counters = || {
            let counters = self.runtime.block_on(self.server.counters());
            counters.expect("the metrics of Prometheus itself")
        };
        let before = counters();
        let outcome = run(arguments);
        let after = counters();
        Measured {
            outcome,
            server: Counters {
                requests: after.requests - before.requests,
                cpu_seconds: after.cpu_seconds - before.cpu_seconds,
            },
        }
    }
}

fn run(arguments: &[&str]) -> Outcome {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new(program)
        .args(arguments)
        .stderr(std::process::Stdio::inherit())
        .output()
        .expect("this program can be run again");
    assert!(output.status.success(), "{arguments:?} failed");
    serde_json::from_slice(&output.stdout).expect("what this program printed")
}

/// Whatever else the machine does only adds time.
fn fastest(runs: Vec<Measured>) -> Measured {
    let wall = |it: &Measured| it.outcome.cost.wall_seconds;
    let fastest = runs.into_iter().min_by(|a, b| wall(a).total_cmp(&wall(b)));
    fastest.expect("at least one round")
}

fn print_row(way: &str, packing: &str, reading: &Measured, discarding: &Measured) {
    let cost = reading.outcome.cost;
    let plain = discarding.outcome.cost;
    println!(
        "| {way} | {packing} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.0} | {:.1} | {:.1} | {:.1} \
         | {:.2} | {:.2} |",
        reading.server.requests,
        reading.outcome.bytes as f64 / 1e6,
        reading.server.cpu_seconds,
        cost.wall_seconds,
        cost.cpu_seconds,
        cost.peak_bytes as f64 / f64::from(1 << 20),
        discarding.server.cpu_seconds,
        plain.wall_seconds,
        plain.cpu_seconds,
        cost.wall_seconds / plain.wall_seconds,
        reading.both_cpu_seconds() / discarding.both_cpu_seconds(),
    );
    if (reading.server.requests - discarding.server.requests).abs() > 0.5 {
        println!(
            "warning: {} requests were asked again, not {}",
            discarding.server.requests, reading.server.requests
        );
    }
}

/// Compares every way with the first; fails where they differ.
fn agreement(found: &[(String, Vec<Load>)]) -> ExitCode {
    let Some(((first, expected), others)) = found.split_first() else {
        return ExitCode::SUCCESS;
    };
    let known = expected.iter().filter(|it| it.known > 0).count();
    println!("\n{first}: load of {known} of {} workloads", expected.len());
    let mut agree = known > 0;
    for (name, loads) in others {
        let pairs = || expected.iter().zip(loads);
        let worst = pairs().map(|(a, b)| difference(a.mean(), b.mean()));
        let worst = worst.fold(0.0, f64::max);
        let total = |loads: &[Load]| loads.iter().map(|it| it.sum).sum::<f64>();
        let of_all = difference(total(expected), total(loads));
        println!("{name}: differs by {of_all:.2e} in sum, by {worst:.2e} at most in one workload");
        agree &= worst < AGREEMENT && of_all < AGREEMENT;
    }
    if agree {
        ExitCode::SUCCESS
    } else {
        eprintln!("the ways do not agree within {AGREEMENT}");
        ExitCode::FAILURE
    }
}

/// As a share of the larger one.
fn difference(a: f64, b: f64) -> f64 {
    (a - b).abs() / a.abs().max(b.abs()).max(f64::MIN_POSITIVE)
}
