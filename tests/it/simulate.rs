//! `simulate`: what it prints of a snapshot and of a manifest, and what it refuses.

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::rig::cluster::{Cluster, Options};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{SHOP, Said, User};
use crate::rig::prometheus::{self, Prometheus};

const HPA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate/hpa.yaml");
const LOAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate/load.csv");

fn simulate(arguments: &[&str]) -> Said {
    let all = [&["simulate"], arguments].concat();
    Said::by(&mut User::new().stepscale(&all))
}

/// A replay of the example shop.
fn shop(arguments: &[&str]) -> Said {
    simulate(&[&["--from", SHOP], arguments].concat())
}

/// A replay of the example manifest.
fn planned(arguments: &[&str]) -> Said {
    simulate(&[&["-f", HPA, "--load", LOAD], arguments].concat())
}

fn assert_snapshot(name: &str, said: &Said) {
    let mut text = format!("exit {}\n", said.code.unwrap());
    let _ = write!(text, "# stdout\n{}# stderr\n{}", said.stdout, said.stderr);
    let filters = [
        (r"\d+\.\d s\n", "TIME\n"),
        (r"/[\w./-]*/examples/", "examples/"),
        (r"/[\w./-]*/\.tmp\w+", "/HOME"),
    ];
    insta::with_settings!({ filters => filters }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn settings_of_a_snapshot_are_set_beside_those_of_today() {
    let said = shop(&[
        "hpa/catalog",
        "--min",
        "2",
        "--cpu",
        "65%",
        "--scale-down-window",
        "600s",
    ]);
    assert_snapshot("beside_today", &said);
}

#[test]
fn a_comparison_shows_what_was_observed_and_what_is_proposed() {
    assert_snapshot(
        "compared",
        &shop(&["hpa", "catalog", "--min", "2", "--compare"]),
    );
    assert_snapshot("nothing_proposed", &shop(&["cart", "--compare"]));
}

#[test]
fn wide_tells_what_decided_and_every_day() {
    let said = shop(&[
        "catalog",
        "--min=2",
        "--startup=90s",
        "--scale-up-policy=1pod/1m",
        "--scale-up-policy=10%/1m",
        "--tolerance-down=20%",
        "-owide",
    ]);
    assert_snapshot("wide", &said);
}

#[test]
fn a_manifest_is_replayed_on_a_load() {
    assert_snapshot("manifest", &planned(&[]));
    let said = planned(&[
        "--cpu=65%",
        "--scale-up-policy=4pods/15s",
        "--pod-cpu-request=400m",
    ]);
    assert_snapshot("manifest_with_flags", &said);
}

#[test]
fn a_table_in_a_pipe_is_as_wide_as_columns_says() {
    let narrow = |arguments: &[&str]| {
        let all = [&["simulate"], arguments].concat();
        Said::by(User::new().stepscale(&all).env("COLUMNS", "80"))
    };
    let long = [
        "--from",
        SHOP,
        "catalog",
        "--compare",
        "--min=3",
        "--scale-up-select=min",
        "--scale-down-policy=1pods/60s",
    ];
    for said in [
        narrow(&long),
        narrow(&["--from", SHOP, "web", "--max=5"]),
        narrow(&["-f", HPA, "--load", LOAD, "--cpu=50%"]),
    ] {
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        for line in said.stdout.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.contains('\u{1b}'), "{line}");
        }
    }
    // Who searches a pipe finds words whole.
    let whole = simulate(&long).stdout;
    assert!(whole.lines().any(|it| it.chars().count() > 80), "{whole}");
}

