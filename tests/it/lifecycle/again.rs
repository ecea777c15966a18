//! One change after another, each on top of those that have proved themselves.

use jiff::SignedDuration;
use serde_json::{Value, json};
use stepscale::conduct::{Applied, Reverted};
use stepscale::lifecycle::Phase;
use stepscale::lifecycle::diff::{Key, Setting};
use stepscale::lifecycle::step::{Check, Event, Policy, Verdict};

use super::bench::Bench;
use super::hand::Hand;

fn one(key: Key, from: u32, to: u32) -> Vec<Setting> {
    vec![Setting {
        key,
        from: json!(from),
        to: json!(to),
    }]
}

/// Lets the probation pass and says that all went well.
#[track_caller]
fn proves_itself(hand: &Hand, name: &str) {
    let body = json!({ "advanceSeconds": (Policy::default().probation + SignedDuration::from_mins(1)).as_secs() });
    hand.done("POST", "/twin/clock", "application/json", &body);
    let check = Check {
        verdict: Verdict::Healthy {
            detail: String::new(),
        },
        measured: Value::Null,
    };
    let stored = hand.kept(name);
    let judged = hand.conduct(async |conductor| conductor.judge(&stored, check).await);
    assert_eq!(judged.unwrap().record.status.phase, Phase::Verified);
}

/// Another proposal for the same autoscaler, approved.
#[track_caller]
fn proposed_anew(hand: &Hand, name: &str, diff: Vec<Setting>) {
    let stored = hand.kept(name);
    let mut proposal = stored.record.proposal.clone();
    proposal.diff = diff;
    proposal.analyzed_at = Some(hand.conduct(async |conductor| conductor.now().await.unwrap()));
    let saved = hand.conduct(async |conductor| {
        let event = Event::Proposed(Box::new(proposal));
        let saved = conductor.happen(&stored, event).await.unwrap();
        let by = "tester".to_owned();
        conductor.happen(&saved, Event::Approved { by }).await
    });
    assert_eq!(saved.unwrap().record.status.phase, Phase::Approved);
}

fn bounds(hpa: &Value) -> (&Value, &Value) {
    (&hpa["spec"]["minReplicas"], &hpa["spec"]["maxReplicas"])
}

#[test]
fn a_change_that_proved_itself_stays_when_the_next_one_comes_and_goes() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    hand.plain("web");
    hand.approved("web", one(Key::MinReplicas, 6, 2));
    assert!(matches!(hand.apply("web", None), Ok(Applied::Done(_))));
    proves_itself(&hand, "web");

    proposed_anew(&hand, "web", one(Key::MaxReplicas, 20, 12));
    hand.fresh("web");
    let applied = hand.apply("web", None);
    assert!(matches!(applied, Ok(Applied::Done(_))), "{applied:?}");
    assert_eq!(bounds(&hand.hpa("web")), (&json!(2), &json!(12)));

    let reverted = hand.revert("web");
    assert!(matches!(reverted, Ok(Reverted::Done(..))), "{reverted:?}");
    assert_eq!(bounds(&hand.hpa("web")), (&json!(2), &json!(20)));
}

#[test]
fn nothing_is_built_upon_a_change_on_probation() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    hand.plain("web");
    hand.approved("web", one(Key::MinReplicas, 6, 2));
    assert!(matches!(hand.apply("web", None), Ok(Applied::Done(_))));
    // Somebody lost the record, and the next analysis began another one.
    let stored = hand.kept("web");
    hand.wait(hand.store.delete(&stored)).unwrap();
    hand.approved("web", one(Key::MaxReplicas, 20, 12));
    let applied = hand.apply("web", None);
    let Ok(Applied::Refused(_, refusal)) = applied else {
        panic!("{applied:?}");
    };
    assert_eq!(refusal.reason(), "InForce");
    assert_eq!(bounds(&hand.hpa("web")), (&json!(2), &json!(20)));
}
