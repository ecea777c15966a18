//! What an HPA tells of itself.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::history::{History, Metric};
use crate::sandbox::twin::testing::{Map, at, deployment, gap, hpa, twin};
use crate::sandbox::twin::{Config, Name, Objects, Of, Trace, Twin, Workload};
use crate::series::{Grid, Series};
use crate::sim::demand::Shape;
use crate::units;

/// Two pods of 500m at a target of 50 %, under `cores` for a day.
fn web(cores: f64, change: impl FnOnce(&mut Config, &mut Value)) -> (Twin, Arc<Map>) {
    let grid = Grid::new(at(300), units::Step::FIVE_MINUTES, 288);
    let mut history = History::default();
    history.insert(Metric::CpuUsage, Series::constant(grid, cores));
    let trace = Trace::of_history(&history, Shape::Held).map(Arc::new);
    let mut config = Config::starting_at(at(0));
    let workload = Workload {
        trace,
        startup: Some(SignedDuration::from_secs(20)),
    };
    let name = (Of::Deployment, Name::new("shop", "web"));
    config.workloads.insert(name, workload);
    let mut hpa = hpa("web", 2, 6, 50, Value::Null);
    change(&mut config, &mut hpa);
    let pods = deployment("web", 2, 500, None);
    twin(&[(Of::Deployment, pods), (Of::Hpa, hpa)], config)
}

fn status(map: &Map) -> Value {
    map.one(Of::Hpa, "web")["status"].clone()
}

/// Type, status, reason and message of each condition.
fn conditions(map: &Map) -> Vec<[String; 4]> {
    let status = status(map);
    let all = status["conditions"].as_array().unwrap();
    let field = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    all.iter()
        .map(|it| ["type", "status", "reason", "message"].map(|name| field(it, name)))
        .collect()
}

