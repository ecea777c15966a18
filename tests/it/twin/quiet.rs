//! What a watch asks for while nothing happens.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::probation::{Scene, calm};
use super::workload::Workload;
use crate::rig::say;

/// What each tick said of an analysis, or of a look at what is on probation.
#[derive(Debug, Default)]
struct Cost {
    analysis: Vec<Traffic>,
    looks: Vec<Traffic>,
}

#[derive(Clone, Copy, Debug)]
struct Traffic {
    queries: u64,
    bytes: u64,
}

impl Cost {
    fn add(&mut self, line: &Value) {
        let number = |key: &str| line[key].as_u64().unwrap_or_default();
        let traffic = Traffic {
            queries: number("queries"),
            bytes: number("bytes"),
        };
        match line["message"].as_str() {
            Some("analyzed") => self.analysis.push(traffic),
            Some("looked at what is on probation") => self.looks.push(traffic),
            _ => {}
        }
    }
}

/// What is asked of a Kubernetes API, in the words of its authorization.
fn verb(request: &str) -> &'static str {
    let (method, target) = request.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path.contains("/proxy/") {
        return "proxy";
    }
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let parts = match parts.as_slice() {
        ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] => rest,
        _ => return "clock",
    };
    let parts = match parts {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    match (method, parts.len()) {
        ("GET", 0) => "discovery",
        ("GET", 1) if query.contains("watch=") => "watch",
        ("GET", 1) => "list",
        ("GET", _) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        _ => "other",
    }
}

#[test]
fn requests_are_told_apart() {
    let cases = [
        ("GET /version", "clock"),
        ("GET /apis/stepscale.io/v1alpha1", "discovery"),
        ("GET /api/v1/pods?limit=500", "list"),
        ("GET /api/v1/namespaces/shop/pods", "list"),
        ("GET /api/v1/namespaces?limit=500", "list"),
        ("GET /apis/apps/v1/deployments?&watch=true&x=y", "watch"),
        ("GET /apis/apps/v1/namespaces/a/deployments/b", "get"),
        ("PUT /apis/x/v1/namespaces/a/b/c/status?x=y", "update"),
        (
            "GET /api/v1/namespaces/m/services/p:9090/proxy/api/v1/query",
            "proxy",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(verb(request), expected, "{request}");
    }
}

#[test]
fn a_quiet_tick_lists_nothing_and_reads_only_the_increment() {
    let all = ["good", "other"].map(|it| Workload::new(it, 300, calm));
    let scene = Scene::start(&all, 4);
    scene.recommend("good", &json!({ "min_replicas": { "from": 4, "to": 2 } }));
    // It waits for a yes all the time.
    let open = json!({ "max_replicas": { "from": 25, "to": 9 } });
    scene.propose("other", &open, false);
    scene.exits(0, &["apply", "good"]);
    let mut command = scene.command(&[
        "watch",
        "--mode=apply",
        "--interval=10",
        "--max-ticks=4",
        "--log-format=json",
    ]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut cost, mut log, mut quiet_since) = (Cost::default(), String::new(), None);
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Ok(line) = serde_json::from_str(&line) {
            cost.add(&line);
        }
        // The second analysis has ended: what follows is more than two whole ticks.
        if cost.analysis.len() == 2 && quiet_since.is_none() {
            quiet_since = Some(scene.requests().len());
        }
        if cost.analysis.len() < 4 && line.contains("\"analyzed\"") {
            scene.pass(5);
        }
        log.push_str(&line);
        log.push('\n');
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
    assert_eq!(scene.phase("good"), "applied", "{log}");

    let requests = scene.requests();
    let mut verbs: BTreeMap<&str, usize> = BTreeMap::new();
    let own = |it: &&String| !it.contains("/twin/");
    let quiet = requests[quiet_since.unwrap()..].iter().filter(own);
    for request in quiet.clone() {
        *verbs.entry(verb(request)).or_default() += 1;
    }
    // Those of `status` at the end are not of the watch.
    say(&format!("two ticks and more: {verbs:?}"));
    let lists: Vec<&String> = quiet.filter(|it| verb(it) == "list").collect();
    assert!(lists.is_empty(), "{lists:#?}");

    for (what, costs) in [("analysis", &cost.analysis), ("look", &cost.looks)] {
        assert_eq!(costs.len(), 4, "{what}: {log}");
        // A first read that a busy machine gives up is made up for by the next.
        let whole = costs.iter().map(|it| it.bytes).max().unwrap();
        let ratio = |it: &Traffic| it.bytes as f64 / whole as f64;
        for cost in costs {
            let Traffic { queries, bytes } = cost;
            let ratio = ratio(cost);
            say(&format!(
                "{what}: {queries} queries, {bytes} bytes, {ratio:.3} of all"
            ));
        }
        let large = costs.iter().filter(|it| ratio(it) > 0.25).count();
        assert_eq!(large, 1, "{what}: {costs:?}");
        assert!(ratio(&costs[3]) <= 0.25, "{what}: {costs:?}");
    }
}