#[test]
fn json_has_every_step_and_every_decision() {
    let replay = shop(&["catalog", "--min=2", "--compare", "-ojson"]).report(0);
    assert_eq!(replay["apiVersion"], "stepscale.io/v1alpha1");
    assert_eq!(replay["kind"], "Replay");
    assert_eq!(replay["object"]["target"]["name"], "catalog");
    assert_eq!(replay["settings"]["today"]["minReplicas"], 8);
    assert_eq!(replay["settings"]["simulated"]["minReplicas"], 2);
    assert_eq!(replay["configDiff"]["min_replicas"]["to"], 2);
    let series = &replay["series"];
    let length = |key: &str| series[key].as_array().map(Vec::len);
    for key in ["load", "observed", "today", "simulated", "proposed"] {
        assert_eq!(length(key), Some(14 * 288), "{key}");
    }
    assert_eq!(
        series["ready"]["simulated"].as_array().map(Vec::len),
        Some(14 * 288)
    );
    assert_eq!(series["stepSeconds"], 300);
    let decisions = replay["decisions"].as_array().unwrap();
    let events = replay["totals"]["simulated"]["scaleEvents"].as_u64();
    assert_eq!(Some(decisions.len() as u64), events);
    assert!(decisions.windows(2).all(|it| it[0]["to"] == it[1]["from"]));
    let mut keys = replay.as_object().unwrap().keys().map(String::as_str);
    let expected = [
        "apiVersion",
        "cluster",
        "configDiff",
        "coverage",
        "days",
        "decisions",
        "fidelity",
        "kind",
        "missing",
        "object",
        "observed",
        "pods",
        "proposal",
        "series",
        "settings",
        "shape",
        "shapeFrom",
        "source",
        "takenAt",
        "totals",
        "window",
    ];
    assert!(keys.all(|it| expected.contains(&it)), "{replay}");
}

#[test]
fn the_contract_of_a_manifest_looks_as_documented() {
    let load = "timestamp,value,replicas\n\
                2026-03-01T00:05:00Z,0.9,2\n2026-03-01T00:10:00Z,2.4,2\n\
                2026-03-01T00:20:00Z,2.5,\n2026-03-01T00:25:00Z,0.4,6\n";
    let user = User::new();
    let path = user.path("load.csv");
    fs::write(&path, load).unwrap();
    let path = path.display().to_string();
    let arguments = ["simulate", "-f", HPA, "--load", &path, "--max=4", "-oyaml"];
    let said = Said::by(&mut user.stepscale(&arguments));
    assert_snapshot("contract", &said);
    let json = Said::by(&mut user.stepscale(&[&arguments[..6], &["-ojson"]].concat()));
    let yaml: Value = serde_yaml::from_str(&said.stdout).unwrap();
    assert_eq!(json.report(0), yaml);
}

#[test]
fn without_changes_the_simulated_settings_are_those_of_today() {
    for name in [
        "catalog",
        "cart",
        "checkout",
        "orders-worker",
        "search",
        "payments",
    ] {
        let replay = shop(&[name, "-ojson"]).report(0);
        for part in ["settings", "totals", "pods", "series"] {
            assert_eq!(
                replay[part]["today"], replay[part]["simulated"],
                "{name}: {part}"
            );
        }
        assert_eq!(replay["configDiff"], Value::Object(Default::default()));
    }
}

#[test]
fn equal_input_gives_equal_bytes() {
    for format in ["table", "wide", "json", "yaml", "name"] {
        let run = || shop(&["checkout", "--compare", "--max=9", "-o", format]);
        let (once, again) = (run(), run());
        assert_eq!(once.code, Some(0), "{}", once.stderr);
        assert_eq!(once.stdout, again.stdout, "-o {format}");
    }
}

