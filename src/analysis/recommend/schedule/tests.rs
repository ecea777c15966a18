//! Which loads get a schedule, and which do not.

use serde_json::json;

use crate::analysis::Course;
use crate::analysis::assessment::{Outcome, Recommendation};
use crate::analysis::forecast::Forecasting;
use crate::analysis::prospect::Chosen;
use crate::analysis::testing::{DAY, Scene, daily};
use crate::sim::score::Totals;
use crate::units::Replicas;

/// Steps since midnight UTC: scenes begin at 00:05.
fn time(at: usize) -> usize {
    at % DAY
}

/// Two weeks with four cores more from eight to ten, on pods that start for ten minutes: the
/// controller asks for them when the load is there.
fn jumps() -> Scene {
    let busy = |at: usize| (96..120).contains(&time(at));
    slow(Scene::followed(2, 20, move |at| {
        let wave = 0.02 * ((at * 7919) % 13) as f64 / 13.0;
        if busy(at) { 4.0 + wave } else { 0.5 + wave }
    }))
}

fn slow(mut scene: Scene) -> Scene {
    scene.workload().startup_seconds = vec![600.0];
    scene
}

fn recommended(scene: &Scene) -> Recommendation {
    let assessment = scene.assess();
    match assessment.outcome {
        Outcome::Recommended(it) => *it,
        other => panic!("{other:?}: {:?}", assessment.prospect),
    }
}

fn shortfall(totals: &Totals) -> f64 {
    totals.shortfall_core_minutes
}

#[test]
fn a_peak_that_comes_faster_than_pods_start_gets_a_window_before_it() {
    let scene = jumps();
    let it = recommended(&scene);
    let windows = it.proposed.schedule.windows();
    let [window] = windows else {
        panic!("{windows:?}");
    };
    let written = window.written();
    // Eleven minutes and a quarter, from 08:00, on round minutes.
    let (start, minutes) = (written.start_cron.as_str(), written.duration_minutes);
    assert!(start.starts_with("45 7 * * "), "{start} {minutes}");
    assert!((20..=135).contains(&minutes), "{minutes}");
    assert!(window.min() > scene.subject.autoscaler.min);
    let proof = &it.proof;
    assert!(shortfall(&proof.today) > 100.0);
    assert!(
        shortfall(&proof.proposed) * 2.0 < shortfall(&proof.today),
        "{proof:?}"
    );
    let held = proof.held_back.as_ref().unwrap();
    assert!(shortfall(&held.proposed) * 2.0 < shortfall(&held.today));
    let told = it
        .because
        .iter()
        .find(|it| it.starts_with("schedule at least"));
    let told = told.unwrap();
    let early =
        "pods take 600 s until they serve, so that windows begin 12 min before the load rises";
    assert!(told.contains(early), "{told}");
    assert!(proof.frontier.iter().any(|it| it.is_proposed));
}

/// Two weeks with four cores more for ten minutes of the hours `is_on`, by the number of the hour since a
/// Wednesday, from `minute` after each on; pods start for five minutes.
fn batches(minute: impl Fn(usize) -> usize, is_on: impl Fn(usize) -> bool) -> Scene {
    let mut scene = Scene::followed(2, 20, move |at| {
        let (hour, part) = (at / 12, at % 12);
        let begin = minute(hour) / 5;
        let wave = 0.02 * ((at * 7919) % 13) as f64 / 13.0;
        let busy = is_on(hour) && (begin..begin + 2).contains(&part);
        // No two hours are quite alike.
        let size = 1.0 + 0.1 * ((hour * hour * 31 + hour * 17) % 101) as f64 / 101.0;
        wave + if busy { 4.0 * size } else { 0.5 }
    });
    scene.workload().startup_seconds = vec![300.0];
    scene
}

