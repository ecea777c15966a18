use super::passage::{Extent, Held};
use super::*;
use crate::analysis::jobs::testing::{DAY, Scene, autoscaler, spec, workload};
use crate::history::Metric;
use crate::keda::objects::keys;
use crate::series::Series;
use crate::units::Replicas;

/// Forty items in the first ten minutes of each hour, and nothing else.
fn hourly(at: usize) -> f64 {
    if at % 12 < 2 { 20.0 } else { 0.0 }
}

fn ask(scene: &Scene, about: About, proposed: Option<&Settings>) -> Result<Polls, Error> {
    let known = Known {
        autoscaler: &scene.autoscaler,
        workload: &workload(),
        history: &scene.history,
        window: scene.settings.window,
        now: scene.now,
    };
    polls(known, about, proposed)
}

/// The quarter of an hour around minute 5 of an hour in the second day, and what comes before it.
fn busy(scene: &Scene) -> About {
    About::At(scene.start + SignedDuration::from_mins(26 * 60 + 5))
}

fn held(polls: &Polls) -> Vec<Held> {
    polls.passages.iter().map(|it| it.held).collect()
}

#[test]
fn a_maximum_that_holds_back_jobs_is_named_and_higher_ones_are_tried() {
    let scene = Scene::new(&spec(4, 30, "accurate"), false, hourly);
    let told = ask(&scene, busy(&scene), None).unwrap();
    // The jobs of the last hour are done; then the next forty items come, and go again.
    let expected = [
        Held::Inactive,
        Held::Nothing,
        Held::Max,
        Held::Nothing,
        Held::Inactive,
    ];
    assert_eq!(held(&told), expected);
    let [quiet, _, full, .., end] = told.passages.as_slice() else {
        panic!("{:?}", told.passages);
    };
    assert_eq!((quiet.created, quiet.queue), (0, Some(extent(0, 0))));
    assert_eq!((quiet.from, end.to), (told.span.from, told.span.to));
    assert!(
        full.jobs.most <= 4 && full.wanted.unwrap().most > 4,
        "{full:?}"
    );
    assert!(full.created > 0, "{full:?}");
    let polls: usize = told.passages.iter().map(|it| it.polls).sum();
    assert_eq!(polls, 45 * 2);
    assert_eq!((told.today.jobs, told.today.most), (4, 4));
    let higher = told.alternatives.iter().find(|it| {
        let change = &it.changes[0];
        change.key.as_str() == "max_replicas" && change.to == 16
    });
    let higher = &higher.unwrap().outcome;
    assert!(higher.most > 4, "{higher:?}");
    assert!(
        higher.p95_wait_seconds < told.today.p95_wait_seconds,
        "{higher:?}"
    );
    assert!(
        told.agreement.unwrap().within_one > 0.6,
        "{:?}",
        told.agreement
    );
}

fn extent(least: i64, most: i64) -> Extent {
    Extent { least, most }
}

#[test]
fn a_minimum_comes_first_and_an_activation_threshold_holds_back() {
    let mut written = spec(10, 30, "default");
    written["minReplicaCount"] = 3.into();
    let scene = Scene::new(&written, false, hourly);
    let told = ask(&scene, busy(&scene), None).unwrap();
    assert!(held(&told).contains(&Held::Min), "{:?}", told.passages);
    assert!(told.today.least >= 3, "{:?}", told.today);

    let mut written = spec(10, 30, "default");
    written["triggers"][0]["metadata"]["activationThreshold"] = "1000000".into();
    let mut scene = Scene::new(&spec(10, 30, "default"), false, hourly);
    scene.autoscaler = autoscaler(&written);
    let told = ask(&scene, busy(&scene), None).unwrap();
    assert_eq!(held(&told), [Held::Inactive]);
    assert!(
        told.passages[0].queue.unwrap().most > 0,
        "{:?}",
        told.passages
    );
    assert_eq!(told.today.created, 0);
}

#[test]
fn a_gap_of_the_trigger_is_told_and_nothing_is_made_in_it() {
    let mut scene = Scene::new(&spec(4, 30, "accurate"), false, hourly);
    let queue = scene.history.get(&Metric::Trigger(0)).unwrap();
    let grid = queue.grid();
    let mut gappy = Series::gaps(grid);
    for (at, value) in queue.iter().enumerate() {
        if let Some(value) = value.filter(|_| !(310..316).contains(&at)) {
            gappy.set(at, value);
        }
    }
    scene.history.insert(Metric::Trigger(0), gappy);
    let at = About::At(grid.time(314));
    let told = ask(&scene, at, None).unwrap();
    let blind = told.passages.iter().find(|it| it.held == Held::NoTrigger);
    let blind = blind.unwrap();
    assert_eq!((blind.queue, blind.wanted, blind.created), (None, None, 0));
    assert!(told.known > 0.2 && told.known < 0.5, "{}", told.known);
}

#[test]
fn what_is_proposed_is_listed_even_where_it_changes_nothing() {
    let scene = Scene::new(&spec(4, 30, "default"), false, |_| 0.0);
    let proposed = Settings {
        max_replicas: Replicas(8),
        ..Settings::of(&scene.autoscaler)
    };
    let told = ask(&scene, busy(&scene), Some(&proposed)).unwrap();
    let [only] = told.alternatives.as_slice() else {
        panic!("{:?}", told.alternatives);
    };
    assert!(only.is_proposed && only.outcome == told.today);
    let json = serde_json::to_value(only).unwrap();
    let expected = serde_json::json!({"max_replicas": {"from": 4, "to": 8}});
    assert_eq!(json["changes"], expected);
}

#[test]
fn the_last_part_is_asked_for_by_its_length() {
    let scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    let told = ask(&scene, About::Last(SignedDuration::from_hours(2)), None).unwrap();
    assert_eq!(told.span.to.duration_since(told.span.from).as_hours(), 2);
    assert_eq!((told.span.at, told.known), (told.span.to, 1.0));
    // One more than the steps of the history would be the sample that is not there.
    assert_eq!(told.agreement.unwrap().samples, 24);
}

#[test]
fn what_cannot_be_rebuilt_says_why() {
    let scene = Scene::new(&spec(4, 30, "default"), false, hourly);
    let late = scene.now + SignedDuration::from_hours(1);
    let outside = ask(&scene, About::At(late), None).unwrap_err();
    let last = scene.start + SignedDuration::from_mins(5 * (3 * DAY as i64 - 1));
    let first = scene.start;
    assert_eq!(outside, Error::Outside { first, last });

    let mut paused = Scene::new(&spec(4, 30, "default"), false, hourly);
    let job = paused.autoscaler.jobs.as_mut().unwrap();
    let annotations = &mut std::sync::Arc::make_mut(job).metadata.annotations;
    annotations.insert(keys::PAUSED.to_owned(), "true".to_owned());
    let unknown = |scene: Scene| {
        let refused = ask(&scene, busy(&scene), None).unwrap_err();
        assert!(matches!(refused, Error::Unknown(_)));
        refused.to_string()
    };
    assert_eq!(unknown(paused), "paused: KEDA makes no jobs");
    let blind = scene.without(&Metric::JobDuration);
    assert!(unknown(blind).starts_with("durations of jobs are unknown"));
}
