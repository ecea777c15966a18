//! Requests that fail, and answers that are lost after a write was made: never two writes, never a
//! lost record, and whoever comes next makes it right.

use std::time::Duration;

use serde_json::{Value, json};
use stepscale::conduct::{self, Applied, Reverted};
use stepscale::lifecycle::Phase;
use stepscale::lifecycle::diff::{ConfigDiff, Key, Setting};

use super::bench::Bench;
use super::hand::{Hand, journal};

/// Trouble that a request may meet.
const ANSWERS: [&str; 5] = [
    "conflict",
    "tooManyRequests",
    "internalError",
    "unavailable",
    "dropped",
];

/// The resources that an apply and a revert write, and what they read between their writes.
const RESOURCES: [&str; 4] = [
    "horizontalpodautoscalers",
    "scalingrecommendations",
    "scalingrecommendations/status",
    "events",
];

fn fewer() -> ConfigDiff {
    vec![Setting {
        key: Key::MinReplicas,
        from: json!(6),
        to: json!(2),
    }]
}

fn nth(nth: u32, answer: &str, carried_out: bool) -> Value {
    json!({ "rules": [{ "when": { "resources": RESOURCES }, "nth": nth, "answer": answer,
        "carriedOut": carried_out }] })
}

fn none() -> Value {
    json!({})
}

fn minimum(hpa: &Value) -> &Value {
    &hpa["spec"]["minReplicas"]
}

/// That a change is in force by one write, which the record knows.
#[track_caller]
fn is_in_force_once(hand: &Hand, name: &str, what: &str) {
    let hpa = hand.hpa(name);
    let journal = journal(&hpa);
    assert_eq!(*minimum(&hpa), 2, "{what}");
    // A second write would have found another minimum.
    assert_eq!(journal["changes"][0]["from"], 6, "{what}: {journal}");
    let status = hand.kept(name).record.status;
    assert_eq!(status.phase, Phase::Applied, "{what}: {}", status.detail);
    assert_eq!(status.attempt, None, "{what}");
    let known = status.applied.unwrap().id;
    assert_eq!(json!(known), journal["id"], "{what}");
}

#[track_caller]
fn is_taken_back(hand: &Hand, name: &str, before: &Value, what: &str) {
    let hpa = hand.hpa(name);
    assert_eq!(hpa["spec"], before["spec"], "{what}");
    assert_eq!(hpa["metadata"]["annotations"], Value::Null, "{what}");
    let status = hand.kept(name).record.status;
    assert_eq!(status.phase, Phase::RolledBack, "{what}: {}", status.detail);
    assert_eq!(status.attempt, None, "{what}");
}

/// How many requests a deed makes that may be struck.
fn requests(bench: &Bench, deed: impl FnOnce()) -> u32 {
    let before = bench.requests().len();
    deed();
    let all = bench.requests();
    let plural = |it: &'static str| it.split('/').next().unwrap();
    let is_struck = |it: &&String| RESOURCES.iter().any(|part| it.contains(plural(part)));
    all[before..].iter().filter(is_struck).count() as u32
}

/// Each of so many requests meets each trouble once, on its way or on the way back.
fn each(count: u32, mut deed: impl FnMut(&str, &Value)) {
    assert!(count > 4, "it reads, announces, writes, and tells: {count}");
    for answer in ANSWERS {
        for number in 1..=count {
            for carried_out in [false, true] {
                let way = if carried_out { "late" } else { "early" };
                let name = format!("{}-{number}-{way}", answer.to_lowercase());
                deed(&name, &nth(number, answer, carried_out));
            }
        }
    }
}

#[test]
fn whatever_happens_to_a_request_of_an_apply_there_is_one_write() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    hand.plain("calm");
    hand.approved("calm", fewer());
    let count = requests(&bench, || drop(hand.apply("calm", None).unwrap()));
    is_in_force_once(&hand, "calm", "calm");
    each(count, |name, faults| {
        hand.plain(name);
        hand.approved(name, fewer());
        hand.meet(faults);
        let applied = hand.apply(name, None);
        hand.meet(&none());
        if let Ok(Applied::Done(_)) = applied {
            is_in_force_once(&hand, name, name);
        }
        let early = journal(&hand.hpa(name));

        let again = hand.apply(name, None);
        let is_done = matches!(again, Ok(Applied::Done(_) | Applied::Already(_)));
        assert!(is_done, "{name}: {applied:?}, then {again:?}");
        is_in_force_once(&hand, name, name);
        let late = journal(&hand.hpa(name));
        assert!(
            early.is_null() || early == late,
            "{name}: {early}, then {late}"
        );
    });
}

