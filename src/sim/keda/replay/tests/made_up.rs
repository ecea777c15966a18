//! Objects, triggers and histories of all sorts.

use proptest::prelude::*;

use super::*;
use crate::autoscaler::{Metric, Resource};
use crate::sim::input::Input;
use crate::sim::keda::annotations::Annotations;

/// What is replayed.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) object: LoopSettings,
    pub(super) triggers: Vec<Trigger>,
    pub(super) start: Start,
    /// Syncs, the demand, and the value of each external trigger.
    pub(super) stretches: Vec<(u32, Option<i64>, Vec<Option<f64>>)>,
}

prop_compose! {
    fn fallback()(
        failure_threshold in -1..5,
        replicas in 0..6,
        behavior in prop_oneof![
            Just(Behavior::Static),
            Just(Behavior::CurrentReplicas),
            Just(Behavior::CurrentReplicasIfHigher),
            Just(Behavior::CurrentReplicasIfLower),
        ],
    ) -> Fallback {
        Fallback { failure_threshold, replicas, behavior }
    }
}

prop_compose! {
    fn annotations()(
        paused in proptest::option::weighted(0.1, any::<bool>()),
        held in proptest::option::weighted(0.05, 0..4),
        (paused_scale_in, paused_scale_out, force_activation) in (
            proptest::bool::weighted(0.1),
            proptest::bool::weighted(0.1),
            proptest::bool::weighted(0.1),
        ),
    ) -> Annotations {
        Annotations {
            paused,
            paused_replicas: held.map(Ok),
            paused_scale_in,
            paused_scale_out,
            force_activation,
        }
    }
}

prop_compose! {
    fn object()(
        min in 0..4,
        more in 1..20,
        is_idle in any::<bool>(),
        (polling, cooldown, initial) in (1..90_i64, 0..400_i64, 0..400_i64),
        fallback in proptest::option::of(fallback()),
        annotations in annotations(),
    ) -> LoopSettings {
        LoopSettings {
            min,
            max: min + more,
            idle: (is_idle && min > 0).then_some(0),
            polling_interval: SignedDuration::from_secs(polling),
            cooldown: SignedDuration::from_secs(cooldown),
            initial_cooldown: SignedDuration::from_secs(initial),
            fallback,
            annotations,
        }
    }
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let quantity = || "10".parse().unwrap();
    let target = prop_oneof![
        Just(Target::AverageValue(quantity())),
        Just(Target::Value(quantity())),
    ];
    let external = (target, 0.0..30.0_f64, any::<bool>());
    let external = external.prop_map(|(target, activation, is_cached)| {
        Trigger::External(External {
            metric: "s0-queue".to_owned(),
            target,
            activation: activation.trunc(),
            is_cached,
        })
    });
    let cpu = Trigger::Resource {
        metric: Metric::Resource {
            resource: Resource::Cpu,
            target: Target::Utilization(60),
        },
        input: Input::Demand,
    };
    prop_oneof![4 => external, 1 => Just(cpu)]
}

prop_compose! {
    pub(super) fn story()(
        object in object(),
        triggers in proptest::collection::vec(trigger(), 1..3),
        (replicas, age) in (0..8, 0..500_i64),
        last_active in proptest::option::of(0..500_i64),
        stretches in proptest::collection::vec((
            1..50_u32,
            proptest::option::weighted(0.8, 0..6_000_i64),
            proptest::collection::vec(
                proptest::option::weighted(0.7, prop_oneof![Just(0.0), 0.0..120.0_f64]),
                2,
            ),
        ), 1..20),
    ) -> Story {
        let start = Start {
            at: at(0),
            replicas,
            created: at(-age),
            last_active: last_active.map(|it| at(-it)),
        };
        Story { object, triggers, start, stretches }
    }
}

impl Story {
    pub(super) fn case(&self) -> Case {
        Case::new(self.object.clone(), self.triggers.clone())
    }

    /// Runs all of it in stretches of at most `ticks`, and shows each step.
    pub(super) fn run(&self, replay: &mut Replay<'_>, ticks: u32, mut show: impl FnMut(&Step)) {
        let external = self.triggers.iter().filter_map(Trigger::external).count();
        for (length, demand, values) in &self.stretches {
            let mut left = *length;
            while left > 0 {
                let part = left.min(ticks);
                let stretch = Stretch {
                    segment: Segment {
                        ticks: part,
                        demand: *demand,
                        peak: demand.unwrap_or(0),
                    },
                    values: &values[..external],
                    others: &[],
                };
                replay.run(&stretch, &mut show);
                left -= part;
            }
        }
    }
}
