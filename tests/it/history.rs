//! History as the product reads it from a real Prometheus, against what the samples say.

use std::sync::Arc;

use jiff::Timestamp;
use stepscale::autoscaler::target::TargetRef;
use stepscale::history::{History, Metric};
use stepscale::metrics::prometheus::{Options, Prometheus as Source, Transport, WayChoice};
use stepscale::metrics::{Delivery, HistoryRequest, Reading, Wanted};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;
use tokio::sync::mpsc;

use crate::rig::expected::{self, Expected, Times, Values};
use crate::rig::fleet::workload::Workload;
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::prometheus::{self, Prometheus};

const WAYS: [WayChoice; 3] = [
    WayChoice::RemoteRead,
    WayChoice::PodRates,
    WayChoice::GroupedRates,
];

/// Histories are kept in single precision, which is good for seven digits.
const PRECISION: f64 = 1e-6;

#[test]
fn every_way_gives_what_the_samples_say() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::small());
    let server = Prometheus::start(&fleet, &[]);
    let times = Times::of(&fleet, 300);
    for way in WAYS {
        let (histories, reading) = read(&server.url, &fleet, times, way);
        assert_eq!(reading.warnings, Vec::<String>::new(), "{way:?}");
        for (workload, history) in fleet.scaled().zip(&histories) {
            let what = format!("{way:?} {}/{}", workload.namespace, workload.name);
            compare(
                &what,
                &expected::of(&fleet, workload, times),
                history,
                workload,
            );
        }
    }
}

#[test]
fn a_server_that_allows_little_at_once_is_asked_in_parts() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::small());
    let times = Times::of(&fleet, 300);
    let whole = Prometheus::start(&fleet, &[]);
    let limited = Prometheus::start(&fleet, &["--query.max-samples=20000"]);
    let (expected, at_once) = read(&whole.url, &fleet, times, WayChoice::PodRates);
    let (found, in_parts) = read(&limited.url, &fleet, times, WayChoice::PodRates);
    assert!(in_parts.queries > at_once.queries, "{}", in_parts.queries);
    assert_eq!(found, expected);
}

#[test]
fn a_query_of_the_users_takes_the_place_of_ours() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::small());
    let server = Prometheus::start(&fleet, &[]);
    let times = Times::of(&fleet, 300);
    let cpu = r#"sum(max by (pod,container,id) (rate(container_cpu_usage_seconds_total{
        namespace="{ns}",pod=~"{deploy}-[a-z0-9]+-[a-z0-9]{5}",container!~"|POD"}[5m])))"#;
    let options = Options {
        promql_cpu: Some(cpu.to_owned()),
        promql_replicas: Some("vector(7)".to_owned()),
        ..Options::default()
    };
    let (histories, _) = read_with(&server.url, &fleet, times, options);
    let mut compared = 0;
    for (workload, history) in fleet.scaled().zip(&histories) {
        if !workload.kind.has_replica_sets() {
            continue;
        }
        let expected = expected::of(&fleet, workload, times);
        let what = format!("{}/{}", workload.namespace, workload.name);
        same(&what, history.cpu(), &expected.cpu, &expected.complete);
        let ready = history.get(&Metric::ReadyReplicas).unwrap();
        assert!(ready.iter().all(|it| it == Some(7.0)), "{what}");
        compared += 1;
    }
    assert!(compared > 5, "{compared}");
}

fn compare(what: &str, expected: &Expected, history: &History, workload: &Workload) {
    let complete = &expected.complete;
    same(
        &format!("{what} cpu"),
        history.cpu(),
        &expected.cpu,
        complete,
    );
    for (container, values) in &expected.containers {
        if expected.containers.len() > 1 {
            let metric = Metric::ContainerCpuUsage(container.clone());
            let what = format!("{what} cpu of {container}");
            same(&what, history.get(&metric), values, complete);
        }
    }
    let all = vec![true; complete.len()];
    let desired = history.get(&Metric::DesiredReplicas);
    same(&format!("{what} desired"), desired, &expected.desired, &all);
    // Nothing records the ready pods of a custom kind: the HPA's count of all pods stands in.
    if workload.kind.name() != "Rollout" {
        let ready = history.get(&Metric::ReadyReplicas);
        same(&format!("{what} ready"), ready, &expected.ready, &all);
    }
}

/// Requires the same values wherever both are known and `counts` holds, and that hardly any are
/// missing.
fn same(what: &str, found: Option<&Series>, expected: &Values, counts: &[bool]) {
    let found = found.unwrap_or_else(|| panic!("{what}: no series"));
    assert_eq!(found.len(), expected.len(), "{what}: length");
    let (mut compared, mut wanted) = (0, 0);
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        if !counts[index] {
            continue;
        }
        wanted += usize::from(expected.is_some());
        match (found, *expected) {
            (Some(found), Some(expected)) => {
                let off = (found - expected).abs();
                let bound = PRECISION * expected.abs().max(0.001);
                assert!(
                    off <= bound,
                    "{what} at {index}: {found}, expected {expected}"
                );
                compared += 1;
            }
            (Some(found), None) => panic!("{what} at {index}: {found}, expected a gap"),
            (None, _) => {}
        }
    }
    assert!(wanted > 0, "{what}: nothing to compare");
    assert!(
        compared * 100 >= wanted * 99,
        "{what}: {compared} of {wanted} values"
    );
}

/// The histories of the workloads with an autoscaler, in the fleet's order.
fn read(url: &str, fleet: &Fleet, times: Times, way: WayChoice) -> (Vec<History>, Reading) {
    let options = Options {
        way,
        ..Options::default()
    };
    read_with(url, fleet, times, options)
}

fn read_with(url: &str, fleet: &Fleet, times: Times, options: Options) -> (Vec<History>, Reading) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let source = Source::new(Transport::direct(url, &options).unwrap(), &options);
    let request = request(fleet, times);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (deliveries, reading) = runtime.block_on(async {
        let (sender, mut receiver) = mpsc::channel(1);
        let reading = source.history(&request, sender);
        let collect = async {
            let mut all: Vec<Delivery> = vec![];
            while let Some(delivery) = receiver.recv().await {
                all.push(delivery);
            }
            all
        };
        let (reading, all) = tokio::join!(reading, collect);
        (all, reading.unwrap())
    });
    let mut histories = vec![History::default(); request.wanted.len()];
    for delivery in deliveries {
        histories[delivery.subject] = delivery.history.unwrap();
    }
    (histories, reading)
}

fn request(fleet: &Fleet, times: Times) -> HistoryRequest {
    let start = Timestamp::from_second(times.start).unwrap();
    let step = Step::from_seconds(times.step as u32).unwrap();
    HistoryRequest {
        grid: Grid::new(start, step, times.len),
        wanted: fleet.scaled().enumerate().map(wanted).collect(),
        pod_owners: Arc::default(),
    }
}

/// What is to be known of a workload's target.
pub(crate) fn wanted((subject, workload): (usize, &Workload)) -> Wanted {
    let names = |only_native: bool| {
        let containers = workload.containers.iter();
        containers
            .filter(|it| !only_native || it.native_sidecar)
            .map(|it| it.name.clone())
            .collect()
    };
    Wanted {
        subject,
        target: TargetRef {
            namespace: workload.namespace.clone(),
            name: workload.name.clone(),
            kind: workload.kind.name().to_owned(),
        },
        hpa: workload.autoscaler.clone().unwrap_or_default(),
        containers: names(false),
        native_sidecars: names(true),
        init_containers: Vec::new(),
        memory: true,
        cpu_limited: workload.containers.iter().any(|it| it.limit.is_some()),
        triggers: None,
    }
}