fn events(map: &Map, kind: &str) -> Vec<(String, String, i64)> {
    let all = map.list(Of::Event);
    let all = all.iter().filter(|it| it["involvedObject"]["kind"] == kind);
    let text = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    let mut found: Vec<_> = all
        .map(|it| {
            (
                text(it, "reason"),
                text(it, "message"),
                it["count"].as_i64().unwrap(),
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn an_hpa_at_rest_says_so() {
    let (mut twin, map) = web(0.5, |_, _| {});
    twin.advance(at(0));
    let expected = json!({
        "observedGeneration": 1, "currentReplicas": 2, "desiredReplicas": 2,
        "currentMetrics": [{ "type": "Resource", "resource": { "name": "cpu",
            "current": { "averageUtilization": 50, "averageValue": "250m" } } }],
        "conditions": [
            { "type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale",
                "message": "recommended size matches current size",
                "lastTransitionTime": at(0).to_string() },
            { "type": "ScalingActive", "status": "True", "reason": "ValidMetricFound",
                "message": "the HPA was able to successfully calculate a replica count from cpu \
                    resource utilization (percentage of request)",
                "lastTransitionTime": at(0).to_string() },
            { "type": "ScalingLimited", "status": "False", "reason": "DesiredWithinRange",
                "message": "the desired count is within the acceptable range",
                "lastTransitionTime": at(0).to_string() },
        ],
    });
    assert_eq!(status(&map), expected);
    let version = map.version();
    twin.advance(at(600));
    assert_eq!(
        map.version(),
        version,
        "what does not change is not written"
    );
}

#[test]
fn a_rescale_is_told_by_event_and_condition() {
    let (mut twin, map) = web(0.9, |_, _| {});
    twin.advance(at(0));
    let reason = "cpu resource utilization (percentage of request) above target";
    let message = format!("New size: 4; reason: {reason}");
    let expected = [("SuccessfulRescale".to_owned(), message, 1)];
    let kind = "HorizontalPodAutoscaler";
    assert_eq!(events(&map, kind), expected);
    let able = &conditions(&map)[0];
    assert_eq!(able[2], "SucceededRescale");
    let message = "the HPA controller was able to update the target scale to 4";
    assert_eq!(able[3], message);
    assert_eq!(status(&map)["lastScaleTime"], at(0).to_string());
    assert_eq!(map.one(Of::Deployment, "web")["spec"]["replicas"], 4);
    twin.advance(at(60));
    assert_eq!(status(&map)["currentReplicas"], 4);
    assert_eq!(
        status(&map)["currentMetrics"][0]["resource"]["current"]["averageValue"],
        "225m"
    );
}

#[test]
fn without_metrics_it_does_nothing_and_complains_ever_less() {
    let (mut twin, map) = web(3.0, |config, _| {
        config.faults = gap(0, 3_000);
    });
    twin.advance(at(2_000));
    assert_eq!(map.one(Of::Deployment, "web")["spec"]["replicas"], 2);
    let why = "failed to get cpu utilization: unable to get metrics for resource cpu: no metrics \
               returned from resource metrics API";
    let active = &conditions(&map)[1];
    assert_eq!(active[1..3], ["False", "FailedGetResourceMetric"]);
    let message = format!("the HPA was unable to compute the replica count: {why}");
    assert_eq!(active[3], message);
    let found = events(&map, "HorizontalPodAutoscaler");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].0, "FailedComputeMetricsReplicas");
    assert_eq!(found[1].1, why);
    // 134 syncs; the recorder lets 25 pass at once and one more every five minutes.
    assert_eq!(found[0].2 + found[1].2, 25 + 6);
    twin.advance(at(3_000));
    assert_eq!(map.one(Of::Deployment, "web")["spec"]["replicas"], 4);
}

#[test]
fn a_request_that_is_missing_is_named() {
    let (mut twin, map) = web(1.0, |_, hpa| {
        hpa["spec"]["metrics"][0]["resource"]["name"] = json!("memory");
    });
    twin.advance(at(0));
    let message = &conditions(&map)[1][3];
    let expected = "missing request for memory in container app of Pod web-";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_target_that_is_not_there_cannot_be_read() {
    let (mut twin, map) = web(1.0, |_, hpa| {
        hpa["spec"]["scaleTargetRef"]["name"] = json!("other");
    });
    twin.advance(at(0));
    let expected = "the HPA controller was unable to get the target's current scale: \
                    deployments.apps \"other\" not found";
    assert_eq!(
        conditions(&map)[0][1..],
        ["False", "FailedGetScale", expected]
    );
}

#[test]
fn two_autoscalers_of_the_same_pods_stop_each_other() {
    let (mut twin, map) = web(3.0, |_, _| {});
    let mut other = hpa("web", 2, 6, 50, Value::Null);
    other["metadata"]["name"] = json!("other");
    map.create(Of::Hpa, other).unwrap();
    twin.advance(at(0));
    assert_eq!(conditions(&map)[1][2], "AmbiguousSelector");
    map.delete(Of::Hpa, &Name::new("shop", "other")).unwrap();
    twin.advance(at(15));
    assert_eq!(conditions(&map)[1][2], "ValidMetricFound");
}

#[test]
fn new_settings_count_from_the_next_sync() {
    let (mut twin, map) = web(0.5, |_, _| {});
    twin.advance(at(10));
    map.edit(Of::Hpa, "web", |it| it["spec"]["minReplicas"] = json!(3));
    twin.advance(at(15));
    assert_eq!(map.one(Of::Deployment, "web")["spec"]["replicas"], 3);
    assert_eq!(status(&map)["observedGeneration"], 2);
    let message = "New size: 3; reason: Current number of replicas below Spec.MinReplicas";
    assert_eq!(events(&map, "HorizontalPodAutoscaler")[0].1, message);
}

#[test]
fn events_go_after_an_hour() {
    let (mut twin, map) = web(1.2, |_, _| {});
    twin.advance(at(100));
    assert!(!map.list(Of::Event).is_empty());
    twin.advance(at(3_800));
    assert_eq!(map.list(Of::Event).len(), 0);
}
