//! One sync of one HPA: [`plan`] decides, the caller writes the count, [`settle`] notes it.

mod explained;

pub use explained::{Explained, event_name};

use jiff::Timestamp;

use super::condition::{Conditions, Kind, Reason};
use super::flags::Flags;
use super::memory::{Memory, Past};
use super::normalize::{Normalized, normalize};
use super::proposal::{MetricError, Proposal};
use super::settings::Settings;
use super::totals::Scale;
use crate::autoscaler::{Holds, Metric};

/// What one sync leaves to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State<P = Memory> {
    pub memory: P,
    pub status: Status,
}

/// The part of an HPA's status that lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub current: i32,
    pub desired: i32,
    pub last_scale: Option<Timestamp>,
    pub conditions: Conditions,
}

/// Why the pods of a scale target cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SelectorError {
    #[error("the scale target has no selector")]
    Empty,
    #[error("the scale target's selector cannot be read")]
    Invalid,
    #[error("the selector finds pods of other autoscalers too")]
    Ambiguous,
}

/// What went wrong in a sync, which may have scaled nonetheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SyncError {
    #[error("cannot read the scale of the target")]
    GetScale,
    #[error("cannot tell the pods of the target")]
    Selector(#[source] SelectorError),
    #[error("cannot evaluate metric {index}")]
    Metric {
        index: usize,
        #[source]
        source: MetricError,
    },
    #[error("cannot write the scale of the target")]
    UpdateScale,
}

/// What decided a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// It failed, and nothing changes.
    Failed,
    /// Somebody set the count to zero, which stops an HPA.
    Disabled,
    AboveMax,
    BelowMin,
    /// The metrics, and what held their wish back.
    Metrics {
        /// Which metric proposed the highest count.
        highest: usize,
        held: Normalized,
        /// Whether the count was raised to the minimum on the way up from zero.
        is_raised: bool,
    },
}

/// Why an HPA rescales, as its event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RescaleReason {
    /// Nothing: an older recommendation decided.
    None,
    AboveMax,
    BelowMin,
    AboveTarget {
        metric: usize,
    },
    AllBelowTarget,
}

/// What a sync decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The count that was found.
    pub current: i32,
    /// The count that is wished for, `current` where nothing changes; `None` if that is not known.
    pub desired: Option<i32>,
    /// What the metrics asked for, before stabilization and limits.
    pub recommendation: Option<i32>,
    pub because: Because,
    pub reason: RescaleReason,
    pub error: Option<SyncError>,
}

impl Plan {
    /// The count to write, if it differs from what was found.
    pub fn scale_to(&self) -> Option<i32> {
        self.desired.filter(|it| *it != self.current)
    }
}

/// How the count of a [`Plan`] was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Done,
    Failed,
}

/// What a sync finds before it looks at metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// `Err` where it could not be read.
    pub scale: Result<Scale, ()>,
    pub selector: Result<(), SelectorError>,
}

/// Decides what one sync does.
///
/// `propose` is asked for the proposal of each metric in order, and not at all where something
/// else decides. Mirrors `reconcileAutoscaler` (`horizontal.go`, v1.36), except that `now` is an
/// argument.
pub fn plan<P: Past>(
    settings: &Settings,
    flags: &Flags,
    state: &mut State<P>,
    found: Found,
    now: Timestamp,
    propose: impl FnMut(usize) -> Result<Proposal, MetricError>,
) -> Plan {
    let State { memory, status } = state;
    let conditions = &mut status.conditions;
    let Ok(scale) = found.scale else {
        show::<P>(
            conditions,
            Kind::AbleToScale,
            false,
            Reason::FailedGetScale,
            now,
        );
        return Plan::failed(status.current, SyncError::GetScale);
    };
    let current = scale.current;
    show::<P>(
        conditions,
        Kind::AbleToScale,
        true,
        Reason::SucceededGetScale,
        now,
    );
    memory.start(current, now);
    if let Some(plan) = short_cut::<P>(settings, flags, conditions, current, now) {
        return plan;
    }
    if let Err(err) = found.selector {
        let reason = match err {
            SelectorError::Empty | SelectorError::Invalid => Reason::InvalidSelector,
            SelectorError::Ambiguous => Reason::AmbiguousSelector,
        };
        show::<P>(conditions, Kind::ScalingActive, false, reason, now);
        return Plan::failed(current, SyncError::Selector(err));
    }
    let combined = combine(settings.metrics.len(), propose);
    match combined.verdict(current) {
        Err((index, source)) => {
            let reason = failure(settings.metrics.get(index), source);
            show::<P>(conditions, Kind::ScalingActive, false, reason, now);
            Plan::failed(current, SyncError::Metric { index, source })
        }
        Ok(()) => {
            show::<P>(
                conditions,
                Kind::ScalingActive,
                true,
                Reason::ValidMetricFound,
                now,
            );
            let recommended = combined.best.max(0);
            let held = normalize(settings, flags, memory, current, recommended, now);
            note::<P>(conditions, &held, now);
            combined.plan(settings, current, recommended, held)
        }
    }
}

