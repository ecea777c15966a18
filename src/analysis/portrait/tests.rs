use super::*;
use crate::analysis::assessment::Assessment;
use crate::analysis::testing::{DAY, LIMIT, REQUEST, Scene, TWO_WEEKS, cpu, daily};
use crate::autoscaler::{Metric as Spec, Target};

/// An assessment of `scene` with everything that can be drawn.
fn assessed(scene: &Scene, detail: Detail) -> Assessment {
    let mut scene = scene.clone();
    scene.settings.portrait = Some(detail);
    scene.assess()
}

fn portrait(scene: &Scene) -> Portrait {
    *assessed(scene, Detail::Every).portrait.unwrap()
}

fn wasteful() -> Scene {
    let usage = |at| 0.6 + 2.0 * daily(at);
    crate::analysis::testing::controlled((8, 12), 70, usage, 0.05, 7)
}

#[test]
fn nobody_pays_for_what_is_not_asked_for_and_what_is_said_stays_the_same() {
    let scene = wasteful();
    let plain = scene.assess();
    assert_eq!(plain.portrait, None);
    let drawn = assessed(&scene, Detail::Every);
    assert!(drawn.portrait.is_some());
    let same = Assessment {
        portrait: None,
        ..drawn
    };
    assert_eq!(same, plain);
}

#[test]
fn figures_and_frontier_are_those_of_the_recommendation() {
    let scene = wasteful();
    let recommendation = scene.recommendation().unwrap();
    let portrait = portrait(&scene);
    let figures = portrait.figures.unwrap();
    assert_eq!(figures.today, recommendation.proof.today);
    assert_eq!(figures.proposed, Some(recommendation.proof.proposed));
    assert_eq!(portrait.frontier, recommendation.proof.frontier);
    let bands = portrait.bands;
    assert_eq!(
        bands.today,
        Band {
            min: Replicas(8),
            max: Replicas(12)
        }
    );
    assert_eq!(
        bands.proposed.map(|it| it.min),
        Some(recommendation.proposed.min_replicas)
    );
    // Fewer replicas at night, and the minimum of today all the same.
    let (today, proposed) = (portrait.today.unwrap(), portrait.proposed.unwrap());
    let night = 5 * DAY;
    assert_eq!(today.mean(night), Some(8.0));
    assert!(
        proposed.mean(night).unwrap() < 8.0,
        "{:?}",
        proposed.mean(night)
    );
}

#[test]
fn what_was_tried_is_told_where_nothing_was_better() {
    let scene = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
    let assessment = assessed(&scene, Detail::Every);
    assert_eq!(assessment.outcome, Outcome::NoChange);
    let frontier = assessment.portrait.unwrap().frontier;
    let today = frontier.iter().find(|it| it.is_today);
    assert_eq!(today.map(|it| &it.settings), Some(&assessment.today));
    assert!(frontier.iter().all(|it| !it.is_proposed));
}

#[test]
fn lanes_stand_on_the_grid_of_the_history() {
    let scene = Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at));
    let portrait = portrait(&scene);
    let history = &scene.history;
    let ready = history.get(&Metric::ReadyReplicas).unwrap();
    assert_eq!(portrait.points, ready.len());
    assert_eq!(
        (portrait.start, portrait.end()),
        (ready.grid().start(), ready.grid().end())
    );
    let lane = portrait.ready.unwrap();
    assert!((0..lane.len()).all(|at| lane.mean(at) == ready.get(at)));
    let [load] = portrait.loads.as_slice() else {
        panic!("{:?}", portrait.loads)
    };
    assert_eq!(
        (load.metric.as_str(), load.unit, load.is_scaled_by),
        ("cpu", Unit::Cores, true)
    );
    assert_eq!(load.per_replica, Some(REQUEST * 0.7));
    // Noon: 2.6 cores × 1.1 on 0.35 cores a replica.
    let noon = (0..portrait.points).max_by(|a, b| {
        load.lane
            .mean(*a)
            .unwrap()
            .total_cmp(&load.lane.mean(*b).unwrap())
    });
    let high = load.lane.high(noon.unwrap()).unwrap();
    assert!((2.85..2.87).contains(&high), "{high}");
    assert_eq!(portrait.needed.unwrap().mean(noon.unwrap()), Some(9.0));
}

#[test]
fn marks_tell_when_replicas_were_too_few() {
    // Two replicas of 0.5 cores at 70 % with a limit of one core, bursts of a tenth.
    let usage = |at: usize| match at {
        100..110 => 0.5 * 2.0 * 0.7 * 1.2,
        200..205 => LIMIT * 2.0,
        _ => 0.5,
    };
    let scene = Scene::new(usage, |_| 2.0).limits(2, 2);
    let portrait = portrait(&scene);
    let at = |kind, range: Range<usize>| Mark {
        kind,
        from: portrait.time(range.start) - SignedDuration::from_mins(5),
        to: portrait.time(range.end - 1),
    };
    let expected = [
        at(MarkKind::Breach, 100..110),
        at(MarkKind::Breach, 200..205),
        at(MarkKind::Shortfall, 200..205),
        at(MarkKind::Pinned, 100..110),
        at(MarkKind::Pinned, 200..205),
    ];
    assert_eq!(portrait.marks, expected);
}

