use serde_json::json;

use super::*;
use crate::cli::watch::told::Told;
use crate::lifecycle::record::Entry;
use crate::lifecycle::schedule::review::Review;
use crate::output::records::made_up;
use crate::schedule::Plan;

const INTERVAL: Duration = Duration::from_secs(60);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn leads(transitions: u32) -> Standing {
    Standing::Leads(Term {
        identity: "a".to_owned(),
        transitions,
    })
}

/// A record in the last of these phases, each entered at its second.
fn record(name: &str, story: &[(Phase, i64)]) -> Record {
    let mut record = made_up::record();
    record.name = name.to_owned();
    let entry = |(phase, second): &(Phase, i64)| Entry {
        at: at(*second),
        phase: *phase,
        detail: String::new(),
        by: String::new(),
    };
    record.status.story = story.iter().map(entry).collect();
    let (phase, second) = *story.last().unwrap();
    record.status.phase = phase;
    record.status.since = Some(at(second));
    record
}

/// A process that looks at records again and again.
#[derive(Default)]
struct Process {
    told: Told,
    due: Due,
}

impl Process {
    /// The events that it sends at a look: their names, phases before and after, and times.
    fn looks(
        &mut self,
        standing: Standing,
        records: &[Record],
        now: i64,
    ) -> Vec<(String, Option<Phase>, Phase, Timestamp)> {
        let due = self.due(standing, records, now).into_iter();
        let told = due.filter_map(|it| match it.what {
            What::Phase { before, after, .. } => Some((it.name, before, after, it.at)),
            What::Schedule { .. } | What::Review { .. } => None,
        });
        told.collect()
    }

    /// The events of schedules: what they say, and the times.
    fn hears(
        &mut self,
        standing: Standing,
        records: &[Record],
        now: i64,
    ) -> Vec<(What, Timestamp)> {
        let due = self.due(standing, records, now).into_iter();
        let told = due.filter(|it| !matches!(it.what, What::Phase { .. }));
        told.map(|it| (it.what, it.at)).collect()
    }

    fn due(&mut self, standing: Standing, records: &[Record], now: i64) -> Vec<Change> {
        let news = News {
            records,
            changes: &self.told.changes(records),
            turns: &self.told.turns(records),
            reviews: &self.told.reviews(records),
            interval: INTERVAL,
            now: at(now),
        };
        self.due.of(standing, &news)
    }
}

/// A schedule in a state since a second, of which a standing is said since another.
fn scheduled(state: (State, i64), standing: (review::Standing, i64)) -> Record {
    let mut record = record("web", &[APPLIED]);
    let mut carried = Carried::begun(Plan::default(), None);
    (carried.state, carried.since) = (state.0, Some(at(state.1)));
    carried.review = Some(Review {
        standing: standing.0,
        detail: String::new(),
        chosen: None,
        now: None,
        since: at(standing.1),
        at: at(standing.1),
    });
    record.status.schedule = Some(carried);
    record
}

#[test]
fn windows_and_reviews_are_told_once_and_by_the_next_leader_again() {
    let steady = (review::Standing::Steady, 500);
    let waiting = [scheduled((State::Waiting, 500), steady)];
    let open = [scheduled((State::Open, 2000), steady)];
    let obsolete = [scheduled(
        (State::Open, 2000),
        (review::Standing::Obsolete, 2100),
    )];
    let opened = |before| What::Schedule {
        before,
        after: State::Open,
        held: None,
    };
    let reviewed = |before| What::Review {
        before,
        after: review::Standing::Obsolete,
    };
    let mut first = Process::default();
    first.told.turns(&waiting);
    first.told.reviews(&waiting);
    assert_eq!(first.hears(leads(1), &waiting, 1500), []);
    let told = first.hears(leads(1), &open, 2001);
    assert_eq!(told, [(opened(Some(State::Waiting)), at(2000))]);
    assert_eq!(first.hears(leads(1), &open, 2002), []);
    let told = first.hears(leads(1), &obsolete, 2101);
    assert_eq!(told, [(reviewed(Some(review::Standing::Steady)), at(2100))]);

    // Another one takes over, and does not know what was told.
    let mut second = Process::default();
    assert_eq!(second.hears(Standing::Follows, &obsolete, 2102), []);
    let told = second.hears(leads(2), &obsolete, 2110);
    assert_eq!(told, [(opened(None), at(2000)), (reviewed(None), at(2100))]);
    assert_eq!(second.hears(leads(2), &obsolete, 2111), []);
    // What was long ago is old news, and that all is well is none.
    let mut third = Process::default();
    assert_eq!(third.hears(Standing::Follows, &waiting, 501), []);
    assert_eq!(third.hears(leads(3), &waiting, 9000), []);
}

