//! The settings of one HPA as a sync needs them, with nothing left to default.

use jiff::SignedDuration;

use super::flags::Flags;
use super::numbers::to_count;
use crate::autoscaler::behavior::{Behavior, Policy, Rules, Select};
use crate::autoscaler::{Autoscaler, Metric};

/// What is to be scaled between, by which metrics, and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub min: i32,
    pub max: i32,
    pub metrics: Vec<Metric>,
    pub tolerance: Tolerance,
    /// `None` where the object says nothing of behavior, which is not the same as its defaults.
    pub pace: Option<Pace>,
}

impl Settings {
    /// Those of `autoscaler` under a controller with `flags`.
    pub fn of(autoscaler: &Autoscaler, flags: &Flags) -> Self {
        let behavior = autoscaler.behavior.as_ref();
        Self {
            min: count(autoscaler.min.0),
            max: count(autoscaler.max.0),
            metrics: autoscaler.metrics.clone(),
            tolerance: Tolerance::of(behavior, flags),
            pace: behavior.map(|it| Pace::of(it, flags)),
        }
    }

    /// Whether a metric is known while no pod runs.
    pub fn can_wake(&self) -> bool {
        self.metrics
            .iter()
            .any(|it| matches!(it, Metric::Object { .. } | Metric::External { .. }))
    }
}

pub(super) fn count(replicas: u32) -> i32 {
    i32::try_from(replicas).unwrap_or(i32::MAX)
}

/// How far from 1 a ratio may be without a change, in each direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    pub up: f64,
    pub down: f64,
}

impl Tolerance {
    /// The flag's, except where the behavior has its own and the controller heeds that.
    pub fn of(behavior: Option<&Behavior>, flags: &Flags) -> Self {
        let heeded = behavior.filter(|_| flags.configurable_tolerance);
        let own = |rules: Option<&Rules>| rules.and_then(|it| it.tolerance);
        let up = heeded.and_then(|it| own(it.scale_up.as_ref()));
        let down = heeded.and_then(|it| own(it.scale_down.as_ref()));
        Self {
            up: up.map_or(flags.tolerance, |it| it.canonical_f64()),
            down: down.map_or(flags.tolerance, |it| it.canonical_f64()),
        }
    }

    /// Whether `ratio` asks for no change. Both ends are within; NaN never is.
    pub fn holds(&self, ratio: f64) -> bool {
        1.0 - self.down <= ratio && ratio <= 1.0 + self.up
    }
}

/// How fast an HPA with a behavior may scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    pub up: Direction,
    pub down: Direction,
}

impl Pace {
    /// `behavior` with its defaults, and the flag for a scale-down window that it leaves open.
    pub fn of(behavior: &Behavior, flags: &Flags) -> Self {
        let behavior = behavior.defaulted();
        let downscale = flags.downscale_stabilization;
        Self {
            up: Direction::of(&behavior.scale_up.unwrap_or_default(), SignedDuration::ZERO),
            down: Direction::of(&behavior.scale_down.unwrap_or_default(), downscale),
        }
    }
}

/// The rules of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    /// How long a recommendation is weighed.
    pub window: SignedDuration,
    pub select: Select,
    pub policies: Vec<Policy>,
}

impl Direction {
    fn of(rules: &Rules, window: SignedDuration) -> Self {
        let said = rules.window_seconds.map(seconds);
        Self {
            window: said.unwrap_or(window),
            select: rules.select.unwrap_or(Select::Max),
            policies: rules.policies.clone().unwrap_or_default(),
        }
    }

    /// How long an event of this direction matters: the longest period of its policies.
    pub fn longest_period(&self) -> SignedDuration {
        let periods = self.policies.iter().map(|it| it.period_seconds);
        seconds(periods.max().unwrap_or(0))
    }
}

pub(super) fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}

/// The highest count that an HPA without a behavior reaches in one step.
///
/// `calculateScaleUpLimit` (`horizontal.go`, v1.36).
pub(super) fn scale_up_limit(current: i32) -> i32 {
    to_count((2.0 * f64::from(current)).max(4.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behavior(up: Option<&str>, down: Option<&str>) -> Behavior {
        let rules = |tolerance: &str| Rules {
            tolerance: Some(tolerance.parse().unwrap()),
            ..Rules::default()
        };
        Behavior {
            scale_up: up.map(rules),
            scale_down: down.map(rules),
        }
    }

    #[test]
    fn each_direction_has_its_own_tolerance_if_the_gate_is_on() {
        let behavior = behavior(Some("50m"), None);
        let mut flags = Flags::default();
        let own = Tolerance {
            up: 0.05,
            down: 0.1,
        };
        assert_eq!(Tolerance::of(Some(&behavior), &flags), own);
        flags.configurable_tolerance = false;
        let global = Tolerance { up: 0.1, down: 0.1 };
        assert_eq!(Tolerance::of(Some(&behavior), &flags), global);
    }

    #[test]
    fn both_ends_are_within_tolerance() {
        let tolerance = Tolerance { up: 0.1, down: 0.1 };
        for (ratio, within) in [(0.9, true), (1.1, true), (1.11, false), (0.89, false)] {
            assert_eq!(tolerance.holds(ratio), within, "{ratio}");
        }
        assert!(!tolerance.holds(f64::NAN));
    }

    #[test]
    fn an_open_scale_down_window_is_the_flags() {
        let pace = Pace::of(&Behavior::default(), &Flags::default());
        assert_eq!(pace.up.window, SignedDuration::ZERO);
        assert_eq!(pace.down.window, SignedDuration::from_secs(300));
        assert_eq!(pace.down.longest_period(), SignedDuration::from_secs(15));
    }

    #[test]
    fn without_behavior_one_step_doubles_or_reaches_four() {
        for (current, limit) in [(0, 4), (1, 4), (2, 4), (3, 6), (i32::MAX, i32::MIN)] {
            assert_eq!(scale_up_limit(current), limit, "{current}");
        }
    }
}