fn is_over(error: &conduct::Error) -> bool {
    matches!(error, conduct::Error::NotNow(it) if it.phase == Phase::RolledBack)
}

#[test]
fn whatever_happens_to_a_request_of_a_revert_it_is_done_in_the_end() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    let in_force = |name: &str| {
        hand.plain(name);
        let before = hand.hpa(name);
        hand.approved(name, fewer());
        assert!(matches!(hand.apply(name, None), Ok(Applied::Done(_))));
        before
    };
    let before = in_force("calm");
    let count = requests(&bench, || drop(hand.revert("calm").unwrap()));
    is_taken_back(&hand, "calm", &before, "calm");
    each(count, |name, faults| {
        let before = in_force(name);
        hand.meet(faults);
        let reverted = hand.revert(name);
        hand.meet(&none());
        if let Ok(Reverted::Done(..)) = reverted {
            return is_taken_back(&hand, name, &before, name);
        }
        match hand.revert(name) {
            Ok(Reverted::Done(_, lost)) => assert_eq!(lost, [], "{name}"),
            // The answer that was lost was the last one.
            Err(error) if is_over(&error) => {}
            other => panic!("{name}: {reverted:?}, then {other:?}"),
        }
        is_taken_back(&hand, name, &before, name);
    });
}

#[test]
fn a_write_whose_answer_does_not_come_in_time_is_found() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, Some(Duration::from_millis(400)));
    let slow = |verbs: &[&str], resource: &str, nth: u32| {
        json!({ "rules": [{ "when": { "verbs": verbs, "resources": [resource] }, "nth": nth,
            "carriedOut": true, "latency": { "least": "2s" } }] })
    };
    // The first patch of an apply is the rehearsal.
    for (name, verbs, resource, number) in [
        ("target", ["patch"], "horizontalpodautoscalers", 2),
        ("begun", ["update"], "scalingrecommendations/status", 1),
        ("known", ["update"], "scalingrecommendations/status", 2),
    ] {
        hand.plain(name);
        let before = hand.hpa(name);
        hand.approved(name, fewer());
        hand.meet(&slow(&verbs, resource, number));
        let applied = hand.apply(name, None);
        hand.meet(&none());
        let is_found = name == "target";
        assert_eq!(
            matches!(applied, Ok(Applied::Done(_))),
            is_found,
            "{applied:?}"
        );
        assert!(hand.apply(name, None).is_ok());
        is_in_force_once(&hand, name, name);

        let number = if name == "target" { 1 } else { number };
        hand.meet(&slow(&verbs, resource, number));
        let reverted = hand.revert(name);
        hand.meet(&none());
        assert_eq!(reverted.is_ok(), is_found, "{reverted:?}");
        let _ = hand.revert(name);
        is_taken_back(&hand, name, &before, name);
    }
}

#[test]
fn a_storm_delays_and_harms_nothing() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    let names = ["a", "b", "c", "d", "e", "f"];
    let before = names.map(|name| {
        hand.plain(name);
        let before = hand.hpa(name);
        hand.approved(name, fewer());
        before
    });
    let storm = |seed: u32| {
        let rule = |answer: &str, carried_out: bool| {
            json!({ "when": { "resources": RESOURCES }, "share": 0.08, "answer": answer,
                "carriedOut": carried_out })
        };
        let writes = json!({ "when": { "verbs": ["patch"], "resources": [RESOURCES[0]] },
            "share": 0.4, "answer": "dropped", "carriedOut": true });
        json!({ "seed": seed, "rules": [ writes,
            rule("internalError", false), rule("dropped", false), rule("conflict", false),
            rule("internalError", true), rule("dropped", true), rule("conflict", true) ] })
    };
    let mut failed = 0;
    for seed in 0..4 {
        hand.meet(&storm(seed));
        failed += names
            .iter()
            .filter(|name| hand.apply(name, None).is_err())
            .count();
    }
    hand.meet(&none());
    assert!(failed > 4, "there is no storm: {failed} failed");
    for name in names {
        assert!(hand.apply(name, None).is_ok());
        is_in_force_once(&hand, name, name);
    }
    for seed in 10..14 {
        hand.meet(&storm(seed));
        names.iter().for_each(|name| drop(hand.revert(name)));
    }
    hand.meet(&none());
    for (name, before) in names.iter().zip(&before) {
        let _ = hand.revert(name);
        is_taken_back(&hand, name, before, name);
    }
}
