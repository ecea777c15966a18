//! `watch` on workloads that a twin runs, as a pipeline and as an instance of several use it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::probation::{Scene, busy, calm};
use super::workload::Workload;
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::program::{Said, User, interrupt};

fn bad() -> Workload {
    Workload {
        containers: vec![("app", 500, Some(500))],
        ..Workload::new("bad", 300, busy)
    }
}

/// A watch in the background whose first lines on standard output have come, and the rest of them.
fn begun(scene: &Scene, arguments: &[&str], lines: usize) -> (Child, Vec<Value>) {
    let mut command = scene.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let told = out.lines().take(lines);
    let told = told.map(|it| serde_json::from_str(&it.unwrap()).unwrap());
    (child, told.collect())
}

/// Whether a line of a log says both.
fn has_line(log: &str, what: &str, about: &str) -> bool {
    let mut lines = log.lines();
    lines.any(|it| it.contains(what) && it.contains(about))
}

#[test]
fn where_history_comes_from_and_that_there_is_none_is_logged() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    let said = scene.exits(0, &["watch", "--once", "--no-prometheus"]);
    let fallback = "metrics source: HPA-status fallback";
    assert!(said.stderr.contains(fallback), "{}", said.stderr);
    let empty = Faulty::start(Fault::Empty);
    let url = format!("--prometheus-url={}", empty.url);
    let mut command = scene.command(&["watch", "--once", &url]);
    let said = Said::by(&mut command);
    let nothing = "prometheus returned no points; check CPU requests/limits or PromQL templates";
    assert!(has_line(&said.stderr, nothing, "error="), "{}", said.stderr);
}

#[test]
fn a_recommendation_that_is_new_is_logged() {
    let user = User::new();
    let watch = "kubectl-stepscale watch --once -n shop";
    let said = Said::by(&mut user.stepscale(&["demo", "--exec", watch]));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let created = has_line(
        &said.stderr,
        "created ScalingRecommendation",
        "namespace=shop",
    );
    assert!(created, "{}", said.stderr);
}

