//! A record while an event is worked into it.

use jiff::{SignedDuration, Timestamp};

use super::{Effect, NotNow, Step};
use crate::autoscaler::AutoscalerKind;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;

pub(super) struct Draft {
    pub(super) record: Record,
    pub(super) now: Timestamp,
    effects: Vec<Effect>,
}

impl Draft {
    pub(super) fn of(record: &Record, now: Timestamp) -> Self {
        Self {
            record: record.clone(),
            now,
            effects: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Step {
        Step {
            record: self.record,
            effects: self.effects,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.record.status.phase
    }

    /// Makes `phase` the phase of the record, for the reason `detail`.
    pub(super) fn enter(&mut self, phase: Phase, detail: impl Into<String>, by: &str) {
        self.record.enter(phase, detail.into(), by, self.now);
        self.save();
    }

    /// Adds to the story what changes neither phase nor detail.
    pub(super) fn tell(&mut self, detail: impl Into<String>, by: &str) {
        self.record.tell(detail.into(), by, self.now);
        self.save();
    }

    /// Has the record kept, before everything else.
    pub(super) fn save(&mut self) {
        if !self.effects.contains(&Effect::Save) {
            self.effects.insert(0, Effect::Save);
        }
    }

    pub(super) fn then(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn announce(&mut self, reason: &'static str, message: impl Into<String>) {
        self.then(Effect::Announce {
            reason,
            message: message.into(),
            is_warning: false,
        });
    }

    pub(super) fn warn(&mut self, reason: &'static str, message: impl Into<String>) {
        self.then(Effect::Announce {
            reason,
            message: message.into(),
            is_warning: true,
        });
    }

    pub(super) fn not_now(&self, why: &str, way_out: String) -> NotNow {
        NotNow {
            record: self.record.title(),
            phase: self.phase(),
            why: why.to_owned(),
            way_out,
        }
    }

    /// `run kubectl stepscale revert rec/web -n shop` and what else is said about it.
    pub(super) fn run(&self, verb: &str, purpose: &str) -> String {
        let argument = self.record.argument();
        format!("run `kubectl stepscale {verb} {argument}` {purpose}")
    }

    /// As [`run`](Self::run), for a new analysis of the autoscaler.
    pub(super) fn analyze(&self, purpose: &str) -> String {
        let id = &self.record.autoscaler;
        format!(
            "run `kubectl stepscale analyze {}/{} -n {}` {purpose}",
            id.kind.short(),
            id.name,
            id.namespace
        )
    }

    /// What is changed, as details name it: `HPA`.
    pub(super) fn target(&self) -> &'static str {
        match self.record.autoscaler.kind {
            AutoscalerKind::HorizontalPodAutoscaler => "HPA",
            kind @ (AutoscalerKind::ScaledObject | AutoscalerKind::ScaledJob) => kind.as_str(),
        }
    }
}

/// `at` and `wait` more, at most the end of time.
pub(super) fn after(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}
