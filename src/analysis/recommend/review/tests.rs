//! What becomes of a schedule in force when the load goes on as it was, and when it does not.

use crate::analysis::assessment::{Assessment, Outcome};
use crate::analysis::review::{Review, Standing, Worth};
use crate::analysis::testing::{DAY, Scene, plan};
use crate::schedule::Losses;

/// From eight to ten.
const PEAK: std::ops::Range<usize> = 96..120;
/// The window before it, with ten minutes for pods to start.
const WINDOW: std::ops::Range<usize> = 93..123;
const FLOOR: f64 = 12.0;

/// [`peaks`] of four cores on the days that `has_peak` has.
fn scene(has_peak: impl Fn(usize) -> bool) -> Scene {
    peaks(|day| if has_peak(day) { 4.0 } else { 0.5 })
}

/// Two weeks with a schedule in force before eight o'clock, when so many cores are asked for as `height` says
/// of each day; pods take ten minutes until they serve.
fn peaks(height: impl Fn(usize) -> f64) -> Scene {
    let usage = |at: usize| {
        let wave = 0.02 * ((at * 7919) % 13) as f64 / 13.0;
        let is_busy = PEAK.contains(&(at % DAY));
        wave + if is_busy { height(at / DAY) } else { 0.5 }
    };
    let needed = |at: usize| (usage(at) / 0.35).ceil();
    let ready = |at: usize| {
        let asked = needed(at).max(needed(at.saturating_sub(1)));
        if WINDOW.contains(&(at % DAY)) {
            asked.max(FLOOR)
        } else {
            asked.max(2.0)
        }
    };
    let mut scene = Scene::new(usage, ready).limits(2, 20);
    scene.workload().startup_seconds = vec![600.0];
    let autoscaler = &mut scene.subject.autoscaler;
    autoscaler.schedule = plan(&[("45 7 * * *", 150, 12)]);
    autoscaler.losses = Some(Losses::of_shares(0.8, 0.8, 0.95));
    scene
}

fn review(assessment: &Assessment) -> &Review {
    assessment.review.as_deref().unwrap()
}

fn is_ended(assessment: &Assessment) -> bool {
    let proposed = assessment.outcome.proposed();
    proposed.is_some_and(|it| it.schedule.is_empty())
}

#[test]
fn a_rhythm_that_goes_on_keeps_its_schedule() {
    let assessment = scene(|_| true).assess();
    let review = review(&assessment);
    assert_eq!(review.standing(), Standing::Steady, "{review:?}");
    let Worth::Pays { with, without, .. } = &review.worth else {
        panic!("{review:?}");
    };
    assert!(without.core_minutes > with.core_minutes + 50.0);
    assert!(!is_ended(&assessment));
}

#[test]
fn a_forecast_that_is_worse_leaves_a_schedule_that_pays() {
    // As high as nobody knows, and chosen with a forecast that knew it nearly.
    let mut scene = peaks(|day| 3.4 + 0.1 * (day * day * 5 % 13) as f64);
    scene.subject.autoscaler.losses = Some(Losses::of_shares(0.1, 0.1, 0.95));
    let assessment = scene.assess();
    let review = review(&assessment);
    assert!(review.doubt.is_some(), "{review:?}");
    assert_eq!(review.standing(), Standing::Kept);
    assert!(
        review
            .detail()
            .contains("it pays all the same: on the last 7 days ")
    );
    assert!(!is_ended(&assessment));
}

#[test]
fn a_schedule_whose_peak_is_gone_for_a_week_is_to_end() {
    let assessment = scene(|day| day < 6).assess();
    let review = review(&assessment);
    assert_eq!(review.standing(), Standing::Obsolete, "{review:?}");
    let Outcome::Recommended(recommended) = &assessment.outcome else {
        panic!("{:?}", assessment.outcome);
    };
    assert!(recommended.proposed.schedule.is_empty());
    let mut same = assessment.today.clone();
    same.schedule = recommended.proposed.schedule.clone();
    assert_eq!(recommended.proposed, same, "all else stays");
    let [because] = recommended.because.as_slice() else {
        panic!("{:?}", recommended.because);
    };
    assert!(
        because.starts_with("no schedule any more: for 3 days "),
        "{because}"
    );
    assert!(because.contains("on the last 7 days it kept "), "{because}");
    let held = recommended.proof.held_back.as_ref().unwrap();
    assert_eq!(held.days, 7);
    assert!(held.proposed.replica_hours < held.today.replica_hours);
}

#[test]
fn a_peak_that_is_gone_for_some_days_is_doubted_and_pays_still() {
    let assessment = scene(|day| day < 9).assess();
    let review = review(&assessment);
    assert!(matches!(review.worth, Worth::Pays { .. }), "{review:?}");
    assert!(!is_ended(&assessment));
}

#[test]
fn what_may_not_be_taken_away_is_only_doubted() {
    let mut scene = scene(|day| day < 6);
    scene.settings.course = crate::analysis::Course::OnlyRaise;
    let assessment = scene.assess();
    assert_eq!(review(&assessment).standing(), Standing::Doubted);
    assert!(!is_ended(&assessment));
}

#[test]
fn without_forecasts_or_without_a_schedule_nothing_is_reviewed() {
    let mut off = scene(|day| day < 6);
    off.settings.forecasting.enabled = false;
    assert_eq!(off.assess().review, None);
    let mut none = scene(|_| true);
    none.subject.autoscaler.schedule = plan(&[]);
    assert_eq!(none.assess().review, None);
}
