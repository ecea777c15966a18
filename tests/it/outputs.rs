//! The forms for machines and pipelines, as the program writes them of the example.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::rig::program::{SHOP, Said, User};
use crate::rig::prometheus;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lint/bad");

/// An analysis of one namespace of the example.
fn analyze(arguments: &[&str]) -> Said {
    let all = [&["analyze", "--from", SHOP, "-n", "orders"], arguments].concat();
    Said::by(&mut User::new().stepscale(&all))
}

#[test]
fn promtool_takes_the_page_for_prometheus() {
    if !prometheus::is_available() {
        return;
    }
    let said = analyze(&["-o", "prometheus", "--cpu-hour-price", "0.03"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = promtool.stdin.take().unwrap();
    input.write_all(said.stdout.as_bytes()).unwrap();
    drop(input);
    let output = promtool.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told, "", "{}", said.stdout);
}

#[test]
fn forms_for_machines_are_never_colored_and_fail_as_the_table_does() {
    for form in ["sarif", "junit", "github", "csv", "jsonl", "prometheus"] {
        let said = analyze(&["-o", form, "--fail-on", "info", "--color", "always"]);
        assert_eq!(said.code, Some(1), "{form}: {}", said.stderr);
        assert!(!said.stdout.is_empty(), "{form}");
        assert!(!said.stdout.contains('\u{1b}'), "{form}: {}", said.stdout);
    }
}

#[test]
fn columns_are_chosen_and_sorted_in_tables_and_csv() {
    let said = analyze(&[
        "--columns",
        "name,min",
        "--sort-by",
        "-name",
        "--no-headers",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let names: Vec<&str> = said
        .stdout
        .lines()
        .filter_map(|it| it.split(' ').next())
        .collect();
    assert!(
        names.len() > 1 && names.is_sorted_by(|a, b| a >= b),
        "{names:?}"
    );
    let csv = analyze(&[
        "-o",
        "csv",
        "--columns",
        "name,outcome",
        "--sort-by",
        "-name",
    ]);
    let lines: Vec<&str> = csv.stdout.split("\r\n").collect();
    assert_eq!(lines[0], "name,outcome");
    assert!(lines[1].starts_with(names[0]), "{lines:?}");
    let unknown = analyze(&["--sort-by", "savings"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown
            .stderr
            .contains("hint: `saving` was meant? The columns are namespace, name"),
        "{}",
        unknown.stderr
    );
    let none = analyze(&["-o", "json", "--columns", "name"]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
}

#[test]
fn templates_pick_from_the_report() {
    let json = analyze(&["-o", "json"]).report(0);
    let names: Vec<&str> = json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    let said = analyze(&["-o", "jsonpath={range .items[*]}{.name}{\"\\n\"}{end}"]);
    assert_eq!(
        said.stdout.lines().collect::<Vec<_>>(),
        names,
        "{}",
        said.stderr
    );
    let template = "template={% for it in items %}{{ it.name }}\n{% endfor %}";
    assert_eq!(analyze(&["-o", template]).stdout, said.stdout);
    let columns = analyze(&["-o", "custom-columns=NAME:.name", "--no-headers"]);
    assert_eq!(columns.stdout, said.stdout);
    let refused = analyze(&["-o", "jsonpath={.items[*}"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("at character 9"),
        "{}",
        refused.stderr
    );
}

/// Every command that takes templates, on the demo: its answer as JSON, what a template picks of it, and
/// one that fails on it.
const TEMPLATES: &str = r#"
ask() {
    name=$1; shift
    kubectl-stepscale "$@" -o json > $name.json
    kubectl-stepscale "$@" -o 'jsonpath={.kind}' > $name.txt
    kubectl-stepscale "$@" -o 'template=some{{ kind.a.b }}' > $name.out 2> $name.err
    echo $? > $name.code
}
ask status status -A
ask triggers triggers -n shop
ask lint lint -f "$LINTED"
ask simulate simulate hpa/checkout -n orders --max 30
ask doctor doctor -n orders
ask explain explain hpa/checkout -n orders
"#;

#[test]
fn every_command_with_templates_takes_them_and_tells_where_they_fail() {
    let user = User::new();
    let mut demo = user.stepscale(&["demo", "--exec", TEMPLATES]);
    demo.current_dir(user.home());
    demo.env("LINTED", format!("{FIXTURES}/cooldown-misread.yaml"));
    let said = Said::by(&mut demo);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for name in [
        "status", "triggers", "lint", "simulate", "doctor", "explain",
    ] {
        let text = |end: &str| {
            let path = user.path(&format!("{name}.{end}"));
            std::fs::read_to_string(path).unwrap()
        };
        let json: serde_json::Value = serde_json::from_str(&text("json")).unwrap();
        let kind = json["kind"].as_str().unwrap();
        assert_eq!(text("txt"), kind, "{name}: {}", said.stderr);
        let error = text("err");
        let told = "error: the template fails on this answer: ";
        assert!(error.contains(told), "{name}: {error}");
        assert!(error.contains("hint: `-o json` shows"), "{name}: {error}");
        assert_eq!(
            (text("code").trim(), text("out").as_str()),
            ("2", ""),
            "{name}"
        );
    }
}

#[test]
fn lint_has_the_forms_of_pipelines_too() {
    let file = format!("{FIXTURES}/cooldown-misread.yaml");
    let lint = |arguments: &[&str]| {
        let all = [&["lint", "-f", &file], arguments].concat();
        Said::by(&mut User::new().stepscale(&all))
    };
    let junit = lint(&["-o", "junit", "--fail-on", "warning"]);
    assert_eq!(junit.code, Some(1), "{}", junit.stderr);
    assert!(junit.stdout.contains("failures=\"1\""), "{}", junit.stdout);
    let csv = lint(&["-o", "csv", "--columns", "line,code"]);
    assert_eq!(
        csv.stdout,
        "line,code\r\n9,cooldown-misread\r\n10,polling-misread\r\n"
    );
    let lines = lint(&["-o", "jsonl"]);
    let last = lines.stdout.lines().next_back().unwrap();
    assert!(last.contains("\"warnings\":2"), "{last}");
}
