//! The units of the field as types, so that a count is never taken for a percentage.
//!
//! Parsing of Kubernetes quantities is in [`quantity`].

mod age;
mod quantity;
pub mod thousandths;

pub use age::Age;
pub use quantity::{Quantity, QuantityError, canonical};

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of pods.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Replicas(pub u32);

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Pods × hours. One pod kept for a week is 168 replica-hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ReplicaHours(f64);

impl ReplicaHours {
    /// The cost of holding `replicas` for `held`.
    pub fn of(replicas: Replicas, held: Duration) -> Self {
        Self(f64::from(replicas.0) * held.as_secs_f64() / 3600.0)
    }

    pub fn from_hours(hours: f64) -> Self {
        Self(hours)
    }

    /// The number of hours.
    pub fn hours(self) -> f64 {
        self.0
    }
}

impl std::ops::AddAssign for ReplicaHours {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::iter::Sum for ReplicaHours {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        Self(all.map(|it| it.0).sum())
    }
}

/// An amount of CPU, in cores: usage, a request or a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Cores(pub f64);

impl fmt::Display for Cores {
    /// As manifests write it: `250m` below one core, `1.5` from there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1.0 {
            write!(f, "{:.0}m", self.0 * 1000.0)
        } else {
            let rounded = (self.0 * 100.0).round() / 100.0;
            write!(f, "{rounded}")
        }
    }
}

/// An amount of CPU in thousandths of a core, as replays reckon with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millicores(pub i64);

impl Millicores {
    pub fn cores(self) -> Cores {
        Cores(self.0 as f64 / 1000.0)
    }
}

/// Usage as a share of the request, in percent; above 100 where pods use more than they ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Utilization(pub f64);

impl fmt::Display for Utilization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}%", self.0)
    }
}

/// The distance between two samples of a series: whole seconds, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Step(u32);

impl Step {
    /// A step of `seconds`, or `None` for zero.
    pub const fn from_seconds(seconds: u32) -> Option<Self> {
        if seconds == 0 {
            None
        } else {
            Some(Self(seconds))
        }
    }

    pub const ONE_MINUTE: Self = Self(60);
    /// The distance of history samples where nothing else is asked for.
    pub const FIVE_MINUTES: Self = Self(300);
    pub const ONE_HOUR: Self = Self(3600);
    pub const SIX_HOURS: Self = Self(6 * 3600);

    /// Twice as long.
    pub const fn doubled(self) -> Self {
        Self(self.0.saturating_mul(2))
    }

    pub const fn seconds(self) -> u32 {
        self.0
    }

    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }

    /// The same length as times are reckoned with.
    pub const fn signed(self) -> SignedDuration {
        SignedDuration::from_secs(self.0 as i64)
    }
}
/// Seconds for people: whole minutes as `5m`, anything else as `90s`.
pub fn window(seconds: u32) -> String {
    match seconds {
        60.. if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_told_in_minutes_if_they_are_whole() {
        let told = [0, 45, 60, 90, 300, 3600].map(window);
        assert_eq!(told, ["0s", "45s", "1m", "90s", "5m", "60m"]);
    }
}
