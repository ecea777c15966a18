use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::cronjobs;
use crate::install::{Mode, NAMESPACE, Plan, Reach, Shape, items};

fn plan() -> Plan {
    Plan {
        namespace: NAMESPACE.to_owned(),
        reach: Reach::Cluster,
        mode: Mode::AnalysisOnly,
        shape: Shape::Replicas(2),
        image: "registry.example/stepscale:1".to_owned(),
        interval_seconds: 300,
        prometheus_url: None,
        service_monitor: false,
    }
}

fn printed(items: &[Item]) -> String {
    let mut out = vec![];
    write(&mut out, items).unwrap();
    String::from_utf8(out).unwrap()
}

/// What is printed without the definition, which has a snapshot of its own in the cluster's columns.
fn shown(plan: &Plan) -> String {
    let mut items = items(plan);
    items.retain(|it| it.object["kind"] != "CustomResourceDefinition");
    printed(&items).replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn what_only_looks() {
    insta::assert_snapshot!(shown(&plan()));
}

#[test]
fn what_applies_in_one_namespace() {
    insta::assert_snapshot!(shown(&Plan {
        namespace: "shop".to_owned(),
        reach: Reach::Namespace,
        mode: Mode::Apply,
        prometheus_url: Some("http://prometheus.monitoring:9090".to_owned()),
        service_monitor: true,
        interval_seconds: 60,
        ..plan()
    }));
}

#[test]
fn what_has_shards() {
    insta::assert_snapshot!(shown(&Plan {
        shape: Shape::Shards(3),
        prometheus_url: Some("http://prometheus.monitoring:9090".to_owned()),
        ..plan()
    }));
}

#[test]
fn what_runs_once() {
    insta::assert_snapshot!(shown(&Plan {
        shape: Shape::Job(20),
        ..plan()
    }));
}

#[test]
fn what_carries_out_a_schedule() {
    let items = scheduled();
    // The script is a file of its own.
    let text = printed(&items).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let script: Vec<String> = cronjobs::SCRIPT
        .lines()
        .map(|it| format!("    {it}"))
        .collect();
    let script = script.join("\n").replace("    \n", "\n");
    assert!(text.contains(&script), "{text}");
    insta::assert_snapshot!(text.replace(&script, "    SCRIPT"));
}

fn scheduled() -> Vec<Item> {
    let plan = serde_json::json!([{ "startCron": "50 7 * * 1-5", "durationMinutes": 130,
        "minReplicas": 6, "timeZone": "Europe/Berlin" }]);
    let items = cronjobs::items(&cronjobs::Request {
        namespace: "shop",
        hpa: "web",
        recommendation: "web",
        plan: &serde_json::from_value(plan).unwrap(),
        image: cronjobs::IMAGE,
    });
    items.unwrap()
}

#[test]
fn what_is_printed_is_what_is_applied() {
    let mut items = items(&Plan {
        mode: Mode::Apply,
        service_monitor: true,
        ..plan()
    });
    items.extend(scheduled());
    let text = printed(&items);
    let documents = yaml::documents(&text).unwrap().into_iter();
    let documents: Vec<Value> = documents
        .map(|it| Value::deserialize(it).unwrap())
        .collect();
    let objects: Vec<Value> = items.into_iter().map(|it| it.object).collect();
    assert_eq!(documents, objects);
}

#[test]
fn every_rule_stands_below_its_reason() {
    let text = printed(&items(&plan()));
    let lines: Vec<&str> = text.lines().collect();
    let mut rules = 0;
    for pair in lines
        .windows(2)
        .filter(|it| it[1].starts_with("- apiGroups:"))
    {
        assert!(pair[0].starts_with("# "), "{pair:?}");
        rules += 1;
    }
    let expected: usize = items(&plan()).iter().map(|it| it.reasons.len()).sum();
    assert_eq!(rules, expected);
}
