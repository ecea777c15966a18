//! What a scenario takes from a history, and what it leaves to nobody.

use super::*;
use crate::analysis::testing::{DAY, Scene, cpu, daily};
use crate::autoscaler::{Resource, Target};
use crate::history::Metric as Series;
use crate::sim::score::Totals;

fn scenario(scene: &Scene) -> Result<Scenario, Unreplayable> {
    scene.ask(|case| {
        let autoscaler = case.autoscaler();
        Scenario::of(autoscaler, case.workload, case.history, case.load, 0.1)
    })
}

/// Today's settings over all days.
fn totals(scene: &Scene) -> Totals {
    let scenario = scenario(scene).unwrap();
    let engine = scenario.engine(&scene.subject.autoscaler);
    let days = scenario.scores(&engine, Shape::Held, usize::MAX);
    days.iter().sum::<RunScore>().totals()
}

fn memory(target: Target) -> Metric {
    Metric::Resource {
        resource: Resource::Memory,
        target,
    }
}

fn external(value: &str) -> Metric {
    Metric::External {
        name: "queue".to_owned(),
        target: Target::AverageValue(value.parse().unwrap()),
    }
}

fn busy() -> Scene {
    Scene::followed(2, 20, |at| 0.6 + 2.0 * daily(at))
}

#[test]
fn a_level_load_keeps_what_was_observed() {
    // 70 % of three requests of half a core.
    let scene = Scene::new(|_| 1.05, |_| 3.0);
    let totals = totals(&scene);
    assert_eq!(totals.replica_hours.hours(), 3.0 * 14.0 * 24.0);
    assert_eq!((totals.scale_events, totals.shortfall_minutes), (0, 0.0));
    assert_eq!(totals.known_minutes, 14.0 * 24.0 * 60.0);
}

#[test]
fn gaps_are_scored_by_nobody_and_nothing_is_made_of_them() {
    let mut scene = busy();
    let mut usage = scene.history.cpu().unwrap().clone();
    (DAY..3 * DAY).for_each(|at| usage.set(at, f64::NAN));
    scene.history.insert(Series::CpuUsage, usage);
    assert_eq!(totals(&scene).known_minutes, 12.0 * 24.0 * 60.0);
    let found = scenario(&scene).unwrap();
    assert_eq!(found.days().len(), 14);
    assert!(found.observed().1[2 * DAY].is_none());
}

#[test]
fn a_replay_by_days_is_the_replay_of_all() {
    let scene = busy();
    let scenario = scenario(&scene).unwrap();
    let engine = scenario.engine(&scene.subject.autoscaler);
    let days = scenario.scores(&engine, Shape::Burst, usize::MAX);
    let mut run = scenario.begin(&engine, Shape::Burst);
    while run.step(|_, _| {}) {}
    assert_eq!(run.take_score(), days.iter().sum());
    assert_eq!(run.day().known_minutes(), 0.0);
}

#[test]
fn a_share_of_the_days_is_held_back_and_never_all() {
    let found = scenario(&busy()).unwrap();
    let cases = [
        (0.0, 0),
        (0.03, 0),
        (0.3, 4),
        (0.5, 7),
        (0.9, 13),
        (1.0, 13),
    ];
    for (share, days) in cases {
        assert_eq!(found.held_back(share), days, "{share}");
    }
}

#[test]
fn steps_that_are_no_multiple_of_a_sync_lose_none() {
    let mut scene = Scene::of_length(1000, |_| 1.0, |_| 3.0);
    let grid = crate::series::Grid::new(
        scene.history.grid().unwrap().start(),
        crate::units::Step::from_seconds(50).unwrap(),
        1000,
    );
    for (metric, value) in [(Series::CpuUsage, 1.0), (Series::ReadyReplicas, 3.0)] {
        let series = crate::series::Series::constant(grid, value);
        scene.history.insert(metric, series);
    }
    scene.now = grid.end();
    // 50,000 s hold 3,333 whole syncs.
    assert_eq!(totals(&scene).known_minutes, 3333.0 / 4.0);
}

