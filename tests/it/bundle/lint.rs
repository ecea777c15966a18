//! A lint says of objects without their secrets what it says of them with.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::planted::Planted;
use stepscale::keda::admission::Kinds;
use stepscale::lint::{Seen, Setting, lint};
use stepscale::redact::{self, Tally};
use stepscale::yaml;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lint");

fn objects(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let documents = yaml::documents(&text).unwrap_or_default();
    let objects = documents
        .iter()
        .filter_map(|it| serde_json::to_value(it).ok());
    objects
        .filter(|it| it.pointer("/metadata/name").is_some())
        .collect()
}

/// Codes and places; messages may show values.
fn told(objects: &[Value]) -> Vec<String> {
    let setting = Setting {
        namespace: "shop".to_owned(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        seen: Seen::default(),
        kinds: Kinds::NotAsked,
        disabled: Default::default(),
    };
    let told = lint(objects, &setting).into_iter();
    told.map(|it| format!("{} {:?} {}", it.object, it.code, it.path.pointer()))
        .collect()
}

#[test]
fn every_fixture_is_judged_alike_with_and_without_its_secrets() {
    let (mut files, mut diagnostics) = (0, 0);
    for folder in ["bad", "good"] {
        for entry in fs::read_dir(format!("{FIXTURES}/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            let whole = objects(&path);
            let mut without = whole.clone();
            for it in &mut without {
                redact::manifest(it, &mut Tally::default());
            }
            let expected = told(&whole);
            assert_eq!(told(&without), expected, "{}", path.display());
            files += 1;
            diagnostics += expected.len();
            let once = without.clone();
            for it in &mut without {
                redact::manifest(it, &mut Tally::default());
            }
            assert_eq!(without, once, "twice is not once: {}", path.display());
        }
    }
    assert!(files > 60 && diagnostics > 60, "{files} {diagnostics}");
}

#[test]
fn planted_objects_are_judged_alike_with_and_without_their_secrets() {
    let whole = Planted::everywhere().objects;
    let (mut without, mut left_out) = (whole.clone(), Tally::default());
    for it in &mut without {
        redact::manifest(it, &mut left_out);
    }
    assert_eq!(told(&without), told(&whole));
    assert!(left_out.total() > 100, "{left_out:?}");
}
