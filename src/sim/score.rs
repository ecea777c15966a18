//! What a replay cost and what it left uncovered.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::AddAssign;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::condition::Reason;
use super::flags::SYNC_PERIOD;
use super::numbers::before;
use super::sync::{Because, Plan};
use crate::units::ReplicaHours;

/// A scale-up and a scale-down within this time are flapping.
pub const FLAP: SignedDuration = SignedDuration::from_mins(30);

/// Sums over the syncs of a replay: whole numbers, so that the order of adding does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Syncs during which the demand was known.
    pub known: i64,
    replicas: i64,
    shortfall: i64,
    shortfall_millicores: i64,
    breach: i64,
    pinned: i64,
    headroom_millicores: i64,
    tight: i64,
    tight_millicores: i64,
    borrowed: i64,
    borrowed_millicores: i64,
    limited: [i64; Limit::ALL.len()],
    pub scale_events: u32,
    /// Reversals within [`FLAP`].
    pub flaps: u32,
    last: Option<(bool, Timestamp)>,
}

/// Load that the pods that served could not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shortfall {
    /// Minutes in which capacity at saturation was below the peak of the load.
    pub minutes: f64,
    /// By how many cores, times minutes.
    pub core_minutes: f64,
}

impl Shortfall {
    /// Whether this is not more than `other`, by time and by amount.
    pub fn within(&self, other: &Self) -> bool {
        // Sums of the same terms in another order differ by rounding.
        const ROUNDING: f64 = 1e-6;
        self.minutes <= other.minutes + ROUNDING
            && self.core_minutes <= other.core_minutes * (1.0 + ROUNDING) + ROUNDING
    }
}

/// What decided how many pods there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Limit {
    /// The metrics alone.
    Metrics,
    /// A stabilization window kept an older count.
    Window,
    /// A scaling policy, or the limit of an HPA without a behavior, let only some pods come or go.
    Policy,
    Min,
    Max,
    /// KEDA's scale loop, which activates a workload and lets it rest.
    Loop,
    /// Nothing could be decided: metrics failed, or the workload was switched off.
    Nothing,
}

impl Limit {
    pub const ALL: [Self; 7] = [
        Self::Metrics,
        Self::Window,
        Self::Policy,
        Self::Min,
        Self::Max,
        Self::Loop,
        Self::Nothing,
    ];

    /// The last thing that held back the wish of the metrics.
    pub fn of(plan: &Plan) -> Self {
        match plan.because {
            Because::Failed | Because::Disabled => Self::Nothing,
            Because::AboveMax => Self::Max,
            Because::BelowMin => Self::Min,
            Because::Metrics { held, .. } => match held.limited {
                Reason::ScaleUpLimit | Reason::ScaleDownLimit => Self::Policy,
                Reason::TooFewReplicas => Self::Min,
                Reason::TooManyReplicas => Self::Max,
                _ if held.stabilized != Reason::ReadyForNewScale => Self::Window,
                _ => Self::Metrics,
            },
        }
    }
}

/// What holds for some syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub syncs: i64,
    pub replicas: i64,
    /// Millicores that the serving pods can give.
    pub capacity: i64,
    /// Millicores that the serving pods request, which their nodes keep for them.
    pub requested: i64,
    /// Millicores asked for on the mean, and at the busiest.
    pub demand: i64,
    pub peak: i64,
    /// The peak with the headroom that is wished for.
    pub reserve: i64,
    /// Whether usage is above the target by more than the margin.
    pub is_breach: bool,
    /// Whether the metrics ask for more than the maximum allows.
    pub is_pinned: bool,
    pub limit: Limit,
}

