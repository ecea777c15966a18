//! Measures what the pods of a replay can give against what is asked of them.

use jiff::Timestamp;

use super::demand::Segment;
use super::input::Input;
use super::plant::{Plant, PodShape};
use super::proposal::{Aim, MetricError};
use super::score::{Limit, Span};
use super::sync::Plan;
use super::tally::PodTarget;

/// Usage above the target by this factor is a breach: twice what the default tolerance allows.
const BREACH: f64 = 1.2;

/// What the demand of a replay is measured with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    /// What a serving pod may use at the target, in millicores.
    allowed: Option<f64>,
    /// The share of the demand by which capacity should exceed it.
    headroom: f64,
    max: i32,
}

impl Meter {
    /// A meter for pods that scale up to `max` by metrics with these `aims` and `inputs`.
    pub(super) fn new(
        aims: &[Result<Aim<'_>, MetricError>],
        inputs: impl IntoIterator<Item = Option<Input>>,
        pods: &PodShape,
        headroom: f64,
        max: i32,
    ) -> Self {
        Self {
            allowed: allowed(aims, inputs, pods),
            headroom,
            max,
        }
    }

    /// What holds for `syncs` that decided as `plan`; `None` where the demand is not known.
    #[inline]
    pub(super) fn span(
        &self,
        plant: &Plant,
        segment: &Segment,
        plan: &Plan,
        syncs: i64,
        now: Timestamp,
    ) -> Option<Span> {
        let demand = segment.demand?;
        let serving = plant.serving(now);
        let is_breach = self.allowed.is_some_and(|it| {
            let usage = plant.usage(serving, demand, now);
            usage as f64 > it * serving as f64 * BREACH
        });
        let wanted = plan.recommendation.unwrap_or(plan.current);
        Some(Span {
            syncs,
            replicas: i64::from(plan.current),
            capacity: serving.saturating_mul(plant.shape().capacity()),
            requested: serving.saturating_mul(plant.shape().request),
            demand,
            peak: segment.peak,
            reserve: self.reserve(segment.peak),
            is_breach,
            is_pinned: plan.current >= self.max && wanted > self.max,
            limit: Limit::of(plan),
        })
    }

    /// `peak` with the headroom that is wished for.
    pub(super) fn reserve(&self, peak: i64) -> i64 {
        (peak as f64 * (1.0 + self.headroom)).ceil() as i64
    }
}

/// What a serving pod may use at the target of the first metric in which the demand shows.
fn allowed(
    aims: &[Result<Aim<'_>, MetricError>],
    inputs: impl IntoIterator<Item = Option<Input>>,
    pods: &PodShape,
) -> Option<f64> {
    let mut all = aims.iter().zip(inputs);
    let (aim, _) = all.find(|(_, input)| *input == Some(Input::Demand))?;
    match aim {
        Ok(Aim::PerPod { target, .. }) => Some(match target {
            PodTarget::Utilization(percent) => pods.request as f64 * f64::from(*percent) / 100.0,
            PodTarget::Average(target) => *target as f64,
        }),
        Ok(Aim::Total(_)) | Err(_) => None,
    }
}
