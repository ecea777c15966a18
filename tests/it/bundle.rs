//! `gather -o FILE.tar.gz`: what is in a bundle, what is not, and what comes of it.

mod lint;
mod planted;
mod repacked;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::rig::cluster::{Cluster, users};
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::program::{SHOP, Said, User, has_kubectl, interrupt};
use crate::rig::say;
use planted::Planted;
use stepscale::sandbox::{self, Seed};

/// The files of a bundle by their paths below its folder, unpacked.
fn unpacked(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let packed = MultiGzDecoder::new(fs::File::open(path).unwrap());
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(packed).entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mode().unwrap(), 0o600);
        let path = entry.path().unwrap().display().to_string();
        let (folder, path) = path.split_once('/').unwrap();
        assert!(folder.starts_with("stepscale-gather-"), "{folder}");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert!(
            files.insert(path.to_owned(), content).is_none(),
            "{path} twice"
        );
    }
    files
}

fn manifest(files: &BTreeMap<String, Vec<u8>>) -> Value {
    serde_json::from_slice(&files["manifest.json"]).unwrap()
}

/// A report without what names its source.
fn judgments(text: &str) -> Value {
    let mut report: Value = serde_json::from_str(text).unwrap();
    report.as_object_mut().unwrap().remove("source");
    // Where to go on is another place.
    if let Some(command) = report.pointer_mut("/overview/first/command") {
        command.take();
    }
    report
}

/// What a demo that stands still says to a command.
fn shown(user: &User, command: &str) -> Said {
    let arguments = ["demo", "--speed", "0", "--exec", command];
    Said::by(&mut user.stepscale(&arguments))
}

#[test]
fn a_bundle_gives_the_answers_of_the_cluster() {
    let user = User::new();
    let path = user.path("shop.tar.gz");
    let bundle = path.display().to_string();
    let home = user.home().display().to_string();
    let commands = [
        ("analyze", "analyze -A -o json --no-save"),
        ("simulate", "simulate hpa/catalog -n shop --min 2"),
        ("lint", "lint -A -o json --fail-on none"),
        (
            "one",
            "lint so/notifications -n shop -o json --fail-on none",
        ),
    ];
    let live = commands.map(|(name, it)| format!("kubectl-stepscale {it} > {home}/{name}.live"));
    // The bundle comes first: what is kept by an analysis must not change what is judged.
    let script = format!(
        "kubectl-stepscale gather -A -o {bundle} && {}",
        live.join("; ")
    );
    let said = shown(&user, &script);
    assert!(
        said.stderr.contains("autoscalers written to"),
        "{}",
        said.stderr
    );
    // Its name does not matter.
    let files = unpacked(&path);
    let other = user.path("something");
    fs::rename(&path, &other).unwrap();
    let bundle = other.display().to_string();
    for (name, command) in commands {
        let command = command.replace(" -A", "").replace(" --no-save", "");
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.extend(["--from", &bundle]);
        let held = Said::by(&mut user.stepscale(&arguments));
        let live = fs::read_to_string(user.path(&format!("{name}.live"))).unwrap();
        assert!(!live.is_empty(), "{command}: {}", said.stderr);
        match name {
            "analyze" => assert_eq!(judgments(&held.stdout), judgments(&live)),
            _ => assert_eq!(held.stdout, live, "{command}: {}", held.stderr),
        }
    }
    let report = String::from_utf8(files["stepscale/reports/analysis.json"].clone()).unwrap();
    let live = fs::read_to_string(user.path("analyze.live")).unwrap();
    assert_eq!(judgments(&report), judgments(&live));
}

