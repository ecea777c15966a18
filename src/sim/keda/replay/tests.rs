//! Closed loops worked by hand from KEDA's rules, and the laws of a replay.

mod by_hand;
mod laws;
mod made_up;

use super::*;
use crate::autoscaler::Target;
use crate::sim::demand::Segment;
use crate::sim::flags::Flags;
use crate::sim::keda::fallback::{Behavior, Fallback};
use crate::sim::keda::formula::Modifiers;
use crate::sim::keda::settings::LoopSettings;
use crate::sim::plant::PodShape;

const START: i64 = 1_700_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

/// Pods that serve 40 s after their creation.
const PODS: PodShape = PodShape {
    request: 500,
    limit: None,
    idle: 0,
    startup: SignedDuration::from_secs(40),
    window: SignedDuration::from_secs(15),
};

fn start(replicas: i32) -> Start {
    Start {
        at: at(0),
        replicas,
        created: at(-10_000),
        last_active: None,
    }
}

/// A queue of which each pod takes ten.
fn queue(activation: f64) -> Trigger {
    Trigger::External(External {
        metric: "s0-queue".to_owned(),
        target: Target::AverageValue("10".parse().unwrap()),
        activation,
        is_cached: false,
    })
}

/// An object with its triggers, and the HPA that comes of them.
struct Case {
    object: LoopSettings,
    triggers: Vec<Trigger>,
    hpa: Hpa,
    flags: Flags,
}

impl Case {
    fn new(object: LoopSettings, triggers: Vec<Trigger>) -> Self {
        let flags = Flags::default();
        Self {
            hpa: Hpa::of(&object, &triggers, None, None, &flags),
            object,
            triggers,
            flags,
        }
    }

    fn replay(&self, start: Start) -> Replay<'_> {
        let setup = Setup {
            object: &self.object,
            triggers: &self.triggers,
            modifiers: None,
            hpa: &self.hpa,
            flags: &self.flags,
            pods: PODS,
            headroom: 0.0,
            ruler: None,
        };
        Replay::new(setup, start)
    }
}

/// The replicas right after each time at which they changed, in seconds from the start.
fn changes(replay: &mut Replay<'_>, stretches: &[(u32, Option<f64>)]) -> Vec<(i64, i32)> {
    let mut found = Vec::new();
    for (ticks, value) in stretches {
        let segment = Segment {
            ticks: *ticks,
            demand: None,
            peak: 0,
        };
        let stretch = Stretch {
            segment,
            values: &[*value],
            others: &[],
        };
        replay.run(&stretch, |step| found.extend(written(step)));
    }
    found
}

fn written(step: &Step) -> Option<(i64, i32)> {
    let (at, written) = match step {
        Step::Pass { at, pass, .. } => (at, pass.scale_to),
        Step::Syncs { at, plan, .. } => (at, plan.scale_to()),
    };
    Some((at.as_second() - START, written?))
}

#[test]
fn time_of_which_nothing_is_known_passes_without_a_decision() {
    let object = LoopSettings {
        fallback: Some(Fallback {
            failure_threshold: 0,
            replicas: 9,
            behavior: Behavior::Static,
        }),
        ..LoopSettings::default()
    };
    let case = Case::new(object, vec![queue(0.0)]);
    let mut replay = case.replay(start(2));
    assert_eq!(changes(&mut replay, &[(4, Some(20.0))]), []);
    replay.pass_over(40);
    let score = replay.score();
    assert_eq!(
        (replay.replicas(), score.seconds, score.polls.all),
        (2, 60, 2)
    );
    // It goes on with the first poll after it, ten minutes later: the load came back.
    assert_eq!(changes(&mut replay, &[(4, Some(30.0))]), [(660, 3)]);
    assert_eq!(replay.score().seconds, 120);
}