/// The score in the units of reports.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub replica_hours: ReplicaHours,
    /// Minutes in which the pods that served could give less than was asked for.
    pub shortfall_minutes: f64,
    /// How much less, in cores × minutes.
    pub shortfall_core_minutes: f64,
    pub breach_minutes: f64,
    pub scale_events: u32,
    pub flaps: u32,
    /// Minutes in which the maximum kept back what the metrics asked for.
    pub max_pinned_minutes: f64,
    /// Capacity beyond the mean demand, in cores × hours.
    pub headroom_core_hours: f64,
    /// As `shortfall_minutes`, had the demand been higher by the headroom.
    pub reserve_shortfall_minutes: f64,
    /// As `shortfall_core_minutes`, had the demand been higher by the headroom.
    pub reserve_shortfall_core_minutes: f64,
    /// Minutes in which the peak of the load was more than the pods that served request: what their
    /// nodes need not give.
    pub borrowed_minutes: f64,
    /// How much more, in cores × minutes.
    pub borrowed_core_minutes: f64,
    /// Minutes by what decided how many pods there were.
    pub limited_minutes: BTreeMap<Limit, f64>,
    /// Minutes of which the demand is known: all of the above.
    pub known_minutes: f64,
    /// What the triggers of a ScaledObject called for; absent for an HPA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<NeedTotals>,
}

/// Pods that triggers called for against those that served.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NeedTotals {
    /// Minutes in which fewer pods served than were called for.
    pub shortfall_minutes: f64,
    /// How many fewer, in pods × minutes.
    pub shortfall_pod_minutes: f64,
    /// Minutes of which it is known how many were called for.
    pub known_minutes: f64,
    /// Activations of a workload without pods.
    pub activations: u32,
    /// The longest time from the load until a pod served where there was none.
    pub longest_wait_seconds: f64,
}

impl Score {
    #[inline]
    pub fn add(&mut self, span: &Span) {
        let Span { syncs, .. } = *span;
        let short = span.peak.saturating_sub(span.capacity).max(0);
        let tight = span.reserve.saturating_sub(span.capacity).max(0);
        let borrowed = span.peak.saturating_sub(span.requested).max(0);
        let spare = span.capacity.saturating_sub(span.demand).max(0);
        self.known += syncs;
        self.replicas += span.replicas * syncs;
        self.shortfall += i64::from(short > 0) * syncs;
        add_product(&mut self.shortfall_millicores, short, syncs);
        add_product(&mut self.headroom_millicores, spare, syncs);
        self.breach += i64::from(span.is_breach) * syncs;
        self.pinned += i64::from(span.is_pinned) * syncs;
        self.tight += i64::from(tight > 0) * syncs;
        add_product(&mut self.tight_millicores, tight, syncs);
        self.borrowed += i64::from(borrowed > 0) * syncs;
        add_product(&mut self.borrowed_millicores, borrowed, syncs);
        self.limited[span.limit as usize] += syncs;
    }

    /// An empty score for what follows, which knows the last change of this one.
    pub fn continued(&self) -> Self {
        Self {
            last: self.last,
            ..Self::default()
        }
    }

    /// Counts a change of the replicas.
    pub fn scaled(&mut self, is_up: bool, now: Timestamp) {
        let recent = before(now, FLAP);
        let reverses = |(was_up, at): (bool, Timestamp)| was_up != is_up && at >= recent;
        self.scale_events += 1;
        self.flaps += u32::from(self.last.is_some_and(reverses));
        self.last = Some((is_up, now));
    }

    pub fn replica_hours(&self) -> f64 {
        minutes(self.replicas) / 60.0
    }

    pub fn known_minutes(&self) -> f64 {
        minutes(self.known)
    }

    /// Minutes in which usage was above the target by more than the margin.
    pub fn breach_minutes(&self) -> f64 {
        minutes(self.breach)
    }

    pub fn shortfall(&self) -> Shortfall {
        Shortfall {
            minutes: minutes(self.shortfall),
            core_minutes: minutes(self.shortfall_millicores) / 1000.0,
        }
    }

    /// The shortfall if the demand had been higher by the headroom.
    pub fn reserve_shortfall(&self) -> Shortfall {
        Shortfall {
            minutes: minutes(self.tight),
            core_minutes: minutes(self.tight_millicores) / 1000.0,
        }
    }

    /// By how much the peak of the load exceeded what the pods that served request.
    pub fn borrowed(&self) -> Shortfall {
        Shortfall {
            minutes: minutes(self.borrowed),
            core_minutes: minutes(self.borrowed_millicores) / 1000.0,
        }
    }

