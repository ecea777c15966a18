//! What the sandbox tells a real Prometheus, as promtool takes it and as the product reads it back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::moved::Moved;
use super::workload::Workload;
use super::{jumps, options, runtime, wave};
use crate::rig::backfill;
use crate::rig::program::User;
use crate::rig::prometheus::{self, Prometheus};

/// Samples are a minute apart, and rates of a real Prometheus reach up to one of them beyond a step.
const PRECISION: f64 = 0.02;

#[test]
fn a_real_prometheus_tells_the_same_history() {
    if !prometheus::is_available() {
        return;
    }
    let held = Workload::new("held", 300, |at| jumps(at).min(4.0));
    let all = [Workload::new("line", 300, wave), held];
    let runtime = runtime();
    let (moved, now) = runtime.block_on(async {
        let moved = Moved::start(options(&all)).await;
        let now = moved.pass(3 * 3600).await;
        (moved, now)
    });
    let user = User::new();
    let kubeconfig = user.path("kubeconfig");
    moved.sandbox.write_kubeconfig(&kubeconfig).unwrap();

    let text = user.path("history.txt");
    fs::write(&text, runtime.block_on(moved.text("/twin/backfill"))).unwrap();
    let blocks = user.path("blocks");
    fs::create_dir(&blocks).unwrap();
    backfill::create_blocks(&text, 54, &blocks).unwrap();
    let server = Prometheus::on(&blocks, &[]);

    let own = gathered(&user, &kubeconfig, now, &[]);
    assert_eq!(own.len(), 2 * 6, "{:?}", own.keys());
    let url = format!("--prometheus-url={}", server.url);
    for way in ["remote-read", "pods", "workloads"] {
        let found = gathered(&user, &kubeconfig, now, &[&url, "--prometheus-read", way]);
        assert_same(way, &own, &found);
    }
}

type Histories = BTreeMap<String, Vec<Option<f64>>>;

/// The series of a snapshot of the sandbox.
fn gathered(user: &User, kubeconfig: &Path, now: Timestamp, flags: &[&str]) -> Histories {
    let (out, now) = (user.path("out.jsonl"), format!("--now={now}"));
    let mut arguments = vec!["gather", "-A", "--history", "--window-days=1", &now];
    arguments.extend(flags);
    arguments.extend(["-o", out.to_str().unwrap()]);
    let said = user.run(kubeconfig, &arguments);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let text = fs::read_to_string(&out).unwrap();
    let lines = text.lines().map(|it| serde_json::from_str(it).unwrap());
    let series = lines.filter(|it: &Value| it["kind"] == "Series");
    series
        .map(|it| {
            let values = it["values"].as_array().unwrap().iter();
            let name = format!("{} {}", it["target"]["name"], it["metric"]);
            (name, values.map(Value::as_f64).collect())
        })
        .collect()
}

/// Requires the same values, but for usage around a change of pods: how a series ends is told by a
/// mark that the text of a backfill has no form for.
#[track_caller]
fn assert_same(way: &str, own: &Histories, found: &Histories) {
    for (name, own_values) in own {
        let Some(values) = found.get(name) else {
            panic!("{way}: no {name}");
        };
        assert_eq!(own_values.len(), values.len(), "{way}: {name}");
        let (workload, metric) = name.split_once(' ').unwrap();
        let pods = &own[&format!("{workload} \"ready_replicas\"")];
        let is_calm = |at: usize| {
            // The end of the text is one, too.
            let Some(around) = pods.get(at.saturating_sub(2)..at + 2) else {
                return false;
            };
            !metric.contains("cpu_") || around.iter().all(|it| *it == around[0])
        };
        let mut compared = 0;
        for (at, (own, found)) in own_values.iter().zip(values).enumerate() {
            if !is_calm(at) {
                continue;
            }
            let is_same = match (own, found) {
                (Some(own), Some(found)) => (own - found).abs() <= PRECISION * own.abs().max(1.0),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            assert!(is_same, "{way}: {name}[{at}]: {own:?} and {found:?}");
            compared += usize::from(own.is_some());
        }
        let is_told_throughout = metric.contains("usage") || metric.contains("ready");
        assert!(!is_told_throughout || compared > 20, "{way}: {name}");
    }
}
