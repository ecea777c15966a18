use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::manifest::{API_VERSION, ClusterOf, KIND, Manifest, Scope};
use super::*;

fn at() -> Timestamp {
    Timestamp::from_second(1_767_225_600).unwrap()
}

fn manifest() -> Manifest {
    Manifest {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        taken_at: at(),
        version: "0.0.0".to_owned(),
        cluster: ClusterOf::default(),
        scope: Scope::default(),
        log_seconds: 3600,
        files: vec![],
        missing: vec![],
        redactions: BTreeMap::new(),
    }
}

fn deployments() -> Vec<Value> {
    let of = |namespace: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": namespace, "name": "web"},
            "spec": {"template": {"spec": {"containers": [
                {"name": "app", "env": [{"name": "MODE", "value": "hunter2"}]}]}}}})
    };
    vec![of("shop"), of("mail")]
}

fn written(path: &Path, log: &[u8]) -> Manifest {
    let mut draft = Draft::create(path, at()).unwrap();
    let apps = ("apps", "deployments");
    draft
        .objects(apps, ("apps/v1", "Deployment"), deployments())
        .unwrap();
    draft.log(("keda", "operator", "main"), false, log).unwrap();
    draft.missing("list events", "https://me:hunter2@host refused", None);
    draft.finish(manifest()).unwrap()
}

#[test]
fn what_is_written_reads_back_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.tar.gz");
    let manifest = written(&path, b"password=hunter2\n");
    let read = read(&path, |group, plural| {
        (group, plural) == ("apps", "deployments")
    })
    .unwrap();
    assert_eq!(read.manifest, manifest);
    let mut expected = deployments();
    expected.reverse();
    for it in &mut expected {
        it["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] = "REDACTED".into();
    }
    assert_eq!(read.objects, expected);
    assert_eq!(manifest.missing[0].why, "https://REDACTED@host refused");
    let rules: Vec<(&str, u64)> = manifest
        .redactions
        .iter()
        .map(|it| (it.0.as_str(), *it.1))
        .collect();
    assert_eq!(
        rules,
        [("assignment", 1), ("env-value", 2), ("url-userinfo", 1)]
    );
    let paths: Vec<&str> = manifest.files.iter().map(|it| it.path.as_str()).collect();
    let expected = [
        "namespaces/keda/pods/operator/main/main/logs/current.log",
        "namespaces/mail/apps/deployments.yaml",
        "namespaces/shop/apps/deployments.yaml",
        "timestamp",
        "version",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.tar.gz", "b.tar.gz"].map(|it| folder.path().join(it));
    written(&a, b"line\n");
    written(&b, b"line\n");
    assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap());
}

#[test]
fn of_a_long_log_the_last_lines_stay() {
    let folder = tempfile::tempdir().unwrap();
    let log: String = (0..400_000).map(|it| format!("line {it}\n")).collect();
    let manifest = written(&folder.path().join("b.tar.gz"), log.as_bytes());
    let file = &manifest.files[0];
    assert_eq!(file.size + file.cut.unwrap(), log.len() as u64);
    assert!(
        file.size <= 2 << 20 && file.size > (2 << 20) - 20,
        "{}",
        file.size
    );
}

#[test]
fn an_abandoned_bundle_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let draft = Draft::create(&folder.path().join("b.tar.gz"), at()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    drop(draft);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_bundle() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.tar.gz");
    written(&path, b"");
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// An archive that is not packed, with these files.
fn archive_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content.as_bytes())
            .unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn the_highest_manifest_says_which_objects_are_those_of_the_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b");
    let manifest = serde_json::to_string(&manifest()).unwrap();
    let list = "namespaces/shop/apps/deployments.yaml";
    let named = |name: &str| format!("kind: Deployment\nmetadata: {{name: {name}}}\n");
    let (outer, inner) = (named("outer"), named("inner"));
    let deeper = format!("b/other/{list}");
    let own = format!("b/{list}");
    let files = [
        ("b/other/manifest.json", "{}"),
        (deeper.as_str(), inner.as_str()),
        ("b/manifest.json", manifest.as_str()),
        ("b/more/manifest.json", "no JSON"),
        (own.as_str(), outer.as_str()),
    ];
    std::fs::write(&path, archive_of(&files)).unwrap();
    let read = read(&path, |_, _| true).unwrap();
    let names: Vec<&Value> = read
        .objects
        .iter()
        .map(|it| &it["metadata"]["name"])
        .collect();
    assert_eq!(names, ["outer"]);
}

#[test]
fn what_is_no_bundle_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b");
    std::fs::write(&path, "{}").unwrap();
    let refused = |path: &Path| read(path, |_, _| true).unwrap_err().to_string();
    assert!(refused(&path).ends_with("it is no archive"));
    let mut writer = crate::archive::Writer::new(Vec::new(), at());
    writer.file("x/manifest.json", 2, &b"{}"[..]).unwrap();
    std::fs::write(&path, writer.finish().unwrap()).unwrap();
    assert!(refused(&path).contains("x/manifest.json cannot be read"));
    let mut writer = crate::archive::Writer::new(Vec::new(), at());
    writer.file("x/y", 2, &b"{}"[..]).unwrap();
    std::fs::write(&path, writer.finish().unwrap()).unwrap();
    assert!(refused(&path).ends_with("it has no manifest.json"));
    assert!(matches!(
        read(Path::new("/nowhere"), |_, _| true),
        Err(ReadError::Open { .. })
    ));
}
