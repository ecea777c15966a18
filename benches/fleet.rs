//! What `analyze --from FILE` costs for fleets of several sizes, beside a loop that unpacks the
//! same file and throws its lines away.
//!
//! ```text
//! cargo bench --bench fleet [-- 100 1000 10000]
//! ```
//!
//! The numbers are workloads; each has 14 days of history at 300 s. Snapshots are kept in
//! `target/tmp`: 10,000 workloads take a few hundred megabytes. Every measurement is a process of
//! its own. Needs Linux. `docs/performance.md` has the results.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for developers that measures time"
)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use flate2::bufread::MultiGzDecoder;
use stepscale::metrics::snapshot::{Error, Header, Writer};

#[path = "../examples/generate_shop/main.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the example and its tests use the rest"
)]
mod generate_shop;
#[path = "measured/process.rs"]
#[expect(dead_code, reason = "the other bench measures itself by it")]
mod process;

use generate_shop::shop::{self, Service};
use generate_shop::simulation::{self, DAYS, Observed};
use generate_shop::{load::DAY, moment, write_service};
use process::Cost;

/// How often each service is simulated; further workloads repeat these histories under other
/// names, since a simulation takes longer than everything that is measured here.
const VARIANTS: usize = 8;

fn main() -> ExitCode {
    // Cargo adds `--bench` to what was typed.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    if let [child, file] = &arguments[..]
        && child == "child-discard"
    {
        println!("{}", discard(Path::new(file)).expect("a snapshot"));
        return ExitCode::SUCCESS;
    }
    let sizes: Result<Vec<usize>, _> = arguments.iter().map(|it| it.parse()).collect();
    match sizes {
        Err(_) => {
            eprintln!("usage: cargo bench --bench fleet [-- WORKLOADS...]");
            ExitCode::from(2)
        }
        Ok(sizes) if sizes.is_empty() => measure(&[100, 1_000, 10_000]),
        Ok(sizes) => measure(&sizes),
    }
}

fn measure(sizes: &[usize]) -> ExitCode {
    println!(
        "| workloads | MB | analyze: wall s | CPU s | peak MiB | discarding: wall s | CPU s \
         | peak MiB | wall ratio | CPU ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for size in sizes {
        let snapshot = snapshot(*size).expect("a snapshot in target/tmp");
        let discarding = discarding(&snapshot);
        print_row(&snapshot, *size, analysis(&snapshot), discarding);
    }
    ExitCode::SUCCESS
}

fn print_row(snapshot: &Path, size: usize, analysis: Cost, plain: Cost) {
    let bytes = snapshot.metadata().map_or(0, |it| it.len());
    println!(
        "| {size} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} | {:.0} | {:.2} | {:.2} |",
        bytes as f64 / 1e6,
        analysis.wall_seconds,
        analysis.cpu_seconds,
        mebibytes(analysis),
        plain.wall_seconds,
        plain.cpu_seconds,
        mebibytes(plain),
        analysis.wall_seconds / plain.wall_seconds,
        analysis.cpu_seconds / plain.cpu_seconds,
    );
}

fn mebibytes(cost: Cost) -> f64 {
    cost.peak_bytes as f64 / f64::from(1 << 20)
}

fn analysis(snapshot: &Path) -> Cost {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-stepscale"));
    command
        .args(["analyze", "-o", "json", "--from"])
        .arg(snapshot);
    let (cost, status, report) = process::run(&mut command).expect("the program runs");
    assert!(status.success(), "{command:?}: {status}");
    let report: Report = serde_json::from_slice(&report).expect("the report is JSON");
    assert!(!report.items.is_empty(), "nothing was analyzed");
    cost
}

#[derive(serde::Deserialize)]
struct Report {
    items: Vec<serde::de::IgnoredAny>,
}

fn discarding(snapshot: &Path) -> Cost {
    let program = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new(program);
    command.arg("child-discard").arg(snapshot);
    let (cost, status, _) = process::run(&mut command).expect("this program can be run again");
    assert!(status.success(), "{command:?}: {status}");
    cost
}

/// Unpacks a file line by line and tells how many there were.
fn discard(file: &Path) -> std::io::Result<usize> {
    const BUFFER: usize = 256 << 10;
    let packed = BufReader::with_capacity(BUFFER, File::open(file)?);
    let mut plain = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(packed));
    let (mut line, mut count) = (vec![], 0);
    while plain.read_until(b'\n', &mut line)? > 0 {
        line.clear();
        count += 1;
    }
    Ok(count)
}

/// A snapshot of so many workloads, written unless it is there.
fn snapshot(workloads: usize) -> Result<PathBuf, Error> {
    let name = format!("fleet-{workloads}.jsonl.gz");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if !path.exists() {
        write(&path, workloads)?;
    }
    Ok(path)
}

fn write(path: &Path, workloads: usize) -> Result<(), Error> {
    let header = Header {
        cluster: stepscale::fleet::ClusterName::default(),
        taken_at: moment(DAYS * DAY),
    };
    let shapes = shop::services().len();
    let observed: Vec<Observed> = (0..workloads.min(shapes * VARIANTS))
        .map(|index| simulation::observe(&service(index, shapes)))
        .collect();
    let mut writer = Writer::create(path, &header)?;
    for index in 0..workloads {
        let observed = &observed[index % observed.len()];
        write_service(&mut writer, &service(index, shapes), observed)?;
    }
    writer.finish()
}

/// One workload of the fleet: a service of the shop in one of many namespaces.
fn service(index: usize, shapes: usize) -> Service {
    let mut service = shop::services().swap_remove(index % shapes);
    let (round, variant) = (index / shapes, index / shapes % VARIANTS);
    service.namespace = forever(format!("{}-{round}", service.namespace));
    service.name = forever(format!("{}-{variant}", service.name));
    service
}

/// The example's names are constants; a bench may keep a few megabytes of its own.
fn forever(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}