#[test]
fn a_batch_of_every_hour_gets_a_window_before_each() {
    let it = recommended(&batches(|_| 15, |_| true));
    let [window] = it.proposed.schedule.windows() else {
        panic!("{}", it.proposed.schedule);
    };
    let written = window.written();
    // Six minutes and a quarter before :15, on round minutes, until :25 at most.
    let start = written.start_cron.as_str();
    assert!(matches!(start, "5 * * * *" | "10 * * * *"), "{start}");
    assert!((5..=20).contains(&written.duration_minutes), "{written:?}");
    let proof = &it.proof;
    assert!(
        shortfall(&proof.proposed) * 2.0 < shortfall(&proof.today),
        "{proof:?}"
    );
    let held = proof.held_back.as_ref().unwrap();
    assert!(shortfall(&held.proposed) * 2.0 < shortfall(&held.today));
    let told = it.because.last().unwrap();
    assert!(told.contains("every hour at :"), "{told}");
    assert!(told.contains("forecast by the clock of UTC"), "{told}");
}

#[test]
fn a_batch_of_working_hours_gets_windows_in_these_alone() {
    // From eight to six, Monday to Friday.
    let is_on = |hour: usize| (8..18).contains(&(hour % 24)) && !matches!(hour / 24 % 7, 3 | 4);
    let it = recommended(&batches(|_| 0, is_on));
    let starts: Vec<&str> = it
        .proposed
        .schedule
        .windows()
        .iter()
        .map(|it| it.written().start_cron.as_str())
        .collect();
    assert!(
        matches!(starts[..], ["50 7-16 * * 1-5" | "55 7-16 * * 1-5"]),
        "{starts:?}"
    );
    assert!(it.proposed.schedule.windows()[0].end_cron().is_some());
}

#[test]
fn batches_at_any_minute_get_no_windows_of_every_hour() {
    let assessment = batches(|hour| hour * 7 % 11 * 5, |_| true).assess();
    let proposed = assessment.outcome.proposed();
    let windows = proposed.map_or(&[][..], |it| it.schedule.windows());
    assert!(windows.iter().all(|it| !it.is_hourly()), "{windows:?}");
}

#[test]
fn a_lead_that_was_asked_for_is_used() {
    let mut scene = jumps();
    let lead = Some(jiff::SignedDuration::from_mins(30));
    scene.settings.forecasting = Forecasting {
        lead,
        ..Forecasting::default()
    };
    let it = recommended(&scene);
    let start = &it.proposed.schedule.windows()[0].written().start_cron;
    assert!(
        start.starts_with("30 7 ") || start.starts_with("45 7 "),
        "{start}"
    );
}

#[test]
fn without_forecasts_everything_is_as_it_was() {
    let mut scene = jumps();
    scene.settings.forecasting.enabled = false;
    let assessment = scene.assess();
    assert_eq!(assessment.prospect, None);
    let proposed = assessment.outcome.proposed();
    assert!(proposed.is_none_or(|it| it.schedule.is_empty()));
}

/// Jumps as high and as long, which nothing foretells.
#[test]
fn jumps_at_any_time_get_no_window() {
    let begins = |day: usize| (day * 7919 % 97) * 288 / 97;
    let scene = slow(Scene::followed(2, 20, |at| {
        let begin = begins(at / DAY);
        let busy = (begin..begin + 24).contains(&time(at));
        if busy { 4.0 } else { 0.5 }
    }));
    let assessment = scene.assess();
    let proposed = assessment.outcome.proposed();
    assert!(
        proposed.is_none_or(|it| it.schedule.is_empty()),
        "{proposed:?}"
    );
    let prospect = assessment.prospect.unwrap();
    assert_eq!(prospect.schedule, Chosen::NoForecast);
    assert!(prospect.why_none().is_some());
}

/// Pods come in time by themselves.
#[test]
fn a_slow_wave_needs_no_window() {
    let scene = Scene::followed(2, 20, |at| 0.6 + 2.0 * daily(at));
    let assessment = scene.assess();
    assert_eq!(assessment.outcome, Outcome::NoChange);
    let prospect = assessment.prospect.unwrap();
    assert_eq!(prospect.schedule, Chosen::NotNeeded);
    assert!(prospect.forecast.is_ok());
}

