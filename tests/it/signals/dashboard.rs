//! The dashboard for Grafana: whether it would load, and show something.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use stepscale::signals::metrics::{Form, page};

use super::eventful;
use super::page::{names, series};

const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/dashboard.json");

/// The width of Grafana's grid.
const WIDTH: u64 = 24;

pub(crate) fn read() -> Value {
    serde_json::from_str(&fs::read_to_string(DASHBOARD).unwrap()).unwrap()
}

/// Title and expression of every query.
pub(crate) fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().unwrap();
    let of_panel = |panel: &Value| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        let expressions = targets
            .into_iter()
            .map(|it| it["expr"].as_str().unwrap().to_owned());
        expressions
            .map(|it| (title.clone(), it))
            .collect::<Vec<_>>()
    };
    panels.iter().flat_map(of_panel).collect()
}

#[test]
fn it_has_the_form_that_grafana_reads() {
    let dashboard = read();
    assert_eq!(dashboard["schemaVersion"], 39);
    for key in ["uid", "title", "timezone", "refresh"] {
        assert!(
            dashboard[key].as_str().is_some_and(|it| !it.is_empty()),
            "{key}"
        );
    }
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables: Vec<&str> = variables
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, ["datasource", "namespace", "job"]);
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let kind = panel["type"].as_str().unwrap();
        assert!(
            ["row", "stat", "timeseries", "table"].contains(&kind),
            "{title}"
        );
        if kind == "row" {
            continue;
        }
        assert!(
            panel["description"]
                .as_str()
                .is_some_and(|it| !it.is_empty()),
            "{title}"
        );
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        let targets = panel["targets"].as_array().unwrap();
        let references: BTreeSet<&str> = targets
            .iter()
            .map(|it| it["refId"].as_str().unwrap())
            .collect();
        assert_eq!(references.len(), targets.len(), "{title}");
    }
}

#[test]
fn no_panel_covers_another() {
    let dashboard = read();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= WIDTH, "{panel}");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(taken.insert((x, y)), "{} at {x}, {y}", panel["title"]);
            }
        }
    }
}

#[test]
fn panels_show_metrics_that_exist() {
    let known = series(&page(&eventful(), Form::Text));
    let expressions = expressions(&read());
    assert!(expressions.len() > 25);
    for (title, expression) in expressions {
        let used = names(&expression);
        assert!(!used.is_empty(), "{title}");
        for name in used {
            assert!(known.contains(&name), "{name} of {title}");
        }
    }
}
