//! The sandbox's workloads while time passes, as they are seen from outside.

mod backfill;
#[cfg(feature = "kafka")]
mod evaluated;
mod labels;
mod measured;
mod moved;
mod pausing;
mod pipeline;
mod probation;
mod quiet;
mod review;
mod rights;
mod scaled;
mod schedule;
mod slow;
mod telling;
mod trigger_history;
mod watching;
mod workload;

use std::f64::consts::TAU;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use stepscale::sandbox::Options;

use crate::traces::folder::Folder;
use moved::{Change, Moved};
use workload::{DAY, Workload, start};

/// A day with a peak at noon and noise. `at` is the part of the day that has passed.
fn wave(at: f64) -> f64 {
    let noise = (at * 288.0 * 7919.0) % 101.0 / 400.0;
    0.4 + 3.0 * (1.0 - (at * TAU).cos()) / 2.0 * (1.0 + noise)
}

/// Another level every hour.
fn jumps(at: f64) -> f64 {
    [0.3, 5.0, 2.2, 9.0][(at * 24.0) as usize % 4]
}

fn workloads() -> Vec<Workload> {
    let slow = json!({
        "scaleUp": { "stabilizationWindowSeconds": 60, "policies": [
            { "type": "Pods", "value": 2, "periodSeconds": 60 },
            { "type": "Percent", "value": 50, "periodSeconds": 90 }], "selectPolicy": "Min" },
        "scaleDown": { "stabilizationWindowSeconds": 120, "policies": [
            { "type": "Percent", "value": 20, "periodSeconds": 60 }] },
    });
    let with_gap = |mut it: Workload| {
        it.load[100..110].fill(None);
        it
    };
    vec![
        Workload::new("line", 300, wave),
        Workload {
            behavior: slow.clone(),
            startup: Some(75),
            ..Workload::new("line-slowly", 300, wave)
        },
        Workload {
            replicas: 9,
            containers: vec![("app", 333, Some(400)), ("log", 50, Some(100))],
            ..Workload::new("jumps", 300, jumps)
        },
        Workload {
            containers: vec![("app", 250, None)],
            ..Workload::new("held", 60, wave)
        },
        Workload {
            behavior: slow,
            startup: Some(400),
            ..Workload::new("held-slowly", 60, jumps)
        },
        with_gap(Workload::new("gap", 300, wave)),
    ]
}

/// Days of public traces, where they are at hand.
fn recorded() -> Vec<Workload> {
    let Ok(folder) = Folder::open() else {
        return vec![];
    };
    let of = |(name, id, day): (&'static str, &str, usize)| {
        let trace = folder.read(id);
        let step = u32::try_from(trace.step).unwrap();
        let steps = DAY as usize / trace.step as usize;
        let values = &trace.values[day * steps..(day + 1) * steps];
        let peak = values.iter().flatten().copied().fold(0.0, f64::max);
        Workload {
            load: values
                .iter()
                .map(|it| it.map(|it| it / peak * 6.0))
                .collect(),
            ..Workload::new(name, step, |_| 0.0)
        }
    };
    [
        ("recorded", "asd-1-m10", 3),
        ("recorded-too", "asd-7-m7", 5),
    ]
    .map(of)
    .to_vec()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

fn options(all: &[Workload]) -> Options {
    Options {
        seed: Workload::seed(all),
        speed: 0,
        memory: 1_000_000,
        ..Options::at(start())
    }
}

/// Requires the changes of a day to be those that `simulate` foretells.
#[track_caller]
fn assert_foretold(workload: &Workload, found: &[Change]) {
    assert_same(workload.name, &workload.simulated(), found);
}

#[track_caller]
fn assert_same(name: &str, expected: &[Change], found: &[Change]) {
    assert!(expected.len() > 5, "{name}: it scales");
    let mut pairs = expected.iter().zip(found).enumerate();
    let differs = pairs.find(|(_, (a, b))| a != b);
    assert_eq!(differs, None, "{name}");
    assert_eq!(expected.len(), found.len(), "{name}");
}

#[test]
fn a_day_goes_as_simulate_foretells() {
    let all: Vec<Workload> = workloads().into_iter().chain(recorded()).collect();
    let changes = runtime().block_on(async {
        let moved = Moved::start(options(&all)).await;
        let mut watched = moved.watch().await;
        for _ in 0..24 {
            moved.pass(DAY / 24).await;
            moved.follow(&mut watched).await;
        }
        watched.changes
    });
    // The sync at the end of the day is the first one of the next.
    let end = start() + SignedDuration::from_secs(DAY);
    for workload in &all {
        let mut found = changes[workload.name].clone();
        found.retain(|it| it.at < end);
        assert_foretold(workload, &found);
    }
}

#[test]
fn time_that_passes_by_itself_brings_the_same() {
    let all = [Workload::new("line", 300, wave)];
    let end = start() + SignedDuration::from_secs(DAY);
    let (began, changes) = runtime().block_on(async {
        let options = Options {
            // As fast as it goes.
            speed: 1_000_000,
            ..options(&all)
        };
        let moved = Moved::start(options).await;
        let mut watched = moved.watch().await;
        let began = moved.now().await;
        while moved.now().await <= end {
            moved.follow(&mut watched).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        moved.follow(&mut watched).await;
        (began, watched.changes)
    });
    assert!(began < start() + SignedDuration::from_hours(6), "{began}");
    let later = |it: &Change| began < it.at && it.at < end;
    let mut found = changes["line"].clone();
    found.retain(later);
    let mut expected = all[0].simulated();
    expected.retain(later);
    assert_same("line", &expected, &found);
}
