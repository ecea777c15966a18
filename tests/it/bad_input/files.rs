//! Snapshots, configuration files and values.

use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Messages;
use crate::rig::program::{Said, User};

const HEADER: &str = r#"{"kind":"Snapshot","apiVersion":"stepscale.io/v1alpha1","cluster":{"name":"c"},"takenAt":"2026-01-01T00:00:00Z"}"#;

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A snapshot that goes on with `line`.
fn with_line(line: &str) -> Vec<u8> {
    format!("{HEADER}\n{line}\n").into_bytes()
}

#[test]
fn snapshots_that_cannot_be_used() {
    let noise: String = (0..2000)
        .map(|it| format!("{{\"kind\":\"Other\",\"n\":{}}}\n", it * 7919 % 2003))
        .collect();
    let whole = packed(&format!("{HEADER}\n{noise}"));
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0xA5);
    let target = r#""target":{"kind":"Deployment","namespace":"shop","name":"web"}"#;
    let series = |rest: &str| with_line(&format!(r#"{{"kind":"Series",{target},{rest}}}"#));
    let cases = [
        ("an empty file", "empty.jsonl", vec![]),
        (
            "a broken line",
            "broken.jsonl",
            with_line(r#"{"kind":"Object","object":{"kind":}}"#),
        ),
        (
            "a line that ends early",
            "cut.jsonl",
            with_line(r#"{"kind":"Object","object":{"#),
        ),
        ("a line that is no object", "list.jsonl", with_line("[1,2]")),
        (
            "no header",
            "headless.jsonl",
            b"{\"kind\":\"Object\",\"object\":{}}\n".to_vec(),
        ),
        (
            "a web page",
            "page.jsonl",
            b"<!DOCTYPE html>\n<html></html>\n".to_vec(),
        ),
        (
            "a newer version",
            "newer.jsonl",
            HEADER.replace("v1alpha1", "v2").into_bytes(),
        ),
        (
            "a truncated gzip",
            "truncated.jsonl.gz",
            whole[..whole.len() / 2].to_vec(),
        ),
        ("a damaged gzip", "damaged.jsonl.gz", damaged),
        (
            "a zstd that is none",
            "wrong.jsonl.zst",
            b"not really zstd\n".to_vec(),
        ),
        (
            "a series without values",
            "valueless.jsonl",
            series(r#""metric":"cpu_usage_cores","start":0,"stepSeconds":300"#),
        ),
        (
            "a value that is no number",
            "text.jsonl",
            series(r#""metric":"cpu_usage_cores","start":0,"stepSeconds":300,"values":[1,"2"]"#),
        ),
        (
            "an autoscaler that is malformed",
            "hpa.jsonl",
            with_line(
                r#"{"kind":"Object","object":{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","namespace":"shop"},"spec":{"maxReplicas":"many"}}}"#,
            ),
        ),
    ];
    let user = User::new();
    let mut messages = Messages::default();
    for (title, name, content) in cases {
        let path = user.path(name);
        fs::write(&path, content).unwrap();
        let path = path.display().to_string();
        messages.add(
            title,
            2,
            &Said::by(&mut user.stepscale(&["analyze", "--from", &path])),
        );
    }
    let arguments = ["analyze", "--from", "nowhere.jsonl"];
    messages.add("no file", 2, &Said::by(&mut user.stepscale(&arguments)));
    let home = user.home().display().to_string();
    let arguments = ["analyze", "--from", &home];
    messages.add("a directory", 2, &Said::by(&mut user.stepscale(&arguments)));
    messages.assert_snapshot("snapshots");
}

#[test]
fn values_and_keys_that_nobody_knows() {
    let user = User::new();
    let config = |text: &str| {
        let path = user.path("config.yaml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut messages = Messages::default();
    let mut add = |title, arguments: &[&str]| {
        messages.add(title, 2, &Said::by(&mut user.stepscale(arguments)));
    };
    add("an unknown format", &["analyze", "-o", "xml"]);
    add(
        "an unknown flag",
        &["analyze", "--promethues-url", "http://a"],
    );
    add("an unknown command", &["analyse"]);
    add("an unknown level", &["analyze", "--fail-on", "error"]);
    add(
        "a window that is too long",
        &["analyze", "--window-days", "1000"],
    );
    add(
        "a share of nearly all days",
        &["analyze", "--holdout", "0.95"],
    );
    add(
        "more shortfall than a day has time",
        &["analyze", "--shortfall-budget", "25h"],
    );
    add("a price below zero", &["analyze", "--cpu-hour-price=-0.04"]);
    add(
        "neither more nor fewer",
        &["analyze", "--only-raise", "--only-lower"],
    );
    add("a time that is none", &["analyze", "--now", "yesterday"]);
    add(
        "a URL without a scheme",
        &["analyze", "--prometheus-url", "prometheus:9090"],
    );
    add(
        "another scheme",
        &["analyze", "--prometheus-url", "ftp://prometheus"],
    );
    add("a name that cannot be one", &["analyze", "Web_1"]);
    add(
        "the target in place of its autoscaler",
        &["analyze", "deploy/web"],
    );
    add(
        "a header without a value",
        &["analyze", "--prometheus-header", "X-Scope-OrgID"],
    );
    let path = config("prometheus:\n  adress: http://a\n");
    add("an unknown key", &["--config", &path, "analyze"]);
    let path = config("metrics:\n  windowDays: soon\n");
    add("a value of the wrong kind", &["--config", &path, "analyze"]);
    let path = config("metrics: [\n");
    add(
        "a configuration that is no YAML",
        &["--config", &path, "analyze"],
    );
    add(
        "a configuration that is not there",
        &["--config", "nowhere.yaml", "analyze"],
    );
    messages.assert_snapshot("values");
}

#[test]
fn a_snapshot_without_what_was_named() {
    let user = User::new();
    let path = user.path("nothing.jsonl");
    fs::write(&path, format!("{HEADER}\n")).unwrap();
    let path = path.display().to_string();
    let mut messages = Messages::default();
    let arguments = ["analyze", "--from", &path, "web", "-n", "shop"];
    messages.add(
        "a name that is not in the file",
        3,
        &Said::by(&mut user.stepscale(&arguments)),
    );
    messages.assert_snapshot("missing_names");
}
