//! Where the values of triggers come from: what they are told to be over time, and the schedule
//! of `cron`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::keda::trigger::Cron;
use crate::sandbox::cycle::Cycle;
use crate::sandbox::twin::objects::Name;
use crate::series::Series;

/// What the source of a trigger tells over time.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerTrace {
    pub namespace: String,
    /// The name of the ScaledObject or ScaledJob.
    pub object: String,
    /// The place among its triggers, from 0.
    pub trigger: usize,
    /// Each value holds for the step that ends with its sample, and all of them repeat by whole
    /// weeks or days; where there is none, the source fails.
    pub values: Series,
}

impl TriggerTrace {
    /// The value at `now`.
    pub(crate) fn at(&self, now: Timestamp) -> Option<f64> {
        let grid = self.values.grid();
        if grid.is_empty() {
            return None;
        }
        let step = i64::from(grid.step().seconds());
        let begun = grid.start().as_second() - step;
        let passed = now.as_second().saturating_sub(begun).div_euclid(step);
        let place = Cycle::of(grid.len() as i64, step).place(passed);
        self.values.get(usize::try_from(place).ok()?)
    }
}

/// The values of all triggers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Triggers {
    traces: BTreeMap<(Name, usize), TriggerTrace>,
    /// Values that hold until they are set anew, in the place of traces.
    set: BTreeMap<(Name, usize), Option<f64>>,
}

impl Triggers {
    pub(crate) fn of(traces: Vec<TriggerTrace>) -> Self {
        let key = |it: &TriggerTrace| (Name::new(&it.namespace, &it.object), it.trigger);
        Self {
            traces: traces.into_iter().map(|it| (key(&it), it)).collect(),
            set: BTreeMap::new(),
        }
    }

    /// From now on the source gives `value`, or fails.
    pub(crate) fn set(&mut self, object: Name, trigger: usize, value: Option<f64>) {
        self.set.insert((object, trigger), value);
    }

    /// Whether anything is told of a trigger.
    pub(super) fn tells_of(&self, object: &Name, trigger: usize) -> bool {
        let key = (object.clone(), trigger);
        self.set.contains_key(&key) || self.traces.contains_key(&key)
    }

    /// What is told of a trigger: nothing of most, else the value or that the source fails.
    pub(super) fn told(
        &self,
        object: &Name,
        trigger: usize,
        now: Timestamp,
    ) -> Option<Option<f64>> {
        let key = (object.clone(), trigger);
        match self.set.get(&key) {
            Some(value) => Some(*value),
            None => self.traces.get(&key).map(|it| it.at(now)),
        }
    }

    /// All that is told at `now`, by object and trigger.
    pub(crate) fn all(&self, now: Timestamp) -> impl Iterator<Item = (&Name, usize, f64)> {
        let only_traced = self.traces.keys().filter(|it| !self.set.contains_key(*it));
        let keys = only_traced.chain(self.set.keys());
        keys.filter_map(move |(name, trigger)| {
            let value = self.told(name, *trigger, now)??;
            Some((name, *trigger, value))
        })
    }
}

/// What a `cron` trigger counts; an error where its time zone does not exist.
pub(super) fn of_schedule(cron: &Cron, now: Timestamp) -> Option<f64> {
    let reading = cron.reading(now).ok()?;
    Some(match reading.is_active && reading.value <= 0.0 {
        // A negative count is none, and yet the trigger is active: less than a thousandth is both.
        true => f64::MIN_POSITIVE,
        false => reading.value,
    })
}

/// How often a value is told of times before the sandbox began.
pub(crate) const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(60);
