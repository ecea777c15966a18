//! The table of all pairs is in `table`, what holds in any order of events in `laws`; here is what
//! needs words.

mod given;
mod laws;
mod table;

use serde_json::json;

use super::*;
use crate::analysis::review::Standing;
use crate::lifecycle::record::{Decision, STORY};
use crate::lifecycle::schedule::State;
use crate::lifecycle::schedule::floor::Floor;
use given::*;

#[test]
fn a_change_goes_from_proposal_to_verified() {
    let events = [
        (1, approved()),
        (2, Event::Began(attempt("w1", Write::Apply))),
        (2, written("w1", minutes(2))),
        (10, inconclusive()),
        (20, healthy()),
        (47, healthy()),
    ];
    let record = after(new(), &Policy::default(), &events);
    let story: Vec<String> = record
        .status
        .story
        .iter()
        .map(|it| format!("{} {}: {}", it.phase, it.by, it.detail))
        .collect();
    assert_eq!(
        story,
        [
            "pending : waiting for approval",
            "approved ann: approved by ann",
            "approved ann: applying",
            "applied ann: patched HPA",
            "applied : healthy so far: cpu is near its target",
            "verified : healthy after probation",
        ]
    );
    assert_eq!(record.status.since, Some(minutes(47)));
    assert_eq!(record.status.measured, Some(json!({ "cpu": 60 })));
    assert_eq!(record.status.attempt, None);
}

#[test]
fn a_reason_that_was_given_stays_in_the_story_once_it_is_taken_back() {
    let events = [
        (1, approved()),
        (2, Event::Began(attempt("w1", Write::Apply))),
        (2, written_because("idle at night", "w1", minutes(2))),
        (3, written_because("idle at night", "w1", minutes(2))),
        (9, reverted(vec![])),
    ];
    let record = after(new(), &Policy::default(), &events);
    let story = record.status.story.iter();
    let told: Vec<String> = story
        .filter(|it| it.detail.starts_with("reason"))
        .map(|it| format!("{} {}: {}", it.phase, it.by, it.detail))
        .collect();
    assert_eq!(told, ["approved ann: reason: idle at night"]);
    assert_eq!(record.status.phase, Phase::RolledBack);
}

fn written_with_schedule(id: &str, at: Timestamp, schedule: Plan) -> Event {
    match written(id, at) {
        Event::Written {
            id,
            by,
            at,
            why,
            changes,
            ..
        } => Event::Written {
            id,
            by,
            at,
            why,
            changes,
            schedule,
        },
        other => other,
    }
}

fn with_schedule(phase: Phase) -> Record {
    let mut record = in_phase(phase);
    record.status.schedule = Some(Carried::begun(morning(), None));
    record
}

#[test]
fn a_review_of_what_is_in_force_is_kept_and_told_when_it_changes() {
    let record = with_schedule(Phase::Verified);
    let at = |minute, record: &Record, event| {
        step(record, event, &Policy::default(), minutes(minute)).unwrap()
    };
    let steady = at(60, &record, reviewed(Standing::Steady));
    assert_eq!(steady.effects, [Effect::Save]);
    let obsolete = at(70, &steady.record, reviewed(Standing::Obsolete));
    let Effect::Announce {
        reason,
        message,
        is_warning,
    } = &obsolete.effects[1]
    else {
        panic!("{:?}", obsolete.effects);
    };
    let told = (*reason, message.as_str(), *is_warning);
    assert_eq!(told, ("ScheduleReviewed", "obsolete: as obsolete", true));
    let last = obsolete.record.status.story.last().unwrap();
    assert_eq!(last.detail, "schedule reviewed, obsolete: as obsolete");
    let again = at(80, &obsolete.record, reviewed(Standing::Obsolete));
    assert_eq!(again.effects, []);
    // How it is carried out does not change what was found.
    let mut carried = obsolete.record.status.schedule.clone().unwrap();
    carried.state = State::Open;
    let opened = at(90, &obsolete.record, Event::Scheduled(Box::new(carried)));
    let review = opened.record.status.schedule.unwrap().review.unwrap();
    assert_eq!(
        (review.standing, review.since),
        (Standing::Obsolete, minutes(70))
    );
}

