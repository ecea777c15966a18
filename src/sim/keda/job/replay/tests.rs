use proptest::prelude::{Just, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::sim::keda::job::Bounds;
use crate::sim::keda::job::strategy::Strategy;
use crate::sim::keda::job::work::OnEmpty;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// One item for each job, which starts in 10 s and works for 60 s; a poll every 30 s.
fn setup(strategy: Strategy, max: i32) -> Setup {
    Setup {
        settings: JobSettings {
            bounds: Bounds::of(None, Some(max)),
            strategy,
        },
        polling_interval: SignedDuration::from_secs(30),
        is_paused: false,
        target: 1.0,
        activation: 0.0,
        shape: JobShape {
            startup: SignedDuration::from_secs(10),
            duration: SignedDuration::from_secs(60),
            items: 1,
            empty: OnEmpty::Ends,
        },
        shows_taken: false,
    }
}

fn created(replay: &mut Replay, arrivals: &[Arrivals]) -> Vec<(i64, i64)> {
    let mut found = Vec::new();
    for arrivals in arrivals {
        replay.run(arrivals, |step| {
            if step.request.created > 0 {
                found.push((
                    step.at.duration_since(at(0)).as_secs(),
                    step.request.created,
                ));
            }
        });
    }
    found
}

const QUIET: Arrivals = Arrivals {
    seconds: 300,
    rate: Some(0),
};

#[test]
fn strategies_differ_by_what_of_the_work_the_queue_still_shows() {
    let of = |strategy, shows_taken| {
        let setup = Setup {
            shows_taken,
            ..setup(strategy, 4)
        };
        let mut replay = Replay::new(setup, 6, at(0));
        let found = created(&mut replay, &[QUIET]);
        (found, replay.score().done, replay.score().in_vain)
    };
    // At 0 s four of six are created, which take theirs at 10 s and end at 70 s. At 30 s and 60 s
    // two items wait, and four jobs run: by the default strategy that is enough.
    assert_eq!(of(Strategy::Default, true), (vec![(0, 4), (90, 2)], 6, 0));
    // A queue that forgets what is taken looks shorter than it is, which is the same here.
    assert_eq!(of(Strategy::Default, false), (vec![(0, 4), (90, 2)], 6, 0));
    assert_eq!(of(Strategy::Accurate, false), (vec![(0, 4), (90, 2)], 6, 0));
    // Taken at 100 s and done at 160 s, the last two are shown at 120 s and 150 s as if nobody
    // worked on them.
    let found = vec![(0, 4), (90, 2), (120, 2), (150, 2)];
    assert_eq!(of(Strategy::Accurate, true), (found, 6, 4));
}

#[test]
fn jobs_cost_from_their_creation_and_items_wait_until_they_are_taken() {
    let mut replay = Replay::new(setup(Strategy::Default, 10), 3, at(0));
    replay.run(&QUIET, |_| {});
    let totals = replay.score().totals();
    assert_eq!(totals.jobs_created, 3);
    assert_eq!(totals.job_hours, 3.0 * 70.0 / 3600.0);
    assert_eq!(totals.backlog_minutes, 10.0 / 60.0);
    assert_eq!(totals.mean_wait_seconds, 10.0);
    assert_eq!((totals.longest_queue, totals.most_jobs), (3, 3));
    assert_eq!(totals.hours, 300.0 / 3600.0);
}

#[test]
fn arrivals_are_followed_at_each_poll() {
    let mut replay = Replay::new(setup(Strategy::Accurate, 10), 0, at(0));
    let six_a_minute = Arrivals::of(120, Some(0.1));
    let found = created(&mut replay, &[six_a_minute, QUIET]);
    // Three items arrive between two polls.
    assert_eq!(found, [(30, 3), (60, 3), (90, 3), (120, 3)]);
    assert_eq!(replay.score().done, 12);
}

#[test]
fn while_the_trigger_fails_or_the_object_is_paused_nothing_is_created() {
    let mut replay = Replay::new(setup(Strategy::Default, 10), 5, at(0));
    let unknown = Arrivals::of(60, None);
    assert_eq!(created(&mut replay, &[unknown, QUIET]), [(60, 5)]);
    assert_eq!(replay.score().failed_polls, 2);
    let paused = Setup {
        is_paused: true,
        ..setup(Strategy::Default, 10)
    };
    let mut replay = Replay::new(paused, 5, at(0));
    assert_eq!(created(&mut replay, &[QUIET]), []);
    assert_eq!((replay.score().polls, replay.queued()), (0, 5));
}

#[test]
fn a_minimum_of_jobs_that_wait_works_at_once() {
    let mut waiting = setup(Strategy::Default, 10);
    waiting.settings.bounds = Bounds::of(Some(2), Some(10));
    waiting.shape.empty = OnEmpty::Waits;
    let mut replay = Replay::new(waiting, 0, at(0));
    let found = created(
        &mut replay,
        &[Arrivals::of(60, Some(0.0)), Arrivals::of(20, Some(0.1))],
    );
    assert_eq!(found, [(0, 2)]);
    // The second item is complete at 80 s, where the replay ends.
    assert_eq!(
        (replay.score().taken, replay.queued(), replay.jobs()),
        (1, 1, 2)
    );
    let totals = replay.score().totals();
    assert_eq!(totals.mean_wait_seconds, 0.0);
}

proptest! {
    #[test]
    fn jobs_stay_below_the_maximum_and_no_item_is_lost(
        strategy in prop_oneof![
            Just(Strategy::Default),
            Just(Strategy::Custom { running: 0.5, deduction: 0 }),
            Just(Strategy::Accurate),
            Just(Strategy::Eager),
        ],
        (max, items, each) in (1..20, 0..50_i64, 1..4_i64),
        (startup, duration, polling) in (0..90_i64, 0..200_i64, 1..90_i64),
        (waits, shows_taken) in (proptest::bool::ANY, proptest::bool::ANY),
        arrivals in proptest::collection::vec(
            (1..300_u32, proptest::option::weighted(0.9, 0.0..0.5_f64)), 1..12,
        ),
        cut in 1..100_u32,
    ) {
        let shape = JobShape {
            startup: SignedDuration::from_secs(startup),
            duration: SignedDuration::from_secs(duration),
            items: each,
            empty: if waits { OnEmpty::Waits } else { OnEmpty::Ends },
        };
        let setup = Setup {
            shape,
            polling_interval: SignedDuration::from_secs(polling),
            target: each as f64,
            shows_taken,
            ..setup(strategy, max)
        };
        let mut whole = Replay::new(setup, items, at(0));
        let mut parts = whole.clone();
        let mut arrived = items * ITEM;
        for (seconds, items) in arrivals {
            let arrivals = Arrivals::of(seconds, items);
            arrived += arrivals.rate.unwrap_or(0) * i64::from(seconds);
            whole.run(&arrivals, |_| {});
            let first = cut.min(seconds);
            for seconds in [first, seconds - first] {
                parts.run(&Arrivals { seconds, ..arrivals }, |_| {});
            }
        }
        let score = whole.score();
        prop_assert_eq!(score, parts.score());
        prop_assert_eq!(arrived / ITEM, score.taken + whole.queued());
        prop_assert!(score.done <= score.taken);
        prop_assert_eq!(score.created, score.ended + whole.jobs());
        // It does not count half of the running jobs.
        if !matches!(strategy, Strategy::Custom { .. }) {
            prop_assert!(score.most_jobs <= i64::from(max), "{} jobs", score.most_jobs);
        }
    }
}
