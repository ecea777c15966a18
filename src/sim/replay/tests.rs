//! The fast way against the long one, the laws of a replay, and cases worked by hand.

mod by_hand;
mod extremes;
mod laws;
mod made_up;
mod single;

use jiff::SignedDuration;

use super::*;
use crate::autoscaler::behavior::Behavior;
use crate::autoscaler::{Holds, Metric, Resource, Target};
use crate::sim::plant::Share;
use crate::sim::score::Limit;
use crate::sim::settings::{Pace, Tolerance};
use crate::sim::sync::{Because, Found, State, Written, plan, settle};
use crate::sim::totals::Scale;

const START: i64 = 1_700_000_000;

fn at(tick: i64) -> Timestamp {
    Timestamp::from_second(START + 15 * tick).unwrap()
}

fn settings(min: i32, max: i32, percent: u32, behavior: Option<&Behavior>) -> Settings {
    let flags = Flags::default();
    Settings {
        min,
        max,
        metrics: vec![Metric::Resource {
            resource: Resource::Cpu,
            target: Target::Utilization(percent),
        }],
        tolerance: Tolerance::of(behavior, &flags),
        pace: behavior.map(|it| Pace::of(it, &flags)),
    }
}

fn shape(request: i64, limit: Option<i64>, startup: i64) -> PodShape {
    PodShape {
        request,
        limit,
        idle: 3,
        startup: SignedDuration::from_secs(startup),
        window: SignedDuration::from_secs(15),
    }
}

/// A replay of pods that scale by CPU alone.
fn start<'a>(
    settings: &'a Settings,
    flags: &'a Flags,
    pods: PodShape,
    replicas: i32,
) -> Replay<'a> {
    let setup = Setup {
        settings,
        flags,
        pods,
        inputs: &[Input::Demand],
        headroom: 0.0,
        floors: &[],
    };
    Replay::new(setup, replicas, at(0))
}

fn segment(ticks: u32, demand: i64) -> Segment {
    Segment {
        ticks,
        demand: Some(demand),
        peak: demand,
    }
}

/// The replicas that every single sync found, from the steps of a replay.
fn replayed(replay: &mut Replay<'_>, segments: &[Segment]) -> Vec<i32> {
    let mut found = Vec::new();
    for segment in segments {
        replay.run(segment, &[], |step| {
            let syncs = step.syncs as usize;
            found.extend(std::iter::repeat_n(step.plan.current, syncs));
        });
    }
    found
}

#[test]
fn a_step_up_is_followed_and_a_step_down_waits_for_the_window() {
    let settings = settings(2, 10, 50, None);
    let flags = Flags::default();
    let shape = shape(1_000, None, 30);
    let mut replay = start(&settings, &flags, shape, 2);
    let found = replayed(
        &mut replay,
        &[segment(2, 994), segment(20, 3_970), segment(40, 994)],
    );
    // 3,970 millicores over two pods are 198 % of their requests: 8 pods, in one step of at most
    // twice as many or 4. The new ones serve at 30 s and count at 45 s.
    assert_eq!(found[..4], [2, 2, 2, 4]);
    assert_eq!(found[8], 8);
    assert_eq!(found[21], 8);
    // 300 s of age still count, so the first sync that may scale down is the 21st at low demand;
    // the pods are seen as removed by the one after it.
    let low = found.iter().rposition(|it| *it == 8).unwrap();
    assert_eq!(low, 22 + 20);
    assert_eq!(found[low + 1], 2);
    assert_eq!(replay.score().scale_events, 3);
    assert_eq!(replay.score().flaps, 1);
}

#[test]
fn a_floor_is_there_from_its_sync_on_and_leaves_with_the_window() {
    let settings = settings(2, 10, 50, None);
    let flags = Flags::default();
    let floors = [(100, 6), (400, 0)].map(|(second, min)| Floor {
        from: after(at(0), SignedDuration::from_secs(second)),
        min,
    });
    let setup = Setup {
        floors: &floors,
        ..start(&settings, &flags, shape(1_000, None, 30), 2).setup
    };
    let mut replay = Replay::new(setup, 2, at(0));
    // What two pods serve well, all the time.
    let found = replayed(&mut replay, &[segment(80, 994)]);
    // 100 s are passed by the eighth sync, at 105 s, and its pods are found by the ninth.
    assert_eq!(found[..9], [2, 2, 2, 2, 2, 2, 2, 2, 6]);
    // While the new pods were not ready, at 120 s and 135 s, fewer could not be recommended, and that
    // counts for 300 s: the sync of 435 s is the first that may scale down, and it may at once.
    let left = found.iter().rposition(|it| *it == 6).unwrap();
    assert_eq!((left, found[30], found[79]), (29, 2, 2));
    assert_eq!(replay.score().scale_events, 2);
}

#[test]
fn what_cannot_change_is_not_run() {
    let settings = settings(2, 10, 50, None);
    let flags = Flags::default();
    let mut replay = start(&settings, &flags, shape(1_000, None, 30), 2);
    let mut steps = 0;
    replay.run(&segment(80_640, 994), &[], |_| steps += 1);
    assert_eq!((steps, replay.score().known), (1, 80_640));
}
