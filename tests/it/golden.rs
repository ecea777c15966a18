//! Exact agreement with Kubernetes' own HorizontalPodAutoscaler controller.
//!
//! The data was produced by the controller of v1.36.2 under a virtual clock; its README, which
//! lies beside it, defines every field and the plant of the traces. The folder comes from
//! `STEPSCALE_CONFORMANCE_DIR`, by default `../shared/conformance` beside the repository; without
//! it these tests say so and pass.

mod input;
mod plant;
mod replay;
mod trace;
mod unit;
mod vector;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use crate::rig::say;

/// What a line was checked for: how many things, and what differed.
#[derive(Default)]
struct Checked {
    lines: usize,
    checks: usize,
    differences: Vec<String>,
}

impl Checked {
    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.checks += other.checks;
        self.differences.extend(other.differences);
    }
}

#[test]
fn golden_vectors_of_one_sync_agree() {
    check("replicas-", "syncs", |it: vector::Vector| {
        vector::check(&it)
    });
}

#[test]
fn golden_units_agree() {
    check("units-", "calls", |it: unit::Unit| unit::check(&it));
}

#[test]
fn golden_traces_agree() {
    check("traces-", "syncs", |it: trace::Trace| trace::check(&it));
}

/// The fast way of replays, on the traces whose plant it can express.
#[test]
fn golden_replays_agree() {
    let coverage = replay::Coverage::default();
    check("traces-", "replayed syncs", |it: trace::Trace| {
        replay::check(&it, &coverage)
    });
    coverage.lines().iter().for_each(|it| say(it));
}

/// Checks every line of the files whose names begin with `prefix`, a thread for each file.
fn check<T: DeserializeOwned>(
    prefix: &str,
    what: &str,
    check: impl Fn(T) -> (usize, Vec<String>) + Sync,
) {
    let Some(files) = files(prefix) else {
        return;
    };
    let check = &check;
    let checked = std::thread::scope(|scope| {
        let spawn = |path| scope.spawn(move || check_file(path, check));
        let running: Vec<_> = files.iter().map(spawn).collect();
        let mut all = Checked::default();
        for thread in running {
            all.add(thread.join().unwrap());
        }
        all
    });
    let Checked {
        lines,
        checks,
        differences,
    } = checked;
    let differing = differences.len();
    say(&format!(
        "golden {prefix}*: {lines} lines, {checks} {what} checked, {differing} lines differ"
    ));
    assert!(checks > 0, "the files {prefix}* have nothing to check");
    let shown = differences.len().min(10);
    assert!(
        differences.is_empty(),
        "{}",
        differences[..shown].join("\n")
    );
}

fn check_file<T: DeserializeOwned>(
    path: &PathBuf,
    check: impl Fn(T) -> (usize, Vec<String>),
) -> Checked {
    let mut checked = Checked::default();
    for line in BufReader::new(MultiGzDecoder::new(File::open(path).unwrap())).lines() {
        let line = line.unwrap();
        let parsed = serde_json::from_str(&line);
        let parsed = parsed.unwrap_or_else(|err| panic!("{}: {err}: {:.80}", path.display(), line));
        let (checks, differences) = check(parsed);
        checked.lines += 1;
        checked.checks += checks;
        if !differences.is_empty() {
            let id: String = line.chars().take(40).collect();
            checked
                .differences
                .push(format!("{id}: {}", differences.join("; ")));
        }
    }
    checked
}

/// The files whose names begin with `prefix`; `None`, said loudly, if there is no data.
fn files(prefix: &str) -> Option<Vec<PathBuf>> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let root = std::env::var_os("STEPSCALE_CONFORMANCE_DIR").map_or(default, PathBuf::from);
    let folder = root.join("hpa");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        let folder = folder.display();
        say(&format!(
            "SKIPPED: golden {prefix}*: no folder {folder}; set STEPSCALE_CONFORMANCE_DIR"
        ));
        return None;
    };
    let mut files: Vec<_> = entries.map(|it| it.unwrap().path()).collect();
    files.retain(|it| {
        it.file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with(prefix)
    });
    files.sort();
    assert!(
        !files.is_empty(),
        "{} has no file {prefix}*",
        folder.display()
    );
    Some(files)
}

/// Notes a difference under `name`, if there is one.
fn compare<T: PartialEq + std::fmt::Debug>(
    differences: &mut Vec<String>,
    name: &str,
    found: &T,
    expected: &T,
) {
    if found != expected {
        differences.push(format!("{name} is {found:?}, expected {expected:?}"));
    }
}
