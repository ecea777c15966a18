//! What is done about a Lease, case by case.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Duration {
    SECOND * u32::try_from(seconds).unwrap()
}

/// What our clock shows `seconds` after some noon.
fn clock(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    noon.checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap()
}

/// A lease of 15 s, which is renewed every 2 s, or given up after 10 s.
fn timing() -> Timing {
    Timing::new(at(15), at(10), at(2)).unwrap()
}

fn election(identity: &str) -> Election {
    Election::new(identity.to_owned(), timing())
}

fn lease(holder: &str, renewed: i64, transitions: u32) -> Lease {
    Lease {
        holder: holder.to_owned(),
        duration: Some(at(15)),
        acquired: Some(clock(0)),
        renewed: Some(clock(renewed)),
        transitions,
    }
}

fn observed(lease: Lease, version: &str) -> Option<Observed> {
    Some(Observed {
        lease,
        version: version.to_owned(),
    })
}

fn claim(next: Next) -> Claim {
    match next {
        Next::Claim(claim) => claim,
        other => panic!("{other:?}"),
    }
}

/// One who leads since a claim that was sent at `sent` and answered a second later.
fn leader(sent: u64) -> Election {
    let mut election = election("a");
    election.saw(None, at(sent));
    let claim = claim(election.next(at(sent), clock(0)));
    election.wrote(claim, "1".to_owned(), at(sent), at(sent + 1));
    election
}

#[test]
fn who_knows_nothing_looks() {
    let election = election("a");
    assert_eq!(election.next(at(0), clock(0)), Next::Look);
    assert!(!election.is_leader(at(0)));
    assert_eq!(election.holder(), None);
}

#[test]
fn what_may_be_claimed_when() {
    let held = || observed(lease("b", 0, 3), "7");
    let released = || {
        let mut lease = lease("", 0, 3);
        lease.duration = Some(at(1));
        observed(lease, "7")
    };
    let unclaimed = || {
        let mut lease = lease("b", 0, 3);
        lease.duration = None;
        observed(lease, "7")
    };
    let brief = || {
        let mut lease = lease("b", 0, 3);
        lease.duration = Some(at(4));
        observed(lease, "7")
    };
    // What is seen first at 100 s, what is seen `later`, and why it is claimed then.
    type Sight = Option<Observed>;
    let cases: [(&str, Sight, u64, Sight, Option<Because>); 9] = [
        ("none", None, 100, None, Some(Because::Absent)),
        (
            "ours",
            observed(lease("a", 0, 3), "7"),
            100,
            observed(lease("a", 0, 3), "7"),
            Some(Because::Ours),
        ),
        (
            "let go",
            released(),
            100,
            released(),
            Some(Because::Released),
        ),
        ("held", held(), 114, held(), None),
        ("not renewed", held(), 115, held(), Some(Because::Expired)),
        (
            "renewed",
            held(),
            130,
            observed(lease("b", 2, 3), "8"),
            None,
        ),
        ("deleted while it was held", held(), 114, None, None),
        ("deleted long ago", held(), 115, None, Some(Because::Absent)),
        (
            "a short claim",
            brief(),
            104,
            brief(),
            Some(Because::Expired),
        ),
    ];
    for (what, first, later, then, because) in cases {
        let mut election = election("a");
        election.saw(first, at(100));
        election.saw(then, at(later));
        let claimed = match election.next(at(later), clock(0)) {
            Next::Claim(claim) => Some(claim.because),
            Next::Wait(_) => None,
            Next::Look => panic!("{what}: it was looked at"),
        };
        assert_eq!(claimed, because, "{what}");
    }
    // Where the holder claims nothing, it gets what we would claim.
    let mut election = election("a");
    election.saw(unclaimed(), at(100));
    election.saw(unclaimed(), at(114));
    assert_eq!(election.next(at(114), clock(0)), Next::Wait(at(115)));
}

#[test]
fn jitter_does_not_put_off_the_moment_of_expiry() {
    let mut election = election("a");
    let seen = || observed(lease("b", 0, 3), "7");
    for (now, due) in [(100, 103), (112, 115), (113, 115)] {
        election.saw(seen(), at(now));
        election.delay(at(1));
        assert_eq!(election.next(at(now), clock(0)), Next::Wait(at(due)));
    }
    election.failed(at(115));
    election.delay(at(1));
    assert_eq!(election.next(at(115), clock(0)), Next::Wait(at(118)));
}

#[test]
fn the_clock_of_the_holder_does_not_count() {
    // Renewed an hour ago, and in an hour, by the clock of another machine.
    for renewed in [-3600, 0, 3600] {
        let mut election = election("a");
        let seen = || observed(lease("b", renewed, 3), "7");
        election.saw(seen(), at(100));
        election.saw(seen(), at(114));
        assert_eq!(election.next(at(114), clock(0)), Next::Wait(at(115)));
        assert_eq!(election.next(at(115), clock(0)), Next::Look);
    }
}

#[test]
fn a_change_of_labels_is_no_renewal() {
    let mut election = election("a");
    election.saw(observed(lease("b", 0, 3), "7"), at(100));
    election.saw(observed(lease("b", 0, 3), "8"), at(115));
    let claim = claim(election.next(at(115), clock(0)));
    assert_eq!(claim.over.as_deref(), Some("8"));
}

#[test]
fn claims_tell_holder_times_and_transitions() {
    let ours = |acquired: i64, renewed: i64, transitions: u32| Lease {
        acquired: Some(clock(acquired)),
        ..lease("a", renewed, transitions)
    };
    let cases = [
        (None, ours(60, 60, 0), None),
        (observed(lease("", 1, 3), "7"), ours(60, 60, 4), Some("7")),
        (observed(lease("a", 1, 3), "7"), ours(0, 60, 3), Some("7")),
    ];
    for (seen, lease, over) in cases {
        let mut election = election("a");
        election.saw(seen, at(100));
        let claim = claim(election.next(at(100), clock(60)));
        assert_eq!((claim.lease, claim.over.as_deref()), (lease, over));
    }
}

