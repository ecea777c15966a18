//! Recommendations written into manifests that people keep in Git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::lifecycle::bench::{Bench, said};
use crate::rig::program::Said;

/// Two documents and what people write between them; `{minimum}` and `{percent}` are settings.
const REPOSITORY: &str = "\
# Front of the shop
apiVersion: v1
kind: ConfigMap
metadata: &names
  name: web
data: {minReplicas: \"6\"}   # not this one
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: 'web'}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: {minimum}   # for the night
  maxReplicas: 20

  metrics:
    # Not in the cluster yet.
    - type: Resource
      resource: {name: memory, target: {type: Utilization, averageUtilization: 70}}
    - type: Resource
      resource:
        name: cpu
        target:
          type: \"Utilization\"
          averageUtilization: {percent}
";

fn repository(minimum: u32, percent: u32) -> String {
    let text = REPOSITORY.replace("{minimum}", &minimum.to_string());
    text.replace("{percent}", &percent.to_string())
}

/// What a fleet has and is recommended.
fn bench() -> Option<Bench> {
    let bench = Bench::start()?;
    let cpu = json!({ "type": "Resource", "resource": { "name": "cpu",
        "target": { "type": "Utilization", "averageUtilization": 40 } } });
    for name in ["api", "web"] {
        let spec = json!({ "minReplicas": 6, "metrics": [cpu] });
        bench.hpa(name, &spec, &json!({}));
        let diff = json!({ "min_replicas": { "from": 6, "to": 2 },
            "target_cpu_pct": { "from": 40, "to": 65 } });
        bench.recommend(name, &diff);
    }
    Some(bench)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            fs::write(folder.path(name), text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `apply` in the folder by somebody without a license.
    fn apply(&self, bench: &Bench, arguments: &[&str]) -> Said {
        let mut command = bench.stepscale(&[&["apply"], arguments].concat());
        command.env_remove("STEPSCALE_LICENSE");
        said(command.current_dir(self.0.path()))
    }
}

#[track_caller]
fn assert_ended(said: &Said, code: i32, parts: &[&str]) {
    assert_eq!(said.code, Some(code), "{}{}", said.stdout, said.stderr);
    for part in parts {
        let both = format!("{}{}", said.stdout, said.stderr);
        assert!(both.contains(part), "{part}: {both}");
    }
}

#[test]
fn a_file_gets_the_settings_and_keeps_everything_else() {
    let Some(bench) = bench() else { return };
    let before = bench.object("hpa", "web");
    let old = repository(6, 40);
    let windows = old.replace('\n', "\r\n");
    let folder = Folder::of(&[("hpa.yaml", &old), ("windows.yaml", &windows)]);

    let printed = folder.apply(&bench, &["web", "-f", "hpa.yaml"]);
    assert_ended(&printed, 0, &[]);
    assert_eq!(printed.stdout, repository(2, 65));
    let told = folder.apply(
        &bench,
        &["web", "-f", "hpa.yaml", "--in-place", "--dry-run=client"],
    );
    assert_ended(
        &told,
        0,
        &[
            "--- a/hpa.yaml\n+++ b/hpa.yaml\n@@ ",
            "\n-  minReplicas: 6   # for the night\n+  minReplicas: 2   # for the night\n",
        ],
    );
    assert_eq!(
        told.stdout.lines().filter(|it| it.starts_with('+')).count(),
        3
    );
    assert_eq!(folder.text("hpa.yaml"), old);

    let written = folder.apply(&bench, &["web", "-f", "hpa.yaml", "--in-place"]);
    let line = "scalingrecommendation.stepscale.io/web written to hpa.yaml\n";
    assert_ended(&written, 0, &[line]);
    assert_eq!(folder.text("hpa.yaml"), repository(2, 65));
    let again = folder.apply(&bench, &["web", "-f", "hpa.yaml", "--in-place"]);
    assert_ended(&again, 0, &["/web unchanged in hpa.yaml\n"]);
    assert_eq!(folder.text("hpa.yaml"), repository(2, 65));
    let ends = folder.apply(&bench, &["web", "-f", "windows.yaml", "--in-place"]);
    assert_ended(&ends, 0, &[]);
    assert_eq!(
        folder.text("windows.yaml"),
        repository(2, 65).replace('\n', "\r\n")
    );

    // Only files were touched.
    assert_eq!(bench.object("hpa", "web")["spec"], before["spec"]);
    assert_eq!(bench.phase("web"), "pending");
}

#[test]
fn a_file_that_says_something_else_keeps_all_as_they_are() {
    let Some(bench) = bench() else { return };
    let (good, other) = (repository(6, 40), repository(5, 40));
    let api = good.replace("'web'", "'api'");
    let shared = good
        .replace("minReplicas: 6 ", "minReplicas: *least ")
        .replace("\"6\"", "&least 6");
    let files = [
        ("api.yaml", api.as_str()),
        ("other.yaml", &other),
        ("again.yaml", &good),
        ("shared.yaml", &shared),
        ("chart.yaml", "kind: {{ .Values.kind }}\n"),
    ];
    let folder = Folder::of(&files);
    let run = |names: &[&str], files: &[&str]| {
        let files = files.iter().flat_map(|it| ["-f", *it]);
        let all = names.iter().copied().chain(files).chain(["--in-place"]);
        folder.apply(&bench, &all.collect::<Vec<_>>())
    };
    let said = run(&["api", "web"], &["api.yaml", "other.yaml"]);
    let parts = [
        "cannot edit other.yaml",
        "has min_replicas 5 here, but 6 in the cluster",
        "hint: make it 6 in the file, or 2",
        "no file was changed",
    ];
    assert_ended(&said, 5, &parts);
    let said = run(&["web"], &["api.yaml"]);
    assert_ended(
        &said,
        3,
        &["hpa/web in namespace", "is in none of api.yaml"],
    );
    let said = run(&["web"], &["again.yaml", "other.yaml"]);
    assert_ended(&said, 2, &["in several files: again.yaml, other.yaml"]);
    let said = run(&["web"], &["shared.yaml"]);
    assert_ended(&said, 2, &["cannot edit shared.yaml", "line "]);
    let said = run(&["web"], &["chart.yaml"]);
    assert_ended(&said, 2, &["line 1 is a template", "-o patch"]);
    let said = run(&["web"], &["missing.yaml"]);
    assert_ended(&said, 2, &["cannot read missing.yaml given with -f"]);
    let said = run(&["web"], &["-"]);
    assert_ended(&said, 2, &["standard input cannot be changed in place"]);
    let said = folder.apply(&bench, &["-f", "api.yaml", "-f", "again.yaml"]);
    assert_ended(
        &said,
        2,
        &["2 files cannot be printed as one", "--in-place"],
    );
    for (name, text) in files {
        assert_eq!(folder.text(name), text, "{name}");
    }
}

#[test]
fn a_folder_gets_what_is_recommended_for_it() {
    let Some(bench) = bench() else { return };
    let patch = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  \
                 name: api\nspec:\n  minReplicas: 6 # here\n";
    let folder = Folder::of(&[
        ("web.yaml", &repository(6, 40)),
        ("chart.yml", "a: {{ .Values.a }}\n"),
        ("README.md", "not this"),
    ]);
    let said = folder.apply(&bench, &["-f", ".", "--in-place"]);
    let parts = [
        "/web written to ./web.yaml\n",
        "warning: left out ./chart.yml: line 1",
    ];
    assert_ended(&said, 0, &parts);
    assert_eq!(folder.text("web.yaml"), repository(2, 65));

    // What is laid over another object has no metrics to change.
    fs::write(folder.path("api.yaml"), patch).unwrap();
    let said = folder.apply(&bench, &["-f", ".", "--in-place"]);
    assert_ended(
        &said,
        2,
        &["leaves its metrics to another file", "no file was changed"],
    );
    assert_eq!(folder.text("api.yaml"), patch);
    bench.kubectl(&["delete", "scalerec", "api"]);
    bench.recommend("api", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let said = folder.apply(&bench, &["-f", ".", "--in-place", "--yes"]);
    assert_ended(&said, 0, &["nothing to apply"]);
    bench.succeeds(&["approve", "api"]);
    let said = folder.apply(&bench, &["-f", ".", "--in-place", "--yes"]);
    assert_ended(&said, 0, &["/api written to ./api.yaml\n"]);
    assert_eq!(
        folder.text("api.yaml"),
        patch.replace("6 # here", "2 # here")
    );
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 4);
}

#[test]
fn lists_and_json_and_pipes_are_manifests_too() {
    let Some(bench) = bench() else { return };
    let mut items = vec![];
    for name in ["web", "api"] {
        let mut item = bench.object("hpa", name);
        item.as_object_mut().unwrap().remove("status");
        items.push(item);
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let text = serde_json::to_string_pretty(&list).unwrap();
    let folder = Folder::of(&[("all.json", &text)]);
    assert_ended(
        &folder.apply(&bench, &["-f", "all.json", "--in-place"]),
        0,
        &["/api written to all.json\n", "/web written to all.json\n"],
    );
    let edited: Value = serde_json::from_str(&folder.text("all.json")).unwrap();
    let mut wanted = list;
    for item in wanted["items"].as_array_mut().unwrap() {
        item["spec"]["minReplicas"] = json!(2);
        item["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = json!(65);
    }
    assert_eq!(edited, wanted);
    assert_eq!(
        folder.text("all.json").lines().count(),
        text.lines().count()
    );

    let piped = piped(&bench, &folder.path("all.json"));
    assert_ended(&piped, 0, &["/web unchanged in standard input"]);
    assert_eq!(piped.stdout, folder.text("all.json"));
}

/// `apply web -f -` with a file at its standard input.
fn piped(bench: &Bench, file: &Path) -> Said {
    let mut command = bench.stepscale(&["apply", "web", "-f", "-"]);
    command.stdin(Stdio::from(fs::File::open(file).unwrap()));
    said(&mut command)
}
