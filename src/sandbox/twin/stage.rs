//! What all controllers work with.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::events::{Event, Kind, Recorder, Source};
use super::objects::{Name, Of};
use super::random::Random;
use super::timers::{Due, Timers};
use super::world::World;
use crate::sandbox::status::Refusal;

/// How soon a controller tries again what was refused.
const RETRY: SignedDuration = SignedDuration::from_secs(5);

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) timers: Timers,
    pub(super) random: Random,
    pub(super) events: Recorder,
    pub(super) startups: Startups,
    pub(super) now: Timestamp,
}

/// How long pods take from their creation until they are ready.
#[derive(Clone, Debug)]
pub(super) struct Startups {
    pub(super) usual: SignedDuration,
    /// By the workload that they belong to.
    pub(super) special: BTreeMap<(Of, Name), SignedDuration>,
}

impl Stage {
    /// How long the pods of a workload take to become ready.
    pub(super) fn startup(&self, root: Option<&(Of, Name)>) -> SignedDuration {
        let special = root.and_then(|it| self.startups.special.get(it));
        *special.unwrap_or(&self.startups.usual)
    }

    /// Writes an event about `object`.
    pub(super) fn event(
        &mut self,
        object: &Value,
        source: Source,
        kind: Kind,
        reason: &str,
        message: impl Into<String>,
    ) {
        let event = Event {
            source,
            kind,
            reason,
            message: message.into(),
        };
        self.events.write(&mut self.world, object, event, self.now);
    }

    /// Has a controller look at an object at a later time.
    pub(super) fn look_at(&mut self, at: Timestamp, of: Of, name: &Name) {
        let name = name.clone();
        self.timers.add(at, Due::Look { of, name });
    }

    /// What a write gave; if it was refused, the object is looked at again later, read anew.
    pub(super) fn or_retry<T>(
        &mut self,
        written: Result<T, Refusal>,
        of: Of,
        name: &Name,
    ) -> Option<T> {
        if written.is_err() {
            let at = crate::sim::numbers::after(self.now, RETRY);
            self.look_at(at, of, name);
        }
        written.ok()
    }
}