#[test]
fn a_review_of_other_windows_or_of_a_retracted_schedule_is_none() {
    let mut other = with_schedule(Phase::Verified);
    other.status.schedule = Some(Carried::begun(Plan::default(), None));
    let mut retracted = with_schedule(Phase::Verified);
    if let Some(carried) = &mut retracted.status.schedule {
        carried.state = State::Retracted;
    }
    for record in [other, retracted] {
        let event = reviewed(Standing::Obsolete);
        let step = step(&record, event, &Policy::default(), minutes(60)).unwrap();
        assert_eq!(step.effects, []);
    }
}

#[test]
fn a_schedule_ends_by_a_proposal_without_one() {
    let mut record = with_schedule(Phase::Verified);
    let mut new = proposal(2, 2);
    new.diff.clear();
    new.analyzed_at = Some(minutes(90));
    new.schedule_before = vec![json!(morning().windows()[0])];
    assert_eq!(new.one_line(), "no schedule any more");
    let policy = Policy::default();
    record = after(record, &policy, &[(90, proposed(new))]);
    assert_eq!(record.status.detail, "proposed anew: no schedule any more");
    let is_carried = |it: &Record| it.status.schedule.is_some();
    assert!(is_carried(&record), "until somebody has said yes");
    let events = [
        (91, approved()),
        (92, Event::Began(attempt("w2", Write::Apply))),
        (
            92,
            written_with_schedule("w2", minutes(92), Plan::default()),
        ),
    ];
    record = after(record, &policy, &events);
    assert!(!is_carried(&record));
    assert_eq!(record.status.phase, Phase::Applied);
}

#[test]
fn a_schedule_is_in_force_from_the_write_to_the_revert() {
    let begun = [
        (1, approved()),
        (2, Event::Began(attempt("w1", Write::Apply))),
        (2, written_with_schedule("w1", minutes(2), morning())),
    ];
    let record = after(new(), &Policy::default(), &begun);
    assert_eq!(record.status.schedule.as_ref().unwrap().windows, morning());
    let open = after(record, &Policy::default(), &[(9, scheduled(State::Open))]);
    assert!(open.status.schedule.as_ref().unwrap().is_active());
    // Another proposal takes nothing away, another change does.
    let mut verified = open.clone();
    verified.status.phase = Phase::Verified;
    let mut other = proposal(4, 2);
    other.analyzed_at = Some(minutes(90));
    let pending = after(verified, &Policy::default(), &[(90, proposed(other))]);
    assert_eq!(pending.status.phase, Phase::Pending);
    assert_eq!(pending.status.schedule, open.status.schedule);
    let events = [
        (91, approved()),
        (92, Event::Began(attempt("w2", Write::Apply))),
        (92, written("w2", minutes(92))),
    ];
    assert_eq!(
        after(pending, &Policy::default(), &events).status.schedule,
        None
    );
    let taken_back = after(open, &Policy::default(), &[(10, reverted(vec![]))]);
    assert_eq!(taken_back.status.schedule, None);
}

#[test]
fn what_an_earlier_schedule_holds_is_known_until_it_is_given_back() {
    let mut record = with_schedule(Phase::Applied);
    let floor = Floor {
        id: text("f1"),
        recommendation: text("web"),
        by: text("ann"),
        at: START,
        from: 3,
        to: 8,
        until: minutes(120),
    };
    record.status.schedule.as_mut().unwrap().floor = Some(floor.clone());
    let event = Event::Overtaken {
        why: text("others"),
    };
    let step = step(&record, event, &Policy::default(), minutes(9)).unwrap();
    let left = step.record.status.schedule.unwrap();
    assert_eq!((left.windows.is_empty(), left.floor), (true, Some(floor)));
}

#[test]
fn windows_that_open_and_close_are_no_part_of_the_story() {
    let record = with_schedule(Phase::Verified);
    let policy = Policy::default();
    let story = record.status.story.clone();
    let mut record = record;
    for (state, effects) in [
        (State::Waiting, 1),
        (State::Open, 2),
        (State::Open, 0),
        (State::Withheld, 2),
        (State::Waiting, 2),
    ] {
        let step = step(&record, scheduled(state), &policy, minutes(60)).unwrap();
        assert_eq!(step.effects.len(), effects, "{state}");
        record = step.record;
    }
    assert_eq!(record.status.story, story);
    let step = step(&record, scheduled(State::Retracted), &policy, minutes(61)).unwrap();
    let last = step.record.status.story.last().unwrap();
    assert_eq!(last.detail, "schedule retracted: as retracted");
    assert_eq!(step.record.status.phase, Phase::Verified);
    // Where it was all of the change, nothing is in force any more.
    record.status.applied.as_mut().unwrap().changes.clear();
    let step = super::step(&record, scheduled(State::Retracted), &policy, minutes(61)).unwrap();
    assert_eq!(step.record.status.phase, Phase::Superseded);
    assert_eq!(step.record.status.rejected_inputs, None);
}

