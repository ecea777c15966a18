//! KEDA's operator and metrics server: ScaledObjects that scale, and what they tell of it.
//!
//! [`reconcile`] checks an object and keeps its HPA, [`scale_loop`] passes every polling interval
//! and answers the HPA, which the twin's own controller runs. What each step decides is
//! `sim::keda` and `crate::keda`; here the decisions are carried out. The values of triggers are
//! told from outside ([`feed`]), since the sandbox has no sources that they could ask.

mod exposed;
pub(crate) mod feed;
mod health;
mod hpa;
mod object;
mod reconcile;
mod resolve;
mod scale_loop;
pub(crate) mod serve;
mod status;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::meter::Meter;
use super::objects::{Name, Of};
use super::stage::Stage;
use super::world::World;
use crate::sandbox::faults::Faults;
use crate::sim::keda::fallback::SourceError;
use crate::sim::keda::source::Source;
use feed::Triggers;
use object::Parts;
use reconcile::Fingerprint;
use scale_loop::Reader;
use status::Status;

/// What the operator knows of one ScaledObject.
#[derive(Default)]
struct Known {
    /// As it was reconciled last.
    fingerprint: Fingerprint,
    /// As the loop runs it, once it was sound.
    parts: Option<Parts>,
    /// Beside the external triggers.
    sources: Vec<Source>,
    /// The last value of each, as far as one was read.
    told: Vec<Option<f64>>,
    hpa: Option<hpa::Written>,
    /// `None` while no loop runs.
    next_poll: Option<Timestamp>,
    /// Reconciles in a row that failed, and when the next one is.
    failures: u32,
    retry_at: Option<Timestamp>,
    /// Whether the last pass found a fallback in the place of a value.
    fell_back: bool,
    /// Whether metrics were read that the status does not show yet.
    is_read: bool,
}

/// All ScaledObjects.
pub(super) struct Operator {
    /// Whether KEDA is installed.
    is_running: bool,
    /// Nothing is reconciled before.
    start: Timestamp,
    triggers: Triggers,
    faults: Arc<Faults>,
    objects: BTreeMap<Name, Known>,
}

impl Operator {
    pub(super) fn new(
        is_running: bool,
        start: Timestamp,
        triggers: Triggers,
        faults: Arc<Faults>,
    ) -> Self {
        Self {
            is_running,
            start,
            triggers,
            faults,
            objects: BTreeMap::new(),
        }
    }

    /// Looks at an object that changed.
    pub(super) fn look(&mut self, stage: &mut Stage, meter: &Meter, of: Of, name: &Name) {
        if !self.is_running {
            return;
        }
        if stage.now < self.start {
            stage.look_at(self.start, of, name);
            return;
        }
        if of == Of::ScaledObject && self.reconcile(stage, name) {
            if let Some(known) = self.objects.get_mut(name) {
                known.next_poll = Some(stage.now);
            }
            self.poll(stage, meter, name);
        }
    }

    /// Passes through a loop whose time has come.
    pub(super) fn due(&mut self, stage: &mut Stage, meter: &Meter, of: Of, name: &Name) {
        if of == Of::ScaledObject {
            self.poll(stage, meter, name);
        }
    }

    /// Answers who asks for an external metric, in thousandths; `None` where no ScaledObject of
    /// that name is known.
    ///
    /// Counts as a read, as every request does.
    pub(super) fn request(
        &mut self,
        world: &World,
        meter: &Meter,
        object: &Name,
        metric: &str,
        now: Timestamp,
    ) -> Option<Result<i64, SourceError>> {
        let mut known = self.objects.remove(object)?;
        let read = known.request(self.reader(world, meter, now), object, metric);
        self.objects.insert(object.clone(), known);
        Some(read)
    }

    /// Writes into the statuses what requests left to tell.
    pub(super) fn tell_reads(&mut self, stage: &mut Stage) {
        for (name, known) in &mut self.objects {
            if !std::mem::take(&mut known.is_read) {
                continue;
            }
            let raw = stage.world.get(Of::ScaledObject, name).cloned();
            if let Some((raw, parts)) = raw.zip(known.parts.as_ref()) {
                let mut status = Status::of(&raw);
                health::show(parts, &known.sources, &mut status);
                status.write(stage, Of::ScaledObject, name);
            }
        }
    }

    /// The values that triggers are told to have.
    pub(super) fn triggers(&self) -> &Triggers {
        &self.triggers
    }

    pub(super) fn triggers_mut(&mut self) -> &mut Triggers {
        &mut self.triggers
    }

    fn reader<'a>(&'a self, world: &'a World, meter: &'a Meter, now: Timestamp) -> Reader<'a> {
        Reader {
            triggers: &self.triggers,
            faults: &self.faults,
            meter,
            world,
            now,
        }
    }
}

/// A kind as KEDA writes it: `apps/v1.Deployment`.
fn kind_of(of: Of) -> String {
    format!("{}.{}", of.api_version(), of.kind())
}