#[test]
fn too_little_history_says_how_much_there_is() {
    let mut scene = jumps();
    scene.settings.forecasting = Forecasting {
        min_history_days: 28,
        ..Forecasting::default()
    };
    let prospect = scene.assess().prospect.unwrap();
    let why = prospect.why_none().unwrap();
    assert_eq!(why, "14 days of history, 28 are needed");
}

#[test]
fn what_may_only_be_lowered_gets_no_window() {
    let mut scene = jumps();
    scene.settings.course = Course::OnlyLower;
    assert_eq!(scene.assess().prospect, None);
}

/// Eight pods stand by all day for two hours.
#[test]
fn a_minimum_that_is_there_for_a_peak_may_become_a_window() {
    let mut scene = jumps();
    scene.subject.autoscaler.min = Replicas(8);
    scene.insert(crate::history::Metric::ReadyReplicas, 14 * DAY, |at| {
        let busy = (96..121).contains(&time(at));
        if busy { 12.0 } else { 8.0 }
    });
    let it = recommended(&scene);
    assert!(it.proposed.min_replicas < Replicas(8), "{:?}", it.proposed);
    assert!(!it.proposed.schedule.is_empty(), "{:?}", it.proposed);
    assert!(it.proof.saving() > 0.5, "{}", it.proof.saving());
    assert!(shortfall(&it.proof.proposed) <= shortfall(&it.proof.today));
    let reason = "outside of its windows fewer replicas stand by than today";
    assert!(
        it.risk.reasons.iter().any(|it| it.starts_with(reason)),
        "{:?}",
        it.risk
    );
}

/// Ninety messages every hour for ten minutes, on pods that start for five, from zero.
#[test]
fn a_queue_that_fills_every_hour_is_awaited_by_a_trigger_of_every_hour() {
    let mut scene = Scene::queue_of(json!({}), |at| match at % 12 {
        4 | 5 => 90.0 + ((at * 31) % 7) as f64,
        _ => 0.0,
    });
    scene.workload().startup_seconds = vec![300.0];
    let it = recommended(&scene.obeyed());
    let windows = it.proposed.schedule.windows();
    let start = &windows[0].written().start_cron;
    assert!(
        matches!(start.as_str(), "10 * * * *" | "15 * * * *"),
        "{start}"
    );
    let end = windows[0].end_cron().unwrap();
    assert!(end.ends_with(" * * * *") && end != *start, "{end}");
    let need = |it: &Totals| it.need.map_or(0.0, |it| it.shortfall_minutes);
    assert!(
        need(&it.proof.proposed) * 2.0 < need(&it.proof.today),
        "{:?}",
        it.proof
    );
}

/// Ninety messages at eight, on pods that start for ten minutes, from zero.
#[test]
fn a_queue_that_fills_at_once_is_awaited_and_the_object_awake_by_then() {
    let busy = |at: usize| (96..120).contains(&time(at));
    let scene = Scene::queue_of(json!({}), move |at| if busy(at) { 90.0 } else { 0.0 });
    let scene = slow(scene).obeyed();
    let it = recommended(&scene);
    let windows = it.proposed.schedule.windows();
    let start = &windows[0].written().start_cron;
    assert!(
        start.starts_with("30 7 ") || start.starts_with("45 7 "),
        "{start}"
    );
    assert!(windows.iter().all(|it| it.end_cron().is_some()));
    let told = it.because.last().unwrap();
    assert!(
        told.contains("while one is open the object is active"),
        "{told}"
    );
    let need = |it: &Totals| it.need.map_or(0.0, |it| it.shortfall_minutes);
    assert!(
        need(&it.proof.proposed) * 2.0 < need(&it.proof.today),
        "{:?}",
        it.proof
    );
}
