//! Without a Prometheus: metrics.k8s.io, and a history that grows with every run.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::rig::cluster::{Cluster, Denied, Options, Reach};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User};

fn analyze(user: &User, server: &Cluster, more: &[&str]) -> Said {
    user.run(&server.kubeconfig(), &[&["analyze", "-A"], more].concat())
}

/// The files of the local history.
fn histories(user: &User) -> Vec<PathBuf> {
    let folder = user.path("state/stepscale/history");
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    files
        .filter(|it| it.extension().is_some_and(|it| it == "jsonl"))
        .collect()
}

fn server(options: Options) -> Cluster {
    Cluster::start(&Fleet::generate(&Parameters::tiny()), options)
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
    let first = analyze(&user, &server, &source);
    assert_no_history(&first);
    let files = histories(&user);
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let before = fs::read_to_string(file).unwrap();
    assert_eq!(before.lines().count(), 1 + 4);
    // Another context of the same cluster goes on with the same file.
    let other = [&source[..], &["--context=exec"]].concat();
    let second = analyze(&user, &server, &other);
    assert_no_history(&second);
    assert_eq!(histories(&user), files);
    let after = fs::read_to_string(file).unwrap();
    assert!(after.starts_with(&before));
    assert_eq!(after.lines().count(), 1 + 8);
}

/// Makes the history of one run that of `runs`, five minutes apart, the last one five minutes ago;
/// the time of the run.
fn multiply(history: &Path, runs: i64) -> Timestamp {
    let text = fs::read_to_string(history).unwrap();
    let (header, samples) = text.split_once('\n').unwrap();
    let samples = samples.lines().map(|it| serde_json::from_str(it).unwrap());
    let samples: Vec<Value> = samples.collect();
    let run: Timestamp = samples[0]["at"].as_str().unwrap().parse().unwrap();
    let mut lines = vec![header.to_owned()];
    for ago in (1..=runs).rev() {
        let at = run - SignedDuration::from_mins(5 * ago);
        lines.extend(samples.iter().map(|it| {
            let mut it = it.clone();
            it["at"] = at.to_string().into();
            it.to_string()
        }));
    }
    fs::write(history, lines.join("\n") + "\n").unwrap();
    run
}

const JUDGED: [&str; 4] = [
    "--no-prometheus",
    "--min-history-days=0.01",
    "--metrics-step-seconds=300",
    "-o=json",
];

#[test]
fn enough_runs_are_judged() {
    let server = server(Options::default());
    let user = User::new();
    let first = analyze(&user, &server, &JUDGED).report(0);
    assert_eq!(first["summary"]["notEnoughHistory"], 4);
    multiply(&histories(&user)[0], 6);
    let said = analyze(&user, &server, &JUDGED);
    let report = said.report(0);
    assert_eq!(report["summary"]["notEnoughHistory"], 0, "{report}");
    // Those of the first run are of a step that may not have ended yet.
    let counted = ["24", "28"].map(|it| format!("{it} samples of the metrics API"));
    let is_counted = counted.iter().any(|it| said.stderr.contains(it));
    assert!(is_counted, "{}", said.stderr);
}

#[test]
fn a_run_at_another_time_only_reads_the_local_history() {
    let server = server(Options::default());
    let user = User::new();
    analyze(&user, &server, &JUDGED);
    let file = &histories(&user)[0];
    let run = multiply(file, 6);
    let before = fs::read_to_string(file).unwrap();
    let last = format!("--now={}", run - SignedDuration::from_mins(4));
    let report = analyze(&user, &server, &[&JUDGED[..], &[&last]].concat()).report(0);
    assert_eq!(report["summary"]["notEnoughHistory"], 0, "{report}");
    for now in ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
        let now = format!("--now={now}");
        assert_no_history(&analyze(
            &user,
            &server,
            &["--no-prometheus", "-o=json", &now],
        ));
        assert_eq!(fs::read_to_string(file).unwrap(), before, "{now}");
    }
}

#[test]
fn it_is_the_last_resort_and_says_so() {
    let server = server(Options {
        unmonitored: true,
        ..Options::default()
    });
    let said = analyze(&User::new(), &server, &["-o=json"]);
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
    let said = analyze(&User::new(), &server, &["--context=limited"]);
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
    analyze(&user, &server, &["--no-prometheus"]);
    fs::write(&histories(&user)[0], "something else\n").unwrap();
    let said = analyze(&user, &server, &["--no-prometheus"]);
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

#[test]
fn a_watch_adds_to_the_history_after_a_restart_and_says_when_it_will_be_enough() {
    let server = server(Options::default());
    let user = User::new();
    let watch = |more: &[&str]| {
        let once = [
            "watch",
            "-A",
            "--once",
            "--no-prometheus",
            "--log-format=json",
        ];
        let said = user.run(&server.kubeconfig(), &[&once, more].concat());
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let lines = said.stderr.lines().map(serde_json::from_str::<Value>);
        let lines: Vec<Value> = lines.filter_map(Result::ok).collect();
        let mut collecting = lines.into_iter().filter(|it| {
            let message = it["message"].as_str().unwrap_or_default();
            message.starts_with("collecting history: enough of all of them at ")
        });
        collecting.next()
    };
    let first = watch(&[]).unwrap();
    assert_eq!(first["autoscalers"], 4, "{first}");
    assert_eq!(
        (&first["have_days"], &first["need_days"]),
        (&"0".into(), &"7".into())
    );
    let files = histories(&user);
    let [file] = files.as_slice() else {
        panic!("{files:?}");
    };
    let before = fs::read_to_string(file).unwrap();
    assert_eq!(before.lines().count(), 1 + 4);
    // Another process goes on with the same file.
    let second = watch(&[]).unwrap();
    assert_eq!(second["autoscalers"], 4, "{second}");
    let after = fs::read_to_string(file).unwrap();
    assert!(after.starts_with(&before));
    assert_eq!(after.lines().count(), 1 + 8);
    let seven_days = |it: &Value| {
        let at: Timestamp = it["first"].as_str().unwrap().parse().unwrap();
        at
    };
    assert!(seven_days(&first) <= seven_days(&second));

    multiply(file, 6);
    let judged = ["--min-history-days=0.01", "--metrics-step-seconds=300"];
    assert_eq!(watch(&judged), None);
}