/// What needs no metrics.
fn short_cut<P: Past>(
    settings: &Settings,
    flags: &Flags,
    conditions: &mut Conditions,
    current: i32,
    now: Timestamp,
) -> Option<Plan> {
    let plan = |desired, because, reason| {
        Some(Plan {
            current,
            desired: Some(desired),
            recommendation: None,
            because,
            reason,
            error: None,
        })
    };
    if current == 0 {
        if wakes(settings, flags, conditions) {
            return None;
        }
        show::<P>(
            conditions,
            Kind::ScalingActive,
            false,
            Reason::ScalingDisabled,
            now,
        );
        return plan(0, Because::Disabled, RescaleReason::None);
    }
    if current > settings.max {
        return plan(settings.max, Because::AboveMax, RescaleReason::AboveMax);
    }
    if current < settings.min {
        return plan(settings.min, Because::BelowMin, RescaleReason::BelowMin);
    }
    None
}

/// Whether an HPA at zero looks at its metrics: only if it went there by itself.
fn wakes(settings: &Settings, flags: &Flags, conditions: &mut Conditions) -> bool {
    if !flags.scale_to_zero {
        conditions.remove(Kind::ScaledToZero);
        return false;
    }
    let asleep = conditions.get(Kind::ScaledToZero);
    let by_itself = asleep.is_some_and(|it| it.holds == Holds::Yes);
    by_itself && (settings.min > 0 || settings.can_wake())
}

/// The outcome over all metrics.
struct Combined {
    /// The highest proposal, 0 where there is none.
    best: i32,
    highest: usize,
    metrics: usize,
    failed: usize,
    first_error: Option<(usize, MetricError)>,
}

fn combine(
    metrics: usize,
    mut propose: impl FnMut(usize) -> Result<Proposal, MetricError>,
) -> Combined {
    let mut combined = Combined {
        best: 0,
        highest: 0,
        metrics,
        failed: 0,
        first_error: None,
    };
    for index in 0..metrics {
        match propose(index) {
            // Anything replaces 0, a negative proposal too.
            Ok(it) if combined.best == 0 || it.replicas > combined.best => {
                combined.best = it.replicas;
                combined.highest = index;
            }
            Ok(_) => {}
            Err(err) => {
                combined.failed += 1;
                combined.first_error.get_or_insert((index, err));
            }
        }
    }
    combined
}

impl Combined {
    /// Whether there is enough to decide on: with a failing metric nothing scales down.
    fn verdict(&self, current: i32) -> Result<(), (usize, MetricError)> {
        match self.first_error {
            Some(first) if self.failed == self.metrics || self.best < current => Err(first),
            Some(_) | None => Ok(()),
        }
    }