    pub fn totals(&self) -> Totals {
        let core_minutes = |millicores: i64| minutes(millicores) / 1000.0;
        Totals {
            replica_hours: ReplicaHours::from_hours(minutes(self.replicas) / 60.0),
            shortfall_minutes: minutes(self.shortfall),
            shortfall_core_minutes: core_minutes(self.shortfall_millicores),
            breach_minutes: minutes(self.breach),
            scale_events: self.scale_events,
            flaps: self.flaps,
            max_pinned_minutes: minutes(self.pinned),
            headroom_core_hours: core_minutes(self.headroom_millicores) / 60.0,
            reserve_shortfall_minutes: minutes(self.tight),
            reserve_shortfall_core_minutes: core_minutes(self.tight_millicores),
            borrowed_minutes: minutes(self.borrowed),
            borrowed_core_minutes: core_minutes(self.borrowed_millicores),
            limited_minutes: Limit::ALL
                .into_iter()
                .zip(self.limited)
                .filter(|(_, syncs)| *syncs > 0)
                .map(|(limit, syncs)| (limit, minutes(syncs)))
                .collect(),
            known_minutes: minutes(self.known),
            need: None,
        }
    }
}

impl AddAssign<&Self> for Score {
    /// Adds the score of what followed.
    fn add_assign(&mut self, later: &Self) {
        self.known += later.known;
        self.replicas += later.replicas;
        self.shortfall += later.shortfall;
        add_product(
            &mut self.shortfall_millicores,
            later.shortfall_millicores,
            1,
        );
        self.breach += later.breach;
        self.pinned += later.pinned;
        add_product(&mut self.headroom_millicores, later.headroom_millicores, 1);
        self.tight += later.tight;
        add_product(&mut self.tight_millicores, later.tight_millicores, 1);
        self.borrowed += later.borrowed;
        add_product(&mut self.borrowed_millicores, later.borrowed_millicores, 1);
        let both = self.limited.iter_mut().zip(later.limited);
        both.for_each(|(here, more)| *here += more);
        self.scale_events += later.scale_events;
        self.flaps += later.flaps;
        self.last = later.last;
    }
}

impl<'a> Sum<&'a Self> for Score {
    /// The scores of what followed one another.
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, it| {
            sum += it;
            sum
        })
    }
}

fn minutes(syncs: i64) -> f64 {
    syncs as f64 * SYNC_PERIOD.as_secs_f64() / 60.0
}

fn add_product(sum: &mut i64, amount: i64, syncs: i64) {
    *sum = sum.saturating_add(amount.saturating_mul(syncs));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_add_up_to_the_units_of_reports() {
        let mut score = Score::default();
        let short = Span {
            syncs: 8,
            replicas: 3,
            capacity: 1_500,
            requested: 400,
            demand: 1_000,
            peak: 2_000,
            reserve: 2_200,
            is_breach: true,
            is_pinned: true,
            limit: Limit::Max,
        };
        let spare = Span {
            syncs: 232,
            demand: 500,
            peak: 500,
            reserve: 1_600,
            is_breach: false,
            is_pinned: false,
            limit: Limit::Metrics,
            ..short
        };
        score.add(&short);
        let mut later = score.continued();
        later.add(&spare);
        score += &later;
        let expected = Totals {
            replica_hours: ReplicaHours::from_hours(3.0),
            shortfall_minutes: 2.0,
            shortfall_core_minutes: 1.0,
            breach_minutes: 2.0,
            scale_events: 0,
            flaps: 0,
            max_pinned_minutes: 2.0,
            headroom_core_hours: (2.0 * 0.5 + 58.0 * 1.0) / 60.0,
            reserve_shortfall_minutes: 60.0,
            reserve_shortfall_core_minutes: 7.2,
            borrowed_minutes: 60.0,
            borrowed_core_minutes: 2.0 * 1.6 + 58.0 * 0.1,
            limited_minutes: BTreeMap::from([(Limit::Metrics, 58.0), (Limit::Max, 2.0)]),
            known_minutes: 60.0,
            need: None,
        };
        assert_eq!(score.totals(), expected);
    }

    #[test]
    fn a_reversal_within_half_an_hour_is_a_flap() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let mut score = Score::default();
        for (is_up, minute) in [(true, 0), (false, 30), (true, 61), (true, 62), (false, 63)] {
            score.scaled(is_up, at(minute));
        }
        assert_eq!((score.scale_events, score.flaps), (5, 2));
    }
}
