//! When a watch is over, and how it ends then.

use std::time::Duration;

use crate::cli::act::verify::{verdict, worst};
use crate::cli::analyze;
use crate::config::FailOn;
use crate::config::watch::{End, Goal};
use crate::error::Exit;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::output::report::AnalysisReport;

/// What is known after a tick.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    pub(super) ticks: u64,
    pub(super) passed: Duration,
    /// `None` where the analysis failed.
    pub(super) report: Option<&'a AnalysisReport>,
    /// All in scope, or those that are named; `None` where one of them, or all, cannot be known.
    pub(super) records: Option<&'a [Record]>,
    /// Whether what the analysis found was kept.
    pub(super) is_saved: bool,
    /// Whether something was taken back, or is to be, that was not before.
    pub(super) has_degraded: bool,
    pub(super) fail_on: FailOn,
}

/// Whether it is recommendations that decide whether it is reached.
pub(super) fn is_of_records(goal: Goal) -> bool {
    match goal {
        Goal::Verified | Goal::NonePending => true,
        Goal::NoFindings => false,
    }
}

/// How a watch ends that is told to: what was waited for was not reached.
pub(super) fn interrupted(end: &End) -> Exit {
    match end.goal {
        Some(_) => Exit::Inconclusive,
        None => Exit::Clean,
    }
}

/// How a watch ends after a tick; `None` where it goes on.
pub(super) fn exit(end: &End, seen: &Seen<'_>) -> Option<Exit> {
    if let Some(exit) = end.goal.and_then(|it| reached(it, seen)) {
        return Some(exit);
    }
    let is_last = end.ticks.is_some_and(|it| seen.ticks >= it);
    let is_late = end.timeout.is_some_and(|it| seen.passed >= it);
    (is_last || is_late).then(|| match end.goal {
        Some(goal) => missed(goal, seen),
        None => at_the_end(seen),
    })
}

/// What was waited for in vain, for people; `None` where nothing was.
pub(super) fn still_open(end: &End, seen: &Seen<'_>) -> Option<String> {
    let goal = end.goal?;
    let what = match goal {
        Goal::Verified => open(seen, |it| it != Phase::Verified),
        Goal::NonePending => open(seen, is_pending),
        Goal::NoFindings if seen.report.is_some() => "there are findings".to_owned(),
        Goal::NoFindings => "no analysis came to its end".to_owned(),
    };
    Some(format!("not reached: {what}"))
}

/// Which recommendations keep a goal from being reached, or why that is not known.
fn open(seen: &Seen<'_>, is_open: impl Fn(Phase) -> bool) -> String {
    let Some(records) = seen.records else {
        return "not all recommendations could be read".to_owned();
    };
    let open = records.iter().filter(|it| is_open(it.status.phase));
    let named = open.map(|it| format!("{}/{} is {}", it.namespace, it.name, it.status.phase));
    match named.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "what the analysis found was not kept".to_owned(),
        named => named,
    }
}

/// `None` where it is still open.
fn reached(goal: Goal, seen: &Seen<'_>) -> Option<Exit> {
    match goal {
        Goal::Verified => {
            let verdicts = seen.records?.iter().map(|it| verdict(it, true));
            let exit = verdicts.fold(Exit::Clean, worst);
            // What did harm does not become good by waiting.
            matches!(exit, Exit::Clean | Exit::Reverted).then_some(exit)
        }
        Goal::NonePending => {
            let mut records = seen.records.filter(|_| seen.is_saved)?.iter();
            (!records.any(|it| is_pending(it.status.phase))).then_some(Exit::Clean)
        }
        Goal::NoFindings => {
            let report = seen.report?;
            let exit = analyze::exit(report, FailOn::Warning);
            (exit == Exit::Clean).then_some(exit)
        }
    }
}

fn missed(goal: Goal, seen: &Seen<'_>) -> Exit {
    match goal {
        Goal::Verified | Goal::NonePending => Exit::Inconclusive,
        Goal::NoFindings => match seen.report {
            Some(report) => analyze::exit(report, FailOn::Warning),
            None => Exit::Unreachable,
        },
    }
}