    fn plan(&self, settings: &Settings, current: i32, recommended: i32, held: Normalized) -> Plan {
        // Fixed before normalization, so that it may say the opposite of what happens.
        let reason = match recommended.cmp(&current) {
            std::cmp::Ordering::Greater => RescaleReason::AboveTarget {
                metric: self.highest,
            },
            std::cmp::Ordering::Less => RescaleReason::AllBelowTarget,
            std::cmp::Ordering::Equal => RescaleReason::None,
        };
        let is_raised = current == 0 && settings.min > held.replicas;
        let (desired, reason) = match (is_raised, reason) {
            (false, reason) => (held.replicas, reason),
            (true, RescaleReason::None) => (settings.min, RescaleReason::BelowMin),
            (true, reason) => (settings.min, reason),
        };
        let error = self.first_error;
        Plan {
            current,
            desired: Some(desired),
            recommendation: Some(recommended),
            because: Because::Metrics {
                highest: self.highest,
                held,
                is_raised,
            },
            reason,
            error: error.map(|(index, source)| SyncError::Metric { index, source }),
        }
    }
}

impl Plan {
    fn failed(current: i32, error: SyncError) -> Self {
        Self {
            current,
            desired: None,
            recommendation: None,
            because: Because::Failed,
            reason: RescaleReason::None,
            error: Some(error),
        }
    }
}

/// The reason that the failure of a metric gives.
fn failure(metric: Option<&Metric>, error: MetricError) -> Reason {
    if error == MetricError::UnknownType {
        return Reason::InvalidMetricSourceType;
    }
    match metric {
        Some(Metric::Resource { .. }) => Reason::FailedGetResourceMetric,
        Some(Metric::ContainerResource { .. }) => Reason::FailedGetContainerResourceMetric,
        Some(Metric::Pods { .. }) => Reason::FailedGetPodsMetric,
        Some(Metric::Object { .. }) => Reason::FailedGetObjectMetric,
        Some(Metric::External { .. }) => Reason::FailedGetExternalMetric,
        None => Reason::InvalidMetricSourceType,
    }
}

/// Sets a condition, if anybody reads it.
fn show<P: Past>(
    conditions: &mut Conditions,
    kind: Kind,
    holds: bool,
    reason: Reason,
    now: Timestamp,
) {
    if P::SHOWS_CONDITIONS {
        conditions.set(kind, holds, reason, now);
    }
}

fn note<P: Past>(conditions: &mut Conditions, held: &Normalized, now: Timestamp) {
    show::<P>(conditions, Kind::AbleToScale, true, held.stabilized, now);
    show::<P>(
        conditions,
        Kind::ScalingLimited,
        held.is_limited,
        held.limited,
        now,
    );
}

/// Notes in `state` what became of `plan`; `written` matters only where there was a count to
/// write. The error of the sync is the answer's.
///
/// # Errors
///
/// What went wrong, if anything: first that the count could not be written, then the plan's own.
pub fn settle<P: Past>(
    settings: &Settings,
    flags: &Flags,
    state: &mut State<P>,
    plan: &Plan,
    written: Written,
    now: Timestamp,
) -> Result<(), SyncError> {
    let error = plan.error.map_or(Ok(()), Err);
    let status = &mut state.status;
    if plan.error == Some(SyncError::GetScale) {
        return error;
    }
    status.current = plan.current;
    let Some(desired) = plan.desired else {
        return error;
    };
    if plan.scale_to().is_some() {
        let conditions = &mut status.conditions;
        match written {
            Written::Failed => {
                show::<P>(
                    conditions,
                    Kind::AbleToScale,
                    false,
                    Reason::FailedUpdateScale,
                    now,
                );
                return Err(SyncError::UpdateScale);
            }
            Written::Done => {
                show::<P>(
                    conditions,
                    Kind::AbleToScale,
                    true,
                    Reason::SucceededRescale,
                    now,
                );
            }
        }
        if flags.scale_to_zero {
            note_zero(settings, conditions, plan.current, desired, now);
        } else {
            conditions.remove(Kind::ScaledToZero);
        }
        let pace = settings.pace.as_ref();
        state.memory.store(pace, plan.current, desired, now);
        status.last_scale = Some(now);
    }
    status.desired = desired;
    error
}

fn note_zero(settings: &Settings, conditions: &mut Conditions, from: i32, to: i32, now: Timestamp) {
    let sleeps = from > 0 && to == 0 && settings.min == 0 && settings.can_wake();
    let reason = if sleeps {
        Reason::ScaledToZero
    } else {
        Reason::NotScaledToZero
    };
    conditions.set(Kind::ScaledToZero, sleeps, reason, now);
}

#[cfg(test)]
mod tests;
