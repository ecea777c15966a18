//! What a replay cost and what it left uncovered.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::flags::SYNC_PERIOD;
use super::numbers::before;
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
    pub scale_events: u32,
    /// Reversals within [`FLAP`].
    pub flaps: u32,
    last: Option<(bool, Timestamp)>,
}

/// What holds for some syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub syncs: i64,
    pub replicas: i64,
    /// Millicores that the serving pods can give.
    pub capacity: i64,
    /// Millicores asked for on the mean, and at the busiest.
    pub demand: i64,
    pub peak: i64,
    /// Whether usage is above the target by more than the margin.
    pub is_breach: bool,
    /// Whether the metrics ask for more than the maximum allows.
    pub is_pinned: bool,
}

/// The score in the units of reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
    /// Minutes of which the demand is known: all of the above.
    pub known_minutes: f64,
}

impl Score {
    pub fn add(&mut self, span: &Span) {
        let Span { syncs, .. } = *span;
        let short = span.peak.saturating_sub(span.capacity).max(0);
        let spare = span.capacity.saturating_sub(span.demand).max(0);
        self.known += syncs;
        self.replicas += span.replicas * syncs;
        self.shortfall += i64::from(short > 0) * syncs;
        add_product(&mut self.shortfall_millicores, short, syncs);
        add_product(&mut self.headroom_millicores, spare, syncs);
        self.breach += i64::from(span.is_breach) * syncs;
        self.pinned += i64::from(span.is_pinned) * syncs;
    }

    /// Counts a change of the replicas.
    pub fn scaled(&mut self, is_up: bool, now: Timestamp) {
        let recent = before(now, FLAP);
        let reverses = |(was_up, at): (bool, Timestamp)| was_up != is_up && at >= recent;
        self.scale_events += 1;
        self.flaps += u32::from(self.last.is_some_and(reverses));
        self.last = Some((is_up, now));
    }

    pub fn totals(&self) -> Totals {
        let minutes = |syncs: i64| syncs as f64 * SYNC_PERIOD.as_secs_f64() / 60.0;
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
            known_minutes: minutes(self.known),
        }
    }
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
            demand: 1_000,
            peak: 2_000,
            is_breach: true,
            is_pinned: true,
        };
        let spare = Span {
            syncs: 232,
            demand: 500,
            peak: 500,
            is_breach: false,
            is_pinned: false,
            ..short
        };
        score.add(&short);
        score.add(&spare);
        let expected = Totals {
            replica_hours: ReplicaHours::from_hours(3.0),
            shortfall_minutes: 2.0,
            shortfall_core_minutes: 1.0,
            breach_minutes: 2.0,
            scale_events: 0,
            flaps: 0,
            max_pinned_minutes: 2.0,
            headroom_core_hours: (2.0 * 0.5 + 58.0 * 1.0) / 60.0,
            known_minutes: 60.0,
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