#[test]
fn details_are_those_that_people_know() {
    let refusal = Refusal::TargetGone;
    let failed = Event::WriteFailed {
        why: text("conflict"),
    };
    let lost_nothing = reverted(vec![]);
    let waiting = judged(Verdict::Inconclusive { detail: text("") });
    let revert_failed = Event::RevertFailed {
        why: text("forbidden"),
    };
    let adopted = Event::Adopted {
        by: text("argocd"),
        at: START,
        changes: changes(),
    };
    let rejected = Event::Rejected {
        by: text("bob"),
        reason: text("sale next week"),
    };
    let deeper = Lost {
        path: text("/spec/minReplicas/x"),
        ..lost()[0].clone()
    };
    #[rustfmt::skip]
    let cases = [
        (Phase::Approved, written("w1", START), "patched HPA"),
        (Phase::Blocked, adopted, "found in HPA, written by argocd"),
        (Phase::Approved, failed, "apply failed: conflict"),
        (Phase::Approved, Event::Refused(refusal.clone()), &*refusal.to_string()),
        (Phase::Applied, healthy(), "healthy after probation"),
        (Phase::Applied, waiting, "awaiting post-apply data"),
        (Phase::Applied, inconclusive(), "awaiting post-apply data: 2 of 3 samples"),
        (Phase::Applied, error(), "could not be measured: timeout"),
        (Phase::Applied, degraded(), "cpu is above its target"),
        (Phase::Degraded, inconclusive(), "as degraded"),
        (Phase::Degraded, error(), "as degraded"),
        (Phase::Applied, revert_failed.clone(), "revert failed: forbidden"),
        // Why it is to be taken back stays the reason.
        (Phase::Degraded, revert_failed, "as degraded"),
        (Phase::Degraded, lost_nothing, "cpu is above its target"),
        (Phase::Degraded, reverted(vec![deeper]),
            "cpu is above its target; /spec/minReplicas/x stay as others changed them"),
        (Phase::Degraded, reverted(lost()),
            "cpu is above its target; nothing was ours any more: /spec/minReplicas stay as others \
             changed them"),
        (Phase::Pending, rejected, "rejected by bob: sale next week"),
        (Phase::Blocked, proposed(proposal(4, 2)), "proposed anew: min 4→2"),
    ];
    for (phase, event, expected) in cases {
        assert_eq!(detail(in_phase(phase), 60, event), expected);
    }
}

#[test]
fn what_is_not_possible_says_why_and_what_to_do() {
    let begin = |what| Event::Began(attempt("w2", what));
    let reject = Event::Rejected {
        by: text("bob"),
        reason: String::new(),
    };
    #[rustfmt::skip]
    let cases = [
        (Phase::Pending, begin(Write::Apply), "run `kubectl stepscale approve rec/web -n shop` first"),
        (Phase::Applied, reject, "run `kubectl stepscale revert rec/web -n shop` to take it back"),
        (Phase::RolledBack, approved(), "run `kubectl stepscale analyze hpa/web -n shop` for a new proposal"),
        (Phase::Pending, begin(Write::Revert), "there is nothing to revert"),
    ];
    for (phase, event, way_out) in cases {
        let refused = step(&in_phase(phase), event, &Policy::default(), minutes(60));
        let refused = refused.unwrap_err();
        assert_eq!(refused.way_out, way_out);
        assert!(
            refused
                .to_string()
                .starts_with("rec/web in namespace shop is "),
            "{refused}"
        );
    }
}

