//! What the binary answers to arguments and files that it cannot use: message, hint, exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use assert_cmd::cargo::cargo_bin;

/// A run that sees neither the variables nor the files of the person who tests.
fn stepscale(home: &Path) -> Command {
    let mut command = Command::new(cargo_bin("kubectl-stepscale"));
    command
        .env_clear()
        .env("HOME", home)
        .env("LC_ALL", "C.UTF-8")
        .env("XDG_CONFIG_HOME", home);
    command
}

fn run(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    stepscale(home.path()).args(arguments).output().unwrap()
}

fn assert_refused(output: &Output, code: i32, parts: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(output.stdout.is_empty(), "{output:?}");
    for part in parts {
        assert!(stderr.contains(part), "`{part}` is not in\n{stderr}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn bad_values_are_named_with_their_flag() {
    let cases: [(&[&str], &[&str]); 8] = [
        (
            &["analyze", "--window-days", "0"],
            &["'0'", "--metrics-window-days", "1 to 366"],
        ),
        (&["analyze", "-n", "Shop"], &["'Shop'", "--namespace"]),
        (
            &["analyze", "--request-timeout", "1x"],
            &["'1x'", "--request-timeout", "1m30s"],
        ),
        (
            &["analyze", "--prometheus-url", "localhost:9090"],
            &["--prometheus-url", "http://"],
        ),
        (
            &["analyze", "--promql-cpu", "sum(x)"],
            &["--promql-cpu", "{deploy}"],
        ),
        (
            &["analyze", "-o", "xml"],
            &["'xml'", "--output", "table, wide, json, yaml, name"],
        ),
        (
            &["analyze", "--now", "yesterday"],
            &["'yesterday'", "--now"],
        ),
        (&["gather", "--history"], &["--output <FILE>"]),
    ];
    for (arguments, parts) in cases {
        assert_refused(&run(arguments), 2, parts);
    }
}

#[test]
fn contradictions_are_refused() {
    let cases: [(&[&str], &[&str]); 4] = [
        (
            &["analyze", "-n", "a", "-A"],
            &["--namespace", "--all-namespaces"],
        ),
        (
            &["analyze", "--from", "f", "--context", "c"],
            &["--from", "--context"],
        ),
        (&["analyze", "-A", "web"], &["`web`", "hint: pass -n"]),
        (&["analyze", "deploy/web"], &["`deploy`", "hint:"]),
    ];
    for (arguments, parts) in cases {
        assert_refused(&run(arguments), 2, parts);
    }
}

#[test]
fn a_value_of_the_environment_is_named_with_its_variable() {
    let home = tempfile::tempdir().unwrap();
    let output = stepscale(home.path())
        .arg("analyze")
        .env("STEPSCALE_METRICS_WINDOW_DAYS", "soon")
        .output()
        .unwrap();
    assert_refused(&output, 2, &["'soon'", "STEPSCALE_METRICS_WINDOW_DAYS"]);
}

#[test]
fn two_credentials_in_the_environment_are_one_too_many() {
    let home = tempfile::tempdir().unwrap();
    let output = stepscale(home.path())
        .arg("analyze")
        .env("STEPSCALE_PROMETHEUS_BEARER_TOKEN", "hunter2")
        .env("STEPSCALE_PROMETHEUS_BASIC_AUTH", "me:hunter2")
        .output()
        .unwrap();
    let parts = [
        "STEPSCALE_PROMETHEUS_BEARER_TOKEN",
        "STEPSCALE_PROMETHEUS_BASIC_AUTH",
    ];
    assert_refused(&output, 2, &parts);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
}

#[test]
fn the_configuration_file_is_found_and_checked() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("stepscale")).unwrap();
    let path = home.path().join("stepscale/config.yaml");
    fs::write(&path, "prometheus:\n  adress: http://a\n").unwrap();
    let output = stepscale(home.path()).arg("analyze").output().unwrap();
    assert_refused(&output, 2, &["config.yaml", "`prometheus.adress`"]);
    fs::write(&path, "metrics:\n  windowDay: 3\n").unwrap();
    let output = stepscale(home.path()).arg("analyze").output().unwrap();
    assert_refused(&output, 2, &["hint: did you mean `metrics.windowDays`?"]);
}

#[test]
fn a_configuration_file_that_was_named_must_exist() {
    let output = run(&["--config", "/nowhere/config.yaml", "analyze"]);
    assert_refused(&output, 2, &["/nowhere/config.yaml", "caused by:", "hint:"]);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let binary = cargo_bin("kubectl-stepscale");
    let line = format!(
        "'{}' analyze --help | true; exit ${{PIPESTATUS[0]}}",
        binary.display()
    );
    let output = Command::new("bash").args(["-c", &line]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn what_was_probably_meant_is_told() {
    let cases: [(&[&str], &str); 6] = [
        (&["anlyze"], "analyze"),
        (&["analyze", "--headrom", "7%"], "--headroom"),
        (&["analyze", "hpas/web"], "did you mean `hpa/web`?"),
        (
            &["analyze", "deployment/web"],
            "name the autoscaler that scales it",
        ),
        (&["config", "vew"], "view"),
        (&["doctor", "--for", "aply"], "apply"),
    ];
    for (arguments, part) in cases {
        assert_refused(&run(arguments), 2, &[part]);
    }
}

#[test]
fn a_context_that_is_not_there_may_be_meant_to_be_another() {
    let home = tempfile::tempdir().unwrap();
    let kubeconfig = home.path().join("kubeconfig");
    let text = "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n\
                contexts: [{name: production, context: {cluster: c}}]\n";
    fs::write(&kubeconfig, text).unwrap();
    let output = stepscale(home.path())
        .args(["analyze", "--context", "producton"])
        .env("KUBECONFIG", &kubeconfig)
        .output()
        .unwrap();
    assert_refused(&output, 2, &["did you mean `production`?"]);
}

#[test]
fn settings_have_the_origin_that_counts() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("stepscale")).unwrap();
    let path = home.path().join("stepscale/config.yaml");
    let text = "metrics:\n  windowDays: 28\nwebhook:\n  url: https://hooks.example/hunter2\n";
    fs::write(&path, text).unwrap();
    let viewed = |arguments: &[&str]| {
        let all = [&["config", "view", "-o", "json"], arguments].concat();
        let output = stepscale(home.path())
            .args(all)
            .env("STEPSCALE_METRICS_STEP_SECONDS", "60")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let of = |view: &serde_json::Value, key: &str| {
        let all = view["settings"].as_array().unwrap();
        all.iter().find(|it| it["key"] == key).unwrap().clone()
    };
    let view = viewed(&[]);
    assert_eq!(view["file"], path.to_str().unwrap());
    let days = of(&view, "metrics.windowDays");
    assert_eq!(
        (&days["origin"], &days["line"]),
        (&"file".into(), &2.into())
    );
    let step = of(&view, "metrics.stepSeconds");
    assert_eq!(
        (&step["value"], &step["origin"]),
        (&"60".into(), &"environment".into())
    );
    assert_eq!(of(&view, "webhook.url")["value"], "(set)");
    let days = of(&viewed(&["--window-days=7"]), "metrics.windowDays");
    assert_eq!(
        (&days["value"], &days["origin"]),
        (&"7".into(), &"flag".into())
    );
    let output = stepscale(home.path())
        .args(["config", "path"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        path.to_str().unwrap()
    );
}
