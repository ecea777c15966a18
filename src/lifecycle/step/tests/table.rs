//! What every event does in every phase.
//!
//! A cell has four letters of the phase after it and one for each effect: `s` save, `a` apply, `r`
//! revert, `n` announce. `.` is an event that changes nothing, `!` one that is not possible now.

use super::*;
use crate::analysis::review::Standing;
use crate::lifecycle::schedule::State;

/// No write is under way; approved unless pending, rejected or superseded.
const WHEN_QUIET: &str = "
                 pending  approved applied  verified degraded rolledBa blocked  failed   rejected supersed
proposed same    .        .        .        .        .        .        .        .        .        pend s
proposed other   pend s   .        .        .        .        pend s   .        .        pend s   pend s
target moved     pend s   .        .        pend s   .        pend s   pend s   pend s   pend s   pend s
withdrawn        supe s   .        .        .        .        .        .        .        .        .
approved         appr s   .        .        .        .        !        .        .        appr s   !
unapproved       .        pend s   appl s   veri s   degr s   roll s   pend s   pend s   .        .
rejected         reje s   reje s   !        !        !        !        reje s   reje s   .        !
refused          .        bloc sn  .        .        .        .        bloc sn  bloc sn  .        .
began apply      !        appr sa  !        !        !        !        appr sa  appr sa  !        !
began revert     !        !        appl sr  veri sr  degr sr  !        !        !        !        !
written          appl sn  appl sn  appl sn  appl sn  appl sn  appl sn  appl sn  appl sn  appl sn  appl sn
written, known   appl sn  appl sn  .        .        .        .        appl sn  appl sn  appl sn  appl sn
adopted          appl sn  appl sn  .        .        .        !        appl sn  appl sn  !        !
write failed     .        fail sn  .        .        .        .        .        fail sn  .        .
healthy early    .        .        appl s   .        appl sn  .        .        .        .        .
healthy late     .        .        veri sn  .        veri sn  .        .        .        .        .
degraded         .        .        degr sr  .        degr sr  .        .        .        .        .
bad, kept        .        .        degr sn  .        degr s   .        .        .        .        .
inconclusive     .        .        appl s   .        degr s   .        .        .        .        .
error            .        .        appl s   .        degr s   .        .        .        .        .
scheduled        .        .        .        .        .        .        .        .        .        .
reviewed         .        .        .        .        .        .        .        .        .        .
reverted         .        .        roll sn  roll sn  roll sn  .        .        .        .        .
revert failed    .        .        appl sn  veri sn  degr sn  .        .        .        .        .
overtaken        supe sn  supe sn  supe sn  supe sn  roll sn  .        supe sn  supe sn  .        .
";

/// A write is under way, and whether it was made is not known.
const WHEN_WRITING: &str = "
                 approved un-appr. blocked  failed   applied  verified degraded
proposed same    .        .        .        .        .        .        .
proposed other   .        .        .        .        .        .        .
target moved     .        .        .        .        .        .        .
withdrawn        .        .        .        .        .        .        .
approved         .        appr s   .        .        .        .        .
unapproved       appr s   .        bloc s   fail s   appl s   veri s   degr s
rejected         !        !        !        !        !        !        !
refused          bloc sn  .        bloc sn  bloc sn  .        .        .
began apply      !        !        !        !        !        !        !
began revert     !        !        !        !        appl sr  veri sr  degr sr
written          appl sn  appl sn  appl sn  appl sn  appl sn  appl sn  appl sn
written, known   appl sn  appl sn  appl sn  appl sn  .        .        .
adopted          appl sn  appl sn  appl sn  appl sn  .        .        .
write failed     fail sn  pend sn  fail sn  fail sn  .        .        .
healthy early    .        .        .        .        appl s   .        appl sn
healthy late     .        .        .        .        veri sn  .        veri sn
degraded         .        .        .        .        degr sr  .        degr sr
bad, kept        .        .        .        .        degr sn  .        degr s
inconclusive     .        .        .        .        appl s   .        degr s
error            .        .        .        .        appl s   .        degr s
scheduled        .        .        .        .        .        .        .
reviewed         .        .        .        .        .        .        .
reverted         roll sn  roll sn  roll sn  roll sn  roll sn  roll sn  roll sn
revert failed    .        .        .        .        appl sn  veri sn  degr sn
overtaken        supe sn  supe sn  supe sn  supe sn  roll sn  roll sn  roll sn
";

