//! What a replay is given, and what it shows.

use jiff::Timestamp;

use crate::sim::demand::Segment;
use crate::sim::flags::Flags;
use crate::sim::keda::formula::Modifiers;
use crate::sim::keda::hpa::Hpa;
use crate::sim::keda::need::Ruler;
use crate::sim::keda::pass::Pass;
use crate::sim::keda::settings::LoopSettings;
use crate::sim::keda::state::ObjectState;
use crate::sim::keda::trigger::Trigger;
use crate::sim::plant::PodShape;
use crate::sim::sync::Plan;

/// What is replayed, and on which pods.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    pub object: &'a LoopSettings,
    pub triggers: &'a [Trigger],
    pub modifiers: Option<Modifiers<'a>>,
    /// [`Hpa::of`] these; one without metrics is none.
    pub hpa: &'a Hpa,
    pub flags: &'a Flags,
    pub pods: PodShape,
    /// The share of the demand, and of the need, by which capacity should exceed it.
    pub headroom: f64,
    /// What tells the need; the object itself where there is none.
    pub ruler: Option<Ruler<'a>>,
}

impl<'a> Setup<'a> {
    pub(super) fn ruler(&self) -> Ruler<'a> {
        self.ruler.unwrap_or(Ruler {
            triggers: self.triggers,
            modifiers: self.modifiers,
            max: self.object.max,
        })
    }
}

/// How things stand when a replay starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The first poll and the first sync.
    pub at: Timestamp,
    /// Pods that have been serving for long.
    pub replicas: i32,
    /// When the object was created.
    pub created: Timestamp,
    /// When a trigger was last known to be active, if ever.
    pub last_active: Option<Timestamp>,
}

/// What there is of everything during some syncs.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// How long, and the demand for CPU, if that is known.
    pub segment: Segment,
    /// What the source of each external trigger gives, in their order; `None` is an error.
    pub values: &'a [Option<f64>],
    /// The loads besides the demand, by their place in the inputs, in thousandths.
    pub others: &'a [Option<i64>],
}

/// What some equal passes, or some equal syncs, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Pass {
        at: Timestamp,
        state: ObjectState,
        pass: Pass,
    },
    Syncs {
        at: Timestamp,
        /// How many, this one and those that were skipped after it; the passes between them
        /// decided as the last one.
        syncs: u32,
        plan: Plan,
    },
}