#[test]
fn errors_and_failures_in_a_row_are_counted_apart() {
    #[rustfmt::skip]
    let cases = [
        (vec![error(), error()], (2, 0)),
        (vec![error(), degraded()], (0, 1)),
        (vec![degraded(), degraded()], (0, 2)),
        (vec![degraded(), error()], (1, 0)),
        (vec![error(), healthy()], (0, 0)),
        (vec![degraded(), healthy()], (0, 0)),
        (vec![error(), inconclusive()], (0, 0)),
    ];
    for (events, expected) in cases {
        let events: Vec<_> = events.into_iter().map(|it| (10, it)).collect();
        let status = after(in_phase(Phase::Applied), &WITHOUT_ROLLBACK, &events).status;
        assert_eq!((status.errors, status.failures), expected, "{events:?}");
    }
}

#[test]
fn probation_is_extended_while_too_little_is_known_up_to_a_limit() {
    let policy = Policy::default();
    let mut record = in_phase(Phase::Applied);
    let limit = minutes(26 * 60);
    let cases = [
        (30, minutes(45)),
        (45, minutes(90)),
        (80, minutes(90)),
        (1500, minutes(1545)),
        (1545, limit),
        (1560, limit),
        (9000, limit),
    ];
    for (minute, until) in cases {
        record = after(record, &policy, &[(minute, inconclusive())]);
        assert_eq!(record.status.probation_until, Some(until), "{minute}");
        assert_eq!(record.status.phase, Phase::Applied);
    }
    assert_eq!(
        record.status.detail,
        "inconclusive at the end of the longest probation: awaiting post-apply data: 2 of 3 samples"
    );
    let record = after(record, &policy, &[(9001, healthy())]);
    assert_eq!(record.status.phase, Phase::Verified);
}

#[test]
fn a_degraded_change_recovers_where_nothing_takes_it_back() {
    let bad = after(
        in_phase(Phase::Applied),
        &WITHOUT_ROLLBACK,
        &[(10, degraded())],
    );
    assert_eq!(bad.status.phase, Phase::Degraded);
    for (minute, phase) in [(20, Phase::Applied), (45, Phase::Verified)] {
        let record = after(bad.clone(), &WITHOUT_ROLLBACK, &[(minute, healthy())]);
        assert_eq!(record.status.phase, phase);
    }
}

#[test]
fn an_answered_question_is_asked_anew_only_where_it_is_another() {
    let rejected = in_phase(Phase::Rejected);
    let policy = Policy::default();
    let again = after(rejected.clone(), &policy, &[(60, proposed(proposal(3, 2)))]);
    assert_eq!(again, rejected);

    let other = after(rejected, &policy, &[(60, proposed(proposal(3, 1)))]);
    assert_eq!(other.status.phase, Phase::Pending);
    let back = after(other.clone(), &policy, &[(61, proposed(proposal(3, 2)))]);
    assert_eq!(
        back, other,
        "what was rejected does not come back by a detour"
    );

    let wanted = [
        (
            62,
            Event::Rejected {
                by: text("bob"),
                reason: text(""),
            },
        ),
        (63, approved()),
    ];
    let wanted = after(other, &policy, &wanted);
    assert_eq!(wanted.status.rejected_inputs, None, "a yes forgets the no");
}

#[test]
fn a_new_question_needs_a_new_yes_and_keeps_the_story() {
    let policy = Policy::default();
    let taken_back = in_phase(Phase::RolledBack);
    let record = after(
        taken_back.clone(),
        &policy,
        &[(60, proposed(proposal(4, 2)))],
    );
    assert!(!record.approved);
    assert_eq!(record.status.applied, None);
    assert_eq!(record.status.story[..2], taken_back.status.story[..]);
    assert!(!record.is_edited());
}

#[test]
fn edits_and_answers_of_people_are_left_alone() {
    let policy = Policy::default();
    let mut edited = new();
    edited.proposal.diff[0].to = json!(1);
    let mut answered = new();
    answered.approved = true;
    let mut of_others = new();
    of_others.status.observed = None;
    for record in [edited, answered, of_others] {
        for event in [
            proposed(proposal(4, 2)),
            Event::Withdrawn { why: text("tuned") },
        ] {
            assert_eq!(after(record.clone(), &policy, &[(60, event)]), record);
        }
    }
}

#[test]
fn new_numbers_are_kept_and_another_time_alone_is_not() {
    let mut later = proposal(3, 2);
    later.analyzed_at = Some(minutes(60));
    let step_of = |it| step(&new(), proposed(it), &Policy::default(), minutes(60)).unwrap();
    assert_eq!(step_of(later.clone()).effects, []);

    later.saving_usd = Some(13.0);
    let refreshed = step_of(later.clone());
    assert_eq!(refreshed.effects, [Effect::Save]);
    assert_eq!(refreshed.record.proposal, later);
    assert_eq!(refreshed.record.status.story.len(), 1);
}

