//! A twin's replicas are those of a replay, sync by sync.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::cluster::convert;
use crate::history::{History, Metric};
use crate::sandbox::twin::testing::{START, at, deployment, hpa, twin};
use crate::sandbox::twin::{Config, Name, Of, Trace, Workload};
use crate::series::{Grid, Series};
use crate::sim::demand::{Shape, Step, segments};
use crate::sim::flags::Flags;
use crate::sim::input::Input;
use crate::sim::plant::PodShape;
use crate::sim::replay::{Replay, Setup};
use crate::sim::settings::Settings;
use crate::units;

const STEPS: usize = 288;

struct Case {
    load: fn(usize) -> f64,
    shape: Shape,
    hpa: Value,
    replicas: i32,
    request: i64,
    limit: Option<i64>,
    startup: i64,
}

fn history(load: impl Fn(usize) -> f64) -> History {
    let grid = Grid::new(at(300), units::Step::FIVE_MINUTES, STEPS);
    let mut history = History::default();
    let values = (0..STEPS).map(|it| Some(load(it)));
    history.insert(Metric::CpuUsage, Series::from_values(grid, values));
    history
}

/// The count that every sync finds.
fn replayed(case: &Case) -> Vec<i32> {
    let flags = Flags::default();
    let parsed = serde_json::from_value(case.hpa.clone()).unwrap();
    let autoscaler = convert::autoscaler(&parsed).unwrap();
    let settings = Settings::of(&autoscaler, &flags);
    let setup = Setup {
        settings: &settings,
        flags: &flags,
        pods: PodShape {
            request: case.request,
            limit: case.limit,
            idle: 0,
            startup: SignedDuration::from_secs(case.startup),
            window: SignedDuration::from_secs(15),
        },
        inputs: &[Input::Demand],
        headroom: 0.0,
        floors: &[],
    };
    let mut replay = Replay::new(setup, case.replicas, at(0));
    let history = history(case.load);
    let steps: Vec<Step> = history
        .cpu()
        .unwrap()
        .iter()
        .map(|it| Step {
            millicores: it.map(|it| (it * 1000.0).round() as i64),
            burst: 1.0,
        })
        .collect();
    let mut found = Vec::new();
    for segment in segments(&steps, 20, case.shape) {
        replay.run(&segment, &[], |step| {
            found.extend(std::iter::repeat_n(step.plan.current, step.syncs as usize));
        });
    }
    found
}

fn twinned(case: &Case) -> Vec<i32> {
    let trace = Trace::of_history(&history(case.load), case.shape).unwrap();
    let mut config = Config::starting_at(at(0));
    let workload = Workload {
        trace: Some(Arc::new(trace)),
        startup: Some(SignedDuration::from_secs(case.startup)),
    };
    let web = (Of::Deployment, Name::new("shop", "web"));
    config.workloads.insert(web, workload);
    let pods = deployment("web", case.replicas, case.request, case.limit);
    let objects = [(Of::Deployment, pods), (Of::Hpa, case.hpa.clone())];
    let (mut twin, _) = twin(&objects, config);
    let mut found = Vec::new();
    let last = at(15 * (20 * STEPS as i64 - 1));
    twin.watch(last, |it| found.push(it.plan.current));
    found
}

/// A day with a peak at noon, steps and noise.
fn day(at: usize) -> f64 {
    let angle = at as f64 / STEPS as f64 * std::f64::consts::TAU;
    let noise = (at * 7919 % 101) as f64 / 400.0;
    0.4 + 3.0 * (1.0 - angle.cos()) / 2.0 * (1.0 + noise)
}

fn jumps(at: usize) -> f64 {
    match at / 12 % 4 {
        0 => 0.3,
        1 => 5.0,
        2 => 2.2,
        _ => 9.0,
    }
}

#[test]
fn a_day_of_syncs_finds_the_replicas_of_a_replay() {
    let slow = json!({
        "scaleUp": { "stabilizationWindowSeconds": 60, "policies": [
            { "type": "Pods", "value": 2, "periodSeconds": 60 },
            { "type": "Percent", "value": 50, "periodSeconds": 90 }], "selectPolicy": "Min" },
        "scaleDown": { "stabilizationWindowSeconds": 120, "policies": [
            { "type": "Percent", "value": 20, "periodSeconds": 60 }] },
    });
    let cases = [
        (
            day as fn(usize) -> f64,
            Shape::Linear,
            json!(null),
            2,
            500,
            Some(1000),
            30,
        ),
        (day, Shape::Held, slow.clone(), 3, 250, None, 40),
        (jumps, Shape::Held, json!(null), 2, 500, Some(700), 0),
        (jumps, Shape::Burst, slow, 4, 333, Some(1000), 134),
        (
            jumps,
            Shape::Linear,
            json!({ "scaleDown": { "stabilizationWindowSeconds": 0 } }),
            2,
            500,
            None,
            400,
        ),
    ];
    for (place, (load, shape, behavior, replicas, request, limit, startup)) in
        cases.into_iter().enumerate()
    {
        let case = Case {
            load,
            shape,
            hpa: hpa("web", 2, 25, 70, behavior),
            replicas,
            request,
            limit,
            startup,
        };
        let (expected, found) = (replayed(&case), twinned(&case));
        assert_eq!(expected.len(), found.len());
        assert!(expected.iter().max() > expected.iter().min(), "it scales");
        let mut pairs = expected.iter().zip(&found).enumerate();
        let differs = pairs.find(|(_, (a, b))| a != b);
        assert_eq!(differs, None, "case {place} from {START}");
    }
}
