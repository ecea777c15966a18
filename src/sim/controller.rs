//! One HPA in a replay: what its controller decides at each sync, and when it could decide
//! otherwise though nothing around it changes.

use jiff::{SignedDuration, Timestamp};

use super::condition::Reason;
use super::flags::{Flags, SYNC_PERIOD};
use super::memory::Past;
use super::proposal::{Aim, MetricError, Proposal};
use super::recent::Recent;
use super::settings::Settings;
use super::sync::{Because, Found, Plan, State, Status, Written, plan, settle};
use super::totals::Scale;

/// An HPA's settings and what its controller remembers of it.
#[derive(Clone, Debug)]
pub(super) struct Controller<'a> {
    settings: &'a Settings,
    /// The same with a higher minimum, while a schedule raises it.
    raised: Option<Box<Settings>>,
    flags: &'a Flags,
    aims: Vec<Result<Aim<'a>, MetricError>>,
    state: State<Recent>,
}

impl<'a> Controller<'a> {
    /// One that has seen nothing yet.
    pub(super) fn new(settings: &'a Settings, flags: &'a Flags) -> Self {
        Self {
            settings,
            raised: None,
            flags,
            aims: settings.metrics.iter().map(Aim::of).collect(),
            state: State {
                memory: Recent::new(settings, flags),
                status: Status::default(),
            },
        }
    }

    /// What each metric is compared with.
    pub(super) fn aims(&self) -> &[Result<Aim<'a>, MetricError>] {
        &self.aims
    }

    /// Keeps at least `floor` replicas from now on, as far as the maximum and the minimum go.
    pub(super) fn keep(&mut self, floor: i32) {
        let settings = self.settings;
        let min = floor.min(settings.max).max(settings.min);
        self.raised = (min > settings.min).then(|| {
            let settings = settings.clone();
            Box::new(Settings { min, ..settings })
        });
    }

    /// One sync of a target with `replicas` pods, whose count is written as decided.
    ///
    /// `propose` is asked for the proposal of each metric whose target can be used.
    #[inline]
    pub(super) fn sync(
        &mut self,
        replicas: i32,
        now: Timestamp,
        mut propose: impl FnMut(usize, &Aim<'a>) -> Result<Proposal, MetricError>,
    ) -> Plan {
        let scale = Scale {
            current: replicas,
            observed: replicas,
        };
        let found = Found {
            scale: Ok(scale),
            selector: Ok(()),
        };
        let Self {
            settings,
            raised,
            flags,
            aims,
            state,
        } = self;
        let settings: &Settings = raised.as_deref().unwrap_or(settings);
        let propose = |index: usize| {
            let aim = aims[index].as_ref().map_err(|err| *err)?;
            propose(index, aim)
        };
        let plan = plan(settings, flags, state, found, now, propose);
        // An error is a part of the plan, and what it means for the pods is decided there.
        let _ = settle(settings, flags, state, &plan, Written::Done, now);
        plan
    }

    /// The next time at which a sync may decide otherwise than `plan`, which scaled nothing, while
    /// pods and metrics stay.
    #[inline]
    pub(super) fn next_turn(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        let Because::Metrics { held, .. } = plan.because else {
            return None;
        };
        let waits = held.stabilized != Reason::ReadyForNewScale;
        let slowed = matches!(held.limited, Reason::ScaleUpLimit | Reason::ScaleDownLimit);
        let memory = &self.state.memory;
        // Unless a window holds something back, what leaves it only makes way for the same.
        let recommended = waits.then(|| memory.next_recommended()).flatten();
        // Nor do policies matter where they do not limit.
        let pace = self.settings.pace.as_ref().filter(|_| slowed);
        let changed = pace.and_then(|it| memory.next_changed(it, now));
        recommended.into_iter().chain(changed).min()
    }

    /// Remembers `syncs` that followed the one of `plan` at `now` and decided the same.
    #[inline]
    pub(super) fn skip(&mut self, plan: &Plan, syncs: u32, now: Timestamp) {
        if let Some(replicas) = plan.recommendation.filter(|_| syncs > 0) {
            let last = super::numbers::after(now, SYNC_PERIOD * syncs as i32);
            self.state.memory.record(replicas, last, last);
        }
    }
}

/// Whole syncs strictly before `length` has passed.
pub(super) fn syncs_before(length: SignedDuration) -> u32 {
    let period = SYNC_PERIOD.as_secs();
    let is_more = length.as_secs() % period > 0 || length.subsec_nanos() > 0;
    let syncs = length.as_secs() / period + i64::from(is_more) - 1;
    u32::try_from(syncs.max(0)).unwrap_or(u32::MAX)
}
