//! The triggers of a ScaledObject as its loop and its HPA see them.

use crate::autoscaler::{Metric, Target};
use crate::sim::input::Input;
use crate::units::thousandths;

/// One trigger.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    External(External),
    /// `cpu` or `memory`, of which only the HPA knows.
    Resource {
        metric: Metric,
        /// Where its values come from in a replay.
        input: Input,
    },
}

/// A trigger that KEDA itself reads.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// The name of its metric.
    pub metric: String,
    pub target: Target,
    /// The trigger is active above it.
    pub activation: f64,
    /// `useCachedMetrics`.
    pub is_cached: bool,
}

impl Trigger {
    pub fn external(&self) -> Option<&External> {
        match self {
            Self::External(external) => Some(external),
            Self::Resource { .. } => None,
        }
    }
}

impl External {
    /// Whether a value of the source makes the trigger active.
    pub fn is_active(&self, value: f64) -> bool {
        value > self.activation
    }
}

/// A value of a source as KEDA passes it on, in thousandths as 64 bits hold them.
pub fn milli(value: f64) -> i64 {
    i64::try_from(thousandths::rounded(value)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_passed_on_in_thousandths() {
        let table = [
            (1.2345, 1_234),
            (0.0004, 0),
            (-3.0, 0),
            (f64::NAN, 0),
            (f64::INFINITY, 0),
            (7.0, 7_000),
            (1e300, i64::MAX),
        ];
        for (value, expected) in table {
            assert_eq!(milli(value), expected, "{value}");
        }
    }
}