#[test]
fn a_reduced_portrait_keeps_peaks_and_the_end() {
    let spike = 1234;
    let ready = |at| if at == spike { 9.0 } else { 2.0 };
    let scene = Scene::new(|_| 0.5, ready);
    let whole = portrait(&scene);
    let few = *assessed(&scene, Detail::AtMost(100)).portrait.unwrap();
    assert_eq!(few, whole.clone().reduced(Detail::AtMost(100)));
    assert!(few.points <= 100 && few.points > 90, "{}", few.points);
    assert_eq!(few.end(), whole.end());
    let ready = few.ready.as_ref().unwrap();
    assert_eq!(ready.len(), few.points);
    assert_eq!(ready.peak(), Some(9.0));
    assert_eq!(few.figures, whole.figures);
    let at = (0..few.points)
        .find(|at| few.time(*at) >= whole.time(spike))
        .unwrap();
    assert_eq!((ready.low(at), ready.high(at)), (Some(2.0), Some(9.0)));
    assert_eq!(whole.clone().reduced(Detail::AtMost(TWO_WEEKS)), whole);
}

#[test]
fn marks_that_nobody_can_tell_apart_are_one() {
    let usage = |at: usize| {
        if (100..120).contains(&at) && at.is_multiple_of(2) {
            1.2
        } else {
            0.5
        }
    };
    let scene = Scene::new(usage, |_| 2.0).limits(2, 5);
    let whole = portrait(&scene);
    assert_eq!(whole.marks.len(), 10);
    let few = whole.clone().reduced(Detail::AtMost(500));
    let [mark] = few.marks.as_slice() else {
        panic!("{:?}", few.marks)
    };
    assert_eq!(
        (mark.from, mark.to),
        (whole.marks[0].from, whole.marks[9].to)
    );
}

#[test]
fn a_part_of_the_time_has_its_own_lanes_and_marks() {
    let usage = |at: usize| if (100..120).contains(&at) { 1.2 } else { 0.5 };
    let whole = portrait(&Scene::new(usage, |_| 2.0).limits(2, 5));
    let (from, to) = (whole.time(109), whole.time(150));
    let part = whole.between(from, to).unwrap();
    assert_eq!(
        (part.start, part.end(), part.points),
        (whole.time(110), to, 41)
    );
    let loads = (&part.loads[0].lane, &whole.loads[0].lane);
    assert_eq!(loads.0.mean(0), loads.1.mean(110));
    assert_eq!(part.ready.map(|it| it.len()), Some(41));
    let marks: Vec<_> = part.marks.iter().map(|it| (it.from, it.to)).collect();
    assert_eq!(marks, [(from, whole.time(119))]);
    assert_eq!(whole.between(whole.end(), whole.end()), None);
}

#[test]
fn too_little_history_is_drawn_as_far_as_it_goes() {
    let scene = Scene::of_length(DAY, |_| 0.5, |_| 2.0);
    let assessment = assessed(&scene, Detail::Every);
    assert!(matches!(
        assessment.outcome,
        Outcome::NotEnoughHistory { .. }
    ));
    let portrait = assessment.portrait.unwrap();
    assert_eq!(portrait.points, DAY);
    assert!(portrait.frontier.is_empty());
    let none = Scene::of_length(0, |_| 0.5, |_| 2.0);
    assert_eq!(assessed(&none, Detail::Every).portrait, None);
}

#[test]
fn a_queue_is_drawn_in_its_own_unit_and_calls_for_pods() {
    // Ten messages for each of at most ten replicas, none at night, and once a day too many.
    let messages = |at: usize| match at % DAY {
        200 => 250.0,
        it if it < DAY / 2 => 0.0,
        _ => 45.0,
    };
    let scene = Scene::queue(messages);
    let portrait = portrait(&scene);
    let units: Vec<_> = portrait
        .loads
        .iter()
        .map(|it| (it.unit, it.is_scaled_by))
        .collect();
    assert_eq!(units, [(Unit::Value, true), (Unit::Cores, false)]);
    assert_eq!(portrait.loads[0].per_replica, Some(10.0));
    let needed = portrait.needed.unwrap();
    let at = |it: usize| (portrait.loads[0].lane.mean(it), needed.mean(it));
    let noon = (0..portrait.points).find(|it| portrait.loads[0].lane.mean(*it) == Some(45.0));
    assert_eq!(at(noon.unwrap()), (Some(45.0), Some(5.0)));
    assert_eq!(at(noon.unwrap() - 2), (Some(0.0), Some(0.0)));
    let times = |kind| portrait.marks.iter().filter(move |it| it.kind == kind);
    let counts = MarkKind::ALL.map(|kind| times(kind).count());
    assert_eq!(counts, [14, 14, 14], "{:?}", portrait.marks);
}

#[test]
fn a_metric_without_history_is_not_drawn_and_leaves_nothing_needed() {
    let external = Spec::External {
        name: "queue".to_owned(),
        target: Target::AverageValue("5".parse().unwrap()),
    };
    let alone = portrait(&Scene::new(|_| 0.5, |_| 2.0).metrics(vec![external.clone()]));
    let drawn: Vec<_> = alone.loads.iter().map(|it| it.metric.as_str()).collect();
    assert_eq!(drawn, ["cpu"]);
    assert!(!alone.loads[0].is_scaled_by);
    assert_eq!(
        (alone.needed, alone.today, alone.figures),
        (None, None, None)
    );
    let beside = portrait(&Scene::new(|_| 0.5, |_| 2.0).metrics(vec![cpu(70), external]));
    assert!(beside.needed.is_some() && beside.today.is_some());
}

#[test]
fn it_reads_as_the_contract_says() {
    let scene = Scene::of_length(3, |at| 0.5 + at as f64 / 8.0, |_| 2.0);
    let mut scene = scene.limits(2, 5);
    scene.insert(Metric::CpuBurst, 3, |_| 1.0);
    let portrait = Portrait {
        figures: None,
        fidelity: None,
        ..portrait(&scene)
    };
    insta::assert_json_snapshot!(portrait);
}
