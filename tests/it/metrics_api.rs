//! Without a Prometheus: metrics.k8s.io, and a history that grows with every run.

use std::fs;
use std::path::PathBuf;

use crate::rig::apiserver::{ApiServer, Denied, Options, Reach};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User};

fn analyze(user: &User, server: &ApiServer, time: &str, more: &[&str]) -> Said {
    let now = format!("--now=2026-01-01T{time}Z");
    user.run(
        &server.kubeconfig(),
        &[&["analyze", "-A", &now], more].concat(),
    )
}

/// The files of the local history.
fn histories(user: &User) -> Vec<PathBuf> {
    let folder = user.path("state/stepscale/history");
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    files
        .filter(|it| it.extension().is_some_and(|it| it == "jsonl"))
        .collect()
}

fn server(options: Options) -> ApiServer {
    ApiServer::start(&Fleet::generate(&Parameters::tiny()), options)
}

/// Nothing else is said than that a week is wanted.
fn assert_no_history(said: &Said) {
    let report = said.report(0);
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    for item in items {
        assert_eq!(item["outcome"], "notEnoughHistory", "{item}");
        assert_eq!(item["reason"], "not enough history: 0 of 7 days");
        assert!(item.get("configDiff").is_none(), "{item}");
    }
    let counted = "4 without enough history";
    assert!(said.stderr.contains(counted), "{}", said.stderr);
}

#[test]
fn every_run_extends_the_local_history() {
    let server = server(Options::default());
    let user = User::new();
    let source = ["--no-prometheus", "-o=json"];
    let first = analyze(&user, &server, "00:00:00", &source);
    assert_no_history(&first);
    let files = histories(&user);
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let before = fs::read_to_string(file).unwrap();
    assert_eq!(before.lines().count(), 1 + 4);
    // Another context of the same cluster goes on with the same file.
    let other = [&source[..], &["--context=exec"]].concat();
    let second = analyze(&user, &server, "00:05:00", &other);
    assert_no_history(&second);
    assert_eq!(histories(&user), files);
    let after = fs::read_to_string(file).unwrap();
    assert!(after.starts_with(&before));
    assert_eq!(after.lines().count(), 1 + 8);
    assert!(
        second.stderr.contains("8 samples of the metrics API"),
        "{}",
        second.stderr
    );
}

#[test]
fn enough_runs_are_judged() {
    let server = server(Options::default());
    let user = User::new();
    let judged = [
        "--no-prometheus",
        "--min-history-days=0.01",
        "--metrics-step-seconds=300",
        "-o=json",
    ];
    let times = ["00:00:00", "00:05:00", "00:10:00", "00:15:00", "00:20:00"];
    let reports = times.map(|it| analyze(&user, &server, it, &judged).report(0));
    assert_eq!(reports[0]["summary"]["notEnoughHistory"], 4);
    assert_eq!(
        reports[4]["summary"]["notEnoughHistory"], 0,
        "{}",
        reports[4]
    );
}

#[test]
fn it_is_the_last_resort_and_says_so() {
    let server = server(Options {
        unmonitored: true,
        ..Options::default()
    });
    let said = analyze(&User::new(), &server, "00:00:00", &["-o=json"]);
    assert_no_history(&said);
    let warning = "warning: no Prometheus service found in the cluster: pass --prometheus-url";
    assert!(said.stderr.contains(warning), "{}", said.stderr);
}

#[test]
fn whoever_may_not_look_for_a_prometheus_is_told() {
    let denied = Denied {
        verb: "list",
        resource: "services",
        reach: Reach::Everywhere,
    };
    let server = server(Options {
        denied: vec![denied],
        ..Options::default()
    });
    let said = analyze(&User::new(), &server, "00:00:00", &["--context=limited"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for part in [
        "warning: no Prometheus looked for",
        "list services",
        "--prometheus-url",
    ] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
}

#[test]
fn a_local_history_that_cannot_be_used_is_named() {
    let server = server(Options::default());
    let user = User::new();
    analyze(&user, &server, "00:00:00", &["--no-prometheus"]);
    fs::write(&histories(&user)[0], "something else\n").unwrap();
    let said = analyze(&user, &server, "00:05:00", &["--no-prometheus"]);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let path = histories(&user)[0].display().to_string();
    assert!(said.stderr.contains(&path), "{}", said.stderr);
    assert!(
        said.stderr.contains("hint: move the file away"),
        "{}",
        said.stderr
    );
    assert_eq!(fs::read_to_string(path).unwrap(), "something else\n");
}
