//! `watch -l`: whom labels select is known before anything is judged by it, with or without history.

use serde_json::{Value, json};

use super::probation::{Scene, calm};
use super::workload::Workload;
use crate::rig::faulty::{Fault, Faulty};

/// `good` and `other`, each of a team of its own.
fn scene() -> Scene {
    let all = ["good", "other"].map(|it| Workload::new(it, 300, calm));
    let mut seed = Workload::seed(&all);
    for object in &mut seed.objects {
        let team = object["metadata"]["name"].clone();
        object["metadata"]["labels"] = json!({ "team": team });
    }
    Scene::of(seed, 4)
}

fn lower(scene: &Scene, name: &str) {
    scene.recommend(name, &json!({ "min_replicas": { "from": 4, "to": 2 } }));
}

/// The names and phases that a watch told.
fn told(lines: &str) -> Vec<(String, String)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let lines = lines.lines().map(|it| serde_json::from_str(it).unwrap());
    lines
        .map(|it: Value| (text(&it["name"]), text(&it["phase"])))
        .collect()
}

#[test]
fn what_was_taken_back_before_is_no_news() {
    let scene = scene();
    lower(&scene, "good");
    scene.exits(0, &["apply", "good"]);
    scene.exits(0, &["revert", "good"]);
    let said = scene.exits(0, &["watch", "-l", "team=good", "--once", "-ojsonl"]);
    let told = told(&said.stdout);
    assert!(told.iter().all(|it| it.1 != "rolledBack"), "{told:?}");
}

#[test]
fn those_who_are_selected_are_seen_to_without_any_history() {
    let scene = scene();
    lower(&scene, "good");
    lower(&scene, "other");
    let broken = Faulty::start(Fault::QueryError);
    let url = format!("--prometheus-url={}", broken.url);
    let selected = [
        "watch",
        "--mode=apply",
        "-l",
        "team=good",
        "-ojsonl",
        "--once",
    ];
    let log = scene.home("watch.audit");
    let log_to = format!("--audit-log={}", log.display());
    let said = scene.exits(4, &[&selected[..], &[&url, &log_to]].concat());
    let told = told(&said.stdout);
    assert_eq!(
        told,
        [("good".to_owned(), "applied".to_owned())],
        "{}",
        said.stderr
    );
    let recorded = std::fs::read_to_string(log).unwrap();
    let is_of_license = |it: &&str| it.contains("\"verb\":\"license\"");
    assert_eq!(
        recorded.lines().filter(is_of_license).count(),
        2,
        "{recorded}"
    );
    assert_eq!(scene.hpa("good")["spec"]["minReplicas"], 2);
    assert_eq!(scene.hpa("other")["spec"]["minReplicas"], 4);
}
