//! What metrics tell of a twin.

use std::sync::Arc;

use serde_json::json;

use crate::history::{History, Metric};
use crate::sandbox::twin::testing::{Map, at, deployment, gap, hpa, twin};
use crate::sandbox::twin::{Config, Name, Objects, Of, Trace, Twin, Workload};
use crate::series::{Grid, Series};
use crate::sim::demand::Shape;
use crate::units;

fn web() -> Twin {
    let grid = Grid::new(at(300), units::Step::FIVE_MINUTES, 288);
    let mut history = History::default();
    history.insert(Metric::CpuUsage, Series::constant(grid, 1.0));
    let trace = Trace::of_history(&history, Shape::Held).map(Arc::new);
    let mut config = Config::starting_at(at(0));
    let name = (Of::Deployment, Name::new("shop", "web"));
    let workload = Workload {
        trace,
        startup: None,
    };
    config.workloads.insert(name, workload);
    config.faults = gap(1_000, 1_000);
    let pods = deployment("web", 2, 500, Some(400));
    let hpa = hpa("web", 2, 2, 80, json!(null));
    twin(&[(Of::Deployment, pods), (Of::Hpa, hpa)], config).0
}

#[test]
fn usage_is_measured_up_to_the_limit_and_not_in_gaps() {
    let mut twin = web();
    assert!(twin.node_metrics().is_empty());
    twin.advance(at(20));
    let pods = twin.pod_metrics("shop");
    assert_eq!(pods.len(), 2);
    assert_eq!(pods[0]["containers"][0]["usage"]["cpu"], "400000000n");
    assert_eq!(
        (&pods[0]["window"], &pods[0]["timestamp"]),
        (&json!("15s"), &json!(at(15)))
    );
    assert!(twin.pod_metrics("other").is_empty());
    assert_eq!(twin.node_metrics().len(), 3);
    twin.advance(at(1_010));
    assert!(twin.pod_metrics("").is_empty() && twin.node_metrics().is_empty());
}

#[test]
fn a_pod_that_takes_a_name_over_has_used_nothing_yet() {
    let mut set = deployment("db", 1, 500, None);
    set["kind"] = json!("StatefulSet");
    let (mut twin, map) = twin(&[(Of::StatefulSet, set)], Config::starting_at(at(0)));
    twin.advance(at(20));
    assert_eq!(twin.pod_metrics("shop").len(), 1);
    let name = Name::new("shop", "db-0");
    let uid = |map: &Map| map.one(Of::Pod, "db-0")["metadata"]["uid"].clone();
    let before = uid(&map);
    map.delete(Of::Pod, &name).unwrap();
    twin.advance(at(22));
    assert_ne!(uid(&map), before);
    assert!(twin.pod_metrics("shop").is_empty());
    twin.advance(at(60));
    assert_eq!(twin.pod_metrics("shop").len(), 1);
}

#[test]
fn counters_grow_as_the_pods_use() {
    let mut twin = web();
    twin.advance(at(600));
    let text = twin.expose();
    let values = |name: &str| -> Vec<f64> {
        let lines = text
            .lines()
            .filter(|it| it.starts_with(&format!("{name}{{")));
        lines
            .map(|it| it.rsplit(' ').next().unwrap().parse().unwrap())
            .collect()
    };
    assert_eq!(values("container_cpu_usage_seconds_total"), [240.0, 240.0]);
    assert_eq!(values("container_cpu_cfs_periods_total"), [6_000.0; 2]);
    assert_eq!(
        values("container_cpu_cfs_throttled_periods_total"),
        [1_200.0; 2]
    );
    assert_eq!(values("kube_deployment_status_replicas_ready"), [2.0]);
    assert_eq!(
        values("kube_horizontalpodautoscaler_spec_target_metric"),
        [80.0]
    );
    assert_eq!(values("kube_pod_container_resource_limits"), [0.4; 2]);
    assert!(text.contains("# TYPE container_cpu_usage_seconds counter\n"));
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn what_happened_is_recorded_every_minute() {
    let mut twin = web();
    twin.advance(at(600));
    let mut named = twin.record().named();
    let cpu = named.find(|it| it.0 == "container_cpu_usage_seconds_total");
    let cpu = cpu.unwrap().1.next().unwrap();
    let values = twin.record().within(cpu, 0, i64::MAX);
    let values: Vec<f64> = values.map(|it| it.1).collect();
    assert_eq!(
        values,
        (0..=10).map(|it| f64::from(it) * 24.0).collect::<Vec<_>>()
    );
}
