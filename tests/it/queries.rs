//! How often a Prometheus is asked: not more often for more pods or workloads.

use serde_json::Value;

use crate::rig::cluster::{Cluster, Options};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::User;
use crate::rig::prometheus::{self, Prometheus};

const WAYS: [&str; 3] = ["remote-read", "pods", "workloads"];

/// Requests for each of [`WAYS`], as Prometheus counts them.
fn requests(parameters: &Parameters) -> Vec<u64> {
    let fleet = Fleet::generate(parameters);
    let prometheus = Prometheus::start(&fleet, &[]);
    let server = Cluster::start(&fleet, Options::default());
    let user = User::new();
    let count = |way: &&str| {
        let before = prometheus.requests();
        let arguments = [
            "analyze",
            "-A",
            "--now=2026-01-01T00:00:00Z",
            "--window-days=1",
            "-o=json",
        ];
        let source = [
            "--prometheus-url",
            &prometheus.url,
            "--prometheus-read",
            way,
        ];
        let said = user.run(&server.kubeconfig(), &[&arguments[..], &source].concat());
        let report = said.report(0);
        assert_eq!(report["summary"]["autoscalers"], parameters.workloads);
        let counted = prometheus.requests() - before;
        assert_eq!(report["source"]["queries"], Value::from(counted), "{way}");
        counted
    };
    WAYS.iter().map(count).collect()
}

#[test]
fn requests_grow_neither_with_pods_nor_with_workloads() {
    if !prometheus::is_available() {
        return;
    }
    let few = Parameters {
        workloads: 12,
        mean_pods: 2.0,
        hours: 6,
        rollout_hours: 3,
        ..Parameters::small()
    };
    let more_pods = Parameters {
        mean_pods: 12.0,
        ..few.clone()
    };
    let more_workloads = Parameters {
        workloads: 36,
        ..few.clone()
    };
    let expected = requests(&few);
    assert!(
        expected.iter().all(|it| (1..60).contains(it)),
        "{expected:?}"
    );
    assert_eq!(requests(&more_pods), expected, "with more pods");
    assert_eq!(requests(&more_workloads), expected, "with more workloads");
}