#[test]
fn a_pipeline_waits_for_the_verdict() {
    let scene = Scene::start(&[Workload::new("good", 300, calm), bad()], 4);
    scene.recommend("good", &json!({ "min_replicas": { "from": 4, "to": 2 } }));
    scene.recommend(
        "bad",
        &json!({ "min_replicas": { "from": 4, "to": 2 },
        "max_replicas": { "from": 25, "to": 4 }, "target_cpu_pct": { "from": 70, "to": 95 } }),
    );
    let apply = ["watch", "--mode=apply", "--interval=10"];
    let goal = ["--for=verified", "good", "bad", "-ojsonl", "--timeout=5m"];
    let waiting = [&apply[..], &goal].concat();
    let (child, told) = begun(&scene, &waiting, 2);
    let mut names: Vec<&str> = told.iter().map(|it| it["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["bad", "good"], "{told:?}");
    assert!(told.iter().all(|it| it["phase"] == "applied"), "{told:?}");

    scene.pass(50);
    let out = child.wait_with_output().unwrap();
    let log = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(6), "{log}");
    assert!(log.contains("running in apply mode"), "{log}");
    for (line, about) in [
        ("operator starting", "namespaces=\"shop\""),
        ("metrics source: Prometheus history backfill", "from="),
        ("reconcile tick", "license=\"licensed\" leader=true"),
        ("applied recommendation", "namespace=shop name=bad"),
        ("verified recommendation", "namespace=shop name=good"),
        ("auto-reverted degraded recommendation", "name=bad"),
    ] {
        assert!(has_line(&log, line, about), "{line} {about}: {log}");
    }
    assert_eq!(scene.phase("good"), "verified");
    assert_eq!(scene.phase("bad"), "rolledBack");

    let summary = scene.home("summary.md");
    let late = [&apply[..], &["--for=verified", "bad", "-ogithub", "--once"]].concat();
    let mut command = scene.command(&late);
    let said = Said::by(command.env("GITHUB_STEP_SUMMARY", &summary));
    assert_eq!(said.code, Some(6), "{}", said.stderr);
    let table = std::fs::read_to_string(summary).unwrap();
    assert!(table.contains("| shop/bad | rolledBack | "), "{table}");

    let proved = [&apply[..], &["--for=verified", "good", "--once"]].concat();
    scene.exits(0, &proved);
    let missing = [&apply[..], &["--for=verified", "none", "--once"]].concat();
    scene.exits(3, &missing);
}

#[test]
fn what_nobody_approved_waits_and_a_goal_that_is_not_reached_says_so() {
    let all = ["good", "other"].map(|it| Workload::new(it, 300, calm));
    let scene = Scene::start(&all, 4);
    scene.propose(
        "good",
        &json!({ "min_replicas": { "from": 4, "to": 2 } }),
        false,
    );
    let said = scene.exits(
        7,
        &["watch", "--mode=apply", "--for=verified", "good", "--once"],
    );
    assert!(said.stdout.is_empty(), "{}", said.stdout);
    let open = "not reached: shop/good is pending";
    assert!(said.stderr.contains(open), "{}", said.stderr);
    assert_eq!(scene.phase("good"), "pending");
    assert_eq!(scene.hpa("good")["spec"]["minReplicas"], 4);
    let said = scene.exits(0, &["apply", "--yes"]).stderr;
    assert!(said.contains("nothing is approved, 1 pending: "), "{said}");
    let said = scene.exits(0, &["verify"]).stderr;
    assert!(
        said.contains("nothing is on probation, 1 pending: "),
        "{said}"
    );
    scene.exits(7, &["watch", "--for=pending=0", "--once"]);
    scene.exits(0, &["reject", "good"]);
    scene.exits(0, &["watch", "--for=pending=0", "--once"]);
    // Without a license nothing is applied, and the record says why.
    scene.propose(
        "other",
        &json!({ "min_replicas": { "from": 4, "to": 2 } }),
        true,
    );
    let mut command = scene.command(&["watch", "--mode=apply", "--once"]);
    let said = Said::by(command.env_remove("STEPSCALE_LICENSE"));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let status = scene.record("other")["status"].clone();
    assert_eq!(status["phase"], "blocked");
    let detail = status["detail"].as_str().unwrap();
    assert!(detail.contains("license"), "{detail}");
}

#[test]
fn of_two_instances_one_writes_and_hands_over_at_its_end() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    let shared = [
        "watch",
        "--mode=apply",
        "--interval=10",
        "--lease-namespace=shop",
        "-ojsonl",
    ];
    scene.recommend("good", &json!({ "min_replicas": { "from": 4, "to": 2 } }));
    let (leader, told) = begun(&scene, &shared, 1);
    assert_eq!(told[0]["phase"], "applied", "{told:?}");
    let lease = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/stepscale-autoscaler-leader";
    let holder = |scene: &Scene| scene.object(lease)["spec"]["holderIdentity"].clone();
    let first = holder(&scene);
    assert_ne!(first, "");

    let follower = [&shared[..], &["--max-ticks=1"]].concat();
    let said = scene.exits(0, &follower);
    assert!(
        said.stderr.contains("not leader; skipping mutating pass"),
        "{}",
        said.stderr
    );
    assert_eq!(holder(&scene), first);

    let (said, _) = interrupt(leader, "TERM");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("released leader lease"),
        "{}",
        said.stderr
    );
    assert_eq!(holder(&scene), "");
}

#[test]
fn a_log_that_nobody_reads_any_more_ends_nothing() {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = scene.command(&["watch", "--once"]);
    let status = command.stdout(Stdio::null()).stderr(writer).status();
    assert_eq!(status.unwrap().code(), Some(0));
}