#[test]
fn the_manifest_has_every_file_with_its_checksum_and_a_second_bundle_is_the_same() {
    let server = planted_cluster(&Planted::everywhere());
    let user = User::new();
    let [first, second] = ["a.tar.gz", "b.tgz"].map(|it| user.path(it));
    let other = User::new();
    let gather = |user: &User, path: &Path| {
        let out = path.display().to_string();
        user.run(
            &server.kubeconfig(),
            &["gather", "-A", "-o", &out, "--no-prometheus"],
        )
    };
    let said = gather(&user, &first);
    // What one run has sampled is the past of the next one by the same user.
    gather(&other, &second);
    let files = unpacked(&first);
    let manifest = manifest(&files);
    let is_whole = manifest["missing"] == serde_json::json!([]);
    assert_eq!(
        said.code,
        Some(if is_whole { 0 } else { 4 }),
        "{}",
        said.stderr
    );
    let listed = manifest["files"].as_array().unwrap();
    for file in listed {
        let content = &files[file["path"].as_str().unwrap()];
        assert_eq!(file["size"], content.len());
        let path = user.path("part");
        fs::write(&path, content).unwrap();
        let sum = Said::by(Command::new("sha256sum").arg(&path)).stdout;
        assert!(sum.starts_with(file["sha256"].as_str().unwrap()), "{file}");
    }
    assert_eq!(listed.len() + 1, files.len(), "{:?}", files.keys());
    let again = unpacked(&second);
    assert_eq!(
        again.keys().collect::<Vec<_>>(),
        files.keys().collect::<Vec<_>>()
    );
    for (path, content) in &files {
        // These tell names of files of the two users, and the manifest their checksums.
        let of_user = [
            "stepscale/config.json",
            "stepscale/versions.json",
            "manifest.json",
        ];
        if !of_user.contains(&path.as_str()) {
            assert!(again[path] == *content, "{path} differs");
        }
    }
}

fn planted_cluster(planted: &Planted) -> Cluster {
    let options = sandbox::Options {
        seed: Seed {
            objects: planted.objects.clone(),
            histories: vec![],
        },
        speed: 0,
        twin: false,
        keda: true,
        users: users(),
        log: 10_000,
        ..sandbox::Options::at("2026-01-01T00:00:00Z".parse().unwrap())
    };
    Cluster::of(options)
}

