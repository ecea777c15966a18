//! The fleet and the expected values, without a Prometheus.

use std::collections::BTreeSet;

use super::super::expected::{self, Times};
use super::super::fleet::labels::Labels;
use super::super::fleet::workload::{Duplicate, Pod, Workload};
use super::super::fleet::{Fleet, Parameters, samples};
use super::super::openmetrics;

#[test]
fn the_same_parameters_give_the_same_text() {
    let text = || {
        let fleet = Fleet::generate(&Parameters::tiny());
        let span = fleet.span().start..fleet.span().start + 600_000;
        let mut text = Vec::new();
        openmetrics::write(&fleet, &span, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    assert_eq!(text(), text());
    assert!(text().ends_with("# EOF\n"));
    assert_ne!(Parameters::tiny().key(), Parameters::small().key());
}

/// A test that passes on a fleet without an oddity would say nothing of it.
#[test]
fn the_small_fleet_has_every_oddity() {
    let fleet = Fleet::generate(&Parameters::small());
    let pods = || fleet.scaled().flat_map(|it| &it.pods);
    let restarts: BTreeSet<bool> = pods()
        .filter_map(|it| it.restart)
        .map(|it| it.keeps_series)
        .collect();
    assert_eq!(restarts.len(), 2, "restarts with and without a new series");
    assert!(pods().any(|it| it.duplicate == Duplicate::Job));
    assert!(pods().any(|it| it.duplicate == Duplicate::Replica));
    assert!(
        fleet
            .scaled()
            .any(|it| it.containers.iter().any(|it| it.native_sidecar))
    );
    assert!(fleet.scaled().any(|it| it.generations.len() >= 3));
    assert!(
        fleet
            .scaled()
            .any(|it| it.nan_at_end && it.pods.iter().any(|it| it.ended.is_some()))
    );
    let raised = |it: &&Workload| it.raises_request && it.generations.len() > 1;
    assert!(fleet.scaled().any(|it| raised(&it)));
    assert_eq!(fleet.scaled().count(), 12);
    let now = fleet.span().end - 1;
    let living: usize = fleet.scaled().map(|it| it.living(now).count()).sum();
    assert!((40..=70).contains(&living), "{living} pods");
    let (down, span) = fleet.node_down.clone().unwrap();
    let on_it = |it: &&_| on_node(it, down) && lives_in(it, span.start);
    assert!(pods().filter(on_it).count() > 0);
}

fn on_node(pod: &Pod, node: usize) -> bool {
    pod.node == node
}

fn lives_in(pod: &Pod, at: i64) -> bool {
    pod.life().contains(&at)
}

#[test]
fn counters_fall_only_where_a_container_restarts() {
    let fleet = Fleet::generate(&Parameters::small());
    for workload in &fleet.workloads {
        let restarting: BTreeSet<&str> = workload
            .pods
            .iter()
            .filter(|it| it.restart.is_some_and(|it| it.keeps_series))
            .map(|it| it.name.as_str())
            .collect();
        samples::visit(&fleet, workload, &fleet.span(), &mut |series| {
            let ascends = series.samples.windows(2).all(|it| it[0].0 < it[1].0);
            assert!(ascends, "{series:?}");
            let falls = series.samples.windows(2).any(|it| it[1].1 < it[0].1);
            let main = label(series.labels, "container") == "app";
            let may = main && restarting.contains(label(series.labels, "pod"));
            assert!(
                !series.name.ends_with("_total") || !falls || may,
                "{:?}",
                series.labels
            );
        });
    }
}

fn label<'a>(labels: &'a Labels, name: &str) -> &'a str {
    labels
        .iter()
        .find(|it| it.0 == name)
        .map_or("", |it| it.1.as_str())
}

/// Independent of every rule about counters: what the model says was used, on average.
#[test]
fn expected_usage_is_the_usage_of_the_model() {
    let fleet = Fleet::generate(&Parameters::small());
    let times = Times::of(&fleet, 300);
    for workload in fleet.scaled() {
        let expected = expected::of(&fleet, workload, times);
        for index in (0..times.len).filter(|it| expected.complete[*it]) {
            let until = (times.start + times.step * index as i64) * 1000;
            let from = until - times.step * 1000;
            let steady = |it: &&_| !changes(it, from, until);
            if workload.pods.iter().filter(|it| !steady(it)).count() > 0 {
                continue;
            }
            let weights: f64 = workload.living(until).map(|it| it.weight).sum();
            let truth = weights * workload.used_between(from, until) / times.step as f64;
            let expected = expected.cpu[index].unwrap();
            let off = (expected / truth - 1.0).abs();
            assert!(
                off < 0.05,
                "{} at {until}: {expected} is not {truth}",
                workload.name
            );
        }
    }
}

/// Whether a pod comes, goes or restarts near a window.
fn changes(pod: &Pod, from: i64, until: i64) -> bool {
    let near = from - 60_000..until + 60_000;
    let life = pod.life();
    let restart = pod.restart.map(|it| it.at * 1000);
    near.contains(&life.start)
        || near.contains(&life.end)
        || restart.is_some_and(|it| near.contains(&it))
}
