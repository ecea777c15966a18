//! The page of metrics: promtool's opinion of it, and whether documents and alerts know it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use stepscale::signals::Metrics;
use stepscale::signals::metrics::{Form, page};

use super::{ALERTS, eventful};
use crate::rig::prometheus;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/signals.md");

/// What promtool says, and whether it is content.
pub(crate) fn promtool(arguments: &[&str], input: &str, directory: &Path) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let said = [stdout, stderr].concat();
    (
        status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn promtool_finds_no_fault_with_the_page() {
    if !prometheus::is_available() {
        return;
    }
    for metrics in [Metrics::new(), eventful()] {
        let text = page(&metrics, Form::Text);
        let (content, said) = promtool(&["check", "metrics"], &text, Path::new("."));
        assert!(content && said.is_empty(), "{said}\n{text}");
    }
    // What it would say of a fault.
    let faulty = "# HELP a_minutes A.\n# TYPE a_minutes counter\na_minutes 1\n";
    let (content, said) = promtool(&["check", "metrics"], faulty, Path::new("."));
    assert!(!content && said.contains("_total"), "{said}");
}

#[test]
fn alerts_fire_when_they_should_and_only_then() {
    if !prometheus::is_available() {
        return;
    }
    let (content, said) = promtool(&["check", "rules", ALERTS], "", Path::new("."));
    assert!(content, "{said}");
    let directory = tempfile::tempdir().unwrap();
    let rules = without_annotations(&fs::read_to_string(ALERTS).unwrap());
    fs::write(directory.path().join("alerts.yaml"), rules).unwrap();
    let cases = directory.path().join("cases.yaml");
    fs::write(&cases, include_str!("alerts_test.yaml")).unwrap();
    let (content, said) = promtool(&["test", "rules", "cases.yaml"], "", directory.path());
    assert!(content, "{said}");
}

/// promtool compares annotations word by word, which says nothing that the file itself does not.
fn without_annotations(rules: &str) -> String {
    let mut rules: serde_yaml::Value = serde_yaml::from_str(rules).unwrap();
    for rule in rules["groups"][0]["rules"].as_sequence_mut().unwrap() {
        rule.as_mapping_mut()
            .unwrap()
            .remove("annotations")
            .unwrap();
    }
    serde_yaml::to_string(&rules).unwrap()
}

#[test]
fn every_alert_has_a_case_and_says_what_to_do() {
    let rules: serde_yaml::Value =
        serde_yaml::from_str(&fs::read_to_string(ALERTS).unwrap()).unwrap();
    let cases = include_str!("alerts_test.yaml");
    let rules = rules["groups"][0]["rules"].as_sequence().unwrap();
    assert!(rules.len() > 10);
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        let of_alert = format!("alertname: {name}\n");
        let after = || cases.split(&of_alert).skip(1);
        let fires = |it: &str| {
            it.lines()
                .nth(2)
                .is_some_and(|it| it.contains("exp_labels"))
        };
        let rests = |it: &str| it.lines().nth(1) == Some("        exp_alerts: []");
        assert!(after().any(fires), "{name} never fires");
        assert!(after().any(rests), "{name} always fires");
        for text in ["summary", "description"] {
            assert!(
                rule["annotations"][text]
                    .as_str()
                    .is_some_and(|it| it.len() > 20),
                "{name}"
            );
        }
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(
            ["critical", "warning", "info"].contains(&severity),
            "{name}"
        );
    }
}

/// Name and expression of every alert.
pub(crate) fn alerts() -> Vec<(String, String)> {
    let rules: serde_yaml::Value =
        serde_yaml::from_str(&fs::read_to_string(ALERTS).unwrap()).unwrap();
    let rules = rules["groups"][0]["rules"].as_sequence().unwrap().iter();
    let text = |it: &serde_yaml::Value| it.as_str().unwrap().to_owned();
    rules
        .map(|it| (text(&it["alert"]), text(&it["expr"])))
        .collect()
}

#[test]
fn alerts_use_metrics_that_exist() {
    let known = series(&page(&eventful(), Form::Text));
    for (alert, expression) in alerts() {
        let used = names(&expression);
        assert!(!used.is_empty(), "{alert}");
        for name in used {
            assert!(known.contains(&name), "{name} of {alert}");
        }
    }
    // The cases would prove nothing of metrics that there are not.
    for name in names(include_str!("alerts_test.yaml")) {
        assert!(known.contains(&name), "{name}");
    }
}

#[test]
fn the_document_lists_all_metrics_as_they_are() {
    let text = page(&eventful(), Form::Text);
    let table = table(&text);
    let document = fs::read_to_string(DOCUMENT).unwrap();
    let (_, rest) = document.split_once("<!-- metrics -->\n").unwrap();
    let (listed, _) = rest.split_once("<!-- end of metrics -->").unwrap();
    assert_eq!(
        listed.trim(),
        table.trim(),
        "docs/signals.md should have:\n{table}"
    );
}

/// Families by name: type, labels and meaning.
fn table(text: &str) -> String {
    let mut rows: BTreeMap<&str, (&str, String, String)> = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, help)) = line
            .strip_prefix("# HELP ")
            .and_then(|it| it.split_once(' '))
        else {
            continue;
        };
        let kind = lines.next().unwrap().rsplit_once(' ').unwrap().1;
        let labels = labels(lines.peek().unwrap());
        rows.insert(name, (kind, labels, help.replace('|', "\\|")));
    }
    let mut table =
        String::from("| Metric | Type | Labels | Meaning |\n| --- | --- | --- | --- |\n");
    for (name, (kind, labels, help)) in rows {
        table += &format!("| `{name}` | {kind} | {labels} | {help} |\n");
    }
    table
}

/// The names of a series' labels, without that of a bucket.
fn labels(series: &str) -> String {
    let Some((_, labels)) = series.split_once('{') else {
        return String::new();
    };
    let names = labels
        .split("=\"")
        .map(|it| it.rsplit([',', '{', '"']).next().unwrap_or_default());
    let is_name = |it: &&str| {
        !it.is_empty() && *it != "le" && it.chars().all(|it| it.is_ascii_lowercase() || it == '_')
    };
    let names: Vec<String> = names.filter(is_name).map(|it| format!("`{it}`")).collect();
    names.join(" ")
}

/// Names of all series of a page.
pub(crate) fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|it| !it.starts_with('#'));
    lines
        .filter_map(|it| it.split(['{', ' ']).next())
        .map(str::to_owned)
        .collect()
}

/// Names of metrics in an expression.
pub(crate) fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    words
        .filter(|it| it.starts_with("stepscale_") || it.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}