#[test]
fn a_cluster_is_replayed_as_its_snapshot_is() {
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
    let file = user.path("all.jsonl.gz").display().to_string();
    let when = ["--now=2026-01-01T00:00:00Z", "--window-days=3"];
    let run = |arguments: &[&str]| {
        let all = [arguments, &when].concat();
        user.run(&server.kubeconfig(), &all)
    };
    let said = run(&["gather", "-A", "--history", "-o", &file]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let report = run(&["analyze", "-A", "--min-history-days=1", "-ojson"]).report(0);
    let items = report["items"].as_array().unwrap().iter();
    let replayed = items.filter(|it| it["evidence"]["fidelity"].is_object());
    let mut count = 0;
    for item in replayed.take(3) {
        let text = |key: &str| item[key].as_str().unwrap();
        let name = ["simulate", text("name"), "-n", text("namespace")];
        let wish = ["--max=30", "--startup=1m", "-ojson"];
        let mut live = run(&[&name[..], &wish].concat()).report(0);
        let mut offline = run(&[&name[..], &wish, &["--from", &file]].concat()).report(0);
        for replay in [&mut live, &mut offline] {
            let source = replay.as_object_mut().unwrap().remove("source").unwrap();
            assert_ne!(source["name"], "");
        }
        assert_eq!(live, offline, "{item}");
        count += 1;
    }
    assert!(count > 0, "{report}");
}

#[test]
fn a_manifest_may_come_by_standard_input() {
    let mut command = User::new().stepscale(&["simulate", "-f", "-", "--load", LOAD, "-oname"]);
    let said = Said::by(command.stdin(Stdio::from(fs::File::open(HPA).unwrap())));
    assert_eq!(
        said.stdout, "horizontalpodautoscaler.autoscaling/quotes\n",
        "{}",
        said.stderr
    );
    let mut command = User::new().stepscale(&["simulate", "-f", HPA, "--load", "-", "-oname"]);
    let said = Said::by(command.stdin(Stdio::from(fs::File::open(LOAD).unwrap())));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

/// Refusals, each with its exit code, for one snapshot.
#[derive(Default)]
struct Refusals(String);

impl Refusals {
    #[track_caller]
    fn add(&mut self, title: &str, code: i32, said: &Said) {
        assert_eq!(said.code, Some(code), "{title}: {}", said.stderr);
        assert_eq!(said.stdout, "", "{title}");
        let stderr = said.stderr.split("\nUsage:").next().unwrap();
        let _ = writeln!(self.0, "# {title} (exit {code})\n{}", stderr.trim_end());
    }

    fn assert_snapshot(&self, name: &str) {
        let filters = [
            (r"/[\w./-]*/examples/", "examples/"),
            (r"/[\w./-]*/\.tmp\w+", "/HOME"),
        ];
        insta::with_settings!({ filters => filters }, {
            insta::assert_snapshot!(name, self.0);
        });
    }
}

#[test]
fn names_that_cannot_be_replayed() {
    let mut refusals = Refusals::default();
    refusals.add("no name", 2, &simulate(&[]));
    refusals.add("a kind alone", 2, &simulate(&["hpa"]));
    refusals.add("two names", 2, &simulate(&["hpa", "web", "api"]));
    refusals.add("a target", 2, &simulate(&["deploy/web"]));
    refusals.add("not there", 3, &shop(&["nope"]));
    refusals.add("elsewhere", 3, &shop(&["cart", "-n", "orders"]));
    refusals.add("from and to zero", 4, &shop(&["email-worker"]));
    refusals.add("without a request", 4, &shop(&["images"]));
    refusals.add("no memory target", 2, &shop(&["cart", "--memory=80%"]));
    refusals.add("minimum above maximum", 2, &shop(&["cart", "--min=100"]));
    refusals.assert_snapshot("names");
}

#[test]
fn a_name_in_several_namespaces_is_ambiguous() {
    let hpa = |namespace: &str| {
        format!(
            r#"{{"kind":"Object","object":{{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{{"name":"web","namespace":"{namespace}"}},"spec":{{"maxReplicas":3,"scaleTargetRef":{{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}}}}}}}"#
        )
    };
    let header = r#"{"kind":"Snapshot","apiVersion":"stepscale.io/v1alpha1","cluster":{"name":"c"},"takenAt":"2026-01-01T00:00:00Z"}"#;
    let user = User::new();
    let path = user.path("two.jsonl");
    fs::write(&path, format!("{header}\n{}\n{}\n", hpa("a"), hpa("b"))).unwrap();
    let path = path.display().to_string();
    let run = |more: &[&str]| {
        let arguments = [&["simulate", "web", "--from", &path], more].concat();
        Said::by(&mut user.stepscale(&arguments))
    };
    let mut refusals = Refusals::default();
    refusals.add("two of them", 2, &run(&[]));
    refusals.add("one of them, without its target", 4, &run(&["-n", "b"]));
    refusals.assert_snapshot("ambiguous");
}

#[test]
fn flags_out_of_range_are_named_with_what_is_allowed() {
    let cases = [
        "--min=-1",
        "--max=0",
        "--cpu=65",
        "--cpu=0%",
        "--memory=much",
        "--scale-down-window=3601s",
        "--scale-up-window=-1s",
        "--scale-up-policy=0pods/15s",
        "--scale-down-policy=1pod/31m",
        "--scale-up-select=most",
        "--tolerance-up=-5%",
        "--startup=2d",
        "--shape=round",
        "--headroom=2",
    ];
    let mut refusals = Refusals::default();
    for flag in cases {
        refusals.add(flag, 2, &shop(&["cart", flag]));
    }
    refusals.add("crossed", 2, &shop(&["cart", "--min=5", "--max=3"]));
    refusals.assert_snapshot("flags");
}

#[test]
fn flags_that_say_nothing_of_a_manifest_are_refused() {
    let mut refusals = Refusals::default();
    for flag in [
        "--from=x",
        "--compare",
        "--window-days=3",
        "--now=2026-01-01T00:00:00Z",
        "--context=c",
        "--no-prometheus",
    ] {
        refusals.add(flag, 2, &planned(&[flag]));
    }
    refusals.add("a name", 2, &planned(&["web"]));
    refusals.add("no load", 2, &simulate(&["-f", HPA]));
    refusals.add("no manifest", 2, &simulate(&["--load", LOAD]));
    refusals.add(
        "a request without",
        2,
        &simulate(&["web", "--pod-cpu-request=1"]),
    );
    refusals.add(
        "one stream for two",
        2,
        &simulate(&["-f", "-", "--load", "-"]),
    );
    refusals.add(
        "a limit below the request",
        2,
        &planned(&["--pod-cpu-limit=100m"]),
    );
    refusals.assert_snapshot("manifest_flags");
}

#[test]
fn files_that_cannot_be_used() {
    let user = User::new();
    let hpa = fs::read_to_string(HPA).unwrap();
    let (_, autoscaler) = hpa.split_once("---\n").unwrap();
    let mut refusals = Refusals::default();
    let manifests = [
        (
            "no autoscaler",
            hpa.replace("HorizontalPodAutoscaler", "Scaler"),
            2,
        ),
        ("two autoscalers", format!("{hpa}---\n{autoscaler}"), 2),
        (
            "an unknown field",
            hpa.replace("minReplicas", "minReplica"),
            2,
        ),
        (
            "a field out of range",
            hpa.replace("minReplicas: 2", "minReplicas: 13"),
            2,
        ),
        (
            "broken YAML",
            hpa.replace("kind: Deployment\nm", "kind: [\nm"),
            2,
        ),
        ("no request", autoscaler.to_owned(), 4),
    ];
    for (title, text, code) in manifests {
        let path = user.path("hpa.yaml");
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        refusals.add(title, code, &simulate(&["-f", &path, "--load", LOAD]));
    }
    for (title, text) in [
        ("an empty load", ""),
        ("a load of one row", "0,1\n"),
        ("a load that is no number", "0,1\n60,x\n"),
        ("a load off its step", "0,1\n60,1\n130,1\n"),
    ] {
        let path = user.path("load.csv");
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        refusals.add(title, 2, &simulate(&["-f", HPA, "--load", &path]));
    }
    refusals.add(
        "no manifest",
        2,
        &simulate(&["-f", "/nowhere.yaml", "--load", LOAD]),
    );
    refusals.add(
        "no load",
        2,
        &simulate(&["-f", HPA, "--load", "/nowhere.csv"]),
    );
    refusals.assert_snapshot("files");
}
