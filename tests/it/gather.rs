//! `gather`: what it writes, and what comes of it.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::rig::cluster::{Cluster, Options, SECRET};
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User, interrupt};
use crate::rig::prometheus::{self, Prometheus};

const NOW: &str = "--now=2026-01-01T00:00:00Z";
const WINDOW: &str = "--window-days=3";

/// The parts of a report that say something of autoscalers.
fn judgments(said: &Said) -> Value {
    let mut report = said.report(0);
    let report = report.as_object_mut().unwrap();
    ["items", "summary", "unread", "window", "takenAt", "cluster"]
        .map(|it| report.remove(it).unwrap())
        .into_iter()
        .collect()
}

fn gather(user: &User, server: &Cluster, out: &Path, more: &[&str]) -> Said {
    let out = out.display().to_string();
    let arguments = [&["gather", "-A", NOW, "-o", &out], more].concat();
    let said = user.run(&server.kubeconfig(), &arguments);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    said
}

fn analyze_file(user: &User, path: &Path) -> Said {
    let path = path.display().to_string();
    let arguments = [
        "analyze",
        WINDOW,
        "--min-history-days=2",
        "-o=json",
        "--from",
        &path,
    ];
    Said::by(&mut user.stepscale(&arguments))
}

#[test]
fn a_snapshot_is_judged_as_the_cluster_was() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::small());
    let prometheus = Prometheus::start(&fleet, &[]);
    let options = Options {
        prometheus: Some(prometheus.url.clone()),
        ..Options::default()
    };
    let server = Cluster::start(&fleet, options);
    let user = User::new();
    let arguments = [
        "analyze",
        "-A",
        NOW,
        WINDOW,
        "--min-history-days=2",
        "-o=json",
    ];
    let live = judgments(&user.run(&server.kubeconfig(), &arguments));
    let files = ["a.jsonl", "b.jsonl", "a.jsonl.gz", "a.jsonl.zst"].map(|it| user.path(it));
    for file in &files {
        let said = gather(&user, &server, file, &["--history", WINDOW]);
        assert!(
            said.stderr.contains("12 autoscalers written to"),
            "{}",
            said.stderr
        );
        assert_eq!(
            judgments(&analyze_file(&user, file)),
            live,
            "{}",
            file.display()
        );
    }
    let [plain, again, gzip, zstd] = files.map(|it| fs::read(it).unwrap());
    assert!(plain == again, "two snapshots of one cluster differ");
    assert!(gzip.starts_with(&[0x1f, 0x8b]) && gzip.len() < plain.len() / 2);
    assert!(zstd.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) && zstd.len() < plain.len());
    assert_tells_nothing_private(&String::from_utf8(plain).unwrap());
}

fn assert_tells_nothing_private(snapshot: &str) {
    for word in [
        SECRET,
        "\"env\"",
        "\"args\"",
        "annotations",
        "managedFields",
        "good-token",
    ] {
        assert!(!snapshot.contains(word), "{word}");
    }
}

#[test]
fn without_history_there_are_objects_only() {
    let fleet = Fleet::generate(&Parameters::tiny());
    let server = Cluster::start(&fleet, Options::default());
    let user = User::new();
    let file = user.path("objects.jsonl");
    let said = gather(&user, &server, &file, &[]);
    assert!(said.stderr.contains("no history"), "{}", said.stderr);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(r#""kind":"HorizontalPodAutoscaler""#));
    assert!(!text.contains(r#""kind":"Series""#));
    assert_tells_nothing_private(&text);
    let report = analyze_file(&user, &file).report(0);
    assert_eq!(report["summary"]["autoscalers"], 4);
    assert_eq!(report["summary"]["notEnoughHistory"], 4);
}

#[test]
fn standard_output_takes_a_snapshot_too() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let file = user.path("objects.jsonl");
    gather(&user, &server, &file, &[]);
    let said = user.run(&server.kubeconfig(), &["gather", "-A", NOW, "-o", "-"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, fs::read_to_string(&file).unwrap());
}

#[test]
fn an_interrupted_or_failed_gather_leaves_nothing() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let folder = user.path("out");
    fs::create_dir(&folder).unwrap();
    let out = folder.join("shop.jsonl.gz").display().to_string();
    let slow = Faulty::start(Fault::Slow(60_000));
    let arguments = [
        "gather",
        "-A",
        NOW,
        "--history",
        "-o",
        &out,
        "--prometheus-url",
    ];
    let mut command = user.stepscale(&[&arguments[..], &[&slow.url]].concat());
    command
        .env("KUBECONFIG", server.kubeconfig())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    slow.wait_for_a_request();
    let (said, after) = interrupt(child, "INT");
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    assert!(after < Duration::from_secs(2), "{after:?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let broken = Faulty::start(Fault::NotFound);
    let said = user.run(
        &server.kubeconfig(),
        &[&arguments[..], &[&broken.url]].concat(),
    );
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_there_stays_until_the_new_one_is_whole() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let file = user.path("shop.jsonl");
    fs::write(&file, "old").unwrap();
    let broken = Faulty::start(Fault::NotFound);
    let out = file.display().to_string();
    let arguments = [
        "gather",
        "-A",
        "--history",
        "-o",
        &out,
        "--prometheus-url",
        &broken.url,
    ];
    assert_eq!(user.run(&server.kubeconfig(), &arguments).code, Some(4));
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    gather(&user, &server, &file, &[]);
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("{\"kind\":\"Snapshot\"")
    );
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let arguments = ["gather", "-A", "-o", "/nowhere/shop.jsonl"];
    let said = user.run(&server.kubeconfig(), &arguments);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("/nowhere/shop.jsonl"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("hint: "), "{}", said.stderr);
}
