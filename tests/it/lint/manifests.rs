//! Every manifest below `tests/fixtures/lint`, whose comments say what is to be found where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use stepscale::keda::admission::Kinds;
use stepscale::lint::{Code, Seen, Setting, Severity, code, lint};
use stepscale::yaml::located::{Broken, Documents, Why};

fn setting() -> Setting {
    Setting {
        namespace: "shop".to_owned(),
        now: "2026-03-02T12:00:00Z".parse().unwrap(),
        seen: Seen::default(),
        kinds: Kinds::NotAsked,
        disabled: BTreeSet::new(),
    }
}

fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/lint")
        .join(folder);
    let entries = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let mut all: Vec<_> = entries.map(read).collect();
    all.sort();
    all
}

/// `line:column code severity` of everything that is found in a text.
fn found(text: &str) -> Vec<(usize, usize, String, Severity)> {
    let told = |broken: &Broken| {
        let code = match broken.why {
            Why::Template(_) => Code::Template,
            Why::DuplicateKey(_) => Code::DuplicateKey,
            Why::Syntax(_) | Why::Tab => Code::Syntax,
        };
        let word = code.word().to_owned();
        (broken.at.line, broken.at.column, word, Severity::Error)
    };
    let documents = match Documents::read(text) {
        Ok(documents) => documents,
        Err(broken) => return vec![told(&broken)],
    };
    let mut all: Vec<_> = documents.broken().iter().map(told).collect();
    let mut places = Vec::new();
    let mut objects = Vec::new();
    for (document, value) in documents.values().iter().enumerate() {
        match value.get("items").and_then(Value::as_array) {
            Some(items) => {
                for (at, item) in items.iter().enumerate() {
                    places.push((document, format!("/items/{at}")));
                    objects.push(item.clone());
                }
            }
            None if value.is_null() => {}
            None => {
                places.push((document, String::new()));
                objects.push(value.clone());
            }
        }
    }
    for it in lint(&objects, &setting()) {
        let (document, prefix) = &places[it.object];
        let at = documents.position(*document, &format!("{prefix}{}", it.path.pointer()));
        assert!(!it.message.is_empty() && !it.fix.is_empty(), "{it:?}");
        all.push((at.line, at.column, it.code.word().to_owned(), it.severity));
    }
    all.sort();
    all
}

/// What the comments of a text expect, as `# expect: code:column, code:column`.
fn expected(text: &str) -> Vec<(usize, usize, String)> {
    let mut all = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let marks = text.split_once("# expect: ").map_or("", |it| it.1);
        for mark in marks.split(", ").filter(|it| !it.is_empty()) {
            let (code, column) = mark.split_once(':').unwrap();
            all.push((line, column.trim().parse().unwrap(), code.to_owned()));
        }
    }
    all.sort();
    all
}

#[test]
fn every_bad_manifest_is_caught_at_its_line_and_column() {
    let all = fixtures("bad");
    assert!(all.len() >= 30);
    let mut wrong = String::new();
    for (name, text) in &all {
        let marks = expected(text);
        assert!(!marks.is_empty(), "{name} expects nothing");
        let found = found(text);
        let missed = marks.iter().filter(|mark| {
            !found
                .iter()
                .any(|it| (it.0, it.1, &it.2) == (mark.0, mark.1, &mark.2))
        });
        for (line, column, code) in missed {
            wrong += &format!("{name}:{line}:{column}: {code} is not found\n");
        }
        // What is only worth knowing need not be expected.
        let worse = found.iter().filter(|it| it.3 > Severity::Info);
        let extra = worse.filter(|it| !marks.contains(&(it.0, it.1, it.2.clone())));
        for (line, column, code, _) in extra {
            wrong += &format!("{name}:{line}:{column}: {code} is not expected\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn nothing_is_found_in_good_manifests() {
    let all = fixtures("good");
    assert!(all.len() >= 10);
    for (name, text) in &all {
        assert_eq!(found(text), [], "{name}");
    }
}

/// Codes of what only a cluster can lack, or of a document that is no object.
const WITHOUT_MANIFEST: [Code; 4] = [
    Code::NotAnObject,
    Code::UnknownKind,
    Code::TargetNotFound,
    Code::AuthMissing,
];

/// Which manifests of `bad` each code is caught in.
fn caught() -> BTreeMap<String, Vec<String>> {
    let mut caught: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in fixtures("bad") {
        let codes: BTreeSet<String> = expected(&text).into_iter().map(|it| it.2).collect();
        for code in codes {
            caught.entry(code).or_default().push(name.clone());
        }
    }
    caught
}

#[test]
fn every_code_has_a_manifest_that_it_is_caught_in() {
    let caught = caught();
    let without = Code::ALL
        .iter()
        .filter(|it| !caught.contains_key(it.word()));
    let without: Vec<Code> = without.copied().collect();
    assert_eq!(without, WITHOUT_MANIFEST);
}

#[test]
fn the_documentation_says_which_manifests_a_code_is_caught_in() {
    let mut table = String::from("| Code | Caught in |\n| --- | --- |\n");
    for (code, manifests) in caught() {
        let manifests: Vec<String> = manifests.iter().map(|it| format!("`{it}`")).collect();
        table += &format!("| `{code}` | {} |\n", manifests.join(", "));
    }
    assert!(documentation().contains(&table), "expected in it:\n{table}");
}

fn documentation() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_documentation_has_the_table_of_codes() {
    let text = documentation();
    assert!(
        text.ends_with(&code::markdown()),
        "expected at its end:\n{}",
        code::markdown()
    );
}