const PENDING: (Phase, i64) = (Phase::Pending, 0);
const APPLIED: (Phase, i64) = (Phase::Applied, 1000);

fn applied() -> Vec<(String, Option<Phase>, Phase, Timestamp)> {
    vec![(
        "web".to_owned(),
        Some(Phase::Pending),
        Phase::Applied,
        at(1000),
    )]
}

#[test]
fn alone_each_change_is_told_once_and_what_was_there_is_not() {
    let mut process = Process::default();
    let pending = [record("web", &[PENDING])];
    process.told.changes(&pending);
    assert_eq!(process.looks(Standing::Alone, &pending, 1), vec![]);
    let changed = [record("web", &[PENDING, APPLIED])];
    assert_eq!(process.looks(Standing::Alone, &changed, 1001), applied());
    assert_eq!(process.looks(Standing::Alone, &changed, 1002), vec![]);
    assert_eq!(process.looks(Standing::Alone, &[], 1003), vec![]);
    // One that comes back is new.
    assert_eq!(process.looks(Standing::Alone, &changed, 1004), applied());
}

#[test]
fn a_follower_tells_nothing_and_everything_of_late_once_it_leads() {
    let mut process = Process::default();
    let old = record("old", &[(Phase::Verified, 1000 - 6 * 60)]);
    process.told.changes(std::slice::from_ref(&old));
    let changed = [old, record("web", &[PENDING, APPLIED])];
    assert_eq!(process.looks(Standing::Follows, &changed, 1001), vec![]);
    // The leader may have died before it told of it.
    assert_eq!(process.looks(leads(1), &changed, 1002), applied());
    assert_eq!(process.looks(leads(1), &changed, 1003), vec![]);
    // Another may have led meanwhile, but what this one told is told.
    assert_eq!(process.looks(leads(3), &changed, 1004), vec![]);
    let mut late = Process::default();
    late.told.changes(&changed);
    assert_eq!(late.looks(leads(5), &changed, 1000 + 6 * 60), applied());
    let mut too_late = Process::default();
    too_late.told.changes(&changed);
    assert_eq!(too_late.looks(leads(7), &changed, 1001 + 6 * 60), vec![]);
}

#[test]
fn what_was_told_and_what_is_told_again_is_the_same() {
    let story = [PENDING, (Phase::Approved, 999), APPLIED];
    let changed = [record("web", &story)];
    // One that saw it pending a tick ago, and one that has just begun.
    let mut first = Process::default();
    first.told.changes(&[record("web", &[PENDING])]);
    let first = first.looks(leads(1), &changed, 1001);
    let second = Process::default().looks(leads(2), &changed, 1200);
    assert_eq!(first, second);
    assert_eq!(first[0].1, Some(Phase::Approved));
}

#[test]
fn what_others_wrote_without_a_time_is_told_by_whoever_sees_it_come() {
    let mut bare = record("web", &[PENDING]);
    bare.status.since = None;
    bare.status.story.clear();
    let bare = [bare];
    let expected = vec![("web".to_owned(), None, Phase::Pending, at(7))];
    let mut process = Process::default();
    assert_eq!(process.looks(leads(1), &bare, 7), expected);
    assert_eq!(process.looks(leads(1), &bare, 8), vec![]);
    let mut next = Process::default();
    next.told.changes(&bare);
    assert_eq!(next.looks(leads(2), &bare, 9), vec![]);
}

#[test]
fn an_event_has_what_was_measured_at_the_price_of_what_was_foretold() {
    let mut record = made_up::record();
    let side = |hours: f64| json!({ "replicaHours": hours, "knownMinutes": 600.0 });
    record.proposal.evidence = json!({ "today": side(40.0), "proposed": side(20.0) });
    record.proposal.saving_usd = Some(100.0);
    record.status.phase = Phase::Applied;
    record.status.measured = Some(json!({ "knownMinutes": 60, "saving": { "replicaHours": 1.0 } }));
    let measured = |record: &Record| match phase(record, None) {
        What::Phase {
            measured_usd_monthly,
            ..
        } => measured_usd_monthly,
        other => panic!("{other:?}"),
    };
    assert_eq!(measured(&record), Some(50.0));
    record.status.measured = None;
    assert_eq!(measured(&record), None);
}
