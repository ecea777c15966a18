//! Writes the history of a big fleet as Prometheus blocks, for measurements.
//!
//! ```text
//! cargo bench --bench fleet_data -- DIRECTORY [WORKLOADS]
//! prometheus --config.file=/dev/null --storage.tsdb.path=DIRECTORY \
//!   --storage.tsdb.retention.time=10y --storage.tsdb.max-block-duration=18h \
//!   --web.listen-address=127.0.0.1:9090
//! ```
//!
//! 1,000 workloads unless told otherwise; 14 days that end with the year 2025. Needs promtool.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for developers"
)]

use std::path::PathBuf;
use std::process::ExitCode;

#[path = "../tests/it/rig"]
#[expect(dead_code, reason = "the tests use the rest")]
mod rig {
    pub(crate) mod backfill;
    pub(crate) mod fleet;
    pub(crate) mod openmetrics;
}

use rig::backfill::{self, Plan};
use rig::fleet::{Fleet, Parameters};

fn main() -> ExitCode {
    // Cargo adds `--bench` to what was typed.
    let mut arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let Some(directory) = arguments.next().map(PathBuf::from) else {
        eprintln!("usage: cargo bench --bench fleet_data -- DIRECTORY [WORKLOADS]");
        return ExitCode::from(2);
    };
    let mut parameters = Parameters::big();
    match arguments.next().map(|it| it.parse()) {
        None => {}
        Some(Ok(workloads)) => parameters.workloads = workloads,
        Some(Err(_)) => {
            eprintln!("WORKLOADS is not a number");
            return ExitCode::from(2);
        }
    }
    let fleet = Fleet::generate(&parameters);
    describe(&fleet);
    let plan = Plan {
        slice_hours: 18,
        processes: 2,
    };
    match backfill::write(&fleet, plan, &directory, |it| {
        println!("{it} samples in a slice")
    }) {
        Ok(samples) => {
            println!("{samples} samples in {}", directory.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn describe(fleet: &Fleet) {
    let names: usize = fleet.workloads.iter().map(|it| it.pods.len()).sum();
    let end = fleet.span().end - 1;
    let living: usize = fleet
        .workloads
        .iter()
        .map(|it| it.living(end).count())
        .sum();
    println!("{:?}", fleet.parameters);
    println!("{living} pods at the end, {names} over the whole time");
}