fn row(name: &str) -> (i64, Event, Policy) {
    let policy = Policy::default();
    let why = text("why");
    match name {
        "proposed same" => (60, proposed(proposal(3, 2)), policy),
        "proposed other" => (60, proposed(proposal(3, 1)), policy),
        "target moved" => {
            let mut new = proposal(4, 2);
            new.analyzed_at = Some(minutes(59));
            (60, proposed(new), policy)
        }
        "withdrawn" => (60, Event::Withdrawn { why }, policy),
        "approved" => (60, approved(), policy),
        "unapproved" => (60, Event::Unapproved { by: text("bob") }, policy),
        "rejected" => {
            let by = text("bob");
            (60, Event::Rejected { by, reason: why }, policy)
        }
        "refused" => (60, Event::Refused(Refusal::TargetGone), policy),
        "began apply" => (60, Event::Began(attempt("w9", Write::Apply)), policy),
        "began revert" => (60, Event::Began(attempt("r9", Write::Revert)), policy),
        "written" => (60, written("w9", minutes(59)), policy),
        "written, known" => (60, written("w1", START), policy),
        "adopted" => {
            let (by, at, changes) = (text("argocd"), minutes(59), changes());
            (60, Event::Adopted { by, at, changes }, policy)
        }
        "write failed" => (60, Event::WriteFailed { why }, policy),
        "healthy early" => (30, healthy(), policy),
        "healthy late" => (60, healthy(), policy),
        "degraded" => (60, degraded(), policy),
        "bad, kept" => (60, degraded(), WITHOUT_ROLLBACK),
        "inconclusive" => (60, inconclusive(), policy),
        "error" => (60, error(), policy),
        // There is none in force.
        "scheduled" => (60, scheduled(State::Open), policy),
        "reviewed" => (60, reviewed(Standing::Obsolete), policy),
        "reverted" => (60, reverted(vec![]), policy),
        "revert failed" => (60, Event::RevertFailed { why }, policy),
        "overtaken" => (60, Event::Overtaken { why }, policy),
        _ => panic!("{name} is no event"),
    }
}

const ROWS: [&str; 25] = [
    "proposed same",
    "proposed other",
    "target moved",
    "withdrawn",
    "approved",
    "unapproved",
    "rejected",
    "refused",
    "began apply",
    "began revert",
    "written",
    "written, known",
    "adopted",
    "write failed",
    "healthy early",
    "healthy late",
    "degraded",
    "bad, kept",
    "inconclusive",
    "error",
    "scheduled",
    "reviewed",
    "reverted",
    "revert failed",
    "overtaken",
];

/// One for each kind of event, so that a new one must have its row.
fn kind(event: &Event) -> usize {
    match event {
        Event::Proposed(_) => 0,
        Event::Withdrawn { .. } => 1,
        Event::Approved { .. } => 2,
        Event::Unapproved { .. } => 3,
        Event::Rejected { .. } => 4,
        Event::Refused(_) => 5,
        Event::Began(_) => 6,
        Event::Written { .. } => 7,
        Event::Adopted { .. } => 8,
        Event::WriteFailed { .. } => 9,
        Event::Judged(_) => 10,
        Event::Scheduled(_) => 11,
        Event::Reviewed(_) => 12,
        Event::Reverted { .. } => 13,
        Event::RevertFailed { .. } => 14,
        Event::Overtaken { .. } => 15,
    }
}

fn cell(record: &Record, name: &str) -> String {
    let (minute, event, policy) = row(name);
    match step(record, event, &policy, minutes(minute)) {
        Err(_) => text("!"),
        Ok(step) if step.effects.is_empty() => {
            assert_eq!(step.record, *record, "{name}");
            text(".")
        }
        Ok(step) => {
            let effects: String = step.effects.iter().map(letter).collect();
            format!("{:.4} {effects}", step.record.status.phase)
        }
    }
}

fn letter(effect: &Effect) -> char {
    match effect {
        Effect::Save => 's',
        Effect::Apply => 'a',
        Effect::Revert { .. } => 'r',
        Effect::Announce { .. } => 'n',
    }
}

/// What happens to each record, in the form of the tables above.
fn table(columns: &[(String, Record)]) -> String {
    let line = |name: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|it| format!("{it:9.8}")).collect();
        format!("{name:17}{cells}").trim_end().to_owned()
    };
    let names = columns.iter().map(|it| it.0.clone()).collect();
    let cells = |name: &str| columns.iter().map(|it| cell(&it.1, name)).collect();
    let rows = ROWS.iter().map(|name| line(name, cells(name)));
    let lines: Vec<String> = std::iter::once(line("", names)).chain(rows).collect();
    format!("\n{}\n", lines.join("\n"))
}

#[test]
fn every_event_has_its_row() {
    let mut kinds: Vec<usize> = ROWS.iter().map(|it| kind(&row(it).1)).collect();
    kinds.dedup();
    assert_eq!(kinds, Vec::from_iter(0..16));
}

#[test]
fn every_event_in_every_phase_does_what_the_table_says() {
    let columns = Phase::ALL.map(|it| (it.to_string(), in_phase(it)));
    let found = table(&columns);
    assert_eq!(found, WHEN_QUIET, "{found}");
}

#[test]
fn every_event_during_a_write_does_what_the_table_says() {
    let during = |name: &str, phase, what| {
        let mut record = in_phase(phase);
        record.status.attempt = Some(attempt("w5", what));
        (text(name), record)
    };
    let mut columns = [
        during("approved", Phase::Approved, Write::Apply),
        during("un-appr.", Phase::Approved, Write::Apply),
        during("blocked", Phase::Blocked, Write::Apply),
        during("failed", Phase::Failed, Write::Apply),
        during("applied", Phase::Applied, Write::Revert),
        during("verified", Phase::Verified, Write::Revert),
        during("degraded", Phase::Degraded, Write::Revert),
    ];
    columns[1].1.approved = false;
    let found = table(&columns);
    assert_eq!(found, WHEN_WRITING, "{found}");
}
