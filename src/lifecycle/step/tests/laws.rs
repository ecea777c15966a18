//! What holds whatever happens in whatever order.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::analysis::review::Standing;
use crate::lifecycle::schedule::State;

fn id() -> impl Strategy<Value = &'static str> {
    select(vec!["w1", "w2", "w3"])
}

fn event() -> impl Strategy<Value = Event> {
    let by = || select(vec![text("ann"), text("kubectl")]);
    let why = || select(vec![text("conflict"), text("forbidden")]);
    let what = select(vec![Write::Apply, Write::Revert]);
    let refusal = select(vec![Refusal::NotApproved, Refusal::TargetGone]);
    let checks = vec![healthy(), healthy(), degraded(), inconclusive(), error()];
    let people = prop_oneof![
        3 => by().prop_map(|by| Event::Approved { by }),
        1 => by().prop_map(|by| Event::Unapproved { by }),
        1 => (by(), why()).prop_map(|(by, reason)| Event::Rejected { by, reason }),
        1 => refusal.prop_map(Event::Refused),
    ];
    let states = select(State::ALL.to_vec());
    let writes = prop_oneof![
        2 => states.prop_map(scheduled),
        1 => select(Standing::ALL.to_vec()).prop_map(reviewed),
        6 => (id(), what).prop_map(|(id, what)| Event::Began(attempt(id, what))),
        4 => (id(), 0..90_i64).prop_map(|(id, minute)| written(id, minutes(minute))),
        1 => (by(), 0..4000_i64).prop_map(|(by, minute)| {
            Event::Adopted { by, at: minutes(minute), changes: changes() }
        }),
        1 => why().prop_map(|why| Event::WriteFailed { why }),
        2 => any::<bool>().prop_map(|it| reverted(if it { lost() } else { vec![] })),
        1 => why().prop_map(|why| Event::RevertFailed { why }),
        1 => why().prop_map(|why| Event::Overtaken { why }),
    ];
    let analyses = prop_oneof![
        3 => (2..5_u32, 1..4_u32, 0..3000_i64).prop_map(|(from, to, at)| {
            let mut new = proposal(from, to);
            new.analyzed_at = Some(minutes(at));
            proposed(new)
        }),
        1 => why().prop_map(|why| Event::Withdrawn { why }),
    ];
    prop_oneof![3 => people, 4 => writes, 3 => select(checks).prop_map(|it| it), 2 => analyses]
}

/// Events with the minutes before each, and whether somebody flips `spec.approved` before it.
fn events() -> impl Strategy<Value = Vec<(i64, bool, Event)>> {
    let flips = proptest::bool::weighted(0.05);
    proptest::collection::vec((0..400_i64, flips, event()), 0..60)
}

fn check(before: &Record, event: &Event, policy: &Policy, now: Timestamp) -> Record {
    let Ok(step) = step(before, event.clone(), policy, now) else {
        return before.clone();
    };
    let Step { record, effects } = step;
    effects_are_in_order(before, event, &record, &effects);
    probation_is_fair(before, event, policy, &record, now);
    let (old, new) = (before.status.phase, record.status.phase);

    assert!(!new.is_in_force() || record.status.applied.is_some());
    assert!(record.status.errors == 0 || record.status.failures == 0);
    assert!((1..=STORY).contains(&record.status.story.len()));
    if old != new {
        let last = record.status.story.last().unwrap();
        assert_eq!((last.phase, last.at), (new, now));
        assert_eq!(last.detail, record.status.detail);
        assert_eq!(record.status.since, Some(now));
    }
    if old.is_in_force() && matches!(event, Event::Unapproved { .. } | Event::Approved { .. }) {
        assert_eq!(old, new);
    }
    if old != Phase::RolledBack && new == Phase::RolledBack {
        assert!(matches!(
            event,
            Event::Reverted { .. } | Event::Overtaken { .. }
        ));
    }
    if !old.is_in_force() && new.is_in_force() {
        assert!(matches!(
            event,
            Event::Written { .. } | Event::Adopted { .. }
        ));
        assert_eq!(new, Phase::Applied);
        assert_eq!(record.status.attempt, None);
    }
    record
}

fn effects_are_in_order(before: &Record, event: &Event, record: &Record, effects: &[Effect]) {
    assert_eq!(effects.is_empty(), effects.first() != Some(&Effect::Save));
    if effects.is_empty() {
        assert_eq!(before, record);
    }
    for effect in &effects[effects.len().min(1)..] {
        match effect {
            Effect::Save => panic!("saved twice"),
            Effect::Apply => {
                assert!(before.approved);
                let Event::Began(attempt) = event else {
                    panic!("applied without a beginning");
                };
                assert_eq!(record.status.attempt.as_ref(), Some(attempt));
                assert_eq!(effects.len(), 2);
            }
            Effect::Revert { .. } => {
                assert!(before.status.phase.is_in_force());
                assert!(matches!(event, Event::Began(_) | Event::Judged(_)));
            }
            Effect::Announce { message, .. } => assert!(!message.is_empty()),
        }
    }
}

fn probation_is_fair(
    before: &Record,
    event: &Event,
    policy: &Policy,
    record: &Record,
    now: Timestamp,
) {
    let (old, new) = (&before.status, &record.status);
    let Event::Judged(Check { verdict, .. }) = event else {
        assert!(old.phase == Phase::Verified || new.phase != Phase::Verified);
        return;
    };
    assert!(new.probation_until >= old.probation_until);
    match verdict {
        Verdict::Healthy { .. } if old.phase.is_in_force() && old.phase != Phase::Verified => {
            let is_over = now >= old.probation_until.unwrap();
            assert_eq!(new.phase == Phase::Verified, is_over);
        }
        Verdict::Healthy { .. } | Verdict::Degraded { .. } => {}
        Verdict::Inconclusive { .. } | Verdict::Error { .. } => {
            assert_eq!(new.phase, old.phase);
            if new.probation_until != old.probation_until {
                let latest = new.applied.as_ref().unwrap().at + policy.probation_max;
                assert!(new.probation_until.unwrap() <= latest);
                assert!(now >= old.probation_until.unwrap());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn laws_hold_in_any_order(events in events(), rollback: bool) {
        let policy = Policy { rollback, ..Policy::default() };
        let (mut record, mut minute) = (new(), 0);
        for (wait, flips, event) in events {
            minute += wait;
            record.approved ^= flips;
            record = check(&record, &event, &policy, minutes(minute));
        }
    }

    /// Whoever comes after a crash may see the same again.
    #[test]
    fn what_was_written_and_taken_back_may_be_told_twice(events in events(), id in id()) {
        let policy = Policy::default();
        let mut record = new();
        for (_, _, event) in events {
            record = check(&record, &event, &policy, minutes(100));
        }
        for event in [written(id, minutes(95)), reverted(vec![])] {
            record = check(&record, &event, &policy, minutes(100));
            let again = step(&record, event, &policy, minutes(101)).unwrap();
            prop_assert_eq!(&again.record, &record);
            prop_assert_eq!(again.effects, []);
        }
    }
}