#[test]
fn memory_is_told_apart_into_what_pods_and_what_load_take() {
    // 100 MB for each pod and 50 MB for each core, against an average of 200 MB.
    let mut scene = busy().metrics(vec![
        cpu(70),
        memory(Target::AverageValue("200M".parse().unwrap())),
    ]);
    let ready = scene.history.get(&Series::ReadyReplicas).unwrap().clone();
    let usage = scene.history.cpu().unwrap().clone();
    let total = |at: usize| 1e8 * ready.get(at).unwrap() + 5e7 * usage.get(at).unwrap();
    scene.insert(Series::MemoryWorkingSet, 14 * DAY, total);
    let found = scenario(&scene).unwrap();
    let Some(crate::sim::input::Input::Shared { share, .. }) = found.signals.inputs.get(1) else {
        panic!("{:?}", found.signals.inputs);
    };
    let megabytes = share.idle as f64 / 1e9;
    assert!((megabytes - 100.0).abs() < 1.0, "{megabytes}");
    let rest = found.signals.at(144)[0].unwrap() as f64 / 1e9;
    let expected = 50.0 * usage.get(144).unwrap();
    assert!((rest - expected).abs() < 5.0, "{rest} {expected}");
}

#[test]
fn pods_and_load_that_cannot_be_told_apart_are_all_load() {
    let mut scene = Scene::new(|_| 1.0, |_| 3.0).metrics(vec![memory(Target::Utilization(80))]);
    scene.insert(Series::MemoryWorkingSet, 14 * DAY, |_| 2.4e9);
    let found = scenario(&scene).unwrap();
    assert_eq!(found.signals.at(0), [Some(2_400_000_000_000)]);
}

#[test]
fn a_metric_with_a_series_takes_part_and_one_without_is_left_out() {
    let mut scene = Scene::new(|_| 0.5, |_| 6.0).metrics(vec![cpu(70), external("10")]);
    assert_eq!(
        scenario(&scene).unwrap().left_out(),
        ["external metric queue"]
    );
    scene.insert(Series::Trigger(1), 14 * DAY, |_| 60.0);
    assert_eq!(scenario(&scene).unwrap().left_out(), [] as [&str; 0]);
    assert_eq!(totals(&scene).replica_hours.hours(), 6.0 * 14.0 * 24.0);
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let unknown = Scene::new(|_| 1.0, |_| 3.0).metrics(vec![external("10")]);
    let mut bare = Scene::new(|_| 1.0, |_| 3.0).metrics(vec![memory(Target::Utilization(80))]);
    bare.workload().containers[0].cpu_request = None;
    bare.workload().containers[0].cpu_limit = None;
    bare.insert(Series::MemoryWorkingSet, 14 * DAY, |_| 2.4e9);
    let cases = [
        (
            Scene::new(|_| f64::NAN, |_| 3.0),
            "no sample of its load is known",
        ),
        (
            unknown,
            "nothing is known of external metric queue, by which it scales",
        ),
        (
            bare,
            "neither a CPU request nor a limit of its pods is known, so that their capacity is not",
        ),
    ];
    for (scene, expected) in cases {
        assert_eq!(scenario(&scene).unwrap_err().to_string(), expected);
    }
}

#[test]
fn hidden_demand_is_at_least_all_that_the_pods_could_give() {
    let sample = Sample {
        usage: 2.9,
        ready: 3.0,
        request: Some(0.5),
        limit: Some(1.0),
        burst: 1.2,
        censored: true,
    };
    assert_eq!(demand(Some(&sample)).millicores, Some(3000));
    let seen = Sample {
        censored: false,
        ..sample
    };
    assert_eq!(demand(Some(&seen)).millicores, Some(2900));
    assert_eq!(demand(None).millicores, None);
}
