//! krew's rules for manifests, as its developer guide and `internal/index/validation` have them (v0.4.5).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{PLATFORMS, in_repository, yaml};

/// What krew allows in a name; on Windows some are those of devices.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
/// As wide as `kubectl krew search` shows it in a terminal of 80 columns, beside name and state.
const SHORT: usize = 50;
/// What `validate-krew-manifest` warns of.
const LINE: usize = 80;

/// What krew, or who reviews its index, would not take. `name` is that of the file.
pub(super) fn problems(name: &str, manifest: &Value) -> Vec<String> {
    let mut problems = vec![];
    let mut check = |is_so: bool, rule: &str| {
        if !is_so {
            problems.push(rule.to_owned());
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spec = &manifest["spec"];
    let version = "krew.googlecontainertools.github.com/v1alpha2";
    check(manifest["apiVersion"] == version, "apiVersion");
    check(manifest["kind"] == "Plugin", "kind");
    let is_safe = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    check(!name.is_empty() && name.chars().all(is_safe), "safe name");
    check(
        !DEVICES.contains(&name.to_ascii_lowercase().as_str()),
        "name of a device",
    );
    check(manifest["metadata"]["name"] == name, "name of the file");
    check(is_semantic(&text(&spec["version"])), "version");
    check(text(&spec["homepage"]).starts_with("https://"), "homepage");
    let short = text(&spec["shortDescription"]);
    check(
        !short.is_empty() && !short.contains(['\r', '\n']),
        "shortDescription",
    );
    check(short.len() <= SHORT, "shortDescription is short");
    check(
        !short.to_lowercase().contains("kubectl") && !short.ends_with('.'),
        "redundant words",
    );
    for field in ["description", "caveats"] {
        let lines = text(&spec[field]);
        check(!lines.is_empty(), field);
        check(lines.lines().all(|it| it.len() <= LINE), "lines of 80");
    }
    let platforms = spec["platforms"].as_array().cloned().unwrap_or_default();
    check(!platforms.is_empty(), "platforms");
    let selected = platforms.iter().map(|it| it["selector"].to_string());
    let distinct: BTreeSet<String> = selected.collect();
    check(distinct.len() == platforms.len(), "overlapping selectors");
    problems.extend(platforms.iter().flat_map(of_platform));
    problems
}

fn of_platform(platform: &Value) -> Vec<String> {
    let mut problems = vec![];
    let mut check = |is_so: bool, rule: &str| {
        if !is_so {
            problems.push(format!("{rule} of {}", platform["selector"]));
        }
    };
    let text = |key: &str| platform[key].as_str().unwrap_or_default();
    let (uri, sum, bin) = (text("uri"), text("sha256"), text("bin"));
    let is_archive = uri.ends_with(".tar.gz") || uri.ends_with(".zip");
    check(uri.starts_with("https://") && is_archive, "uri");
    let is_hex = |it: char| it.is_ascii_digit() || ('a'..='f').contains(&it);
    check(sum.len() == 64 && sum.chars().all(is_hex), "sha256");
    let labels = platform["selector"]["matchLabels"].as_object();
    let labels = labels.cloned().unwrap_or_default();
    check(!labels.is_empty(), "selector");
    check(
        labels.keys().all(|it| it == "os" || it == "arch"),
        "keys of the selector",
    );
    let is_windows = labels.get("os") == Some(&json!("windows"));
    check(
        !bin.is_empty() && bin.ends_with(".exe") == is_windows,
        "bin",
    );
    if let Some(files) = platform.get("files") {
        let files = files.as_array().cloned().unwrap_or_default();
        let has = |it: &Value, key: &str| it[key].as_str().is_some_and(|it| !it.is_empty());
        let are_whole = files.iter().all(|it| has(it, "from") && has(it, "to"));
        check(!files.is_empty() && are_whole, "files");
        // The index wants it installed.
        for needed in ["LICENSE", bin] {
            check(
                files.iter().any(|it| it["from"] == needed),
                "LICENSE and bin among the files",
            );
        }
    }
    problems
}

/// `v1.2.3`, `v1.2.3-rc.1`: krew wants the `v`.
fn is_semantic(version: &str) -> bool {
    let Some(numbers) = version.strip_prefix('v') else {
        return false;
    };
    let core = numbers.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    parts.len() == 3 && parts.iter().all(|it| it.parse::<u64>().is_ok())
}

fn committed() -> Value {
    yaml(&in_repository("krew-manifest.yaml"))
}

#[test]
fn the_manifest_is_one_that_krew_takes() {
    assert_eq!(problems("stepscale", &committed()), Vec::<String>::new());
}

#[test]
fn the_manifest_has_the_version_of_the_crate_and_every_platform() {
    let manifest = committed();
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["spec"]["version"], version);
    let platforms = manifest["spec"]["platforms"].as_array().unwrap();
    let label = |it: &Value, key: &str| {
        it["selector"]["matchLabels"][key]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let listed: Vec<_> = platforms
        .iter()
        .map(|it| (label(it, "os"), label(it, "arch")))
        .collect();
    let expected = PLATFORMS.map(|(os, arch)| (os.to_owned(), arch.to_owned()));
    assert_eq!(listed, expected);
}

#[test]
fn what_krew_would_refuse_is_found() {
    let changes: [(&str, Value); 12] = [
        ("/apiVersion", json!("v1")),
        ("/kind", json!("Plugins")),
        ("/metadata/name", json!("other")),
        ("/spec/version", json!("0.1.0")),
        ("/spec/shortDescription", json!("a\nb")),
        (
            "/spec/shortDescription",
            json!("kubectl plugin that does things"),
        ),
        ("/spec/platforms", json!([])),
        ("/spec/platforms/0/sha256", json!("ABC")),
        (
            "/spec/platforms/1/selector/matchLabels",
            json!({ "os": "linux", "arch": "amd64" }),
        ),
        (
            "/spec/platforms/0/selector/matchLabels",
            json!({ "libc": "musl" }),
        ),
        ("/spec/platforms/0/files", json!([])),
        ("/spec/platforms/4/bin", json!("kubectl-stepscale")),
    ];
    for (pointer, value) in changes {
        let mut manifest = committed();
        *manifest.pointer_mut(pointer).unwrap() = value.clone();
        assert!(
            !problems("stepscale", &manifest).is_empty(),
            "{pointer}: {value}"
        );
    }
    assert!(!problems("step/scale", &committed()).is_empty());
}