#[test]
fn a_renewal_shows_even_where_the_clock_stands() {
    let mut election = election("a");
    election.saw(observed(lease("a", 60, 3), "7"), at(100));
    let claim = claim(election.next(at(100), clock(60)));
    let microsecond = jiff::SignedDuration::from_micros(1);
    assert_eq!(
        claim.lease.renewed,
        Some(clock(60).checked_add(microsecond).unwrap())
    );
}

#[test]
fn a_claim_is_never_told_shorter_than_it_is() {
    let timing = Timing::of_interval(Duration::from_millis(500)).unwrap();
    let mut election = Election::new("a".to_owned(), timing);
    election.saw(None, at(0));
    let claim = claim(election.next(at(0), clock(0)));
    assert_eq!(claim.lease.duration, Some(at(2)));
}

#[test]
fn a_leader_leads_from_the_answer_to_the_deadline_after_it_asked() {
    let mut election = leader(100);
    assert!(election.is_leader(at(101)));
    assert!(election.is_leader(at(109)));
    assert!(!election.is_leader(at(110)));
    // A renewal that was sent at 108 s counts from then on, not from its answer.
    let claim = claim(election.next(at(108), clock(8)));
    assert_eq!(claim.because, Because::Ours);
    election.wrote(claim, "2".to_owned(), at(108), at(109));
    assert!(election.is_leader(at(117)));
    assert!(!election.is_leader(at(118)));
}

#[test]
fn a_leader_renews_without_a_look_until_something_goes_wrong() {
    let mut election = leader(100);
    assert_eq!(election.next(at(101), clock(1)), Next::Wait(at(102)));
    let claim = claim(election.next(at(102), clock(2)));
    assert_eq!(claim.over.as_deref(), Some("1"));
    election.failed(at(103));
    assert!(election.is_leader(at(103)));
    assert!(!election.is_confirmed());
    assert_eq!(election.next(at(104), clock(4)), Next::Wait(at(105)));
    assert_eq!(election.next(at(105), clock(5)), Next::Look);
}

#[test]
fn a_claim_that_is_not_answered_makes_no_leader() {
    let mut election = election("a");
    election.saw(None, at(100));
    assert!(matches!(election.next(at(100), clock(0)), Next::Claim(_)));
    election.failed(at(105));
    assert!(!election.is_leader(at(105)));
    // It was made all the same: it is ours, and the next answer tells.
    election.saw(observed(lease("a", 0, 0), "1"), at(107));
    assert!(!election.is_leader(at(107)));
    let claim = claim(election.next(at(107), clock(7)));
    assert_eq!(claim.because, Because::Ours);
    election.wrote(claim, "2".to_owned(), at(107), at(108));
    assert!(election.is_leader(at(108)));
    assert_eq!(election.held(at(108)).unwrap().term.transitions, 0);
}

#[test]
fn a_lost_race_is_looked_at_once_and_then_with_pauses() {
    let mut election = leader(100);
    election.lost_race(at(102));
    assert_eq!(election.next(at(102), clock(2)), Next::Look);
    election.lost_race(at(103));
    assert_eq!(election.next(at(104), clock(2)), Next::Wait(at(105)));
    assert_eq!(election.next(at(105), clock(2)), Next::Look);
}

#[test]
fn who_sees_another_holder_leads_no_longer() {
    let mut election = leader(100);
    election.lost_race(at(103));
    election.saw(observed(lease("b", 3, 1), "9"), at(104));
    assert!(!election.is_leader(at(104)));
    assert_eq!(election.holder(), Some("b"));
}

#[test]
fn a_deleted_lease_is_made_anew_in_the_same_term() {
    let mut election = leader(100);
    election.lost_race(at(103));
    election.saw(None, at(104));
    let claim = claim(election.next(at(104), clock(4)));
    assert_eq!((claim.over.as_deref(), claim.lease.transitions), (None, 0));
    // Others count on from what they have seen, so that no term comes twice.
    let mut other = self::election("b");
    other.saw(observed(lease("a", 0, 4), "1"), at(100));
    other.saw(None, at(115));
    assert_eq!(
        self::claim(other.next(at(115), clock(15)))
            .lease
            .transitions,
        5
    );
}

#[test]
fn what_is_ours_is_let_go_and_nothing_else() {
    let mut election = leader(100);
    election.resign();
    assert!(!election.is_leader(at(101)));
    let leaving = election.release(clock(9)).unwrap();
    let expected = Lease {
        holder: String::new(),
        duration: Some(at(1)),
        acquired: Some(clock(9)),
        renewed: Some(clock(9)),
        transitions: 0,
    };
    assert_eq!(leaving.lease, expected);
    assert_eq!(leaving.over.as_deref(), Some("1"));
    election.wrote(leaving, "2".to_owned(), at(109), at(109));
    assert!(!election.is_leader(at(109)));
    assert_eq!(election.release(clock(9)), None);

    let mut follower = self::election("b");
    assert_eq!(follower.release(clock(9)), None);
    follower.saw(observed(lease("a", 3, 1), "9"), at(104));
    assert_eq!(follower.release(clock(9)), None);
}

#[test]
fn the_older_of_two_ages_counts() {
    let seconds = jiff::SignedDuration::from_secs;
    let cases = [(5, 5, 5), (5, 3605, 3605), (5, -3595, 5)];
    for (steady, by_clock, expected) in cases {
        assert_eq!(age(at(steady), seconds(by_clock)), at(expected));
    }
}
