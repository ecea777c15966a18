use super::passage::Held;
use super::*;
use crate::analysis::simulation::Known;
use crate::analysis::simulation::changes::{Knob, Value};
use crate::analysis::testing::{DAY, REQUEST, Scene, TWO_WEEKS, grid};
use crate::history::Metric;
use crate::units::Replicas;

/// Cores that `pods` replicas use at 70 % of their request.
fn at_target(pods: f64) -> f64 {
    pods * REQUEST * 0.7
}

fn time(at: usize) -> Timestamp {
    grid(TWO_WEEKS).time(at)
}

fn ask(scene: &Scene, about: About) -> Result<Hindsight, Error> {
    scene.ask(|case| {
        let past = Past {
            autoscaler: case.autoscaler(),
            workload: case.workload,
            history: case.history,
            load: case.load,
            replicas: Known::Observed,
        };
        hindsight(&past, about, 0.1, None)
    })
}

/// The time of a sample, with the half hour before it and the quarter after it.
fn around(at: usize) -> About {
    About::At(time(at))
}

fn held(hindsight: &Hindsight) -> Vec<Held> {
    let mut all: Vec<Held> = hindsight.passages.iter().map(|it| it.held).collect();
    all.dedup();
    all
}

#[test]
fn a_maximum_that_holds_back_is_named_and_a_higher_one_is_tried() {
    let scene = Scene::new(|_| at_target(8.0), |_| 4.0).limits(2, 4);
    let told = ask(&scene, around(506)).unwrap();
    assert_eq!(held(&told), [Held::Max]);
    let passage = &told.passages[0];
    assert_eq!(
        (passage.replicas, passage.decided),
        (Replicas(4), Replicas(4))
    );
    assert!(passage.wanted > Some(Replicas(4)), "{:?}", passage.wanted);
    assert_eq!(passage.metric.as_deref(), Some("cpu"));
    assert_eq!(passage.cpu_percent, Some(140.0));
    assert_eq!(told.today.replicas, Replicas(4));
    let higher = told
        .alternatives
        .iter()
        .find(|it| it.changes[0].knob == Knob::Max);
    let higher = higher.unwrap();
    assert_eq!(higher.changes[0].to, Some(Value::Number(8)));
    assert_eq!(higher.outcome.replicas, Replicas(8));
    assert!(higher.outcome.replica_hours > told.today.replica_hours);
}

#[test]
fn settings_that_change_nothing_are_not_listed() {
    let scene = Scene::new(|_| at_target(8.0), |_| 4.0).limits(2, 4);
    let told = ask(&scene, around(506)).unwrap();
    let knobs: Vec<Knob> = told
        .alternatives
        .iter()
        .map(|it| it.changes[0].knob)
        .collect();
    assert!(!knobs.contains(&Knob::ScaleDownWindow), "{knobs:?}");
    assert!(told.alternatives.iter().all(|it| it.outcome != told.today));
}

#[test]
fn a_window_holds_a_scale_down_until_the_peak_has_left_it() {
    let usage = |at: usize| {
        if at < 500 {
            at_target(8.0)
        } else {
            at_target(3.0)
        }
    };
    let scene = Scene::new(usage, |at| if at < 502 { 8.0 } else { 3.0 }).limits(2, 10);
    let told = ask(&scene, around(503)).unwrap();
    assert!(held(&told).contains(&Held::Window), "{:?}", held(&told));
    let window = told
        .passages
        .iter()
        .find(|it| it.held == Held::Window)
        .unwrap();
    assert_eq!(
        (window.replicas, window.decided),
        (Replicas(8), Replicas(8))
    );
    assert!(window.wanted < Some(Replicas(8)));
    let down = told
        .passages
        .iter()
        .find(|it| it.decided < it.replicas)
        .unwrap();
    assert!(down.from > window.from);
    let at_once = told.alternatives.iter();
    let at_once = at_once.filter(|it| it.changes[0].knob == Knob::ScaleDownWindow);
    let hours: Vec<f64> = at_once.map(|it| it.outcome.replica_hours).collect();
    assert!(
        hours.len() == 1 && hours[0] < told.today.replica_hours,
        "{hours:?}"
    );
}

#[test]
fn what_is_within_the_tolerance_is_left_alone() {
    let scene = Scene::new(|_| at_target(4.2), |_| 4.0).limits(2, 10);
    let told = ask(&scene, around(506)).unwrap();
    assert_eq!(held(&told), [Held::Tolerance]);
    let exact = Scene::new(|_| at_target(4.0), |_| 4.0).limits(2, 10);
    assert_eq!(held(&ask(&exact, around(506)).unwrap()), [Held::Enough]);
}

#[test]
fn nothing_is_decided_in_a_gap() {
    let mut scene = Scene::new(|_| at_target(4.0), |_| 4.0);
    let usage = |at: usize| match at {
        500..520 => f64::NAN,
        _ => at_target(4.0),
    };
    scene.insert(Metric::CpuUsage, TWO_WEEKS, usage);
    let told = ask(&scene, around(511)).unwrap();
    assert_eq!(held(&told), [Held::NoMetrics]);
    assert_eq!((told.known, told.agreement), (0.0, None));
}

#[test]
fn passages_follow_one_another_through_the_whole_span() {
    let usage = |at: usize| at_target(if at % DAY < DAY / 2 { 3.0 } else { 8.0 });
    let scene = Scene::followed(2, 10, usage);
    let told = ask(&scene, About::Last(SignedDuration::from_hours(20))).unwrap();
    let span = told.span;
    assert_eq!((span.to, span.at), (time(TWO_WEEKS - 1), span.to));
    assert_eq!(
        span.to.duration_since(span.from),
        SignedDuration::from_hours(20)
    );
    let (first, last) = (
        told.passages.first().unwrap(),
        told.passages.last().unwrap(),
    );
    assert_eq!((first.from, last.to), (span.from, span.to));
    let meets = |it: &[Passage]| it[0].to == it[1].from;
    assert!(told.passages.windows(2).all(meets), "{:#?}", told.passages);
    let agreement = told.agreement.unwrap();
    assert_eq!(agreement.samples, 240);
    assert!(agreement.within_one > 0.8, "{agreement:?}");
}

#[test]
fn pods_that_start_are_told_apart() {
    let usage = |at: usize| at_target(if at < 500 { 3.0 } else { 8.0 });
    let scene = Scene::new(usage, |at| if at < 500 { 3.0 } else { 8.0 }).limits(2, 10);
    let told = ask(&scene, around(500)).unwrap();
    let starting = told.passages.iter().map(|it| it.starting).max();
    assert!(starting > Some(Replicas(0)), "{:#?}", told.passages);
}

#[test]
fn a_time_outside_of_the_history_is_refused_with_its_bounds() {
    let scene = Scene::new(|_| 1.0, |_| 3.0);
    let first = time(0) - SignedDuration::from_mins(5);
    let last = time(TWO_WEEKS - 1);
    for at in [first, last + SignedDuration::from_secs(1)] {
        let refused = ask(&scene, About::At(at));
        assert_eq!(refused, Err(Error::Outside { first, last }), "{at}");
    }
    let told = ask(&scene, About::At(last)).unwrap();
    assert_eq!(told.span.to, last);
}
