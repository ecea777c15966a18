//! What a replay of a ScaledObject cost and what it left uncovered.

use std::iter::Sum;
use std::ops::AddAssign;

use jiff::SignedDuration;
use serde::Serialize;

use crate::sim::score::{Score, Totals};
use crate::units::ReplicaHours;

/// How a pod is measured where pods are counted and not millicores.
pub const POD: i64 = 1_000;

/// Sums over a replay: whole numbers, so that the order of adding does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectScore {
    /// The pods that the triggers call for against those that serve, where that is known, as it is
    /// at each sync: a pod counts as [`POD`] millicores.
    pub pods: Score,
    /// The demand for CPU against what the pods can give, where that is known.
    pub demand: Score,
    /// Seconds replayed, and the same times replicas, whatever is known.
    pub seconds: i64,
    pub replica_seconds: i64,
    pub polls: Polls,
    pub cold: ColdStarts,
}

/// How often the loop looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Polls {
    pub all: u64,
    /// In which a trigger failed without a fallback.
    pub failed: u64,
    /// In which a fallback stood in for a trigger.
    pub substituted: u64,
    /// In which something was active.
    pub active: u64,
}

/// The times at which there was no pod and one was called for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColdStarts {
    /// Activations of a target without pods.
    pub activations: u32,
    /// Those after which a pod served; the others were taken back before.
    pub served: u32,
    /// Seconds from an activation until a pod served, over all that did.
    pub starting: i64,
    pub longest_starting: i64,
    /// Seconds from when the sources showed load, which no poll had seen yet, until a pod served.
    pub waiting: i64,
    pub longest_waiting: i64,
}

impl ColdStarts {
    /// Notes that a pod serves, so long after the activation and after the load.
    pub(super) fn serve(&mut self, starting: SignedDuration, waiting: SignedDuration) {
        let (starting, waiting) = (starting.as_secs(), waiting.as_secs());
        self.served += 1;
        self.starting += starting;
        self.waiting += waiting;
        self.longest_starting = self.longest_starting.max(starting);
        self.longest_waiting = self.longest_waiting.max(waiting);
    }
}

/// The score in the units of reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectTotals {
    pub replica_hours: ReplicaHours,
    pub hours: f64,
    /// In pods, where [`Totals`] says cores.
    pub pods: Totals,
    pub demand: Totals,
    pub polls: Polls,
    /// Activations of a target without pods.
    pub activations: u32,
    /// From an activation until a pod served: the mean, and the longest.
    pub starting_seconds: Waits,
    /// From the load until a pod served.
    pub waiting_seconds: Waits,
}

/// Waits of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waits {
    /// 0 where there was none.
    pub mean: f64,
    pub longest: f64,
}

impl Waits {
    fn of(sum: i64, longest: i64, count: u32) -> Self {
        Self {
            mean: sum as f64 / f64::from(count.max(1)),
            longest: longest as f64,
        }
    }
}

impl ObjectScore {
    /// An empty score for what follows, which knows the last change of this one.
    pub fn continued(&self) -> Self {
        Self {
            pods: self.pods.continued(),
            demand: self.demand.continued(),
            ..Self::default()
        }
    }

    pub fn replica_hours(&self) -> ReplicaHours {
        ReplicaHours::from_hours(self.replica_seconds as f64 / 3600.0)
    }

    pub fn totals(&self) -> ObjectTotals {
        let cold = &self.cold;
        ObjectTotals {
            replica_hours: self.replica_hours(),
            hours: self.seconds as f64 / 3600.0,
            pods: self.pods.totals(),
            demand: self.demand.totals(),
            polls: self.polls,
            activations: cold.activations,
            starting_seconds: Waits::of(cold.starting, cold.longest_starting, cold.served),
            waiting_seconds: Waits::of(cold.waiting, cold.longest_waiting, cold.served),
        }
    }
}

impl AddAssign<&Self> for ObjectScore {
    /// Adds the score of what followed.
    fn add_assign(&mut self, later: &Self) {
        self.pods += &later.pods;
        self.demand += &later.demand;
        self.seconds += later.seconds;
        self.replica_seconds += later.replica_seconds;
        self.polls.all += later.polls.all;
        self.polls.failed += later.polls.failed;
        self.polls.substituted += later.polls.substituted;
        self.polls.active += later.polls.active;
        self.cold += &later.cold;
    }
}

impl AddAssign<&Self> for ColdStarts {
    fn add_assign(&mut self, later: &Self) {
        self.activations += later.activations;
        self.served += later.served;
        self.starting += later.starting;
        self.waiting += later.waiting;
        self.longest_starting = self.longest_starting.max(later.longest_starting);
        self.longest_waiting = self.longest_waiting.max(later.longest_waiting);
    }
}

impl<'a> Sum<&'a Self> for ObjectScore {
    /// The scores of what followed one another.
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, it| {
            sum += it;
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_by_their_mean_and_the_longest() {
        let seconds = SignedDuration::from_secs;
        let mut score = ObjectScore {
            seconds: 7_200,
            replica_seconds: 10_800,
            ..ObjectScore::default()
        };
        score.cold.serve(seconds(40), seconds(65));
        let mut later = score.continued();
        later.cold.serve(seconds(20), seconds(35));
        later.cold.activations = 2;
        score += &later;
        let totals = score.totals();
        assert_eq!((totals.replica_hours.hours(), totals.hours), (3.0, 2.0));
        let waits = |mean, longest| Waits { mean, longest };
        assert_eq!(totals.starting_seconds, waits(30.0, 40.0));
        assert_eq!(totals.waiting_seconds, waits(50.0, 65.0));
        assert_eq!(totals.activations, 2);
        assert_eq!(
            ObjectScore::default().totals().waiting_seconds,
            waits(0.0, 0.0)
        );
    }
}
