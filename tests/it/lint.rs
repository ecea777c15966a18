//! `lint`: what it reads, what it prints, and how it exits.

mod manifests;

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use crate::rig::program::{Said, User};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lint");

fn lint(arguments: &[&str]) -> Said {
    let all = [&["lint"], arguments].concat();
    Said::by(&mut User::new().stepscale(&all))
}

fn bad(name: &str) -> String {
    format!("{FIXTURES}/bad/{name}.yaml")
}

fn codes(report: &Value) -> Vec<&str> {
    let all = report["diagnostics"].as_array().unwrap();
    all.iter().map(|it| it["code"].as_str().unwrap()).collect()
}

#[test]
fn a_line_has_place_code_and_fix_and_the_exit_code_follows_the_level() {
    let file = bad("cooldown-misread");
    let said = lint(&["-f", &file]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let start = format!("{file}:9:3: warning[cooldown-misread]: spec.cooldownPeriod has no effect");
    assert!(said.stdout.starts_with(&start), "{}", said.stdout);
    assert!(said.stdout.contains(" (fix: "), "{}", said.stdout);
    assert_eq!(
        said.stderr,
        "no errors, 2 warnings, no infos in 1 object of 1 file\n"
    );
    for (level, code) in [("warning", 1), ("error", 0), ("none", 0)] {
        let said = lint(&["-f", &file, "--fail-on", level]);
        assert_eq!(said.code, Some(code), "{level}");
    }
    let disabled = lint(&["-f", &file, "--disable", "cooldown-misread,polling-misread"]);
    assert_eq!((disabled.code, disabled.stdout.as_str()), (Some(0), ""));
}

#[test]
fn folders_are_read_by_name_and_deeper_with_r() {
    let said = lint(&["-f", &format!("{FIXTURES}/bad"), "-o", "json"]);
    let report = said.report(1);
    assert!(report["files"].as_u64().unwrap() >= 30, "{report}");
    // Together they would be in each other's way.
    let good = format!("{FIXTURES}/good/cron.yaml");
    let said = lint(&["-f", &good, "--fail-on", "info"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(0), ""),
        "{}",
        said.stderr
    );
    let none = lint(&["-f", FIXTURES]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
    assert!(none.stderr.contains("pass -R"), "{}", none.stderr);
    assert_eq!(lint(&["-R", "-f", FIXTURES]).code, Some(1));
}

#[test]
fn standard_input_may_hold_documents_lists_and_json() {
    let user = User::new();
    let said = |name: &str, text: &str, flag: &str| {
        fs::write(user.path(name), text).unwrap();
        let input = fs::File::open(user.path(name)).unwrap();
        let mut command = user.stepscale(&["lint", flag, "-", "-o", "json"]);
        Said::by(command.stdin(Stdio::from(input)))
    };
    let list = fs::read_to_string(bad("list")).unwrap();
    let report = said("list", &list, "-f").report(1);
    assert_eq!(
        codes(&report),
        ["cooldown-misread", "trigger-parameter-invalid"]
    );
    assert_eq!(report["diagnostics"][0]["file"], "<stdin>");
    let several = fs::read_to_string(bad("hpa-beside")).unwrap();
    let report = said("several", &several, "-k").report(1);
    assert_eq!(codes(&report), ["hpa-beside-scaledobject"]);
    let json = "{\n\t\"apiVersion\": \"autoscaling/v2\", \"kind\": \"HorizontalPodAutoscaler\",\n\
                \t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\"maxReplicas\": \"3\"}\n}\n";
    let report = said("json", json, "-f").report(1);
    assert_eq!(
        codes(&report),
        ["missing-field", "hpa-no-metrics", "wrong-type"]
    );
    let wrong = &report["diagnostics"][2];
    assert_eq!(
        (&wrong["line"], &wrong["column"]),
        (&Value::from(4), &Value::from(11))
    );
}

#[test]
fn codes_are_listed_and_explained() {
    let list = lint(&["--list"]);
    assert!(
        list.stdout.contains("| `cooldown-misread` | warning | "),
        "{}",
        list.stdout
    );
    let one = lint(&["--explain", "cooldown-misread"]);
    assert!(
        one.stdout.starts_with("cooldown-misread (warning)\n"),
        "{}",
        one.stdout
    );
    // What `analyze` tells under the same code follows.
    assert!(
        one.stdout
            .contains("\n\ncooldown-misread (finding of analyze, info)\n"),
        "{}",
        one.stdout
    );
    let finding = lint(&["--explain", "pinned-at-max"]);
    assert!(
        finding.stdout.starts_with(
            "pinned-at-max (finding of analyze, critical or warning)\n\
             The load asks for more replicas than the autoscaler may give.\n\nTold when: "
        ),
        "{}",
        finding.stdout
    );
    assert!(finding.stdout.contains("\nEvidence:\n  pinnedPercent "));
    let nearly = lint(&["--explain", "pinned-at-maximum"]);
    assert!(
        nearly.stderr.contains("`pinned-at-max` was meant"),
        "{}",
        nearly.stderr
    );
    let unknown = lint(&["--explain", "cooldown-missread"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.stderr.contains("`cooldown-misread` was meant"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_file_that_is_not_there_and_flags_that_make_no_sense_are_refused() {
    assert_eq!(lint(&["-f", "nothing.yaml"]).code, Some(2));
    assert_eq!(lint(&["-A", "-f", &bad("list")]).code, Some(2));
    assert_eq!(lint(&["-f", "-", "-f", "-"]).code, Some(2));
}

#[test]
fn the_hpas_of_a_cluster_are_checked() {
    let user = User::new();
    let program = assert_cmd::cargo::cargo_bin("kubectl-stepscale");
    let command = format!("'{}' lint -A -o json", program.display());
    let said = Said::by(&mut user.stepscale(&["demo", "--speed", "0", "--exec", &command]));
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    assert!(report["objects"].as_u64().unwrap() > 1, "{report}");
    assert_eq!(report["files"], Value::Null);
    for it in report["diagnostics"].as_array().unwrap() {
        assert!(
            it["object"]["name"].is_string() && it.get("line").is_none(),
            "{it}"
        );
    }
}

#[test]
fn objects_of_a_cluster_are_chosen_by_names_and_labels() {
    let user = User::new();
    let demo = |lint: &str| {
        let program = assert_cmd::cargo::cargo_bin("kubectl-stepscale");
        let command = format!("'{}' lint {lint}", program.display());
        Said::by(&mut user.stepscale(&["demo", "--speed", "0", "--exec", &command]))
    };
    let report = demo("so/quotes -n shop -o json").report(0);
    assert_eq!(
        (&report["objects"], codes(&report)),
        (&Value::from(1), vec!["no-fallback"])
    );
    assert_eq!(report["diagnostics"][0]["object"]["name"], "quotes");
    let report = demo("so -n shop -o json").report(0);
    assert_eq!(
        (&report["objects"], codes(&report).len()),
        (&Value::from(2), 1)
    );
    let report = demo("-l team=none -n shop -o json").report(0);
    assert_eq!(report["objects"], 0);
    let said = demo("so/quotes sj/none -n shop");
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    let missing = "not found: sj/none in namespace shop";
    assert!(said.stderr.contains(missing), "{}", said.stderr);
    for (line, part) in [
        ("so/quotes -A", "in all namespaces"),
        ("deploy/web", "`deploy`"),
        ("-l 'a in' -n shop", "label selector"),
        ("so/quotes -f x.yaml", "cannot be used with"),
    ] {
        let said = demo(line);
        assert_eq!(said.code, Some(2), "{line}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{line}: {}", said.stderr);
    }
}
