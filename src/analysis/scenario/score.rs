//! What a replay cost and what it left uncovered, whichever kind of autoscaler it was of.

use std::iter::Sum;
use std::ops::AddAssign;

use crate::sim::keda::score::ObjectScore;
use crate::sim::score::{NeedTotals, Score, Shortfall, Totals};

/// The score of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a plain value that is summed; there are some for each day of a candidate"
)]
pub enum RunScore {
    /// Of an HPA: the demand for CPU against what pods can give.
    Hpa(Score),
    /// Of a ScaledObject: the same, and what its triggers call for against the pods that serve.
    Object(ObjectScore),
}

impl Default for RunScore {
    fn default() -> Self {
        Self::Hpa(Score::default())
    }
}

impl RunScore {
    /// The demand for CPU against what pods can give, where both are known.
    pub fn demand(&self) -> &Score {
        match self {
            Self::Hpa(score) => score,
            Self::Object(score) => &score.demand,
        }
    }

    /// What triggers call for against the pods that serve, a pod counting as a core; `None` where
    /// that is nowhere known.
    pub fn need(&self) -> Option<&Score> {
        match self {
            Self::Hpa(_) => None,
            Self::Object(score) => (score.pods.known > 0).then_some(&score.pods),
        }
    }

    /// Over the time of which something is known.
    pub fn replica_hours(&self) -> f64 {
        match self {
            Self::Hpa(score) => score.replica_hours(),
            Self::Object(score) => score.replica_hours().hours(),
        }
    }

    pub fn known_minutes(&self) -> f64 {
        match self {
            Self::Hpa(score) => score.known_minutes(),
            Self::Object(score) => score.seconds as f64 / 60.0,
        }
    }

    pub fn breach_minutes(&self) -> f64 {
        self.demand().breach_minutes()
    }

    pub fn shortfall(&self) -> Shortfall {
        self.demand().shortfall()
    }

    pub fn reserve_shortfall(&self) -> Shortfall {
        self.demand().reserve_shortfall()
    }

    pub fn borrowed(&self) -> Shortfall {
        self.demand().borrowed()
    }

    /// Pods that were called for and did not serve: minutes, and pods × minutes.
    pub fn need_shortfall(&self) -> Shortfall {
        self.need().map(Score::shortfall).unwrap_or_default()
    }

    pub fn flaps(&self) -> u32 {
        self.demand().flaps
    }

    /// The score in the units of reports: of a ScaledObject the hours of all known time, and what is
    /// measured by either.
    pub fn totals(&self) -> Totals {
        let score = match self {
            Self::Hpa(score) => return score.totals(),
            Self::Object(score) => score,
        };
        let (demand, pods) = (score.demand.totals(), score.pods.totals());
        let limited = match score.pods.known > score.demand.known {
            true => pods.limited_minutes,
            false => demand.limited_minutes.clone(),
        };
        Totals {
            replica_hours: score.replica_hours(),
            known_minutes: self.known_minutes(),
            max_pinned_minutes: demand.max_pinned_minutes.max(pods.max_pinned_minutes),
            limited_minutes: limited,
            need: Some(NeedTotals {
                shortfall_minutes: pods.shortfall_minutes,
                shortfall_pod_minutes: pods.shortfall_core_minutes,
                known_minutes: pods.known_minutes,
                activations: score.cold.activations,
                longest_wait_seconds: score.cold.longest_waiting as f64,
            }),
            ..demand
        }
    }
}

impl AddAssign<&Self> for RunScore {
    /// Adds the score of what followed, of the same kind.
    fn add_assign(&mut self, later: &Self) {
        match (&mut *self, later) {
            (Self::Hpa(sum), Self::Hpa(later)) => *sum += later,
            (Self::Object(sum), Self::Object(later)) => *sum += later,
            // Nothing yet, of which the kind is not known either.
            (Self::Hpa(_), Self::Object(_)) => *self = *later,
            (Self::Object(_), Self::Hpa(_)) => {}
        }
    }
}

impl<'a> Sum<&'a Self> for RunScore {
    fn sum<I: Iterator<Item = &'a Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, it| {
            sum += it;
            sum
        })
    }
}
