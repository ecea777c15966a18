//! Recommendations move from files into the cluster, and what the cluster makes of them.

use std::path::{Path, PathBuf};

use serde_json::json;
use stepscale::lifecycle::diff::{Key, Setting};
use stepscale::lifecycle::step::{self, Event, Policy};
use stepscale::lifecycle::{Phase, Record};
use stepscale::store::{Files, Store};

use super::bench::Bench;
use super::hand::Hand;

/// A pending one, an approved one and one that was rejected.
fn records(hand: &Hand) -> Vec<Record> {
    let fewer = || {
        vec![Setting {
            key: Key::MinReplicas,
            from: json!(6),
            to: json!(2),
        }]
    };
    let by = || "tester".to_owned();
    let after = |name: &str, event: Event| {
        let record = hand.record(name, Some("1-2-3"), fewer());
        let now = "2026-01-01T01:00:00Z".parse().unwrap();
        step::step(&record, event, &Policy::default(), now)
            .unwrap()
            .record
    };
    let reason = "not at night".to_owned();
    vec![
        after("approved", Event::Approved { by: by() }),
        hand.record("pending", None, fewer()),
        after("rejected", Event::Rejected { by: by(), reason }),
    ]
}

/// Where the user of the bench keeps those of its cluster.
fn files(bench: &Bench, hand: &Hand) -> (PathBuf, Store) {
    let identity = hand.identity();
    let folder = bench
        .path("state")
        .join("stepscale/recommendations")
        .join(identity);
    (folder.clone(), Store::Files(Files::in_folder(folder)))
}

fn left(folder: &Path) -> usize {
    let Ok(namespaces) = std::fs::read_dir(folder) else {
        return 0;
    };
    let folders = namespaces.filter_map(|it| std::fs::read_dir(it.unwrap().path()).ok());
    folders.flatten().count()
}

#[track_caller]
fn all_are_there(hand: &Hand, records: &[Record]) {
    for record in records {
        let kept = hand.kept(&record.name).record;
        assert_eq!(kept, *record);
    }
}

#[test]
fn files_move_into_the_cluster_whole() {
    let Some(bench) = Bench::without_definition() else {
        return;
    };
    if !bench.is_sandbox() {
        return;
    }
    let hand = Hand::of(&bench, None);
    let (folder, files) = files(&bench, &hand);
    let records = records(&hand);
    for record in &records {
        hand.wait(files.create(record)).unwrap();
    }
    let listed = bench.run(&["status"]).stdout;
    assert!(
        records.iter().all(|it| listed.contains(&it.name)),
        "{listed}"
    );

    let said = bench.run(&["install", "--crd-only"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("3 recommendations moved from"),
        "{}",
        said.stderr
    );
    let hand = Hand::of(&bench, None);
    assert!(matches!(hand.store, Store::Objects(_)));
    all_are_there(&hand, &records);
    assert_eq!(left(&folder), 0);
    assert_eq!(bench.run(&["status"]).stdout, listed);

    // Once more there is nothing to move, and nothing is said of it.
    let said = bench.run(&["install", "--crd-only"]);
    assert!(!said.stderr.contains("moved"), "{}", said.stderr);
}

#[test]
fn a_move_that_breaks_off_is_made_again() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    let (folder, files) = files(&bench, &hand);
    let records = records(&hand);
    let verbs = [
        ("create", "scalingrecommendations"),
        ("update", "scalingrecommendations"),
        ("update", "scalingrecommendations/status"),
    ];
    for (verb, resource) in verbs {
        for nth in 1..=2 {
            for carried_out in [false, true] {
                // The last one that is written of the approved one is written once.
                let is_never = (verb, resource, nth) == ("update", "scalingrecommendations", 2);
                if is_never {
                    continue;
                }
                for record in &records {
                    hand.wait(files.create(record)).unwrap();
                }
                let what = format!("{verb} {resource} {nth}, carried out: {carried_out}");
                hand.meet(&json!({ "rules": [{ "nth": nth, "answer": "dropped",
                    "carriedOut": carried_out,
                    "when": { "verbs": [verb], "resources": [resource] } }] }));
                let said = bench.run(&["install", "--crd-only"]);
                assert_eq!(said.code, Some(4), "{what}: {}{}", said.stdout, said.stderr);
                assert_eq!(left(&folder), records.len(), "{what}: no file is gone");

                hand.meet(&json!({}));
                bench.succeeds(&["install", "--crd-only"]);
                all_are_there(&hand, &records);
                assert_eq!(left(&folder), 0, "{what}");
                bench.kubectl(&["delete", "scalerec", "--all"]);
            }
        }
    }
}

#[test]
fn what_the_cluster_has_is_not_overwritten_by_a_file() {
    let Some(bench) = Bench::start() else { return };
    if !bench.is_sandbox() {
        return;
    }
    let hand = Hand::of(&bench, None);
    let (folder, files) = files(&bench, &hand);
    let records = records(&hand);
    for record in &records {
        hand.wait(files.create(record)).unwrap();
    }
    // Not JSON at all, and no reason to leave others behind.
    let broken = folder.join(&bench.namespace).join("broken.json");
    std::fs::write(&broken, "{").unwrap();
    let other = Record {
        proposal: records[0].proposal.clone(),
        ..hand.record("pending", Some("another"), vec![])
    };
    hand.wait(hand.store.create(&other)).unwrap();

    let said = bench.run(&["install", "--crd-only"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for part in [
        "2 recommendations moved",
        "1 recommendation not moved",
        "broken.json is no",
    ] {
        assert!(said.stderr.contains(part), "{}", said.stderr);
    }
    assert_eq!(hand.kept("pending").record, other);
    assert_eq!(hand.kept("approved").record.status.phase, Phase::Approved);
    assert_eq!(left(&folder), 2);
}

#[test]
fn kubectl_explains_the_fields_and_the_server_checks_them() {
    let Some(bench) = Bench::start() else { return };
    let explained = bench.kubectl(&["explain", "scalerec.spec"]);
    for field in [
        "approved",
        "configDiff",
        "riskLevel",
        "summaryMd",
        "targetRef",
    ] {
        assert!(explained.contains(field), "{field}: {explained}");
    }
    let phases = bench.kubectl(&["explain", "scalerec.status.phase"]);
    assert!(phases.contains("rolledBack"), "{phases}");
    bench.hpa("web", &json!({ "minReplicas": 6 }), &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let patch = |sub: &[&str], patch: &str| {
        let line = ["patch", "scalerec", "web", "--type=merge", "-p", patch];
        bench.kubectl_refused(&[&line[..], sub].concat())
    };
    let status = ["--subresource=status"];
    let cases = [
        (
            &status[..],
            r#"{"status":{"phase":"done"}}"#,
            "status.phase",
        ),
        (
            &status[..],
            r#"{"status":{"appliedAt":"soon"}}"#,
            "status.appliedAt",
        ),
        (&[], r#"{"spec":{"approved":"yes"}}"#, "spec.approved"),
        (&[], r#"{"spec":{"riskLevel":"none"}}"#, "spec.riskLevel"),
        (&[], r#"{"spec":{"targetRef":null}}"#, "spec.targetRef"),
    ];
    for (sub, text, field) in cases {
        let said = patch(sub, text);
        assert!(
            said.contains("is invalid") && said.contains(field),
            "{text}: {said}"
        );
    }
    assert_eq!(bench.phase("web"), "pending");
}