/// Without a goal: as `analyze` and `verify` would have ended.
fn at_the_end(seen: &Seen<'_>) -> Exit {
    let analyzed = match seen.report {
        Some(report) => analyze::exit(report, seen.fail_on),
        None => Exit::Unreachable,
    };
    match seen.has_degraded {
        true => Exit::Reverted,
        false => analyzed,
    }
}

fn is_pending(phase: Phase) -> bool {
    match phase {
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed => true,
        Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    fn record(phase: Phase) -> Record {
        let mut record = made_up::record();
        record.status.phase = phase;
        record
    }

    fn seen(records: &[Record], passed: u64) -> Seen<'_> {
        Seen {
            ticks: 1,
            passed: Duration::from_secs(passed),
            report: None,
            records: Some(records),
            is_saved: true,
            has_degraded: false,
            fail_on: FailOn::Never,
        }
    }

    #[test]
    fn a_goal_ends_it_and_so_does_its_time() {
        let end = |goal| End {
            ticks: None,
            goal: Some(goal),
            timeout: Some(Duration::from_secs(60)),
        };
        let cases = [
            (Goal::Verified, vec![Phase::Verified], 0, Some(Exit::Clean)),
            (
                Goal::Verified,
                vec![Phase::Verified, Phase::Applied],
                0,
                None,
            ),
            (
                Goal::Verified,
                vec![Phase::Applied],
                60,
                Some(Exit::Inconclusive),
            ),
            (
                Goal::Verified,
                vec![Phase::Applied, Phase::RolledBack],
                0,
                Some(Exit::Reverted),
            ),
            (Goal::Verified, vec![Phase::Blocked], 0, None),
            (
                Goal::NonePending,
                vec![Phase::Applied],
                0,
                Some(Exit::Clean),
            ),
            (Goal::NonePending, vec![Phase::Pending], 0, None),
            (
                Goal::NonePending,
                vec![Phase::Blocked],
                61,
                Some(Exit::Inconclusive),
            ),
            (Goal::NoFindings, vec![], 0, None),
            (Goal::NoFindings, vec![], 60, Some(Exit::Unreachable)),
        ];
        for (goal, phases, passed, expected) in cases {
            let records: Vec<Record> = phases.iter().map(|it| record(*it)).collect();
            let found = exit(&end(goal), &seen(&records, passed));
            assert_eq!(found, expected, "{goal:?} {phases:?} {passed}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_goal_reached() {
        let end = |goal| End {
            ticks: Some(1),
            goal: Some(goal),
            timeout: None,
        };
        let unknown = Seen {
            records: None,
            ..seen(&[], 0)
        };
        assert_eq!(
            exit(&end(Goal::Verified), &unknown),
            Some(Exit::Inconclusive)
        );
        let unsaved = Seen {
            is_saved: false,
            ..seen(&[], 0)
        };
        assert_eq!(
            exit(&end(Goal::NonePending), &unsaved),
            Some(Exit::Inconclusive)
        );
        assert_eq!(
            exit(&end(Goal::NonePending), &seen(&[], 0)),
            Some(Exit::Clean)
        );
        let open = [record(Phase::Applied), record(Phase::Verified)];
        let said = still_open(&end(Goal::Verified), &seen(&open, 0));
        assert_eq!(said.as_deref(), Some("not reached: shop/web is applied"));
        let said = still_open(&end(Goal::NonePending), &unsaved).unwrap();
        assert!(said.contains("was not kept"), "{said}");
        let said = still_open(&end(Goal::Verified), &unknown);
        let unread = "not reached: not all recommendations could be read";
        assert_eq!(said.as_deref(), Some(unread));
        // Findings are none of records.
        let said = still_open(&end(Goal::NoFindings), &unknown);
        let unread = "not reached: no analysis came to its end";
        assert_eq!(said.as_deref(), Some(unread));
    }

    #[test]
    fn so_many_ticks_are_as_many() {
        let end = End {
            ticks: Some(2),
            ..End::default()
        };
        let mut seen = seen(&[], 0);
        assert_eq!(exit(&end, &seen), None);
        seen.ticks = 2;
        assert_eq!(exit(&end, &seen), Some(Exit::Unreachable));
        seen.has_degraded = true;
        assert_eq!(exit(&end, &seen), Some(Exit::Reverted));
        assert_eq!(exit(&End::default(), &seen), None);
    }
}