#[test]
fn no_planted_secret_is_in_a_bundle() {
    let planted = Planted::everywhere();
    let server = planted_cluster(&planted);
    let user = User::new();
    planted.write_files(&user);
    let path = user.path("b.tar.gz");
    let out = path.display().to_string();
    let mut command = user.stepscale(&["gather", "-A", "-o", &out, "--timeout", "60s"]);
    command.env("KUBECONFIG", server.kubeconfig());
    for (name, value) in &planted.environment {
        command.env(name, value);
    }
    let said = Said::by(&mut command);
    let files = unpacked(&path);
    let manifest = manifest(&files);
    planted.check_presence(&files);
    let mut searched = 0;
    let mut found = Vec::new();
    for (path, content) in &files {
        let mut plain = content.clone();
        if path.ends_with(".gz") {
            plain.clear();
            MultiGzDecoder::new(content.as_slice())
                .read_to_end(&mut plain)
                .unwrap();
        }
        searched += plain.len();
        let text = String::from_utf8_lossy(&plain);
        for (place, marker) in &planted.markers {
            if text.contains(marker.as_str()) {
                let line = text.lines().find(|it| it.contains(marker.as_str()));
                let line: String = line.unwrap_or_default().chars().take(300).collect();
                found.push(format!("{place}: {marker} in {path}: {line}"));
            }
        }
    }
    for (place, marker) in &planted.markers {
        if said.stderr.contains(marker.as_str()) {
            found.push(format!("{place}: {marker} on standard error"));
        }
    }
    say(&format!(
        "planted {} secrets; {} found in {} files of {searched} bytes; left out by rule: {}",
        planted.markers.len(),
        found.len(),
        files.len(),
        manifest["redactions"]
    ));
    assert!(found.is_empty(), "{}\n{}", found.join("\n"), said.stderr);
    // Nobody has even asked for a Secret.
    let requests = server.requests();
    let asked = requests.iter().filter(|it| it.contains("/secrets"));
    assert_eq!(asked.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn what_may_not_be_read_is_in_the_manifest_and_the_rest_is_there() {
    let planted = Planted::everywhere();
    let server = planted_cluster(&planted);
    let user = User::new();
    let path = user.path("b.tar.gz");
    let out = path.display().to_string();
    let arguments = [
        "gather",
        "-n",
        "shop",
        "-o",
        &out,
        "--context",
        "limited",
        "--no-prometheus",
    ];
    let said = user.run(&server.kubeconfig(), &arguments);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let files = unpacked(&path);
    let missing = manifest(&files)["missing"].clone();
    let missing: Vec<&str> = missing
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["what"].as_str().unwrap())
        .collect();
    for what in ["list deployments.apps", "list events", "list pods of KEDA"] {
        assert!(missing.contains(&what), "{what}: {missing:?}");
    }
    assert!(
        said.stderr.contains("warning: not in it: list events"),
        "{}",
        said.stderr
    );
    assert!(files.contains_key("stepscale/config.json"));
}

#[test]
fn a_name_that_is_not_there_leaves_no_bundle() {
    let server = planted_cluster(&Planted::everywhere());
    let user = User::new();
    let folder = user.path("out");
    fs::create_dir(&folder).unwrap();
    let out = folder.join("b.tgz").display().to_string();
    let arguments = [
        "gather",
        "hpa/nobody",
        "-n",
        "shop",
        "-o",
        &out,
        "--no-prometheus",
    ];
    let said = user.run(&server.kubeconfig(), &arguments);
    assert_eq!(said.code, Some(3), "{}", said.stderr);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn an_interrupted_bundle_leaves_nothing_and_one_out_of_time_what_there_is() {
    let server = planted_cluster(&Planted::everywhere());
    let user = User::new();
    let folder = user.path("out");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("b.tgz");
    let out = path.display().to_string();
    let slow = Faulty::start(Fault::Slow(60_000));
    let arguments = ["gather", "-A", "-o", &out, "--prometheus-url", &slow.url];
    let mut command = user.stepscale(&arguments);
    command
        .env("KUBECONFIG", server.kubeconfig())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    slow.wait_for_a_request();
    let (said, _) = interrupt(child, "INT");
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let late = [&arguments[..], &["--timeout", "4s"]].concat();
    let said = user.run(&server.kubeconfig(), &late);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    assert!(
        said.stderr.contains("history: no answer within 4"),
        "{}",
        said.stderr
    );
    let files = unpacked(&path);
    assert!(
        files.contains_key("stepscale/snapshot.jsonl.gz"),
        "{:?}",
        files.keys()
    );
    assert!(
        files.contains_key("stepscale/config.json"),
        "{:?}",
        files.keys()
    );
}

#[test]
fn what_is_only_for_bundles_is_refused_for_snapshots() {
    let user = User::new();
    for flag in ["--since=1h", "--timeout=1m"] {
        let said = Said::by(&mut user.stepscale(&["gather", "-o", "a.jsonl", flag]));
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(
            said.stderr.contains("is for a support bundle"),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn lint_takes_bundles_and_nothing_else() {
    let user = User::new();
    let said = Said::by(&mut user.stepscale(&["lint", "--from", SHOP]));
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("it is no archive"), "{}", said.stderr);
    let empty = user.path("empty.tar.gz");
    let packed = flate2::write::GzEncoder::new(
        fs::File::create(&empty).unwrap(),
        flate2::Compression::fast(),
    );
    let mut tar = tar::Builder::new(packed);
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    tar.append_data(&mut header, "x/y", &b"hi"[..]).unwrap();
    tar.into_inner().unwrap().finish().unwrap();
    let path = empty.display().to_string();
    for (arguments, expected) in [
        (
            ["analyze", "--from"],
            "is an archive that holds no snapshot",
        ),
        (["lint", "--from"], "it has no manifest.json"),
    ] {
        let said = Said::by(&mut user.stepscale(&[&arguments[..], &[&path]].concat()));
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        assert!(
            said.stderr.contains(expected) && said.stderr.contains("hint: "),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn kubectl_reads_logs_of_the_sandbox() {
    if !has_kubectl() {
        return;
    }
    let server = planted_cluster(&Planted::everywhere());
    let user = User::new();
    let logs = |arguments: &[&str]| {
        let mut command = Command::new("kubectl");
        command
            .env("HOME", user.home())
            .env("KUBECONFIG", server.kubeconfig())
            .args(["logs", "-n", "keda"])
            .args(arguments);
        Said::by(&mut command)
    };
    let said = logs(&["keda-operator-1", "--tail=1"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(0), "the end\n"),
        "{}",
        said.stderr
    );
    let said = logs(&["keda-operator-1", "--previous", "--timestamps", "--tail=1"]);
    assert!(
        said.stdout.ends_with("Z it was killed\n"),
        "{} {}",
        said.stdout,
        said.stderr
    );
    let said = logs(&["keda-operator-1", "-c", "nobody"]);
    assert!(
        said.stderr
            .contains("container nobody is not valid for pod keda-operator-1"),
        "{}",
        said.stderr
    );
}