#[test]
fn a_yes_taken_back_in_the_middle_of_a_write_waits_for_its_end() {
    let policy = Policy::default();
    let begun = [
        (1, approved()),
        (2, Event::Began(attempt("w1", Write::Apply))),
        (3, Event::Unapproved { by: text("bob") }),
    ];
    let record = after(new(), &policy, &begun);
    assert_eq!(record.status.phase, Phase::Approved);
    assert_eq!(
        record.status.decided.as_ref().map(|it| &*it.by),
        Some("bob")
    );

    let made = after(record.clone(), &policy, &[(4, written("w1", minutes(2)))]);
    assert_eq!((made.status.phase, made.approved), (Phase::Applied, false));
    let why = text("conflict");
    let failed = after(record, &policy, &[(4, Event::WriteFailed { why })]);
    assert_eq!(failed.status.phase, Phase::Pending);
}

#[test]
fn a_write_that_is_seen_again_changes_nothing() {
    let policy = Policy::default();
    for phase in [
        Phase::Applied,
        Phase::Verified,
        Phase::Degraded,
        Phase::RolledBack,
    ] {
        let record = in_phase(phase);
        let again = step(&record, written("w1", minutes(50)), &policy, minutes(60)).unwrap();
        assert_eq!(again.record, record);
        assert_eq!(again.effects, []);
    }
}

#[test]
fn a_degraded_change_is_saved_before_it_is_taken_back() {
    let step = step(
        &in_phase(Phase::Applied),
        degraded(),
        &Policy::default(),
        minutes(5),
    )
    .unwrap();
    let reason = text("cpu is above its target");
    assert_eq!(step.record.status.phase, Phase::Degraded);
    assert_eq!(step.effects, [Effect::Save, Effect::Revert { reason }]);
}

#[test]
fn what_was_decided_before_a_crash_is_known_after_it() {
    let revert = |reason: &str| {
        Some(Effect::Revert {
            reason: text(reason),
        })
    };
    let asked = after(
        in_phase(Phase::Verified),
        &Policy::default(),
        &[(60, Event::Began(attempt("r1", Write::Revert)))],
    );
    let cases = [
        (
            in_phase(Phase::Degraded),
            Policy::default(),
            revert("as degraded"),
        ),
        (in_phase(Phase::Degraded), WITHOUT_ROLLBACK, None),
        (asked, WITHOUT_ROLLBACK, revert("reverted by ann")),
        (in_phase(Phase::Applied), Policy::default(), None),
        (in_phase(Phase::RolledBack), Policy::default(), None),
    ];
    for (record, policy, expected) in cases {
        assert_eq!(
            unfinished(&record, &policy),
            expected,
            "{}",
            record.status.phase
        );
    }
}

#[test]
fn a_story_keeps_the_latest() {
    let mut record = new();
    for minute in 0..100 {
        let events = [
            (minute, approved()),
            (minute, Event::Unapproved { by: text("bob") }),
        ];
        record = after(record, &Policy::default(), &events);
    }
    assert_eq!(record.status.story.len(), STORY);
    assert_eq!(record.status.story[STORY - 1].at, minutes(99));
    let decided = Some(Decision {
        by: text("bob"),
        at: minutes(99),
        reason: String::new(),
    });
    assert_eq!(record.status.decided, decided);
}

#[test]
fn what_others_put_in_force_is_theirs_to_take_back() {
    let adopted = Event::Adopted {
        by: text("argocd"),
        at: START,
        changes: changes(),
    };
    let policy = Policy::default();
    let record = step(&in_phase(Phase::Approved), adopted, &policy, minutes(1));
    let judged = step(&record.unwrap().record, degraded(), &policy, minutes(30)).unwrap();
    assert_eq!(judged.record.status.phase, Phase::Degraded);
    let is_revert = |it: &Effect| matches!(it, Effect::Revert { .. });
    assert!(
        !judged.effects.iter().any(is_revert),
        "{:?}",
        judged.effects
    );
    assert_eq!(unfinished(&judged.record, &policy), None);
}
